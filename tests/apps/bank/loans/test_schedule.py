"""Schedules of any terms: everything comes back, nothing is negative; and each term means what it says."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bank.loans.daycount import DayCount
from bank.loans.rounding import Mode, Rounding
from bank.loans.schedule import schedule
from bank.loans.terms import Accrual, Amortisation, Annuity, Interest, RateChange, Shift, Terms, Tranche, Unit
from bank.loans.working_days import Calendar, Move

Day = datetime.date
START = Day(2024, 1, 31)
MONEY = st.decimals(Decimal(100), Decimal(1_000_000), places=2)


def loan(**changes: Any) -> Terms:
    fields: dict[str, Any] = {"principal": Decimal(10_000), "rate": Decimal("0.12"), "start": START, "count": 12}
    return Terms(**(fields | changes))


@st.composite
def any_terms(draw: st.DrawFn) -> Terms:
    count = draw(st.integers(1, 36))
    flat = draw(st.booleans())
    terms = {
        "principal": draw(MONEY),
        "rate": draw(st.decimals(Decimal(0), Decimal("0.48"), places=4)),
        "start": draw(st.dates(Day(2019, 1, 1), Day(2026, 12, 31))),
        "count": count,
        "unit": draw(st.sampled_from(Unit)),
        "every": draw(st.integers(1, 3)),
        "interest": Interest.FLAT if flat else Interest.DECLINING,
        "amortisation": draw(st.sampled_from(Amortisation)),
        "percentage": Decimal("0.05"),
        "day_count": draw(st.sampled_from(DayCount)),
        "accrual": draw(st.sampled_from(Accrual)),
        "annuity": draw(st.sampled_from(Annuity)),
        "principal_grace": draw(st.integers(0, count - 1)),
        "interest_grace": draw(st.integers(0, count - 1)),
        "interest_free": draw(st.integers(0, count)),
        "down_payment": draw(st.sampled_from([Decimal(0), Decimal("0.25")])),
        "even_out": draw(st.booleans()),
        "round_stretches": draw(st.booleans()),
        "move": draw(st.sampled_from(Move)),
        "rounding": Rounding(2, draw(st.sampled_from(Mode)), Decimal(draw(st.sampled_from([0, 1, 5])))),
    }
    return Terms(**terms)


@given(any_terms())
@settings(max_examples=150, deadline=None)
def test_everything_comes_back(terms: Terms) -> None:
    rows = schedule(terms)
    assert sum(row.principal for row in rows) == terms.amount
    assert rows[-1].balance == 0
    assert all(row.principal >= 0 and row.interest >= 0 and row.balance >= 0 for row in rows)
    assert all(a.balance >= b.balance and a.due <= b.due for a, b in pairwise(rows))


@given(any_terms(), st.decimals(Decimal("0.001"), Decimal("0.2"), places=3))
@settings(max_examples=60, deadline=None)
def test_a_higher_rate_never_costs_less(terms: Terms, more: Decimal) -> None:
    def cost(rate: Decimal) -> Decimal:
        return sum((row.interest for row in schedule(replace(terms, rate=rate))), Decimal(0))

    # each instalment may be rounded by a multiple: what is repaid sooner saves interest
    slack = terms.count * (max(terms.rounding.multiple, Decimal("0.01")))
    assert cost(terms.rate + more) >= cost(terms.rate) - slack


def test_equal_instalments_are_equal_but_for_the_last() -> None:
    rows = schedule(loan())
    assert len({row.total for row in rows[:-1]}) == 1
    assert abs(rows[-1].total - rows[0].total) < Decimal("0.12")


def test_days_of_month_ends() -> None:
    assert [row.due.day for row in schedule(loan(count=4))] == [29, 31, 30, 31]
    assert schedule(loan(count=2, first_due=Day(2024, 3, 15)))[1].due == Day(2024, 4, 15)


@pytest.mark.parametrize(
    ("move", "due"),
    [
        (Move.NONE, Day(2024, 3, 31)),
        (Move.FOLLOWING, Day(2024, 4, 1)),
        (Move.MODIFIED_FOLLOWING, Day(2024, 3, 29)),
        (Move.PRECEDING, Day(2024, 3, 29)),
    ],
)
def test_a_due_day_without_work_moves(move: Move, due: Day) -> None:
    """31 March 2024 is a Sunday."""
    assert schedule(loan(move=move))[1].due == due


def test_holidays_and_worked_weekends() -> None:
    calendar = Calendar(holidays=frozenset({Day(2024, 10, 1)}), worked=frozenset({Day(2024, 9, 29)}))
    assert calendar.move(Day(2024, 9, 29), Move.FOLLOWING) == Day(2024, 9, 29)
    assert calendar.move(Day(2024, 10, 1), Move.FOLLOWING) == Day(2024, 10, 2)
    with pytest.raises(ValueError, match="no working day"):
        Calendar(weekend=frozenset(range(7))).move(START, Move.FOLLOWING)


def test_interest_may_stay_when_the_day_moves() -> None:
    moved = schedule(loan(move=Move.FOLLOWING))[1]
    stays = schedule(loan(move=Move.FOLLOWING, interest_follows=False))[1]
    assert moved.due == stays.due
    assert moved.interest > stays.interest


def test_graces() -> None:
    rows = schedule(loan(principal_grace=2, interest_grace=2, rate=Decimal("0.1"), accrual=Accrual.PERIOD))
    assert [row.total for row in rows[:2]] == [Decimal(0), Decimal(0)]
    assert rows[2].interest == 3 * Decimal("83.33")
    free = schedule(loan(interest_free=3))
    assert [row.interest for row in free[:3]] == [0, 0, 0]
    assert sum(row.interest for row in free) < sum(row.interest for row in schedule(loan()))


def test_bullet_and_balloon() -> None:
    bullet = schedule(loan(amortisation=Amortisation.BULLET, accrual=Accrual.PERIOD))
    assert [row.total for row in bullet] == [Decimal(100)] * 11 + [Decimal(10_100)]
    balloon = schedule(loan(balloon=Decimal(4_000)))
    assert abs(balloon[-1].total - 4_000 - balloon[0].total) < Decimal("0.12")
    assert balloon[-2].balance >= 4_000
    equal = schedule(loan(amortisation=Amortisation.EQUAL_PRINCIPAL, balloon=Decimal(4_000)))
    assert [row.principal for row in equal] == [Decimal(500)] * 11 + [Decimal(4_500)]


def test_several_payments_of_the_lender() -> None:
    terms = loan(tranches=(Tranche(Day(2024, 4, 30), Decimal(5_000)), Tranche(Day(2024, 3, 10), Decimal(500))))
    rows = schedule(terms)
    assert sum(row.principal for row in rows) == 15_500
    # the day after which each is known
    assert rows[0].total < rows[1].total < rows[3].total
    assert rows[1].total == rows[2].total


def test_a_changed_rate() -> None:
    rows = schedule(loan(rate_changes=(RateChange(Day(2024, 7, 1), Decimal("0.06")),)))
    assert rows[4].total == rows[0].total == schedule(loan())[0].total
    assert rows[6].total < rows[0].total
    assert rows[5].interest < schedule(loan())[5].interest


def test_a_fixed_instalment_that_is_too_small_or_large() -> None:
    small = schedule(loan(instalment=Decimal(50), accrual=Accrual.PERIOD))
    assert small[-1].principal == 10_000
    large = schedule(loan(instalment=Decimal(3_000)))
    assert len(large) == 4
    assert large[-1].balance == 0


def test_due_days_that_move_in_the_middle() -> None:
    moved = loan(start=Day(2024, 1, 1), shifts=(Shift(3, Day(2024, 4, 15)), Shift(6, Day(2024, 7, 31))))
    rows = schedule(moved)
    assert [row.due.isoformat()[5:] for row in rows[:8]] == [
        "02-01", "03-01", "04-15", "05-15", "06-15", "07-31", "08-31", "09-30",
    ]  # fmt: skip
    # day by day a longer period earns more
    assert rows[2].interest > schedule(loan(start=Day(2024, 1, 1)))[2].interest
    assert sum(row.principal for row in rows) == 10_000


def test_rounding_modes() -> None:
    tie = Decimal("0.125")
    got = {mode: Rounding(2, mode).money(tie) for mode in Mode}
    assert {got[mode] for mode in (Mode.HALF_UP, Mode.UP, Mode.CEILING)} == {Decimal("0.13")}
    assert {got[mode] for mode in (Mode.HALF_EVEN, Mode.HALF_DOWN, Mode.DOWN, Mode.FLOOR)} == {Decimal("0.12")}
    assert Rounding(0).money(Decimal("2.5")) == 2
    assert Rounding(2, Mode.UP, Decimal(5)).instalment(Decimal("101.01")) == 105


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"principal": Decimal(0)}, "more than nothing"),
        ({"rate": Decimal(-1)}, "negative"),
        ({"count": 0}, "1 to"),
        ({"every": 0}, "one unit apart"),
        ({"principal_grace": 12}, "must repay principal"),
        ({"interest_grace": 12}, "must carry interest"),
        ({"interest_free": 13}, "longer than the loan"),
        ({"first_due": START}, "after the start"),
        ({"balloon": Decimal(10_001)}, "balloon"),
        ({"down_payment": Decimal(1)}, "share below one"),
        ({"tranches": (Tranche(Day(2024, 5, 1), Decimal(0)),)}, "tranche must be more"),
        ({"tranches": (Tranche(Day(2023, 5, 1), Decimal(1)),)}, "before the start"),
        ({"tranches": (Tranche(Day(2025, 5, 1), Decimal(1)),)}, "after the end"),
        ({"shifts": (Shift(13, Day(2025, 5, 1)),)}, "between its neighbours"),
        ({"shifts": (Shift(3, Day(2024, 3, 31)),)}, "between its neighbours"),
        ({"interest": Interest.FLAT, "tranches": (Tranche(Day(2024, 5, 1), Decimal(1)),)}, "flat interest"),
        ({"amortisation": Amortisation.FIXED_PERCENTAGE}, "fixed principal percentage"),
    ],
)
def test_terms_that_contradict_themselves(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        loan(**changes)
