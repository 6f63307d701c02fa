"""Eden's own wire: `POST /observe/v1/batch`, NDJSON with a header line; docs/observe-wire.md."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Protocol

import msgspec

from eden.base.problems import Problem, not_found
from eden.observe.accept.wires import Response, Shape, Wire, WireRequest, batch_key

#: lines of a batch; more are a mistake, and cost memory even when they are empty
MOST_LINES = 100_000
_MOST_HEADER = 64_000


class Program(msgspec.Struct, frozen=True):
    """The mini program that was running."""

    version: str = ""
    code: int = 0
    release: str = ""


class Header(msgspec.Struct, frozen=True):
    """The first line of a batch. Fields that are not here are not refused. `sent_at`: ms of the sender's clock;
    `collect`: revision of the switches that the sender has; `consent`: what the person has said; `generated`: made up,
    for a demonstration: the rows' source says so."""

    batch: str = ""
    sent_at: int | None = None
    device: str = ""
    user: str | int | None = None
    context: dict[str, Any] = {}
    program: Program = Program()
    collect: int | None = None
    consent: str = ""
    generated: bool = False
    #: id of a pull whose last lines these are
    pull_done: str = ""


class _Object(msgspec.Struct, frozen=True):
    """Any object: what is in it is read when the batch is digested."""


class _Outside(Header, frozen=True):
    """The same line, as far as accepting it needs it."""

    context: _Object = _Object()  # type: ignore[assignment]


HEADERS = msgspec.json.Decoder(Header, strict=False)
_OUTSIDE: msgspec.json.Decoder[Header] = msgspec.json.Decoder(_Outside, strict=False)
_ENCODER = msgspec.json.Encoder()


class Told(Protocol):
    """What the answer to a batch may say beside the number of records."""

    def told(self, app: int, device: str, revision: int | None) -> dict[str, Any]:
        """`pull` when the device's log is wanted, `collect` when the switches are not those of `revision`."""
        ...

    def sent_nothing(self, app: int, device: str, pull: str) -> None:
        """The device has no lines for this pull."""
        ...


def key_of(request: WireRequest) -> str | None:
    """`Authorization: Bearer KEY`, or `?key=KEY` from beacons, which have no headers."""
    word, _, key = request.headers.get("authorization", "").partition(" ")
    if word.lower() == "bearer":
        return key.strip()
    return request.query.get("key")


def header_of(body: bytes, decoder: msgspec.json.Decoder[Header] = HEADERS) -> tuple[Header, int]:
    """The header line and where the next line begins. Problem `bad-request`."""
    end = body.find(b"\n")
    line = body if end < 0 else body[:end]
    if len(line) > _MOST_HEADER:
        raise Problem("bad-request", f"The batch's header line has more than {_MOST_HEADER:,} bytes.")
    try:
        header = decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(
            "bad-request",
            f"The batch's first line is no header: {error}.",
            'It is an object like {"batch":"UUID","sent_at":1790000000000,"device":"ID"}; other lines are records.',
        ) from error
    return header, len(body) if end < 0 else end + 1


class OwnWire(Wire):
    """Below `/observe/v1/`."""

    key_in_body = False

    def __init__(self, told: Told) -> None:
        self._told = told

    def key_of(self, request: WireRequest) -> str | None:
        if request.rest != "batch":
            raise not_found("This address of the collector")
        if request.method != "POST":
            raise Problem("method-not-allowed", "Batches are posted.", headers={"Allow": "POST"})
        return key_of(request)

    def shape(self, request: WireRequest) -> Shape:
        header, begin = header_of(request.body, _OUTSIDE)
        body = request.body
        count = body.count(b"\n", begin) + (begin < len(body) and not body.endswith(b"\n"))
        if count > MOST_LINES:
            raise Problem("too-large", f"The batch has more than {MOST_LINES:,} records.", "Send less at once.")
        return Shape(
            wire="eden",
            count=count,
            key=batch_key("eden", request.app, header.batch),
            body=body,
            meta={},
            told=(request.app, header.collect, header.pull_done),
            device=header.device,
        )

    def answer(self, shape: Shape) -> Response:
        app, revision, done = shape.told
        if done and shape.count == 0:
            # a log without a line; others are noted when their lines are stored
            self._told.sent_nothing(app, shape.device, done)
        told = self._told.told(app, shape.device, revision)
        return Response(_ENCODER.encode({"accepted": shape.count, **told})) if told else _accepted(shape.count)


@lru_cache(1_000)
def _accepted(count: int) -> Response:
    return Response(_ENCODER.encode({"accepted": count}))
