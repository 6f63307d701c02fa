"""The books held against each other: what the bank's tables and the loan engine say, and what the ledger has.

Each difference is a sentence. Money that moves while it is looked at makes some for a moment: who asks, asks again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from sqlalchemy import Connection, func, select

from bank.centres import loan_rows, sharing
from bank.centres.accounting import (
    ALLOWANCE,
    PARTNERS,
    PARTNERS_MONEY,
    PAYABLE,
    RECEIVABLE,
    REPAYMENTS,
    general,
    sub_account,
)
from bank.ledger.interfaces import Balances
from bank.ledger.ledger import Ledger
from bank.tables import accounts, bookings, deposit_interest, loan_states, loans
from eden.base.database import Database
from eden.base.errors import EdenError

#: how often it is looked before a difference is one
_LOOKS = 3


class Expected(Struct, frozen=True):
    """What the bank's tables expect of an account of the ledger: its debits less its credits, cents."""

    id: str
    what: str
    amount: int


async def check(database: Database, ledger: Ledger) -> int:
    """How many accounts agree. Raises EdenError "bank-unbalanced" with the first that does not."""
    found: list[str] = []
    for _ in range(_LOOKS):
        expected = await database.read(expectations)
        held = {one.id: one.balances for one in await ledger.accounts([one.id for one in expected]) if one is not None}
        found = list(differences(expected, held))
        trial = await ledger.trial_balance()
        clearing = sum(line.debits - line.credits for line in trial.lines if line.account == str(REPAYMENTS))
        if clearing:
            found.append(f"Repayments to be allocated are not nothing: {clearing}.")
        if not trial.balanced:
            found.append("The trial balance does not balance.")
        if not found:
            return len(expected)
    raise EdenError("bank-unbalanced", found[0], f"{len(found)} differences.")


def differences(expected: list[Expected], held: Mapping[str, Balances]) -> Iterator[str]:
    """Sentences. Pure."""
    for one in expected:
        there = -held[one.id].net if one.id in held else 0
        if there != one.amount:
            yield f"{one.what}: the ledger has {there}, expected are {one.amount}."


def expectations(connection: Connection) -> list[Expected]:
    """Of every loan its principal, interest and allowance, of every partner of joint loans its part of them, of every
    deposit the interest that it has earned. Nothing while bookings wait for the ledger."""
    if connection.execute(select(func.count()).select_from(bookings)).scalar_one():
        return []
    wanted = []
    partners: dict[str, int] = {}
    lent = 0
    for row in connection.execute(select(loans, loan_states).join(loan_states)):
        paid, share = loan_rows.paid(connection, row.id), sharing.share_of(connection, row.id)
        left = row.amount - paid.principal
        principal = left if row.state == "active" else 0
        wanted += [
            Expected(row.account_id, f"Principal of loan {row.number}", share.own(principal)),
            Expected(
                sub_account(row.account_id, RECEIVABLE),
                f"Interest receivable of loan {row.number}",
                row.interest - share.own(paid.interest),
            ),
            Expected(sub_account(row.account_id, ALLOWANCE), f"Allowance for loan {row.number}", -row.allowance),
        ]
        if share.bp:
            theirs = share.part(principal)
            wanted.append(Expected(sharing.lent(row.account_id), f"The partner's part of loan {row.number}", theirs))
            lent += theirs
            back = sum(share.part(cents) for cents in (paid.interest, paid.penalty, paid.recovered))
            partners[share.partner] = partners.get(share.partner, 0) + share.part(left) - back
    wanted += [
        Expected(sub_account(partner, PARTNERS), f"Settlement with {partner}", given)
        for partner, given in partners.items()
    ]
    wanted.append(Expected(general(PARTNERS_MONEY), "Partners' money in joint loans", -lent))
    query = select(accounts.c.id, accounts.c.number, deposit_interest.c.accrued).join(deposit_interest)
    for row in connection.execute(query):
        what = f"Interest payable of account {row.number}"
        wanted.append(Expected(sub_account(row.id, PAYABLE), what, -row.accrued))
    return wanted
