from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from eden.base.targeting import Context, compile_rule, explain, explain_trace, parse, trace
from eden.base.targeting.explanation import Trace
from eden.base.targeting.language import ATTRIBUTES, BOUNDS, OPERATORS
from eden.base.targeting.words import CHINESE, ENGLISH, Words
from tests.base.targeting.strategies import contexts, rules, steady


def condition(attribute: str, operator: str, *values: str, **operand: str) -> dict[str, Any]:
    head: dict[str, Any] = {"attribute": attribute, "operator": operator, **operand}
    return head | ({"values": list(values)} if values else {})


IN_CITIES = condition("city", "one_of", "杭州", "上海")
NEW = condition("app_version", ">=", value="2.3.0")
PHONES = condition("device_model", "prefix", "iPhone 14", "x")


@pytest.mark.parametrize(
    ("rule", "english", "chinese"),
    [
        ({"everyone": True}, "everyone", "所有人"),
        ({"list": "staff"}, "on the list “the staff”", "在名单“the staff”中"),
        ({"list": "l-1"}, "on the list l-1", "在名单 l-1 中"),
        ({"not": {"everyone": True}}, "not (everyone)", "不满足（所有人）"),
        (condition("city", "equals", value="杭州"), "in 杭州", "在杭州"),
        (IN_CITIES, "in 杭州 or 上海", "在杭州或上海"),
        (condition("city", "one_of", "Paris", "上海"), "in Paris or 上海", "在 Paris 或上海"),
        (condition("city", "not_one_of", "杭州"), "in a known city other than 杭州", "城市已知且不是杭州"),
        (condition("platform", "equals", value="ios"), "platform is ios", "平台是 ios"),
        (condition("platform", "not_one_of", "a", "b"), "platform is known and is not a or b", "平台已知且不是 a 或 b"),
        (condition("user_id", "one_of", "a"), "user ID is a", "用户 ID 是 a"),
        (PHONES, "device model begins with “iPhone 14” or x", "机型以“iPhone 14”或 x 开头"),
        (condition("channel", "suffix", "x"), "channel ends with x", "渠道以 x 结尾"),
        (condition("network", "contains", "G"), "network contains G", "网络包含 G"),
        (condition("device_id", "matches", "^a", "b"), "device ID matches “^a” or “b”", "设备 ID 匹配“^a”或“b”"),
        (condition("app_version", "=", value="1"), "app version is 1", "应用版本是 1"),
        (condition("app_version", "!=", value="1"), "app version is known and is not 1", "应用版本已知且不是 1"),
        (condition("os_version", ">", value="1"), "OS version above 1", "系统版本高于 1"),
        (NEW, "app version at least 2.3.0", "应用版本不低于 2.3.0"),
        (condition("os_version", "<", value="1"), "OS version below 1", "系统版本低于 1"),
        (condition("os_version", "<=", value="1"), "OS version at most 1", "系统版本不高于 1"),
        (
            condition("container_version", "in_range", **{"from": "1", "to": "2", "bounds": "(]"}),
            "container version above 1 and at most 2",
            "容器版本高于 1 且不高于 2",
        ),
        (condition("tags", "has_any", "a", "b", "c"), "tagged a, b or c", "带有标签 a、b 或 c"),
        (condition("tags", "has_all", "a", "b"), "tagged a and b", "带有标签 a 和 b"),
        (condition("tags", "has_none", "内测", "b"), "not tagged 内测 or b", "没有标签内测或 b"),
        (
            {"all": [IN_CITIES, NEW]},
            "in 杭州 or 上海, and app version at least 2.3.0",
            "在杭州或上海，且应用版本不低于 2.3.0",
        ),
        ({"all": [IN_CITIES]}, "in 杭州 or 上海", "在杭州或上海"),
        (
            {"any": [{"all": [IN_CITIES, NEW]}, {"all": [PHONES]}, {"not": PHONES}]},
            "(in 杭州 or 上海, and app version at least 2.3.0), or device model begins with “iPhone 14” or x,"
            " or not (device model begins with “iPhone 14” or x)",
            "（在杭州或上海，且应用版本不低于 2.3.0），或机型以“iPhone 14”或 x 开头，"
            "或不满足（机型以“iPhone 14”或 x 开头）",
        ),
        (
            condition("channel", "one_of", *"abcdefgh"),
            "channel is a, b, c, d, e, f or 2 more",
            "渠道是 a、b、c、d、e、f 或另外 2 个",
        ),
        (condition("channel", "one_of", "a, b", "\u202ex", "{or}"), "channel is “a, b”, “\\u{202e}x” or “{or}”", None),
    ],
)
def test_words(rule: dict[str, Any], english: str, chinese: str | None) -> None:
    names = {"staff": "the staff"}
    assert explain(parse(rule), "en", names) == english
    if chinese is not None:
        assert explain(parse(rule), "zh-CN", names) == chinese


