"""Applications for loans: taken in, decided by the rules, or by an officer where the rules leave it to one."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, insert, select, update

from bank.centres import customers, deciding, line, loan_books, messages, numbers, papers, products, worklist
from bank.centres.worklist import Word
from bank.credit.applications import Step
from bank.credit.decide import Decision, Lender
from bank.ids import new_hex
from bank.refusals import Refusal, yuan
from bank.tables import applications
from bank.times import day_of, shown
from bank.values import Application, LoanOffer, LoanPlan, LoanProduct
from eden.base.sealing import Seal

PAGE = 50


class Apply(Struct, frozen=True):
    """What a customer asks for in one piece, whom the bank has identified before; `agreed` is to be looked up at the
    credit bureau."""

    product: str
    amount: int
    term: int
    agreed: bool = False


class Begin(Struct, frozen=True):
    """The printed code that was scanned."""

    code: str


class Submit(Struct, frozen=True):
    """What the customer asks for once the papers are there; `agreed` is to be looked up at the credit bureau."""

    amount: int
    term: int
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


class View(Struct, frozen=True):
    """An application as an officer sees it: `facts` are what the factory saw, `verdict` what it said, `history` where
    it has been. Cents; times in µs."""

    id: str
    number: str
    customer: str
    product: str
    amount: int
    term: int
    state: str
    station: str
    facts: dict[str, Any]
    verdict: dict[str, Any]
    history: list[Step]
    rework: int
    created_at: int


def offer(connection: Connection, code: str) -> LoanOffer:
    """What a printed code leads to. Refusal "unknown-code"."""
    found = _coded(connection, code)
    loan = found.product
    assert isinstance(loan, products.Loan)  # nothing else has printed codes
    product = LoanProduct(found.code, loan.name, loan.name_en, loan.least, loan.most, loan.rate_bp)
    return LoanOffer(product, loan.terms)


def plan(connection: Connection, code: str, amount: int, term: int, on: datetime.date) -> LoanPlan:
    """What a loan behind a printed code would take. Refusals "unknown-code", "bad-amount", "bad-term"."""
    loan = _coded(connection, code).product
    _check(loan, amount, term, agreed=True)
    assert isinstance(loan, products.Loan)  # that has been checked
    terms = loan_books.terms_of(loan, amount, loan.rate_bp, term, on)
    offered = loan_books.offer_of(terms, loan.rate_bp)
    return LoanPlan(offered.payment, offered.interest, loan_books.plan_of(terms))


def do_begin(connection: Connection, customer: str, key: str, wanted: Begin, at: int) -> str:
    """A code was scanned: the id of an application whose papers are asked for. The same key is the same application;
    one that has been begun for the product goes on. Refusal "unknown-code"."""
    found = _coded(connection, wanted.code)
    known = _known(connection, customer, key, wanted)
    begun = select(applications.c.id).where(
        applications.c.customer_id == customer, applications.c.product == found.code, applications.c.state == "draft"
    )
    identifier = known or connection.execute(begun).scalar()
    if identifier is None:
        identifier = _do_insert(connection, customer, key, wanted, found, 0, 0, at)
        papers.do_move_on(connection, customer, identifier, at)
    return identifier


def do_submit(connection: Connection, seal: Seal, customer: str, identifier: str, wanted: Submit, at: int) -> None:
    """The customer asks for an amount, with all papers there: it is decided. Again is once. Refusals "no-document",
    "not-possible", "bad-amount", "bad-term", "not-agreed"."""
    row = own(connection, customer, identifier)
    if (row.amount, row.term) == (wanted.amount, wanted.term) and row.state not in ("draft", "withdrawn", "expired"):
        return
    if row.state != "draft":
        raise Refusal("not-possible")
    found = products.find(connection, row.product, row.product_version)
    _check(found.product, wanted.amount, wanted.term, wanted.agreed)
    papers.do_move_on(connection, customer, identifier, at)
    # a photo that was taken again may be no good where the one before was
    missing = papers.wanted(connection, customer, identifier, at)
    if missing or line.find(connection, identifier).station != "consent":
        raise Refusal("no-document")
    values = {"amount": wanted.amount, "term": wanted.term}
    values["detail"] = row.detail | {"papers": papers.summary(connection, seal, identifier)}
    connection.execute(update(applications).where(applications.c.id == identifier).values(**values))
    _do_decide(connection, seal, identifier, found, at)


def do_apply(connection: Connection, seal: Seal, customer: str, key: str, wanted: Apply, at: int) -> str:
    """Take an application in and decide; its id. The same key with the same wish is the same application."""
    if (known := _known(connection, customer, key, wanted)) is not None:
        return known
    try:
        found = products.find(connection, wanted.product)
    except Refusal:
        raise Refusal("no-product") from None
    _check(found.product, wanted.amount, wanted.term, wanted.agreed)
    identifier = _do_insert(connection, customer, key, wanted, found, wanted.amount, wanted.term, at)
    line.do_move(connection, identifier, "identified", "read", at=at, by=line.MACHINE, note="identified before")
    _do_decide(connection, seal, identifier, found, at)
    return identifier


def _coded(connection: Connection, code: str) -> products.Versioned:
    found = products.by_entry_code(connection, code)
    if found is None:
        raise Refusal("unknown-code")
    return found


def _known(connection: Connection, customer: str, key: str, wanted: Apply | Begin) -> str | None:
    row = connection.execute(
        select(applications).where(applications.c.customer_id == customer, applications.c.key == key)
    ).first()
    if row is not None and row.fingerprint != _fingerprint(wanted):
        raise Refusal("key-used")
    return None if row is None else str(row.id)


def _fingerprint(wanted: Apply | Begin) -> str:
    return hashlib.sha256(msgspec.json.encode(wanted, order="deterministic")).hexdigest()


def _do_insert(
    connection: Connection,
    customer: str,
    key: str,
    wanted: Apply | Begin,
    found: products.Versioned,
    amount: int,
    term: int,
    at: int,
) -> str:
    identifier = new_hex(at)
    connection.execute(
        insert(applications).values(
            id=identifier,
            number=numbers.new(connection, applications.c.number, "L", at),
            customer_id=customer,
            key=key,
            fingerprint=_fingerprint(wanted),
            product=found.code,
            product_version=found.version,
            amount=amount,
            term=term,
            state="draft",
            detail={},
            created_at=at,
            changed_at=at,
        )
    )
    line.do_begin(connection, identifier, at, customer)
    return identifier


def _do_decide(connection: Connection, seal: Seal, identifier: str, found: products.Versioned, at: int) -> None:
    row = _row(connection, identifier)
    customers.do_agree(connection, row.customer_id, "credit-bureau", at)
    line.do_move(connection, identifier, "agreed", at=at, by=row.customer_id)
    named: dict[str, Any] = {"product": found.product.name, "product_en": found.product.name_en, "number": row.number}
    messages.do_tell(connection, row.customer_id, "loan-received", at, amount=yuan(row.amount), **named)
    # what is told of it comes after
    made = deciding.decision(connection, seal, row.customer_id, identifier, found, row.amount, row.term, at)
    detail = row.detail | {"decision": msgspec.to_builtins(made)}
    connection.execute(update(applications).where(applications.c.id == identifier).values(detail=detail))
    verdict = Verdict.of(made)
    line.do_move(connection, identifier, "gathered", verdict.outcome, at=at + 1, by=line.MACHINE)
    _do_conclude(connection, identifier, verdict, at + 1)
    if verdict.outcome == "referred":
        limit = made.duties.get("four-eyes-above")
        worklist.do_open(
            connection,
            KIND,
            identifier,
            row.customer_id,
            at + 1,
            number=row.number,
            reasons=[(code, *said) for code, said in zip(made.reasons, verdict.reasons, strict=True)],
            amount=made.amount,
            needed=2 if limit is not None and made.amount > limit else 1,
        )


def do_withdraw(connection: Connection, customer: str, identifier: str, at: int) -> None:
    """The customer does not want the loan any more, before there is money. Refusals "not-found", "not-possible"."""
    row = own(connection, customer, identifier)
    if row.state == "withdrawn":
        return
    line.do_move(connection, identifier, "withdraw", at=at, by=customer)
    worklist.do_close(connection, KIND, identifier, at)


def _do_word(connection: Connection, identifier: str, officer: str, word: Word, note: str, at: int) -> None:
    """What an officer's word on a referred application does."""
    row = _row(connection, identifier)
    if word is Word.ASK_AGAIN:
        line.do_move(connection, identifier, "ask-again", at=at, by=officer, note=note)
        papers.do_ask_again(connection, identifier, at)
        messages.do_tell(connection, row.customer_id, "loan-papers", at, number=row.number)
        return
    verdict = msgspec.convert(row.detail["verdict"], Verdict)
    verdict = (
        Verdict("offered", verdict.amount, verdict.rate_bp, [])
        if word is Word.APPROVE
        else Verdict("refused", 0, 0, [deciding.OFFICER])
    )
    line.do_move(connection, identifier, verdict.outcome, at=at, by=officer, note=note)
    _do_conclude(connection, identifier, verdict, at)


