"""What a repayment pays: which instalment, and which part of it, in which order."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
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


@dataclass(frozen=True, slots=True)
class Order:
    """`due` parts in order for what is due or overdue; `advance` for what is not due yet (None: the same).

    With `by_part` a part of all due instalments comes before the next part of any ("vertical"); otherwise an instalment
    is paid whole, oldest first, before the next ("horizontal").
    """

    due: tuple[Part, ...] = USUAL
    advance: tuple[Part, ...] | None = None
    by_part: bool = False


@dataclass(frozen=True, slots=True)
class Owed:
    """One instalment's parts: what it asks for and what has been paid of it."""

    number: int
    due: Day
    parts: Mapping[Part, Decimal]
    paid: Mapping[Part, Decimal] = field(default_factory=dict)

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
    state = {row.number: row for row in sorted(owed, key=lambda row: (row.due, row.number))}
    due = [row.number for row in state.values() if row.due <= on]
    later = [row.number for row in state.values() if row.due > on]
    slots = [(n, part) for part in order.due for n in due] if order.by_part else _rowwise(due, order.due)
    slots += _rowwise(later, order.advance or order.due)
    pieces = []
    for number, part in slots:
        row = state[number]
        paid = min(row.open(part), amount)
        if paid > 0:
            amount -= paid
            state[number] = replace(row, paid={**row.paid, part: row.paid.get(part, Decimal(0)) + paid})
            pieces.append(Payment(number, part, paid, late=row.due < on, early=row.due > on))
    return list(state.values()), pieces, amount


def _rowwise(numbers: Sequence[int], parts: tuple[Part, ...]) -> list[tuple[int, Part]]:
    return [(number, part) for number in numbers for part in parts]


def arrears(owed: Sequence[Owed], on: Day) -> tuple[Decimal, int]:
    """What is overdue at the end of a day, and for how many days the oldest of it."""
    overdue = [row for row in owed if row.due < on and row.outstanding > 0]
    days = max(((on - row.due).days for row in overdue), default=0)
    return sum((row.outstanding for row in overdue), Decimal(0)), days


def write_off(owed: Sequence[Owed]) -> dict[Part, Decimal]:
    """What is given up, part by part, when a loan is written off: all that has not been paid."""
    return {part: sum((row.open(part) for row in owed), Decimal(0)) for part in Part}
