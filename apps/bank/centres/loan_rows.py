"""Loans in the database, as the lending centre and its readers need them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from bank.centres import loan_books, products
from bank.centres.payments import Order
from bank.loans.terms import Terms
from bank.refusals import Refusal
from bank.tables import loans, orders, repayments
from bank.values import Instalment, Loan

Repaid = list[tuple[datetime.date, int]]


def find(connection: Connection, customer: str, identifier: str, on: datetime.date, chinese: bool) -> Loan:
    """With its schedule. Refusal "no-loan"."""
    return shown(connection, _own(connection, customer, identifier), on, chinese)


def of_customer(connection: Connection, customer: str, on: datetime.date, chinese: bool) -> list[Loan]:
    """The newest first, without their schedules."""
    rows = connection.execute(select(loans).where(loans.c.customer_id == customer).order_by(loans.c.id.desc())).all()
    return [msgspec.structs.replace(shown(connection, row, on, chinese), schedule=[]) for row in rows]


def active(connection: Connection, customer: str, identifier: str) -> Row[Any]:
    """A loan that is being repaid. Refusal "no-loan"."""
    row = _own(connection, customer, identifier)
    if row.state != "active":
        raise Refusal("no-loan")
    return row


def terms_of(connection: Connection, row: Row[Any]) -> Terms:
    """What the loan engine needs to know of a loan."""
    product = products.find(connection, row.product, row.product_version).product
    assert isinstance(product, products.Loan)
    return loan_books.terms_of(
        row.amount, row.rate_bp, row.term, datetime.date.fromisoformat(row.start), product.method
    )


def repaid(connection: Connection, identifier: str) -> Repaid:
    """Days and cents of its repayments, in order."""
    rows = connection.execute(
        select(repayments).where(repayments.c.loan_id == identifier).order_by(repayments.c.id)
    ).all()
    return [(datetime.date.fromisoformat(row.day), row.amount) for row in rows]


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
    rows: Sequence[Instalment]
    owed = end = 0
    following = None
    if row.state == "closed":
        plan = loan_books.plan_of(terms_of(connection, row))
        rows = [msgspec.structs.replace(one, paid=one.principal + one.interest, state="paid") for one in plan]
    else:
        standing = loan_books.standing(terms_of(connection, row), repaid(connection, row.id), on)
        rows, following = standing.schedule, standing.next
        owed, end = standing.payoff.principal, standing.payoff.principal + standing.payoff.interest
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
    )


def _own(connection: Connection, customer: str, identifier: str) -> Row[Any]:
    row = connection.execute(select(loans).where(loans.c.id == identifier, loans.c.customer_id == customer)).first()
    if row is None:
        raise Refusal("no-loan")
    return row
