"""Forms of operations, groups and models. What most need has fields of its own, what an operation has on the way is in
sections (`sections`); the rest of a thing is JSON below them, as the catalogue has it, so that nothing that a file can
say is out of reach here."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection
from typing import Any, TypeAlias, TypeVar, get_args

import msgspec
from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath
from eden.base.problems import Problem, not_found
from eden.console.forms import Form
from eden.gateway.interfaces import Catalogue, Group, Method, Model, Operation
from eden.gateway.model_sample import model_from_sample
from eden.gateway.pages import sections
from eden.gateway.pages.desk import HERE, Desk, Filled, Mistakes, TheDesk
from eden.gateway.pages.operation import find

Thing = TypeVar("Thing", bound=msgspec.Struct)
#: a form as it came back → the page with it
Show: TypeAlias = Callable[[Filled], Awaitable[Response[bytes]]]

#: fields of an operation that the form has; the rest is below them
_OPERATION = ("group", "method", "path", "open", "owner", "description", "timeout_ms", "signature", "encryption",
              "authorizer", "body", "response", "version")  # fmt: skip
_GROUP = ("owner", "description", "timeout_ms", "upstream")
_NUMBERS = ("timeout_ms",)
#: of operations."shop.items.list".cache.keys what is before cache.keys
_IN_THING = re.compile(r"^[a-z]+\.(\"[^\"]*\"|[^.]+)\.")


class Wrong(Exception):
    """The form has to be mended."""

    def __init__(self, *errors: tuple[str, str]) -> None:
        super().__init__(str(errors))
        self.errors: Mistakes = errors


def written(thing: msgspec.Struct, without: tuple[str, ...] = ()) -> str:
    """What a form does not have fields for, as JSON; nothing when there is nothing."""
    rest = {name: value for name, value in msgspec.to_builtins(thing).items() if name not in without}
    return msgspec.json.format(msgspec.json.encode(rest), indent=2).decode() if rest else ""


def _rest(desk: Desk, form: Form) -> dict[str, Any]:
    text = form.one("more")
    try:
        value = msgspec.json.decode(text) if text else {}
    except msgspec.DecodeError as error:
        raise Wrong(("more", desk.t("gateway.form.no-json", why=str(error)))) from None
    if not isinstance(value, dict):
        raise Wrong(("more", desk.t("gateway.form.no-object")))
    return value


def _fields(desk: Desk, form: Form, names: tuple[str, ...]) -> dict[str, Any]:
    """What was filled in, by field; what is empty is left out and has its default."""
    found: dict[str, Any] = {}
    for name in names:
        text = form.one(name)
        if name == "open":
            found[name] = form.on("open")
        elif name in _NUMBERS and text:
            if not text.isascii() or not text.isdigit():
                raise Wrong((name, desk.t("gateway.form.no-number")))
            found[name] = int(text)
        elif text:
            found[name] = text
    return found


def made(desk: Desk, values: dict[str, Any], kind: type[Thing], own: Collection[str]) -> Thing:
    """A thing of the catalogue; `own`: fields of its form. Raises Wrong, at the field or at the JSON."""
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        # "… - at `$.limits.rate`": the form's own field, or the JSON
        why, _, place = str(error).partition(" - at `$.")
        field = _field(place.rstrip("`"), own)
        raise Wrong((field or "more", desk.t("gateway.form.no-value", why=why if field else str(error)))) from None


def _field(place: str, own: Collection[str]) -> str:
    """The form's field that a place within a thing (limits.rate, headers[0].name) is written in; "" if it is none."""
    first, _, second = place.partition("[")[0].partition(".")
    found = (f"{first}.{second.partition('.')[0]}", first, f"{first}.use")
    return next((one for one in found if one in own), "")


async def save(desk: Desk, form: Form, edit: Callable[[Catalogue], Catalogue], own: Collection[str] = ()) -> None:
    """Raises Wrong with what the catalogue says against it, at the form's `own` fields where it is about one."""
    seen = form.number("revision")
    try:
        await desk.catalogues.change(
            *desk.caller,
            lambda there: (edit(there), None),
            revision=seen if seen >= 0 else None,
            note=form.one("note")[:400],
        )
    except Problem as problem:
        told = [(_field(_IN_THING.sub("", place), own) or place, words) for place, words in desk.told(problem)]
        raise Wrong(*told) from None


