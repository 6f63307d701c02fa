"""The real Envoy with the catalogue rendered for it, and our own data plane: each call gets the same answer."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eden.gateway.envoy import Address, Rendered, render, write
from eden.gateway.interfaces import App, Catalogue
from tests.gateway.planes import free_port, own_gateway, service

ENVOY = Path(sys.executable).with_name("envoy")
APPS = (
    App(key="shop", workspace_id="w", name="Shop"),
    App(key="closed", workspace_id="w", name="Closed", open=False),
)
#: differ from call to call, or say which server it was
_OWN = {
    "date",
    "x-eden-trace",
    "mgw-traceid",
    "server-time",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "content-length",
}


@dataclass
class Said:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def shown(self) -> tuple[int, dict[str, str], Any]:
        """What both must agree on."""
        try:
            body = json.loads(self.body)
        except ValueError:
            body = self.body
        if isinstance(body, dict):
            body.pop("trace", None) if "resultStatus" in body else None
        return self.status, {k: v for k, v in self.headers.items() if k not in _OWN}, body


@dataclass
class Stand:
    """Addresses of the two, by name."""

    ports: dict[str, int]
    rendered: Rendered
    folder: Path
    services: dict[str, int] = field(default_factory=dict)

    def call(self, plane: str, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[plane], timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, body or None, {"x-eden-app": "shop", **headers})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Said(answer.status, found, answer.read().decode())

    def both(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> tuple[Said, Said]:
        ours, envoys = (self.call(plane, method, path, headers or {}, body) for plane in ("own", "envoy"))
        return ours, envoys


def document(main: int, new: int, dead: int) -> dict[str, Any]:
    plain = {"group": "shop", "open": True, "signature": "off"}
    return {
        "groups": {
            "shop": {
                "upstreams": {
                    "main": {"targets": [{"url": f"http://127.0.0.1:{main}/base"}], "outlier": {"consecutive": 50}},
                    "new": {"targets": [{"url": f"http://127.0.0.1:{new}/base"}]},
                },
                "upstream": "main",
            },
            "dead": {"upstreams": {"main": {"targets": [{"url": f"http://127.0.0.1:{dead}"}]}}},
        },
        "defaults": {"mock_on": True, "texts": {"4002": {"en": "Sorry, try later."}}},
        "operations": {
            "shop.items.list": {
                **plain, "method": "GET", "path": "/items", "parameters": [{"name": "tag"}],
                "headers": [
                    {"name": "x-from", "value": "100 % gateway"},
                    {"name": "x-unwanted", "action": "delete"},
                    {"name": "x-dropped", "action": "delete", "location": "response"},
                    {"name": "x-more", "value": "more", "location": "response"},
                ],
            },
            "shop.orders.create": {
                **plain, "path": "/orders", "body_bytes": 1000,
                "versions": {"2": {**plain, "path": "/v2/orders"}, "3": {"group": "shop", "path": "/v3/orders"}},
            },
            "shop.moved.get": {
                **plain, "method": "GET", "path": "/moved", "migration": {"upstream": "new", "complete": True},
            },
            "shop.half.get": {
                **plain, "method": "GET", "path": "/half", "migration": {"upstream": "new", "percent": 50},
            },
            "shop.mock.get": {
                **plain, "method": "GET", "path": "/mock",
                "mock": {"status": 200, "body": {"made": "up €"}, "headers": {"x-mock": "yes"}},
            },
            "shop.limited.get": {**plain, "method": "GET", "path": "/limited", "limits": {"rate": 0.01, "burst": 1}},
            "shop.dead.get": {**plain, "group": "dead", "method": "GET", "path": "/x", "retry": {"most": 1}},
            "shop.news.watch": {**plain, "method": "GET", "path": "/news", "kind": "websocket"},
            "shop.closed.get": {**plain, "open": False, "method": "GET", "path": "/closed"},
            "shop.signed.get": {**plain, "signature": "on", "method": "GET", "path": "/signed"},
            "shop.item.get": {**plain, "method": "GET", "path": "/items/${id}"},
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("envoy")
    with contextlib.ExitStack() as stack:
        main, new = (stack.enter_context(service(name)) for name in ("main", "new"))
        dead, listen = free_port(), free_port()
        catalogue = msgspec.convert(document(main, new, dead), Catalogue)
        own = stack.enter_context(own_gateway(catalogue, APPS))
        rendered = render(catalogue, APPS, Address("127.0.0.1", listen), Address("127.0.0.1", own))
        write(folder, rendered)
        stack.enter_context(envoy(folder, listen))
        yield Stand({"own": own, "envoy": listen}, rendered, folder, {"main": main, "new": new})


@contextlib.contextmanager
def envoy(folder: Path, port: int) -> Iterator[None]:
    command = [str(ENVOY), "-c", str(folder / "bootstrap.json"), "--concurrency", "1", "--log-level", "warning",
               "--disable-hot-restart", "--use-dynamic-base-id"]  # fmt: skip
    log = folder / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        until = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        process.wait(30)


CALLS: list[tuple[str, str, dict[str, str], bytes]] = [
    ("GET", "/rpc/shop.items.list", {}, b""),
    ("GET", "/rpc/shop.items.list?tag=a%20b&other=1", {"x-unwanted": "1", "x-from": "caller"}, b""),
    (
        "GET",
        "/rpc/shop.items.list",
        {"x-eden-principal": "admin", "x-mgs-x": "1", "a_b": "1", "Did": "d", "Ts": "1"},
        b"",
    ),
    ("GET", "/rpc/shop.items.list", {"x-eden-device": "phone-7", "content-type": "text/plain"}, b""),
    ("GET", "/rpc/shop.items.list", {"x-status": "404"}, b""),
    ("GET", "/rpc/shop.items.list", {"x-status": "503"}, b""),
    ("GET", "/rpc/shop.items.list", {"x-status": "500", "accept-language": "zh-CN"}, b""),
    ("GET", "/rpc/shop.items.list", {"x-eden-version": "1"}, b""),
    ("GET", "/rpc/shop.items.list", {"x-eden-version": "9"}, b""),
    ("GET", "/rpc/shop.items.list", {"x-eden-app": "nobody"}, b""),
    ("GET", "/rpc/shop.items.list", {"x-eden-app": "closed"}, b""),
    ("GET", "/rpc/shop.items.list", {"x-eden-encryption": "hpke-p256 k"}, b""),
    ("GET", "/rpc/shop.items.list/more", {}, b""),
    ("HEAD", "/rpc/shop.items.list", {}, b""),
    ("POST", "/rpc/shop.items.list", {}, b"{}"),
    ("POST", "/rpc/shop.orders.create", {}, b'{"a": 1}'),
    ("POST", "/rpc/shop.orders.create?x=1", {"content-type": "text/plain"}, b"words"),
    ("POST", "/rpc/shop.orders.create", {}, b""),
    ("POST", "/rpc/shop.orders.create", {"x-eden-version": "2"}, b"{}"),
    ("POST", "/rpc/shop.orders.create", {"x-eden-version": "3"}, b"{}"),
    ("GET", "/rpc/shop.moved.get", {}, b""),
    ("GET", "/rpc/shop.mock.get", {}, b""),
    ("GET", "/rpc/shop.dead.get", {}, b""),
    ("GET", "/rpc/shop.dead.get", {"accept-language": "zh"}, b""),
    ("GET", "/rpc/shop.closed.get", {}, b""),
    ("GET", "/rpc/shop.signed.get", {}, b""),
    ("GET", "/rpc/shop.item.get?id=7", {}, b""),
    ("GET", "/rpc/shop.nothing.get", {}, b""),
    ("POST", "/mgw.htm", {"Operation-Type": "shop.orders.create"}, b"[]"),
    ("GET", "/elsewhere", {}, b""),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]} {call[2]}")
def test_both_give_the_same_answer(stand: Stand, call: tuple[str, str, dict[str, str], bytes]) -> None:
    ours, envoys = stand.both(*call)
    assert envoys.shown == ours.shown
    if ours.headers.get("x-eden-trace"):
        assert len(envoys.headers["x-eden-trace"]) == 32
        assert envoys.headers["mgw-traceid"] == envoys.headers["x-eden-trace"]
        assert envoys.headers["server-time"].isdigit()
        assert len(envoys.headers["server-time"]) == 13


def test_the_same_over_the_limit(stand: Stand) -> None:
    first = stand.both("GET", "/rpc/shop.limited.get")
    assert [said.status for said in first] == [200, 200]
    ours, envoys = stand.both("GET", "/rpc/shop.limited.get")
    assert envoys.shown == ours.shown
    assert json.loads(envoys.body)["resultStatus"] == 1002
    assert json.loads(envoys.body)["trace"] == envoys.headers["x-eden-trace"]


def test_a_body_that_is_too_large(stand: Stand) -> None:
    ours, envoys = stand.both("POST", "/rpc/shop.orders.create", {}, b"x" * 1001)
    assert (ours.status, envoys.status) == (413, 413)
    assert json.loads(envoys.body)["resultStatus"] == json.loads(ours.body)["resultStatus"] == 3002


def test_a_trace_goes_on(stand: Stand) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    given = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "x-show-trace": "1"}
    for said in stand.both("GET", "/rpc/shop.items.list", given):
        assert said.headers["x-eden-trace"] == trace
        assert json.loads(said.body)["trace"] == trace
    made = stand.call("envoy", "GET", "/rpc/shop.items.list", {"x-show-trace": "1"}, b"")
    assert json.loads(made.body)["trace"] == made.headers["x-eden-trace"]


def test_web_sockets_pass(stand: Stand) -> None:
    head = (
        b"GET /rpc/shop.news.watch HTTP/1.1\r\nHost: a\r\nx-eden-app: shop\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    for plane in ("own", "envoy"):
        with socket.create_connection(("127.0.0.1", stand.ports[plane]), 20) as connection:
            connection.sendall(head)
            file = connection.makefile("rb")
            assert file.readline().split()[1] == b"101", plane
            while file.readline().strip():
                pass
            connection.sendall(b"hello\n")
            assert file.readline() == b"HELLO\n"


def test_a_socket_is_asked_for_as_one(stand: Stand) -> None:
    for said in stand.both("GET", "/rpc/shop.news.watch", {}):
        assert (said.status, json.loads(said.body)["code"]) == (400, "malformed")


def test_devices_go_the_same_way_every_time(stand: Stand) -> None:
    def way(plane: str, device: str) -> str:
        said = stand.call(plane, "GET", "/rpc/shop.half.get", {"x-eden-device": device}, b"")
        return str(json.loads(said.body)["by"])

    for plane in ("own", "envoy"):
        ways = [way(plane, f"device-{number}") for number in range(40)]
        assert set(ways) == {"main", "new"}
        assert ways == [way(plane, f"device-{number}") for number in range(40)]


def test_what_needs_our_own_gateway_is_said(stand: Stand) -> None:
    found = {short.operation: short.reasons for short in stand.rendered.shortfalls}
    assert found.keys() == {"shop.signed.get", "shop.item.get"}
    assert found["shop.signed.get"] == ["Calls are signed."]
    text = json.dumps(stand.rendered.files["routes.json"])
    assert "/rpc/shop.items.list" in text
    assert "shop.signed.get" not in text


def test_changes_take_effect_without_a_restart(stand: Stand) -> None:
    changed = document(stand.services["main"], stand.services["new"], 1)
    changed["operations"]["shop.items.list"]["path"] = "/elsewhere"
    rendered = render(
        msgspec.convert(changed, Catalogue), APPS,
        Address("127.0.0.1", stand.ports["envoy"]), Address("127.0.0.1", stand.ports["own"]),
    )  # fmt: skip
    connection = http.client.HTTPConnection("127.0.0.1", stand.ports["envoy"], timeout=20)
    with contextlib.closing(connection):

        def line() -> str:
            connection.request("GET", "/rpc/shop.items.list", headers={"x-eden-app": "shop"})
            return str(json.loads(connection.getresponse().read())["line"])

        assert line() == "GET /base/items"
        assert write(stand.folder, rendered) == ["clusters.json", "routes.json"]
        until = time.monotonic() + 30
        # on the connection that was open before: nothing is dropped
        while line() != "GET /base/elsewhere":
            assert time.monotonic() < until
            time.sleep(0.02)
        assert write(stand.folder, rendered) == []
        write(stand.folder, stand.rendered)
        while line() != "GET /base/items":
            assert time.monotonic() < until
            time.sleep(0.02)
