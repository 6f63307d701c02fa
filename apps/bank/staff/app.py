"""The staff pages as one ASGI application: who may come in at all, and how what cannot be done is said.

They are for people on the bank's own machine, or who come through a tunnel that ends there: a request from another
address, for another host's name, or that the mobile gateway has passed on finds nothing here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Litestar, Request, Response, Router
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler

from bank.refusals import Refusal
from bank.server import Bank
from bank.staff import members, pages
from bank.staff.desk import COOKIE, LARGEST_FORM, OPEN, SIGN_IN, provide_desk, view_of
from eden.base.api.access import handlers_of
from eden.base.api.authentication import cookie_of
from eden.base.api.errors import AnyRequest, exception_handlers
from eden.base.api.paging import provide_paging
from eden.base.http import header
from eden.base.identity import sessions
from eden.base.identity.secrets import same
from eden.base.ids import now
from eden.base.problems import Problem, not_found
from eden.base.settings import is_loopback
from eden.console.assets import Assets
from eden.console.frame import Console, Room
from eden.console.http import frame_handlers, html, refuse, wants_part

ROOM = Room("staff", Path(__file__).parent, pages.NAVIGATION)
SITE = "Eden Bank"
#: headers that a gateway or a proxy adds
_PASSED_ON = (
    b"x-eden-principal", b"x-eden-trace", b"traceparent", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip",
    b"forwarded", b"via",
)  # fmt: skip


def application(bank: Bank) -> Litestar:
    """The pages of a bank."""
    console = Console([ROOM], Assets(), site=SITE)
    app = Litestar(
        route_handlers=[
            Router("/", route_handlers=frame_handlers(console), opt=OPEN),
            Router("/", route_handlers=pages.HANDLERS),
        ],
        guards=[_guard],
        dependencies={
            "desk": Provide(provide_desk, sync_to_thread=False),
            "paging": Provide(provide_paging, sync_to_thread=False),
        },
        exception_handlers=exception_handlers(_problem_page),
        request_max_body_size=LARGEST_FORM,
        openapi_config=None,
        state=State({"console": console, "bank": bank, "trail": bank.trail}),
        logging_config=None,
        debug=False,
    )
    for path, method, handler in handlers_of(app):
        if "access" not in handler.opt:
            raise ValueError(f"{method} {path} does not say whom it is for")
    return app


def is_here(scope: Any) -> bool:
    """Whether a request comes from this machine, to it, and by nobody between."""
    client = scope.get("client")
    return (
        client is not None
        and is_loopback(client[0])
        and is_loopback(_host(scope))
        and not any(header(scope, name) is not None for name in _PASSED_ON)
    )


def _host(scope: Any) -> str:
    """The name that the request is for, without its port; "" for what is none."""
    try:
        return urlsplit(f"//{(header(scope, b'host') or b'').decode('latin-1')}").hostname or ""
    except ValueError:
        return ""


async def _guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Before every handler: from here, signed in, permitted, and no forged write."""
    scope: Any = connection.scope
    if scope["type"] != ScopeType.HTTP:
        return
    if not is_here(scope):
        raise not_found("The page")
    bank: Bank = connection.app.state.bank
    secret = cookie_of((header(scope, b"cookie") or b""), COOKIE)
    at = now()
    session = await bank.database.read(lambda database: members.of_session(database, secret, at)) if secret else None
    connection.state.session = session
    if scope["method"] not in ("GET", "HEAD"):
        headers = connection.headers
        sessions.check_origin(headers.get("origin"), headers.get("referer"), {headers.get("host", "").lower()})
    access = str(handler.opt["access"])
    if access == "open":
        return
    if session is None:
        raise Problem("not-signed-in", "You are not signed in.", "Sign in.")
    if scope["method"] not in ("GET", "HEAD"):
        await _check_token(connection, session)
    if access != "signed-in" and access not in session.member.permissions:
        raise Problem("forbidden", "Your roles do not permit this.", "Ask a colleague who has the role for it.")
    if (end := members.new_end(session, at)) is not None:
        await bank.database.write(lambda database: members.do_move_end(database, session.id, end))


async def _check_token(connection: ASGIConnection[Any, Any, Any, Any], session: members.Session) -> None:
    token = connection.headers.get(sessions.CSRF_HEADER)
    if token is None:
        assert isinstance(connection, Request)
        value = (await connection.form()).get(sessions.CSRF_FIELD)
        token = value if isinstance(value, str) else ""
    if not same(token, session.csrf):
        raise Problem("forbidden", "The page is too old, or its form was made elsewhere.", "Load the page again.")


def _problem_page(request: AnyRequest, problem: Problem, trace: str | None) -> Response[Any]:
    """A problem for a person; who is not signed in is brought to the sign-in page, and back afterwards."""
    view, console = view_of(request), request.app.state.console
    if problem.code == "not-signed-in":
        target = f"{SIGN_IN}?next={quote(view.path[:1000], safe='')}"
        if wants_part(request):
            return html(b"", headers={"HX-Redirect": target})
        return html(b"", status=303, headers={"Location": target})
    if not isinstance(problem, Refusal):
        return refuse(request, console, view, problem, trace)
    # a refusal of the bank's own, under one of the titles that the console has
    words = problem.chinese if view.locale == "zh" else problem.sentence
    code = {404: "not-found", 403: "forbidden", 409: "conflict", 429: "rate-limited"}.get(problem.status, "invalid")
    shown = Problem(code, words)
    part = "problem" if wants_part(request) else None
    content = console.render(view, "console/problem.html", block=part, problem=shown, words=words, trace=trace)
    headers = {"HX-Retarget": "#flashes", "HX-Reswap": "innerHTML show:window:top"} if part else {}
    return html(content, status=problem.status, headers=headers)
