"""Files of lines from other systems, cut into batches for the wires that take them. Nothing is sent here.

Three kinds of files: log lines of the commercial platform, exports of PostHog and Mixpanel (an event in JSON a line),
and Eden's own NDJSON (docs/observe-wire.md). Each line is looked at as the server will look at it, so that what cannot
be stored is told with the number of its line and not sent.

A batch is named by its content and its place, so that the same file cut again gives the same names.
"""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Literal, Protocol, TypeAlias, cast

import msgspec
import zstandard

from eden.base.errors import EdenError
from eden.observe.digest import mas, own, posthog
from eden.observe.digest.digest import About
from eden.observe.interfaces import Accepted, QuarantinedRow

Kind: TypeAlias = Literal["mas", "events", "eden"]
#: lines and bytes of a batch: little enough for any server, and for a connection that breaks
LINES, BYTES = 1_000, 1_000_000
#: of a line; longer ones are no lines
LINE_BYTES = 900_000
#: lines that are looked at to find out what a file holds
_LOOK = 50
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


@dataclass
class Batch:
    """`first` and `last` count lines from 1. `name`: 32 hexadecimal digits."""

    kind: Kind
    name: str
    first: int
    last: int
    body: bytes
    count: int


@dataclass
class Refused:
    """A line that cannot be stored, and why."""

    number: int
    reason: str


@dataclass
class _Open:
    """A batch that is being filled."""

    first: int = 0
    last: int = 0
    lines: list[bytes] = field(default_factory=list)
    size: int = 0


class Readable(Protocol):
    """What lines are read from."""

    def readline(self, limit: int, /) -> bytes: ...


def unpacked(file: BinaryIO) -> Readable:
    """A file's bytes, decompressed as they are read: gzip and Zstandard are known by how they begin."""
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, file))
    start = buffered.peek(4)[:4]
    if start.startswith(_GZIP):
        return gzip.open(buffered)
    if start == _ZSTD:
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(buffered, read_across_frames=True)
        return io.BufferedReader(cast(io.RawIOBase, reader))
    return buffered


def lines(file: Readable) -> Iterator[bytes]:
    """Lines without their ends; of one that is too long its beginning, longer than `LINE_BYTES`. Raises EdenError when
    a compressed file is damaged."""
    try:
        while line := file.readline(LINE_BYTES + 1):
            whole = line.endswith(b"\n")
            yield line.rstrip(b"\r\n") if whole or len(line) <= LINE_BYTES else line
            while not whole and len(line) > LINE_BYTES:
                line = file.readline(LINE_BYTES + 1)
                whole = line.endswith(b"\n")
    except (EOFError, gzip.BadGzipFile, zstandard.ZstdError, OSError) as error:
        raise EdenError("import-damaged", f"The file cannot be read to its end: {error}.") from error


def kind_of(first: Iterable[bytes]) -> Kind:
    """What a file's first lines say that it holds. Raises EdenError: nothing that is known."""
    for line in first:
        if mas.is_line(line.decode("utf-8", "replace")):
            return "mas"
        record = _object(line)
        if record is None:
            continue
        if "event" in record and "type" not in record:
            return "events"
        if "type" in record or "batch" in record:
            return "eden"
    raise EdenError(
        "import-unknown",
        "The file holds no lines that are known.",
        "Known are log lines (D-VM, D-MM, e), events in JSON (PostHog, Mixpanel), and Eden's NDJSON.",
    )


def cut(
    given: Iterable[bytes], kind: Kind | None = None, *, zone: str = "", received: int = 0
) -> Iterator[Batch | Refused]:
    """Batches of a file's lines in their order, and the lines that are not in any.

    `kind`: what it holds; None: its first lines are looked at. `zone`: of log lines' times. `received`: now, µs.
    Raises EdenError: it holds nothing that is known.
    """
    look: list[bytes] = []
    source = iter(given)
    if kind is None:
        for line in source:
            look.append(line)
            if len([each for each in look if each.strip()]) >= _LOOK:
                break
        if not any(line.strip() for line in look):
            return
        kind = kind_of(look)
    checks = _Checks(kind, zone, received)
    batch, header = _Open(), b""
    for number, line in enumerate(_chained(look, source), 1):
        if not line.strip():
            continue
        if kind == "eden" and checks.is_header(line):
            if batch.lines:
                yield _closed(kind, batch, header)
                batch = _Open()
            header = line
            continue
        if reason := checks.fault(line):
            yield Refused(number, reason)
            continue
        if batch.lines and (len(batch.lines) == LINES or batch.size + len(line) > BYTES):
            yield _closed(kind, batch, header)
            batch = _Open()
        batch.first = batch.first or number
        batch.last = number
        batch.lines.append(line)
        batch.size += len(line) + 1
    if batch.lines:
        yield _closed(kind, batch, header)


def _chained(look: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    yield from look
    yield from rest


def _closed(kind: Kind, batch: _Open, header: bytes) -> Batch:
    joined = b"\n".join(batch.lines)
    digest = hashlib.blake2b(f"{kind} {batch.first} ".encode(), digest_size=16)
    digest.update(header)
    digest.update(joined)
    name = digest.hexdigest()
    if kind == "events":
        joined = b'{"historical_migration":true,"batch":[' + b",".join(batch.lines) + b"]}"
    elif kind == "eden":
        # without `sent_at`: their clocks were right when they were sent, not now
        said = {key: value for key, value in (_object(header) or {}).items() if key not in ("batch", "sent_at")}
        joined = msgspec.json.encode({"batch": name, **said}) + b"\n" + joined
    return Batch(kind, name, batch.first, batch.last, joined, len(batch.lines))


class _Checks:
    """What the server will say to a line."""

    def __init__(self, kind: Kind, zone: str, received: int) -> None:
        self._kind = kind
        self._received = received
        self._zone = {"zone": zone} if zone else {}
        self._about = About()

    def is_header(self, line: bytes) -> bool:
        record = _object(line)
        return record is not None and "type" not in record

    def fault(self, line: bytes) -> str:
        """Why it cannot be stored; "" when it can."""
        if len(line) > LINE_BYTES:
            return f"it has more than {LINE_BYTES:,} bytes"
        if self._kind == "mas":
            found = mas.rows(Accepted("mas", 0, self._received, b"", line, self._zone), self._about)
        elif self._kind == "events":
            if _object(line) is None:
                return "it is no JSON object"
            found = posthog.rows(Accepted("posthog", 0, self._received, b"", line), self._about)
        else:
            found = own.rows(Accepted("eden", 0, self._received, b"", b"{}\n" + line), self._about)
        return next((row.reason for row in found if isinstance(row, QuarantinedRow)), "")


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
