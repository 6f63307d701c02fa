"""How much every app sends: counted when it is accepted, before anything else can go wrong with it.

Counting at acceptance keeps a quota true under overload, when what is stored lags behind. Each process counts in memory
and adds to the table once a second; what the table gives back are the counts of all processes, so that a quota is
passed by no more than what the others take in that second.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from eden.base.ground import Ground
from eden.base.ids import now
from eden.base.problems import Problem
from eden.observe.apps import HOUR, App
from eden.observe.models import observe_apps, observe_usage

_FLUSH_SECONDS = 1.0
_SECOND = 1_000_000
#: columns that grow
_COUNTED = ("accepted", "refused", "bytes")

log = logging.getLogger("eden.observe")


class Hour:
    """Of one app: what was counted in an hour and is not in the table yet, and what the table had."""

    __slots__ = ("accepted", "app", "begin", "bytes", "refused", "second", "seen", "taken", "waiting")

    def __init__(self, app: int, begin: int) -> None:
        self.app = app
        #: microseconds
        self.begin = begin
        self.accepted = self.refused = self.bytes = 0
        #: on their way to the disk: a quota holds for them too
        self.waiting = 0
        #: accepted by all processes in this hour, as far as the table told
        self.seen = 0
        #: the second of the rate, and what was taken in it
        self.second = self.taken = 0


class Usage:
    """One per process."""

    def __init__(self, ground: Ground, clock: Callable[[], int] = now) -> None:
        self._database = ground.database
        self._clock = clock
        self._counts: dict[int, Hour] = {}
        #: hours that have ended and are not in the table yet
        self._ended: list[Hour] = []
        #: accepted since the last write, by wire
        self._batches: dict[str, int] = {}
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        metrics = ground.metrics
        self._accepted = metrics.counter("eden_observe_accepted_total", "Records accepted from apps.")
        self._refused = metrics.counter("eden_observe_refused_total", "Records refused, by reason.", ("reason",))
        self._bytes = metrics.counter("eden_observe_accepted_bytes_total", "Bytes accepted from apps, decompressed.")
        self._by_wire = metrics.counter("eden_observe_batches_total", "Batches accepted from apps, by wire.", ("wire",))

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_writing(), name="eden-usage")

    async def stop(self) -> None:
        """What was counted is in the table, if that is possible."""
        if self._task is not None:
            # never in the middle of a write, which would count twice
            self._stopping.set()
            await self._task
        with contextlib.suppress(Exception):
            await self.flush()

    def begin(self, app: App, count: int, at: int) -> Hour:
        """The hour that `count` records belong to, for `accept` or `give_back`. Problem `rate-limited` when they pass
        the app's rate or quota; they are counted as refused. `at`: microseconds."""
        one = self._of(app.number, at)
        settings = app.settings
        if settings.rate:
            second = at // _SECOND
            if one.second != second:
                one.second, one.taken = second, 0
            if one.taken and one.taken + count > settings.rate:
                self._refuse(one, count, "rate")
                raise _limited(f"{app.key} sends more than {settings.rate:,} records a second.", 1)
            one.taken += count
        if settings.quota and one.seen + one.accepted + one.waiting + count > settings.quota:
            self._refuse(one, count, "quota")
            raise _limited(
                f"{app.key} has sent the {settings.quota:,} records that it may send in an hour.",
                (one.begin + HOUR - at) // _SECOND + 1,
            )
        one.waiting += count
        return one

    def accept(self, one: Hour, wire: str, count: int, size: int) -> None:
        """A batch is on the disk."""
        one.waiting -= count
        one.accepted += count
        one.bytes += size
        self._batches[wire] = self._batches.get(wire, 0) + 1

    def wait(self, app: App, one: Hour, at: int) -> int:
        """Seconds for which nothing more of the app is taken, now that its quota is used up; 0: there is room."""
        quota = app.settings.quota
        if not quota or one.seen + one.accepted + one.waiting < quota:
            return 0
        return (one.begin + HOUR - at) // _SECOND + 1

    def give_back(self, one: Hour, count: int, reason: str) -> None:
        """A batch that was begun was not taken."""
        one.waiting -= count
        self._refuse(one, count, reason)

    def refuse(self, app: int, count: int, reason: str, at: int) -> None:
        """A batch of the app was not taken."""
        self._refuse(self._of(app, at), count, reason)

    def _refuse(self, one: Hour, count: int, reason: str) -> None:
        one.refused += count
        self._refused.labels(reason).inc(count)

    def _of(self, app: int, at: int) -> Hour:
        one = self._counts.get(app)
        if one is None or at - one.begin >= HOUR:
            if one is not None:
                self._ended.append(one)
            one = self._counts[app] = Hour(app, at - at % HOUR)
        return one

    # the table

    async def _keep_writing(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _FLUSH_SECONDS)
            try:
                await self.flush()
            except Exception:
                log.exception("usage could not be written; trying again")

    async def flush(self) -> None:
        """Add what was counted to the table. What cannot be written is written the next time."""
        batches, self._batches = self._batches, {}
        for wire, count in batches.items():
            self._by_wire.labels(wire).inc(count)
        rows = [
            (one, {"app": one.app, "hour": one.begin, **{name: getattr(one, name) for name in _COUNTED}})
            for one in (*self._ended, *self._counts.values())
            if one.accepted or one.refused
        ]
        # two processes never wait for each other: both go by app
        rows.sort(key=lambda pair: (pair[1]["app"], pair[1]["hour"]))
        if not rows:
            return
        totals = await self._database.write(lambda connection: self._do_add(connection, [row for _, row in rows]))
        for (one, row), total in zip(rows, totals, strict=True):
            for name in _COUNTED:
                setattr(one, name, getattr(one, name) - row[name])
            one.seen = total
            self._accepted.inc(row["accepted"])
            self._bytes.inc(row["bytes"])
        self._ended = [one for one in self._ended if one.accepted or one.refused or one.waiting]

    def _do_add(self, connection: Connection, rows: list[dict[str, Any]]) -> list[int]:
        """What all processes have accepted, by row."""
        statement: Any = (sqlite if self._database.dialect == "sqlite" else postgresql).insert(observe_usage)
        added = {name: observe_usage.c[name] + statement.excluded[name] for name in _COUNTED}
        statement = statement.on_conflict_do_update(index_elements=["app", "hour"], set_=added)
        statement = statement.returning(observe_usage.c.accepted)
        numbers = {row["app"] for row in rows}
        known = set(
            connection.execute(select(observe_apps.c.number).where(observe_apps.c.number.in_(numbers))).scalars()
        )
        # an app that is gone meanwhile is not counted
        return [int(connection.execute(statement, row).scalar_one()) if row["app"] in known else 0 for row in rows]


def _limited(sentence: str, seconds: int) -> Problem:
    return Problem(
        "rate-limited",
        sentence,
        "Keep what you have and send it later.",
        headers={"Retry-After": str(seconds)},
    )
