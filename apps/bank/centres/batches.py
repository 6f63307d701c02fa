"""The end of the bank's day: named batches in a fixed order, each of which is done once for each business day.

A batch is a row of `bank_batches`: waiting, running, done or failed. Its work goes in pieces, each of which writes what
it has done, what it counted and what is to be booked in one transaction (`Progress.count`, `bookings`). So a process
that is killed at any step goes on where it was, and running a batch again does nothing twice. One runs at a time; days
and the batches of a day keep their order, so one that failed holds up what comes after it, and is tried again.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, Select, func, insert, select, update

from bank.centres import bookings
from bank.ledger.ledger import Ledger
from bank.refusals import Refusal
from bank.tables import batches, deposit_interest
from bank.times import day_of
from bank.values import Page
from eden.base.database import Database
from eden.base.ids import now

#: seconds between looks at what somebody wants, and how many of them until the clock is looked at
_EVERY, _LOOKS = 2, 30
#: rows of one write
_PIECE = 100
_DAY = datetime.timedelta(days=1)
#: rows of a page
PAGE = 50
#: characters of an error that are kept
_ERROR = 500

log = logging.getLogger("bank")


class Run(Struct, frozen=True):
    """A batch of a business day. `state`: waiting, running, done, failed. Times in µs, `finished_at` null before."""

    day: str
    name: str
    state: str
    figures: dict[str, int]
    error: str
    tries: int
    started_at: int
    finished_at: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """What a batch's work is told: the day that it ends."""

    day: datetime.date
    name: str

    @property
    def next(self) -> datetime.date:
        """The day that begins."""
        return self.day + _DAY

    def count(self, connection: Connection, **figures: int) -> None:
        """Add to the batch's figures, in the write of a piece of its work."""
        where = (batches.c.day == self.day.isoformat()) & (batches.c.name == self.name)
        known = connection.execute(select(batches.c.figures).where(where)).scalar() or {}
        grown = known | {name: known.get(name, 0) + amount for name, amount in figures.items()}
        connection.execute(update(batches).where(where).values(figures=grown))


Work = Callable[[Progress], Awaitable[None]]


class Batches:
    """`works`: the batches of a day by name, in their order; `clock` gives µs."""

    def __init__(self, database: Database, works: Mapping[str, Work], clock: Callable[[], int] = now) -> None:
        self._database, self._works, self._clock = database, works, clock
        self._one = asyncio.Lock()

    @property
    def names(self) -> list[str]:
        """In the order of a day."""
        return list(self._works)

    async def rollover(self) -> list[Run]:
        """End all days before today that have not ended, the first one first; what was run. A new bank begins with
        yesterday. What a batch raises ends it, after the batch has been marked as failed."""
        done = []
        async with self._one:
            today = day_of(self._clock())
            day = await self._database.read(lambda connection: _first(connection, len(self._works), today))
            while day < today:
                rows = await self._database.read(lambda connection, day=day: _rows(connection, day))  # type: ignore[misc]
                over = {row.name for row in rows if row.state == "done"}
                done += [await self._run(day, name) for name in self._works if name not in over]
                day += _DAY
        return done

    async def again(self, day: datetime.date, name: str) -> Run:
        """Run a batch once more, now. Refusals "no-batch", "batch-order" (what comes before it has not been done)."""
        async with self._one:
            today = day_of(self._clock())
            await self._database.read(lambda connection: _check(connection, self.names, day, name, today))
            return await self._run(day, name)

    async def look(self, is_time: bool) -> None:
        """Run what is waited for (`do_want`), and end days if it is time to look at the clock. Raises what they do."""
        waiting = await self._database.read(_waiting)
        for run in waiting:
            day = datetime.date.fromisoformat(run.day)
            try:
                await self.again(day, run.name)
            except Refusal as refusal:
                # what comes before it has failed meanwhile: it is no longer waited for, and ends with its day
                await self._end(day, run.name, "failed", refusal.sentence)
        if waiting or is_time:
            await self.rollover()

    async def run(self) -> None:
        """Look for ever."""
        looks = 0
        while True:
            try:
                await self.look(looks % _LOOKS == 0)
            except Exception:
                log.exception("a batch of the end of the day failed")
            looks += 1
            await asyncio.sleep(_EVERY)

    async def _run(self, day: datetime.date, name: str) -> Run:
        place = self.names.index(name)
        await self._database.write(lambda connection: _do_begin(connection, day, name, place, "running", self._clock()))
        try:
            await self._works[name](Progress(day, name))
        except Exception as error:
            await self._end(day, name, "failed", str(error)[:_ERROR] or type(error).__name__)
            raise
        return await self._end(day, name, "done", "")

    async def _end(self, day: datetime.date, name: str, state: str, error: str) -> Run:
        def write(connection: Connection) -> Run:
            connection.execute(
                update(batches)
                .where(batches.c.day == day.isoformat(), batches.c.name == name)
                .values(state=state, error=error, finished_at=self._clock())
            )
            found = find(connection, day, name)
            assert found is not None  # it was begun
            return found

        return await self._database.write(write)


