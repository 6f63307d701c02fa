"""What a server process and its opener say to each other: frames of a length (4 bytes) and MessagePack."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from eden.keyboard.interfaces import Form, KeyAlgorithm, Kind

#: larger than any frame there is
LONGEST = 4_000_000


class KeyRow(msgspec.Struct, array_like=True, frozen=True):
    kid: str
    algorithm: KeyAlgorithm
    public: bytes
    kept: bytes


class Load(msgspec.Struct, tag="load", array_like=True, frozen=True):
    """All keys that there are; in place of those before."""

    keys: list[KeyRow]


class Make(msgspec.Struct, tag="make", array_like=True, frozen=True):
    """A new key; it is loaded, too."""

    algorithm: KeyAlgorithm
    kid: str


class Sign(msgspec.Struct, tag="sign", array_like=True, frozen=True):
    kid: str
    message: bytes


class Message(msgspec.Struct, array_like=True, frozen=True):
    """A sealed value."""

    kid: str
    info: bytes
    sealed: bytes
    kind: Kind
    form: Form
    shortest: int
    longest: int


class HashPassword(msgspec.Struct, tag="hash-password", array_like=True, frozen=True):
    """`again`: what was typed another time, which has to be the same."""

    message: Message
    again: Message | None = None


class CheckPassword(msgspec.Struct, tag="check-password", array_like=True, frozen=True):
    """`hashed`: empty when there is none; the answer then is no, after the same time."""

    message: Message
    hashed: str


class MakeBlock(msgspec.Struct, tag="make-block", array_like=True, frozen=True):
    """`again`: as of `HashPassword`."""

    message: Message
    kid: str
    account: str
    again: Message | None = None


class CheckBlock(msgspec.Struct, tag="check-block", array_like=True, frozen=True):
    """`kid`: of the reference; `newest`: under which it should be, so that keys can go."""

    message: Message
    kid: str
    reference: bytes
    account: str
    newest: str


class Deliver(msgspec.Struct, tag="deliver", array_like=True, frozen=True):
    """Seal the value anew, to a key (HPKE over X25519) of the service that may have it."""

    message: Message
    recipient: bytes
    info: bytes


Request: TypeAlias = Load | Make | Sign | HashPassword | CheckPassword | MakeBlock | CheckBlock | Deliver


class MadeKey(msgspec.Struct, tag="made", array_like=True, frozen=True):
    public: bytes
    kept: bytes


class Bytes(msgspec.Struct, tag="bytes", array_like=True, frozen=True):
    """A signature, a hash, a block, a delivery."""

    value: bytes


class Checked(msgspec.Struct, tag="checked", array_like=True, frozen=True):
    """`renewed`: the same reference, made as today; empty: it is already."""

    good: bool
    renewed: bytes


class Refused(msgspec.Struct, tag="refused", array_like=True, frozen=True):
    """`unopened`: nothing that was sealed to a key of ours for this; `length`: too short or too long for the purpose;
    `no-key`: the key has gone; `differs`: the second time was another; `recipient`: the service's key is none."""

    why: Literal["unopened", "length", "no-key", "differs", "recipient"]


Answer: TypeAlias = MadeKey | Bytes | Checked | Refused


class Asked(msgspec.Struct, array_like=True, frozen=True):
    number: int
    request: Request


class Answered(msgspec.Struct, array_like=True, frozen=True):
    number: int
    answer: Answer


def frame(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


class Frames:
    """Cuts what comes in into frames; ValueError when one is too long."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        rest = self._rest
        rest += data
        found, place = [], 0
        while len(rest) - place >= 4:
            end = place + 4 + int.from_bytes(rest[place : place + 4], "big")
            if end - place > LONGEST:
                raise ValueError("a frame is too long")
            if end > len(rest):
                break
            found.append(bytes(rest[place + 4 : end]))
            place = end
        del rest[:place]
        return found
