"""Who was there, by interval and group: what versions, releases and overviews begin with.

States of people merge, so every question makes of the same rows what it needs: by interval, by group, of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from eden.observe.interfaces import LAUNCH, REQUEST
from eden.observe.questions import rollups
from eden.observe.questions.interfaces import AnyFilter, Events
from eden.observe.questions.statements import Build, Statement
from eden.observe.questions.times import Range
from eden.observe.schema import FAILED, SLOT_SECONDS

_ENDS = ("min", "max")
_PLACE = "if(grouping(grp) = 1, NULL, grp), if(grouping(bucket) = 1, NULL, bucket)"
_ALL_SETS = "(grp, bucket), (grp), (bucket), ()"
#: what is counted by groups or by intervals, and of all
By: TypeAlias = Literal["grp", "bucket"]
_ONE_PLACE: Mapping[By, str] = {
    "grp": "if(grouping(grp) = 1, NULL, grp), NULL",
    "bucket": "NULL, if(grouping(bucket) = 1, NULL, bucket)",
}
#: shares of the percentiles of starts
STARTS = "0.5, 0.95"


def presence(
    build: Build,
    found: Range,
    moments: Sequence[int],
    filters: Sequence[AnyFilter],
    key: str,
    of: Iterable[str],
    column: Literal["person", "session"] = "person",
) -> str:
    """Rows: `grp`, `bucket`, `seen` (a state of the ids in the column), `first` and `last` (seconds of the first and
    the last event, in quarters of an hour).

    `key`: SQL of the group, made of the columns `of`. From roll-ups where they know enough, else from events.
    """
    whole, rest = rollups.divide(found) if rollups.know(filters, of, moments) else (None, [found])
    parts = []
    if whole is not None:
        where = rollups.rows(build, whole, filters, (), each=False)
        parts.append(
            f"SELECT toString({key}) AS grp, {build.bucket(moments, 'slot')} AS bucket, uniqMergeState({column}s) AS"
            " seen, toUnixTimestamp(min(slot)) AS first, toUnixTimestamp(max(slot)) AS last"
            f" FROM trends WHERE {where} GROUP BY grp, bucket"
        )
    for one in rest:
        quarters = [f"toUInt32(intDiv(toUnixTimestamp({end}(at)), {SLOT_SECONDS}) * {SLOT_SECONDS})" for end in _ENDS]
        parts.append(
            f"SELECT toString({key}) AS grp, {build.bucket(moments)} AS bucket, uniqStateIf({column}, {column} != '')"
            f" AS seen, {quarters[0]} AS first, {quarters[1]} AS last FROM events WHERE {build.rows(one, filters)}"
            " GROUP BY grp, bucket"
        )
    return " UNION ALL ".join(parts)


def persons(
    build: Build,
    found: Range,
    moments: Sequence[int],
    filters: Sequence[AnyFilter],
    key: str,
    of: Iterable[str],
    name: str = "persons",
) -> Statement:
    """Rows: group (None: all), second at which an interval begins (None: the period), people, seconds of the first and
    the last event, as of `presence`."""
    return build.done(
        name,
        f"SELECT {_PLACE}, uniqMerge(seen), min(first), max(last)"
        f" FROM ({presence(build, found, moments, filters, key, of)}) GROUP BY GROUPING SETS ({_ALL_SETS})",
    )


def sessions(
    build: Build,
    found: Range,
    moments: Sequence[int],
    filters: Sequence[AnyFilter],
    key: str,
    of: Iterable[str],
    by: By,
    name: str = "sessions",
) -> Statement:
    """Rows: group and interval, as of `persons`, but only by one of them, for there are many sessions; their number."""
    rows = presence(build, found, moments[:1] if by == "grp" else moments, filters, key, of, "session")
    return build.done(
        name, f"SELECT {_ONE_PLACE[by]}, uniqMerge(seen) FROM ({rows}) GROUP BY GROUPING SETS (({by}), ())"
    )


def errors(
    build: Build,
    found: Range,
    moments: Sequence[int],
    filters: Iterable[AnyFilter],
    key: str,
    by: By,
    name: str = "errors",
) -> Statement:
    """Rows: group or interval (as of `sessions`), errors, crashes, people and sessions that had a crash."""
    rows = f"SELECT *, {_group(build, moments, key, by)} FROM errors WHERE {build.rows(found, filters)}"
    return build.done(
        name,
        f"SELECT {_ONE_PLACE[by]}, count(), countIf(fatal), uniqIf(person, fatal AND person != ''),"
        f" uniqIf(session, fatal AND session != '') FROM ({rows}) GROUP BY GROUPING SETS (({by}), ())",
    )


def launches(
    build: Build,
    found: Range,
    moments: Sequence[int],
    filters: Iterable[AnyFilter],
    key: str,
    by: By,
    name: str = "launches",
) -> Statement:
    """Rows: group or interval (as of `sessions`), launches, those with a number, and the percentiles STARTS of their
    milliseconds."""
    where = build.rows(found, filters, f"name = {build.bind(LAUNCH, 'String')}")
    rows = f"SELECT value, {_group(build, moments, key, by)} FROM events WHERE {where}"
    return build.done(
        name,
        f"SELECT {_ONE_PLACE[by]}, count(), count(value), quantilesExact({STARTS})(value) FROM ({rows})"
        f" GROUP BY GROUPING SETS (({by}), ())",
    )


def _group(build: Build, moments: Sequence[int], key: str, by: By) -> str:
    return f"toString({key}) AS grp" if by == "grp" else f"{build.bucket(moments)} AS bucket"


def tally(
    build: Build,
    found: Range,
    filters: Sequence[AnyFilter],
    key: str,
    of: Iterable[str],
    names: Sequence[str],
    name: str,
) -> Statement:
    """Rows: group, name of events, how many, how many have a number, their sum, and how many are requests that failed.

    From roll-ups where they know enough, else from events.
    """
    whole, rest = rollups.divide(found) if rollups.know(filters, of, ()) else (None, [found])
    parts = []
    head = f"SELECT toString({key}) AS grp, toString(name) AS event,"
    if whole is not None:
        where = rollups.rows(build, whole, filters, names, each=False)
        figures = "sum(events) AS times, sum(measured) AS numbers, sum(total) AS added, sum(failed) AS bad"
        parts.append(f"{head} {figures} FROM trends WHERE {where} GROUP BY grp, event")
    for one in rest:
        where = build.rows(one, filters, build.events(Events(names=tuple(names))))
        bad = f"countIf(name = {build.bind(REQUEST, 'String')} AND {FAILED}) AS bad"
        figures = f"count() AS times, count(value) AS numbers, sum(ifNull(value, 0)) AS added, {bad}"
        parts.append(f"{head} {figures} FROM events WHERE {where} GROUP BY grp, event")
    return build.done(
        name,
        f"SELECT grp, event, sum(times), sum(numbers), sum(added), sum(bad) FROM ({' UNION ALL '.join(parts)})"
        " GROUP BY grp, event",
    )