#: of applications on the work list
KIND = "credit"
worklist.DECIDERS[KIND] = _do_word


def find(connection: Connection, customer: str, identifier: str, chinese: bool) -> Application:
    """Refusal "not-found"."""
    return _shown(connection, own(connection, customer, identifier), chinese)


def of_customer(connection: Connection, customer: str, chinese: bool) -> list[Application]:
    """The newest first."""
    rows = connection.execute(
        select(applications)
        .where(applications.c.customer_id == customer)
        .order_by(applications.c.id.desc())
        .limit(PAGE)
    ).all()
    return [_shown(connection, row, chinese) for row in rows]


def view(connection: Connection, identifier: str) -> View:
    """An application as an officer sees it. Refusal "not-found"."""
    row, case = _row(connection, identifier), line.find(connection, identifier)
    return View(
        row.id,
        row.number,
        row.customer_id,
        row.product,
        row.amount,
        row.term,
        row.state,
        case.station,
        deciding.shown(row.detail["decision"]) if "decision" in row.detail else {},
        row.detail.get("verdict", {}),
        list(case.history),
        case.rework,
        row.created_at,
    )


def do_set(connection: Connection, identifier: str, state: str, at: int) -> None:
    """The lending centre has come further with an application: signed, or paid out. Refusal "not-possible"."""
    row = _row(connection, identifier)
    if state == "signed":
        line.do_move(connection, identifier, "accepted", "signed", at=at, by=row.customer_id)
        return
    duties = row.detail["decision"]["duties"]
    papers.do_keep(connection, identifier, row.term, at)
    days = duties.get("cooling-off-days", 0)
    event = "paid-with-cooling-off" if days else "paid"
    line.do_move(connection, identifier, event, at=at, by=line.MACHINE, days=days)


