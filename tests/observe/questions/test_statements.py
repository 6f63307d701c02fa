"""What somebody writes never becomes SQL."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.base.problems import Problem
from eden.observe.insight.engine import Engine
from eden.observe.questions.asking import statement
from eden.observe.questions.interfaces import (
    Breakdown,
    Events,
    Exclusion,
    Filter,
    Funnel,
    Period,
    PropertyValues,
    Step,
    Trend,
)
from eden.observe.questions.statements import Build, quoted
from tests.observe.questions.comparing import run

NOW = 1_790_000_000_000_000
NAMES = (
    "a`b",
    "a\\",
    "\\`",
    "a'b",
    'a"b',
    "{p0:String}",
    "x) OR 1=1 --",
    "/* x */",
    "a:b",
    "a^b",
    "%s",
    "ключ",
    "中 文",
    "-1",
    "` = 1 OR `",
    "\\' OR \\'",
    "select",
    "#",
    "a\tb",
    "a\nb",
    "🦆",
    "?",
    "@x",
    "a;b",
    "$x",
)


def test_hostile_names_are_names(store: Engine) -> None:
    rows = [
        {
            "app": 1,
            "at": 1_789_990_000 + n,
            "arrived": 1_789_990_000,
            "name": "x",
            "id": n + 1,
            "props": {name: f"v{n}"},
        }
        for n, name in enumerate(NAMES)
    ]
    store.insert("events", "\n".join(json.dumps(row) for row in rows).encode())
    for n, name in enumerate(NAMES):
        question = PropertyValues(property=f"props.{name}", period=Period(last="1d"))
        assert [(one.value, one.count) for one in run(store, question, 1, NOW).values] == [(f"v{n}", 1)], name
        kept = Filter(property=f"props.{name}", operator="set")
        assert run(store, Trend(filters=(kept,), period=Period(last="1d")), 1, NOW).series[0].total == 1, name


def test_a_text_that_looks_like_a_time_stays_as_it_is(store: Engine) -> None:
    texts = ("2026-10-01", "13", "2026-10-01T00:00:00Z", "12:00")
    rows = [
        {"app": 1, "at": 1_789_990_000, "arrived": 1_789_990_000, "name": "x", "props": {"a": text}} for text in texts
    ]
    store.insert("events", "\n".join(json.dumps(row) for row in rows).encode())
    found = run(store, PropertyValues(property="props.a", period=Period(last="1d")), 1, NOW)
    assert {one.value for one in found.values} == set(texts)


@given(st.text(min_size=1))
def test_identifiers_cannot_be_left(name: str) -> None:
    inside = quoted(name)[1:-1]
    # every backtick and backslash is escaped
    assert re.fullmatch(r"(?:[^`\\]|\\[`\\])*", inside, re.DOTALL)
    assert re.sub(r"\\(.)", r"\1", inside, flags=re.DOTALL) == name


@given(st.text(min_size=9, max_size=40), st.sampled_from(("is", "contains", "matches")))
def test_values_are_parameters(value: str, operator: str) -> None:
    kept = Filter(property="page", operator=operator, values=(value,))  # type: ignore[arg-type]
    made = statement(
        Funnel(
            steps=(Step(events=Events(names=(value,))), Step(events=Events(filters=(kept,)))),
            breakdown=Breakdown(by=("props.a",)),
        ),
        1,
        NOW,
    )
    assert value not in made.sql
    assert set(re.findall(r"\{(p\d+):", made.sql)) == set(made.parameters)
    assert value in msgspec.json.encode(made.parameters).decode() or "\\" in json.dumps(value)


def test_the_same_value_has_one_place() -> None:
    build = Build(1, NOW)
    assert build.bind("a", "String") == build.bind("a", "String") != build.bind("a", "Array(String)")
    assert build.bind(1, "Int64") != build.bind(True, "Int64")


@pytest.mark.parametrize("name", ["password", "props", "person.plan", "at", "x.y"])
def test_what_is_no_property(name: str) -> None:
    with pytest.raises(Problem, match="no property"):
        Build(1, NOW).text(name)


@pytest.mark.parametrize(
    ("order", "step", "after", "said"),
    [
        ("strict", None, 1, "strict funnel"),
        ("unordered", None, 1, "not behind a certain step"),
        ("unordered", 60, None, "only the whole has a window"),
        ("ordered", None, 2, "behind a step"),
    ],
)
def test_what_an_order_of_funnels_does_not_know(order: str, step: int | None, after: int | None, said: str) -> None:
    events = Events(names=("a",))
    question = Funnel(
        steps=(Step(events=events), Step(events=events, within=step)),
        order=order,  # type: ignore[arg-type]
        exclusions=(Exclusion(events=events, after=after),),
    )
    with pytest.raises(Problem, match=said):
        statement(question, 1, NOW)
