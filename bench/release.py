"""The release service at the size of a large host app: update checks, publishing, halting, a fleet, memory.

200 mini programs, 20 of them with a running release (lists, a pattern, a rule of three conditions, half of the
devices), 1,000,000 known devices; on SQLite with a folder, and on PostgreSQL with an S3 server (names begin with
`postgres_`).

`checks_…` are answers per second of the server's processor time: one process pinned to one core, 64 connections, each
check by a device drawn from the known ones. `same`: it has the newest of all; `new`: an old version of one program;
`all_new`: of every one. `10` and `1` programs asked for. `p99_ms` is at half of the rate that was reached, the median
of three runs: at the full rate 64 connections always wait for each other, which measures the 64 and not the server;
`full_p99_ms` is that, for information.

`publish_…` is the verb that starts a release, with its signatures, in one process; `halt_ms` the time from the verb's
answer until the last of 1,000 event streams, open at two server processes, has heard of it. `memory_growth_mb`: between
100,000 and 300,000 distinct devices that checked. `fleet_…`: phones that update over a bad line while the server is
killed and started again.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from bench._harness import Figure
from bench._release_fleet import fleet
from bench._release_load import Measured, Order
from bench._release_pages import pages
from bench._release_platform import Bench, Server, Size, opened, pin, wait_until_quiet
from eden.release.interfaces import Verb

NEW, OLD = 10_100, 10_000


def main(quick: bool) -> Iterable[Figure]:
    size = Size(30, 6, 50_000, 1_000) if quick else Size(200, 20, 1_000_000, 100_000)
    for storage in ("sqlite", "postgresql"):
        prefix = "" if storage == "sqlite" else "postgres_"
        with (
            tempfile.TemporaryDirectory(prefix="eden-bench-") as folder,
            opened(Path(folder), storage, size) as bench,
        ):
            for figure in _figures(bench, quick, full=storage == "sqlite"):
                yield Figure(prefix + figure.name, figure.value, figure.target, figure.at_least)


def _figures(bench: Bench, quick: bool, *, full: bool) -> Iterator[Figure]:
    if full or not quick:
        server = Server(bench.settings, core=0)
        server.start()
        try:
            yield from _checks(bench, server, *((1_500, 1) if quick else (40_000, 3)))
            yield from _memory(bench, server, 1_000 if quick else 100_000)
        finally:
            server.stop()
    yield from asyncio.run(_publish(bench, 3 if quick else 20))
    yield from asyncio.run(_halt(bench, 100 if quick else 1_000))
    if full or not quick:
        yield from pages(bench, quick)
    if full:
        yield from asyncio.run(fleet(bench, 800 if quick else 100_000))


def _checks(bench: Bench, server: Server, requests: int, rounds: int) -> Iterator[Figure]:
    keys = bench.live_keys[:5] + [f"program-{number:03d}" for number in range(25, 30)]
    newest = [{"key": key, "have": NEW if key in bench.running else OLD} for key in keys]
    # a version that nobody knows any more: all is decided, and the stable one is the answer at least
    old = [{"key": key, "have": 1} for key in keys]
    timestamp = asyncio.run(bench.timestamp())
    for name, programs in (
        ("same_10", newest),
        ("same_1", newest[:1]),
        ("new_10", [*old[:1], *newest[1:]]),
        ("new_1", old[:1]),
        ("all_new_10", old),
    ):
        order = Order(server.port, requests, programs, devices=bench.size.devices, timestamp=timestamp)
        load(msgspec.structs.replace(order, requests=requests // 4))
        rates, latencies, reached = [], [], []
        for _ in range(rounds):
            before = server.seconds()
            measured = load(order)
            rates.append(measured.requests / max(0.01, server.seconds() - before))
            latencies.append(measured.p99)
            reached.append(measured.requests / measured.seconds)
            if measured.failed or measured.changed != (0 if name.startswith("same") else measured.requests):
                raise RuntimeError(f"answers are not what was asked for: {measured}")
        calm = msgspec.structs.replace(order, rate=min(reached) / 2, requests=requests // 2)
        halves = [load(calm) for _ in range(rounds)]
        judged = name in ("same_10", "new_10")
        yield Figure(f"checks_{name}_per_s", max(rates), 5_000 if judged else None, at_least=True)
        yield Figure(f"checks_{name}_p50_ms", statistics.median(half.p50 for half in halves))
        yield Figure(f"checks_{name}_p99_ms", statistics.median(half.p99 for half in halves), 20 if judged else None)
        yield Figure(f"checks_{name}_full_p99_ms", min(latencies))


def _memory(bench: Bench, server: Server, step: int) -> Iterator[Figure]:
    programs = [{"key": key, "have": NEW} for key in bench.live_keys[:10]]
    order = Order(server.port, step, programs, distinct=True)
    load(order)
    wait_until_quiet(server)
    first = server.megabytes()
    load(msgspec.structs.replace(order, first=step, requests=2 * step))
    wait_until_quiet(server)
    yield Figure("memory_mb", first)
    yield Figure("memory_growth_mb", server.megabytes() - first, 15)


def load(order: Order) -> Measured:
    """Run the load generator on the other core."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench._release_load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    pin(process.pid, 1)
    out, _ = process.communicate(msgspec.json.encode(order))
    return msgspec.json.decode(out, type=Measured)


async def _publish(bench: Bench, times: int) -> list[Figure]:
    house, seconds = bench.house, []
    for number in range(times):
        key = f"program-{bench.size.live + number:03d}"
        await house.upload("1.1.0", key=key, scripts=b"new " * 500)
        draft = await house.draft("1.1.0", None, key)
        began = time.perf_counter()
        await house.act(draft, Verb.START)
        seconds.append(time.perf_counter() - began)
    return [
        Figure("publish_ms", statistics.median(seconds) * 1000, 200),
        Figure("publish_max_ms", max(seconds) * 1000),
    ]


async def _halt(bench: Bench, streams: int) -> list[Figure]:
    servers = [Server(bench.settings), Server(bench.settings)]
    try:
        for server in servers:
            await asyncio.to_thread(server.start)
        heard: list[float] = []
        opened_streams = asyncio.Semaphore(0)
        listeners = [
            asyncio.create_task(_listen(servers[number % 2].port, opened_streams, heard)) for number in range(streams)
        ]
        for _ in range(streams):
            await asyncio.wait_for(opened_streams.acquire(), 60)
        key, info = next(iter(bench.running.items()))
        times = []
        for verb in (Verb.HALT, Verb.ROLL_FORWARD, Verb.HALT):
            heard.clear()
            info = await bench.house.act(info, verb)
            answered = time.perf_counter()
            deadline = answered + 30
            while len(heard) < streams and time.perf_counter() < deadline:  # noqa: ASYNC110 - counts what others do
                await asyncio.sleep(0.005)
            if len(heard) < streams:
                raise RuntimeError(f"{streams - len(heard)} of {streams} streams heard nothing")
            times.append(max(heard) - answered)
        bench.running[key] = info
        for one in listeners:
            one.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)
        return [Figure("halt_ms", max(times) * 1000, 1_000)]
    finally:
        for server in servers:
            await asyncio.to_thread(server.stop)


async def _listen(port: int, opened_streams: asyncio.Semaphore, heard: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET /device/v1/test/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await reader.readuntil(b"retry: 5000\n\n")
        opened_streams.release()
        while await reader.readuntil(b"event: release\n"):
            heard.append(time.perf_counter())
    finally:
        writer.close()
