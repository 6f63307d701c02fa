"""Day counts against the examples of ISDA's papers."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank.loans.daycount import DayCount, Period, days_30, days_of_year, fraction, of_days
from bank.loans.schedule import schedule
from bank.loans.terms import Amortisation, Terms, Unit

Day = datetime.date
day = datetime.date.fromisoformat
DAYS = st.dates(Day(1990, 1, 1), Day(2060, 12, 31))

#: ISDA's worked examples of 30/360 (2008), as QuantLib's tests have them (BSD-like licence; its daycounters.cpp, the
#: numbers only): start, end; days by the bond basis, by US rules, by 30E. None: the examples do not say.
THIRTY: list[tuple[str, str, int | None, int | None, int | None]] = [
    ("2006-08-20", "2007-02-20", 180, 180, 180),
    ("2007-02-20", "2007-08-20", 180, 180, 180),
    ("2007-08-20", "2008-02-20", 180, 180, 180),
    ("2008-02-20", "2008-08-20", 180, 180, 180),
    ("2008-08-20", "2009-02-20", 180, 180, 180),
    ("2009-02-20", "2009-08-20", 180, 180, 180),
    ("2006-08-31", "2007-02-28", 178, 178, 178),
    ("2007-02-28", "2007-08-31", 183, 180, 182),
    ("2007-08-31", "2008-02-29", 179, 179, 179),
    ("2008-02-29", "2008-08-31", 182, 180, 181),
    ("2008-08-31", "2009-02-28", 178, 178, 178),
    ("2009-02-28", "2009-08-31", 183, 180, 182),
    ("2006-01-31", "2006-02-28", 28, 28, 28),
    ("2006-01-30", "2006-02-28", 28, 28, 28),
    ("2006-02-28", "2006-03-03", 5, 3, 5),
    ("2006-02-14", "2006-02-28", 14, 14, 14),
    ("2006-09-30", "2006-10-31", 30, 30, 30),
    ("2006-10-31", "2006-11-28", 28, 28, 28),
    ("2007-08-31", "2008-02-28", 178, 178, 178),
    ("2008-02-28", "2008-08-28", 180, 180, 180),
    ("2008-02-28", "2008-08-30", 182, 182, 182),
    ("2008-02-28", "2008-08-31", 183, 183, 182),
    ("2007-02-26", "2008-02-28", 362, 362, 362),
    ("2007-02-26", "2008-02-29", 363, 363, 363),
    ("2008-02-29", "2009-02-28", 359, 360, 359),
    ("2008-02-28", "2008-03-30", 32, 32, 32),
    ("2008-02-28", "2008-03-31", 33, 33, 32),
    ("2006-02-28", "2006-08-31", None, None, 182),
    ("2009-08-31", "2010-02-28", None, None, 178),
    ("2010-02-28", "2010-08-31", None, None, 182),
    ("2010-08-31", "2011-02-28", None, None, 178),
    ("2011-02-28", "2011-08-31", None, None, 182),
    ("2011-08-31", "2012-02-29", None, None, 179),
]


@pytest.mark.parametrize(("start", "end", "bond", "us", "e"), THIRTY)
def test_months_of_thirty_days(start: str, end: str, bond: int | None, us: int | None, e: int | None) -> None:
    for convention, want in (
        (DayCount.THIRTY_360, bond),
        (DayCount.THIRTY_360_US, us),
        (DayCount.THIRTY_E_360, e),
    ):
        assert want in (None, days_30(convention, day(start), day(end))), convention


#: the same for 30E/360 (ISDA), by the day of maturity
THIRTY_E_ISDA = {
    "2009-08-20": [
        ("2006-08-20", "2007-02-20", 180),
        ("2007-02-20", "2007-08-20", 180),
        ("2007-08-20", "2008-02-20", 180),
        ("2008-02-20", "2008-08-20", 180),
        ("2008-08-20", "2009-02-20", 180),
        ("2009-02-20", "2009-08-20", 180),
    ],
    "2012-02-29": [
        ("2006-02-28", "2006-08-31", 180),
        ("2006-08-31", "2007-02-28", 180),
        ("2007-02-28", "2007-08-31", 180),
        ("2007-08-31", "2008-02-29", 180),
        ("2008-02-29", "2008-08-31", 180),
        ("2008-08-31", "2009-02-28", 180),
        ("2009-02-28", "2009-08-31", 180),
        ("2009-08-31", "2010-02-28", 180),
        ("2010-02-28", "2010-08-31", 180),
        ("2010-08-31", "2011-02-28", 180),
        ("2011-02-28", "2011-08-31", 180),
        ("2011-08-31", "2012-02-29", 179),
    ],
    "2008-02-29": [
        ("2006-01-31", "2006-02-28", 30),
        ("2006-01-30", "2006-02-28", 30),
        ("2006-02-28", "2006-03-03", 3),
        ("2006-02-14", "2006-02-28", 16),
        ("2006-09-30", "2006-10-31", 30),
        ("2006-10-31", "2006-11-28", 28),
        ("2007-08-31", "2008-02-28", 178),
        ("2008-02-28", "2008-08-28", 180),
        ("2008-02-28", "2008-08-30", 182),
        ("2008-02-28", "2008-08-31", 182),
        ("2007-02-28", "2008-02-28", 358),
        ("2007-02-28", "2008-02-29", 359),
        ("2008-02-29", "2009-02-28", 360),
        ("2008-02-29", "2008-03-30", 30),
        ("2008-02-29", "2008-03-31", 30),
    ],
}


@pytest.mark.parametrize("maturity", THIRTY_E_ISDA)
def test_months_of_thirty_days_by_isda(maturity: str) -> None:
    for start, end, want in THIRTY_E_ISDA[maturity]:
        assert days_30(DayCount.THIRTY_E_360_ISDA, day(start), day(end), day(maturity)) == want, (start, end)


#: ISDA, "EMU and market conventions: recent developments" (1998), as QuantLib's tests have its examples: days; by ISDA;
#: ICMA's period, number a year; by ICMA. (QuantLib notes that the paper has another ISDA fraction in the last row: this
#: is what the definition says, 170 days of 365 and 14 of 366.)
ACTUAL = [
    ("2003-11-01", "2004-05-01", 0.497724380567, ("2003-11-01", "2004-05-01"), 2, 0.5),
    ("1999-02-01", "1999-07-01", 0.410958904110, ("1998-07-01", "1999-07-01"), 1, 0.410958904110),
    ("1999-07-01", "2000-07-01", 1.001377348600, ("1999-07-01", "2000-07-01"), 1, 1.0),
    ("1999-07-30", "2000-01-30", 0.503892506924, ("1999-07-30", "2000-01-30"), 2, 0.5),
    ("2000-01-30", "2000-06-30", 0.415300546448, ("2000-01-30", "2000-07-30"), 2, 0.417582417582),
    ("2003-07-15", "2004-01-15", 0.504004790778, ("2003-07-15", "2004-01-15"), 2, 0.5),
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
    by_isda = fraction(DayCount.ACTUAL_ACTUAL_ISDA, day("2002-08-15"), two.end)
    assert round(float(by_isda), 12) == 0.915068493151


def test_a_loan_with_a_long_first_period_by_icma() -> None:
    """The paper's long first period as a loan's, and the end of a month that QuantLib tests with a schedule."""
    loan = Terms(
        principal=Decimal(1_000_000), rate=Decimal(1), unit=Unit.MONTHS, every=6, count=2, start=day("2002-08-15"),
        first_due=day("2003-07-15"), day_count=DayCount.ACTUAL_ACTUAL_ICMA, amortisation=Amortisation.BULLET,
    )  # fmt: skip
    assert [row.interest for row in schedule(loan)] == [Decimal("915760.87"), Decimal("500000.00")]
    canada = replace(loan, start=day("2017-01-17"), first_due=day("2017-08-31"))
    assert schedule(canada)[0].interest == Decimal("616022.10")
    short = replace(loan, start=day("2003-02-15"), first_due=day("2003-07-15"))
    assert schedule(short)[0].interest == Decimal("414364.64")  # 150 of 181 days, half a year


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


@given(start=DAYS, convention=st.sampled_from(DayCount))
def test_single_days_all_count(start: Day, convention: DayCount) -> None:
    """Outside of periods no day is nothing, and a year of them is one by the days that it has."""
    end = start + datetime.timedelta(days=365)
    days = [start + datetime.timedelta(days=number) for number in range((end - start).days)]
    parts = [fraction(of_days(convention), one, one + datetime.timedelta(days=1)) for one in days]
    assert all(Fraction(1, 367) < part <= Fraction(1, 360) for part in parts)
    if of_days(convention) is convention:
        assert sum(parts) == fraction(convention, start, end)
