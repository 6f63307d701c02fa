"""From a number to a state."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from eden.observe.alerts.comparing import begin
from eden.observe.alerts.interfaces import (
    COURSE,
    AlertRule,
    AlertState,
    AskedNumber,
    Change,
    Compared,
    Condition,
    Memory,
    Reading,
    Sequential,
    SqlNumber,
    Subject,
    Threshold,
)
from eden.observe.alerts.judging import Turn, judge, mistakes, read
from eden.observe.api_alerts import NewAlert
from eden.observe.questions.interfaces import Breakdown, Events, Paths, Period, Trail, Trend

ABOVE = Threshold(direction="above", value=10)
SQL = SqlNumber(sql="SELECT 1")


@pytest.mark.parametrize(
    ("condition", "value", "before", "trouble", "limit"),
    [
        (ABOVE, 10.0, None, False, 10.0),
        (ABOVE, 10.1, None, True, 10.0),
        (Threshold(direction="below", value=10), 9.9, None, True, 10.0),
        (Threshold(direction="below", value=10), 10.0, None, False, 10.0),
        (Change(percent=50), 151.0, 100.0, True, 150.0),
        (Change(percent=50), 49.0, 100.0, True, 150.0),
        (Change(percent=50), 150.0, 100.0, False, 150.0),
        (Change(percent=50, direction="more"), 1.0, 100.0, False, 150.0),
        (Change(percent=50, direction="less"), 1.0, 100.0, True, 50.0),
        (Change(percent=50, direction="less"), 500.0, 100.0, False, 50.0),
        (Change(percent=10), 0.0, 0.0, False, 0.0),
        (Change(percent=10), 1.0, 0.0, True, 0.0),
        (Change(percent=50), -200.0, -100.0, True, -50.0),
    ],
)
def test_a_number_is_held_against_a_limit(
    condition: Condition, value: float, before: float | None, trouble: bool, limit: float
) -> None:
    found = read(condition, value, before)
    assert (found.trouble, found.limit, found.value) == (trouble, limit, value)


def test_without_a_number_there_is_no_finding() -> None:
    assert read(ABOVE, None).value is None
    assert read(Change(percent=1), 5.0, None).value is None


def course(rule: AlertRule, values: list[float | None]) -> list[tuple[str, Turn]]:
    state, memory, found = AlertState.OK, Memory(), []
    for at, value in enumerate(values):
        state, memory, turn = judge(rule, state, memory, read(rule.condition, value), at)
        found.append((state.value, turn))
    return found


def test_one_look_is_enough() -> None:
    rule = AlertRule(subject=SQL, condition=ABOVE)
    assert course(rule, [5, 11, 12, 5]) == [
        ("ok", "resolve"),
        ("firing", "open"),
        ("firing", "open"),
        ("ok", "resolve"),
    ]


def test_several_looks_in_a_row() -> None:
    rule = AlertRule(subject=SQL, condition=ABOVE, looks=3)
    states = [state for state, _ in course(rule, [11, 11, 5, 11, 11, 11, 5, 5, 11, 5, 5, 5])]
    assert states == ["ok"] * 5 + ["firing"] * 6 + ["ok"]


def test_missing_numbers_are_a_state_of_their_own() -> None:
    rule = AlertRule(subject=SQL, condition=ABOVE, looks=2)
    turns = course(rule, [11, 11, None, None, None, 5, 5])
    assert [state for state, _ in turns] == ["ok", "firing", "firing", "no-data", "no-data", "no-data", "ok"]
    # silence ends no incident, and opens none unless it is to be told
    assert [turn for _, turn in turns] == ["", "open", "", "", "", "", "resolve"]
    told = course(msgspec.structs.replace(rule, missing="tell"), [None, None, 5, 5])
    assert told == [("ok", ""), ("no-data", "open"), ("no-data", ""), ("ok", "resolve")]


def test_a_comparison_that_has_just_begun_misses_nothing() -> None:
    """The newest version has nothing to show at first."""
    rule = AlertRule(subject=RATE, condition=Sequential(), missing="tell")
    memory = Memory(betting=begin(1_000_000_000))
    turns = [judge(rule, AlertState.OK, memory, Reading(), at)[::2] for at in (1000, 4599, 4600)]
    assert turns == [("no-data", ""), ("no-data", ""), ("no-data", "open")]


def test_the_course_is_bounded() -> None:
    memory = Memory()
    for at in range(COURSE + 10):
        _, memory, _ = judge(AlertRule(subject=SQL, condition=ABOVE), AlertState.OK, memory, read(ABOVE, at), at)
    assert len(memory.course) == COURSE and memory.course[-1] == (COURSE + 9, COURSE + 9, 10)


TREND = AskedNumber(question=Trend(period=Period(last="24h")))
RATE = Compared(measure="rate", events=Events(names=("$error",)), over=Events(names=("$launch",)))


@pytest.mark.parametrize(
    ("subject", "condition", "field"),
    [
        (TREND, ABOVE, ""),
        (TREND, Change(percent=5), ""),
        (RATE, Sequential(), ""),
        (SQL, Change(percent=5), ""),
        (TREND, Sequential(), "condition"),
        (RATE, ABOVE, "condition"),
        (AskedNumber(question=Paths()), ABOVE, "subject.question"),
        (AskedNumber(question=Trail(person="p")), ABOVE, "subject.question"),
        (AskedNumber(question=Trend(breakdown=Breakdown(by=("version",)))), ABOVE, "subject.question"),
        (msgspec.structs.replace(RATE, over=Events()), Sequential(), "subject.over"),
        (msgspec.structs.replace(RATE, new="all"), Sequential(), "subject.new"),
        (msgspec.structs.replace(RATE, new="all", baseline=0.0), Sequential(), "subject.baseline"),
        (msgspec.structs.replace(RATE, measure="share", new="all", baseline=1.5), Sequential(), "subject.baseline"),
    ],
)
def test_what_does_not_fit_together(subject: Subject, condition: Condition, field: str) -> None:
    found = mistakes(AlertRule(subject=subject, condition=condition))
    assert [name for name, _ in found] == ([field] if field else [])


def test_rules_are_json() -> None:
    rule = AlertRule(subject=RATE, condition=Sequential(alpha=0.02), looks=2)
    assert msgspec.json.decode(msgspec.json.encode(rule), type=AlertRule) == rule
    condition = b'{"when": "threshold", "direction": "above", "value": 3}'
    text = b'{"subject": {"of": "sql", "sql": "SELECT 1"}, "condition": ' + condition + b"}"
    assert msgspec.json.decode(text, type=AlertRule).looks == 1


def test_the_rule_of_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text("utf-8")
    text = page.rpartition("/observe/apps/APP/alerts\n")[2].partition("\n\n")[0]
    found = msgspec.json.decode(text, type=NewAlert)
    assert isinstance(found.rule.condition, Sequential) and mistakes(found.rule) == [] and len(found.channels) == 1
