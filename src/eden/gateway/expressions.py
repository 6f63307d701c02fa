"""The small language for places in a call: what mappings send upstream and what cached answers are kept apart by.

    $                          the whole: an object of what follows
    $.header.accept-language   a header (names in any case), $.cookie.session, $.query.month, $.path.id
    $.http_body.items[0].sum   of the body as JSON; $.http_body alone is the whole body
    $['http_body']['a.b']      any name in quotes
    $.app  $.device  $.principal  $.operation

`[n]` counts from 0, from the end when negative. What is not there is None; nothing fails when a call is read. Only
the expression itself can be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

#: what an expression may begin with
ROOTS = ("header", "cookie", "query", "path", "http_body", "app", "device", "principal", "operation")

_STEP = re.compile(r"\.([^.\[\]'\"\s]+)|\['([^']*)'\]|\[\"([^\"]*)\"\]|\[(-?[0-9]{1,6})\]")

Steps: TypeAlias = tuple[str | int, ...]


class Source(Protocol):
    """Where values come from; `root` gives one of `ROOTS`: a text, an object or what the body holds."""

    def root(self, name: str) -> Any: ...


class ExpressionError(ValueError):
    """An expression cannot be read; the sentence says why."""


Expression: TypeAlias = Callable[[Source], Any]


def parse(text: str) -> Steps:
    """Names and indices after `$`; ExpressionError."""
    if not text.startswith("$"):
        raise ExpressionError(f"An expression begins with $, as in $.query.month; {text!r} does not.")
    steps: list[str | int] = []
    place = 1
    while place < len(text):
        found = _STEP.match(text, place)
        if found is None:
            raise ExpressionError(
                f"{text!r} cannot be read from character {place + 1}: a .name, ['name'] or [0] is due."
            )
        name, single, double, index = found.groups()
        steps.append(
            int(index) if index is not None else next(part for part in (name, single, double) if part is not None)
        )
        place = found.end()
    if steps and steps[0] not in ROOTS:
        raise ExpressionError(f"{text!r} begins with none of $.{', $.'.join(ROOTS)}.")
    if steps and steps[0] == "header" and len(steps) > 1:
        steps[1] = str(steps[1]).lower()
    return tuple(steps)


def compile_expression(text: str) -> Expression:
    """The function that finds the value; ExpressionError."""
    steps = parse(text)
    if not steps:
        return lambda source: {name: source.root(name) for name in ROOTS}
    first, rest = str(steps[0]), steps[1:]
    if not rest:
        return lambda source: source.root(first)
    if len(rest) == 1:
        only = rest[0]
        return lambda source: _step(source.root(first), only)

    def walk(source: Source) -> Any:
        value = source.root(first)
        for step in rest:
            value = _step(value, step)
        return value

    return walk


def compile_template(template: Any) -> Expression:
    """The function that fills a JSON template: texts that begin with `$` are expressions, `$$` stands for a `$`."""
    if isinstance(template, str) and template.startswith("$"):
        if template.startswith("$$"):
            literal = template[1:]
            return lambda _: literal
        return compile_expression(template)
    if isinstance(template, dict):
        fields = [(name, compile_template(value)) for name, value in template.items()]
        return lambda source: {name: value(source) for name, value in fields}
    if isinstance(template, list):
        items = [compile_template(value) for value in template]
        return lambda source: [value(source) for value in items]
    return lambda _: template


def roots_of(template: Any) -> frozenset[str]:
    """Which of `ROOTS` a template or expression reads (all of them for `$`)."""
    if isinstance(template, str) and template.startswith("$") and not template.startswith("$$"):
        steps = parse(template)
        return frozenset((str(steps[0]),) if steps else ROOTS)
    if isinstance(template, dict):
        return frozenset[str]().union(*(roots_of(value) for value in template.values()))
    if isinstance(template, list):
        return frozenset[str]().union(*(roots_of(value) for value in template))
    return frozenset()


def _step(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(step if isinstance(step, str) else str(step))
    if isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
        return value[step]
    return None
