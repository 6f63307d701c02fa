"""Fills an events store with made-up months, from a process of its own, since one process owns the store:
`python -m bench._observe_fill` reads an order as JSON from standard input and prints seconds and bytes.

A part of the events is made row by row; the rest are copies of it by the engine, with the same people, other visits
and other moments: what counts for a report (people, names, properties) stays as it is in a month of that size.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from bench._observe_events import Workload, errors, events, logs
from eden.base.settings import Settings
from eden.observe.insight.engine import Engine
from eden.observe.insight.opening import open_engine

#: rows of an insert, as the inserter makes them under load
_PIECE = 50_000
#: rows of an insert of copies
_BLOCK = 2_000_000
#: events up to which copies are merged, too: fifty million take ten minutes of a processor, and parts that are not
#: merged make answers slower, not faster
_MERGED = 20_000_000
_MEMORY = 9_000_000_000


class Order(msgspec.Struct, frozen=True):
    """`events` of them `made` row by row; log lines and errors are all made."""

    settings: Settings
    app: int
    events: int
    made: int
    logs: int
    errors: int


class Filled(msgspec.Struct, frozen=True):
    """Seconds of inserting what was made, and bytes on the disk of an event that was made, with its part of the
    roll-ups, after merging."""

    seconds: float
    bytes_per_event: float


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    # blocks of copies are large; the store is asked later, with the usual cap
    observe = msgspec.structs.replace(order.settings.observe, memory_bytes=_MEMORY)
    engine = open_engine(msgspec.structs.replace(order.settings, observe=observe))
    work = Workload(order.made, app=order.app)
    seconds = _insert(engine, "events", events(work))
    size = _merged_bytes(engine)
    tables = ["events", "trends", "seen", "logs", "errors"]
    if order.events > _MERGED:
        engine.query("ALTER TABLE events MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1")
        tables.remove("events")
    _copy(engine, order)
    _insert(engine, "logs", logs(work, order.logs))
    _insert(engine, "errors", errors(work, order.errors))
    for table in tables:
        engine.query(f"OPTIMIZE TABLE {table} FINAL")
    [(count,)] = _rows(engine, "SELECT count() FROM events")
    assert int(count) == order.events, (count, order.events)
    sys.stdout.buffer.write(msgspec.json.encode(Filled(seconds, size / order.made)))
    sys.stdout.flush()
    engine.close()


def _copy(engine: Engine, order: Order) -> None:
    """All events again, other visits of the same people at other moments, as often as is wanted."""
    engine.query(
        "INSERT INTO events SELECT * REPLACE (at + toIntervalSecond(61 * copy) AS at, cityHash64(id, copy) AS id,"
        " concat(session, '-', toString(copy)) AS session) EXCEPT copy"
        " FROM (SELECT * FROM events WHERE app = {app:UInt32}) ARRAY JOIN range(1, {times:UInt32}) AS copy",
        {"app": order.app, "times": order.events // order.made},
        settings={"min_insert_block_size_rows": _BLOCK, "min_insert_block_size_bytes": 0, "max_insert_threads": 2},
    )


def _merged_bytes(engine: Engine) -> int:
    """Of the events and what is counted of them on the disk. Copies would compress as no month does."""
    for table in ("events", "trends", "seen"):
        engine.query(f"OPTIMIZE TABLE {table} FINAL")
    [(size,)] = _rows(
        engine,
        "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table IN ('events', 'trends', 'seen')"
        " AND database = currentDatabase()",
    )
    return int(size)


def _rows(engine: Engine, sql: str) -> list[list[Any]]:
    rows: list[list[Any]] = msgspec.json.decode(engine.query(sql))["data"]
    return rows


def _insert(engine: Engine, table: str, lines: Iterator[bytes]) -> float:
    spent = 0.0
    for number, piece in enumerate(_pieces(lines)):
        began = time.perf_counter()
        engine.insert(table, b"\n".join(piece), token=f"{table}-{number}")
        spent += time.perf_counter() - began
    return spent


def _pieces(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    rest = iter(lines)
    while piece := list(islice(rest, _PIECE)):
        yield piece


if __name__ == "__main__":
    main()
