"""Whether the expressions of a catalogue can be read: mappings and keys of the cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from eden.gateway.expressions import parse


def bad_expression(text: str) -> str:
    """Why it is no expression; empty when it is one."""
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return ""


def bad_template(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Places and sentences of texts in a JSON template that begin with `$` and are no expressions."""
    if isinstance(value, str):
        if value.startswith("$") and not value.startswith("$$") and (trouble := bad_expression(value)):
            yield where, trouble
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from bad_template(item, f"{where}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from bad_template(item, f"{where}[{number}]")
