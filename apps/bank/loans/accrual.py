"""Interest of a balance over days."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from bank.loans.daycount import DayCount, Period, days_of_year, fraction
from bank.loans.terms import Accrual, Interest, Terms, Unit
from bank.loans.working_days import add_months

Day = datetime.date


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days within one period on which balance and rate stay the same."""

    start: Day
    end: Day
    rate: Fraction


def bounds(terms: Terms, number: int) -> tuple[Day, Day]:
    """The days between which an instalment's interest runs."""
    if terms.interest_follows:
        return terms.due(number - 1), terms.due(number)
    return terms.nominal_due(number - 1), terms.nominal_due(number)


def rate_on(terms: Terms, day: Day) -> Fraction:
    """The nominal yearly rate that holds on a day."""
    rate = terms.rate
    for change in sorted(terms.rate_changes, key=lambda change: change.on):
        if change.on <= day:
            rate = change.rate
    return Fraction(rate)


def stretches(terms: Terms, number: int, cuts: Iterable[Day] = ()) -> list[Stretch]:
    """An instalment's period in stretches of one rate, cut on `cuts` too."""
    start, end = bounds(terms, number)
    inside = {day for day in (*cuts, *(change.on for change in terms.rate_changes)) if start < day < end}
    days = [start, *sorted(inside), end]
    return [Stretch(a, b, rate_on(terms, a)) for a, b in itertools.pairwise(days)]


def factor(terms: Terms, number: int, stretch: Stretch) -> Fraction:
    """What a balance of one earns in a stretch of an instalment's period: nothing where it is free of interest."""
    if number <= terms.interest_free:
        return Fraction(0)
    return stretch.rate * part_of_year(terms, number, stretch.start, stretch.end)


def part_of_year(terms: Terms, number: int, start: Day, end: Day) -> Fraction:
    """The part of a year that days within an instalment's period are."""
    if start == end:  # a moved due day may leave a period without days
        return Fraction(0)
    whole_end = bounds(terms, number)[1]
    if terms.accrual is Accrual.PERIOD:
        days = (whole_end - regular_start(terms, number)).days
        return Fraction((end - start).days, days) / terms.per_year
    if terms.day_count is DayCount.ACTUAL_ACTUAL_ICMA:
        return _regular_parts(terms, number, start, end)
    return fraction(terms.day_count, start, end, maturity=terms.nominal_due(terms.count))


def _regular_parts(terms: Terms, number: int, start: Day, end: Day) -> Fraction:
    """By ICMA's rule a long first period is the sum of regular ones, each with its own length."""
    whole_end, steps, total = bounds(terms, number)[1], 0, Fraction(0)
    while end > start:
        steps += 1
        odd = number == 1 and terms.first_due is not None
        whole_start = back(terms, bounds(terms, number)[1], steps) if odd else bounds(terms, number)[0]
        since = max(start, whole_start)
        if since < end:
            period = Period(whole_start, whole_end, terms.per_year)
            total += fraction(DayCount.ACTUAL_ACTUAL_ICMA, since, end, period=period)
            end = since
        whole_end = whole_start
    return total


def regular_start(terms: Terms, number: int) -> Day:
    """Where an instalment's period would begin if it were a whole one: the first may be longer or shorter."""
    if number == 1 and terms.first_due is not None:
        return back(terms, terms.first_due)
    return bounds(terms, number)[0]


def back(terms: Terms, day: Day, periods: int = 1) -> Day:
    """Some periods before a day."""
    steps = terms.every * periods
    if terms.unit in (Unit.MONTHS, Unit.YEARS):
        return add_months(day, -steps * (12 if terms.unit is Unit.YEARS else 1))
    return day - datetime.timedelta(days=steps * (7 if terms.unit is Unit.WEEKS else 1))


def nominal_factor(terms: Terms, number: int, rate: Fraction) -> Fraction:
    """What a balance of one earns in a period of nominal length: a month has 30 days, a year all of its."""
    if number <= terms.interest_free:
        return Fraction(0)
    if terms.accrual is Accrual.PERIOD:
        return rate / terms.per_year
    year = days_of_year(terms.day_count)
    days = {Unit.DAYS: 1, Unit.WEEKS: 7, Unit.MONTHS: 30, Unit.YEARS: year}[terms.unit] * terms.every
    return rate * Fraction(days, year)


def period_factor(terms: Terms, number: int) -> Fraction:
    """What a balance of one earns in an instalment's whole period."""
    return sum((factor(terms, number, stretch) for stretch in stretches(terms, number)), Fraction(0))


def charge(terms: Terms, number: int, balances: Iterable[tuple[Day, Decimal]]) -> Decimal:
    """The interest of a period as money. `balances` are (from day, balance), in order; the first holds at the start.

    On a flat loan it is the amount lent that counts.
    """
    steps = list(balances)
    total = Fraction(0)
    for stretch in stretches(terms, number, (day for day, _ in steps)):
        owed = terms.amount if terms.interest is Interest.FLAT else _balance(steps, stretch.start)
        part = Fraction(owed) * factor(terms, number, stretch)
        total += Fraction(terms.rounding.money(part)) if terms.round_stretches else part
    return terms.rounding.money(total)


def _balance(steps: list[tuple[Day, Decimal]], day: Day) -> Decimal:
    balance = steps[0][1]
    for at, amount in steps:
        if at <= day:
            balance = amount
    return balance
