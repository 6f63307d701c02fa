"""Ids of traces and spans (W3C Trace Context): random, and drawn by the block, as asking the system for each costs more
than the rest of it."""

from __future__ import annotations

import os
import re

_BLOCK = 256
#: a traceparent; an id of zeros is none
_PARENT = re.compile(rb"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def carried_on(parent: bytes) -> str:
    """The trace that a caller's traceparent is of; "" when it is none."""
    found = _PARENT.fullmatch(parent)
    return "" if found is None else found[1].decode()


class Ids:
    __slots__ = ("_both", "_spans", "_traces")

    def __init__(self) -> None:
        self._traces: list[str] = []
        self._spans: list[bytes] = []
        self._both: list[bytes] = []

    def trace(self) -> str:
        """32 hexadecimal digits."""
        if not self._traces:
            drawn = os.urandom(16 * _BLOCK).hex()
            self._traces = [drawn[at : at + 32] for at in range(0, len(drawn), 32)]
        return self._traces.pop()

    def both(self) -> bytes:
        """A trace's and a span's, as in traceparent."""
        if not self._both:
            drawn = os.urandom(24 * _BLOCK).hex().encode()
            self._both = [b"%b-%b" % (drawn[at : at + 32], drawn[at + 32 : at + 48]) for at in range(0, len(drawn), 48)]
        return self._both.pop()

    def span(self) -> bytes:
        """16 hexadecimal digits."""
        if not self._spans:
            drawn = os.urandom(8 * _BLOCK).hex().encode()
            self._spans = [drawn[at : at + 16] for at in range(0, len(drawn), 16)]
        return self._spans.pop()
