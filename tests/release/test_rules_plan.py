"""Release plans from JSON: what is wrong is told at once; what is right comes back the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eden.base.problems import Problem
from eden.release.interfaces import Guardrails, Plan, Ramp, Window
from eden.release.rules_plan import (
    MAX_PROBLEMS,
    check_plan,
    immediate_plan,
    plan_to_json,
    reach,
    reaches_everyone,
    standard_plan,
)

LISTS = {"staff", "friends"}
BEIJING = {"attribute": "city", "operator": "equals", "value": "Beijing"}


def check(*steps: Any) -> Plan:
    return check_plan({"steps": list(steps)}, is_list=LISTS.__contains__)


def problems(value: object) -> dict[str, str]:
    with pytest.raises(Problem) as caught:
        check_plan(value, is_list=LISTS.__contains__)
    assert (caught.value.code, caught.value.status) == ("invalid", 400)
    assert len({path for path, _ in caught.value.errors}) == len(caught.value.errors)
    return dict(caught.value.errors)


def step(share: Any = 100, **fields: Any) -> dict[str, Any]:
    return {"name": "A step", "audience": {"share": share}, **fields}


def test_everything_that_can_be_said() -> None:
    plan = check(
        {
            "name": "Staff",
            "audience": {"lists": ["staff", "staff"], "patterns": ["^test-"]},
            "window": {"from": "2026-05-01T08:00:00+08:00", "until": "2026-05-02T00:00:00.5Z"},
            "cap": 20,
            "minimum_seconds": 60,
            "advance": "auto",
            "guardrails": {"error": True, "alpha": 100, "limit": None, "minimum_starts": 7},
        },
        step(
            1_000, audience={"lists": ["friends"], "rule": BEIJING, "share": 1_000}, ramp={"factor": 200, "every": 60}
        ),
    )
    first, second = plan.steps
    assert first.audience.lists == ("staff",)
    assert first.window == Window(opens_at=1_777_593_600_000_000, closes_at=1_777_680_000_500_000)
    assert first.guardrails == Guardrails(error=True, alpha=100, limit=None, minimum_starts=7)
    assert (second.ramp, second.guardrails) == (Ramp(factor=200, every=60), Guardrails())
    assert reach(plan, 0).lists == ("staff",)
    assert reach(plan, 1).lists == ("staff", "friends")
    assert (reach(plan, 1).patterns, reach(plan, 1).rule) == (("^test-",), BEIJING)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = problems(
        {
            "steps": [
                {
                    "name": " ",
                    "audience": {"lists": ["nobody", 7], "patterns": ["("], "share": 10_001},
                    "colour": "red",
                },
                {
                    "name": "b",
                    "audience": {
                        "rule": {"all": [{"attribute": "town", "operator": "equals", "value": "x"}]},
                        "share": 5,
                    },
                    "window": {"from": "2026-05-02T00:00:00Z", "until": "2026-05-01T00:00:00Z"},
                    "cap": 0,
                    "ramp": {"factor": 100, "every": 59, "start": 0},
                    "minimum_seconds": -1,
                    "advance": "soon",
                    "guardrails": {"crash": 1, "alpha": 0, "limit": 0, "color": 2},
                },
                7,
            ]
        }
    )
    assert set(told) == {
        "steps[0].name",
        "steps[0].audience.lists[0]",
        "steps[0].audience.lists[1]",
        "steps[0].audience.patterns[0]",
        "steps[0].audience.share",
        "steps[0].colour",
        "steps[1].audience.rule.all[0].attribute",
        "steps[1].window.until",
        "steps[1].cap",
        "steps[1].ramp.factor",
        "steps[1].ramp.every",
        "steps[1].ramp.start",
        "steps[1].minimum_seconds",
        "steps[1].advance",
        "steps[1].guardrails.crash",
        "steps[1].guardrails.alpha",
        "steps[1].guardrails.limit",
        "steps[1].guardrails.color",
        "steps[2]",
    }
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in told.values())


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (None, ""),
        ([], ""),
        ({}, "steps"),
        ({"steps": []}, "steps"),
        ({"steps": [{}]}, "steps[0].name steps[0].audience"),
        ({"steps": [step(audience={})]}, "steps[0].audience"),
        ({"steps": [step(ramp={})]}, "steps[0].ramp.factor steps[0].ramp.every"),
        ({"steps": [step()] * 51}, "steps"),
        ({"steps": [step(0)]}, "steps[0].audience"),
        ({"steps": [{"name": "x"}]}, "steps[0].audience"),
        ({"steps": [step(audience={"rule": BEIJING})]}, "steps[0].audience.share"),
        ({"steps": [step(audience={"rule": {"list": "nobody"}, "share": 1})]}, "steps[0].audience.rule"),
        ({"steps": [step(True)]}, "steps[0].audience.share"),
        ({"steps": [step(1.5)]}, "steps[0].audience.share"),
        ({"steps": [step(advance="auto")]}, "steps[0].minimum_seconds"),
        ({"steps": [step(ramp={"factor": 200})]}, "steps[0].ramp.every"),
        ({"steps": [step(ramp=[])]}, "steps[0].ramp"),
        ({"steps": [step(window={"from": "2026-05-01T08:00:00"})]}, "steps[0].window.from"),
        ({"steps": [step(window={"until": "2026-02-31T08:00:00Z"})]}, "steps[0].window.until"),
        ({"steps": [step(window={"from": True})]}, "steps[0].window.from"),
        ({"steps": [step(window={"from": 7, "until": 7})]}, "steps[0].window.until"),
        ({"steps": [step(200), step(100)]}, "steps[1].audience.share"),
        ({"steps": [step(cap=9), step(cap=8)]}, "steps[1].cap"),
        (
            {"steps": [step(audience={"lists": ["staff"]}, ramp={"factor": 200, "every": 60})]},
            "steps[0].ramp",
        ),
        ({"steps": [step(audience={"patterns": ["a" * 257]})]}, "steps[0].audience.patterns[0]"),
        ({"steps": [step(audience={"patterns": ["(a", "a"]})] * 2}, "steps[0].audience.patterns[0]"),
        (
            {"steps": [step(audience={"patterns": [f"{index}" for index in range(first, 30)]}) for first in (15, 0)]},
            "steps[1].audience.patterns[5]",
        ),
        (
            {"steps": [step(audience={"patterns": [letter * 200]}) for letter in "abcdefg"]},
            "steps[5].audience.patterns[0]",
        ),
    ],
)
def test_what_is_refused(value: object, path: str) -> None:
    assert " ".join(problems(value)) == path


def test_a_thousand_problems_are_not_all_told() -> None:
    with pytest.raises(Problem) as caught:
        check(step(audience={"lists": [f"none-{index}" for index in range(1_000)]}))
    assert len(caught.value.errors) == MAX_PROBLEMS


def test_a_share_may_be_smaller_under_another_rule() -> None:
    plan = check(step(audience={"rule": BEIJING, "share": 10_000}), step(100))
    assert [part.audience.share for part in plan.steps] == [10_000, 100]


def test_equal_rules_are_equal_values() -> None:
    spelled = {**BEIJING, "operator": "one_of", "values": ["b", "a", "b"]}
    del spelled["value"]
    twice = check(step(audience={"rule": spelled, "share": 7}), step(audience={"rule": dict(spelled), "share": 8}))
    assert twice.steps[0].audience.rule == twice.steps[1].audience.rule
    everyone = check(step(audience={"rule": {"everyone": True}, "share": 1}))
    assert everyone.steps[0].audience.rule is None


@pytest.mark.parametrize("plan", [standard_plan(["staff"], ["^test-"]), standard_plan(), immediate_plan()])
def test_ready_made_plans_are_plans(plan: Plan) -> None:
    assert check_plan(json.loads(json.dumps(plan_to_json(plan))), is_list=LISTS.__contains__) == plan
    assert [reaches_everyone(step) for step in plan.steps] == [False] * (len(plan.steps) - 1) + [True]


def test_the_standard_plan() -> None:
    assert [step.audience.share for step in standard_plan(["staff"]).steps] == [0, 100, 1_000, 5_000, 10_000]
    assert [step.name for step in standard_plan().steps] == ["1 %", "10 %", "50 %", "Everyone"]


def test_a_plan_comes_back_the_same_from_json() -> None:
    window = {"from": "2026-05-01T08:00:00.000001Z", "until": None}
    plan = check(step(window=window, cap=5, ramp={"factor": 110, "every": 60, "start": 3}, guardrails={"limit": None}))
    shown = json.loads(json.dumps(plan_to_json(plan)))
    assert shown["steps"][0]["window"] == window
    assert check_plan(shown, is_list=LISTS.__contains__) == plan


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 20_000) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "steps name audience lists patterns rule share window from until cap ramp factor every start advance "
                "minimum_seconds guardrails alpha limit crash".split()
            )
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(JSON | st.fixed_dictionaries({"steps": st.lists(JSON, min_size=1, max_size=2)}))
def test_anything_is_either_a_plan_or_a_list_of_problems(value: object) -> None:
    try:
        plan = check_plan(value, is_list=LISTS.__contains__)
    except Problem as problem:
        assert problem.errors
    else:
        assert check_plan(plan_to_json(plan), is_list=LISTS.__contains__) == plan
