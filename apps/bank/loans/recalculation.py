"""A declining-balance loan as it is really repaid: early, late, in parts; interest follows the days.

Interest is on the scheduled balance, less what was prepaid, from the day it was; and on overdue principal until it is
paid. From `as_of` on it is taken for granted that overdue amounts are paid at once and instalments on their days.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from bank.loans.accrual import bounds, charge, factor, stretches
from bank.loans.schedule import Plan
from bank.loans.terms import Interest, Terms

Day = datetime.date


class Prepayment(StrEnum):
    """What becomes of the instalments after more principal was repaid than was due."""

    REDUCE_INSTALMENT = "reduce the instalment"
    REDUCE_COUNT = "reduce the number of instalments"
    #: what was prepaid takes the place of the next instalments' principal
    SKIP_NEXT = "skip the next instalments"


class Rest(StrEnum):
    """When what is owed is looked at anew for its interest."""

    DAILY = "every day"
    #: What happens between two due days counts from the second. When something is overdue there, all that is owed bears
    #: interest; else the balance that is planned does.
    DUE_DAYS = "on due days"


@dataclass(frozen=True, slots=True)
class Repayment:
    on: Day
    amount: Decimal


@dataclass(slots=True)
class Row:
    """An instalment as it is due, and what of it was paid."""

    number: int
    start: Day
    due: Day
    principal: Decimal
    interest: Decimal
    balance: Decimal
    paid_principal: Decimal = Decimal(0)
    paid_interest: Decimal = Decimal(0)

    @property
    def total_due(self) -> Decimal:
        return self.principal + self.interest

    @property
    def outstanding(self) -> Decimal:
        return self.total_due - self.paid_principal - self.paid_interest

    def pay(self, amount: Decimal) -> Decimal:
        """Pays interest, then principal; what is left of the amount."""
        interest = min(amount, self.interest - self.paid_interest)
        principal = min(amount - interest, self.principal - self.paid_principal)
        self.paid_interest += interest
        self.paid_principal += principal
        return amount - interest - principal


@dataclass(frozen=True, slots=True)
class Position:
    """A loan on a day: its instalments; what more was paid than owed."""

    rows: tuple[Row, ...]
    surplus: Decimal


def recalculate(
    terms: Terms,
    repayments: Sequence[Repayment],
    as_of: Day,
    prepayment: Prepayment = Prepayment.REDUCE_INSTALMENT,
    rest: Rest = Rest.DAILY,
) -> Position:
    """The instalments of a loan after its repayments until `as_of`. With a rest on due days what is paid too early
    waits for the next instalments, whatever `prepayment` says.

    Raises ValueError for flat interest, tranches, graces of interest, down payments and balloons, for which this is not
    defined, and for repayments after `as_of` or before the start.
    """
    _check(terms, repayments, as_of)
    ordered = sorted(repayments, key=lambda item: item.on)
    if rest is Rest.DUE_DAYS:
        return _on_due_days(terms, ordered, as_of)
    return _Replay(terms, ordered, as_of, prepayment).run()


def _on_due_days(terms: Terms, repayments: Sequence[Repayment], as_of: Day) -> Position:
    plan, rows = Plan(terms), list[Row]()
    balance, waiting = terms.principal, Decimal(0)
    level = plan.level(1, balance)
    for number in range(1, terms.count + 1):
        if number > 1 and plan.changes(number):
            level = plan.level(number, balance)
        start, due = bounds(terms, number)
        overdue = any(row.due < start and row.paid_principal < row.principal for row in rows)
        owed = balance
        if overdue and start < as_of:
            owed = terms.principal - sum((row.paid_principal for row in rows), Decimal(0))
        interest = charge(terms, number, [(start, owed)])
        principal = min(plan.principal(number, balance, interest, level), balance)
        balance -= principal
        rows.append(Row(number, terms.due(number - 1), terms.due(number), principal, interest, balance))
        last = number == terms.count or not balance
        for item in repayments:
            if start < item.on <= due or (number == 1 and item.on == start) or (last and item.on > due):
                waiting += item.amount
        for row in rows:
            waiting = row.pay(waiting)
        if last:
            break
    return Position(tuple(rows), waiting)


def payoff(
    terms: Terms,
    repayments: Sequence[Repayment],
    as_of: Day,
    prepayment: Prepayment = Prepayment.REDUCE_INSTALMENT,
) -> dict[str, Decimal]:
    """What ends the loan on a day: `principal`, `interest` until that day, and the `total`."""
    _check(terms, repayments, as_of)
    replay = _Replay(terms, sorted(repayments, key=lambda item: item.on), as_of, prepayment, frozenset({as_of}))
    rows = replay.run().rows
    principal = sum((row.principal - row.paid_principal for row in rows), Decimal(0))
    interest = replay.until(as_of) - sum((row.paid_interest for row in rows), Decimal(0))
    return {"principal": principal, "interest": interest, "total": principal + interest}


def interest_until(
    terms: Terms,
    repayments: Sequence[Repayment],
    days: Sequence[Day],
    prepayment: Prepayment = Prepayment.REDUCE_INSTALMENT,
) -> list[Decimal]:
    """All interest that has accrued until each of some days, due or not, paid or not: one replay for all of them.

    It is what `payoff` asks for on such a day and what had been paid of interest before. Raises ValueError as
    `recalculate` does.
    """
    last = max(days)
    _check(terms, repayments, last)
    replay = _Replay(terms, sorted(repayments, key=lambda item: item.on), last, prepayment, frozenset(days))
    replay.run()
    return [replay.until(day) for day in days]


def _check(terms: Terms, repayments: Sequence[Repayment], as_of: Day) -> None:
    if terms.interest is Interest.FLAT:
        raise ValueError("flat interest does not follow the balance: it is not recalculated")
    if terms.tranches or terms.interest_grace or terms.down_payment or terms.balloon:
        raise ValueError("recalculation knows no tranches, graces of interest, down payments or balloons")
    if any(not terms.start <= item.on <= as_of for item in repayments):
        raise ValueError("a repayment lies between the loan's start and the day that is looked at")
    if any(item.amount <= 0 for item in repayments):
        raise ValueError("a repayment must be more than nothing")


class _Replay:
    """Goes through the periods once. `balance` is owed when all that is due has been paid."""

    def __init__(
        self,
        terms: Terms,
        repayments: list[Repayment],
        as_of: Day,
        prepayment: Prepayment,
        marks: frozenset[Day] = frozenset(),
    ) -> None:
        self.terms, self.repayments, self.as_of, self.prepayment = terms, repayments, as_of, prepayment
        #: days on which to note all interest that has accrued, and what was noted. They cut no stretch of days: by some
        #: conventions the parts of a year on both sides of a day are not the part of them together
        self.marks, self.accrued = marks, dict[Day, Decimal]()
        self.plan = Plan(terms)
        self.rows: list[Row] = []
        self.balance = terms.principal
        self.carried = Decimal(0)
        self.surplus = Decimal(0)

    def run(self) -> Position:
        level = self.plan.level(1, self.balance)
        for number in range(1, self.terms.count + 1):
            if number > 1 and self.plan.changes(number):
                level = self.plan.level(number, self.balance)
            prepaid, on_time, interest = self._period(number)
            normal = self.plan.principal(number, self.balance + prepaid, interest, level)
            skipped = min(self.carried, normal) if number < self.terms.count else Decimal(0)
            self.carried -= skipped
            normal -= skipped
            extra = max(on_time - interest - max(normal - prepaid, Decimal(0)), Decimal(0))
            principal = min(max(normal, prepaid) + extra, self.balance + prepaid)
            self.balance += prepaid - principal
            start, due = self.terms.due(number - 1), self.terms.due(number)
            row = Row(number, start, due, principal, interest, self.balance, prepaid)
            self.surplus += row.pay(on_time)
            self.rows.append(row)
            if principal > normal and number < self.terms.count and self.balance:
                if self.prepayment is Prepayment.SKIP_NEXT:
                    self.carried += principal - normal
                elif self.prepayment is Prepayment.REDUCE_INSTALMENT:
                    level = self.plan.level(number + 1, self.balance)
            if not self.balance:
                break
        for item in self.repayments:
            if item.on > self.rows[-1].due:
                self.surplus += self._pay_overdue(item.amount)
        return Position(tuple(self.rows), self.surplus)

    def _period(self, number: int) -> tuple[Decimal, Decimal, Decimal]:
        """One period's prepaid principal, payments on its due day, and interest. What is overdue is paid first."""
        start, due = bounds(self.terms, number)
        prepaid = on_time = Decimal(0)
        exact_part = rounded = Fraction(0)
        at = start
        inside = [item for item in self.repayments if start < item.on <= due or (number == 1 and item.on == start)]
        before = sum((row.interest for row in self.rows), Decimal(0)) if self.marks else Decimal(0)
        for day in sorted({item.on for item in inside} | {due}):
            owed = ((self.balance, day), (self._overdue(), min(day, self.as_of)))
            for mark in (mark for mark in self.marks if at < mark <= day):
                parts = [self._interest(number, at, min(mark, end), amount) for amount, end in owed]
                until = exact_part + sum(part for part, _ in parts), rounded + sum(money for _, money in parts)
                self.accrued[mark] = before + self._money(*until)
            for amount, end in owed:
                part, money = self._interest(number, at, end, amount)
                exact_part, rounded = exact_part + part, rounded + money
            at = day
            for item in inside:
                if item.on != day:
                    continue
                left = self._pay_overdue(item.amount)
                if day == due:
                    on_time += left
                else:
                    early = min(left, self.balance)
                    prepaid, self.balance = prepaid + early, self.balance - early
                    self.surplus += left - early
        return prepaid, on_time, self._money(exact_part, rounded)

    def _interest(self, number: int, low: Day, high: Day, owed: Decimal) -> tuple[Fraction, Fraction]:
        if high <= low or not owed:
            return Fraction(0), Fraction(0)
        pieces = [s for s in stretches(self.terms, number, (low, high)) if low <= s.start and s.end <= high]
        parts = [Fraction(owed) * factor(self.terms, number, stretch) for stretch in pieces]
        money = sum((Fraction(self.terms.rounding.money(part)) for part in parts), Fraction(0))
        return sum(parts, Fraction(0)), money

    def until(self, day: Day) -> Decimal:
        """All interest until one of the marks."""
        if day <= self.terms.start:
            return Decimal(0)
        total = sum((row.interest for row in self.rows), Decimal(0))
        return self.accrued.get(day, total)

    def _money(self, exact_part: Fraction, rounded: Fraction) -> Decimal:
        return self.terms.rounding.money(rounded if self.terms.round_stretches else exact_part)

    def _overdue(self) -> Decimal:
        return sum((row.principal - row.paid_principal for row in self.rows), Decimal(0))

    def _pay_overdue(self, amount: Decimal) -> Decimal:
        for row in self.rows:
            amount = row.pay(amount)
        return amount
