"""Withdrawing from a contract: within its days, for the principal and the interest of the days, once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bank.centres import applying, ending, line, papers, products
from bank.refusals import Refusal
from bank.tables import cases
from eden.base.ids import now
from tests.apps.bank.house import Answer, BankHouse, open_bank
from tests.apps.bank.test_applying_contract import sign
from tests.apps.bank.test_applying_worklist import apply

DAY = 86_400_000_000


@pytest.fixture
def house(tmp_path: Path) -> Iterator[BankHouse]:
    with open_bank(tmp_path, 2, 500) as house:
        house.sign_in()
        yield house


def call_off(house: BankHouse, loan: str, key: str = "c1") -> Answer:
    return house.call("POST", f"/v1/loans/{loan}/withdrawal", {}, idempotency_key=key)


def lent(house: BankHouse, **wanted: Any) -> str:
    return str(sign(house, apply(house, **wanted).json["id"]).json["id"])


def station(house: BankHouse, identifier: str) -> str:
    return house.bank.database.read_now(lambda connection: line.find(connection, identifier)).station


def test_a_contract_is_called_off(house: BankHouse) -> None:
    before = house.get("/v1/overview")["accounts"][0]["balance"]
    loan = lent(house)
    assert station(house, loan) == "cooling-off"
    assert house.get(f"/v1/loan-applications/{loan}")["cooling_off"] > "2026"
    gone = call_off(house, loan).json
    assert (gone["state"], gone["owed"]) == ("closed", 0)
    assert house.get("/v1/overview")["accounts"][0]["balance"] == before
    assert (station(house, loan), house.get(f"/v1/loan-applications/{loan}")["state"]) == ("withdrawn", "withdrawn")
    assert call_off(house, loan).json["state"] == "closed"
    assert house.get("/v1/overview")["accounts"][0]["balance"] == before


def test_no_fee_is_taken_for_it(house: BankHouse) -> None:
    """The product has a fee for prepaying; calling off is not prepaying."""
    home = products.FIRST["HOME"]
    assert isinstance(home, products.Loan) and home.prepay_fee_bp
    loan = lent(house, product="HOME", amount=1_000_000)
    shown = house.get(f"/v1/loans/{loan}")
    assert (shown["payoff"], shown["fee"]) == (1_000_000, 0)
    later = now() + 8 * DAY
    house.bank.database.write_now(lambda connection: ending.do_expire(connection, later))
    assert station(house, loan) == "active"
    assert house.get(f"/v1/loans/{loan}")["fee"] == 10_000


def test_not_when_its_days_are_over(house: BankHouse) -> None:
    loan = lent(house)
    house.bank.database.write_now(
        lambda connection: connection.execute(cases.update().where(cases.c.id == loan).values(deadline=now() - 1))
    )
    assert call_off(house, loan).code == "too-late"
    house.bank.database.write_now(lambda connection: ending.do_expire(connection, now()))
    assert station(house, loan) == "active"
    assert house.get(f"/v1/loan-applications/{loan}")["cooling_off"] == ""


def test_the_line_ends_with_the_loan(house: BankHouse) -> None:
    loan = lent(house)
    owed = house.get(f"/v1/loans/{loan}")["payoff"]
    assert house.call("POST", f"/v1/loans/{loan}/repayments", {"amount": owed}, idempotency_key="r1").status == 200
    settle = ending.do_settle
    assert house.bank.database.write_now(lambda connection: settle(connection, now())) == 1
    assert house.bank.database.write_now(lambda connection: settle(connection, now())) == 0
    assert station(house, loan) == "closed"


def test_what_cannot_be_ended_holds_up_nothing_else(
    house: BankHouse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks: list[int] = []

    def fail(connection: Connection, at: int) -> int:
        raise Refusal("not-possible")

    def forget(connection: Connection, at: int) -> int:
        looks.append(at)
        return 0

    monkeypatch.setattr(ending, "do_expire", fail)
    monkeypatch.setattr(papers, "do_forget", forget)
    monkeypatch.setattr(ending, "_EVERY", 0.01)
    with pytest.raises(TimeoutError):
        house.run(asyncio.wait_for(ending.run(house.bank.database), 2))
    assert len(looks) > 1
    assert "could not be ended" in caplog.text


def test_a_bank_that_dies_in_between_goes_on(house: BankHouse) -> None:
    """The customer's word is kept first: asked again, the rest is done."""
    loan = lent(house)
    customer = house.bank.database.read_now(lambda connection: applying.view(connection, loan)).customer
    house.bank.database.write_now(lambda connection: ending.do_call_off(connection, customer, loan, now()))
    assert house.get(f"/v1/loan-applications/{loan}")["cooling_off"] == ""
    assert call_off(house, loan).json["state"] == "closed"
    assert station(house, loan) == "withdrawn"
