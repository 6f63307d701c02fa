"""Values of parameters, as the text that ClickHouse reads for {name:Type}."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f"})
_QUOTED = _ESCAPES | {ord("'"): "\\'"}


def texts(parameters: Mapping[str, Any] | None) -> dict[str, str]:
    """Every value as text in ClickHouse's escaped form, which cannot leave its place. Numbers, strings, times (as
    UTC), None, and lists and mappings of them. Raises TypeError for anything else."""
    return {name: _text(value) for name, value in (parameters or {}).items()}


def _text(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    return literal(value).strip("'") if isinstance(value, date) else literal(value)


def literal(value: Any) -> str:
    """A literal of ClickHouse's SQL."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return f"'{value.translate(_QUOTED)}'"
        case datetime():
            moment = value.astimezone(UTC) if value.tzinfo else value
            return f"'{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond:06d}'"
        case date():
            return f"'{value.isoformat()}'"
        case Mapping():
            return "{" + ",".join(f"{literal(key)}:{literal(item)}" for key, item in value.items()) + "}"
        case Sequence() | set() | frozenset():
            return "[" + ",".join(literal(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} cannot be a parameter")
