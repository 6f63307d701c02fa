"""What the digests of others make, the events store takes: every table, from every wire."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from eden.observe.digest.digest import digest
from eden.observe.digest.otlp_read import JSON
from eden.observe.insight.engine import Engine
from eden.observe.interfaces import TABLE_OF, Accepted, Wire
from tests.observe.wires.made import APP, NOW, Keeper, envelope

_TRACE, _SPAN = "6cf173d587eb48568a9b2e12dcfbea52", "438f40bd3b4a41ee"
_ENVELOPE = envelope(
    {"event_id": "9ec79c33ec9942ab8353589fcb2e04dc"},
    (
        "event",
        {"message": "m", "level": "fatal", "user": {"id": "u"}, "contexts": {"a.b": {"c": 1}, "a": {"b": {"c": 2}}}},
    ),
    ("log", {"items": [{"body": "line", "attributes": {"a.b": {"value": 1}, "a": {"value": {"b": 2}}}}]}),
    ("session", {"sid": "s", "duration": 1.5, "status": "ok"}),
    ("span", {"trace_id": _TRACE, "span_id": _SPAN, "start_timestamp": NOW - 1, "timestamp": NOW, "data": {"n": None}}),
    ("trace_metric", {"items": [{"name": "n", "type": "gauge", "value": 1}]}),
    ({"type": "attachment", "filename": "f"}, b"\x00"),
    ("check_in", {"monitor_slug": "m"}),
    ("event", b"broken"),
)
_EVENTS = [
    {"event": "a", "distinct_id": "u", "properties": {"$set": {"plan": "gold"}, "x": [1, {"y": 2}], "z": 1e308}},
    {"event": "$exception", "distinct_id": "u", "properties": {"$exception_list": [{"type": "E"}]}},
]
_POINT = {
    "count": 2, "sum": 3.5, "explicitBounds": [1.0], "bucketCounts": ["1", "1"], "timeUnixNano": str(int(NOW * 1e9)),
}  # fmt: skip
_METRICS = {
    "resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "h", "histogram": {"dataPoints": [_POINT]}}]}]}]
}
_LINE = "D-VM,2026-09-20 10:35:47.196,A_IOS-d,1.0,2,-,s,u,event,-,first,-,-,-,-,paid,-,Pay,-,-,-,-,a=1^b=2" + ",-" * 24


def test_every_table(store: Engine) -> None:
    batches: list[tuple[Wire, bytes, dict[str, str]]] = [
        ("sentry", _ENVELOPE, {}),
        ("posthog", json.dumps({"batch": _EVENTS}).encode(), {}),
        ("otlp-metrics", json.dumps(_METRICS).encode(), {"type": JSON}),
        ("mas", _LINE.encode(), {}),
    ]
    tables: dict[str, list[Any]] = {}
    for wire, body, meta in batches:
        for row in digest(Accepted(wire, APP, int(NOW * 1e6), b"", body, meta), Keeper()):
            tables.setdefault(TABLE_OF[type(row)], []).append(row)
    assert set(tables) == set(TABLE_OF.values())
    for table, rows in tables.items():
        store.insert(table, msgspec.json.Encoder().encode_lines(rows))
        assert _ask(store, f"SELECT count() FROM {table} WHERE app = {APP}") == [[len(rows)]], table
    assert _ask(store, "SELECT name, value FROM events WHERE source = 'posthog' ORDER BY name") == [
        ["$error", None],
        ["a", None],
    ]
    assert _ask(store, "SELECT bounds, buckets, count, value FROM metrics WHERE name = 'h'") == [[[1], [1, 1], 2, 3.5]]
    assert _ask(store, "SELECT message, fatal, person FROM errors WHERE source = 'sentry'") == [["m", True, "u"]]
    assert _ask(store, "SELECT props.plan FROM people") == [["gold"]]


def _ask(store: Engine, sql: str) -> list[list[Any]]:
    found: list[list[Any]] = json.loads(store.query(sql))["data"]
    return found
