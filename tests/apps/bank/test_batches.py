"""The end of the day: batches in order, once each, again after failures and kills."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bank.centres import batches, bookings
from bank.centres.batches import Batches, Progress
from bank.refusals import Refusal
from bank.tables import deposit_interest
from bank.times import day_of
from eden.base.ids import now
from tests.apps.bank.house import BankHouse, open_bank

DAY = 86_400_000_000


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BankHouse]:
    """One that ends no days by itself."""

    async def rest(_: Batches) -> None:
        pass

    monkeypatch.setattr(Batches, "run", rest)
    with open_bank(tmp_path) as house:
        yield house


class Works:
    """Two batches that note their days, fail or hang when they are told to, and count."""

    def __init__(self, house: BankHouse) -> None:
        self.house, self.done, self.at = house, list[tuple[str, str]](), now()
        self.trouble: dict[str, Exception] = {}
        self.batches = Batches(house.bank.database, {"one": self._work, "two": self._work}, lambda: self.at)

    async def _work(self, progress: Progress) -> None:
        self.house.bank.database.write_now(lambda connection: progress.count(connection, pieces=1))
        if trouble := self.trouble.get(progress.name):
            raise trouble
        self.done.append((progress.day.isoformat(), progress.name))

    def rollover(self) -> list[str]:
        return [f"{run.day} {run.name} {run.state}" for run in self.house.run(self.batches.rollover())]

    def day(self, back: int) -> datetime.date:
        return day_of(self.at - back * DAY)

    def kept(self) -> list[batches.Run]:
        return self.house.bank.database.read_now(batches.page).items


def test_days_end_once_and_in_order(house: BankHouse) -> None:
    works = Works(house)
    yesterday = works.day(1).isoformat()
    assert works.rollover() == [f"{yesterday} one done", f"{yesterday} two done"]
    assert works.rollover() == []
    works.at += 3 * DAY
    assert len(works.rollover()) == 6
    assert works.done == [(works.day(back).isoformat(), name) for back in (4, 3, 2, 1) for name in ("one", "two")]
    newest = works.kept()[0]
    assert (newest.name, newest.state, newest.tries, newest.figures) == ("two", "done", 1, {"pieces": 1})


def test_what_failed_holds_up_the_rest_and_is_tried_again(house: BankHouse) -> None:
    works = Works(house)
    works.trouble["one"] = OSError("the disk is full")
    with pytest.raises(OSError, match="full"):
        works.rollover()
    assert [(run.name, run.state, run.error) for run in works.kept()] == [("one", "failed", "the disk is full")]
    works.trouble.clear()
    assert len(works.rollover()) == 2
    one = works.kept()[1]
    # what was done before it failed counts
    assert (one.name, one.state, one.error, one.tries, one.figures) == ("one", "done", "", 2, {"pieces": 2})


def test_one_that_was_killed_is_begun_again(house: BankHouse) -> None:
    works = Works(house)
    works.trouble["two"] = asyncio.CancelledError()  # type: ignore[assignment]
    with pytest.raises(asyncio.CancelledError):
        works.rollover()
    assert works.kept()[0].state == "running"
    works.trouble.clear()
    assert [run.split()[1] for run in works.rollover()] == ["two"]


def test_a_batch_can_be_run_again(house: BankHouse) -> None:
    works = Works(house)
    works.rollover()
    day = works.day(1)
    run = house.run(works.batches.again(day, "one"))
    assert (run.state, run.tries) == ("done", 2)
    with pytest.raises(Refusal, match="no such batch"):
        house.run(works.batches.again(day, "three"))
    with pytest.raises(Refusal, match="has not ended"):
        house.run(works.batches.again(works.day(0), "one"))
    works.at += DAY
    with pytest.raises(Refusal, match="before this batch"):
        house.run(works.batches.again(works.day(1), "two"))


def test_what_somebody_wants_is_run_by_the_bank(house: BankHouse) -> None:
    works = Works(house)
    works.rollover()

    def want(connection: Connection) -> None:
        batches.do_want(connection, works.batches.names, works.day(1), "one", now())

    house.bank.database.write_now(want)
    assert works.kept()[1].state == "waiting"
    house.run(works.batches.look(False))
    assert works.kept()[1].state == "done"
    assert len(works.done) == 3


def test_what_can_no_longer_be_run_holds_up_no_day(house: BankHouse) -> None:
    """It was wanted, and then what comes before it failed."""
    works = Works(house)
    works.trouble["two"] = OSError("the disk is full")
    with pytest.raises(OSError, match="full"):
        works.rollover()

    def want(connection: Connection) -> None:
        batches.do_want(connection, works.batches.names, works.day(1), "two", now())

    house.bank.database.write_now(want)
    works.trouble["one"] = OSError("the disk is full")
    with pytest.raises(OSError, match="full"):
        house.run(works.batches.again(works.day(1), "one"))
    works.trouble.clear()
    house.run(works.batches.look(False))
    assert [(run.name, run.state) for run in works.kept()] == [("two", "done"), ("one", "done")]


def test_pages_of_batches(house: BankHouse) -> None:
    works = Works(house)
    works.rollover()
    works.at += 2 * DAY
    works.rollover()
    seen: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = house.bank.database.read_now(lambda connection, after=cursor: batches.page(connection, after, 4))  # type: ignore[misc]
        seen += page.items
        cursor = page.next
    assert len(seen) == 6 == len({(run.day, run.name) for run in seen})
    for nothing in ("²", "9" * 30):
        page = house.bank.database.read_now(lambda connection, after=nothing: batches.page(connection, after, 4))  # type: ignore[misc]
        assert page.items == seen[:4]


def test_no_night_after_a_made_up_past_is_left_out(house: BankHouse) -> None:
    works = Works(house)
    works.at += 2 * DAY
    assert len(works.rollover()) == 6


def test_work_goes_in_pieces(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_PIECE", 2)
    posted = 0
    post = bookings.post

    async def counted(*given: Any) -> int:
        nonlocal posted
        posted += 1
        return await post(*given)

    monkeypatch.setattr(bookings, "post", counted)
    figures = {run.name: run.figures for run in house.run(house.bank.batches.rollover())}
    deposits = len(house.bank.database.read_now(_deposits))
    assert figures["deposits"]["accounts"] == deposits > 4
    # what a piece has booked is posted before the next one; with no loans two batches look at nothing
    assert posted == -(-deposits // 2) + 1 + 2


def _deposits(connection: Connection) -> list[Any]:
    return list(connection.execute(select(deposit_interest)))


def test_the_banks_own_batches(house: BankHouse) -> None:
    done = house.run(house.bank.batches.rollover())
    assert [run.name for run in done] == house.bank.batches.names
    assert {run.state for run in done} == {"done"}
    assert done[0].figures["transfers"] > 0
