"""What a repayment pays: which instalment, and which part of it, in which order."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

Day = datetime.date


class Part(StrEnum):
    PENALTY = "penalty"
    FEE = "fee"
    INTEREST = "interest"
    PRINCIPAL = "principal"


#: penalties first, the balance last: what most contracts say
USUAL: Final = (Part.PENALTY, Part.FEE, Part.INTEREST, Part.PRINCIPAL)


class Ahead(StrEnum):
    """Which instalments take what is paid before its time."""

    NEXT = "the next instalments, one after another"
    LAST = "the last instalments, backwards"
    #: the same from each, so that all of them become smaller
    ALL = "all of them alike"


@dataclass(frozen=True, slots=True)
class Order:
    """`due` parts in order for what is due or overdue; `advance` for what is not due yet (None: the same).

    With `by_part` a part of all overdue instalments comes before the next part of any ("vertical"), and then of what is
    due on the day; otherwise an instalment is paid whole, oldest first, before the next ("horizontal").
    """

    due: tuple[Part, ...] = USUAL
    advance: tuple[Part, ...] | None = None
    by_part: bool = False
    ahead: Ahead = Ahead.NEXT


_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Owed:
    """One instalment's parts: what it asks for and what has been paid of it.

    A down payment is due `at_once`, as the money is lent.
    """

    number: int
    due: Day
    parts: Mapping[Part, Decimal]
    paid: Mapping[Part, Decimal] = field(default_factory=dict)
    at_once: bool = False

    def open(self, part: Part) -> Decimal:
        return self.parts.get(part, Decimal(0)) - self.paid.get(part, Decimal(0))

    @property
    def outstanding(self) -> Decimal:
        return sum((self.open(part) for part in Part), Decimal(0))


@dataclass(frozen=True, slots=True)
class Payment:
    """One piece of a repayment: what it pays of which instalment. `late` and `early` compare with its due day."""

    number: int
    part: Part
    amount: Decimal
    late: bool
    early: bool


def allocate(
    owed: Sequence[Owed], amount: Decimal, on: Day, order: Order | None = None
) -> tuple[list[Owed], list[Payment], Decimal]:
    """The instalments after a repayment, its pieces, and what is left over when everything is paid.

    Raises ValueError for an amount that is not more than nothing.
    """
    if amount <= 0:
        raise ValueError("a repayment must be more than nothing")
    order = order or Order()
    advance = order.advance or order.due
    state = {row.number: row for row in sorted(owed, key=lambda row: (row.due, row.number))}
    overdue = [row.number for row in state.values() if row.due < on]
    today = [row.number for row in state.values() if row.due == on]
    later = [row.number for row in state.values() if row.due > on]
    pieces: dict[tuple[int, Part], Payment] = {}

    def pay(number: int, part: Part, most: Decimal) -> Decimal:
        row = state[number]
        paid = min(row.open(part), most)
        if paid > 0:
            state[number] = replace(row, paid={**row.paid, part: row.paid.get(part, Decimal(0)) + paid})
            before = pieces[number, part].amount if (number, part) in pieces else Decimal(0)
            pieces[number, part] = Payment(number, part, before + paid, late=row.due < on, early=row.due > on)
        return max(paid, Decimal(0))

    for numbers, parts in ((overdue, order.due), (today, order.due), (later, advance)):
        if numbers is later and order.ahead is Ahead.ALL:
            for part in parts:
                amount -= _alike(state, numbers, part, amount, pay)
            continue
        if numbers is later and order.ahead is Ahead.LAST:
            numbers = numbers[::-1]
        rows = [[(number, part) for part in parts] for number in numbers]
        for number, part in itertools.chain.from_iterable(zip(*rows, strict=True) if order.by_part else rows):
            amount -= pay(number, part, amount)
    return list(state.values()), list(pieces.values()), amount


def _alike(
    state: Mapping[int, Owed],
    numbers: Sequence[int],
    part: Part,
    amount: Decimal,
    pay: Callable[[int, Part, Decimal], Decimal],
) -> Decimal:
    """Pays the same of a part of each instalment, to the cent, as far as each has it; the last one has the cents."""
    paid = Decimal(0)
    while left := [number for number in numbers if state[number].open(part) > 0]:
        share = ((amount - paid) / len(left)).quantize(_CENT, ROUND_HALF_UP)
        small = [number for number in left if state[number].open(part) <= share]
        if not small or share == 0:
            paid += sum((pay(number, part, min(share, amount - paid)) for number in left[:-1]), Decimal(0))
            return paid + pay(left[-1], part, amount - paid)
        paid += sum((pay(number, part, amount - paid) for number in small), Decimal(0))
    return paid


def arrears(owed: Sequence[Owed], on: Day) -> tuple[Decimal, int]:
    """What is overdue at the end of a day, and for how many days the oldest of it."""
    overdue = [row for row in owed if row.due < on and row.outstanding > 0]
    days = max(((on - row.due).days for row in overdue), default=0)
    return sum((row.outstanding for row in overdue), Decimal(0)), days


def write_off(owed: Sequence[Owed]) -> dict[Part, Decimal]:
    """What is given up, part by part, when a loan is written off: all that has not been paid."""
    return {part: sum((row.open(part) for row in owed), Decimal(0)) for part in Part}
