"""Conditions and events as forms and addresses say them.

In an address, texts with several parts have them between "|": a filter is property, operator, values; events are their
names ("*": any), and behind "||" their filters. A form has the fields NAME-name (several), NAME-property, NAME-operator
and NAME-value (one of each for a condition).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import get_args

from eden.console.forms import Form
from eden.observe.questions.interfaces import Events, Filter, Operator

OPERATORS: tuple[str, ...] = get_args(Operator)
#: of one number, of two, of none
NUMBERED = frozenset({"gt", "gte", "lt", "lte"})
VALUELESS = frozenset({"set", "not_set"})
#: in place of an event's name: any
ANY = "*"
#: values of one filter are written with commas between
_COMMAS = str.maketrans("，、", ",,")
#: of one question
_FILTERS, _NAMES = 20, 50
_FIELD = re.compile(r"-(name|property|operator|value)$")


def split(text: str) -> list[str]:
    """The parts of a text that `join` made."""
    return [part.replace("%7C", "|").replace("%25", "%") for part in text.split("|")]


def join(parts: Sequence[str]) -> str:
    """Parts as one text."""
    return "|".join(part.replace("%", "%25").replace("|", "%7C") for part in parts)


# filters


def made_filter(name: str, operator: str, text: str) -> Filter | None:
    """A filter as a form has it: values with commas between. None when it means nothing."""
    if not name or operator not in OPERATORS:
        return None
    values = [value.strip() for value in text.translate(_COMMAS).split(",") if value.strip()]
    return _filter(name, operator, values)


def _filter(name: str, operator: str, values: Sequence[str]) -> Filter | None:
    numbers: list[str | float] = []
    try:
        given = [float(value) for value in values] if operator in NUMBERED or operator == "between" else []
    except ValueError:
        return None
    # no number of an event is one of these
    if any(number != number or number in (float("inf"), float("-inf")) for number in given):
        return None
    if operator in VALUELESS:
        values = ()
    elif operator in NUMBERED:
        if len(given) != 1:
            return None
        numbers = [*given]
    elif operator == "between":
        if len(given) != 2:
            return None
        numbers = [*sorted(given)]
    elif not values:
        return None
    return Filter(property=name, operator=operator, values=tuple(numbers or values))  # type: ignore[arg-type]


def read_filter(text: str) -> Filter | None:
    """A filter of an address: property, operator, values."""
    parts = split(text)
    if len(parts) < 2 or parts[1] not in OPERATORS or not parts[0]:
        return None
    return _filter(parts[0], parts[1], [part for part in parts[2:] if part])


def write_filter(found: Filter) -> str:
    return join([found.property, found.operator, *(written_value(value) for value in found.values)])


def written_value(value: str | float) -> str:
    """A value of a filter, as a field has it."""
    return repr(value).removesuffix(".0") if isinstance(value, float) else value


def read_filters(texts: Iterable[str]) -> tuple[Filter, ...]:
    """Those that mean something."""
    found = (read_filter(text) for text in texts)
    return tuple(each for each in found if each is not None)[:_FILTERS]


# events


def read_events(text: str) -> Events:
    """Events of an address."""
    names, *filters = text.split("||")
    found = [name for name in split(names) if name and name != ANY]
    return Events(names=tuple(dict.fromkeys(found))[:_NAMES], filters=read_filters(filters))


def write_events(events: Events) -> str:
    filters = [write_filter(each) for each in events.filters if isinstance(each, Filter)]
    return "||".join([join(events.names or (ANY,)), *filters])


def form_events(form: Form, name: str) -> Events:
    """The events of the fields NAME-…; any where none is ticked."""
    names = [each for each in form.all(f"{name}-name") if each and each != ANY]
    columns = [form.all(f"{name}-{field}") for field in ("property", "operator", "value")]
    filters = [made_filter(*row) for row in zip_longest(*columns, fillvalue="")]
    return Events(
        names=tuple(dict.fromkeys(names))[:_NAMES],
        filters=tuple(each for each in filters if each is not None)[:_FILTERS],
    )


def form_fields(form: Form) -> list[str]:
    """The names of all fields of events that a form has."""
    return [name for name in form.values if _FIELD.search(name)]
