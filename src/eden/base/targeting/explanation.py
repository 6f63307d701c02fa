"""Rules and decisions in words: "in 杭州 or 上海, and app version at least 2.3.0"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from eden.base.targeting.evaluation import Context, compile_rule
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
from eden.base.targeting.versions import parse_version
from eden.base.targeting.words import Words, words_for

#: Values that are written out; the rest is counted.
SHOWN = 6
#: what may stand in a sentence without quotation marks, besides letters and digits
_PLAIN = frozenset("._-+")
#: where a value or a name begins and ends; what cannot be seen never comes from values themselves
_SEAM = re.compile("\x00+")
_MIXED_SEAM = re.compile("(?<=[\u4e00-\u9fff])\x00+(?=[0-9A-Za-z])|(?<=[0-9A-Za-z])\x00+(?=[\u4e00-\u9fff])")
_NO_NAMES: Mapping[str, str] = {}


class Trace(msgspec.Struct, frozen=True):
    """Why a rule holds for a device or not: one node for each rule of the tree, all of them evaluated.

    `actual` is what the device has for the attribute of a condition (of tags, all of them in order), or None where it
    is not known or there is no attribute. `parts` are the rules inside.
    """

    rule: Rule
    held: bool
    actual: str | tuple[str, ...] | None = None
    parts: tuple[Trace, ...] = ()


def explain(rule: Rule, locale: str = "en", list_names: Mapping[str, str] = _NO_NAMES) -> str:
    """The rule in words. `locale` is "en" or "zh" (or "zh-CN"); lists are called by `list_names`, else by their id."""
    return _settle(_Voice(words_for(locale), list_names).rule(rule))


def trace(rule: Rule, context: Context) -> Trace:
    """Which conditions hold for the context and which do not."""
    match rule:
        case All(rules):
            parts = tuple(trace(part, context) for part in rules)
            return Trace(rule, all(part.held for part in parts), parts=parts)
        case AnyOf(rules):
            parts = tuple(trace(part, context) for part in rules)
            return Trace(rule, any(part.held for part in parts), parts=parts)
        case Not(inner):
            part = trace(inner, context)
            return Trace(rule, not part.held, parts=(part,))
        case Condition(attribute) | Range(attribute):
            actual = getattr(context, attribute)
            if ATTRIBUTES[attribute] is Kind.SET:
                actual = tuple(sorted(actual))
            return Trace(rule, compile_rule(rule)(context), actual)
        case _:
            return Trace(rule, compile_rule(rule)(context))


def explain_trace(trace: Trace, locale: str = "en", list_names: Mapping[str, str] = _NO_NAMES) -> str:
    """One line for one node: "in 杭州: no, city is 北京". The nodes inside have lines of their own."""
    words = words_for(locale)
    voice = _Voice(words, list_names)
    match trace.rule:
        case All():
            told = words.reasons["all"]
        case AnyOf():
            told = words.reasons["any"]
        case Not():
            told = words.reasons["not"]
        case _:
            told = voice.rule(trace.rule)
    answer = "yes" if trace.held else "no"
    if reason := voice.reason(trace):
        return _settle(words.reasons[f"{answer}, because"].format(rule=told, reason=reason))
    return _settle(words.reasons[answer].format(rule=told))


def _settle(text: str) -> str:
    """The sentence, with a space at every seam where Chinese and Latin characters meet."""
    return _SEAM.sub("", _MIXED_SEAM.sub(" ", text))


class _Voice:
    def __init__(self, words: Words, list_names: Mapping[str, str]) -> None:
        self.words = words
        self.list_names = list_names

    def rule(self, rule: Rule) -> str:
        words = self.words
        match rule:
            case Everyone():
                return words.phrases["everyone"]
            case All((only,)) | AnyOf((only,)):
                return self.rule(only)
            case All(rules):
                return words.rules_and.join(map(self.part, rules))
            case AnyOf(rules):
                return words.rules_or.join(map(self.part, rules))
            case Not(inner):
                return words.phrases["not"].format(rule=self.bracketed(inner))
            case InList(list_id):
                return words.phrases["list"].format(value=self.value(self.list_names.get(list_id, list_id)))
            case Range(attribute, low, high, bounds):
                return words.ranges[bounds].format(name=self.name(attribute), low=f"\0{low}\0", high=f"\0{high}\0")
            case Condition(attribute, operator, values):
                phrase = words.conditions.get(f"{attribute} {operator}") or words.conditions[operator]
                series = self.both(values, quoted=operator == "matches")
                return phrase.format(name=self.name(attribute), **series)

    def part(self, rule: Rule) -> str:
        """A rule among others: in brackets if it is several itself."""
        several = isinstance(rule, All | AnyOf) and len(rule.rules) > 1
        return self.bracketed(rule) if several else self.rule(rule)

    def bracketed(self, rule: Rule) -> str:
        opening, closing = self.words.brackets
        return f"{opening}{self.rule(rule)}{closing}"

    def both(self, values: Sequence[str], quoted: bool = False) -> dict[str, str]:
        """The values in a row, with "and" and with "or" before the last."""
        row = [self.value(value, quoted) for value in values[:SHOWN]]
        if len(values) > SHOWN:
            row.append(self.words.phrases["more"].format(count=len(values) - SHOWN))
        *others, end = row
        if not others:
            return {"and": end, "or": end}
        start, words = self.words.comma.join(others), self.words
        return {"and": f"{start}{words.last_and}{end}", "or": f"{start}{words.last_or}{end}"}

    def value(self, text: str, quoted: bool = False) -> str:
        """A value, in quotation marks unless it is one plain word; what cannot be seen is written as \\u{…}."""
        shown = "".join(char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in text)
        if not text or quoted or not all(char.isalnum() or char in _PLAIN for char in text):
            opening, closing = self.words.quotes
            shown = f"{opening}{shown}{closing}"
        return f"\0{shown}\0"

    def name(self, attribute: str) -> str:
        return f"\0{self.words.attributes[attribute]}\0"

    def reason(self, trace: Trace) -> str | None:
        """What the device has; None where the rule says it all."""
        rule, actual, reasons = trace.rule, trace.actual, self.words.reasons
        if not isinstance(rule, Condition | Range):
            return None
        name = self.name(rule.attribute)
        if isinstance(actual, tuple):
            return reasons["tags"].format_map(self.both(actual)) if actual else reasons["no tags"]
        if actual is None:
            return reasons["unknown"].format(name=name)
        if ATTRIBUTES[rule.attribute] is Kind.VERSION and parse_version(actual) is None:
            return reasons["unreadable"].format(value=self.value(actual, quoted=True))
        return reasons["is"].format(name=name, value=self.value(actual))
