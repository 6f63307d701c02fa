"""How simulated phones reach a server: over HTTP on pooled connections, or into an ASGI application of this process."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import httptools

from eden.base.http import Application, Message, Scope

#: seconds; a server that does not answer is given up
_PATIENCE = 30.0


class Unreachable(Exception):
    """No answer, or half of one."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


class Transport(Protocol):
    """Sends requests; many at once. Raises Unreachable."""

    async def request(self, method: str, path: str, body: bytes = b"") -> Answer: ...

    async def close(self) -> None: ...


class HttpTransport:
    """HTTP/1.1 to one server (`http://HOST:PORT`), at most `connections` requests at a time, one after the other on
    each connection. `headers` go with all of them."""

    def __init__(self, server: str, connections: int, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(server)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{server} is no address of a server, such as http://127.0.0.1:8700.")
        secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port or (443 if secure else 80)
        self._ssl = ssl.create_default_context() if secure else None
        fields = {"Host": parts.netloc, **(headers or {})}
        self._head = b" HTTP/1.1\r\n" + "".join(f"{name}: {text}\r\n" for name, text in fields.items()).encode()
        self._free = asyncio.Semaphore(connections)
        self._idle: list[_Connection] = []

    async def request(self, method: str, path: str, body: bytes = b"") -> Answer:
        head = f"{method} {path}".encode() + self._head
        data = head + (b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) if body else b"\r\n")
        async with self._free:
            while self._idle:
                connection = self._idle.pop()
                if connection.is_open:
                    break
            else:
                connection = await self._connect()
            try:
                async with asyncio.timeout(_PATIENCE):
                    answer = await connection.ask(data + body)
            except TimeoutError:
                connection.close()
                raise Unreachable("no answer in time") from None
            except asyncio.CancelledError:
                # the answer that is still to come is nobody's
                connection.close()
                raise
            if connection.is_open:
                self._idle.append(connection)
            return answer

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_PATIENCE):
                _, connection = await loop.create_connection(_Connection, self._host, self._port, ssl=self._ssl)
        except (OSError, TimeoutError) as error:
            raise Unreachable(str(error)) from None
        return connection

    async def close(self) -> None:
        for connection in self._idle:
            connection.close()
        self._idle.clear()


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self.is_open = False

    async def ask(self, data: bytes) -> Answer:
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(data)
        return await self._waiting

    def close(self) -> None:
        self.is_open = False
        if self._transport is not None:
            self._transport.close()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"no HTTP: {error}")
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        self._fail("the connection was closed")

    # httptools

    def on_body(self, data: bytes) -> None:
        self._body.append(data)

    def on_message_complete(self) -> None:
        answer = Answer(self._parser.get_status_code(), b"".join(self._body))
        self._body = []
        if not self._parser.should_keep_alive():
            self.close()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)

    def _fail(self, reason: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Unreachable(reason))


class AsgiTransport:
    """Requests to an application of this process, without a socket."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def request(self, method: str, path: str, body: bytes = b"") -> Answer:
        sent: list[Message] = []
        path, _, query = path.partition("?")
        scope: Scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [],
            "client": ("127.0.0.1", 1),
        }

        async def receive() -> Message:
            return {"type": "http.request", "body": body}

        async def send(message: Message) -> None:
            sent.append(message)

        await self._application(scope, receive, send)
        return Answer(sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]))

    async def close(self) -> None:
        pass


class Paced:
    """A transport that sends at most `rate` requests a second, evenly; 0 for no bound."""

    def __init__(
        self, inner: Transport, rate: float, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._inner = inner
        self._pause = 1 / rate if rate else 0.0
        self._next = 0.0
        self._sleep = sleep

    async def request(self, method: str, path: str, body: bytes = b"") -> Answer:
        if self._pause:
            at = asyncio.get_running_loop().time()
            self._next = max(self._next, at) + self._pause
            await self._sleep(self._next - self._pause - at)
        return await self._inner.request(method, path, body)

    async def close(self) -> None:
        await self._inner.close()
