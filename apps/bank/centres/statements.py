"""What customers read of their accounts: lists of movements, and the month's bill.

The lines tell who and what for; how much money there is, the ledger says. A line belongs to a transfer of the ledger
and has its id.
"""

from __future__ import annotations

import datetime
import re

from msgspec import Struct
from sqlalchemy import Connection, Select, func, insert, literal_column, select

from bank.refusals import Refusal
from bank.tables import accounts, movements
from bank.times import day_of, moment, shown
from bank.values import Movement, Page

PAGE = 20
#: kind of movements → what people call it, in Chinese and English
KINDS = {
    "income": ("入账", "Income"),
    "transfer": ("转账", "Transfer"),
    "own": ("本人转账", "Own accounts"),
    "loan": ("贷款", "Loan"),
    "claim": ("理赔", "Claim"),
    "reversal": ("冲正", "Reversal"),
    "interest": ("利息", "Interest"),
    "shopping": ("购物", "Shopping"),
    "food": ("餐饮", "Food"),
    "transport": ("出行", "Transport"),
    "home": ("居家", "Home"),
    "health": ("医疗", "Health"),
    "leisure": ("娱乐", "Leisure"),
}
#: kinds of movements that are a customer's own money on its way to another account of theirs
_OWN = ("own",)


class Filter(Struct, frozen=True):
    """`direction`: all, in, out; `text` is looked for in names and notes; days are ISO dates of the bank's zone."""

    account: str = ""
    direction: str = "all"
    text: str = ""
    since: str = ""
    until: str = ""
    cursor: str = ""


class Share(Struct, frozen=True):
    kind: str
    amount: int
    count: int


class Bill(Struct, frozen=True):
    """A month: cents that came in, and that went out by kind, the largest first. Between own accounts is neither."""

    month: str
    income: int
    spending: int
    kinds: list[Share]


def do_note(
    connection: Connection,
    customer: str,
    account: str,
    transfer: str,
    amount: int,
    name: str,
    kind: str,
    note: str,
    at: int,
    state: str = "posted",
) -> None:
    """A line of an account's statement."""
    connection.execute(
        insert(movements).values(
            customer_id=customer,
            account_id=account,
            id=transfer,
            amount=amount,
            name=name,
            kind=kind,
            note=note,
            state=state,
            at=at,
        )
    )


def page(connection: Connection, customer: str, wanted: Filter, size: int = PAGE) -> Page[Movement]:
    """The newest first; the cursor is what the page before gave. Refusals "no-account", "invalid"."""
    query = _filtered(connection, customer, wanted)
    if wanted.cursor:
        transfer, _, account = wanted.cursor.partition("-")
        query = query.where(
            (movements.c.id < transfer) | ((movements.c.id == transfer) & (movements.c.account_id < account))
        )
    rows = connection.execute(
        query.order_by(movements.c.id.desc(), movements.c.account_id.desc()).limit(size + 1)
    ).all()
    items = [
        Movement(row.id, row.account_id, row.amount, row.name, row.kind, row.note, shown(row.at), row.state)
        for row in rows[:size]
    ]
    return Page(items, f"{items[-1].id}-{items[-1].account}" if len(rows) > size else None)


def find(connection: Connection, customer: str, transfer: str) -> Movement:
    """The customer's line of a transfer; of one between own accounts the side that pays. Refusal "no-transaction"."""
    row = connection.execute(
        select(movements)
        .where(movements.c.customer_id == customer, movements.c.id == transfer)
        .order_by(movements.c.amount)
    ).first()
    if row is None:
        raise Refusal("no-transaction")
    return Movement(row.id, row.account_id, row.amount, row.name, row.kind, row.note, shown(row.at), row.state)


def bill(connection: Connection, customer: str, month: str) -> Bill:
    """A month, 2026-11. Refusal "invalid"."""
    start, end = bounds(month)
    # PostgreSQL groups by an expression only when it sees that it is the selected one: a parameter is another each time
    is_income = (movements.c.amount > literal_column("0")).label("is_income")
    rows = connection.execute(
        select(
            movements.c.kind,
            is_income,
            func.sum(movements.c.amount).label("amount"),
            func.count().label("lines"),
        )
        .where(
            movements.c.customer_id == customer,
            movements.c.at >= start,
            movements.c.at < end,
            movements.c.state != "returned",
            movements.c.kind.not_in(_OWN),
        )
        .group_by(movements.c.kind, is_income)
    ).all()
    spent = sorted(
        (Share(row.kind, -int(row.amount), row.lines) for row in rows if not row.is_income),
        key=lambda share: (-share.amount, share.kind),
    )
    return Bill(
        month, sum(int(row.amount) for row in rows if row.is_income), sum(share.amount for share in spent), spent
    )


def bounds(month: str) -> tuple[int, int]:
    """Where a month, 2026-11, begins and the next one does; µs. Refusal "invalid"."""
    if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", month):
        raise Refusal("invalid", what="month")
    first = datetime.date.fromisoformat(f"{month}-01")
    return moment(first), moment((first + datetime.timedelta(days=31)).replace(day=1))


def this_month(at: int) -> str:
    """The month of a moment in µs, 2026-11."""
    return day_of(at).strftime("%Y-%m")


def _filtered(connection: Connection, customer: str, wanted: Filter) -> Select[tuple[object, ...]]:
    query = select(movements).where(movements.c.customer_id == customer)
    if wanted.account:
        owner = connection.execute(select(accounts.c.customer_id).where(accounts.c.id == wanted.account)).scalar()
        if owner != customer:
            raise Refusal("no-account")
        query = query.where(movements.c.account_id == wanted.account)
    if wanted.direction not in ("all", "in", "out"):
        raise Refusal("invalid", what="direction")
    if wanted.direction != "all":
        query = query.where(movements.c.amount > 0 if wanted.direction == "in" else movements.c.amount < 0)
    if wanted.text:
        pattern = "%" + re.sub(r"([%_\\])", r"\\\1", wanted.text) + "%"
        query = query.where(movements.c.name.like(pattern, escape="\\") | movements.c.note.like(pattern, escape="\\"))
    try:
        if wanted.since:
            query = query.where(movements.c.at >= moment(datetime.date.fromisoformat(wanted.since)))
        if wanted.until:
            after = datetime.date.fromisoformat(wanted.until) + datetime.timedelta(days=1)
            query = query.where(movements.c.at < moment(after))
    except (ValueError, OverflowError):
        raise Refusal("invalid", what="since, until: YYYY-MM-DD") from None
    return query
