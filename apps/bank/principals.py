"""Who a request is of, as the gateway hands it on.

The gateway asks the bank once per session (`eden.bank.identity.session.check`), keeps the answer for a while and sends
it with each request in `x-eden-principal`. The bank has signed it, so nothing that can reach the bank's port can make
one up, and none is valid for longer than the gateway may keep it.
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HEADER = b"x-eden-principal"
#: the gateway keeps an answer for less (gateway.toml: cache_s), then asks again
SECONDS = 300

_MICROSECONDS = 1_000_000


class Principals:
    """Makes and reads them; `secret` is the bank's."""

    def __init__(self, secret: bytes) -> None:
        self._key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"bank principal").derive(secret)

    def make(self, customer: str, at: int) -> str:
        """For a customer, from `at` (µs) on."""
        text = f"{customer}.{at // _MICROSECONDS + SECONDS}"
        return f"{text}.{self._mac(text)}"

    def read(self, principal: str, at: int) -> str | None:
        """The customer, unless it is not one of ours, or too old."""
        text, _, mac = principal.rpartition(".")
        customer, _, until = text.partition(".")
        # as bytes: a header may have characters that are not ASCII
        if not hmac.compare_digest(mac.encode(), self._mac(text).encode()) or not until.isdigit():
            return None
        return customer if int(until) * _MICROSECONDS >= at else None

    def _mac(self, text: str) -> str:
        # keyed BLAKE2b (RFC 7693): unlike HMAC it does not give the interpreter away to another thread in every request
        return hashlib.blake2b(text.encode(), key=self._key, digest_size=32).hexdigest()
