"""Interest by the day: what loans have earned and deposits have cost until the morning, booked every night.

A loan's interest until a day is what the loan engine says, in whole cents; the night books what of it has not been
booked. So rounding is never lost: it is in the next night's difference. A deposit earns on what was in it at midnight;
what is left of a cent is carried as a fraction. Deposits are paid on the 21st, when their product says so.

    loan: interest receivable (1301, by loan) ← interest income (4001)
    deposit: interest expense (5001) → interest payable (2401, by account) → the deposit
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from bank.centres import accounting, bookings, loan_books, loan_rows, messages, products, sharing, statements
from bank.centres.accounting import INTEREST_EXPENSE, INTEREST_INCOME, PAYABLE, RECEIVABLE, Code, general, sub_account
from bank.centres.batches import Progress, in_pieces
from bank.ledger.ledger import Ledger
from bank.loans.daycount import DayCount, fraction
from bank.refusals import yuan
from bank.tables import accounts, deposit_interest, loan_states, loans
from bank.times import day_of, moment
from eden.base.database import Database
from eden.base.ids import now

#: names of the batches
LOANS, DEPOSITS = "interest", "deposits"
#: the day on which interest is paid
_PAID_ON = 21
#: months in which it is
_MONTHS = {"month": range(1, 13), "quarter": (3, 6, 9, 12), "year": (12,)}
#: of a loan that has ended: there is nothing to be booked any more
_OVER = "9999-12-31"


class Interest:
    """The batches; `clock` gives µs."""

    def __init__(self, database: Database, ledger: Ledger, clock: Callable[[], int] = now) -> None:
        self._database, self._ledger, self._clock = database, ledger, clock

    async def loans(self, progress: Progress) -> None:
        """Book what loans have earned until the next day."""
        until = progress.next.isoformat()
        query = (
            select(loans.c.id)
            .join(loan_states)
            .where(loans.c.state.in_(("active", "closed")), loan_states.c.until < until, loans.c.start < until)
            .order_by(loans.c.id)
        )

        async def work(rows: list[Row[Any]]) -> None:
            await self._database.write(lambda connection: self._do_loans(connection, progress, rows))

        await in_pieces(self._database, self._ledger, self._clock, query, work)

    def _do_loans(self, connection: Connection, progress: Progress, rows: list[Row[Any]]) -> None:
        earned = sum(_do_loan(connection, progress, row.id, self._clock()) for row in rows)
        progress.count(connection, loans=len(rows), cents=earned)

    async def deposits(self, progress: Progress) -> None:
        """Book what deposits have cost until the next day, and pay it when its day has come."""
        found = await self._ledger.balances_at(moment(progress.next) - 1)
        until = progress.next.isoformat()
        query = (
            select(accounts, deposit_interest)
            .outerjoin(deposit_interest)
            .where(
                accounts.c.opened_at < moment(progress.next),
                (deposit_interest.c.until < until) | deposit_interest.c.until.is_(None),
            )
            .order_by(accounts.c.id)
        )

        async def work(rows: list[Row[Any]]) -> None:
            new = [accounting.new_sub_account(row.id, PAYABLE, row.number) for row in rows if row.until is None]
            await accounting.open_accounts(self._ledger, new)
            held = {row.id: found[row.id].net if row.id in found else 0 for row in rows}
            await self._database.write(lambda connection: self._do_deposits(connection, progress, rows, held))

        await in_pieces(self._database, self._ledger, self._clock, query, work)

    def _do_deposits(
        self, connection: Connection, progress: Progress, rows: list[Row[Any]], held: Mapping[str, int]
    ) -> None:
        cost = paid = 0
        for row in rows:
            product = products.find(connection, row.product, row.product_version).product
            assert isinstance(product, products.Deposit)
            parts = _do_deposit(connection, progress, row, product, held[row.id], self._clock())
            cost, paid = cost + parts[0], paid + parts[1]
        progress.count(connection, accounts=len(rows), cents=cost, paid=paid)


def night(product: products.Deposit, held: int, carry: Fraction, day: datetime.date) -> tuple[int, Fraction]:
    """What a deposit costs for the night after a day: whole cents, and what is left of one. Pure."""
    part = fraction(DayCount(product.day_count), day, day + datetime.timedelta(days=1))
    exact = carry + Fraction(max(held, 0) * product.rate_bp, 10_000) * part
    return int(exact), exact - int(exact)


def is_paid_on(product: products.Deposit, day: datetime.date) -> bool:
    """Whether interest is paid into a deposit on a day."""
    return day.day == _PAID_ON and day.month in _MONTHS[product.capitalised]


def do_accrue(connection: Connection, at: int, day: datetime.date, batch: str, loan: Row[Any], more: int) -> None:
    """Book so much more of a loan's interest as income; less, where it is negative."""
    receivable = sub_account(loan.account_id, RECEIVABLE)
    bookings.do_book(connection, at, day, batch, receivable, general(INTEREST_INCOME), more, Code.ACCRUAL, loan.number)


def _do_loan(connection: Connection, progress: Progress, identifier: str, at: int) -> int:
    """What was booked of the bank's own share, cents; what is too much is taken back."""
    loan = connection.execute(select(loans).where(loans.c.id == identifier)).one()
    state, until = loan_rows.state_of(connection, identifier), progress.next.isoformat()
    share = sharing.share_of(connection, identifier)
    if loan.state == "closed":
        # what was booked after the day on which it ended, and what a late night has not booked
        earned, until = share.own(loan_rows.paid(connection, identifier).interest), _OVER
    elif state.accruing:
        terms, repaid = loan_rows.terms_of(connection, loan), loan_rows.repaid(connection, identifier)
        earned = share.own(loan_books.accrued(terms, repaid, [progress.next])[0])
    else:
        earned = state.interest
    more: int = earned - state.interest
    do_accrue(connection, at, progress.day, progress.name, loan, more)
    connection.execute(
        update(loan_states).where(loan_states.c.loan_id == identifier).values(until=until, interest=earned)
    )
    return more


def _do_deposit(
    connection: Connection, progress: Progress, row: Row[Any], product: products.Deposit, held: int, at: int
) -> tuple[int, int]:
    """What the night has cost and what was paid; cents."""
    cents, carry = night(product, held, Fraction(row.carry or 0), progress.day)
    owed, paid = (row.accrued or 0) + cents, 0
    payable = sub_account(row.id, PAYABLE)
    where = (connection, at, progress.day, progress.name)
    bookings.do_book(*where, general(INTEREST_EXPENSE), payable, cents, Code.ACCRUAL, row.number)
    if owed and row.state == "open" and is_paid_on(product, progress.next):
        transfer = bookings.do_book(*where, payable, row.id, owed, Code.INTEREST, row.number)
        owed, paid = 0, owed
        # on the customer's statement it is of the day that begins, if the night was late, too
        when = at if day_of(at) == progress.next else moment(progress.next)
        statements.do_note(connection, row.customer_id, row.id, transfer, paid, product.name, "interest", "", when)
        messages.do_tell(
            connection,
            row.customer_id,
            "interest-paid",
            when,
            amount=yuan(paid),
            product=product.name,
            product_en=product.name_en,
        )
    values = {"until": progress.next.isoformat(), "carry": str(carry), "accrued": owed}
    if row.until is None:
        connection.execute(insert(deposit_interest).values(account_id=row.id, **values))
    else:
        connection.execute(update(deposit_interest).where(deposit_interest.c.account_id == row.id).values(values))
    return cents, paid
