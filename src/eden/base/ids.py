"""Identifiers that any process can make alone and that sort by the time they were made."""

from __future__ import annotations

import os
import time
import uuid


def new_id() -> str:
    """A UUID of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, the rest random; lower-case text."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def now() -> int:
    """Microseconds since 1970 in UTC: the form of every time in the database."""
    return time.time_ns() // 1000
