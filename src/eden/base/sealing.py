"""Small secrets in the database: encrypted under the server's key."""

from __future__ import annotations

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from eden.base.errors import EdenError

_NONCE = 12


class Seal:
    """Encrypts small secrets for the database (AES-256-GCM) under a key of the server's secret (HKDF, RFC 5869).

    `context` names the row: what is sealed for one cannot be put into another.
    """

    def __init__(self, secret: bytes, purpose: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"eden " + purpose.encode()).derive(secret)
        self._cipher = AESGCM(key)

    def close(self, data: bytes, *context: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, data, _joined(context))

    def open(self, sealed: bytes, *context: str) -> bytes:
        """Raises EdenError when the secret key is another one, or the bytes were changed."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _joined(context))
        # ValueError: there are too few bytes for any
        except (InvalidTag, ValueError):
            raise EdenError(
                "sealed", "What the server keeps secret cannot be opened.", "Start it with the secret key of before."
            ) from None


def _joined(context: tuple[str, ...]) -> bytes:
    return hashlib.sha256("\0".join(context).encode()).digest()
