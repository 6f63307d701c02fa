"""The audience language: who is meant, as a tree of rules. docs/targeting.md tells it to people.

A rule is one of the shapes below. `parsing` reads them from JSON and writes them back, `evaluation` makes a function
of them, `explanation` puts them into words and says why a device is in or out.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

import msgspec

#: Levels of rules inside rules. People read four; recursion stays shallow on every phone.
MAX_DEPTH = 16
#: Rules in one tree, itself counted: a long form in the console has thirty.
MAX_NODES = 500
#: Values of one condition. More than that is a list, which the phone need not download.
MAX_VALUES = 1000
#: Characters of one value; device ids and user agents stay below.
MAX_TEXT = 256
#: Characters of all values of a rule: it is in the metadata that every phone downloads.
MAX_TOTAL_TEXT = 65_536
#: Patterns in one rule, as many as in one whitelist of patterns.
MAX_PATTERNS = 20
#: Characters of a list's id; a UUID has 36.
MAX_LIST_ID = 64


class Kind(Enum):
    """What an attribute holds, and so which operators work on it."""

    TEXT = "text"
    VERSION = "version"
    SET = "set"


class Operand(Enum):
    """The fields that stand beside an operator in JSON."""

    ONE = "value"
    MANY = "values"
    RANGE = "range"


ATTRIBUTES: dict[str, Kind] = {
    "city": Kind.TEXT,
    "device_model": Kind.TEXT,
    "platform": Kind.TEXT,
    "os_version": Kind.VERSION,
    "app_version": Kind.VERSION,
    "container_version": Kind.VERSION,
    "network": Kind.TEXT,
    "language": Kind.TEXT,
    "channel": Kind.TEXT,
    "tags": Kind.SET,
    "user_id": Kind.TEXT,
    "device_id": Kind.TEXT,
}

OPERATORS: dict[Kind, dict[str, Operand]] = {
    Kind.TEXT: {
        "equals": Operand.ONE,
        "one_of": Operand.MANY,
        "not_one_of": Operand.MANY,
        "prefix": Operand.MANY,
        "suffix": Operand.MANY,
        "contains": Operand.MANY,
        "matches": Operand.MANY,
    },
    Kind.VERSION: {
        "=": Operand.ONE,
        "!=": Operand.ONE,
        ">": Operand.ONE,
        ">=": Operand.ONE,
        "<": Operand.ONE,
        "<=": Operand.ONE,
        "in_range": Operand.RANGE,
        "one_of": Operand.MANY,
        "not_one_of": Operand.MANY,
    },
    Kind.SET: {
        "has_any": Operand.MANY,
        "has_all": Operand.MANY,
        "has_none": Operand.MANY,
    },
}

#: How a range ends: square brackets include the end, round ones do not. The first one is meant when none is given.
BOUNDS = ("[)", "[]", "(]", "()")


class Everyone(msgspec.Struct, frozen=True):
    """`{"everyone": true}`"""


class All(msgspec.Struct, frozen=True):
    """`{"all": [RULE, …]}`: every one of them holds."""

    rules: tuple[Rule, ...]


class AnyOf(msgspec.Struct, frozen=True):
    """`{"any": [RULE, …]}`: at least one of them holds."""

    rules: tuple[Rule, ...]


class Not(msgspec.Struct, frozen=True):
    """`{"not": RULE}`"""

    rule: Rule


class Condition(msgspec.Struct, frozen=True):
    """`{"attribute": …, "operator": …, "value": …}`, or with `values`: [ … ], of which there is at least one."""

    attribute: str
    operator: str
    values: tuple[str, ...]


class Range(msgspec.Struct, frozen=True):
    """`{"attribute": …, "operator": "in_range", "from": …, "to": …, "bounds": "[)"}`, of a version."""

    attribute: str
    low: str
    high: str
    bounds: str = BOUNDS[0]


class InList(msgspec.Struct, frozen=True):
    """`{"list": ID}`: the device or its user is a member of a named list."""

    list_id: str


Rule: TypeAlias = Everyone | All | AnyOf | Not | Condition | Range | InList
