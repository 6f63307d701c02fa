"""wx.request and its kind, through frame, bridge and host, to a server that the test plays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute

from tests.browser.api.host.conftest import MakePhone, Phone

API = "https://api.example.com/"


@pytest.fixture
def requests(page: Page) -> list[Any]:
    """A server that answers with what it was asked; `requests` is all of it."""
    seen: list[Any] = []

    def answer(route: Route) -> None:
        request = route.request
        seen.append(request)
        body = {"method": request.method, "url": request.url, "body": request.post_data}
        route.fulfill(
            status=201,
            headers={"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "X-Answer", "X-Answer": "1"},
            content_type="application/json",
            body=json.dumps(body),
        )

    page.route(f"{API}**", answer)
    return seen


def test_get_with_data_in_the_query(phone: MakePhone, requests: list[Any]) -> None:
    result = phone().call("request", {"url": f"{API}a?x=1", "data": {"y": "二"}, "header": {"token": "t"}})
    assert result["errMsg"] == "request:ok"
    assert result["statusCode"] == 201
    assert result["header"]["X-Answer"] == "1"
    assert result["data"] == {"method": "GET", "url": f"{API}a?x=1&y=%E4%BA%8C", "body": None}
    assert requests[0].headers["token"] == "t"
    assert "cookie" not in requests[0].headers


@pytest.mark.parametrize(
    ("header", "body"),
    [({}, '{"a":[1]}'), ({"Content-Type": "application/x-www-form-urlencoded"}, "a=%5B1%5D")],
)
def test_post_by_content_type(phone: MakePhone, requests: list[Any], header: dict[str, str], body: str) -> None:
    result = phone().call("request", {"url": API, "method": "POST", "data": {"a": [1]}, "header": header})
    assert result["data"]["body"] == body
    expected = header.get("Content-Type", "application/json")
    assert requests[0].headers["content-type"] == expected


def test_answers_as_bytes_and_as_text(phone: MakePhone, page: Page) -> None:
    page.route(f"{API}**", lambda route: route.fulfill(headers={"Access-Control-Allow-Origin": "*"}, body="[1]"))
    program = phone()
    assert program.call("request", {"url": API, "responseType": "arraybuffer"})["data"] == {"bytes": [91, 49, 93]}
    assert program.call("request", {"url": API, "dataType": "text"})["data"] == "[1]"
    assert list(program.call("request", {"url": API})["data"].values()) == [1]


def test_network_failure_timeout_and_abort(phone: MakePhone, page: Page, expect_console: Any) -> None:
    expect_console("Failed to load resource")
    page.route(f"{API}gone", lambda route: route.abort())
    page.route(f"{API}slow", lambda route: None)
    program = phone()
    assert program.call("request", {"url": f"{API}gone"})["errMsg"] == "request:fail net::ERR_FAILED"
    timeout = {"errMsg": "request:fail timeout", "errno": 5}
    assert program.call("request", {"url": f"{API}slow", "timeout": 50}) == timeout
    script = """url => new Promise((fail) => {
        const task = wx.request({url, fail})
        setTimeout(() => task.abort(), 50)
    })"""
    assert program.run(script, f"{API}slow") == {"errMsg": "request:fail abort"}


def test_addresses_outside_the_list_are_refused(phone: MakePhone, requests: list[Any]) -> None:
    program = phone(
        {"eden.json": {"domains": {"request": ["https://api.example.com"]}}}, script="{policy: {domains: 'listed'}}"
    )
    assert program.call("request", {"url": API})["errMsg"] == "request:ok"
    refused = program.call("request", {"url": "https://other.example.com/"})
    assert refused == {"errMsg": "request:fail url not in domain list", "errno": 600002}
    assert program.call("uploadFile", {"url": API, "filePath": "app.json", "name": "f"})["errMsg"].startswith(
        "uploadFile:fail"
    )
    assert len(requests) == 1


def test_download_then_upload(phone: MakePhone, page: Page) -> None:
    sent: list[bytes] = []

    def answer(route: Route) -> None:
        sent.append(route.request.post_data_buffer or b"")
        route.fulfill(headers={"Access-Control-Allow-Origin": "*"}, content_type="text/plain", body="stored")

    page.route(f"{API}up", answer)
    page.route(
        f"{API}down",
        lambda route: route.fulfill(
            headers={"Access-Control-Allow-Origin": "*"}, content_type="image/png", body=b"PNG!"
        ),
    )
    program = phone()
    script = """url => new Promise((done) => {
        const progress = []
        const task = wx.downloadFile({url, success: ({tempFilePath}) => done({tempFilePath, progress})})
        task.onProgressUpdate((one) => progress.push(one.progress))
    })"""
    down = program.run(script, f"{API}down")
    assert down["tempFilePath"].endswith(".png")
    assert down["progress"][-1] == 100
    up = program.call(
        "uploadFile", {"url": f"{API}up", "filePath": down["tempFilePath"], "name": "photo", "formData": {"k": "v"}}
    )
    assert up["statusCode"] == 200
    assert up["data"] == "stored"
    assert b'name="k"\r\n\r\nv' in sent[0]
    assert b'name="photo"; filename="' in sent[0]
    assert b"PNG!" in sent[0]


def test_sockets(phone: MakePhone, page: Page) -> None:
    def serve(socket: WebSocketRoute) -> None:
        socket.on_message(lambda message: socket.send(f"echo {message!s}"))

    page.route_web_socket("wss://chat.example.com/", serve)
    program = phone()
    script = """() => new Promise((done) => {
        const seen = []
        const task = wx.connectSocket({url: 'wss://chat.example.com/'})
        task.onOpen(() => { seen.push('open'); task.send({data: 'hi'}) })
        task.onMessage(({data}) => { seen.push(data); task.close({code: 3000, reason: 'bye'}) })
        task.onClose(({code, reason}) => done([...seen, code, reason]))
    })"""
    assert program.run(script) == ["open", "echo hi", 3000, "bye"]


def offline(program: Phone) -> None:
    program.page.evaluate("host.setNetwork({offline: true, latency: 0, kbps: 0})")


def test_offline(phone: MakePhone, requests: list[Any]) -> None:
    program = phone()
    program.run("() => { globalThis.changes = []; wx.onNetworkStatusChange((change) => changes.push(change)) }")
    offline(program)
    program.program.wait_for_function("changes.length === 1")
    assert program.run("changes") == [{"isConnected": False, "networkType": "none"}]
    assert program.call("getNetworkType")["networkType"] == "none"
    assert program.call("request", {"url": API})["errMsg"] == "request:fail net::ERR_INTERNET_DISCONNECTED"
    assert requests == []
