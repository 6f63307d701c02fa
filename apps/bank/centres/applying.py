"""Applications for loans: taken in, decided by the rules, or by an officer where the rules leave it to one."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, insert, select, update

from bank.centres import customers, deciding, loan_books, messages, products
from bank.credit.decide import Decision
from bank.ids import new_hex
from bank.refusals import Refusal, yuan
from bank.tables import applications
from bank.times import day_of, shown
from bank.values import Application, LoanOffer, LoanProduct, Page
from eden.base.sealing import Seal

PAGE = 50


class Apply(Struct, frozen=True):
    """What the customer asks for; `document` describes the photo that was taken, `agreed` is to be looked up at the
    credit bureau."""

    product: str
    amount: int
    term: int
    document: dict[str, Any] | None = None
    agreed: bool = False


class Verdict(Struct, frozen=True):
    """What was decided: offered, referred or refused; `reasons` are sentences in Chinese and English."""

    outcome: str
    amount: int
    rate_bp: int
    reasons: list[tuple[str, str]]

    @classmethod
    def of(cls, made: Decision) -> Verdict:
        return cls(made.outcome, made.amount, made.rate_bp, deciding.sentences(made))


class Case(Struct, frozen=True):
    """An application as an officer sees it: `facts` are what the factory saw, `verdict` what it says."""

    id: str
    number: str
    customer: str
    product: str
    amount: int
    term: int
    state: str
    facts: dict[str, Any]
    verdict: dict[str, Any]
    created_at: int


def offer(connection: Connection, code: str) -> LoanOffer:
    """What a printed code leads to. Refusal "unknown-code"."""
    found = products.by_entry_code(connection, code)
    if found is None or not isinstance(found.product, products.Loan):
        raise Refusal("unknown-code")
    loan = found.product
    product = LoanProduct(found.code, loan.name, loan.name_en, loan.least, loan.most, loan.rate_bp)
    return LoanOffer(product, loan.terms)


def do_apply(connection: Connection, seal: Seal, customer: str, key: str, wanted: Apply, at: int) -> str:
    """Take an application in and decide; its id. The same key with the same wish is the same application."""
    fingerprint = hashlib.sha256(msgspec.json.encode(wanted, order="deterministic")).hexdigest()
    row = connection.execute(
        select(applications).where(applications.c.customer_id == customer, applications.c.key == key)
    ).first()
    if row is not None:
        if row.fingerprint != fingerprint:
            raise Refusal("key-used")
        return str(row.id)
    found, loan = _product(connection, wanted)
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
            product_version=found.version,
            amount=wanted.amount,
            term=wanted.term,
            state="received",
            detail={"document": wanted.document},
            created_at=at,
            changed_at=at,
        )
    )
    customers.do_agree(connection, customer, "credit-bureau", at)
    named: dict[str, Any] = {"product": loan.name, "product_en": loan.name_en, "number": number}
    messages.do_tell(connection, customer, "loan-received", at, amount=yuan(wanted.amount), **named)
    # what is told of it comes after
    made = deciding.decision(connection, seal, customer, identifier, found, wanted.amount, wanted.term, at)
    row = connection.execute(select(applications).where(applications.c.id == identifier)).one()
    detail = row.detail | {"decision": msgspec.to_builtins(made)}
    connection.execute(update(applications).where(applications.c.id == identifier).values(detail=detail))
    _do_decide(connection, identifier, Verdict.of(made), at + 1)
    return identifier


def do_decide_by_hand(connection: Connection, number: str, officer: str, approved: bool, note: str, at: int) -> None:
    """An officer's word on an application that waits for one, by its number. Refusal "not-decidable"."""
    row = connection.execute(select(applications).where(applications.c.number == number)).first()
    if row is None or row.state != "referred":
        raise Refusal("not-decidable")
    identifier = row.id
    verdict = msgspec.convert(row.detail["verdict"], Verdict)
    verdict = (
        Verdict("offered", verdict.amount, verdict.rate_bp, [])
        if approved
        else Verdict("refused", 0, 0, [deciding.OFFICER])
    )
    detail = row.detail | {"officer": {"name": officer, "note": note, "at": at}}
    connection.execute(update(applications).where(applications.c.id == identifier).values(detail=detail))
    _do_decide(connection, identifier, verdict, at)


