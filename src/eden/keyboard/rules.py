"""Sessions, sealed values and what is inside them. Pure: keys, times and randomness come in as arguments.

A session is not kept: its id is 16 random bytes and a code (HMAC-SHA256, 16 bytes) over everything that it is bound to,
so that asking for one costs the server no row. Only what comes back is remembered, until it has expired anyway.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import NamedTuple

import msgspec

from eden.base.problems import Problem
from eden.keyboard.interfaces import WORD, Envelope, Form, Kind, OfferedKey, Purpose, Statement

#: a value is padded to this, so that its length cannot be read off the message
PLAIN_BYTES = 144
_HEAD = 4
LONGEST = PLAIN_BYTES - _HEAD
_VERSION = 1
_KINDS: dict[tuple[Kind, Form], int] = {("pin", "typed"): 1, ("password", "typed"): 2, ("password", "digest"): 3}
_HEADS = {both: bytes([_VERSION, number]) for both, number in _KINDS.items()}
#: of a clock that is a little ahead
_SKEW_MS = 5_000
_PREFIX = "EK1."
#: of a sealed value as text; the longest has some 900
_LONGEST_TEXT = 4_000
_LONGEST_LOCK = 30 * 24 * 3600
_NO_SESSION = "The value was sealed in no session of this server."
_ENVELOPES = msgspec.json.Decoder(Envelope)


class Sealed(NamedTuple):
    """A sealed value, read."""

    envelope: Envelope
    message: bytes


class SealedRefused(Problem):
    """`reason`: a word for the log."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__("sealed-refused", sentence, "Have the person type it again.")
        self.reason = reason


def refused(reason: str, sentence: str) -> SealedRefused:
    """One code for everything that is wrong with a sealed value; the sentence tells the service, not the person."""
    return SealedRefused(reason, sentence)


def check_purpose(purpose: Purpose) -> list[tuple[str, str]]:
    """What is wrong with a purpose that somebody wrote: fields, and words for what it is."""
    found = []
    if not WORD.fullmatch(purpose.name):
        found.append(("name", "name"))
    least, most = (4, 12) if purpose.kind == "pin" else (1, LONGEST)
    if not least <= purpose.shortest <= purpose.longest <= most:
        found.append(("shortest", "length"))
    if not 1 <= purpose.tries <= 100:
        found.append(("tries", "tries"))
    if not 0 <= purpose.lock_seconds <= _LONGEST_LOCK:
        found.append(("lock_seconds", "lock"))
    return found


def new_statement(
    code_key: bytes,
    *,
    workspace: str,
    app: str,
    user: str,
    purpose: Purpose,
    keys: list[OfferedKey],
    challenge: str,
    issued: int,
    seconds: int,
    random: bytes,
) -> Statement:
    """A session of `seconds` from `issued` (milliseconds) on; `random`: 32 bytes."""
    nonce, expires = text64(random[16:32]), issued + seconds * 1000
    code = _code(code_key, random[:16], workspace, app, user, purpose.name, purpose.kind, nonce, issued, expires)
    return Statement(
        session=text64(random[:16] + code), workspace=workspace, app=app, purpose=purpose.name, user=user,
        kind=purpose.kind, shortest=purpose.shortest, longest=purpose.longest, nonce=nonce, challenge=challenge,
        issued=issued, expires=expires, keys=keys,
    )  # fmt: skip


def signed_bytes(statement: str) -> bytes:
    """What the server's long-lived key signs."""
    return b"eden keyboard offer 1\n" + statement.encode()


def read_sealed(text: str) -> Sealed:
    """`EK1.HEADER.MESSAGE`, both base64url. Problem `sealed-refused` when it is anything else."""
    parts = text.removeprefix(_PREFIX).split(".") if text.startswith(_PREFIX) and len(text) <= _LONGEST_TEXT else []
    if len(parts) != 2:
        raise refused("malformed", "This is no sealed value of the keyboard.")
    try:
        return Sealed(_ENVELOPES.decode(bytes64(parts[0])), bytes64(parts[1]))
    except (ValueError, RecursionError):
        raise refused("malformed", "This is no sealed value of the keyboard.") from None


