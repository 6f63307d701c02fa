"""Forgetting a person: gone from every report at the return, out of the tables soon, from the disk by the next `scrub`.

What that takes grows with what the person did, not with the store. The rows are hidden (`hidden`), which one small row
brings about, and taken off the roll-ups: counts are subtracted, and the person's and sessions' hashes are taken out of
the states; when its people were seen is looked up among the events that are left. Rows are marked as deleted behind
that, part by part (`take_out`), while nobody waits.

How many events the roll-ups do not have any more is written down with the person. Where the tables have another
number, because the process was killed in between or rows came late, the quarters of an hour that are concerned are
counted anew from the events that are not hidden.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from eden.observe import schema
from eden.observe.insight.engine import Engine, StoreError
from eden.observe.insight.hidden import SYNC, Gone, again
from eden.observe.insight.uncounting import Uncounting, uncounting

_SLOTS = "app = {app:UInt32} AND toUnixTimestamp(slot) IN {slots:Array(UInt32)}"
_PERSONS = "app = {app:UInt32} AND person IN {persons:Array(String)}"
#: a day is found by the primary key, a slot is not
_EVENTS = (
    "app = {app:UInt32} AND toDate(at) IN (SELECT toDate(arrayJoin({slots:Array(UInt32)}), 'UTC'))"
    f" AND toUnixTimestamp({schema.slot('at')}) IN {{slots:Array(UInt32)}}"
)
#: how long parts may take to be masked, also where somebody waits, and how often that is looked at
_MASK_SECONDS = 3600.0
_ASKED_SECONDS = 60.0
_FIRST_LOOK_SECONDS, _LOOK_SECONDS = 0.004, 0.1


def erase(engine: Engine, app: int, person: str, before: int) -> None:
    """Forget what is of `person`, a user or a device, and was received up to `before` (microseconds) in all tables of
    the app. Raises StoreError; then it is to be asked again."""
    gone = Gone(app, person, -(-before // 1000))
    if not _is_anywhere(engine, gone):
        return
    if engine.hidden.find(gone) is None:
        engine.hidden.note(engine, gone)
        # events that came in between would be counted twice, or not at all
        with engine.writing.alone():
            known = engine.hidden.find(gone)
            if known is not None and known.counted < 0 and (found := uncounting(engine, gone)) is not None:
                _uncount(engine, gone.app, found)
                engine.hidden.note(engine, msgspec.structs.replace(gone, counted=found.events))
                return
    # of one that was asked for before, nobody knows how far that came
    with _standing(engine, _ASKED_SECONDS):
        _mend(engine, gone)


def take_out(engine: Engine) -> int:
    """Delete the rows of all who are hidden; of how many. Raises StoreError."""
    engine.hidden.load(engine)
    everybody = engine.hidden.gone
    if not everybody:
        return 0
    with _standing(engine, _MASK_SECONDS):
        for gone in everybody:
            _mend(engine, gone)
        # so many as there are going to be: rows that come late, however many, are others
        engine.hidden.note(engine, *(msgspec.structs.replace(gone, counted=0) for gone in everybody))
        for table in schema.PERSONAL:
            hidden = engine.hidden.rows(table)
            if _rows(engine, f"SELECT 1 FROM {table} WHERE {hidden} LIMIT 1"):
                _delete(engine, table, hidden, {}, _begun(engine))
    _wait_for_changes(engine, _MASK_SECONDS)
    with engine.writing.alone():
        done = [gone for gone in everybody if not _is_anywhere(engine, gone)]
        engine.hidden.remove(engine, done)
    return len(done)


def _mend(engine: Engine, gone: Gone) -> None:
    """Count anew what its events were counted in, unless they are off the roll-ups."""
    known = engine.hidden.find(gone)
    if known is None:
        # taken out meanwhile, and rows have come late
        engine.hidden.note(engine, gone)
    events = _events(engine, gone)
    if known is None or known.counted != events:
        _count_anew(engine, gone)
        _see_anew(engine, gone.app, _persons(engine, gone))
        engine.hidden.note(engine, msgspec.structs.replace(gone, counted=events))


def _is_anywhere(engine: Engine, gone: Gone) -> bool:
    return any(
        _rows(engine, f"SELECT 1 FROM {table} WHERE {gone.condition(table)} LIMIT 1") for table in schema.PERSONAL
    )


def _events(engine: Engine, gone: Gone) -> int:
    """How many there are in the tables."""
    return int(engine.query(f"SELECT count() FROM events WHERE {gone.condition('events')}", form="TSV"))


def _count_anew(engine: Engine, gone: Gone) -> None:
    """The roll-ups of all quarters of an hour that have events of it, from the events that are not hidden."""
    slots = [
        slot
        for (slot,) in _rows(
            engine,
            f"SELECT DISTINCT toUnixTimestamp({schema.slot('at')}) FROM events WHERE {gone.condition('events')}",
        )
    ]
    parameters = {"app": gone.app, "slots": slots}
    _delete(engine, "trends", _SLOTS, parameters, SYNC)
    engine.query(
        f"INSERT INTO trends ({schema.COUNTS}) "
        + schema.counts("events", f"WHERE {_EVENTS} AND NOT ({engine.hidden.rows('events')})"),
        parameters,
        settings=again(),
    )


def _uncount(engine: Engine, app: int, found: Uncounting) -> None:
    """Have it done. Rows that are put in after a deletion has begun are none of its business: nobody waits for one but
    in the end."""
    if not found.events:
        return
    persons = {"app": app, "persons": found.persons}
    _delete(engine, "trends", found.where, found.parameters, _begun(engine))
    _delete(engine, "seen", _PERSONS, persons, _begun(engine))
    if found.rows:
        engine.load(f"trends ({schema.COUNTS})", found.rows, form="RowBinary")
    if found.stays:
        _see(engine, persons)
    _wait_for_changes(engine, _ASKED_SECONDS, ("trends", "seen"))


def _persons(engine: Engine, gone: Gone) -> list[str]:
    """Whose its events are: of a device there may be several people."""
    wanted = f"person != '' AND {gone.condition('events')}"
    return [person for (person,) in _rows(engine, f"SELECT DISTINCT person FROM events WHERE {wanted}")]


def _see_anew(engine: Engine, app: int, persons: Sequence[str]) -> None:
    """When these people's events were."""
    if persons:
        parameters = {"app": app, "persons": persons}
        _delete(engine, "seen", _PERSONS, parameters, SYNC)
        _see(engine, parameters)


