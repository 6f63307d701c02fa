"""Calls over raw sockets, from a process of its own: `python -m bench._gateway_load` reads an order as JSON from
standard input and prints what it measured.

Each connection sends, waits for the answer and sends again. With a rate the calls have fixed moments, and a call's time
counts from its moment on. Every call is signed anew (`sign`), as the gateway takes a nonce once; proxies that know
nothing of signatures are sent the same bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import sys
import time
from base64 import b64encode
from collections import Counter

import msgspec
import uvloop


class Order(msgspec.Struct, frozen=True):
    """`calls` of `operation` on `connections`, at `rate` a second (0: as many as go)."""

    port: int
    operation: str
    app: str
    kid: str
    secret: bytes
    calls: int
    connections: int = 64
    rate: float = 0.0
    body: bytes = b'{"account": "6222021234567890", "from": "2026-01-01"}'


class Measured(msgspec.Struct, frozen=True):
    """Wall time in seconds, times of answers in ms, answers by status (0: none came)."""

    seconds: float
    statuses: dict[int, int]
    p50: float
    p99: float


class _Connection(asyncio.Protocol):
    def __init__(self, load: _Load) -> None:
        self._load = load
        self._parts = b""
        self.transport: asyncio.Transport | None = None
        self.began = 0.0
        self.waits = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        data = self._parts + data if self._parts else data
        head = data.find(b"\r\n\r\n")
        if head > 0:
            at = data.lower().find(b"content-length: ", 0, head)
            length = int(data[at + 16 : data.index(b"\r", at)]) if at > 0 else 0
            if len(data) >= head + 4 + length:
                self._parts = b""
                self._load.answered(self, int(data[9:12]))
                return
        self._parts = data

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self.waits:
            self._load.answered(self, 0)


class _Load:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._times: list[float] = []
        self._statuses: Counter[int] = Counter()
        self._sent = 0
        self._finished = asyncio.Event()
        self._idle: asyncio.Queue[_Connection] = asyncio.Queue()
        self._digest = hashlib.sha256(order.body).hexdigest()
        self._prefix = os.urandom(8).hex()

    def _call(self) -> bytes:
        order = self._order
        at, nonce = time.time_ns() // 1_000_000, f"{self._prefix}{self._sent:016x}"
        text = f"EDEN1\n{order.app}\n{order.operation}\nPOST\n\n{at}\n{nonce}\n{self._digest}".encode()
        code = b64encode(hmac.digest(order.secret, text, "sha256")).decode()
        return (
            f"POST /rpc/{order.operation} HTTP/1.1\r\nHost: bank.example\r\nUser-Agent: eden/1.0 (Android 14)\r\n"
            f"Accept: application/json\r\nContent-Type: application/json\r\nx-eden-app: {order.app}\r\n"
            f"x-eden-device: 0f3a9c1d5b7e42688f10aa2233445566\r\nx-eden-time: {at}\r\nx-eden-nonce: {nonce}\r\n"
            f"x-eden-signature: hmac-sha256 {order.kid} {code}\r\nContent-Length: {len(order.body)}\r\n\r\n"
        ).encode() + order.body

    def send(self, connection: _Connection, at: float) -> None:
        call = self._call()
        self._sent += 1
        connection.began, connection.waits = at, True
        assert connection.transport is not None
        connection.transport.write(call)

    def answered(self, connection: _Connection, status: int) -> None:
        connection.waits = False
        self._times.append(time.perf_counter() - connection.began)
        self._statuses[status] += 1
        if len(self._times) >= self._order.calls or connection.transport is None:
            self._finished.set()
        elif self._order.rate:
            self._idle.put_nowait(connection)
        elif self._sent < self._order.calls:
            self.send(connection, time.perf_counter())

    async def run(self) -> Measured:
        order, loop = self._order, asyncio.get_running_loop()
        for _ in range(order.connections):
            _, one = await loop.create_connection(lambda: _Connection(self), "127.0.0.1", order.port)
            self._idle.put_nowait(one)
        began = time.perf_counter()
        if order.rate:
            for number in range(order.calls):
                moment = began + number / order.rate
                if (pause := moment - time.perf_counter()) > 0:
                    await asyncio.sleep(pause)
                if self._finished.is_set():
                    break
                self.send(await self._idle.get(), moment)
        else:
            while not self._idle.empty() and self._sent < order.calls:
                self.send(self._idle.get_nowait(), time.perf_counter())
        await asyncio.wait_for(self._finished.wait(), 300)
        times = sorted(self._times)
        p50, p99 = (times[len(times) * share // 100] * 1000 for share in (50, 99))
        return Measured(time.perf_counter() - began, dict(self._statuses), p50, p99)


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(_Load(order).run())))


if __name__ == "__main__":
    main()