async def store(
    desk: Desk,
    form: Form,
    edit: Callable[[Catalogue], Catalogue],
    own: Collection[str],
    show: Show,
    name: str,
    page: str,
) -> Response[bytes]:
    """Save, and go to a `page` of the gateway; or `show` the form again with what is wrong."""
    try:
        await save(desk, form, edit, own)
    except Wrong as wrong:
        return await show(Filled(form, wrong.errors))
    return desk.go(f"gateway/{page}", desk.t("gateway.form.saved", name=name))


async def store_named(
    desk: Desk,
    field: str,
    own: Collection[str],
    read: Callable[[Desk, Form], msgspec.Struct],
    show: Callable[[Desk, str, Filled], Awaitable[Response[bytes]]],
) -> Response[bytes]:
    """Add a thing to the catalogue's `field`, or change the one that the form's field `there` names."""
    form = await desk.form()
    there = form.one("there")
    name = there or form.one("name")

    def edit(catalogue: Catalogue) -> Catalogue:
        return put(desk, catalogue, field, name, read(desk, form), there)

    return await store(desk, form, edit, own, lambda filled: show(desk, there, filled), name, "groups")


def put(desk: Desk, catalogue: Catalogue, field: str, name: str, thing: Any, there: str = "") -> Catalogue:
    """The catalogue with a thing in its `field`; `there`: the name of the one that it takes the place of."""
    if name != there and name in getattr(catalogue, field):
        raise Wrong(("name", desk.t("gateway.form.taken", name=name)))
    return renamed(desk, catalogue, field, name, thing)


# operations


async def _operation_form(desk: Desk, name: str, filled: Filled) -> Response[bytes]:
    revision, catalogue = await desk.catalogues.get(*desk.caller)
    there = find(catalogue, name) if name else None
    values = {} if there is None else {field: getattr(there, field) for field in _OPERATION}

    def value(field: str, usual: str = "") -> str:
        found = values.get(field)
        return filled.one(field, usual if found is None else str(found))

    came_back = filled.form.on(sections.MARK)
    texts = sections.written(there)

    def text(place: str) -> str | list[str]:
        """What a field of a section has: what was written, or what the operation has."""
        return (
            (filled.form.all(place) if isinstance(texts[place], list) else filled.one(place))
            if came_back
            else texts[place]
        )

    def used(section: str) -> bool:
        return filled.form.on(f"{section}.use") if came_back else f"{section}.use" in texts

    return desk.page(
        "gateway/operation-form.html",
        status=422 if filled.errors else 200,
        tab="operations",
        name=name,
        filled=filled,
        value=value,
        is_open=filled.form.on("open") if filled.errors else bool(values.get("open")),
        more=filled.one("more", "" if there is None else written(there, (*_OPERATION, *sections.NAMES))),
        plain=sections.PLAIN,
        sections=sections.SECTIONS,
        text=text,
        used=used,
        wrong={place.partition(".")[0] for place, _ in filled.errors},
        rules=sections.read_rules(filled.form) + sections.rules(None) if came_back else sections.rules(there),
        mark=sections.MARK,
        upstreams=sorted({name for group in catalogue.groups.values() for name in group.upstreams}),
        groups=sorted(catalogue.groups),
        models=sorted(catalogue.models),
        authorizers=sorted(catalogue.authorizers),
        methods=get_args(Method),
        revision=revision,
    )


@get(f"{HERE}/operations/new", opt=needs("gateway.write"))
async def show_new_operation(desk: TheDesk) -> Response[bytes]:
    """The form of a new operation."""
    return await _operation_form(desk, "", Filled())


@get(f"{HERE}/operations/{{name:str}}/edit", opt=needs("gateway.write"))
async def show_edit_operation(desk: TheDesk, name: FromPath[str]) -> Response[bytes]:
    """The form of an operation."""
    return await _operation_form(desk, name, Filled())


@post(f"{HERE}/operations", opt=needs("gateway.write"))
async def create_operation(desk: TheDesk) -> Response[bytes]:
    """Add an operation."""
    form = await desk.form()
    name = form.one("name")

    def edit(catalogue: Catalogue) -> Catalogue:
        return put(desk, catalogue, "operations", name, _operation(desk, form))

    return await _store_operation(desk, form, "", name, edit)


