"""Values of the secure keyboard, as they stand in its tables and on its wire (docs/keyboard.md)."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

Kind: TypeAlias = Literal["pin", "password"]
#: of what is inside a sealed value: what was typed, or a digest of it that the program asked for (`custom-hash`)
Form: TypeAlias = Literal["typed", "digest"]
SealAlgorithm: TypeAlias = Literal["hpke-x25519", "hpke-p256", "sm2-sm4"]
#: `ed25519` signs offers, `aes-256` enciphers PIN blocks
KeyAlgorithm: TypeAlias = Literal["hpke-x25519", "hpke-p256", "sm2-sm4", "ed25519", "aes-256"]

SEAL_ALGORITHMS: tuple[SealAlgorithm, ...] = ("hpke-x25519", "hpke-p256", "sm2-sm4")

#: printable, without a line's end: fields are joined by line feeds where they are bound
_LINE = r"^[^\x00-\x1f\x7f]*$"
Word: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
#: of a person or an account, as the calling service names them
Reference: TypeAlias = Annotated[str, Meta(max_length=64, pattern=_LINE)]
Line: TypeAlias = Annotated[str, Meta(max_length=128, pattern=_LINE)]
Milliseconds: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]

WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
REFERENCE = re.compile(r"[^\x00-\x1f\x7f]{0,64}")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{0,64}")


class OfferedKey(msgspec.Struct, frozen=True):
    """What a value may be sealed to. `public`: base64 of the key as `eden.base.crypto` has it."""

    kid: str
    algorithm: SealAlgorithm
    public: str


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says about one showing of the keyboard; times in milliseconds since 1970."""

    version: int = 1
    session: str
    workspace: str
    app: str
    purpose: str
    user: str
    kind: Kind
    shortest: int
    longest: int
    nonce: str
    #: what the phone drew for this offer: an older one, recorded on the way, has another
    challenge: str
    issued: int
    expires: int
    keys: list[OfferedKey]


class Signature(msgspec.Struct, frozen=True):
    """Of one of the server's long-lived Ed25519 keys; `signature` in base64."""

    kid: str
    signature: str


class Offer(msgspec.Struct, frozen=True):
    """The answer of `GET /keyboard/v1/{workspace}/session`. `statement` is JSON as text: its bytes are signed."""

    statement: str
    signatures: list[Signature]


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The readable part of a sealed value; every field of it is bound into the sealing."""

    session: Annotated[str, Meta(min_length=43, max_length=43, pattern=r"^[A-Za-z0-9_-]*$")]
    workspace: Word
    app: Word
    purpose: Word
    user: Reference
    kind: Kind
    nonce: Annotated[str, Meta(min_length=22, max_length=22, pattern=r"^[A-Za-z0-9_-]*$")]
    issued: Milliseconds
    expires: Milliseconds
    kid: Word
    form: Form = "typed"
    #: what the program wanted bound, too: WeChat's time-stamp and nonce
    bound: Line = ""


class Purpose(msgspec.Struct, frozen=True, kw_only=True):
    """What values are asked for, and which services may have them: ids of tokens."""

    name: str
    kind: Kind
    shortest: int
    longest: int
    #: wrong tries in a row before an account is locked
    tries: int
    #: 0: until somebody unlocks it
    lock_seconds: int
    #: may have values checked
    verifiers: list[str]
    #: may have the values themselves
    openers: list[str]
    revision: int = 0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Of a check: nothing in it tells what was typed. `locked_until`: microseconds; -1: until it is unlocked."""

    verified: bool
    tries_left: int
    locked_until: int | None = None


class LogRow(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was done with a sealed value; `at` in microseconds."""

    id: str
    at: int
    actor: str
    action: str
    purpose: str
    account: str
    outcome: str


class OutcomeCount(msgspec.Struct, frozen=True):
    """How often something came of values of a purpose."""

    purpose: str
    action: str
    outcome: str
    times: int


class ServiceToken(msgspec.Struct, frozen=True):
    """A token that a purpose can name, with its scopes of the keyboard."""

    id: str
    name: str
    scopes: list[str]
