"""The few pieces of HTTP that the simulator's ASGI application is made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "map": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "zip": "application/zip",
}


def type_of(name: str) -> str:
    """Content type by extension."""
    return TYPES.get(name.rpartition(".")[2], "application/octet-stream")


async def respond(
    send: Send, body: bytes, content_type: str = TYPES["json"], status: int = 200, headers: Headers | None = None
) -> None:
    """Send a whole answer. Nothing of a developer's server is cached unless `headers` say so."""
    fields = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    extra = headers or []
    if not any(name == b"cache-control" for name, _ in extra):
        extra = [*extra, (b"cache-control", b"no-cache")]
    await send({"type": "http.response.start", "status": status, "headers": fields + extra})
    await send({"type": "http.response.body", "body": body})


async def problem(send: Send, status: int, code: str, detail: str, headers: Headers | None = None) -> None:
    """An error in the one shape of the product (RFC 9457)."""
    body = msgspec.json.encode({"type": "about:blank", "status": status, "code": code, "detail": detail})
    await respond(send, body, "application/problem+json", status, headers)


def header(scope: Scope, name: bytes) -> bytes | None:
    """A request header by its lower-case name."""
    fields: Headers = scope["headers"]
    return next((value for key, value in fields if key == name), None)
