"""How amounts become payable: digits, direction, and instalments in round sums."""

from __future__ import annotations

import decimal
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

#: far more digits than any amount of money has; a quotient that is half a cent is exactly so
PRECISE = decimal.Context(prec=60)


class Mode(StrEnum):
    """Where a half goes, or everything; the names are decimal's."""

    HALF_EVEN = decimal.ROUND_HALF_EVEN
    HALF_UP = decimal.ROUND_HALF_UP
    HALF_DOWN = decimal.ROUND_HALF_DOWN
    UP = decimal.ROUND_UP
    DOWN = decimal.ROUND_DOWN
    CEILING = decimal.ROUND_CEILING
    FLOOR = decimal.ROUND_FLOOR


@dataclass(frozen=True, slots=True)
class Rounding:
    """`digits` after the point, `mode`, and what equal instalments are a `multiple` of (0: of nothing)."""

    digits: int = 2
    mode: Mode = Mode.HALF_EVEN
    multiple: Decimal = Decimal(0)

    def money(self, value: Fraction | Decimal) -> Decimal:
        """The payable amount nearest to an exact one. A tie is seen as such: the quotient is rounded once."""
        return exact(value).quantize(Decimal(1).scaleb(-self.digits), rounding=self.mode.value, context=PRECISE)

    def instalment(self, value: Decimal) -> Decimal:
        """An equal instalment: rounded to the multiple where there is one, else as money."""
        if not self.multiple:
            return self.money(value)
        steps = PRECISE.divide(value, self.multiple).quantize(Decimal(1), rounding=self.mode.value, context=PRECISE)
        return self.money(steps * self.multiple)


def exact(value: Fraction | Decimal) -> Decimal:
    """A fraction as a decimal of 60 digits."""
    if isinstance(value, Decimal):
        return value
    return PRECISE.divide(Decimal(value.numerator), Decimal(value.denominator))