def _do_conclude(connection: Connection, identifier: str, verdict: Verdict, at: int) -> None:
    """Keep what was decided and tell the customer."""
    row = _row(connection, identifier)
    detail = row.detail | {"verdict": msgspec.to_builtins(verdict)}
    connection.execute(update(applications).where(applications.c.id == identifier).values(detail=detail))
    product = products.find(connection, row.product, row.product_version).product
    named: dict[str, Any] = {"product": product.name, "product_en": product.name_en, "number": row.number}
    if verdict.outcome == "offered":
        messages.do_tell(connection, row.customer_id, "loan-offered", at, amount=yuan(verdict.amount), **named)
    elif verdict.outcome == "refused":
        chinese, english = (" ".join(reason[place] for reason in verdict.reasons) for place in (0, 1))
        messages.do_tell(
            connection, row.customer_id, "loan-refused", at, reasons=chinese, reasons_en=english, number=row.number
        )


def lender_of(row: Row[Any]) -> Lender:
    """What a decided application's decision was told of the lender."""
    return msgspec.convert(row.detail["decision"]["trace"]["data"]["lender"], Lender)


def _row(connection: Connection, identifier: str) -> Row[Any]:
    row = connection.execute(select(applications).where(applications.c.id == identifier)).first()
    if row is None:
        raise Refusal("not-found")
    return row


def own(connection: Connection, customer: str, identifier: str) -> Row[Any]:
    """A customer's application as its row. Refusal "not-found"."""
    row = _row(connection, identifier)
    if row.customer_id != customer:
        raise Refusal("not-found")
    return row


def _check(product: products.Product, amount: int, term: int, agreed: bool) -> None:
    if not isinstance(product, products.Loan):
        raise Refusal("no-product")
    if not product.least <= amount <= product.most:
        raise Refusal("bad-amount", low=yuan(product.least), high=yuan(product.most))
    if term not in product.terms:
        raise Refusal("bad-term")
    if not agreed:
        raise Refusal("not-agreed")


def _shown(connection: Connection, row: Row[Any], chinese: bool) -> Application:
    product = products.find(connection, row.product, row.product_version).product
    assert isinstance(product, products.Loan)
    said = row.detail.get("verdict")
    verdict = Verdict("", 0, 0, []) if said is None else msgspec.convert(said, Verdict)
    offered = None
    if row.state in ("offered", "signed", "paid"):
        terms = loan_books.terms_of(product, verdict.amount, verdict.rate_bp, row.term, day_of(row.changed_at))
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
        _cooling_off(connection, row),
    )


def _cooling_off(connection: Connection, row: Row[Any]) -> str:
    case = line.find(connection, row.id) if row.state == "paid" else None
    if case is None or case.station != "cooling-off" or "called_off_at" in row.detail:
        return ""
    return shown(line.deadline(connection, row.id))
