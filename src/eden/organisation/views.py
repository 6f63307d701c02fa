"""Who looks at a page of the console: the `view` and `visit` that handlers of all services ask for, and the page of a
problem.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Response
from litestar.config.app import AppConfig
from litestar.di import Provide
from litestar.plugins import InitPlugin
from sqlalchemy import Connection, Row, select

from eden.base.api.access import SAFE
from eden.base.api.errors import AnyRequest
from eden.base.api.handlers import Service
from eden.base.changes import Change
from eden.base.identity.principal import Principal, Workspace
from eden.base.identity.roles import ROLES
from eden.base.identity.service import Identity
from eden.base.identity.sessions import Session
from eden.base.ids import now
from eden.base.problems import Problem
from eden.base.tables import members, workspaces
from eden.console.frame import Console
from eden.console.http import LOCALE_COOKIE, html, local_path, read_flashes, read_theme, refuse, wants_part
from eden.console.live import LiveHub
from eden.console.messages import choose_locale
from eden.console.view import ROOT, Person, ViewContext, WorkspaceLink
from eden.console.visit import Visit
from eden.organisation.interfaces import read_settings

SIGN_IN = f"{ROOT}/sign-in"
#: characters of an address that the sign-in page leads back to
LONGEST_NEXT = 1000
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


class ConsolePlugin(InitPlugin):
    """Gives handlers `view: Service[ViewContext]` and `visit: TheVisit`."""

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        app_config.dependencies["view"] = Provide(provide_view)
        app_config.dependencies["visit"] = Provide(provide_visit, sync_to_thread=False)
        return app_config


async def provide_view(request: AnyRequest) -> ViewContext:
    """The request as a page knows it, with the workspaces of whoever has signed in."""
    principal: Principal | None = request.scope["user"]
    if principal is None:
        return _view(request, [])
    identity: Identity = request.app.state.identity
    return _view(request, await identity.database.read(lambda connection: _known(connection, principal)))


def provide_visit(request: AnyRequest, view: Service[ViewContext], console: Service[Console]) -> Visit:
    """Dependency `visit`."""
    return Visit(request, view, console)


def _known(connection: Connection, principal: Principal) -> list[Row[Any]]:
    return list(
        connection.execute(
            select(workspaces.c.id, workspaces.c.slug, workspaces.c.name, workspaces.c.settings, members.c.roles)
            .join(members, members.c.workspace_id == workspaces.c.id)
            .where(members.c.user_id == principal.user_id)
            .order_by(workspaces.c.name)
        )
    )


def _view(request: AnyRequest, known: list[Row[Any]]) -> ViewContext:
    """`known` are the person's workspaces; a problem's page does without, and has only the one of its address."""
    principal, session = request.scope.get("user"), request.scope.get("auth")
    chosen = request.cookies.get(LOCALE_COOKIE) or (session.locale if isinstance(session, Session) else "")
    view = ViewContext(
        path=_standing(request),
        now=now(),
        locale=choose_locale(chosen, request.headers.get("Accept-Language", "")),
        theme=read_theme(request),
        csrf=session.csrf if isinstance(session, Session) else "",
        flashes=read_flashes(request),
    )
    if not isinstance(principal, Principal):
        return view
    links = {row.id: _link(row) for row in known}
    name = session.person if isinstance(session, Session) else principal.name
    person = Person(name, principal.email or principal.name)
    here = request.state.workspace if "workspace" in request.state else None
    if not isinstance(here, Workspace):
        return replace(view, person=person, workspaces=tuple(links.values()))
    links.setdefault(here.id, _link(here))
    roles = next((row.roles for row in known if row.id == here.id), ())
    console: Console = request.app.state.services["console"]
    t = console.translator(view)
    words = ", ".join(t(f"organisation.role.{role}") for role in ROLES if role in roles)
    return replace(
        view,
        person=replace(person, role=words),
        workspace=links[here.id],
        workspaces=tuple(links.values()),
        permissions=principal.permissions.get(here.id, frozenset()),
    )


def _link(workspace: Row[Any] | Workspace) -> WorkspaceLink:
    return WorkspaceLink(workspace.slug, workspace.name, production=read_settings(workspace.settings).production)


def _standing(request: AnyRequest) -> str:
    """The address at which the reader is, for the switches of language and theme. What answers a form stands where
    the form was: its own address has no page."""
    if request.method in SAFE:
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    try:
        form = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return f"{ROOT}/"
    return local_path(form.path + (f"?{form.query}" if form.query else ""))


def problem_page(request: AnyRequest, problem: Problem, trace: str | None) -> Response[Any]:
    """A problem for a person; who is not signed in is brought to the sign-in page, and back afterwards."""
    if problem.code == "not-signed-in" and not request.url.path.startswith(SIGN_IN):
        wanted = _standing(request)
        target = f"{SIGN_IN}?next={quote(wanted if len(wanted) <= LONGEST_NEXT else f'{ROOT}/', safe='')}"
        if wants_part(request):
            return html(b"", headers={"HX-Redirect": target})
        return html(b"", status=303, headers={"Location": target})
    console: Console = request.app.state.services["console"]
    return refuse(request, console, _view(request, []), problem, trace)


def publish(hub: LiveHub, change: Change) -> None:
    """Tell open pages of a change. Topics: the first word of its kind ("release"), and "NAME:VALUE" for every short
    text of its payload ("program:bank", "release:ID")."""
    topics = [change.kind.partition(".")[0]]
    topics += [
        f"{name}:{value}"
        for name, value in change.payload.items()
        if isinstance(value, str) and _WORD.fullmatch(f"{name}:{value}")
    ]
    hub.publish(change.workspace_id, *topics)
