"""Pages of lists: devices and users by name, for plans and rules."""

from __future__ import annotations

import re
from typing import Any, Literal

from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, ThePaging
from eden.base.problems import Problem
from eden.console.forms import Form
from eden.release.interfaces import ReleaseState
from eden.release.pages.desk import Desk, TheDesk
from eden.release.pages.kit import HERE, LARGEST_FORM
from eden.release.pages.mending import Filled, form_page, mistakes
from eden.release.pages.states import TONES
from eden.release.rules_machine import OFFERING

#: ids that are added or removed by hand; more come as a file
_BY_HAND = 10_000


@get(f"{HERE}/lists", opt=needs("workspace.read"))
async def show_lists(desk: TheDesk, paging: ThePaging) -> Response[bytes]:
    """The lists, by name."""
    after = paging.after(str)
    found = await desk.service.lists.page(*desk.caller, after=after, limit=paging.limit + 1)
    shown = found[: paging.limit]
    return desk.page(
        "release/lists.html",
        lists=shown,
        next=desk.following("lists", shown[-1].name) if len(found) > paging.limit else "",
        first=desk.url("lists") if after else "",
    )


@get(f"{HERE}/lists/new", opt=needs("list.write"))
async def show_new_list(desk: TheDesk) -> Response[bytes]:
    """The form of a list."""
    return _new_list(desk, Filled())


def _new_list(desk: Desk, filled: Filled) -> Response[bytes]:
    return form_page(desk, "lists/new", "release/list-new.html", filled)


@post(f"{HERE}/lists", opt=needs("list.write"))
async def create_list(desk: TheDesk) -> Response[bytes]:
    """Make a list of a file, or of what was written."""
    form = await desk.form()
    kind: Literal["exact", "patterns"] = "patterns" if form.one("kind") == "patterns" else "exact"
    content = await _content(desk, form)
    if not content:
        return _new_list(desk, Filled(form, [("file", desk.t("release.list.choose"))]))
    try:
        made = await desk.service.lists.create(*desk.caller, form.one("name"), kind, content)
    except Problem as problem:
        return _new_list(desk, Filled(form, mistakes(problem, desk, "name" if problem.code == "conflict" else "file")))
    return desk.go(f"lists/{made.id}", desk.t("release.list.made", name=made.name, count=made.size))


async def _content(desk: Desk, form: Form) -> bytes:
    """The file, or else what was written; nothing when there is neither."""
    file = await desk.upload()
    data = b"" if file is None else await file.read()
    return data if data.strip() else form.one("text").encode()


@get(f"{HERE}/lists/{{list_id:str}}", opt=needs("workspace.read"))
async def show_list(desk: TheDesk, list_id: FromPath[str]) -> Response[bytes]:
    """One list: how large it is, where it is used."""
    return await _page(desk, list_id, Filled())


async def _page(desk: Desk, list_id: str, filled: Filled) -> Response[bytes]:
    found = await desk.service.lists.get(*desk.caller, list_id)
    uses = await desk.service.lists.uses(*desk.caller, list_id)
    path = f"lists/{found.id}"
    return form_page(
        desk,
        path,
        "release/list.html",
        filled,
        found=found,
        uses=uses,
        # a release that was stopped does not keep the list: `Lists.delete`
        held=any(use.state == ReleaseState.DRAFT or use.state in OFFERING for use in uses),
        tones=TONES,
        path=path,
    )


@post(f"{HERE}/lists/{{list_id:str}}/content", opt=needs("list.write"))
async def replace_list(desk: TheDesk, list_id: FromPath[str]) -> Response[bytes]:
    """Put another file in place of what it holds."""
    form = await desk.form()
    content = await _content(desk, form)
    if not content:
        return await _page(desk, list_id, Filled(form, [("file", desk.t("release.list.choose-file"))]))
    try:
        changed = await desk.service.lists.replace(*desk.caller, list_id, content, revision=form.number("revision"))
    except Problem as problem:
        return await _mend(desk, list_id, form, problem, "file")
    return desk.go(f"lists/{changed.id}", desk.t("release.list.replaced", name=changed.name, count=changed.size))


async def _mend(desk: Desk, list_id: str, form: Form, problem: Problem, field: str) -> Response[bytes]:
    if problem.code in ("not-found", "forbidden"):
        raise problem
    return await _page(desk, list_id, Filled(form, mistakes(problem, desk, field)))


@post(f"{HERE}/lists/{{list_id:str}}/entries", opt=needs("list.write"), request_max_body_size=2_000_000)
async def edit_list(desk: TheDesk, list_id: FromPath[str]) -> Response[bytes]:
    """Add and remove some."""
    form = await desk.form()
    kind = (await desk.service.lists.get(*desk.caller, list_id)).kind
    add, remove = (_entries(form.one(name), kind) for name in ("add", "remove"))
    wrong = ""
    if not add and not remove:
        wrong = desk.t("release.list.nothing-to-do")
    elif len(add) + len(remove) > _BY_HAND:
        wrong = desk.t("release.list.too-many", count=_BY_HAND)
    if wrong:
        return await _page(desk, list_id, Filled(form, [("add", wrong)]))
    try:
        changed = await desk.service.lists.edit(*desk.caller, list_id, add=add, remove=remove)
    except Problem as problem:
        return await _mend(desk, list_id, form, problem, "add")
    return desk.go(f"lists/{changed.id}", desk.t("release.list.changed", name=changed.name, count=changed.size))


def _entries(text: str, kind: str) -> list[str]:
    """One a line; ids also by commas, as in a file."""
    lines = text.splitlines() if kind == "patterns" else re.split(r"[,，\r\n]", text)
    return [line.strip() for line in lines if line.strip()]


@post(f"{HERE}/lists/{{list_id:str}}/name", opt=needs("list.write"), request_max_body_size=LARGEST_FORM)
async def rename_list(desk: TheDesk, list_id: FromPath[str]) -> Response[bytes]:
    """Call it otherwise."""
    form = await desk.form()
    try:
        changed = await desk.service.lists.rename(*desk.caller, list_id, form.one("name"))
    except Problem as problem:
        return await _mend(desk, list_id, form, problem, "name")
    return desk.go(f"lists/{changed.id}", desk.t("release.list.renamed", name=changed.name))


@post(f"{HERE}/lists/{{list_id:str}}/delete", opt=needs("list.write"), request_max_body_size=LARGEST_FORM)
async def delete_list(desk: TheDesk, list_id: FromPath[str]) -> Response[bytes]:
    """Remove a list that nothing uses."""
    found = await desk.service.lists.get(*desk.caller, list_id)
    try:
        await desk.service.lists.delete(*desk.caller, list_id)
    except Problem as problem:
        if problem.code != "conflict":
            raise
        return await _page(desk, list_id, Filled(None, [("", desk.t("release.list.held", name=found.name))]))
    return desk.go("lists", desk.t("release.list.deleted", name=found.name))


@get(f"{HERE}/lists/{{list_id:str}}/download", opt=needs("list.write"))
async def download_list(desk: TheDesk, list_id: FromPath[str]) -> Response[bytes]:
    """What is in it, one a line."""
    text = await desk.service.lists.download(*desk.caller, list_id)
    return desk.file(text, "text/plain; charset=utf-8", "list.txt")


#: take a large body
UPLOADS: tuple[Any, ...] = (create_list, replace_list)

HANDLERS: tuple[Any, ...] = (
    show_lists,
    show_new_list,
    show_list,
    edit_list,
    rename_list,
    delete_list,
    download_list,
)
