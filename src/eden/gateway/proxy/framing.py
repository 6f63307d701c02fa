"""Where a message begins and ends (RFC 9112), read so that nobody on the way can read it otherwise.

Request smuggling lives on two readers who disagree about a length. So all that RFC 9112 lets a recipient tolerate
is refused here: a lone CR or LF, folded lines, white space before a colon, two lengths or a length beside chunks, any
transfer coding but exactly `chunked`, chunk extensions of more than a few bytes, requests for another protocol version.
What goes upstream is written anew from what was read (`heads`); no byte of framing is passed on.

`httptools` (llhttp) reads heads; it is given a head only when all of it is there, so that its size has a bound, and a
body never. Bodies are cut here.
"""

from __future__ import annotations

import re
from typing import Final

import httptools

from eden.gateway.exchange import Headers

#: belong to one connection (RFC 9110, section 7.6.1), beside those that Connection names
HOP_BY_HOP: Final = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
#: are made anew for the upstream, beside those
_REMADE: Final = frozenset(
    (b"content-length", b"expect", b"host", b"traceparent", b"x-forwarded-for", b"x-forwarded-proto")
)
_NOT_PASSED: Final = HOP_BY_HOP | _REMADE
#: of those that count once: lengths, and what a signature or a limit hangs on
SINGLE: Final = frozenset(
    (
        b"appid", b"authorization", b"content-length", b"content-type", b"did", b"expect", b"host", b"operation-type",
        b"sign", b"signtype", b"traceparent", b"transfer-encoding", b"ts", b"x-eden-app", b"x-eden-device",
        b"x-eden-encryption", b"x-eden-nonce", b"x-eden-signature", b"x-eden-time", b"x-eden-version",
        b"x-mgs-encryption",
    )
)  # fmt: skip

_LONE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
_HOST = re.compile(rb"[A-Za-z0-9._~:\[\]-]*\Z")


