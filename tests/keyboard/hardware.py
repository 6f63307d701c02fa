"""A hardware module in memory, and what can be wrong with one: for `keyboard.module`."""

from __future__ import annotations

import os

from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from eden.base.crypto import Sm2PrivateKey
from eden.keyboard.vault import AesBlocks, Pairs


class FakeModule:
    """A module in memory: keys by names, nothing of them ever comes out."""

    def __init__(self) -> None:
        self._keys: dict[bytes, object] = {}

    def generate_key_pair(self, curve: Pairs, label: str) -> tuple[bytes, bytes]:
        key: object
        if curve == "X25519":
            key = x25519.X25519PrivateKey.generate()
            public = key.public_key().public_bytes_raw()
        elif curve == "P-256":
            key = ec.generate_private_key(ec.SECP256R1())
            public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        elif curve == "Ed25519":
            key = Ed25519PrivateKey.generate()
            public = key.public_key().public_bytes_raw()
        else:
            key = Sm2PrivateKey.generate()
            public = key.public.raw
        self._keys[label.encode()] = key
        return public, label.encode()

    def generate_key(self, label: str) -> bytes:
        self._keys[label.encode()] = AesBlocks(os.urandom(32))
        return label.encode()

    def derive(self, handle: bytes, peer: bytes) -> bytes:
        key = self._keys[handle]
        if isinstance(key, x25519.X25519PrivateKey):
            return key.exchange(x25519.X25519PublicKey.from_public_bytes(peer))
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), peer))

    def sign(self, handle: bytes, message: bytes) -> bytes:
        key = self._keys[handle]
        assert isinstance(key, Ed25519PrivateKey)
        return key.sign(message)

    def decrypt_sm2(self, handle: bytes, sealed: bytes) -> bytes:
        key = self._keys[handle]
        assert isinstance(key, Sm2PrivateKey)
        return key.decrypt(sealed)

    def cipher(self, handle: bytes, block: bytes, *, decrypt: bool) -> bytes:
        key = self._keys[handle]
        assert isinstance(key, AesBlocks)
        return key.decrypt(block) if decrypt else key.encrypt(block)


class Broken(FakeModule):
    """Keys are made; whatever they are used for fails, with words that nobody should read."""

    def derive(self, handle: bytes, peer: bytes) -> bytes:
        raise RuntimeError(f"CKR_DEVICE_ERROR {peer.hex()}")

    def cipher(self, handle: bytes, block: bytes, *, decrypt: bool) -> bytes:
        raise RuntimeError(f"CKR_DEVICE_ERROR {block.hex()}")


def absent() -> FakeModule:
    """A module whose token is not there."""
    raise RuntimeError("CKR_TOKEN_NOT_PRESENT")


def half() -> object:
    """Something that is no module."""
    return object()
