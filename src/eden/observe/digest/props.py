"""Properties as the events store can take them: any JSON object that a program sends, made harmless.

The store reads `a.b` as `b` inside `a`, forgets null, and cannot tell a path twice; deep and long values cost everybody
who asks. So: dotted names become objects, of two values for one path the first stays, null is left out, numbers beyond
64 bits become floats, and what is over a limit is cut, which `$cut` counts.
"""

from __future__ import annotations

from typing import Any

import msgspec

from eden.observe.privacy import Masks

#: levels of objects; deeper ones are kept as JSON text
MOST_DEPTH = 6
#: names in all objects of one record
MOST_NAMES = 200
LONGEST_NAME = 100
#: characters of a text, elements of an array
LONGEST_TEXT = 8_192
LONGEST_ARRAY = 500
#: characters of all texts of one record
MOST_TEXT = 65_536
#: how many values were cut, or left out for want of room
CUT = "$cut"

#: arrays with so many elements, and texts in them with so many characters, are looked at the short way
_SHORT_ARRAY, _SHORT_TEXT = 20, 200
_LEAST, _MOST = -(2**63), 2**64


def normal(props: dict[str, Any], masks: Masks) -> dict[str, Any]:
    """The properties, masked; the same object when it only has short plain values, as nearly all have."""
    if len(props) <= MOST_NAMES:
        text, mask, least = 0, masks.text if masks.any else None, masks.least
        for name, value in props.items():
            kind = type(value)
            if kind is str:
                size = len(value)
                if size > LONGEST_TEXT:
                    break
                text += size
                if size > 5 and mask is not None:
                    props[name] = mask(value)
            elif kind is int or kind is float:
                if kind is int and not _LEAST <= value < _MOST:
                    break
                if value >= least:
                    props[name] = masks.number(value)
            elif kind is list:
                if len(value) > _SHORT_ARRAY or not _is_plain(value):
                    break
                if mask is not None:
                    props[name] = [
                        mask(one) if type(one) is str else one if type(one) is bool else masks.number(one)
                        for one in value
                    ]
            elif kind is not bool:
                break
            if not name or "." in name or len(name) > LONGEST_NAME:
                break
        else:
            if text <= MOST_TEXT:
                return props
    return _Normal(masks).object(props)


def _is_plain(values: list[Any]) -> bool:
    """Whether these are short texts and numbers."""
    for value in values:
        kind = type(value)
        if kind is str:
            if len(value) > _SHORT_TEXT:
                return False
        elif kind is int:
            if not _LEAST <= value < _MOST:
                return False
        elif kind is not float and kind is not bool:
            return False
    return True


class _Normal:
    def __init__(self, masks: Masks) -> None:
        self._masks = masks
        self._names = MOST_NAMES
        self._text = MOST_TEXT
        self._cut = 0

    def object(self, props: dict[str, Any]) -> dict[str, Any]:
        found = self._object(props, 1)
        if self._cut:
            found[CUT] = self._cut
        return found

    def _object(self, given: dict[str, Any], depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in given.items():
            if value is None:
                continue
            if self._names <= 0:
                self._cut += 1
                continue
            self._names -= 1
            path = self._path(name, depth)
            made = self._value(value, depth + len(path) - 1)
            if made is not None:
                self._put(found, path, made)
        return found

    def _path(self, name: str, depth: int) -> list[str]:
        """The objects that a name leads through, and the name in the last one. What would be too deep stays one."""
        if "." not in name:
            return [self._name(name)]
        parts = [self._name(part) for part in name.split(".")]
        outer = parts[:-1][: MOST_DEPTH - depth]
        return [*outer, "_".join(parts[len(outer) :])]

    def _name(self, name: str) -> str:
        if len(name) > LONGEST_NAME:
            self._cut += 1
        return name[:LONGEST_NAME] or "_"

    def _put(self, found: dict[str, Any], path: list[str], value: Any) -> None:
        *outer, last = path
        for part in outer:
            inner = found.setdefault(part, {})
            if type(inner) is not dict:
                # the place is a value already
                self._cut += 1
                return
            found = inner
        if last in found:
            self._join(found, last, value)
        else:
            found[last] = value

    def _join(self, found: dict[str, Any], name: str, value: Any) -> None:
        """A second value for a name: objects become one, otherwise the first stays."""
        there = found[name]
        if type(there) is dict and type(value) is dict:
            for inner, one in value.items():
                if inner in there:
                    self._join(there, inner, one)
                else:
                    there[inner] = one
        else:
            self._cut += 1

    def _value(self, value: Any, depth: int) -> Any:
        """None: to be left out."""
        kind = type(value)
        if kind is str:
            return self._texts(value)
        if kind is bool:
            return value
        if kind is int or kind is float:
            value = self._masks.number(value)
            if type(value) is not int:
                return value
            return value if _LEAST <= value < _MOST else float(value) if abs(value) < 10**300 else str(value)[:400]
        if kind is dict:
            if depth >= MOST_DEPTH:
                return self._texts(msgspec.json.encode(value).decode())
            return self._object(value, depth + 1)
        if kind is list:
            return self._array(value, depth)
        return None

    def _array(self, values: list[Any], depth: int) -> Any:
        if depth >= MOST_DEPTH:
            return self._texts(msgspec.json.encode(values).decode())
        self._cut += len(values) > LONGEST_ARRAY
        made = [self._value(one, depth + 1) for one in values[:LONGEST_ARRAY]]
        return [one for one in made if one is not None]

    def _texts(self, text: str) -> str:
        masked = self._masks.text(text[:MOST_TEXT]) if self._masks.any else text
        most = min(LONGEST_TEXT, max(self._text, 0))
        self._cut += len(text) > MOST_TEXT or len(masked) > most
        masked = masked[:most]
        self._text -= len(masked)
        return masked
