"""Two years that were made up: loans of all kinds in them, interest every night, books that agree on each day."""

from __future__ import annotations

import datetime
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from sqlalchemy import select

from bank import seed, tables
from bank.centres import accounting, reconciling, worklist
from bank.centres.accounting import Code
from bank.centres.batches import Batches
from bank.made_up_loans import PLANS, tell
from bank.settings import Settings
from bank.times import day_of, moment
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


def test_two_years_are_plausible() -> None:
    """People earn each month, spend what they have, pay rents that they can pay; shops take more before holidays."""
    until, chance = datetime.date(2026, 11, 25), random.Random(seed.SEED)
    everybody = seed.people(24, chance, moment(until - datetime.timedelta(days=730), 9))
    owned = {account for person in everybody for account in person.numbers}
    held: dict[str, int] = defaultdict(int)
    salaries, takings, names = Counter[str](), defaultdict[str, list[int]](list), set()
    last = 0
    for event in seed.history(everybody, until, chance):
        assert event.amount > 0 and event.at >= last
        last = event.at
        held[event.debit] -= event.amount
        held[event.credit] += event.amount
        day = day_of(event.at)
        if event.code is Code.SALARY:
            salaries[event.credit] += 1
        elif event.code is Code.SETTLEMENT:
            assert day.weekday() in (1, 4)
            takings["busy" if day.month in (1, 2, 9) else "usual"].append(event.amount)
        elif event.code is Code.PURCHASE:
            names.add(event.debit_line[0])
            assert 12 <= hour_of(event.at) <= 19
        assert event.debit not in owned or held[event.debit] >= 0
    assert day_of(last) == until and set(salaries.values()) == {24}
    assert set(salaries) == {person.current for person in everybody}
    assert len(names) == 9 and all(person.rent <= person.salary // 4 for person in everybody)
    assert mean(takings["busy"]) > 1.2 * mean(takings["usual"])
    assert all(held[account] > 0 for account in owned)


def hour_of(at: int) -> int:
    return (at - moment(day_of(at))) // 3_600_000_000


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
        patch.setattr(seed, "DAYS", 20)
        with pytest.raises(KeyboardInterrupt):
            BankHouse(tmp_path, 3)
    assert (tmp_path / "seeding").exists()
    with pytest.raises(EdenError, match="Empty both databases") as caught:
        seed.forget_unfinished(Settings(tmp_path, database="postgresql://bank"))
    assert caught.value.code == "bank-seed"
    with open_bank(tmp_path, 3, 20) as house:
        assert len(house.run(house.bank.ledger.days())) == 20
        assert house.run(reconciling.check(house.bank.database, house.bank.ledger)) > 0
    assert not (tmp_path / "seeding").exists()
