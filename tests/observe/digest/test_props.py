"""Properties, made harmless."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eden.observe.digest.props import CUT, LONGEST_NAME, MOST_DEPTH, MOST_NAMES, MOST_TEXT, normal
from eden.observe.privacy import Masks

NONE = Masks((), ())


@pytest.mark.parametrize(
    ("props", "stored"),
    [
        ({"a": 1, "b": "x", "c": 1.5, "d": True, "e": [1, "x", False]}, None),
        ({"a": None, "b": [None, 1], "c": {"d": None}}, {"b": [1], "c": {}}),
        ({"a.b": 1, "a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": {"b": 1}, "a.b": 2}, {"a": {"b": 1}, CUT: 1}),
        ({"a": 1, "a.b": 2}, {"a": 1, CUT: 1}),
        ({"a.b": 1, "a": 2}, {"a": {"b": 1}, CUT: 1}),
        ({"": 1, "a.": 2, ".": 3}, {"_": 1, "a": {"_": 2}, CUT: 1}),
        ({"n": 2**64}, {"n": float(2**64)}),
        ({"n": -(2**63) - 1}, {"n": -float(2**63)}),
        ({"n": 10**400}, {"n": "1" + "0" * 399}),
    ],
)
def test_normal(props: dict[str, Any], stored: dict[str, Any] | None) -> None:
    wanted = dict(props) if stored is None else stored
    assert normal(json.loads(json.dumps(props)), NONE) == wanted


def test_numbers_are_masked() -> None:
    card, phone = 4111111111111111, 13812345678
    props = {"card": card, "phone": float(phone), "list": [card, True, 1, "x"], "at": 1789999999995}
    wanted = {"card": "[card]", "phone": "[phone]", "list": ["[card]", True, 1, "x"], "at": 1789999999995}
    assert normal({**props}, Masks()) == wanted
    # the long way
    assert normal({"deep": {"er": props}, "many": [card] * 30}, Masks()) == {
        "deep": {"er": wanted},
        "many": ["[card]"] * 30,
    }
    assert normal({**props}, NONE) == props


def test_limits() -> None:
    long = normal({"t": "x" * 20_000, "n" * 300: 1}, NONE)
    assert len(long["t"]) == 8_192 and "n" * LONGEST_NAME in long and long[CUT] == 2
    many = normal({f"k{n}": n for n in range(1000)}, NONE)
    assert len(many) == MOST_NAMES + 1 and many[CUT] == 1000 - MOST_NAMES
    deep: Any = 1
    for _ in range(50):
        deep = {"a": deep}
    found, depth = normal({"a": deep}, NONE), 0
    while isinstance(found, dict):
        found, depth = found["a"], depth + 1
    assert depth == MOST_DEPTH and json.loads(found)
    texts = normal({f"k{n}": "x" * 8_000 for n in range(20)}, NONE)
    assert sum(len(text) for name, text in texts.items() if name != CUT) == MOST_TEXT


values = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=20), st.booleans()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=30), st.dictionaries(st.text(".ab", max_size=5), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(".ab", max_size=5), values, max_size=6))
@settings(max_examples=80, deadline=None)
def test_twice_is_as_once(props: dict[str, Any]) -> None:
    once = normal(json.loads(json.dumps(props)), Masks())
    assert normal(json.loads(json.dumps(once)), Masks()) == once
