"""Questions about errors as SQL of the events store. Pure; `errors` is ordered by app, group and time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from eden.observe.crashes.interfaces import CrashFilter, CrashSort

#: persons and values that a group's page shows
PERSONS = 20
VALUES = 8
VERSIONS = 30

_MILLISECONDS = 1000
_GROUP = "leftPad(lower(hex(`group`)), 16, '0')"
#: exact for the few, within 1 % for the many; `uniq` takes twice its time over all groups of a million errors
_UNIQ = "uniqCombined(15)"
_FIGURES = (
    f"count() AS occurrences, {_UNIQ}(person) AS persons, {_UNIQ}(device) AS devices, countIf(fatal) AS fatals,"
    " toUnixTimestamp64Milli(min(at)) AS first_at, toUnixTimestamp64Milli(max(at)) AS last_at"
)
_SORTS = {
    CrashSort.LAST_SEEN: "last_at",
    CrashSort.OCCURRENCES: "occurrences",
    CrashSort.PERSONS: "persons",
    CrashSort.FIRST_SEEN: "first_at",
}
_OCCURRENCE = "id, toUnixTimestamp64Milli(at), person, device, version, code, platform, os, model, message, fatal, page"


class Statement(NamedTuple):
    sql: str
    parameters: dict[str, Any]


def _where(app: int, asked: CrashFilter, groups: Sequence[str] | None) -> Statement:
    """Errors that are asked for; `groups` by their keys of 16 digits."""
    parts = [
        "app = {app:UInt32}",
        "at >= fromUnixTimestamp64Milli({since:Int64})",
        "at < fromUnixTimestamp64Milli({until:Int64})",
    ]
    parameters: dict[str, Any] = {
        "app": app,
        # a millisecond that has begun counts
        "since": -(-asked.since // _MILLISECONDS),
        "until": -(-asked.until // _MILLISECONDS),
    }
    if groups is not None:
        parts.append("`group` IN {groups:Array(UInt64)}")
        parameters["groups"] = [int(short, 16) for short in groups]
    if asked.fatal is not None:
        parts.append("fatal" if asked.fatal else "NOT fatal")
    for name in ("version", "release"):
        if value := getattr(asked, name):
            parts.append(f"{name} = {{{name}:String}}")
            parameters[name] = value
    if asked.person:
        parts.append("(person = {person:String} OR device = {person:String})")
        parameters["person"] = asked.person
    return Statement(" AND ".join(parts), parameters)


def top(
    app: int,
    asked: CrashFilter,
    sort: CrashSort,
    groups: Sequence[str] | None,
    *,
    before: tuple[int, str] | None,
    limit: int,
) -> Statement:
    """Groups in the order of `sort`, behind the one with the value and key `before`: key, `Figures`."""
    where, parameters = _where(app, asked, groups)
    by = _SORTS[sort]
    having = ""
    if before is not None:
        having = f" HAVING ({by}, `group`) < ({{value:Int64}}, {{last:UInt64}})"
        parameters |= {"value": before[0], "last": int(before[1], 16)}
    sql = (
        f"SELECT {_GROUP} AS short, {_FIGURES} FROM errors WHERE {where} GROUP BY `group`{having}"
        f" ORDER BY {by} DESC, `group` DESC LIMIT {{limit:UInt32}}"
    )
    return Statement(sql, parameters | {"limit": limit})


def sort_value(sort: CrashSort, figures: Sequence[int]) -> int:
    """What a row of `top` was sorted by; `figures` as the row has them."""
    order = ("occurrences", "persons", "devices", "fatals", "first_at", "last_at")
    return figures[order.index(_SORTS[sort])]


def trends(app: int, asked: CrashFilter, groups: Sequence[str], parts: int) -> Statement:
    """Occurrences of groups by equal parts of the time: key, number of the part from 0, count, how many were fatal."""
    where, parameters = _where(app, asked, groups)
    step = max(-(-(parameters["until"] - parameters["since"]) // parts), 1)
    sql = (
        f"SELECT {_GROUP}, intDiv(toUnixTimestamp64Milli(at) - {{since:Int64}}, {{step:Int64}}) AS part, count(),"
        f" countIf(fatal) FROM errors WHERE {where} GROUP BY `group`, part ORDER BY `group`, part"
    )
    return Statement(sql, parameters | {"step": step})


def figures(app: int, asked: CrashFilter, short: str) -> Statement:
    """One row: `Figures` of a group."""
    where, parameters = _where(app, asked, [short])
    return Statement(f"SELECT {_FIGURES} FROM errors WHERE {where}", parameters)


def versions(app: int, asked: CrashFilter, short: str) -> Statement:
    """`InVersion` of a group, the highest code first."""
    where, parameters = _where(app, asked, [short])
    sql = (
        "SELECT version, code, count(), uniq(person), toUnixTimestamp64Milli(min(at)), toUnixTimestamp64Milli(max(at))"
        f" FROM errors WHERE {where} GROUP BY version, code ORDER BY code DESC, version DESC LIMIT {VERSIONS}"
    )
    return Statement(sql, parameters)


def shares(app: int, asked: CrashFilter, short: str) -> Statement:
    """`Share` of a group: the most frequent values of each property."""
    where, parameters = _where(app, asked, [short])
    names = ("model", "os", "platform", "app_version", "page", "country", "network")
    pairs = ", ".join(f"('{name}', toString({name}))" for name in names)
    sql = (
        "SELECT pair.1 AS of, pair.2 AS value, count() AS occurrences, uniq(person)"
        f" FROM (SELECT person, arrayJoin([{pairs}]) AS pair FROM errors WHERE {where})"
        f" WHERE value != '' GROUP BY of, value ORDER BY of, occurrences DESC, value LIMIT {VALUES} BY of"
    )
    return Statement(sql, parameters)


def persons(app: int, asked: CrashFilter, short: str) -> Statement:
    """`Affected` of a group, the last ones first."""
    where, parameters = _where(app, asked, [short])
    sql = (
        "SELECT person, count(), toUnixTimestamp64Milli(max(at)) AS last_at"
        f" FROM errors WHERE {where} AND person != '' GROUP BY person ORDER BY last_at DESC, person LIMIT {PERSONS}"
    )
    return Statement(sql, parameters)


def occurrences(app: int, asked: CrashFilter, short: str, *, before: tuple[int, str] | None, limit: int) -> Statement:
    """`Occurrence` of a group, the newest first, behind the one with the time (milliseconds) and id `before`."""
    where, parameters = _where(app, asked, [short])
    if before is not None:
        where += " AND (at, id) < (fromUnixTimestamp64Milli({at:Int64}), {id:String})"
        parameters |= {"at": before[0], "id": before[1]}
    sql = f"SELECT {_OCCURRENCE} FROM errors WHERE {where} ORDER BY at DESC, id DESC LIMIT {{limit:UInt32}}"
    return Statement(sql, parameters | {"limit": limit})


def whole(app: int, short: str, error_id: str) -> Statement:
    """One error of a group with its document."""
    sql = (
        f"SELECT {_OCCURRENCE}, raw FROM errors"
        " WHERE app = {app:UInt32} AND `group` = {group:UInt64} AND id = {id:String} LIMIT 1"
    )
    return Statement(sql, {"app": app, "group": int(short, 16), "id": error_id})
