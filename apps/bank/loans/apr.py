"""Annual percentage rates, as two laws compute them.

United States: Regulation Z (12 CFR 1026), Appendix J, the actuarial method: a nominal rate, the unit-period's times
their number in a year; odd days at the beginning earn simple interest. European Union: Directive 2008/48/EC, Annex I
(the equation of Directive (EU) 2023/2225, Annex III, is the same): the effective rate at which what is drawn equals
what is paid; time is counted as the Commission's guidelines SWD(2012) 128, section 4.1.1, say and Directive (EU)
2023/2225, Annex III, I (c), repeats: whole years, months or weeks, and where there are none, whole ones counted back
from the payment and the days before them, as part of the year that ends where they end.
"""

from __future__ import annotations

import calendar
import datetime
import decimal
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from bank.loans.rounding import exact
from bank.loans.working_days import add_months

Day = datetime.date
#: A root is found when both sides differ by less than this; ten steps are usual.
_NEAR: Final = Decimal("1e-12")
_STEPS: Final = 200
#: More digits than amounts of money have: terms are summed, and a rate is told in two.
_DIGITS: Final = decimal.Context(prec=34)
#: The highest rate that is looked for, for one unit-period or one year: a thousandfold.
_HIGHEST: Final = Decimal(1_000)


@dataclass(frozen=True, slots=True)
class Flow:
    """An amount on a day; whether it is lent or paid says the argument it stands in."""

    on: Day
    amount: Decimal


@dataclass(frozen=True, slots=True)
class UnitPeriod:
    """The time between payments that Appendix J counts in: `months`, or `days`, or half a month.

    With `term` it is the whole term of a loan with one payment, where that is no whole number of months: counted in
    days, even where they are weeks.
    """

    months: int = 0
    days: int = 0
    half_month: bool = False
    term: bool = False

    @property
    def per_year(self) -> Fraction:
        """How many a year has (Appendix J (b)(5)(ii) to (vii))."""
        if self.half_month:
            return Fraction(24)
        if self.months:
            return Fraction(12, self.months)
        return Fraction(365, self.days) if self.days % 7 or self.term else Fraction(52 * 7, self.days)


class Interval(StrEnum):
    """How the European formula counts time."""

    #: the unit that payments come in: what is no whole number of it has days, too
    YEARS = "years"
    MONTHS = "months"
    WEEKS = "weeks"
    #: days over the year's 365 or 366, year by year: one of the two ways of the older Directive 98/7/EC
    CALENDAR = "calendar"


def single_payment(advance: Day, payment: Day) -> UnitPeriod:
    """A single payment: its term is the unit-period, but not more than a year (Appendix J (b)(4)(iv)).

    Of a whole number of months the rule counts months or days (b)(5)(vi); its example counts months.
    """
    months, days = _months_back(advance, payment)
    if months and not days:
        return UnitPeriod(months=min(months, 12))
    return UnitPeriod(months=12) if months >= 12 else UnitPeriod(days=(payment - advance).days, term=True)


def us_apr(advances: Sequence[Flow], payments: Sequence[Flow], unit: UnitPeriod) -> Decimal:
    """The rate of Appendix J as a fraction (0.0969 is 9.69 %). Raises ValueError when there is none."""
    start = min(flow.on for flow in advances)
    signed = [(flow, 1) for flow in advances] + [(flow, -1) for flow in payments]
    terms = [(sign * flow.amount, *unit_periods(start, flow.on, unit)) for flow, sign in signed]

    def gap(rate: Decimal) -> Decimal:
        return sum(
            (
                _DIGITS.divide(amount, _DIGITS.multiply(1 + exact(odd) * rate, _DIGITS.power(1 + rate, whole)))
                for amount, whole, odd in terms
            ),
            Decimal(0),
        )

    return _DIGITS.multiply(_root(gap), exact(unit.per_year))


