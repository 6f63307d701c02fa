"""Queries answer what they would answer by themselves; errors have a place; limits hold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from eden.base.problems import Problem
from eden.observe import schema
from eden.observe.app_settings import AppSettings
from eden.observe.apps import App
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import Answer, LocalInsight
from eden.observe.insight.engine import Engine, Limits
from eden.observe.sql import queries as module
from eden.observe.sql.functions import AGGREGATES, FUNCTIONS, may_call
from eden.observe.sql.queries import Checked, Form, Parameters, Queries, kept_from
from eden.observe.sql.refusals import DEEPEST, SENTENCES, Refusal
from eden.observe.sql.tables import TABLES, in_dictionary
from eden.observe.sql.writing import AppScope, write

pa: Any = import_module("pyarrow")
pq: Any = import_module("pyarrow.parquet")

BANK = App(7, "w", "bank", AppSettings(), 1)
SHOP = App(8, "w", "shop", AppSettings(retention={"events": 10}), 1)
DAY = 24 * 3600 * 1_000_000
NOW = 1_790_000_000_000_000

#: each is answered as the engine answers it on a store that has this app's rows only
ORDINARY = (Path(__file__).parent / "ordinary.sql").read_text().splitlines()


@pytest.fixture(scope="module")
def engine(kept_store: Engine) -> Engine:
    rows = [
        {"app": 7, "at": 1_789_900_000 + n * 60, "arrived": 1_789_900_000, "person": f"p{n % 3}", "id": n,
         "value": n / 2, "name": ("$launch", "pay", "look")[n % 3],
         "props": {"kind": f"k{n % 2}", "n": n, "items": [n, 2], "deep": {"er": {"value": n}}}}
        for n in range(9)
    ]  # fmt: skip
    kept_store.insert("events", b"\n".join(json.dumps(row).encode() for row in rows))
    error = {"app": 7, "at": 1_789_900_100, "arrived": 1_789_900_100, "person": "p1", "id": "e1", "group": 1,
             "algorithm": 1, "type": "E", "message": "m", "fatal": True, "raw": '{"a": "x", "b": [1, 2]}'}  # fmt: skip
    kept_store.insert("errors", json.dumps(error).encode())
    for at, plan in ((1, "free"), (2, "paid")):
        person = {"app": 7, "at": 1_789_900_000 + at, "key": "p1", "props": {"plan": plan}}
        kept_store.insert("people", json.dumps(person).encode())
    return kept_store


@pytest.fixture
def queries(engine: Engine) -> Queries:
    return Queries(LocalInsight(Answering(engine)))


async def run(queries: Queries, text: str, *apps: App, limits: Limits | None = None, **parameters: Any) -> Answer:
    checked = await queries.check(text, apps or [BANK], parameters, now=NOW)
    return await queries.ask(checked, limits=limits or Limits(seconds=20))


@pytest.mark.parametrize("text", ORDINARY)
def test_answers_are_the_engines_own(engine: Engine, queries: Queries, text: str) -> None:
    answer = asyncio.run(run(queries, text))
    # the same tables without what only they know: which app; and when a row was received as people read it
    plain = text.replace("FROM people", "FROM (SELECT * FROM people FINAL)")
    if "* " in text:
        whole = "(SELECT at, received, * EXCEPT (app, at, delay) FROM events)"
        plain = plain.replace("FROM events", f"FROM {whole}")
    settings = {"joined_subquery_requires_alias": 0}
    own = json.loads(engine.read(plain, limits=Limits(), settings=settings))
    rows = [row[1:] for row in answer.rows] if answer.columns[0].name == "program" else answer.rows
    assert rows == own["data"]
    assert rows


def test_columns_keep_their_names(queries: Queries) -> None:
    answer = asyncio.run(run(queries, "SELECT name, props.kind, props.n.:Int64, length(name), value AS v FROM events"))
    assert [column.name for column in answer.columns] == ["name", "props.kind", "props.n.:Int64", "length(name)", "v"]


def test_paths_of_json_are_read_alone(engine: Engine) -> None:
    """Through the row filter, too: the whole column would be ten times slower."""
    sql = write(
        "SELECT props.kind, props.n.:Int64 FROM events WHERE props.deep.er.value = 1", (AppScope(7, "bank"),)
    ).sql
    plan = engine.read(f"EXPLAIN header = 1 {sql}", limits=Limits(), form="TSVRaw").decode()
    read = plan[plan.rindex("ReadFromMergeTree") :]
    assert "props.kind Dynamic" in read and "props.n.:`Int64` Nullable(Int64)" in read and "props JSON" not in read


def test_several_apps(queries: Queries, engine: Engine) -> None:
    """With their keys, each with its own retention."""
    for days in (5, 20):
        row = {"app": 8, "at": NOW / 1e6 - days * 86400, "name": "sell"}
        engine.insert("events", json.dumps(row).encode())
    answer = asyncio.run(run(queries, "SELECT program, count() FROM events GROUP BY program ORDER BY 1", BANK, SHOP))
    assert answer.rows == [["bank", 9], ["shop", 1]]
    only = asyncio.run(run(queries, "SELECT DISTINCT program FROM events", SHOP))
    assert only.rows == [["shop"]]


def test_what_has_expired_is_not_there(queries: Queries) -> None:
    assert kept_from(SHOP, NOW)["events"] == pytest.approx(NOW - 10 * DAY, abs=DAY / 24)

    async def at(now: int) -> Answer:
        return await queries.ask(await queries.check("SELECT count() FROM events", [BANK], {}, now=now))

    assert asyncio.run(at(NOW)).rows == [[9]]
    assert asyncio.run(at(NOW + 500 * DAY)).rows == [[0]]


def test_parameters(queries: Queries) -> None:
    text = "SELECT count() FROM events WHERE name = {name:String} AND id IN {ids:Array(UInt64)}"
    assert asyncio.run(run(queries, text, name="pay", ids=[1, 2, 4])).rows == [[2]]
    with pytest.raises(Refusal, match="needs a value"):
        asyncio.run(run(queries, text, name="pay"))
    with pytest.raises(Refusal, match="no parameter other"):
        asyncio.run(run(queries, "SELECT 1", other=1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT *\nFROM  system.tables", "Line 2, column 7: Tables of system cannot be read"),
        ("SELECT *\nFROM  tables", "Line 2, column 7: There is no table tables. Known tables: events, errors"),
        ("SELECT name,\n  hostName() FROM events", "Line 2, column 3: The function hostName cannot be used"),
        ("SELECT 1,\n\n   dictGet('a', 'b', 1)", "Line 3, column 4: The function dictGet"),
        ("SELECT * FROM events\nSETTINGS max_threads = 1", "Line 2, column 1: SETTINGS cannot be used"),
        ("SELECT 1 FROM events\n  WHERE person IN events", "Line 2, column 19: IN needs a list"),
        ("SELECT 'a' FROM\n  merge('x', 'y')", "Line 2, column 3: The table function merge"),
        ("SELECT 1 +", "The query cannot be read at"),
        ("SELECT 1\nFROM events WHERE ORDER 2", "Line 2, column 25: The query cannot be read at 2"),
        ("  DROP TABLE events", "Line 1, column 3: Only SELECT can be run, not DROP."),
        ("SELECT 1;\nSELECT 2", "Line 1, column 9: Only one query"),
        ("SELECT\u00a01", "Line 1, column 7: The character U\\+00A0"),
        ("SELECT " + "(" * (DEEPEST + 1) + "1", f"Line 1, column {8 + DEEPEST}: Brackets are nested"),
        ("SELECT sumSimpleState(value) FROM events", "Line 1, column 8: The function sumSimpleState"),
        ("SELECT 1 AS x\nFROM events SAMPLE 0.1", "Line 2, column 13: SAMPLE"),
    ],
)  # fmt: skip
def test_errors_have_a_place(text: str, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        write(text, (AppScope(7, "bank"),))


def test_the_engines_errors_do_not_show_what_was_written(queries: Queries) -> None:
    with pytest.raises(Problem) as caught:
        asyncio.run(run(queries, "SELECT nothing FROM events"))
    assert caught.value.code == "insight-refused"
    assert "nothing" in caught.value.sentence and "In scope" not in caught.value.sentence
    with pytest.raises(Problem, match=r"Cannot parse string 'pay' as UInt8: .*exception\.$"):
        asyncio.run(run(queries, "SELECT toUInt8(name) FROM events WHERE name = 'pay'"))


RUNAWAY = (
    "SELECT count() FROM events AS a, events AS b, events AS c, events AS d, events AS e, events AS f, events AS g, "
    + ("events AS h, events AS i, events AS j, events AS k, events AS l WHERE a.id + b.id + c.id + d.id + l.id = 7")
)


@pytest.mark.parametrize(
    ("text", "limits", "said"),
    [
        (RUNAWAY, Limits(seconds=0.5), "0.5 seconds"),
        ("SELECT groupArray(toString(n)) FROM (SELECT arrayJoin(range(900000)) AS n FROM events)",
         Limits(memory_bytes=5 * 10**7), "memory"),
        ("SELECT arrayJoin(range(100000)) FROM events", Limits(rows=1000), "rows"),
        ("SELECT arrayJoin(range(100000))", Limits(rows=1000), "rows"),
        ("SELECT 1 UNION ALL (SELECT arrayJoin(range(100000)))", Limits(rows=1000), "rows"),
        ("SELECT toString(arrayJoin(range(90000)))", Limits(result_bytes=10**6), "answer"),
        ("SELECT count() FROM events WHERE value = 7", Limits(read_rows=2), "rows"),
    ],
    ids=["time", "memory", "rows", "rows of nothing", "rows of a union", "bytes", "rows that are read"],
)  # fmt: skip
def test_a_runaway_query_is_stopped(queries: Queries, text: str, limits: Limits, said: str) -> None:
    with pytest.raises(Problem) as caught:
        asyncio.run(run(queries, text, limits=limits))
    assert caught.value.code == "insight-limit" and said in caught.value.sentence


class Endless(LocalInsight):
    """Does not stop at its limit, as the engine within one call of a function."""

    async def _pieces(self, asked: Any) -> AsyncIterator[bytes]:
        await asyncio.Event().wait()
        yield b""


def test_nobody_waits_for_what_does_not_stop(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asked is told within a second of the limit."""
    assert module._GRACE < 1
    monkeypatch.setattr(module, "_GRACE", 0.01)
    queries, checked = Queries(Endless(Answering(engine))), Checked("SELECT 1", {}, {})

    async def whole() -> None:
        await queries.ask(checked, limits=Limits(seconds=0.01))

    async def pieces() -> None:
        _ = [piece async for piece in queries.stream(checked, "csv", limits=Limits(seconds=0.01))]

    for asking in (whole, pieces):
        with pytest.raises(Problem, match=r"more than 0\.01 seconds") as caught:
            asyncio.run(asking())
        assert caught.value.code == "insight-limit"


