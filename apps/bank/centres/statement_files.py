"""A month's statement of an account as a file: CSV for programs, PDF for people.

Amounts, balances and times are the ledger's, so they lead from the opening to the closing balance; who and what for is
in the bank's lines, one for each transfer and of the same amount, or there is no file. The same statement has the same
bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import Connection, select
from sqlalchemy import Row as SqlRow

from bank import typeface
from bank.centres import customers, products, statements
from bank.ledger.interfaces import Line
from bank.ledger.ledger import Ledger
from bank.refusals import Refusal, yuan
from bank.tables import accounts, movements
from bank.tables import customers as customer_table
from bank.times import shown
from eden.base.database import Database

#: a spreadsheet takes it for a formula otherwise (OWASP, "CSV Injection")
_FORMULA = "=+-@\t\r"
_LEFT, _TOP, _LINE, _BOTTOM = 40, 790, 15, 50
#: where texts begin, and the two amounts end; how wide texts are
_COLUMNS = (40, 125, 245, 300, 460, 555)
_WIDTHS = (80, 115, 50, 90)
_SIZE = 9

#: lines of one question
_PAGE = 500

Form = Literal["csv", "pdf"]
_HEADS = (
    ("时间", "交易对方", "类型", "附言", "金额", "余额"),
    ("Time", "Who", "Kind", "Note", "Amount", "Balance"),
)


class Wanted(Struct, frozen=True):
    """`month` as 2026-10, `form` csv or pdf."""

    month: str = ""
    form: Form = "pdf"


class StatementFile(Struct, frozen=True):
    """A file: its name and bytes (base64 in JSON)."""

    name: str
    content: bytes


class Row(Struct, frozen=True):
    """A line; `kind` is one of `statements.KINDS`, amounts are cents."""

    time: str
    name: str
    kind: str
    note: str
    amount: int
    balance: int


class Statement(Struct, frozen=True):
    """A month of an account; cents."""

    owner: str
    account: str
    product: str
    product_en: str
    month: str
    opening: int
    closing: int
    rows: list[Row]


async def make(
    database: Database, ledger: Ledger, customer: str, account: str, wanted: Wanted, chinese: bool
) -> StatementFile:
    """Refusals "no-account", "invalid" (the month), "statement-open": money has moved that no line tells of yet."""
    start, end = statements.bounds(wanted.month)
    if not await database.read(lambda connection: _is_of(connection, customer, account)):
        raise Refusal("no-account")
    opening = (await ledger.balance_at(account, start - 1)).net
    lines = await _lines(ledger, account, start, end)
    statement = await database.read(
        lambda connection: _read(connection, customer, account, wanted.month, opening, lines)
    )
    content = as_csv(statement, chinese) if wanted.form == "csv" else as_pdf(statement, chinese)
    return StatementFile(f"eden-bank-{statement.account[-4:]}-{wanted.month}.{wanted.form}", content)


def as_csv(statement: Statement, chinese: bool) -> bytes:
    """UTF-8 with its mark, which spreadsheets ask for. Pure."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(_HEADS[not chinese])
    writer.writerow(["", _word("opening", chinese), "", "", "", _plain(statement.opening)])
    for row in statement.rows:
        texts = [_safe(text) for text in (row.name, _kind(row, chinese), row.note)]
        writer.writerow([row.time, *texts, _plain(row.amount), _plain(row.balance)])
    writer.writerow(["", _word("closing", chinese), "", "", "", _plain(statement.closing)])
    return b"\xef\xbb\xbf" + target.getvalue().encode()


def as_pdf(statement: Statement, chinese: bool) -> bytes:
    """Pure."""
    target = io.BytesIO()
    # invariant: no time and no chance in it
    canvas = Canvas(target, pagesize=A4, invariant=True, initialFontName=typeface.ready())
    title = f"{'账户对账单' if chinese else 'Account statement'} {statement.month}"
    canvas.setTitle(title)
    y = _head(canvas, title, statement, chinese)
    for cells in _cells(statement, chinese):
        if y < _BOTTOM:
            canvas.showPage()
            y = _head(canvas, title, statement, chinese)
        _write(canvas, y, cells)
        y -= _LINE
    canvas.save()
    return target.getvalue()


