"""The books: the trial balance of a day, down to accounts and transfers; closed days; the chart of accounts."""

from __future__ import annotations

import datetime
from typing import Any

from litestar import Response, get
from msgspec import Struct

from bank.centres import products
from bank.centres.accounting import CHART, CNY
from bank.ledger.closing import TrialBalance, TrialLine
from bank.ledger.interfaces import Balances
from bank.staff import trail, views
from bank.staff.desk import Desk, TheDesk, chosen_day, needs
from bank.times import moment
from eden.base.api.handlers import FromPath, ThePaging
from eden.base.problems import not_found
from eden.console.view import ROOT

_HERE = f"{ROOT}/books"
_DAY = datetime.timedelta(days=1)
#: kinds in the order of a balance sheet; the first two and the last of each side of the equation
KINDS = ("asset", "liability", "equity", "income", "expense", "memorandum")
#: kinds that grow by debits
_DEBIT = ("asset", "expense")
_TABS = {"": "staff.books.tab-balance", "days": "staff.books.tab-days", "chart": "staff.books.tab-chart"}
#: ISO 4217: number → letters, as far as people here have met them
_LETTERS = {156: "CNY", 344: "HKD", 392: "JPY", 826: "GBP", 840: "USD", 978: "EUR"}


class Side(Struct, frozen=True):
    """A kind of accounts in one currency: its lines and their sums; `net` on the side where it grows."""

    kind: str
    lines: list[TrialLine]
    debits: int
    credits: int
    net: int


class Currency(Struct, frozen=True):
    """One currency's half of the proof: `debits` are `credits`, and assets and expenses are what everything else is."""

    number: int
    letters: str
    sides: list[Side]
    debits: int
    credits: int
    used: int
    raised: int

    @property
    def balanced(self) -> bool:
        return self.debits == self.credits and self.used == self.raised


class Row(Struct, frozen=True):
    """An account below a line, at that time. `owner`: customer's id, "" for the bank's own."""

    id: str
    name: str
    owner: str
    balances: Balances
    flags: int


def arranged(balance: TrialBalance) -> list[Currency]:
    """By currency and kind, with the sums that have to agree. Pure."""
    found = []
    for number in sorted({line.ledger for line in balance.lines}):
        lines = [line for line in balance.lines if line.ledger == number]
        sides = []
        for kind in KINDS:
            mine = [line for line in lines if line.kind == kind]
            debits, credits_ = sum(line.debits for line in mine), sum(line.credits for line in mine)
            if mine:
                sides.append(Side(kind, mine, debits, credits_, net(kind, debits, credits_)))
        used = sum(side.net for side in sides if side.kind in _DEBIT)
        raised = sum(side.net for side in sides if side.kind not in _DEBIT)
        letters = _LETTERS.get(number, f"{number:03d}")
        debits, credits_ = sum(side.debits for side in sides), sum(side.credits for side in sides)
        found.append(Currency(number, letters, sides, debits, credits_, used, raised))
    return found


def net(kind: str, debits: int, credits_: int) -> int:
    """What an account of a kind holds, on the side where it grows."""
    return debits - credits_ if kind in _DEBIT else credits_ - debits


def _at(day: datetime.date | None) -> int | None:
    """µs of a day's end; None for now."""
    return moment(day + _DAY) - 1 if day is not None else None


@get(_HERE, opt=needs("books.read"))
async def show_balance(desk: TheDesk) -> Response[bytes]:
    """The trial balance at the end of a day, or now, with the sums that prove it."""
    day = _past(desk, chosen_day(desk))
    balance = await desk.bank.ledger.trial_balance(_at(day))
    closed = {one.day: one for one in await desk.bank.ledger.days()}
    return _page(
        desk, "staff/books.html", "", currencies=arranged(balance), day=day, net=net,
        closed=closed.get(day.isoformat()) if day else None, today=desk.today, later=day + _DAY if day else None,
        earlier=(day or desk.today) - _DAY,
    )  # fmt: skip


def _past(desk: Desk, day: datetime.date | None) -> datetime.date | None:
    """A day that is over; today and later are now."""
    return day if day is not None and day < desk.today else None


