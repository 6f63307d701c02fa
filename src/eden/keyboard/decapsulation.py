"""HPKE's receiving side behind a Diffie-Hellman step (RFC 9180, sections 4.1 and 5.1: mode base, HKDF-SHA256, AES-GCM).

The step is done elsewhere: in a hardware module, or by a key object that is kept (`HeldKey`). What does not change
between the messages to a key is prepared once.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from eden.base.crypto import Unopened

Kem: TypeAlias = Literal["x25519", "p256"]

#: of a public key
ENC_BYTES: dict[Kem, int] = {"x25519": 32, "p256": 65}
_KEM_IDS: dict[Kem, bytes] = {"x25519": b"\x00\x20", "p256": b"\x00\x10"}
_KDF = b"\x00\x01"
#: by the bytes of its key: AES-128-GCM (of the published values), AES-256-GCM
_AEADS = {16: b"\x00\x01", 32: b"\x00\x02"}
_LABEL = b"HPKE-v1"
_NONCE_BYTES = 12
#: one block of HKDF-Expand: nothing here is longer than the hash
_BLOCK = b"\x01"


#: HMAC-SHA256 (RFC 2104) under no key, as far as it goes before a message
_INNER, _OUTER = hashlib.sha256(b"\x36" * 64), hashlib.sha256(b"\x5c" * 64)


def _extract(prefix: Any, message: bytes) -> bytes:
    """HKDF-Extract without salt (RFC 5869) of a message that goes on after the prefix."""
    inner, outer = prefix.copy(), _OUTER.copy()
    inner.update(message)
    outer.update(inner.digest())
    digest: bytes = outer.digest()
    return digest


def _prefix(label: bytes) -> Any:
    inner = _INNER.copy()
    inner.update(label)
    return inner


class Receiver:
    """The first messages of senders to the key whose public half is `public`."""

    __slots__ = ("_base", "_eae", "_info", "_key", "_key_bytes", "_nonce", "_secret", "_shared", "_tail")

    def __init__(self, kem: Kem, public: bytes, key_bytes: int = 32) -> None:
        suite = b"KEM" + _KEM_IDS[kem]
        self._eae = _prefix(_LABEL + suite + b"eae_prk")
        self._shared = _length(32) + _LABEL + suite + b"shared_secret"
        self._tail = public + _BLOCK
        suite = b"HPKE" + _KEM_IDS[kem] + _KDF + _AEADS[key_bytes]
        # mode base, and the hash of no psk_id
        self._base = b"\x00" + hmac.digest(b"", _LABEL + suite + b"psk_id_hash", "sha256")
        self._info, self._secret = _prefix(_LABEL + suite + b"info_hash"), _LABEL + suite + b"secret"
        self._key = _length(key_bytes) + _LABEL + suite + b"key"
        self._nonce = _length(_NONCE_BYTES) + _LABEL + suite + b"base_nonce"
        self._key_bytes = key_bytes

    def open(self, shared: bytes, enc: bytes, info: bytes, ciphertext: bytes, associated: bytes | None = None) -> bytes:
        """The plaintext; `shared` is what ECDH of `enc` and the key gave. Unopened."""
        if not any(shared):
            # X25519 of a point of small order (RFC 9180, section 7.1.4)
            raise Unopened
        digest = hmac.digest
        prk = _extract(self._eae, shared)
        secret = digest(prk, self._shared + enc + self._tail, "sha256")
        context = self._base + _extract(self._info, info) + _BLOCK
        prk = digest(secret, self._secret, "sha256")
        key = digest(prk, self._key + context, "sha256")[: self._key_bytes]
        nonce = digest(prk, self._nonce + context, "sha256")[:_NONCE_BYTES]
        try:
            return AESGCM(key).decrypt(nonce, ciphertext, associated)
        except (InvalidTag, ValueError):
            raise Unopened from None


class HeldKey:
    """A private key of HPKE in this process's memory, as `eden.base.crypto` has it in bytes."""

    __slots__ = ("_enc_bytes", "_exchange", "_receiver")

    def __init__(self, kem: Kem, raw: bytes, public: bytes) -> None:
        self._enc_bytes = ENC_BYTES[kem]
        self._receiver = Receiver(kem, public)
        self._exchange = _x25519(raw) if kem == "x25519" else _p256(raw)

    def open(self, info: bytes, sealed: bytes) -> bytes:
        """The plaintext; Unopened."""
        enc = sealed[: self._enc_bytes]
        try:
            shared = self._exchange(enc)
        except ValueError:
            # too few bytes, a point that is none, or one of small order
            raise Unopened from None
        return self._receiver.open(shared, enc, info, sealed[self._enc_bytes :])


def _x25519(raw: bytes) -> Callable[[bytes], bytes]:
    exchange, read = x25519.X25519PrivateKey.from_private_bytes(raw).exchange, x25519.X25519PublicKey.from_public_bytes
    return lambda enc: exchange(read(enc))


def _p256(raw: bytes) -> Callable[[bytes], bytes]:
    curve, algorithm = ec.SECP256R1(), ec.ECDH()
    exchange = ec.derive_private_key(int.from_bytes(raw, "big"), curve).exchange
    read = ec.EllipticCurvePublicKey.from_encoded_point
    return lambda enc: exchange(algorithm, read(curve, enc))


def _length(length: int) -> bytes:
    return length.to_bytes(2, "big")
