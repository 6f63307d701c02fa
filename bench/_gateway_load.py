"""Calls over raw sockets, from a process of its own: `python -m bench._gateway_load` reads an order as JSON from
standard input and prints what it measured.

Each connection sends, waits for the answer and sends again. With a rate the calls have fixed moments, and a call's time
counts from its moment on. Every call is signed anew (`sign`), as the gateway takes a nonce once; proxies that know
nothing of signatures are sent the same bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import time
from collections import Counter

import msgspec
import uvloop

from bench._gateway_caller import Line, middle_and_tail, signed


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
    """Wall time in seconds, times of answers in ms, answers by status (0: none came). `slow`: those of a millisecond or
    more, each with the moment when it was due (`time.perf_counter`, which is the machine's) and its time in ms."""

    seconds: float
    statuses: dict[int, int]
    p50: float
    p99: float
    slow: list[tuple[float, float]]


class _Load:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._times: list[float] = []
        self._slow: list[tuple[float, float]] = []
        self._statuses: Counter[int] = Counter()
        self._sent = 0
        self._finished = asyncio.Event()
        self._idle: asyncio.Queue[Line] = asyncio.Queue()
        self._digest = hashlib.sha256(order.body).hexdigest()
        self._prefix = os.urandom(8).hex()

    def _call(self) -> bytes:
        order = self._order
        device, nonce = "0f3a9c1d5b7e42688f10aa2233445566", f"{self._prefix}{self._sent:016x}"
        ours = signed(order.app, order.kid, order.secret, order.operation, device, nonce, self._digest)
        return (
            f"POST /rpc/{order.operation} HTTP/1.1\r\nHost: bank.example\r\nUser-Agent: eden/1.0 (Android 14)\r\n"
            f"Accept: application/json\r\nContent-Type: application/json\r\n{ours}"
            f"Content-Length: {len(order.body)}\r\n\r\n"
        ).encode() + order.body

    def send(self, line: Line, at: float) -> None:
        call = self._call()
        self._sent += 1
        line.send(call, at)

    def answered(self, line: Line, status: int) -> None:
        took = time.perf_counter() - line.began
        self._times.append(took)
        if took >= 0.001:
            self._slow.append((line.began, took * 1000))
        self._statuses[status] += 1
        if len(self._times) >= self._order.calls or not line.is_open:
            self._finished.set()
        elif self._order.rate:
            self._idle.put_nowait(line)
        elif self._sent < self._order.calls:
            self.send(line, time.perf_counter())

    async def run(self) -> Measured:
        order, loop = self._order, asyncio.get_running_loop()
        for _ in range(order.connections):
            _, one = await loop.create_connection(lambda: Line(self.answered), "127.0.0.1", order.port)
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
        return Measured(time.perf_counter() - began, dict(self._statuses), *middle_and_tail(self._times), self._slow)


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    measured = uvloop.run(_Load(order).run())
    # not sys.stdout: with PYTHONUNBUFFERED it writes what the pipe takes at once, and no more
    with open(1, "wb", closefd=False) as out:
        out.write(msgspec.json.encode(measured))


if __name__ == "__main__":
    main()
