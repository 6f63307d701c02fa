"""Two years that were made up: loans of all kinds in them, interest every night, books that agree on each day."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bank import seed, tables
from bank.centres import accounting, reconciling, worklist
from bank.centres.batches import Batches
from bank.made_up_loans import PLANS, tell
from bank.settings import Settings
from bank.times import moment
from eden.base.errors import EdenError
from eden.base.ids import now
from tests.apps.bank.house import BankHouse, open_bank


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BankHouse]:
    async def rest(_: Batches) -> None:
        pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Batches, "run", rest)
        folder: Path = tmp_path_factory.mktemp("bank")
        with open_bank(folder, 14, 730) as house:
            yield house


def test_the_books_agree_on_every_day(house: BankHouse) -> None:
    ledger = house.bank.ledger
    assert house.run(reconciling.check(house.bank.database, ledger)) > 40
    days = house.run(ledger.days())
    assert len(days) == 730
    for day in days[::90]:
        balance = house.run(ledger.trial_balance(day.cut_off - 1))
        assert balance.balanced
    income = [
        next(line.credits for line in house.run(ledger.trial_balance(day.cut_off - 1)).lines if line.account == "4001")
        for day in days[-3:]
    ]
    # interest is booked every night
    assert income[0] < income[1] < income[2]


def test_loans_are_of_all_kinds(house: BankHouse) -> None:
    rows = house.bank.database.read_now(
        lambda connection: connection.execute(select(tables.loans, tables.loan_states).join(tables.loan_states)).all()
    )
    assert sorted(row.state for row in rows) == ["active", "active", "active", "closed", "written-off"]
    late = [row for row in rows if row.state == "active" and row.days_overdue]
    assert len(late) == 1 and late[0].days_overdue > 30


def test_the_first_night_finds_who_is_in_trouble(house: BankHouse) -> None:
    done = house.run(house.bank.batches.rollover())
    assert {run.state for run in done} == {"done"} and len(done) == len(house.bank.batches.names)
    items = house.bank.database.read_now(lambda connection: worklist.items(connection, now())).items
    assert "overdue-30" in {item.reason for item in items if item.kind == "loan"}


def test_the_first_customer_has_repaid_a_loan(house: BankHouse) -> None:
    house.sign_in()
    (loan,) = house.get("/v1/loans")["items"]
    assert loan["state"] == "closed"
    assert house.call("GET", f"/v1/loans/{loan['id']}/contract").body.startswith(b"%PDF")


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{plan.product}-{plan.ago}")
@pytest.mark.parametrize("until", ["2026-03-01", "2026-11-25", "2027-02-28"])
def test_stories_end_the_same_on_any_day(plan: object, until: str) -> None:
    story = tell(plan, "a" * 32, "b" * 32, datetime.date.fromisoformat(until))  # type: ignore[arg-type]
    states = {22: "closed", 14: "active", 9: "active", 7: "active", 19: "written-off"}
    assert story.state == states[story.plan.ago]
    assert (story.days_overdue > 0) == (story.plan.paid is not None)
    assert moment(story.start) < moment(datetime.date.fromisoformat(until))


def test_a_past_that_was_broken_off_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book, calls = accounting.book, 0

    async def breaks(*given: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise KeyboardInterrupt
        await book(*given)

    with monkeypatch.context() as patch:
        patch.setattr(accounting, "book", breaks)
        with pytest.raises(KeyboardInterrupt), open_bank(tmp_path, 3, 20):
            raise AssertionError("it was not broken off")
    assert (tmp_path / "seeding").exists()
    with pytest.raises(EdenError, match="Empty both databases") as caught:
        seed.forget_unfinished(Settings(tmp_path, database="postgresql://bank"))
    assert caught.value.code == "bank-seed"
    with open_bank(tmp_path, 3, 20) as house:
        assert len(house.run(house.bank.ledger.days())) == 20
        assert house.run(reconciling.check(house.bank.database, house.bank.ledger)) > 0
    assert not (tmp_path / "seeding").exists()
