"""Random secrets that a client holds and the store knows only as a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets

#: 256 bits: guessing is out of the question, so a plain hash is enough and needs no salt
_BYTES = 32


def new_secret(prefix: str = "") -> str:
    """URL-safe text with 256 random bits."""
    return prefix + secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str:
    """SHA-256 as hex: the form in which secrets are stored and looked up."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Equality that takes the same time wherever the difference is."""
    return hmac.compare_digest(left.encode(), right.encode())
