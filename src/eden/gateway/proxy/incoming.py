"""What a client sends: heads of requests, and their bodies, whole or streamed.

A body that a step wants, or a small one, is taken whole; any other is passed on as it comes, as long as the upstream
takes it. A request that waits in the pipeline behind another one is not read.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from time import monotonic
from typing import TYPE_CHECKING, Final

from eden.gateway.exchange import Answer, Exchange
from eden.gateway.proxy import answers
from eden.gateway.proxy.body import Body
from eden.gateway.proxy.call import Call
from eden.gateway.proxy.heads import check_part
from eden.gateway.proxy.lines import Refused
from eden.gateway.proxy.straight import Flight

if TYPE_CHECKING:
    from eden.gateway.proxy.gateway import Gateway

HEAD: Final = 0
BODY: Final = 1
CALL: Final = 2
CLOSING: Final = 3
LINGER: Final = 4
TUNNEL: Final = 5

#: requests that wait behind one that is being answered, bytes; then reading stops
_PIPELINE: Final = 64 << 10
#: a body up to this size is taken whole before the upstream is asked, also when it could be streamed
_SMALL: Final = 64 << 10
#: bytes of bodies that a worker takes whole at once, beside the one that comes next
_TAKEN: Final = 256 << 20
#: seconds for a body to begin, and bytes a second that it has to come with
_BODY_S: Final = 20.0
_BODY_RATE: Final = 512
#: after a refusal: bytes that are read and thrown away
_LINGER_BYTES: Final = 1 << 20
#: without an end: a deadline that never comes
NEVER: Final = float("inf")


class Incoming(asyncio.Protocol, ABC):
    """The reading half of a client's connection (`connection.Client`)."""

    __slots__ = (
        "_began",
        "_body",
        "_buffer",
        "_call",
        "_exchange",
        "_flight",
        "_gateway",
        "_head_only",
        "_keep",
        "_old",
        "_paused",
        "_pieces",
        "_state",
        "_thrown",
        "deadline",
        "forwarded",
        "peer",
        "transport",
        "trusted",
    )

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._flight: Flight
        self.transport: asyncio.Transport = None  # type: ignore[assignment]
        self._buffer = b""
        self._state = HEAD
        self._exchange: Exchange | None = None
        self._call: Call | None = None
        #: of the request, until all of it has come
        self._body: Body | None = None
        self._pieces: list[bytes] = []
        self._began = 0.0
        self._thrown = 0
        self._keep = True
        self._paused = False
        #: of the request that is being answered: HEAD; HTTP/1.0, which knows no chunks
        self._head_only = self._old = False
        self.deadline = NEVER
        self.peer = ""
        #: believed in what it says of whom it forwards
        self.trusted = False
        #: lines for the upstream that say who that is
        self.forwarded = b""

    def data_received(self, data: bytes) -> None:
        state = self._state
        try:
            if state == HEAD:
                if self._buffer:
                    self._read(self._buffer + data)
                elif not self._flight.goes(data):
                    self._read(data)
            elif state == BODY:
                self._take(data)
            elif state == CALL:
                if self._body is not None:
                    self._pass_on(data)
                else:
                    self._buffer += data
                    if len(self._buffer) > _PIPELINE:
                        self._hold()
            elif state == LINGER:
                self._thrown += len(data)
                if self._thrown > _LINGER_BYTES:
                    self.transport.abort()
        except Exception:
            self.unexpected()

    def _hold(self) -> None:
        if not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def _go_on(self) -> None:
        if self._paused:
            self._paused = False
            self.transport.resume_reading()

    # a head

    def _read(self, data: bytes) -> None:
        gateway = self._gateway
        try:
            found = gateway.heads.read(data)
        except Refused as refused:
            self._refuse(refused.status, refused.sentence)
            return
        if found is None:
            self._part(data)
            return
        head, fields, length, rest = found
        self._head_only, self._old = head.method == b"HEAD", head.old
        self._keep = head.keep_alive and not gateway.draining
        exchange = gateway.exchange(self, head, fields)
        if isinstance(exchange, Answer):
            self._buffer = rest
            if length:
                # not read: the connection is good for nothing else
                self._body = Body(length, 0)
            self._send(exchange)
            return
        self._exchange = exchange
        route = exchange.route
        limit = route.body_bytes if route is not None else _SMALL
        if length > limit:
            self._refuse(413, f"The body has more than {limit} bytes.")
        elif length == len(rest):
            self._buffer = b""
            exchange.body = rest
            self._run(exchange)
            self._flight.learn(data, head, exchange)
        elif 0 <= length < len(rest):
            exchange.body, self._buffer = rest[:length], rest[length:]
            self._run(exchange)
        else:
            self._body = Body(length, limit)
            self._buffer = rest
            # what the commercial platform's clients send is taken out of its wrapping
            whole = route is None or route.needs_body or exchange.wire == "mgw"
            if whole or 0 < length <= _SMALL:
                self._state = BODY
                self._continue(exchange)
                self._began = exchange.started
                self.deadline = self._began + _BODY_S
                if rest:
                    self._take(rest)
            else:
                self._hold()
                self._run(exchange)

    def _part(self, data: bytes) -> None:
        """A head that has not ended."""
        data = data.removeprefix(b"\r\n")
        try:
            check_part(data)
        except Refused as refused:
            self._refuse(refused.status, refused.sentence)
            return
        if not self._buffer:
            # from the first byte on; more bytes do not give more time
            self.deadline = monotonic() + self._gateway.head_s
        self._buffer = data

    # a body

    def _continue(self, exchange: Exchange | None) -> None:
        if exchange is None or self._buffer:
            return
        if exchange.fields.get(b"expect", b"").lower() == b"100-continue":
            self.transport.write(answers.CONTINUE)

    def _cut(self, body: Body, data: bytes) -> list[bytes] | None:
        """The pieces of the body in `data`; None when it was refused."""
        try:
            pieces, self._buffer = body.cut(data)
        except Refused as refused:
            self._refuse(refused.status, refused.sentence)
            return None
        if not body.left:
            self._body = None
        return pieces

    def _take(self, data: bytes) -> None:
        """More of a body that is taken whole."""
        body, exchange, gateway = self._body, self._exchange, self._gateway
        assert body is not None and exchange is not None
        if gateway.taken - body.received > _TAKEN:
            self._refuse(503, "Too many large bodies are on their way.")
            return
        pieces = self._cut(body, data)
        if pieces is None:
            return
        self._pieces += pieces
        gateway.taken += sum(map(len, pieces))
        if body.left:
            self.deadline = self._began + _BODY_S + body.received / _BODY_RATE
            return
        exchange.body = b"".join(self._given())
        self._run(exchange)

    def _given(self) -> list[bytes]:
        """What was taken of a body; it does not count as such any more."""
        pieces, self._pieces = self._pieces, []
        self._gateway.taken -= sum(map(len, pieces))
        return pieces

    def upload(self, wanted: bool) -> None:
        """The upstream takes a streamed body; or does not for now."""
        if not wanted:
            self._hold()
            return
        if self._body is not None:
            if not self._body.received:
                self._continue(self._exchange)
            if self._buffer:
                data, self._buffer = self._buffer, b""
                self._pass_on(data)
        self._go_on()

    def _pass_on(self, data: bytes) -> None:
        """More of a body that is streamed."""
        body, call = self._body, self._call
        if body is None or call is None or call.repeatable:
            self._buffer += data
            return
        for piece in self._cut(body, data) or ():
            if piece:
                call.more(piece)
        if self._body is None and self._call is call:
            call.uploaded()

    # of the other half

    @abstractmethod
    def _run(self, exchange: Exchange) -> None:
        """Begin with the call: its head is there, and its body, or it is streamed."""

    @abstractmethod
    def _send(self, answer: Answer) -> None:
        """A whole answer, and the end of the call."""

    @abstractmethod
    def _refuse(self, status: int, sentence: str) -> None:
        """An answer, and the end of the connection: what comes next cannot be trusted."""

    @abstractmethod
    def unexpected(self) -> None:
        """A mistake of ours is being handled (`sys.exception`)."""
