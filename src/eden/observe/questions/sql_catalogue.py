"""What there is to ask about: names of events, their properties, values of these. For lists and pickers."""

from __future__ import annotations

from datetime import datetime

from eden.base.api.times import moment
from eden.observe.questions import rollups
from eden.observe.questions.interfaces import EventNames, PropertyNames, PropertyValues
from eden.observe.questions.results import (
    EventFigures,
    EventNamesResult,
    PropertyFigures,
    PropertyNamesResult,
    PropertyValuesResult,
    ValueFigures,
)
from eden.observe.questions.statements import COUNT, Asking, Build
from eden.observe.questions.times import resolve
from eden.observe.schema import SLOT_SECONDS

#: rows whose properties are looked at, or whose values are counted
SAMPLE = 20_000
_ENDS = ("min", "max")
#: ClickHouse's types, as people call them
_TYPES = {"String": "text", "Bool": "bool", "Int64": "number", "UInt64": "number", "Float64": "number"}


def ask_events(question: EventNames, app: int, now: int) -> Asking[EventNamesResult]:
    found = resolve(question.period, now)
    build = Build(app, now)
    rolled = question.source == "best" and rollups.know(question.filters, (), ())
    whole, rest = rollups.divide(found) if rolled else (None, [found])
    parts = []
    if whole is not None:
        where = rollups.rows(build, whole, question.filters, (), each=True)
        parts.append(
            "SELECT toString(name) AS event, sum(events) AS times, uniqMergeState(persons) AS seen,"
            f" toUnixTimestamp(min(slot)) AS first, toUnixTimestamp(max(slot)) AS last FROM trends WHERE {where}"
            " GROUP BY event"
        )
    for one in rest:
        quarters = [f"toUInt32(intDiv(toUnixTimestamp({end}(at)), {SLOT_SECONDS}) * {SLOT_SECONDS})" for end in _ENDS]
        parts.append(
            f"SELECT toString(name) AS event, {COUNT} AS times, uniqStateIf(person, person != '') AS seen,"
            f" {quarters[0]} AS first, {quarters[1]} AS last FROM events WHERE {build.rows(one, question.filters)}"
            " GROUP BY event"
        )
    [rows] = yield [
        build.done(
            "events",
            "SELECT event, sum(times) AS total, uniqMerge(seen), min(first), max(last)"
            f" FROM ({' UNION ALL '.join(parts)}) GROUP BY event ORDER BY total DESC, event"
            f" LIMIT {build.bind(question.limit, 'UInt32')}",
        )
    ]
    return EventNamesResult(
        events=[
            EventFigures(name=name, count=count, persons=persons, first_seen=_at(first), last_seen=_at(last))
            for name, count, persons, first, last in rows
        ]
    )


def ask_properties(question: PropertyNames, app: int, now: int) -> Asking[PropertyNamesResult]:
    found = resolve(question.period, now)
    build = Build(app, now)
    where = build.rows(found, question.filters, build.events(question.events))
    sample = f"SELECT props FROM events WHERE {where} LIMIT {SAMPLE}"
    pairs = "arrayJoin(CAST(JSONAllPathsWithTypes(props) AS Map(String, String))) AS pair"
    counted = (
        f"SELECT pair.1 AS path, pair.2 AS type, count() AS times FROM (SELECT {pairs} FROM ({sample}))"
        " GROUP BY path, type"
    )
    size = build.done("sample", f"SELECT count() FROM ({sample})")
    limit = build.bind(question.limit, "UInt32")
    [counts, rows] = yield [
        size,
        build.done(
            "properties",
            "SELECT path, groupArray((type, times)), sum(times) AS total"
            f" FROM ({counted}) GROUP BY path ORDER BY total DESC, path LIMIT {limit}",
        ),
    ]
    properties = []
    for path, types, _ in rows:
        found_types: dict[str, int] = {}
        for type_, times in types:
            word = _TYPES.get(type_) or ("list" if type_.startswith("Array") else "time")
            found_types[word] = found_types.get(word, 0) + times
        properties.append(PropertyFigures(name=f"props.{path}", types=found_types))
    return PropertyNamesResult(sample=counts[0][0] if counts else 0, properties=properties)


def ask_values(question: PropertyValues, app: int, now: int) -> Asking[PropertyValuesResult]:
    found = resolve(question.period, now)
    build = Build(app, now)
    if question.property.startswith("person."):
        text = build.text("props." + question.property.removeprefix("person."))
        source, where = "people FINAL", f"{build.of_app()} AND kind = 'person'"
    else:
        text, source = build.text(question.property), "events"
        where = build.rows(found, question.filters, build.events(question.events))
    like = build.bind(question.like, "String")
    sample = f"SELECT toString({text}) AS text FROM {source} WHERE {where}"
    [rows] = yield [
        build.done(
            "values",
            f"SELECT text, count() AS times FROM ({sample}) WHERE text != ''"
            + (f" AND positionCaseInsensitiveUTF8(text, {like}) > 0" if question.like else "")
            + f" GROUP BY text ORDER BY times DESC, text LIMIT {build.bind(question.limit, 'UInt32')}",
        )
    ]
    return PropertyValuesResult(values=[ValueFigures(value=value, count=count) for value, count in rows])


def _at(seconds: int) -> datetime:
    return moment(seconds * 1_000_000)
