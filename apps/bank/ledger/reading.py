"""A ledger as it is at one moment, for questions only: its writer goes on meanwhile and is not in the way.

`Ledger.open` makes a process the writer of a shard and ends the one before. Who only wants to know opens this.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bank.ledger.audit import audit
from bank.ledger.closing import TrialBalance, balances_until, closed_days, summed
from bank.ledger.heads import SignedHead
from bank.ledger.merkle import Frontier, verify_consistency
from bank.ledger.proofs import consistency
from bank.ledger.stores import store_at
from bank.ledger.stores.base import Store


class Reading:
    """Open it with `reading`. `tree`: that of all entries that are committed at its moment."""

    def __init__(self, store: Store, tree: Frontier) -> None:
        self._store = store
        self.tree = tree

    async def trial_balance(self, at: int) -> TrialBalance:
        """Sums by currency and account of the general ledger at a time (microseconds)."""
        days = await closed_days(self._store)
        return await summed(self._store, await balances_until(self._store, days, at, self.tree.size), at)

    async def findings(self, keys: Sequence[str], *, day_starts: int = 0) -> list[str]:
        """What does not follow from the entries, or is not what was signed (`bank.ledger.audit`)."""
        found, _ = await audit(self._store, keys, day_starts=day_starts)
        return found

    async def grows_from(self, head: SignedHead) -> bool:
        """Whether the journal begins with what this head says: nothing of it was changed or is missing."""
        if head.size > self.tree.size:
            return False
        path = await consistency(self._store, head.size, self.tree.size)
        return verify_consistency(head.size, bytes.fromhex(head.root), self.tree.size, self.tree.root(), path)


@asynccontextmanager
async def reading(url: str, shard: int = 0) -> AsyncIterator[Reading]:
    """The ledger at an address, as it is now. Raises LedgerError when there is none."""
    store = store_at(url, shard)
    await store.look()
    try:
        await store.check()
        _, tree = await store.head()
        yield Reading(store, tree)
    finally:
        await store.close()
