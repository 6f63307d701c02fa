"""The OpenAPI 3.1 document: Litestar's, completed by what it cannot know.

Added here: how to sign in, the problems that every operation can answer with, the Idempotency-Key of writes, and that
objects with unknown fields are refused (msgspec's `forbid_unknown_fields`, which Litestar leaves out).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from litestar import Litestar
from litestar._openapi.schema_generation.plugins.struct import StructSchemaPlugin
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Schema
from litestar.typing import FieldDefinition

from eden.base.api.access import SAFE, declared, handlers_of
from eden.base.idempotency import LONGEST_KEY
from eden.base.problems import CATALOGUE

_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "Why a request could not be answered (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "What kind of failure this is, for people."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "code": {"type": "string", "enum": list(CATALOGUE), "description": "What kind of failure this is; stable."},
        "detail": {"type": "string", "description": "What happened."},
        "hint": {"type": "string", "description": "What to do."},
        "errors": {
            "type": "array",
            "description": "The fields that are at fault.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "additionalProperties": False,
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "trace": {"type": "string", "description": "Where the server's log tells more."},
    },
}

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes the write safe to repeat: the same request with the same key gets the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
}


class StrictStructs(StructSchemaPlugin):
    """Says in the schema what msgspec does with unknown fields."""

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        schema = super().to_openapi_schema(field_definition, schema_creator)
        struct = field_definition.origin or field_definition.annotation
        if issubclass(struct, msgspec.Struct) and struct.__struct_config__.forbid_unknown_fields:
            schema.additional_properties = False
        return schema


def operation_id(handler: HTTPRouteHandler, method: Any, path: Any) -> str:
    """The handler's name: stable when paths change, and what generated clients call their functions."""
    return str(handler.handler_name.rpartition(".")[2])


def document(app: Litestar) -> dict[str, Any]:
    """The whole document, as JSON values."""
    schema: dict[str, Any] = msgspec.to_builtins(app.openapi_schema.to_schema())
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    components["responses"] = {
        str(status): {
            "description": "; ".join(f"`{code}`: {title}" for code, (at, title) in CATALOGUE.items() if at == status),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({status for status, _ in CATALOGUE.values()})
    }
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A token of the workspace: `eden_…`."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-eden",
            "description": "The console's session. Writes also need the header `X-CSRF-Token`.",
        },
    }
    for path, method, handler in handlers_of(app):
        operation = schema["paths"].get(path, {}).get(method.lower())
        if operation is not None:
            _complete(operation, method, path, handler)
    return _renamed(schema)


def _renamed(schema: dict[str, Any]) -> dict[str, Any]:
    """`Page[Thing]` becomes `ThingPage`: Litestar's name for it has the module and signs inside."""
    text = msgspec.json.encode(schema)
    for name, component in schema["components"]["schemas"].items():
        if generic := re.fullmatch(r"(\w+)\[(\w+)\]", component.get("title", "")):
            better = generic[2] + generic[1]
            text = text.replace(f'"#/components/schemas/{name}"'.encode(), f'"#/components/schemas/{better}"'.encode())
            text = text.replace(f'"{name}":'.encode(), f'"{better}":'.encode())
    renamed: dict[str, Any] = msgspec.json.decode(text)
    return renamed


def _complete(operation: dict[str, Any], method: str, path: str, handler: HTTPRouteHandler) -> None:
    access = declared(handler.opt)
    operation["security"] = [] if access == "open" else [{"token": []}, {"session": []}]
    if access not in ("open", "signed-in"):
        where = " in any workspace" if handler.opt.get("anywhere") else ""
        operation["description"] = f"{operation.get('description', '')}\n\nNeeds `{access}`{where}.".strip()
    # Litestar's own description of a 400 is not our shape
    operation["responses"].pop("400", None)
    for status in sorted(_statuses(method, path, access, handler.opt)):
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{status}"}
    parameters = operation.setdefault("parameters", [])
    named = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
    # handlers need not ask for what the guard has read already
    for name in re.findall(r"\{(\w+)\}", path):
        if name not in named:
            parameters.insert(0, {"name": name, "in": "path", "required": True, "schema": {"type": "string"}})
    if method not in SAFE:
        parameters.append(_KEY)


def _statuses(method: str, path: str, access: str, opt: dict[str, Any]) -> Iterable[int]:
    statuses = {400, 500, 503, *opt.get("statuses", ())}
    if access != "open":
        statuses |= {401, 403}
    if "{" in path:
        statuses.add(404)
    if method not in SAFE:
        statuses |= {409, 413, 415, 422}
    if opt.get("streamed"):
        statuses.add(507)
    return statuses