@pytest.mark.parametrize("words", [ENGLISH, CHINESE])
def test_there_are_words_for_everything(words: Words) -> None:
    assert list(words.attributes) == list(ATTRIBUTES)
    operators = {operator for each in OPERATORS.values() for operator in each} - {"in_range"}
    assert {name for name in words.conditions if " " not in name} == operators
    assert set(words.ranges) == set(BOUNDS)
    assert words.phrases.keys() == ENGLISH.phrases.keys()
    assert words.reasons.keys() == ENGLISH.reasons.keys()


@pytest.mark.parametrize(
    ("locale", "first"), [("zh", "所"), ("zh-Hans-CN", "所"), ("zh_CN", "所"), ("ZH", "所"), ("de", "e"), ("", "e")]
)
def test_locale(locale: str, first: str) -> None:
    assert explain(parse({"everyone": True}), locale).startswith(first)


@steady
@given(rules)
def test_never_empty_and_no_trace_of_how_it_was_made(rule: dict[str, Any]) -> None:
    for locale in ("en", "zh"):
        told = explain(parse(rule), locale)
        assert told
        assert told.isprintable()
        assert "  " not in told


def lines(node: Trace, locale: str = "en") -> list[str]:
    return [explain_trace(node, locale), *(line for part in node.parts for line in lines(part, locale))]


def test_trace_says_what_held_and_why() -> None:
    rule = parse(
        {
            "all": [
                IN_CITIES,
                NEW,
                {"any": [condition("tags", "has_any", "beta"), {"list": "staff"}, {"not": PHONES}]},
                condition("os_version", "<", value="18"),
                condition("channel", "equals", value="x"),
            ]
        }
    )
    context = Context(
        city="北京", app_version="2.10", device_model="iPhone 14 Pro", os_version="seventeen\n", tags=frozenset("ba")
    )
    assert lines(trace(rule, context)) == [
        "all of these: no",
        "in 杭州 or 上海: no, city is 北京",
        "app version at least 2.3.0: yes, app version is 2.10",
        "at least one of these: no",
        "tagged beta: no, tagged a and b",
        "on the list staff: no",
        "not this: no",
        "device model begins with “iPhone 14” or x: yes, device model is “iPhone 14 Pro”",
        "OS version below 18: no, “seventeen\\u{a}” is not a version",
        "channel is x: no, channel is not known",
    ]
    assert lines(trace(rule, Context(city="杭州", lists={"staff"})), "zh")[:6] == [
        "以下全部满足：否",
        "在杭州或上海：是，城市是杭州",
        "应用版本不低于 2.3.0：否，应用版本未知",
        "以下至少一项满足：是",
        "带有标签 beta：否，没有标签",
        "在名单 staff 中：是",
    ]


@steady
@given(rules, contexts)
def test_trace_agrees_with_the_decision(rule: dict[str, Any], context: Context) -> None:
    parsed = parse(rule)
    traced = trace(parsed, context)
    assert traced.held is compile_rule(parsed)(context)
    assert all(lines(traced, "zh"))
    assert len(lines(traced)) == len(lines(traced, "zh"))
