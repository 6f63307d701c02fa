"""Header rules, and which headers of callers and services pass at all.

What the gateway says to services in headers of its own, nobody else may say: `x-eden-…`, the authorizers' principals,
and anything with an underscore, which some servers read as a dash.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from eden.gateway.exchange import SECRET, Headers
from eden.gateway.interfaces import HeaderRule
from eden.gateway.memo import Memo

#: of HTTP itself, or of one connection
_OF_HTTP = frozenset(
    "host content-type content-length content-encoding transfer-encoding connection keep-alive te trailer upgrade "
    "expect date".split()
)
#: of the gateway and its wires
_OF_GATEWAY = frozenset(
    "operation-type appid workspaceid did ts sign signtype result-status tips memo mgw-traceid server-time "
    "traceparent tracestate forwarded".split()
)
_PREFIXES = ("x-eden-", "x-mgs-", "x-forwarded-", "proxy-", "sec-")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

#: what callers send to the gateway and services need not know, or believe
_NOT_SENT = frozenset(
    name.encode() for name in "operation-type appid workspaceid did ts sign signtype forwarded x-real-ip".split()
)
_NOT_SENT_PREFIXES = (b"x-eden-", b"x-mgs-", b"x-forwarded-")
#: what only the gateway says to callers
_NOT_RETURNED = frozenset(name.encode() for name in "result-status tips memo mgw-traceid server-time".split())


def forbidden(name: str) -> bool:
    """Whether a header is none of a catalogue's affair: HTTP's own, or the gateway's."""
    lower = name.lower()
    return lower in _OF_HTTP or lower in _OF_GATEWAY or lower.startswith(_PREFIXES)


def refusal(rule: HeaderRule) -> str | None:
    """Why there can be no such rule, in a sentence; None when there can."""
    if "_" in rule.name:
        return f"{rule.name} has an underscore, which servers take for a dash."
    if forbidden(rule.name):
        return f"{rule.name} belongs to HTTP itself, or to the gateway."
    if _VALUE.fullmatch(rule.value) is None:
        return f"The value of {rule.name} has characters that no header holds."
    return None


def _short(name: bytes, _: bool) -> bool:
    """Whether a name is worth being remembered: strangers make up long ones."""
    return len(name) <= 64


class HeaderRules:
    """The rules of one operation for one direction, ready for use; ValueError for one that cannot be."""

    __slots__ = ("_add", "_delete", "_names")

    def __init__(self, rules: Sequence[HeaderRule], location: str) -> None:
        mine = [rule for rule in rules if rule.location == location]
        for rule in mine:
            if (why := refusal(rule)) is not None:
                raise ValueError(why)
        self._add = [(r.name.lower().encode(), r.value.strip().encode("latin-1")) for r in mine if r.action == "add"]
        self._delete = {
            r.name.lower().encode(): r.value.strip().encode("latin-1") for r in mine if r.action == "delete"
        }
        self._names = frozenset(name for name, _ in self._add)

    def __bool__(self) -> bool:
        return bool(self._add or self._delete)

    def apply(self, headers: Headers) -> Headers:
        """What is added takes the place of all of that name; what is deleted is so only with the value given, if one
        is.
        """
        kept = []
        for header in headers:
            name, value = header
            if name in self._names:
                continue
            if name in self._delete and self._delete[name] in (b"", value):
                continue
            kept.append(header)
        return kept + self._add


class RequestFilter:
    """Which headers of a caller a service gets. `principals`: the names that authorizers use."""

    __slots__ = ("_sent",)

    def __init__(self, principals: Iterable[bytes]) -> None:
        dropped = _NOT_SENT | frozenset(principals)

        def sent(name: bytes) -> bool:
            return name not in dropped and not name.startswith(_NOT_SENT_PREFIXES) and b"_" not in name

        self._sent = Memo(sent, worth=_short).__getitem__

    def __call__(self, headers: Headers) -> Headers:
        return [header for header in headers if self._sent(header[0])]


_RETURNED: Final[Memo[tuple[bytes, bytes], bool]] = Memo(
    lambda field: field[0] not in _NOT_RETURNED and not field[0].startswith(b"x-eden-"),
    worth=lambda field, _: len(field[0]) + len(field[1]) <= 256 and field[0] not in SECRET,
)


def returned(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """What of a service's headers a caller gets."""
    return list(filter(_RETURNED.__getitem__, headers))
