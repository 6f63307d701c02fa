"""What batches book: written in the transaction that decides it, posted next.

A batch writes its transfers beside what it has computed, and the ledger gets them afterwards, hundreds in a commit.
Whoever dies in between finds the rows (`post` is the first thing that the bank does when it starts), and the ledger
takes a transfer that it has already for the same. A row goes when the ledger has its transfer, its record.
"""

from __future__ import annotations

import datetime

from sqlalchemy import Connection, delete, insert, select, update

from bank.centres.accounting import CNY
from bank.ids import new_hex
from bank.ledger.interfaces import Transfer
from bank.ledger.ledger import Ledger
from bank.tables import bookings, movements
from eden.base.database import Database
from eden.base.errors import EdenError

#: transfers of one request
_POSTED = 500


def do_book(
    connection: Connection,
    at: int,
    day: datetime.date,
    batch: str,
    debit: str,
    credit: str,
    amount: int,
    code: int,
    reference: str,
) -> str:
    """Write a transfer that is to be posted, its id; a negative amount goes the other way, none is none."""
    identifier = new_hex(at)
    if amount < 0:
        debit, credit, amount = credit, debit, -amount
    if amount:
        connection.execute(
            insert(bookings).values(
                id=identifier,
                day=day.isoformat(),
                batch=batch,
                debit=debit,
                credit=credit,
                amount=amount,
                code=code,
                reference=reference,
            )
        )
    return identifier


async def post(database: Database, ledger: Ledger, at: int) -> int:
    """Post what has been written; how many transfers. Raises EdenError "bank-booking" when the ledger refuses one,
    which is tried again, as a new transfer, the next time."""
    count = 0
    while True:
        rows = await database.read(
            lambda connection: connection.execute(select(bookings).order_by(bookings.c.id).limit(_POSTED)).all()
        )
        if not rows:
            return count
        outcomes = await ledger.post(
            [
                Transfer(row.id, row.debit, row.credit, row.amount, CNY, row.code, reference=row.reference)
                for row in rows
            ]
        )
        done = [row.id for row, outcome in zip(rows, outcomes, strict=True) if outcome.done]
        refused = [row.id for row, outcome in zip(rows, outcomes, strict=True) if not outcome.done]
        await database.write(lambda connection, done=done, refused=refused: _do_clear(connection, done, refused, at))  # type: ignore[misc]
        count += len(done)
        for row, outcome in zip(rows, outcomes, strict=True):
            if not outcome.done:
                raise EdenError(
                    "bank-booking", f"The ledger refuses a booking of {row.batch} for {row.reference}: {outcome}."
                )


def _do_clear(connection: Connection, done: list[str], refused: list[str], at: int) -> None:
    connection.execute(delete(bookings).where(bookings.c.id.in_(done)))
    for identifier in refused:
        again = new_hex(at)
        connection.execute(update(bookings).where(bookings.c.id == identifier).values(id=again))
        connection.execute(update(movements).where(movements.c.id == identifier).values(id=again))