def test_of_many_rows_the_first_ones(queries: Queries) -> None:
    async def first(text: str, rows: int) -> Answer:
        return await queries.ask(await queries.check(text, [BANK], {}, now=NOW), rows=rows)

    assert asyncio.run(first("SELECT id FROM events ORDER BY id", 3)).rows == [[0], [1], [2]]
    assert asyncio.run(first("SELECT count() FROM (SELECT id FROM events)", 3)).rows == [[9]]
    assert asyncio.run(first("SELECT id FROM events ORDER BY id LIMIT 2", 3)).rows == [[0], [1]]


async def file(queries: Queries, form: Form, text: str, parameters: Parameters | None = None) -> bytes:
    checked = await queries.check(text, [BANK], parameters or {}, now=NOW)
    return b"".join([piece async for piece in queries.stream(checked, form)])


def test_files(queries: Queries) -> None:
    text = "SELECT name, id, value, at, platform FROM events ORDER BY id LIMIT 2"
    assert asyncio.run(file(queries, "csv", text)).startswith(
        b'"name","id","value","at","platform"\n"$launch",0,0,"2026'
    )
    lines = asyncio.run(file(queries, "ndjson", text)).splitlines()
    assert json.loads(lines[1])["name"] == "pay"
    arrow = pa.ipc.open_stream(asyncio.run(file(queries, "arrow", text))).read_all()
    parquet = pq.read_table(pa.BufferReader(asyncio.run(file(queries, "parquet", text))))
    for table in (arrow, parquet):
        assert table.column("name").to_pylist() == ["$launch", "pay"]
        assert table.column("at").to_pylist()[0].isoformat() == "2026-09-20T10:26:40+00:00"
    with pytest.raises(Problem):
        asyncio.run(file(queries, "csv", "SELECT nothing FROM events"))


