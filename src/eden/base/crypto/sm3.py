"""SM3 (GB/T 32905-2016, ISO/IEC 10118-3) and what is built on it: HMAC (RFC 2104), HKDF (RFC 5869)."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SM3, Hash
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def sm3(data: bytes) -> bytes:
    """The digest: 32 bytes."""
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """The authentication code: 32 bytes."""
    code = HMAC(key, SM3())
    code.update(data)
    return code.finalize()


def hkdf_sm3(key: bytes, info: bytes, length: int) -> bytes:
    """`length` bytes derived from `key` without a salt."""
    return HKDF(algorithm=SM3(), length=length, salt=None, info=info).derive(key)
