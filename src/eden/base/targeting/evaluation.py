"""Whether a rule holds for one device: rules made into functions.

A condition on an attribute that is not there is false, also a negative one ("not_one_of", "!="); `not` around it is
therefore true. The same goes for a version that cannot be read. Texts are compared by code point: case counts, and
nothing is normalised. Nothing here raises, whatever the device says.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Container
from typing import TypeAlias

import msgspec

from eden.base.targeting.language import (
    ATTRIBUTES,
    All,
    AnyOf,
    Condition,
    Everyone,
    InList,
    Kind,
    Not,
    Range,
    Rule,
)
from eden.base.targeting.patterns import compile_patterns
from eden.base.targeting.versions import Version, parse_version


class Context(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of a device and its user; None is not known. Tags are a set and always known.

    `lists` are the ids of the lists that they are on: a set, or anything that answers `in`, such as `Membership`.
    """

    city: str | None = None
    device_model: str | None = None
    platform: str | None = None
    os_version: str | None = None
    app_version: str | None = None
    container_version: str | None = None
    network: str | None = None
    language: str | None = None
    channel: str | None = None
    tags: frozenset[str] = frozenset()
    user_id: str | None = None
    device_id: str | None = None
    lists: Container[str] = frozenset()


class Membership:
    """A function of a list's id as the `lists` of a context: asked only for the lists that a rule comes to."""

    __slots__ = ("_is_member",)

    def __init__(self, is_member: Callable[[str], bool]) -> None:
        self._is_member = is_member

    def __contains__(self, list_id: object) -> bool:
        return isinstance(list_id, str) and self._is_member(list_id)


Decide: TypeAlias = Callable[[Context], bool]
_Get: TypeAlias = Callable[[Context], str | None]


def compile_rule(rule: Rule) -> Decide:
    """A function that says whether a rule of `parse` holds for a context; make it once, call it often."""
    match rule:
        case Everyone():
            return lambda context: True
        case All(rules):
            return _all(tuple(map(compile_rule, rules)))
        case AnyOf(rules):
            return _any(tuple(map(compile_rule, rules)))
        case Not(inner):
            decide = compile_rule(inner)
            return lambda context: not decide(context)
        case InList(list_id):
            return lambda context: list_id in context.lists
        case Range():
            return _range(rule)
        case Condition(attribute, name, values):
            match ATTRIBUTES[attribute]:
                case Kind.SET:
                    return _tags(name, frozenset(values))
                case Kind.VERSION:
                    return _version(operator.attrgetter(attribute), name, values)
                case Kind.TEXT:
                    return _text(operator.attrgetter(attribute), name, values)


def _all(parts: tuple[Decide, ...]) -> Decide:
    def decide(context: Context) -> bool:
        for part in parts:  # noqa: SIM110  all() over a generator takes twice as long
            if not part(context):
                return False
        return True

    return decide


def _any(parts: tuple[Decide, ...]) -> Decide:
    def decide(context: Context) -> bool:
        for part in parts:  # noqa: SIM110
            if part(context):
                return True
        return False

    return decide


def _text(get: _Get, name: str, values: tuple[str, ...]) -> Decide:
    among = frozenset(values)
    match name:
        case "equals":
            (only,) = values
            return lambda context: get(context) == only
        case "one_of":
            return lambda context: get(context) in among
        case "not_one_of":
            return _if_known(get, lambda text: text not in among)
        case "prefix":
            return _if_known(get, lambda text: text.startswith(values))
        case "suffix":
            return _if_known(get, lambda text: text.endswith(values))
        case "contains":
            return _if_known(get, lambda text: any(value in text for value in values))
        case _:
            return _if_known(get, compile_patterns(values))


def _if_known(get: _Get, test: Callable[[str], bool]) -> Decide:
    def decide(context: Context) -> bool:
        text = get(context)
        return text is not None and test(text)

    return decide


_COMPARISONS: dict[str, Callable[[Version, Version], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def _version(get: _Get, name: str, values: tuple[str, ...]) -> Decide:
    versions = tuple(map(_known, values))
    if name in ("one_of", "not_one_of"):
        among, wanted = frozenset(versions), name == "one_of"

        def decide_among(context: Context) -> bool:
            version = parse_version(get(context))
            return version is not None and (version in among) is wanted

        return decide_among
    compare, (limit,) = _COMPARISONS[name], versions

    def decide(context: Context) -> bool:
        version = parse_version(get(context))
        return version is not None and compare(version, limit)

    return decide


def _range(rule: Range) -> Decide:
    get: _Get = operator.attrgetter(rule.attribute)
    low, high = _known(rule.low), _known(rule.high)
    above = operator.ge if rule.bounds[0] == "[" else operator.gt
    below = operator.le if rule.bounds[1] == "]" else operator.lt

    def decide(context: Context) -> bool:
        version = parse_version(get(context))
        return version is not None and above(version, low) and below(version, high)

    return decide


def _known(text: str) -> Version:
    """A version of the rule itself, which `parse` has read before."""
    version = parse_version(text)
    if version is None:
        raise ValueError(f"{text!r} is not a version; make rules with parse().")
    return version


def _tags(name: str, values: frozenset[str]) -> Decide:
    if name == "has_all":
        return lambda context: values <= context.tags
    if name == "has_any":
        return lambda context: not values.isdisjoint(context.tags)
    return lambda context: values.isdisjoint(context.tags)
