"""Tables of the events store, in ClickHouse's SQL: the same on the embedded engine, a server and a cluster.

Rows come as `eden.observe.interfaces` names them. Everything is ordered by the app first, so that no question reads
another app's rows. What was measured before it was chosen: docs/adr/0010.

When a row was received is stored as the milliseconds after `at` (2 bytes rather than 4): rows bring `arrived`, which is
stored in no column of its own, and questions read `received`.

`trends` is filled by the engine as events arrive: counts of a quarter of an hour, which is the largest unit that all
time zones are made of. Its rows with the name "" count all events of the app:

    SELECT toStartOfDay(slot, 'Asia/Kathmandu') AS day, sum(events), uniqMerge(persons), uniqMerge(sessions)
    FROM trends WHERE app = 1 AND name = '' GROUP BY day

`seen` is filled in the same way: when each person's first and last event was. What is in it twice is the same as once.

On a cluster a table NAME is spread over the machines: its rows are in NAME_local on each, by person, so that what a
person did is on one machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eden.observe.interfaces import REQUEST

#: seconds of a slot of `trends`
SLOT_SECONDS = 900

_ROW = """
    app UInt32,
    at DateTime64(3, 'UTC') CODEC(T64, ZSTD(1)),
    arrived DateTime64(3, 'UTC') EPHEMERAL at,
    delay Int64 DEFAULT toUnixTimestamp64Milli(arrived) - toUnixTimestamp64Milli(at) CODEC(T64, ZSTD(1)),
    received DateTime64(3, 'UTC') ALIAS at + toIntervalMillisecond(delay),
    person String CODEC(ZSTD(1)),
    device String CODEC(ZSTD(1)),
    session String CODEC(ZSTD(1)),
    platform LowCardinality(String),
    os LowCardinality(String),
    model LowCardinality(String),
    app_version LowCardinality(String),
    version LowCardinality(String),
    code UInt64 CODEC(ZSTD(1)),
    release LowCardinality(String),
    country LowCardinality(String),
    city LowCardinality(String),
    language LowCardinality(String),
    network LowCardinality(String),
    channel LowCardinality(String),
    source LowCardinality(String),
    page LowCardinality(String),
    INDEX person_bloom person TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX device_bloom device TYPE bloom_filter(0.01) GRANULARITY 1,
