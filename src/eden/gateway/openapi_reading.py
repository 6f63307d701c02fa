"""Schemas of an OpenAPI document (3.0 and 3.1) as types and models.

A component becomes a model of the same name, as far as it is one; objects and unions within become models that are
named by where they are. `allOf` is taken together into one object, `oneOf` and `anyOf` become `any_of`. What the
language of types cannot say (`not`, `if`, tuples, patterns of names) is left out: callers may send it all the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from eden.gateway.interfaces import SCALARS, Field, Model
from eden.gateway.openapi_export import REF
from eden.gateway.rules_models import check_value
from eden.gateway.rules_types import ListOf, MapOf, Maybe, Named, TypeNode, write_type

_FORMATS = {
    ("integer", "int32"): "int",
    ("number", "float"): "float",
    ("string", "date"): "date",
    ("string", "date-time"): "datetime",
    ("string", "byte"): "bytes",
    ("string", "binary"): "file",
}
_KINDS = {"integer": "long", "number": "double", "boolean": "boolean", "string": "string"}
_DEEPEST = 60


class Reader:
    """Reads one document; `models` grows. `notes` count what was left out, by sentence."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.models: dict[str, Model] = {}
        self.notes: Counter[str] = Counter()
        #: pointer → name of its model
        self._named: dict[str, str] = {}
        schemas = _object(_object(document.get("components")).get("schemas"))
        for name in schemas:
            self._named[REF + _escaped(name)] = self._reserve(name)
        for name, schema in schemas.items():
            own = self._named[REF + _escaped(name)]
            self.models[own] = self._model(own, schema)

    def resolve(self, value: Any) -> dict[str, Any]:
        """What a reference leads to, through others; the value itself when it is none."""
        for _ in range(_DEEPEST):
            found = _object(value)
            if not isinstance(found.get("$ref"), str):
                return found
            value = self._at(found["$ref"])
        return {}

    def type_of(self, schema: Any, place: str) -> TypeNode:
        """The type; new models are named after `place`."""
        return self._type(schema, place, 0)

    def field_of(self, schema: Any, place: str, *, required: bool = False) -> Field:
        """A field or parameter with its bounds."""
        outer = _object(schema)
        node = self.type_of(schema, place)
        inner = self._bounded(outer)
        given: dict[str, Any] = {"type": write_type(node), "required": required}
        kind = node.of if isinstance(node, Maybe) else node
        scalar = kind.name if isinstance(kind, Named) else ""
        if (values := inner.get("enum")) and scalar in ("string", "int", "long"):
            wanted = str if scalar == "string" else int
            given["values"] = tuple(value for value in values if type(value) is wanted)[:1000]
        if scalar in ("int", "long", "float", "double"):
            for name in ("minimum", "maximum"):
                if _is_number(inner.get(name)):
                    given[name] = float(inner[name])
        noun = {ListOf: "Items", MapOf: "Properties"}.get(type(kind), "Length")
        for name in ("min", "max"):
            length = inner.get(f"{name}{noun}")
            if type(length) is int and length >= 0 and scalar in ("", "string", "bytes"):
                given[f"{name}_length"] = length
        if isinstance(pattern := inner.get("pattern"), str) and scalar == "string" and _is_pattern(pattern):
            given["pattern"] = pattern
        for name, key in (("default", "default"), ("example", "example")):
            value = outer.get(key, inner.get(key))
            given[name] = value if name != "example" or value is not None else _first(outer.get("examples"))
        given["description"] = _text(outer.get("description") or (inner.get("description") if inner is outer else ""))
        return Field(**self._fitting(given))

    def _fitting(self, given: dict[str, Any]) -> dict[str, Any]:
        """Without a default that the rules would refuse."""
        trial = Field(**given)
        if given.get("default") is not None and any(True for _ in check_value(trial)):
            self.notes["a default that does not fit its type was left out"] += 1
            given["default"] = None
        return given

    # schemas

    def _bounded(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Where the bounds are: in the schema, or in the one of two that is not null."""
        for key in ("anyOf", "oneOf", "allOf"):
            others = [_object(one) for one in _list(schema.get(key)) if not _is_null(one)]
            if len(others) == 1 and "$ref" not in others[0]:
                return others[0]
        return schema

    def _model(self, name: str, schema: Any) -> Model:
        found = _object(schema)
        described = _text(found.get("description"))
        if "$ref" in found and isinstance(found["$ref"], str):
            return Model(alias=write_type(self._type(found, name, 0)), description=described)
        values = [value for value in _list(found.get("enum")) if value is not None]
        if values and all(isinstance(value, str) for value in values) and not _nullable(found):
            return Model(values=tuple(dict.fromkeys(values))[:1000], description=described)
        if (union := self._union(found)) is not None:
            types = [write_type(self._type(one, f"{name}{n}", 1)) for n, one in enumerate(union, 1)]
            tag = _object(found.get("discriminator")).get("propertyName", "")
            return Model(any_of=tuple(dict.fromkeys(types))[:100], tag=str(tag)[:128], description=described)
        if (fields := self._fields(name, found)) is not None and not _nullable(found):
            return Model(fields=fields, description=described)
        return Model(alias=write_type(self._type(found, name, 0)), description=described)

    def _union(self, schema: dict[str, Any]) -> list[Any] | None:
        """The members of a union that is more than "or null"."""
        for key in ("oneOf", "anyOf"):
            members = _list(schema.get(key))
            if members and not (len(members) == 2 and any(map(_is_null, members))) and "properties" not in schema:
                return [one for one in members if not _is_null(one)] or None
        return None

    def _fields(self, name: str, schema: dict[str, Any]) -> dict[str, Field] | None:
        """The fields of an object, its own and those of `allOf`; None for what is no object with fields."""
        properties, required = self._properties(schema, set())
        if properties is None:
            return None
        return {
            key[:128]: self.field_of(value, f"{name}_{key}", required=key in required)
            for key, value in list(properties.items())[:1000]
            if key
        }

    def _properties(self, schema: dict[str, Any], seen: set[str]) -> tuple[dict[str, Any] | None, set[str]]:
        """`seen`: references that were followed. Once is enough: parts that are named twice in each of many would be
        followed millions of times."""
        found: dict[str, Any] | None = None
        required = {name for name in _list(schema.get("required")) if isinstance(name, str)}
        for part in _list(schema.get("allOf")):
            pointer = str(_object(part).get("$ref", ""))
            if pointer in seen:
                continue
            seen |= {pointer} - {""}
            more, needed = self._properties(self.resolve(part), seen)
            if more is not None:
                found = (found or {}) | more
                required |= needed
        own = schema.get("properties")
        if isinstance(own, dict) and (own or "additionalProperties" not in schema):
            found = (found or {}) | own
        return found, required

    def _type(self, schema: Any, place: str, depth: int) -> TypeNode:
        found = _object(schema)
        if depth > _DEEPEST or not found:
            return Named("any")
        if isinstance(pointer := found.get("$ref"), str):
            return self._referred(pointer, place)
        if _nullable(found) or (self._is_maybe(found)):
            inner = self._type(self._without_null(found), place, depth + 1)
            return inner if isinstance(inner, Maybe) else Maybe(inner)
        return self._present(found, place, depth)

    def _present(self, found: dict[str, Any], place: str, depth: int) -> TypeNode:
        """A type that is never null."""
        parts = _list(found.get("allOf"))
        if len(parts) == 1 and "properties" not in found:
            return self._type(parts[0], place, depth + 1)
        if self._union(found) is not None or self._properties(found, set())[0] is not None:
            if len(members := self._union(found) or []) == 1:
                return self._type(members[0], place, depth + 1)
            name = self._reserve(place)
            # its name is known before its inside is read: it may be within itself
            self.models[name] = self._model(name, found)
            return Named(name)
        if parts:
            return self._type(parts[0], place, depth + 1)
        kind = found.get("type")
        if isinstance(kind, list):
            kinds = [one for one in kind if one != "null"]
            kind = kinds[0] if len(kinds) == 1 else None
        if kind == "array" or (kind is None and "items" in found):
            return ListOf(self._type(found.get("items"), f"{place}_item", depth + 1))
        if kind == "object" or (kind is None and "additionalProperties" in found):
            return MapOf(self._type(found.get("additionalProperties"), f"{place}_value", depth + 1))
        if kind == "string" and found.get("contentEncoding") == "base64":
            return Named("bytes")
        if kind is None and (values := _list(found.get("enum"))) and all(isinstance(one, str) for one in values):
            kind = "string"
        form = found.get("format") if isinstance(found.get("format"), str) else ""
        return Named(_FORMATS.get((str(kind), str(form))) or _KINDS.get(str(kind), "any"))

    def _is_maybe(self, found: dict[str, Any]) -> bool:
        return any(any(map(_is_null, _list(found.get(key)))) for key in ("oneOf", "anyOf"))

    def _without_null(self, found: dict[str, Any]) -> Any:
        """The same schema for the values that are not null."""
        left = {name: value for name, value in found.items() if name != "nullable"}
        if isinstance(left.get("type"), list):
            kinds = [kind for kind in left["type"] if kind != "null"]
            left["type"] = kinds[0] if len(kinds) == 1 else kinds
            if not kinds:
                return {}
        if isinstance(left.get("enum"), list):
            left["enum"] = [value for value in left["enum"] if value is not None]
        for key in ("oneOf", "anyOf"):
            members = [one for one in _list(left.get(key)) if not _is_null(one)]
            if len(members) == 1 and len(members) < len(_list(left.get(key))):
                return members[0]
            if members:
                left[key] = members
        return left

    def _referred(self, pointer: str, place: str) -> TypeNode:
        if pointer not in self._named:
            schema = self._at(pointer)
            if not schema:
                self.notes["a reference leads nowhere, or out of the document"] += 1
                return Named("any")
            name = self._named[pointer] = self._reserve(pointer.rpartition("/")[2] or place)
            self.models[name] = self._model(name, schema)
        return Named(self._named[pointer])

    def _at(self, pointer: str) -> Any:
        """What a pointer within the document leads to (RFC 6901); {} for others."""
        if not pointer.startswith("#"):
            return {}
        value: Any = self._document
        for word in pointer[1:].split("/")[1:]:
            key = unquote(word).replace("~1", "/").replace("~0", "~")
            if isinstance(value, Mapping):
                value = value.get(key, {})
            elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
                value = value[int(key)]
            else:
                return {}
        return value

    def _reserve(self, text: str) -> str:
        """A model's name, like the text; its place is kept by an empty model."""
        words = text if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", text) else _camel(text)
        name, number = words[:60] or "Model", 2
        if name in SCALARS or name == "map":
            name += "_"
        base = name
        while name in self.models:
            name, number = f"{base[:56]}{number}", number + 1
        self.models[name] = Model(alias="any")
        return name


def _camel(text: str) -> str:
    found = "".join(word[0].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", text))
    return f"_{found}" if found and found[0].isdigit() else found


def _nullable(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    return schema.get("nullable") is True or (isinstance(kind, list) and "null" in kind)


def _is_null(schema: Any) -> bool:
    found = _object(schema)
    return (
        found.get("type") in ("null", ["null"])
        or found.get("enum") == [None]
        or ("const" in found and found["const"] is None)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_pattern(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return len(pattern) <= 200


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None


def _text(value: Any) -> str:
    return value.strip()[:4000] if isinstance(value, str) else ""


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
