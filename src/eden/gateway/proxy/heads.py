"""Heads of requests, read so that nobody on the way can read them otherwise (RFC 9112).

Request smuggling lives on two readers who disagree about a length. So all that RFC 9112 lets a recipient tolerate
is refused here: a lone CR or LF, folded lines, white space before a colon, two lengths or a length beside chunks, any
transfer coding but exactly `chunked`, requests for another protocol version. What goes upstream is written anew from
what was read; no byte of framing is passed on.

    data ─ cut at its line ends ─┬─ all but the fleeting lines as before? ──▶ the Head of before
                                 └─ else each line for itself (`lines`) ───▶ a Head ─▶ remembered

A caller says the same with each call but for the time, nonce, signature and length. Those are taken out, by where they
were in heads of as many lines; when what is left has come before, byte for byte, its `Head` holds still, and all that
was worked out of it since (`exchange.Standing`).
"""

from __future__ import annotations

import re
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias

from eden.gateway.exchange import SECRET, Headers, Standing
from eden.gateway.memo import Memo
from eden.gateway.proxy.lines import FLEETING, LINES, LONE, REMEMBERED, SINGLE, Refused, field_of

#: what is not known besides is answered with 501 (RFC 9110, section 9.1)
_METHODS: Final = frozenset((b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"))
_TARGET = re.compile(rb"(?:/|https?://)[!\"$-~]*|\*")
_VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
_WORD: Final = rb"[!-~]+"
#: what is taken out of heads before they are remembered: other ones each time, and nobody's business later
_TAKEN: Final = FLEETING | SECRET
#: heads that are remembered, and bytes of one at most
_HEADS: Final = 4096
_HEAD_BYTES: Final = 1024


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
_STARTS: Final = Memo(_start, worth=lambda line, _: len(line) <= REMEMBERED and b"?" not in line)


class Head:
    """What a request's head says, without its fleeting headers and the values of secret ones."""

    __slots__ = ("fields", "headers", "keep_alive", "method", "old", "secrets", "standing", "url")

    def __init__(self, start: Start, headers: Headers, fields: dict[bytes, bytes], secrets: list[bytes]) -> None:
        self.method, self.url, self.old = start
        #: names in lower case
        self.headers = headers
        #: by name, of repeated ones the last, with those of the connection
        self.fields = {name: value for name, value in fields.items() if name not in _TAKEN}
        #: names of those that go on to the service, too
        self.secrets = tuple(secrets)
        # what a 1.0 client means by keep-alive, and by chunks, is not worth finding out
        self.keep_alive = not self.old and b"close" not in fields.get(b"connection", b"").lower()
        self.standing: Standing | None = None

    def sent(self, fields: dict[bytes, bytes]) -> Headers:
        """What of a call with this head may go on to the service; `fields`: all its headers by name."""
        if not self.secrets:
            return self.headers
        return [*self.headers, *((name, fields[name]) for name in self.secrets)]


class _Shape:
    """Where the fleeting lines of some heads are, and how they look: `picked` takes them out of the lines of a head,
    `left` all else up to the empty line; `pattern` finds their values, which are of `names`, when each begins as its
    like did and has as many visible words; `secrets`: those of the names whose values are secret."""

    __slots__ = ("left", "names", "pattern", "picked", "secrets")

    def __init__(self, count: int, fleeting: list[tuple[int, bytes, bytes, int]]) -> None:
        """`count` lines, the last one what is behind the empty one; `fleeting`: place, name, how the line begins, and
        spaces in its value."""
        places = [place for place, *_ in fleeting]
        self.names = [name for _, name, _, _ in fleeting]
        self.secrets = tuple(name for name in self.names if name in SECRET)
        lines = [rb"%b(%b)\n" % (re.escape(begins), rb" ".join([_WORD] * (n + 1))) for _, _, begins, n in fleeting]
        self.pattern = re.compile(b"".join(lines) + rb"\n").fullmatch
        # with the empty line besides, twice: of one place alone, an itemgetter makes no tuple
        self.picked: itemgetter[Any] = itemgetter(*places, count - 2, count - 2)
        self.left: itemgetter[Any] = itemgetter(*(at for at in range(count - 1) if at not in places))


#: a head, all its headers by name, the bytes of the body (-1: it comes in chunks), and what is behind the head
Read: TypeAlias = tuple[Head, dict[bytes, bytes], int, bytes]


class Heads:
    """Reads heads, of `most` bytes at most, and remembers them."""

    __slots__ = ("_known", "_most", "_shapes")

    def __init__(self, most: int) -> None:
        self._most = most
        self._shapes: dict[int, _Shape] = {}
        self._known: dict[tuple[bytes, ...], Head] = {}

    def read(self, data: bytes) -> Read | None:
        """The head that `data` begins with; None when its end has not come. Raises Refused."""
        lines = data.split(b"\r\n", LINES)
        shape = self._shapes.get(len(lines))
        if shape is None:
            return self._read(data, lines, None)
        found = shape.pattern(b"\n".join(shape.picked(lines)))
        if found is None:
            return self._read(data, lines, None)
        head = self._known.get(shape.left(lines) + shape.secrets)
        if head is None:
            return self._read(data, lines, shape)
        fields = head.fields.copy()
        fields.update(zip(shape.names, found.groups(), strict=False))
        length = fields.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > 15 or len(data) > self._most:
            return self._read(data, lines, None)
        return head, fields, int(length), lines[-1]

    def _read(self, data: bytes, lines: list[bytes], shape: _Shape | None) -> Read | None:
        """A head that did not come before; `shape`: that it seems to have."""
        most = self._most
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
            lines, shape = data[:size].split(b"\r\n"), None
            end = len(lines)
            lines += b"", data[size + 4 :]
        start = _STARTS[lines[0]]
        headers = list(map(field_of, lines[1:end]))
        fields = dict(headers)
        if len(fields) != len(headers):
            _check_repeated(headers)
        length = _length(start, fields)
        taken = _TAKEN & fields.keys()
        lasting, secrets = _lasting(headers, fields)
        head = Head(start, lasting, fields, secrets)
        once = len(headers) == len(fields) or sum(name in taken for name, _ in headers) == len(taken)
        if length >= 0 and once and end + 2 == len(lines) <= LINES and b"?" not in start.url:
            if shape is None or len(taken) != len(shape.names):
                shape = self._shapes[len(lines)] = _shape(lines, headers)
            left = shape.left(lines)
            if sum(map(len, left)) <= _HEAD_BYTES:
                if len(self._known) >= _HEADS:
                    self._known.clear()
                # a secret goes on to the service: with one in the place of a trace it is another head
                self._known[left + shape.secrets] = head
        return head, fields, length, lines[-1] if end + 2 == len(lines) else b"\r\n".join(lines[end + 1 :])


def _shape(lines: list[bytes], headers: Headers) -> _Shape:
    """Of a head, and so probably of its like."""
    fleeting = []
    for at, (name, value) in enumerate(headers, 1):
        if name in _TAKEN:
            begins, colon, said = lines[at].partition(b":")
            begins += colon + (b" " if said[:1] == b" " else b"")
            fleeting.append((at, name, begins, value.count(b" ")))
    return _Shape(len(lines), fleeting)


def _length(start: Start, fields: dict[bytes, bytes]) -> int:
    """Bytes of the body; -1: it comes in chunks. Raises Refused."""
    length, chunked = fields.get(b"content-length"), b"transfer-encoding" in fields
    if start.old and chunked:
        raise Refused(400, "Transfer-Encoding is not for HTTP/1.0.")
    if not start.old and b"host" not in fields:
        raise Refused(400, "A request has one Host header, with a host and perhaps a port.")
    if chunked and length is not None:
        raise Refused(400, "A request has a Content-Length or a Transfer-Encoding, not both.")
    return -1 if chunked else int(length or 0)


def _lasting(headers: Headers, fields: dict[bytes, bytes]) -> tuple[Headers, list[bytes]]:
    """Those that hold still, and the names of those that do not and go on to the service; without those that Connection
    says belong to this connection. Those that always do, and those that are made anew, are left out where a request is
    written (`lines.NOT_SENT`)."""
    hop = FLEETING
    if (named := fields.get(b"connection")) is not None:
        hop = hop | {word.strip().lower() for word in named.split(b",")}
    kept = [field for field in headers if field[0] not in hop]
    secrets = [name for name, _ in kept if name in SECRET]
    if len(set(secrets)) < len(secrets):
        # several of a name: they are all told, as it is not remembered
        return kept, []
    return [field for field in kept if field[0] not in SECRET], secrets


def _check_repeated(headers: Headers) -> None:
    seen = set()
    for name, _ in headers:
        if name in seen and name in SINGLE:
            raise Refused(400, f"The header {name.decode('latin-1')} comes twice.")
        seen.add(name)


def check_part(data: bytes) -> None:
    """Of a head that has not ended yet. Raises Refused for what no head can become."""
    if LONE.search(data):
        raise Refused(400, "Lines end with CR and LF.")
