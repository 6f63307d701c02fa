"""A month's statement as a file."""

from __future__ import annotations

import base64
import csv
import io

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from reportlab.pdfbase import pdfmetrics

from bank import typeface
from bank.centres import network, statement_files
from bank.centres.statement_files import Row, Statement, as_csv, as_pdf
from bank.ledger.records import DAY
from bank.tables import movements
from bank.times import day_of, moment
from eden.base.ids import now
from tests.apps.bank.house import BankHouse


def account(house: BankHouse) -> tuple[str, int]:
    first = house.get("/v1/overview")["accounts"][0]
    return first["id"], first["balance"]


def month() -> str:
    return day_of(now()).strftime("%Y-%m")


def full_month() -> str:
    """One of which at least twenty days are in the made-up past."""
    return day_of(now() - 20 * DAY).strftime("%Y-%m")


def test_lines_lead_from_the_opening_to_the_closing_balance(house: BankHouse) -> None:
    identifier, balance = account(house)
    file = house.get(f"/v1/accounts/{identifier}/statement?month={month()}&form=csv")
    assert file["name"].endswith(f"{month()}.csv")
    text = base64.b64decode(file["content"]).decode("utf-8-sig")
    head, opening, *lines, closing = csv.reader(io.StringIO(text))
    assert head[0] == "时间" and len(lines_of(house, identifier, full_month())) > 8
    cents = [round(float(line[4]) * 100) for line in lines]
    assert round(float(opening[5]) * 100) + sum(cents) == round(float(closing[5]) * 100) == balance


def test_a_pdf_says_the_same(house: BankHouse) -> None:
    house.language = "en"
    identifier, balance = account(house)
    file = house.get(f"/v1/accounts/{identifier}/statement?month={month()}")
    content = base64.b64decode(file["content"])
    assert content.startswith(b"%PDF") and balance > 0
    again = house.get(f"/v1/accounts/{identifier}/statement?month={month()}")
    assert again == file


def test_a_pdf_has_its_letters_and_nothing_runs_into_the_amounts() -> None:
    row = Row("2026-10-01 12:03", "很长的名字" * 8, "income", "𠮷" + "备注" * 20, 100_000_00, 100_000_00)
    content = as_pdf(Statement("𠮷田", "6222", "活期", "Current", "2026-10", 0, 100_000_00, [row]), True)
    (page,) = PdfFileReader(io.BytesIO(content)).root["/Pages"]["/Kids"]
    fonts = [font.get_object() for font in page.get_object()["/Resources"]["/Font"].values()]
    assert fonts and all(font["/FontDescriptor"]["/FontFile2"].data and font["/ToUnicode"].data for font in fonts)
    for text, width in ((row.name, 115), (row.note, 90)):
        shown = typeface.fitted(text, 9, width)
        assert shown.endswith("…") and len(shown) > 3
        assert width - 18 < pdfmetrics.stringWidth(shown, typeface.NAME, 9) <= width
    assert typeface.fitted("备注", 9, 90) == "备注" and typeface.fitted("备注", 9, 1) == ""


def test_lines_that_do_not_lead_there_are_no_statement(house: BankHouse) -> None:
    identifier, _ = account(house)
    house.bank.database.write_now(
        lambda connection: connection.execute(
            movements.update().where(movements.c.account_id == identifier).values(amount=movements.c.amount + 1)
        )
    )
    assert house.call("GET", f"/v1/accounts/{identifier}/statement?month={full_month()}").code == "statement-open"


def lines_of(house: BankHouse, identifier: str, month: str) -> list[list[str]]:
    file = house.get(f"/v1/accounts/{identifier}/statement?month={month}&form=csv")
    return list(csv.reader(io.StringIO(base64.b64decode(file["content"]).decode("utf-8-sig"))))[1:]


def test_money_that_moves_in_one_month_and_is_told_of_in_another(house: BankHouse) -> None:
    """The line of an order is written after its transfer, or (to another bank) before it: midnight may be between."""
    identifier, _ = account(house)
    payee = house.get("/v1/payees")["items"][1]["id"]
    wanted = {"account": identifier, "amount": 12_345, "payee": payee}
    order = house.call("POST", "/v1/transfers", wanted, idempotency_key="k").json["id"]
    reserved = lines_of(house, identifier, month())
    last_month = moment(day_of(now()).replace(day=1)) - 1
    moved = movements.update().where(movements.c.id == order).values(at=last_month)
    house.bank.database.write_now(lambda connection: connection.execute(moved))
    house.run(network.answer(house.bank.payments, now() + 5_000_000))
    *before, closing = reserved
    *after, paid, closed = lines_of(house, identifier, month())
    assert after == before
    assert paid[4] == "-123.45" and paid[5] == closed[5]
    assert round((float(closing[5]) - float(closed[5])) * 100) == 12_345
    assert lines_of(house, identifier, day_of(last_month).strftime("%Y-%m"))[-1][5] == before[0][5]


def test_a_long_month_is_read_in_pages(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    identifier, _ = account(house)
    whole = lines_of(house, identifier, full_month())
    monkeypatch.setattr(statement_files, "_PAGE", 2)
    assert len(whole) > 8 and lines_of(house, identifier, full_month()) == whole


def test_a_transfer_that_no_line_tells_of_is_waited_for(house: BankHouse) -> None:
    identifier, _ = account(house)
    newest = house.get(f"/v1/transactions?account={identifier}")["items"][0]
    gone = movements.delete().where(movements.c.id == newest["id"])
    house.bank.database.write_now(lambda connection: connection.execute(gone))
    path = f"/v1/accounts/{identifier}/statement?month={newest['time'][:7]}"
    assert house.call("GET", path).code == "statement-open"


@pytest.mark.parametrize("query", ["month=2026-13", "month=20٢٦-11", "month=x", "", "month=2026-10&form=xls"])
def test_months_that_are_none(house: BankHouse, query: str) -> None:
    identifier, _ = account(house)
    assert house.call("GET", f"/v1/accounts/{identifier}/statement?{query}").code == "invalid"


def test_of_nobody_else(house: BankHouse) -> None:
    assert house.call("GET", f"/v1/accounts/{'0' * 32}/statement?month=2026-10").code == "no-account"


def test_no_text_becomes_a_formula_and_many_lines_take_pages() -> None:
    rows = [Row("2026-10-01 10:00", "=HYPERLINK()", "food", "+1", -1, 99 - n) for n in range(120)]
    statement = Statement("林晓雨", "尾号 3016", "活期", "Current", "2026-10", 100, -20, rows)
    lines = list(csv.reader(io.StringIO(as_csv(statement, True).decode("utf-8-sig"))))
    assert lines[2][1:4] == ["'=HYPERLINK()", "餐饮", "'+1"] and lines[2][4] == "-0.01"
    english = list(csv.reader(io.StringIO(as_csv(statement, False).decode("utf-8-sig"))))
    assert english[2][2] == "Food"
    assert as_pdf(statement, True).count(b"/Type /Page\n") == 3
