"""What the data plane counts of its calls: in each worker's memory, written down once a second, added up later.

    Figures.note (each call) ──▶ Tally per operation ──run, every second──▶ gateway_figures (length 1)
                                                            job `merge`: ──▶ length 60 ──▶ length 3600 ──▶ gone

A `Tally` has sums only, so tallies of workers and of times are added up without loss; durations are in the buckets of
`eden.gateway.histograms`. What the database cannot take waits in memory, bounded, and is added up rather than lost;
traces do not wait, and are counted as dropped.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Collection, Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from eden.base.database import Database
from eden.base.ids import now
from eden.base.telemetry import Metrics
from eden.gateway.exchange import GOOD, Answer, Exchange, Route
from eden.gateway.models import gateway_figures
from eden.gateway.traces import Traces, keep

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 24 * 3600 * SECOND
#: length of spans, seconds → µs after which they become the next longer ones, or are removed
KEPT = {1: 15 * MINUTE, 60: 2 * DAY, 3600: 400 * DAY}
_LONGER = {1: 60, 60: 3600}
#: rows that one transaction of merging takes
_BATCH = 2000
#: operations that wait for a database that does not answer; what was counted of more is lost
_WAITING = 5000

log = logging.getLogger("eden.gateway")


class Tally(msgspec.Struct, array_like=True):
    """Calls of an operation in a span of time. `codes`: result code → calls; `statuses`: hundreds of the HTTP status →
    calls; `buckets`: of durations (`histograms.bucket` of µs) → calls; `micros`: all durations added up; `dropped`:
    traces."""

    calls: int = 0
    errors: int = 0
    cached: int = 0
    limited: int = 0
    micros: int = 0
    dropped: int = 0
    codes: dict[int, int] = {}
    statuses: dict[int, int] = {}
    buckets: dict[int, int] = {}

    def add(self, other: Tally) -> None:
        """What was counted elsewhere, or at another time."""
        self.calls += other.calls
        self.errors += other.errors
        self.cached += other.cached
        self.limited += other.limited
        self.micros += other.micros
        self.dropped += other.dropped
        for mine, theirs in ((self.codes, other.codes), (self.statuses, other.statuses), (self.buckets, other.buckets)):
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count


class _Counts:
    """Calls of an operation since the last second, by all that is counted of one at once: a look-up and an addition for
    each call. `kinds`: bucket, code (14 bits), hundreds of the status (4), cached, limited → calls."""

    __slots__ = ("kinds", "micros")

    def __init__(self) -> None:
        self.micros = 0
        self.kinds: dict[int, int] = {}

    def tally(self) -> Tally:
        made = Tally(micros=self.micros)
        for kind, count in self.kinds.items():
            code, status = kind >> 6 & 0x3FFF, kind >> 2 & 0xF
            made.calls += count
            made.errors += count * (code != GOOD or status >= 5)
            made.cached += count * (kind >> 1 & 1)
            made.limited += count * (kind & 1)
            for numbers, key in ((made.codes, code), (made.statuses, status), (made.buckets, kind >> 20)):
                numbers[key] = numbers.get(key, 0) + count
        return made


#: workspace id, operation
Key = tuple[str, str]


class Figures:
    """Of one worker. `note` and `trace` are called for each call and touch memory only; `run` writes."""

    def __init__(self, metrics: Metrics, worker: str = "", slow_micros: int = SECOND) -> None:
        self.worker = worker or f"{socket.gethostname()[:30]}:{os.getpid()}"
        self._calls = metrics.counter("eden_gateway_calls_total", "Calls of operations, by result code.", ["code"])
        self._seconds = metrics.counter("eden_gateway_seconds_total", "Durations of calls, added up.")
        self._cached = metrics.counter("eden_gateway_cached_total", "Calls answered from the cache.")
        self._dropped = metrics.counter("eden_gateway_traces_dropped_total", "Traces for which there was no room.")
        #: since the last time that it was written; and what could not be written then
        self._counts: dict[Key, _Counts] = {}
        self._tallies: dict[Key, Tally] = {}
        self.slow_micros = slow_micros
        self._traces = Traces(self.worker, slow_micros)

    def note(self, route: Route, code: int, status: int, micros: int, cached: bool, limited: bool) -> None:
        """A call that is over."""
        key = route.workspace_id, route.operation
        counts = self._counts.get(key)
        if counts is None:
            counts = self._counts[key] = _Counts()
        counts.micros += micros
        shift = micros.bit_length() - 5
        # `histograms.bucket`, here as this is done for each call
        index = micros if shift <= 0 else (shift << 4) + (micros >> shift)
        kind = (index << 20) + (code << 6) + (status // 100 << 2) + (cached << 1) + limited
        kinds = counts.kinds
        kinds[kind] = kinds.get(kind, 0) + 1

    def trace(self, exchange: Exchange, answer: Answer, micros: int, workspaces: Collection[str] = ()) -> None:
        """Keep what is known of a call that did not end well or was slow, if there is room in this second."""
        if not self._traces.note(exchange, answer, micros, workspaces or (exchange.table.workspace_id,)):
            key = (exchange.table.workspace_id, exchange.operation)
            # only operations that exist have a tally; what strangers make up is not counted by its name
            if exchange.route is not None:
                self._tallies.setdefault(key, Tally()).dropped += 1
            self._dropped.inc()

    async def run(self, database: Database, clock: Callable[[], int] = now) -> None:
        """Write once a second, until cancelled; then what is left. What is just being written then is not given up."""
        writing: asyncio.Task[None] | None = None
        try:
            while True:
                await asyncio.sleep(1 - clock() % SECOND / SECOND)
                writing = asyncio.create_task(self.write(database, clock()))
                await asyncio.shield(writing)
        finally:
            if writing is not None:
                await writing
            await asyncio.shield(self.write(database, clock()))

    async def write(self, database: Database, at: int) -> None:
        """What was counted since the last time, as of the second before `at`."""
        for key, counts in self._counts.items():
            self._tallies.setdefault(key, Tally()).add(counts.tally())
        tallies, self._tallies, self._counts = self._tallies, {}, {}
        traces = self._traces.take()
        if not tallies and not traces:
            return
        begin = at // SECOND * SECOND - SECOND

        def work(connection: Connection) -> None:
            _put(connection, begin, self.worker, tallies)
            keep(connection, traces)

        try:
            await database.write(work)
        except Exception:
            log.warning("figures of the gateway wait: the database does not take them", exc_info=True)
            for key, tally in tallies.items():
                if key in self._tallies or len(self._tallies) < _WAITING:
                    self._tallies.setdefault(key, Tally()).add(tally)
            # whether they were written may be unknown, and a row that is there twice would be refused for ever
            for row in traces:
                if (waiting := self._tallies.get((row["workspace_id"], row["operation"]))) is not None:
                    waiting.dropped += 1
            self._dropped.inc(len(traces))
            return
        self._publish(tallies.values())

    def _publish(self, tallies: Iterable[Tally]) -> None:
        """For Prometheus, once a second: its counters cost more than the rest of `note`."""
        for tally in tallies:
            for code, count in tally.codes.items():
                self._calls.labels(str(code)).inc(count)
            self._seconds.inc(tally.micros / SECOND)
            self._cached.inc(tally.cached)


def _put(connection: Connection, at: int, worker: str, tallies: dict[Key, Tally]) -> None:
    for (workspace_id, operation), tally in sorted(tallies.items()):
        _add(
            connection,
            {
                "workspace_id": workspace_id,
                "operation": operation,
                "length": 1,
                "at": at,
                "worker": worker,
                "tally": msgspec.msgpack.encode(tally),
            },
        )


def _add(connection: Connection, row: dict[str, Any]) -> None:
    """Insert, or add to what is there: a worker may write twice in a second, and merging goes on where it stopped."""
    same = and_(
        *(gateway_figures.c[name] == row[name] for name in ("workspace_id", "operation", "length", "at", "worker"))
    )
    there = connection.execute(select(gateway_figures.c.tally).where(same)).scalar()
    if there is None:
        connection.execute(insert(gateway_figures).values(row))
        return
    tally = decode(there)
    tally.add(decode(row["tally"]))
    connection.execute(update(gateway_figures).where(same).values(tally=msgspec.msgpack.encode(tally)))


def decode(tally: bytes) -> Tally:
    return msgspec.msgpack.decode(tally, type=Tally)


def merge(connection: Connection, at: int) -> bool:
    """Add up what is old enough into longer spans, and remove what is too old; whether there may be more."""
    table = gateway_figures.c
    for length, kept in KEPT.items():
        longer = _LONGER.get(length)
        # whole longer spans only: what is merged is not half of a minute
        until = (at - kept) // ((longer or length) * SECOND) * (longer or length) * SECOND
        if longer is None:
            connection.execute(delete(gateway_figures).where(table.length == length, table.at < until))
            continue
        query = select(gateway_figures).where(table.length == length, table.at < until).order_by(table.at).limit(_BATCH)
        rows = connection.execute(query).all()
        sums: dict[tuple[str, str, int], Tally] = {}
        for row in rows:
            key = (row.workspace_id, row.operation, row.at // (longer * SECOND) * longer * SECOND)
            sums.setdefault(key, Tally()).add(decode(row.tally))
        for (workspace_id, operation, begin), tally in sorted(sums.items()):
            _add(
                connection,
                {
                    "workspace_id": workspace_id,
                    "operation": operation,
                    "length": longer,
                    "at": begin,
                    "worker": "",
                    "tally": msgspec.msgpack.encode(tally),
                },
            )
        names = ("workspace_id", "operation", "length", "at", "worker")
        for begin in range(0, len(rows), 200):
            taken = rows[begin : begin + 200]
            these = or_(*(and_(*(table[name] == getattr(row, name) for name in names)) for row in taken))
            connection.execute(delete(gateway_figures).where(these))
        if len(rows) == _BATCH:
            return True
    return False
