"""Answers as bytes. Every head is written anew, and a value with a line end in it is found before it is sent."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from eden.gateway.exchange import SECRET, Answer
from eden.gateway.memo import Memo
from eden.gateway.proxy.lines import NOT_RETURNED, NOT_SENT

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}
_STARTS: Final[Memo[int, bytes]] = Memo(
    lambda status: f"HTTP/1.1 {status} {_PHRASES.get(status, 'Status')}\r\n".encode()
)
_SECOND = [0, b""]


def date() -> bytes:
    """RFC 9110, section 5.6.7; made once a second."""
    second = int(time.time())
    if _SECOND[0] != second:
        _SECOND[:] = second, time.strftime("date: %a, %d %b %Y %H:%M:%S GMT\r\n", time.gmtime(second)).encode()
    return _SECOND[1]  # type: ignore[return-value]


def _line(field: tuple[bytes, bytes]) -> bytes:
    line = b"%b: %b\r\n" % field
    if line.count(b"\n") != 1 or line.count(b"\r") != 1:
        raise ValueError("a header would be more than a line")
    return line


def _lines(without: frozenset[bytes]) -> Callable[[tuple[bytes, bytes]], bytes]:
    """A header → its line, none for what belongs to one connection or is made anew. ValueError when a name or value
    would be more than one."""
    made: Memo[tuple[bytes, bytes], bytes] = Memo(
        lambda field: b"" if field[0] in without else _line(field),
        worth=lambda field, line: len(line) <= 256 and field[0] not in SECRET,
    )
    return made.__getitem__


#: of a header that a service is sent
request_line: Final = _lines(NOT_SENT)
_answer_line: Final = _lines(NOT_RETURNED)


def _of(headers: tuple[tuple[bytes, bytes], ...]) -> tuple[bytes, bool]:
    return b"".join(map(_answer_line, headers)), any(name == b"date" for name, _ in headers)


#: headers of an answer → their lines, and whether Date is among them
_HEADERS: Final = Memo(
    _of, 1024, lambda headers, made: len(made[0]) <= 1024 and not any(name in SECRET for name, _ in headers)
)


def whole(answer: Answer, keep_alive: bool, head_only: bool) -> bytes:
    """An answer with its body; `head_only`: to HEAD, whose answer has the length that GET's would. ValueError when a
    header would be more than a line."""
    status, body = answer.status, answer.body or b""
    if head_only or status < 200 or status in (204, 304):
        length, body = _length(answer, status) if head_only else b"", b""
    else:
        length = b"content-length: %d\r\n" % len(body)
    lines, dated = _HEADERS[tuple(answer.headers)]
    return b"%b%b%b%b%b%b%b" % (
        _STARTS[status],
        lines,
        answer.lines,
        b"" if dated else date(),
        length,
        b"\r\n" if keep_alive else b"connection: close\r\n\r\n",
        body,
    )


def parts(answer: Answer, length: int) -> tuple[bytes, bytes, bool]:
    """What comes before `Answer.lines`, what behind it up to the body of so many bytes, on a connection that goes on;
    and whether Date is among it."""
    lines, dated = _HEADERS[tuple(answer.headers)]
    return _STARTS[answer.status] + lines, b"content-length: %d\r\n\r\n" % length, dated


def _length(answer: Answer, status: int) -> bytes:
    if status < 200 or status in (204, 304):
        return b""
    told = next((value for name, value in answer.headers if name == b"content-length"), None)
    return b"content-length: %b\r\n" % (b"%d" % len(answer.body or b"") if told is None else told)


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
    lines, dated = _HEADERS[tuple(answer.headers)]
    return b"%b%b%b%b" % (_STARTS[answer.status], lines, answer.lines, b"" if dated else date())
