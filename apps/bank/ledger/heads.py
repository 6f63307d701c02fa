"""Signed tree heads: what the bank has said its whole journal is, in a form that witnesses of logs read.

A head is a checkpoint in a signed note (C2SP, tlog-checkpoint and signed-note), Ed25519:

    ORIGIN
    number of entries
    root, base64
    time MICROSECONDS
    (empty line)
    — ORIGIN base64(4 bytes that name the key || signature)

Keys stand in a file that is made at the first start and readable by its owner only; what verifiers need of them is
written beside it, with the ending `.pub`. A rotated key signs beside the new
one for a while, so that who knows only the old one can follow.
"""

from __future__ import annotations

import base64
import contextlib
import os
import tempfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bank.ledger.interfaces import LedgerError

#: microseconds that a rotated key goes on signing
OVERLAP = 30 * 86_400_000_000
_ED25519 = b"\x01"
_MARK = "— "


class SignedHead(msgspec.Struct, frozen=True):
    """A head: `size` entries with this root at this time (microseconds); `note` is the signed text."""

    size: int
    root: str
    at: int
    note: str


class HeadError(ValueError):
    """A note is no head, or not signed by who it should be; the sentence says which."""


def key_hash(origin: str, public: bytes) -> bytes:
    """The four bytes that name a key in a signature."""
    return sha256(origin.encode() + b"\n" + _ED25519 + public).digest()[:4]


def verifier_key(origin: str, public: bytes) -> str:
    """A public key as witnesses write it: `ORIGIN+8 hex digits+base64`."""
    return f"{origin}+{key_hash(origin, public).hex()}+{base64.b64encode(_ED25519 + public).decode()}"


def parse_verifier_key(text: str) -> tuple[str, bytes, bytes]:
    """Origin, the key's four bytes and the key. Raises HeadError."""
    origin, _, rest = text.strip().partition("+")
    named, _, encoded = rest.partition("+")
    try:
        public = base64.b64decode(encoded, validate=True)
    except ValueError:
        public = b""
    if len(public) != 33 or public[:1] != _ED25519 or key_hash(origin, public[1:]).hex() != named:
        raise HeadError(f"{text.strip()!r} is not the key of a ledger.")
    return origin, bytes.fromhex(named), public[1:]


class _Key(msgspec.Struct, frozen=True):
    """`seed`: the private key, hex. `until`: when it stops to sign; null for the newest."""

    seed: str
    since: int
    until: int | None = None


class _File(msgspec.Struct, frozen=True):
    origin: str
    keys: list[_Key]


class Keys:
    """The keys of one shard's heads, from their file."""

    def __init__(self, path: Path, file: _File) -> None:
        self._path = path
        self.public_path = path.with_name(f"{path.name}.pub")
        self.origin = file.origin
        self._take(file)

    def _take(self, file: _File) -> None:
        """Sign with these, and say where anybody may read it which they are: a public key in each line."""
        self._file = file
        self._private = [Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key.seed)) for key in file.keys]
        self.public_path.write_text("".join(f"{key}\n" for key in self.public()))

    @classmethod
    def at(cls, path: Path, origin: str, now: int) -> Keys:
        """From the file, which is made if there is none. Raises LedgerError when it cannot be read or made."""
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                # another process that starts now may have been faster: its keys are the ones
                with contextlib.suppress(FileExistsError):
                    _write(path, _File(origin, [_Key(os.urandom(32).hex(), now)]), os.link)
            return cls(path, msgspec.json.decode(path.read_bytes(), type=_File))
        except (OSError, ValueError) as error:
            raise LedgerError(
                "ledger-keys",
                f"The ledger's keys {path} cannot be used: {error}.",
                "Let the bank write its folder; if the file was damaged, put it back from a backup.",
            ) from error

    def rotate(self, now: int) -> str:
        """Make a new key; the one before signs beside it for `OVERLAP` more. The new one's public form."""
        kept = [
            msgspec.structs.replace(key, until=now + OVERLAP) if key.until is None else key for key in self._file.keys
        ]
        file = _File(self.origin, [*kept, _Key(os.urandom(32).hex(), now)])
        _write(self._path, file, os.replace)
        self._take(file)
        return self.public()[-1]

    def public(self) -> list[str]:
        """All keys there were, as verifiers need them, the newest last."""
        return [verifier_key(self.origin, each.public_key().public_bytes_raw()) for each in self._private]

    def sign(self, size: int, root: bytes, at: int) -> SignedHead:
        text = f"{self.origin}\n{size}\n{base64.b64encode(root).decode()}\ntime {at}\n"
        lines = []
        for key, private in zip(self._file.keys, self._private, strict=True):
            if key.until is None or at < key.until:
                named = key_hash(self.origin, private.public_key().public_bytes_raw())
                signed = base64.b64encode(named + private.sign(text.encode())).decode()
                lines.append(f"{_MARK}{self.origin} {signed}\n")
        return SignedHead(size, root.hex(), at, f"{text}\n{''.join(lines)}")


def _write(path: Path, file: _File, put: Callable[[str, Path], None]) -> None:
    """Whole or not at all, for the owner only. `put`: how what was written gets its name."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(msgspec.json.format(msgspec.json.encode(file)))
            target.flush()
            os.fsync(target.fileno())
        put(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def open_head(note: str, keys: Sequence[str]) -> SignedHead:
    """The head in a note. Raises HeadError unless each of its signatures, at least one, is by one of the keys.

    `keys` in their public form. Nothing is accepted in two spellings: a note that was touched is no head.
    """
    known = {(origin, named): public for origin, named, public in map(parse_verifier_key, keys)}
    text, gap, signatures = note.partition("\n\n")
    lines = signatures.split("\n")
    if not gap or lines[-1] or len(lines) < 2:
        raise HeadError("The head is not a signed note.")
    text += "\n"
    for line in lines[:-1]:
        origin, _, encoded = line.removeprefix(_MARK).partition(" ")
        signed = _decoded(encoded)
        public = known.get((origin, signed[:4]))
        if public is None or not line.startswith(_MARK):
            raise HeadError("The head is signed with a key that is not among the given ones.")
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signed[4:], text.encode())
        except InvalidSignature:
            raise HeadError("The head's signature is not right.") from None
    try:
        origin, size, root, time = text[:-1].split("\n")
        head = SignedHead(int(size), _decoded(root).hex(), int(time.removeprefix("time ")), note)
    except ValueError as error:
        raise HeadError("The head has not the lines that it should have.") from error
    if (origin, str(head.size), f"time {head.at}") not in {(each, size, time) for each, _ in known}:
        raise HeadError("The head is not of the ledger that the keys are for.")
    return head


def _decoded(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        raise HeadError("The head's base64 cannot be read.") from None
    if base64.b64encode(value).decode() != text:
        raise HeadError("The head's base64 has another spelling than the usual one.")
    return value
