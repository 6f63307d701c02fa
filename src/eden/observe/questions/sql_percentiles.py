"""How numbers are distributed. Percentiles are exact: the number at the place floor(share × count) of all in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eden.base.problems import Problem
from eden.observe.questions.interfaces import Percentiles
from eden.observe.questions.results import (
    OTHER,
    Bar,
    Key,
    Percentile,
    PercentileLine,
    PercentilesGroup,
    PercentilesResult,
)
from eden.observe.questions.statements import Asking, Build, Rows, Statement
from eden.observe.questions.times import Range, before, edges, local_time, resolve

#: where bars of the histogram begin: six in every power of ten
BOUNDS = (0.0, *(float(f"{digits}e{power}") for power in range(-3, 8) for digits in (1, 1.5, 2, 3, 5, 7)))


def ask(question: Percentiles, app: int, now: int) -> Asking[PercentilesResult]:
    if question.of.startswith("person."):
        sentence = "Numbers are taken of properties of events."
        raise Problem("invalid", sentence, errors=[("of", sentence)])
    found = resolve(question.period, now)
    moments = edges(found, question.interval) if question.interval else []
    wanted = [statement(question, Build(app, now), found, moments)]
    if question.compare:
        earlier = before(question.period, found)
        wanted.append(statement(question, Build(app, now), earlier, [], name="before", grouped=False))
    answers = yield wanted
    rows = answers[0]
    groups = [_group(question, tuple(key), figures) for key, figures in _of("group", rows)]
    groups.sort(key=lambda group: (OTHER in group.key, -group.count, group.key))
    points = {key[0]: _group(question, (), figures).percentiles for key, figures in _of("moment", rows)}
    blank = _group(question, (), _NOTHING).percentiles
    lines = [
        PercentileLine(percentile=percentile, values=[points.get(at, blank)[index].value for at in moments])
        for index, percentile in enumerate(question.percentiles)
        if moments
    ]
    return PercentilesResult(
        whole=_whole(question, rows),
        groups=groups,
        histogram=_bars({key[0]: figures[0] for key, figures in _of("bar", rows)}),
        moments=[local_time(at * 1_000_000, found.zone) for at in moments],
        lines=lines,
        before=_whole(question, answers[1]) if question.compare else None,
    )


def statement(
    question: Percentiles,
    build: Build,
    found: Range,
    moments: Sequence[int],
    *,
    name: str = "percentiles",
    grouped: bool = True,
) -> Statement:
    """Rows: what the row is of (a group, a moment, a bar of the histogram, the whole), its key, count, sum,
    percentiles."""
    by = question.breakdown.by if question.breakdown and grouped else ()
    groups = [f"g{number}" for number in range(len(by))]
    columns = [f"toString({build.text(one)}) AS {group}" for one, group in zip(by, groups, strict=True)]
    columns += [f"{build.bucket(moments)} AS bucket"] if moments else []
    # below 0 is one bar
    bars = f"if(number < 0, -1, roundDown(number, {build.bind(BOUNDS, 'Array(Float64)')})) AS bar"
    rows = f"SELECT *, {bars} FROM ({_numbers(question, build, found, columns)})"
    sets = {"bar": ["bar"]} | ({"group": groups} if groups else {}) | ({"moment": ["bucket"]} if moments else {})
    # keys of the other sets are texts or numbers, so each row has them all as texts
    kind = ", ".join(f"grouping({keys[0]}) = 0, '{word}'" for word, keys in sets.items())
    key = ", ".join(
        f"grouping({keys[0]}) = 0, [{', '.join(f'toString({one})' for one in keys)}]" for keys in sets.values()
    )
    levels = ", ".join(repr(percentile / 100) for percentile in question.percentiles)
    all_sets = ", ".join(f"({', '.join(keys)})" for keys in sets.values())
    merged = (
        f"SELECT multiIf({kind}, 'whole') AS kind, multiIf({key}, CAST([] AS Array(String))) AS key, count() AS n,"
        f" sum(number) AS total, quantilesExactState({levels})(number) AS state FROM ({rows})"
        f" GROUP BY GROUPING SETS ({all_sets}, ())"
    )
    if groups:
        assert question.breakdown is not None
        top = build.bind(question.breakdown.top, "UInt32")
        other = build.bind([OTHER] * len(groups), "Array(String)")
        place = "row_number() OVER (PARTITION BY kind ORDER BY n DESC, key)"
        shown = f"if(kind != 'group' OR place <= {top}, key, {other}) AS shown"
        merged = f"SELECT kind, {shown}, n, total, state FROM (SELECT *, {place} AS place FROM ({merged}))"
    else:
        merged = f"SELECT kind, key AS shown, n, total, state FROM ({merged})"
    figures = f"sum(n), sum(total), quantilesExactMerge({levels})(state)"
    return build.done(name, f"SELECT kind, shown, {figures} FROM ({merged}) GROUP BY kind, shown")


def _numbers(question: Percentiles, build: Build, found: Range, columns: Sequence[str]) -> str:
    """Rows with the columns and `number`. What came twice is there twice: telling ids apart takes twice the time of all
    the rest, and its memory grows with the period."""
    number = build.number(question.of)
    where = build.rows(found, question.filters, build.events(question.events), f"isNotNull({number})")
    return f"SELECT {', '.join([*columns, f'assumeNotNull({number}) AS number'])} FROM events WHERE {where}"


_NOTHING: Sequence[Any] = (0, None, ())


def _of(kind: str, rows: Rows) -> Iterator[tuple[list[Any], Sequence[Any]]]:
    """Keys and figures of the rows that are of a kind; keys that are numbers as such."""
    for row in rows:
        if row[0] == kind:
            yield (row[1] if kind == "group" else [float(one) for one in row[1]]), row[2:]


def _whole(question: Percentiles, rows: Rows) -> PercentilesGroup:
    return next((_group(question, (), figures) for _, figures in _of("whole", rows)), _group(question, (), _NOTHING))


def _group(question: Percentiles, key: Key, figures: Sequence[Any]) -> PercentilesGroup:
    count, total, values = figures
    return PercentilesGroup(
        key=key,
        count=count,
        mean=total / count if count else None,
        percentiles=[
            Percentile(percentile=percentile, value=values[index] if count else None)
            for index, percentile in enumerate(question.percentiles)
        ],
    )


def _bars(counts: Mapping[float, int]) -> list[Bar]:
    """From the first bar with something in it to the last. `counts` by where a bar begins, -1 for those below 0."""
    bars = [Bar(low=None, high=0.0, count=counts[-1])] if -1 in counts else []
    places = [index for index, low in enumerate(BOUNDS) if low in counts]
    for index in range(places[0], places[-1] + 1) if places else ():
        high = BOUNDS[index + 1] if index + 1 < len(BOUNDS) else None
        bars.append(Bar(low=BOUNDS[index], high=high, count=counts.get(BOUNDS[index], 0)))
    return bars
