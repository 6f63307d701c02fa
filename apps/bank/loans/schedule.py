"""From terms to instalments."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from bank.loans.accrual import bounds, charge, factor, nominal_factor, period_factor, rate_on, stretches
from bank.loans.rounding import PRECISE, exact
from bank.loans.terms import Amortisation, Annuity, Interest, Terms, Tranche

Day = datetime.date


@dataclass(frozen=True, slots=True)
class Instalment:
    """What is due on a day: `principal` and `interest`; `balance` is owed afterwards. Number 0 is a down payment."""

    number: int
    start: Day
    due: Day
    principal: Decimal
    interest: Decimal
    balance: Decimal

    @property
    def total(self) -> Decimal:
        return self.principal + self.interest

    @property
    def days(self) -> int:
        return (self.due - self.start).days


def schedule(terms: Terms) -> tuple[Instalment, ...]:
    """A loan's instalments in order; principals sum to what is lent, and the last balance is zero.

    A fixed instalment that repays early ends the schedule early; one that does not cover the interest leaves the
    principal as it is, and the last instalment larger.
    """
    rows: list[Instalment] = []
    balance = terms.principal
    plan = Plan(terms)
    down = plan.down(terms.principal)
    if down:
        balance -= down
        rows.append(Instalment(0, terms.start, terms.start, down, Decimal(0), balance))
    level = Decimal(0)
    deferred = Decimal(0)
    for number in range(1, terms.count + 1):
        if number == 1 or plan.changes(number):
            level = plan.level(number, balance)
        interest = plan.interest(number, balance, plan.tranches)
        for tranche in plan.tranches_in(number):
            balance += tranche.amount
            down = plan.down(tranche.amount)
            if down:
                balance -= down
                rows.append(Instalment(0, tranche.on, tranche.on, down, Decimal(0), balance))
        principal = plan.principal(number, balance, interest, level)
        deferred += interest
        charged = Decimal(0) if number <= terms.interest_grace else deferred
        deferred -= charged
        balance -= principal
        rows.append(Instalment(number, terms.due(number - 1), terms.due(number), principal, charged, balance))
        if not balance and not deferred and not any(tranche.on >= terms.due(number) for tranche in terms.tranches):
            break
    return tuple(rows)


class Plan:
    """How each instalment is divided."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.tranches = tuple(sorted(terms.tranches, key=lambda tranche: tranche.on))

    def down(self, amount: Decimal) -> Decimal:
        """What of an amount is due on the day on which it is lent."""
        return self.terms.rounding.instalment(amount * self.terms.down_payment)

    def tranches_in(self, number: int) -> list[Tranche]:
        """The tranches paid in an instalment's period: from its first day on, before its due day."""
        start, end = bounds(self.terms, number)
        return [tranche for tranche in self.tranches if start <= tranche.on < end]

    def changes(self, number: int) -> bool:
        """Whether what instalments are computed from changes in this period: money or rate."""
        start, end = bounds(self.terms, number)
        days = [tranche.on for tranche in self.terms.tranches] + [change.on for change in self.terms.rate_changes]
        return any(start <= day < end for day in days)

    def interest(self, number: int, balance: Decimal, tranches: tuple[Tranche, ...]) -> Decimal:
        """The interest of an instalment's period when `balance` is owed at its start."""
        if self.terms.interest is Interest.FLAT and number == self.terms.count:
            return self._last_flat()
        start, end = bounds(self.terms, number)
        steps = [(start, balance)]
        for tranche in tranches:
            if start <= tranche.on < end:
                balance += tranche.amount - self.down(tranche.amount)
                steps.append((tranche.on, balance))
        return charge(self.terms, number, steps)

    def principal(self, number: int, balance: Decimal, interest: Decimal, level: Decimal) -> Decimal:
        """The principal that an instalment repays of `balance`, tranches of its period included."""
        terms = self.terms
        if number == terms.count:
            return balance
        if number <= terms.principal_grace or terms.amortisation is Amortisation.BULLET:
            return Decimal(0)
        if terms.amortisation is Amortisation.EQUAL_INSTALMENTS:
            wanted = level - interest
        elif terms.amortisation is Amortisation.FIXED_PERCENTAGE:
            wanted = terms.rounding.money(terms.amount * terms.percentage)
        else:
            wanted = level
        return min(max(wanted, Decimal(0)), balance)

    def level(self, number: int, balance: Decimal) -> Decimal:
        """What stays equal from an instalment on: the instalment, or the principal in it."""
        terms = self.terms
        if terms.instalment is not None:
            return terms.instalment
        paid_in = self._lent(self.tranches_in(number))
        repaying = terms.count - max(number - 1, terms.principal_grace)
        if terms.amortisation is Amortisation.EQUAL_PRINCIPAL:
            return terms.rounding.money(Fraction(balance + paid_in - terms.balloon) / repaying)
        if terms.amortisation is not Amortisation.EQUAL_INSTALMENTS:
            return Decimal(0)
        if terms.interest is Interest.FLAT:
            one = Fraction(terms.amount) * self._factor(number)
            return terms.rounding.instalment(exact(Fraction(balance - terms.balloon) / repaying + one))
        known = self._known(number)
        level = terms.rounding.instalment(known._annuity(number, balance))
        return known._evened(number, balance, level) if terms.even_out else level

    def _known(self, number: int) -> Plan:
        """The plan without what happens after an instalment's period: an instalment is computed from what is known."""
        if not (self.terms.tranches or self.terms.rate_changes):
            return self
        end = bounds(self.terms, number)[1]
        tranches = tuple(tranche for tranche in self.terms.tranches if tranche.on < end)
        changes = tuple(change for change in self.terms.rate_changes if change.on < end)
        return Plan(replace(self.terms, tranches=tranches, rate_changes=changes))

    def _factor(self, number: int) -> Fraction:
        if self.terms.annuity is Annuity.NOMINAL:
            return nominal_factor(self.terms, number, rate_on(self.terms, bounds(self.terms, number)[0]))
        return period_factor(self.terms, number)

    def _annuity(self, number: int, balance: Decimal) -> Decimal:
        """The payment after which nothing but the balloon is left at the end.

        What is owed after all periods is linear in the payment: owed - payment * grown. Both are carried from period to
        period, so that any mixture of lengths, rates, graces and tranches has a level instalment.
        """
        owed, grown = balance, Decimal(0)
        for at in range(number, self.terms.count + 1):
            new = self.tranches_in(at)
            if at <= self.terms.principal_grace:
                owed += self._lent(new)
                continue
            added = sum((self._grown(at, tranche) for tranche in new), Decimal(0))
            growth = 1 + exact(self._factor(at))
            owed = PRECISE.add(PRECISE.multiply(owed, growth), added)
            grown = PRECISE.add(PRECISE.multiply(grown, growth), Decimal(1))
        return PRECISE.divide(owed - self.terms.balloon, grown)

    def _lent(self, tranches: Iterable[Tranche]) -> Decimal:
        """What of tranches stays lent after their down payments."""
        return sum((tranche.amount - self.down(tranche.amount) for tranche in tranches), Decimal(0))

    def _grown(self, number: int, tranche: Tranche) -> Decimal:
        """A tranche and what it earns in the rest of its period."""
        rest = (s for s in stretches(self.terms, number, (tranche.on,)) if s.start >= tranche.on)
        earned = sum((factor(self.terms, number, stretch) for stretch in rest), Fraction(0))
        return PRECISE.multiply(self._lent([tranche]), 1 + exact(earned))

    def _evened(self, number: int, balance: Decimal, level: Decimal) -> Decimal:
        """The level that leaves the last instalment nearest, of two: this one and the one that spreads the difference.

        It is not worth while for less than half a unit of the last digit for each instalment.
        """
        terms = self.terms
        count = terms.count - number + 1
        difference = self._last(number, balance, level) - level
        unit = Decimal(1).scaleb(-terms.rounding.digits)
        if abs(difference) <= unit * (count // 2) or count < 2:
            return level
        other = terms.rounding.instalment(level + terms.rounding.money(Fraction(difference) / count))
        return other if abs(self._last(number, balance, other) - other) < abs(difference) else level

    def _last(self, number: int, balance: Decimal, level: Decimal) -> Decimal:
        """The last instalment when `level` is paid from `number` on and no later tranche comes."""
        known = tuple(self.tranches_in(number))
        interest = Decimal(0)
        for at in range(number, self.terms.count + 1):
            interest = self.interest(at, balance, known)
            if at == number:
                balance += self._lent(known)
            if at < self.terms.count:
                balance -= self.principal(at, balance, interest, level)
        return balance + interest - self.terms.balloon

    def _last_flat(self) -> Decimal:
        """Flat interest sums to the interest of the whole time; the last instalment takes what rounding left."""
        terms = self.terms
        numbers = range(1, terms.count + 1)
        whole = sum((Fraction(terms.amount) * period_factor(terms, number) for number in numbers), Fraction(0))
        charged = sum((charge(terms, number, [(terms.start, terms.amount)]) for number in numbers[:-1]), Decimal(0))
        return max(terms.rounding.money(whole) - charged, Decimal(0))
