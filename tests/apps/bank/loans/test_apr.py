"""Annual percentage rates: examples of Regulation Z's Appendix J (c), and of the European directives."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    # of the next three terms and amounts are the published ones, days are our own
    "(c)(5)(ii) six months": (
        "8.80", lent(Day(1978, 1, 10), 1_000), monthly(Day(1978, 7, 10), 1, "1044"),
        single_payment(Day(1978, 1, 10), Day(1978, 7, 10))),
    "(c)(5)(iii) a year and a half": (
        "8.76", lent(Day(1978, 1, 10), 1_000), monthly(Day(1979, 7, 10), 1, "1135.19"),
        single_payment(Day(1978, 1, 10), Day(1979, 7, 10))),
    "(c)(5)(iv) two years": (
        "11.36", lent(Day(1978, 1, 10), 1_000), monthly(Day(1980, 1, 10), 1, "1240"),
        single_payment(Day(1978, 1, 10), Day(1980, 1, 10))),
    "(c)(6)(i) skipped payments": (
        "12.00", lent(Day(1978, 1, 25), 2_135),
        [*daily(Day(1978, 2, 20), 9, "100", 28), *daily(Day(1978, 11, 13), 6, "100", 28),
         *daily(Day(1979, 5, 14), 6, "100", 28), *daily(Day(1979, 11, 12), 3, "100", 28)], UnitPeriod(days=28)),
    "(c)(6)(ii) skipped and single payments": (
        "10.22", lent(Day(1978, 3, 3), 7_350),
        [*monthly(Day(1978, 9, 15), 3, "1000"), *monthly(Day(1979, 3, 15), 1, "2000"),
         *monthly(Day(1979, 9, 15), 3, "750"), *monthly(Day(1980, 2, 1), 1, "1000")], MONTH),
}  # fmt: skip
#: beside its complex examples the appendix prints whole unit-periods before a payment, and odd days as part of one
COMPLEX = [
    ("(c)(6)(i) skipped payments", 0, (0, Fraction(26, 28))),
    ("(c)(6)(i) skipped payments", 9, (10, Fraction(12, 28))),
    ("(c)(6)(i) skipped payments", 15, (16, Fraction(26, 28))),
    ("(c)(6)(i) skipped payments", 21, (23, Fraction(12, 28))),
    ("(c)(6)(ii) skipped and single payments", 0, (6, Fraction(12, 30))),
    ("(c)(6)(ii) skipped and single payments", 3, (12, Fraction(12, 30))),
    ("(c)(6)(ii) skipped and single payments", 4, (18, Fraction(12, 30))),
    ("(c)(6)(ii) skipped and single payments", 7, (22, Fraction(29, 30))),
]


@pytest.mark.parametrize("name", APPENDIX_J)
def test_appendix_j(name: str) -> None:
    want, advances, payments, unit = APPENDIX_J[name]
    assert f"{us_apr(advances, payments, unit):.2%}" == f"{want}%"


@pytest.mark.parametrize(("name", "which", "want"), COMPLEX)
def test_time_as_appendix_j_measures_it(name: str, which: int, want: tuple[int, Fraction]) -> None:
    _, advances, payments, unit = APPENDIX_J[name]
    assert unit_periods(advances[0].on, payments[which].on, unit) == want


#: Directive 87/102/EEC as amended by 98/7/EC, Annex III: A by the calendar, B by a standard year; B5 and B6 are what
#: the French decree 2002-928 adds in its annex. The digits are the published ones; of A4 amounts and days are, and its
#: rate was computed a second time, below. 2008/48/EC has the equation without examples.
EUROPE = {
    "A1": ("0.1296204", Interval.CALENDAR, 1_000, monthly(Day(1995, 7, 1), 1, "1200")),
    "A2": ("0.169026", Interval.CALENDAR, 950, monthly(Day(1995, 7, 1), 1, "1200")),
    "A3": ("0.1306623", Interval.CALENDAR, 1_000, monthly(Day(1995, 1, 1), 2, "600", 12)),
    "A4": ("", Interval.CALENDAR, 1_000,
           [*monthly(Day(1994, 4, 1), 2, "272", 3), *monthly(Day(1995, 1, 1), 1, "544")]),
    "B1": ("0.129243", Interval.MONTHS, 1_000, monthly(Day(1995, 7, 1), 1, "1200")),
    "B2": ("0.1685", Interval.MONTHS, 950, monthly(Day(1995, 7, 1), 1, "1200")),
    "B3": ("0.1306623", Interval.MONTHS, 1_000, monthly(Day(1995, 1, 1), 2, "600", 12)),
    "B4": ("0.131854", Interval.MONTHS, 1_000,
           [*monthly(Day(1994, 4, 1), 2, "272", 3), *monthly(Day(1995, 1, 1), 1, "544")]),
    "B5": ("0.0616", Interval.MONTHS, 1_000, monthly(Day(1994, 2, 1), 36, "30.42")),
    "B6": ("0.0688", Interval.MONTHS, 990, monthly(Day(1994, 2, 1), 36, "30.42")),
}  # fmt: skip
#: the same payments at the times that the examples name, in years
TIMES: dict[str, list[float]] = {
    "A1": [546 / 365], "A2": [546 / 365], "A3": [1, 2], "A4": [90 / 365, 181 / 365, 1],
    "B1": [1.5], "B2": [1.5], "B3": [1, 2], "B4": [0.25, 0.5, 1],
    "B5": [number / 12 for number in range(1, 37)], "B6": [number / 12 for number in range(1, 37)],
}  # fmt: skip


@pytest.mark.parametrize("name", EUROPE)
def test_european_examples(name: str) -> None:
    want, interval, amount, payments = EUROPE[name]
    rate = eu_apr(lent(Day(1994, 1, 1), amount), payments, interval)
    if want:  # within its last digit: A1 is rounded there, A3 is cut
        assert abs(rate - Decimal(want)) < Decimal(10) ** (2 - len(want))
    present = sum(float(flow.amount) / (1 + float(rate)) ** t for flow, t in zip(payments, TIMES[name], strict=True))
    assert present == pytest.approx(amount, abs=1e-9)


def test_two_digits_of_the_european_examples() -> None:
    got = {name: f"{eu_apr(lent(Day(1994, 1, 1), case[2]), case[3], case[1]):.2%}" for name, case in EUROPE.items()}
    assert [got[name] for name in ("A1", "A2", "A3", "A4")] == ["12.96%", "16.90%", "13.07%", "13.23%"]
    assert [got[name] for name in ("B1", "B2", "B3", "B4")] == ["12.92%", "16.85%", "13.07%", "13.19%"]
    assert [got[name] for name in ("B5", "B6")] == ["6.16%", "6.88%"]
    # the fifth loan again, from one month's last day to the last days of others
    ends = [Flow(add_months(Day(1994, 3, 31), number), Decimal("30.42")) for number in range(36)]
    assert f"{eu_apr(lent(Day(1994, 2, 28), 1_000), ends):.2%}" == "6.16%"


#: SWD(2012) 128, section 4.1.1: first drawdown, payment, whole periods and days over the year that they end
GUIDELINES = [
    ("2012-01-12", "2012-02-15", Interval.MONTHS, Fraction(1, 12) + Fraction(3, 365)),
    ("2012-01-12", "2012-03-15", Interval.MONTHS, Fraction(2, 12) + Fraction(3, 365)),
    ("2012-01-12", "2012-04-15", Interval.MONTHS, Fraction(3, 12) + Fraction(3, 365)),
    ("2013-01-12", "2013-02-15", Interval.MONTHS, Fraction(1, 12) + Fraction(3, 366)),
    ("2013-01-12", "2013-03-15", Interval.MONTHS, Fraction(2, 12) + Fraction(3, 366)),
    ("2013-01-12", "2013-04-15", Interval.MONTHS, Fraction(3, 12) + Fraction(3, 366)),
    ("2012-01-12", "2012-02-15", Interval.YEARS, Fraction(34, 365)),
    ("2012-01-12", "2013-02-15", Interval.YEARS, 1 + Fraction(34, 365)),
    ("2012-01-12", "2014-02-15", Interval.YEARS, 2 + Fraction(34, 365)),
    ("2013-02-25", "2013-03-28", Interval.MONTHS, Fraction(1, 12) + Fraction(3, 366)),
    ("2013-02-26", "2013-03-29", Interval.MONTHS, Fraction(1, 12) + Fraction(2, 366)),
    ("2012-02-26", "2012-03-29", Interval.MONTHS, Fraction(1, 12) + Fraction(3, 366)),
    ("2012-12-01", "2013-02-02", Interval.MONTHS, Fraction(2, 12) + Fraction(1, 366)),
]


@pytest.mark.parametrize(("start", "end", "interval", "want"), GUIDELINES)
def test_time_as_the_guidelines_measure_it(start: str, end: str, interval: Interval, want: Fraction) -> None:
    assert years(Day.fromisoformat(start), Day.fromisoformat(end), interval) == want


def test_what_is_whole_has_no_days() -> None:
    start = Day(2012, 1, 12)
    for interval in (Interval.YEARS, Interval.MONTHS, Interval.WEEKS):
        assert years(start, Day(2014, 1, 12), interval) == 2
        assert years(start, Day(2012, 4, 12), interval) == Fraction(1, 4)
    assert years(start, Day(2012, 1, 26), Interval.WEEKS) == Fraction(2, 52)
    assert years(start, Day(2012, 1, 30), Interval.WEEKS) == Fraction(2, 52) + Fraction(4, 365)
    # four weeks that are a month, too
    assert years(Day(2013, 2, 1), Day(2013, 3, 1), Interval.MONTHS) == Fraction(1, 12)
    assert years(Day(2013, 2, 1), Day(2013, 3, 1), Interval.WEEKS) == Fraction(4, 52)


#: Several payments of the lender, which Appendix J (b)(8) has an equation for. Amounts and days are our own: no text of
#: its examples (c)(7) was found
ADVANCES = {
    "building, monthly": (
        [*lent(Day(2023, 5, 8), 30_000), *lent(Day(2023, 7, 21), 25_000), *lent(Day(2023, 10, 3), 15_000)],
        monthly(Day(2024, 1, 20), 180, "745.10"), MONTH),
    "studies, advances twice a year": (
        [*lent(Day(2020, 9, 14), 2_500), *lent(Day(2021, 2, 3), 1_200), *lent(Day(2021, 9, 14), 2_500)],
        monthly(Day(2023, 8, 1), 60, "135"), MONTH),
    "advances every four weeks, odd first days": (
        [*lent(Day(2024, 1, 5), 3_000), *lent(Day(2024, 2, 2), 2_000)], daily(Day(2024, 3, 15), 26, "215", 28),
        UnitPeriod(days=28)),
    "payments between advances": (
        [*lent(Day(2024, 1, 31), 4_000), *lent(Day(2024, 6, 15), 4_000)], monthly(Day(2024, 3, 15), 30, "330"), MONTH),
}  # fmt: skip


@pytest.mark.parametrize("name", ADVANCES)
def test_several_advances(name: str) -> None:
    """An account, carried at the rate found, ends at nothing: compound for whole unit-periods, simple for odd days."""
    advances, payments, unit = ADVANCES[name]
    rate = float(us_apr(advances, payments, unit)) / float(unit.per_year)
    last = max(flow.on for flow in payments)
    start = min(flow.on for flow in advances)
    balance = 0.0
    for flow, sign in [*((flow, 1) for flow in advances), *((flow, -1) for flow in payments)]:
        term, odd = unit_periods(start, last, unit)
        until, odd_until = unit_periods(start, flow.on, unit)
        growth = (1 + rate) ** (term - until) * (1 + float(odd) * rate) / (1 + float(odd_until) * rate)
        balance += sign * float(flow.amount) * growth
    assert balance == pytest.approx(0, abs=1e-6)


def test_a_single_payment_by_appendix_j() -> None:
    """(b)(4)(iv), (b)(5)(v) to (vii): the term itself, in months or days; years where it is longer."""
    start = Day(2023, 1, 10)
    weeks, later, odd = Day(2023, 9, 19), Day(2025, 3, 10), Day(2025, 3, 20)
    assert (weeks - start).days == 252
    assert single_payment(start, weeks).per_year == Fraction(365, 252)
    assert UnitPeriod(days=252).per_year == Fraction(52, 36)
    assert single_payment(start, Day(2023, 7, 10)) == UnitPeriod(months=6)
    assert single_payment(Day(2023, 1, 31), Day(2023, 2, 28)) == UnitPeriod(months=1)
    years_long = single_payment(start, later)
    assert years_long.per_year == 1
    assert unit_periods(start, later, years_long) == (2, Fraction(2, 12))
    assert unit_periods(start, odd, years_long) == (2, Fraction(69, 365))
    assert single_payment(start, Day(2024, 1, 10)).per_year == 1
    rate = us_apr(lent(start, 1_000), monthly(later, 1, "1100"), years_long)
    assert 1_000 * (1 + rate) ** 2 * (1 + rate / 6) == pytest.approx(Decimal(1_100))


def test_unit_periods_of_appendix_j() -> None:
    assert unit_periods(Day(2024, 1, 15), Day(2024, 9, 1), UnitPeriod(months=3)) == (2, Fraction(47, 90))
    assert unit_periods(Day(2024, 1, 27), Day(2024, 3, 16), UnitPeriod(half_month=True)) == (3, Fraction(5, 15))
    assert unit_periods(Day(2024, 1, 27), Day(2024, 3, 16), UnitPeriod(days=14)) == (3, Fraction(7, 14))
    assert [UnitPeriod(days=n).per_year for n in (1, 7, 14, 28)] == [365, 52, 26, 13]


@given(st.lists(st.integers(1, 900), min_size=1, max_size=3), st.integers(2, 40), st.integers(0, 3_000), st.data())
@settings(max_examples=40, deadline=None)
def test_both_rates_are_roots(later: list[int], count: int, cost: int, data: st.DataObject) -> None:
    """What is paid is worth what was lent at the rate found, on any days."""
    start = data.draw(st.dates(Day(2019, 1, 1), Day(2026, 12, 31)))
    advances = [*lent(start, 5_000), *(Flow(start + datetime.timedelta(days=day), Decimal(1_000)) for day in later)]
    total = sum(flow.amount for flow in advances) + cost
    first = max(flow.on for flow in advances) + datetime.timedelta(days=data.draw(st.integers(1, 60)))
    payments = monthly(first, count, str(total / count))
    for interval in Interval:
        rate = float(eu_apr(advances, payments, interval))
        worth = [
            sum(float(flow.amount) * (1 + rate) ** -float(years(start, flow.on, interval)) for flow in flows)
            for flows in (advances, payments)
        ]
        assert worth[0] == pytest.approx(worth[1], rel=1e-12)
    rate = float(us_apr(advances, payments, MONTH)) / 12
    values = []
    for flows in (advances, payments):
        spans = [(float(flow.amount), *unit_periods(start, flow.on, MONTH)) for flow in flows]
        values.append(sum(amount / ((1 + float(odd) * rate) * (1 + rate) ** whole) for amount, whole, odd in spans))
    assert values[0] == pytest.approx(values[1], rel=1e-12)


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
    assert unit_periods(Day(2024, 1, 31), Day(2024, 2, 29), MONTH) == (1, Fraction(0))
