"""How small the deltas between published releases are, and how soon the first phone has one.

Pairs: of every library below its newest two pairs of releases that follow each other (the next patch, or patch 0 of
the next minor version), one of libraries that are not made for mini programs; but not the pairs by which the method
was chosen (@vant/weapp 1.11.7, tdesign-miniprogram 1.13.2 and 1.16.0). An archive holds a release's files as a package
does. Figures: `*_percent` is a delta's size in percent of Brotli, quality 11, of the whole; `median` is over all pairs,
`worst` over those whose release was edited: of its text, statement by statement, at least `EDITED_PERCENT` were in the
release before. The others were printed anew by another compiler or with other options; no encoder makes their deltas
small (docs/deltas.md), and they have a figure of their own, `rewritten_worst`. `first_delta_s` is the longest time from
asking for a pair that nobody asked for before to its delta, `encode_cpu_s` the encoder's longest processor time.
`loop_gap_ms` is the longest time between two ticks, meant to be 10 ms, of an event loop that waits for four deltas at
once. `wrong` and `larger_than_full` count pairs, `phone_wrong` those where the host's decoder errs.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import brotli  # type: ignore[import-untyped]

from bench import _npm, _phone
from bench._harness import Figure
from eden.base import tools
from eden.release.deltas import Deltas, brotli_full, decode_delta, encode_delta

MINI_PROGRAMS = """
@vant/weapp 1.11.5 1.11.6, 1.11.4 1.11.5
tdesign-miniprogram 1.13.2 1.14.0, 1.13.0 1.13.1
wux-weapp 3.8.8 3.8.9, 3.8.7 3.8.8
weui-miniprogram 1.2.2 1.2.3, 1.2.1 1.2.2
lin-ui 0.9.12 0.9.13, 0.9.11 0.9.12
@antmjs/vantui 3.4.3 3.4.4, 3.3.4 3.3.5
taro-ui 3.3.1 3.3.2, 3.3.0 3.3.1
mini-antui 0.4.34 0.4.35, 0.3.12 0.3.13
@nutui/nutui-taro 4.3.13 4.3.14, 4.3.8 4.3.9
@dcloudio/uni-ui 1.5.11 1.5.12, 1.5.10 1.5.11
uview-ui 2.0.37 2.0.38, 2.0.36 2.0.37
@antv/wx-f2 2.1.0 2.1.1, 1.1.3 1.1.4
miniprogram-computed 7.0.0 7.1.0, 6.0.1 6.0.2
mobx-miniprogram-bindings 3.0.0 3.0.1
miniprogram-sm-crypto 0.3.12 0.3.13, 0.3.11 0.3.12
"""
OTHERS = """
vue 3.5.44 3.5.45
pinia 4.0.3 4.1.0
dayjs 1.11.22 1.11.23
lodash 4.18.0 4.18.1
three 0.186.1 0.187.0
chart.js 4.5.0 4.5.1
"""
#: edited releases keep 85 to 100 % of their statements, rewritten ones 2 to 79 %
EDITED_PERCENT = 80
#: where a statement of a script, a style or a template ends, and from how many bytes on it says something
_STATEMENT_END = re.compile(rb"[\n;{}]+")
_STATEMENT = 8
#: a quick run takes so many of the first, without large archives
QUICK_PAIRS, QUICK_LIMIT = 6, 1_000_000


@dataclass(frozen=True, slots=True)
class Pair:
    name: str
    old: str
    new: str
    base: bytes
    target: bytes

    @property
    def rewritten(self) -> bool:
        return kept_percent(self.base, self.target) < EDITED_PERCENT


@dataclass(frozen=True, slots=True)
class Result:
    pair: Pair
    delta: bytes | None
    seconds: float
    cpu_seconds: float
    full: int
    brotli11: int

    @property
    def size(self) -> int:
        return self.full if self.delta is None else len(self.delta)

    @property
    def percent(self) -> float:
        return 100 * self.size / self.brotli11


class Memory:
    """Archives and results of one run."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self.files = {_sha256(data): data for pair in pairs for data in (pair.base, pair.target)}

    async def get(self, name: str) -> bytes | None:
        return self.files.get(name)

    async def put(self, name: str, data: bytes) -> None:
        self.files[name] = data


