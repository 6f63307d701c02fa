"""Schedules computed a second time, another way: closed formulas, and the rate that brings a loan back to nothing."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bank.loans.apr import Flow, Interval, UnitPeriod, eu_apr, us_apr
from bank.loans.daycount import DayCount, fraction
from bank.loans.rounding import Rounding
from bank.loans.schedule import schedule
from bank.loans.terms import Accrual, Amortisation, Interest, Terms, Tranche, Unit

Day = datetime.date
#: so many digits that rounding does not show
FINE = Rounding(digits=12)
STARTS = st.dates(Day(2019, 1, 1), Day(2026, 12, 31)).filter(lambda day: day.day <= 28)
RATES = st.decimals(Decimal("0.001"), Decimal("0.48"), places=4)


@given(RATES, st.integers(1, 120), st.sampled_from([1, 3, 6]), st.decimals(Decimal(0), Decimal(5_000), places=2))
@settings(max_examples=30, deadline=None)
def test_the_level_instalment_is_that_of_the_formula(rate: Decimal, count: int, every: int, balloon: Decimal) -> None:
    """P i / (1 - (1+i)^-n), of what the balloon leaves."""
    terms = Terms(
        principal=Decimal(10_000), rate=rate, start=Day(2024, 1, 15), count=count, every=every, balloon=balloon,
        accrual=Accrual.PERIOD, rounding=FINE,
    )  # fmt: skip
    per = float(rate) * every / 12
    left = 10_000 - float(balloon) * (1 + per) ** -count
    level = left * per / -math.expm1(-count * math.log1p(per))
    for row in schedule(terms)[:-1]:
        assert float(row.total) == pytest.approx(level, rel=1e-9)
    assert float(schedule(terms)[-1].total) == pytest.approx(level + float(balloon), rel=1e-7)


@given(RATES, st.integers(1, 60), STARTS, st.sampled_from(Amortisation))
@settings(max_examples=30, deadline=None)
def test_a_loan_without_costs_has_its_own_rate(
    rate: Decimal, count: int, start: Day, amortisation: Amortisation
) -> None:
    """By Appendix J the nominal one, by the directive the effective one; however it is repaid."""
    terms = Terms(
        principal=Decimal(10_000), rate=rate, start=start, count=count, accrual=Accrual.PERIOD, rounding=FINE,
        amortisation=amortisation, percentage=Decimal("0.02"),
    )  # fmt: skip
    lent = [Flow(start, terms.principal)]
    paid = [Flow(row.due, row.total) for row in schedule(terms)]
    assert float(us_apr(lent, paid, UnitPeriod(months=1))) == pytest.approx(float(rate), abs=1e-9)
    assert float(eu_apr(lent, paid)) == pytest.approx((1 + float(rate) / 12) ** 12 - 1, abs=1e-9)


@given(RATES, st.integers(1, 24), STARTS, st.integers(1, 300), st.sampled_from(sorted(set(DayCount))), st.booleans())
@settings(max_examples=30, deadline=None)
def test_every_period_earns_what_its_days_are(
    rate: Decimal, count: int, start: Day, later: int, convention: DayCount, twice: bool
) -> None:
    """The balance carried by hand: interest by the day count, less what is paid, ends at nothing."""
    assume(convention is not DayCount.ACTUAL_ACTUAL_ICMA)  # it counts in regular periods: see test_daycount
    more = start + datetime.timedelta(days=later)
    last = start + datetime.timedelta(days=30 * count - 5)
    tranches = (Tranche(more, Decimal(2_500)),) if twice and more < last else ()
    terms = Terms(
        principal=Decimal(10_000), rate=rate, start=start, count=count, unit=Unit.DAYS, every=30, tranches=tranches,
        day_count=convention, rounding=FINE,
    )  # fmt: skip
    balance, at = Fraction(10_000), start
    maturity = start + datetime.timedelta(days=30 * count)
    for row in schedule(terms):
        interest, since = Fraction(0), at
        for tranche in tranches:
            if at <= tranche.on < row.due:
                interest += balance * Fraction(rate) * fraction(convention, since, tranche.on, maturity=maturity)
                balance, since = balance + Fraction(tranche.amount), tranche.on
        interest += balance * Fraction(rate) * fraction(convention, since, row.due, maturity=maturity)
        assert float(row.interest) == pytest.approx(float(interest), abs=1e-6)
        balance += interest - Fraction(row.total)
        at = row.due
    assert float(balance) == pytest.approx(0, abs=1e-6)


@given(RATES, st.integers(1, 60))
@settings(max_examples=20, deadline=None)
def test_flat_interest_is_of_the_whole_time(rate: Decimal, count: int) -> None:
    terms = Terms(
        principal=Decimal(12_000), rate=rate, start=Day(2024, 2, 1), count=count, interest=Interest.FLAT,
        accrual=Accrual.PERIOD,
    )  # fmt: skip
    rows = schedule(terms)
    assert float(sum(row.interest for row in rows)) == pytest.approx(12_000 * float(rate) * count / 12, abs=0.0051)
    # it costs about twice what the rate says: the money is lent for half the time on average
    if count > 6:
        paid = [Flow(row.due, row.total) for row in rows]
        assert us_apr([Flow(terms.start, terms.amount)], paid, UnitPeriod(months=1)) > rate


@given(RATES, st.integers(2, 40), STARTS)
@settings(max_examples=20, deadline=None)
def test_a_fee_makes_every_rate_higher(rate: Decimal, count: int, start: Day) -> None:
    terms = Terms(principal=Decimal(10_000), rate=rate, start=start, count=count, accrual=Accrual.PERIOD)
    paid = [Flow(row.due, row.total) for row in schedule(terms)]
    for interval in Interval:
        free = eu_apr([Flow(start, Decimal(10_000))], paid, interval)
        assert eu_apr([Flow(start, Decimal(9_900))], paid, interval) > free
