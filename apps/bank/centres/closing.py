"""The first and the last batch of a day's end: the ledger's day is closed; the books are held against each other."""

from __future__ import annotations

from bank.centres import reconciling
from bank.centres.batches import Progress
from bank.ledger.ledger import Ledger
from bank.times import moment
from eden.base.database import Database
from eden.base.errors import EdenError

#: names of the batches
LEDGER, CHECK = "ledger", "check"


class Closing:
    """The ledger's part in the end of a day."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database, self._ledger = database, ledger

    async def close(self, progress: Progress) -> None:
        """Close the ledger's day at midnight: closing balances, voucher numbers, a note in the tree."""
        result = await self._ledger.close_day(progress.day.isoformat(), moment(progress.next))
        figures = {"transfers": result.end_number - result.first_number, "entries": result.end_seq - result.first_seq}
        await self._database.write(lambda connection: progress.count(connection, **figures))

    async def check(self, progress: Progress) -> None:
        """Debits are credits in the trial balance of the day's end, and the ledger has what loans and deposits say.
        Raises EdenError "bank-unbalanced"."""
        balance = await self._ledger.trial_balance(moment(progress.next) - 1)
        if not balance.balanced:
            raise EdenError("bank-unbalanced", f"The trial balance of {progress.day} does not balance.")
        agreed = await reconciling.check(self._database, self._ledger)
        accounts = sum(line.accounts for line in balance.lines)
        await self._database.write(lambda connection: progress.count(connection, accounts=accounts, agreed=agreed))
