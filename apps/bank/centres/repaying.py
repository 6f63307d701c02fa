"""Repayments: what a customer pays, what is collected on the day it is due, and what comes back of a loan written off.

One order pays out of the deposit into a clearing account, and its legs go on from there to penalty, charges, interest
and principal: all or none. Interest that is paid before the night in which it would be booked becomes income with the
repayment. What is owed follows from the loan engine; what of it is paid first, `loans.allocation` says. As it follows
from what has been repaid, repayments of a loan are made one after the other.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from bank.centres import loan_rows, messages, products, sharing
from bank.centres.accounting import (
    FEE_INCOME,
    INTEREST_INCOME,
    PARTNERS_MONEY,
    PENALTY_INCOME,
    RECEIVABLE,
    RECOVERIES,
    REPAYMENTS,
    Code,
    general,
    sub_account,
)
from bank.centres.loan_books import Split
from bank.centres.payments import Order, Payments, do_insert
from bank.ids import new_hex
from bank.refusals import Refusal, yuan
from bank.tables import loan_states, loans, orders, repayments
from eden.base.database import Database

#: of repayments: who has made them
CUSTOMER, COLLECTED = "customer", "collected"


def do_order(
    connection: Connection,
    loan: Row[Any],
    key: str,
    fingerprint: str,
    amount: int,
    on: datetime.date,
    kind: str,
    at: int,
) -> Order:
    """Write the order of a repayment with value on a day; the same key with the same wish is the same one. While
    another one of the loan is under way, it is that one: see `in_turn`. Refusals "bad-amount", "too-much-repaid",
    "repay-all", "key-used"."""
    known = loan_rows.known_order(connection, loan.customer_id, key, fingerprint) or under_way(connection, loan)
    if known is not None:
        return known
    clearing = general(REPAYMENTS)
    state, paid = loan_rows.state_of(connection, loan.id), loan_rows.paid(connection, loan.id)
    share = sharing.share_of(connection, loan.id)
    if loan.state == loan_rows.WRITTEN_OFF:
        owed = state.written_off - paid.recovered
        _check(amount, owed)
        parts, rest, recognised = Split(principal=amount), owed - amount, 0
        theirs = share.of_recovery(amount, paid)
        wanted = [
            (clearing, general(RECOVERIES), amount - theirs, Code.RECOVERY),
            (clearing, share.settlement, theirs, Code.RECOVERY),
        ]
        kind = loan_rows.RECOVERY
    else:
        debt = loan_rows.debt_of(connection, loan, on)
        _check(amount, debt.payoff.total)
        divided = debt.divide(amount)
        if divided is None:
            raise Refusal("repay-all", payoff=yuan(debt.payoff.total))
        parts, rest = divided, debt.end.principal - divided.principal
        back = share.of_repayment(parts, debt.end.principal, paid)
        recognised = max(0, share.own(paid.interest + parts.interest) - state.interest)
        receivable, lent = sub_account(loan.account_id, RECEIVABLE), sharing.lent(loan.account_id)
        wanted = [
            (clearing, general(PENALTY_INCOME), parts.penalty - back.penalty, Code.PENALTY),
            (clearing, share.settlement, back.penalty, Code.PENALTY),
            (clearing, general(FEE_INCOME), parts.charge + parts.fee, Code.FEE),
            (receivable, general(INTEREST_INCOME), recognised, Code.ACCRUAL),
            (clearing, receivable, parts.interest - back.interest, Code.INTEREST),
            (clearing, share.settlement, back.interest, Code.INTEREST),
            (clearing, loan.account_id, parts.principal - back.principal, Code.PRINCIPAL),
            (clearing, share.settlement, back.principal, Code.PRINCIPAL),
            (general(PARTNERS_MONEY), lent, back.principal, Code.PRINCIPAL),
        ]
    legs = [[new_hex(at), debit, credit, cents, int(code)] for debit, credit, cents, code in wanted if cents]
    name = products.find(connection, loan.product, loan.product_version).product.name
    detail: dict[str, Any] = {"name": name, "payer": "", "remark": loan.number, "loan": loan.id, "legs": legs}
    detail |= {"day": on.isoformat(), "rest": rest, "kind": kind, "recognised": recognised}
    detail |= {"interest": parts.interest, "principal": parts.principal}
    detail |= {"penalty": parts.penalty, "charge": parts.charge, "fee": parts.fee}
    return do_insert(
        connection, loan.customer_id, key, fingerprint, "repayment", loan.deposit_id, clearing, amount, detail, at
    )


def under_way(connection: Connection, loan: Row[Any]) -> Order | None:
    """A repayment of a loan that is written, and of which the ledger has not answered."""
    rows = connection.execute(
        select(orders).where(
            orders.c.customer_id == loan.customer_id, orders.c.kind == "repayment", orders.c.state == "created"
        )
    )
    return next((Order(*row) for row in rows if row.detail["loan"] == loan.id), None)


async def in_turn(
    database: Database, payments: Payments, key: str, work: Callable[[Connection], Order | None]
) -> Order | None:
    """Carry out the order with this key that `work` writes (`do_order`), after those that are under way; None where it
    writes none."""
    while True:
        order = await database.write(work)
        if order is None:
            return None
        order = await payments.carry_out(order)
        if order.key == key:
            return order


def do_finish(connection: Connection, order: Order, at: int) -> None:
    """The ledger has it: note the repayment, and tell."""
    detail = order.detail
    kind = detail["kind"]
    connection.execute(
        insert(repayments).values(
            id=order.id,
            loan_id=detail["loan"],
            day=detail["day"],
            amount=detail["interest"] + detail["principal"],
            interest=detail["interest"],
            penalty=detail["penalty"],
            charge=detail["charge"],
            fee=detail["fee"],
            kind=kind,
        )
    )
    if detail["recognised"]:
        booked = loan_states.c.interest + detail["recognised"]
        connection.execute(update(loan_states).where(loan_states.c.loan_id == detail["loan"]).values(interest=booked))
    if not detail["rest"]:
        connection.execute(update(loans).where(loans.c.id == detail["loan"]).values(state="closed"))
    code = "loan-collected" if kind == COLLECTED else "loan-repaid"
    amount, rest, number = yuan(order.amount), yuan(detail["rest"]), detail["remark"]
    messages.do_tell(connection, order.customer_id, code, at, amount=amount, rest=rest, number=number)


def row_of(connection: Connection, identifier: str) -> Row[Any]:
    """A loan by its id."""
    return connection.execute(select(loans).where(loans.c.id == identifier)).one()


def _check(amount: int, most: int) -> None:
    if amount < 1:
        raise Refusal("bad-amount", low=yuan(1), high=yuan(most))
    if amount > most:
        raise Refusal("too-much-repaid", most=yuan(most))
