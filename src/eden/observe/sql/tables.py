"""The tables and columns that queries see, with what they mean.

Only these: a query reads each table through a subquery that names them, so that columns which the store needs for
itself do not show, and a star means what the documentation says. What the store keeps as `LowCardinality(String)` is a
String to queries, see `in_dictionary`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import msgspec

from eden.observe import schema


class ColumnInfo(msgspec.Struct, frozen=True):
    """A column: its type in ClickHouse's words, and its meaning."""

    name: str
    type: str
    text: str


class TableInfo(msgspec.Struct, frozen=True):
    """A table. `time`: the column that retention counts from. `newest`: of rows with the same key the newest counts."""

    name: str
    text: str
    columns: tuple[ColumnInfo, ...]
    time: str = "at"
    person: str = "person"
    newest: bool = False


def _columns(text: str) -> tuple[ColumnInfo, ...]:
    """Lines of `name | type | meaning`."""
    rows = (line.split("|") for line in text.splitlines() if line.strip())
    return tuple(ColumnInfo(name.strip(), kind.strip(), meaning.strip()) for name, kind, meaning in rows)


#: every table has it: put there by the row filter
PROGRAM: Final = ColumnInfo("program", "String", "Key of the mini program.")

_ROW = """
    at | DateTime64(3, 'UTC') | When it happened, by the device's clock put right.
    received | DateTime64(3, 'UTC') | When the server had it.
    person | String | The user, or else the device.
    device | String | The device.
    session | String | The session: until 30 minutes without activity or a cold start.
    platform | String | "ios", "android", "harmony", "web", …
    os | String | Version of the operating system.
    model | String | Model of the device.
    app_version | String | Version of the app around the mini program.
    version | String | Version of the mini program.
    code | UInt64 | Its number, which only grows.
    release | String | The release that brought the version.
    country | String | Two letters (ISO 3166-1).
    city | String | City, where the app says it.
    language | String | Language of the device (BCP 47).
    network | String | "wifi", "4g", "5g", "none", …
    channel | String | Where the app was got from.
    source | String | The wire that it came by: "eden", "sentry", "posthog", "otlp", "mas".
    page | String | Path of the page.
"""
_PROPS = "    props | JSON | Everything else: props.name, or props.name.:Int64 and props.name::String for one type.\n"
#: columns that mean the same in every table, with what they mean
ROW_COLUMNS: Final = {column.name: column.text for column in (PROGRAM, *_columns(_ROW + _PROPS))}


def _table(name: str, text: str, columns: str, *, props: bool = False, time: str = "at") -> TableInfo:
    own = _ROW + columns.rstrip() + "\n" + (_PROPS if props else "")
    return TableInfo(name, text, (PROGRAM, *_columns(own)), time)


TABLES: Final[dict[str, TableInfo]] = {
    table.name: table
    for table in (
        _table(
            "events",
            "What people did and what the container saw: launches, pages, taps, requests, events of programs.",
            """
    name | String | "$launch", "$page_view", "$tap", …, or the program's own.
    id | UInt64 | 64 bits of its id.
    value | Nullable(Float64) | Its number: milliseconds, an amount.
""",
            props=True,
        ),
        _table(
            "errors",
            "Errors and crashes, one row each time.",
            """
    id | String | Its id.
    group | UInt64 | The crash group: the first 64 bits of its fingerprint.
    algorithm | UInt8 | Version of the grouping.
    type | String | "TypeError".
    message | String | What it says.
    culprit | String | Function and file where it arose.
    fatal | Bool | The program ended.
    handled | Bool | The program caught it.
    raw | String | The whole document as JSON: frames, breadcrumbs, contexts.
""",
        ),
        _table(
            "logs",
            "Log lines.",
            """
    level | UInt8 | Severity (OpenTelemetry): 5 debug, 9 info, 13 warn, 17 error, 21 fatal.
    logger | String | Tag or logger.
    message | String | The line.
    trace | String | Trace id.
    span | String | Span id.
    pull | String | The pull that brought it; empty: sent at once.
    seq | UInt32 | Its place in its batch.
""",
            props=True,
        ),
        _table(
            "spans",
            "Spans of traces.",
            """
    trace | String | Trace id.
    span | String | Span id.
    parent | String | Id of the span around it.
    name | String | What was done.
    kind | String | Operation: "http.client".
    status | String | "ok", "error", …
    root | Bool | The first of its process.
    value | Float64 | Milliseconds.
""",
            props=True,
        ),
        _table(
            "metrics",
            "Points of metrics.",
            """
    name | String | The metric.
    kind | String | "counter", "gauge", "distribution" or "set".
    unit | String | "ms", "By", …
    value | Float64 | Its value; of a distribution the sum.
    count | UInt64 | Values behind it.
    bounds | Array(Float64) | Upper bounds of the buckets.
    buckets | Array(UInt64) | Counts of the buckets.
""",
            props=True,
        ),
        _table(
            "documents",
            "What is kept whole: feedback, check-ins, attachments, profiles.",
            """
    kind | String | "feedback", "check_in", "attachment", …
    id | String | Its id.
    name | String | Its name.
    size | UInt64 | Bytes.
    raw | String | Its text, where it has one.
""",
        ),
        TableInfo(
            "people",
            "What is known of people, and of groups such as companies; one row each.",
            (
                PROGRAM,
                *_columns("""
    at | DateTime64(3, 'UTC') | When it was said last.
    kind | String | "person", or the kind of group.
    key | String | The person, or the group.
    props | JSON | What is known.
"""),
            ),
            person="key",
            newest=True,
        ),
        TableInfo(
            "trends",
            "Events counted as they arrive, by quarters of an hour: little to read where there are many events.",
            (
                PROGRAM,
                *_columns("""
    name | String | The events' name; empty: of all events together.
    slot | DateTime('UTC') | When the quarter of an hour begins.
    version | String | Version of the mini program.
    code | UInt64 | Its number, which only grows.
    events | SimpleAggregateFunction(sum, UInt64) | How many.
    measured | SimpleAggregateFunction(sum, UInt64) | Those that have a number.
    total | SimpleAggregateFunction(sum, Float64) | The sum of their numbers.
    failed | SimpleAggregateFunction(sum, UInt64) | Requests that failed.
    persons | AggregateFunction(uniq, String) | The people: uniqMerge(persons) counts them.
    sessions | AggregateFunction(uniq, String) | The sessions, of all events together: uniqMerge(sessions).
"""),
            ),
            time="slot",
            person="",
        ),
        TableInfo(
            "seen",
            "When people had their first and last event; several rows of one are merged: min(first), max(last).",
            (
                PROGRAM,
                *_columns("""
    person | String | The user, or else the device.
    first | SimpleAggregateFunction(min, DateTime64(3, 'UTC')) | The first, also when it has expired.
    last | SimpleAggregateFunction(max, DateTime64(3, 'UTC')) | The last.
"""),
            ),
            time="last",
        ),
        TableInfo(
            "quarantine",
            "What could not be stored as what it is.",
            (
                PROGRAM,
                *_columns("""
    received | DateTime64(3, 'UTC') | When the server had it.
    wire | String | The wire that it came by.
    reason | String | What was wrong.
    raw | String | What was sent.
"""),
            ),
            time="received",
            person="",
        ),
    )
}


@cache
def in_dictionary(table: str) -> frozenset[str]:
    """Columns of a table that the store keeps as places in a dictionary of texts."""
    return frozenset(re.findall(r"(\w+) LowCardinality\(", schema.TABLES[table].columns))
