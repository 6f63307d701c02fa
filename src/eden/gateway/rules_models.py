"""Checks of data models: exactly one kind, types that are there, values that can exist."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from eden.gateway.interfaces import SCALARS, Field, Model
from eden.gateway.rules_types import (
    ListOf,
    MapOf,
    Maybe,
    Named,
    TypeNode,
    is_plain,
    models_in,
    parse_type,
    without_null,
    write_type,
)

#: level, place, sentence, hint
Trouble: TypeAlias = tuple[Literal["error", "warning"], str, str, str]

_NUMBERS = frozenset({"int", "long", "float", "double"})


def type_troubles(models: Mapping[str, Model], text: str) -> Iterator[tuple[str, str]]:
    """Sentences and hints about a type that is none, or names a model that is not there."""
    try:
        node = parse_type(text)
    except ValueError as error:
        yield f"{error}.", f"A type is one of {', '.join(SCALARS)}, or a model, then [] and ?; or map<TYPE>."
        return
    for name in models_in(node):
        if name not in models:
            near = next((known for known in models if known.lower() == name.lower()), None)
            yield f"There is no model {name}.", f"Is it {near}?" if near else "Declare it under models."


def check_value(field: Field) -> Iterator[tuple[str, str]]:
    """Sentences and hints about bounds, values and a default that do not fit each other or the type."""
    try:
        node = without_null(parse_type(field.type))
    except ValueError:
        return
    kind = node.name if isinstance(node, Named) else "list" if isinstance(node, ListOf) else "map"
    if field.minimum is not None and field.maximum is not None and field.minimum > field.maximum:
        yield "the smallest value is above the largest.", "Exchange minimum and maximum."
    if field.min_length is not None and field.max_length is not None and field.min_length > field.max_length:
        yield "the smallest length is above the largest.", "Exchange min_length and max_length."
    if (field.minimum is not None or field.maximum is not None) and kind in SCALARS and kind not in _NUMBERS:
        yield f"a {kind} has no minimum or maximum.", "Bounds of a text's length are min_length and max_length."
    if field.pattern:
        try:
            re.compile(field.pattern)
        except re.error as error:
            yield f"the pattern cannot be read: {error}.", "It is a regular expression."
    if field.values and kind not in ("string", "int", "long") and kind in SCALARS:
        yield f"a {kind} has no list of values.", "Use a string or an int."
    if field.values and any(isinstance(value, str) != (kind == "string") for value in field.values) and kind in SCALARS:
        yield "a value is of another type.", f"All of them are of type {kind}."
    if field.default is not None:
        if field.values and field.default not in field.values:
            yield f"the default {field.default!r} is none of its values.", "Take one of them."
        elif not _fits(node, field.default):
            yield f"the default {field.default!r} is no {field.type}.", "Give one of that type."


def _fits(node: TypeNode, value: object) -> bool:
    match node:
        case Named(name):
            if name == "boolean":
                return isinstance(value, bool)
            if name in ("int", "long"):
                return isinstance(value, int) and not isinstance(value, bool)
            if name in _NUMBERS:
                return isinstance(value, int | float) and not isinstance(value, bool)
            return isinstance(value, str) or name == "any" or name not in SCALARS
        case ListOf(of):
            return isinstance(value, list) and all(_fits(without_null(of), item) for item in value)
        case MapOf(of):
            return isinstance(value, dict) and all(_fits(without_null(of), item) for item in value.values())
        case Maybe(of):
            return value is None or _fits(of, value)


def is_enumeration(models: Mapping[str, Model], name: str) -> bool:
    """Whether a model is a text with certain values, or another name for what is written as one word."""
    for _ in models:
        model = models.get(name)
        if model is None:
            return False
        if model.values is not None:
            return True
        if model.alias is None:
            return False
        node = without_null(parse_type(model.alias))
        if is_plain(node):
            return True
        name = write_type(node)
    return False


def check_models(models: Mapping[str, Model]) -> Iterator[Trouble]:
    """All models, each by itself and in their circles."""
    for name, model in models.items():
        place = f"models.{name}"
        if name in SCALARS or name == "map":
            yield "error", place, f"{name} is a type of its own.", "Call the model otherwise."
        kinds = [kind for kind in ("fields", "values", "alias", "any_of") if getattr(model, kind) is not None]
        if len(kinds) != 1:
            said = " and ".join(kinds) or "nothing"
            yield "error", place, f"The model is described by {said}.", "Give one of fields, values, alias, any_of."
        if model.values is not None and len(set(model.values)) != len(model.values):
            yield "error", f"{place}.values", "A value is listed twice.", "Take one out."
        if model.tag and model.any_of is None:
            yield "error", f"{place}.tag", "Only types of any_of are told apart by a tag.", "Leave it out."
        for where, text in _types(model):
            for trouble, hint in type_troubles(models, text):
                yield "error", f"{place}.{where}", trouble, hint
        for field_name, field in (model.fields or {}).items():
            for trouble, hint in check_value(field):
                yield "error", f"{place}.fields.{field_name}", f"The field {field_name}: {trouble}", hint
    yield from _circles(models)


def _types(model: Model) -> Iterator[tuple[str, str]]:
    for name, field in (model.fields or {}).items():
        yield f"fields.{name}.type", field.type
    if model.alias is not None:
        yield "alias", model.alias
    for number, text in enumerate(model.any_of or ()):
        yield f"any_of[{number}]", text


def _circles(models: Mapping[str, Model]) -> Iterator[Trouble]:
    """Models of which no value can be written: each needs another one of the same circle. A model can be written when
    all that it needs can; what cannot in the end are circles, and what leads into them."""
    needs: dict[str, list[set[str]]] = {name: _needed(model) for name, model in models.items()}
    written: set[str] = set()
    grew = True
    while grew:
        ready = {name for name, ways in needs.items() if any(way & models.keys() <= written for way in ways)}
        grew = ready > written
        written |= ready
    for name in sorted(needs.keys() - written):
        if circle := _circle(name, needs, written):
            yield (
                "error",
                f"models.{name}",
                f"No value of {name} can be written: it needs itself ({' → '.join(circle)}).",
                "Make one of the fields in the circle not required, a list, or one that may be null.",
            )


def _needed(model: Model) -> list[set[str]]:
    """Ways to write a value, each with the models that it needs."""
    if model.any_of is not None:
        return [_direct(text) for text in model.any_of]
    if model.alias is not None:
        return [_direct(model.alias)]
    return [{name for field in (model.fields or {}).values() if field.required for name in _direct(field.type)}]


def _direct(text: str) -> set[str]:
    """Models that a value of the type is sure to have; lists may be empty, what may be null can be null."""
    try:
        node = parse_type(text)
    except ValueError:
        return set()
    return {node.name} if isinstance(node, Named) and not node.is_scalar else set()


def _circle(start: str, needs: Mapping[str, list[set[str]]], written: set[str]) -> list[str]:
    """The way from a model back to itself; empty when it only leads into a circle."""
    ways: list[list[str]] = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for name in sorted(set().union(*needs.get(way[-1], [])) - written):
            if name == start:
                return [*way, start]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []
