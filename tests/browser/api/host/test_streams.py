"""WebSockets and events of operations, from a mini program through a gateway that takes signed calls only."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from aiohttp import WSMsgType, web
from playwright.sync_api import Page

from eden.gateway.interfaces import Catalogue
from tests.browser.api.host.conftest import MakePhone, Phone
from tests.browser.api.host.test_rpc import APP, options
from tests.gateway.planes import own_gateway

WATCH = "eden.news.topic.watch"


async def _watch(request: web.Request) -> web.WebSocketResponse:
    """Says what it was asked, then what is sent to it: text in upper case, bytes from behind."""
    socket = web.WebSocketResponse(protocols=("news.1",))
    await socket.prepare(request)
    await socket.send_json({"path": request.path_qs, "app": request.headers.get("x-eden-app")})
    async for message in socket:
        if message.type == WSMsgType.BINARY:
            await socket.send_bytes(message.data[::-1])
        elif message.data == "end":
            await socket.close(code=3001, message=b"ended")
        else:
            await socket.send_str(message.data.upper())
    return socket


class News:
    def __init__(self) -> None:
        self.said: asyncio.Queue[str] = asyncio.Queue()

    async def listen(self, request: web.Request) -> web.StreamResponse:
        """What is said comes at once, as an event of its own, until somebody says "end"."""
        answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await answer.prepare(request)
        await answer.write(b"data: begun\n\n")
        while (text := await self.said.get()) != "end":
            await answer.write(f"data: {text}\n\n".encode())
        return answer

    async def say(self, request: web.Request) -> web.Response:
        self.said.put_nowait(await request.text())
        return web.json_response({})


@pytest.fixture(scope="module")
def news() -> Iterator[int]:
    """The port of a service."""
    loop, found = asyncio.new_event_loop(), threading.Event()
    ports: list[int] = []

    async def serve() -> None:
        service, service_of = web.Application(), News()
        service.add_routes([web.get("/watch", _watch), web.get("/listen", service_of.listen)])
        service.add_routes([web.post("/say", service_of.say)])
        runner = web.AppRunner(service)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        ports.append(runner.addresses[0][1])
        found.set()
        await ended.wait()
        await runner.cleanup()

    ended = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert found.wait(20)
    yield ports[0]
    loop.call_soon_threadsafe(ended.set)
    thread.join()
    loop.close()


@pytest.fixture(scope="module")
def gateway(news: int) -> Iterator[str]:
    group = {"group": "news", "open": True}
    document = {
        "groups": {"news": {"upstreams": {"main": {"targets": [{"url": f"http://127.0.0.1:{news}"}]}}}},
        "defaults": {"cors": {"origins": ["*"]}},
        "operations": {
            WATCH: {**group, "method": "GET", "path": "/watch", "kind": "websocket"},
            "eden.news.topic.listen": {**group, "method": "GET", "path": "/listen", "kind": "stream"},
            "eden.news.topic.say": {**group, "path": "/say"},
        },
    }
    with own_gateway(msgspec.convert(document, Catalogue), [APP]) as port:
        yield f"http://127.0.0.1:{port}/"


def connect(phone: Phone, how: str, options: dict[str, Any], say: list[Any], until: str = "close") -> list[Any]:
    """What a socket tells, when these are sent once it is open; numbers are bytes."""
    script = """async ([how, options, say, until]) => {
        const seen = []
        const task = (how === 'eden' ? eden : wx).connectSocket({...options, fail: () => undefined})
        await new Promise((done) => {
            const tell = (name) => (detail) => {
                const data = detail.data instanceof ArrayBuffer ? [...new Uint8Array(detail.data)] : detail.data
                seen.push([name, data ?? detail.code ?? detail.errMsg ?? null])
                if (name === until) done()
            }
            task.onOpen(() => {
                seen.push(['open', null])
                for (const one of say) task.send({data: Array.isArray(one) ? new Uint8Array(one).buffer : one})
            })
            task.onMessage(tell('message'))
            task.onError(tell('error'))
            task.onClose(tell('close'))
        })
        return seen
    }"""
    found: list[Any] = phone.run(script, [how, options, say, until])
    return found


def without_secret(options: str) -> str:
    return f"(({{gateway: {{secret, ...gateway}}}}) => ({{gateway}}))({options})"


def test_a_socket_is_signed_in_its_query(phone: MakePhone, gateway: str, page: Page, expect_console: Any) -> None:
    program = phone(script=options(gateway))
    addresses: list[str] = []
    page.on("websocket", lambda socket: addresses.append(socket.url))
    operation = {"operationType": WATCH, "query": {"topic": "it's 7", "b": ""}, "protocols": ["news.1"]}
    # the service sees the query without what is the gateway's
    asked = '{"path": "/watch?topic=it%27s%207&b=", "app": "shop"}'
    expected = [["open", None], ["message", asked], ["message", "HELLO"], ["message", [3, 2, 1]], ["close", 3001]]
    assert connect(program, "eden", operation, ["hello", [1, 2, 3], "end"]) == expected
    # who knows the gateway's address names the operation by it; each connection has a signature of its own
    address = gateway.replace("http", "ws") + f"rpc/{WATCH}?topic=it's%207&b="
    assert connect(program, "wx", {"url": address, "protocols": ["news.1"]}, ["hello", [1, 2, 3], "end"]) == expected
    assert len(addresses) == 2
    assert all("x-eden-signature=hmac-sha256%20s1%20" in each for each in addresses)
    assert addresses[0].partition("&x-eden")[0] == addresses[1].partition("&x-eden")[0]
    assert len({each.partition("x-eden-nonce=")[2].partition("&")[0] for each in addresses}) == 2
    # one is good for one connection
    expect_console("WebSocket connection to")
    again = program.page.evaluate(
        "address => new Promise(done => { new WebSocket(address).onclose = ({code}) => done(code) })", addresses[0]
    )
    assert again == 1006


def test_a_socket_that_is_not_signed_is_refused(phone: MakePhone, gateway: str, expect_console: Any) -> None:
    expect_console("WebSocket connection to|status of 404")
    unsigned = phone(script=without_secret(options(gateway)))
    refused = [["error", "connectSocket:fail net::ERR_CONNECTION_FAILED"], ["close", 1006]]
    assert connect(unsigned, "eden", {"operationType": WATCH}, []) == refused
    other = phone(script=options(gateway, secret="AAAA"))
    assert connect(other, "eden", {"operationType": WATCH}, []) == refused


def test_a_device_whose_clock_is_wrong_connects_at_the_second_try(
    phone: MakePhone, gateway: str, page: Page, expect_console: Any
) -> None:
    expect_console("WebSocket connection to|status of 404")
    page.add_init_script("const now = Date.now; Date.now = () => now() - 3_600_000")
    program = phone(script=options(gateway))
    found = connect(program, "eden", {"operationType": WATCH}, ["end"])
    assert [name for name, _ in found] == ["open", "message", "close"]


def test_a_socket_is_opened_to_operations_that_are_listed(phone: MakePhone, gateway: str) -> None:
    program = phone(script=options(gateway, listed=True, operations=["open.*"]))
    for options_ in ({"operationType": WATCH}, {"url": gateway.replace("http", "ws") + f"rpc/{WATCH}"}):
        found = connect(program, "eden", options_, [], until="error")
        assert found == [["error", "connectSocket:fail operation not in list"]]


@pytest.mark.parametrize("way", ["eden.rpc", "wx.request"])
def test_events_come_as_they_are_said(phone: MakePhone, gateway: str, way: str) -> None:
    """Each is a chunk before the stream ends; the call is signed, or the gateway would not take it."""
    program = phone(script=options(gateway))
    named = {"operationType": "eden.news.topic.listen"}
    addressed = {"url": f"{gateway}rpc/eden.news.topic.listen?topic=7"}
    script = """([way, call]) => {
        globalThis.heard = []
        const task = (way === 'eden.rpc' ? eden.rpc : wx.request)({
            ...call, method: 'GET', enableChunked: true, complete: (result) => { globalThis.result = result }
        })
        task.onHeadersReceived(({header}) => { heard.push(header['Content-Type']) })
        task.onChunkReceived(({data}) => { heard.push(new TextDecoder().decode(data)) })
    }"""
    program.run(script, [way, named if way == "eden.rpc" else addressed])
    heard = ["text/event-stream", "data: begun\n\n"]
    program.program.wait_for_function("count => heard.length === count", arg=len(heard))
    for text in ("one", "zwei 二"):
        said = program.run("text => eden.rpc({operationType: 'eden.news.topic.say', data: text})", text)
        assert said["resultStatus"] == 1000
        heard.append(f"data: {text}\n\n")
        program.program.wait_for_function("count => heard.length === count", arg=len(heard))
    assert program.run("[heard, globalThis.result === undefined]") == [heard, True]
    program.run("eden.rpc({operationType: 'eden.news.topic.say', data: 'end'})")
    program.program.wait_for_function("globalThis.result !== undefined")
    result = program.run("result")
    assert (result["errMsg"], result["statusCode"], result["data"]) == (f"{way.split('.')[1]}:ok", 200, "")


def test_wx_request_to_an_operation_is_signed(phone: MakePhone, gateway: str, expect_console: Any) -> None:
    program = phone(script=options(gateway))
    asked = program.call("request", {"url": f"{gateway}rpc/eden.news.topic.say", "method": "POST", "data": "said"})
    assert (asked["errMsg"], asked["statusCode"], asked["data"]) == ("request:ok", 200, {})
    assert asked["header"]["Result-Status"] == "1000"
    expect_console("status of 401")
    unsigned = phone(script=without_secret(options(gateway)))
    refused = unsigned.call("request", {"url": f"{gateway}rpc/eden.news.topic.say", "method": "POST", "data": "said"})
    assert (refused["errMsg"], refused["statusCode"], refused["data"]["resultStatus"]) == ("request:ok", 401, 7014)
