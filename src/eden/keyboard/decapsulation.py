"""HPKE's receiving side behind a Diffie-Hellman step (RFC 9180, sections 4.1 and 5.1: mode base, HKDF-SHA256, AES-GCM).

The step is done elsewhere: in a hardware module, or by a key object that is kept (`HeldKey`). What does not change
between the messages to a key is prepared once.
"""

from __future__ import annotations

import hmac
from typing import Literal, TypeAlias

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
_CURVE, _ECDH = ec.SECP256R1(), ec.ECDH()


class Receiver:
    """The first messages of senders to the key whose public half is `public`."""

    __slots__ = ("_base", "_eae", "_info", "_key", "_key_bytes", "_nonce", "_secret", "_shared", "_tail")

    def __init__(self, kem: Kem, public: bytes, key_bytes: int = 32) -> None:
        suite = b"KEM" + _KEM_IDS[kem]
        self._eae = _LABEL + suite + b"eae_prk"
        self._shared = _length(32) + _LABEL + suite + b"shared_secret"
        self._tail = public + _BLOCK
        suite = b"HPKE" + _KEM_IDS[kem] + _KDF + _AEADS[key_bytes]
        # mode base, and the hash of no psk_id
        self._base = b"\x00" + hmac.digest(b"", _LABEL + suite + b"psk_id_hash", "sha256")
        self._info, self._secret = _LABEL + suite + b"info_hash", _LABEL + suite + b"secret"
        self._key = _length(key_bytes) + _LABEL + suite + b"key"
        self._nonce = _length(_NONCE_BYTES) + _LABEL + suite + b"base_nonce"
        self._key_bytes = key_bytes

    def open(self, shared: bytes, enc: bytes, info: bytes, ciphertext: bytes, associated: bytes | None = None) -> bytes:
        """The plaintext; `shared` is what ECDH of `enc` and the key gave. Unopened."""
        if not any(shared):
            # X25519 of a point of small order (RFC 9180, section 7.1.4)
            raise Unopened
        digest = hmac.digest
        prk = digest(b"", self._eae + shared, "sha256")
        secret = digest(prk, self._shared + enc + self._tail, "sha256")
        context = self._base + digest(b"", self._info + info, "sha256") + _BLOCK
        prk = digest(secret, self._secret, "sha256")
        key = digest(prk, self._key + context, "sha256")[: self._key_bytes]
        nonce = digest(prk, self._nonce + context, "sha256")[:_NONCE_BYTES]
        try:
            return AESGCM(key).decrypt(nonce, ciphertext, associated)
        except (InvalidTag, ValueError):
            raise Unopened from None


class HeldKey:
    """A private key of HPKE in this process's memory, as `eden.base.crypto` has it in bytes."""

    __slots__ = ("_enc_bytes", "_private", "_receiver")

    def __init__(self, kem: Kem, raw: bytes, public: bytes) -> None:
        self._enc_bytes = ENC_BYTES[kem]
        self._receiver = Receiver(kem, public)
        self._private: x25519.X25519PrivateKey | ec.EllipticCurvePrivateKey
        if kem == "x25519":
            self._private = x25519.X25519PrivateKey.from_private_bytes(raw)
        else:
            self._private = ec.derive_private_key(int.from_bytes(raw, "big"), _CURVE)

    def open(self, info: bytes, sealed: bytes) -> bytes:
        """The plaintext; Unopened."""
        enc, private = sealed[: self._enc_bytes], self._private
        try:
            if isinstance(private, ec.EllipticCurvePrivateKey):
                shared = private.exchange(_ECDH, ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, enc))
            else:
                shared = private.exchange(x25519.X25519PublicKey.from_public_bytes(enc))
        except ValueError:
            # too few bytes, a point that is none, or one of small order
            raise Unopened from None
        return self._receiver.open(shared, enc, info, sealed[self._enc_bytes :])


def _length(length: int) -> bytes:
    return length.to_bytes(2, "big")
