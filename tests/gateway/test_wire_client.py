"""The container's client of the gateway: each understands what the other sends."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import eden
from eden.base.tools import node
from eden.gateway.interfaces import EncryptionKey, Secret
from eden.gateway.pipeline.signature import Signer
from tests.gateway.wire_server import APP, TRACE, Plan, gateway

HERE = Path(__file__).parent
BUNDLES = Path(eden.__file__).parent / "_container"
VECTORS = json.loads((HERE / "wire.json").read_text(encoding="utf-8"))
KEY = base64.b64decode(VECTORS["secret"])
OPERATION = "eden.bank.note.write"
KEYS = {
    key["algorithm"]: EncryptionKey(
        "seal-1", key["algorithm"], base64.b64decode(key["private"]), base64.b64decode(key["public"])
    )
    for key in VECTORS["keys"]
}


def secret(algorithm: Any = "hmac-sha256") -> Secret:
    return Secret("sign-1", algorithm, KEY)


def seal(algorithm: str) -> dict[str, str]:
    key = KEYS[algorithm]
    return {"algorithm": algorithm, "kid": key.kid, "public": base64.b64encode(key.public).decode()}


def call(plan: Plan, *calls: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    """What became of the calls, made by the client under node."""
    with gateway(plan) as url:
        given = {"url": url, "app": APP, "kid": "sign-1", "secret": base64.b64encode(KEY).decode(), **options}
        made = json.dumps([{"operationType": OPERATION, **one} for one in calls])
        run = subprocess.run(
            [str(node()), str(HERE / "wire_client.mjs"), BUNDLES.as_uri(), json.dumps(given), made],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    results: list[dict[str, Any]] = json.loads(run.stdout)
    return results


@pytest.mark.parametrize("vector", VECTORS["signing"], ids=lambda vector: f"{vector['algorithm']}-{vector['method']}")
def test_signs_as_the_shared_values_say(vector: dict[str, Any]) -> None:
    signer = Signer(secret(vector["algorithm"]))
    assert base64.b64encode(signer.mac(vector["text"].encode())).decode() == vector["signature"]
    body, nonce = base64.b64decode(vector["body"]), vector["nonce"].encode()
    assert vector["text"].rsplit("\n", 1)[1] == signer.digest(body)
    answered = signer.answered(vector["trace"], vector["status"], nonce, body).decode()
    assert answered == f"{vector['algorithm']} sign-1 {vector['answer_signature']}"


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "hmac-sm3"])
def test_signed_calls_are_understood_and_answers_believed(algorithm: str) -> None:
    plan = Plan([secret(algorithm)], signs=True)
    posted, asked = call(
        plan,
        {"body": '{"word":"ä钱"}', "headers": {"content-type": "application/json", "authorization": "me"}},
        {"method": "GET", "query": "?a=1&b=%2F", "version": "2"},
        algorithm=algorithm,
        verified=["eden.*"],
    )
    assert (posted["statusCode"], posted["resultStatus"], posted["trace"]) == (200, 1000, TRACE)
    assert json.loads(posted["body"]) == {"said": '{"WORD":"Ä钱"}'}
    assert json.loads(asked["body"]) == {"said": ""}
    first, second = plan.seen
    assert first.headers["authorization"] == "me"
    assert first.headers["x-eden-device"] == "device-1"
    assert second.path == f"/rpc/{OPERATION}?a=1&b=%2F"
    assert second.headers["x-eden-version"] == "2"
    assert first.headers["x-eden-nonce"] != second.headers["x-eden-nonce"]


@pytest.mark.parametrize("algorithm", sorted(KEYS))
def test_what_is_sealed_is_opened_on_both_sides(algorithm: str) -> None:
    plan = Plan([secret()], [KEYS[algorithm]], signs=True)
    full, empty = call(plan, {"body": "secret words " * 100}, {"body": ""}, seal=seal(algorithm))
    assert json.loads(full["body"])["said"] == "SECRET WORDS " * 100
    assert json.loads(empty["body"])["said"] == ""
    assert [one.body for one in plan.seen] == [b"secret words " * 100, b""]


def test_the_first_usable_key_is_taken_and_only_for_listed_operations() -> None:
    plan = Plan([secret()], list(KEYS.values()))
    call(
        plan,
        {"body": "a"},
        {"body": "b", "operationType": "open.weather.today.get"},
        seal=[seal("hpke-p256"), seal("hpke-x25519")],
        sealed=["eden.*"],
    )
    assert [one.headers.get("x-eden-encryption") for one in plan.seen] == ["hpke-p256 seal-1", None]


@pytest.mark.parametrize("hours", [-7, 300])
def test_a_wrong_clock_is_put_right_once(hours: int) -> None:
    plan = Plan([secret()])
    results = call(plan, {"body": "a"}, {"body": "b"}, clock=hours * 3_600_000)
    assert [one["resultStatus"] for one in results] == [1000, 1000]
    # the first call twice, with another nonce; from then on the time is known
    assert len(plan.seen) == 3
    assert len({one.headers["x-eden-nonce"] for one in plan.seen}) == 3


def test_refusals_are_told_with_code_words_and_trace() -> None:
    plan = Plan([secret()])
    (refused,) = call(plan, {"body": "a"}, secret=base64.b64encode(bytes(32)).decode())
    assert (refused["statusCode"], refused["resultStatus"], refused["trace"]) == (401, 7002, TRACE)
    assert refused["tips"] == "请求校验未通过，请更新应用后再试。"
    assert refused["memo"] == "The signature is not of this call."


def changed(headers: dict[str, str], body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


def unsigned(headers: dict[str, str], body: bytes) -> bytes:
    headers.pop("x-eden-response-signature", None)
    return body


def of_another_trace(headers: dict[str, str], body: bytes) -> bytes:
    headers["x-eden-trace"] = "f" * 32
    return body


def unsealed(headers: dict[str, str], body: bytes) -> bytes:
    headers.pop("x-eden-encryption", None)
    headers.pop("x-eden-response-signature", None)
    return b'{"said":"in the clear"}'


def changed_and_unsigned(headers: dict[str, str], body: bytes) -> bytes:
    return unsigned(headers, changed(headers, body))


@pytest.mark.parametrize(
    ("spoil", "options", "fault"),
    [
        (changed, {}, "the answer is not signed by the gateway"),
        (of_another_trace, {}, "the answer is not signed by the gateway"),
        (unsigned, {"verified": [OPERATION]}, "the answer is not signed by the gateway"),
        (unsealed, {"seal": seal("hpke-p256")}, "the answer is not encrypted"),
        (changed_and_unsigned, {"seal": seal("hpke-p256")}, "the answer cannot be decrypted"),
        (changed_and_unsigned, {"seal": seal("sm2-sm4")}, "the answer cannot be decrypted"),
    ],
)
def test_answers_that_were_changed_are_not_believed(
    spoil: Callable[[dict[str, str], bytes], bytes], options: dict[str, Any], fault: str
) -> None:
    (result,) = call(Plan([secret()], list(KEYS.values()), signs=True, spoil=spoil), {"body": "a"}, **options)
    assert result == {"fault": fault}


def test_streams_are_passed_on_as_they_come_but_not_when_they_must_be_checked() -> None:
    loose, strict = Plan([secret()]), Plan([secret()], signs=True)
    (passed,) = call(loose, {"body": "a", "streamed": True})
    (held,) = call(strict, {"body": "a", "streamed": True})
    assert (passed["streamed"], held["streamed"]) == (True, False)
    assert passed["body"] == held["body"] == '{"said": "A"}'
