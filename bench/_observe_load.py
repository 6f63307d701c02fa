"""Batches of reports over raw sockets, from a process of its own: `python -m bench._observe_load` reads an order as
JSON from standard input and prints what it measured.

Each connection sends, waits for the answer and sends again (no pipelining). With a rate the requests have fixed
moments, and a request's time counts from its moment on. Every batch has an id of its own; what was acknowledged is
counted, and told by name when that is asked for: nothing else may be in the store afterwards.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec
import uvloop

#: in templates: stands for the batch's id, 32 hexadecimal digits
BATCH = b"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
#: and for the time of sending, milliseconds
NOW = b"1111111111111"


class Order(msgspec.Struct, frozen=True):
    """`requests` posts to `path` on `connections`, bodies from the files `templates` in turn; `rate` a second, 0: as
    many as go; `seconds`: stop after that many, whatever is left. `first`: number of the first batch. `acknowledged`:
    file that gets the numbers of batches with an answer of 200."""

    port: int
    path: str
    templates: list[str]
    headers: dict[str, str]
    requests: int
    connections: int = 64
    rate: float = 0.0
    seconds: float = 600.0
    first: int = 0
    acknowledged: str = ""
    #: an answer that does not come is no failure of the measurement: the server is killed meanwhile
    patient: bool = False


class Measured(msgspec.Struct, frozen=True):
    """`seconds` of wall time, times of answers in ms, answers by status (0: none came)."""

    seconds: float
    statuses: dict[int, int]
    p50: float
    p99: float

    @property
    def good(self) -> int:
        return self.statuses.get(200, 0)


def batch_id(number: int) -> bytes:
    """The id of a batch by its number."""
    return b"%032x" % (number + (0xEDE << 100))


class _Connection(asyncio.Protocol):
    def __init__(self, load: _Load) -> None:
        self._load = load
        self._parts = b""
        self.transport: asyncio.Transport | None = None
        self.began = 0.0
        self.number = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self._parts:
            data = self._parts + data
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
        if self.number >= 0:
            self._load.answered(self, 0)


class _Load:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.times: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.acknowledged: list[int] = []
        self._sent = 0
        self._until = 0.0
        self._finished = asyncio.Event()
        self._idle: asyncio.Queue[_Connection] = asyncio.Queue()
        self._again: set[asyncio.Task[None]] = set()
        fields = "".join(f"{name}: {value}\r\n" for name, value in order.headers.items())
        self._heads, self._bodies = [], []
        for file in order.templates:
            body = Path(file).read_bytes()
            head = f"POST {order.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{fields}Content-Length: {len(body)}\r\n\r\n"
            self._heads.append(head.encode())
            self._bodies.append(body)
        self._turn = itertools.cycle(range(len(self._bodies)))

    def send(self, connection: _Connection, at: float) -> None:
        connection.began, connection.number = at, self.order.first + self._sent
        self._sent += 1
        which = next(self._turn)
        now = b"%d" % (time.time_ns() // 1_000_000)
        body = self._bodies[which].replace(BATCH, batch_id(connection.number)).replace(NOW, now)
        assert connection.transport is not None
        connection.transport.write(self._heads[which] + body)

    def answered(self, connection: _Connection, status: int) -> None:
        number, connection.number = connection.number, -1
        self.times.append(time.perf_counter() - connection.began)
        self.statuses[status] += 1
        if status == 200 and self.order.acknowledged:
            self.acknowledged.append(number)
        if sum(self.statuses.values()) >= self.order.requests or time.perf_counter() > self._until:
            self._finished.set()
        elif connection.transport is None:
            if not self.order.patient:
                self._finished.set()
                return
            self._begin_again()
        elif self.order.rate:
            self._idle.put_nowait(connection)
        elif self._sent < self.order.requests:
            self.send(connection, time.perf_counter())

    async def _waiting(self) -> _Connection:
        """A connection that waits and is still one: the server may have been killed meanwhile."""
        while (one := await self._idle.get()).transport is None:
            self._begin_again()
        return one

    def _begin_again(self) -> None:
        task = asyncio.ensure_future(self._reconnect())
        self._again.add(task)
        task.add_done_callback(self._again.discard)

    async def _reconnect(self) -> None:
        while not self._finished.is_set():
            try:
                connection = await self._connect()
            except OSError:
                await asyncio.sleep(0.05)
                continue
            if self.order.rate:
                self._idle.put_nowait(connection)
            elif self._sent < self.order.requests:
                self.send(connection, time.perf_counter())
            return

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        _, one = await loop.create_connection(lambda: _Connection(self), "127.0.0.1", self.order.port)
        return one

    async def run(self) -> Measured:
        order = self.order
        connections = [await self._connect() for _ in range(order.connections)]
        began = time.perf_counter()
        self._until = began + order.seconds
        if order.rate:
            for one in connections:
                self._idle.put_nowait(one)
            for number in range(order.requests):
                moment = began + number / order.rate
                if (pause := moment - time.perf_counter()) > 0:
                    await asyncio.sleep(pause)
                if self._finished.is_set():
                    break
                self.send(await self._waiting(), moment)
        else:
            for one in connections[: order.requests]:
                self.send(one, time.perf_counter())
        await asyncio.wait_for(self._finished.wait(), order.seconds + 60)
        seconds = time.perf_counter() - began
        times = sorted(self.times)
        return Measured(
            seconds, dict(self.statuses), times[len(times) // 2] * 1000, times[len(times) * 99 // 100] * 1000
        )


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    load = _Load(order)
    measured = uvloop.run(load.run())
    if order.acknowledged:
        Path(order.acknowledged).write_text("\n".join(map(str, load.acknowledged)), encoding="ascii")
    sys.stdout.buffer.write(msgspec.json.encode(measured))


if __name__ == "__main__":
    main()