def eu_apr(drawn: Sequence[Flow], paid: Sequence[Flow], interval: Interval = Interval.MONTHS) -> Decimal:
    """The rate of Directive 2008/48/EC as a fraction. Raises ValueError when there is none."""
    start = min(flow.on for flow in drawn)
    signed = [(flow, 1) for flow in drawn] + [(flow, -1) for flow in paid]
    spans = [(sign * flow.amount, years(start, flow.on, interval)) for flow, sign in signed]
    # all times are whole multiples of one: a single root, then whole powers of it
    parts = math.lcm(*(span.denominator for _, span in spans))
    terms = [(amount, int(span * parts)) for amount, span in spans]
    one = exact(Fraction(-1, parts))

    def gap(rate: Decimal) -> Decimal:
        base = _DIGITS.power(1 + rate, one)
        return sum((_DIGITS.multiply(amount, _DIGITS.power(base, steps)) for amount, steps in terms), Decimal(0))

    return _root(gap)


def unit_periods(start: Day, end: Day, unit: UnitPeriod) -> tuple[int, Fraction]:
    """Whole unit-periods counted back from `end`, and the odd days at the beginning as part of one.

    Odd whole months of a unit-period of several months have 30 days each; before whole years whole months are twelfths,
    days parts of 365 (Appendix J (b)(5)).
    """
    if unit.half_month:
        months, days = _months_back(start, end)
        return 2 * months + days // 15, Fraction(days % 15, 15)
    if unit.months:
        months, days = _months_back(start, end)
        whole, left = divmod(months, unit.months)
        if unit.months == 12 and days:
            return whole, Fraction((add_months(end, -12 * whole) - start).days, 365)
        return whole, Fraction(30 * left + days, 30 * unit.months)
    whole, days = divmod((end - start).days, unit.days)
    return whole, Fraction(days, unit.days)


def years(start: Day, end: Day, interval: Interval) -> Fraction:
    """The time between two days in years."""
    if interval is Interval.CALENDAR:
        return _calendar_years(start, end)
    months, days = _months_back(start, end)
    weeks, odd = divmod((end - start).days, 7)
    whole = Fraction(months, 12)
    if interval is Interval.WEEKS and (days or not odd):
        whole, days = Fraction(weeks, 52), odd
    elif interval is Interval.YEARS and days:
        whole, days = Fraction(months // 12), (add_months(end, -12 * (months // 12)) - start).days
    until = start + datetime.timedelta(days=days)
    return whole + Fraction(days, (until - add_months(until, -12)).days)


def _months_back(start: Day, end: Day) -> tuple[int, int]:
    """Whole months counted back from `end`, and the days before them."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if add_months(start, months) == end:  # from a month's last day to a shorter month's
        return months, 0
    if add_months(end, -months) < start:
        months -= 1
    return months, (add_months(end, -months) - start).days


def _calendar_years(start: Day, end: Day) -> Fraction:
    total = Fraction(0)
    at = start
    while at < end:
        upto = min(Day(at.year + 1, 1, 1), end)
        total += Fraction((upto - at).days, 366 if calendar.isleap(at.year) else 365)
        at = upto
    return total


def _root(gap: Callable[[Decimal], Decimal]) -> Decimal:
    """Where `gap`, negative for what costs nothing and growing with the rate, becomes nothing."""
    low, high = Decimal(0), Decimal("0.01")
    if gap(low) > 0:
        raise ValueError("less is paid than was lent: there is no rate of nothing or more")
    while gap(high) < 0:
        low, high = high, high * 2
        if high > _HIGHEST:
            raise ValueError("the rate is out of all bounds: are the days right?")
    lower, upper = gap(low), gap(high)
    kept = 0
    for _ in range(_STEPS):
        if abs(lower) < _NEAR:
            return low
        rate = _DIGITS.divide(low * upper - high * lower, upper - lower)
        value = gap(rate)
        if abs(value) < _NEAR:
            return rate
        # an end that stays twice is weighed by half, so that both move (the Illinois method)
        if value < 0:
            low, lower = rate, value
            upper, kept = (upper / 2 if kept == 1 else upper), 1
        else:
            high, upper = rate, value
            lower, kept = (lower / 2 if kept == -1 else lower), -1
    raise ValueError("the rate was not found")
