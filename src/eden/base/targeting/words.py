"""The words that rules are told with, in English and Chinese."""

from __future__ import annotations

import msgspec


class Words(msgspec.Struct, frozen=True):
    """One language. Phrases take {name}, {or}, {and}, {value}, {low}, {high}, {rule}, {count}."""

    attributes: dict[str, str]
    #: by operator; "city one_of" comes before "one_of"
    conditions: dict[str, str]
    #: by bounds
    ranges: dict[str, str]
    #: what is not about an attribute
    phrases: dict[str, str]
    #: why a condition came out as it did
    reasons: dict[str, str]
    quotes: tuple[str, str]
    #: between values, and before the last one
    comma: str
    last_and: str
    last_or: str
    #: between rules
    rules_and: str
    rules_or: str
    brackets: tuple[str, str]


ENGLISH = Words(
    attributes={
        "city": "city",
        "device_model": "device model",
        "platform": "platform",
        "os_version": "OS version",
        "app_version": "app version",
        "container_version": "container version",
        "network": "network",
        "language": "language",
        "channel": "channel",
        "tags": "tags",
        "user_id": "user ID",
        "device_id": "device ID",
    },
    conditions={
        "city equals": "in {or}",
        "city one_of": "in {or}",
        "city not_one_of": "in a known city other than {or}",
        "equals": "{name} is {or}",
        "one_of": "{name} is {or}",
        "not_one_of": "{name} is known and is not {or}",
        "prefix": "{name} begins with {or}",
        "suffix": "{name} ends with {or}",
        "contains": "{name} contains {or}",
        "matches": "{name} matches {or}",
        "=": "{name} is {or}",
        "!=": "{name} is known and is not {or}",
        ">": "{name} above {or}",
        ">=": "{name} at least {or}",
        "<": "{name} below {or}",
        "<=": "{name} at most {or}",
        "has_any": "tagged {or}",
        "has_all": "tagged {and}",
        "has_none": "not tagged {or}",
    },
    ranges={
        "[)": "{name} at least {low} and below {high}",
        "[]": "{name} at least {low} and at most {high}",
        "(]": "{name} above {low} and at most {high}",
        "()": "{name} above {low} and below {high}",
    },
    phrases={
        "everyone": "everyone",
        "list": "on the list {value}",
        "not": "not {rule}",
        "more": "{count} more",
    },
    reasons={
        "yes": "{rule}: yes",
        "no": "{rule}: no",
        "yes, because": "{rule}: yes, {reason}",
        "no, because": "{rule}: no, {reason}",
        "all": "all of these",
        "any": "at least one of these",
        "not": "not this",
        "is": "{name} is {value}",
        "unknown": "{name} is not known",
        "unreadable": "{value} is not a version",
        "tags": "tagged {and}",
        "no tags": "there are no tags",
    },
    quotes=("“", "”"),
    comma=", ",
    last_and=" and ",
    last_or=" or ",
    rules_and=", and ",
    rules_or=", or ",
    brackets=("(", ")"),
)

CHINESE = Words(
    attributes={
        "city": "城市",
        "device_model": "机型",
        "platform": "平台",
        "os_version": "系统版本",
        "app_version": "应用版本",
        "container_version": "容器版本",
        "network": "网络",
        "language": "语言",
        "channel": "渠道",
        "tags": "标签",
        "user_id": "用户 ID",
        "device_id": "设备 ID",
    },
    conditions={
        "city equals": "在{or}",
        "city one_of": "在{or}",
        "city not_one_of": "城市已知且不是{or}",
        "equals": "{name}是{or}",
        "one_of": "{name}是{or}",
        "not_one_of": "{name}已知且不是{or}",
        "prefix": "{name}以{or}开头",
        "suffix": "{name}以{or}结尾",
        "contains": "{name}包含{or}",
        "matches": "{name}匹配{or}",
        "=": "{name}是{or}",
        "!=": "{name}已知且不是{or}",
        ">": "{name}高于{or}",
        ">=": "{name}不低于{or}",
        "<": "{name}低于{or}",
        "<=": "{name}不高于{or}",
        "has_any": "带有标签{or}",
        "has_all": "带有标签{and}",
        "has_none": "没有标签{or}",
    },
    ranges={
        "[)": "{name}不低于{low}且低于{high}",
        "[]": "{name}不低于{low}且不高于{high}",
        "(]": "{name}高于{low}且不高于{high}",
        "()": "{name}高于{low}且低于{high}",
    },
    phrases={
        "everyone": "所有人",
        "list": "在名单{value}中",
        "not": "不满足{rule}",
        "more": "另外 {count} 个",
    },
    reasons={
        "yes": "{rule}：是",
        "no": "{rule}：否",
        "yes, because": "{rule}：是，{reason}",
        "no, because": "{rule}：否，{reason}",
        "all": "以下全部满足",
        "any": "以下至少一项满足",
        "not": "以下不满足",
        "is": "{name}是{value}",
        "unknown": "{name}未知",
        "unreadable": "{value}不是版本号",
        "tags": "标签有{and}",
        "no tags": "没有标签",
    },
    quotes=("“", "”"),
    comma="、",
    last_and="和",
    last_or="或",
    rules_and="，且",
    rules_or="，或",
    brackets=("（", "）"),
)


def words_for(locale: str) -> Words:
    """Chinese for "zh", "zh-CN" and the like, otherwise English."""
    return CHINESE if locale.lower().split("-")[0].split("_")[0] == "zh" else ENGLISH
