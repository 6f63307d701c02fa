"""Which transfers an account has, and what its balances were: a read model that follows the journal.

`ledger_postings` has a row for each side of each transfer. It is not written in the commit of the transfers, where it
would touch two far-away pages for each of them; it is brought up to date before each question that needs it, and in
slices, so that a commit never waits long for it. Its cursor is its own proof of how far it has come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bank.ledger.interfaces import Balances, Line
from bank.ledger.records import Row, posted_of
from bank.ledger.rules import Book
from bank.ledger.stores.base import JOURNAL_COLUMNS, Store, plain_row
from bank.ledger.writer import Writer

CONSUMER = "postings"
#: entries that are followed in one commit
_SLICE = 2_000

_COLUMNS = ", ".join(f"j.{column}" for column in JOURNAL_COLUMNS.split(", "))


class Statements:
    """Questions about one account's past."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._store, self._writer = store, writer
        self._following = asyncio.Lock()

    async def follow(self) -> None:
        """Bring the read model up to what is committed."""
        async with self._following:
            rows = await self._store.fetch("SELECT seq FROM ledger_cursors WHERE consumer = ?", (CONSUMER,))
            start, end = (rows[0][0] if rows else 0), self._writer.tree.size
            while start < end:
                start = await self._writer.command(_following(start, min(end, start + _SLICE), self._store))

    async def page(self, account: str, *, before: int | None = None, limit: int = 50) -> list[tuple[Line, int]]:
        """An account's lines from new to old, with the transfers' numbers, and one more than `limit` if there is one.

        `before`: an index; lines before it.
        """
        await self.follow()
        until = self._writer.tree.size if before is None else before
        id_ = bytes.fromhex(account)
        rows = await self._store.fetch(
            f"SELECT {_COLUMNS} FROM ledger_postings p JOIN ledger_journal j ON j.seq = p.seq"
            f" WHERE p.account = ? AND p.seq < ? ORDER BY p.seq DESC LIMIT {limit + 1:d}",
            (id_, until),
        )
        return [(_line(row, id_), row[1]) for row in map(plain_row, rows)]

    async def balances(self, account: str, at: int) -> Balances:
        """What an account's balances were after everything that happened until a time; zeros before its first."""
        end = await entries_until(self._store, at, self._writer.tree.size)
        found = await self.page(account, before=end, limit=1)
        return found[0][0].after if found else Balances()


def _following(start: int, end: int, store: Store) -> Callable[[Book], int]:
    first, last = store.dialect.ignoring
    sides = " UNION ALL ".join(
        f"SELECT {side} AS account, seq FROM ledger_journal WHERE seq >= ? AND seq < ?" for side in ("debit", "credit")
    )
    # in the order of the table, so that neighbours are written together
    statement = (
        f"{first} ledger_postings (account, seq) SELECT account, seq FROM ({sides}) sides ORDER BY account, seq{last}"
    )

    def command(book: Book) -> int:
        book.changes.statements.append((statement, (start, end, start, end)))
        book.changes.others.setdefault("ledger_cursors", []).append((CONSUMER, end))
        return end

    return command


async def entries_until(store: Store, at: int, end: int) -> int:
    """How many of the first `end` entries happened until a time: their times grow with their index."""
    start = 0
    while start < end:
        middle = (start + end) // 2
        rows = await store.fetch("SELECT seq, at FROM ledger_journal WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,))
        if rows and rows[0][1] <= at:
            start = rows[0][0] + 1
        else:
            end = middle
    return start


def _line(row: Row, account: bytes) -> Line:
    debited = row[4] == account
    return Line(posted_of(row), debited, Balances(*(row[15:19] if debited else row[19:23])))
