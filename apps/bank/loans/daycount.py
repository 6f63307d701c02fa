"""Day-count conventions: what part of a year lies between two days, as an exact fraction.

Sources: 2006 ISDA Definitions 4.16 (30/360, 30E/360, 30E/360 (ISDA), Actual/360, Actual/365 (Fixed), Actual/Actual);
ICMA rule 251 (Actual/Actual (ICMA)); SIA Standard Securities Calculation Methods (US 30/360's end of February).
"""

from __future__ import annotations

import calendar
import datetime
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

Day = datetime.date


class DayCount(StrEnum):
    """A convention by its customary name."""

    #: ISDA's "30/360" or bond basis: the end of February is a day like any other
    THIRTY_360 = "30/360"
    #: as before, and February's last day is the 30th when interest begins on it
    THIRTY_360_US = "30/360 US"
    THIRTY_E_360 = "30E/360"
    THIRTY_E_360_ISDA = "30E/360 ISDA"
    ACTUAL_360 = "act/360"
    ACTUAL_364 = "act/364"
    ACTUAL_365_FIXED = "act/365F"
    ACTUAL_ACTUAL_ISDA = "act/act ISDA"
    ACTUAL_ACTUAL_ICMA = "act/act ICMA"
    #: Apache Fineract's "actual": as ISDA's, but a period that crosses New Year is cut on 31 December, so that the last
    #: day of the old year counts as one of the new
    ACTUAL_ACTUAL_FINERACT = "act/act Fineract"


_ACTUAL: Final = {DayCount.ACTUAL_360: 360, DayCount.ACTUAL_364: 364, DayCount.ACTUAL_365_FIXED: 365}
#: of months that have 30 days each
THIRTY: Final = frozenset(
    {DayCount.THIRTY_360, DayCount.THIRTY_360_US, DayCount.THIRTY_E_360, DayCount.THIRTY_E_360_ISDA}
)


@dataclass(frozen=True, slots=True)
class Period:
    """A regular interest period, for Actual/Actual (ICMA): its days, and how many such periods a year has."""

    start: Day
    end: Day
    per_year: Fraction


def fraction(
    convention: DayCount, start: Day, end: Day, *, period: Period | None = None, maturity: Day | None = None
) -> Fraction:
    """The part of a year from `start` (counted) to `end` (not counted).

    `period` is the regular period around them, which only Actual/Actual (ICMA) needs; `maturity` the loan's last day,
    which only 30E/360 (ISDA) asks for: February's last day is then not the 30th. Raises ValueError when `end` is before
    `start`, or ICMA's period is missing.
    """
    if end < start:
        raise ValueError(f"interest cannot run backwards from {start} to {end}")
    if convention in _ACTUAL:
        return Fraction((end - start).days, _ACTUAL[convention])
    if convention in THIRTY:
        return Fraction(days_30(convention, start, end, maturity), 360)
    if convention is DayCount.ACTUAL_ACTUAL_ICMA:
        if period is None:
            raise ValueError("Actual/Actual (ICMA) needs the regular period that the days lie in")
        return Fraction((end - start).days, (period.end - period.start).days) / period.per_year
    return _actual_actual(start, end, cut=31 if convention is DayCount.ACTUAL_ACTUAL_FINERACT else 32)


def days_30(convention: DayCount, start: Day, end: Day, maturity: Day | None = None) -> int:
    """The days between two days when every month has 30."""
    first, last = start.day, end.day
    if convention in (DayCount.THIRTY_360, DayCount.THIRTY_360_US):
        if convention is DayCount.THIRTY_360_US and _is_end_of_february(start):
            if _is_end_of_february(end):
                last = 30
            first = 30
        if last == 31 and first >= 30:
            last = 30
        first = min(first, 30)
    elif convention is DayCount.THIRTY_E_360:
        first, last = min(first, 30), min(last, 30)
    else:
        if _is_end_of_month(start):
            first = 30
        if _is_end_of_month(end) and not (end == maturity and end.month == 2):
            last = 30
    return 360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first


def days_of_year(convention: DayCount) -> int:
    """How many days a year has by a convention that says so for all years; 365 for the others."""
    return 360 if convention in THIRTY else _ACTUAL.get(convention, 365)


def of_days(convention: DayCount) -> DayCount:
    """The convention for single days that belong to no period of a plan: where every month has 30 days each is a 360th
    of a year, and where periods have to be known the year's own days count."""
    if convention in THIRTY:
        return DayCount.ACTUAL_360
    return DayCount.ACTUAL_ACTUAL_ISDA if convention is DayCount.ACTUAL_ACTUAL_ICMA else convention


def _actual_actual(start: Day, end: Day, *, cut: int) -> Fraction:
    """Each year's days over that year's length; a year ends before its December's day `cut` (32: when it is over)."""
    total = Fraction(0)
    at = start
    while at < end:
        boundary = Day(at.year, 12, 31) if cut == 31 else Day(at.year + 1, 1, 1)
        if boundary <= at:  # 31 December belongs to the next year
            boundary = Day(at.year + 1, 12, 31)
            length = _length(at.year + 1)
        else:
            length = _length(at.year)
        upto = min(boundary, end)
        total += Fraction((upto - at).days, length)
        at = upto
    return total


def _length(year: int) -> int:
    return 366 if calendar.isleap(year) else 365


def _is_end_of_month(day: Day) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]


def _is_end_of_february(day: Day) -> bool:
    return day.month == 2 and _is_end_of_month(day)
