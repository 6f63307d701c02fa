"""A change costs what has changed; what has not goes on with what it remembers."""

from __future__ import annotations

from typing import Any

import pytest

from eden.gateway.pipeline.compile import CompileError, compile_workspace
from tests.gateway.pipeline.house import APP, House, catalogue

BREAKER = {"breaker": {"least_calls": 1}, "cache": {"ttl_s": 60}}
WHO: dict[str, Any] = {"authorizers": {"who": {"operation": "bank.account.get"}}}


def house(operation: dict[str, Any] | None = None, before: House | None = None, **rest: Any) -> House:
    return House(catalogue(operation, **rest), previous=None if before is None else before.table)


def test_other_defaults_are_those_of_the_next_call() -> None:
    one = house(BREAKER | {"mock": {"body": "mock"}})
    old = one.table.find("bank.account.get", None)
    assert old is not None and (old.timeout_ms, old.level, old.mock) == (3000, None, None)
    limits = {"rate": 5.0}
    two = house(
        BREAKER | {"mock": {"body": "mock"}}, one, defaults={"timeout_ms": 77, "limits": limits, "mock_on": True}
    )
    new = two.table.find("bank.account.get", None)
    assert new is not None and new.timeout_ms == 77 and new.level is not None and new.mock is not None
    # it is the same operation still; and calls that have begun go on with what they began with
    assert (new.breaker, new.cache) == (old.breaker, old.cache) and old.timeout_ms == 3000
    assert two.table.find("bank.account.get", None) is new
    assert one.table.find("bank.account.get", None) is old


def test_what_is_the_same_is_taken_over() -> None:
    one = house(BREAKER)
    two = house(BREAKER, one)
    three = house(BREAKER | {"timeout_ms": 5}, two)
    assert one.table.find("bank.account.get", "1") is two.table.find("bank.account.get", "1")
    assert three.table.find("bank.account.get", "1") is not two.table.find("bank.account.get", "1")


def test_people_do_not_share_answers_once_it_matters_who_they_are() -> None:
    guarded = BREAKER | {"authorizer": "who"}
    one = house(guarded, defaults={"auth_on": False}, **WHO)
    shared = one.table.find("bank.account.get", None)
    two = house(guarded, one, **WHO)
    apart = two.table.find("bank.account.get", None)
    assert shared is not None and apart is not None
    assert shared.authorizer is None and apart.authorizer is not None and apart.cache is not shared.cache


def test_an_authorizer_that_has_gone_is_missed_in_a_change_of_defaults() -> None:
    one = house({"authorizer": "who"}, **WHO)
    with pytest.raises(CompileError, match="no authorizer who"):
        compile_workspace(catalogue({"authorizer": "who"}), [APP], "w1", 2, one.table)
