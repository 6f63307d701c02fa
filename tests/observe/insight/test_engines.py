"""What every engine holds to: values, traps of JSON, limits, tokens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from eden.observe.insight import erasure, hidden
from eden.observe.insight.embedded import Embedded
from eden.observe.insight.engine import LIMITS, Engine, Limits, StoreError
from eden.observe.insight.parameters import literal
from eden.observe.insight.server import Server
from tests.observe.insight.test_store import COUNTABLE, COUNTED, visits

ENDLESS = "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)"
CHINA = timezone(timedelta(hours=8))


def value(engine: Engine, sql: str, parameters: dict[str, Any] | None = None) -> Any:
    """The one value of the one row."""
    return json.loads(engine.query(sql, parameters))["data"][0][0]


@pytest.mark.parametrize(
    ("kind", "given", "found"),
    [
        ("String", "it's \\ a \n\t\r\0 {x} \\N", "it's \\ a \n\t\r\0 {x} \\N"),
        ("String", "", ""),
        ("String", "NULL", "NULL"),
        ("String", "中文 🙂", "中文 🙂"),
        ("Nullable(String)", None, None),
        ("Nullable(Int64)", -5, -5),
        ("UInt64", 2**64 - 1, 2**64 - 1),
        ("Float64", 0.1, 0.1),
        ("Bool", True, True),
        ("Date", date(2026, 2, 28), "2026-02-28"),
        ("DateTime64(3, 'UTC')", datetime(2026, 1, 1, 8, tzinfo=CHINA), "2026-01-01 00:00:00.000"),
        ("DateTime64(3, 'UTC')", datetime(2026, 1, 1, 0, 0, 0, 123_000, UTC), "2026-01-01 00:00:00.123"),
        ("Array(String)", ["x'y\\\n", "", "b,c]"], ["x'y\\\n", "", "b,c]"]),
        ("Array(Nullable(UInt8))", (1, None), [1, None]),
        ("Array(DateTime64(3, 'UTC'))", [datetime(2026, 1, 1, tzinfo=UTC)], ["2026-01-01 00:00:00.000"]),
        ("Array(Array(Float64))", [[0.5], []], [[0.5], []]),
        ("Map(String, UInt64)", {"a'": 1}, {"a'": 1}),
    ],
)
def test_values_of_parameters(engine: Engine, kind: str, given: object, found: object) -> None:
    assert value(engine, f"SELECT {{v:{kind}}}", {"v": given}) == found


def test_what_cannot_be_a_parameter(engine: Engine) -> None:
    with pytest.raises(TypeError, match="object cannot be"):
        engine.query("SELECT {v:String}", {"v": object()})


def test_many_values(engine: Engine) -> None:
    """More than an address has room for."""
    given = [f"it's \\ {number} \n\t" for number in range(3000)]
    assert value(engine, "SELECT {v:Array(String)}", {"v": given}) == given


def test_a_value_without_a_place(engine: Engine) -> None:
    """No sign of the text is one for it."""
    assert value(engine, "SELECT '%d %(v)s %s %' LIKE '\\%d%'", {"v": "x"}) == 1


def test_a_parameter_is_never_sql(engine: Engine) -> None:
    assert value(engine, "SELECT {v:String}", {"v": "') UNION ALL SELECT name FROM system.tables --"}).startswith("')")
    with pytest.raises(StoreError):
        engine.query("SELECT {v:UInt8}", {"v": "1) OR (1"})


@pytest.mark.parametrize(
    ("props", "path", "found"),
    [
        ('{"a":1,"a":2}', "props.a", 1),
        ('{"a.b":1,"a":{"b":2}}', "props.a.b", 1),
        ('{"a":null}', "props.a", None),
        ('{"a":{}}', "props.a", None),
        ('{"a":[1,"x",{"b":null}]}', "toString(props.a) != ''", 1),
        ('{"":1}', "1", 1),
        ('{"a":123456789012345678901234567890}', "1", 1),
        ('{"\\u0000":"\\u0000"}', "1", 1),
        ('{"a b":"x"}', "props.`a b`", "x"),
    ],
)
def test_odd_properties_are_stored(engine: Engine, props: str, path: str, found: object) -> None:
    engine.insert("events", b'{"app":1,"at":1790000000,"name":"e","props":%s}' % props.encode())
    assert value(engine, f"SELECT {path} FROM events") == found


@pytest.mark.parametrize("props", ['{"a":NaN}', '{"a":Infinity}', '{"a":1e400}', "[1]", '"x"', "{", '{"a":1} 5'])
def test_what_is_no_object_is_refused_with_its_row(engine: Engine, props: str) -> None:
    rows = b'{"app":1,"at":1790000000,"name":"e"}\n{"app":1,"at":1790000000,"name":"e","props":%s}' % props.encode()
    with pytest.raises(StoreError, match="at row 2") as caught:
        engine.insert("events", rows, token="one")
    assert caught.value.number
    assert value(engine, "SELECT count() FROM events") == 0
    assert value(engine, "SELECT count() FROM trends") == 0


def test_paths_of_mixed_types(engine: Engine) -> None:
    rows = b"\n".join(b'{"app":1,"at":1790000000,"props":{"a":%s}}' % one for one in (b"1", b'"x"', b"1.5", b"true"))
    engine.insert("events", rows)
    numbers = "dynamicType(props.a) IN ('Int64', 'Float64', 'Bool')"
    assert value(engine, f"SELECT sum(props.a::Nullable(Float64)) FROM events WHERE {numbers}") == 3.5
    assert value(engine, "SELECT count(props.a.:Int64) FROM events") == 1


def test_not_a_number(engine: Engine) -> None:
    assert json.loads(engine.query("SELECT nan, inf, -inf, NULL"))["data"] == [[None, None, None, None]]


def test_a_token_is_stored_once(engine: Engine) -> None:
    rows = b'{"app":1,"at":1790000000,"name":"e","value":2}\n{"app":1,"at":1780000000,"name":"e"}'
    for token in ("one", "one", "two", "it's", "it's"):
        engine.insert("events", rows, token=token)
    assert value(engine, "SELECT count() FROM events") == 6
    assert json.loads(engine.query("SELECT name, sum(events), sum(measured), sum(total) FROM trends GROUP BY name"))[
        "data"
    ] == [["", 6, 3, 6], ["e", 6, 3, 6]]


def test_without_a_token_everything_is_stored(engine: Engine) -> None:
    for _ in range(2):
        engine.insert("events", b'{"app":1,"at":1790000000}')
    assert value(engine, "SELECT count() FROM events") == 2
    assert value(engine, "SELECT sum(events) FROM trends WHERE name = ''") == 2


@pytest.mark.parametrize(
    ("sql", "limits", "which"),
    [
        (ENDLESS, Limits(seconds=0.2), "time"),
        ("SELECT count() FROM numbers(1000000) a JOIN numbers(1000000) b ON a.number % 7 = b.number % 7",
         Limits(seconds=0.2), "time"),
        ("SELECT groupArray(number) FROM numbers(100000000)", Limits(memory_bytes=20_000_000), "memory"),
        ("SELECT number FROM numbers(1000)", Limits(rows=999), "result"),
        ("SELECT repeat('x', 1000) || toString(number) FROM numbers(100000)", Limits(result_bytes=1_000_000), "result"),
        ("SELECT count() FROM system.numbers_mt", Limits(seconds=0.2), "time"),
    ],
)  # fmt: skip
def test_limits(engine: Engine, sql: str, limits: Limits, which: str) -> None:
    with pytest.raises(StoreError) as caught:
        engine.read(sql, limits=limits)
    assert LIMITS[caught.value.number] == which


def test_rows_that_are_read_are_limited(engine: Engine) -> None:
    engine.insert("events", b"\n".join(b'{"app":1,"at":1790000000}' for _ in range(100)))
    assert engine.read("SELECT sum(code) FROM events", limits=Limits(read_rows=100))
    with pytest.raises(StoreError) as caught:
        engine.read("SELECT sum(code) FROM events", limits=Limits(read_rows=99))
    assert LIMITS[caught.value.number] == "rows"


@pytest.mark.parametrize(
    "sql",
    [
        "SET max_execution_time = 100",
        "SET readonly = 0",
        "SELECT 1 SETTINGS max_execution_time = 100",
        "SELECT 1 SETTINGS readonly = 0",
        "INSERT INTO events (app) VALUES (1)",
        "CREATE TABLE x (a UInt8) ENGINE = Memory",
        "DROP TABLE events",
        "ALTER TABLE events DELETE WHERE 1",
        "DELETE FROM events WHERE 1",
        "TRUNCATE TABLE events",
        "SYSTEM STOP MERGES",
        "KILL QUERY WHERE 1",
        "SELECT 1; SELECT 2",
        "SELECT 1 /* a */; -- b\nSYSTEM STOP MERGES",
        "-- a\nSYSTEM STOP MERGES",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SELECT 1 INTO/* */OUTFILE '/tmp/x'",
        "SELECT $a$ ' $a$ INTO OUTFILE '/tmp/x'",
        "SELECT 'a",
        "",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    ],
)
def test_questions_only_read(engine: Engine, sql: str) -> None:
    engine.insert("events", b'{"app":1,"at":1790000000}')
    with pytest.raises(StoreError):
        engine.read(sql, limits=Limits())
    assert value(engine, "SELECT count() FROM events") == 1


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT ';', 'INTO OUTFILE', \"INTO OUTFILE;\" FROM (SELECT 1 AS `INTO OUTFILE;`);",
        "(SELECT 1)",
        "-- what; it does\n/* SELECT; */ WITH 1 AS a SELECT a # done;",
        "EXPLAIN SYNTAX SELECT 1",
        "SELECT 'it\\'s; ''x', 1 -- '",
        "DESCRIBE TABLE events",
    ],
)
def test_questions_that_look_like_more(engine: Engine, sql: str) -> None:
    assert engine.read(sql, limits=Limits(), form="TSV")


def test_a_filter_of_a_question(engine: Engine) -> None:
    engine.insert("events", b'{"app":1,"at":1790000000}\n{"app":2,"at":1790000000}')
    found = engine.read(
        "SELECT count(), (SELECT count() FROM trends WHERE name = '') FROM events",
        limits=Limits(),
        settings={"additional_table_filters": {"events": "app = 1", "trends": "app = 2"}},
        form="TSV",
    )
    assert found == b"1\t1\n"


def test_a_question_is_stopped(engine: Engine) -> None:
    caught: list[StoreError] = []

    def ask() -> None:
        try:
            engine.read(ENDLESS, limits=Limits(seconds=60), mark="it's")
        except StoreError as error:
            caught.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    running = "SELECT count() FROM system.processes WHERE Settings['log_comment'] = 'it\\'s'"
    while not value(engine, running):
        time.sleep(0.01)
    engine.stop("another")
    engine.stop("it's")
    asking.join()
    assert caught[0].number == 394


def test_threads_ask_at_once(engine: Engine) -> None:
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda number=number: found.append(value(engine, f"SELECT {number}")))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(8))


def test_a_question_has_all_processors(called: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine by itself would use one, unless it had a gigabyte of free memory for each."""
    if isinstance(called, Server):
        return
    assert isinstance(called, Embedded)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    called.query("INSERT INTO events (app, at, name, id) SELECT 1, 1790000000, 'e', number FROM numbers(80000)")
    for memory, both in ((900_000_000, True), (300_000_000, False)):
        engine = Embedded(called.folder, called.database, memory_bytes=memory)
        plan = engine.read("EXPLAIN PIPELINE SELECT uniq(id) FROM events", limits=Limits(), form="TSVRaw").decode()
        engine.close()
        assert ("AggregatingTransform × 2" in plan) == both
    called.query("TRUNCATE TABLE events")


