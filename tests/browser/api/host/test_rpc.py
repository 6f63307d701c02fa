"""eden.rpc from a mini program, through frame, bridge, host and the real data plane, to a service."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote

import msgspec
import pytest

from eden.base.crypto import HpkePrivateKey
from eden.gateway.interfaces import App, Catalogue, EncryptionKey, Secret
from tests.browser.api.host.conftest import MakePhone, Phone
from tests.gateway.planes import own_gateway, service

SECRET = bytes(range(32))
KEY = HpkePrivateKey("hpke-p256", bytes(range(1, 33)))
APP = App(
    key="shop",
    workspace_id="w",
    name="Shop",
    secrets=(Secret("s1", "hmac-sha256", SECRET),),
    keys=(EncryptionKey("k1", "hpke-p256", KEY.raw, KEY.public.raw),),
)


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    with service("bank") as port:
        document = {
            "groups": {"bank": {"upstreams": {"main": {"targets": [{"url": f"http://127.0.0.1:{port}"}]}}}},
            "defaults": {"cors": {"origins": ["*"], "headers": ["token", "x-status"]}},
            "operations": {
                "eden.bank.account.get": {
                    "group": "bank", "open": True, "method": "GET", "path": "/accounts/${id}",
                    "response_signature": True,
                },
                "eden.bank.payment.create": {
                    "group": "bank", "open": True, "path": "/payments", "encryption": "required",
                },
                "eden.bank.payment.get": {
                    "group": "bank", "open": True, "method": "GET", "path": "/payments/${id}", "encryption": "required",
                },
                "eden.bank.closed.get": {"group": "bank", "method": "GET", "path": "/closed"},
            },
        }  # fmt: skip
        with own_gateway(msgspec.convert(document, Catalogue), [APP]) as listening:
            yield f"http://127.0.0.1:{listening}/"


def options(url: str, *, listed: bool = False, **more: Any) -> str:
    """Options of the host, as JavaScript."""
    seal = {"algorithm": "hpke-p256", "kid": "k1", "public": base64.b64encode(KEY.public.raw).decode()}
    gateway = {
        "url": url,
        "app": "shop",
        "kid": "s1",
        "secret": base64.b64encode(SECRET).decode(),
        "seal": seal,
        "sealed": ["eden.bank.payment.*"],
        "verified": ["eden.bank.account.*"],
        **more,
    }
    return json.dumps({"gateway": gateway} | ({"policy": {"domains": "listed"}} if listed else {}))


def rpc(phone: Phone, **call: Any) -> dict[str, Any]:
    """What eden.rpc gives to `complete`."""
    script = "call => new Promise(done => eden.rpc({...call, complete: done}))"
    found: dict[str, Any] = phone.run(script, call)
    return found


def test_calls_are_signed_encrypted_and_answered(phone: MakePhone, gateway: str) -> None:
    program = phone(script=options(gateway))
    asked = rpc(
        program, operationType="eden.bank.account.get", method="GET", query={"id": "4 2"}, headers={"token": "t"}
    )
    assert asked["errMsg"] == "rpc:ok"
    assert asked["resultStatus"] == 1000
    assert len(asked["trace"]) == 32
    assert asked["data"]["line"] == "GET /accounts/4%202"
    assert asked["data"]["headers"]["token"] == "t"
    paid = rpc(program, operationType="eden.bank.payment.create", data={"amount": 1250})
    assert paid["errMsg"] == "rpc:ok"
    # the service sees what the program wrote
    assert paid["data"]["body"] == '{"amount":1250}'
    assert paid["header"]["X-Eden-Encryption"] == "hpke-p256 k1"
    # so is the answer to a call without a body
    found = rpc(program, operationType="eden.bank.payment.get", method="GET", query={"id": 7})
    assert found["errMsg"] == "rpc:ok"
    assert (found["data"]["line"], found["data"]["body"]) == ("GET /payments/7", "")
    assert found["header"]["X-Eden-Encryption"] == "hpke-p256 k1"


def test_every_character_of_a_query_is_signed_as_it_is_sent(phone: MakePhone, gateway: str) -> None:
    """Browsers write some characters of an address in their own way: \' is %27 when it is sent."""
    program = phone(script=options(gateway))
    every = "".join(map(chr, range(32, 127))) + "äé钱😀\u2028"
    asked = rpc(program, operationType="eden.bank.account.get", method="GET", query={"id": "42", "q": every})
    assert asked["errMsg"] == "rpc:ok", asked
    path, _, query = asked["data"]["line"].removeprefix("GET ").partition("?")
    assert path == "/accounts/42"
    assert parse_qs(query) == {"q": [every]}
    name = "it's (a) *name*!~"
    asked = rpc(program, operationType="eden.bank.account.get", method="GET", data={"id": "4'2", name: "'"})
    assert asked["errMsg"] == "rpc:ok", asked
    path, _, query = asked["data"]["line"].removeprefix("GET ").partition("?")
    assert unquote(path) == "/accounts/4'2"
    assert parse_qs(query) == {name: ["'"]}


def test_refusals_and_errors_fail_with_what_was_said(phone: MakePhone, gateway: str, expect_console: Any) -> None:
    expect_console("status of 40")
    program = phone(script=options(gateway))
    closed = rpc(program, operationType="eden.bank.closed.get", method="GET")
    assert (closed["resultStatus"], closed["statusCode"], closed["errno"]) == (3000, 404, 3000)
    assert closed["errMsg"].startswith("rpc:fail ")
    assert len(closed["trace"]) == 32
    failed = rpc(
        program, operationType="eden.bank.account.get", method="GET", query={"id": "1"}, headers={"x-status": "409"}
    )
    assert (failed["resultStatus"], failed["statusCode"]) == (6666, 409)
    assert failed["data"]["line"] == "GET /accounts/1"


def test_a_program_of_modules_finds_it_and_may_call_what_is_listed(phone: MakePhone, gateway: str) -> None:
    script = "App({ onLaunch() { this.found = typeof eden.rpc } })"
    program = phone({"app.js": script}, script=options(gateway, listed=True, operations=["open.*"]))
    assert program.run("getApp().found") == "function"
    refused = rpc(program, operationType="eden.bank.account.get", method="GET")
    assert (refused["errMsg"], refused["errno"]) == ("rpc:fail operation not in list", 600002)
    listed = {"app.js": script, "eden.json": {"operations": ["eden.bank.account.*"]}}
    program = phone(listed, script=options(gateway, listed=True))
    asked = rpc(program, operationType="eden.bank.account.get", method="GET", query={"id": "1"})
    assert asked["errMsg"] == "rpc:ok"
