"""The few pieces of HTTP that small ASGI applications are made of (ASGI 3.0)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias, TypeVar

import msgspec

from eden.base.problems import Problem

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]
T = TypeVar("T")

#: the escape of NUL in JSON, not after a backslash that is escaped itself
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
#: statuses whose answers have no body, nor fields that describe one (RFC 9110, sections 8.6 and 15)
_BODILESS = (204, 304)

#: key of the scope under which the platform puts the request's id
TRACE = "eden.trace"
#: key of the scope for what logs show in place of a path that has a secret
SHOWN_PATH = "eden.shown_path"


def header(scope: Scope, name: bytes) -> bytes | None:
    """A request header by its lower-case name; the first one of several."""
    for key, value in scope["headers"]:
        if key == name:
            return value  # type: ignore[no-any-return]
    return None


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The whole body. Raises Problem "too-large" above `limit` bytes, and "bad-request" when the client goes away."""
    announced = header(scope, b"content-length")
    if announced is not None and announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        return body
    pieces, size = [], 0
    while True:
        if message["type"] != "http.request":
            raise Problem("bad-request", "The request ended before its body.")
        piece = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)
        message = await receive()


def _too_large(limit: int) -> Problem:
    return Problem("too-large", f"The request has more than {limit:,} bytes.", "Send less at once.")


def has_nul(text: bytes) -> bool:
    """Whether a text of this JSON has the character NUL, which PostgreSQL cannot keep."""
    return b"\\u0000" in text and _NUL.search(text) is not None


async def read_json(scope: Scope, receive: Receive, limit: int, decoder: msgspec.json.Decoder[T]) -> T:
    """The body as a value. Raises Problem: too large, not JSON, not of the decoder's type (with the field's path), a
    character that nothing keeps."""
    body = await read_body(scope, receive, limit)
    if has_nul(body):
        raise Problem("invalid", "The body has a character that is never used (NUL, \\u0000).")
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        sentence, _, path = str(error).partition(" - at `$")
        field = path.rstrip("`").lstrip(".")
        raise Problem("invalid", f"The body is not valid: {sentence}.", errors=[(field, sentence)]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem("bad-request", f"The body is not JSON: {error}.") from error
    except RecursionError as error:
        raise Problem("bad-request", "The body is nested too deeply.") from error


async def respond(
    send: Send,
    body: bytes,
    content_type: bytes = b"application/json",
    status: int = 200,
    headers: Headers | None = None,
) -> None:
    """Send a whole answer."""
    described = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    fields = [] if status in _BODILESS else described
    await send({"type": "http.response.start", "status": status, "headers": fields + (headers or [])})
    await send({"type": "http.response.body", "body": body})


def without_body(send: Send) -> Send:
    """The same answer without its body: what HEAD asks for."""

    async def send_fields(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_fields


async def respond_problem(scope: Scope, send: Send, problem: Problem) -> None:
    """Send a problem in the one shape of the product (RFC 9457), with the request's id."""
    headers = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    await respond(
        send,
        problem.encoded(scope.get(TRACE)),
        b"application/problem+json",
        problem.status,
        [*headers, (b"cache-control", b"no-store")],
    )
