"""Forgetting a person: gone from every report at the return, from the disk by the next `scrub`.

Rows are marked as deleted, which is quick, and the roll-ups of the quarters of an hour in which the person was there
are counted anew. Which these are is written down first (`recounts`), so that a process that is killed in between has
its successor do it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import groupby

import msgspec

from eden.observe import schema
from eden.observe.insight.engine import Engine

#: waits until the change is in all parts, and on all machines
_SYNC = {"lightweight_deletes_sync": 2, "mutations_sync": 2}
_TABLES = sorted(schema.PERSONAL)


class _Slots(msgspec.Struct):
    data: list[tuple[int, int]]


_rows = msgspec.json.Decoder(_Slots)


def erase(engine: Engine, app: int, person: str, before: int) -> None:
    """Delete what is of `person`, a user or a device, up to `before` (microseconds) in all tables of the app. Raises
    StoreError; then it is to be asked again."""
    parameters = {"app": app, "person": person, "before": datetime.fromtimestamp(before / 1_000_000, UTC)}

    def condition(table: str) -> str:
        who = " OR ".join(f"{column} = {{person:String}}" for column in schema.PERSONAL[table])
        return f"WHERE app = {{app:UInt32}} AND ({who}) AND at <= {{before:DateTime64(6, 'UTC')}}"

    def delete(table: str) -> None:
        found = engine.query(f"SELECT 1 FROM {table} {condition(table)} LIMIT 1", parameters, form="TSV")
        if found:
            there = f"{schema.local(table, engine.cluster)}{schema.on(engine.cluster)}"
            engine.query(f"DELETE FROM {there} {condition(table)}", parameters, settings=_SYNC)

    engine.query(
        f"INSERT INTO recounts SELECT DISTINCT app, {schema.slot('at')} FROM events {condition('events')}",
        parameters,
        settings={"insert_deduplicate": 0},
    )
    with ThreadPoolExecutor(len(_TABLES), thread_name_prefix="eden-erase") as threads:
        # the first error, after all have ended
        list(threads.map(delete, _TABLES))
    recount(engine)


def recount(engine: Engine) -> int:
    """Count the slots anew that `recounts` names; how many they were. Raises StoreError."""
    wanted = _rows.decode(
        engine.query("SELECT DISTINCT app, toUnixTimestamp(slot) AS slot FROM recounts ORDER BY app, slot")
    ).data
    for app, slots in groupby(wanted, key=lambda row: row[0]):
        _recount(engine, app, [slot for _, slot in slots])
    return len(wanted)


def _recount(engine: Engine, app: int, slots: list[int]) -> None:
    cluster = engine.cluster
    parameters = {"app": app, "slots": slots}
    here = "WHERE app = {app:UInt32} AND toUnixTimestamp(slot) IN {slots:Array(UInt32)}"
    # events that came in between would be counted twice
    with engine.writing.alone():
        engine.query(
            f"DELETE FROM {schema.local('trends', cluster)}{schema.on(cluster)} {here}", parameters, settings=_SYNC
        )
        events = f"WHERE app = {{app:UInt32}} AND toUnixTimestamp({schema.slot('at')}) IN {{slots:Array(UInt32)}}"
        engine.query(
            f"INSERT INTO trends ({schema.COUNTS}) {schema.counts('events', events)}",
            parameters,
            # the same numbers may have been there before
            settings={"insert_deduplicate": 0},
        )
        engine.query(
            f"DELETE FROM {schema.local('recounts', cluster)}{schema.on(cluster)} {here}", parameters, settings=_SYNC
        )
