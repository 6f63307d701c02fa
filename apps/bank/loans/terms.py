"""What a loan's contract says: everything that its schedule follows from."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Final

from bank.loans.daycount import DayCount, days_of_year
from bank.loans.rounding import Rounding
from bank.loans.working_days import Calendar, Move, add_months

Day = datetime.date
#: Instalments of one loan: daily for three years, monthly for ninety.
MOST_INSTALMENTS: Final = 1_100


class Unit(StrEnum):
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


class Interest(StrEnum):
    #: on what is still owed
    DECLINING = "declining balance"
    #: on the amount lent, to the end
    FLAT = "flat"


class Amortisation(StrEnum):
    EQUAL_INSTALMENTS = "equal instalments"
    EQUAL_PRINCIPAL = "equal principal"
    #: each instalment repays the same share of the amount lent, the last one the rest
    FIXED_PERCENTAGE = "fixed principal percentage"
    #: interest only; the last instalment repays everything
    BULLET = "bullet"


class Accrual(StrEnum):
    #: by the day-count convention, day by day
    DAILY = "daily"
    #: a full period is the same part of a year whatever its days; a part of a period is its share of days
    PERIOD = "same as repayment period"


class Annuity(StrEnum):
    """From what an equal instalment is computed."""

    #: from a period of nominal length (a month has 30 days): the last instalment carries the difference
    NOMINAL = "nominal"
    #: from the very interest of each period
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Tranche:
    """A later payment of the lender to the borrower."""

    on: Day
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RateChange:
    """Another nominal yearly rate from the beginning of a day on."""

    on: Day
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Shift:
    """Another due day of an instalment, from which those after it count on."""

    number: int
    due: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`principal` is lent on `start` at the nominal yearly `rate` (0.12 is 12 %) and comes back in `count` instalments.

    They are due every `every` `unit`s, the first on `first_due` (one period after the start where not given). Graces
    count instalments: without `principal_grace`'s principal; without `interest_grace`'s interest, which is collected
    with the next; without `interest_free`'s interest for good. `balloon` is left for the last instalment, `percentage`
    belongs to FIXED_PERCENTAGE, `down_payment` is the share of what is lent that is due at once. `instalment` fixes the
    equal instalment instead of computing it. With `even_out` the cents by which the last instalment differs are spread
    over all when that brings it nearer; with `round_stretches` each stretch of days within a period is rounded alone.
    `interest_follows` says whether a due day moved by `move` also moves the interest; those moved by `shifts` do.

    Raises ValueError, with a sentence, for terms that contradict themselves.
    """

    principal: Decimal
    rate: Decimal
    start: Day
    count: int
    unit: Unit = Unit.MONTHS
    every: int = 1
    first_due: Day | None = None
    interest: Interest = Interest.DECLINING
    amortisation: Amortisation = Amortisation.EQUAL_INSTALMENTS
    percentage: Decimal = Decimal(0)
    balloon: Decimal = Decimal(0)
    down_payment: Decimal = Decimal(0)
    day_count: DayCount = DayCount.ACTUAL_365_FIXED
    accrual: Accrual = Accrual.DAILY
    annuity: Annuity = Annuity.EXACT
    instalment: Decimal | None = None
    principal_grace: int = 0
    interest_grace: int = 0
    interest_free: int = 0
    tranches: tuple[Tranche, ...] = ()
    rate_changes: tuple[RateChange, ...] = ()
    shifts: tuple[Shift, ...] = ()
    rounding: Rounding = field(default_factory=Rounding)
    even_out: bool = False
    round_stretches: bool = False
    calendar: Calendar = field(default_factory=Calendar)
    move: Move = Move.NONE
    interest_follows: bool = True
    #: by number, from the start on: days that would be due if every day were worked, and days that are
    _nominal: tuple[Day, ...] = field(init=False, repr=False, compare=False)
    _due: tuple[Day, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        numbers = range(self.count + 1) if 1 <= self.count <= MOST_INSTALMENTS and self.every >= 1 else range(1)
        nominal = tuple(self._nominal_due(number) for number in numbers)
        moved = nominal if self.move is Move.NONE else tuple(self.calendar.move(day, self.move) for day in nominal[1:])
        object.__setattr__(self, "_nominal", nominal)
        object.__setattr__(self, "_due", nominal if self.move is Move.NONE else (self.start, *moved))
        for wrong, sentence in self._contradictions():
            if wrong:
                raise ValueError(sentence)

    def _contradictions(self) -> tuple[tuple[bool, str], ...]:
        flat = self.interest is Interest.FLAT
        early = self.first_due is not None and self.first_due <= self.start
        last = self._nominal[-1]
        return (
            (self.principal <= 0, "the amount lent must be more than nothing"),
            (self.rate < 0 or any(change.rate < 0 for change in self.rate_changes), "a rate cannot be negative"),
            (not 1 <= self.count <= MOST_INSTALMENTS, f"a loan has 1 to {MOST_INSTALMENTS} instalments"),
            (self.every < 1, "instalments must be at least one unit apart"),
            (not 0 <= self.principal_grace < self.count, "at least the last instalment must repay principal"),
            (not 0 <= self.interest_grace < self.count, "at least the last instalment must carry interest"),
            (not 0 <= self.interest_free <= self.count, "an interest-free time cannot be longer than the loan"),
            (
                early,
                "the first instalment is due after the start",
            ),
            (not 0 <= self.balloon <= self.amount, "the balloon is part of the amount lent"),
            (not 0 <= self.down_payment < 1, "the down payment is a share below one"),
            (
                any(not 1 <= shift.number <= self.count for shift in self.shifts)
                or any(one >= other for one, other in pairwise(self._nominal)),
                "an instalment whose due day is moved stays between its neighbours",
            ),
            (any(tranche.amount <= 0 for tranche in self.tranches), "a tranche must be more than nothing"),
            (any(tranche.on < self.start for tranche in self.tranches), "a tranche cannot be before the start"),
            (
                any(tranche.on >= last for tranche in self.tranches),
                "a tranche is after the end",
            ),
            (flat and bool(self.tranches), "flat interest is on one amount: tranches need a declining balance"),
            (
                self.amortisation is Amortisation.FIXED_PERCENTAGE and not 0 < self.percentage <= 1,
                "a fixed principal percentage is a share between nothing and one",
            ),
        )

    @property
    def amount(self) -> Decimal:
        """All that is lent."""
        return self.principal + sum((tranche.amount for tranche in self.tranches), Decimal(0))

    def nominal_due(self, number: int) -> Day:
        """The day on which an instalment would be due if every day were worked; 0 is the start."""
        return self._nominal[number]

    def _nominal_due(self, number: int) -> Day:
        if number == 0:
            return self.start
        anchor, steps = (self.start, number) if self.first_due is None else (self.first_due, number - 1)
        for shift in sorted(self.shifts, key=lambda shift: shift.number):
            if shift.number <= number:
                anchor, steps = shift.due, number - shift.number
        steps *= self.every
        if self.unit is Unit.MONTHS:
            return add_months(anchor, steps)
        if self.unit is Unit.YEARS:
            return add_months(anchor, 12 * steps)
        return anchor + datetime.timedelta(days=steps * (7 if self.unit is Unit.WEEKS else 1))

    def due(self, number: int) -> Day:
        """The day on which an instalment is due; 0 is the start."""
        return self._due[number]

    @property
    def per_year(self) -> Fraction:
        """How many periods a year has."""
        year = {Unit.DAYS: days_of_year(self.day_count), Unit.WEEKS: 52, Unit.MONTHS: 12, Unit.YEARS: 1}[self.unit]
        return Fraction(year, self.every)
