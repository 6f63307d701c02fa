"""What a loan costs a month and a year, and how much of it can be carried: the one truth of it.

`terms` is what the loan engine is told of every loan of the bank, from the first offer to the last instalment. Where
each month is a twelfth of a year, the same instalments follow from whole numbers alone (`instalments`): a decision
needs several of them, and the engine, which can do any loan, takes fifty times as long. Amounts are cents.
"""

from __future__ import annotations

import datetime
import math
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from bank.loans.apr import Flow, eu_apr
from bank.loans.daycount import DayCount
from bank.loans.schedule import schedule
from bank.loans.terms import Accrual, Amortisation, Terms

#: how a loan is repaid, month by month
Method: TypeAlias = Literal["equal_instalments", "equal_principal", "bullet"]
#: what the engine calls it
METHODS: Final[dict[Method, Amortisation]] = {
    "equal_instalments": Amortisation.EQUAL_INSTALMENTS,
    "equal_principal": Amortisation.EQUAL_PRINCIPAL,
    "bullet": Amortisation.BULLET,
}
#: basis points of a year in a month
_MONTH: Final = 120_000
#: a rate that is nearer to a whole basis point than this, in basis points, is computed once more without floats
_NEAR: Final = 1e-4


class Conditions(Struct, frozen=True):
    """All of a loan but its amount: basis points a year, months, its first day, how it is repaid, how days are counted.

    By 30/360 each month is a twelfth of a year, and a part of a month its share of the month's days; by every other
    convention interest is counted day by day.
    """

    rate_bp: int
    term: int
    start: datetime.date
    method: Method = "equal_instalments"
    day_count: DayCount = DayCount.THIRTY_360

    @property
    def is_alike(self) -> bool:
        """Whether all months are."""
        return self.day_count is DayCount.THIRTY_360


def terms(amount: int, on: Conditions) -> Terms:
    """Of a loan of the bank: monthly instalments."""
    return Terms(
        principal=Decimal(amount) / 100,
        rate=Decimal(on.rate_bp) / 10_000,
        start=on.start,
        count=on.term,
        amortisation=METHODS[on.method],
        day_count=on.day_count,
        accrual=Accrual.PERIOD if on.is_alike else Accrual.DAILY,
    )


def instalments(amount: int, on: Conditions) -> tuple[tuple[int, int], ...]:
    """Principal and interest of each month, as `schedule(terms(…))` has them."""
    return _alike(amount, on.rate_bp, on.term, on.method) if on.is_alike else _counted(amount, on)


@lru_cache(maxsize=4096)
def _counted(amount: int, on: Conditions) -> tuple[tuple[int, int], ...]:
    return tuple((int(row.principal * 100), int(row.interest * 100)) for row in schedule(terms(amount, on)))


@lru_cache(maxsize=4096)
def _alike(amount: int, rate_bp: int, term: int, method: Method) -> tuple[tuple[int, int], ...]:
    level = part = 0
    if method == "equal_instalments":
        level = _level(amount, rate_bp, term)
    elif method == "equal_principal":
        part = _half_even(amount, term)
    rows = []
    rest = amount
    for number in range(1, term + 1):
        interest = _half_even(rest * rate_bp, _MONTH)
        if number == term:
            principal = rest
        elif method == "equal_instalments":
            principal = min(max(level - interest, 0), rest)
        else:
            principal = min(part, rest)
        rows.append((principal, interest))
        rest -= principal
        if not rest:
            break
    return tuple(rows)


def payment(amount: int, on: Conditions) -> int:
    """What a month takes at most; a bullet's principal is shared out over its months."""
    rows = instalments(amount, on)
    if on.method == "bullet":
        return sum(principal + interest for principal, interest in rows) // len(rows)
    return max(principal + interest for principal, interest in rows)


def annual_cost(amount: int, on: Conditions) -> int:
    """The yearly rate of all costs (Directive 2008/48/EC), rounded up: a limit is not passed by rounding."""
    paid = [principal + interest for principal, interest in instalments(amount, on)]
    rate = _yearly(amount, paid) * 10_000
    if abs(rate - round(rate)) > _NEAR:
        return math.ceil(rate)
    rows = schedule(terms(amount, on))
    exact = eu_apr([Flow(on.start, Decimal(amount) / 100)], [Flow(row.due, row.total) for row in rows])
    return int((exact * 10_000).to_integral_value(ROUND_CEILING))


def affordable(wanted: int, carried: int, on: Conditions, *, step: int, least: int) -> int:
    """The most up to `wanted` whose payment can be carried, in whole steps where it is less; 0 below the `least`."""
    amount = wanted
    if amount and (monthly := payment(amount, on)) > carried:
        # the payment grows with the amount; a step less where rounding is in the way
        amount = amount * max(0, carried) // monthly // step * step
        while amount and payment(amount, on) > carried:
            amount -= step
    return amount if amount >= max(least, 1) else 0


def _level(amount: int, rate_bp: int, term: int) -> int:
    """The annuity: P·r·gⁿ / (gⁿ − 1) with g = 1 + r, in whole numbers, rounded once."""
    if not rate_bp:
        return _half_even(amount, term)
    grown, flat = (_MONTH + rate_bp) ** term, _MONTH**term
    return _half_even(amount * rate_bp * grown, _MONTH * (grown - flat))


def _half_even(dividend: int, divisor: int) -> int:
    """The nearest whole number; a half goes to the even one. Both are positive."""
    quotient, rest = divmod(dividend, divisor)
    return quotient + (2 * rest > divisor or (2 * rest == divisor and quotient % 2 == 1))


def _yearly(amount: int, paid: list[int]) -> float:
    """The rate at which monthly payments are worth the amount: Newton's steps on the value of a month."""
    discount = 1.0
    for _ in range(60):
        value = slope = 0.0
        for number in range(len(paid), 0, -1):
            # Horner's scheme, of the sum and of its derivative
            slope = slope * discount + number * paid[number - 1]
            value = value * discount + paid[number - 1]
        step = (value * discount - amount) / slope
        discount -= step
        if abs(step) < 1e-15:
            break
    return math.pow(discount, -12) - 1
