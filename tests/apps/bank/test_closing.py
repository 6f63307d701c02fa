"""Ends of days, and the trial balance over the chart of accounts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bank.centres import closing
from bank.tables import batches
from bank.times import day_of
from eden.base.ids import now
from tests.apps.bank.house import BankHouse, open_bank

DAY = 86_400_000_000


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BankHouse]:
    """One that closes no days by itself."""

    async def rest(*_: Any) -> None:
        pass

    monkeypatch.setattr(closing, "run", rest)
    with open_bank(tmp_path) as house:
        yield house


def kept(house: BankHouse) -> list[Any]:
    return house.bank.database.read_now(
        lambda connection: list(connection.execute(batches.select().order_by(batches.c.day)))
    )


def close(house: BankHouse, at: int) -> list[str]:
    return house.run(closing.close_days(house.bank.database, house.bank.ledger, at))


def test_days_are_closed_once_and_in_order(house: BankHouse) -> None:
    today = now()
    assert close(house, today - 2 * DAY) == [day_of(today - 3 * DAY).isoformat()]
    assert close(house, today - 2 * DAY) == []
    assert close(house, today) == [day_of(today - 2 * DAY).isoformat(), day_of(today - DAY).isoformat()]
    assert [row.state for row in kept(house)] == ["done"] * 3
    # all that was before belongs to the first day
    first, *others = (row.figures["transfers"] for row in kept(house))
    assert first > max(others)


def test_a_day_that_cannot_be_closed_is_tried_again(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    close(house, now() - DAY)

    async def fail(*_: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(house.bank.ledger, "close_day", fail)
        with pytest.raises(OSError, match="full"):
            close(house, now())
    assert (kept(house)[-1].state, kept(house)[-1].error) == ("failed", "the disk is full")
    assert len(close(house, now())) == 1
    assert (kept(house)[-1].state, kept(house)[-1].error) == ("done", "")


def test_the_trial_balance_balances_over_the_chart(house: BankHouse) -> None:
    trial = house.run(house.bank.ledger.trial_balance())
    assert trial.balanced
    lines = {line.account: line for line in trial.lines}
    assert lines["2001"].name_zh == "活期存款" and lines["2001"].kind == "liability" and lines["2001"].accounts == 3
    assert sum(line.debits for line in trial.lines) == sum(line.credits for line in trial.lines)
    assert "" not in lines