def do_want(connection: Connection, names: Sequence[str], day: datetime.date, name: str, at: int) -> None:
    """Have the process whose batches these are, in the order of a day, run one of them once more: it looks every few
    seconds. Refusals as of `Batches.again`."""
    _check(connection, names, day, name, day_of(at))
    _do_begin(connection, day, name, names.index(name), "waiting", at)


async def in_pieces(
    database: Database,
    ledger: Ledger,
    clock: Callable[[], int],
    query: Select[Any],
    work: Callable[[list[Row[Any]]], Awaitable[None]],
) -> None:
    """Work on all rows that a query finds, some at a time. `work` does them in one write, after which they are not
    found; what it has booked is posted before the next, and before all what a process that died has left."""
    while True:
        await bookings.post(database, ledger, clock())
        rows = await database.read(lambda connection: list(connection.execute(query.limit(_PIECE))))
        if not rows:
            return
        await work(rows)


def page(connection: Connection, cursor: str = "", size: int = PAGE) -> Page[Run]:
    """The newest day first, the last batch of a day first; `cursor` is the page before's `next`."""
    query = select(batches).order_by(batches.c.day.desc(), batches.c.place.desc())
    place = int(cursor) if re.fullmatch(r"[0-9]{1,9}", cursor) else 0
    rows = connection.execute(query.offset(place).limit(size + 1)).all()
    return Page([_shown(row) for row in rows[:size]], str(place + size) if len(rows) > size else None)


def find(connection: Connection, day: datetime.date, name: str) -> Run | None:
    """One batch of a day, if it was ever begun."""
    return next((_shown(row) for row in _rows(connection, day) if row.name == name), None)


def _check(connection: Connection, names: Sequence[str], day: datetime.date, name: str, today: datetime.date) -> None:
    if name not in names or day >= today:
        raise Refusal("no-batch")
    first = _first(connection, len(names), today)
    states = {row.name: row.state for row in _rows(connection, day)}
    before = names[: names.index(name)]
    if day > first or (day == first and any(states.get(one) != "done" for one in before)):
        raise Refusal("batch-order")


def _first(connection: Connection, count: int, today: datetime.date) -> datetime.date:
    """The first day that has not ended."""
    done = (
        select(batches.c.day)
        .where(batches.c.state == "done")
        .group_by(batches.c.day)
        .having(func.count() >= count)
        .subquery()
    )
    last = connection.execute(select(func.max(done.c.day))).scalar()
    if last is not None:
        return datetime.date.fromisoformat(last) + _DAY
    begun = connection.execute(select(func.min(batches.c.day))).scalar()
    if begun is None:
        # a past that was made up ends with a night, and its bank may start days later
        begun = connection.execute(select(func.min(deposit_interest.c.until))).scalar()
    return datetime.date.fromisoformat(begun) if begun is not None else today - _DAY


def _waiting(connection: Connection) -> list[Run]:
    query = select(batches).where(batches.c.state == "waiting").order_by(batches.c.day, batches.c.place)
    return [_shown(row) for row in connection.execute(query)]


def _rows(connection: Connection, day: datetime.date) -> list[Row[Any]]:
    return list(connection.execute(select(batches).where(batches.c.day == day.isoformat())))


def _do_begin(connection: Connection, day: datetime.date, name: str, place: int, state: str, at: int) -> None:
    """A day that was done and is done again stays done for what comes after it only when it is done again."""
    where = (batches.c.day == day.isoformat()) & (batches.c.name == name)
    tries = connection.execute(select(batches.c.tries).where(where)).scalar()
    begun = {"state": state, "error": "", "started_at": at, "finished_at": None}
    if tries is None:
        row = begun | {
            "day": day.isoformat(),
            "name": name,
            "place": place,
            "figures": {},
            "tries": int(state == "running"),
        }
        connection.execute(insert(batches).values(row))
    else:
        connection.execute(update(batches).where(where).values(begun | {"tries": tries + (state == "running")}))


def _shown(row: Row[Any]) -> Run:
    return Run(row.day, row.name, row.state, row.figures, row.error, row.tries, row.started_at, row.finished_at)
