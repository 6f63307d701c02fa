"""Two connections that are one from now on: what was upgraded to another protocol, such as WebSocket.

Nothing of it is read here. A side that does not take what it is sent stops the reading from the other one; one that
ends ends both, after what it sent has arrived.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Tunnel:
    """Joins two transports, whose protocols it takes the place of. `idle` seconds without a byte end it; `on_end` is
    called once."""

    def __init__(
        self, client: asyncio.Transport, upstream: asyncio.Transport, idle: float, on_end: Callable[[], None]
    ) -> None:
        self._sides = [_Side(self, client), _Side(self, upstream)]
        self._loop = asyncio.get_running_loop()
        self._idle = idle
        self._on_end = on_end
        self._open = True
        self.deadline = 0.0
        for side, other in zip(self._sides, reversed(self._sides), strict=True):
            side.other = other.transport
            side.transport.set_protocol(side)
        self.stirred()
        for side in self._sides:
            side.transport.resume_reading()

    def stirred(self) -> None:
        self.deadline = self._loop.time() + self._idle

    def end(self) -> None:
        """Close both sides; what is on its way still goes out."""
        for side in self._sides:
            side.transport.close()
        self._closed()

    def abort(self) -> None:
        for side in self._sides:
            side.transport.abort()
        self._closed()

    def _closed(self) -> None:
        if self._open:
            self._open = False
            self._on_end()


class _Side(asyncio.Protocol):
    """One of the two; writes to the other one what it is sent."""

    def __init__(self, tunnel: Tunnel, transport: asyncio.Transport) -> None:
        self.tunnel = tunnel
        self.transport = transport
        self.other = transport

    def data_received(self, data: bytes) -> None:
        self.other.write(data)
        self.tunnel.stirred()

    def pause_writing(self) -> None:
        self.other.pause_reading()

    def resume_writing(self) -> None:
        if not self.other.is_closing():
            self.other.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self.tunnel.end()
