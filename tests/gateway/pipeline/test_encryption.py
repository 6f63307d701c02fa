"""Bodies sealed to a key of the app, by a caller with an implementation of its own, and answers that come back so."""

from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pyhpke import AEADId, CipherSuite, KDFId, KEMId

from eden.base.crypto import Unopened, sm4_gcm_decrypt, sm4_gcm_encrypt
from eden.gateway.exchange import Answer
from eden.gateway.interfaces import EncryptionKey
from tests.gateway.pipeline.house import APP, KEYS, NOW, SECRET, SM2, House, catalogue, header

NONCE = "nonce-of-a-sealed-one"
ANSWER_KEY = bytes(range(32, 64))
SM4_KEY = bytes(range(16))
IV = bytes(range(12))
KEMS = {"hpke-x25519": KEMId.DHKEM_X25519_HKDF_SHA256, "hpke-p256": KEMId.DHKEM_P256_HKDF_SHA256}


def info(operation: str = "bank.account.get", nonce: str = NONCE, app: str = "app-1") -> bytes:
    return f"eden gateway 1 {app} {operation} {nonce}".encode()


def sealed(key: EncryptionKey, body: bytes, bound: bytes | None = None) -> bytes:
    bound = info() if bound is None else bound
    if key.algorithm == "sm2-sm4":
        return SM2.public.encrypt(SM4_KEY) + IV + sm4_gcm_encrypt(SM4_KEY, IV, body, bound)
    suite = CipherSuite.new(KEMS[key.algorithm], KDFId.HKDF_SHA256, AEADId.AES256_GCM)
    enc, sender = suite.create_sender_context(suite.kem.deserialize_public_key(key.public), bound)
    return enc + sender.seal(b"\x01" + ANSWER_KEY + body)


def opened(key: EncryptionKey, answer: Answer) -> bytes:
    body, bound = answer.body or b"", b"eden gateway 1 answer" + info()
    if key.algorithm == "sm2-sm4":
        return sm4_gcm_decrypt(SM4_KEY, body[:12], body[12:], bound)
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=bound).derive(ANSWER_KEY)
    return AESGCM(derived).decrypt(body[:12], body[12:], None)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.algorithm)
@pytest.mark.parametrize("mode", ["optional", "required"])
def test_all_algorithms_are_taken_at_once(key: EncryptionKey, mode: str) -> None:
    house = House(catalogue({"encryption": mode}))
    how = {"x-eden-encryption": f"{key.algorithm} {key.kid}"}
    exchange = house.exchange(sealed(key, b'{"pin":1}'), nonce=NONCE, headers=how)
    assert house.pipeline.before(exchange) is None
    assert (exchange.send_body, exchange.whole_answer) == (b'{"pin":1}', True)
    assert header(exchange, "x-eden-encryption") is None
    said = Answer(201, [(b"content-type", b"application/json"), (b"content-length", b"9")], b'{"sum":7}')
    answer = house.pipeline.after(exchange, said)
    assert opened(key, answer) == b'{"sum":7}'
    assert header(answer, "x-eden-encryption") == f"{key.algorithm} {key.kid}"
    assert (answer.status, header(answer, "content-length")) == (201, None)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.algorithm)
