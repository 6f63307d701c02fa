"""What a route needs, declared beside it, and the guard that holds it.

A handler says one of these in `opt`:

    opt=needs("release.operate")    the permission, in the workspace of the path parameter `workspace`
    opt=anywhere("workspace.manage")    the permission, in any workspace: for what belongs to none
    opt=SIGNED_IN                   anybody who is signed in
    opt=OPEN                        everybody

A route that says nothing is a mistake that stops the server from starting (`check_declared`), so a forgotten check
cannot be deployed, and the test of all roles against all routes is made from the same declarations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from litestar import Litestar, Request
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import ImproperlyConfiguredException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import FromPath
from litestar.routes import HTTPRoute

from eden.base.identity import sessions
from eden.base.identity.principal import (
    Principal,
    Workspace,
    check_permission,
    check_permission_anywhere,
    find_workspace,
)
from eden.base.identity.roles import PERMISSIONS, Permission
from eden.base.identity.service import Identity
from eden.base.identity.sessions import Session
from eden.base.problems import Problem

Opt = dict[str, Any]

SIGNED_IN: Opt = {"access": "signed-in"}
OPEN: Opt = {"access": "open"}

#: methods that change nothing (RFC 9110, section 9.2.1)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Caller(NamedTuple):
    """Who asks, and in which workspace: what services take first, `service.get(*caller, …)`."""

    principal: Principal
    workspace_id: str


def needs(permission: Permission) -> Opt:
    """The permission in the workspace that the path names."""
    return {"permission": permission}


def anywhere(permission: Permission) -> Opt:
    """The permission in at least one workspace."""
    return {"permission": permission, "anywhere": True}


def streamed(opt: Opt) -> Opt:
    """The body is not JSON in memory: the handler reads `request.stream()` and sets `request_max_body_size` itself."""
    return {**opt, "streamed": True}


def secret_path(opt: Opt) -> Opt:
    """The path has a secret: logs show the route's pattern instead."""
    return {**opt, "secret_path": True}


def may_answer(opt: Opt, *statuses: int) -> Opt:
    """The route also answers with these, beyond what all routes of its kind answer with; for the document."""
    return {**opt, "statuses": statuses}


def declared(opt: Mapping[str, Any]) -> str:
    """ "open", "signed-in", or a permission; "" when nothing was declared."""
    return str(opt.get("permission") or opt.get("access") or "")


def handlers_of(app: Litestar) -> list[tuple[str, str, HTTPRouteHandler]]:
    """Every route as (path with {parameters}, method, handler); without those that only list methods."""
    return [
        (route.path_format, method, handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS"
    ]


def check_declared(app: Litestar) -> None:
    """ImproperlyConfiguredException when a route does not say whom it is for."""
    for path, method, handler in handlers_of(app):
        what = declared(handler.opt)
        if what not in {"open", "signed-in", *PERMISSIONS}:
            raise ImproperlyConfiguredException(f"{method} {path} does not declare whom it is for: {what or 'nothing'}")
        if what in PERMISSIONS and not handler.opt.get("anywhere") and "{workspace}" not in path:
            raise ImproperlyConfiguredException(f"{method} {path} needs {what} of a workspace that its path lacks")


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Before every handler: signed in, permitted, and no forged write. Puts the workspace into the request's state."""
    opt = handler.opt
    scope = connection.scope
    if scope["type"] != ScopeType.HTTP or scope["method"] == "OPTIONS":
        return
    principal: Principal | None = scope["user"]
    if declared(opt) == "open":
        return
    if principal is None:
        raise Problem(
            "not-signed-in",
            "You are not signed in.",
            "Send a token in the header Authorization: Bearer eden_…, or sign in to the console.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    session = scope["auth"]
    if isinstance(session, Session) and scope["method"] not in SAFE:
        await _check_write(connection, session)
    permission = opt.get("permission")
    if "workspace" in connection.path_params:
        identity: Identity = connection.app.state.identity
        slug = connection.path_params["workspace"]
        workspace = await identity.database.read(lambda database: find_workspace(database, principal, slug))
        connection.state.workspace = workspace
        if permission is not None and not opt.get("anywhere"):
            check_permission(principal, workspace.id, permission)
    if permission is not None and opt.get("anywhere"):
        check_permission_anywhere(principal, permission)


async def _check_write(connection: ASGIConnection[Any, Any, Any, Any], session: Session) -> None:
    check_same_origin(connection)
    token = connection.headers.get(sessions.CSRF_HEADER)
    if token is None and connection.headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS:
        assert isinstance(connection, Request)
        form = await connection.form()
        value = form.get(sessions.CSRF_FIELD)
        token = value if isinstance(value, str) else None
    sessions.check_csrf(session, token)


def check_same_origin(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Problem `forbidden` unless the request comes from a page of ours; for writes without a session (sign-in)."""
    headers = connection.headers
    identity: Identity = connection.app.state.identity
    sessions.check_origin(headers.get("origin"), headers.get("referer"), identity.hosts(headers.get("host", "")))


def provide_principal(request: Request[Any, Any, Any]) -> Principal:
    """Dependency `principal`: who asks. Only on routes that are not open."""
    principal = request.scope["user"]
    assert isinstance(principal, Principal), "an open route has no principal"
    return principal


def provide_session(request: Request[Any, Any, Any]) -> Session:
    """Dependency `session`. Problem `forbidden` for tokens: it is about the person in front of the console."""
    session = request.scope["auth"]
    if not isinstance(session, Session):
        raise Problem("forbidden", "This is for people who are signed in, not for tokens.", "Use the console.")
    return session


def provide_workspace(request: Request[Any, Any, Any], workspace: FromPath[str]) -> Workspace:
    """Dependency `here`: the workspace of the path. The parameter puts it into the OpenAPI document."""
    found = request.state.workspace
    assert isinstance(found, Workspace) and found.slug == workspace
    return found


def provide_workspace_id(request: Request[Any, Any, Any], workspace: FromPath[str]) -> str:
    """Dependency `workspace_id`."""
    return provide_workspace(request, workspace).id


def provide_caller(request: Request[Any, Any, Any], workspace: FromPath[str]) -> Caller:
    """Dependency `caller`."""
    return Caller(provide_principal(request), provide_workspace_id(request, workspace))
