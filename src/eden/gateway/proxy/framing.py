"""Bodies in chunks (RFC 9112, section 7.1), cut strictly; extensions of a few bytes and trailers are dropped."""

from __future__ import annotations

import re
from typing import Final

from eden.gateway.proxy.lines import SINGLE, Refused, field_of

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
#: extensions without white space around them: not all readers take it for the same
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})((?:;%b(?:=(?:%b|\"[\t !#-\[\]-~]*\"))?)*)\r\n" % (_TOKEN, _TOKEN))
#: longest extensions, and line with a chunk's size
_EXTENSIONS = 128
_SIZE_LINE = 8 + _EXTENSIONS + 2
#: all lines of trailers together; they are dropped
_TRAILERS = 4096
#: so many chunks may be as short as they like; of more, the average has to be worth its line
_FREE_CHUNKS, _LEAST_AVERAGE = 256, 8


class Chunks:
    """Takes the chunks of one body apart. `done` once the last one has come; `rest` is what came after it."""

    __slots__ = ("_buffer", "_count", "_left", "_total", "_trailers", "done", "rest")

    def __init__(self) -> None:
        self._buffer = b""
        #: of the chunk that is being read, with the CR LF behind it; 0: a size comes; -1: trailers
        self._left = 0
        self._count = 0
        self._total = 0
        self._trailers = 0
        self.done = False
        self.rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Pieces of the body in `data`. Raises Refused."""
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        pieces: list[bytes] = []
        at, end = 0, len(data)
        while at < end and not self.done:
            if self._left > 2:
                piece = data[at : at + self._left - 2]
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
            elif self._left > 0:
                # CR LF behind the chunk
                if data[at] != (13 if self._left == 2 else 10):
                    raise Refused(400, "A chunk is longer than it said.")
                at += 1
                self._left -= 1
            elif self._left == 0:
                at = self._size(data, at)
            else:
                at = self._trailer(data, at)
            if at < 0:
                break
        if self.done:
            self.rest = data[at:]
        return pieces

    def _size(self, data: bytes, at: int) -> int:
        found = _SIZE.match(data, at)
        if found is None or len(found[2]) > _EXTENSIONS:
            if found is not None or data.find(b"\n", at, at + _SIZE_LINE) >= 0 or len(data) - at >= _SIZE_LINE:
                raise Refused(400, "A chunk does not say its size.")
            self._buffer = data[at:]
            return -1
        size = int(found[1], 16)
        self._count += 1
        self._total += size
        if self._count > _FREE_CHUNKS and self._total < self._count * _LEAST_AVERAGE:
            raise Refused(400, "The chunks are too short.")
        self._left = size + 2 if size else -1
        return found.end()

    def _trailer(self, data: bytes, at: int) -> int:
        end = data.find(b"\r\n", at)
        self._trailers += (end if end >= 0 else len(data)) - at
        if self._trailers > _TRAILERS:
            raise Refused(431, "The trailers are too long.")
        if end < 0:
            self._trailers -= len(data) - at
            self._buffer = data[at:]
            return -1
        if end == at:
            self.done = True
        else:
            # dropped, but no less strictly read than a header
            name, _ = field_of(data[at:end])
            if name in SINGLE:
                raise Refused(400, "A trailer says what only a header may.")
        return end + 2


def chunk(data: bytes) -> bytes:
    """One chunk; `data` is not empty (that would be the last one)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK: Final = b"0\r\n\r\n"
