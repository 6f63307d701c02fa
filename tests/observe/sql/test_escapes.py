"""No query sees what is not its app's, with the real engine."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from eden.base.problems import Problem
from eden.observe import schema
from eden.observe.app_settings import AppSettings
from eden.observe.apps import App
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine, Limits, StoreError
from eden.observe.sql.engine_reading import check_tree
from eden.observe.sql.queries import Parameters, Queries
from eden.observe.sql.refusals import Refusal
from tests.observe.sql.escapes import HARMLESS, REFUSED, TOLD_BY_ERRORS

MINE = App(1, "w", "mine", AppSettings(), 1)
#: rows of the other app; no number of the asker's is near
FOREIGN = 1237
#: whatever an answer must not have
CANARIES = ("CANARY", "424242", str(FOREIGN), str(FOREIGN + 3))
NOW = 1_790_000_000_000_000
PARAMETERS: Parameters = {
    "code": "x' OR app = 2 --",
    "numbers": [1, 2],
    "x": "x",
    "y": "y",
    "t": "system.one",
    "d": "system",
}

#: columns that nobody sees, and texts that would be states of aggregates
_BY_THE_ENGINE = ("Unknown expression", "cannot be resolved", "llegal type", "has signature")
_TEXT = ("person", "device", "session", "page", "message", "raw", "name", "key", "reason", "id")


@pytest.fixture(scope="module")
def engine(kept_store: Engine) -> Engine:
    """Three rows of the asker's app in every table, many of another's, and both in one part: they are read together."""
    engine = kept_store
    for table in schema.NAMES:
        columns = {
            str(name): str(kind)
            for name, kind in (
                line.split("\t")[:2] for line in engine.query(f"DESCRIBE {table}", form="TSVRaw").decode().splitlines()
            )
        }
        for app, word, count in ((1, "mine", 3), (2, "CANARY", FOREIGN)):
            values = {"app": str(app)}
            values |= {
                name: "fromUnixTimestamp64Micro(1789000000000000)"
                for name in columns
                if name == "at" or (name == "received" and table == "quarantine")
            }
            for name, kind in columns.items():
                if "String" in kind and "Array" not in kind and name in _TEXT:
                    values[name] = f"concat('{word}', toString(number))"
                elif name == "props":
                    values[name] = f'\'{{"canary": "{word}"}}\''
                elif name == "value":
                    values[name] = "424242" if app == 2 else "1"
            engine.query(
                f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM numbers({count})"
            )
    for table in schema.TABLES:
        engine.query(f"OPTIMIZE TABLE {table} FINAL")
    return engine


@pytest.fixture(scope="module")
def database(engine: Engine) -> str:
    return engine.query("SELECT currentDatabase()", form="TSVRaw").decode().strip()


async def attempt(engine: Engine, text: str) -> str:
    """The answer, or why there is none."""
    queries = Queries(LocalInsight(Answering(engine)))
    parameters = {name: value for name, value in PARAMETERS.items() if f"{{{name}:" in text}
    try:
        checked = await queries.check(text, [MINE], parameters, now=NOW)
        answer = await queries.ask(checked, limits=Limits(seconds=20))
    except (Refusal, Problem) as error:
        return f"refused {error.code}: {error}"
    return f"{[column.name for column in answer.columns]} {answer.rows}"


@pytest.mark.parametrize("name", REFUSED)
def test_refused(engine: Engine, database: str, name: str) -> None:
    said = asyncio.run(attempt(engine, REFUSED[name].replace("{T}", database)))
    # what is well-formed but names columns that nobody sees is refused by the engine
    assert said.startswith("refused"), said
    assert "sql-refused" in said or any(word in said for word in _BY_THE_ENGINE), said
    assert not any(canary in said for canary in CANARIES), said


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless(engine: Engine, name: str) -> None:
    said = asyncio.run(attempt(engine, HARMLESS[name]))
    assert not any(canary in said for canary in CANARIES), said


@pytest.mark.parametrize("name", TOLD_BY_ERRORS)
def test_no_foreign_row_is_calculated_with(engine: Engine, name: str) -> None:
    """What fails there tells that it is there, and often what it has."""
    said = asyncio.run(attempt(engine, TOLD_BY_ERRORS[name]))
    assert not said.startswith("refused"), said
    assert not any(canary in said for canary in CANARIES), said
    # it would have failed
    with pytest.raises(StoreError):
        engine.query(TOLD_BY_ERRORS[name])


def test_most_of_what_is_harmless_runs(engine: Engine) -> None:
    """A filter that refuses everything would pass the tests above."""
    refused = {name for name, text in HARMLESS.items() if asyncio.run(attempt(engine, text)).startswith("refused")}
    assert refused == {"COLUMNS that asks for the number"}


@pytest.mark.parametrize("name", [name for name in REFUSED if "FROM" in REFUSED[name]])
def test_the_engines_reading_alone_refuses(engine: Engine, database: str, name: str) -> None:
    """Even if the first reader let a query pass as it is, its tree would be seen to have what was not filtered."""
    text = REFUSED[name].replace("{T}", database)
    try:
        tree = engine.read(f"EXPLAIN AST {text}", PARAMETERS, limits=Limits(), form="TSVRaw").decode()
    except StoreError:
        return
    if "TableExpression" not in tree and "Identifier system.one" not in tree:
        return  # to the engine all of it is a comment or a text
    with pytest.raises(Refusal):
        check_tree(tree, {})


def test_there_are_many() -> None:
    assert len(REFUSED) + len(HARMLESS) + len(TOLD_BY_ERRORS) > 500


def test_the_canary_is_there(engine: Engine) -> None:
    """Without the filters it would be seen."""
    found: Any = engine.query("SELECT person, value FROM events", form="TSV")
    assert b"CANARY" in found and b"424242" in found
