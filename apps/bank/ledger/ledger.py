"""The ledger of one shard: what callers use."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bank.ledger import accounts
from bank.ledger.accounts import Change
from bank.ledger.canonical import prepare
from bank.ledger.interfaces import Account, Balances, NewAccount, Outcome, Posted, Transfer
from bank.ledger.records import Row
from bank.ledger.stores import store_at
from bank.ledger.stores.base import JOURNAL_COLUMNS, Store, plain_row
from bank.ledger.writer import Writer
from eden.base.ids import now

#: ids in one question
_ASKED = 500


class Ledger:
    """Open it with `Ledger.open`; close it in the end. It belongs to one event loop."""

    def __init__(self, store: Store, *, clock: Callable[[], int] = now, day_starts: int = 0) -> None:
        self.store = store
        self.writer = Writer(store, clock, day_starts=day_starts)

    @classmethod
    async def open(cls, url: str, *, shard: int = 0, clock: Callable[[], int] = now, day_starts: int = 0) -> Ledger:
        ledger = cls(store_at(url, shard), clock=clock, day_starts=day_starts)
        await ledger.writer.start()
        return ledger

    async def close(self) -> None:
        """Finishes what waits."""
        await self.writer.close()

    async def post(self, transfers: Sequence[Transfer]) -> list[Outcome]:
        """The outcome of each transfer, once all that were created are durable. A chain must end in its request."""
        return await self.writer.transfers(prepare(transfers))

    async def create_accounts(self, new: Sequence[NewAccount]) -> list[Outcome]:
        """The outcome of each account."""
        return await self.writer.command(*accounts.opening(new))

    async def change_account(self, id_: str, change: Change) -> None:
        """Freeze, thaw, close, open or limit an account. Raises LedgerError when there is none."""
        await self.writer.command(*accounts.changing(id_, change))

    async def expire(self) -> None:
        """End pending transfers whose time is over now; otherwise it happens before the next batch, or by a timer."""
        await self.writer.command(lambda book: None)

    async def accounts(self, ids: Sequence[str]) -> list[Account | None]:
        """The accounts with these ids, in their order; null for those that there are not."""
        found: dict[str, Account] = {}
        for start in range(0, len(ids), _ASKED):
            condition, parameters = self.store.among(map(bytes.fromhex, ids[start : start + _ASKED]))
            rows = await self.store.fetch(
                "SELECT a.id, a.ledger, a.code, a.flags, a.transfer_limit, a.day_limit, a.reference, a.opened_at,"
                " b.debits_posted, b.debits_pending, b.credits_posted, b.credits_pending"
                f" FROM ledger_accounts a JOIN ledger_balances b ON b.number = a.number WHERE a.id{condition}",
                parameters,
            )
            for row in rows:
                id_, balances = bytes(row[0]).hex(), Balances(*row[8:])
                found[id_] = Account(id_, row[1], row[2], row[3], row[4], row[5], row[6], row[7], balances)
        return [found.get(id_) for id_ in ids]

    async def transfers(self, ids: Sequence[str]) -> list[Posted | None]:
        """The transfers with these ids, in their order; null for those that there are not."""
        found: dict[str, Posted] = {}
        for start in range(0, len(ids), _ASKED):
            condition, parameters = self.store.among(map(bytes.fromhex, ids[start : start + _ASKED]))
            rows = await self.store.fetch(
                f"SELECT {JOURNAL_COLUMNS} FROM ledger_journal WHERE id{condition}", parameters
            )
            for posted in map(posted_of, map(plain_row, rows)):
                found[posted.transfer.id] = posted
        return [found.get(id_) for id_ in ids]


def posted_of(row: Row) -> Posted:
    """A row of the journal as its reader sees it."""
    seq, _, at, id_, debit, credit, amount, ledger, code, flags, pending_id, timeout, reference, data, released = row[
        :15
    ]
    ids = id_.hex(), debit.hex(), credit.hex()
    transfer = Transfer(*ids, amount, ledger, code, flags, pending_id.hex(), timeout, reference, data.hex())
    return Posted(transfer, seq, at, released)
