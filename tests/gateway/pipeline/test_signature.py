"""What is signed, and what is not let through."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass

import msgspec
import pytest

from eden.base.crypto import hmac_sm3, sm3
from eden.gateway.interfaces import Secret
from eden.gateway.pipeline.local import LocalNonces
from eden.gateway.pipeline.signature import Signer
from tests.gateway.pipeline.house import APP, NOW, SECRET, SECRET_SM3, TRACE, House, catalogue, document, header, sign


@pytest.mark.parametrize("secret", [SECRET, SECRET_SM3])
def test_signed_calls_pass(secret: Secret) -> None:
    house = House(catalogue())
    exchange = house.passes(b'{"id": 1}', signed=secret, target=b"?month=5")
    assert (exchange.app, exchange.send_method, exchange.send_path) == ("app-1", b"POST", b"/account?month=5")
    assert exchange.send_body == b'{"id": 1}'
    assert exchange.upstream == "bank/main"


@dataclass
class Changed:
    """What of the call is another than what was signed."""

    app: str = "app-1"
    operation: str = "bank.account.get"
    method: bytes = b"POST"
    target: bytes = b"?a=1"
    time: str = str(NOW)
    nonce: str = "a-nonce-of-this-call"
    body: bytes = b"body"


@pytest.mark.parametrize(
    "changed",
    [
        Changed(app="app-2"),
        Changed(operation="bank.account.put"),
        Changed(method=b"GET"),
        Changed(target=b"?a=2"),
        Changed(target=b""),
        Changed(time=str(NOW + 1)),
        Changed(nonce="a-nonce-of-another"),
        Changed(body=b"bodY"),
        Changed(body=b""),
    ],
)
@pytest.mark.parametrize("secret", [SECRET, SECRET_SM3])
def test_every_part_is_signed(changed: Changed, secret: Secret) -> None:
    house = House(catalogue())
    c, given = changed, Changed()
    signature = sign(secret, c.app, c.operation, c.method, c.target, c.time, c.nonce, c.body)
    answer = house.stops(
        given.body, target=given.target, nonce=given.nonce, signed=None, headers={"x-eden-signature": signature}
    )
    assert (answer.code, answer.status) == (7002, 401)
    assert document(answer)["trace"] == TRACE
    assert header(answer, "result-status") == "7002"
    assert header(answer, "mgw-traceid") == header(answer, "x-eden-trace") == TRACE


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x-eden-signature": ""}, 7014),
        ({"x-eden-time": ""}, 7007),
        ({"x-eden-time": "yesterday"}, 7003),
        ({"x-eden-time": "-1"}, 7003),
        ({"x-eden-time": "1" * 17}, 7003),
        ({"x-eden-nonce": ""}, 7001),
        ({"x-eden-nonce": "short"}, 7001),
        ({"x-eden-nonce": "with spaces in it, yes"}, 7001),
        ({"x-eden-nonce": "n" * 65}, 7001),
        ({"x-eden-signature": "hmac-sha256 k1"}, 7001),
        ({"x-eden-signature": "hmac-sha256 k1 AAAA more"}, 7001),
        ({"x-eden-signature": "hmac-sha256 k1 ???"}, 7001),
        ({"x-eden-signature": "hmac-sha256 k1 AAAA"}, 7002),
        ({"x-eden-signature": "hmac-sha256 k2 AAAA"}, 7000),
        ({"x-eden-signature": "hmac-sm3 k1 AAAA"}, 7000),
        ({"x-eden-signature": "hmac-md5 k1 AAAA"}, 7000),
        ({"x-eden-app": "nobody"}, 7000),
        ({"x-eden-app": ""}, 7000),
    ],
)
def test_what_is_missing_or_none(headers: dict[str, str], code: int) -> None:
    assert House(catalogue()).stops(headers=headers).code == code


@pytest.mark.parametrize(
    ("away_ms", "passes"), [(300_000, True), (-300_000, True), (300_001, False), (-300_001, False)]
)
def test_the_window_of_time(away_ms: int, passes: bool) -> None:
    house = House(catalogue())
    answer = house.pipeline.before(house.exchange(at_ms=NOW + away_ms))
    assert (answer is None) == passes
    assert answer is None or (answer.code, header(answer, "server-time")) == (7003, str(NOW))


def test_a_call_happens_once() -> None:
    house = House(catalogue())
    house.passes(nonce="the-same-nonce-twice")
    again = house.stops(nonce="the-same-nonce-twice")
    assert (again.code, "used before" in again.reason) == (7002, True)


def test_a_wrong_signature_takes_no_nonce() -> None:
    house = House(catalogue())
    house.stops(nonce="nonce-of-somebody-else", headers={"x-eden-signature": "hmac-sha256 k1 AAAA"})
    house.passes(nonce="nonce-of-somebody-else")


def test_a_secret_that_retired_is_not_known() -> None:
    retiring = msgspec.structs.replace(SECRET, retires_at=NOW * 1000)
    house = House(catalogue(), msgspec.structs.replace(APP, secrets=(retiring,)))
    assert house.stops().code == 7000
    house.now_ms -= 1
    house.passes()


def test_headers_of_the_commercial_platform() -> None:
    house = House(catalogue())
    value = sign(SECRET_SM3, "app-1", "bank.account.get", b"POST", b"", str(NOW), "a-nonce-of-sixteen", b"[]").split()[
        2
    ]
    given = {"AppId": "app-1", "Ts": str(NOW), "Sign": value, "signType": "HMAC-SM3", "Did": "phone-1"}
    exchange = house.exchange(b"[]", signed=None, nonce="a-nonce-of-sixteen", headers=given, wire="mgw")
    for name in (b"x-eden-app", b"x-eden-time"):
        del exchange.fields[name]
    assert house.pipeline.before(exchange) is None
    assert exchange.device == "phone-1"


def test_operations_without_signatures_take_calls_without() -> None:
    House(catalogue({"signature": "off"})).passes(signed=None)
    assert House(catalogue()).stops(signed=None).code == 7014


@pytest.mark.parametrize("secret", [SECRET, SECRET_SM3])
def test_answers_are_signed_by_the_same_secret(secret: Secret) -> None:
    house = House(catalogue({"response_signature": True}))
    exchange, answer = house.call(signed=secret)
    assert exchange.whole_answer
    algorithm, kid, value = (header(answer, "x-eden-response-signature") or "").split()
    assert (algorithm, kid) == (secret.algorithm, secret.kid)
    if secret.algorithm == "hmac-sm3":
        digest = sm3(answer.body or b"").hex()
        text = f"EDEN1R\n{TRACE}\n200\n{exchange.nonce.decode()}\n{digest}".encode()
        assert b64decode(value) == hmac_sm3(secret.key, text)
    else:
        assert b64decode(value) == Signer(secret).mac(
            f"EDEN1R\n{TRACE}\n200\n{exchange.nonce.decode()}\n{Signer(secret).digest(answer.body or b'')}".encode()
        )


def test_refusals_behind_the_signature_are_signed_too() -> None:
    house = House(catalogue({"response_signature": True, "body": "Account"}))
    answer = house.stops(b"")
    assert answer.code == 3001
    assert header(answer, "x-eden-response-signature") is not None
    assert header(house.stops(signed=None), "x-eden-response-signature") is None


def test_nonces_of_one_process_are_bounded() -> None:
    nonces = LocalNonces(1000, most=2)
    assert nonces.take(b"a", 0)
    assert not nonces.take(b"a", 10)
    assert nonces.take(b"b", 10)
    # there is no room for more than can be remembered
    assert not nonces.take(b"c", 20)
    # beyond the window the old ones cannot come again
    assert nonces.take(b"c", 2001)


def test_base64_has_one_spelling() -> None:
    house = House(catalogue())
    signature = sign(SECRET, "app-1", "bank.account.get", b"POST", b"", str(NOW), "a-nonce-of-sixteen", b"")
    assert b64encode(b64decode(signature.split()[2])).decode() == signature.split()[2]
    spelt = signature + "=="
    assert house.stops(nonce="a-nonce-of-sixteen", signed=None, headers={"x-eden-signature": spelt}).code == 7001
