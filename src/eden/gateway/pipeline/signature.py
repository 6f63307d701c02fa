"""Signatures of calls and answers: HMAC (RFC 2104) with SHA-256 or SM3 over what matters of them, docs/gateway-wire.md.

    EDEN1\n APP \n OPERATION \n METHOD \n TARGET \n TIME \n NONCE \n HEX(HASH(BODY))
    EDEN1R\n TRACE \n STATUS \n NONCE \n HEX(HASH(BODY))

A time within the window and a nonce that nobody had before make a call one that happens once. The nonce is taken only
when the signature is right: strangers cannot fill the memory of nonces.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from binascii import Error, a2b_base64
from collections.abc import Callable, Sequence
from functools import partial
from hmac import compare_digest

from cryptography.hazmat.primitives.hashes import SM3, Hash
from cryptography.hazmat.primitives.hmac import HMAC

from eden.gateway.exchange import Nonces
from eden.gateway.interfaces import Secret
from eden.gateway.pipeline.codes import (
    NO_SECRET,
    NO_SIGNATURE,
    NO_TIME,
    SIGNATURE_PARTS,
    SIGNATURE_TIME,
    SIGNATURE_WRONG,
    Stop,
)

NONCE = re.compile(rb"[A-Za-z0-9_-]{16,64}")


class Signer:
    """One secret, ready for use."""

    __slots__ = ("algorithm", "behind", "digest", "kid", "mac", "name", "retires_ms")

    def __init__(self, secret: Secret) -> None:
        self.kid = secret.kid.encode()
        self.algorithm = secret.algorithm.encode()
        #: what the header begins with
        self.name = self.algorithm + b" " + self.kid + b" "
        #: ms since 1970; it is not accepted from then on
        self.retires_ms = None if secret.retires_at is None else secret.retires_at // 1000
        self.digest: Callable[[bytes], str]
        #: text that is known before → the code of it and what comes behind it, 32 bytes
        self.behind: Callable[[bytes], Callable[[bytes], bytes]]
        if secret.algorithm == "hmac-sha256":
            self.digest, self.behind = _sha256, partial(hmac_sha256, secret.key)
        else:
            self.digest, self.behind = _sm3, partial(_hmac_sm3, secret.key)
        #: the code of bytes
        self.mac = self.behind(b"")

    def answered(self, trace: str, status: int, nonce: bytes, body: bytes) -> bytes:
        """The value of the header that signs an answer."""
        text = b"EDEN1R\n%b\n%d\n%b\n%b" % (trace.encode(), status, nonce, self.digest(body).encode())
        return self.name + b64encode(self.mac(text))


def beginning(app: str, operation: str, method: bytes, target: bytes) -> bytes:
    """What the text that is signed begins with: all that is known before the call is made."""
    return b"EDEN1\n%b\n%b\n%b\n%b\n" % (app.encode(), operation.encode(), method, target)


def verify(
    fields: dict[bytes, bytes],
    signers: Sequence[Signer],
    owner: bytes,
    begins: bytes,
    body: bytes,
    *,
    now_ms: int,
    window_ms: int,
    nonces: Nonces,
) -> tuple[Signer, bytes]:
    """Which secret signed the call, and its nonce; Stop. `owner`: of the nonce;
    `begins`: see `beginning`."""
    header = fields.get(b"x-eden-signature") or fields.get(b"sign")
    if not header:
        raise Stop(NO_SIGNATURE, "The header x-eden-signature is missing: ALGORITHM KID BASE64.")
    time = fields.get(b"x-eden-time") or fields.get(b"ts")
    if not time:
        raise Stop(NO_TIME, "The header x-eden-time is missing: milliseconds since 1970.")
    nonce = fields.get(b"x-eden-nonce", b"")
    if not is_nonce(nonce):
        raise _without_nonce()
    if len(time) > 16 or not time.isdigit():
        raise Stop(SIGNATURE_TIME, "The header x-eden-time has milliseconds since 1970, in digits.")
    at_ms = int(time)
    if not -window_ms <= at_ms - now_ms <= window_ms:
        raise Stop(SIGNATURE_TIME, f"The call was signed {abs(at_ms - now_ms) // 1000} s away from the time here.")
    for signer in signers:
        if header.startswith(signer.name) and (signer.retires_ms is None or now_ms < signer.retires_ms):
            known: tuple[Signer, ...] = (signer,)
            value = header[len(signer.name) :]
            break
    else:
        known, value = _candidates(fields, header, signers, now_ms)
    try:
        given = a2b_base64(value, strict_mode=True)
    except Error:
        raise Stop(SIGNATURE_PARTS, "The signature is not base64.") from None
    text = b"%b%b\n%b\n%b" % (begins, time, nonce, known[0].digest(body).encode())
    for signer in known:
        if compare_digest(signer.mac(text), given):
            if not nonces.take(owner + nonce, at_ms):
                raise Stop(SIGNATURE_WRONG, "This nonce was used before; each call has its own.")
            return signer, nonce
    raise Stop(SIGNATURE_WRONG, "The signature is not of this call.")


def _candidates(
    fields: dict[bytes, bytes], header: bytes, signers: Sequence[Signer], now_ms: int
) -> tuple[tuple[Signer, ...], bytes]:
    """The secrets that a header may be of which does not begin with the name of one: of clients of the commercial
    platform, which say no kid. And the value to compare; Stop."""
    words = header.split(b" ")
    if len(words) == 3:
        algorithm, kid, value = words
    elif len(words) == 1:
        algorithm, kid, value = fields.get(b"signtype", b"hmac-sha256").lower(), b"", header
    else:
        raise Stop(SIGNATURE_PARTS, "The header x-eden-signature has three parts: ALGORITHM KID BASE64.")
    try:
        a2b_base64(value, strict_mode=True)
    except Error:
        raise Stop(SIGNATURE_PARTS, "The signature is not base64.") from None
    known = tuple(
        signer
        for signer in signers
        if signer.algorithm == algorithm
        and (not kid or signer.kid == kid)
        and (signer.retires_ms is None or now_ms < signer.retires_ms)
    )
    if not known:
        raise Stop(NO_SECRET, "This app has no live secret of this algorithm and kid.")
    return known, value


def is_nonce(nonce: bytes) -> bool:
    """Whether it is as nonces are; most have letters and digits alone."""
    return 16 <= len(nonce) <= 64 and (nonce.isalnum() or NONCE.fullmatch(nonce) is not None)


def _without_nonce() -> Stop:
    return Stop(SIGNATURE_PARTS, "The header x-eden-nonce has 16 to 64 letters, digits, _ or -.")


def nonce_of(fields: dict[bytes, bytes]) -> bytes:
    """The call's nonce; Stop when there is none."""
    nonce = fields.get(b"x-eden-nonce", b"")
    if not is_nonce(nonce):
        raise _without_nonce()
    return nonce


def hmac_sha256(key: bytes, begins: bytes = b"") -> Callable[[bytes], bytes]:
    """HMAC with SHA-256 under one key, of texts that begin alike. That, and both of the key's own blocks, are hashed
    once, here."""
    key = key if len(key) <= 64 else hashlib.sha256(key).digest()
    padded = key.ljust(64, b"\0")
    inside = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + begins).copy
    outside = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded)).copy

    def mac(data: bytes) -> bytes:
        inner = inside()
        inner.update(data)
        outer = outside()
        outer.update(inner.digest())
        return outer.digest()

    return mac


def _hmac_sm3(key: bytes, begins: bytes) -> Callable[[bytes], bytes]:
    national = HMAC(key, SM3())
    national.update(begins)

    def mac(data: bytes) -> bytes:
        copy = national.copy()
        copy.update(data)
        return copy.finalize()

    return mac


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sm3(data: bytes) -> str:
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize().hex()