def _cells(statement: Statement, chinese: bool) -> Iterator[Sequence[str]]:
    yield ("", _word("opening", chinese), "", "", "", yuan(statement.opening))
    for row in statement.rows:
        yield (row.time, row.name, _kind(row, chinese), row.note, yuan(row.amount), yuan(row.balance))
    yield ("", _word("closing", chinese), "", "", "", yuan(statement.closing))


def _head(canvas: Canvas, title: str, statement: Statement, chinese: bool) -> int:
    """A page's head; where its lines begin."""
    canvas.setFont(typeface.NAME, 15)
    canvas.drawString(_LEFT, _TOP, f"{'伊甸银行' if chinese else 'Eden Bank'}  {title}")
    canvas.setFont(typeface.NAME, _SIZE)
    product = statement.product if chinese else statement.product_en
    canvas.drawString(
        _LEFT, _TOP - 1.5 * _LINE, f"{typeface.writable(statement.owner)}  {product}  {statement.account}  CNY"
    )
    _write(canvas, _TOP - 3 * _LINE, _HEADS[not chinese])
    canvas.line(_LEFT, _TOP - 3.3 * _LINE, _COLUMNS[-1], _TOP - 3.3 * _LINE)
    return _TOP - 4 * _LINE - 4


def _write(canvas: Canvas, y: float, cells: Sequence[str]) -> None:
    """Texts to the left, the two amounts to the right."""
    for place, text in enumerate(cells):
        if place < len(_WIDTHS):
            canvas.drawString(_COLUMNS[place], y, typeface.fitted(text, _SIZE, _WIDTHS[place]))
        else:
            canvas.drawRightString(_COLUMNS[place], y, text)


async def _lines(ledger: Ledger, account: str, start: int, end: int) -> list[Line]:
    """What the ledger has of an account in a time (µs), the first line first."""
    found: list[Line] = []
    before: int | None = await ledger.entries_until(end - 1)
    while before is not None:
        page = await ledger.statement(account, before=before, limit=_PAGE)
        found += [line for line in page.lines if line.posted.at >= start]
        before = page.next if page.lines and page.lines[-1].posted.at >= start else None
    return found[::-1]


def _read(
    connection: Connection, customer: str, account: str, month: str, opening: int, lines: Sequence[Line]
) -> Statement:
    """Refusal "statement-open"."""
    row = connection.execute(select(accounts).where(accounts.c.id == account)).one()
    product = products.find(connection, row.product, row.product_version).product
    name = connection.execute(select(customer_table.c.name).where(customer_table.c.id == customer)).scalar_one()
    rows, balance = [], opening
    for start in range(0, len(lines), _PAGE):
        page = lines[start : start + _PAGE]
        told = _told(connection, customer, account, page)
        for line in page:
            # what is only reserved or released has moved nothing
            amount, balance = line.after.net - balance, line.after.net
            if not amount:
                continue
            words = told.get(_order(line))
            if words is None or words.amount != amount:
                raise Refusal("statement-open")
            rows.append(Row(shown(line.posted.at), words.name, words.kind, words.note, amount, balance))
    number = customers.masked_number(row.number)
    return Statement(name, number, product.name, product.name_en, month, opening, balance, rows)


def _order(line: Line) -> str:
    """The id of the line in the bank's tables: that of the transfer which reserved the money, if one did."""
    return line.posted.transfer.pending_id or line.posted.transfer.id


def _told(connection: Connection, customer: str, account: str, lines: Sequence[Line]) -> dict[str, SqlRow[Any]]:
    rows = connection.execute(
        select(movements).where(
            movements.c.customer_id == customer,
            movements.c.account_id == account,
            movements.c.id.in_(map(_order, lines)),
        )
    )
    return {row.id: row for row in rows}


def _is_of(connection: Connection, customer: str, account: str) -> bool:
    query = select(accounts.c.id).where(accounts.c.id == account, accounts.c.customer_id == customer)
    return connection.execute(query).first() is not None


def _word(what: str, chinese: bool) -> str:
    words = {"opening": ("期初余额", "Opening balance"), "closing": ("期末余额", "Closing balance")}
    return words[what][0 if chinese else 1]


def _kind(row: Row, chinese: bool) -> str:
    return statements.KINDS[row.kind][0 if chinese else 1]


def _plain(cents: int) -> str:
    """As programs read it: -1234.56."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(tuple(_FORMULA)) else text
