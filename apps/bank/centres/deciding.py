"""What the credit factory is told of a customer, and what its decision says to people.

Cash flow and relationship are those of the bank's own books; the bureau's report is made up from the document's number,
so that the same person always has the same one (`bank.credit.bureau`).
"""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from bank.centres import customers, lender, loan_rows, products
from bank.credit.bureau import CashFlow, Report, generate
from bank.credit.decide import Application, Data, Decision, Product, decide, versions_on
from bank.credit.id_numbers import birth
from bank.credit.monitoring import NON_PERFORMING
from bank.credit.reasons import SENTENCES
from bank.tables import accounts, identity_steps, loans, movements
from bank.tables import customers as customer_table
from bank.times import day_of, moment
from eden.base.sealing import Seal

#: of whom no document is known: nobody decides on age then, for a person looks at the identity
_UNKNOWN_BIRTH = datetime.date(1980, 1, 1)
OFFICER = ("人工审核未通过。", "It was not approved after a review.")


def decision(
    connection: Connection,
    seal: Seal,
    customer: str,
    identifier: str,
    product: products.Versioned,
    amount: int,
    term: int,
    at: int,
) -> Decision:
    """The factory's decision on an application; the customer has agreed to the look-up."""
    loan, on = product.product, day_of(at)
    assert isinstance(loan, products.Loan)
    row = connection.execute(select(customer_table).where(customer_table.c.id == customer)).one()
    number = seal.open(row.document, "document", customer).decode() if row.document else ""
    passed = connection.execute(
        select(identity_steps.c.step).where(
            identity_steps.c.customer_id == customer, identity_steps.c.state == "passed"
        )
    ).scalars()
    owed, burden, is_in_default = _standing(connection, customer, on)
    told = lender.lender(connection, product.code, loan.region, amount)
    data = Data(
        born=(birth(number) if number else None) or _UNKNOWN_BIRTH,
        is_identified=bool(number) and "document" in set(passed),
        has_consent=customers.agrees(connection, customer, "credit-bureau"),
        cash_flow=_cash_flow(connection, customer, row.created_at, on),
        report=_report(number, on),
        product=Product(loan.least, loan.most, loan.rate_bp, tuple(loan.terms), loan.method, loan.day_count),
        lender=told,
        owed=owed,
        burden=burden,
        is_in_default=is_in_default,
    )
    application = Application(
        id=identifier,
        product=product.code,
        amount=amount,
        term=term,
        purpose=loan.purpose,
        # where the card was first issued: what else is known of where somebody trades
        territory=number[:6],
    )
    return decide(application, data, on, versions_on(product.code, on, told))


def stands(connection: Connection, customer: str, made: Decision, amount: int, on: datetime.date) -> bool:
    """Whether what was offered would be offered beside what the customer has come to owe since."""
    application, data = made.trace.application, made.trace.data
    owed, burden, is_in_default = _standing(connection, customer, on)
    if owed <= data.owed and is_in_default == data.is_in_default:
        return True
    data = msgspec.structs.replace(data, owed=owed, burden=burden, is_in_default=is_in_default)
    again = decide(application, data, made.trace.on, versions_on(application.product, made.trace.on, data.lender))
    return again.outcome != "refused" and again.amount >= amount


def _standing(connection: Connection, customer: str, on: datetime.date) -> tuple[int, int, bool]:
    """What a customer owes to this bank, what their loans take a month, and whether one is in default; cents."""
    states = ("signed", "active", loan_rows.WRITTEN_OFF)
    rows = connection.execute(select(loans).where(loans.c.customer_id == customer, loans.c.state.in_(states))).all()
    books = [loan_rows.shown(connection, row, on, True) for row in rows]
    return (
        sum(book.owed for book in books),
        sum(book.next.principal + book.next.interest for book in books if book.next is not None),
        any(book.state == loan_rows.WRITTEN_OFF or book.days_overdue > NON_PERFORMING for book in books),
    )


def seen(connection: Connection, seal: Seal, customer: str, on: datetime.date) -> tuple[CashFlow, Report]:
    """What is known of a customer on a day: the same that a decision would look at."""
    row = connection.execute(select(customer_table).where(customer_table.c.id == customer)).one()
    number = seal.open(row.document, "document", customer).decode() if row.document else ""
    return _cash_flow(connection, customer, row.created_at, on), _report(number, on)


def sentences(made: Decision) -> list[tuple[str, str]]:
    """Its reasons in Chinese and English."""
    breaches = {breach.rule: (breach.zh, breach.en) for breach in made.trace.breaches}
    return [breaches[code] if code in breaches else SENTENCES[code] for code in made.reasons]


def _report(number: str, on: datetime.date) -> Report:
    if not number:
        return Report((), (), 0)
    return generate(int(number[:17]), 1, on)[0].report


def _cash_flow(connection: Connection, customer: str, since: int, on: datetime.date) -> CashFlow:
    """Yuan that came in, by whole months, the newest first."""
    months = [on.replace(day=1)]
    for _ in range(12):
        months.append((months[-1] - datetime.timedelta(days=1)).replace(day=1))
    starts = [moment(month) for month in months]
    rows = connection.execute(
        select(movements.c.amount, movements.c.at).where(
            movements.c.customer_id == customer,
            movements.c.kind == "income",
            movements.c.amount > 0,
            movements.c.at >= starts[-1],
            movements.c.at < starts[0],
        )
    ).all()
    inflows = [0] * 12
    for row in rows:
        inflows[next(place for place, start in enumerate(starts[1:]) if row.at >= start)] += row.amount
    shop = connection.execute(
        select(accounts.c.opened_at).where(accounts.c.customer_id == customer, accounts.c.product == "MERCHANT")
    ).scalar()
    return CashFlow(
        tuple(amount // 100 for amount in inflows),
        _months(shop, on) if shop is not None else 0,
        _months(since, on),
    )


def _months(since: int, on: datetime.date) -> int:
    return max(0, (on - day_of(since)).days // 30)


def shown(made: dict[str, Any]) -> dict[str, Any]:
    """What of a decision an officer sees in the work list."""
    trace = made["trace"]
    return {"grade": trace["grade"], "carried": trace["carried"], "payment": trace["payment"], **trace["features"]}
