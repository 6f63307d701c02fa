"""The end of the bank's day: once midnight has passed in its zone, the ledger's day is closed and kept as a batch.

A batch can be run again: what is done is not done again. One that failed says why and is tried at the next look.
"""

from __future__ import annotations

import asyncio
import datetime
import logging

from sqlalchemy import Connection, insert, select, update

from bank.ledger.ledger import Ledger
from bank.tables import batches
from bank.times import day_of, moment
from eden.base.database import Database
from eden.base.ids import now

LEDGER = "ledger"
#: seconds between looks at the clock
_EVERY = 60
_DAY = datetime.timedelta(days=1)

log = logging.getLogger("bank")


async def close_days(database: Database, ledger: Ledger, at: int) -> list[str]:
    """Close all days before that of `at` (µs) that are open, the first one first; a new ledger begins with yesterday.
    The days that were closed, as ISO dates."""
    closed = await ledger.days()
    today = day_of(at)
    first = datetime.date.fromisoformat(closed[-1].day) + _DAY if closed else today - _DAY
    done = []
    while first < today:
        day = first.isoformat()
        await database.write(lambda connection, day=day: _do_begin(connection, day, now()))  # type: ignore[misc]
        try:
            result = await ledger.close_day(day, moment(first + _DAY))
        except Exception as error:
            said = str(error)
            await database.write(
                lambda connection, day=day, said=said: _do_end(connection, day, "failed", {}, said, now())  # type: ignore[misc]
            )
            raise
        figures = {"transfers": result.end_number - result.first_number, "entries": result.end_seq - result.first_seq}
        await database.write(
            lambda connection, day=day, figures=figures: _do_end(connection, day, "done", figures, "", now())  # type: ignore[misc]
        )
        done.append(day)
        first += _DAY
    return done


async def run(database: Database, ledger: Ledger) -> None:
    """Close days for ever."""
    while True:
        try:
            await close_days(database, ledger, now())
        except Exception:
            log.exception("a day could not be closed")
        await asyncio.sleep(_EVERY)


def _do_begin(connection: Connection, day: str, at: int) -> None:
    known = connection.execute(select(batches.c.day).where(batches.c.day == day, batches.c.name == LEDGER)).first()
    if known is None:
        connection.execute(
            insert(batches).values(day=day, name=LEDGER, state="running", figures={}, error="", started_at=at)
        )


def _do_end(connection: Connection, day: str, state: str, figures: dict[str, int], error: str, at: int) -> None:
    connection.execute(
        update(batches)
        .where(batches.c.day == day, batches.c.name == LEDGER)
        .values(state=state, figures=figures, error=error, finished_at=at)
    )
