"""Day counts against the examples of ISDA's papers."""

from __future__ import annotations

import datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank.loans.daycount import DayCount, Period, days_30, days_of_year, fraction

Day = datetime.date
day = datetime.date.fromisoformat
DAYS = st.dates(Day(1990, 1, 1), Day(2060, 12, 31))

#: start, end; days by the US bond basis with the end-of-February rule, by 30E, and by 30E (ISDA)
THIRTY = [
    ("2007-01-15", "2007-01-30", 15, 15, 15),
    ("2007-01-15", "2007-02-15", 30, 30, 30),
    ("2007-09-30", "2008-03-31", 180, 180, 180),
    ("2007-09-30", "2007-10-31", 30, 30, 30),
    ("2007-01-15", "2007-01-31", 16, 15, 15),
    ("2007-01-31", "2007-02-28", 28, 28, 30),
    ("2007-02-28", "2007-03-31", 30, 32, 30),
    ("2007-08-31", "2008-02-29", 179, 179, 180),
    ("2008-02-29", "2008-08-31", 180, 181, 180),
    ("2008-02-29", "2009-02-28", 360, 359, 360),
]


@pytest.mark.parametrize(("start", "end", "us", "e", "isda"), THIRTY)
def test_months_of_thirty_days(start: str, end: str, us: int, e: int, isda: int) -> None:
    got = [
        days_30(convention, day(start), day(end))
        for convention in (DayCount.THIRTY_360_US, DayCount.THIRTY_E_360, DayCount.THIRTY_E_360_ISDA)
    ]
    assert got == [us, e, isda]


def test_the_last_day_of_february_at_maturity_is_not_the_thirtieth() -> None:
    start, end = Day(2007, 8, 31), Day(2008, 2, 29)
    assert days_30(DayCount.THIRTY_E_360_ISDA, start, end, maturity=end) == 179


#: ISDA, "EMU and market conventions: recent developments" (1998): days; by ISDA; ICMA's period, number a year; by ICMA
ACTUAL = [
    ("2003-11-01", "2004-05-01", 0.497724380567, ("2003-11-01", "2004-05-01"), 2, 0.5),
    ("1999-02-01", "1999-07-01", 0.410958904110, ("1998-07-01", "1999-07-01"), 1, 0.410958904110),
    ("1999-07-01", "2000-07-01", 1.001377348600, ("1999-07-01", "2000-07-01"), 1, 1.0),
    ("1999-07-30", "2000-01-30", 0.503892506924, ("1999-07-30", "2000-01-30"), 2, 0.5),
    ("2000-01-30", "2000-06-30", 0.415300546448, ("2000-01-30", "2000-07-30"), 2, 0.417582417582),
]


@pytest.mark.parametrize(("start", "end", "isda", "period", "per_year", "icma"), ACTUAL)
def test_actual_actual(start: str, end: str, isda: float, period: tuple[str, str], per_year: int, icma: float) -> None:
    regular = Period(day(period[0]), day(period[1]), Fraction(per_year))
    assert float(fraction(DayCount.ACTUAL_ACTUAL_ISDA, day(start), day(end))) == pytest.approx(isda, abs=1e-11)
    got = fraction(DayCount.ACTUAL_ACTUAL_ICMA, day(start), day(end), period=regular)
    assert float(got) == pytest.approx(icma, abs=1e-11)


def test_a_long_first_period_by_icma_is_the_sum_of_its_regular_ones() -> None:
    one = Period(day("2002-07-15"), day("2003-01-15"), Fraction(2))
    two = Period(day("2003-01-15"), day("2003-07-15"), Fraction(2))
    first = fraction(DayCount.ACTUAL_ACTUAL_ICMA, day("2002-08-15"), one.end, period=one)
    second = fraction(DayCount.ACTUAL_ACTUAL_ICMA, two.start, two.end, period=two)
    assert round(float(first + second), 12) == 0.915760869565


def test_fixed_years() -> None:
    start, end = Day(2024, 1, 1), Day(2024, 7, 1)
    assert fraction(DayCount.ACTUAL_360, start, end) == Fraction(182, 360)
    assert fraction(DayCount.ACTUAL_364, start, end) == Fraction(1, 2)
    assert fraction(DayCount.ACTUAL_365_FIXED, start, end) == Fraction(182, 365)
    assert days_of_year(DayCount.THIRTY_E_360) == 360
    assert days_of_year(DayCount.ACTUAL_ACTUAL_ISDA) == 365


def test_fineracts_new_year_begins_a_day_early() -> None:
    start, end = Day(2023, 12, 12), Day(2024, 1, 12)
    assert fraction(DayCount.ACTUAL_ACTUAL_ISDA, start, end) == Fraction(20, 365) + Fraction(11, 366)
    assert fraction(DayCount.ACTUAL_ACTUAL_FINERACT, start, end) == Fraction(19, 365) + Fraction(12, 366)
    assert fraction(DayCount.ACTUAL_ACTUAL_FINERACT, Day(2023, 12, 31), Day(2024, 12, 30)) == Fraction(365, 366)


def test_what_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="backwards"):
        fraction(DayCount.ACTUAL_360, Day(2024, 2, 1), Day(2024, 1, 1))
    with pytest.raises(ValueError, match="regular period"):
        fraction(DayCount.ACTUAL_ACTUAL_ICMA, Day(2024, 1, 1), Day(2024, 2, 1))


@given(a=DAYS, b=DAYS, c=DAYS)
def test_actual_conventions_add_up(a: Day, b: Day, c: Day) -> None:
    a, b, c = sorted((a, b, c))
    for convention in (
        DayCount.ACTUAL_360, DayCount.ACTUAL_364, DayCount.ACTUAL_365_FIXED, DayCount.ACTUAL_ACTUAL_ISDA,
        DayCount.ACTUAL_ACTUAL_FINERACT,
    ):  # fmt: skip
        assert fraction(convention, a, b) + fraction(convention, b, c) == fraction(convention, a, c)


@given(a=DAYS, b=DAYS, c=DAYS)
def test_a_longer_time_is_never_less(a: Day, b: Day, c: Day) -> None:
    a, b, c = sorted((a, b, c))
    for convention in set(DayCount) - {DayCount.ACTUAL_ACTUAL_ICMA}:
        assert 0 <= fraction(convention, a, b) <= fraction(convention, a, c) + Fraction(3, 360)
