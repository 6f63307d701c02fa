"""What server processes and the insight process say to each other on the local socket.

A frame is a letter and a length of four bytes (little-endian), then so many bytes. A connection carries one request at
a time: `Q` and a request in MessagePack; then any number of `D` with the answer's bytes, and `E` with `Ended` or `F`
with `Failed`. Whoever closes the connection before that stops the request.
"""

from __future__ import annotations

import asyncio
import struct
from typing import Any, TypeAlias

import msgspec

from eden.observe.insight.engine import Limits

REQUEST, DATA, ENDED, FAILED = b"Q", b"D", b"E", b"F"
#: bytes of one frame of an answer
PIECE = 1 << 18
#: of any other frame: SQL with its parameters (lists of ids)
LONGEST = 64 << 20
_HEAD = struct.Struct("<cI")


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The first request of a connection that tells of a living server process; `edition` as the process has it."""

    edition: str


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """`app`: the question sees the rows of this app only."""

    sql: str
    parameters: dict[str, Any]
    form: str
    limits: Limits
    settings: dict[str, Any]
    app: int | None


class Look(msgspec.Struct, frozen=True, tag="status"):
    """How is the store? The answer is a `Status` in JSON."""


class Settle(msgspec.Struct, frozen=True, tag="settle"):
    """Answered when everything acknowledged before is queryable or in quarantine."""

    seconds: float


class Erase(msgspec.Struct, frozen=True, tag="erase"):
    """Forget what is of a person up to `before` (microseconds)."""

    app: int
    person: str
    before: int


Request: TypeAlias = Hello | Ask | Look | Settle | Erase


class Ended(msgspec.Struct, frozen=True):
    """`seconds` that the engine worked."""

    seconds: float = 0.0


class Failed(msgspec.Struct, frozen=True):
    """`number` of a StoreError, 0 for other errors; `limit`: which one was reached, else ""."""

    number: int
    sentence: str
    limit: str = ""


_decoder: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)


def request(data: bytes) -> Request:
    """Raises msgspec.MsgspecError."""
    return _decoder.decode(data)


def frame(kind: bytes, content: object) -> bytes:
    """`content` is bytes, or what goes as MessagePack."""
    data = content if isinstance(content, bytes) else msgspec.msgpack.encode(content)
    return _HEAD.pack(kind, len(data)) + data


async def read_frame(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Kind and content. Raises EOFError at the end of the connection, OSError."""
    kind, size = _HEAD.unpack(await reader.readexactly(_HEAD.size))
    if size > LONGEST:
        raise EOFError("a frame is too long")
    return kind, await reader.readexactly(size)
