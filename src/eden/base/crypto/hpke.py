"""HPKE in base mode, one message each (RFC 9180, section 6.1): HKDF-SHA256 and AES-256-GCM over X25519 or P-256.

A sealed message is `enc || ciphertext`. There is no associated data: what a message must be bound to goes into `info`.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from eden.base.crypto.failures import Unopened

HPKE_ALGORITHMS = ("hpke-x25519", "hpke-p256")

_SUITES = {
    "hpke-x25519": Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
    "hpke-p256": Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
}


class HpkePublicKey:
    """`raw`: 32 bytes (X25519) or 65 (P-256, uncompressed); ValueError when it is no key."""

    __slots__ = ("_key", "_suite", "algorithm", "raw")

    def __init__(self, algorithm: str, raw: bytes) -> None:
        self.algorithm = algorithm
        self.raw = raw
        self._suite = _suite(algorithm)
        self._key: x25519.X25519PublicKey | ec.EllipticCurvePublicKey
        if algorithm == "hpke-x25519":
            self._key = x25519.X25519PublicKey.from_public_bytes(raw)
        else:
            self._key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)

    def seal(self, info: bytes, plaintext: bytes) -> bytes:
        """`enc || ciphertext`: 48 bytes (X25519) or 81 (P-256) more than the plaintext."""
        return self._suite.encrypt(plaintext, self._key, info)


class HpkePrivateKey:
    """`raw`: 32 bytes; ValueError when it is no key."""

    __slots__ = ("_key", "_suite", "algorithm", "raw")

    def __init__(self, algorithm: str, raw: bytes) -> None:
        self.algorithm = algorithm
        self.raw = raw
        self._suite = _suite(algorithm)
        self._key: x25519.X25519PrivateKey | ec.EllipticCurvePrivateKey
        if algorithm == "hpke-x25519":
            self._key = x25519.X25519PrivateKey.from_private_bytes(raw)
        else:
            self._key = ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())

    @classmethod
    def generate(cls, algorithm: str) -> HpkePrivateKey:
        """A fresh key of the system's randomness."""
        if algorithm == "hpke-x25519":
            return cls(algorithm, x25519.X25519PrivateKey.generate().private_bytes_raw())
        number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        return cls(algorithm, number.to_bytes(32, "big"))

    @property
    def public(self) -> HpkePublicKey:
        public = self._key.public_key()
        if isinstance(public, x25519.X25519PublicKey):
            return HpkePublicKey(self.algorithm, public.public_bytes_raw())
        return HpkePublicKey(self.algorithm, public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    def open(self, info: bytes, sealed: bytes) -> bytes:
        """The plaintext; Unopened when key, info or bytes are others."""
        try:
            return self._suite.decrypt(sealed, self._key, info)
        # ValueError: too few bytes, or a point that is none
        except (InvalidTag, ValueError):
            raise Unopened from None


def _suite(algorithm: str) -> Suite:
    if algorithm not in _SUITES:
        raise ValueError(f"There is no HPKE algorithm {algorithm!r}; there are {', '.join(HPKE_ALGORITHMS)}.")
    return _SUITES[algorithm]
