"""A client's connection: one call after the other, in the order in which they came (RFC 9112, section 9.3).

    HEAD ──head──▶ BODY ──whole──▶ CALL ──answer──▶ HEAD …
           │                        ▲      │ head of an answer
           └─ no body, or all there,┘      └──▶ (still CALL) pieces, end
              or streamed

Every state has a deadline, which the worker looks at many times a second (`expire`): for a head, for a body by a least
rate, for a call by its operation, for a client that takes nothing of its answer. A call that waits in the pipeline
behind another one is not read. After a refusal of framing the connection is closed, since nobody knows where the next
message begins; what the client goes on sending is read and thrown away for a moment, so that it sees the answer.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic
from typing import TYPE_CHECKING, Final

from eden.gateway.exchange import Answer, Exchange
from eden.gateway.proxy import answers
from eden.gateway.proxy.call import Call
from eden.gateway.proxy.framing import LAST_CHUNK, chunk
from eden.gateway.proxy.incoming import BODY, CALL, CLOSING, HEAD, LINGER, NEVER, TUNNEL, Incoming
from eden.gateway.proxy.link import WATER, Connection
from eden.gateway.proxy.straight import Flight
from eden.gateway.proxy.tunnel import Tunnel

if TYPE_CHECKING:
    from eden.gateway.proxy.gateway import Gateway

#: after a refusal: seconds that are waited for what the client still sends
_LINGER_S: Final = 2.0

_MISTAKE: Final = "The gateway made a mistake; its log says which."

log = logging.getLogger("eden.gateway")


class Client(Incoming):
    __slots__ = ("_chunked_out", "_last", "_resumed_deadline", "_stream_s", "_tunnel")

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(gateway)
        self._flight = Flight(self, gateway)
        self._tunnel: Tunnel | None = None
        self._chunked_out = False
        #: whose pieces go out
        self._last: Answer | None = None
        #: of an answer without an end: seconds that may pass without a piece; 0: the call's deadline holds
        self._stream_s = 0.0
        self._resumed_deadline = NEVER

    # asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        gateway = self._gateway
        if not gateway.admit(self):
            self._state = CLOSING
            answer = gateway.stray(self, 503, "This worker has no room for one more connection.")
            answer.headers.append((b"retry-after", b"1"))
            self.transport.write(answers.whole(answer, False, False))
            self.transport.close()
            return
        self.transport.set_write_buffer_limits(*WATER)
        self.deadline = monotonic() + gateway.head_s

    def connection_lost(self, error: Exception | None) -> None:
        self._gateway.leave(self)
        self._left_alone()

    def eof_received(self) -> bool:
        # a client that closes its half is taken for one that has gone, as nginx does
        return False

    def pause_writing(self) -> None:
        self._settle()
        self._resumed_deadline = self.deadline
        self.deadline = min(self.deadline, monotonic() + self._gateway.idle_s)
        if self._call is not None:
            self._call.pause(True)

    def resume_writing(self) -> None:
        self._settle()
        if self._state == CALL:
            self.deadline = self._resumed_deadline
            if self._stream_s:
                self.deadline = monotonic() + self._stream_s
        if self._call is not None:
            self._call.pause(False)

    # a call

    def _run(self, exchange: Exchange) -> None:
        self._state = CALL
        self._stream_s = 0.0
        gateway, route, body = self._gateway, exchange.route, self._body
        self.deadline = exchange.started + (gateway.idle_s if route is None else route.timeout_ms / 1000)
        self._call = call = Call(self, gateway, exchange, 0 if body is None else body.left)
        call.begin()

    # a call that goes straight

    def goes_straight(self, deadline: float) -> None:
        """The call that has come is on its way."""
        self._state = CALL
        self.deadline = deadline

    def went_straight(self, now: float) -> None:
        """It is over."""
        self._gateway.calls += 1
        self._state = HEAD
        self.deadline = now + self._gateway.idle_s
        if self._paused:
            self._go_on()
        if self._buffer:
            self._gateway.loop.call_soon(self._next)

    def goes_on(self, exchange: Exchange, call: Call) -> None:
        """It does not go straight any more."""
        self._exchange, self._call = exchange, call
        self._head_only = self._old = False
        self._keep = not self._gateway.draining
        self._stream_s = 0.0

    def _settle(self) -> None:
        """Something happens that is not usual."""
        if self._flight.sent is not None:
            self._flight.general()

    # a call

    def answered(self, answer: Answer) -> None:
        self._call = None
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        """A whole answer, and the end of the call."""
        if self._gateway.draining or self._body is not None:
            self._keep = False
        self.transport.write(answers.whole(answer, self._keep, self._head_only))
        self._done(answer)

    def begins(self, answer: Answer, length: int) -> None:
        exchange = self._exchange
        if self._gateway.draining or self._body is not None:
            self._keep = False
        self._chunked_out = length < 0 and not self._old
        if length < 0 and not self._chunked_out:
            self._keep = False
        route = exchange.route if exchange is not None else None
        if route is not None and route.kind != "http":
            self._stream_s = self._gateway.stream_s
            self.deadline = monotonic() + self._stream_s
        self.transport.write(answers.head(answer, self._keep, length, self._chunked_out))
        self._last = answer

    def piece(self, data: bytes) -> None:
        # the service was asked for more than the client, where an operation has a method of its own
        if not self._head_only:
            self.transport.write(chunk(data) if self._chunked_out else data)
        if self._stream_s:
            self.deadline = monotonic() + self._stream_s

    def ended(self) -> None:
        if self._chunked_out and not self._head_only:
            self.transport.write(LAST_CHUNK)
        self._call = None
        answer, self._last = self._last, None
        assert answer is not None
        self._done(answer)

    def gone(self) -> None:
        """The answer ends in its middle; the client sees that, as its length or last chunk is missing."""
        self._call = None
        self._left_alone()
        self.transport.abort()

    def upgraded(self, connection: Connection, answer: Answer, rest: bytes) -> None:
        self._call = None
        exchange, self._exchange = self._exchange, None
        self.transport.write(answers.upgraded(answer) + rest)
        if self._buffer:
            connection.transport.write(self._buffer)
            self._buffer = b""
        self._state = TUNNEL
        gateway = self._gateway

        def ended() -> None:
            gateway.leave(self)
            if exchange is not None:
                gateway.over(exchange, answer, monotonic())

        self._tunnel = Tunnel(self.transport, connection.transport, gateway.stream_s, ended)
        self.deadline = self._tunnel.deadline

    def _done(self, answer: Answer) -> None:
        """The call is over: for the next one, or the end."""
        gateway = self._gateway
        exchange, self._exchange = self._exchange, None
        now = monotonic()
        if exchange is not None:
            gateway.over(exchange, answer, now)
        if not self._keep:
            self._close()
            return
        self._state = HEAD
        self.deadline = now + gateway.idle_s
        if self._paused:
            self._go_on()
        if self._buffer:
            gateway.loop.call_soon(self._next)

    def _next(self) -> None:
        """The request that waited in the pipeline."""
        if self._state == HEAD and self._buffer and not self.transport.is_closing():
            data, self._buffer = self._buffer, b""
            self.data_received(data)

    # the end, before its time or not

    def _refuse(self, status: int, sentence: str) -> None:
        """An answer, and the end of the connection: what comes next cannot be trusted."""
        self._given()
        exchange = self._exchange
        call, self._call = self._call, None
        if call is not None:
            call.abandon()
            if call.sent_head:
                self._left_alone()
                self.transport.abort()
                return
        self._keep = False
        self._gateway.refused += 1
        answer = self._refusal(exchange, status, sentence)
        self.transport.write(answers.whole(answer, False, self._head_only and exchange is not None))
        self._exchange = None
        if exchange is not None:
            self._gateway.over(exchange, answer, monotonic(), self._state == CALL)
        self._linger()

    def _refusal(self, exchange: Exchange | None, status: int, sentence: str) -> Answer:
        if exchange is None:
            return self._gateway.stray(self, status, sentence)
        return self._gateway.steps.refused(exchange, status, sentence)

    def unexpected(self) -> None:
        """A mistake of ours is being handled: said in the log, and to the client without its inside."""
        self._given()
        straight = self._flight.given_up()
        exchange, self._exchange = self._exchange or straight, None
        log.exception("a call of %r failed", exchange.operation if exchange is not None else "")
        call, self._call = self._call, None
        if call is not None:
            call.abandon()
        self._keep = False
        begun = self._state == CALL or straight is not None
        if self._last is None and (exchange is not None or self._state in (HEAD, BODY)):
            answer = self._refusal(exchange, 500, _MISTAKE)
            self.transport.write(answers.whole(answer, False, self._head_only and exchange is not None))
            self._linger()
        else:
            # an answer is out, or part of one: its reader must not take another one for the rest
            answer = Answer(500, [], b"", reason=_MISTAKE)
            self.transport.abort()
        if exchange is not None:
            self._gateway.over(exchange, answer, monotonic(), begun)

    def _close(self) -> None:
        if self._body is not None or self._buffer:
            self._linger()
        else:
            self._state = CLOSING
            self.deadline = monotonic() + self._gateway.idle_s
            self.transport.close()

    def _linger(self) -> None:
        """Closing while bytes come would reset the connection, and the answer with it."""
        self._state = LINGER
        self._thrown = 0
        self.deadline = monotonic() + _LINGER_S
        self._buffer = b""
        self._go_on()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _left_alone(self) -> None:
        """Nobody waits for the call any more."""
        self._settle()
        self._given()
        call, self._call = self._call, None
        if call is not None:
            call.abandon()
        exchange, self._exchange = self._exchange, None
        if exchange is not None and self._state == CALL:
            self._gateway.over(exchange, None, monotonic())

    # the worker

    def expire(self, now: float) -> None:
        """The deadline has passed."""
        self._settle()
        state, call = self._state, self._call
        if state == HEAD and not self._buffer:
            self.transport.close()
            self._state = CLOSING
            self.deadline = now + _LINGER_S
        elif state in (HEAD, BODY):
            self._refuse(408, "The request did not come in time.")
        elif state == CALL:
            self.deadline = NEVER
            if call is not None and not call.sent_head:
                call.expire()
            else:
                self._left_alone()
                self.transport.abort()
        elif state == TUNNEL:
            assert self._tunnel is not None
            self.deadline = self._tunnel.deadline
            if self.deadline <= now:
                self._tunnel.abort()
        else:
            self.transport.abort()
            self.deadline = NEVER

    def drain(self) -> None:
        """No more calls: close now if none is there, else with the answer."""
        self._settle()
        self._keep = False
        if self._state == HEAD and not self._buffer:
            self._close()
        elif self._state == TUNNEL and self._tunnel is not None:
            self._tunnel.end()
        elif self._stream_s and self._call is not None:
            # it may have no end: the client connects again, elsewhere
            self._left_alone()
            self.transport.close()
