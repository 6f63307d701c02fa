"""What an operator does from the command line: list batches, end days, run one again, change the ledger's key.

One process writes a ledger, and holds a lock in the bank's folder. Where that is the bank's own (`serve`), it is asked
to run a batch and waited for; otherwise the work is done here.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import fcntl
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import IO

from bank.centres import accounting, batches
from bank.centres.batches import Run
from bank.server import DAY_END, Bank
from bank.settings import Settings
from bank.tables import bring_up_to_date
from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.ids import now

#: the file whose lock the bank's process holds
LOCK = "running"
#: seconds that the bank's process is waited for
_PATIENCE = 120.0
_LOOK = 0.2


@contextlib.contextmanager
def alone(settings: Settings) -> Iterator[bool]:
    """Be the process that is the bank of a folder; False when another one is."""
    settings.data.mkdir(parents=True, exist_ok=True)
    with open(settings.data / LOCK, "a") as file:
        yield _locked(file)


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def runs() -> EdenError:
    """What is said where the bank's process is in the way."""
    return EdenError("bank-runs", "Another process is the bank of this folder.", "End it first.")


def listed(settings: Settings) -> list[Run]:
    """The newest batches."""
    with _database(settings) as database:
        return database.read_now(batches.page).items


def line(run: Run) -> str:
    """A batch for people."""
    figures = ", ".join(f"{name} {count:,}" for name, count in run.figures.items())
    return f"{run.day}  {run.name:<10}  {run.state:<8}  {figures}  {run.error}".rstrip()


def rollover(settings: Settings) -> list[Run]:
    """End all days that are over. Raises EdenError "bank-runs" where the bank does it by itself, and as batches do."""

    async def work(bank: Bank) -> list[Run]:
        return await bank.batches.rollover()

    with alone(settings) as is_alone:
        if not is_alone:
            raise EdenError(
                "bank-runs",
                "The bank runs, and ends its days by itself.",
                "Name a day and a batch to run it again; `python -m bank batches` lists them.",
            )
        return asyncio.run(_opened(settings, work))


def again(settings: Settings, day: datetime.date, name: str) -> Run:
    """Run one batch once more, here or in the bank's process. Raises as `Batches.again` does, and EdenError
    "bank-waits" when that process does not run it."""

    async def work(bank: Bank) -> list[Run]:
        return [await bank.batches.again(day, name)]

    with alone(settings) as is_alone:
        if is_alone:
            return asyncio.run(_opened(settings, work))[0]
    with _database(settings) as database:
        database.write_now(lambda connection: batches.do_want(connection, DAY_END, day, name, now()))
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            time.sleep(_LOOK)
            found = database.read_now(lambda connection: batches.find(connection, day, name))
            if found is not None and found.state in ("done", "failed"):
                return found
    raise EdenError("bank-waits", "The bank's process has not run the batch yet.", "Look at its log.")


def rotate_key(settings: Settings) -> str:
    """Sign heads of the ledger with a new key, and for 30 days with the old one beside it; the new one's public form.
    Raises EdenError "bank-runs"."""

    async def work() -> str:
        ledger = await accounting.open_ledger(settings)
        try:
            return await ledger.rotate_key()
        finally:
            await ledger.close()

    with alone(settings) as is_alone:
        if not is_alone:
            raise runs()
        return asyncio.run(work())


async def _opened(settings: Settings, work: Callable[[Bank], Awaitable[list[Run]]]) -> list[Run]:
    bank = Bank(settings)
    await bank.open()
    try:
        return await work(bank)
    finally:
        await bank.stop()


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database_address)
    try:
        bring_up_to_date(database)
        yield database
    finally:
        database.close()
