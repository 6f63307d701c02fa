"""What every write of the API goes through: the body's size and form, and the Idempotency-Key.

JSON bodies are read here, before the handler: at most `LARGEST_JSON`, declared as JSON, free of NUL (which PostgreSQL
cannot keep). Routes declared `streamed` read their body themselves; for them the request's fingerprint is known only
at its end, and a repeated request is read to its end before it gets the first answer.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from eden.base import idempotency
from eden.base.api.access import SAFE
from eden.base.http import has_nul
from eden.base.idempotency import Answer, Claim, Idempotency, fingerprint
from eden.base.identity.principal import Principal
from eden.base.problems import Problem

#: where programs find everything
API = "/api/v1"
#: bytes; the largest of our JSON bodies is a release plan of some 100 kB
LARGEST_JSON = 1 << 20

#: headers of an answer that are kept with it
_KEPT_HEADERS = frozenset({"content-type", "location", "cache-control", "etag"})


class Writes:
    """ASGI: inside `Authentication`, around the handlers of the API; the console's forms pass."""

    def __init__(self, app: ASGIApp, keys: Idempotency) -> None:
        self.app = app
        self.keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] in SAFE or not scope["path"].startswith(API):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        streamed = bool(scope["route_handler"].opt.get("streamed"))
        body = None if streamed else await _json_body(receive, headers)
        principal: Principal | None = scope["user"]
        key = headers.get(idempotency.HEADER)
        if key is not None:
            idempotency.check_key(key)
        if key is None or principal is None:
            await self.app(scope, receive if body is None else _given(body, receive), send)
            return
        who = f"{principal.kind}:{principal.id}"
        where = (scope["method"].encode(), scope["path"].encode(), scope["query_string"])
        if body is not None:
            request = fingerprint(*where, hashlib.sha256(body).digest())
            found = await self.keys.claim(who, key, request)
            if isinstance(found, Claim):
                await self._run(found, lambda: request, scope, _given(body, receive), send)
            else:
                await _replay(found, send)
            return
        found = await self.keys.claim(who, key, None)
        hashed = _Hashed(receive)
        if isinstance(found, Claim):
            await self._run(found, lambda: fingerprint(*where, hashed.digest()), scope, hashed, send)
            return
        await hashed.drain()
        if not await self.keys.matches(who, key, fingerprint(*where, hashed.digest())):
            raise idempotency.mismatch()
        await _replay(found, send)

    async def _run(self, claim: Claim, request: Callable[[], str], scope: Scope, receive: Receive, send: Send) -> None:
        """The answer is kept before it is sent: who has seen it can get it again. `request` gives the fingerprint."""
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        try:
            await self.app(scope, receive, collect)
            answer = _answer(messages)
            if isinstance(receive, _Hashed) and answer.is_kept:
                # what the handler has not read belongs to the request, too
                await receive.drain()
            await self.keys.keep(claim, request(), answer)
        except BaseException:
            # also when the task is cancelled: the key must not stay taken
            await asyncio.shield(self.keys.release(claim))
            raise
        for message in messages:
            await send(message)


class _Hashed:
    """A receive that hashes the body as it passes."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._state = hashlib.sha256()
        self._over = False

    async def __call__(self) -> Any:
        message = await self._receive()
        if message["type"] == "http.request":
            self._state.update(message.get("body", b""))
            self._over = not message.get("more_body", False)
        else:
            self._over = True
        return message

    async def drain(self) -> None:
        """Read what is left."""
        while not self._over:
            await self()

    def digest(self) -> bytes:
        return self._state.digest()


def _answer(messages: list[Message]) -> Answer:
    start: Any = messages[0]
    headers = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1"))
        for name, value in start["headers"]
        if name.decode("latin-1").lower() in _KEPT_HEADERS
    )
    body = b"".join(message.get("body", b"") for message in messages[1:] if message["type"] == "http.response.body")
    return Answer(start["status"], headers, body)


async def _replay(answer: Answer, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.status != 204:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    headers.append((b"idempotency-replayed", b"true"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


async def _json_body(receive: Receive, headers: dict[str, str]) -> bytes:
    too_large = Problem("too-large", "The request is larger than this address takes.", "JSON bodies may have 1 MiB.")
    if headers.get("content-length", "0").isdigit() and int(headers.get("content-length", "0")) > LARGEST_JSON:
        raise too_large
    pieces, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Problem("bad-request", "The request ended before its body.")
        piece = message.get("body", b"")
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_JSON:
            raise too_large
        if not message.get("more_body"):
            break
    body = b"".join(pieces)
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media_type != "application/json":
        raise Problem(
            "media-type", "The body is not declared as JSON.", "Send the header Content-Type: application/json."
        )
    if has_nul(body):
        raise Problem("invalid", "The body has a character that is never used (NUL, \\u0000).")
    return body


def _given(body: bytes, receive: Receive) -> Receive:
    """A receive that gives this body, and then what comes after it: that the client has gone. An answer that arrives
    piece by piece listens to that."""
    left = [body]

    async def give() -> Any:
        return {"type": "http.request", "body": left.pop(), "more_body": False} if left else await receive()

    return give
