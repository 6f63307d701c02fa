"""Answering: statements side by side, one behind the other where they need each other; every one is told."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from eden.observe.insight.client import Answer
from eden.observe.questions.answers import answer
from eden.observe.questions.interfaces import (
    Breakdown,
    Cohort,
    Did,
    Events,
    Filter,
    Overview,
    Period,
    Question,
    Trend,
)
from eden.observe.questions.results import Answered, CohortResult, Key, TrendResult

NOW = 1_790_000_000_000_000


class Store:
    """Gives what it is told to, and remembers what it was asked at the same time."""

    def __init__(self, *rows: list[list[Any]]) -> None:
        self.rows = list(rows)
        self.running = self.most = 0

    async def ask(self, sql: str, parameters: dict[str, Any] | None = None) -> Answer:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        return Answer([], self.rows.pop(0) if self.rows else [], 0.25, 7)


def ask(store: Store, question: Question) -> Answered:
    return asyncio.run(answer(store, 1, question, NOW))


def test_groups_of_the_period_before_are_those_of_the_period() -> None:
    key: Key = ("1.1",)
    store = Store([["1.1", None, 5, 5]], [["1.1", None, 4, 4]])
    question = Trend(period=Period(last="1d"), breakdown=Breakdown(by=("version",)), compare=True)
    found = ask(store, question)
    assert isinstance(found.result, TrendResult)
    assert [(one.key, one.total) for one in found.result.before] == [(key, 4)]
    assert [one.name for one in found.statements] == ["trend", "before"]
    assert [["1.1"]] in found.statements[1].parameters.values()
    assert {(one.seconds, one.read_rows) for one in found.statements} == {(0.25, 7)}


def test_statements_run_side_by_side() -> None:
    store = Store()
    found = ask(store, Overview(period=Period(last="2d")))
    assert store.most == len(found.statements) == 14


def test_nobody_in_a_cohort_is_asked_for_nobody() -> None:
    found = ask(Store([[0, 3]], []), Cohort(condition=Did(events=Events())))
    assert isinstance(found.result, CohortResult)
    assert (found.result.size, found.result.of, found.result.members) == (0, 3, [])
    assert len(found.statements) == 2


@pytest.mark.parametrize(
    "question",
    [
        {"question": "trend", "measure": {"kind": "sum", "of": "props.a.b"}, "rolling": 7},
        {"question": "funnel", "steps": [{"events": {}}, {"events": {"names": ["a"]}, "within": 5}]},
        {"question": "cohort", "condition": {"is": "any", "conditions": [{"is": "did", "events": {}}]}},
    ],
)
def test_questions_survive_json(question: dict[str, Any]) -> None:
    made = msgspec.convert(question, Question)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Question) == made
    assert msgspec.to_builtins(made)["question"] == question["question"]


@pytest.mark.parametrize("name", ["Name", "props.", "props..a", "person", "1", "props.a\x00b"])
def test_names_that_are_none(name: str) -> None:
    if name == "person":
        # a column
        msgspec.convert({"by": "property", "property": name}, Filter)
        return
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"by": "property", "property": name}, Filter)
