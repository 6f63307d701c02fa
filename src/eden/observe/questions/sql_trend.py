"""A measure over time.

    rows → by interval and group (states that can be merged) → top groups → looked back → numbers

Rows that came twice (the same id) count once in an interval and group. Everything after the second step works on few
rows, so it may be general: states of people merge, counts add up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from eden.base.problems import Problem
from eden.observe.questions import rollups
from eden.observe.questions.interfaces import Breakdown, Events, Measure, Trend
from eden.observe.questions.results import OTHER, Key, Series, TrendResult
from eden.observe.questions.statements import Asking, Build, Rows, Statement, conjunction, disjunction
from eden.observe.questions.times import Range, before, edges, local_time, resolve

_UNIQUE = {"persons": "person", "devices": "device", "sessions": "session"}
#: what an interval without rows has; all others have None
_ZERO = ("count", "persons", "devices", "sessions", "sum")


@dataclass(frozen=True)
class Part:
    """What is computed of rows and how it is merged."""

    first: str
    merge: Callable[[str], str]


@dataclass(frozen=True)
class Parts:
    """`number` makes the measure of merged parts."""

    parts: tuple[Part, ...]
    number: Callable[[Sequence[str]], str]
    #: property whose numbers are taken of rows that were made distinct first
    of: str = ""


def ask(question: Trend, app: int, now: int) -> Asking[TrendResult]:
    _check(question)
    found = resolve(question.period, now)
    lead = (question.rolling or 1) - 1
    moments = edges(found, question.interval, lead=lead)
    [rows] = yield [statement(question, Build(app, now), found, moments)]
    series = _series(question, rows, moments[lead:])
    rolled = _in_rollups(question, moments)
    result = TrendResult(moments=_local(moments[lead:], found), series=series, rollups=rolled)
    if not question.compare:
        return result
    earlier = before(question.period, found)
    moments = edges(earlier, question.interval, lead=lead)
    keys = [one.key for one in series]
    [rows] = yield [statement(question, Build(app, now), earlier, moments, keys=keys, name="before")]
    by_key = {one.key: one for one in _series(question, rows, moments[lead:])}
    blank = _blank(question, (), len(moments) - lead)
    lines = [by_key.get(key) or Series(key=key, values=blank.values, total=blank.total) for key in keys]
    return TrendResult(
        moments=result.moments,
        series=series,
        before_moments=_local(moments[lead:], earlier),
        before=lines,
        rollups=rolled,
    )


def statement(
    question: Trend,
    build: Build,
    found: Range,
    moments: Sequence[int],
    *,
    keys: Sequence[Key] | None = None,
    name: str = "trend",
) -> Statement:
    """Rows: group's properties, second at which the interval begins (None: the whole period), measure, weight.

    `keys`: the groups to show, instead of the largest ones.
    """
    measure = question.measure
    by = question.breakdown.by if question.breakdown else ()
    groups = [f"g{number}" for number in range(len(by))]
    wanted = [build.events(question.events)]
    if measure.over is not None:
        wanted = [disjunction([*wanted, build.events(measure.over)])]
    lead = (question.rolling or 1) - 1
    reach = Range(moments[0] * 1_000_000, found.until, found.zone) if lead else found
    parts = _parts(build, question.events, measure)
    whole, rest = rollups.divide(reach) if _in_rollups(question, moments) else (None, [reach])
    sources = [_of_rows(question, build, one, moments, groups, parts, wanted) for one in rest]
    if whole is not None:
        sources.insert(0, _of_rollups(question, build, whole, moments, groups))
    sql = " UNION ALL ".join(sources)

    names = [f"m{number}" for number in range(len(parts.parts))]
    if groups:
        sql = _top(build, sql, groups, names, question.breakdown, keys)
    if _looks_back(question):
        sql = _looking_back(build, sql, [*groups, *names, "weight"], moments, question.rolling)
    number = parts.number([part.merge(name_) for part, name_ in zip(parts.parts, names, strict=True)])
    sets = f"({', '.join([*groups, 'bucket'])})" + f", ({', '.join(groups)})"
    sql = (
        f"SELECT {''.join(f'{group}, ' for group in groups)}if(grouping(bucket) = 1, NULL, bucket) AS moment,"
        f" {number} AS measure, sum(weight) AS weights FROM ({sql}) GROUP BY GROUPING SETS ({sets})"
    )
    return build.done(name, sql)


def _of_rows(
    question: Trend,
    build: Build,
    found: Range,
    moments: Sequence[int],
    groups: Sequence[str],
    parts: Parts,
    wanted: Sequence[str],
) -> str:
    """Rows of an interval and a group, from events: its parts, and its weight among groups."""
    by = question.breakdown.by if question.breakdown else ()
    where = build.rows(found, question.filters, *wanted)
    bucket = build.bucket(moments)
    texts = {group: f"toString({build.text(one)})" for one, group in zip(by, groups, strict=True)}
    shown = ", ".join(["bucket", *groups])
    if parts.of:
        source = f"({build.once(build.number(parts.of), {'bucket': bucket, **texts}, where)})"
        head, weight, where = [shown], "count()", "1"
    else:
        columns = [f"{sql} AS {name}" for name, sql in texts.items()]
        source, head, weight = "events", [f"{bucket} AS bucket", *columns], _once() if groups else "0"
    firsts = [f"{part.first} AS m{number}" for number, part in enumerate(parts.parts)]
    sql = f"SELECT {', '.join([*head, *firsts, f'{weight} AS weight'])} FROM {source} WHERE {where} GROUP BY {shown}"
    if not groups:
        return sql
    # one row each, and numbers by now: the engine would carry the arrays of `_once` through the order of the groups
    numbers = ", ".join(f"any({name}) AS {name}" for name in [*(f"m{n}" for n, _ in enumerate(firsts)), "weight"])
    return f"SELECT {shown}, {numbers} FROM ({sql}) GROUP BY {shown}"


_TOTAL = ("sum", "if(measured = 0, NULL, total)")
#: parts of measures that roll-ups have: what adds them up, and each row's
_ROLLED: Mapping[str, Sequence[tuple[str, str]]] = {
    "count": (("sum", "events"),),
    "persons": (("uniqMergeState", "persons"),),
    "sessions": (("uniqMergeState", "sessions"),),
    "sum": (_TOTAL,),
    "average": (_TOTAL, ("sum", "measured")),
}


def _in_rollups(question: Trend, moments: Sequence[int]) -> bool:
    measure, names = question.measure, question.events.names
    by = question.breakdown.by if question.breakdown else ()
    # sessions are counted of all events together
    fits = (
        measure.kind in _ROLLED
        and measure.of == "value"
        and not (measure.kind == "sessions" and (names or "name" in by))
    )
    filters = (*question.filters, *question.events.filters)
    return fits and question.source == "best" and rollups.know(filters, (one for one in by if one != "name"), moments)


def _of_rollups(question: Trend, build: Build, whole: Range, moments: Sequence[int], groups: Sequence[str]) -> str:
    """As `_of_rows`, of whole slots; one row for each of theirs where nothing but the end adds them up: states of
    people, merged twice, take a third longer."""
    by = question.breakdown.by if question.breakdown else ()
    filters = (*question.filters, *question.events.filters)
    where = rollups.rows(build, whole, filters, question.events.names, each="name" in by)
    texts = [f"toString({build.text(one)}) AS {group}" for one, group in zip(by, groups, strict=True)]
    columns = [f"{build.bucket(moments, 'slot')} AS bucket", *texts]
    parts = _ROLLED[question.measure.kind]
    if not groups and not _looks_back(question):
        columns += [f"{column} AS m{number}" for number, (_, column) in enumerate(parts)]
        return f"SELECT {', '.join(columns)}, 0 AS weight FROM trends WHERE {where}"
    columns += [f"{function}({column}) AS m{number}" for number, (function, column) in enumerate(parts)]
    columns.append("sum(events) AS weight" if groups else "0 AS weight")
    return f"SELECT {', '.join(columns)} FROM trends WHERE {where} GROUP BY {', '.join(['bucket', *groups])}"


def _looks_back(question: Trend) -> bool:
    return bool(question.rolling or question.cumulative)


def _parts(build: Build, events: Events, measure: Measure) -> Parts:
    def people(column: str, condition: str = "1") -> Part:
        known = conjunction([f"{column} != ''", condition])
        return Part(f"uniqStateIf({column}, {known})", lambda name: f"uniqMerge({name})")

    def count(condition: str = "1") -> Part:
        return Part(_once(condition), lambda name: f"sum({name})")

    def ratio(merged: Sequence[str]) -> str:
        return f"if({merged[1]} = 0, NULL, {merged[0]} / {merged[1]})"

    kind = measure.kind
    if kind == "count":
        return Parts((count(),), _itself)
    if kind in _UNIQUE:
        return Parts((people(_UNIQUE[kind]),), _itself)
    if kind == "per_person":
        return Parts((count("person != ''"), people("person")), ratio)
    if kind in ("ratio", "person_ratio"):
        assert measure.over is not None
        upper, lower = build.events(events), build.events(measure.over)
        if kind == "ratio":
            return Parts((count(upper), count(lower)), ratio)
        return Parts((people("person", upper), people("person", lower)), ratio)
    if kind == "sum":
        return Parts((_same("sum"),), lambda merged: f"ifNull({merged[0]}, 0)", measure.of)
    if kind == "average":
        total, count_ = _same("sum"), Part("count(number)", lambda name: f"sum({name})")
        return Parts(
            (total, count_), lambda merged: f"if({merged[1]} = 0, NULL, {merged[0]} / {merged[1]})", measure.of
        )
    if kind == "percentile":
        word = f"({measure.percentile / 100!r})"
        part = Part(f"quantileExactState{word}(number)", lambda name: f"quantileExactMerge{word}({name})")
        return Parts((part,), _itself, measure.of)
    return Parts((_same("min" if kind == "minimum" else "max"),), _itself, measure.of)


#: an array has at most 16,777,215 numbers
_ARRAYS = 4


def _once(condition: str = "1") -> str:
    """An aggregate: how many rows meet the condition; what came twice is one. Ids of millions of rows, sorted, take a
    third of the time of `uniqExact` and less memory, as its tables are merged one number after the other."""
    rows = condition if condition == "1" else f"({condition})"
    counts = []
    for number in range(_ARRAYS):
        kept = conjunction(["id != 0", f"bitAnd(id, {_ARRAYS - 1}) = {number}", rows])
        counts.append(f"length(arrayCompact(arraySort(groupArrayIf(id, {kept}))))")
    return " + ".join([*counts, f"countIf({conjunction(['id = 0', rows])})"])


def _same(function: str) -> Part:
    return Part(f"{function}(number)", lambda name: f"{function}({name})")


def _itself(merged: Sequence[str]) -> str:
    return merged[0]


def _top(
    build: Build,
    sql: str,
    groups: Sequence[str],
    names: Sequence[str],
    breakdown: Breakdown | None,
    keys: Sequence[Key] | None,
) -> str:
    """The groups that are shown; the others under one key. Their parts are merged later."""
    assert breakdown is not None
    rest = ", ".join(["bucket", *names, "weight"])
    if keys is not None:
        wanted = [list(key) for key in keys if OTHER not in key]
        shown = f"has({build.bind(wanted, 'Array(Array(String))')}, [{', '.join(groups)}])"
    else:
        by = ", ".join(groups)
        sql = (
            f"SELECT *, dense_rank() OVER (ORDER BY total DESC, {by}) AS place"
            f" FROM (SELECT *, sum(weight) OVER (PARTITION BY {by}) AS total FROM ({sql}))"
        )
        shown = f"place <= {build.bind(breakdown.top, 'UInt32')}"
    other = build.bind(OTHER, "String")
    columns = ", ".join(f"if({shown}, {group}, {other}) AS {group}_" for group in groups)
    renamed = ", ".join(f"{group}_ AS {group}" for group in groups)
    return f"SELECT {renamed}, {rest} FROM (SELECT {columns}, {rest} FROM ({sql}))"


def _looking_back(build: Build, sql: str, names: Sequence[str], moments: Sequence[int], days: int | None) -> str:
    """Every interval's parts in each interval that looks back at it."""
    starts = build.bind(tuple(moments), "Array(UInt32)")
    last = len(moments) + 1 if days is None else build.bind(days, "UInt32")
    end = build.bind(len(moments) + 1, "UInt32")
    first = f"indexOf({starts}, edge)"
    reach = end if days is None else f"least({first} + {last}, {end})"
    columns = ", ".join(names)
    sql = f"SELECT bucket AS edge, {columns} FROM ({sql})"
    sql = f"SELECT arrayJoin(range({first}, {reach})) AS index, {columns} FROM ({sql})"
    return f"SELECT {starts}[index] AS bucket, {columns} FROM ({sql})"


