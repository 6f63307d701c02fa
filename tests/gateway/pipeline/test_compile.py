"""A change costs what has changed; what has not goes on with what it remembers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from eden.gateway.pipeline.compile import CompiledRoute, CompileError, compile_workspace
from eden.gateway.service import encode
from eden.gateway.stored import Stored
from tests.gateway.pipeline.house import APP, House, catalogue

BREAKER = {"breaker": {"least_calls": 1}, "cache": {"ttl_s": 60}}
WHO: dict[str, Any] = {"authorizers": {"who": {"operation": "bank.account.get"}}}
GROUP: dict[str, Any] = {"upstreams": {"main": {"targets": [{"url": "http://127.0.0.1:9"}]}}}


def house(operation: dict[str, Any] | None = None, before: House | None = None, **rest: Any) -> House:
    return House(catalogue(operation, **rest), previous=None if before is None else before.table)


def found(of: House, name: str = "bank.account.get", version: str | None = None) -> CompiledRoute:
    route = of.table.find(name, version)
    assert route is not None
    return route


def test_other_defaults_are_those_of_the_next_call() -> None:
    one = house(BREAKER | {"mock": {"body": "mock"}})
    old = found(one)
    assert (old.timeout_ms, old.level, old.mock) == (3000, None, None)
    limits = {"rate": 5.0}
    two = house(
        BREAKER | {"mock": {"body": "mock"}}, one, defaults={"timeout_ms": 77, "limits": limits, "mock_on": True}
    )
    new = found(two)
    assert new.timeout_ms == 77 and new.level is not None and new.mock is not None
    # it is the same operation still; and calls that have begun go on with what they began with
    assert (new.breaker, new.cache) == (old.breaker, old.cache) and old.timeout_ms == 3000
    assert found(two) is new and found(one) is old


def test_what_is_the_same_is_taken_over() -> None:
    one = house(BREAKER)
    old = found(one)
    two = house(BREAKER, one)
    assert found(two) is old
    assert found(house(BREAKER | {"timeout_ms": 5}, two)) is not old


def test_what_is_not_called_in_between_is_taken_over() -> None:
    one = house(BREAKER)
    old = found(one)
    between = house(BREAKER, house(BREAKER, one, defaults={"timeout_ms": 77}), defaults={"timeout_ms": 78})
    assert found(house(BREAKER, between)).breaker is old.breaker


def test_what_was_taken_out_in_between_begins_anew() -> None:
    one = house(BREAKER)
    old = found(one)
    gone = house(before=one, operations={"other": {"group": "bank"}})
    assert gone.table.find("bank.account.get", None) is None
    assert found(house(BREAKER, gone)).breaker is not old.breaker


def test_versions_are_found_by_name_and_without() -> None:
    made = house(BREAKER | {"version": "2", "versions": {"1": {"group": "bank", "path": "/old"}}})
    assert found(made) is found(made, version="2") is found(made, version="")
    assert found(made, version="1").source.path == "/old"
    assert [made.table.find(*name) for name in (("bank.account.get", "3"), ("nothing", None))] == [None, None]


def test_another_version_leaves_a_version_as_it_is() -> None:
    versions = {"1": {"group": "bank"} | BREAKER}
    one = house({"version": "2", "versions": versions})
    old = found(one, version="1")
    two = house({"version": "2", "path": "/new", "versions": versions}, one)
    assert found(two, version="1") is old and found(two).source.path == "/new"


def test_another_group_and_other_models_are_those_of_the_next_call() -> None:
    models = {"Name": {"alias": "string"}}
    checked = {"body": "Name", "check_body": True}
    rest = {"models": models, "groups": {"bank": GROUP, "other": GROUP}}
    rest["operations"] = {
        "a": {"group": "bank"} | checked,
        "b": {"group": "bank"},
        "c": {"group": "other"} | checked,
    }
    one = House(catalogue(**rest))
    a, b, c = (found(one, name) for name in "abc")
    assert a.check_body is not None and a.check_body(b"1") and not a.check_body(b'"x"')
    two = House(catalogue(**rest | {"models": {"Name": {"alias": "int"}}}), previous=one.table)
    checks = found(two, "a").check_body
    assert checks is not None and not checks(b"1") and checks(b'"x"')
    assert found(two, "b") is b and found(two, "c") is not c
    three = House(
        catalogue(**rest | {"groups": {"bank": {**GROUP, "timeout_ms": 7}, "other": GROUP}}), previous=one.table
    )
    assert (found(three, "b").timeout_ms, b.timeout_ms) == (7, 3000)
    assert found(three, "c") is c


def test_people_do_not_share_answers_once_it_matters_who_they_are() -> None:
    guarded = BREAKER | {"authorizer": "who"}
    one = house(guarded, defaults={"auth_on": False}, **WHO)
    shared = found(one)
    apart = found(house(guarded, one, **WHO))
    assert shared.authorizer is None and apart.authorizer is not None and apart.cache is not shared.cache


def test_an_authorizer_that_has_gone_is_missed_in_a_change_of_defaults() -> None:
    one = house({"authorizer": "who"}, **WHO)
    assert found(one).authorizer is not None
    two = house({"authorizer": "who"}, one)
    with pytest.raises(CompileError, match="no authorizer who"):
        found(two)


def test_an_operation_of_a_newer_eden_is_the_only_one_that_is_not_served() -> None:
    document = msgspec.to_builtins(catalogue(operations={"a": {"group": "bank"}, "b": {"group": "bank"}}))
    document["operations"]["b"]["wings"] = 2
    table = compile_workspace(Stored(msgspec.json.encode(document)), [APP], "w1", 1)
    assert table.find("a", None) is not None
    with pytest.raises(CompileError, match="wings") as caught:
        table.find("b", None)
    assert caught.value.place == "operations.b"
    with pytest.raises(ValueError, match="feathers"):
        Stored(msgspec.json.encode({"feathers": {}}))


def test_only_what_somebody_asks_for_is_decoded() -> None:
    operation = {"group": "bank"}
    made = catalogue(operations={"a": operation, "b": operation}, models={"M": {"alias": "int"}})
    one = Stored(encode(made))
    assert (len(one.operations), list(one.operations), "a" in one.operations, "c" in one.operations) == (
        2, ["a", "b"], True, False
    )  # fmt: skip
    a, b, model = one.operations["a"], one.operations["b"], one.models["M"]
    assert (a, model) == (made.operations["a"], made.models["M"]) and one.operations["a"] is a
    changed = catalogue(operations={"a": operation, "b": {"group": "bank", "path": "/x"}}, models={"M": {}})
    two = Stored(encode(changed), one)
    assert two.operations["a"] is a and two.operations["b"] == changed.operations["b"] != b
    assert two.models["M"] == changed.models["M"] != model
    with pytest.raises(KeyError):
        two.operations["c"]
