"""Annual percentage rates: every example of Regulation Z's Appendix J (c), and of the European directives."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from bank.loans.apr import Flow, Interval, UnitPeriod, eu_apr, single_payment, unit_periods, us_apr, years
from bank.loans.working_days import add_months

Day = datetime.date
MONTH = UnitPeriod(months=1)


def lent(on: Day, amount: int) -> list[Flow]:
    return [Flow(on, Decimal(amount))]


def monthly(first: Day, count: int, amount: str, step: int = 1) -> list[Flow]:
    return [Flow(add_months(first, step * number), Decimal(amount)) for number in range(count)]


def daily(first: Day, count: int, amount: str, days: int) -> list[Flow]:
    return [Flow(first + datetime.timedelta(days=days * number), Decimal(amount)) for number in range(count)]


def twice_a_month(count: int, amount: str) -> list[Flow]:
    """On the 1st and the 16th, from 1 March 1978."""
    return [
        Flow(add_months(Day(1978, 3, 1 if number % 2 == 0 else 16), number // 2), Decimal(amount))
        for number in range(count)
    ]


APPENDIX_J = {
    "(c)(1)(i) regular": ("9.69", lent(Day(1978, 1, 10), 5_000), monthly(Day(1978, 2, 10), 24, "230"), MONTH),
    "(c)(1)(ii) long first": ("11.82", lent(Day(1978, 2, 10), 6_000), monthly(Day(1978, 4, 1), 36, "200"), MONTH),
    "(c)(1)(iii) twice a month": (
        "10.34", lent(Day(1978, 2, 23), 5_000), twice_a_month(24, "219.17"), UnitPeriod(half_month=True)),
    "(c)(1)(iv) quarterly": (
        "8.97", lent(Day(1978, 5, 23), 10_000), monthly(Day(1978, 10, 1), 40, "385", 3), UnitPeriod(months=3)),
    "(c)(1)(v) weekly": (
        "14.96", lent(Day(1978, 3, 20), 500), daily(Day(1978, 4, 21), 30, "17.60", 7), UnitPeriod(days=7)),
    "(c)(2)(i) first payment irregular": (
        "10.08", lent(Day(1978, 1, 10), 5_000),
        [*monthly(Day(1978, 2, 10), 1, "250"), *monthly(Day(1978, 3, 10), 23, "230")], MONTH),
    "(c)(2)(ii) every four weeks": (
        "28.50", lent(Day(1978, 3, 18), 400),
        [*daily(Day(1978, 4, 20), 1, "39.50", 1), *daily(Day(1978, 5, 18), 11, "38.31", 28)], UnitPeriod(days=28)),
    "(c)(3)(i) last payment irregular": (
        "10.50", lent(Day(1978, 1, 10), 5_000),
        [*monthly(Day(1978, 2, 10), 23, "230"), *monthly(Day(1980, 1, 10), 1, "280")], MONTH),
    "(c)(3)(ii) every two weeks": (
        "12.22", lent(Day(1978, 4, 3), 200),
        [*daily(Day(1978, 4, 11), 19, "9.50", 14), *daily(Day(1979, 1, 2), 1, "30", 1)], UnitPeriod(days=14)),
    "(c)(4)(i) first and last irregular": (
        "10.90", lent(Day(1978, 1, 10), 5_000),
        [*monthly(Day(1978, 2, 10), 1, "250"), *monthly(Day(1978, 3, 10), 22, "230"),
         *monthly(Day(1980, 1, 10), 1, "280")], MONTH),
    "(c)(4)(ii) every two months": (
        "7.30", lent(Day(1978, 1, 10), 8_000),
        [*monthly(Day(1978, 3, 1), 1, "449.36"), *monthly(Day(1978, 5, 1), 18, "465", 2),
         *monthly(Day(1981, 5, 1), 1, "200")], UnitPeriod(months=2)),
    "(c)(5)(i) single payment": (
        "11.45", lent(Day(1978, 1, 3), 1_000), monthly(Day(1978, 9, 15), 1, "1080"),
        single_payment(Day(1978, 1, 3), Day(1978, 9, 15))),
}  # fmt: skip


@pytest.mark.parametrize("name", APPENDIX_J)
def test_appendix_j(name: str) -> None:
    want, advances, payments, unit = APPENDIX_J[name]
    # examples give two digits: (c)(3)(ii) is 12.2246…, cut by the official table
    assert abs(us_apr(advances, payments, unit) * 100 - Decimal(want)) < Decimal("0.0051")


#: Directive 98/7/EC, Annex III: A by the calendar, B by equal months; 2008/48/EC has the same equation, no examples
EUROPE = {
    "A1": ("12.96", Interval.CALENDAR, 1_000, monthly(Day(1995, 7, 1), 1, "1200")),
    "A2": ("16.9", Interval.CALENDAR, 950, monthly(Day(1995, 7, 1), 1, "1200")),
    "A3": ("13.07", Interval.CALENDAR, 1_000, monthly(Day(1995, 1, 1), 2, "600", 12)),
    "A4": ("13.23", Interval.CALENDAR, 1_000,
           [*monthly(Day(1994, 4, 1), 2, "272", 3), *monthly(Day(1995, 1, 1), 1, "544")]),
    "B1": ("12.92", Interval.PERIODS, 1_000, monthly(Day(1995, 7, 1), 1, "1200")),
    "B2": ("16.85", Interval.PERIODS, 950, monthly(Day(1995, 7, 1), 1, "1200")),
    "B3": ("13.07", Interval.PERIODS, 1_000, monthly(Day(1995, 1, 1), 2, "600", 12)),
    "B4": ("13.19", Interval.PERIODS, 1_000,
           [*monthly(Day(1994, 4, 1), 2, "272", 3), *monthly(Day(1995, 1, 1), 1, "544")]),
}  # fmt: skip


@pytest.mark.parametrize("name", EUROPE)
def test_european_examples(name: str) -> None:
    want, interval, amount, payments = EUROPE[name]
    digits = Decimal(want)
    assert (eu_apr(lent(Day(1994, 1, 1), amount), payments, interval) * 100).quantize(digits) == digits


def test_a_loan_without_cost_has_no_rate() -> None:
    free = monthly(Day(2024, 2, 1), 10, "100")
    assert us_apr(lent(Day(2024, 1, 1), 1_000), free, MONTH) < Decimal("1e-12")
    assert eu_apr(lent(Day(2024, 1, 1), 1_000), free) < Decimal("1e-12")


def test_what_has_no_rate() -> None:
    with pytest.raises(ValueError, match="less is paid"):
        eu_apr(lent(Day(2024, 1, 1), 1_000), monthly(Day(2024, 2, 1), 1, "900"))
    with pytest.raises(ValueError, match="out of all bounds"):
        eu_apr(lent(Day(2024, 1, 1), 1), daily(Day(2024, 1, 2), 1, "10000", 1))


def test_time_is_counted_back_from_the_payment() -> None:
    assert unit_periods(Day(1978, 2, 10), Day(1978, 4, 1), MONTH) == (1, Fraction(19, 30))
    assert years(Day(2024, 1, 15), Day(2024, 2, 5), Interval.PERIODS) * 52 == 3
    assert unit_periods(Day(2024, 1, 31), Day(2024, 2, 29), MONTH) == (1, Fraction(0))
