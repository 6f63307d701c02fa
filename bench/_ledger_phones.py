"""Phones that pay at tills through the gateway, from a process of its own: `python -m bench._ledger_phones` reads an
order as JSON from standard input and prints what it measured, its own processor time too.

Each connection sends a payment, waits for the answer and sends the next: signed anew, with a new key, of the next
person's next account.
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
from functools import partial
from random import Random

import msgspec
import uvloop

from eden.base.ids import new_id

OPERATION = "eden.bank.payment.purchase.create"


class Person(msgspec.Struct, frozen=True):
    """A customer with a phone that is signed in."""

    token: str
    accounts: list[str]


class Order(msgspec.Struct, frozen=True):
    """So many `calls` on `connections`; `shops`: numbers of their accounts."""

    port: int
    app: str
    kid: str
    secret: bytes
    calls: int
    connections: int
    people: list[Person]
    shops: list[str]


class Measured(msgspec.Struct, frozen=True):
    """Wall time and processor time of this process in seconds, times of answers in ms, answers by status (0: none
    came), cents that were paid."""

    seconds: float
    cpu_s: float
    p50: float
    p99: float
    statuses: dict[int, int]
    paid: int


class _Phone(asyncio.Protocol):
    def __init__(self, load: _Load, people: list[tuple[int, Person]]) -> None:
        self._load, self._people = load, people
        self._parts = b""
        self._sent = 0
        self._amount, self._began = 0, 0.0
        self._waits = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def pay(self) -> None:
        number, person = self._people[self._sent % len(self._people)]
        account = person.accounts[self._sent // len(self._people) % len(person.accounts)]
        self._sent += 1
        self._amount = self._load.random.randrange(1, 100)
        call = self._load.call(number, person.token, account, self._amount)
        self._waits, self._began = True, time.perf_counter()
        self._transport.write(call)

    def data_received(self, data: bytes) -> None:
        data = self._parts + data if self._parts else data
        head = data.find(b"\r\n\r\n")
        if head > 0:
            at = data.lower().find(b"content-length: ", 0, head)
            length = int(data[at + 16 : data.index(b"\r", at)]) if at > 0 else 0
            if len(data) >= head + 4 + length:
                self._parts, self._waits = b"", False
                if self._load.answered(int(data[9:12]), self._began, self._amount):
                    self.pay()
                return
        self._parts = data

    def connection_lost(self, error: Exception | None) -> None:
        if self._waits:
            self._load.answered(0, self._began, 0)


class _Load:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._times: list[float] = []
        self._statuses: Counter[int] = Counter()
        self._paid = 0
        self._left = order.calls
        self._ended = asyncio.Event()
        self._prefix = os.urandom(8).hex()
        self.random = Random()

    def call(self, person: int, token: str, account: str, amount: int) -> bytes:
        order, at = self._order, time.time_ns() // 1_000_000
        self._left -= 1
        nonce = f"{self._prefix}{self._left:016x}"
        shop = order.shops[self._left % len(order.shops)]
        body = b'{"account":"%b","shop":"%b","amount":%d}' % (account.encode(), shop.encode(), amount)
        digest = hashlib.sha256(body).hexdigest()
        text = f"EDEN1\n{order.app}\n{OPERATION}\nPOST\n\n{at}\n{nonce}\n{digest}".encode()
        code = b64encode(hmac.digest(order.secret, text, "sha256")).decode()
        return (
            f"POST /rpc/{OPERATION} HTTP/1.1\r\nHost: bank.example\r\nUser-Agent: eden/1.0 (Android 14)\r\n"
            f"Accept: application/json\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}\r\n"
            f"Idempotency-Key: {new_id()}\r\nx-eden-app: {order.app}\r\nx-eden-device: phone-{person:026d}\r\n"
            f"x-eden-time: {at}\r\nx-eden-nonce: {nonce}\r\nx-eden-signature: hmac-sha256 {order.kid} {code}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body

    def answered(self, status: int, began: float, amount: int) -> bool:
        """Whether there is more to do."""
        self._times.append(time.perf_counter() - began)
        self._statuses[status] += 1
        self._paid += amount if status == 200 else 0
        if len(self._times) == self._order.calls:
            self._ended.set()
        return self._left > 0

    async def run(self) -> Measured:
        order, loop = self._order, asyncio.get_running_loop()
        people = list(enumerate(order.people))
        phones = []
        for number in range(order.connections):
            of_it = people[number :: order.connections]
            _, phone = await loop.create_connection(partial(_Phone, self, of_it), "127.0.0.1", order.port)
            phones.append(phone)
        began, cpu = time.perf_counter(), time.process_time()
        for phone in phones[: order.calls]:
            phone.pay()
        await asyncio.wait_for(self._ended.wait(), 300)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        times = sorted(self._times)
        p50, p99 = (times[len(times) * share // 100] * 1_000 for share in (50, 99))
        return Measured(seconds, cpu, p50, p99, dict(self._statuses), self._paid)


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(_Load(order).run())))


if __name__ == "__main__":
    main()
