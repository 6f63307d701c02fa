"""Tables of the events store, in ClickHouse's SQL: the same on the embedded engine, a server and a cluster.

Rows come as `eden.observe.interfaces` names them. Everything is ordered by the app first, so that no question reads
another app's rows.
"""

from __future__ import annotations

from collections.abc import Iterator

_ROW = """
    app UInt32,
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    received DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    person String CODEC(ZSTD(1)),
    device String CODEC(ZSTD(1)),
    session String CODEC(ZSTD(1)),
    platform LowCardinality(String),
    os LowCardinality(String),
    model LowCardinality(String),
    app_version LowCardinality(String),
    version LowCardinality(String),
    code UInt64,
    release LowCardinality(String),
    country LowCardinality(String),
    city LowCardinality(String),
    language LowCardinality(String),
    network LowCardinality(String),
    channel LowCardinality(String),
    source LowCardinality(String),
    page LowCardinality(String),
"""

_TABLES = {
    "events": (
        f"{_ROW} name LowCardinality(String), id UInt64, value Nullable(Float64), props JSON",
        "(app, name, toDate(at), person, at)",
    ),
    "errors": (
        f"{_ROW} id String, `group` UInt64, algorithm UInt8, type LowCardinality(String), message String,"
        " culprit LowCardinality(String), fatal Bool, handled Bool, raw String CODEC(ZSTD(3))",
        "(app, `group`, at)",
    ),
    "logs": (
        f"{_ROW} level UInt8 DEFAULT 9, logger LowCardinality(String), message String, trace String, span String, pull String,"
        " props JSON",
        "(app, at)",
    ),
    "spans": (
        f"{_ROW} trace String, span String, parent String, name LowCardinality(String), kind LowCardinality(String),"
        " status LowCardinality(String), root Bool, value Float64, props JSON",
        "(app, name, at)",
    ),
    "metrics": (
        f"{_ROW} name LowCardinality(String), kind LowCardinality(String) DEFAULT 'gauge', unit LowCardinality(String),"
        " value Float64, count UInt64 DEFAULT 1, bounds Array(Float64), buckets Array(UInt64), props JSON",
        "(app, name, at)",
    ),
    "documents": (
        f"{_ROW} kind LowCardinality(String), id String, name String, size UInt64, blob String,"
        " raw String CODEC(ZSTD(3))",
        "(app, kind, at)",
    ),
    "quarantine": (
        "app UInt32, received DateTime64(3, 'UTC'), wire LowCardinality(String), reason String,"
        " raw String CODEC(ZSTD(3))",
        "(app, received)",
    ),
}


def statements() -> Iterator[str]:
    """What makes the tables that are missing."""
    for name, (columns, order) in _TABLES.items():
        moment = "received" if name == "quarantine" else "at"
        yield (
            f"CREATE TABLE IF NOT EXISTS {name} ({columns}) ENGINE = MergeTree PARTITION BY toYYYYMM({moment})"
            f" ORDER BY {order} SETTINGS non_replicated_deduplication_window = 1000"
        )
    yield (
        "CREATE TABLE IF NOT EXISTS people (app UInt32, at DateTime64(3, 'UTC'), kind LowCardinality(String) DEFAULT"
        " 'person', key String, props JSON) ENGINE = ReplacingMergeTree(at) ORDER BY (app, kind, key)"
        " SETTINGS non_replicated_deduplication_window = 1000"
    )


#: tables that have rows of persons, and the columns that name them
PERSONAL = {
    **dict.fromkeys(("events", "errors", "logs", "spans", "metrics", "documents"), ("person", "device")),
    "people": ("key",),
}
#: tables that may be asked
NAMES = (*_TABLES, "people")


def only(app: int) -> str:
    """ClickHouse's `additional_table_filters` that leave the rows of one app in every table."""
    return "{" + ", ".join(f"'{name}': 'app = {app:d}'" for name in NAMES) + "}"
