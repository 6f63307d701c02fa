"""One call to an upstream, and its answer on the way back.

A relay is what a connection to an upstream tells of what comes (`link.Sink`). It sends the request when it is given
a connection, decides with the steps whether another try is made while nothing of an answer has gone out, and hands the
answer to its owner: whole, or piece by piece. Memory is bounded on both sides: a client that does not read stops the
reading from the upstream, an upstream that does not take more of a body stops the reading from the client.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

from eden.gateway.exchange import GOOD, Answer, Exchange, Failure, Headers, Steps
from eden.gateway.proxy import answers
from eden.gateway.proxy.framing import LAST_CHUNK, chunk
from eden.gateway.proxy.link import Connection
from eden.gateway.proxy.upstream import Pool, Target

#: RFC 9110, section 9.2.2
IDEMPOTENT: Final = frozenset((b"GET", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"TRACE"))
#: statuses that steps may want to try again after
_MAYBE: Final = frozenset((502, 503, 504))
_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
#: of an answer that has to be held
HELD_BYTES: Final = 16 << 20

log = logging.getLogger("eden.gateway")


class Owner(Protocol):
    """Who the relay answers. After `answered`, `ended` or `gone` the relay is over."""

    def answered(self, relay: Relay, answer: Answer) -> None:
        """A whole answer."""

    def begins(self, relay: Relay, answer: Answer, length: int) -> None:
        """The head of an answer; `length` -1: not known."""

    def piece(self, data: bytes) -> None: ...
    def ended(self, relay: Relay) -> None: ...
    def gone(self, relay: Relay) -> None:
        """The upstream left in the middle of its answer."""

    def upgraded(self, relay: Relay, connection: Connection, answer: Answer, rest: bytes) -> None: ...
    def redirected(self, relay: Relay) -> None:
        """The safe exit leads on: look the next place up, and ask again."""

    def upload(self, wanted: bool) -> None:
        """Go on with the request's body by `Relay.more`, or pause."""


