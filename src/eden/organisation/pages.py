"""Pages of the workspaces: the way in, one's workspaces, settings of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from litestar import Response, get, post
from litestar.response import Stream

from eden.base.api.access import SIGNED_IN, Caller, anywhere, needs
from eden.base.api.handlers import QueryParameter, Service, TheCaller, ThePrincipal, TheWorkspaceId
from eden.base.identity.principal import Principal
from eden.base.problems import Problem
from eden.console.frame import Room
from eden.console.http import live_stream, redirect
from eden.console.live import LiveHub
from eden.console.view import ROOT, Flash, NavigationItem
from eden.console.visit import TheVisit, Visit
from eden.organisation.addresses import HERE
from eden.organisation.forms import EMPTY, LARGEST_FORM, Form, checked, read_form, returned
from eden.organisation.interfaces import WorkspaceSettings
from eden.organisation.service import Organisation
from eden.organisation.wire import NewWorkspace, WorkspaceChange

ROOM = Room(
    "organisation",
    Path(__file__).parent,
    (
        NavigationItem("members", "Members", "成员", "members", "workspace.read", "people", "workspace"),
        NavigationItem("tokens", "Tokens", "令牌", "tokens", "workspace.read", "key", "workspace"),
        NavigationItem("audit", "Audit log", "审计日志", "audit", "audit.read", "scroll", "workspace"),
        NavigationItem("settings", "Settings", "设置", "settings", "workspace.manage", "settings", "workspace"),
        NavigationItem("account", "Your account", "我的账号", "account", "workspace.read", "person", "person"),
    ),
)

#: when the listening page was drawn, µs
Since = Annotated[int | None, QueryParameter(name="since", ge=0, le=1 << 60)]

#: workspaces shown on one page
_WORKSPACES = 200


@get([ROOT, f"{ROOT}/workspaces"], opt=SIGNED_IN)
async def show_workspaces(
    visit: TheVisit, principal: ThePrincipal, organisation: Service[Organisation]
) -> Response[bytes]:
    """All workspaces of this person; whoever has only one is brought into it from the first page."""
    mine = visit.view.workspaces
    if len(mine) == 1 and not visit.request.url.path.endswith("/workspaces"):
        return redirect(visit.request, f"{ROOT}/{mine[0].slug}")
    return await _workspaces_page(visit, principal, organisation, EMPTY)


@post(f"{ROOT}/workspaces", opt=anywhere("workspace.manage"), request_max_body_size=LARGEST_FORM)
async def create_workspace(
    visit: TheVisit, principal: ThePrincipal, organisation: Service[Organisation]
) -> Response[bytes]:
    """Make a workspace and go there."""
    values = await read_form(visit)
    try:
        data = checked(
            {**values, "production": values.get("production") == "yes", "review_required": False}, NewWorkspace
        )
        settings = WorkspaceSettings(production=data.production)
        made = await organisation.workspaces.create(principal, data.slug, data.name, settings)
    except Problem as problem:
        return await _workspaces_page(visit, principal, organisation, returned(values, problem, visit))
    words = visit.t("organisation.workspaces.made", name=made.name)
    return redirect(visit.request, f"{ROOT}/{made.slug}", Flash("good", words))


async def _workspaces_page(
    visit: Visit, principal: Principal, organisation: Organisation, form: Form
) -> Response[bytes]:
    return visit.page(
        "organisation/workspaces.html",
        status=form.status,
        workspaces=await organisation.workspaces.page(principal, _WORKSPACES),
        may_create=principal.may_anywhere("workspace.manage"),
        form=form,
    )


@get(HERE, opt=needs("workspace.read"))
async def enter_workspace(visit: TheVisit) -> Response[bytes]:
    """The first page of the menu that this person may see."""
    every = visit.console.navigation
    daily = [item for item in every if item.group == "work"]
    path = next(item.path for item in (*daily, *every) if visit.view.may(item.permission))
    return redirect(visit.request, visit.url(path), *visit.view.flashes)


@get(f"{HERE}/live", opt=needs("workspace.read"))
async def listen(workspace_id: TheWorkspaceId, live: Service[LiveHub], since: Since = None) -> Stream:
    """What the open page listens to."""
    return live_stream(live.stream(workspace_id, since))


@get(f"{HERE}/settings", opt=needs("workspace.manage"))
async def show_settings(visit: TheVisit, caller: TheCaller, organisation: Service[Organisation]) -> Response[bytes]:
    """Name and rules of the workspace."""
    return await _settings_page(visit, caller, organisation, EMPTY)


@post(f"{HERE}/settings", opt=needs("workspace.manage"), request_max_body_size=LARGEST_FORM)
async def change_settings(visit: TheVisit, caller: TheCaller, organisation: Service[Organisation]) -> Response[bytes]:
    """Change them."""
    values = await read_form(visit)
    toggles = {name: values.get(name) == "yes" for name in ("production", "review_required")}
    try:
        data = checked({**values, **toggles}, WorkspaceChange)
        await organisation.workspaces.update(
            *caller,
            name=data.name,
            production=data.production,
            review_required=data.review_required,
            retention_days=data.retention_days,
        )
    except Problem as problem:
        return await _settings_page(visit, caller, organisation, returned(values, problem, visit))
    return visit.go("settings", visit.t("organisation.settings.saved"))


async def _settings_page(visit: Visit, caller: Caller, organisation: Organisation, form: Form) -> Response[bytes]:
    record = await organisation.workspaces.get(*caller)
    return visit.page("organisation/settings.html", status=form.status, record=record, form=form)


HANDLERS: tuple[Any, ...] = (
    show_workspaces,
    create_workspace,
    enter_workspace,
    listen,
    show_settings,
    change_settings,
)
