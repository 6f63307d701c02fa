"""What a film says of itself: MP4 and QuickTime (ISO/IEC 14496-12), read only as far as its duration and its size.

Pure, and bounded by the bytes that it is given: no picture is decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from msgspec import Struct

#: boxes of one level that are looked at; a phone's film has about ten
_MOST_BOXES = 200


class Film(Struct, frozen=True):
    """`seconds` it lasts; pixels of its largest picture."""

    seconds: float
    width: int
    height: int


def read(content: bytes) -> Film | None:
    """None for what is no such film, or has no picture in it."""
    boxes = list(_boxes(content, 0, len(content)))
    if not boxes or boxes[0][0] != b"ftyp":
        return None
    movie = next(((start, end) for kind, start, end in boxes if kind == b"moov"), None)
    if movie is None:
        return None
    seconds, sizes = 0.0, [(0, 0)]
    for kind, start, end in _boxes(content, *movie):
        if kind == b"mvhd":
            seconds = _duration(content[start:end])
        elif kind == b"trak":
            sizes += [
                _size(content[first:last]) for name, first, last in _boxes(content, start, end) if name == b"tkhd"
            ]
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return Film(seconds, width, height) if seconds > 0 and width and height else None


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Type, and where its content begins and ends, of the boxes between two places."""
    for _ in range(_MOST_BOXES):
        if start + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", content, start)
        head = 8
        if size == 1:
            if start + 16 > end:
                return
            (size,) = struct.unpack_from(">Q", content, start + 8)
            head = 16
        elif size == 0:
            size = end - start
        if size < head or start + size > end:
            return
        yield kind, start + head, start + size
        start += size


def _duration(head: bytes) -> float:
    """Of a movie header box."""
    form, place = (">IQ", 20) if head[:1] == b"\x01" else (">II", 12)
    if len(head) < place + struct.calcsize(form):
        return 0.0
    scale, duration = struct.unpack_from(form, head, place)
    return duration / scale if scale else 0.0


def _size(head: bytes) -> tuple[int, int]:
    """Of a track header box: its last eight bytes, as fixed-point numbers; nothing for sound."""
    if len(head) < 84:
        return 0, 0
    width, height = struct.unpack(">II", head[-8:])
    return width >> 16, height >> 16
