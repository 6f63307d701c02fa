"""What callers of the gateway have in common: a connection that makes one call after the other, and how a call is
signed."""

from __future__ import annotations

import asyncio
import hmac
import time
from base64 import b64encode
from collections.abc import Callable


class Line(asyncio.Protocol):
    """One connection, with one call at a time. `answered` is told of each its status, 0 where none came."""

    def __init__(self, answered: Callable[[Line, int], None]) -> None:
        self._answered = answered
        self._transport: asyncio.Transport | None = None
        self._parts = b""
        self._waits = False
        #: the moment that a call's time counts from
        self.began = 0.0

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def send(self, call: bytes, began: float) -> None:
        assert self._transport is not None
        self.began, self._waits = began, True
        self._transport.write(call)

    def data_received(self, data: bytes) -> None:
        data = self._parts + data if self._parts else data
        head = data.find(b"\r\n\r\n")
        if head > 0:
            at = data.lower().find(b"content-length: ", 0, head)
            length = int(data[at + 16 : data.index(b"\r", at)]) if at > 0 else 0
            if len(data) >= head + 4 + length:
                self._parts, self._waits = b"", False
                self._answered(self, int(data[9:12]))
                return
        self._parts = data

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._waits:
            self._answered(self, 0)


def signed(app: str, kid: str, secret: bytes, operation: str, device: str, nonce: str, digest: str) -> str:
    """The gateway's headers of a POST now, of a body with this SHA-256 in hexadecimal digits."""
    at = time.time_ns() // 1_000_000
    text = f"EDEN1\n{app}\n{operation}\nPOST\n\n{at}\n{nonce}\n{digest}".encode()
    code = b64encode(hmac.digest(secret, text, "sha256")).decode()
    return (
        f"x-eden-app: {app}\r\nx-eden-device: {device}\r\nx-eden-time: {at}\r\nx-eden-nonce: {nonce}\r\n"
        f"x-eden-signature: hmac-sha256 {kid} {code}\r\n"
    )


def middle_and_tail(seconds: list[float]) -> tuple[float, float]:
    """p50 and p99 in milliseconds."""
    times = sorted(seconds)
    return times[len(times) // 2] * 1000, times[len(times) * 99 // 100] * 1000
