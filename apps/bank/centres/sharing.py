"""Joint loans: whose is what of a loan that a partner gives a share of.

    the partner's settlement account (2302) → its part of what is paid out
    its part of principal, interest, penalty interest and recoveries → its settlement account
    what of the principal is its own stands in the memorandum, by loan (9001), against the partners' money (9002)

The customer has one loan and sees nothing of it. The bank's own books have its own share alone: principal, interest
receivable, income, allowance, loss. Charges and fees are the bank's, which does the work. Parts are taken of sums: of
the principal that is owed, and of all interest, penalty or recoveries so far. So what a partner has had is never a cent
off its share, however many repayments there were; what rounding leaves is the bank's.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, select

from bank.centres import bookings
from bank.centres.accounting import (
    MEMORANDUM,
    PARTNERS,
    PARTNERS_MONEY,
    Code,
    general,
    new_sub_account,
    sub_account,
)
from bank.centres.loan_books import Split
from bank.centres.loan_rows import Paid
from bank.ledger.interfaces import NewAccount
from bank.tables import joint_loans
from bank.times import day_of

#: of its bookings
DISBURSEMENT = "disbursement"
_WHOLE = 10_000


class Share(Struct, frozen=True):
    """What another lender gives of a loan; `bp` are basis points, 0 of a loan of the bank alone."""

    partner: str = ""
    bp: int = 0

    def part(self, cents: int) -> int:
        """The partner's part of a sum."""
        return cents * self.bp // _WHOLE

    def own(self, cents: int) -> int:
        """The bank's part of a sum."""
        return cents - self.part(cents)

    @property
    def settlement(self) -> str:
        """The ledger's id of the partner's account."""
        return sub_account(self.partner, PARTNERS)

    def of_repayment(self, parts: Split, owed: int, paid: Paid) -> Split:
        """The partner's part of a repayment of a loan of which so much principal was owed and so much was paid."""
        return Split(
            interest=self._more(paid.interest, parts.interest),
            principal=self.part(owed) - self.part(owed - parts.principal),
            penalty=self._more(paid.penalty, parts.penalty),
        )

    def of_recovery(self, amount: int, paid: Paid) -> int:
        """The partner's part of what comes back of a loan written off."""
        return self._more(paid.recovered, amount)

    def _more(self, before: int, more: int) -> int:
        return self.part(before + more) - self.part(before)


def share_of(connection: Connection, loan: str) -> Share:
    """Of a loan, as it was signed."""
    row = connection.execute(select(joint_loans).where(joint_loans.c.loan_id == loan)).first()
    return Share() if row is None else Share(row.partner, _WHOLE - row.own_share)


def lent(account: str) -> str:
    """The memorandum of a loan's account: the partner's part of its principal."""
    return sub_account(account, MEMORANDUM)


def accounts(share: Share, account: str, number: str) -> list[NewAccount]:
    """What a joint loan has in the ledger beside what every loan has."""
    if not share.bp:
        return []
    return [new_sub_account(share.partner, PARTNERS, share.partner), new_sub_account(account, MEMORANDUM, number)]


def do_fund(connection: Connection, share: Share, loan: Row[Any], at: int) -> None:
    """The partner gives its part of a loan that has been paid out."""
    where, part = (connection, at, day_of(at), DISBURSEMENT), share.part(loan.amount)
    bookings.do_book(*where, share.settlement, loan.account_id, part, Code.DISBURSEMENT, loan.number)
    bookings.do_book(*where, lent(loan.account_id), general(PARTNERS_MONEY), part, Code.DISBURSEMENT, loan.number)
