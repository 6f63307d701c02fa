"""The way out for wx.request: whom it serves, and what it changes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from eden.simulator.proxy import Proxy
from tests.simulator.asgi import Answer, ask

OWN = {"Sec-Fetch-Site": "same-origin", "Host": "127.0.0.1:8600"}


class _Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        answer = {"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body.decode()}
        data = msgspec.json.encode(answer)
        self.send_response(418)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Set-Cookie", "a=1; Path=/")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("X-Eden-Unreachable", "a server may not say so")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Nothing: the test's own output is enough."""


@pytest.fixture
def echo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def through(url: str, headers: dict[str, str], body: bytes = b"") -> Answer:
    async def run() -> Answer:
        proxy = Proxy()
        try:
            return await ask(proxy, f"/_proxy?url={quote(url, safe='')}", "POST", headers, body)
        finally:
            await proxy.close()

    return asyncio.run(run())


def test_passes_requests_on(echo: str) -> None:
    headers = OWN | {
        "X-Own": "yes",
        "x-eden-header-referer": "https://servicewechat.com/app/1/page-frame.html",
        "x-eden-header-cookie": "session=1",
        "Cookie": "of the simulator",
        "Origin": "http://127.0.0.1:8600",
    }
    answer = through(f"{echo}/a/b?x=1&y=%2F", headers, b"sent")
    assert answer.status == 418
    seen = answer.json()
    assert (seen["path"], seen["body"]) == ("/a/b?x=1&y=%2F", "sent")
    assert seen["headers"]["x-own"] == "yes"
    assert seen["headers"]["referer"] == "https://servicewechat.com/app/1/page-frame.html"
    assert seen["headers"]["cookie"] == "session=1"
    assert "origin" not in seen["headers"] and "sec-fetch-site" not in seen["headers"]
    assert answer.headers["content-type"] == "application/json"
    assert "set-cookie" not in answer.headers and "x-eden-unreachable" not in answer.headers
    assert msgspec.json.decode(answer.headers["x-eden-set-cookie"]) == ["a=1; Path=/", "b=2"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Host": "127.0.0.1:8600"},
        {"Sec-Fetch-Site": "same-site", "Host": "127.0.0.1:8600"},
        {"Sec-Fetch-Site": "none", "Host": "127.0.0.1:8600"},
        {"Origin": "https://evil.example", "Host": "127.0.0.1:8600"},
        {"Origin": "null", "Host": "127.0.0.1:8600"},
        # a name that its owner lets point here (DNS rebinding): for the browser the page is of the same origin
        {"Sec-Fetch-Site": "same-origin", "Host": "evil.example:8600"},
        {"Host": "evil.example"},
    ],
)
def test_serves_the_simulators_own_page_only(echo: str, headers: dict[str, str]) -> None:
    answer = through(echo, headers)
    assert (answer.status, answer.json()["code"]) == (403, "foreign-page")


@pytest.mark.parametrize("host", ["127.0.0.1:8600", "localhost:8600", "192.168.0.9", "[::1]:8600", "desk.local:8600"])
def test_serves_every_name_of_this_machine(echo: str, host: str) -> None:
    assert through(echo, {"Sec-Fetch-Site": "same-origin", "Host": host}).status == 418
    assert through(echo, {"Origin": f"http://{host}", "Host": host}).status == 418


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://a/b", "http://", "javascript:1"])
def test_reaches_the_web_only(url: str) -> None:
    answer = through(url, OWN)
    assert (answer.status, answer.json()["code"]) == (400, "bad-url")


def test_says_who_gave_no_answer() -> None:
    answer = through("http://127.0.0.1:1/x", OWN)
    assert (answer.status, answer.json()["code"]) == (502, "unreachable")
    assert "127.0.0.1" in answer.json()["detail"]
    assert answer.headers["x-eden-unreachable"] == "1"
