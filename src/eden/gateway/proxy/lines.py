"""Lines of heads: what one says is worked out once and remembered, as most come with every call (`Memo`).

A line's meaning depends on nothing but the line, so that what is remembered is as strict as what is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from eden.gateway.exchange import SECRET, Headers
from eden.gateway.memo import Memo

#: lines that are cut off some data at once; of a head of more, the end is looked for first
LINES: Final = 64
#: longest line that is remembered
REMEMBERED: Final = 256
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
#: of a request: these are made anew for the upstream
NOT_SENT: Final = HOP_BY_HOP | {
    b"content-length",
    b"expect",
    b"host",
    b"traceparent",
    b"x-forwarded-for",
    b"x-forwarded-proto",
}
#: of those that count once: lengths, and what a signature or a limit hangs on
SINGLE: Final = frozenset(
    (
        b"appid", b"authorization", b"content-length", b"content-type", b"did", b"expect", b"host", b"operation-type",
        b"sign", b"signtype", b"traceparent", b"transfer-encoding", b"ts", b"x-eden-app", b"x-eden-device",
        b"x-eden-encryption", b"x-eden-nonce", b"x-eden-signature", b"x-eden-time", b"x-eden-version",
        b"x-mgs-encryption",
    )
)  # fmt: skip
#: of calls: other ones each time, and never sent on
FLEETING: Final = frozenset(
    (
        b"content-length", b"sign", b"traceparent", b"ts", b"x-eden-nonce", b"x-eden-signature", b"x-eden-time",
    )
)  # fmt: skip
_NOT_REMEMBERED: Final = SECRET | FLEETING - {b"content-length"}

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HOST = re.compile(rb"[A-Za-z0-9._~:\[\]-]*")
#: what a value may consist of (RFC 9110, section 5.5)
VALUE: Final = bytes(byte for byte in range(256) if byte == 9 or (byte >= 32 and byte != 127))
#: a line end that is none
LONE: Final = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")


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
        raw, colon, value = line.partition(b": ")
        name = _NAMES.get(raw)
        if colon and name in _NOT_REMEMBERED and not value.translate(None, VALUE):
            return name, value.strip(b" \t")
        return super().__missing__(line) if len(line) <= REMEMBERED and name not in _NOT_REMEMBERED else _field(line)


def _field(line: bytes) -> Field:
    raw, colon, value = line.partition(b":")
    name = _NAMES[raw] if colon else _name(b"")
    value = value.strip(b" \t")
    if value.translate(None, VALUE):
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

_FIELDS: Final = _Fields()
field_of: Final = _FIELDS.__getitem__


# answers of services


def _status(line: bytes) -> int:
    found = re.fullmatch(rb"HTTP/1\.1 ([2-5][0-9]{2}) [\t\x20-\x7e\x80-\xff]*", line)
    status = 0 if found is None else int(found[1])
    return 0 if status in (204, 304) else status


#: a status line, without its end → the status of an answer that has a body; 0: it has none, or is unusual otherwise
_STATUSES: Final = Memo(_status, worth=lambda line, _: len(line) <= REMEMBERED)


class Usual:
    """The head of a usual answer: of HTTP/1.1, with its length, on a connection that goes on. `told`: how a client is
    told of it (`straight`), once somebody was."""

    __slots__ = ("headers", "length", "status", "told")

    def __init__(self, status: int, headers: Headers, length: int) -> None:
        self.status = status
        #: shared by all answers with this head
        self.headers = tuple(headers)
        self.length = length
        self.told: tuple[bytes, bytes, bool] | None = None


def _answer_head(head: bytes) -> Usual | None:
    lines = head.split(b"\r\n")
    try:
        status = _STATUSES[lines[0]]
        headers = list(map(field_of, lines[1:]))
    except Refused:
        return None
    fields = dict(headers)
    length = fields.get(b"content-length")
    if not status or length is None or b"transfer-encoding" in fields or b"upgrade" in fields:
        return None
    if fields.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    if len(fields) != len(headers) and sum(name == b"content-length" for name, _ in headers) > 1:
        return None
    return Usual(status, headers, int(length))


#: all before the empty line → what it says, None: the head of another answer than a usual one
_USUAL: Final = Memo(_answer_head, 1024, lambda head, _: len(head) <= 1024 and b"set-cookie" not in head.lower())


def usual_answer(data: bytes) -> tuple[Usual, bytes] | None:
    """Head and body, when `data` is exactly one usual answer, all there. None: something else. Heads come again within
    the second that Date stands for."""
    head, _, body = data.partition(b"\r\n\r\n")
    usual = _USUAL[head]
    return None if usual is None or len(body) != usual.length else (usual, body)
