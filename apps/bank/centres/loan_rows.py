"""Loans in the database, as the lending centre and its readers need them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, insert, select

from bank.centres import line, loan_books, products
from bank.centres.payments import Order
from bank.loans.terms import Terms
from bank.loans.working_days import add_months
from bank.refusals import Refusal, yuan
from bank.tables import loan_states, loans, orders, repayments
from bank.times import moment
from bank.values import Instalment, Loan, Prepayment

Repaid = list[tuple[datetime.date, int]]
#: of repayments, and of loans
RECOVERY, WRITTEN_OFF = "recovery", "written-off"


def find(connection: Connection, customer: str, identifier: str, on: datetime.date, chinese: bool) -> Loan:
    """With its schedule. Refusal "no-loan"."""
    return shown(connection, _own(connection, customer, identifier), on, chinese)


def of_customer(connection: Connection, customer: str, on: datetime.date, chinese: bool) -> list[Loan]:
    """The newest first, without their schedules."""
    rows = connection.execute(select(loans).where(loans.c.customer_id == customer).order_by(loans.c.id.desc())).all()
    return [msgspec.structs.replace(shown(connection, row, on, chinese), schedule=[]) for row in rows]


def active(connection: Connection, customer: str, identifier: str) -> Row[Any]:
    """A loan of which something is owed. Refusal "no-loan"."""
    row = _own(connection, customer, identifier)
    if row.state not in ("active", WRITTEN_OFF):
        raise Refusal("no-loan")
    return row


def terms_of(connection: Connection, row: Row[Any]) -> Terms:
    """What the loan engine needs to know of a loan."""
    product = products.find(connection, row.product, row.product_version).product
    assert isinstance(product, products.Loan)
    start = datetime.date.fromisoformat(row.start)
    return loan_books.terms_of(product, row.amount, row.rate_bp, row.term, start)


def repaid(connection: Connection, identifier: str) -> Repaid:
    """Days and cents of interest and principal of its repayments, in order."""
    rows = connection.execute(
        select(repayments)
        .where(repayments.c.loan_id == identifier, repayments.c.kind != RECOVERY, repayments.c.amount > 0)
        .order_by(repayments.c.id)
    ).all()
    return [(datetime.date.fromisoformat(row.day), row.amount) for row in rows]


class Paid(Struct, frozen=True):
    """Sums of a loan's repayments; cents."""

    interest: int
    principal: int
    penalty: int
    charge: int
    recovered: int


def paid(connection: Connection, identifier: str) -> Paid:
    """What has been paid of it."""
    rows = connection.execute(select(repayments).where(repayments.c.loan_id == identifier)).all()
    usual = [row for row in rows if row.kind != RECOVERY]
    return Paid(
        sum(row.interest for row in usual),
        sum(row.amount - row.interest for row in usual),
        sum(row.penalty for row in usual),
        sum(row.charge for row in usual),
        sum(row.amount for row in rows if row.kind == RECOVERY),
    )


def state_of(connection: Connection, identifier: str) -> Row[Any]:
    """What batches have found out about a loan that was paid out."""
    return connection.execute(select(loan_states).where(loan_states.c.loan_id == identifier)).one()


def do_open_state(connection: Connection, identifier: str, start: datetime.date) -> None:
    """Of a loan that has been paid out."""
    connection.execute(
        insert(loan_states).values(
            {
                "loan_id": identifier,
                "until": start.isoformat(),
                "looked_at": start.isoformat(),
                "interest": 0,
                "penalty": "0",
                "charges": 0,
                "days_overdue": 0,
                "class": "normal",
                "accruing": True,
                "allowance": 0,
                "written_off": 0,
                "alert": {},
            }
        )
    )


