"""HTTP of the bank: routes, who asks, in which language, and one shape of errors (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from bank.refusals import Refusal
from eden.base.http import Headers, Receive, Scope, Send, header, read_body, respond
from eden.base.idempotency import LONGEST_KEY
from eden.base.problems import Problem

T = TypeVar("T")

#: bytes of a body, unless its route says more
BODY = 64 * 1024
#: what the gateway says a request's trace is
TRACE = b"x-eden-trace"
_NO_STORE = (b"cache-control", b"no-store")

log = logging.getLogger("bank")


@dataclass(slots=True)
class Request:
    """What a handler is given. `customer` is "" where nobody needs to be signed in."""

    scope: Scope
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    customer: str = ""

    @property
    def chinese(self) -> bool:
        """Whether the person reads Chinese: always, unless the request prefers English."""
        return not (header(self.scope, b"accept-language") or b"").lower().startswith(b"en")

    def header(self, name: bytes) -> str:
        return (header(self.scope, name) or b"").decode("latin-1")

    def decode(self, wanted: type[T]) -> T:
        """The JSON body. Refusal "invalid" with the place of what is wrong."""
        try:
            return msgspec.json.decode(self.body or b"{}", type=wanted)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refusal("invalid", what=str(error)) from error

    def convert(self, wanted: type[T]) -> T:
        """The query as a value of texts. Refusal "invalid"."""
        try:
            return msgspec.convert(dict(self.query), wanted, strict=False)
        except msgspec.ValidationError as error:
            raise Refusal("invalid", what=str(error)) from error


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is not just JSON with status 200."""

    body: bytes
    content_type: bytes = b"application/json"
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()


Handler = Callable[[Request], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """`path` has variables in braces; `open`: nobody needs to be signed in; `body`: bytes at most.

    `operation`: its name at the gateway, after `eden.bank.`; "" where it is none. `accepts`, `returns` and `query` are
    types of the body, of the answer and of the query, for the gateway's catalogue. `once`: it takes an
    `Idempotency-Key`, and the same one again gets the same answer.
    """

    method: str
    path: str
    handler: Handler
    operation: str = ""
    accepts: Any = None
    returns: Any = None
    query: Any = None
    once: bool = False
    open: bool = False
    body: int = BODY


class Router:
    """Routes of one kind of client. `identify` tells whose request it is; "" for nobody."""

    def __init__(self, routes: Sequence[Route], identify: Callable[[Scope], Awaitable[str]]) -> None:
        self._identify = identify
        self._exact: dict[str, dict[str, Route]] = {}
        self._patterns: dict[tuple[str, ...], dict[str, Route]] = {}
        for route in routes:
            if "{" in route.path:
                self._patterns.setdefault(tuple(route.path.split("/")), {})[route.method] = route
            else:
                self._exact.setdefault(route.path, {})[route.method] = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, {}, {}, b"")
        try:
            reply = await self._answer(request, receive)
        except Exception as error:
            reply = self.failed(request, error)
        headers: Headers = [_NO_STORE, *reply.headers]
        await respond(send, reply.body, reply.content_type, reply.status, headers)

    def failed(self, request: Request, error: Exception) -> Reply:
        """What is answered in place of what was asked for."""
        trace = request.header(TRACE) or None
        if isinstance(error, Refusal):
            return Reply(error.body(request.chinese, trace), b"application/problem+json", error.status)
        if isinstance(error, Problem):
            return Reply(error.encoded(trace), b"application/problem+json", error.status)
        log.exception("%s %s", request.scope["method"], request.scope["path"], exc_info=error)
        return Reply(Refusal("internal").body(request.chinese), b"application/problem+json", 500)

    async def _answer(self, request: Request, receive: Receive) -> Reply:
        scope = request.scope
        methods, request.path = self._find(scope["path"])
        route = methods.get(scope["method"])
        if route is None:
            raise Refusal("method-not-allowed" if methods else "not-found")
        if not route.open:
            request.customer = await self._identify(scope)
            if not request.customer:
                raise Refusal("signed-out")
        query: bytes = scope.get("query_string", b"")
        if query:
            request.query = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
        if scope["method"] != "GET":
            request.body = await _body(scope, receive, route.body)
        answer = await route.handler(request)
        return answer if isinstance(answer, Reply) else Reply(msgspec.json.encode(answer))

    def _find(self, path: str) -> tuple[Mapping[str, Route], Mapping[str, str]]:
        if (exact := self._exact.get(path)) is not None:
            return exact, {}
        parts = path.split("/")
        for pattern, methods in self._patterns.items():
            if len(pattern) == len(parts) and all(
                part == wanted or (wanted.startswith("{") and part) for part, wanted in zip(parts, pattern, strict=True)
            ):
                values = {
                    wanted[1:-1]: part for part, wanted in zip(parts, pattern, strict=True) if wanted.startswith("{")
                }
                return methods, values
        return {}, {}


async def _body(scope: Scope, receive: Receive, limit: int) -> bytes:
    try:
        return await read_body(scope, receive, limit)
    except Problem as problem:
        raise Refusal("too-large" if problem.code == "too-large" else "invalid", what=problem.sentence) from problem


def idempotency_key(request: Request) -> str:
    """What the client calls this attempt. Refusal "invalid" when it says nothing, or too much."""
    key = request.header(b"idempotency-key")
    if not 1 <= len(key) <= LONGEST_KEY:
        raise Refusal("invalid", what="Idempotency-Key")
    return key
