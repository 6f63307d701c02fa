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
    EventRow(app=1, at=AT, received=AT, name="$launch", value=3.5, props={"a": 1, "b": {"c": "x"}}, code=10_000),
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
    [found] = store.query(f"SELECT * FROM {table}", form="JSONEachRow").splitlines()
    stored = msgspec.json.decode(found)
    for name, value in msgspec.to_builtins(row).items():
        if name in ("at", "received"):
            assert stored[name] == "2026-09-21 14:13:20.123"
        else:
            assert stored[name] == value, name


def test_a_row_of_another_shape_is_refused(store: Engine) -> None:
    with pytest.raises(StoreError, match="Cannot parse"):
        store.insert("events", b'{"app": "one"}')
    assert store.query("SELECT count() FROM events", form="TSV") == b"0\n"