def debt_of(connection: Connection, row: Row[Any], on: datetime.date) -> loan_books.Debt:
    """What is owed of an active loan on a day."""
    product = products.find(connection, row.product, row.product_version).product
    assert isinstance(product, products.Loan)
    state, sums = state_of(connection, row.id), paid(connection, row.id)
    start = datetime.date.fromisoformat(row.start)
    fee = product.prepay_fee_bp if on < add_months(start, product.prepay_fee_months) else 0
    if fee and (line.cools_off(connection, row.id, moment(on)) or line.is_called_off(connection, row.id)):
        fee = 0  # who withdraws from the contract pays for the days, and nothing else, also where the money comes later
    penalty = int(Fraction(state.penalty)) - sums.penalty
    return loan_books.debt(
        terms_of(connection, row), repaid(connection, row.id), on, penalty, state.charges - sums.charge, fee
    )


def prepayment(connection: Connection, row: Row[Any], amount: int, on: datetime.date) -> Prepayment:
    """What a repayment would do on a day. Refusals "bad-amount", "too-much-repaid", "repay-all"."""
    if row.state == WRITTEN_OFF:
        raise Refusal("no-loan")
    found = debt_of(connection, row, on)
    payoff = found.payoff.total
    if amount < 1:
        raise Refusal("bad-amount", low=yuan(1), high=yuan(payoff))
    if amount > payoff:
        raise Refusal("too-much-repaid", most=yuan(payoff))
    seen = loan_books.preview(terms_of(connection, row), repaid(connection, row.id), found, amount)
    if seen is None:
        raise Refusal("repay-all", payoff=yuan(payoff))
    split = seen.split
    penalty = split.penalty + split.charge
    return Prepayment(
        amount,
        payoff,
        split.interest,
        split.principal,
        penalty,
        split.fee,
        seen.saved,
        *seen.payment,
        *seen.ends,
    )


def find_order(connection: Connection, customer: str, key: str) -> Order:
    """The order that a customer calls so."""
    return Order(*connection.execute(select(orders).where(orders.c.customer_id == customer, orders.c.key == key)).one())


def known_order(connection: Connection, customer: str, key: str, fingerprint: str) -> Order | None:
    """The order with this key, if there is one. Refusal "key-used" when it was for something else."""
    row = connection.execute(select(orders).where(orders.c.customer_id == customer, orders.c.key == key)).first()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise Refusal("key-used")
    return Order(*row)


def shown(connection: Connection, row: Row[Any], on: datetime.date, chinese: bool) -> Loan:
    """A loan on a day."""
    product = products.find(connection, row.product, row.product_version).product
    rows: Sequence[Instalment] = []
    owed = end = due = overdue = days = penalty = fee = 0
    following = None
    if row.state == "closed":
        plan = loan_books.plan_of(terms_of(connection, row))
        rows = [msgspec.structs.replace(one, paid=one.principal + one.interest, state="paid") for one in plan]
    elif row.state == WRITTEN_OFF:
        state, sums = state_of(connection, row.id), paid(connection, row.id)
        owed = end = due = overdue = state.written_off - sums.recovered
        days = state.days_overdue
    elif row.state == "active":
        found = debt_of(connection, row, on)
        rows = loan_books.shown(found)
        following = next((one for one in rows if one.state != "paid"), None)
        owed, end, fee = found.end.principal, found.payoff.total, found.payoff.fee
        due, overdue, days = found.due, found.overdue, found.days_overdue
        penalty = found.penalty + found.charge
    else:
        rows = loan_books.plan_of(terms_of(connection, row))
        following, owed, end = rows[0], row.amount, row.amount
    return Loan(
        row.id,
        row.number,
        row.state,
        row.product,
        product.name if chinese else product.name_en,
        row.amount,
        row.rate_bp,
        row.term,
        row.start,
        owed,
        end,
        following,
        row.contract,
        list(rows),
        due,
        overdue,
        days,
        penalty,
        fee,
    )


def _own(connection: Connection, customer: str, identifier: str) -> Row[Any]:
    row = connection.execute(select(loans).where(loans.c.id == identifier, loans.c.customer_id == customer)).first()
    if row is None:
        raise Refusal("no-loan")
    return row