def _see(engine: Engine, parameters: Mapping[str, Any]) -> None:
    """Of the events that are not hidden: who shared a device did other things, too."""
    engine.query(
        "INSERT INTO seen (app, person, first, last) "
        + schema.sightings("events", f"{_PERSONS} AND NOT ({engine.hidden.rows('events')})"),
        parameters,
        settings=again(),
    )


def _begun(engine: Engine) -> Mapping[str, Any]:
    """Settings of a deletion that goes on behind its return; on a cluster, where machines hear of it later, it has
    ended."""
    return SYNC if engine.cluster else dict.fromkeys(SYNC, 0)


def _delete(
    engine: Engine, table: str, condition: str, parameters: Mapping[str, Any], settings: Mapping[str, Any]
) -> None:
    there = f"{schema.local(table, engine.cluster)}{schema.on(engine.cluster)}"
    engine.query(f"DELETE FROM {there} WHERE {condition}", parameters, settings=settings)


@contextmanager
def _standing(engine: Engine, seconds: float) -> Iterator[None]:
    """While no row comes or goes. What is counted anew is what rows tell: if they went meanwhile, nobody could go on
    with it after a kill."""
    while True:
        _wait_for_changes(engine, seconds)
        with engine.writing.alone():
            if not _changes(engine):
                yield
                return


def _wait_for_changes(engine: Engine, seconds: float, tables: Sequence[str] = ()) -> None:
    """Until no deletion is left to be made, in all tables or in these."""
    began = time.monotonic()
    while found := _changes(engine, tables):
        spent = time.monotonic() - began
        if spent > seconds:
            raise StoreError(0, f"Rows of {found[0][0]} could not be deleted: {found[0][1] or 'it takes too long'}.")
        for table in {row[0] for row in found}:
            engine.hasten(table)
        time.sleep(min(_LOOK_SECONDS, max(_FIRST_LOOK_SECONDS, spent / 4)))


def _changes(engine: Engine, tables: Sequence[str] = ()) -> Sequence[Sequence[Any]]:
    """Tables of which rows are being deleted, and what is in the way. To write parts anew without them is no change."""
    there = [schema.local(table, engine.cluster) for table in tables]
    return _rows(
        engine,
        f"SELECT table, latest_fail_reason FROM {schema.everywhere('mutations', engine.cluster)}"
        " WHERE NOT is_done AND database = currentDatabase() AND NOT startsWith(command, '(APPLY DELETED MASK')"
        + (" AND table IN {tables:Array(String)}" if there else ""),
        {"tables": there} if there else None,
    )


def _rows(engine: Engine, sql: str, parameters: Mapping[str, Any] | None = None) -> Sequence[Sequence[Any]]:
    rows: list[list[Any]] = msgspec.json.decode(engine.query(sql, parameters))["data"]
    return rows
