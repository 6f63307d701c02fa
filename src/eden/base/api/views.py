"""Values as HTTP shows them: the same fields, times written as RFC 3339."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, TypeVar, get_args

import msgspec

from eden.base.api.times import moment

V = TypeVar("V", bound=msgspec.Struct)


def viewed(kind: type[V], value: msgspec.Struct, **more: Any) -> V:
    """A `kind` with the fields of `value` that have the same name; those that are times there are microseconds in
    `value`. `more` are fields that `value` has not, or has otherwise."""
    found = {}
    for name, is_time in _fields(kind):
        if name in more:
            found[name] = more[name]
        else:
            own = getattr(value, name)
            found[name] = moment(own) if is_time else own
    return kind(**found)


@cache
def _fields(kind: type[msgspec.Struct]) -> list[tuple[str, bool]]:
    """Names, and whether it is a time."""
    fields = msgspec.structs.fields(kind)
    return [(field.name, field.type is datetime or datetime in get_args(field.type)) for field in fields]
