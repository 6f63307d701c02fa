"""One connection to an upstream, and what it tells whoever asked.

Only one answer is on its way at a time, so that whatever comes behind it is too much and ends the connection. The usual
answer, whole at once and with its length, is taken apart as requests are (`lines.usual_answer`); all others are
`httptools`' to read.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

import httptools

from eden.gateway.exchange import Failure, Headers
from eden.gateway.proxy.lines import Usual, usual_answer

if TYPE_CHECKING:
    from eden.gateway.proxy.upstream import Target

#: bytes of an answer's head
_HEAD_BYTES: Final = 128 << 10
#: bytes in the way to a transport above which reading for it stops, and below which it goes on
WATER: Final = (256 << 10, 64 << 10)


class Asker(Protocol):
    """Who asked, as long as the answer may be a usual one."""

    def usual(self, usual: Usual, body: bytes) -> None:
        """That was all."""

    def unusual(self) -> Sink:
        """Who is told of all else."""

    def unexpected(self) -> None:
        """A mistake of ours is being handled (`sys.exception`), and nothing more is told."""


class Sink(Asker, Protocol):
    """Who asked: is told what the upstream said. Exactly one of `whole`, `end`, `upgraded`, `lost`, `unexpected` is the
    last."""

    #: that was tried last
    target: Target | None

    def connected(self, connection: Connection, reused: bool) -> None: ...
    def whole(self, status: int, headers: Headers, body: bytes) -> None: ...
    def head(self, status: int, headers: Headers, length: int) -> None:
        """Of an answer whose body follows by `data`; `length` -1: not known."""

    def data(self, piece: bytes) -> None: ...
    def end(self) -> None: ...
    def upgraded(self, headers: Headers, rest: bytes) -> None: ...
    def lost(self, failure: Failure) -> None: ...
    def stalled(self, stalled: bool) -> None:
        """The upstream does not take more of the request's body for now; or does again."""

    @property
    def over(self) -> bool:
        """Nobody waits for this any more."""


class Connection(asyncio.Protocol):
    """One connection to a target; serves one sink after the other."""

    __slots__ = (
        "_announced",
        "_answers",
        "_bad",
        "_complete",
        "_head_only",
        "_headed",
        "_headers",
        "_length",
        "_parser",
        "_pieces",
        "_seen",
        "closing",
        "counted",
        "idle_since",
        "reusable",
        "sink",
        "status",
        "target",
        "transport",
        "unfinished",
    )

    def __init__(self, target: Target, counted: bool = True) -> None:
        self.target = target
        #: among the target's connections for calls
        self.counted = counted
        self.transport: asyncio.Transport = None  # type: ignore[assignment]
        self.sink: Asker | None = None
        self.closing = False
        self.idle_since = 0.0
        self._parser = httptools.HttpResponseParser(self)
        self.reusable = False
        #: not all of the request was sent; an answer does not wait for that
        self.unfinished = False
        self._head_only = False
        self._seen = 0
        self._clear()

    def begin(self, sink: Asker, head_only: bool) -> None:
        """The next answer is for `sink`; `head_only`: of a HEAD request."""
        self.sink = sink
        self._head_only = head_only
        self._seen = 0

    def _clear(self) -> None:
        """Nothing was read of an answer yet."""
        self.status = 0
        self.reusable = False
        self._headers: Headers = []
        self._pieces: list[bytes] = []
        self._length = -1
        self._headed = self._announced = self._complete = self._bad = False

    @property
    def unanswered(self) -> bool:
        """Not one byte has come."""
        return self._seen == 0

    # asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.transport.set_write_buffer_limits(*WATER)

    def connection_lost(self, error: Exception | None) -> None:
        self.closing = True
        if self.counted:
            self.target.closed(self)
        asker = self.sink
        if asker is None:
            return
        try:
            sink = asker.unusual()
            self.sink = None
            self._end(sink, error)
        except Exception:
            asker.unexpected()

    def _end(self, sink: Sink, error: Exception | None) -> None:
        if self._seen and self._headed and not self._complete and error is None and self._length == -2:
            # without a length the end of the connection is the end of the answer
            if self._announced:
                sink.end()
            else:
                sink.whole(self.status, self._headers, b"".join(self._pieces))
        else:
            sink.lost("broken")

    def pause_writing(self) -> None:
        if self.sink is not None:
            self.sink.unusual().stalled(True)

    def resume_writing(self) -> None:
        if self.sink is not None:
            self.sink.unusual().stalled(False)

    def data_received(self, data: bytes) -> None:
        sink = self.sink
        if sink is None:
            # it speaks without being asked
            self.abort()
            return
        try:
            if self._seen == 0 and not self._head_only and (answer := usual_answer(data)) is not None:
                self.sink = None
                self.reusable = True
                if self.counted:
                    self.target.release(self)
                usual, body = answer
                sink.usual(usual, body)
            else:
                self._parse(sink.unusual(), data)
        except Exception:
            sink.unexpected()

    def _parse(self, sink: Sink, data: bytes) -> None:
        if self._seen == 0:
            self._clear()
        self._seen += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.sink = None
            headers = self._headers
            if self.counted:
                self.target.detach()
            sink.upgraded(headers, data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            self._bad = True
        if self._bad or (not self._headed and self._seen > _HEAD_BYTES):
            if self.counted:
                self.target.drop(self)
            else:
                self.abort()
            sink.lost("broken")
            return
        if self._complete:
            status, headers, announced, pieces = self.status, self._headers, self._announced, self._pieces
            body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            self.sink = None
            if self.counted:
                self.target.release(self)
            if not announced:
                sink.whole(status, headers, body)
            else:
                if body:
                    sink.data(body)
                sink.end()
        elif self._headed:
            if not self._announced:
                self._announced = True
                sink.head(self.status, self._headers, max(self._length, -1))
                if self.sink is not sink:
                    return
            if self._pieces:
                body = b"".join(self._pieces)
                self._pieces = []
                sink.data(body)

    def abort(self) -> None:
        """At once, and whoever asked is told nothing more."""
        self.sink = None
        self.closing = True
        self.transport.abort()

    # httptools

    def on_message_begin(self) -> None:
        if self._complete:
            # more than was asked for
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._headed:
            # a trailer
            return
        name = name.lower()
        self._headers.append((name, value))
        if name == b"content-length":
            self._length = int(value) if value.isdigit() else -1
        elif name == b"transfer-encoding" and value.lower() != b"chunked":
            self._bad = True

    def on_headers_complete(self) -> None:
        if self._complete:
            self._bad = True
            return
        self.status = status = self._parser.get_status_code()
        if 100 <= status < 200 and status != 101:
            return
        self._headed = True
        if self._head_only:
            self._complete = True
        elif self._length == -1 and status not in (204, 304) and not self._parser.should_keep_alive():
            self._length = -2

    def on_body(self, body: bytes) -> None:
        if not self._head_only:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        if not self._headed:
            # 100 Continue and its like
            self._headers = []
            self._length = -1
        elif not self._complete:
            self._complete = True
            self.reusable = self._parser.should_keep_alive()