def find(connection: Connection, customer: str, identifier: str, chinese: bool) -> Application:
    """Refusal "not-found"."""
    row = connection.execute(
        select(applications).where(applications.c.id == identifier, applications.c.customer_id == customer)
    ).first()
    if row is None:
        raise Refusal("not-found")
    return _shown(connection, row, chinese)


def of_customer(connection: Connection, customer: str, chinese: bool) -> list[Application]:
    """The newest first."""
    rows = connection.execute(
        select(applications)
        .where(applications.c.customer_id == customer)
        .order_by(applications.c.id.desc())
        .limit(PAGE)
    ).all()
    return [_shown(connection, row, chinese) for row in rows]


def work_list(connection: Connection, state: str = "referred", cursor: str = "") -> Page[Case]:
    """What waits for an officer, the oldest first."""
    query = select(applications).where(applications.c.state == state, applications.c.id > cursor)
    rows = connection.execute(query.order_by(applications.c.id).limit(PAGE + 1)).all()
    items = [
        Case(
            row.id,
            row.number,
            row.customer_id,
            row.product,
            row.amount,
            row.term,
            row.state,
            deciding.shown(row.detail["decision"]),
            row.detail["verdict"],
            row.created_at,
        )
        for row in rows[:PAGE]
    ]
    return Page(items, items[-1].id if len(rows) > PAGE else None)


def do_set(connection: Connection, identifier: str, state: str, at: int) -> None:
    """An application has come to another state."""
    connection.execute(update(applications).where(applications.c.id == identifier).values(state=state, changed_at=at))


def _do_decide(connection: Connection, identifier: str, verdict: Verdict, at: int) -> None:
    row = connection.execute(select(applications).where(applications.c.id == identifier)).one()
    detail = row.detail | {"verdict": msgspec.to_builtins(verdict)}
    connection.execute(update(applications).where(applications.c.id == identifier).values(detail=detail))
    do_set(connection, identifier, verdict.outcome, at)
    product = products.find(connection, row.product, row.product_version).product
    named: dict[str, Any] = {"product": product.name, "product_en": product.name_en, "number": row.number}
    if verdict.outcome == "offered":
        messages.do_tell(connection, row.customer_id, "loan-offered", at, amount=yuan(verdict.amount), **named)
    elif verdict.outcome == "refused":
        chinese, english = (" ".join(reason[place] for reason in verdict.reasons) for place in (0, 1))
        messages.do_tell(
            connection, row.customer_id, "loan-refused", at, reasons=chinese, reasons_en=english, number=row.number
        )


def _product(connection: Connection, wanted: Apply) -> tuple[products.Versioned, products.Loan]:
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
    return found, loan


def _shown(connection: Connection, row: Row[Any], chinese: bool) -> Application:
    product = products.find(connection, row.product, row.product_version).product
    assert isinstance(product, products.Loan)
    verdict = msgspec.convert(row.detail["verdict"], Verdict)
    offered = None
    if row.state in ("offered", "signed", "paid"):
        terms = loan_books.terms_of(verdict.amount, verdict.rate_bp, row.term, day_of(row.changed_at), product.method)
        offered = loan_books.offer_of(terms, verdict.rate_bp)
    return Application(
        row.id,
        row.number,
        row.state,
        row.product,
        product.name if chinese else product.name_en,
        row.amount,
        row.term,
        shown(row.created_at),
        [reason[0 if chinese else 1] for reason in verdict.reasons],
        offered,
    )
