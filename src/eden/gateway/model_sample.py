"""A data model from a sample of JSON, as upstreams send it: what people correct is quicker than what they type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from eden.base.problems import Problem
from eden.gateway.interfaces import Field, Model
from eden.gateway.rules_types import ListOf, Maybe, Named, TypeNode, parse_type, without_null, write_type

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?")
_INT = 1 << 31


def model_from_sample(name: str, sample: Any) -> dict[str, Model]:
    """The model of a sample under `name`, and those of the objects within it, named by their fields.

    Objects of a list are taken together: what all of them have is required. A field that is null somewhere may be null,
    and one whose values have no type in common is `any`. Problem `invalid` for a sample that is nested too deeply.
    """
    models: dict[str, Model] = {name: Model()}
    try:
        node = _type_of(name, [sample], models, top=name)
    except RecursionError:
        sentence = "The sample is nested too deeply."
        raise Problem("invalid", sentence, "Take a part of it.", errors=[("sample", sentence)]) from None
    if models[name].fields is None:
        models[name] = Model(alias=write_type(node))
    return models


def _type_of(name: str, values: Sequence[Any], models: dict[str, Model], top: str = "") -> TypeNode:
    """The type of all of the values; new models are put into `models`."""
    there = [value for value in values if value is not None]
    node = _common(name, there, models, top)
    return Maybe(node) if len(there) < len(values) and not isinstance(node, Maybe) and there else node


def _common(name: str, values: Sequence[Any], models: dict[str, Model], top: str) -> TypeNode:
    if not values:
        return Named("any")
    if all(isinstance(value, dict) for value in values):
        own = top or _free(name, models)
        models.setdefault(own, Model())
        models[own] = Model(fields=_fields(own, values, models))
        return Named(own)
    if all(isinstance(value, list) for value in values):
        items = [item for value in values for item in value]
        return ListOf(_type_of(_singular(name), items, models))
    kinds = {_scalar(value) for value in values}
    for wider in (("int", "long"), ("int", "long", "double"), ("date", "datetime", "string")):
        if kinds <= set(wider):
            return Named(next(kind for kind in reversed(wider) if kind in kinds))
    return Named(kinds.pop()) if len(kinds) == 1 else Named("any")


def _fields(name: str, objects: Sequence[dict[str, Any]], models: dict[str, Model]) -> dict[str, Field]:
    fields = {}
    for key in dict.fromkeys(key for one in objects for key in one):
        values = [one[key] for one in objects if key in one]
        node = _type_of(_model_name(key) or f"{name}Item", values, models)
        fields[key] = Field(type=write_type(node), required=len(values) == len(objects), example=_example(node, values))
    return fields


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "int" if -_INT <= value < _INT else "long"
    if isinstance(value, float):
        return "double"
    if isinstance(value, str):
        return "date" if _DATE.fullmatch(value) else "datetime" if _DATETIME.fullmatch(value) else "string"
    return "any"


def _example(node: TypeNode, values: Sequence[Any]) -> Any:
    inner = without_null(node)
    if not isinstance(inner, Named) or not inner.is_scalar or inner.name == "any":
        return None
    return next((value for value in values if value not in (None, "")), None)


def _model_name(key: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", key)
    found = "".join(word[0].upper() + word[1:] for word in words)[:60]
    return found if not found or not found[0].isdigit() else f"_{found}"


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else f"{name}Item"


def _free(name: str, models: dict[str, Model]) -> str:
    """The name, or the name with a number, that is not taken and no type of its own."""
    node = parse_type(name)
    taken = isinstance(node, Named) and node.is_scalar
    number, found = 2, name
    while taken or found in models:
        found, number, taken = f"{name}{number}", number + 1, False
    return found
