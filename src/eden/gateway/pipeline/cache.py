"""Answers that are kept: bounded in memory, and filled by one call while others wait for it.

An answer that says it must not be kept is remembered as such for a moment, so that nobody waits for it in vain.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import TypeAlias

import msgspec

from eden.gateway.exchange import Answer, Headers
from eden.gateway.expressions import compile_expression, roots_of
from eden.gateway.interfaces import Cache
from eden.gateway.pipeline.mapping import Call

#: what an entry takes besides its texts, roughly
_OVERHEAD = 500
#: how long it is known that an answer is not kept
_PASS_MS = 5_000
_MOST_PASSES = 10_000
#: hop by hop, or the gateway's own to write
_NOT_KEPT = frozenset((b"age", b"content-length", b"date", b"transfer-encoding", b"connection"))


class CompiledCache:
    """How the answers of an operation are kept, ready for use. `number`: which compiled operation; `of_everybody`: no
    authorizer is asked.
    """

    __slots__ = ("_body_too", "_keys", "_number", "_of_everybody", "most_bytes", "ttl_ms")

    def __init__(self, cache: Cache, number: int, of_everybody: bool) -> None:
        self.ttl_ms = cache.ttl_s * 1000
        self.most_bytes = cache.most_bytes
        self._keys = [compile_expression(key) for key in cache.keys]
        self._number = b"%d" % number
        self._of_everybody = of_everybody
        #: keys that read the body say what of it tells answers apart; otherwise all of it does
        self._body_too = "http_body" not in roots_of(list(cache.keys))

    def key(self, call: Call) -> bytes:
        """Calls with the same key get the same answer. Apps never share one, nor do people who show who they are (of
        answers to Authorization, see RFC 9111, section 3.5).
        """
        exchange = call.exchange
        values = [key(call) for key in self._keys]
        parts = [
            self._number,
            exchange.app.encode(),
            exchange.target,
            exchange.fields.get(b"authorization", b"") if self._of_everybody else exchange.principal.encode(),
            msgspec.json.encode(values) if values else b"",
            (exchange.body or b"") if self._body_too else b"",
        ]
        return sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).digest()


class Entry:
    """A kept answer."""

    __slots__ = ("at_ms", "body", "headers", "size", "status", "until_ms")

    def __init__(self, answer: Answer, at_ms: int, until_ms: int) -> None:
        self.status = answer.status
        self.headers = [header for header in answer.headers if header[0] not in _NOT_KEPT]
        self.body = answer.body or b""
        self.at_ms = at_ms
        self.until_ms = until_ms
        self.size = len(self.body) + sum(len(name) + len(value) for name, value in self.headers) + _OVERHEAD

    def answer(self, now_ms: int) -> Answer:
        age = max(0, now_ms - self.at_ms) // 1000
        return Answer(self.status, [*self.headers, (b"age", b"%d" % age)], self.body)


#: told once: the answer, or None when there is none to keep
Waiter: TypeAlias = Callable[[Entry | None], None]


class ResponseCache:
    """The kept answers of one worker: at most `most_bytes`, those that were asked for longest ago go first."""

    def __init__(self, most_bytes: int = 64 << 20) -> None:
        self._most_bytes = most_bytes
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        self._filling: dict[bytes, list[Waiter]] = {}
        self._passes: OrderedDict[bytes, int] = OrderedDict()
        self.size = 0

    def get(self, key: bytes, now_ms: int) -> Entry | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if now_ms >= entry.until_ms:
            self._remove(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def fill(self, key: bytes, now_ms: int) -> bool | None:
        """True: the caller fetches the answer for all and says `filled`. False: somebody does; `wait`. None: it would
        not be kept; everyone asks for himself.
        """
        if self._passes.get(key, 0) > now_ms:
            return None
        if key in self._filling:
            return False
        self._filling[key] = []
        return True

    def wait(self, key: bytes, waiter: Waiter) -> bool:
        """Tell the waiter when it is filled; False when nobody is at it (any more)."""
        waiters = self._filling.get(key)
        if waiters is None:
            return False
        waiters.append(waiter)
        return True

    def filled(self, key: bytes, entry: Entry | None, now_ms: int, *, passes: bool = False) -> None:
        """The end of `fill`. `entry` None: there was none to keep, and with `passes` there will be none soon."""
        waiters = self._filling.pop(key, [])
        if entry is not None and entry.size <= self._most_bytes:
            self._remove(key)
            self._entries[key] = entry
            self.size += entry.size
            while self.size > self._most_bytes:
                self._remove(next(iter(self._entries)))
        elif passes:
            self._passes[key] = now_ms + _PASS_MS
            self._passes.move_to_end(key)
            if len(self._passes) > _MOST_PASSES:
                self._passes.popitem(last=False)
        for waiter in waiters:
            waiter(entry)

    def _remove(self, key: bytes) -> None:
        if (entry := self._entries.pop(key, None)) is not None:
            self.size -= entry.size


def keeps(answer: Answer, most_bytes: int) -> bool:
    """Whether the answer of a service may be kept: a good one, for everybody alike, that does not say otherwise (G-12's
    `Pragma: no-cache`, RFC 9111's `no-store`, `no-cache`, `private`)."""
    if answer.status != 200 or answer.body is None or len(answer.body) > most_bytes:
        return False
    return not any(_opts_out(name, value) for name, value in answer.headers)


def _opts_out(name: bytes, value: bytes) -> bool:
    if name == b"set-cookie":
        return True
    if name == b"pragma":
        return b"no-cache" in value.lower()
    if name == b"cache-control":
        words = {word.strip().partition(b"=")[0] for word in value.lower().split(b",")}
        return bool(words & {b"no-store", b"no-cache", b"private"})
    if name == b"vary":
        return any(word.strip() not in (b"", b"accept-encoding", b"origin") for word in value.lower().split(b","))
    return False


def unconditional(headers: Headers) -> Headers:
    """A request for the whole answer, as it is kept or worked on: not "if it changed", not a part, not compressed."""
    return [
        header
        for header in headers
        if header[0]
        not in (
            b"if-none-match",
            b"if-modified-since",
            b"if-match",
            b"if-unmodified-since",
            b"if-range",
            b"range",
            b"accept-encoding",
        )
    ]
