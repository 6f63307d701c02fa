"""Update checks over raw sockets, from a process of its own: `python -m bench._release_load` reads an order as JSON
from standard input and prints what it measured.

Each connection asks, waits for the answer and asks again (no pipelining). With a rate the requests have fixed
moments, and a request's time counts from its moment on: what waits because the server is slow is not forgotten.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from typing import Any

import msgspec
import uvloop


class Order(msgspec.Struct, frozen=True):
    """`requests` checks to `port` on `connections`; `rate` a second, 0: as many as go. `programs`: what a phone asks
    for, as JSON. Devices: `devices` numbers from `first` on, drawn or one after the other (`distinct`)."""

    port: int
    requests: int
    programs: list[dict[str, Any]]
    connections: int = 64
    rate: float = 0.0
    first: int = 0
    devices: int = 1
    distinct: bool = False
    timestamp: int = 0


class Measured(msgspec.Struct, frozen=True):
    """`seconds` of wall time; times of answers in ms; `changed`: answers that name a program."""

    seconds: float
    requests: int
    failed: int
    changed: int
    p50: float
    p99: float


CONTEXT = {
    "city": "上海", "device_model": "M2012K11AC", "platform": "android", "os_version": "14", "app_version": "3.2.0",
    "container_version": "1.0.0", "network": "wifi", "language": "zh-CN", "channel": "store", "tags": ["beta"],
    "user_id": "user-0000000",
}  # fmt: skip


def device(number: int) -> str:
    """The id of a known device, always as long."""
    return f"device-{number:025d}"


class _Connection(asyncio.Protocol):
    def __init__(self, done: asyncio.Queue[_Connection], load: _Load) -> None:
        self._done = done
        self._load = load
        self._parts = b""
        self.began = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self._parts:
            data = self._parts + data
        head = data.find(b"\r\n\r\n")
        if head > 0:
            at = data.index(b"content-length: ") + 16
            length = int(data[at : data.index(b"\r", at)])
            if len(data) >= head + 4 + length:
                self._parts = b""
                self._load.answered(self, data)
                return
        self._parts = data

    def connection_lost(self, error: Exception | None) -> None:
        self._load.failed += 1


class _Load:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.times: list[float] = []
        self.failed = 0
        self.changed = 0
        self._sent = 0
        self._finished = asyncio.Event()
        self._idle: asyncio.Queue[_Connection] = asyncio.Queue()
        body = msgspec.json.encode(
            {"device": device(0), "context": CONTEXT, "programs": order.programs, "timestamp": order.timestamp}
        )
        self._before, self._between, self._after = self._split(body)
        self._lots = random.Random(order.first)

    def _split(self, body: bytes) -> tuple[bytes, bytes, bytes]:
        head = (
            b"POST /device/v1/test/check HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)
        )
        before, rest = body.split(device(0).encode())
        between, after = rest.split(b"user-0000000")
        return head + before, between, after

    def request(self) -> bytes:
        order = self.order
        step = self._sent if order.distinct else self._lots.randrange(order.devices)
        number = order.first + step
        user = b"user-%07d" % (number % 10_000_000)
        return self._before + device(number).encode() + self._between + user + self._after

    def send(self, connection: _Connection, at: float) -> None:
        data = self.request()
        self._sent += 1
        connection.began = at
        assert connection.transport is not None
        connection.transport.write(data)

    def answered(self, connection: _Connection, data: bytes) -> None:
        self.times.append(time.perf_counter() - connection.began)
        if not data.startswith(b"HTTP/1.1 200"):
            self.failed += 1
        elif b'"programs":[{' in data:
            self.changed += 1
        if len(self.times) >= self.order.requests:
            self._finished.set()
        elif self.order.rate:
            self._idle.put_nowait(connection)
        elif self._sent < self.order.requests:
            self.send(connection, time.perf_counter())

    async def run(self) -> Measured:
        loop, order = asyncio.get_running_loop(), self.order
        connections = []
        for _ in range(order.connections):
            _, one = await loop.create_connection(lambda: _Connection(self._idle, self), "127.0.0.1", order.port)
            connections.append(one)
        began = time.perf_counter()
        if order.rate:
            for one in connections:
                self._idle.put_nowait(one)
            for number in range(order.requests):
                moment = began + number / order.rate
                if (pause := moment - time.perf_counter()) > 0:
                    await asyncio.sleep(pause)
                self.send(await self._idle.get(), moment)
        else:
            for one in connections[: order.requests]:
                self.send(one, time.perf_counter())
        await asyncio.wait_for(self._finished.wait(), 600)
        seconds = time.perf_counter() - began
        times = sorted(self.times)
        return Measured(
            seconds,
            len(times),
            self.failed,
            self.changed,
            times[len(times) // 2] * 1000,
            times[len(times) * 99 // 100] * 1000,
        )


async def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    sys.stdout.buffer.write(msgspec.json.encode(await _Load(order).run()))


if __name__ == "__main__":
    uvloop.run(main())
