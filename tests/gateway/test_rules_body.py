"""Bodies against data models: what fits passes, what does not is told where and why."""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.gateway.example import example
from eden.gateway.interfaces import SCALARS, Catalogue, Field, Model, OperationVersion, Parameter
from eden.gateway.rules_body import MOST, compile_body, compile_type
from tests.gateway.samples import SHOP

MODELS = {
    "Order": Model(
        fields={
            "id": Field(type="long", required=True),
            "items": Field(type="Item[]", required=True, min_length=1, max_length=3),
            "note": Field(type="string?", max_length=5),
            "tags": Field(type="map<int>"),
            "state": Field(type="State"),
            "parent": Field(type="Order"),
            "paid": Field(type="Payment"),
            "any": Field(type="Either"),
            "rate": Field(type="double", minimum=0, maximum=1.5),
            "code": Field(type="string", pattern="^[A-Z]+$"),
            "size": Field(type="int", values=(1, 2)),
        }
    ),
    "Item": Model(fields={"name": Field(type="string", required=True), "price": Field(type="int", minimum=0)}),
    "State": Model(values=("open", "closed")),
    "Payment": Model(any_of=("Card", "Cash"), tag="kind"),
    "Card": Model(fields={"kind": Field(required=True), "number": Field(required=True)}),
    "Cash": Model(fields={"kind": Field(required=True)}),
    "Either": Model(any_of=("int", "string[]")),
    "Id": Model(alias="long"),
}
GOOD: dict[str, Any] = {"id": 1, "items": [{"name": "a"}]}
look = compile_type(MODELS, "Order")


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"note": None},
        {"note": "12345", "tags": {"a": 1}, "state": "open", "unknown": [1]},
        {"parent": GOOD | {"parent": GOOD}},
        {"paid": {"kind": "Card", "number": "1"}},
        {"paid": {"kind": "Cash"}},
        {"any": 7},
        {"any": ["a"]},
        {"rate": 1, "code": "ABC", "size": 2},
        {"items": [{"name": "a", "price": 0}] * 3},
    ],
)
def test_what_fits(more: dict[str, Any]) -> None:
    assert look(GOOD | more) == []


@pytest.mark.parametrize(
    ("value", "place", "sentence"),
    [
        ([], "", "must be an object"),
        ({"items": [{"name": "a"}]}, "id", "is missing"),
        (GOOD | {"id": True}, "id", "must be a whole number of 64 bits"),
        (GOOD | {"id": 1.0}, "id", "must be a whole number of 64 bits"),
        (GOOD | {"id": 1 << 63}, "id", "must be a whole number of 64 bits"),
        (GOOD | {"id": None}, "id", "must be a whole number of 64 bits"),
        (GOOD | {"items": []}, "items", "must have at least 1 entries"),
        (GOOD | {"items": {}}, "items", "must be a list"),
        (GOOD | {"items": [{"name": "a"}, {"name": "b", "price": -1}]}, "items[1].price", "must be at least 0"),
        (GOOD | {"items": [{"name": "a", "price": 1 << 31}]}, "items[0].price", "must be a whole number of 32 bits"),
        (GOOD | {"note": "123456"}, "note", "must have at most 5 characters"),
        (GOOD | {"tags": {"a": "1"}}, "tags.a", "must be a whole number of 32 bits"),
        (GOOD | {"state": "ajar"}, "state", "must be one of open, closed"),
        (GOOD | {"state": 1}, "state", "must be one of open, closed"),
        (GOOD | {"parent": {"id": 1}}, "parent.items", "is missing"),
        (GOOD | {"paid": {"kind": "Card"}}, "paid.number", "is missing"),
        (GOOD | {"paid": {"kind": 1}}, "paid", "must be one of Card, Cash"),
        (GOOD | {"any": [1]}, "any", "must be one of int, string[]"),
        (GOOD | {"rate": 2}, "rate", "must be at most 1.5"),
        (GOOD | {"rate": "1"}, "rate", "must be a number"),
        (GOOD | {"code": "abc"}, "code", "must match ^[A-Z]+$"),
        (GOOD | {"size": 3}, "size", "must be one of 1, 2"),
        (GOOD | {"size": True}, "size", "must be a whole number of 32 bits"),
    ],
)
def test_what_does_not_fit_is_told_where_and_why(value: Any, place: str, sentence: str) -> None:
    assert look(value) == [(place, sentence)]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("string", "", 1),
        ("boolean", False, 0),
        ("int", -(1 << 31), 1 << 31),
        ("long", (1 << 63) - 1, -(1 << 63) - 1),
        ("float", 1.5, "1.5"),
        ("double", 1, True),
        ("date", "2026-02-28", "2026-02-29"),
        ("datetime", "2026-11-26T15:40:00Z", "yesterday"),
        ("bytes", "AAE=", "AA*="),
        ("file", "x", 1),
        ("string?", None, 1),
        ("int[][]", [[1], []], [1]),
        ("map<boolean>", {"a": True}, {"a": 1}),
        ("Id", 5, "5"),
    ],
)
def test_types(kind: str, good: Any, bad: Any) -> None:
    check = compile_type(MODELS, kind)
    assert check(good) == []
    assert len(check(bad)) == 1
    assert compile_type(MODELS, "any")(bad) == []


