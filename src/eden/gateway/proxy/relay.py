"""One request to an upstream, and its answer.

A relay is what a connection to an upstream tells of what comes (`link.Sink`). This one holds the answer until it is
whole, and hands it over as it is: what an authorizer is asked. `call.Call` is the one that clients wait for.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from eden.gateway.exchange import GOOD, IDEMPOTENT, Answer, Exchange, Failure, Headers
from eden.gateway.proxy import answers
from eden.gateway.proxy.framing import LAST_CHUNK, chunk
from eden.gateway.proxy.lines import Usual
from eden.gateway.proxy.link import Connection
from eden.gateway.proxy.upstream import Target

if TYPE_CHECKING:
    from eden.gateway.proxy.gateway import Gateway

#: of an answer that has to be held
HELD_BYTES: Final = 16 << 20

log = logging.getLogger("eden.gateway")


class Owner(Protocol):
    """Who waits for a relay."""

    @property
    def forwarded(self) -> bytes:
        """Lines that say for whom: X-Forwarded-…"""

    def answered(self, answer: Answer) -> None:
        """A whole answer; the relay is over."""

    def unexpected(self) -> None:
        """A mistake of ours is being handled (`sys.exception`); the relay is over."""


OwnerT = TypeVar("OwnerT", bound=Owner)


class Relay(Generic[OwnerT]):
    """See the module; `Sink` says when what is called."""

    _connection: Connection | None = None
    #: the connection had been used before
    _reused = False
    #: a connection that was closed under the request has been replaced
    _stale = False
    #: of an answer that is held, with its status and headers
    _held: list[bytes] | None = None
    _held_bytes = 0
    _status = 0
    _kept: Headers
    #: what has to come before the upstream is asked
    _waits: Relay[Any] | asyncio.Task[None] | None = None
    #: that was asked last
    target: Target | None = None
    #: nothing of a streamed body has gone out
    repeatable = True
    sent_head = False
    over = False

    def __init__(self, owner: OwnerT, gateway: Gateway, exchange: Exchange, upload: int = 0) -> None:
        """`upload`: bytes of a body that is streamed, -1: in chunks, 0: it is not streamed."""
        self._owner = owner
        self._gateway = gateway
        self.exchange = exchange
        self._upload = upload

    def resume(self, connection: Connection) -> None:
        """Go on with a request that was sent, on a connection that had been used before."""
        self.target, self._reused = connection.target, True
        if connection.sink is not None:
            self._connection = connection
            connection.sink = self

    def ask(self) -> None:
        """Have a connection: of the upstream's pool, or to the exchange's address."""
        exchange = self.exchange
        address = exchange.address
        if address is None:
            pool = self._gateway.pools.get((exchange.table.workspace_id, exchange.upstream))
            if pool is None:
                self.lost("none")
            else:
                pool.request(self, monotonic(), self.target)
            return
        host = f"[{address.host}]" if ":" in address.host else address.host
        scheme = "https" if address.name else "http"
        authority = address.name or host
        if address.port != (443 if address.name else 80):
            authority += f":{address.port}"
        Target(None, f"{scheme}://{host}:{address.port}", 1, authority, address.name).make(self)

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
            self.repeatable = False
            connection.unfinished = True
            self._begin_upload()

    def _request(self, target: Target) -> bytes:
        exchange = self.exchange
        method, body = exchange.send_method, exchange.send_body
        if body is None:
            body = exchange.body or b""
        if self._upload or (exchange.route is not None and exchange.route.kind == "websocket"):
            body, framing = b"", self._framing()
        elif body or method not in (b"GET", b"HEAD"):
            framing = b"content-length: %d\r\n" % len(body)
        else:
            framing = b""
        return b"%b%b%btraceparent: 00-%b-%b-01\r\n%b\r\n%b" % (
            target.starts[method, exchange.send_path],
            self._lines(),
            self._owner.forwarded if exchange.address is None else b"",
            exchange.trace.encode(),
            self._gateway.ids.span(),
            framing,
            body,
        )

    def _lines(self) -> bytes:
        """The headers that the steps want to be sent."""
        headers, standing = self.exchange.send_headers, self.exchange.standing
        if standing is None or standing.sent is not headers:
            return b"".join(map(answers.request_line, headers))
        if not standing.lines:
            standing.lines = b"".join(map(answers.request_line, headers))
        return standing.lines

    def _framing(self) -> bytes:
        """Of a request whose body is not all there."""
        if not self._upload:
            return b"connection: Upgrade\r\nupgrade: websocket\r\n"
        return b"content-length: %d\r\n" % self._upload if self._upload > 0 else b"transfer-encoding: chunked\r\n"

    def _begin_upload(self) -> None:
        """The request's head is on its way, its body may follow."""

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
        """Only of interest while something is uploaded."""

    def usual(self, usual: Usual, body: bytes) -> None:
        self.whole(usual.status, list(usual.headers), body)

    def unusual(self) -> Relay[OwnerT]:
        return self

    def whole(self, status: int, headers: Headers, body: bytes) -> None:
        self._connection = None
        self._counted(status)
        self._answer(status, headers, body)

    def head(self, status: int, headers: Headers, length: int) -> None:
        self._counted(status)
        self._hold(status, headers)

    def data(self, piece: bytes) -> None:
        assert self._held is not None
        self._held.append(piece)
        self._held_bytes += len(piece)
        if self._held_bytes > HELD_BYTES:
            self._drop()
            self._fail("large")

    def end(self) -> None:
        self._connection = None
        held, self._held = self._held or [], None
        self._answer(self._status, self._kept, b"".join(held))

    def upgraded(self, headers: Headers, rest: bytes) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()
        self._fail("broken")

    def lost(self, failure: Failure) -> None:
        connection, self._connection = self._connection, None
        self._held = None
        if connection is not None:
            connection.target.failed()
            if self._was_stale(connection, failure):
                self._stale = True
                self.ask()
                return
        self._failed(failure)

    def _was_stale(self, connection: Connection, failure: Failure) -> bool:
        """Whether it was closed while it was idle, our request met that, and may be made once more."""
        untouched = self._reused and connection.unanswered and self.repeatable and not self._stale
        return failure == "broken" and untouched and self.exchange.send_method in IDEMPOTENT

    # to the owner

    def expire(self) -> None:
        """The time is over before an answer began."""
        self._drop()
        if self.target is not None:
            self.target.failed()
        self._fail("timeout")

    def unexpected(self) -> None:
        """See `Sink`."""
        self.abandon()
        self._owner.unexpected()

    def abandon(self) -> None:
        """Nobody waits any more."""
        self.over = True
        self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.target.drop(connection)

    def _hold(self, status: int, headers: Headers) -> None:
        self._status, self._kept, self._held, self._held_bytes = status, headers, [], 0

    def _counted(self, status: int) -> None:
        target = self.target
        if target is not None:
            if status >= 500:
                target.failed()
            else:
                target.failures = 0

    def _answer(self, status: int, headers: Headers, body: bytes) -> None:
        """The upstream's answer, whole."""
        self._finish(Answer(status, headers, body))

    def _failed(self, failure: Failure) -> None:
        """No answer from this try."""
        self._fail(failure)

    def _fail(self, failure: Failure) -> None:
        """No answer."""
        self._finish(Answer(504 if failure == "timeout" else 502, [], b"", GOOD, failure))

    def finish(self, answer: Answer) -> None:
        """With the steps' own answer, nothing was asked."""
        self._finish(answer)

    def _finish(self, answer: Answer) -> None:
        self.over = True
        self._owner.answered(answer)