def main(quick: bool) -> Iterable[Figure]:
    pairs = _pairs(quick)
    results = [_first(pair) for pair in pairs]
    for result in sorted(results, key=lambda result: result.percent):
        pair = result.pair
        print(
            f"{pair.name + ' ' + pair.old + ' → ' + pair.new:<44} {len(pair.target):>9} B  "
            f"brotli {result.brotli11:>8} B  delta {result.size:>7} B  {result.percent:5.2f} %  "
            f"{result.seconds:5.2f} s{'  rewritten' if pair.rewritten else ''}"
        )
    edited = [result.percent for result in results if not result.pair.rewritten]
    rewritten = [result.percent for result in results if result.pair.rewritten]
    yield Figure("pairs", len(results), 3 if quick else 20, at_least=True)
    yield Figure("edited_pairs", len(edited), 1 if quick else 20, at_least=True)
    yield Figure("median_percent", median(edited + rewritten), 2.0)
    yield Figure("worst_percent", max(edited), 13.0)
    yield Figure("rewritten_worst_percent", max(rewritten, default=0.0))
    yield Figure("first_delta_s", max(result.seconds for result in results), 2.0)
    yield Figure("encode_cpu_s", max(result.cpu_seconds for result in results))
    yield Figure("larger_than_full", sum(result.size > result.full for result in results), 0)
    made = [(result.pair, result.delta) for result in results if result.delta is not None]
    yield Figure("wrong", sum(decode_delta(pair.base, dcz) != pair.target for pair, dcz in made), 0)
    with tempfile.TemporaryDirectory(prefix="eden-bench-") as folder:
        applied = _phone.apply([(pair.base, dcz, pair.target) for pair, dcz in made], Path(folder))
    yield Figure("phone_wrong", applied.wrong, 0)
    yield Figure("phone_apply_ms", applied.slowest_ms)
    largest = sorted((pair for pair in pairs if len(pair.target) < 4 << 20), key=lambda pair: len(pair.target))[-4:]
    yield Figure("loop_gap_ms", asyncio.run(_gap(largest)) * 1000, 100.0)
    yield Figure(
        "decoder_gzip_kb", json.loads(tools.bundle("index.json").read_text())["delta/zstd.wasm"]["gzip"] / 1000
    )


def _pairs(quick: bool) -> list[Pair]:
    named = []
    for line in (MINI_PROGRAMS + OTHERS).split("\n"):
        name, _, versions = line.partition(" ")
        named += [(name, *pair.split()) for pair in versions.split(",") if pair]
    if quick:
        named = named[:QUICK_PAIRS]
    _npm.fetch(f"{name}@{version}" for name, *versions in named for version in versions)
    pairs = [
        Pair(name, old, new, _npm.archive(f"{name}@{old}"), _npm.archive(f"{name}@{new}")) for name, old, new in named
    ]
    return [pair for pair in pairs if len(pair.target) <= QUICK_LIMIT] if quick else pairs


def kept_percent(base: bytes, target: bytes) -> float:
    """How much of a release's text was in the release before: bytes of its statements, in percent."""
    known = set(_statements(base))
    statements = _statements(target)
    return 100 * sum(len(one) for one in statements if one in known) / max(1, sum(map(len, statements)))


def _statements(archive: bytes) -> list[bytes]:
    pieces = (piece.strip() for piece in _STATEMENT_END.split(archive))
    return [piece for piece in pieces if len(piece) >= _STATEMENT]


def _first(pair: Pair) -> Result:
    """The first request for the delta, in a service that has nothing."""

    async def ask() -> tuple[bytes | None, float]:
        memory = Memory([pair])
        deltas = Deltas(memory.get, memory)
        started = time.perf_counter()
        delta = await deltas.get(_sha256(pair.base), _sha256(pair.target))
        seconds = time.perf_counter() - started
        await deltas.close()
        return delta, seconds

    delta, seconds = asyncio.run(ask())
    started = time.thread_time()
    encode_delta(pair.base, pair.target)
    cpu_seconds = time.thread_time() - started
    full = len(brotli_full(pair.target))
    thorough = len(pair.target) <= 4 << 20
    brotli11 = full if thorough else len(brotli.compress(pair.target, quality=11, lgwin=24))
    return Result(pair, delta, seconds, cpu_seconds, full, brotli11)


async def _gap(pairs: list[Pair]) -> float:
    """The longest time between ticks of 10 ms while the deltas of all pairs are made."""
    memory = Memory(pairs)
    deltas = Deltas(memory.get, memory)
    gap, last, done = 0.0, time.perf_counter(), asyncio.Event()

    async def tick() -> None:
        nonlocal gap, last
        while not done.is_set():
            await asyncio.sleep(0.01)
            now = time.perf_counter()
            gap, last = max(gap, now - last), now

    ticker = asyncio.create_task(tick())
    made = await asyncio.gather(*(deltas.get(_sha256(pair.base), _sha256(pair.target)) for pair in pairs))
    done.set()
    await ticker
    await deltas.close()
    assert all(made)
    return gap


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
