"""Connections to upstreams: kept, bounded, chosen, and left alone when they are not well.

A `Pool` is an upstream of the catalogue in this worker: its targets, and the calls that wait for a connection. Of two
targets taken at random by weight the one with fewer calls in flight is asked (Mitzenmacher, The Power of Two Choices,
2001). A call takes an idle connection (the one used last), or has one made while the target has fewer than
`Upstream.connections`, or waits in the pool's queue, which is bounded.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import time
from collections import deque
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from eden.gateway import interfaces
from eden.gateway.memo import Memo
from eden.gateway.proxy.link import Connection, Sink

#: seconds until a connection stands
CONNECT_S: Final = 2.0
#: an idle connection is not used after so many seconds: servers close theirs, uvicorn after 5 s
IDLE_S: Final = 4.0

log = logging.getLogger("eden.gateway")


class Target:
    """One address of an upstream."""

    __slots__ = (
        "_loop",
        "_tls",
        "_tls_name",
        "authority",
        "ejected_until",
        "failures",
        "host",
        "idle",
        "open",
        "outstanding",
        "pool",
        "port",
        "prefix",
        "retired",
        "starts",
        "url",
        "weight",
        "well",
    )

    def __init__(self, pool: Pool | None, url: str, weight: int, authority: str, tls_name: str = "") -> None:
        parts = urlsplit(url)
        self.pool = pool
        self.url = url
        self.weight = weight
        self.host = parts.hostname or ""
        secure = parts.scheme == "https"
        self.port = parts.port or (443 if secure else 80)
        #: the target's own path, in front of every other
        self.prefix = parts.path.rstrip("/").encode()
        self.authority = (authority or parts.netloc.rpartition("@")[2]).encode()
        self._tls = tls_context() if secure else None
        self._tls_name = tls_name or self.host
        self.idle: list[Connection] = []
        #: connections, those that are being made included
        self.open = 0
        #: calls that are being answered
        self.outstanding = 0
        #: what active checks say
        self.well = True
        self.retired = False
        self.ejected_until = 0.0
        #: bad answers in a row
        self.failures = 0
        #: method and path → the first lines of a request. ValueError for a path that is none
        self.starts = Memo(self._start, 1024, lambda key, _: b"?" not in key[1] and len(key[1]) <= 256)
        self._loop = asyncio.get_running_loop()

    def usable(self, now: float) -> bool:
        return self.well and self.ejected_until <= now

    def ejected(self, now: float) -> bool:
        return self.ejected_until > now

    def _start(self, key: tuple[bytes, bytes]) -> bytes:
        method, path = key
        if b" " in path or b"\n" in path or b"\r" in path:
            raise ValueError("a path has no space and no line end")
        return b"%b %b%b HTTP/1.1\r\nhost: %b\r\n" % (method, self.prefix, path, self.authority)

    def at_hand(self, now: float) -> Connection | None:
        """The connection that was used last, taken and counted, if it is fresh and the target well."""
        idle = self.idle
        if not idle or not self.well or self.ejected_until > now:
            return None
        connection = idle[-1]
        if now - connection.idle_since > IDLE_S or connection.closing:
            return None
        self.outstanding += 1
        return idle.pop()

    def failed(self) -> None:
        """Once more in a row; see `interfaces.Outlier`."""
        self.failures += 1
        pool = self.pool
        outlier = pool.upstream.outlier if pool is not None else None
        if pool is None or outlier is None or self.failures < outlier.consecutive:
            return
        now = self._loop.time()
        ejected = sum(target.ejected(now) for target in pool.targets)
        if (ejected + 1) * 100 <= outlier.most_share * len(pool.targets):
            self.failures = 0
            self.ejected_until = now + outlier.eject_ms / 1000
            log.warning("the target %s rests after %d failures", self.url, outlier.consecutive)

    async def connect(self, counted: bool = True) -> Connection:
        """Raises OSError or TimeoutError. The caller counts it, if it is to be counted."""
        async with asyncio.timeout(CONNECT_S):
            _, connection = await self._loop.create_connection(
                lambda: Connection(self, counted),
                self.host,
                self.port,
                ssl=self._tls,
                server_hostname=self._tls_name if self._tls else None,
            )
        return connection

    def make(self, sink: Sink) -> None:
        """A new connection for `sink`."""
        self.open += 1
        self.outstanding += 1
        task = self._loop.create_task(self._make(sink))
        _MAKING.add(task)
        task.add_done_callback(_MAKING.discard)

    async def _make(self, sink: Sink) -> None:
        try:
            try:
                connection = await self.connect()
            except (OSError, TimeoutError):
                self._not_made(sink)
            else:
                if sink.over:
                    connection.reusable = True
                    self.release(connection)
                else:
                    sink.connected(connection, False)
        except Exception:
            sink.unexpected()

    def _not_made(self, sink: Sink) -> None:
        self.open -= 1
        self.outstanding -= 1
        self.failed()
        if self.pool is not None:
            self.pool.serve(self)
        if not sink.over:
            sink.target = self
            sink.lost("connect")

    def release(self, connection: Connection) -> None:
        """Its call is over. For the next one, or closed."""
        self.outstanding -= 1
        pool = self.pool
        if not connection.reusable or connection.unfinished or connection.closing or self.retired or pool is None:
            connection.closing = True
            connection.transport.close()
            return
        while pool.waiting:
            sink = pool.waiting.popleft()
            if not sink.over:
                self.outstanding += 1
                sink.connected(connection, True)
                return
        connection.idle_since = time.monotonic()
        self.idle.append(connection)

    def detach(self) -> None:
        """It speaks another protocol from now on, and is counted until it is closed."""
        self.outstanding -= 1

    def drop(self, connection: Connection) -> None:
        """Its call is over before its answer was."""
        self.outstanding -= 1
        connection.abort()

    def closed(self, connection: Connection) -> None:
        self.open -= 1
        if connection.sink is not None:
            self.outstanding -= 1
        elif connection in self.idle:
            self.idle.remove(connection)
        if self.pool is not None:
            self.pool.serve(self)

    def rest(self, now: float) -> None:
        """Close what has been idle for long."""
        while self.idle and now - self.idle[0].idle_since > IDLE_S:
            connection = self.idle.pop(0)
            connection.closing = True
            connection.transport.close()

    def retire(self) -> None:
        """Take nothing more; calls in flight end."""
        self.retired = True
        for connection in self.idle:
            connection.closing = True
            connection.transport.close()
        self.idle.clear()


#: connections that are being made
_MAKING: set[asyncio.Task[None]] = set()


class Pool:
    """An upstream in this worker. `before`: what it was called until now; its targets go on under the new one."""

    def __init__(self, upstream: interfaces.Upstream, before: Pool | None = None) -> None:
        self.upstream = upstream
        self.waiting: deque[Sink] = before.waiting if before else deque()
        known = {(target.url, target.authority): target for target in before.targets} if before else {}
        self.targets: list[Target] = []
        for given in upstream.targets:
            target = Target(self, given.url, given.weight, upstream.host)
            if kept := known.pop((target.url, target.authority), None):
                target = kept
                target.pool = self
                target.weight = given.weight
                # what a check found that is not made any more does not hold
                target.well = target.well or upstream.health is None
            self.targets.append(target)
        for left in known.values():
            left.retire()
        # who waits for a connection to a target that is gone would wait for nothing
        now = time.monotonic()
        for target in self.targets:
            if target.weight and target.usable(now):
                self.serve(target)

    def choose(self, now: float, avoid: Target | None = None) -> Target | None:
        """A target that is well; `avoid` only if there is no other."""
        if len(self.targets) == 1:
            [only] = self.targets
            return only if only.usable(now) else None
        usable = [target for target in self.targets if target.weight and target.usable(now)]
        if len(usable) > 1 and avoid in usable:
            usable.remove(avoid)
        if len(usable) < 2:
            return usable[0] if usable else None
        one = random.choices(usable, [target.weight for target in usable])[0]
        usable.remove(one)
        two = random.choices(usable, [target.weight for target in usable])[0]
        return one if one.outstanding * two.weight <= two.outstanding * one.weight else two

    def request(self, sink: Sink, now: float, avoid: Target | None = None) -> None:
        """A connection for `sink`, now or later; or `lost`."""
        self.request_of(self.choose(now, avoid), sink, now)

    def request_of(self, target: Target | None, sink: Sink, now: float) -> None:
        """A connection to the target that was chosen, or to another one if that has none; or `lost`."""
        targets = self.targets
        if target is None:
            sink.lost("none")
            return
        if (connection := target.at_hand(now)) is not None:
            sink.connected(connection, True)
            return
        if self._give(target, sink, now):
            return
        for other in targets:
            if other is not target and other.weight and other.usable(now) and self._give(other, sink, now):
                return
        if len(self.waiting) >= self.upstream.queue:
            # those whose callers have gone make room
            there = [waiting for waiting in self.waiting if not waiting.over]
            self.waiting.clear()
            self.waiting.extend(there)
            if len(self.waiting) >= self.upstream.queue:
                sink.lost("queue")
                return
        self.waiting.append(sink)

    def _give(self, target: Target, sink: Sink, now: float) -> bool:
        """One of its connections that is fresh, or a new one."""
        idle = target.idle
        while idle:
            connection = idle.pop()
            if now - connection.idle_since <= IDLE_S and not connection.closing:
                target.outstanding += 1
                sink.connected(connection, True)
                return True
            if not connection.closing:
                connection.closing = True
                connection.transport.close()
        if target.open < self.upstream.connections:
            target.make(sink)
            return True
        return False

    def serve(self, target: Target) -> None:
        """A connection less: who waits may have another one made."""
        while self.waiting and not target.retired and target.open < self.upstream.connections:
            sink = self.waiting.popleft()
            if not sink.over:
                target.make(sink)

    def rest(self, now: float) -> None:
        for target in self.targets:
            target.rest(now)

    def retire(self) -> None:
        for target in self.targets:
            target.retire()
        while self.waiting:
            sink = self.waiting.popleft()
            if not sink.over:
                sink.lost("none")


@cache
def tls_context() -> ssl.SSLContext:
    """Certificates of upstreams are checked against the system's authorities."""
    return ssl.create_default_context()