def write_sealed(sealed: Sealed) -> str:
    """As the keyboard writes it."""
    return f"{_PREFIX}{text64(msgspec.json.encode(sealed.envelope))}.{text64(sealed.message)}"


def check_session(
    envelope: Envelope, code_key: bytes, at: int, *, workspace: str, purpose: Purpose, app: str | None,
    user: str | None, bound: str | None,
) -> None:  # fmt: skip
    """Whether it was sealed in a session of this server, for what it is now used for; `at` in milliseconds.

    `app`, `user` and `bound` are what the service expects; None: it has no expectation. Problem `sealed-refused`.
    """
    if envelope.workspace != workspace or envelope.purpose != purpose.name or envelope.kind != purpose.kind:
        raise refused("other-purpose", "The value was sealed for another purpose.")
    if app is not None and envelope.app != app:
        raise refused("other-app", "The value was sealed for another app.")
    if user is not None and envelope.user != user:
        raise refused("other-person", "The value was sealed for another person.")
    if bound is not None and envelope.bound != bound:
        raise refused("other-bound", "The value was sealed for something else than it is sent with.")
    try:
        raw = bytes64(envelope.session)
    except ValueError:
        raise refused("no-session", _NO_SESSION) from None
    code = _code(
        code_key, raw[:16], envelope.workspace, envelope.app, envelope.user, envelope.purpose, envelope.kind,
        envelope.nonce, envelope.issued, envelope.expires,
    )  # fmt: skip
    if not hmac.compare_digest(code, raw[16:]):
        raise refused("no-session", _NO_SESSION)
    if not envelope.issued - _SKEW_MS <= at < envelope.expires:
        raise refused("ended", "The session of the value has ended.")


def info(envelope: Envelope) -> bytes:
    """What the sealing is bound to: HPKE's `info`, the associated data of SM4-GCM."""
    fields = (
        "eden keyboard 1", envelope.workspace, envelope.session, envelope.app, envelope.user, envelope.purpose,
        envelope.kind, envelope.form, envelope.nonce, str(envelope.issued), str(envelope.expires), envelope.kid,
        envelope.bound,
    )  # fmt: skip
    return "\n".join(fields).encode()


def pack(kind: Kind, form: Form, value: bytes, padding: bytes) -> bytes:
    """What is sealed: version, kind, length (2 bytes), the value, padding to `PLAIN_BYTES`."""
    head = bytes([_VERSION, _KINDS[kind, form]]) + len(value).to_bytes(2, "big")
    return (head + value + padding)[:PLAIN_BYTES]


def unpack(plain: bytes, kind: Kind, form: Form) -> bytes:
    """The value inside; ValueError when it is not what the envelope says. A PIN has 4 to 12 digits."""
    length = int.from_bytes(plain[2:4], "big")
    if len(plain) != PLAIN_BYTES or plain[:2] != _HEADS.get((kind, form)) or length > LONGEST:
        raise ValueError("the inside of a sealed value is malformed")
    value = plain[_HEAD : _HEAD + length]
    if kind == "pin" and not (4 <= length <= 12 and value.isdigit()):
        raise ValueError("a PIN has 4 to 12 digits")
    if kind == "password" and not (length and all(0x20 <= byte <= 0x7E for byte in value)):
        raise ValueError("a password has printable characters")
    return value


def _code(key: bytes, random: bytes, *bound: str | int) -> bytes:
    text = "\n".join(("eden keyboard session 1", text64(random), *(str(field) for field in bound)))
    return hmac.new(key, text.encode(), hashlib.sha256).digest()[:16]


def text64(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def bytes64(text: str) -> bytes:
    """The bytes of base64url without padding; ValueError when it is none, or not in its one form."""
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if text64(raw) != text:
        raise ValueError("not in its one form")
    return raw
