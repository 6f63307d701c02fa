"""Who was there, by interval and group: what versions, releases and overviews begin with.

States of people merge, so every question makes of the same rows what it needs: by interval, by group, of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from eden.observe.interfaces import LAUNCH, REQUEST
from eden.observe.questions import rollups
from eden.observe.questions.interfaces import AnyFilter
from eden.observe.questions.statements import COUNT, SAME, Build, Statement
from eden.observe.questions.times import Range
from eden.observe.schema import SLOT_SECONDS

_ENDS = ("min", "max")
_PLACE = "if(grouping(grp) = 1, NULL, grp), if(grouping(bucket) = 1, NULL, bucket)"
_ALL_SETS = "(grp, bucket), (grp), (bucket), ()"
#: whether a request went wrong: it got no answer, or one that says so
FAILED = "(toString(props.failure) != '' OR ifNull(toFloat64OrNull(toString(props.status)) >= 400, 0))"
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
    by: Literal["grp", "bucket"],
    name: str = "sessions",
) -> Statement:
    """Rows: group and interval, as of `persons`, but only by one of them, for there are many sessions; their number."""
    if by == "grp":
        moments = moments[:1]
    rows = presence(build, found, moments, filters, key, of, "session")
    place = "if(grouping(grp) = 1, NULL, grp), NULL" if by == "grp" else "NULL, if(grouping(bucket) = 1, NULL, bucket)"
    return build.done(name, f"SELECT {place}, uniqMerge(seen) FROM ({rows}) GROUP BY GROUPING SETS (({by}), ())")


def errors(
    build: Build, found: Range, moments: Sequence[int], filters: Iterable[AnyFilter], key: str, name: str = "errors"
) -> Statement:
    """Rows: group, interval (as of `persons`), errors, crashes, people and sessions that had a crash."""
    where = build.rows(found, filters)
    rows = f"SELECT *, toString({key}) AS grp, {build.bucket(moments)} AS bucket FROM errors WHERE {where}"
    return build.done(
        name,
        f"SELECT {_PLACE}, uniqExact(id),"
        " uniqExactIf(id, fatal), uniqIf(person, fatal AND person != ''), uniqIf(session, fatal AND session != '')"
        f" FROM ({rows}) GROUP BY GROUPING SETS ({_ALL_SETS})",
    )


def launches(
    build: Build, found: Range, moments: Sequence[int], filters: Iterable[AnyFilter], key: str, name: str = "launches"
) -> Statement:
    """Rows: group, interval (as of `persons`), launches, and the percentiles STARTS of their milliseconds."""
    where = build.rows(found, filters, f"name = {build.bind(LAUNCH, 'String')}")
    rows = (
        f"SELECT toString({key}) AS grp, {build.bucket(moments)} AS bucket, value AS number FROM events"
        f" WHERE {where} LIMIT 1 BY grp, bucket, {SAME}"
    )
    return build.done(
        name,
        f"SELECT {_PLACE}, count(), count(number), quantilesExact({STARTS})(number) FROM ({rows})"
        f" GROUP BY GROUPING SETS ({_ALL_SETS})",
    )


def requests(build: Build, found: Range, filters: Iterable[AnyFilter], key: str, name: str = "requests") -> Statement:
    """Rows: group, requests, those that failed."""
    where = build.rows(found, filters, f"name = {build.bind(REQUEST, 'String')}")
    rows = f"SELECT toString({key}) AS grp, id, {FAILED} AS failed FROM events WHERE {where}"
    failed = COUNT.replace("id != 0", "id != 0 AND failed").replace("id = 0", "id = 0 AND failed")
    return build.done(name, f"SELECT grp, {COUNT}, {failed} FROM ({rows}) GROUP BY grp")
