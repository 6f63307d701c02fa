"""Requests passed on to a service that runs as a process beside the platform."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import aiohttp
from yarl import URL

from eden.base.http import Receive, Scope, Send, read_body, respond

#: bytes of a body that is passed on: a photo of a document
_BODY = 8 << 20
#: how long a request waits for a service that is being started
_START_SECONDS = 30.0
#: how long it waits for the head of an answer; a stream may then be silent for as long as the service likes
_HEAD_SECONDS = 60.0
#: of a connection, not of what is said over it
_DROPPED = frozenset(
    {b"host", b"connection", b"content-length", b"transfer-encoding", b"keep-alive", b"accept-encoding"}
)
#: what stands in a path as it is (RFC 3986)
_PATH = "/:@!$&'()*+,;=~"
_NOT_RETURNED = frozenset({"connection", "transfer-encoding", "keep-alive", "date", "server"})


class Forward:
    """ASGI: passes requests on to a service, below `prefix`, and waits for it while it is started.

    A connection that cannot be made is tried again: nothing has been asked yet. An answer goes on as it comes, piece by
    piece; one that breaks off ends the connection, so that nobody takes a part for the whole. Who asked and goes away
    takes the question along.
    """

    def __init__(self, address: Callable[[], Awaitable[str]], prefix: str) -> None:
        self._address, self._prefix = address, prefix
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(scope, receive, _BODY)
        answering = asyncio.ensure_future(self._answer(scope, body, send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
        finally:
            for task in (answering, leaving):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task

    async def _answer(self, scope: Scope, body: bytes, send: Send) -> None:
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                address = await asyncio.wait_for(self._address(), max(0.0, until - time.monotonic()))
                answer = await self._ask(f"{address}{self._prefix}{quote(scope['path'], _PATH)}", scope, body)
            except aiohttp.ClientConnectorError:
                if time.monotonic() > until:
                    return await respond(send, b"The service does not start.\n", b"text/plain", 502)
                await asyncio.sleep(0.1)
            except (TimeoutError, aiohttp.ClientError):
                return await respond(send, b"The service gave no answer.\n", b"text/plain", 502)
            else:
                return await _pass(answer, send)

    async def _ask(self, url: str, scope: Scope, body: bytes) -> aiohttp.ClientResponse:
        if self._session is None:
            # bodies go on as they are: the phone takes them apart
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None), auto_decompress=False)
        query = scope.get("query_string", b"").decode("latin-1")
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in scope["headers"]
            if name not in _DROPPED
        ]
        asked = self._session.request(
            scope["method"],
            # what was signed is the query as it was sent: nothing is written in another way
            URL(f"{url}?{query}" if query else url, encoded=True),
            data=body or None,
            headers=headers,
            allow_redirects=False,
        )
        return await asyncio.wait_for(asked, _HEAD_SECONDS)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


async def _pass(answer: aiohttp.ClientResponse, send: Send) -> None:
    async with answer:
        fields = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in answer.headers.items()
            if name.lower() not in _NOT_RETURNED
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": fields})
        async for piece in answer.content.iter_any():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _left(receive: Receive) -> None:
    """Ends when whoever asked is gone. The body was read: a message that is anything else is the last one."""
    if (await receive())["type"] != "http.disconnect":
        await asyncio.Event().wait()
