"""An example of a value of a type: what the try-it page begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eden.gateway.interfaces import Field, Model
from eden.gateway.rules_types import ListOf, MapOf, Maybe, TypeNode, parse_type

_SCALARS: dict[str, Any] = {
    "string": "text",
    "int": 1,
    "long": 1,
    "float": 1.5,
    "double": 1.5,
    "boolean": True,
    "date": "2026-01-31",
    "datetime": "2026-01-31T12:00:00Z",
    "bytes": "",
    "file": "",
    "any": None,
}
#: models within models; those that contain themselves end here
_DEEPEST = 6


def example(models: Mapping[str, Model], text: str) -> Any:
    """Fields have their example, default or first allowed value where they name one."""
    return _of(models, parse_type(text), 0)


def _of(models: Mapping[str, Model], node: TypeNode, depth: int) -> Any:
    if isinstance(node, Maybe):
        return _of(models, node.of, depth)
    if isinstance(node, ListOf):
        return [_of(models, node.of, depth + 1)] if depth < _DEEPEST else []
    if isinstance(node, MapOf):
        return {"name": _of(models, node.of, depth + 1)} if depth < _DEEPEST else {}
    model = models.get(node.name)
    if model is None:
        return _SCALARS.get(node.name)
    if depth >= _DEEPEST:
        return None
    if model.fields is not None:
        return {name: _field(models, field, depth) for name, field in model.fields.items()}
    if model.values:
        return model.values[0]
    if model.alias or model.any_of:
        return _of(models, parse_type(model.alias or (model.any_of or ("any",))[0]), depth + 1)
    return {}


def _field(models: Mapping[str, Model], field: Field, depth: int) -> Any:
    for known in (field.example, field.default, field.values[0] if field.values else None):
        if known is not None:
            return known
    found = _of(models, parse_type(field.type), depth + 1)
    if field.minimum is not None and isinstance(found, int | float) and found < field.minimum:
        return field.minimum if isinstance(found, float) else int(-(-field.minimum // 1))
    return found
