"""Try it: a call of an operation, as an app would make it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, Service
from eden.base.problems import Problem
from eden.gateway.example import example
from eden.gateway.interfaces import Catalogue, Operation
from eden.gateway.pages.desk import HERE, Desk, Filled, TheDesk
from eden.gateway.pages.operation import find
from eden.gateway.try_call import Tried, TryIt

_PATH = f"{HERE}/operations/{{name:str}}/try"


@get(_PATH, opt=needs("gateway.write"))
async def show_try(desk: TheDesk, name: FromPath[str]) -> Response[bytes]:
    """The request, made of the operation's types."""
    return await _page(desk, name, Filled())


@post(_PATH, opt=needs("gateway.write"))
async def try_operation(desk: TheDesk, name: FromPath[str], gateway_trial: Service[TryIt]) -> Response[bytes]:
    """Send it, and show what came back."""
    form = await desk.form()
    _, catalogue = await desk.catalogues.get(*desk.caller)
    operation = find(catalogue, name)
    try:
        tried = await gateway_trial.call(
            *desk.caller,
            form.one("app"),
            name,
            operation.method,
            urlencode(_pairs(form.one("query"), "=")),
            dict(_pairs(form.one("headers"), ":")),
            form.one("body").encode(),
            encrypt=operation.encryption == "required" or (operation.encryption == "optional" and form.on("encrypt")),
        )
    except Problem as problem:
        if problem.code == "forbidden":
            raise
        sentence = f"{problem.sentence} {problem.hint}".strip()
        return await _page(desk, name, Filled(form, [("app" if problem.code == "not-found" else "", sentence)]))
    return await _page(desk, name, Filled(form), tried)


def _pairs(text: str, sign: str) -> list[tuple[str, str]]:
    """Lines of name and value."""
    lines = [line.partition(sign) for line in text.splitlines() if line.strip()]
    return [(name.strip(), value.strip()) for name, _, value in lines]


async def _page(desk: Desk, name: str, filled: Filled, tried: Tried | None = None) -> Response[bytes]:
    _, catalogue = await desk.catalogues.get(*desk.caller)
    operation = find(catalogue, name)
    apps = await desk.apps.page(*desk.caller, limit=200)
    return desk.page(
        "gateway/try.html",
        status=422 if filled.errors else 200,
        tab="operations",
        name=name,
        operation=operation,
        apps=[app for app in apps if app.open],
        filled=filled,
        query=filled.one("query", _parameters(operation, ("query", "path"), "=")),
        headers=filled.one("headers", _parameters(operation, ("header",), ": ")),
        body=filled.one("body", _body(catalogue, operation)),
        encrypts=filled.form.on("encrypt") if filled.form.values else True,
        tried=tried,
        shown=_formatted(tried.body) if tried else "",
    )


def _parameters(operation: Operation, locations: tuple[str, ...], sign: str) -> str:
    found = [
        one for one in operation.parameters if one.location in locations and (one.required or one.default is not None)
    ]
    return "\n".join(f"{one.name}{sign}{'' if one.default is None else one.default}" for one in found)


def _body(catalogue: Catalogue, operation: Operation) -> str:
    if operation.body is not None:
        value = example(catalogue.models, operation.body)
    else:
        fields = {one.name: one for one in operation.parameters if one.location == "body"}
        if not fields:
            return ""
        value = {name: example(catalogue.models, field.type) for name, field in fields.items()}
    return msgspec.json.format(msgspec.json.encode(value)).decode()


def _formatted(text: str) -> str:
    try:
        return msgspec.json.format(text)
    except msgspec.DecodeError:
        return text


HANDLERS: tuple[Any, ...] = (show_try, try_operation)
