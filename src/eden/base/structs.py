"""Structs are made ready before threads read them.

msgspec works out how a class is read when somebody first reads it, and for that time the class has a plan that is half
made, so that it may contain itself. Another thread that reads it at that moment follows the half, and the process dies
(msgspec 0.22). Whoever starts threads, or brings more classes to those that run, calls `make_ready` first.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

_ready: set[type[msgspec.Struct]] = set()


def make_ready() -> None:
    """Have msgspec work out all classes that are there and were not before: 0.1 ms for one."""
    for found in set(_below(msgspec.Struct)) - _ready:
        _ready.add(found)
        try:
            msgspec.json.Decoder(found)
        except (TypeError, NameError):
            # one that is made and compared, and never read
            continue


def _below(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for found in base.__subclasses__():
        yield found
        yield from _below(found)
