"""Versions as phones and people write them, in the order of Semantic Versioning 2.0.0.

    version    = ["v"] number *3("." number) ["-" prerelease] ["+" build]
    prerelease = identifier *("." identifier), of letters, digits and hyphens; build likewise, and of no weight

One to four numbers, since offline packages count 1.0.0.1; those that are missing are 0, leading zeros do not count.
Precedence is that of Semantic Versioning (section 11): numbers by value, a prerelease before its release, identifiers
of digits by value and before others, others by ASCII, fewer identifiers before more.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

#: Longest text that is read as a version; the longest in the npm registry are half of it.
MAX_VERSION = 128
#: Versions kept parsed: a fleet runs some hundreds of operating systems and apps.
_CACHED = 4096

#: Numbers, then (1,) for a release or (0, identifiers) before it. Compare with <, ==, >.
Version: TypeAlias = tuple[tuple[int, int, int, int], tuple[int, tuple[tuple[int, int, str], ...]]]

_RELEASE: tuple[int, tuple[tuple[int, int, str], ...]] = (1, ())
_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(rf"[vV]?([0-9]+(?:\.[0-9]+){{0,3}})(?:-({_IDENTIFIERS}))?(?:\+{_IDENTIFIERS})?")
_DIGITS = re.compile(r"[0-9]+")


def parse_version(text: str | None) -> Version | None:
    """The version's place in the order; None for what is no version. Never raises."""
    return None if text is None or len(text) > MAX_VERSION else _parse(text)


@lru_cache(maxsize=_CACHED)
def _parse(text: str) -> Version | None:
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    first, second, third, fourth = [*map(int, found[1].split(".")), 0, 0, 0][:4]
    prerelease = _RELEASE if found[2] is None else (0, tuple(map(_identifier, found[2].split("."))))
    return (first, second, third, fourth), prerelease


def _identifier(text: str) -> tuple[int, int, str]:
    return (0, int(text), "") if _DIGITS.fullmatch(text) else (1, 0, text)
