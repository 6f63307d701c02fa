"""Rows as they are declared fit the tables."""

from __future__ import annotations

import msgspec
import pytest

from eden.observe.insight.engine import Engine, StoreError
from eden.observe.interfaces import (
    TABLE_OF,
    AnyRow,
    DocumentRow,
    ErrorRow,
    EventRow,
    LogRow,
    MetricRow,
    PersonRow,
    QuarantinedRow,
    SpanRow,
)

AT = 1790000000.123
ROWS: list[AnyRow] = [
    EventRow(app=1, at=AT, received=AT + 7.5, name="$launch", value=3.5, props={"a": 1, "b": {"c": "x"}}, code=10_000),
    ErrorRow(app=1, at=AT, received=AT, id="e", group=2**63 + 5, algorithm=1, type="E", message="m", fatal=True),
    LogRow(app=1, at=AT, received=AT, message="a line"),
    SpanRow(app=1, at=AT, received=AT, trace="t", span="s", root=True),
    MetricRow(app=1, at=AT, received=AT, name="m", kind="distribution", bounds=[0.5], buckets=[1, 2]),
    DocumentRow(app=1, at=AT, received=AT, kind="feedback", id="1", raw="{}"),
    PersonRow(app=1, at=AT, key="u", props={"plan": "free"}),
    QuarantinedRow(app=1, received=AT, wire="eden", reason="no name", raw="{"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row).__name__)
def test_rows_come_back(store: Engine, row: AnyRow) -> None:
    table = TABLE_OF[type(row)]
    store.insert(table, msgspec.json.encode(row), token="one")
    store.insert(table, msgspec.json.encode(row), token="one")
    received = "" if isinstance(row, PersonRow) else ", received"
    [found] = store.query(f"SELECT *{received} FROM {table}", form="JSONEachRow").splitlines()
    stored = msgspec.json.decode(found)
    stored["arrived"] = stored.get("received")
    for name, value in msgspec.to_builtins(row).items():
        if name in ("at", "arrived", "received"):
            assert stored[name] == "2026-09-21 14:13:20.123" if value == AT else "2026-09-21 14:13:27.623", name
        else:
            assert stored[name] == value, name


def test_when_it_was_received_is_a_delay(store: Engine) -> None:
    late = 20 * 365 * 86_400
    rows = [EventRow(app=1, at=AT - delay, received=AT, name="e", code=n) for n, delay in enumerate((0, 0.5, late))]
    store.insert("events", b"\n".join(map(msgspec.json.encode, rows)))
    # rows of others, without the time, came when they happened
    store.insert("events", b'{"app":1,"at":1790000000.123,"code":3}')
    found = store.query(
        "SELECT delay, received = {at:DateTime64(3)} FROM events ORDER BY code", {"at": "1790000000.123"}
    )
    assert msgspec.json.decode(found)["data"] == [[0, 1], [500, 1], [late * 1000, 1], [0, 1]]


def test_a_row_of_another_shape_is_refused(store: Engine) -> None:
    with pytest.raises(StoreError, match="Cannot parse"):
        store.insert("events", b'{"app": "one"}')
    assert store.query("SELECT count() FROM events", form="TSV") == b"0\n"
