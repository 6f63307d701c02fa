"""The Python client, against a server on a port."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from eden.observe.client import Client, Forbidden, LimitReached, NotFound, Refused, Unavailable
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine
from tests.observe.sql.stand import Stand, open_stand


@pytest.fixture(scope="module")
def stand(kept_store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with open_stand(tmp_path_factory.mktemp("office"), LocalInsight(Answering(kept_store))) as stand:
        rows = [
            {"app": stand.app("bank").number, "at": 1_790_000_000 + n, "arrived": stand.seconds, "name": "$launch",
             "platform": "ios", "person": f"p{n}", "value": None if n == 1 else n, "props": {"n": n}}
            for n in range(3)
        ]  # fmt: skip
        kept_store.insert("events", b"\n".join(json.dumps(row).encode() for row in rows))
        yield stand


@pytest.fixture(scope="module")
def address(stand: Stand) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    # the platform runs in the office's loop already: this server only passes requests on
    server = uvicorn.Server(uvicorn.Config(stand.office.platform, lifespan="off", log_config=None, access_log=False))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def client(stand: Stand, address: str) -> Client:
    return Client(address, stand.office.tokens["owner"], stand.office.here, "bank")


TEXT = "SELECT person, value, at, platform FROM events ORDER BY at"


def test_frames(client: Client) -> None:
    result = client.sql(TEXT)
    table = result.to_arrow()
    assert table.column("value").to_pylist() == [0.0, None, 2.0]
    polars = result.to_polars()
    assert polars["person"].to_list() == ["p0", "p1", "p2"] and str(polars["at"].dtype).startswith("Datetime")
    pandas = result.to_pandas()
    assert pandas["platform"].tolist() == ["ios"] * 3 and str(pandas["at"].dt.tz) == "UTC"
    assert [row["person"] for row in result] == ["p0", "p1", "p2"]


def test_an_empty_result(client: Client) -> None:
    result = client.sql("SELECT person FROM events WHERE person = 'nobody'")
    assert result.to_polars().columns == ["person"] and list(result) == []


def test_rows(client: Client) -> None:
    rows = client.rows(
        "SELECT person, props.n.:Int64 AS n FROM events WHERE person IN {who:Array(String)}", {"who": ["p2"]}
    )
    assert list(rows) == [{"person": "p2", "n": 2}]


def test_all_apps(client: Client) -> None:
    assert list(client.rows("SELECT DISTINCT program FROM events", all_apps=True)) == [{"program": "bank"}]


def test_tables(client: Client) -> None:
    assert "events" in {table["name"] for table in client.tables()}


def test_errors(client: Client, stand: Stand, address: str) -> None:
    with pytest.raises(Refused) as refused:
        client.sql("SELECT 1,\n  hostName()")
    assert (refused.value.line, refused.value.column, refused.value.code) == (2, 3, "sql-refused")
    with pytest.raises(Refused) as refused:
        client.rows("SELECT nothing FROM events")
    assert refused.value.status == 422 and "nothing" in str(refused.value)
    with pytest.raises(LimitReached):
        client.sql("SELECT arrayJoin(range(1000)) AS a, arrayJoin(range(2000)) AS b")
    with pytest.raises(Forbidden):
        Client(address, "eden_wrong", stand.office.here, "bank").tables()
    with pytest.raises(Forbidden):
        Client(address, stand.office.tokens["reviewer"], stand.office.here, "bank").sql("SELECT 1")
    with pytest.raises(NotFound):
        Client(address, stand.office.tokens["owner"], stand.office.here, "other").tables()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(Unavailable):
            Client(f"http://127.0.0.1:{port}", "eden_x", "w", "a", seconds=0.1).tables()
    with pytest.raises(Unavailable):
        Client(f"http://127.0.0.1:{port}", "eden_x", "w", "a").tables()
    with pytest.raises(ValueError, match="no address"):
        Client("eden.example.com", "eden_x", "w", "a")


def test_it_needs_neither_the_engine_nor_frames() -> None:
    """In a process where none of them can be imported."""
    code = (
        "import sys\n"
        "for name in 'chdb sqlglot clickhouse_connect pandas polars pyarrow sqlalchemy litestar'.split():\n"
        "    sys.modules[name] = None\n"
        "import eden.observe.client\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_file_of_many_pieces_arrives_whole(client: Client) -> None:
    table = client.sql("SELECT arrayJoin(range(900000)) AS n, 'x' AS x, 1.5 AS y").to_arrow()
    assert table.num_rows == 900_000 and table.column("n")[-1].as_py() == 899_999


def test_questions(client: Client) -> None:
    answer = client.ask(
        {"question": "trend", "period": {"since": "2026-09-01T00:00:00Z", "until": "2026-10-01T00:00:00Z"}}
    )
    assert answer["result"]["series"][0]["total"] == 3 and answer["statements"]
    with pytest.raises(Refused):
        client.ask({"question": "nothing"})


def test_the_example_of_the_documentation(stand: Stand, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[3] / "docs" / "sql.md").read_text("utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    code = code.replace("http://127.0.0.1:8700", address).replace("eden_…", stand.office.tokens["owner"])
    code = code.replace('workspace="test"', f'workspace="{stand.office.here}"')
    names: dict[str, Any] = {}
    exec(compile(code, "docs/sql.md", "exec"), names)
    assert names["frame"]["people"].sum() == 3
    assert "Tables of system cannot be read" in capsys.readouterr().out