def test_every_scalar_is_known() -> None:
    for kind in SCALARS:
        compile_type({}, kind)
    with pytest.raises(KeyError):
        compile_type({}, "Nobody")
    with pytest.raises(ValueError, match="no type"):
        compile_type({}, "int[")


@pytest.mark.timeout(20)
def test_unions_within_unions_are_looked_at_once_a_level() -> None:
    of = {"of": Field(type="Filter", required=True)}
    models = {
        "Filter": Model(any_of=("All", "Any", "Leaf"), tag="kind"),
        "All": Model(fields=of),
        "Any": Model(fields=of),
        "Leaf": Model(fields={"x": Field(type="int", required=True)}),
    }
    check = compile_type(models, "Filter")
    # by trying each way to the leaf, 2 to the power of 40
    good: dict[str, Any] = {"x": 1}
    bad: dict[str, Any] = {"x": "1"}
    for _ in range(40):
        good, bad = {"of": good}, {"of": bad}
    assert check(good) == []
    assert check(bad) == [("", "must be one of All, Any, Leaf")]
    assert check(good) == []


def test_few_mistakes_are_told_of_many_and_depth_is_bounded() -> None:
    assert len(look(GOOD | {"tags": dict.fromkeys(map(str, range(100)), "x")})) == MOST
    deep: dict[str, Any] = dict(GOOD)
    for _ in range(3_000):
        deep = GOOD | {"parent": deep}
    # tests before this one may have raised the limit
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    try:
        assert look(deep) == [("", "is nested too deeply")]
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize("name", ["Item", "State", "Card", "Cash", "Id", "Payment", "Either"])
def test_examples_fit_their_models(name: str) -> None:
    value = example(MODELS, name)
    assert compile_type(MODELS, name)(value) == []


def test_bodies_of_operations() -> None:
    typed = compile_body(MODELS, OperationVersion(group="g", body="Item"))
    assert typed is not None
    assert typed(b'{"name": "a"}') == []
    assert typed(b"") == [("", "is missing")]
    assert typed(b"{}") == [("name", "is missing")]
    assert typed(b"{")[0][1].startswith("is no JSON")
    assert typed(b"\xff")[0][1].startswith("is no JSON")
    assert typed(b"[" * 100_000)[0][0] == ""
    required = Parameter(name="amount", type="int", location="body", required=True, minimum=1)
    named = compile_body({}, OperationVersion(group="g", parameters=(required, Parameter(name="q"))))
    assert named is not None
    assert named(b'{"amount": 0}') == [("amount", "must be at least 1")]
    assert named(b"") == [("", "is missing")]
    free = compile_body({}, OperationVersion(group="g", parameters=(Parameter(name="note", location="body"),)))
    assert free is not None
    assert (free(b""), free(b"{}"), free(b'{"note": 1}')) == ([], [], [("note", "must be a text")])
    assert compile_body({}, OperationVersion(group="g")) is None


def test_operations_of_a_catalogue() -> None:
    catalogue = msgspec.convert(SHOP, Catalogue)
    for operation in catalogue.operations.values():
        check = compile_body(catalogue.models, operation)
        if check is not None and operation.body is not None:
            assert check(json.dumps(example(catalogue.models, operation.body)).encode()) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, "parent", "paid"]), inner),
    max_leaves=20,
)


@given(JSON)
def test_anything_can_be_asked(value: Any) -> None:
    for name in MODELS:
        for place, sentence in compile_type(MODELS, name)(value):
            assert isinstance(place, str)
            assert sentence
