"""Ids as the ledger has them: UUIDs of version 7 as 32 hex digits, which sort by the time they stand for."""

from __future__ import annotations

import os
import random


def new_hex(at: int, chance: random.Random | None = None) -> str:
    """For a moment in µs; random in its other bits, or drawn from `chance` where the same seed is to give the same."""
    drawn = int.from_bytes(os.urandom(10), "big") if chance is None else chance.getrandbits(80)
    value = (at // 1000) << 80 | drawn
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return f"{value:032x}"


def at_of(identifier: str) -> int:
    """The moment an id stands for, µs (to the millisecond)."""
    return int(identifier[:12], 16) * 1000
