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
from functools import lru_cache
from typing import TypeVar
from urllib.parse import parse_qsl

from eden.base.ground import Ground
from eden.base.http import Headers, Receive, Scope, Send, header, respond, respond_problem, without_body
from eden.base.ids import now
from eden.base.problems import Problem, not_found
from eden.observe.accept.collect import Collect
from eden.observe.accept.encodings import decompress
from eden.observe.accept.usage import Usage
from eden.observe.accept.wires import HEADERS, Fields, Response, Wire, WireRequest
from eden.observe.apps import App, Apps
from eden.observe.interfaces import Accepted
from eden.observe.spool.writer import SpoolWriter

PREFIX = "/observe/"
_COLLECT = "collect/"
#: a body that comes in pieces has to be there after so many seconds
_BODY_SECONDS = 60.0
#: bytes of bodies that one process holds; more are told to come later
_MOST_HELD = 192_000_000
#: a body of up to `_SMALL` bytes that gives up to `_SMALL_OUT` is worked on at once; others on a thread
_SMALL, _SMALL_OUT = 100_000, 1_000_000
#: bytes of a request's query and headers
_MOST_QUERY, _MOST_HEADERS = 16_000, 64_000
_MOST_FIELDS = 100

#: the switches of a server that collects nothing
_NOTHING = b'{"revision":0,"programs":{}}'

_CORS: Headers = [(b"access-control-allow-origin", b"*"), (b"cache-control", b"no-store")]
#: what a page of another origin may read of an answer beside its body
_EXPOSED = "Retry-After, X-Sentry-Rate-Limits, X-Sentry-Error"
_PREFLIGHT: Headers = [
    *_CORS,
    (b"access-control-allow-methods", b"GET, HEAD, POST"),
    (b"access-control-max-age", b"86400"),
]
#: what other origins may send, beside what they ask for
_ALLOWED = b"authorization, content-type, content-encoding, x-eden-key, x-sentry-auth"
_HEADERS = {name.encode(): name for name in HEADERS}
T = TypeVar("T")

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
        #: no more than two large bodies are worked on at once: each may take what a batch may have
        self._working = asyncio.Semaphore(2)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        word, _, rest = scope["path"][len(PREFIX) :].partition("/")
        method = scope["method"]
        if method == "HEAD":
            send = without_body(send)
        wire = self._wires.get(word)
        try:
            if method == "OPTIONS":
                await respond(send, b"", status=204, headers=_preflight(scope))
            elif word == "v1" and rest.startswith(_COLLECT):
                await self._tell(rest[len(_COLLECT) :], scope, send)
            elif not self._is_on:
                raise _off()
            elif wire is not None:
                answer = await self._take(wire, word, rest, scope, receive)
                kind = answer.content_type.encode("latin-1")
                await respond(send, answer.body, kind, answer.status, _fields(answer.headers))
            else:
                raise not_found("This address of the collector")
        except Problem as problem:
            if wire is not None and (seconds := problem.headers.get("Retry-After")):
                problem.headers.update(wire.later(int(seconds), problem.code))
            # a page of another origin is to read what went wrong
            problem.headers["Access-Control-Allow-Origin"] = "*"
            problem.headers["Access-Control-Expose-Headers"] = _EXPOSED
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
        request = WireRequest(rest, method, _query(scope), _headers(scope), received=at)
        key = wire.key_of(request)
        app = None
        if key is not None:
            app = self._apps.by_key(key) or await self._find(key)
        elif not wire.key_in_body:
            raise _unknown_key("The request has no write key.")
        held = _Held(self)
        try:
            body = request.body = await self._body(scope, receive, request.headers.get("content-encoding", ""), held)
            is_small = len(body) <= _SMALL_OUT
            if app is None:
                app = await self._find(wire.key_of(request) if is_small else await self._aside(wire.key_of, request))
            request.app = app.number
            try:
                shape = wire.shape(request) if is_small else await self._aside(wire.shape, request)
            except RecursionError:
                self._usage.refuse(app.number, 1, "shape", at)
                raise Problem("bad-request", "The batch is nested too deeply.") from None
            except Problem:
                self._usage.refuse(app.number, 1, "shape", at)
                raise
            if not shape.body:
                return wire.answer(shape)
            hour = self._usage.begin(app, shape.count, at)
            try:
                await self._spool.append(Accepted(shape.wire, app.number, at, shape.key, shape.body, shape.meta))
            except BaseException:
                self._usage.give_back(hour, shape.count, "full")
                raise
            self._usage.accept(hour, word, shape.count, len(shape.body))
            self.took.set()
            answer = wire.answer(shape)
            if seconds := self._usage.wait(app, hour, at):
                # the next batch would be refused, and need not be sent
                answer = answer._replace(headers=answer.headers + wire.later(seconds, "rate-limited"))
            return answer
        finally:
            held.release()

    async def _find(self, key: str | None) -> App:
        if key is None:
            raise _unknown_key("The request has no write key.")
        app = await self._apps.find_key(key)
        if app is None:
            raise _unknown_key("No app has this write key, or it was disabled.")
        return app

    async def _aside(self, work: Callable[[WireRequest], T], request: WireRequest) -> T:
        """Work on a large body while others are answered."""
        async with self._working:
            return await asyncio.to_thread(work, request)

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
        async with self._working:
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
    """Those that wires ask for."""
    given: Headers = scope["headers"]
    headers, size = {}, 0
    for name, value in given:
        if (wanted := _HEADERS.get(name)) is not None:
            headers[wanted] = value.decode("latin-1")
            size += len(value)
    if len(given) > _MOST_FIELDS or size > _MOST_HEADERS:
        raise Problem("bad-request", f"The headers have more than {_MOST_HEADERS:,} bytes, or are too many.")
    return headers


@lru_cache(1_000)
def _fields(headers: Fields) -> Headers:
    """As they are sent, with what all answers have."""
    if not headers:
        return _CORS
    return [
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers),
        (b"access-control-expose-headers", _EXPOSED.encode()),
        *_CORS,
    ]


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
