"""Where a message begins and ends (RFC 9112), read so that nobody on the way can read it otherwise.

Request smuggling lives on two readers who disagree about a length. So all that RFC 9112 lets a recipient tolerate
is refused here: a lone CR or LF, folded lines, white space before a colon, two lengths or a length beside chunks, any
transfer coding but exactly `chunked`, chunk extensions of more than a few bytes, requests for another protocol version.
What goes upstream is written anew from what was read; no byte of framing is passed on.

A head is taken apart at its line ends, and what a line says is worked out once and remembered (`Memo`): of the lines of
a call only its time, nonce and signature are new ones. A line's meaning depends on nothing but the line, so that what
is remembered is as strict as what is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from eden.gateway.exchange import Headers
from eden.gateway.memo import Memo

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
#: of an answer: these are made anew for the client
NOT_RETURNED: Final = HOP_BY_HOP | {b"content-length"}
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
#: other ones each time, or secret: their lines are not remembered
_FLEETING: Final = frozenset(
    (
        b"authorization", b"cookie", b"sign", b"traceparent", b"ts", b"x-eden-nonce", b"x-eden-signature",
        b"x-eden-time",
    )
)  # fmt: skip

#: lines of a head that are cut off its data at once; of more, its end is looked for first
LINES: Final = 64
#: longest line that is remembered
_REMEMBERED: Final = 256
#: what is known besides is answered with 501 (RFC 9110, section 9.1)
_METHODS: Final = frozenset((b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"))
_LONE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
_TARGET = re.compile(rb"(?:/|https?://)[!\"$-~]*|\*")
_VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HOST = re.compile(rb"[A-Za-z0-9._~:\[\]-]*")
#: what a value may consist of (RFC 9110, section 5.5)
_VALUE: Final = bytes(byte for byte in range(256) if byte == 9 or (byte >= 32 and byte != 127))


class Refused(Exception):
    """A message that is not read any further. The connection has to be closed: where it ends is not known."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


# lines

Field: TypeAlias = tuple[bytes, bytes]


def _name(raw: bytes) -> bytes:
    if _TOKEN.fullmatch(raw) is None:
        raise Refused(400, "The request is not HTTP/1.1: a header's name is none, or has no colon behind it.")
    return raw.lower()


#: a header's name as it came → in lower case
_NAMES: Final = Memo(_name, worth=lambda raw, _: len(raw) <= 64)


