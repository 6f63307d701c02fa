"""SQL over HTTP: who may, rows, files, errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine
from tests.observe.sql.stand import Stand, open_stand

pa: Any = import_module("pyarrow")


@pytest.fixture(scope="module")
def stand(kept_store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with open_stand(tmp_path_factory.mktemp("office"), LocalInsight(Answering(kept_store))) as stand:
        for program, count in (("bank", 3), ("shop", 5)):
            rows = [
                {"app": stand.app(program).number, "at": stand.seconds - n, "arrived": stand.seconds,
                 "name": "$launch", "person": f"{program}-{n}", "value": n, "id": 2**63 + n}
                for n in range(count)
            ]  # fmt: skip
            kept_store.insert("events", b"\n".join(json.dumps(row).encode() for row in rows))
        yield stand


def ask(stand: Stand, text: str, who: str = "owner", place: str = "/sql", **more: Any) -> Any:
    return stand.office.ask(who, "POST", f"{stand.path('bank')}{place}", json={"sql": text, **more})


def test_rows(stand: Stand) -> None:
    answer = ask(stand, "SELECT person, value, id FROM events ORDER BY value").json()
    assert answer["columns"] == [
        {"name": "person", "type": "String"}, {"name": "value", "type": "Nullable(Float64)"},
        {"name": "id", "type": "UInt64"},
    ]  # fmt: skip
    assert answer["rows"][1] == ["bank-1", 1, 2**63 + 1] and len(answer["rows"]) == 3
    assert answer["more"] is False and answer["read_rows"] >= 3 and "FROM" in answer["sql"]


def test_of_many_rows_the_first_ones(stand: Stand) -> None:
    answer = ask(stand, "SELECT value FROM events ORDER BY value", rows=2).json()
    assert answer["rows"] == [[0], [1]] and answer["more"] is True


def test_all_apps_of_the_workspace(stand: Stand) -> None:
    text = "SELECT program, count() FROM events GROUP BY program ORDER BY program"
    assert ask(stand, text).json()["rows"] == [["bank", 3]]
    assert ask(stand, text, all_apps=True).json()["rows"] == [["bank", 3], ["shop", 5]]


def test_parameters(stand: Stand) -> None:
    text = "SELECT count() FROM events WHERE person IN {people:Array(String)} AND value < {most:Float64}"
    answer = ask(stand, text, parameters={"people": ["bank-0", "bank-2", "x') OR 1"], "most": 1.5})
    assert answer.json()["rows"] == [[1]]


@pytest.mark.parametrize(
    ("text", "status", "code", "said"),
    [
        ("SELECT *\nFROM system.tables", 422, "sql-refused", "Line 2, column 6: Tables of system cannot be read"),
        ("SELECT nothing FROM events", 422, "insight-refused", "nothing"),
        ("SELECT arrayJoin(range(1000)) AS a, arrayJoin(range(2000)) AS b FROM events", 422, "insight-limit", "rows"),
        ("SELECT {x:String}", 422, "sql-refused", "The parameter x needs a value"),
    ],
)
def test_errors(stand: Stand, text: str, status: int, code: str, said: str) -> None:
    for place in ("/sql", "/sql/file?form=csv"):
        if code == "insight-limit" and place == "/sql":
            continue  # there the first rows are wanted only
        answer = ask(stand, text, place=place)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert said in answer.json()["detail"]


def test_who_may(stand: Stand) -> None:
    """`observe.sql` alone."""
    assert ask(stand, "SELECT 1", who="developer").status_code == 200
    assert ask(stand, "SELECT 1", who="reviewer").status_code == 403
    assert ask(stand, "SELECT 1", who="stranger").status_code == 404
    assert ask(stand, "SELECT 1", who="").status_code == 401
    assert stand.office.ask("owner", "POST", f"{stand.path('other')}/sql", json={"sql": "SELECT 1"}).status_code == 404


@pytest.mark.parametrize(
    ("form", "media_type", "name"),
    [
        ("csv", "text/csv; charset=utf-8", "bank.csv"),
        ("ndjson", "application/x-ndjson", "bank.ndjson"),
        ("parquet", "application/vnd.apache.parquet", "bank.parquet"),
        ("arrow", "application/vnd.apache.arrow.stream", "bank.arrows"),
    ],
)
def test_files(stand: Stand, form: str, media_type: str, name: str) -> None:
    answer = ask(stand, "SELECT person, value FROM events ORDER BY value", place=f"/sql/file?form={form}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    if form == "csv":
        assert answer.text == '"person","value"\n"bank-0",0\n"bank-1",1\n"bank-2",2\n'
    if form == "arrow":
        assert pa.ipc.open_stream(answer.content).read_all().to_pydict()["person"] == ["bank-0", "bank-1", "bank-2"]


def test_a_file_of_many_pieces(stand: Stand) -> None:
    text = "SELECT arrayJoin(range(200000)) AS number, concat('number ', toString(number)) AS x"
    assert len(ask(stand, text, place="/sql/file").content) > 2_000_000


def test_tables(stand: Stand) -> None:
    tables = stand.office.get("owner", f"{stand.path('bank')}/sql/tables")
    events = next(table for table in tables if table["name"] == "events")
    assert {"name": "value", "type": "Nullable(Float64)", "text": "Its number: milliseconds, an amount."} in events[
        "columns"
    ]
    assert "app" not in {column["name"] for column in events["columns"]}