@post(f"{HERE}/operations/{{name:str}}/edit", opt=needs("gateway.write"))
async def change_operation(desk: TheDesk, name: FromPath[str]) -> Response[bytes]:
    """Change an operation."""
    form = await desk.form()

    def edit(catalogue: Catalogue) -> Catalogue:
        find(catalogue, name)
        return put(desk, catalogue, "operations", name, _operation(desk, form), name)

    return await _store_operation(desk, form, name, name, edit)


def _operation(desk: Desk, form: Form) -> Operation:
    try:
        values = _rest(desk, form) | sections.read(form) | _fields(desk, form, _OPERATION)
    except sections.Unreadable as error:
        raise Wrong((error.place, desk.t(error.key, **error.values))) from None
    return made(desk, values, Operation, _operation_fields())


def renamed(desk: Desk, catalogue: Catalogue, field: str, name: str, thing: Any) -> Catalogue:
    """The catalogue with a thing under a name, read anew, so that the name is looked at, too."""
    named = {**getattr(catalogue, field), name: thing}
    try:
        return msgspec.convert(msgspec.to_builtins(msgspec.structs.replace(catalogue, **{field: named})), Catalogue)
    except msgspec.ValidationError:
        raise Wrong(("name", desk.t("gateway.form.no-name"))) from None


def _operation_fields() -> set[str]:
    return {*_OPERATION, *sections.places()}


async def _store_operation(
    desk: Desk, form: Form, page: str, name: str, edit: Callable[[Catalogue], Catalogue]
) -> Response[bytes]:
    def show(filled: Filled) -> Awaitable[Response[bytes]]:
        return _operation_form(desk, page, filled)

    return await store(desk, form, edit, _operation_fields(), show, name, f"operations/{name}")


# groups


async def _group_form(desk: Desk, name: str, filled: Filled) -> Response[bytes]:
    revision, catalogue = await desk.catalogues.get(*desk.caller)
    there = catalogue.groups.get(name)
    if name and there is None:
        raise not_found(f"The group {name}")
    first = ""
    if there is None:
        first = msgspec.json.format(b'{"upstreams":{"main":{"targets":[{"url":"http://127.0.0.1:8000"}]}}}').decode()

    def value(field: str) -> str:
        found = getattr(there, field, None)
        return filled.one(field, "" if found is None else str(found))

    return desk.page(
        "gateway/group-form.html",
        status=422 if filled.errors else 200,
        tab="groups",
        name=name,
        filled=filled,
        value=value,
        more=filled.one("more", first if there is None else written(there, _GROUP)),
        revision=revision,
        used=sum(1 for operation in catalogue.operations.values() if operation.group == name) if name else 0,
    )


@get(f"{HERE}/groups/new", opt=needs("gateway.write"))
async def show_new_group(desk: TheDesk) -> Response[bytes]:
    """The form of a new group."""
    return await _group_form(desk, "", Filled())


@get(f"{HERE}/groups/{{name:str}}", opt=needs("gateway.write"))
async def show_edit_group(desk: TheDesk, name: FromPath[str]) -> Response[bytes]:
    """The form of a group."""
    return await _group_form(desk, name, Filled())


@post(f"{HERE}/groups", opt=needs("gateway.write"))
async def save_group(desk: TheDesk) -> Response[bytes]:
    """Add a group, or change the one that the field `there` names."""
    return await store_named(desk, "groups", _GROUP, _group, _group_form)


def _group(desk: Desk, form: Form) -> Group:
    return made(desk, _rest(desk, form) | _fields(desk, form, _GROUP), Group, _GROUP)


@post(f"{HERE}/groups/{{name:str}}/delete", opt=needs("gateway.write"))
async def delete_group(desk: TheDesk, name: FromPath[str]) -> Response[bytes]:
    """Take a group that nothing uses out of the catalogue."""
    return await remove(desk, "groups", name)


