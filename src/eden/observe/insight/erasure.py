"""Forgetting a person: gone from every report at the return, from the disk by the next `scrub`.

Rows are marked as deleted, which is quick, and the roll-ups of the quarters of an hour in which the person was there
are counted anew. Which these are is written down first (`recounts`), so that a process that is killed in between has
its successor do it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import Any

import msgspec

from eden.observe import schema
from eden.observe.insight.engine import Engine

#: waits until the change is in all parts, and on all machines
_SYNC = {"lightweight_deletes_sync": 2, "mutations_sync": 2}
_SLOTS = "WHERE app = {app:UInt32} AND toUnixTimestamp(slot) IN {slots:Array(UInt32)}"
_EVENTS = f"WHERE app = {{app:UInt32}} AND toUnixTimestamp({schema.slot('at')}) IN {{slots:Array(UInt32)}}"


class _Wanted(msgspec.Struct):
    data: list[tuple[int, int]]


_decoder = msgspec.json.Decoder(_Wanted)


def erase(engine: Engine, app: int, person: str, before: int) -> None:
    """Delete what is of `person`, a user or a device, up to `before` (microseconds) in all tables of the app. Raises
    StoreError; then it is to be asked again."""
    parameters = {"app": app, "person": person, "before": datetime.fromtimestamp(before / 1_000_000, UTC)}

    def condition(table: str) -> str:
        who = " OR ".join(f"{column} = {{person:String}}" for column in schema.PERSONAL[table])
        return f"WHERE app = {{app:UInt32}} AND ({who}) AND at <= {{before:DateTime64(6, 'UTC')}}"

    def delete(table: str) -> None:
        if engine.query(f"SELECT 1 FROM {table} {condition(table)} LIMIT 1", parameters, form="TSV"):
            _delete(engine, table, condition(table), parameters)

    engine.query(
        f"INSERT INTO recounts SELECT DISTINCT app, {schema.slot('at')} FROM events {condition('events')}",
        parameters,
        settings={"insert_deduplication_token": uuid.uuid4().hex},
    )
    _recount(engine, [partial(delete, table) for table in sorted(schema.PERSONAL)])


def recount(engine: Engine) -> None:
    """Count the slots anew that `recounts` still names. Raises StoreError."""
    if engine.query("SELECT 1 FROM recounts LIMIT 1", form="TSV"):
        _recount(engine, [])


def _recount(engine: Engine, before: Sequence[Callable[[], None]]) -> None:
    """Do `before`, and count anew what `recounts` names; as much as can be at once."""
    # events that came in between would be counted twice, or not at all
    with engine.writing.alone(), ThreadPoolExecutor(9, thread_name_prefix="eden-erase") as threads:
        wanted = _decoder.decode(
            engine.query("SELECT DISTINCT app, toUnixTimestamp(slot) AS slot FROM recounts ORDER BY app, slot")
        ).data
        apps = [
            {"app": app, "slots": [slot for _, slot in slots]} for app, slots in groupby(wanted, key=lambda row: row[0])
        ]
        doing = [threads.submit(step) for step in before]
        doing += [threads.submit(_delete, engine, "trends", _SLOTS, parameters) for parameters in apps]
        for one in doing:
            one.result()
        for parameters in apps:
            engine.query(
                f"INSERT INTO trends ({schema.COUNTS}) {schema.counts('events', _EVENTS)}",
                parameters,
                # the same numbers may have been there before
                settings={"insert_deduplication_token": uuid.uuid4().hex},
            )
            _delete(engine, "recounts", _SLOTS, parameters)


def _delete(engine: Engine, table: str, condition: str, parameters: Mapping[str, Any]) -> None:
    there = f"{schema.local(table, engine.cluster)}{schema.on(engine.cluster)}"
    engine.query(f"DELETE FROM {there} {condition}", parameters, settings=_SYNC)
