"""What one person did and met: everything once, the newest first, page after page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from eden.base.problems import Problem
from eden.observe.insight.engine import Engine
from eden.observe.questions.interfaces import Filter, Period, Trail
from eden.observe.questions.results import TrailEntry, TrailResult
from tests.observe.questions.comparing import run
from tests.observe.questions.reference import World, moment

NOW = 1_790_000_000_000_000
DAY = Period(last="2d")


def pages(store: Engine, question: Trail, app: int, now: int) -> list[TrailEntry]:

    entries: list[TrailEntry] = []
    while True:
        result: TrailResult = run(store, question, app, now)
        entries += result.entries
        if result.next is None:
            return entries
        assert len(result.entries) == question.limit
        question = replace(question, after=result.next)


@pytest.mark.parametrize("limit", [1, 7, 200])
@pytest.mark.parametrize("column", ["person", "device"])
def test_all_pages_are_everything_once(worlds: tuple[Engine, dict[int, World]], limit: int, column: str) -> None:
    store, found = worlds
    world = found[104]
    who = max(
        {row[column] for row in world.rows if row[column]}, key=lambda one: [r[column] for r in world.rows].count(one)
    )
    since = moment(min(row["ms"] for row in [*world.rows, *world.errors]))
    question = Trail(**{column: who}, limit=limit, period=Period(since=since), kinds=("event", "error"))
    entries = pages(store, question, 104, world.now)
    assert entries == sorted(entries, key=lambda one: (one.at, one.kind, one.id), reverse=True)
    events = {f"{row['id']:016x}" for row in world.rows if row[column] == who and row["id"]}
    errors = {row["id"] for row in world.errors if row[column] == who}
    assert sorted(one.id for one in entries if one.kind == "error") == sorted(errors)
    ids = [one.id for one in entries if one.kind == "event"]
    assert len(set(ids)) == len(ids) and events <= set(ids)


def test_events_errors_and_log_lines(store: Engine) -> None:
    def row(seconds: int, **more: Any) -> bytes:
        at = 1_789_990_000 + seconds
        return json.dumps({"app": 1, "at": at, "arrived": at, "person": "ann", "session": "s", **more}).encode()

    store.insert("events", row(0, name="$page_view", id=2**64 - 1, page="home", props={"query": ["a"]}))
    store.insert("errors", row(1, id="e", group=2**63, algorithm=1, type="TypeError", message="no", fatal=True))
    store.insert("logs", row(2, level=13, message="careful", props={"n": 1}))
    store.insert("events", row(3, name="pay", id=5, value=2.5, person="ben"))
    result: TrailResult = run(store, Trail(person="ann", period=DAY), 1, NOW)
    shown = [(one.kind, one.id if one.kind != "log" else "", one.title, one.fatal, one.level) for one in result.entries]
    assert shown == [
        ("log", "", "careful", False, 13),
        ("error", "e", "TypeError: no", True, None),
        ("event", "f" * 16, "$page_view", False, None),
    ]
    assert result.entries[1].group == "8000000000000000"
    assert [one.props for one in result.entries] == [{"n": 1}, {}, {"query": ["a"]}]
    [session] = result.sessions
    assert (session.id, session.events, session.errors, session.pages) == ("s", 1, 1, 1)
    assert (session.ended - session.began).total_seconds() == 1
    only = run(store, Trail(person="ann", kinds=("log",), period=DAY), 1, NOW)
    assert [one.kind for one in only.entries] == ["log"]


def test_filters_are_on_what_all_rows_have(store: Engine) -> None:
    kept = Filter(property="version", values=("1.0",))
    assert run(store, Trail(person="ann", filters=(kept,), period=DAY), 1, NOW).entries == []
    with pytest.raises(Problem, match="about errors"):
        run(store, Trail(person="ann", filters=(Filter(property="name", values=("pay",)),), period=DAY), 1, NOW)


def test_a_cursor_of_something_else(store: Engine) -> None:
    with pytest.raises(Problem, match="cursor"):
        run(store, Trail(person="ann", after="eyJ4Ijox", period=DAY), 1, NOW)
