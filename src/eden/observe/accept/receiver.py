"""Where apps send what they observe: everything below `/observe/`. Small ASGI code, since it is asked so often.

    POST /observe/v1/batch                     Eden's own wire (docs/observe-wire.md)
    GET  /observe/v1/collect/WORKSPACE         what phones are to collect
         /observe/WIRE/…                       other wires (`eden.observe.accept.wires`)

A request is authenticated by its write key, decompressed within limits, counted against the app's quota and appended to
the spool; it is answered when it is on the disk. What is in it is looked at later, so no bytes that anybody sends can
make an answer fail: they make rows, or quarantined rows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from eden.base.ground import Ground
from eden.base.http import Headers, Receive, Scope, Send, header, respond, respond_problem, without_body
from eden.base.ids import now
from eden.base.problems import Problem, not_found
from eden.observe.accept.collect import Collect
from eden.observe.accept.encodings import decompress
from eden.observe.accept.usage import Usage
from eden.observe.accept.wires import Response, Wire, WireRequest
from eden.observe.apps import App, Apps
from eden.observe.interfaces import Accepted
from eden.observe.spool.writer import SpoolWriter

PREFIX = "/observe/"
_COLLECT = "collect/"
#: a body that comes in pieces has to be there after so many seconds
_BODY_SECONDS = 60.0
#: bytes of bodies that one process holds; more are told to come later
_MOST_HELD = 192_000_000
#: a body of up to `_SMALL` bytes that gives up to `_SMALL_OUT` is decompressed at once; others on a thread
_SMALL, _SMALL_OUT = 100_000, 1_000_000
#: bytes of a request's query and headers
_MOST_QUERY, _MOST_HEADERS = 16_000, 64_000
_MOST_FIELDS = 100

#: the switches of a server that collects nothing
_NOTHING = b'{"revision":0,"programs":{}}'

_CORS: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"retry-after, x-sentry-rate-limits, x-sentry-error"),
    (b"cache-control", b"no-store"),
]
_PREFLIGHT: Headers = [
    *_CORS,
    (b"access-control-allow-methods", b"GET, HEAD, POST"),
    (b"access-control-max-age", b"86400"),
]
#: what other origins may send, beside what they ask for
_ALLOWED = b"authorization, content-type, content-encoding, x-eden-key, x-sentry-auth"

log = logging.getLogger("eden.observe")


class Receiver:
    """An ASGI application for everything below `PREFIX`. `wires` by the first word of their paths. Without `is_on`
    nothing is taken: the packages that would store it are missing."""

    def __init__(
        self,
        ground: Ground,
        apps: Apps,
        spool: SpoolWriter,
        usage: Usage,
        collect: Collect,
        wires: Mapping[str, Wire],
        *,
        is_on: bool = True,
        clock: Callable[[], int] = now,
    ) -> None:
        self._apps = apps
        self._spool = spool
        self._usage = usage
        self._collect = collect
        self._wires = dict(wires)
        self._is_on = is_on
        self._clock = clock
        self._limit = ground.settings.observe.batch_bytes
        self._held = 0
        #: set once something was accepted
        self.took = asyncio.Event()
        self._unpacking = asyncio.Semaphore(2)
        batches = ground.metrics.counter(
            "eden_observe_batches_total", "Batches accepted from apps, by wire.", ("wire",)
        )
        self._batches = {name: batches.labels(name) for name in wires}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        word, _, rest = scope["path"][len(PREFIX) :].partition("/")
        method = scope["method"]
        if method == "HEAD":
            send = without_body(send)
        try:
            if method == "OPTIONS":
                await respond(send, b"", status=204, headers=_preflight(scope))
            elif word == "v1" and rest.startswith(_COLLECT):
                await self._tell(rest[len(_COLLECT) :], scope, send)
            elif not self._is_on:
                raise _off()
            elif (wire := self._wires.get(word)) is not None:
                answer = await self._take(wire, word, rest, scope, receive)
                headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
                kind = answer.content_type.encode("latin-1")
                await respond(send, answer.body, kind, answer.status, [*headers, *_CORS])
            else:
                raise not_found("This address of the collector")
        except Problem as problem:
            # a page of another origin is to read what went wrong
            problem.headers["Access-Control-Allow-Origin"] = "*"
            problem.headers["Access-Control-Expose-Headers"] = "Retry-After"
            await respond_problem(scope, send, problem)

    async def _tell(self, slug: str, scope: Scope, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            raise Problem("method-not-allowed", "The switches are read.", headers={"Allow": "GET, HEAD"})
        # phones ask every server, and there is nothing wrong with one that collects nothing
        body = await self._collect.answer(slug, _query(scope).get("device", "")[:128]) if self._is_on else _NOTHING
        await respond(send, body, headers=_CORS)

    async def _take(self, wire: Wire, word: str, rest: str, scope: Scope, receive: Receive) -> Response:
        at = self._clock()
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        query, headers = _query(scope), _headers(scope)
        request = WireRequest(rest, method, query, headers)
        key = wire.key_of(request)
        app = None
        if key is None:
            if not wire.key_in_body:
                raise _unknown_key("The request has no write key.")
        else:
            app = await self._app(key)
        held = _Held(self)
        try:
            body = await self._body(scope, receive, headers.get("content-encoding", ""), held)
            if app is None:
                key = wire.key_of(WireRequest(rest, method, query, headers, body))
                if key is None:
                    raise _unknown_key("The request has no write key.")
                app = await self._app(key)
            return await self._keep(wire, word, app, WireRequest(rest, method, query, headers, body, app.number, at))
        finally:
            held.release()

    async def _keep(self, wire: Wire, word: str, app: App, request: WireRequest) -> Response:
        at = request.received
        try:
            shape = wire.shape(request)
        except RecursionError:
            self._usage.refuse(app.number, 1, "shape", at)
            raise Problem("bad-request", "The batch is nested too deeply.") from None
        except Problem:
            self._usage.refuse(app.number, 1, "shape", at)
            raise
        if shape.body:
            self._usage.check(app, shape.count, at)
            batch = Accepted(shape.wire, app.number, at, shape.key, shape.body, shape.meta)
            try:
                await self._spool.append(batch)
            except Problem:
                self._usage.refuse(app.number, shape.count, "full", at)
                raise
            self._usage.accept(app.number, shape.count, len(shape.body), at)
            self._batches[word].inc()
            self.took.set()
        return wire.answer(shape)

    async def _app(self, key: str) -> App:
        app = self._apps.by_key(key) or await self._apps.find_key(key)
        if app is None:
            raise _unknown_key("No app has this write key, or it was disabled.")
        return app

    async def _body(self, scope: Scope, receive: Receive, encoding: str, held: _Held) -> bytes:
        """The body, decompressed."""
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            body: bytes = message.get("body", b"")
            held.add(len(body))
        else:
            try:
                async with asyncio.timeout(_BODY_SECONDS):
                    body = await self._pieces(scope, receive, dict(message), held)
            except TimeoutError:
                raise Problem("bad-request", "The body has not arrived in time.", "Send less at once.") from None
        if len(body) > self._limit:
            raise _too_large(self._limit)
        if not encoding or not body:
            return body
        if len(body) <= _SMALL:
            try:
                small = decompress(body, encoding, min(_SMALL_OUT, self._limit))
                held.add(len(small))
                return small
            except Problem as problem:
                if problem.code != "too-large":
                    raise
        # no more than two at once: each may take what a batch may have
        async with self._unpacking:
            large = await asyncio.to_thread(decompress, body, encoding, self._limit)
        held.add(len(large))
        return large

    async def _pieces(self, scope: Scope, receive: Receive, message: dict[str, object], held: _Held) -> bytes:
        announced = header(scope, b"content-length")
        if announced is not None and announced.isdigit() and int(announced) > self._limit:
            raise _too_large(self._limit)
        pieces, size = [], 0
        while True:
            if message["type"] != "http.request":
                raise Problem("bad-request", "The request ended before its body.")
            piece = message.get("body", b"")
            assert isinstance(piece, bytes)
            size += len(piece)
            if size > self._limit:
                raise _too_large(self._limit)
            held.add(len(piece))
            pieces.append(piece)
            if not message.get("more_body", False):
                return b"".join(pieces)
            message = dict(await receive())

    def hold(self, size: int) -> None:
        """Count bytes that are held for a request; negative when they are let go. Problem `rate-limited`."""
        if size > 0 and self._held + size > _MOST_HELD:
            raise Problem(
                "rate-limited",
                "More reports arrive at once than the server can hold.",
                "Send the same batch again later.",
                headers={"Retry-After": "1"},
            )
        self._held += size


class _Held:
    """Bytes that a request holds."""

    __slots__ = ("_receiver", "_size")

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._size = 0

    def add(self, size: int) -> None:
        self._receiver.hold(size)
        self._size += size

    def release(self) -> None:
        self._receiver.hold(-self._size)
        self._size = 0


def _query(scope: Scope) -> dict[str, str]:
    text: bytes = scope["query_string"]
    if not text:
        return {}
    if len(text) > _MOST_QUERY:
        raise Problem("bad-request", f"The query has more than {_MOST_QUERY:,} bytes.")
    try:
        return dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise Problem("bad-request", f"The query has more than {_MOST_FIELDS} fields.") from None


def _headers(scope: Scope) -> dict[str, str]:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if len(headers) > _MOST_FIELDS or sum(map(len, headers.values())) > _MOST_HEADERS:
        raise Problem("bad-request", f"The headers have more than {_MOST_HEADERS:,} bytes, or are too many.")
    return headers


def _preflight(scope: Scope) -> Headers:
    asked = header(scope, b"access-control-request-headers") or b""
    # what clients add to their requests is theirs to choose: no cookie or session is looked at here
    safe = len(asked) < 2000 and all(33 <= byte <= 126 or byte == 32 for byte in asked)
    allowed = _ALLOWED + (b", " + asked if asked and safe else b"")
    return [*_PREFLIGHT, (b"access-control-allow-headers", allowed)]


def _unknown_key(sentence: str) -> Problem:
    return Problem(
        "unknown-key",
        sentence,
        "Keys are on the app's settings page in the console.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _off() -> Problem:
    return Problem(
        "observe-off",
        "This server does not collect: the events store is not installed.",
        "Its operator installs it with: pip install 'eden-platform[observe]'",
        headers={"Retry-After": "3600"},
    )


def _too_large(limit: int) -> Problem:
    return Problem("too-large", f"The request has more than {limit:,} bytes.", "Send less at once.")
