"""A catalogue as OpenAPI 3.1: the upstreams' interfaces, with operationTypes as operation ids.

What OpenAPI has no words for is in `x-eden`, at the document and at each operation, so that `openapi_import` makes the
same catalogue of it again. Operations that are the same call of different systems cannot both be under their path;
all but the first are under /rpc/OPERATION, where the gateway has them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from eden.gateway.interfaces import Catalogue, Field, Group, Model, OperationVersion, Parameter
from eden.gateway.rules_catalogue import VARIABLE
from eden.gateway.rules_types import ListOf, MapOf, Maybe, Named, TypeNode, parse_type

REF = "#/components/schemas/"
#: scalar → schema (JSON Schema 2020-12; formats of the OpenAPI registry)
SCHEMAS: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "int": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "bytes": {"type": "string", "contentEncoding": "base64"},
    "file": {"type": "string", "format": "binary"},
    "any": {},
}
#: fields of an operation that the document says in its own words
_SAID = frozenset({"method", "path", "description", "parameters", "body", "response"})
#: parts of a catalogue that it has no words for
_APART = ("groups", "authorizers", "defaults", "egress")


def export_openapi(catalogue: Catalogue, title: str, version: str) -> dict[str, Any]:
    """The document as JSON values, the same for the same catalogue."""
    paths: dict[str, dict[str, Any]] = {}
    for name, operation in sorted(catalogue.operations.items()):
        path = VARIABLE.sub(r"{\1}", operation.path)
        method = operation.method.lower()
        more: dict[str, Any] = {}
        if method in paths.get(path, {}):
            path, more = f"/rpc/{name}", {"path": operation.path}
        paths.setdefault(path, {})[method] = _operation(catalogue, name, operation, more)
    whole = msgspec.to_builtins(catalogue)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "tags": [
            {"name": name} | ({"description": group.description} if group.description else {})
            for name, group in sorted(catalogue.groups.items())
        ],
        "paths": paths,
        "components": {"schemas": {name: _model(model) for name, model in sorted(catalogue.models.items())}},
        "x-eden": {part: whole[part] for part in _APART if whole.get(part)},
    }


def _operation(catalogue: Catalogue, name: str, operation: OperationVersion, more: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"operationId": name, "tags": [operation.group]}
    if operation.description:
        found["description"] = operation.description
    given = [one for one in operation.parameters if one.location != "body"]
    body = [one for one in operation.parameters if one.location == "body"]
    if given:
        found["parameters"] = [_parameter(one) for one in given]
    if operation.body is not None:
        found["requestBody"] = _content(operation.content_type, type_schema(parse_type(operation.body)))
        found["requestBody"]["required"] = True
    elif body:
        schema = _object({one.name: one for one in body})
        found["requestBody"] = _content(operation.content_type, schema)
        more["body"] = "parameters"
    if [*given, *body] != list(operation.parameters):
        more["order"] = [[one.location, one.name] for one in operation.parameters]
    good: dict[str, Any] = {"description": "The answer."}
    if operation.response is not None:
        media = "text/event-stream" if operation.kind == "stream" else "application/json"
        good |= _content(media, type_schema(parse_type(operation.response)))
    found["responses"] = {"200": good}
    group = catalogue.groups.get(operation.group)
    if group is not None:
        found["servers"] = _servers(group)
    rest = msgspec.to_builtins(operation)
    found["x-eden"] = {key: value for key, value in rest.items() if key not in _SAID} | more
    return found


def _servers(group: Group) -> list[dict[str, str]]:
    return [{"url": target.url} for target in group.upstreams[group.default_upstream].targets]


def _content(media: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {media: {"schema": schema}}}


def _parameter(one: Parameter) -> dict[str, Any]:
    found: dict[str, Any] = {"name": one.name, "in": one.location, "required": one.required or one.location == "path"}
    if one.location == "path" and not one.required:
        found["x-eden-optional"] = True
    if one.description:
        found["description"] = one.description
    return found | {"schema": field_schema(one, described=False)}


def _model(model: Model) -> dict[str, Any]:
    found: dict[str, Any] = {"description": model.description} if model.description else {}
    if model.fields is not None:
        return found | _object(model.fields)
    if model.values is not None:
        return found | {"type": "string", "enum": list(model.values)}
    if model.any_of is not None:
        found["anyOf"] = [type_schema(parse_type(text)) for text in model.any_of]
        return found | ({"discriminator": {"propertyName": model.tag}} if model.tag else {})
    return found | type_schema(parse_type(model.alias or "any"))


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "properties": {n: field_schema(field) for n, field in fields.items()}}
    required = [name for name, field in fields.items() if field.required]
    return found | ({"required": required} if required else {})


def field_schema(field: Field, *, described: bool = True) -> dict[str, Any]:
    """The schema of a field with its bounds, values, default, example and description."""
    node = parse_type(field.type)
    inner = node.of if isinstance(node, Maybe) else node
    bounds: dict[str, Any] = {}
    if field.values:
        bounds["enum"] = list(field.values)
    for name, value in (("minimum", field.minimum), ("maximum", field.maximum)):
        if value is not None:
            bounds[name] = int(value) if float(value).is_integer() else value
    noun = "Items" if isinstance(inner, ListOf) else "Properties" if isinstance(inner, MapOf) else "Length"
    for name, length in ((f"min{noun}", field.min_length), (f"max{noun}", field.max_length)):
        if length is not None:
            bounds[name] = length
    if field.pattern:
        bounds["pattern"] = field.pattern
    found = type_schema(node) if inner is node or not bounds else _or_null(type_schema(inner) | bounds)
    found = found | bounds if inner is node else found
    if described and field.description:
        found["description"] = field.description
    if field.default is not None:
        found["default"] = field.default
    if field.example is not None:
        found["examples"] = [field.example]
    return found


def type_schema(node: TypeNode) -> dict[str, Any]:
    """The schema of a type."""
    match node:
        case Named(name):
            return dict(SCHEMAS[name]) if node.is_scalar else {"$ref": REF + name}
        case ListOf(of):
            return {"type": "array", "items": type_schema(of)}
        case MapOf(of):
            return {"type": "object", "additionalProperties": type_schema(of)}
        case Maybe(of):
            return _or_null(type_schema(of))


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}
