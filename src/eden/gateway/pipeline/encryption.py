"""Encrypted bodies (docs/gateway-wire.md): HPKE, or SM2 and SM4.

HPKE: the request is `enc || ciphertext`, of `01 || 32 secret bytes || body`; the answer is `iv || AES-256-GCM` under a
key that HKDF-SHA256 derives from the secret. SM2 and SM4: the request is `SM2(16 secret bytes) || iv || SM4-GCM`, the
answer `iv || SM4-GCM` under the same secret.

All of it is bound to app, operation and nonce, and the answer to being one. Several keys of an app are live at once, so
that installed apps can move from one algorithm to another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from eden.base.crypto import HpkePrivateKey, Sm2PrivateKey, Unopened, sm4_gcm_decrypt, sm4_gcm_encrypt
from eden.gateway.interfaces import EncryptionKey
from eden.gateway.pipeline.codes import UNREADABLE, Stop

IV = 12
_FORMAT = b"\x01"
_ANSWER_KEY = 32
_SM2 = 65 + 32 + 16
_ANSWER = b"eden gateway 1 answer"

#: seals an answer; its argument after the body is a fresh IV
Seal: TypeAlias = Callable[[bytes, bytes], bytes]


class Opener:
    """One key pair, ready for use."""

    __slots__ = ("_key", "algorithm", "header", "kid", "retires_ms")

    def __init__(self, key: EncryptionKey) -> None:
        self.kid = key.kid
        self.algorithm = key.algorithm
        #: ms since 1970; it is not accepted from then on
        self.retires_ms = None if key.retires_at is None else key.retires_at // 1000
        #: value of the header that says how a body is sealed
        self.header = f"{key.algorithm} {key.kid}".encode()
        self._key: HpkePrivateKey | Sm2PrivateKey
        if key.algorithm == "sm2-sm4":
            self._key = Sm2PrivateKey(key.private)
        else:
            self._key = HpkePrivateKey(key.algorithm, key.private)

    def open(self, body: bytes, info: bytes) -> tuple[bytes, Seal]:
        """What was in the body, and how to seal the answer; Unopened."""
        if isinstance(self._key, Sm2PrivateKey):
            secret = self._key.decrypt(body[:_SM2])
            iv, sealed = body[_SM2 : _SM2 + IV], body[_SM2 + IV :]
            plain = sm4_gcm_decrypt(secret, iv, sealed, info)
            return plain, lambda answer, iv: iv + sm4_gcm_encrypt(secret, iv, answer, _ANSWER + info)
        inside = self._key.open(info, body)
        if len(inside) <= _ANSWER_KEY or inside[:1] != _FORMAT:
            raise Unopened
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_ANSWER + info).derive(
            inside[1 : 1 + _ANSWER_KEY]
        )
        cipher = AESGCM(derived)
        return inside[1 + _ANSWER_KEY :], lambda answer, iv: iv + cipher.encrypt(iv, answer, None)


def open_body(
    header: bytes, openers: Sequence[Opener], body: bytes, *, app: str, operation: str, nonce: bytes, now_ms: int
) -> tuple[bytes, Opener, Seal]:
    """The body that the header `ALGORITHM KID` tells how to open; Stop."""
    for opener in openers:
        if opener.header == header and (opener.retires_ms is None or now_ms < opener.retires_ms):
            info = b"eden gateway 1 %b %b %b" % (app.encode(), operation.encode(), nonce)
            try:
                plain, seal = opener.open(body, info)
            except Unopened as error:
                raise Stop(UNREADABLE, str(error)) from None
            return plain, opener, seal
    raise Stop(UNREADABLE, "This app has no live key of this algorithm and kid.")
