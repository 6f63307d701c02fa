"""Instalments by whole numbers are those of the loan engine, to the cent; the cost of a year is never rounded down."""

from __future__ import annotations

import datetime
from decimal import ROUND_CEILING, Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bank.centres import loan_books, products
from bank.credit.affordability import METHODS, Conditions, affordable, annual_cost, instalments, payment, terms
from bank.loans.apr import Flow, eu_apr
from bank.loans.daycount import DayCount
from bank.loans.schedule import schedule
from bank.loans.terms import Accrual

AMOUNTS = st.integers(1, 50_000_000) | st.integers(1, 500).map(lambda thousands: thousands * 100_000)
CONDITIONS = st.builds(
    Conditions,
    st.sampled_from((0, 1, 420, 480, 540, 630, 740, 2_400)) | st.integers(0, 10_000),
    st.sampled_from((1, 2, 6, 12, 24, 36, 60)),
    st.dates(datetime.date(2024, 1, 1), datetime.date(2030, 12, 31)),
    st.sampled_from(sorted(METHODS)),
    # those whose months are alike do not go through the engine: half of all
    st.just(DayCount.THIRTY_360) | st.sampled_from(DayCount),
)
YEAR = Conditions(480, 12, datetime.date(2026, 11, 26))


@settings(max_examples=150, deadline=None)
@given(AMOUNTS, CONDITIONS)
def test_the_same_instalments_as_the_engines(amount: int, on: Conditions) -> None:
    rows = schedule(terms(amount, on))
    found = instalments(amount, on)
    assert found == tuple((int(row.principal * 100), int(row.interest * 100)) for row in rows)
    assert sum(principal for principal, _ in found) == amount


@settings(max_examples=40, deadline=None)
@given(AMOUNTS.filter(lambda amount: amount > 100_000), CONDITIONS)
def test_the_same_cost_as_the_directives(amount: int, on: Conditions) -> None:
    rows = schedule(terms(amount, on))
    exact = eu_apr([Flow(on.start, Decimal(amount) / 100)], [Flow(row.due, row.total) for row in rows])
    assert annual_cost(amount, on) == (exact * 10_000).to_integral_value(ROUND_CEILING)


def test_what_is_decided_is_what_is_offered_and_signed() -> None:
    shop = products.FIRST["SHOP"]
    assert isinstance(shop, products.Loan)
    assert terms(5_000_000, YEAR) == loan_books.terms_of(shop, 5_000_000, 480, 12, YEAR.start)
    assert sum(instalments(5_000_000, YEAR)[0]) == 427_579
    # the last one takes what rounding left
    assert payment(5_000_000, YEAR) == 427_583
    # a month's compound interest makes 4.91 % of 4.80 %
    assert annual_cost(5_000_000, YEAR) == 491


@pytest.mark.parametrize("day_count", DayCount)
def test_what_a_product_says_is_what_the_engine_is_told(day_count: DayCount) -> None:
    shop = msgspec.structs.replace(products.FIRST["SHOP"], day_count=day_count, method="bullet")
    assert isinstance(shop, products.Loan)
    told = loan_books.terms_of(shop, 5_000_000, 480, 12, YEAR.start)
    assert (told.day_count, told.amortisation.value) == (day_count, "bullet")
    assert (told.accrual is Accrual.PERIOD) == (day_count is DayCount.THIRTY_360)


def test_days_cost_what_they_are() -> None:
    """Interest alone, of 50,000.00 at 4.80 % for 365 days, the first month with 30 and the last with 31."""
    bullet = msgspec.structs.replace(YEAR, method="bullet")
    found = {
        day_count.value: instalments(5_000_000, msgspec.structs.replace(bullet, day_count=day_count))
        for day_count in DayCount
    }
    firsts = {name: rows[0][1] for name, rows in found.items()}
    assert firsts["30/360"] == firsts["30E/360"] == firsts["act/act ICMA"] == firsts["act/360"] == 20_000
    assert (firsts["act/364"], firsts["act/365F"], firsts["act/act ISDA"]) == (19_780, 19_726, 19_726)
    lasts = {name: rows[-1][1] for name, rows in found.items()}
    assert (lasts["30/360"], lasts["act/360"], lasts["act/365F"]) == (20_000, 20_667, 20_384)
    # 365 days of a year of 360 are 4.87 %, and monthly interest makes 4.98 % of that
    costs = [
        annual_cost(5_000_000, msgspec.structs.replace(bullet, day_count=DayCount(name)))
        for name in ("30/360", "act/365F", "act/360")
    ]
    assert costs == [491, 491, 498]


@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize("carried", [0, 9_000, 100_000, 427_000, 10_000_000])
@pytest.mark.parametrize("day_count", [DayCount.THIRTY_360, DayCount.ACTUAL_360])
def test_what_is_affordable_can_be_carried_and_one_step_more_cannot(
    method: str, carried: int, day_count: DayCount
) -> None:
    on = msgspec.structs.replace(YEAR, rate_bp=630, method=method, day_count=day_count)
    found = affordable(5_000_000, carried, on, step=100_000, least=100_000)
    assert found == 0 or payment(found, on) <= carried
    if found < 5_000_000:
        assert found % 100_000 == 0
        assert payment(max(found, 0) + 100_000, on) > carried
    assert affordable(5_000_000, carried, on, step=100_000, least=found + 1) == 0