"""

#: beyond so many paths in a part, values share a column: 20,000 names in one batch took 9 s with 1,024 and 1 s with 256
_PROPS = "props JSON(max_dynamic_paths=256)"

#: words of a message in lower case: runs of ASCII letters and digits, also among Chinese (12345 is one in
#: "订单12345支付失败"); `hasAllTokens(message, 'payment declined')` uses it whatever the case
_WORDS = (
    "INDEX message_words message TYPE text(tokenizer = splitByNonAlpha,"
    " preprocessor = replaceRegexpAll(lower(message), '[^[:ascii:]]+', ' ')) GRANULARITY 100000000"
)


@dataclass(frozen=True)
class Table:
    """`moment`: the column that retention looks at; `personal`: those that name a person; `known`: when the server had
    the row; `granule`: rows that are read together, by one thread."""

    columns: str
    order: str
    moment: str = "at"
    engine: str = "MergeTree"
    personal: tuple[str, ...] = ("person", "device")
    monthly: bool = True
    granule: int = 8_192
    known: str = "at + toIntervalMillisecond(delay)"


TABLES = {
    "events": Table(
        f"{_ROW} name LowCardinality(String), id UInt64, value Nullable(Float64), {_PROPS}",
        "(app, name, toDate(at), person, at)",
    ),
    "errors": Table(
        f"{_ROW} id String, `group` UInt64, algorithm UInt8, type LowCardinality(String), message String,"
        f" culprit LowCardinality(String), fatal Bool, handled Bool, raw String CODEC(ZSTD(3)), {_WORDS},"
        " INDEX id_bloom id TYPE bloom_filter(0.01) GRANULARITY 1",
        "(app, `group`, at)",
    ),
    "logs": Table(
        f"{_ROW} level UInt8 DEFAULT 9, logger LowCardinality(String), message String, trace String, span String,"
        f" pull String, seq UInt32 CODEC(T64, ZSTD(1)), {_PROPS}, {_WORDS}",
        "(app, at)",
    ),
    "spans": Table(
        f"{_ROW} trace String, span String, parent String, name LowCardinality(String), kind LowCardinality(String),"
        f" status LowCardinality(String), root Bool, value Float64, {_PROPS},"
        " INDEX trace_bloom trace TYPE bloom_filter(0.01) GRANULARITY 1",
        "(app, name, at)",
    ),
    "metrics": Table(
        f"{_ROW} name LowCardinality(String), kind LowCardinality(String) DEFAULT 'gauge', unit LowCardinality(String),"
        f" value Float64, count UInt64 DEFAULT 1, bounds Array(Float64), buckets Array(UInt64), {_PROPS}",
        "(app, name, at)",
    ),
    "documents": Table(
        f"{_ROW} kind LowCardinality(String), id String, name String, size UInt64, blob String,"
        " raw String CODEC(ZSTD(3)), INDEX id_bloom id TYPE bloom_filter(0.01) GRANULARITY 1",
        "(app, kind, at)",
    ),
    "people": Table(
        f"app UInt32, at DateTime64(3, 'UTC'), kind LowCardinality(String) DEFAULT 'person', key String, {_PROPS}",
        "(app, kind, key)",
        engine="ReplacingMergeTree(at)",
        # of an id that somebody had before, the row names whose it was
        personal=("key", "if(kind = 'alias', toString(props.person), '')"),
        monthly=False,
        known="at",
    ),
    "quarantine": Table(
        "app UInt32, received DateTime64(3, 'UTC'), wire LowCardinality(String), reason String,"
        " raw String CODEC(ZSTD(3))",
        "(app, received)",
        moment="received",
        personal=(),
    ),
    "trends": Table(
        """
        app UInt32,
        name LowCardinality(String),
        slot DateTime('UTC') CODEC(Delta, ZSTD(1)),
        version LowCardinality(String) CODEC(ZSTD(1)),
        code UInt64 CODEC(T64, ZSTD(1)),
        events SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
        measured SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
        total SimpleAggregateFunction(sum, Float64) CODEC(ZSTD(1)),
        failed SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
        persons AggregateFunction(uniq, String) CODEC(ZSTD(1)),
        sessions AggregateFunction(uniq, String) CODEC(ZSTD(1))
        """,
        "(app, name, slot, version, code)",
        moment="slot",
        engine="AggregatingMergeTree",
        personal=(),
        # few rows answer a question, and their states take long: several threads are to share them
        granule=2_048,
    ),
    "seen": Table(
        """
        app UInt32,
        person String CODEC(ZSTD(1)),
        first SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1)),
        last SimpleAggregateFunction(max, DateTime64(3, 'UTC')) CODEC(T64, ZSTD(1))
        """,
        "(app, person)",
        moment="last",
        engine="AggregatingMergeTree",
        # who is forgotten is not hidden here, but taken out at once: a device's events may be of several people
        personal=(),
        monthly=False,
    ),
    # whose rows are hidden until they are deleted, see `insight.hidden`
    "forgotten": Table(
        "app UInt32, person String, before Int64, counted Int64, at DateTime64(6, 'UTC')",
        "(app, person, before)",
        engine="ReplacingMergeTree(at)",
        personal=(),
        monthly=False,
    ),
}
#: what a store counts for itself
INTERNAL = ("trends", "seen", "forgotten")
#: those that rows are put into
NAMES = tuple(name for name in TABLES if name not in INTERNAL)
#: what a backup has: `seen` knows of events that have expired, all else that is internal is made again
KEPT = (*NAMES, "seen")
#: tables that have rows of persons, and the columns that name them
PERSONAL = {name: table.personal for name, table in TABLES.items() if table.personal}


def statements(cluster: str = "") -> Iterator[str]:
    """What makes the tables that are missing, on all machines of a cluster if one is named."""
    for name in TABLES:
        yield from table(name, cluster)
    for name, rows in (("trends", counts), ("seen", sightings)):
        yield (
            f"CREATE MATERIALIZED VIEW IF NOT EXISTS {name}_view{on(cluster)} TO {local(name, cluster)} AS"
            f" {rows(local('events', cluster))}"
        )


def table(name: str, cluster: str = "") -> Iterator[str]:
    """What makes one table."""
    made = TABLES[name]
    engine = made.engine
    if cluster:
        kind, _, rest = engine.partition("(")
        others = f", {rest}" if rest else ")"
        engine = f"Replicated{kind}('/clickhouse/tables/{{shard}}/{{database}}/{{table}}', '{{replica}}'{others}"
    parts = f" PARTITION BY toYYYYMM({made.moment})" if made.monthly else ""
    # the same insert again, after a crash, is recognised among so many
    window = "" if cluster else "non_replicated_deduplication_window = 1000, "
    yield (
        f"CREATE TABLE IF NOT EXISTS {local(name, cluster)}{on(cluster)} ({made.columns}) ENGINE = {engine}{parts}"
        f" ORDER BY {made.order} SETTINGS {window}index_granularity = {made.granule}, fsync_after_insert = 1,"
        " fsync_part_directory = 1"
    )
    if cluster:
        spread = "cityHash64(person)" if "person String" in made.columns else "cityHash64(app)"
        yield (
            f"CREATE TABLE IF NOT EXISTS {name}{on(cluster)} AS {local(name, cluster)}"
            f" ENGINE = Distributed('{cluster}', currentDatabase(), '{local(name, cluster)}', {spread})"
        )


#: of `trends`, in the order in which `counts` has them
COUNTS = "app, name, slot, version, code, events, measured, total, failed, persons, sessions"
#: whether a request went wrong: it got no answer, or one that says so
FAILED = "(toString(props.failure) != '' OR ifNull(toFloat64OrNull(toString(props.status)) >= 400, 0))"


def counts(events: str, where: str = "", *, split: str = "", more: str = "") -> str:
    """The SELECT that makes rows of `trends` from the table `events`; with one more column `split`, each row is that of
    the events with one of its values. `more`: further columns."""
    column, group = (f", {split} AS split", ", split") if split else ("", "")
    column += f", {more}" if more else ""
    return (
        "SELECT app, arrayJoin(if(name = '', [''], [toString(name), ''])) AS name,"
        f" {slot('at')} AS slot, version, code,"
        " count() AS events, count(value) AS measured, sum(ifNull(value, 0)) AS total,"
        f" countIf(name = '{REQUEST}' AND {FAILED}) AS failed,"
        " uniqStateIf(person, person != '') AS persons,"
        f" uniqStateIf(session, name = '' AND session != '') AS sessions{column}"
        f" FROM {events} {where} GROUP BY app, name, slot, version, code{group}"
    )


def sightings(events: str, where: str = "person != ''") -> str:
    """The SELECT that makes rows of `seen` from the table `events`."""
    return f"SELECT app, person, min(at) AS first, max(at) AS last FROM {events} WHERE {where} GROUP BY app, person"


def slot(moment: str) -> str:
    """The slot of `trends` in which a time is."""
    return f"toStartOfInterval({moment}, INTERVAL {SLOT_SECONDS} SECOND, 'UTC')"


def inserted(name: str) -> str:
    """The table with the columns that rows bring; ephemeral ones are none unless they are named."""
    return f"{name} (*, arrived)" if name in TABLES and " arrived " in TABLES[name].columns else name


def local(name: str, cluster: str) -> str:
    """The table on each machine, for what changes rows or structure."""
    return f"{name}_local" if cluster else name


def on(cluster: str) -> str:
    """The clause of statements that go to all machines."""
    return f" ON CLUSTER '{cluster}'" if cluster else ""


def everywhere(table: str, cluster: str) -> str:
    """A table of the database `system`, of all machines."""
    return f"clusterAllReplicas('{cluster}', system.{table})" if cluster else f"system.{table}"


def only(*apps: int) -> dict[str, str]:
    """The conditions that leave the rows of some apps in every table."""
    return dict.fromkeys(TABLES, f"app IN ({', '.join(f'{app:d}' for app in apps)})")
