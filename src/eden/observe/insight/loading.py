"""Fills an events store from a backup: `python -m eden.observe.insight.loading`, started by `backup`.

Standard input brings a line of JSON (`Loading`), then for each piece a line with table and size, and its bytes. The
exit code tells whether everything was stored; standard output why not. A process of its own, because the engine opens
one folder in each.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from eden.base.errors import EdenError
from eden.base.settings import Settings
from eden.observe import schema
from eden.observe.insight.embedded import Embedded
from eden.observe.insight.engine import Engine
from eden.observe.insight.server import Server
from eden.observe.insight.steps import upgrade


class Loading(msgspec.Struct, frozen=True):
    """`folder` of the embedded engine, which is made. With `force` a server's tables are emptied first."""

    settings: Settings
    folder: str
    force: bool


class _Head(msgspec.Struct):
    table: str
    size: int


def main() -> int:
    """The process's exit code."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Loading)
    try:
        engine = _opened(order)
        try:
            while line := sys.stdin.buffer.readline():
                head = msgspec.json.decode(line, type=_Head)
                rows = sys.stdin.buffer.read(head.size)
                if len(rows) < head.size:
                    raise EdenError("backup-damaged", "The backup ends in the midst of a piece.")
                engine.load(head.table, rows)
        finally:
            engine.close()
    except EdenError as error:
        print(error, flush=True)
        return 1
    return 0


def _opened(order: Loading) -> Engine:
    observe = order.settings.observe
    if not observe.clickhouse:
        engine: Engine = Embedded(Path(order.folder), memory_bytes=observe.memory_bytes)
        upgrade(engine)
        return engine
    engine = Server(observe.clickhouse, cluster=observe.cluster)
    upgrade(engine)
    for table in schema.TABLES:
        if engine.query(f"SELECT 1 FROM {table} LIMIT 1", form="TSV"):
            if not order.force:
                raise EdenError(
                    "not-empty",
                    f"The table {table} of the ClickHouse server has rows.",
                    "Name another database in observe.clickhouse, or replace everything with --force.",
                )
            engine.query(f"TRUNCATE TABLE {schema.local(table, engine.cluster)}{schema.on(engine.cluster)}")
    return engine


if __name__ == "__main__":
    sys.exit(main())
