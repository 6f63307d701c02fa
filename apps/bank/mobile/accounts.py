"""Accounts, statements, payees and transfers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from sqlalchemy import Connection

from bank.centres import customers, messages, payments, receipts, statement_files, statements
from bank.centres.payments import Wanted, with_money
from bank.keyboard import Typed
from bank.values import Account, Customer, Detail, Movement, Ordered, Overview, Page, Payees
from bank.web import Request, Route, idempotency_key
from eden.base.ids import now

if TYPE_CHECKING:
    from bank.server import Bank

#: lines of the first page
_RECENT = 5


class NewPayee(Struct, frozen=True):
    name: str
    number: str
    bank: str = ""


class Authorised(Wanted, frozen=True):
    """A transfer with the customer's PIN, which the secure keyboard has sealed for this very transfer: bound to
    `ACCOUNT RECEIVER AMOUNT KEY`, the receiver being the payee or the own account, the key the Idempotency-Key."""

    sealed: str = ""


class Added(Struct, frozen=True):
    id: str


def routes(bank: Bank) -> list[Route]:
    """`/v1/overview`, `/v1/accounts`, `/v1/transactions…`, `/v1/bills/…`, `/v1/payees`, `/v1/transfers`."""

    async def overview(request: Request) -> Overview:
        customer = request.customer

        def read(connection: Connection) -> tuple[Customer, list[Account], list[Movement], int]:
            return (
                customers.find(connection, customer),
                payments.list_accounts(connection, customer),
                statements.page(connection, customer, statements.Filter(), size=_RECENT).items,
                messages.unread(connection, customer),
            )

        who, without, recent, unread = await bank.database.read(read)
        found = await with_money(bank.ledger, without)
        return Overview(who, sum(one.balance for one in found), found, recent, unread)

    async def accounts(request: Request) -> Page[Account]:
        without = await bank.database.read(lambda connection: payments.list_accounts(connection, request.customer))
        return Page(await with_money(bank.ledger, without), None)

    async def transactions(request: Request) -> Page[Movement]:
        wanted = request.convert(statements.Filter)
        return await bank.database.read(lambda connection: statements.page(connection, request.customer, wanted))

    async def transaction(request: Request) -> Detail:
        transfer, chinese = request.path["id"], request.chinese

        def read(connection: Connection) -> tuple[Movement, dict[str, Account]]:
            line = statements.find(connection, request.customer, transfer)
            return line, {one.id: one for one in payments.list_accounts(connection, request.customer)}

        line, owned = await bank.database.read(read)
        account = owned[line.account]
        balance = await bank.balance_after(line.account, line.id)
        return Detail(
            line.id,
            line.account,
            account.name if chinese else account.name_en,
            line.amount,
            line.name,
            line.kind,
            line.note,
            line.time,
            line.state,
            balance,
        )

    async def receipt(request: Request) -> receipts.ReceiptFile:
        return await receipts.make(bank.database, bank.ledger, request.customer, request.path["id"])

    async def file(request: Request) -> statement_files.StatementFile:
        return await statement_files.make(
            bank.database,
            bank.ledger,
            request.customer,
            request.path["id"],
            request.convert(statement_files.Wanted),
            request.chinese,
        )

    async def bill(request: Request) -> statements.Bill:
        month = request.path["month"]
        if month == "now":
            month = statements.this_month(now())
        return await bank.database.read(lambda connection: statements.bill(connection, request.customer, month))

    async def payees(request: Request) -> Payees:
        customer, chinese = request.customer, request.chinese
        return await bank.database.read(
            lambda connection: Payees(
                payments.list_payees(connection, customer, chinese), payments.day_limit(connection, customer)
            )
        )

    async def add_payee(request: Request) -> Added:
        wanted = request.decode(NewPayee)
        payee = await bank.database.write(
            lambda connection: payments.do_add_payee(
                connection, request.customer, wanted.name, wanted.bank, wanted.number, now()
            )
        )
        return Added(payee)

    async def transfer(request: Request) -> Ordered:
        asked, key, who = request.decode(Authorised), idempotency_key(request), request.customer
        wanted = Wanted(asked.account, asked.amount, asked.payee, asked.to, asked.remark)
        # a value is good once: what was ordered with it is not asked for it again
        if bank.secrets.has_keyboard and not await bank.payments.is_ordered(who, key):
            bound = f"{wanted.account} {wanted.payee or wanted.to} {wanted.amount} {key}"
            await bank.secrets.check_pin(who, Typed(who, asked.sealed, bound))
        return await bank.payments.order(who, key, wanted)

    return [
        Route("GET", "/v1/overview", overview, "account.overview.get", returns=Overview),
        Route("GET", "/v1/accounts", accounts, "account.account.list", returns=Page[Account]),
        Route(
            "GET",
            "/v1/transactions",
            transactions,
            "account.transaction.list",
            returns=Page[Movement],
            query=statements.Filter,
        ),
        Route("GET", "/v1/transactions/{id}", transaction, "account.transaction.get", returns=Detail),
        Route(
            "GET",
            "/v1/transactions/{id}/receipt",
            receipt,
            "account.receipt.get",
            returns=receipts.ReceiptFile,
        ),
        Route(
            "GET",
            "/v1/accounts/{id}/statement",
            file,
            "account.statement.get",
            returns=statement_files.StatementFile,
            query=statement_files.Wanted,
        ),
        Route("GET", "/v1/bills/{month}", bill, "account.bill.get", returns=statements.Bill),
        Route("GET", "/v1/payees", payees, "payment.payee.list", returns=Payees),
        Route("POST", "/v1/payees", add_payee, "payment.payee.add", NewPayee, Added),
        Route("POST", "/v1/transfers", transfer, "payment.transfer.create", Authorised, Ordered, once=True),
    ]
