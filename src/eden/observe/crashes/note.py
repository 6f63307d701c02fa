"""Crash groups as errors are stored: new ones are made, closed ones come back, muted ones awake.

Called by the inserter with the errors of a chunk, inside one write, once for each chunk. `occurrences` is for mutes;
reports count in the events store, where errors are also forgotten.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, insert, select, update

from eden.base.changes import append
from eden.base.ids import new_id
from eden.observe.crashes.document import Grouping
from eden.observe.crashes.rules import GroupState, Sighting, Standing, after
from eden.observe.interfaces import ErrorRow
from eden.observe.models import crash_activities, crash_groups, observe_apps

#: kind of the feed's rows. Payload: {"app": number, "crashes": key of the app, "new": [group ids], "regressed": […],
#: "awake": […]}, and "crash": id when it is about one group only
TOLD = "observe.crash"
SYSTEM = "system"
#: µs; a group that goes on happening is told of this often
_TELL_EVERY = 10_000_000
#: groups that one row of the feed names
_NAMED = 50
_AT_ONCE = 400
_LONGEST_VERSION = 80


class _Raw(msgspec.Struct):
    """What counts here of a document; the rest is passed over without being made."""

    grouping: Grouping | None = None


_RAW = msgspec.json.Decoder(_Raw)


@dataclass
class _Seen:
    """One group in a chunk; times in microseconds."""

    row: ErrorRow
    count: int = 0
    first_at: int = 0
    last_at: int = 0
    fatal: bool = False
    #: version code → (its name, its release, when it was last seen)
    versions: dict[int, tuple[str, str, int]] = field(default_factory=dict)
    last_version: str = ""


def note_errors(connection: Connection, rows: Sequence[ErrorRow], at: int) -> None:
    """Bring `crash_groups` up to these errors; `at` is now, microseconds. Rows of apps that are gone change nothing."""
    seen = _seen(rows)
    if not seen:
        return
    apps = _apps(connection, {app for app, _, _ in seen})
    for app in sorted({app for app, _, _ in seen}):
        if app in apps:
            workspace_id, key = apps[app]
            mine = {(algorithm, group): one for (number, algorithm, group), one in seen.items() if number == app}
            _note_app(connection, app, workspace_id, key, mine, at)


def _seen(rows: Iterable[ErrorRow]) -> dict[tuple[int, int, int], _Seen]:
    seen: dict[tuple[int, int, int], _Seen] = {}
    for row in rows:
        when = int(row.at * 1_000_000)
        one = seen.get((row.app, row.algorithm, row.group))
        if one is None:
            one = seen[row.app, row.algorithm, row.group] = _Seen(row, first_at=when)
        one.count += 1
        one.fatal = one.fatal or row.fatal
        one.first_at = min(one.first_at, when)
        if when >= one.last_at:
            one.last_at, one.last_version = when, row.version
        before = one.versions.get(row.code)
        if before is None or when > before[2]:
            one.versions[row.code] = (row.version, row.release or (before[1] if before else ""), when)
    return seen


def _apps(connection: Connection, numbers: set[int]) -> dict[int, tuple[str, str]]:
    query = select(observe_apps.c.number, observe_apps.c.workspace_id, observe_apps.c.key)
    found: dict[int, tuple[str, str]] = {}
    for part in _parts(sorted(numbers)):
        rows = connection.execute(query.where(observe_apps.c.number.in_(part)))
        found.update({row.number: (row.workspace_id, row.key) for row in rows})
    return found


def _note_app(
    connection: Connection, app: int, workspace_id: str, key: str, seen: dict[tuple[int, int], _Seen], at: int
) -> None:
    groupings = {of: grouping_of(one.row) for of, one in seen.items()}
    known: dict[tuple[int, str], Any] = {}
    for part in _parts([grouping.short for grouping in groupings.values()]):
        query = select(crash_groups).where(crash_groups.c.app == app, crash_groups.c.short.in_(part))
        known.update({(row.algorithm, row.short): row for row in connection.execute(query)})
    fresh: list[dict[str, Any]] = []
    again: list[tuple[Any, _Seen, GroupState]] = []
    news: dict[str, list[str]] = {"new": [], "regressed": [], "awake": []}
    activities: list[dict[str, Any]] = []
    tell = False
    for of, one in seen.items():
        grouping = groupings[of]
        row = known.get((grouping.algorithm, grouping.short))
        if row is None:
            fresh.append(_fresh(app, one, grouping, at))
            news["new"].append(fresh[-1]["id"])
            continue
        state = _state(row, one, at)
        again.append((row, one, state))
        tell = tell or at - row.told_at >= _TELL_EVERY
        if state != row.state:
            what = "regressed" if state is GroupState.REGRESSED else "awake"
            news[what].append(row.id)
            detail = {"version": one.last_version, "code": max(one.versions)}
            activities.append(_activity(row.id, at, what, detail))
    if fresh:
        connection.execute(insert(crash_groups), fresh)
        activities += [
            _activity(row["id"], at, "new", {"version": row["first_version"], "code": row["first_code"]})
            for row in fresh
        ]
    tell = tell or any(news.values())
    if again:
        # told of together, so that many groups that go on happening are not told of one by one
        changed = [_changed(row, one, state, at if tell else row.told_at) for row, one, state in again]
        values: dict[str, Any] = {name: bindparam(f"b_{name}") for name in _CHANGING}
        connection.execute(update(crash_groups).where(crash_groups.c.id == bindparam("b_id")).values(values), changed)
    if activities:
        connection.execute(insert(crash_activities), activities)
    if tell:
        named = {what: ids[:_NAMED] for what, ids in news.items()}
        append(connection, TOLD, workspace_id, {"app": app, "crashes": key, **named})


#: columns that further occurrences change
_CHANGING = (
    "fatal", "state", "first_seen_at", "last_seen_at", "told_at", "first_version", "first_code",
    "first_release", "last_version", "occurrences", "revision",
)  # fmt: skip


def _fresh(app: int, one: _Seen, grouping: Grouping, at: int) -> dict[str, Any]:
    version, code, release = _introduced(one)
    return {
        "id": new_id(),
        "app": app,
        "algorithm": grouping.algorithm,
        "hash": grouping.hash,
        "short": grouping.short,
        "title": grouping.title,
        "culprit": grouping.culprit,
        "fatal": one.fatal,
        "state": GroupState.OPEN,
        "first_seen_at": one.first_at,
        "last_seen_at": one.last_at,
        "told_at": at,
        "first_version": version,
        "first_code": code,
        "first_release": release,
        "last_version": one.last_version[:_LONGEST_VERSION],
        "occurrences": one.count,
        "revision": 1,
    }


def _changed(row: Any, one: _Seen, state: GroupState, told_at: int) -> dict[str, Any]:
    version, code, release = _introduced(one)
    earlier = 0 < code < row.first_code or (row.first_code == 0 and code > 0)
    if code == row.first_code and not row.first_release:
        earlier = bool(release)
    later = one.last_at >= row.last_seen_at
    values = {
        "fatal": row.fatal or one.fatal,
        "state": state,
        "first_seen_at": min(row.first_seen_at, one.first_at),
        "last_seen_at": max(row.last_seen_at, one.last_at),
        "told_at": told_at,
        "first_version": version if earlier else row.first_version,
        "first_code": code if earlier else row.first_code,
        "first_release": release if earlier else row.first_release,
        "last_version": one.last_version[:_LONGEST_VERSION] if later else row.last_version,
        "occurrences": row.occurrences + one.count,
        "revision": row.revision + (state != row.state),
    }
    return {"b_id": row.id, **{f"b_{name}": value for name, value in values.items()}}


def _introduced(one: _Seen) -> tuple[str, int, str]:
    """Name, code and release of the lowest version that it was seen in: a phone that was away for long reports last
    what came first."""
    named = [code for code in one.versions if code > 0]
    code = min(named) if named else 0
    version, release, _ = one.versions[code]
    return version[:_LONGEST_VERSION], code, release[:36]


def _state(row: Any, one: _Seen, at: int) -> GroupState:
    state = GroupState(row.state)
    standing = Standing(state, row.closed_at, row.closed_in, row.muted_until, row.muted_above)
    occurrences = row.occurrences + one.count
    for code, (_, _, when) in one.versions.items():
        now_is = after(standing, Sighting(code, when, occurrences), at)
        if now_is is not state:
            return now_is
    return state


def grouping_of(row: ErrorRow) -> Grouping:
    """As the document has it. Rows without a document (imported, made by hand), and those in which a mask has taken a
    part of the hash for a number of somebody, are known by the 64 bits of their group."""
    known: Grouping | None = None
    if row.raw:
        with contextlib.suppress(msgspec.DecodeError):
            known = _RAW.decode(row.raw).grouping
    short = f"{row.group:016x}"
    if known is not None and len(known.hash) == 64 and known.short == short:
        return known
    text = f"{row.type}: {row.message}" if row.type and row.message else row.type or row.message
    title, culprit = (known.title, known.culprit) if known is not None else (text[:200], row.culprit)
    return Grouping(f"{short}{0:048x}", row.algorithm, title or "Error without a text", culprit)


def _activity(group_id: str, at: int, action: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {"id": new_id(), "group_id": group_id, "at": at, "actor": SYSTEM, "action": action, "detail": detail}


def _parts(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """SQLite takes a limited number of parameters."""
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))
