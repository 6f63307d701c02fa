"""Instalments by whole numbers are those of the loan engine, to the cent; the cost of a year is never rounded down."""

from __future__ import annotations

import datetime
from decimal import ROUND_CEILING, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bank.centres import loan_books
from bank.credit.affordability import METHODS, affordable, annual_cost, instalments, payment, terms
from bank.loans.apr import Flow, eu_apr
from bank.loans.schedule import schedule

AMOUNTS = st.integers(1, 50_000_000) | st.integers(1, 500).map(lambda thousands: thousands * 100_000)
RATES = st.sampled_from((0, 1, 420, 480, 540, 630, 740, 2_400)) | st.integers(0, 10_000)
COUNTS = st.sampled_from((1, 2, 6, 12, 24, 36, 60))
KINDS = st.sampled_from(sorted(METHODS))
DAYS = st.dates(datetime.date(2024, 1, 1), datetime.date(2030, 12, 31))


@settings(max_examples=150, deadline=None)
@given(AMOUNTS, RATES, COUNTS, KINDS, DAYS)
def test_the_same_instalments_as_the_engines(
    amount: int, rate: int, count: int, method: str, day: datetime.date
) -> None:
    rows = schedule(terms(amount, rate, count, day, method))
    found = instalments(amount, rate, count, method)
    assert found == tuple((int(row.principal * 100), int(row.interest * 100)) for row in rows)
    assert sum(principal for principal, _ in found) == amount


@settings(max_examples=40, deadline=None)
@given(AMOUNTS.filter(lambda amount: amount > 100_000), RATES, COUNTS, KINDS, DAYS)
def test_the_same_cost_as_the_directives(amount: int, rate: int, count: int, method: str, day: datetime.date) -> None:
    rows = schedule(terms(amount, rate, count, day, method))
    exact = eu_apr([Flow(day, Decimal(amount) / 100)], [Flow(row.due, row.total) for row in rows])
    assert annual_cost(amount, rate, count, method) == (exact * 10_000).to_integral_value(ROUND_CEILING)


def test_what_is_decided_is_what_is_offered_and_signed() -> None:
    day = datetime.date(2026, 11, 26)
    assert terms(5_000_000, 480, 12, day, "equal_instalments") == loan_books.terms_of(
        5_000_000, 480, 12, day, "equal_instalments"
    )
    assert sum(instalments(5_000_000, 480, 12, "equal_instalments")[0]) == 427_579
    # the last one takes what rounding left
    assert payment(5_000_000, 480, 12, "equal_instalments") == 427_583
    # a month's compound interest makes 4.91 % of 4.80 %
    assert annual_cost(5_000_000, 480, 12, "equal_instalments") == 491


@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize("carried", [0, 9_000, 100_000, 427_000, 10_000_000])
def test_what_is_affordable_can_be_carried_and_one_step_more_cannot(method: str, carried: int) -> None:
    kind = (630, 12, method)
    found = affordable(5_000_000, carried, *kind, step=100_000, least=100_000)
    assert found == 0 or payment(found, *kind) <= carried
    if found < 5_000_000:
        assert found % 100_000 == 0
        assert payment(max(found, 0) + 100_000, *kind) > carried
    assert affordable(5_000_000, carried, *kind, step=100_000, least=found + 1) == 0