def _series(question: Trend, rows: Rows, moments: Sequence[int]) -> list[Series]:
    """The largest group first, the others last."""
    width = len(question.breakdown.by) if question.breakdown else 0
    places = {at: index for index, at in enumerate(moments)}
    lines: dict[Key, list[float | None]] = {}
    totals: dict[Key, float | None] = {}
    weights: dict[Key, float] = {}
    for row in rows:
        key, (at, number, weight) = tuple(row[:width]), row[width:]
        line = lines.setdefault(key, list(_blank(question, key, len(moments)).values))
        if at is None:
            totals[key], weights[key] = number, weight
        elif at in places:
            line[places[at]] = number
    if not width and not lines:
        return [_blank(question, (), len(moments))]
    order = sorted(lines, key=lambda key: (OTHER in key, -weights.get(key, 0), key))
    return [
        Series(key=key, values=lines[key], total=None if _looks_back(question) else totals.get(key)) for key in order
    ]


def _blank(question: Trend, key: Key, points: int) -> Series:
    zero = 0 if question.measure.kind in _ZERO else None
    return Series(key=key, values=[zero] * points, total=None if _looks_back(question) else zero)


def _local(moments: Sequence[int], found: Range) -> list[datetime]:
    return [local_time(at * 1_000_000, found.zone) for at in moments]


def _check(question: Trend) -> None:
    measure = question.measure
    wrong = ""
    if measure.kind in ("ratio", "person_ratio") and measure.over is None:
        wrong = "A ratio needs the events that it divides by: measure.over."
    elif question.rolling and question.interval != "day":
        wrong = "What looks back some days needs an interval of a day."
    elif question.rolling and question.cumulative:
        wrong = "A line looks back some days, or to the start, not both."
    elif measure.of.startswith("person."):
        wrong = "Numbers are taken of properties of events."
    if wrong:
        raise Problem("invalid", wrong, errors=[("measure", wrong)])
