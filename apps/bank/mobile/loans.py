"""Applying for a loan, signing its contract, and repaying it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from msgspec import Struct
from sqlalchemy import select

from bank.centres import applying, contracts, ending, lending
from bank.refusals import Refusal
from bank.tables import documents
from bank.times import day_of
from bank.values import Application, Loan, LoanOffer, LoanPlan, Page, Prepayment
from bank.web import Reply, Request, Route, idempotency_key
from eden.base.ids import now

if TYPE_CHECKING:
    from bank.server import Bank


#: of an amount
_DIGITS = 12


class Wish(Struct, frozen=True):
    """What somebody thinks of borrowing: cents and months, as digits."""

    amount: str = ""
    term: str = ""


class Ahead(Struct, frozen=True):
    """What somebody thinks of repaying today; cents, as digits."""

    amount: str = ""


def routes(bank: Bank) -> list[Route]:
    """`/v1/loan-products/…`, `/v1/loan-applications…`, `/v1/loans…`."""

    async def offer(request: Request) -> LoanOffer:
        code = unquote(request.path["code"])
        return await bank.database.read(lambda connection: applying.offer(connection, code))

    async def plan(request: Request) -> LoanPlan:
        code, wish = unquote(request.path["code"]), request.convert(Wish)
        amount, term = _number(wish.amount, "amount"), _number(wish.term, "term")
        return await bank.database.read(lambda connection: applying.plan(connection, code, amount, term, day_of(now())))

    async def apply(request: Request) -> Application:
        wanted, key = request.decode(applying.Apply), idempotency_key(request)
        return await bank.lending.apply(request.customer, key, wanted, request.chinese)

    async def begin(request: Request) -> Application:
        wanted, key, customer = request.decode(applying.Begin), idempotency_key(request), request.customer
        identifier = await bank.database.write(
            lambda connection: applying.do_begin(connection, customer, key, wanted, now())
        )
        return await bank.lending.application(customer, identifier, request.chinese)

    async def submit(request: Request) -> Application:
        wanted, identifier, customer = request.decode(applying.Submit), request.path["id"], request.customer
        await bank.database.write(
            lambda connection: applying.do_submit(connection, bank.seal, customer, identifier, wanted, now())
        )
        return await bank.lending.application(customer, identifier, request.chinese)

    async def withdraw(request: Request) -> Application:
        identifier, customer = request.path["id"], request.customer
        await bank.database.write(lambda connection: applying.do_withdraw(connection, customer, identifier, now()))
        return await bank.lending.application(customer, identifier, request.chinese)

    async def applications(request: Request) -> Page[Application]:
        return Page(
            await bank.database.read(
                lambda connection: applying.of_customer(connection, request.customer, request.chinese)
            ),
            None,
        )

    async def application(request: Request) -> Application:
        return await bank.lending.application(request.customer, request.path["id"], request.chinese)

    async def sign(request: Request) -> Loan:
        wanted = request.decode(lending.Sign)
        return await bank.lending.sign(request.customer, request.path["id"], wanted, request.chinese)

    async def draft(request: Request) -> contracts.Draft:
        return await bank.database.read(
            lambda connection: contracts.shown(connection, bank.seal, request.customer, request.path["id"], now())
        )

    async def evidence(request: Request) -> contracts.Evidence:
        loan = await bank.lending.loan(request.customer, request.path["id"], request.chinese)
        receipt = await bank.ledger.note_receipt(contracts.KIND, loan.number)
        return await bank.database.read(
            lambda connection: contracts.evidence(
                connection, bank.contracts, loan.contract, loan.number, receipt, bank.ledger.public_keys()
            )
        )

    async def loans(request: Request) -> Page[Loan]:
        return Page(await bank.lending.loans(request.customer, request.chinese), None)

    async def loan(request: Request) -> Loan:
        return await bank.lending.loan(request.customer, request.path["id"], request.chinese)

    async def repay(request: Request) -> Loan:
        wanted, key = request.decode(lending.Repay), idempotency_key(request)
        return await bank.lending.repay(request.customer, request.path["id"], key, wanted, request.chinese)

    async def prepayment(request: Request) -> Prepayment:
        amount = _number(request.convert(Ahead).amount, "amount")
        return await bank.lending.prepayment(request.customer, request.path["id"], amount)

    async def call_off(request: Request) -> Loan:
        identifier, customer, key = request.path["id"], request.customer, idempotency_key(request)
        await bank.database.write(lambda connection: ending.do_call_off(connection, customer, identifier, now()))
        loan = await bank.lending.loan(customer, identifier, request.chinese)
        if loan.state == "active":
            loan = await bank.lending.repay(customer, identifier, key, lending.Repay(loan.payoff), request.chinese)
        await bank.database.write(lambda connection: ending.do_settle(connection, now()))
        return loan

    async def contract(request: Request) -> Reply:
        loan = await bank.lending.loan(request.customer, request.path["id"], request.chinese)
        content = await bank.database.read(
            lambda connection: connection.execute(
                select(documents.c.content).where(documents.c.id == loan.contract)
            ).scalar()
        )
        if content is None:
            raise Refusal("not-found")
        return Reply(content, b"application/pdf")

    return [
        Route("GET", "/v1/loan-products/{code}", offer, "credit.product.get", returns=LoanOffer),
        Route(
            "GET",
            "/v1/loan-products/{code}/plan",
            plan,
            "credit.product.plan",
            returns=LoanPlan,
            query=Wish,
        ),
        Route(
            "POST",
            "/v1/loan-applications",
            apply,
            "credit.application.create",
            applying.Apply,
            Application,
            once=True,
        ),
        Route(
            "POST",
            "/v1/loan-applications/begin",
            begin,
            "credit.application.begin",
            applying.Begin,
            Application,
            once=True,
        ),
        Route(
            "POST",
            "/v1/loan-applications/{id}/submission",
            submit,
            "credit.application.submit",
            applying.Submit,
            Application,
        ),
        Route(
            "POST",
            "/v1/loan-applications/{id}/withdrawal",
            withdraw,
            "credit.application.withdraw",
            returns=Application,
        ),
        Route("GET", "/v1/loan-applications", applications, "credit.application.list", returns=Page[Application]),
        Route("GET", "/v1/loan-applications/{id}", application, "credit.application.get", returns=Application),
        Route("GET", "/v1/loan-applications/{id}/contract", draft, "credit.contract.draft", returns=contracts.Draft),
        Route("POST", "/v1/loan-applications/{id}/contract", sign, "credit.contract.sign", lending.Sign, Loan),
        Route("GET", "/v1/loans", loans, "credit.loan.list", returns=Page[Loan]),
        Route("GET", "/v1/loans/{id}", loan, "credit.loan.get", returns=Loan),
        Route("GET", "/v1/loans/{id}/contract", contract, "credit.contract.get"),
        Route("POST", "/v1/loans/{id}/withdrawal", call_off, "credit.contract.withdraw", returns=Loan, once=True),
        Route("GET", "/v1/loans/{id}/evidence", evidence, "credit.contract.prove", returns=contracts.Evidence),
        Route(
            "GET",
            "/v1/loans/{id}/prepayment",
            prepayment,
            "credit.repayment.preview",
            returns=Prepayment,
            query=Ahead,
        ),
        Route("POST", "/v1/loans/{id}/repayments", repay, "credit.repayment.create", lending.Repay, Loan, once=True),
    ]


def _number(text: str, what: str) -> int:
    """Refusal "invalid" for what is none."""
    if not text.isdecimal() or len(text) > _DIGITS:
        raise Refusal("invalid", what=what)
    return int(text)
