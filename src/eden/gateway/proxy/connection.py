"""A client's connection: one call after the other, in the order in which they came (RFC 9112, section 9.3).

    HEAD ──head──▶ BODY ──whole──▶ CALL ──answer──▶ HEAD …
           │                        ▲      │ head of an answer
           └─ no body, or streamed ─┘      └──▶ (still CALL) pieces, end

Every state has a deadline, which the worker looks at many times a second (`expire`): for a head, for a body by a least
rate, for a call by its operation, for a client that takes nothing of its answer. A call that waits in the pipeline
behind another one is not read. After a refusal of framing the connection is closed, since nobody knows where the next
message begins; what the client goes on sending is read and thrown away for a moment, so that it sees the answer.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from eden.gateway.exchange import Answer, Exchange
from eden.gateway.proxy import answers
from eden.gateway.proxy.framing import LAST_CHUNK, Chunks, Refused, RequestHead, check_part, chunk
from eden.gateway.proxy.link import WATER, Connection
from eden.gateway.proxy.relay import Relay
from eden.gateway.proxy.tunnel import Tunnel

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
#: seconds for a body to begin, and bytes a second that it has to come with
_BODY_S: Final = 20.0
_BODY_RATE: Final = 512
#: after a refusal: seconds and bytes that are read and thrown away
_LINGER_S: Final = 2.0
_LINGER_BYTES: Final = 1 << 20
#: without an end: a deadline that never comes
NEVER: Final = float("inf")

log = logging.getLogger("eden.gateway")


class Client(asyncio.Protocol):
    __slots__ = (
        "_began",
        "_buffer",
        "_chunked_out",
        "_chunks",
        "_exchange",
        "_gateway",
        "_head",
        "_keep",
        "_last_piece",
        "_left",
        "_limit",
        "_paused",
        "_pieces",
        "_received",
        "_relay",
        "_resumed_deadline",
        "_state",
        "_stream_s",
        "_task",
        "_tunnel",
        "_uploading",
        "deadline",
        "peer",
        "transport",
        "trusted",
    )

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.transport: asyncio.Transport = None  # type: ignore[assignment]
        self._head = RequestHead()
        self._buffer = b""
        self._state = HEAD
        self._exchange: Exchange | None = None
        self._relay: Relay | None = None
        self._task: asyncio.Task[None] | None = None
        self._tunnel: Tunnel | None = None
        self._chunks: Chunks | None = None
        self._pieces: list[bytes] = []
        #: bytes of the body that have come; may come; are still to come (with a length)
        self._received = self._limit = self._left = 0
        self._began = 0.0
        self._keep = True
        self._chunked_out = False
        self._paused = False
        self._uploading = False
        #: of an answer without an end: seconds that may pass without a piece; 0: the call's deadline holds
        self._stream_s = 0.0
        self._resumed_deadline = NEVER
        self.deadline = NEVER
        self.peer = ""
        #: believed in what it says of whom it forwards
        self.trusted = False

    # asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        gateway = self._gateway
        if not gateway.admit(self):
            self._state = CLOSING
            self.transport.write(answers.FULL)
            self.transport.close()
            self.deadline = gateway.loop.time() + _LINGER_S
            return
        self.transport.set_write_buffer_limits(*WATER)
        self.deadline = gateway.loop.time() + gateway.head_s

    def connection_lost(self, error: Exception | None) -> None:
        self._gateway.leave(self)
        self._left_alone()

    def eof_received(self) -> bool:
        # a client that closes its half is taken for one that has gone, as nginx does
        return False

    def pause_writing(self) -> None:
        self._resumed_deadline = self.deadline
        self.deadline = min(self.deadline, self._gateway.loop.time() + self._gateway.idle_s)
        if self._relay is not None:
            self._relay.pause(True)

    def resume_writing(self) -> None:
        if self._state == CALL:
            self.deadline = self._resumed_deadline
            if self._stream_s:
                self.deadline = self._gateway.loop.time() + self._stream_s
        if self._relay is not None:
            self._relay.pause(False)

    def data_received(self, data: bytes) -> None:
        state = self._state
        if state == HEAD:
            self._read(self._buffer + data if self._buffer else data)
        elif state == BODY:
            self._body(data)
        elif state == CALL:
            if self._uploading and self._left:
                self._uploaded(data)
            else:
                self._buffer += data
                if len(self._buffer) > _PIPELINE and not self._paused:
                    self._paused = True
                    self.transport.pause_reading()
        elif state == LINGER:
            self._received += len(data)
            if self._received > _LINGER_BYTES:
                self.transport.abort()

    # a head

    def _read(self, data: bytes) -> None:
        gateway = self._gateway
        if data.startswith(b"\r\n"):
            # an empty line behind the last body, which some clients send (RFC 9112, section 2.2)
            data = data[2:]
        end = data.find(b"\r\n\r\n") + 4
        if end < 4 or end > gateway.head_bytes:
            self._part(data, end)
            return
        head = self._head
        size = len(data)
        try:
            head.read(data if end == size else data[:end])
        except Refused as refused:
            self._refuse(refused.status, refused.sentence)
            return
        self._keep = head.keep_alive and not gateway.draining
        now = gateway.loop.time()
        exchange = gateway.exchange(self, head)
        if isinstance(exchange, Answer):
            self._exchange = None
            self._take_body(data, end, 0)
            self._send(exchange)
            return
        self._exchange = exchange
        length = head.length
        route = exchange.route
        limit = route.body_bytes if route is not None else _SMALL
        if length > limit:
            self._refuse(413, f"The body has more than {limit} bytes.")
        elif length == 0:
            self._buffer = data[end:] if end < size else b""
            exchange.body = b""
            self._run(exchange)
        elif 0 < length <= size - end:
            body = data[end : end + length] if end + length < size else data[end:]
            head.passed(body)
            self._buffer = data[end + length :] if end + length < size else b""
            exchange.body = body
            self._run(exchange)
        else:
            self._take_body(data, end, limit)
            if route is None or route.needs_body or 0 < length <= _SMALL:
                self._state = BODY
                self._continue()
                rest, self._buffer = self._buffer, b""
                self._began = now
                self.deadline = now + _BODY_S
                if rest:
                    self._body(rest)
            else:
                self._uploading = True
                self._hold()
                self._run(exchange)

    def _part(self, data: bytes, end: int) -> None:
        """A head that has not ended, or is too long."""
        if end > self._gateway.head_bytes or len(data) > self._gateway.head_bytes:
            self._refuse(431, f"The head of a request has at most {self._gateway.head_bytes} bytes.")
            return
        try:
            check_part(data)
        except Refused as refused:
            self._refuse(refused.status, refused.sentence)
            return
        if not self._buffer:
            # from the first byte on; more bytes do not give more time
            self.deadline = self._gateway.loop.time() + self._gateway.head_s
        self._buffer = data

    def _take_body(self, data: bytes, end: int, limit: int) -> None:
        """Begin with a body that is not all there."""
        head = self._head
        self._buffer = data[end:]
        self._pieces = []
        self._received, self._limit, self._left = 0, limit, head.length
        self._chunks = Chunks() if head.length < 0 else None
        if head.length:
            # until it is whole the connection is good for nothing else
            self._keep = self._keep and limit > 0

    def _continue(self) -> None:
        if self._head.fields.get(b"expect", b"").lower() == b"100-continue" and not self._buffer:
            self.transport.write(answers.CONTINUE)

    # a body

    def _cut(self, data: bytes) -> list[bytes]:
        """The pieces of the body in `data`; what is behind it goes to the buffer, and `_left` is 0. Raises Refused."""
        if self._chunks is not None:
            pieces = self._chunks.feed(data)
            self._received += sum(map(len, pieces))
            if self._chunks.done:
                self._left = 0
                self._buffer = self._chunks.rest
        else:
            piece = data[: self._left]
            pieces = [piece]
            self._received += len(piece)
            self._left -= len(piece)
            self._head.passed(piece)
            if not self._left:
                self._buffer = data[len(piece) :]
        if self._received > self._limit:
            raise Refused(413, f"The body has more than {self._limit} bytes.")
        return pieces

    def _body(self, data: bytes) -> None:
        try:
            self._pieces += self._cut(data)
        except Refused as refused:
            self._refuse(refused.status, refused.sentence)
            return
        if self._left:
            self.deadline = self._began + _BODY_S + self._received / _BODY_RATE
            return
        exchange = self._exchange
        assert exchange is not None
        exchange.body = b"".join(self._pieces)
        self._pieces = []
        self._run(exchange)

    def upload(self, wanted: bool) -> None:
        """The upstream takes a streamed body; or does not for now."""
        if not wanted:
            self._hold()
            return
        if self._buffer and self._left:
            data, self._buffer = self._buffer, b""
            self._continue()
            self._uploaded(data)
        elif self._left:
            self._continue()
        if self._paused:
            self._paused = False
            self.transport.resume_reading()

    def _uploaded(self, data: bytes) -> None:
        relay = self._relay
        if relay is None:
            self._buffer += data
            return
        try:
            pieces = self._cut(data)
        except Refused as refused:
            self._refuse(refused.status, refused.sentence)
            return
        for piece in pieces:
            if piece:
                relay.more(piece)
        if not self._left:
            self._uploading = False
            relay.uploaded()

    def _hold(self) -> None:
        if not self._paused:
            self._paused = True
            self.transport.pause_reading()

    # a call

    def _run(self, exchange: Exchange) -> None:
        self._state = CALL
        self._chunked_out = False
        self._stream_s = 0.0
        gateway = self._gateway
        route = exchange.route
        self.deadline = gateway.loop.time() + (route.timeout_ms / 1000 if route is not None else gateway.idle_s)
        try:
            answer = gateway.steps.before(exchange)
        except Exception:
            self._unexpected()
            return
        self._go_on(exchange, answer)

    def _go_on(self, exchange: Exchange, answer: Answer | None) -> None:
        if answer is not None:
            self._send(answer)
        elif exchange.authorizer is not None:
            question = exchange.authorizer
            question.body = question.body or b""
            self._relay = relay = self._gateway.relay(self, question, 0, True)
            relay.start(self._gateway.loop.time())
        elif exchange.locates:
            self._task = self._gateway.loop.create_task(self._locate(exchange))
        else:
            self._ask(exchange)

    async def _locate(self, exchange: Exchange) -> None:
        try:
            answer = await self._gateway.steps.locate(exchange)
        except Exception:
            self._unexpected()
            return
        if self._exchange is exchange and self._state == CALL:
            if answer is not None:
                self._send(answer)
            else:
                self._ask(exchange)

    def _ask(self, exchange: Exchange) -> None:
        upload = self._left if self._uploading and exchange.send_body is None and exchange.body is None else 0
        self._relay = relay = self._gateway.relay(self, exchange, upload, False)
        relay.start(self._gateway.loop.time())

    def answered(self, relay: Relay, answer: Answer) -> None:
        exchange = self._exchange
        if exchange is None or relay is not self._relay:
            return
        self._relay = None
        if relay.exchange is exchange:
            self._send(answer)
            return
        # what the authorizer said
        exchange.authorizer = None
        try:
            said = self._gateway.steps.authorized(exchange, answer)
        except Exception:
            self._unexpected()
            return
        self._go_on(exchange, said)

    def redirected(self, relay: Relay) -> None:
        exchange = self._exchange
        self._relay = None
        if exchange is not None:
            self._task = self._gateway.loop.create_task(self._locate(exchange))

    # an answer

    def _send(self, answer: Answer) -> None:
        """A whole answer, and the end of the call."""
        if self._gateway.draining or self._left:
            self._keep = False
        head_only = self._head.method == b"HEAD"
        try:
            data = answers.whole(answer, self._keep, head_only)
        except ValueError:
            self._unexpected()
            return
        self.transport.write(data)
        self._done(answer)

    def begins(self, relay: Relay, answer: Answer, length: int) -> None:
        exchange = self._exchange
        if self._gateway.draining or self._left:
            self._keep = False
        self._chunked_out = length < 0 and not self._head.old
        if length < 0 and not self._chunked_out:
            self._keep = False
        self._last_piece = answer
        route = exchange.route if exchange is not None else None
        if route is not None and route.kind != "http":
            self._stream_s = self._gateway.stream_s
            self.deadline = self._gateway.loop.time() + self._stream_s
        try:
            self.transport.write(answers.head(answer, self._keep, length, self._chunked_out))
        except ValueError:
            relay.abandon()
            self._unexpected()

    def piece(self, data: bytes) -> None:
        self.transport.write(chunk(data) if self._chunked_out else data)
        if self._stream_s:
            self.deadline = self._gateway.loop.time() + self._stream_s

    def ended(self, relay: Relay) -> None:
        if self._chunked_out:
            self.transport.write(LAST_CHUNK)
        self._relay = None
        self._done(self._last_piece)

    def gone(self, relay: Relay) -> None:
        """The answer ends in its middle; the client sees that, as its length or last chunk is missing."""
        self._relay = None
        self._left_alone()
        self.transport.abort()

    def upgraded(self, relay: Relay, connection: Connection, answer: Answer, rest: bytes) -> None:
        self._relay = None
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
                gateway.over(exchange, answer)

        self._tunnel = Tunnel(self.transport, connection.transport, gateway.stream_s, ended)
        self.deadline = self._tunnel.deadline

    def _done(self, answer: Answer) -> None:
        """The call is over: for the next one, or the end."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            self._gateway.over(exchange, answer)
        gateway = self._gateway
        if not self._keep:
            self._close()
            return
        self._state = HEAD
        self.deadline = gateway.loop.time() + gateway.idle_s
        if self._paused:
            self._paused = False
            self.transport.resume_reading()
        if self._buffer:
            gateway.loop.call_soon(self._next)

    def _next(self) -> None:
        """The request that waited in the pipeline."""
        if self._state == HEAD and self._buffer and not self.transport.is_closing():
            data, self._buffer = self._buffer, b""
            self._read(data)

    def _refuse(self, status: int, sentence: str) -> None:
        """An answer, and the end of the connection: what comes next cannot be trusted."""
        exchange = self._exchange
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.abandon()
            if relay.sent_head:
                self._left_alone()
                self.transport.abort()
                return
        self._keep = False
        self._left = self._left or 1
        self._gateway.refused += 1
        answer = self._gateway.steps.refused(exchange, status, sentence)
        self._exchange = None
        try:
            self.transport.write(answers.whole(answer, False, False))
        except ValueError:
            self.transport.write(answers.UNEXPECTED)
        if exchange is not None:
            self._gateway.over(exchange, answer, self._state == CALL)
        self._close()

    def _unexpected(self) -> None:
        """A mistake of ours: said in the log, and to the client without its inside."""
        log.exception("a call of %s failed", self._exchange.operation if self._exchange else "")
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.abandon()
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            self._gateway.over(exchange, Answer(500, [], b"", 7000, "a mistake of the gateway"))
        self.transport.write(answers.UNEXPECTED)
        self._close()

    def _close(self) -> None:
        if self._left or self._buffer:
            # closing while bytes come would reset the connection, and the answer with it
            self._state = LINGER
            self._received = 0
            self.deadline = self._gateway.loop.time() + _LINGER_S
            self._buffer = b""
            if self._paused:
                self._paused = False
                self.transport.resume_reading()
            if self.transport.can_write_eof():
                self.transport.write_eof()
        else:
            self._state = CLOSING
            self.deadline = self._gateway.loop.time() + self._gateway.idle_s
            self.transport.close()

    def _left_alone(self) -> None:
        """Nobody waits for the call any more."""
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.abandon()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
        exchange, self._exchange = self._exchange, None
        if exchange is not None and self._state == CALL:
            self._gateway.over(exchange, None)

    # the worker

    def expire(self, now: float) -> None:
        """The deadline has passed."""
        state = self._state
        if state == HEAD and not self._buffer:
            self.transport.close()
            self._state = CLOSING
            self.deadline = now + _LINGER_S
        elif state in (HEAD, BODY):
            self._refuse(408, "The request did not come in time.")
        elif state == CALL:
            relay = self._relay
            self.deadline = NEVER
            if relay is None:
                self._left_alone()
                self.transport.abort()
            elif relay.sent_head:
                relay.abandon()
                self._left_alone()
                self.transport.abort()
            else:
                relay.expire()
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
        self._keep = False
        if self._state == HEAD and not self._buffer:
            self._close()
        elif self._state == TUNNEL and self._tunnel is not None:
            self._tunnel.end()
        elif self._stream_s and self._relay is not None:
            # it may have no end: the client connects again, elsewhere
            self._relay.abandon()
            self._left_alone()
            self.transport.close()

    @property
    def busy(self) -> bool:
        return self._state in (BODY, CALL)
