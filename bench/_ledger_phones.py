"""Phones that pay at tills through the gateway, from a process of its own: `python -m bench._ledger_phones` reads an
order as JSON from standard input and prints what it measured, its own processor time too.

Each connection sends a payment, waits for the answer and sends the next: signed anew, with a new key, of the next
person's next account.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import time
from collections import Counter
from random import Random

import msgspec
import uvloop

from bench._gateway_caller import Line, middle_and_tail, signed
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


class _Phone:
    """Of some people, whose accounts pay in turn."""

    def __init__(self, load: _Load, people: list[tuple[int, Person]]) -> None:
        self._load, self._people = load, people
        self._sent = self._amount = 0
        self._line = Line(self._answered)

    def take_line(self) -> Line:
        return self._line

    def pay(self) -> None:
        number, person = self._people[self._sent % len(self._people)]
        account = person.accounts[self._sent // len(self._people) % len(person.accounts)]
        self._sent += 1
        self._amount = self._load.random.randrange(1, 100)
        call = self._load.call(number, person.token, account, self._amount)
        self._line.send(call, time.perf_counter())

    def _answered(self, line: Line, status: int) -> None:
        if self._load.answered(status, line.began, self._amount) and line.is_open:
            self.pay()


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
        order = self._order
        self._left -= 1
        device, nonce = f"phone-{person:026d}", f"{self._prefix}{self._left:016x}"
        shop = order.shops[self._left % len(order.shops)]
        body = b'{"account":"%b","shop":"%b","amount":%d}' % (account.encode(), shop.encode(), amount)
        digest = hashlib.sha256(body).hexdigest()
        ours = signed(order.app, order.kid, order.secret, OPERATION, device, nonce, digest)
        return (
            f"POST /rpc/{OPERATION} HTTP/1.1\r\nHost: bank.example\r\nUser-Agent: eden/1.0 (Android 14)\r\n"
            f"Accept: application/json\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}\r\n"
            f"Idempotency-Key: {new_id()}\r\n{ours}Content-Length: {len(body)}\r\n\r\n"
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
            phone = _Phone(self, people[number :: order.connections])
            await loop.create_connection(phone.take_line, "127.0.0.1", order.port)
            phones.append(phone)
        began, cpu = time.perf_counter(), time.process_time()
        for phone in phones[: order.calls]:
            phone.pay()
        await asyncio.wait_for(self._ended.wait(), 300)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        return Measured(seconds, cpu, *middle_and_tail(self._times), dict(self._statuses), self._paid)


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(_Load(order).run())))


if __name__ == "__main__":
    main()
