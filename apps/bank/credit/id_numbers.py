"""Citizen identity numbers (GB 11643-1999): 6 digits of a place, 8 of the birth, 3 of order, one to check."""

from __future__ import annotations

import datetime
from typing import Final

#: ISO 7064, MOD 11-2: weights 2^(17-i) mod 11, and what the remainder is written as
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"


def check_digit(first: str) -> str:
    """The 18th character for the first 17 digits."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(first, _WEIGHTS, strict=True)) % 11]


def is_valid(number: str) -> bool:
    """Whether a number has the form, a birth that exists, and the right check digit."""
    return _has_form(number) and birth(number) is not None and check_digit(number[:17]) == number[17]


def birth(number: str) -> datetime.date | None:
    """The day of birth in a number; None where it is none."""
    if not _has_form(number):
        return None
    try:
        return datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def _has_form(number: str) -> bool:
    digits = number[:17]
    return len(number) == 18 and digits.isascii() and digits.isdigit() and number[17] in "0123456789X"
