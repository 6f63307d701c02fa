"""A month's statement as a file."""

from __future__ import annotations

import base64
import csv
import io

import pytest

from bank.centres.statement_files import Row, Statement, as_csv, as_pdf
from bank.tables import movements
from bank.times import day_of
from eden.base.ids import now
from tests.apps.bank.house import BankHouse


def account(house: BankHouse) -> tuple[str, int]:
    first = house.get("/v1/overview")["accounts"][0]
    return first["id"], first["balance"]


def month() -> str:
    return day_of(now()).strftime("%Y-%m")


def test_lines_lead_from_the_opening_to_the_closing_balance(house: BankHouse) -> None:
    identifier, balance = account(house)
    file = house.get(f"/v1/accounts/{identifier}/statement?month={month()}&form=csv")
    assert file["name"].endswith(f"{month()}.csv")
    text = base64.b64decode(file["content"]).decode("utf-8-sig")
    head, opening, *lines, closing = csv.reader(io.StringIO(text))
    assert head[0] == "时间" and len(lines) > 5
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


def test_lines_that_do_not_lead_there_are_no_statement(house: BankHouse) -> None:
    identifier, _ = account(house)
    house.bank.database.write_now(
        lambda connection: connection.execute(
            movements.update().where(movements.c.account_id == identifier).values(amount=movements.c.amount + 1)
        )
    )
    assert house.call("GET", f"/v1/accounts/{identifier}/statement?month={month()}").code == "statement-open"


@pytest.mark.parametrize("query", ["month=2026-13", "month=x", "", "month=2026-10&form=xls"])
def test_months_that_are_none(house: BankHouse, query: str) -> None:
    identifier, _ = account(house)
    assert house.call("GET", f"/v1/accounts/{identifier}/statement?{query}").code == "invalid"


def test_of_nobody_else(house: BankHouse) -> None:
    assert house.call("GET", f"/v1/accounts/{'0' * 32}/statement?month=2026-10").code == "no-account"


def test_no_text_becomes_a_formula_and_many_lines_take_pages() -> None:
    rows = [Row("2026-10-01 10:00", "=HYPERLINK()", "food", "+1", -1, 99 - n) for n in range(120)]
    statement = Statement("林晓雨", "尾号 3016", "活期", "Current", "2026-10", 100, -20, rows)
    lines = list(csv.reader(io.StringIO(as_csv(statement, True).decode("utf-8-sig"))))
    assert lines[2][1:4] == ["'=HYPERLINK()", "food", "'+1"] and lines[2][4] == "-0.01"
    assert as_pdf(statement, True).count(b"/Type /Page\n") == 3
