"""Ids as the ledger has them: UUIDs of version 7 as 32 hex digits, which sort by the time they stand for."""

from __future__ import annotations

import os
import random


def new_hex(at: int, chance: random.Random | None = None) -> str:
    """For a moment in µs, which is in it to a quarter of one (RFC 9562, section 6.2, method 3); random in its other
    bits, or drawn from `chance` where the same seed is to give the same."""
    drawn = int.from_bytes(os.urandom(8), "big") if chance is None else chance.getrandbits(64)
    milliseconds, rest = divmod(at, 1000)
    value = milliseconds << 80 | 0x7 << 76 | (rest * 4096 // 1000) << 64 | drawn
    value = value & ~(0x3 << 62) | 0x2 << 62
    return f"{value:032x}"
