"""The bank's operations as the platform's gateway wants them: the text of `gateway.toml`, made from the routes.

python -m bank catalogue > apps/bank/gateway.toml
eden gateway apply apps/bank/gateway.toml
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import inspect

from bank import mobile
from bank.principals import SECONDS
from bank.web import BODY, Route

PREFIX = "eden.bank."
#: where the bank listens unless it is told otherwise (`python -m bank serve`)
ADDRESS = "http://127.0.0.1:8720"
CHECK = "identity.session.check"
_HEAD = """\
# The bank's operations at the platform's gateway. Made by `python -m bank catalogue` from the bank's routes:
# change those, not this. Put it in place with `eden gateway apply apps/bank/gateway.toml`.
"""

#: what differs from the rest, by operation
_MORE: dict[str, dict[str, Any]] = {
    # guessing passwords is slow, whoever it is for
    "identity.session.open": {"encryption": "optional", "limits": {"rate": 200, "per_device": 2, "burst": 10}},
    "identity.customer.enrol": {"encryption": "optional", "limits": {"rate": 20, "per_device": 1, "burst": 5}},
    # nobody asks but the gateway itself
    CHECK: {"open": False, "signature": "off"},
    # a document's photo is nobody's on the way, and reading it is dear
    "credit.paper.show": {"encryption": "optional", "limits": {"rate": 200, "per_user": 5, "burst": 10}},
    "credit.product.get": {"cache": {"ttl_s": 30, "keys": ["$.header.accept-language"]}},
    "payment.transfer.create": {
        "encryption": "optional",
        "response_signature": True,
        "limits": {"rate": 6000, "per_user": 20},
        "retry": {"most": 2, "on": ["connect", "502", "503", "504"], "any_method": True},
    },
    # names are not to be gathered by trying numbers
    "payment.shop.get": {"limits": {"rate": 5000, "per_user": 5}},
    "payment.purchase.create": {
        "encryption": "optional",
        "limits": {"rate": 20_000, "per_user": 20},
        "retry": {"most": 2, "on": ["connect", "502", "503", "504"], "any_method": True},
    },
}


def document(routes: Sequence[Route], address: str = ADDRESS) -> dict[str, Any]:
    """The catalogue as a value."""
    named = [route for route in routes if route.operation]
    types = [kind for route in named for kind in (route.accepts, route.returns) if kind is not None]
    models = dict(_models(types))
    return {
        "defaults": {"limits": {"rate": 2000, "per_user": 50}},
        "groups": {
            "bank": {
                "owner": "bank",
                "description": "The reference bank",
                "timeout_ms": 5000,
                "upstreams": {
                    "bank": {
                        "targets": [{"url": address}],
                        "health": {"path": "/healthz", "interval_ms": 1000, "healthy": 1},
                        # one process answers for the whole bank: it is never the odd one out
                        "outlier": {"most_share": 0},
                    }
                },
            }
        },
        "authorizers": {
            "session": {"operation": PREFIX + CHECK, "fields": ["header.authorization"], "cache_s": SECONDS // 5}
        },
        "operations": {PREFIX + route.operation: _operation(route) for route in named},
        "models": models,
    }


def toml(routes: Sequence[Route]) -> str:
    """The text of `gateway.toml`."""
    return _HEAD + "".join(_tables(document(routes), ()))


def _operation(route: Route) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "group": "bank",
        "open": True,
        "method": route.method,
        "path": re.sub(r"\{(\w+)\}", r"${\1}", route.path),
    }
    if route.operation != CHECK and not route.open:
        wanted["authorizer"] = "session"
    parameters: list[dict[str, Any]] = [
        {"name": name, "location": "path", "required": True} for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    if route.query is not None:
        parameters += [
            {"name": field.encode_name, "default": field.default} for field in msgspec.structs.fields(route.query)
        ]
    if route.once:
        parameters.append({"name": "idempotency-key", "location": "header", "required": True})
    if parameters:
        wanted["parameters"] = parameters
    if route.accepts is not None:
        wanted["body"] = _type(inspect.type_info(route.accepts))
    if route.returns is not None:
        wanted["response"] = _type(inspect.type_info(route.returns))
    if route.body != BODY:
        wanted["body_bytes"] = route.body
    return wanted | _MORE.get(route.operation, {})


def _models(types: Sequence[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The structs that these types are made of, by name."""
    found: dict[str, inspect.StructType] = {}
    waiting = [inspect.type_info(kind) for kind in types]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, inspect.StructType):
            if (name := _name(kind)) not in found:
                found[name] = kind
                waiting += [field.type for field in kind.fields]
        elif isinstance(kind, inspect.ListType):
            waiting.append(kind.item_type)
        elif isinstance(kind, inspect.DictType):
            waiting.append(kind.value_type)
        elif isinstance(kind, inspect.UnionType):
            waiting += kind.types
    for name, struct in sorted(found.items()):
        fields = {field.encode_name: _field(field) for field in struct.fields}
        model: dict[str, Any] = {"fields": fields}
        if struct.cls.__doc__ and not struct.cls.__doc__.startswith(struct.cls.__name__):
            model = {"description": " ".join(struct.cls.__doc__.split())} | model
        yield name, model


