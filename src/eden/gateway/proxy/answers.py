"""Answers as bytes. Every head is written anew, and a value with a line end in it is found before it is sent."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Final

from eden.gateway.exchange import Answer, Headers
from eden.gateway.memo import Memo

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
#: when there was no time to find words
UNEXPECTED: Final = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
#: a worker that has no room for one more connection
FULL: Final = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n"

_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_SECOND = [0, b""]


def _date(at: float) -> bytes:
    """RFC 9110, section 5.6.7; made once a second."""
    second = int(at)
    if _SECOND[0] != second:
        _SECOND[:] = second, time.strftime("date: %a, %d %b %Y %H:%M:%S GMT\r\n", time.gmtime(second)).encode()
    return _SECOND[1]  # type: ignore[return-value]


def _line(field: tuple[bytes, bytes]) -> bytes:
    line = b"%b: %b\r\n" % field
    if line.count(b"\n") != 1 or line.count(b"\r") != 1:
        raise ValueError("a header would be more than a line")
    return line


#: a header → its line
_FIELDS: Final = Memo(_line, worth=lambda _, line: len(line) <= 256)


def fields(headers: Headers) -> bytes:
    """Lines of a head. ValueError when a name or value would be more than one."""
    return b"".join([_FIELDS[field] for field in headers])


def whole(answer: Answer, keep_alive: bool, head_only: bool) -> bytes:
    """An answer with its body; `head_only`: to HEAD, whose answer has the length that GET's would."""
    status, body = answer.status, answer.body or b""
    end = b"\r\n" if keep_alive else b"connection: close\r\n\r\n"
    start = _start(answer)
    if status < 200 or status in (204, 304):
        return start + end
    if head_only:
        if any(name == b"content-length" for name, _ in answer.headers):
            return start + end
        return b"%bcontent-length: %d\r\n%b" % (start, len(body), end)
    return b"%bcontent-length: %d\r\n%b%b" % (start, len(body), end, body)


def head(answer: Answer, keep_alive: bool, length: int, chunked: bool) -> bytes:
    """The head of an answer whose body follows: with its length, in chunks, or until the connection ends."""
    if length >= 0:
        framing = b"content-length: %d\r\n" % length
    else:
        framing = b"transfer-encoding: chunked\r\n" if chunked else b""
    return b"%b%b%b" % (_start(answer), framing, b"\r\n" if keep_alive else b"connection: close\r\n\r\n")


def upgraded(answer: Answer) -> bytes:
    """101; the connection is another protocol's from here on."""
    return b"%bconnection: Upgrade\r\nupgrade: websocket\r\n\r\n" % _start(answer)


def _start(answer: Answer) -> bytes:
    line = _LINES.get(answer.status) or b"HTTP/1.1 %d Status\r\n" % answer.status
    lines = fields(answer.headers)
    if lines.startswith(b"date: ") or b"\r\ndate: " in lines:
        return line + lines + answer.lines
    return line + lines + answer.lines + _date(time.time())
