"""Records in a segment: a mark, length, checksum, and a batch in MessagePack.

A process may be killed in the middle of a record. The checksum tells; what stands behind the last whole record of a
segment that nobody writes any more was never acknowledged. A damaged record in the middle (a bad disk) costs itself
only: reading goes on at the next mark whose record is whole.
"""

from __future__ import annotations

import struct
from typing import NamedTuple
from zlib import crc32

import msgspec

from eden.observe.interfaces import Accepted

#: the first bytes of a segment; the digit is the form's version
MAGIC = b"eden spool 1\n"
MARK = b"\x89edR"
#: mark, length of the payload, CRC-32 of the payload
_HEAD = struct.Struct("<4sII")
HEAD_BYTES = _HEAD.size
#: no batch is larger; a length above it is damage
MOST_BYTES = 1 << 30

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Accepted)


class Found(NamedTuple):
    """A whole record: where it begins, where the next one does, and what is in it."""

    begin: int
    end: int
    batch: Accepted


class Scan(NamedTuple):
    """What was found in a piece of a segment. `end`: up to where it has been read; `wanted`: bytes from there on that
    the next record has; 0 when there is none, or no whole one."""

    found: list[Found]
    end: int
    wanted: int


def encode(batch: Accepted) -> bytes:
    """The record of a batch."""
    payload = _ENCODER.encode(batch)
    return _HEAD.pack(MARK, len(payload), crc32(payload)) + payload


def scan(piece: bytes, offset: int) -> Scan:
    """The whole records in `piece`, which stands at `offset` in its segment and begins with a record. Reading stops at
    the first one that is not whole: it may just be being written."""
    found: list[Found] = []
    view = memoryview(piece)
    place, size, wanted = 0, len(piece), 0
    while size - place >= HEAD_BYTES:
        mark, length, checksum = _HEAD.unpack_from(piece, place)
        end = place + HEAD_BYTES + length
        if mark != MARK or length > MOST_BYTES:
            break
        if end > size:
            wanted = HEAD_BYTES + length
            break
        batch = _decode(view[place + HEAD_BYTES : end], checksum)
        if batch is None:
            break
        found.append(Found(offset + place, offset + end, batch))
        place = end
    return Scan(found, offset + place, wanted)


def _decode(payload: memoryview, checksum: int) -> Accepted | None:
    if crc32(payload) != checksum:
        return None
    try:
        return _DECODER.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # whole, and of another form: no reader of this version can do anything with it
        return None
