"""What a wire format is to the receiver: where its key stands, what its batches look like, what its clients are told.

The receiver (`eden.observe.accept.receiver`) does what all wires have in common: limits, decompression, the look-up of
the key, quotas, the spool. A wire knows its own shape and nothing of these. At this point only the outer shape is
looked at: what is in a batch is read when it is digested (`eden.observe.digest`), so that a bad record is never a
refused batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol, TypeAlias

import msgspec

from eden.observe.interfaces import Wire as WireName

#: the headers that wires may ask for: others are not even looked at
HEADERS = (
    "authorization", "content-encoding", "content-type", "posthog-request-timestamp", "posthog-sdk-info",
    "x-eden-key", "x-sentry-auth",
)  # fmt: skip


class WireRequest(msgspec.Struct):
    """A request below a wire's prefix.

    `rest`: the path behind the prefix, without a slash in front ("api/7/envelope/"). `headers`: those of `HEADERS`, the
    last one of several. `body` is decompressed, and empty while `key_of` is asked for the first time. `app`: number of
    the app whose key it is; 0 as long as that is not known. `received`: microseconds.
    """

    rest: str
    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    app: int = 0
    received: int = 0


class Shape(msgspec.Struct):
    """A batch as its wire sees it from outside.

    `count`: records in it, for the quota. `key`: 16 bytes by which the same batch is recognised when it is sent again;
    empty: never (`batch_key` makes one). `body`, `meta`: what the spool keeps; a shape without body keeps nothing and
    is only answered (flags, configuration). `told`: what `answer` needs to know, which is kept nowhere. `device`: whose
    batch it is, if the wire knows it here.
    """

    wire: WireName
    count: int
    key: bytes
    body: bytes
    meta: dict[str, str]
    told: Any = None
    device: str = ""


#: headers by lower-case name
Fields: TypeAlias = tuple[tuple[str, str], ...]


class Response(NamedTuple):
    """An answer; headers by lower-case name. CORS is the receiver's."""

    body: bytes = b"{}"
    status: int = 200
    content_type: str = "application/json"
    headers: Fields = ()


class Wire(Protocol):
    """One wire format. Objects have no state that a request changes; methods cost microseconds and never block."""

    #: clients of this wire put the key into the body: it is looked for there when the rest has none
    key_in_body: bool

    def key_of(self, request: WireRequest) -> str | None:
        """The write key that the request names; None: none. Raises Problem `not-found` when the wire has nothing at
        this path, `method-not-allowed`."""
        ...

    def shape(self, request: WireRequest) -> Shape:
        """The batch in the request. Raises Problem when it cannot be one; nothing is kept then."""
        ...

    def answer(self, shape: Shape) -> Response:
        """What the client is told once the batch is on the disk."""
        ...

    def later(self, seconds: int, reason: str) -> Fields:
        """What tells this wire's clients to send nothing for so many seconds, beside Retry-After. `reason`: a problem's
        code."""
        return ()


def batch_key(wire: WireName, app: int, batch: str | bytes) -> bytes:
    """The key of a batch by which its client knows it; empty for a batch without one."""
    if not batch:
        return b""
    name = batch.encode("utf-8", "surrogatepass") if isinstance(batch, str) else batch
    return blake2b(f"{wire} {app} ".encode() + name, digest_size=16).digest()
