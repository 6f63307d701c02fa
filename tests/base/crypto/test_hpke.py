"""HPKE against the values of RFC 9180 (appendices A.1.1 and A.3.1), and against a second implementation.

The published messages have associated data, which one-shot HPKE has not; but key and nonce are published, too: what
they seal must open.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKeyPair

from eden.base.crypto import HPKE_ALGORITHMS, HpkePrivateKey, HpkePublicKey, Unopened

KEMS = {"hpke-x25519": KEMId.DHKEM_X25519_HKDF_SHA256, "hpke-p256": KEMId.DHKEM_P256_HKDF_SHA256}
INFO = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
PLAINTEXT = bytes.fromhex("4265617574792069732074727574682c20747275746820626561757479")
AAD = b"Count-0"


class Vector(NamedTuple):
    ephemeral: str
    enc: str
    private: str
    public: str
    key: str
    nonce: str
    ciphertext: str


VECTORS = {
    "hpke-x25519": Vector(
        "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
        "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
        "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
        "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
        "4531685d41d65f03dc48f6b8302c05b0",
        "56d890e5accaaf011cff4b7d",
        "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
    ),
    "hpke-p256": Vector(
        "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb",
        "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"
        "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
        "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
        "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a82"
        "6a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0",
        "868c066ef58aae6dc589b6cfdd18f97e",
        "4e0bc5018beba4bf004cca59",
        "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434",
    ),
}


@pytest.mark.parametrize("algorithm", HPKE_ALGORITHMS)
def test_keys_of_the_rfc(algorithm: str) -> None:
    vector = VECTORS[algorithm]
    assert HpkePrivateKey(algorithm, bytes.fromhex(vector.private)).public.raw.hex() == vector.public
    assert HpkePrivateKey(algorithm, bytes.fromhex(vector.ephemeral)).public.raw.hex() == vector.enc


@pytest.mark.parametrize("algorithm", HPKE_ALGORITHMS)
def test_the_library_derives_the_rfcs_key_and_nonce(algorithm: str) -> None:
    vector = VECTORS[algorithm]
    cipher, nonce = AESGCM(bytes.fromhex(vector.key)), bytes.fromhex(vector.nonce)
    assert cipher.encrypt(nonce, PLAINTEXT, AAD).hex() == vector.ciphertext
    private = bytes.fromhex(vector.private)
    key: x25519.X25519PrivateKey | ec.EllipticCurvePrivateKey
    if algorithm == "hpke-x25519":
        kem, key = KEM.X25519, x25519.X25519PrivateKey.from_private_bytes(private)
    else:
        kem, key = KEM.P256, ec.derive_private_key(int.from_bytes(private, "big"), ec.SECP256R1())
    sealed = bytes.fromhex(vector.enc) + cipher.encrypt(nonce, PLAINTEXT, None)
    assert Suite(kem, KDF.HKDF_SHA256, AEAD.AES_128_GCM).decrypt(sealed, key, INFO) == PLAINTEXT


@pytest.mark.parametrize("algorithm", HPKE_ALGORITHMS)
def test_the_rfcs_keys_with_aes_256(algorithm: str) -> None:
    """A second implementation that reproduces the published message seals with our suite, and we open."""
    vector = VECTORS[algorithm]
    theirs = {
        aead: CipherSuite.new(KEMS[algorithm], KDFId.HKDF_SHA256, aead)
        for aead in (AEADId.AES128_GCM, AEADId.AES256_GCM)
    }
    for aead, suite in theirs.items():
        ephemeral = KEMKeyPair(
            suite.kem.deserialize_private_key(bytes.fromhex(vector.ephemeral)),
            suite.kem.deserialize_public_key(bytes.fromhex(vector.enc)),
        )
        public = suite.kem.deserialize_public_key(bytes.fromhex(vector.public))
        enc, sender = suite.create_sender_context(public, INFO, eks=ephemeral)
        assert enc.hex() == vector.enc
        if aead is AEADId.AES128_GCM:
            assert sender.seal(PLAINTEXT, AAD).hex() == vector.ciphertext
        else:
            ours = HpkePrivateKey(algorithm, bytes.fromhex(vector.private))
            assert ours.open(INFO, enc + sender.seal(PLAINTEXT)) == PLAINTEXT


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(HPKE_ALGORITHMS), st.binary(max_size=100), st.binary(max_size=300))
def test_both_ways_with_a_second_implementation(algorithm: str, info: bytes, plaintext: bytes) -> None:
    ours = HpkePrivateKey.generate(algorithm)
    suite = CipherSuite.new(KEMS[algorithm], KDFId.HKDF_SHA256, AEADId.AES256_GCM)
    sealed = HpkePublicKey(algorithm, ours.public.raw).seal(info, plaintext)
    size = len(ours.public.raw)
    receiver = suite.create_recipient_context(sealed[:size], suite.kem.deserialize_private_key(ours.raw), info)
    assert receiver.open(sealed[size:]) == plaintext
    enc, sender = suite.create_sender_context(suite.kem.deserialize_public_key(ours.public.raw), info)
    assert ours.open(info, enc + sender.seal(plaintext)) == plaintext


@pytest.mark.parametrize("algorithm", HPKE_ALGORITHMS)
def test_another_context_key_or_byte_does_not_open(algorithm: str) -> None:
    key = HpkePrivateKey.generate(algorithm)
    sealed = key.public.seal(b"info", b"value")
    assert key.open(b"info", sealed) == b"value"
    with pytest.raises(Unopened):
        key.open(b"other", sealed)
    with pytest.raises(Unopened):
        HpkePrivateKey.generate(algorithm).open(b"info", sealed)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(Unopened):
            key.open(b"info", bytes(changed))
    for short in (b"", sealed[:32], sealed[:-1]):
        with pytest.raises(Unopened):
            key.open(b"info", short)


@pytest.mark.parametrize("algorithm", HPKE_ALGORITHMS)
def test_what_is_no_key(algorithm: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        HpkePublicKey(algorithm, b"\x04" + bytes(63))
    with pytest.raises(ValueError, match=r".+"):
        HpkePrivateKey(algorithm, b"")
    with pytest.raises(ValueError, match="hpke-x25519, hpke-p256"):
        HpkePrivateKey("rsa", bytes(32))
