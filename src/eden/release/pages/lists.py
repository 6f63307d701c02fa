"""Pages of lists: devices and users by name, for plans and rules."""

from __future__ import annotations

from typing import Any, Literal

from litestar import Response, get, post
from litestar.datastructures import UploadFile

from eden.base.api.access import needs
from eden.base.api.handlers import AnyRequest, FromPath, Service, ThePaging, ThePrincipal, TheWorkspaceId
from eden.base.identity.principal import Principal
from eden.base.problems import Problem
from eden.console.frame import Console
from eden.console.http import SECURITY_HEADERS, redirect, respond
from eden.console.view import Flash, ViewContext
from eden.release.pages.kit import HERE, LARGEST_FORM, Form, page_address, read_form, standing_at
from eden.release.pages.mending import Filled, mend, mistakes
from eden.release.pages.states import TONES
from eden.release.service import ReleaseService

#: ids that are added or removed by hand; more come as a file
_BY_HAND = 10_000


@get(f"{HERE}/lists", opt=needs("workspace.read"))
async def show_lists(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    paging: ThePaging,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """The lists, by name."""
    after = paging.after(str)
    found = await release_service.lists.page(principal, workspace_id, after=after, limit=paging.limit + 1)
    shown = found[: paging.limit]
    return respond(
        request,
        console,
        view,
        "release/lists.html",
        lists=shown,
        next=page_address(view, "lists", shown[-1].name) if len(found) > paging.limit else "",
        first=view.url("lists") if after else "",
    )


@get(f"{HERE}/lists/new", opt=needs("list.write"))
async def show_new_list(request: AnyRequest, view: Service[ViewContext], console: Service[Console]) -> Response[bytes]:
    """The form of a list."""
    return respond(request, console, view, "release/list-new.html", filled=Filled())


@post(f"{HERE}/lists", opt=needs("list.write"))
async def create_list(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Make a list of a file, or of what was written."""
    form = await read_form(request)
    kind: Literal["exact", "patterns"] = "patterns" if form.one("kind") == "patterns" else "exact"
    try:
        content = await _content(request, form)
        made = await release_service.lists.create(principal, workspace_id, form.one("name"), kind, content)
    except Problem as problem:
        filled = Filled(form, mistakes(problem, console, view, "name" if problem.code == "conflict" else "file"))
        return mend(request, console, standing_at(view, "lists/new"), "release/list-new.html", filled)
    t = console.translator(view)
    return redirect(
        request, view.url(f"lists/{made.id}"), Flash("good", t("release.list.made", name=made.name, count=made.size))
    )


async def _content(request: AnyRequest, form: Form) -> bytes:
    """The file, or else what was written. Problem `invalid` when there is neither."""
    file = (await request.form()).get("file")
    data = await file.read() if isinstance(file, UploadFile) else b""
    data = data or form.one("text").encode()
    if not data.strip():
        raise Problem("invalid", "It is empty.", errors=[("file", "Choose a file, or write the list into the field.")])
    return data


@get(f"{HERE}/lists/{{list_id:str}}", opt=needs("workspace.read"))
async def show_list(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    list_id: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """One list: how large it is, where it is used."""
    return await _page(request, principal, workspace_id, list_id, view, console, release_service, Filled())


async def _page(
    request: AnyRequest,
    principal: Principal,
    workspace_id: str,
    list_id: str,
    view: ViewContext,
    console: Console,
    service: ReleaseService,
    filled: Filled,
) -> Response[bytes]:
    found = await service.lists.get(principal, workspace_id, list_id)
    uses = await service.lists.uses(principal, workspace_id, list_id)
    values: dict[str, Any] = {"found": found, "uses": uses, "tones": TONES, "path": f"lists/{found.id}"}
    if filled.errors:
        return mend(request, console, standing_at(view, f"lists/{found.id}"), "release/list.html", filled, **values)
    return respond(request, console, view, "release/list.html", filled=filled, **values)


@post(f"{HERE}/lists/{{list_id:str}}/content", opt=needs("list.write"))
async def replace_list(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    list_id: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Put another file in place of what it holds."""
    form = await read_form(request)
    try:
        content = await _content(request, form)
        changed = await release_service.lists.replace(
            principal, workspace_id, list_id, content, revision=form.number("revision")
        )
    except Problem as problem:
        if problem.code in ("not-found", "forbidden"):
            raise
        filled = Filled(form, mistakes(problem, console, view, "file"))
        return await _page(request, principal, workspace_id, list_id, view, console, release_service, filled)
    said = console.translator(view)("release.list.replaced", name=changed.name, count=changed.size)
    return redirect(request, view.url(f"lists/{changed.id}"), Flash("good", said))


@post(f"{HERE}/lists/{{list_id:str}}/entries", opt=needs("list.write"), request_max_body_size=2_000_000)
async def edit_list(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    list_id: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Add and remove some."""
    form = await read_form(request)
    kind = (await release_service.lists.get(principal, workspace_id, list_id)).kind
    add, remove = (_entries(form.one(name), kind) for name in ("add", "remove"))
    try:
        if not add and not remove:
            raise Problem("invalid", "It is empty.", errors=[("add", "Write what to add or to remove.")])
        if len(add) + len(remove) > _BY_HAND:
            raise Problem("invalid", "Too many.", errors=[("add", f"At most {_BY_HAND:,} at once; upload a file.")])
        changed = await release_service.lists.edit(principal, workspace_id, list_id, add=add, remove=remove)
    except Problem as problem:
        if problem.code in ("not-found", "forbidden"):
            raise
        filled = Filled(form, mistakes(problem, console, view, "add"))
        return await _page(request, principal, workspace_id, list_id, view, console, release_service, filled)
    said = console.translator(view)("release.list.changed", name=changed.name, count=changed.size)
    return redirect(request, view.url(f"lists/{changed.id}"), Flash("good", said))


def _entries(text: str, kind: str) -> list[str]:
    """One a line; ids also by commas."""
    lines = text.splitlines() if kind == "patterns" else text.replace(",", "\n").splitlines()
    return [line.strip() for line in lines if line.strip()]


@post(f"{HERE}/lists/{{list_id:str}}/name", opt=needs("list.write"), request_max_body_size=LARGEST_FORM)
async def rename_list(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    list_id: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Call it otherwise."""
    form = await read_form(request)
    try:
        changed = await release_service.lists.rename(principal, workspace_id, list_id, form.one("name"))
    except Problem as problem:
        if problem.code not in ("invalid", "conflict"):
            raise
        filled = Filled(form, mistakes(problem, console, view, "name"))
        return await _page(request, principal, workspace_id, list_id, view, console, release_service, filled)
    said = console.translator(view)("release.list.renamed", name=changed.name)
    return redirect(request, view.url(f"lists/{changed.id}"), Flash("good", said))


@post(f"{HERE}/lists/{{list_id:str}}/delete", opt=needs("list.write"), request_max_body_size=LARGEST_FORM)
async def delete_list(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    list_id: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Remove a list that nothing uses."""
    found = await release_service.lists.get(principal, workspace_id, list_id)
    try:
        await release_service.lists.delete(principal, workspace_id, list_id)
    except Problem as problem:
        if problem.code != "conflict":
            raise
        filled = Filled(None, mistakes(problem, console, view))
        return await _page(request, principal, workspace_id, list_id, view, console, release_service, filled)
    said = console.translator(view)("release.list.deleted", name=found.name)
    return redirect(request, view.url("lists"), Flash("good", said))


@get(f"{HERE}/lists/{{list_id:str}}/download", opt=needs("list.write"))
async def download_list(
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    list_id: FromPath[str],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """What is in it, one a line."""
    text = await release_service.lists.download(principal, workspace_id, list_id)
    headers = {"Content-Disposition": 'attachment; filename="list.txt"', "Cache-Control": "no-store"}
    return Response(text, media_type="text/plain; charset=utf-8", headers=SECURITY_HEADERS | headers)


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
