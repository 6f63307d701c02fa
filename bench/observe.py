"""Observing at the size of a large host app, on the machine that also makes the load: accepting reports, storing them,
asking about ten million events, memory, and processes that are killed. Each part has a platform of its own.

`load`: `single_posts` of one event each, `batch_events` in posts of 50, acknowledged after an fsync, on 64 connections;
`sentry_accepted`: error envelopes of the unmodified Python client (14 kB), `sentry_queryable`: until all of them were
grouped and stored; `idle_memory_mb`: all processes of the platform before that, shared pages counted once.

`sustained`: 25,000 events a second for ten minutes, `left`: until the last one is queryable, `load_memory_mb`: memory
meanwhile; `visible_s`: from the post of a marked event until a question finds it, beside half of that load, 95th
percentile.

`kills`: under load the web process, the insight process while a chunk is on its way into the store, while it answers
and while it starts, in turn, are killed with SIGKILL; every acknowledged event is looked for (`_observe_kills`).

`fuzz`: spoiled batches of all wires (`_observe_fuzz`).

`reports`, `large`: `ask_…_ms` are 95th percentiles over HTTP, one question after the other, no two alike, about ten and
about fifty million events; `tiles_ms`: twelve of them side by side, as a dashboard asks; `bytes_per_event`: on disk,
merged, of five million events that are no copies; `erased_s`: until no question finds a person who is to be forgotten,
longest. With `--quick` the first stands for both, and nothing is weighed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench._harness import Figure
from bench._observe_fuzz import fuzz
from bench._observe_kills import kills
from bench._observe_platform import Site, opened, serving
from bench._observe_pressure import Pressure
from bench._observe_reports import reports


@contextmanager
def _site() -> Iterator[tuple[Site, Path]]:
    """A new platform, and a folder for what belongs to the measurement."""
    with tempfile.TemporaryDirectory(prefix="eden-bench-") as name, opened(Path(name) / "data") as site:
        yield site, Path(name)


def _load(quick: bool) -> Iterable[Figure]:
    with _site() as (site, folder), serving(site) as server:
        yield from Pressure(site, server, folder, quick).accepting()


def _sustained(quick: bool) -> Iterable[Figure]:
    with _site() as (site, folder), serving(site) as server:
        yield from Pressure(site, server, folder, quick).storing()


def _kills(quick: bool) -> Iterable[Figure]:
    with _site() as (site, folder):
        yield from kills(site, folder, 4 if quick else 100)


def _fuzz(quick: bool) -> Iterable[Figure]:
    with _site() as (site, _):
        yield from fuzz(site, 500 if quick else 1_000_000)


def _reports(quick: bool) -> Iterable[Figure]:
    events, made = (30_000, 10_000) if quick else (10_000_000, 5_000_000)
    with _site() as (site, _):
        yield from reports(site, events, made, quick)


def _large(quick: bool) -> Iterable[Figure]:
    if not quick:
        with _site() as (site, _):
            yield from reports(site, 50_000_000, 2_500_000, quick, "large_", 2_000)


PARTS = {
    "load": _load,
    "sustained": _sustained,
    "kills": _kills,
    "fuzz": _fuzz,
    "reports": _reports,
    "large": _large,
}
