"""What the keyboard does in a browser, without one: takes an offer, seals what was typed."""

from __future__ import annotations

import base64
import os
from typing import Any

import msgspec

from eden.base.crypto import HpkePublicKey, Sm2PublicKey, sm4_gcm_encrypt
from eden.keyboard.interfaces import Envelope, Form, OfferedKey, Statement
from eden.keyboard.rules import PLAIN_BYTES, Sealed, info, pack, write_sealed


def type_in(
    statement: Statement, typed: str, algorithm: str = "hpke-x25519", *, form: Form = "typed", **changed: Any
) -> Sealed:
    """A value sealed in the session; `changed`: fields of the envelope that are not the offer's."""
    key = next(key for key in statement.keys if key.algorithm == algorithm)
    fields = {name: getattr(statement, name) for name in _COPIED} | {"kid": key.kid, "form": form} | changed
    envelope = Envelope(**fields)
    plain = pack(envelope.kind, form, typed.encode(), os.urandom(PLAIN_BYTES))
    return Sealed(envelope, seal(key, info(envelope), plain))


def text(statement: Statement, typed: str, algorithm: str = "hpke-x25519", **changed: Any) -> str:
    return write_sealed(type_in(statement, typed, algorithm, **changed))


def seal(key: OfferedKey, bound: bytes, plain: bytes) -> bytes:
    public = base64.b64decode(key.public)
    if key.algorithm != "sm2-sm4":
        return HpkePublicKey(key.algorithm, public).seal(bound, plain)
    inner, iv = os.urandom(16), os.urandom(12)
    return Sm2PublicKey(public).encrypt(inner) + iv + sm4_gcm_encrypt(inner, iv, plain, bound)


def statement_of(offer: str) -> Statement:
    return msgspec.json.decode(offer, type=Statement)


_COPIED = ("session", "workspace", "app", "purpose", "user", "kind", "nonce", "issued", "expires")
