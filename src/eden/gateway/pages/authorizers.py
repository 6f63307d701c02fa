"""Forms of authorizers: which operation says who is calling, and of what it is asked."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath
from eden.base.problems import not_found
from eden.console.forms import Form
from eden.gateway.interfaces import Authorizer
from eden.gateway.pages.desk import HERE, Desk, Filled, TheDesk
from eden.gateway.pages.editors import Wrong, made, remove, store_named

_FIELDS = ("operation", "fields", "cache_s", "principal")


async def _form(desk: Desk, name: str, filled: Filled) -> Response[bytes]:
    revision, catalogue = await desk.catalogues.get(*desk.caller)
    there = catalogue.authorizers.get(name)
    if name and there is None:
        raise not_found(f"The authorizer {name}")
    usual = there or Authorizer(operation="a.b")
    texts = {"fields": "\n".join(usual.fields), "cache_s": str(usual.cache_s), "principal": usual.principal}
    texts["operation"] = "" if there is None else there.operation
    return desk.page(
        "gateway/authorizer-form.html",
        status=422 if filled.errors else 200,
        tab="groups",
        name=name,
        filled=filled,
        value=lambda field: filled.one(field, texts[field]),
        required=filled.form.on("required") if filled.errors else usual.required,
        operations=sorted(catalogue.operations),
        users=sorted(key for key, operation in catalogue.operations.items() if name and operation.authorizer == name),
        revision=revision,
    )


@get(f"{HERE}/authorizers/new", opt=needs("gateway.write"))
async def show_new_authorizer(desk: TheDesk) -> Response[bytes]:
    """The form of a new authorizer."""
    return await _form(desk, "", Filled())


@get(f"{HERE}/authorizers/{{name:str}}", opt=needs("gateway.write"))
async def show_edit_authorizer(desk: TheDesk, name: FromPath[str]) -> Response[bytes]:
    """The form of an authorizer."""
    return await _form(desk, name, Filled())


@post(f"{HERE}/authorizers", opt=needs("gateway.write"))
async def save_authorizer(desk: TheDesk) -> Response[bytes]:
    """Add an authorizer, or change the one that the field `there` names."""
    return await store_named(desk, "authorizers", _FIELDS, _authorizer, _form)


def _authorizer(desk: Desk, form: Form) -> Authorizer:
    values: dict[str, Any] = {field: form.one(field) for field in _FIELDS if form.one(field)}
    values["fields"] = form.one("fields").split()
    values["required"] = form.on("required")
    if "cache_s" in values:
        if form.number("cache_s") < 0:
            raise Wrong(("cache_s", desk.t("gateway.form.no-number")))
        values["cache_s"] = form.number("cache_s")
    return made(desk, values, Authorizer, _FIELDS)


@post(f"{HERE}/authorizers/{{name:str}}/delete", opt=needs("gateway.write"))
async def delete_authorizer(desk: TheDesk, name: FromPath[str]) -> Response[bytes]:
    """Take an authorizer that nothing uses out of the catalogue."""
    return await remove(desk, "authorizers", name)


HANDLERS: tuple[Any, ...] = (show_new_authorizer, show_edit_authorizer, save_authorizer, delete_authorizer)