class _Fields(Memo[bytes, Field]):
    """A line of a head, without its end → its name in lower case, and its value. Raises Refused."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(_field)

    def __missing__(self, line: bytes) -> Field:
        # most of what is missing is fleeting: nothing more is looked at than has to be
        raw, _, value = line.partition(b": ")
        name = _NAMES.get(raw)
        if name in _FLEETING and not value.translate(None, _VALUE):
            return name, value.strip(b" \t")
        return super().__missing__(line) if len(line) <= _REMEMBERED and name not in _FLEETING else _field(line)


def _field(line: bytes) -> Field:
    raw, colon, value = line.partition(b":")
    name = _NAMES[raw] if colon else _name(b"")
    value = value.strip(b" \t")
    if value.translate(None, _VALUE):
        raise Refused(400, "The request is not HTTP/1.1: a header's value has characters that none can have.")
    if name in _CHECKS:
        _CHECKS[name](line[len(raw) + 1 :].lstrip(b" \t"))
    return name, value


def _check_length(value: bytes) -> None:
    if not value.isdigit() or len(value) > 15:
        raise Refused(400, "Content-Length is a number.")


def _check_coding(value: bytes) -> None:
    if value.lower() == b"chunked":
        return
    # where a body ends of which chunked is not the last coding, nobody can tell (RFC 9112, section 6.3)
    status = 501 if re.fullmatch(rb".*[ \t,]chunked", value.lower(), re.DOTALL) else 400
    raise Refused(status, "The only transfer coding is chunked.")


def _check_host(value: bytes) -> None:
    if _HOST.fullmatch(value) is None:
        raise Refused(400, "A request has one Host header, with a host and perhaps a port.")


_CHECKS: Final[dict[bytes, Callable[[bytes], None]]] = {
    b"content-length": _check_length,
    b"transfer-encoding": _check_coding,
    b"host": _check_host,
}

FIELDS: Final = _Fields()


class Start(NamedTuple):
    """A request line. `old`: HTTP/1.0."""

    method: bytes
    url: bytes
    old: bool


def _start(line: bytes) -> Start:
    # one space, one target, one space, a version of ours
    words = line.split(b" ")
    method, version = words[0], words[-1]
    if len(words) == 3 and _VERSION.fullmatch(version) and version not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise Refused(505, "The only version that is spoken here is HTTP/1.1.")
    if method not in _METHODS:
        raise Refused(501, "This method is not known.")
    if (
        len(words) != 3
        or method == b"CONNECT"
        or _VERSION.fullmatch(version) is None
        or not _TARGET.fullmatch(words[1])
    ):
        raise Refused(400, "The request line is not HTTP/1.1.")
    return Start(method, words[1], version == b"HTTP/1.0")


#: a request line, without its end. Raises Refused
STARTS: Final = Memo(_start, worth=lambda line, _: len(line) <= _REMEMBERED and b"?" not in line)

#: whether headers of this name go on to the service
_PASSES: Final[Memo[bytes, bool]] = Memo(lambda name: name not in _NOT_PASSED, worth=lambda name, _: len(name) <= 64)


class RequestHead:
    """Reads one request head after the other; what was read stands in the attributes until the next one."""

    __slots__ = ("fields", "headers", "keep_alive", "length", "method", "old", "url")

    def __init__(self) -> None:
        self.method = b""
        self.url = b""
        #: names in lower case
        self.headers: Headers = []
        #: the same by name; of repeated ones the last
        self.fields: dict[bytes, bytes] = {}
        #: bytes of the body; -1: it comes in chunks
        self.length = 0
        self.keep_alive = True
        #: HTTP/1.0: takes no chunks
        self.old = False

    def read(self, data: bytes, most: int) -> bytes | None:
        """Read the head that `data` begins with, of `most` bytes at most; what is behind it, or None when its end has
        not come. Raises Refused."""
        lines = data.split(b"\r\n", LINES)
        try:
            end = lines.index(b"")
        except ValueError:
            end = 0
        if not 0 < end < len(lines) - 1 or len(data) > most:
            # not yet whole, or long, or with more lines, or an empty one in front (RFC 9112, section 2.2)
            data = data.removeprefix(b"\r\n")
            size = data.find(b"\r\n\r\n")
            if size + 4 > most or (size < 0 and len(data) > most):
                raise Refused(431, f"The head of a request has at most {most} bytes.")
            if size < 0:
                return None
            lines = data[:size].split(b"\r\n")
            end = len(lines)
            lines += b"", data[size + 4 :]
        rest = lines[end + 1] if end + 2 == len(lines) else b"\r\n".join(lines[end + 1 :])
        self.method, self.url, old = STARTS[lines[0]]
        self.headers = headers = [FIELDS[line] for line in lines[1:end]]
        self.fields = fields = dict(headers)
        if len(fields) != len(headers):
            self._check_repeated()
        if old or b"transfer-encoding" in fields or b"host" not in fields or b"connection" in fields:
            self._unusual(old)
        else:
            self.old, self.keep_alive = False, True
            length = fields.get(b"content-length")
            self.length = 0 if length is None else int(length)
        return rest

    def _unusual(self, old: bool) -> None:
        """An old version, chunks, or a word about the connection."""
        fields = self.fields
        length, chunked = fields.get(b"content-length"), b"transfer-encoding" in fields
        if old and chunked:
            raise Refused(400, "Transfer-Encoding is not for HTTP/1.0.")
        if not old and b"host" not in fields:
            raise Refused(400, "A request has one Host header, with a host and perhaps a port.")
        if chunked and length is not None:
            raise Refused(400, "A request has a Content-Length or a Transfer-Encoding, not both.")
        self.length = -1 if chunked else int(length or 0)
        # what a 1.0 client means by keep-alive, and by chunks, is not worth finding out
        self.old = old
        self.keep_alive = not old and b"close" not in fields.get(b"connection", b"").lower()

    def _check_repeated(self) -> None:
        seen = set()
        for name, _ in self.headers:
            if name in seen and name in SINGLE:
                raise Refused(400, f"The header {name.decode('latin-1')} comes twice.")
            seen.add(name)

    def end_to_end(self) -> Headers:
        """The headers without what belongs to this connection only, or is made anew."""
        named = self.fields.get(b"connection")
        if named is None:
            return [field for field in self.headers if _PASSES[field[0]]]
        hop = _NOT_PASSED | {word.strip().lower() for word in named.split(b",")}
        return [field for field in self.headers if field[0] not in hop]


def _status(line: bytes) -> int:
    found = re.fullmatch(rb"HTTP/1\.1 ([2-5][0-9]{2}) [\t\x20-\x7e\x80-\xff]*", line)
    status = 0 if found is None else int(found[1])
    return 0 if status in (204, 304) else status


#: a status line, without its end → the status of an answer that has a body; 0: it has none, or is unusual otherwise
_STATUSES: Final = Memo(_status, worth=lambda line, _: len(line) <= _REMEMBERED)
_RETURNED: Final[Memo[bytes, bool]] = Memo(lambda name: name not in NOT_RETURNED, worth=lambda name, _: len(name) <= 64)


def whole_answer(data: bytes) -> tuple[int, Headers, bytes] | None:
    """Status, end-to-end headers without the length, and body, when `data` is exactly one usual answer: of HTTP/1.1,
    with its length, all there, on a connection that goes on. None: something else."""
    lines = data.split(b"\r\n", LINES)
    try:
        end = lines.index(b"")
        status = _STATUSES[lines[0]]
        headers = [FIELDS[line] for line in lines[1:end]]
    except (ValueError, Refused):
        return None
    fields = dict(headers)
    length = fields.get(b"content-length")
    if not status or length is None or b"transfer-encoding" in fields or b"upgrade" in fields:
        return None
    if fields.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    if len(fields) != len(headers) and sum(name == b"content-length" for name, _ in headers) > 1:
        return None
    body = lines[end + 1] if end + 2 == len(lines) else b"\r\n".join(lines[end + 1 :])
    if end + 1 == len(lines) or len(body) != int(length):
        return None
    return status, [field for field in headers if _RETURNED[field[0]]], body


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
