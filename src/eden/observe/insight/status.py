"""How the events store is."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from eden.observe.insight.engine import Engine
from eden.observe.insight.workers import Worker

_BEGAN = time.monotonic()


class TableStatus(msgspec.Struct, frozen=True):
    """A table: rows, bytes on the disk, parts that are not merged with each other."""

    rows: int
    bytes: int
    parts: int


class Status(msgspec.Struct, frozen=True):
    """`memory_bytes`: of the insight process (0: not known); `cap_bytes` of the engine. `unmerged_seconds`: age of the
    oldest part that was never merged. `mutations`: changes to stored rows that are not finished. `figures`: of the
    workers."""

    engine: str
    version: str
    process: int
    seconds: float
    memory_bytes: int
    cap_bytes: int
    tables: dict[str, TableStatus]
    merges: int
    mutations: int
    unmerged_seconds: float
    figures: dict[str, float]

    @property
    def bytes(self) -> int:
        """On the disk."""
        return sum(table.bytes for table in self.tables.values())


def look(engine: Engine, workers: Sequence[Worker], *, cap: int) -> bytes:
    """A `Status` in JSON. Raises StoreError."""
    parts = _rows(
        engine,
        "SELECT table, sum(rows), sum(bytes_on_disk), count() FROM system.parts"
        " WHERE active AND database = currentDatabase() GROUP BY table",
    )
    ((version, merges, mutations, unmerged),) = _rows(
        engine,
        "SELECT version(), (SELECT count() FROM system.merges WHERE database = currentDatabase()),"
        " (SELECT count() FROM system.mutations WHERE database = currentDatabase() AND NOT is_done),"
        " (SELECT ifNull(max(dateDiff('second', modification_time, now())), 0) FROM system.parts"
        " WHERE active AND level = 0 AND database = currentDatabase())",
    )
    figures: dict[str, float] = {}
    for worker in workers:
        figures.update(worker.figures())
    return msgspec.json.encode(
        Status(
            engine=engine.kind,
            version=version,
            process=os.getpid(),
            seconds=time.monotonic() - _BEGAN,
            memory_bytes=_memory(),
            cap_bytes=cap,
            tables={name: TableStatus(rows, size, count) for name, rows, size, count in parts},
            merges=merges,
            mutations=mutations,
            unmerged_seconds=unmerged,
            figures=figures,
        )
    )


def _rows(engine: Engine, sql: str) -> list[list[Any]]:
    rows: list[list[Any]] = msgspec.json.decode(engine.query(sql))["data"]
    return rows


def _memory() -> int:
    """Bytes of this process in memory that it does not share with others; 0 where the system does not tell."""
    try:
        with open("/proc/self/smaps_rollup", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0
