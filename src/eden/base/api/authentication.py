"""The outermost layer: puts who asks into the request, and refuses what no handler should see."""

from __future__ import annotations

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from eden.base.http import SHOWN_PATH
from eden.base.identity import sessions
from eden.base.identity.service import Identity
from eden.base.problems import Problem, not_found


class Authentication:
    """ASGI: `scope["user"]` becomes a Principal or None, `scope["auth"]` a Session or None.

    A token that does not work is an error even where none is needed: whoever sends one should hear of it. A cookie
    that does not work is only old.
    """

    def __init__(self, app: ASGIApp, identity: Identity) -> None:
        self.app = app
        self.identity = identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            scope["user"], scope["auth"] = None, None
            handler = scope["route_handler"]
            if handler.opt.get("secret_path"):
                scope[SHOWN_PATH] = min(handler.paths)  # type: ignore[literal-required]
            # no text of ours has it, and PostgreSQL cannot keep it
            if "\0" in scope["path"]:
                raise not_found("The page")
            if b"%00" in scope["query_string"]:
                raise Problem("bad-request", "The address has a character that is never used (NUL).")
            await self._recognise(scope)
        await self.app(scope, receive, send)

    async def _recognise(self, scope: Scope) -> None:
        headers = dict(scope["headers"])
        authorization = headers.get(b"authorization")
        if authorization is not None:
            scheme, _, secret = authorization.decode("latin-1").partition(" ")
            if scheme.lower() != "bearer":
                raise Problem(
                    "not-signed-in",
                    "This way of signing in is not known here.",
                    "Send a token in the header Authorization: Bearer eden_…",
                    headers={"WWW-Authenticate": "Bearer"},
                )
            scope["user"] = await self.identity.token(secret.strip())
            return
        secret = cookie_of(headers.get(b"cookie", b""), sessions.cookie_name(scope["scheme"] == "https"))
        if secret and (session := await self.identity.session(secret)) is not None:
            scope["user"], scope["auth"] = session.principal, session


def cookie_of(header: bytes, name: str) -> str:
    """One cookie's value, the first of that name; "" without it.

    Not by `http.cookies`, which gives up at the first cookie that it does not like: there may be others on this host
    whose cookies are JSON.
    """
    for pair in header.decode("latin-1").split(";"):
        found, _, value = pair.partition("=")
        if found.strip() == name:
            return value.strip()
    return ""
