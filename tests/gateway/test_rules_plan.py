"""Types, what lies between catalogues, and models from samples."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.base.problems import Problem
from eden.gateway.interfaces import Catalogue
from eden.gateway.model_sample import model_from_sample
from eden.gateway.rules_catalogue import check
from eden.gateway.rules_plan import SUMMED, diff, render, summary
from eden.gateway.rules_types import ListOf, MapOf, Maybe, Named, models_in, parse_type, write_type
from tests.gateway.samples import DELETE, changed, shop


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("string", Named("string")),
        ("Item[]?", Maybe(ListOf(Named("Item")))),
        ("map<int?>[]", ListOf(MapOf(Maybe(Named("int"))))),
        ("map", Named("map")),
    ],
)
def test_types(text: str, node: Any) -> None:
    assert parse_type(text) == node
    assert write_type(node) == text


@pytest.mark.parametrize("text", ["", "[]", "a b", "a[", "map<a", "map<>", "a??", "a-b", "a[]x", "1", "a" + "[]" * 30])
def test_no_types(text: str) -> None:
    with pytest.raises(ValueError, match="type"):
        parse_type(text)


def test_models_in_types() -> None:
    assert list(models_in(parse_type("map<Item[]?>"))) == ["Item"]
    assert list(models_in(parse_type("long[]"))) == []


def fields(before: Catalogue, after: Catalogue) -> list[tuple[str, str, Any, Any]]:
    (change,) = diff(before, after)
    return [(one.path, one.action, one.before, one.after) for one in change.fields]


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ([("operations/shop.items.list/cache/ttl_s", 60)], [("cache.ttl_s", "change", 30, 60)]),
        ([("operations/shop.items.list/cache", DELETE)], [("cache", "change", {"ttl_s": 30}, None)]),
        ([("operations/shop.items.list/etag", True)], [("etag", "change", False, True)]),
        (
            [("operations/shop.items.list/parameters/0", {"name": "label", "type": "string[]"})],
            [
                ("parameters.tag", "remove", {"type": "string[]", "name": "tag"}, None),
                ("parameters.label", "add", None, {"type": "string[]", "name": "label"}),
            ],
        ),
        (
            [("models/Receipt/fields", {"at": {"type": "datetime", "required": True}, "id": {"required": True}})],
            [("fields (order)", "change", ["id", "at"], ["at", "id"])],
        ),
        (
            [("operations/shop.orders.create/versions/2/path", "/v3")],
            [("versions.2.path", "change", "/v2/orders", "/v3")],
        ),
        (
            [("groups/shop/upstreams/main/targets", [{"url": "http://a.example"}])],
            [
                (
                    "upstreams.main.targets",
                    "change",
                    [{"url": "http://127.0.0.1:9001/v1"}],
                    [{"url": "http://a.example"}],
                )
            ],
        ),
        ([("defaults/mock_on", True)], [("mock_on", "change", False, True)]),
    ],
)
def test_changes_field_by_field(steps: list[tuple[str, Any]], wanted: list[Any]) -> None:
    assert fields(shop(), changed(*steps)) == wanted


def test_added_and_removed() -> None:
    other = changed(("operations/shop.items.list", DELETE), ("models/Extra", {"values": ["a"]}))
    assert [(one.action, one.kind, one.name) for one in diff(shop(), other)] == [
        ("add", "model", "Extra"),
        ("remove", "operation", "shop.items.list"),
    ]
    assert diff(shop(), shop()) == []
    # the order of things means nothing
    assert diff(shop(), msgspec.structs.replace(shop(), models=dict(reversed(shop().models.items())))) == []


def test_as_text_and_in_short() -> None:
    other = changed(
        ("operations/shop.items.list", DELETE), ("defaults/timeout_ms", 100), ("models/Extra/values", ["a"])
    )
    changes = diff(shop(), other)
    assert render(changes) == (
        '+ model Extra\n    + values = ["a"]\n\n'
        "- operation shop.items.list\n"
        '    - group       = "shop"\n'
        "    - open        = true\n"
        '    - description = "Items by name."\n'
        '    - method      = "GET"\n'
        '    - path        = "/items"\n'
        '    - parameters  = [{"type":"string[]","name":"tag"},'
        '{"type":"int","default":20,"minimum":1.0,"maximum":100.0,"name":"limit"}]\n'
        '    - response    = "ItemPage"\n'
        '    - cache       = {"ttl_s":30}\n\n'
        "~ defaults\n    ~ timeout_ms = 3000 → 100\n\n"
        "1 to add, 1 to change, 1 to remove.\n"
    )
    short = summary(changes)
    assert (short.added, short.changed, short.removed) == (1, 1, 1)
    assert short.names == ["+ model Extra", "- operation shop.items.list", "~ defaults"]
    many = {f"M{number}": {"values": ["a"]} for number in range(SUMMED + 5)}
    assert len(summary(diff(Catalogue(), changed(("models", many), ("operations", {})))).names) == SUMMED


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(sample=_json)
def test_any_sample_is_of_its_models(sample: Any) -> None:
    """They are good ones, and no more than there are objects."""
    models = model_from_sample("Top", sample)
    assert next(iter(models)) == "Top"
    catalogue = changed(("operations", {}), ("authorizers", {}), ("models", msgspec.to_builtins(models)))
    assert [one for one in check(catalogue) if one.level == "error"] == []
    assert len(models) <= 1 + _objects(sample)


def _objects(sample: Any) -> int:
    if isinstance(sample, dict):
        return 1 + sum(map(_objects, sample.values()))
    return sum(map(_objects, sample)) if isinstance(sample, list) else 0


def test_samples() -> None:
    models = model_from_sample(
        "Order",
        {
            "id": "7",
            "at": "2026-01-02T03:04:05Z",
            "day": "2026-01-02",
            "lines": [{"sum": 1, "note": None}, {"sum": 1.5, "note": "x", "more": True}],
            "buyer": {"name": "A"},
            "odd": [1, "a"],
            "none": None,
        },
    )
    assert {name: {key: (one.type, one.required) for key, one in (model.fields or {}).items()}
            for name, model in models.items()} == {
        "Order": {
            "id": ("string", True),
            "at": ("datetime", True),
            "day": ("date", True),
            "lines": ("Line[]", True),
            "buyer": ("Buyer", True),
            "odd": ("any[]", True),
            "none": ("any", True),
        },
        "Line": {"sum": ("double", True), "note": ("string?", True), "more": ("boolean", False)},
        "Buyer": {"name": ("string", True)},
    }  # fmt: skip
    assert models["Line"].fields is not None
    assert models["Line"].fields["note"].example == "x"


def test_a_sample_that_is_nested_too_deeply() -> None:
    sample: Any = 1
    for _ in range(3_000):
        sample = [sample]
    # tests before this one may have raised the limit
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    try:
        with pytest.raises(Problem, match="nested too deeply"):
            model_from_sample("Top", sample)
    finally:
        sys.setrecursionlimit(before)