@pytest.mark.parametrize("name", ["a; DROP TABLE events", "a = 1, b", ""])
def test_names_of_settings_are_names(called: Engine, name: str) -> None:
    if isinstance(called, Embedded):
        with pytest.raises(StoreError, match="no setting"):
            called.query("SELECT 1", settings={name: 1})


def test_statements_that_answer_nothing(engine: Engine) -> None:
    """A server refuses them with a format."""
    engine.insert("events", b'{"app":1,"at":1790000000}\n{"app":2,"at":1790000000}')
    engine.query("DELETE FROM events WHERE app = 1")
    engine.query("SYSTEM STOP MERGES events")
    engine.query("SYSTEM START MERGES events")
    engine.query("ALTER TABLE events APPLY DELETED MASK", settings={"mutations_sync": 2})
    engine.query("OPTIMIZE TABLE events FINAL")
    assert value(engine, "SELECT groupArray(app) FROM events") == [2]
    engine.query("TRUNCATE TABLE events")
    assert value(engine, "SELECT count() FROM events") == 0


def test_a_person_is_forgotten_by_every_engine(engine: Engine) -> None:
    visits(engine)
    erasure.erase(engine, 1, "u3", 1_900_000_000_000_000)
    for _ in range(2):
        assert (
            json.loads(engine.read(COUNTED, limits=Limits()))["data"]
            == json.loads(engine.read(COUNTABLE, limits=Limits()))["data"]
        )
        assert engine.read("SELECT count() FROM events WHERE person = 'u3'", limits=Limits(), form="TSV") == b"0\n"
        erasure.take_out(engine)
    assert value(engine, "SELECT count() FROM events WHERE person = 'u3'") == 0