def test_a_sealed_body_is_bound_to_its_call(key: EncryptionKey) -> None:
    house = House(catalogue({"encryption": "required"}))
    how = {"x-eden-encryption": f"{key.algorithm} {key.kid}"}
    for bound in (info(operation="bank.account.put"), info(nonce="another-nonce-than-that"), info(app="app-2"), b""):
        answer = house.stops(sealed(key, b"{}", bound), headers=how, signed=SECRET)
        assert answer.code == 3003
    good = sealed(key, b"{}")
    for place in (0, 40, len(good) // 2, len(good) - 1):
        spoilt = bytearray(good)
        spoilt[place] ^= 1
        assert house.stops(bytes(spoilt), headers=how).code == 3003
    for short in (b"", good[:20], good[:-1]):
        assert house.stops(short, headers=how).code == 3003


def test_what_is_inside_begins_with_format_and_answer_key() -> None:
    house = House(catalogue({"encryption": "required", "signature": "off"}))
    key = KEYS[0]
    suite = CipherSuite.new(KEMS[key.algorithm], KDFId.HKDF_SHA256, AEADId.AES256_GCM)
    for inside in (b"", b"\x01", b"\x01" + ANSWER_KEY[:31], b"\x02" + ANSWER_KEY + b"{}"):
        enc, sender = suite.create_sender_context(suite.kem.deserialize_public_key(key.public), info())
        body = enc + sender.seal(inside)
        how = {"x-eden-encryption": "hpke-x25519 x1"}
        assert house.stops(body, signed=None, nonce=NONCE, headers=how).code == 3003


@pytest.mark.parametrize("how", ["hpke-x25519 p1", "hpke-p256 x1", "rsa x1", "x1", "hpke-x25519", "hpke-x25519  x1"])
def test_keys_go_by_algorithm_and_kid(how: str) -> None:
    house = House(catalogue({"encryption": "required"}))
    assert house.stops(sealed(KEYS[0], b"{}"), nonce=NONCE, headers={"x-eden-encryption": how}).code == 3003


def test_required_optional_off() -> None:
    assert House(catalogue({"encryption": "required"})).stops(b"{}").code == 3003
    House(catalogue({"encryption": "optional"})).passes(b"{}")
    how = {"x-eden-encryption": "hpke-x25519 x1"}
    assert House(catalogue()).stops(sealed(KEYS[0], b"{}"), nonce=NONCE, headers=how).code == 3003


def test_a_key_that_retired_opens_nothing() -> None:
    key = msgspec.structs.replace(KEYS[0], retires_at=NOW * 1000)
    house = House(catalogue({"encryption": "required"}), msgspec.structs.replace(APP, keys=(key,)))
    how = {"x-eden-encryption": "hpke-x25519 x1"}
    assert house.stops(sealed(key, b"{}"), nonce=NONCE, headers=how).code == 3003
    house.now_ms -= 1
    other = "nonce-of-another-sealed"
    house.passes(sealed(key, b"{}", info(nonce=other)), nonce=other, headers=how)


def test_mocks_and_kept_answers_are_sealed_too() -> None:
    key = KEYS[0]
    house = House(
        catalogue({"encryption": "required", "mock": {"body": {"a": 1}}}, defaults={"mock_on": True}),
    )
    answer = house.stops(sealed(key, b"{}"), nonce=NONCE, headers={"x-eden-encryption": "hpke-x25519 x1"})
    assert opened(key, answer) == b'{"a":1}'
    assert answer.code == 1000


def test_the_answer_is_signed_as_it_is_sent() -> None:
    house = House(catalogue({"encryption": "required", "response_signature": True}))
    _, answer = house.call(sealed(KEYS[0], b"{}"), nonce=NONCE, headers={"x-eden-encryption": "hpke-x25519 x1"})
    signer = house.table.apps[b"app-1"].signers[0]
    trace = header(answer, "x-eden-trace") or ""
    expected = signer.answered(trace, answer.status, NONCE.encode(), answer.body or b"").decode()
    assert header(answer, "x-eden-response-signature") == expected


def test_an_answer_opens_for_its_own_call_only() -> None:
    house = House(catalogue({"encryption": "required"}))
    key = KEYS[2]
    _, answer = house.call(sealed(key, b"{}"), nonce=NONCE, headers={"x-eden-encryption": "sm2-sm4 s1"})
    body = answer.body or b""
    assert opened(key, answer) == b"{}"
    # not even as a request
    with pytest.raises(Unopened):
        sm4_gcm_decrypt(SM4_KEY, body[:12], body[12:], info())
