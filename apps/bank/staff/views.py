"""What staff see of a customer: all of it in one view, numbers and documents masked unless somebody says why not."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, or_, select

from bank.centres import applying, claims, customers, loan_rows, products
from bank.centres.customers import masked_number, masked_phone
from bank.centres.payments import Order
from bank.refusals import Refusal
from bank.tables import accounts, applications, loan_states, loans, orders, payees, repayments
from bank.tables import claims as claim_table
from bank.tables import customers as customer_table
from bank.values import Application, Claim, Loan
from eden.base.sealing import Seal


class Found(Struct, frozen=True):
    """A customer in a list; the phone number is masked."""

    id: str
    name: str
    phone: str
    level: str
    state: str
    made_up: bool
    created_at: int


class Deposit(Struct, frozen=True):
    """An account without its money; `number` masked or not."""

    id: str
    name: tuple[str, str]
    number: str
    product: str
    version: int
    state: str
    opened_at: int


class Payee(Struct, frozen=True):
    name: str
    bank: str
    number: str


class Whole(Struct, frozen=True):
    """The one view. `view` and the numbers in it are masked unless `unmasked`."""

    view: customers.View
    created_at: int
    locked_until: int
    unmasked: bool
    deposits: list[Deposit]
    payees: list[Payee]
    loans: list[Loan]
    applications: list[Application]
    claims: list[Claim]


def search(connection: Connection, text: str, before: str, limit: int) -> list[Found]:
    """Customers whose name, whole phone number, end of a phone number, account number or number of an application, loan
    or claim this is; all of them for "". The newest first; `before` is the last id of the page before."""
    query = select(customer_table)
    wanted = text.replace(" ", "")
    if wanted:
        like = re.sub(r"([%_\\])", r"\\\1", wanted)
        numbers = select(accounts.c.customer_id).where(accounts.c.number.like(f"%{like}", escape="\\"))
        named = [
            select(table.c.customer_id).where(table.c.number == wanted) for table in (applications, loans, claim_table)
        ]
        query = query.where(
            customer_table.c.name.like(f"%{like}%", escape="\\")
            | customer_table.c.phone.like(f"%{like}", escape="\\")
            | (customer_table.c.id == wanted)
            | customer_table.c.id.in_(numbers)
            | or_(*(customer_table.c.id.in_(found) for found in named))
        )
    if before:
        query = query.where(customer_table.c.id < before)
    rows = connection.execute(query.order_by(customer_table.c.id.desc()).limit(limit)).all()
    return [
        Found(row.id, row.name, masked_phone(row.phone), row.level, row.state, row.made_up, row.created_at)
        for row in rows
    ]


def whole(
    connection: Connection, seal: Seal, customer: str, on: datetime.date, chinese: bool, unmasked: bool = False
) -> Whole:
    """Everything of one customer but movements and messages, which have pages. Refusal "not-found"."""
    view = customers.view(connection, customer, seal, masked=not unmasked)
    row = _row(connection, customer)
    rows = connection.execute(
        select(accounts).where(accounts.c.customer_id == customer).order_by(accounts.c.opened_at, accounts.c.id)
    ).all()
    saved = connection.execute(select(payees).where(payees.c.customer_id == customer).order_by(payees.c.created_at))
    return Whole(
        view,
        row.created_at,
        row.locked_until,
        unmasked,
        [_deposit(connection, one, unmasked) for one in rows],
        [Payee(one.name, one.bank, one.number if unmasked else masked_number(one.number)) for one in saved],
        loan_rows.of_customer(connection, customer, on, chinese),
        applying.of_customer(connection, customer, chinese),
        claims.of_customer(connection, customer),
    )


def name_of(connection: Connection, customer: str) -> str:
    """Refusal "not-found"."""
    return str(_row(connection, customer).name)


def order(connection: Connection, customer: str, identifier: str) -> Order | None:
    """An order of the customer's, or one that paid into an account of theirs; None for a line that was no order."""
    row = connection.execute(select(orders).where(orders.c.id == identifier)).first()
    if row is None:
        return None
    owner = connection.execute(select(accounts.c.customer_id).where(accounts.c.id == row.credit)).scalar()
    return Order(*row) if customer in (row.customer_id, owner) else None


def repayments_of(connection: Connection, loan: str) -> list[Row[Any]]:
    """In order."""
    return list(connection.execute(select(repayments).where(repayments.c.loan_id == loan).order_by(repayments.c.id)))


def standing_of(connection: Connection, loan: str) -> Row[Any] | None:
    """What the ends of days have found out about a loan."""
    return connection.execute(select(loan_states).where(loan_states.c.loan_id == loan)).first()


def owners(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Of accounts of the ledger that are customers' deposits or loans: customer's id and masked number."""
    found = {
        row.id: (row.customer_id, masked_number(row.number))
        for row in connection.execute(select(accounts).where(accounts.c.id.in_(ids)))
    }
    rows = connection.execute(select(loans).where(loans.c.account_id.in_(ids)))
    return found | {row.account_id: (row.customer_id, row.number) for row in rows}


def _row(connection: Connection, customer: str) -> Row[Any]:
    row = connection.execute(select(customer_table).where(customer_table.c.id == customer)).first()
    if row is None:
        raise Refusal("not-found")
    return row


def _deposit(connection: Connection, row: Row[Any], unmasked: bool) -> Deposit:
    product = products.find(connection, row.product, row.product_version).product
    number = row.number if unmasked else masked_number(row.number)
    return Deposit(
        row.id, (product.name, product.name_en), number, row.product, row.product_version, row.state, row.opened_at
    )