def test_what_another_machine_forgets_is_forgotten(
    called: Engine, spoken: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits(called)
    sql = "SELECT count() FROM events WHERE person = 'u3'"
    assert spoken.read(sql, limits=Limits(), form="TSV") != b"0\n"
    erasure.erase(called, 1, "u3", 1_900_000_000_000_000)
    monkeypatch.setattr(hidden, "_OLD_SECONDS", -1.0)
    assert spoken.read(sql, limits=Limits(), form="TSV") == b"0\n"
    assert erasure.take_out(spoken) == 1


# the embedded engine's own


def test_after_a_fork_it_refuses(called: Engine) -> None:
    """A child that touched it would hang."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        told = "nothing"
        try:
            for call in (lambda: called.query("SELECT 1"), lambda: called.insert("events", b"{}")):
                try:
                    call()
                except StoreError as error:
                    told = str(error)
        finally:
            os.write(write, told.encode())
            os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    with os.fdopen(read) as said:
        assert "not survive a fork" in said.read()
    assert called.query("SELECT 1", form="TSV") == b"1\n"


def test_another_process_or_folder_is_refused(called: Engine, tmp_path: Path) -> None:
    if not isinstance(called, Embedded):
        return
    with pytest.raises(StoreError, match="one only"):
        Embedded(tmp_path / "other")
    code = (
        "import sys; from pathlib import Path; from eden.observe.insight.embedded import Embedded\n"
        "try: Embedded(Path(sys.argv[1]))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(called.folder)], capture_output=True, text=True, check=False)
    assert "StoreError" in done.stdout and "another process has it" in done.stdout


# the server's own


@pytest.mark.parametrize("address", ["ftp://host/", "host:8123", "http://"])
def test_a_wrong_address(address: str) -> None:
    with pytest.raises(Exception, match="is not the address of a ClickHouse server"):
        Server(address)


def test_a_server_that_is_away() -> None:
    with pytest.raises(StoreError, match=r"does not answer: \[Errno") as caught:
        Server("http://127.0.0.1:1/eden")
    assert caught.value.number == 0


def test_on_a_cluster_conditions_are_looked_up_once(spoken: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def query(sql: str, parameters: object = None, *, settings: dict[str, Any], form: str) -> bytes:
        asked.append(settings)
        return b""

    monkeypatch.setattr(spoken, "query", query)
    # nobody looks for who was forgotten meanwhile
    monkeypatch.setattr(hidden, "_OLD_SECONDS", 1e9)
    spoken.read("SELECT 1", limits=Limits())
    monkeypatch.setattr(spoken, "cluster", "prod")
    spoken.read("SELECT 1", limits=Limits(), settings={hidden.FILTERS: {"events": "app = 1"}})
    assert "distributed_product_mode" not in asked[0] and asked[1]["distributed_product_mode"] == "global"
    named = ("events", "events_local", f"{spoken.database}.events_local")
    assert asked[1][hidden.FILTERS] == literal(dict.fromkeys(named, "(app = 1)"))
    assert all(list(settings)[-1] == "readonly" for settings in asked)


def test_on_a_cluster_inserts_are_waited_for(spoken: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is forgotten is written down by one, and hidden for all once that is answered."""
    asked: list[dict[str, Any]] = []

    def query(sql: str, parameters: object, **options: Any) -> bytes:
        asked.append(options["settings"])
        return b""

    monkeypatch.setattr(spoken._client, "raw_query", query)
    for cluster in ("", "prod"):
        monkeypatch.setattr(spoken, "cluster", cluster)
        spoken.query("INSERT INTO forgotten SELECT 1", settings={"max_threads": 1})
    assert asked == [{"max_threads": 1}, {"distributed_foreground_insert": 1, "max_threads": 1}]


def test_an_engine_that_rests_works_on(called: Engine, spoken: Server) -> None:
    for one in (called, spoken):
        one.rest()
        assert value(one, "SELECT sum(number) FROM numbers(1000)") == 499_500