async def remove(desk: Desk, field: str, name: str) -> Response[bytes]:
    """Take a thing out of the catalogue's `field`, and go to the list of those that are left."""
    form = await desk.form()

    def edit(catalogue: Catalogue) -> Catalogue:
        named = getattr(catalogue, field)
        if name not in named:
            raise not_found(name)
        rest = {other: thing for other, thing in named.items() if other != name}
        return msgspec.structs.replace(catalogue, **{field: rest})

    try:
        await save(desk, form, edit)
    except Wrong as wrong:
        return desk.go(f"gateway/{field}/{name}", " ".join(sentence for _, sentence in wrong.errors), "bad")
    lists = "groups" if field == "authorizers" else field
    return desk.go(f"gateway/{lists}", desk.t("gateway.form.deleted", name=name))


# models


async def _model_form(desk: Desk, name: str, filled: Filled, found: str = "") -> Response[bytes]:
    revision, catalogue = await desk.catalogues.get(*desk.caller)
    if name and name not in catalogue.models:
        raise not_found(f"The model {name}")
    there = written(msgspec.defstruct("Named", [(name, Model)])(catalogue.models[name])) if name else ""
    return desk.page(
        "gateway/model-form.html",
        status=422 if filled.errors else 200,
        tab="models",
        name=name,
        filled=filled,
        definition=found or filled.one("definition", there),
        revision=revision,
    )


@get(f"{HERE}/models/new", opt=needs("gateway.write"))
async def show_new_model(desk: TheDesk) -> Response[bytes]:
    """The form of new models: from a sample, or written."""
    return await _model_form(desk, "", Filled())


@get(f"{HERE}/models/{{name:str}}", opt=needs("gateway.write"))
async def show_edit_model(desk: TheDesk, name: FromPath[str]) -> Response[bytes]:
    """The form of a model."""
    return await _model_form(desk, name, Filled())


@post(f"{HERE}/models/sample", opt=needs("gateway.write"))
async def read_sample(desk: TheDesk) -> Response[bytes]:
    """The models of a sample, to be looked through and saved."""
    form = await desk.form()
    name = form.one("name")
    try:
        msgspec.convert({name: {}}, dict[str, Any])
        models = model_from_sample(name, msgspec.json.decode(form.one("sample")))
        msgspec.convert({"models": msgspec.to_builtins(models)}, Catalogue)
    except msgspec.ValidationError as error:
        why = desk.t("gateway.form.no-value", why=str(error))
        return await _model_form(desk, "", Filled(form, [("name", why)]))
    except (msgspec.DecodeError, RecursionError) as error:
        return await _model_form(desk, "", Filled(form, [("sample", desk.t("gateway.form.no-json", why=str(error)))]))
    except Problem as problem:
        return await _model_form(desk, "", Filled(form, desk.told(problem)))
    return await _model_form(desk, "", Filled(form), msgspec.json.format(msgspec.json.encode(models)).decode())


@post(f"{HERE}/models", opt=needs("gateway.write"))
async def save_models(desk: TheDesk) -> Response[bytes]:
    """Put one or several models, by name, into the catalogue."""
    form = await desk.form()
    there = form.one("there")
    try:
        try:
            models = msgspec.json.decode(form.one("definition"), type=dict[str, Model])
        except msgspec.DecodeError as error:
            raise Wrong(("definition", desk.t("gateway.form.no-json", why=str(error)))) from None
        if not models:
            raise Wrong(("definition", desk.t("gateway.form.no-object")))

        def edit(catalogue: Catalogue) -> Catalogue:
            taken = sorted(name for name in models if name != there and name in catalogue.models)
            if taken and not form.on("replace"):
                raise Wrong(("definition", desk.t("gateway.form.taken", name=", ".join(taken))))
            for name, model in models.items():
                catalogue = renamed(desk, catalogue, "models", name, model)
            return catalogue

        await save(desk, form, edit)
    except Wrong as wrong:
        return await _model_form(desk, there, Filled(form, wrong.errors))
    return desk.go("gateway/models", desk.t("gateway.form.saved", name=", ".join(models)))


@post(f"{HERE}/models/{{name:str}}/delete", opt=needs("gateway.write"))
async def delete_model(desk: TheDesk, name: FromPath[str]) -> Response[bytes]:
    """Take a model that nothing uses out of the catalogue."""
    return await remove(desk, "models", name)


HANDLERS: tuple[Any, ...] = (
    show_new_operation, show_edit_operation, create_operation, change_operation,
    show_new_group, show_edit_group, save_group, delete_group,
    show_new_model, show_edit_model, read_sample, save_models, delete_model,
)  # fmt: skip
