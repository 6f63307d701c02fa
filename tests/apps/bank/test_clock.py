"""A clock that jumps (apps/bank/runbooks/clock-jump.md): ahead over midnights, and back."""

from __future__ import annotations

import datetime
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bank import tables
from bank.centres import reconciling
from bank.centres.accounting import CHART, balances, general
from bank.loans.working_days import add_months
from tests.apps.bank.simulation import Simulation, lend, simulated
from tests.apps.bank.test_arrears import FIRST, START, account, held, move, person, until
from tests.apps.bank.test_runbooks import PAGES

DAY = 86_400_000_000


def jump(bank: Simulation, days: int) -> None:
    """The clock of a running bank is so many days ahead, then right again; each time it looks whether days are over."""
    for step in (days, -days):
        bank.at += step * DAY
        bank.run(bank.bank.batches.rollover())


def books(bank: Simulation, loan: str) -> dict[str, Any]:
    state = next(row for row in bank.rows(tables.loan_states) if row.loan_id == loan)
    found = bank.run(balances(bank.bank.ledger, [general(code) for code in CHART]))
    return {
        "interest": state.interest,
        "overdue": state.days_overdue,
        "repaid": [(row.day, row.amount, row.interest) for row in bank.rows(tables.repayments)],
        "deposits": [row.accrued + Fraction(row.carry) for row in bank.rows(tables.deposit_interest)],
        "ledger": sorted(one.net for one in found.values()),
        "held": (held(bank, account(bank)), held(bank, account(bank, "MERCHANT"))),
    }


@pytest.mark.parametrize("moved", [0, 12_300])
def test_a_clock_that_was_ahead_leaves_the_books_of_one_that_was_not(tmp_path: Path, moved: int) -> None:
    """But for money that moves in nights that have ended: interest of deposits has them as they were."""
    seen = []
    for ahead in (0, 3):
        with simulated(tmp_path / str(ahead), FIRST, 1) as bank:
            loan = lend(bank, person(bank), "SHOP", 1_200_000, 12, START)
            bank.night()
            jump(bank, ahead)
            if moved:
                # the ledger goes on from the last time that it knows
                move(bank, moved)
            until(bank, add_months(START, 1) + datetime.timedelta(days=3))
            assert bank.run(reconciling.check(bank.bank.database, bank.bank.ledger)) > 3
            seen.append(books(bank, loan))
    usual, jumped = seen
    assert usual["repaid"] and usual["interest"]
    # act/360 at 0.10 % a year for the three nights, in cents
    less = Fraction(moved * 10, 10_000) / 360 * 3
    assert sum(usual.pop("deposits")) + less == sum(jumped.pop("deposits"))
    assert usual == jumped


def test_days_that_end_early_end_once(tmp_path: Path) -> None:
    with simulated(tmp_path, FIRST, 1) as bank:
        bank.night()
        jump(bank, 2)
        known = {(row.day, row.name): row.tries for row in bank.rows(tables.batches)}
        bank.night()
        bank.night()
        assert {(row.day, row.name): row.tries for row in bank.rows(tables.batches)} == known
        bank.night()
        days = {row.day for row in bank.rows(tables.batches) if row.state == "done"}
        assert max(days) == (bank.today - datetime.timedelta(days=1)).isoformat()


def test_what_is_collected_early_counts_from_its_day(tmp_path: Path) -> None:
    """The runbook's query finds of whom it was taken."""
    with simulated(tmp_path, FIRST, 1) as bank:
        lend(bank, person(bank), "SHOP", 1_200_000, 12, START)
        bank.night()
        jump(bank, 6)
        (paid,) = bank.rows(tables.repayments)
        assert datetime.date.fromisoformat(paid.day) == add_months(START, 1) > bank.today
        (query,) = re.findall(r"`(SELECT [^`]+)`", (PAGES / "clock-jump.md").read_text())
        found = bank.read(lambda connection: connection.execute(text(query.replace("TODAY", str(bank.today)))).all())
        assert [row.loan_id for row in found] == [paid.loan_id]
        until(bank, add_months(START, 1) + datetime.timedelta(days=3))
        assert len(bank.rows(tables.repayments)) == 1
        assert bank.run(reconciling.check(bank.bank.database, bank.bank.ledger)) > 3
