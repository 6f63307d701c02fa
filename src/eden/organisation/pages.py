"""Pages of the workspaces: the way in, one's workspaces, settings of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litestar import Response, get, post
from litestar.response import Stream

from eden.base.api.access import SIGNED_IN, anywhere, needs
from eden.base.api.handlers import (
    AnyRequest,
    Service,
    ThePrincipal,
    TheWorkspace,
    TheWorkspaceId,
)
from eden.base.identity.principal import Principal
from eden.base.problems import Problem
from eden.console.frame import Console, Room
from eden.console.http import live_stream, redirect, respond
from eden.console.live import LiveHub
from eden.console.view import ROOT, Flash, NavigationItem, ViewContext
from eden.organisation.addresses import HERE
from eden.organisation.forms import EMPTY, LARGEST_FORM, Form, checked, read_form, returned
from eden.organisation.interfaces import WorkspaceSettings
from eden.organisation.service import Organisation
from eden.organisation.wire import (
    NewWorkspace,
    WorkspaceChange,
)

ROOM = Room(
    "organisation",
    Path(__file__).parent,
    (
        NavigationItem("members", "Members", "成员", "members", "workspace.read", "people", "workspace"),
        NavigationItem("tokens", "Tokens", "令牌", "tokens", "workspace.read", "key", "workspace"),
        NavigationItem("audit", "Audit log", "审计日志", "audit", "audit.read", "scroll", "workspace"),
        NavigationItem("settings", "Settings", "设置", "settings", "workspace.manage", "settings", "workspace"),
        NavigationItem("account", "Your account", "我的账号", "account", "workspace.read", "person", "workspace"),
    ),
)

#: workspaces shown on one page
_WORKSPACES = 200


@get([ROOT, f"{ROOT}/workspaces"], opt=SIGNED_IN)
async def show_workspaces(
    request: AnyRequest,
    principal: ThePrincipal,
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """All workspaces of this person; whoever has only one is brought into it from the first page."""
    if len(view.workspaces) == 1 and not request.url.path.endswith("/workspaces"):
        return redirect(request, f"{ROOT}/{view.workspaces[0].slug}")
    return await _workspaces_page(request, principal, view, console, organisation, EMPTY)


@post(f"{ROOT}/workspaces", opt=anywhere("workspace.manage"), request_max_body_size=LARGEST_FORM)
async def create_workspace(
    request: AnyRequest,
    principal: ThePrincipal,
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """Make a workspace and go there."""
    values = await read_form(request)
    try:
        data = checked(
            {**values, "production": values.get("production") == "yes", "review_required": False}, NewWorkspace
        )
        settings = WorkspaceSettings(production=data.production)
        made = await organisation.workspaces.create(principal, data.slug, data.name, settings)
    except Problem as problem:
        form = returned(values, problem, console, view)
        return await _workspaces_page(request, principal, view, console, organisation, form)
    t = console.translator(view)
    return redirect(request, f"{ROOT}/{made.slug}", Flash("good", t("organisation.workspaces.made", name=made.name)))


async def _workspaces_page(
    request: AnyRequest,
    principal: Principal,
    view: ViewContext,
    console: Console,
    organisation: Organisation,
    form: Form,
) -> Response[bytes]:
    found = await organisation.workspaces.page(principal, _WORKSPACES)
    return respond(
        request,
        console,
        view,
        "organisation/workspaces.html",
        status=422 if form.errors else 200,
        workspaces=found,
        may_create=principal.may_anywhere("workspace.manage"),
        form=form,
    )


@get(HERE, opt=needs("workspace.read"))
async def enter_workspace(
    request: AnyRequest, here: TheWorkspace, view: Service[ViewContext], console: Service[Console]
) -> Response[bytes]:
    """The first page of the menu that this person may see."""
    daily = [item for item in console.navigation if item.group == "work"] + list(console.navigation)
    path = next(item.path for item in daily if view.may(item.permission))
    return redirect(request, f"{ROOT}/{here.slug}/{path}", *view.flashes)


@get(f"{HERE}/live", opt=needs("workspace.read"))
async def listen(workspace_id: TheWorkspaceId, live: Service[LiveHub]) -> Stream:
    """What the open page listens to."""
    return live_stream(live.stream(workspace_id))


@get(f"{HERE}/settings", opt=needs("workspace.manage"))
async def show_settings(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """Name and rules of the workspace."""
    record = await organisation.workspaces.get(principal, workspace_id)
    return respond(request, console, view, "organisation/settings.html", record=record, form=EMPTY)


@post(f"{HERE}/settings", opt=needs("workspace.manage"), request_max_body_size=LARGEST_FORM)
async def change_settings(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """Change them."""
    values = await read_form(request)
    toggles = {name: values.get(name) == "yes" for name in ("production", "review_required")}
    try:
        data = checked({**values, **toggles}, WorkspaceChange)
        await organisation.workspaces.update(
            principal,
            workspace_id,
            name=data.name,
            production=data.production,
            review_required=data.review_required,
            retention_days=data.retention_days,
        )
    except Problem as problem:
        form = returned(values, problem, console, view)
        record = await organisation.workspaces.get(principal, workspace_id)
        return respond(request, console, view, "organisation/settings.html", status=422, record=record, form=form)
    t = console.translator(view)
    return redirect(request, view.url("settings"), Flash("good", t("organisation.settings.saved")))


HANDLERS: tuple[Any, ...] = (
    show_workspaces,
    create_workspace,
    enter_workspace,
    listen,
    show_settings,
    change_settings,
)
