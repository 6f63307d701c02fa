"""A gateway in this process, between raw upstreams and raw clients, with steps that do next to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import msgspec
import uvloop

from eden.base.settings import GatewaySettings
from eden.gateway.exchange import Answer, Exchange, Failure
from eden.gateway.interfaces import Kind, Upstream
from eden.gateway.proxy.connection import Client
from eden.gateway.proxy.gateway import Gateway, Tables

T = TypeVar("T")
Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
Handler: TypeAlias = Callable[[Reader, Writer], Awaitable[None]]

GET = b"GET /rpc/shop.get HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True)
class Route:
    operation: str
    workspace_id: str = "w"
    version: str = "1"
    kind: Kind = "http"
    body_bytes: int = 1 << 20
    needs_body: bool = False
    timeout_ms: int = 5000
    upstream: str = "shop/main"
    path: bytes = b"/v1"
    #: the method of the service, where it is not the client's
    sends: bytes = b""
    #: tries after a failure
    retries: int = 0
    authorizer: str = ""
    whole: bool = False


@dataclass(frozen=True)
class Table:
    upstreams: Mapping[str, Upstream]
    routes: Mapping[str, Route]
    workspace_id: str = "w"
    revision: int = 1
    egress: Route | None = None

    def find(self, operation: str, version: str | None) -> Route | None:
        return self.routes.get(operation)


@dataclass
class Steps:
    """Passes everything on; says what it saw."""

    seen: list[Exchange] = field(default_factory=list)
    over: list[tuple[Exchange, Answer | None]] = field(default_factory=list)
    #: answers of `before`, by operation
    answers: dict[str, Answer] = field(default_factory=dict)

    def before(self, exchange: Exchange) -> Answer | None:
        self.seen.append(exchange)
        route = exchange.route
        if not isinstance(route, Route):
            return Answer(404, [], b"no such operation", 3000)
        if (answer := self.answers.get(route.operation)) is not None:
            return answer
        exchange.upstream = route.upstream
        exchange.send_path = route.path + exchange.target
        exchange.send_method = route.sends or exchange.method
        exchange.whole_answer = route.whole
        if route.authorizer:
            table = exchange.table
            question = Exchange(
                table, table.find(route.authorizer, None), "rpc", route.authorizer, b"POST", b"", [], "",
                exchange.trace, exchange.now_ms, exchange.started,
            )  # fmt: skip
            question.body = b"{}"
            question.upstream = route.upstream
            question.send_path = b"/who"
            exchange.authorizer = question
        return None

    def straight(self, exchange: object, steady: object, secrets: object, signature: bytes) -> None:
        """Nothing is signed here."""

    def authorized(self, exchange: Exchange, answer: Answer) -> Answer | None:
        if answer.status != 200 or not answer.body:
            return Answer(401, [], b"nobody", 2000)
        exchange.send_headers = [*exchange.send_headers, (b"x-eden-principal", answer.body)]
        return None

    async def locate(self, exchange: Exchange) -> Answer | None:
        return None

    def again(self, exchange: Exchange, cause: Failure | int) -> bool:
        exchange.attempt += 1
        return isinstance(exchange.route, Route) and exchange.attempt <= exchange.route.retries

    def redirected(self, exchange: Exchange, answer: Answer) -> bool:
        return False

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        answer.headers.append((b"x-eden-trace", exchange.trace.encode()))
        return answer

    def failed(self, exchange: Exchange, failure: Failure) -> Answer:
        return Answer(504 if failure == "timeout" else 503, [], failure.encode(), 4001, failure)

    def refused(self, exchange: Exchange, status: int, sentence: str) -> Answer:
        return Answer(status, [], sentence.encode(), 7000, sentence)

    def stray(self, trace: str, now_ms: int, status: int, sentence: str) -> Answer:
        return Answer(status, [(b"x-eden-trace", trace.encode())], sentence.encode(), 7000, sentence)

    def preflight(self, tables: Iterable[Any], fields: Mapping[bytes, bytes]) -> Answer:
        return Answer(204, [(b"access-control-allow-origin", b"*")])

    def ended(self, exchange: Exchange, answer: Answer | None) -> None:
        self.over.append((exchange, answer))


@dataclass
class Measures:
    slow_micros: int = 0
    noted: list[tuple[str, int, int]] = field(default_factory=list)

    def note(self, route: object, code: int, status: int, micros: int, cached: bool, limited: bool) -> None:
        self.noted.append((getattr(route, "operation", ""), code, status))

    def trace(self, exchange: Exchange, answer: Answer, micros: int, workspaces: Collection[str] = ()) -> None:
        """Kept by nobody here."""


@dataclass
class Stage:
    gateway: Gateway
    steps: Steps
    measures: Measures
    port: int

    async def connect(self) -> tuple[Reader, Writer]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def said(self, request: bytes) -> bytes:
        """Everything that comes back, until the gateway closes."""
        reader, writer = await self.connect()
        writer.write(request)
        try:
            async with asyncio.timeout(20):
                return await reader.read()
        finally:
            writer.close()

    def change(self, table: Table) -> None:
        self.gateway.swap(Tables({"w": table}, {}))


def table(ports: list[int], *routes: Route, **upstream: object) -> Table:
    """A table whose one upstream has a target for each port."""
    urls = [{"url": f"http://127.0.0.1:{port}"} for port in ports]
    made = msgspec.convert({"targets": urls, **upstream}, Upstream)
    given = routes or (Route("shop.get"),)
    return Table({"shop/main": made}, {route.operation: route for route in given})


@asynccontextmanager
async def stage(tables: Table, proxies: str = "", **settings: int) -> AsyncIterator[Stage]:
    steps, measures = Steps(), Measures()
    gateway = Gateway(GatewaySettings(**settings), steps, measures, Tables({"w": tables}, {}), proxies)  # type: ignore[arg-type]
    server = await gateway.loop.create_server(lambda: Client(gateway), "127.0.0.1", 0)
    try:
        yield Stage(gateway, steps, measures, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await gateway.close()


@asynccontextmanager
async def upstream(handler: Handler) -> AsyncIterator[int]:
    """The port of a server that gives each connection to `handler`."""

    async def serve(reader: Reader, writer: Writer) -> None:
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def request(reader: Reader) -> tuple[bytes, bytes]:
    """Head and body of the next request (with a length, or chunks taken apart)."""
    head = await reader.readuntil(b"\r\n\r\n")
    return head, await body_of(head, reader)


async def body_of(head: bytes, reader: Reader) -> bytes:
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        body = b""
        while size := int((await reader.readline()).split(b";")[0], 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
        return body
    at = lower.find(b"content-length: ")
    return await reader.readexactly(int(lower[at + 16 : lower.index(b"\r", at)])) if at >= 0 else b""


async def answer(reader: Reader) -> tuple[int, bytes, bytes]:
    """Status, head, body of the next answer."""
    async with asyncio.timeout(20):
        head = await reader.readuntil(b"\r\n\r\n")
        return int(head[9:12]), head, await body_of(head, reader)


def echoing(log: list[bytes] | None = None) -> Handler:
    """Answers each request with its head and body; keeps the connection."""

    async def handle(reader: Reader, writer: Writer) -> None:
        while True:
            head, body = await request(reader)
            if log is not None:
                log.append(head + body)
            said = head + body
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))

    return handle


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def run(work: Callable[[], Awaitable[T]]) -> T:
    async def main() -> T:
        return await work()

    return uvloop.run(main())
