"""What an operator does from the command line: list batches, end days, run one again, change the ledger's key and the
bank's secret.

One process writes a ledger, and holds a lock in the bank's folder. Where that is the bank's own (`serve`), it is asked
to run a batch and waited for; otherwise the work is done here.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import fcntl
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import IO

from sqlalchemy import Connection, Table, select, update

from bank.centres import accounting, batches
from bank.centres.batches import Run
from bank.server import DAY_END, Bank
from bank.settings import Settings
from bank.staff.trail import Trail
from bank.tables import bindings, bring_up_to_date, customers, do_bind, mark_of, papers
from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.ids import now
from eden.base.sealing import Seal
from eden.base.tables import audit

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


def rotate_secret(settings: Settings) -> int:
    """Make a new secret, and seal anew what was sealed under the old one; how many values those were. Killed at any
    step, it is done by doing it again. Raises EdenError "bank-runs", "bank-secret", "bank-audit" (the record of what
    staff did is not as it was written: nothing is changed then)."""
    with alone(settings) as is_alone:
        if not is_alone:
            raise runs()
        old, waiting = settings.secret(), settings.data / "secret.new"
        if not waiting.exists() or waiting.stat().st_size != len(old):
            waiting.unlink(missing_ok=True)
            with open(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(len(old)))
                file.flush()
                os.fsync(file.fileno())
        new = waiting.read_bytes()
        with _database(settings) as database:
            count = database.write_now(lambda connection: _do_reseal(connection, old, new))
        waiting.replace(settings.data / "secret")
        return count


def _do_reseal(connection: Connection, old: bytes, new: bytes) -> int:
    if connection.execute(select(bindings.c.mark)).scalar() == mark_of(new):
        # a process has died after it had done it
        return 0
    do_bind(connection, old)
    kept = Trail(old).verify(connection)
    if kept.broken_at is not None and connection.execute(select(audit.c.seq).limit(1)).first() is not None:
        raise EdenError(
            "bank-audit",
            f"The audit log is not what was written: entry {kept.broken_at}.",
            "Keep a copy of the folder, and find out who has changed it first.",
        )
    count, seals = 0, (Seal(old, "bank"), Seal(new, "bank"))
    for row in connection.execute(select(customers.c.id).where(customers.c.document.is_not(None))).all():
        count += _do_close(connection, customers, "document", row.id, ("document", row.id), seals)
    for row in connection.execute(select(papers.c.id, papers.c.sha256)).all():
        count += _do_close(connection, papers, "content", row.id, ("paper", row.id, row.sha256), seals)
        count += _do_close(connection, papers, "reading", row.id, ("reading", row.id), seals)
    connection.execute(update(bindings).values(mark=mark_of(new)))
    # its end is signed under the new one from here on
    Trail(new).do_note(connection, "bank", "secret.rotate", "bank", values=count)
    return count


def _do_close(
    connection: Connection, table: Table, name: str, identifier: str, context: tuple[str, ...], seals: tuple[Seal, Seal]
) -> int:
    """One value; 0 where there is none."""
    sealed = connection.execute(select(table.c[name]).where(table.c.id == identifier)).scalar()
    if sealed is None:
        return 0
    anew = seals[1].close(seals[0].open(sealed, *context), *context)
    connection.execute(update(table).where(table.c.id == identifier).values({name: anew}))
    return 1


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
