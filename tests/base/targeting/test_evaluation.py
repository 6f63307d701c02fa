from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from eden.base.targeting import Condition, Context, Membership, Range, compile_rule, parse
from tests.base.targeting.strategies import contexts, rules, steady

HERE = Context(
    city="杭州",
    device_model="iPhone 14 Pro",
    platform="ios",
    os_version="17.5.1",
    app_version="v2.10.0-beta.1",
    network="wifi",
    tags=frozenset(("beta", "vip")),
    user_id="2088000000000001",
    device_id="d-1",
    lists=frozenset(("staff",)),
)


def holds(rule: dict[str, Any], context: Context = HERE) -> bool:
    return compile_rule(parse(rule))(context)


def condition(attribute: str, operator: str, *values: str, context: Context = HERE) -> bool:
    single = operator in ("equals", "=", "!=", ">", ">=", "<", "<=")
    operand: dict[str, Any] = {"value": values[0]} if single else {"values": list(values)}
    return holds({"attribute": attribute, "operator": operator, **operand}, context)


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("equals", ["iPhone 14 Pro"], True),
        ("equals", ["iphone 14 pro"], False),
        ("one_of", ["Pixel", "iPhone 14 Pro"], True),
        ("one_of", ["iPhone 14"], False),
        ("not_one_of", ["Pixel", "iPhone 14"], True),
        ("not_one_of", ["iPhone 14 Pro"], False),
        ("prefix", ["Pixel", "iPhone"], True),
        ("prefix", ["Phone"], False),
        ("suffix", ["Max", " Pro"], True),
        ("suffix", ["iPhone"], False),
        ("contains", ["Pixel", "14"], True),
        ("contains", ["15"], False),
        ("matches", ["^Pixel", "\\d\\d"], True),
        ("matches", ["^\\d"], False),
    ],
)
def test_text(operator: str, values: list[str], expected: bool) -> None:
    assert condition("device_model", operator, *values) is expected


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("=", ["2.10-beta.1"], True),
        ("=", ["2.10"], False),
        ("!=", ["2.10"], True),
        ("!=", ["2.10.0.0-beta.1"], False),
        (">", ["2.9"], True),
        (">", ["2.10.0-beta.1"], False),
        (">=", ["2.10.0-beta.1"], True),
        (">=", ["2.10.0"], False),
        ("<", ["2.10.0"], True),
        ("<", ["2.10.0-beta.1"], False),
        ("<=", ["2.10.0-beta.1"], True),
        ("<=", ["2.10.0-beta"], False),
        ("one_of", ["1.0", "2.10-beta.1"], True),
        ("one_of", ["2.10"], False),
        ("not_one_of", ["1.0", "2.10"], True),
        ("not_one_of", ["2.10-beta.1"], False),
    ],
)
def test_version(operator: str, values: list[str], expected: bool) -> None:
    assert condition("app_version", operator, *values) is expected


@pytest.mark.parametrize(
    ("version", "inside"),
    [
        ("1.9", ""),
        ("2-alpha", ""),
        ("2", "[) []"),
        ("2.5", "[) [] (] ()"),
        ("3-rc", "[) [] (] ()"),
        ("3.0", "[] (]"),
        ("3.0.0.1", ""),
    ],
)
def test_range(version: str, inside: str) -> None:
    for bounds in ("[)", "[]", "(]", "()"):
        rule = {"attribute": "app_version", "operator": "in_range", "from": "2.0", "to": "3", "bounds": bounds}
        assert holds(rule, Context(app_version=version)) is (bounds in inside.split())


def test_range_without_bounds_excludes_its_end() -> None:
    rule = {"attribute": "app_version", "operator": "in_range", "from": "2", "to": "3"}
    assert holds(rule, Context(app_version="2"))
    assert not holds(rule, Context(app_version="3"))


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("has_any", ["vip", "new"], True),
        ("has_any", ["new"], False),
        ("has_all", ["vip", "beta"], True),
        ("has_all", ["vip", "new"], False),
        ("has_none", ["new", "old"], True),
        ("has_none", ["new", "vip"], False),
    ],
)
def test_tags(operator: str, values: list[str], expected: bool) -> None:
    assert condition("tags", operator, *values) is expected


def test_no_tags_are_known_to_be_none() -> None:
    assert condition("tags", "has_none", "a", context=Context())
    assert not condition("tags", "has_any", "a", context=Context())


@pytest.mark.parametrize("operator", ["equals", "one_of", "not_one_of", "prefix", "suffix", "contains", "matches"])
def test_what_is_not_known_holds_for_no_condition(operator: str) -> None:
    assert not condition("channel", operator, "a")
    single = operator == "equals"
    rule = {"attribute": "channel", "operator": operator, **({"value": "a"} if single else {"values": ["a"]})}
    assert holds({"not": rule})


@pytest.mark.parametrize("operator", ["=", "!=", ">", ">=", "<", "<=", "one_of", "not_one_of"])
@pytest.mark.parametrize("version", [None, "", "latest", "1.2.3.4.5", "9" * 200])
def test_what_is_no_version_holds_for_no_comparison(operator: str, version: str | None) -> None:
    assert not condition("os_version", operator, "1.0", context=Context(os_version=version))


@pytest.mark.parametrize("version", [None, "latest"])
def test_what_is_no_version_is_in_no_range(version: str | None) -> None:
    rule = {"attribute": "os_version", "operator": "in_range", "from": "0", "to": "99", "bounds": "[]"}
    assert not holds(rule, Context(os_version=version))


def test_an_empty_text_is_known() -> None:
    assert condition("city", "not_one_of", "杭州", context=Context(city=""))


def test_text_is_compared_by_code_point() -> None:
    assert not condition("city", "equals", "é", context=Context(city="e\u0301"))
    assert not condition("city", "equals", "K", context=Context(city="\u212a"))
    assert condition("city", "prefix", "😀", context=Context(city="😀x"))


def test_combinations() -> None:
    yes, no = {"everyone": True}, {"not": {"everyone": True}}
    assert holds(yes)
    assert not holds(no)
    for first in (yes, no):
        for second in (yes, no):
            both = first is yes, second is yes
            assert holds({"all": [first, second]}) is all(both)
            assert holds({"any": [first, second]}) is any(both)


def test_lists_of_the_context() -> None:
    assert holds({"list": "staff"})
    assert not holds({"list": "others"})


def test_lists_by_a_function_are_asked_for_when_needed() -> None:
    asked: list[str] = []

    def is_member(list_id: str) -> bool:
        asked.append(list_id)
        return list_id == "a"

    context = Context(lists=Membership(is_member))
    assert holds({"any": [{"list": "a"}, {"list": "b"}]}, context)
    assert asked == ["a"]
    assert not holds({"list": "c"}, context)
    assert 1 not in Membership(is_member)


@steady
@given(rules, contexts)
def test_never_raises(rule: dict[str, Any], context: Context) -> None:
    assert compile_rule(parse(rule))(context) in (True, False)


@steady
@given(rules, contexts)
def test_not_is_the_opposite(rule: dict[str, Any], context: Context) -> None:
    assert holds({"not": rule}, context) is not holds(rule, context)


def test_rules_that_were_not_parsed_fail_at_once() -> None:
    with pytest.raises(ValueError, match=r"make rules with parse\(\)"):
        compile_rule(Condition("app_version", "=", ("x",)))
    with pytest.raises(ValueError, match=r"make rules with parse\(\)"):
        compile_rule(Range("app_version", "1", "x"))
