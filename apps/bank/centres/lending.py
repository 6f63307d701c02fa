"""The lending centre: from a printed code to an application."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, insert, select

from bank.centres import customers, messages, products
from bank.ids import new_hex
from bank.refusals import Refusal, yuan
from bank.tables import applications
from bank.times import day_of, shown
from bank.values import Application, LoanOffer, LoanProduct


class Apply(Struct, frozen=True):
    """What the customer asks for; `document` describes the photo that was taken, `agreed` is to the contract."""

    product: str
    amount: int
    term: int
    document: dict[str, Any] | None = None
    agreed: bool = False


def offer(connection: Connection, code: str) -> LoanOffer:
    """What a printed code leads to. Refusal "unknown-code"."""
    found = products.by_entry_code(connection, code)
    if found is None or not isinstance(found.product, products.Loan):
        raise Refusal("unknown-code")
    loan = found.product
    product = LoanProduct(found.code, loan.name, loan.name_en, loan.least, loan.most, loan.rate_bp)
    return LoanOffer(product, loan.terms)


def do_apply(connection: Connection, customer: str, key: str, wanted: Apply, at: int) -> Application:
    """Take an application in; the same key with the same wish is the same application. Refusals of all kinds."""
    fingerprint = hashlib.sha256(msgspec.json.encode(wanted, order="deterministic")).hexdigest()
    row = connection.execute(
        select(applications).where(applications.c.customer_id == customer, applications.c.key == key)
    ).first()
    if row is not None:
        if row.fingerprint != fingerprint:
            raise Refusal("key-used")
        return _shown(row)
    version, loan = _product(connection, wanted)
    identifier = new_hex(at)
    number = f"L{day_of(at):%Y%m%d}{int(identifier[-8:], 16) % 1_000_000:06d}"
    connection.execute(
        insert(applications).values(
            id=identifier,
            number=number,
            customer_id=customer,
            key=key,
            fingerprint=fingerprint,
            product=wanted.product,
            product_version=version,
            amount=wanted.amount,
            term=wanted.term,
            state="received",
            detail={"document": wanted.document},
            created_at=at,
            changed_at=at,
        )
    )
    customers.do_agree(connection, customer, "credit-bureau", at)
    messages.do_tell(
        connection,
        customer,
        "loan-received",
        at,
        product=loan.name,
        product_en=loan.name_en,
        amount=yuan(wanted.amount),
        number=number,
    )
    return Application(identifier, number, "received", wanted.product, wanted.amount, wanted.term, shown(at))


def _product(connection: Connection, wanted: Apply) -> tuple[int, products.Loan]:
    try:
        found = products.find(connection, wanted.product)
    except Refusal:
        raise Refusal("no-product") from None
    loan = found.product
    if not isinstance(loan, products.Loan):
        raise Refusal("no-product")
    if not loan.least <= wanted.amount <= loan.most:
        raise Refusal("bad-amount", low=yuan(loan.least), high=yuan(loan.most))
    if wanted.term not in loan.terms:
        raise Refusal("bad-term")
    if not wanted.document:
        raise Refusal("no-document")
    if not wanted.agreed:
        raise Refusal("not-agreed")
    return found.version, loan


def _shown(row: Row[Any]) -> Application:
    return Application(row.id, row.number, row.state, row.product, row.amount, row.term, shown(row.created_at))
