"""A chunk's rows on their way into the events store, with what is there already, and what the store refuses, taken out
row by row."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection
from itertools import pairwise
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from eden.observe.digest.foreign import QUARANTINED_BYTES
from eden.observe.insight.engine import MEMORY, Engine, StoreError
from eden.observe.interfaces import QuarantinedRow, Table

#: ClickHouse's numbers of errors that mean: these rows cannot be read (src/Common/ErrorCodes.cpp). All others mean that
#: the store is away, full or not as it should be, and rows wait
REFUSED = frozenset({
    6, 25, 26, 27, 32, 33, 34, 38, 41, 53, 69, 70, 72, 117, 124, 128, 130, 131, 190, 321, 349, 376, 407, 441, 467, 549,
    645, 675, 676,
})  # fmt: skip
_AT_ROW = re.compile(r"at row (\d+)")
_ENCODER = msgspec.json.Encoder()


class _App(msgspec.Struct):
    app: Annotated[int, Meta(ge=0, lt=2**32)]


_APP = msgspec.json.Decoder(_App)

log = logging.getLogger("eden.observe")


class Moved(NamedTuple):
    """Rows that were stored, and those that the store refused, as lines with reasons."""

    stored: int
    refused: list[tuple[bytes, str]]


def move(engine: Engine, table: Table, rows: bytes, token: str) -> Moved:
    """Insert rows, one JSON object a line. Refused ones are found by halving; everything around them is stored, each
    part under a token of its own, the same ones when it is done again. Raises StoreError when the store cannot take
    anything now: some parts may be stored, and are not stored twice by the next try."""
    try:
        engine.insert(table, rows, token=token)
        return Moved(-1, [])
    except StoreError as error:
        if error.number not in REFUSED and error.number != MEMORY:
            raise
        lines = rows.splitlines(keepends=True)
        if error.number == MEMORY and len(lines) == 1:
            raise
        log.warning("the events store refuses some of %d rows of %s: %s", len(lines), table, error)
        return _halves(engine, table, lines, token, str(error))


def _halves(engine: Engine, table: Table, lines: list[bytes], token: str, reason: str) -> Moved:
    refused: list[tuple[bytes, str]] = []
    stored = 0
    waiting = [(0, len(lines), reason)]
    while waiting:
        begin, end, reason = waiting.pop()
        if end - begin == 1:
            refused.append((lines[begin], reason))
            continue
        # the reason often names the row: then it is one part, and what is before and behind it two others
        named = _AT_ROW.search(reason)
        at = begin + int(named[1]) - 1 if named else -1
        cuts = [begin, at, at + 1, end] if begin <= at < end else [begin, (begin + end) // 2, end]
        for low, high in pairwise(cuts):
            if low == high:
                continue
            try:
                engine.insert(table, b"".join(lines[low:high]), token=f"{token}-{low}-{high}")
                stored += high - low
            except StoreError as error:
                if error.number not in REFUSED and (error.number != MEMORY or high - low == 1):
                    raise
                waiting.append((low, high, str(error)))
    return Moved(stored, refused)


def quarantine(wire: str, received: float, line: bytes, reason: str) -> bytes:
    """The line of a quarantined row for a row that the store refused."""
    try:
        app = _APP.decode(line).app
    except msgspec.DecodeError:
        # that may be what the store refuses
        app = 0
    text = line[:QUARANTINED_BYTES].decode("utf-8", "replace").rstrip("\n")
    row = QuarantinedRow(
        app=app, received=received, wire=wire, reason=f"The store refuses it: {reason}"[:500], raw=text
    )
    return _ENCODER.encode(row) + b"\n"


class Buffers:
    """Lines by table, as rows come; what is to be told of rows is told on the way."""

    def __init__(self, told: Callable[[object], None]) -> None:
        self._told = told
        self.lines: dict[Table, bytearray] = {}
        self.rows: dict[Table, int] = {}

    def add(self, table: Table, row: object) -> None:
        buffer = self.lines.get(table)
        if buffer is None:
            buffer = self.lines[table] = bytearray()
            self.rows[table] = 0
        # appends behind what is there; a row that cannot be encoded leaves nothing
        size = len(buffer)
        try:
            _ENCODER.encode_into(row, buffer, -1)
        except BaseException:
            del buffer[size:]
            raise
        buffer += b"\n"
        self.rows[table] += 1
        self._told(row)

    def drop(self, table: Table, places: Collection[int]) -> None:
        """Take rows out, by their places in the order in which they came."""
        if not places:
            return
        lines = bytes(self.lines[table]).splitlines(keepends=True)
        for place in places:
            lines[place] = b""
            self.rows[table] -= 1
        self.lines[table] = bytearray().join(lines)
