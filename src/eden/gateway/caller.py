"""A caller's half of encryption (docs/gateway-wire.md): what `pipeline.encryption` opens, and what it seals, opened."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from eden.base.crypto import HpkePublicKey, Sm2PublicKey, Unopened, sm4_gcm_decrypt, sm4_gcm_encrypt
from eden.gateway.interfaces import EncryptionKey

_IV = 12
_SM4 = 16
_SHARED = 32
_FORMAT = b"\x01"
_ANSWER = b"eden gateway 1 answer"


def seal(
    key: EncryptionKey, app: str, operation: str, nonce: str, body: bytes
) -> tuple[bytes, Callable[[bytes], bytes]]:
    """A body for the holder of a key, and what opens the answer (Unopened)."""
    info = f"eden gateway 1 {app} {operation} {nonce}".encode()
    if key.algorithm == "sm2-sm4":
        secret, iv = secrets.token_bytes(_SM4), secrets.token_bytes(_IV)
        sealed = Sm2PublicKey(key.public).encrypt(secret) + iv + sm4_gcm_encrypt(secret, iv, body, info)
        return sealed, lambda answer: sm4_gcm_decrypt(secret, answer[:_IV], answer[_IV:], _ANSWER + info)
    shared = secrets.token_bytes(_SHARED)
    cipher = AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=_ANSWER + info).derive(shared))

    def opened(answer: bytes) -> bytes:
        try:
            return cipher.decrypt(answer[:_IV], answer[_IV:], None)
        except (InvalidTag, ValueError):
            raise Unopened from None

    return HpkePublicKey(key.algorithm, key.public).seal(info, _FORMAT + shared + body), opened
