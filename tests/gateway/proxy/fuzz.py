"""Requests with some of their bytes in another's place, by the thousand: what an independent reader (llhttp) does not
see never reaches the service, what it does see reaches it whole or not at all, and nothing crashes or hangs.

    spoiled bytes ─▶ Client ─▶ Relay ─▶ what the service was sent, read by llhttp  ⊆  the same bytes, read by llhttp

Everything happens in memory, so that a hundred thousand of them take seconds; each is given whole, and cut in two.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httptools

from eden.base.settings import GatewaySettings
from eden.gateway.proxy.connection import Client
from eden.gateway.proxy.gateway import Gateway, Tables
from eden.gateway.proxy.heads import Heads
from eden.gateway.proxy.lines import Refused
from eden.gateway.proxy.link import Connection
from tests.gateway.proxy.stage import OK, Measures, Route, Steps, table

_HEAD = b"POST /rpc/shop.get?n=1 HTTP/1.1\r\nHost: a\r\nUser-Agent: eden/1.0\r\nContent-Type: application/json\r\n"
_SIGNED = (
    b"x-eden-app: shop\r\nx-eden-device: d1\r\nx-eden-time: 1780000000000\r\nx-eden-nonce: 0123456789abcdef01\r\n"
    b"x-eden-signature: hmac-sha256 k1 q83v\r\n"
)
GOOD = (
    b"GET /rpc/shop.get HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /rpc/shop.get HTTP/1.1\r\nHost: a\r\n" + _SIGNED + b"Content-Length: 5\r\n\r\nhello",
    _HEAD + _SIGNED + b'Content-Length: 9\r\n\r\n{"a":\r\n1}'[:-1] + b"}",
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n",
    b"GET /rpc/shop.get?a=1 HTTP/1.1\r\nHost: a\r\n\r\n" + _HEAD + b"Content-Length: 2\r\n\r\nok",
    _HEAD + b"Expect: 100-continue\r\nConnection: keep-alive, x-one\r\nX-One: 1\r\nContent-Length: 2\r\n\r\nok",
    b"GET /rpc/shop.get HTTP/1.0\r\nAccept: */*\r\n\r\n",
    _HEAD + b"Cookie: a=1; b=2\r\nAuthorization: Bearer 7\r\nContent-Length: 1\r\n\r\n!",
)
_TOKENS = (
    b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\x00", b"\x0b", b"\x7f", b"\x85", b"\xff", b";", b",", b"0", b"1",
    b"5", b"+5", b"0x5", b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"Content-Length:\r\n",
    b"content-length : 5\r\n", b"Transfer-Encoding:\x0bchunked\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: identity, chunked\r\n",
    b"Transfer-Encoding: chunked, identity\r\n", b"Connection: close\r\n", b"Host: b\r\n", b"\r\n\r\n", b"X: y\r\n",
    b" folded: 1\r\n", b"GET /rpc/shop.get?hidden HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0",
    b"GET ", b"HEAD ", b"OPTIONS ", b"CONNECT ", b"#", b"?", b"/", b"0\r\n\r\n", b"5\r\nhello\r\n",
    b"X-Eden-Time: 1\r\n",
)  # fmt: skip


def spoiled(chance: random.Random) -> bytes:
    """One request or more, with up to four changes: bytes and lines put in, taken away, doubled, or moved."""
    data = chance.choice(GOOD)
    for _ in range(chance.randrange(5)):
        at = chance.randrange(len(data) + 1)
        what = chance.randrange(7)
        if what < 3:
            token = chance.choice(_TOKENS)
            data = data[:at] + token + data[at + chance.choice((0, 0, 1, len(token))) :]
        elif what == 3:
            data = data[:at] + data[at + chance.randrange(1, 20) :]
        elif what == 4:
            data = data[:at] + bytes((chance.randrange(256),)) + data[at + 1 :]
        else:
            lines = data.split(b"\r\n")
            here, there = chance.randrange(len(lines)), chance.randrange(len(lines))
            line = lines[here] if what == 5 else lines.pop(here)
            lines.insert(there, line.swapcase() if chance.randrange(3) == 0 else line)
            data = b"\r\n".join(lines)
    return data


@dataclass
class Reader:
    """What llhttp reads: requests that are whole, (method, url, body)."""

    whole: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)
    #: a request has begun, and has not ended
    within: bool = False
    #: it is not HTTP from some byte on
    broken: bool = False

    def read(self, data: bytes) -> Reader:
        self._parser = parser = httptools.HttpRequestParser(self)
        try:
            parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.broken = True
        except httptools.HttpParserError:
            self.broken = True
        return self

    def on_message_begin(self) -> None:
        self.within, self._url, self._body = True, b"", b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.within = False
        self.whole.append((self._parser.get_method(), self._url, self._body))


class Wire:
    """A transport in memory."""

    def __init__(self) -> None:
        self.said = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.said += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def can_write_eof(self) -> bool:
        return False

    def get_extra_info(self, name: str) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else None

    def set_write_buffer_limits(self, high: int, low: int) -> None:
        """It has no buffer."""

    abort = close
    pause_reading = resume_reading = lambda self: None


class Fuzz:
    """A gateway in memory. `outcomes` counts what came of the requests, `harm` says what should not have."""

    def __init__(self) -> None:
        made = table([9], Route("shop.get", body_bytes=1 << 20))
        self.gateway = Gateway(GatewaySettings(), Steps(), Measures(), Tables({"w": made}, {}))
        [self._target] = next(iter(self.gateway.pools.values())).targets
        self.outcomes: Counter[str] = Counter()
        self.harm: list[str] = []

    async def attempt(self, data: bytes, cut: int = 0) -> bytes:
        """What the client is told of `data`, of which `cut` bytes come first."""
        client, wire, sent = Client(self.gateway), Wire(), Wire()
        client.connection_made(wire)  # type: ignore[arg-type]
        link = Connection(self._target)
        link.connection_made(sent)  # type: ignore[arg-type]
        link.reusable = True
        self._target.idle.clear()
        self._target.open = self._target.outstanding = 1
        self._target.release(link)
        told = 0
        for piece in (data[:cut], data[cut:]) if cut else (data,):
            if not wire.closed:
                client.data_received(piece)
            while len(Reader().read(sent.said).whole) > told and not sent.closed:
                told += 1
                link.data_received(OK)
                await asyncio.sleep(0)
        wire.closed = True
        client.connection_lost(None)
        self._check(data, sent.said, wire.said)
        return wire.said

    def _check(self, data: bytes, sent: bytes, said: bytes) -> None:
        reached, seen = Reader().read(sent), Reader().read(data.removeprefix(b"\r\n"))
        if reached.broken:
            self.harm.append(f"the service was sent what is no HTTP: {sent!r} for {data!r}")
        expected = [(method, url.removeprefix(b"/rpc/shop.get"), body) for method, url, body in seen.whole]
        got = [(method, url.removeprefix(b"/v1"), body) for method, url, body in reached.whole]
        # answers of the gateway's own (preflights, other names) are not the service's
        left = iter(expected)
        if not all(any(one == other for other in left) for one in got):
            self.harm.append(f"the service was sent {got} of {expected} for {data!r}")
        status = said[9:12].decode("latin-1")
        self.outcomes["served" if got else "refused" if status[:1] in ("4", "5") else "unfinished"] += 1

    def remembers(self, heads: Heads, data: bytes) -> None:
        """A head that is remembered, or looks like one, is read as if it were the first."""
        results: list[object] = []
        for reader in (heads, Heads(1 << 16)):
            try:
                read = reader.read(data)
            except Refused as refused:
                results.append((refused.status, refused.sentence))
                continue
            if read is None:
                results.append(None)
                continue
            head, fields, length, rest = read
            about = (head.method, head.url, head.old, head.keep_alive, head.headers)
            results.append((about, sorted(fields.items()), length, rest))
        if results[0] != results[1]:
            self.harm.append(f"{data!r} is read as {results[0]}, for the first time as {results[1]}")


async def fuzz(count: int, seed: int = 1) -> Fuzz:
    """Try so many."""
    chance, made, heads = random.Random(seed), Fuzz(), Heads(1 << 16)
    try:
        for number in range(count):
            data = spoiled(chance)
            try:
                await made.attempt(data, chance.randrange(len(data) + 1) if number % 2 else 0)
                made.remembers(heads, data)
            except Exception as error:
                made.harm.append(f"{error!r} by {data!r}")
    finally:
        await made.gateway.close()
    return made
