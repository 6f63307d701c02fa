"""What keeps the events store in order, on a thread of the insight process.

Now and then rows that are older than their app keeps them are deleted, parts with deleted rows are written anew without
them (so that what was forgotten leaves the disk within a day), and months in which nothing arrives any more are merged
into one part.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from eden.base.ground import Ground
from eden.observe import schema
from eden.observe.app_settings import RETENTION, AppSettings
from eden.observe.insight.engine import Engine
from eden.observe.models import observe_apps

#: rest before the first round, so that a server that is started is not slowed, and between two
_FIRST_SECONDS = 600.0
_SECONDS = 6 * 3600.0
#: batches bring events of up to 30 days ago: a month is complete so long after its end
_LATE = timedelta(days=32)
#: a merge of a month takes so many bytes on the disk beside it
_LARGEST_MERGE = 20_000_000_000

log = logging.getLogger("eden.insight")


class Keeper:
    """A worker. `clock` gives the time in UTC."""

    def __init__(
        self, engine: Engine, ground: Ground, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._engine = engine
        self._ground = ground
        self._clock = clock
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="eden-keeper", daemon=True)
        self._kept_at = time.time()
        self._failing = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def settled(self, seconds: float) -> bool:
        return True

    def figures(self) -> Mapping[str, float]:
        return {"keeper_failing": float(self._failing), "keeper_seconds": time.time() - self._kept_at}

    def _run(self) -> None:
        rest = _FIRST_SECONDS
        while not self._end.wait(rest):
            self._guarded(self.keep)
            rest = _SECONDS

    def _guarded(self, step: Callable[[], object]) -> None:
        """The store may be away, the database busy: the next round does it."""
        try:
            step()
            self._failing = False
        except Exception as error:
            self._failing = True
            log.error("the events store could not be kept in order: %s", error, exc_info=not hasattr(error, "hint"))

    def keep(self) -> None:
        """One round. Raises StoreError."""
        retain(self._engine, self._ground.database.read_now(settings_of_apps), self._clock())
        scrub(self._engine)
        settle_months(self._engine, self._clock())
        self._kept_at = time.time()


def settings_of_apps(connection: Connection) -> dict[int, AppSettings]:
    """By number."""
    rows = connection.execute(select(observe_apps.c.number, observe_apps.c.settings))
    return {number: msgspec.convert(settings, AppSettings, strict=False) for number, settings in rows}


def retain(engine: Engine, apps: Mapping[int, AppSettings], now: datetime) -> int:
    """Delete what is older than its app keeps it; of how many tables and apps there was something. Raises StoreError.

    Months that no app keeps are dropped whole.
    """
    deleted = 0
    for name, table in schema.TABLES.items():
        # what is counted of events is kept as they are
        kept: Any = "events" if name in ("trends", "seen") else name
        if kept not in RETENTION:
            continue
        days = {number: settings.days(kept) for number, settings in apps.items()}
        if not days:
            continue
        longest = now - timedelta(days=max(days.values()))
        for month in _months(engine, name):
            if _end_of(month) <= longest:
                _change(engine, name, f"DROP PARTITION ID '{month}'")
        for number, kept_days in days.items():
            there = schema.local(name, engine.cluster)
            old = f"WHERE app = {number:d} AND {table.moment} < {{until:DateTime64(3, 'UTC')}}"
            if name == "seen":
                # who has come back is still known since the first time, which may be in another part; a machine of a
                # cluster may look for the table in another database
                old = (
                    f"WHERE app = {number:d} AND person IN (SELECT person FROM {engine.database}.{there}"
                    f" WHERE app = {number:d}"
                    " GROUP BY person HAVING max(last) < {until:DateTime64(3, 'UTC')})"
                )
            until = {"until": now - timedelta(days=kept_days)}
            if engine.query(f"SELECT 1 FROM {name} {old} LIMIT 1", until, form="TSV"):
                # a machine of a cluster would take a SELECT for something that differs from copy to copy
                settings = {"allow_nondeterministic_mutations": 1}
                engine.query(f"DELETE FROM {there}{schema.on(engine.cluster)} {old}", until, settings=settings)
                deleted += 1
    return deleted


def scrub(engine: Engine) -> int:
    """Write parts with deleted rows anew, without these; in how many parts of tables there were some. Raises
    StoreError. The engine removes the old files some minutes later."""
    found = _rows(
        engine,
        f"SELECT DISTINCT table, partition_id FROM {schema.everywhere('parts', engine.cluster)}"
        " WHERE active AND has_lightweight_delete AND database = currentDatabase()",
    )
    for table, partition in found:
        engine.query(
            f"ALTER TABLE `{table}`{schema.on(engine.cluster)} APPLY DELETED MASK IN PARTITION ID '{partition}'",
            settings={"mutations_sync": 2},
        )
    return len(found)


def settle_months(engine: Engine, now: datetime) -> int:
    """Merge one month of each table in which nothing arrives any more, if it is in several parts; of how many."""
    found = _rows(
        engine,
        "SELECT table, min(partition_id) FROM (SELECT table, partition_id"
        f" FROM {schema.everywhere('parts', engine.cluster)}"
        " WHERE active AND database = currentDatabase() AND match(partition_id, '^[0-9]{6}$')"
        f" GROUP BY hostName(), table, partition_id HAVING count() > 1 AND sum(bytes_on_disk) < {_LARGEST_MERGE})"
        " GROUP BY table",
    )
    merged = 0
    for table, month in found:
        if _end_of(month) + _LATE < now:
            engine.query(f"OPTIMIZE TABLE `{table}`{schema.on(engine.cluster)} PARTITION ID '{month}' FINAL")
            merged += 1
    return merged


def _months(engine: Engine, table: str) -> Iterable[str]:
    name = schema.local(table, engine.cluster)
    return [
        month
        for (month,) in _rows(
            engine,
            f"SELECT DISTINCT partition_id FROM {schema.everywhere('parts', engine.cluster)}"
            f" WHERE active AND table = '{name}' AND database = currentDatabase()"
            " AND match(partition_id, '^[0-9]{6}$')",
        )
    ]


def _end_of(month: str) -> datetime:
    """The first moment after a month such as 202609."""
    year, number = int(month[:4]), int(month[4:])
    return datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)


def _change(engine: Engine, table: str, change: str) -> None:
    engine.query(f"ALTER TABLE {schema.local(table, engine.cluster)}{schema.on(engine.cluster)} {change}")


def _rows(engine: Engine, sql: str) -> list[list[Any]]:
    rows: list[list[Any]] = msgspec.json.decode(engine.query(sql))["data"]
    return rows
