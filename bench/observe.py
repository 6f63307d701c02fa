"""Observing at the size of a large host app, on the machine that also makes the load: accepting reports, storing them,
asking about ten million events, memory, and processes that are killed.

`single_posts` of one event each, `batch_events` in posts of 50, acknowledged after an fsync, on 64 connections.
`sentry_accepted`: error envelopes of the unmodified Python client (14 kB); `sentry_queryable`: until all of them were
grouped and stored. `sustained_…`: 25,000 events a second for ten minutes, `left`: until the last one is queryable.
`visible_s`: from the post of a marked event until a question finds it, beside half of that load, 95th percentile.
`…_memory_mb`: all processes of the platform, shared pages counted once.

`ask_…_ms` are 95th percentiles over HTTP, one question after the other, no two alike. `bytes_per_event`: on the disk,
merged. `killed_…`: the web process and the insight process in turn are killed with SIGKILL under load and started
again; every acknowledged event is looked for.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from bench._harness import Figure
from bench._observe_kills import kills
from bench._observe_platform import opened, serving
from bench._observe_pressure import Pressure
from bench._observe_reports import reports


def main(quick: bool) -> Iterable[Figure]:
    with tempfile.TemporaryDirectory(prefix="eden-bench-") as name:
        folder = Path(name)
        with opened(folder / "load") as site, serving(site) as server:
            yield from Pressure(site, server, folder, quick).figures()
        with opened(folder / "kills") as site:
            yield from kills(site, folder, 4 if quick else 100)
        with opened(folder / "reports") as site:
            yield from reports(site, 100_000 if quick else 10_000_000, quick)
        if not quick:
            with opened(folder / "large") as site:
                yield from reports(site, 50_000_000, quick, "large_", 2_000)