@get(f"{_HERE}/accounts/{{code:int}}", opt=needs("books.read"))
async def show_accounts(desk: TheDesk, code: FromPath[int], paging: ThePaging) -> Response[bytes]:
    """The accounts of a line of the trial balance, with what each held then."""
    currency = desk.asked.one("ledger", str(CNY))
    if code not in CHART or not currency.isdecimal():
        raise not_found(f"The account {code}")
    day, ledger, after = _past(desk, chosen_day(desk)), desk.bank.ledger, paging.after(int) or 0
    at = _at(day)
    rows = await ledger.store.fetch(
        "SELECT number, id FROM ledger_accounts WHERE ledger = ? AND code = ? AND number > ? AND opened_at <= ?"
        f" ORDER BY number LIMIT {paging.limit + 1:d}",
        (int(currency), code, after, desk.at if at is None else at),
    )
    ids = [bytes(row[1]).hex() for row in rows[: paging.limit]]
    found = [one for one in await ledger.accounts(ids) if one is not None]
    owners = await desk.read(lambda connection: views.owners(connection, ids))
    if owners:
        seen = sorted({owner for owner, _ in owners.values()})
        await desk.write(
            lambda connection: desk.trail.do_note(connection, desk.member, trail.LIST, f"books {code}", shown=seen)
        )
    shown = []
    for one in found:
        balances = one.balances if at is None else await ledger.balance_at(one.id, at)
        owner, name = owners.get(one.id, ("", ""))
        shown.append(Row(one.id, name or _reference(one.reference), owner, balances, one.flags))
    lines = (await ledger.trial_balance(at)).lines
    line = next((one for one in lines if (one.ledger, one.account) == (int(currency), str(code))), None)
    path, query = f"books/accounts/{code}", {"day": day.isoformat() if day else "", "ledger": currency}
    following = desk.following(path, rows[paging.limit - 1][0], **query) if len(rows) > paging.limit else ""
    return desk.page(
        "staff/ledger-accounts.html", account=CHART[code], line=line, found=shown, day=day, net=net,
        kind=line.kind if line else "memorandum", next=following, first=desk.url(path, **query) if after else "",
    )  # fmt: skip


@get(f"{_HERE}/ledger/{{account:str}}", opt=needs("books.read"))
async def show_account(desk: TheDesk, account: FromPath[str], paging: ThePaging) -> Response[bytes]:
    """An account of the ledger: its transfers from new to old, with the balances after each."""
    ledger = desk.bank.ledger
    (found,) = await ledger.accounts([_id(account)])
    if found is None:
        raise not_found(f"The account {account}")
    before = paging.after(int)
    page = await ledger.statement(account, before=before, limit=paging.limit)
    owners = await desk.read(lambda connection: views.owners(connection, [account]))
    owner, name = owners.get(account, ("", ""))
    if owner:
        await desk.write(
            lambda connection: desk.trail.do_note(
                connection, desk.member, "customer.ledger", trail.customer(owner), account=account
            )
        )
    path = f"books/ledger/{account}"
    return desk.page(
        "staff/ledger-account.html", account=found, owner=owner, name=name or _reference(found.reference),
        general=CHART.get(found.code), lines=page.lines, first=desk.url(path) if before else "",
        next=desk.following(path, page.next) if page.next is not None else "",
    )  # fmt: skip


@get(f"{_HERE}/days", opt=needs("books.read"))
async def show_days(desk: TheDesk, paging: ThePaging) -> Response[bytes]:
    """Closed days, the newest first."""
    before = paging.after(str)
    days = [one for one in reversed(await desk.bank.ledger.days()) if before is None or one.day < before]
    shown = days[: paging.limit]
    following = desk.following("books/days", shown[-1].day) if len(days) > paging.limit else ""
    return _page(
        desk, "staff/days.html", "days", days=shown, next=following, first=desk.url("books/days") if before else ""
    )


@get(f"{_HERE}/chart", opt=needs("books.read"))
async def show_chart(desk: TheDesk) -> Response[bytes]:
    """Which account of the general ledger everything belongs to: the chart, and the products that lead to it."""
    sold = await desk.read(products.newest)
    rows = await desk.bank.ledger.store.fetch("SELECT code, kind FROM ledger_chart")
    kinds = dict(rows)
    by_code: dict[int, list[products.Versioned]] = {}
    for one in sold:
        by_code.setdefault(one.product.gl, []).append(one)
    chart = [(one, kinds.get(code, "memorandum"), by_code.get(code, [])) for code, one in sorted(CHART.items())]
    return _page(desk, "staff/chart.html", "chart", chart=chart)


def _reference(text: str) -> str:
    """A reference of the ledger; numbers of accounts in it are masked."""
    return f"{text[:4]} **** **** {text[-4:]}" if text.isdigit() and len(text) > 8 else text


def _id(text: str) -> str:
    """Problem "not-found" for what is no id."""
    try:
        if len(bytes.fromhex(text)) != 16 or text != text.lower():
            raise ValueError
    except ValueError:
        raise not_found(f"The account {text}") from None
    return text


def _page(desk: Desk, template: str, tab: str, **values: Any) -> Response[bytes]:
    tabs = [(desk.t(key), desk.url(f"books/{one}" if one else "books"), one) for one, key in _TABS.items()]
    return desk.page(template, tab=tab, tabs=tabs, **values)


HANDLERS: tuple[Any, ...] = (show_balance, show_accounts, show_account, show_days, show_chart)