def test_documented_columns_are_the_tables(engine: Engine) -> None:
    for table in TABLES.values():
        described = dict(
            line.split("\t")[:2] for line in engine.query(f"DESCRIBE {table.name}", form="TSVRaw").decode().splitlines()
        )
        for column in table.columns[1:]:
            # how many paths a JSON column keeps apart, and which texts are in a dictionary, is the store's affair
            kind = described[column.name].partition("(max_dynamic")[0].replace("LowCardinality(String)", "String")
            assert kind == column.type, (table.name, column.name)
            is_in_dictionary = described[column.name].startswith("LowCardinality")
            assert is_in_dictionary is (column.name in in_dictionary(table.name)), (table.name, column.name)
        assert table.time in described and (not table.person or table.person in described)
    assert set(TABLES) == {*schema.KEPT, "trends"}


def test_functions_are_the_engines(engine: Engine) -> None:
    """Every name is known to the engine, and none that is not allowed differs from one only in the case of letters."""
    rows = (
        engine.query("SELECT name, alias_to, is_aggregate FROM system.functions", form="TSVRaw").decode().splitlines()
    )
    known = {name.lower(): (name, alias) for name, alias, _ in (row.split("\t") for row in rows)}
    # what the grammar makes of words, and what a version may not have
    grammar = {"dateadd", "datesub", "date_add", "date_sub", "timestamp_add", "timestamp_sub", "grouping", "untuple",
               "dayofmonth", "dayofweek", "dayofyear", "summap", "maxmap", "minmap"}  # fmt: skip
    assert FUNCTIONS - set(known) - grammar == set()
    aggregates = {name.lower() for name, _, aggregate in (row.split("\t") for row in rows) if aggregate == "1"}
    assert AGGREGATES - aggregates - {"summap", "maxmap", "minmap"} == set()
    aliases = {name: alias for name, alias in known.values() if alias}
    assert {name for name, alias in aliases.items() if may_call(name) and not may_call(alias)} == set()


def test_every_refusal_has_a_sentence() -> None:
    for code, sentence in SENTENCES.items():
        values = dict.fromkeys(("name", "limit", "tables"), "x")
        assert sentence.format(**values)
        assert Refusal(code, 1, 2, **values).sentence.startswith("Line 1, column 2: ")
