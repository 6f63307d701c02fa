"""The body of a request that does not come whole with its head: cut off what a client sends, bounded."""

from __future__ import annotations

from eden.gateway.proxy.framing import Chunks
from eden.gateway.proxy.lines import Refused


class Body:
    """`length` bytes, -1: in chunks; at most `limit`. `left` is 0 once all of it has come."""

    __slots__ = ("_chunks", "_limit", "left", "received")

    def __init__(self, length: int, limit: int) -> None:
        self._chunks = Chunks() if length < 0 else None
        self._limit = limit
        #: bytes that are to come; negative: nobody knows
        self.left = length
        self.received = 0

    def cut(self, data: bytes) -> tuple[list[bytes], bytes]:
        """The pieces of it in `data`, and what is behind it. Raises Refused."""
        rest = b""
        if self._chunks is not None:
            pieces = self._chunks.feed(data)
            self.received += sum(map(len, pieces))
            if self._chunks.done:
                self.left, rest = 0, self._chunks.rest
        else:
            piece = data[: self.left]
            pieces = [piece]
            self.received += len(piece)
            self.left -= len(piece)
            if not self.left:
                rest = data[len(piece) :]
        if self.received > self._limit:
            raise Refused(413, f"The body has more than {self._limit} bytes.")
        return pieces, rest
