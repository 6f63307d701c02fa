"""The lending centre: the line from a printed code to money in the account, and back.

    received → offered → signed → paid          the line moves by itself
             ↘ referred → offered | refused     a person looks at exceptions
             ↘ refused

Each step is written before the next begins, so a process that died goes on where it was (`finish`). The contract is
made when the offer is signed; its hash is in the ledger's tree before the money is in the account.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, insert, select, update

from bank.centres import (
    applying,
    bookings,
    contracts,
    deciding,
    lender,
    loan_rows,
    messages,
    products,
    repaying,
    sharing,
)
from bank.centres.accounting import ALLOWANCE, RECEIVABLE, new_account, new_sub_account, open_accounts
from bank.centres.contracts import KIND as CONTRACT
from bank.centres.contracts import Contracts
from bank.centres.payments import Order, Payments, do_insert, refusal
from bank.centres.sharing import Share
from bank.credit.decide import Decision
from bank.ids import new_hex
from bank.ledger.interfaces import LedgerError
from bank.ledger.ledger import Ledger
from bank.refusals import Refusal, yuan
from bank.tables import accounts, documents, loans
from bank.times import day_of
from bank.values import Application, Loan, Prepayment
from eden.base.database import Database
from eden.base.ids import now
from eden.base.sealing import Seal


class Sign(Struct, frozen=True):
    """The customer agrees to the contract of the offer: to the one with this SHA-256, where it was shown."""

    agreed: bool = False
    sha256: str = ""


class Repay(Struct, frozen=True):
    """Cents; `payoff` of the loan ends it."""

    amount: int


class Lending:
    """Applications, contracts, loans and repayments."""

    def __init__(
        self, database: Database, ledger: Ledger, payments: Payments, seal: Seal, contracts: Contracts
    ) -> None:
        self._database, self._ledger, self._payments, self._seal = database, ledger, payments, seal
        self._contracts = contracts
        payments.finishers["disbursement"] = _do_paid_out
        payments.finishers["repayment"] = repaying.do_finish

    async def apply(self, customer: str, key: str, wanted: applying.Apply, chinese: bool) -> Application:
        """Take an application in and decide; the same key with the same wish is the same one. Refusals of all kinds."""
        identifier = await self._database.write(
            lambda connection: applying.do_apply(connection, self._seal, customer, key, wanted, now())
        )
        return await self.application(customer, identifier, chinese)

    async def application(self, customer: str, identifier: str, chinese: bool) -> Application:
        """Refusal "not-found"."""
        return await self._database.read(lambda connection: applying.find(connection, customer, identifier, chinese))

    async def sign(self, customer: str, identifier: str, wanted: Sign, chinese: bool) -> Loan:
        """Sign the contract of an offer and pay the loan out; signing again is signing once. Refusals "not-agreed",
        "not-offered", "contract-changed", "no-deposit", "offer-outdated"."""
        if not wanted.agreed:
            raise Refusal("not-agreed")
        await self._database.write(
            lambda connection: _do_sign(
                connection, self._seal, self._contracts, customer, identifier, wanted.sha256, now()
            )
        )
        await self._pay_out(identifier)
        return await self.loan(customer, identifier, chinese)

    async def repay(self, customer: str, loan: str, key: str, wanted: Repay, chinese: bool) -> Loan:
        """Repay what is due, more, or all. Refusals as of `repaying.do_order`, "no-loan", "insufficient-funds"."""
        fingerprint = hashlib.sha256(msgspec.json.encode([loan, wanted.amount])).hexdigest()

        def work(connection: Connection) -> Order:
            at = now()
            known = loan_rows.known_order(connection, customer, key, fingerprint)
            if known is not None:
                return known
            row = loan_rows.active(connection, customer, loan)
            return repaying.do_order(
                connection, row, key, fingerprint, wanted.amount, day_of(at), repaying.CUSTOMER, at
            )

        order = await repaying.in_turn(self._database, self._payments, key, work)
        assert order is not None  # `work` writes one
        if order.state == "refused":
            raise refusal(order.reason)
        return await self.loan(customer, loan, chinese)

    async def loan(self, customer: str, identifier: str, chinese: bool) -> Loan:
        """Refusal "no-loan"."""
        return await self._database.read(
            lambda connection: loan_rows.find(connection, customer, identifier, day_of(now()), chinese)
        )

    async def loans(self, customer: str, chinese: bool) -> list[Loan]:
        """The newest first, without their schedules."""
        return await self._database.read(
            lambda connection: loan_rows.of_customer(connection, customer, day_of(now()), chinese)
        )

    async def prepayment(self, customer: str, loan: str, amount: int) -> Prepayment:
        """What a repayment would do today; nothing is done. Refusals as of `repay`."""
        return await self._database.read(
            lambda connection: loan_rows.prepayment(
                connection, loan_rows.active(connection, customer, loan), amount, day_of(now())
            )
        )

    async def finish(self) -> int:
        """Pay out what a process that died has left; how many loans that were."""
        rows = await self._database.read(
            lambda connection: connection.execute(select(loans.c.id).where(loans.c.state == "signed")).scalars().all()
        )
        for identifier in rows:
            await self._pay_out(identifier)
        return len(rows)

    async def _pay_out(self, identifier: str) -> None:
        loan, order, share = await self._database.read(lambda connection: _find_payout(connection, identifier))
        if loan.state != "signed":
            return
        new = [new_account(loan.account_id, order.detail["gl"], loan.number)]
        new += [new_sub_account(loan.account_id, gl, loan.number) for gl in (RECEIVABLE, ALLOWANCE)]
        new += sharing.accounts(share, loan.account_id, loan.number)
        await open_accounts(self._ledger, new)
        order = await self._payments.carry_out(order)
        try:
            await self._ledger.note_receipt(CONTRACT, loan.number)
        except LedgerError:
            await self._ledger.note(CONTRACT, loan.number, {"sha256": loan.contract})
        await self._payments.settle(order, True)
        if share.bp:
            await bookings.post(self._database, self._ledger, now())


def _do_sign(
    connection: Connection, seal: Seal, signer: Contracts, customer: str, identifier: str, seen: str, at: int
) -> None:
    row = applying.own(connection, customer, identifier)
    if row.state in ("signed", "paid"):
        return
    if row.state != "offered":
        raise Refusal("not-offered")
    deposit = connection.execute(
        select(accounts.c.id)
        .where(accounts.c.customer_id == customer, accounts.c.product == "CURRENT", accounts.c.state == "open")
        .order_by(accounts.c.opened_at)
    ).scalar()
    if deposit is None:
        raise Refusal("no-deposit")
    found = products.find(connection, row.product, row.product_version)
    product = found.product
    assert isinstance(product, products.Loan)  # nothing else can be applied for
    amount, rate, today = row.detail["verdict"]["amount"], row.detail["verdict"]["rate_bp"], day_of(at)
    if not deciding.stands(connection, customer, msgspec.convert(row.detail["decision"], Decision), amount, today):
        raise Refusal("offer-outdated")
    draft = contracts.draft(connection, seal, customer, identifier, at)
    content = signer.signed(draft, contracts.consent(draft, identifier, row.number, customer, seen, at))
    digest = hashlib.sha256(content).hexdigest()
    connection.execute(
        insert(documents).values(id=digest, customer_id=customer, kind=CONTRACT, content=content, created_at=at)
    )
    account = f"{new_hex(at)[:30]}00"
    connection.execute(
        insert(loans).values(
            id=identifier,
            number=row.number,
            customer_id=customer,
            product=row.product,
            product_version=row.product_version,
            account_id=account,
            deposit_id=deposit,
            amount=amount,
            rate_bp=rate,
            term=row.term,
            start=today.isoformat(),
            state="signed",
            contract=digest,
            created_at=at,
        )
    )
    lender.do_share(connection, identifier, applying.lender_of(row))
    detail: dict[str, Any] = {"name": product.name, "payer": product.name, "remark": row.number, "gl": product.gl}
    detail |= {"loan": identifier, "product": [product.name, product.name_en]}
    do_insert(
        connection, customer, f"pay out {identifier}", digest, "disbursement", account, deposit, amount, detail, at
    )
    applying.do_set(connection, identifier, "signed", at)


def _find_payout(connection: Connection, identifier: str) -> tuple[Any, Order, Share]:
    loan = repaying.row_of(connection, identifier)
    order = loan_rows.find_order(connection, loan.customer_id, f"pay out {identifier}")
    return loan, order, sharing.share_of(connection, identifier)


def _do_paid_out(connection: Connection, order: Order, at: int) -> None:
    identifier = order.detail["loan"]
    connection.execute(update(loans).where(loans.c.id == identifier).values(state="active"))
    loan_rows.do_open_state(connection, identifier, day_of(order.created_at))
    sharing.do_fund(connection, sharing.share_of(connection, identifier), repaying.row_of(connection, identifier), at)
    applying.do_set(connection, identifier, "paid", at)
    product, product_en = order.detail["product"]
    messages.do_tell(
        connection,
        order.customer_id,
        "loan-paid",
        at,
        product=product,
        product_en=product_en,
        amount=yuan(order.amount),
        number=order.detail["remark"],
    )
