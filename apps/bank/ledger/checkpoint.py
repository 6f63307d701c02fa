"""Balances are in the journal the moment they change; their table follows a little behind.

Each row of the journal has the balances of both accounts after it, so a commit of 64 transfers among 10,000 accounts
need not write 128 rows on as many pages, too. The table is swept instead: a lap writes the accounts that were behind
when it began, in the order of the table, some with each commit. When it is over, the table has everything from before
it, and `Head.flushed` says so. After a crash, the journal's rows from there on are read once more: the last one of each
account has its balances. Only accounts with a limit per day, whose use of it is in no row, are written at once.
"""

from __future__ import annotations

from bank.ledger.records import AccountState, Changes, Head
from bank.ledger.rules import Book
from bank.ledger.stores.base import Store

#: rows of one commit; more when many are behind, so that what a start reads again stays below some 40,000 rows
_ROWS = 16
_COMMITS = 512
_PAGE = 5_000


class Checkpoint:
    """Which accounts' rows in the table are behind."""

    def __init__(self, behind: dict[int, AccountState] | None = None) -> None:
        self.behind: dict[int, AccountState] = behind or {}
        #: numbers that this lap has still to write, from high to low, and where it began
        self._sweep: list[int] = []
        self._began = 0

    @classmethod
    async def load(cls, store: Store, book: Book) -> Checkpoint:
        """After a start: puts into the book the accounts that the table does not have as they are."""
        after: dict[bytes, tuple[int, int, int, int]] = {}
        start = book.head.flushed
        while rows := await store.tail(start, _PAGE):
            for row in rows:
                after[row[4]], after[row[5]] = row[15:19], row[19:23]
            start = rows[-1][0] + 1
        behind: dict[int, AccountState] = {}
        ids = list(after)
        for place in range(0, len(ids), _COMMITS):
            for account in await store.accounts(ids[place : place + _COMMITS]):
                (
                    account.debits_posted, account.debits_pending, account.credits_posted, account.credits_pending,
                ) = after[account.id]  # fmt: skip
                book.accounts[account.id] = behind[account.number] = account
        return cls(behind)

    def choose(self, changes: Changes, head: Head) -> list[AccountState]:
        """The balances that go with a commit; moves `head.flushed` on when they are all that were behind."""
        behind = self.behind
        behind.update(changes.touched)
        if changes.settle:
            chosen = [behind[number] for number in sorted(behind)]
            self.behind, self._sweep = {}, []
            head.flushed = head.seq
            return chosen
        if not self._sweep:
            self._sweep = sorted(behind, reverse=True)
            self._began = head.seq
        count = max(_ROWS, len(self._sweep) // _COMMITS)
        chosen = [behind.pop(number) for number in self._sweep[: -count - 1 : -1]]
        del self._sweep[-count:]
        if not self._sweep:
            head.flushed = self._began
        limited = [account for account in changes.touched.values() if account.day_limit]
        return chosen + [account for account in limited if account.number in behind] if limited else chosen