class Relay:
    __slots__ = (
        "_again",
        "_connection",
        "_forwarded",
        "_held",
        "_held_bytes",
        "_kept",
        "_owner",
        "_plain",
        "_pool",
        "_reused",
        "_stale",
        "_status",
        "_steps",
        "_upload",
        "exchange",
        "over",
        "sent_head",
        "target",
    )

    def __init__(
        self,
        owner: Owner,
        steps: Steps,
        exchange: Exchange,
        pool: Pool | None,
        forwarded: bytes,
        upload: int,
        plain: bool,
    ) -> None:
        """`forwarded`: lines of X-Forwarded-… `upload`: bytes of a body that is streamed, -1: in chunks, 0: it is not
        streamed. `plain`: the owner wants what the upstream says as it is (an authorizer's answer)."""
        self._owner = owner
        self._steps = steps
        self.exchange = exchange
        self._pool = pool
        self._forwarded = forwarded
        self._upload = upload
        self._plain = plain
        self._connection: Connection | None = None
        #: that was asked last
        self.target: Target | None = None
        self._reused = False
        #: a connection that was closed under the request has been replaced
        self._stale = False
        self._again = True
        self._status = 0
        self._held: list[bytes] | None = None
        self._held_bytes = 0
        self._kept: Headers = []
        self.sent_head = False
        self.over = False

    def start(self, now: float) -> None:
        """Ask for a connection: the pool's, or one to the exchange's address."""
        if self._pool is not None:
            self._pool.request(self, now, self.target)
            return
        address = self.exchange.address
        if address is None:
            self.lost("none")
            return
        host = f"[{address.host}]" if ":" in address.host else address.host
        scheme = "https" if address.name else "http"
        authority = address.name or host
        if address.port != (443 if address.name else 80):
            authority += f":{address.port}"
        target = Target(None, f"{scheme}://{host}:{address.port}", 1, authority, address.name)
        target.make(self)

    # of the connection

    def connected(self, connection: Connection, reused: bool) -> None:
        exchange = self.exchange
        self._connection, self.target, self._reused = connection, connection.target, reused
        connection.begin(self, exchange.send_method == b"HEAD")
        try:
            data = self._request(connection.target)
        except ValueError:
            self._drop()
            log.exception("a request of %s cannot be sent", exchange.operation)
            self._fail("broken")
            return
        connection.transport.write(data)
        if self._upload:
            self._again = False
            connection.unfinished = True
            self._owner.upload(True)

    def _request(self, target: Target) -> bytes:
        exchange = self.exchange
        path = exchange.send_path
        if b" " in path or b"\n" in path or b"\r" in path:
            raise ValueError("a path has no space and no line end")
        body = exchange.send_body if exchange.send_body is not None else exchange.body
        framing = b""
        if self._upload:
            body = None
            framing = (
                b"content-length: %d\r\n" % self._upload if self._upload > 0 else b"transfer-encoding: chunked\r\n"
            )
        elif body or exchange.send_method not in (b"GET", b"HEAD"):
            framing = b"content-length: %d\r\n" % len(body or b"")
        route = exchange.route
        if route is not None and route.kind == "websocket":
            framing = b"connection: Upgrade\r\nupgrade: websocket\r\n"
        return b"%b %b%b HTTP/1.1\r\nhost: %b\r\n%b%btraceparent: 00-%b-%016x-01\r\n%b\r\n%b" % (
            exchange.send_method,
            target.prefix,
            path,
            target.authority,
            answers.fields(exchange.send_headers),
            self._forwarded,
            exchange.trace.encode(),
            id(self) & 0xFFFFFFFFFFFFFFFF,
            framing,
            body or b"",
        )

    def more(self, piece: bytes) -> None:
        """More of a streamed body."""
        if self._connection is not None:
            self._connection.transport.write(piece if self._upload > 0 else chunk(piece))

    def uploaded(self) -> None:
        """All of it was sent."""
        if self._connection is not None:
            self._connection.unfinished = False
            if self._upload < 0:
                self._connection.transport.write(LAST_CHUNK)
        self._upload = 0

    def pause(self, paused: bool) -> None:
        """The client does not read; or does again."""
        if self._connection is not None and not self._connection.closing:
            if paused:
                self._connection.transport.pause_reading()
            else:
                self._connection.transport.resume_reading()

    def stalled(self, stalled: bool) -> None:
        if self._upload:
            self._owner.upload(not stalled)

    def whole(self, status: int, headers: Headers, body: bytes) -> None:
        self._counted(status)
        self._connection = None
        self._answer(status, headers, body)

    def head(self, status: int, headers: Headers, length: int) -> None:
        self._counted(status)
        exchange = self.exchange
        if self._tried_again(status):
            return
        if self._plain or exchange.whole_answer or self._redirects(status):
            self._status, self._held, self._held_bytes = status, [], 0
            self._kept = headers
            return
        answer = self._steps.after(exchange, Answer(status, headers, None))
        if answer.body is not None:
            # it takes another one, as "not modified"
            self._drop()
            self._finish(answer)
            return
        self.sent_head = True
        self._owner.begins(self, answer, length)

    def data(self, piece: bytes) -> None:
        if self._held is None:
            self._owner.piece(piece)
            return
        self._held.append(piece)
        self._held_bytes += len(piece)
        if self._held_bytes > HELD_BYTES:
            self._drop()
            self._fail("large")

    def end(self) -> None:
        self._connection = None
        if self._held is not None:
            held, self._held = self._held, None
            self._answer(self._status, self._kept, b"".join(held))
        else:
            self.over = True
            self._owner.ended(self)

    def upgraded(self, headers: Headers, rest: bytes) -> None:
        connection, self._connection = self._connection, None
        assert connection is not None
        route = self.exchange.route
        if route is None or route.kind != "websocket":
            connection.abort()
            self._fail("broken")
            return
        self._counted(101)
        self.over = True
        answer = self._steps.after(self.exchange, Answer(101, headers, None))
        self._owner.upgraded(self, connection, answer, rest)

    def lost(self, failure: Failure) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.target.failed()
        if self.sent_head:
            self.over = True
            self._owner.gone(self)
            return
        exchange = self.exchange
        untouched = connection is not None and self._reused and connection.unanswered and self._again
        if failure == "broken" and untouched and not self._stale and exchange.send_method in IDEMPOTENT:
            # it was closed while it was idle, and our request met that
            self._stale = True
            self.start(asyncio.get_running_loop().time())
            return
        self._held = None
        if self._again and self._steps.again(exchange, failure):
            self.start(asyncio.get_running_loop().time())
            return
        self._fail(failure)

    # to the owner

    def expire(self) -> None:
        """The time is over before an answer began."""
        self._drop()
        if self.target is not None:
            self.target.failed()
        self._fail("timeout")

    def abandon(self) -> None:
        """The client has gone."""
        self.over = True
        self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.target.drop(connection)

    def _counted(self, status: int) -> None:
        if self.target is not None:
            if status >= 500:
                self.target.failed()
            else:
                self.target.succeeded()

    def _tried_again(self, status: int) -> bool:
        if status in _MAYBE and self._again and self._steps.again(self.exchange, status):
            self._drop()
            self.start(asyncio.get_running_loop().time())
            return True
        return False

    def _redirects(self, status: int) -> bool:
        return self.exchange.address is not None and status in _REDIRECTS

    def _answer(self, status: int, headers: Headers, body: bytes) -> None:
        if self._tried_again(status):
            return
        answer = Answer(status, headers, body)
        if self._redirects(status) and self._steps.redirected(self.exchange, answer):
            self.over = True
            self._owner.redirected(self)
            return
        self._finish(answer if self._plain else self._steps.after(self.exchange, answer))

    def _fail(self, failure: Failure) -> None:
        if self._plain:
            self._finish(Answer(504 if failure == "timeout" else 502, [], b"", GOOD, failure))
        else:
            self._finish(self._steps.failed(self.exchange, failure))

    def _finish(self, answer: Answer) -> None:
        self.over = True
        self._owner.answered(self, answer)