def _field(field: inspect.Field) -> dict[str, Any]:
    wanted: dict[str, Any] = {"type": _type(field.type)}
    if field.required:
        wanted["required"] = True
    elif isinstance(field.default, str | int | bool) and field.default not in ("", 0, False):
        wanted["default"] = field.default
    return wanted


def _type(kind: inspect.Type) -> str:
    """As the catalogue writes it."""
    match kind:
        case inspect.StructType():
            return _name(kind)
        case inspect.ListType():
            return f"{_type(kind.item_type)}[]"
        case inspect.DictType():
            return f"map<{_type(kind.value_type)}>"
        case inspect.UnionType():
            some = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
            return f"{_type(some[0])}?" if len(some) == 1 and len(some) < len(kind.types) else "any"
        case inspect.StrType() | inspect.LiteralType() | inspect.EnumType():
            return "string"
        case inspect.BoolType():
            return "boolean"
        case inspect.IntType():
            return "long"
        case _:
            return "any"


def _name(kind: inspect.StructType) -> str:
    """Of a model; a page of something is named after what it has."""
    items = next((field.type for field in kind.fields if kind.cls.__name__ == "Page" and field.name == "items"), None)
    if isinstance(items, inspect.ListType) and isinstance(items.item_type, inspect.StructType):
        return f"PageOf{items.item_type.cls.__name__}"
    return kind.cls.__name__


def _tables(value: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """TOML: a table's plain values, then the tables in it. Small tables are written in one line."""
    plain = {name: one for name, one in value.items() if not _is_table(name, one, path)}
    if plain:
        yield f"\n[{'.'.join(map(_key, path))}]\n" if path else "\n"
        for name, one in plain.items():
            yield f"{_key(name)} = {_inline(one)}\n"
    for name, one in value.items():
        if name not in plain:
            yield from _tables(one, (*path, name))


def _is_table(name: str, value: Any, path: tuple[str, ...]) -> bool:
    """What has a heading of its own: everything that is no leaf of a field, a parameter or a setting."""
    return (
        isinstance(value, dict)
        and (*path[:1], name) != ("defaults", "limits")
        and len(path) < (4 if path[:1] == ("groups",) else 3 if path[:1] == ("models",) and name == "fields" else 2)
    )


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(name)} = {_inline(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            return "[\n" + "".join(f"  {_inline(one)},\n" for one in value) + "]"
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def text() -> str:
    """Of the bank as it is."""
    # the routes name their bank only when they are asked
    return toml(mobile.routes(None))  # type: ignore[arg-type]
