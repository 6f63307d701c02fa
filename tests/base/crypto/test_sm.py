"""SM2, SM3, SM4 against the values that the standards publish, and against a second implementation."""

from __future__ import annotations

import _hashlib
import ctypes
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB
from gmssl.sm2 import CryptSM2
from hypothesis import given, settings
from hypothesis import strategies as st

from eden.base.crypto import (
    Sm2PrivateKey,
    Sm2PublicKey,
    Unopened,
    hkdf_sm3,
    hmac_sm3,
    sm2,
    sm3,
    sm4_gcm_decrypt,
    sm4_gcm_encrypt,
)
from eden.base.crypto.sm2 import G, N, P
from eden.base.crypto.sm2_openssl import load

#: GB/T 32918.5-2017, annexes A and C: one key, one random number, for the signature and the encryption
PRIVATE = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"
PUBLIC = (
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
K = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
SIGNATURE = (
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)
C1 = (
    "0404EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
    "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
)
C2 = "21886CA989CA9C7D58087307CA93092D651EFA"
C3 = "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"


def needs_curve() -> None:
    """Skip only where libcrypto itself says that it has no SM2; where it has, `load` has to find it."""
    library = ctypes.CDLL(_hashlib.__file__)
    if not hasattr(library, "EC_GROUP_new_by_curve_name"):
        pytest.skip("this Python has no libcrypto that can be called")
    library.EC_GROUP_new_by_curve_name.restype = ctypes.c_void_p
    if library.EC_GROUP_new_by_curve_name(1172) is None:
        pytest.skip("the OpenSSL of this Python has no SM2")
    assert load() is not None


@pytest.fixture(scope="module", autouse=True, params=["openssl", "python"])
def arithmetic(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whose multiplication SM2 uses: everything holds for both."""
    if request.param == "openssl":
        needs_curve()
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "python":
            patch.setattr(sm2, "_openssl", None)
        yield


def second(key: Sm2PrivateKey) -> CryptSM2:
    """gmssl with this key; set afterwards, for it strips what looks like a prefix."""
    other = CryptSM2(private_key=key.raw.hex(), public_key="", mode=1)
    other.public_key = key.public.raw[1:].hex()
    return other


def test_sm3_of_the_standard() -> None:
    assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm3(b"abcd" * 16).hex() == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


@given(st.binary(min_size=1, max_size=100), st.binary(max_size=200))
def test_hmac_sm3_is_openssls(key: bytes, data: bytes) -> None:
    assert "sm3" in hashlib.algorithms_available
    assert hmac_sm3(key, data) == hmac.digest(key, data, "sm3")


def test_hkdf_sm3_is_built_as_rfc_5869_says() -> None:
    extracted = hmac_sm3(bytes(32), b"key")
    first = hmac_sm3(extracted, b"info\x01")
    assert hkdf_sm3(b"key", b"info", 48) == (first + hmac_sm3(extracted, first + b"info\x02"))[:48]


def test_sm4_of_the_standard() -> None:
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    once = Cipher(SM4(key), ECB()).encryptor().update(key)  # one block is what the standard publishes
    assert once.hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_gcm_of_rfc_8998() -> None:
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    iv = bytes.fromhex("00001234567800000000ABCD")
    plaintext = bytes.fromhex("".join(letter * 16 for letter in "ABCDEFEA"))
    associated = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    sealed = sm4_gcm_encrypt(key, iv, plaintext, associated)
    assert sealed.hex().upper() == (
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    assert sm4_gcm_decrypt(key, iv, sealed, associated) == plaintext


def test_sm4_gcm_of_wycheproof() -> None:
    """Its 104 vectors (Apache-2.0; numbers only), made to trip. Of nonces only those of twelve bytes are taken."""
    rows = json.loads((Path(__file__).parent / "wycheproof_sm4_gcm.json").read_text())
    for number, result, *values in rows:
        key, iv, associated, plaintext, ciphertext, tag = map(bytes.fromhex, values)
        if result == "valid" and len(iv) == 12:
            assert sm4_gcm_encrypt(key, iv, plaintext, associated) == ciphertext + tag, number
            assert sm4_gcm_decrypt(key, iv, ciphertext + tag, associated) == plaintext, number
        else:
            with pytest.raises(Unopened):
                sm4_gcm_decrypt(key, iv, ciphertext + tag, associated)
    twelve = [result for _, result, _, iv, *_ in rows if len(iv) == 24]
    assert (len(rows), len(twelve), twelve.count("valid")) == (104, 65, 38)


@pytest.mark.parametrize(("iv", "cut", "associated"), [(bytes(12), 1, b"a"), (bytes(12), 0, b"b"), (bytes(8), 0, b"a")])
def test_sm4_gcm_refuses_what_was_changed(iv: bytes, cut: int, associated: bytes) -> None:
    sealed = sm4_gcm_encrypt(bytes(16), bytes(12), b"value", b"a")
    for changed in (sealed[cut:], sealed[: 15 + cut]):
        if (iv, changed, associated) != (bytes(12), sealed, b"a"):
            with pytest.raises(Unopened):
                sm4_gcm_decrypt(bytes(16), iv, changed, associated)


def test_sm2_key_and_signature_of_the_standard() -> None:
    key = Sm2PrivateKey(bytes.fromhex(PRIVATE))
    assert key.public.raw.hex().upper() == PUBLIC
    assert key.sign(b"message digest", k=K).hex().upper() == SIGNATURE
    public = Sm2PublicKey(bytes.fromhex(PUBLIC))
    assert public.verify(bytes.fromhex(SIGNATURE), b"message digest")
    assert not public.verify(bytes.fromhex(SIGNATURE), b"message digests")
    assert not public.verify(bytes.fromhex(SIGNATURE), b"message digest", b"somebody else")


def test_sm2_encryption_of_the_standard() -> None:
    key = Sm2PrivateKey(bytes.fromhex(PRIVATE))
    sealed = key.public.encrypt(b"encryption standard", k=K)
    assert sealed.hex().upper() == C1 + C3 + C2
    assert key.decrypt(sealed) == b"encryption standard"


@settings(max_examples=15, deadline=None)
@given(st.integers(1, N - 2), st.binary(min_size=1, max_size=70))
def test_sm2_both_ways_with_a_second_implementation(number: int, message: bytes) -> None:
    key = Sm2PrivateKey(number.to_bytes(32, "big"))
    other = second(key)
    # gmssl leaves out the prefix of the point
    assert other.decrypt(key.public.encrypt(message)[1:]) == message
    assert key.decrypt(b"\x04" + other.encrypt(message)) == message
    assert other.verify_with_sm3(key.sign(message).hex(), message)
    assert key.public.verify(bytes.fromhex(other.sign_with_sm3(message)), message)


@settings(max_examples=30, deadline=None)
@given(st.one_of(st.sampled_from([1, 2, N - 2, N - 1]), st.integers(1, N - 1)), st.integers(1, N - 1))
def test_openssl_multiplies_as_python_does(number: int, place: int) -> None:
    needs_curve()
    multiply = load()
    assert multiply is not None
    point = sm2._affine(sm2._multiplied(place, G))
    product = sm2._affine(sm2._multiplied(number, point))
    assert multiply(number, sm2._encoded(point)) == sm2._encoded(product)
    with pytest.raises(ArithmeticError):
        multiply(number, sm2._encoded((point[0], point[1] ^ 1)))


def test_a_python_whose_openssl_cannot_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> object:
        return object()

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert load() is None


def test_sm2_refuses_every_changed_byte() -> None:
    key = Sm2PrivateKey.generate()
    sealed = key.public.encrypt(b"sixteen byte key")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(Unopened):
            key.decrypt(bytes(changed))
    for short in (b"", sealed[:97], sealed[:-1]):
        with pytest.raises(Unopened):
            key.decrypt(short)
    with pytest.raises(Unopened):
        Sm2PrivateKey.generate().decrypt(sealed)


def test_sm2_refuses_points_off_the_curve() -> None:
    x, y = G
    # the second spellings are on the curve modulo p only
    for bad in ((x, y + 1), (0, 0), (0, P), (P, y)):
        raw = b"\x04" + bad[0].to_bytes(32, "big") + bad[1].to_bytes(32, "big")
        with pytest.raises(ValueError, match="no point"):
            Sm2PublicKey(raw)
        with pytest.raises(Unopened):
            Sm2PrivateKey.generate().decrypt(raw + bytes(48))
    with pytest.raises(ValueError, match="no point"):
        Sm2PublicKey(b"\x02" + bytes(32))


@pytest.mark.parametrize("raw", [bytes(32), (N - 1).to_bytes(32, "big"), b"\1" * 31, b"\1" * 33])
def test_sm2_private_keys_are_within_the_order(raw: bytes) -> None:
    with pytest.raises(ValueError, match="private SM2 key"):
        Sm2PrivateKey(raw)


def test_sm2_signatures_are_within_the_order() -> None:
    key = Sm2PrivateKey.generate()
    good = key.sign(b"m")
    r, s = good[:32], good[32:]
    n = N.to_bytes(32, "big")
    opposite = (N - int.from_bytes(r, "big")).to_bytes(32, "big")
    for bad in (bytes(64), bytes(32) + s, r + bytes(32), n + s, r + n, good + b"\0", good[:-1], r + opposite):
        assert not key.public.verify(bad, b"m")
    with pytest.raises(ValueError, match="at least one byte"):
        key.public.encrypt(b"")