class Refused(Exception):
    """A message that is not read any further. The connection has to be closed: where it ends is not known."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class RequestHead:
    """Reads one request head after the other; what was read stands in the attributes until the next one."""

    __slots__ = ("_parser", "fields", "headers", "keep_alive", "length", "method", "old", "upgrade", "url")

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self.method = b""
        self.url = b""
        #: names in lower case
        self.headers: Headers = []
        self.fields: dict[bytes, bytes] = {}
        #: bytes of the body; -1: it comes in chunks
        self.length = 0
        self.keep_alive = True
        #: HTTP/1.0: takes no chunks
        self.old = False
        #: another protocol is asked for
        self.upgrade = False

    # called by httptools

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def read(self, head: bytes) -> None:
        """`head` ends with its empty line. Raises Refused."""
        self.url = b""
        self.headers = []
        self.upgrade = False
        parser = self._parser
        try:
            parser.feed_data(head)
        except httptools.HttpParserUpgrade:
            self.upgrade = True
        except httptools.HttpParserInvalidMethodError:
            raise Refused(501, "This method is not known.") from None
        except httptools.HttpParserError as error:
            raise Refused(
                400, f"The request is not HTTP/1.1: {error.args[0] if error.args else 'unreadable'}."
            ) from None
        self.method = method = parser.get_method()
        end = len(method) + len(self.url) + 10
        version = head[end - 8 : end]
        self.fields = fields = dict(self.headers)
        # one space, one target, one space, a version of ours: llhttp takes more
        if head.find(b"\r\n") != end or method == b"CONNECT" or b"#" in self.url:
            raise Refused(400, "The request line is not HTTP/1.1.")
        if len(fields) != len(self.headers):
            self._check_repeated()
        length = fields.get(b"content-length")
        coding = fields.get(b"transfer-encoding")
        if version == b"HTTP/1.1":
            self.keep_alive, self.old = True, False
            host = fields.get(b"host")
            if host is None or _HOST.match(host) is None:
                raise Refused(400, "A request has one Host header, with a host and perhaps a port.")
        elif version == b"HTTP/1.0":
            # what a 1.0 client means by keep-alive, and by chunks, is not worth finding out
            self.keep_alive, self.old = False, True
            if coding is not None:
                raise Refused(400, "Transfer-Encoding is not for HTTP/1.0.")
        else:
            raise Refused(505, "The only version that is spoken here is HTTP/1.1.")
        if coding is not None:
            if length is not None:
                raise Refused(400, "A request has a Content-Length or a Transfer-Encoding, not both.")
            if coding.lower() != b"chunked":
                raise Refused(501, "The only transfer coding is chunked.")
            self.length = -1
        elif length is not None:
            if not length.isdigit() or len(length) > 15:
                raise Refused(400, "Content-Length is a number.")
            self.length = int(length)
        else:
            self.length = 0
        connection = fields.get(b"connection")
        if connection is not None and b"close" in connection.lower():
            self.keep_alive = False
        if self.length < 0 or self.upgrade:
            # it would wait for chunks, which are cut here
            self._parser = httptools.HttpRequestParser(self)

    def passed(self, body: bytes) -> None:
        """Part of a body with a length, for the parser to know where the next head begins."""
        self._parser.feed_data(body)

    def _check_repeated(self) -> None:
        seen = set()
        for name, _ in self.headers:
            if name in seen and name in SINGLE:
                raise Refused(400, f"The header {name.decode('latin-1')} comes twice.")
            seen.add(name)

    def end_to_end(self) -> Headers:
        """The headers without what belongs to this connection only, or is made anew."""
        hop = _NOT_PASSED
        named = self.fields.get(b"connection")
        if named is not None and named.lower() not in (b"keep-alive", b"close"):
            hop = hop | {word.strip().lower() for word in named.split(b",")}
        return [field for field in self.headers if field[0] not in hop]


def check_part(data: bytes) -> None:
    """Of a head that has not ended yet. Raises Refused for what no head can become."""
    if _LONE.search(data):
        raise Refused(400, "Lines end with CR and LF.")


_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[\t\x20-\x7e\x80-\xff]{0,128})?\r\n")
#: longest line with a chunk's size
_SIZE_LINE = 8 + 1 + 128 + 2
#: all lines of trailers together; they are dropped
_TRAILERS = 4096
#: so many chunks may be as short as they like; of more, the average has to be worth its line
_FREE_CHUNKS, _LEAST_AVERAGE = 256, 8


class Chunks:
    """Takes the chunks of one body apart. `done` once the last one has come; `rest` is what came after it."""

    __slots__ = ("_buffer", "_count", "_left", "_total", "_trailers", "done", "rest")

    def __init__(self) -> None:
        self._buffer = b""
        #: of the chunk that is being read, with the CR LF behind it; 0: a size comes; -1: trailers
        self._left = 0
        self._count = 0
        self._total = 0
        self._trailers = 0
        self.done = False
        self.rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Pieces of the body in `data`. Raises Refused."""
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        pieces: list[bytes] = []
        at, end = 0, len(data)
        while at < end and not self.done:
            if self._left > 2:
                piece = data[at : at + self._left - 2]
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
            elif self._left > 0:
                # CR LF behind the chunk
                if data[at] != (13 if self._left == 2 else 10):
                    raise Refused(400, "A chunk is longer than it said.")
                at += 1
                self._left -= 1
            elif self._left == 0:
                at = self._size(data, at)
            else:
                at = self._trailer(data, at)
            if at < 0:
                break
        if self.done:
            self.rest = data[at:]
        return pieces

    def _size(self, data: bytes, at: int) -> int:
        found = _SIZE.match(data, at)
        if found is None:
            if data.find(b"\n", at, at + _SIZE_LINE) >= 0 or len(data) - at >= _SIZE_LINE:
                raise Refused(400, "A chunk does not say its size.")
            self._buffer = data[at:]
            return -1
        size = int(found[1], 16)
        self._count += 1
        self._total += size
        if self._count > _FREE_CHUNKS and self._total < self._count * _LEAST_AVERAGE:
            raise Refused(400, "The chunks are too short.")
        self._left = size + 2 if size else -1
        return found.end()

    def _trailer(self, data: bytes, at: int) -> int:
        end = data.find(b"\r\n", at)
        self._trailers += (end if end >= 0 else len(data)) - at
        if self._trailers > _TRAILERS:
            raise Refused(431, "The trailers are too long.")
        if end < 0:
            self._trailers -= len(data) - at
            self._buffer = data[at:]
            return -1
        if end == at:
            self.done = True
        elif _LONE.search(data, at, end) or b":" not in data[at:end]:
            raise Refused(400, "A trailer is a header.")
        return end + 2


def chunk(data: bytes) -> bytes:
    """One chunk; `data` is not empty (that would be the last one)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST_CHUNK: Final = b"0\r\n\r\n"
