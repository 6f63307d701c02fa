"""HPKE's receiving side behind a Diffie-Hellman step that was done elsewhere, in a hardware module (RFC 9180, sections
4.1 and 5.1: mode base, HKDF-SHA256, AES-GCM)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from eden.base.crypto import Unopened

Kem: TypeAlias = Literal["x25519", "p256"]

#: of a public key
ENC_BYTES: dict[Kem, int] = {"x25519": 32, "p256": 65}
_KEM_IDS: dict[Kem, bytes] = {"x25519": b"\x00\x20", "p256": b"\x00\x10"}
_KDF = b"\x00\x01"
#: by the bytes of its key: AES-128-GCM (of the published values), AES-256-GCM
_AEADS = {16: b"\x00\x01", 32: b"\x00\x02"}


def open_with_shared(
    kem: Kem,
    shared: bytes,
    enc: bytes,
    public: bytes,
    info: bytes,
    ciphertext: bytes,
    *,
    associated: bytes = b"",
    key_bytes: int = 32,
) -> bytes:
    """The first message of a sender: `shared` is what ECDH of `enc` and the recipient's key gave, `public` that key's
    public half. Unopened."""
    if not any(shared):
        # X25519 of a point of small order (RFC 9180, section 7.1.4)
        raise Unopened
    suite = b"KEM" + _KEM_IDS[kem]
    secret = _expand(suite, _extract(suite, b"", b"eae_prk", shared), b"shared_secret", enc + public, 32)
    suite = b"HPKE" + _KEM_IDS[kem] + _KDF + _AEADS[key_bytes]
    context = b"\x00" + _extract(suite, b"", b"psk_id_hash", b"") + _extract(suite, b"", b"info_hash", info)
    prk = _extract(suite, secret, b"secret", b"")
    key, nonce = _expand(suite, prk, b"key", context, key_bytes), _expand(suite, prk, b"base_nonce", context, 12)
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, associated)
    except (InvalidTag, ValueError):
        raise Unopened from None


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + suite + label + material, hashlib.sha256)


def _expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    # one block of HKDF-Expand: nothing here is longer than the hash
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(prk, labelled + b"\x01", hashlib.sha256)[:length]
