"""Rules from and to JSON.

A rule is checked when it is saved, and the person learns of everything that is wrong with it at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from eden.base.errors import EdenError
from eden.base.targeting.language import (
    ATTRIBUTES,
    BOUNDS,
    MAX_DEPTH,
    MAX_LIST_ID,
    MAX_NODES,
    MAX_PATTERNS,
    MAX_TEXT,
    MAX_TOTAL_TEXT,
    MAX_VALUES,
    OPERATORS,
    All,
    AnyOf,
    Condition,
    Everyone,
    InList,
    Kind,
    Not,
    Operand,
    Range,
    Rule,
)
from eden.base.targeting.patterns import MAX_PLACES, TOO_MANY_PLACES, PatternError, check_pattern
from eden.base.targeting.versions import parse_version

#: Problems that are told; a person mends them from the top.
MAX_PROBLEMS = 100

#: the field that says what a rule is → the fields that may stand beside it
_SHAPES: dict[str, frozenset[str]] = {
    "all": frozenset(),
    "any": frozenset(),
    "not": frozenset(),
    "everyone": frozenset(),
    "list": frozenset(),
    "attribute": frozenset(("operator", "value", "values", "from", "to", "bounds")),
}
_OPERANDS: dict[Operand, frozenset[str]] = {
    Operand.ONE: frozenset(("value",)),
    Operand.MANY: frozenset(("values",)),
    Operand.RANGE: frozenset(("from", "to", "bounds")),
}
_LIST_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:-]*")
#: C0 and C1 controls: nobody sees them. Surrogates: no text, and the two languages would differ on them.
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong: where ("all[1].values[0]"; "" is the rule itself) and what to do, as a sentence."""

    path: str
    sentence: str


class RuleError(EdenError):
    """A value is no rule; `problems` has everything that is to be mended, in the order of the rule."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        told = " ".join(f"{problem.path or 'rule'}: {problem.sentence}" for problem in self.problems)
        super().__init__("rule-invalid", f"The rule cannot be used. {told}")


def parse(value: object) -> Rule:
    """The rule that a JSON value (dicts, lists, strings) is; RuleError if it is none."""
    reader = _Reader()
    rule = reader.rule(value, "", 1)
    if reader.problems:
        raise RuleError(reader.problems[:MAX_PROBLEMS])
    return rule


def dump(rule: Rule) -> dict[str, Any]:
    """The rule as JSON. Only objects, arrays, strings and `true`, so canonical JSON has it, signed or not."""
    match rule:
        case Everyone():
            return {"everyone": True}
        case All(rules):
            return {"all": [dump(part) for part in rules]}
        case AnyOf(rules):
            return {"any": [dump(part) for part in rules]}
        case Not(inner):
            return {"not": dump(inner)}
        case InList(list_id):
            return {"list": list_id}
        case Range(attribute, low, high, bounds):
            return {"attribute": attribute, "operator": "in_range", "from": low, "to": high, "bounds": bounds}
        case Condition(attribute, operator, values):
            head = {"attribute": attribute, "operator": operator}
            if OPERATORS[ATTRIBUTES[attribute]][operator] is Operand.ONE:
                return {**head, "value": values[0]}
            return {**head, "values": list(values)}


def list_ids(rule: Rule) -> frozenset[str]:
    """The lists that the rule speaks of."""
    match rule:
        case InList(list_id):
            return frozenset((list_id,))
        case All(rules) | AnyOf(rules):
            return frozenset().union(*map(list_ids, rules))
        case Not(inner):
            return list_ids(inner)
        case _:
            return frozenset()


def _join(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def _quoted(value: object) -> str:
    """A value in a sentence: short, and readable whatever it is."""
    if not isinstance(value, str):
        return "what is not a text"
    shown = "".join(char if char.isprintable() else "�" for char in value[:40])
    return f"“{shown}{'…' if len(value) > 40 else ''}”"


class _Reader:
    """One reading. What is wrong is noted and replaced, so that the rest is read too."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.nodes = 0
        self.text = 0
        self.patterns = 0
        self.places = 0

    def note(self, path: str, sentence: str) -> None:
        self.problems.append(Problem(path, sentence))

    def rule(self, value: object, path: str, depth: int) -> Rule:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            if self.nodes == MAX_NODES + 1:
                self.note("", f"It has more than {MAX_NODES} parts; use lists or split it.")
            return Everyone()
        if depth > MAX_DEPTH:
            self.note(path, f"It is nested more than {MAX_DEPTH} deep; write it flatter.")
            return Everyone()
        if not isinstance(value, dict):
            self.note(path, 'A rule is an object, such as {"everyone": true}.')
            return Everyone()
        shapes = [name for name in _SHAPES if name in value]
        if len(shapes) != 1:
            have = f"It has {' and '.join(shapes)}" if shapes else f"It has none of {', '.join(_SHAPES)}"
            self.note(path, f"{have}; write exactly one of them, and put rules inside each other with all and any.")
            return Everyone()
        shape = shapes[0]
        for field in value:
            if field != shape and field not in _SHAPES[shape]:
                self.note(_join(path, str(field)), f"Remove {_quoted(field)}; it is no part of a rule with {shape}.")
        content, at = value[shape], _join(path, shape)
        match shape:
            case "all":
                return All(self.rules(content, at, depth))
            case "any":
                return AnyOf(self.rules(content, at, depth))
            case "not":
                return Not(self.rule(content, at, depth + 1))
            case "everyone":
                if content is not True:
                    self.note(at, 'Write true; for nobody, write {"not": {"everyone": true}}.')
                return Everyone()
            case "list":
                return self.in_list(content, at)
        return self.condition(value, path)

    def rules(self, value: object, path: str, depth: int) -> tuple[Rule, ...]:
        if not isinstance(value, list) or not value:
            self.note(path, "Write a list with at least one rule.")
            return ()
        rules = []
        for index, part in enumerate(value):
            if self.nodes > MAX_NODES:
                break
            rules.append(self.rule(part, f"{path}[{index}]", depth + 1))
        return tuple(rules)

    def in_list(self, value: object, path: str) -> Rule:
        if not (isinstance(value, str) and len(value) <= MAX_LIST_ID and _LIST_ID.fullmatch(value)):
            self.note(path, f"Write the id of a list: letters, digits and . _ : -, at most {MAX_LIST_ID} characters.")
            return Everyone()
        return InList(value)

    def condition(self, value: dict[str, object], path: str) -> Rule:
        attribute, operator = value["attribute"], value.get("operator")
        kind = ATTRIBUTES.get(attribute) if isinstance(attribute, str) else None
        if kind is None or not isinstance(attribute, str):
            known = ", ".join(ATTRIBUTES)
            self.note(_join(path, "attribute"), f"No attribute is {_quoted(attribute)}; take one of {known}.")
            return Everyone()
        operators = OPERATORS[kind]
        if not isinstance(operator, str) or operator not in operators:
            have = "It has no operator" if operator is None else f"{_quoted(operator)} does not work on {attribute}"
            self.note(_join(path, "operator"), f"{have}; take one of {', '.join(operators)}.")
            return Everyone()
        operand = operators[operator]
        for field in sorted(_SHAPES["attribute"] - {"operator"} - _OPERANDS[operand]):
            if field in value:
                wanted = {"value": "value", "values": "values", "range": "from and to"}[operand.value]
                self.note(_join(path, field), f"Remove “{field}”; {operator} takes {wanted}.")
        if operand is Operand.RANGE:
            return self.range(attribute, value, path)
        if operand is Operand.ONE:
            values = self.texts([value["value"]], path, "value", kind) if "value" in value else ()
            if "value" not in value:
                self.note(_join(path, "value"), f"Write the value that {attribute} is compared with.")
            return Condition(attribute, operator, values)
        many = value.get("values")
        at = _join(path, "values")
        if not isinstance(many, list) or not many:
            self.note(at, "Write a list with at least one text.")
        elif len(many) > MAX_VALUES:
            self.note(at, f"It has more than {MAX_VALUES} values; make a list of them and use that.")
        elif operator == "matches":
            return Condition(attribute, operator, self.pattern_texts(many, path))
        else:
            return Condition(attribute, operator, self.texts(many, path, "values", kind))
        return Everyone()

    def texts(self, values: list[object], path: str, field: str, kind: Kind) -> tuple[str, ...]:
        """The values, each once."""
        good: dict[str, None] = {}
        for index, value in enumerate(values):
            at = _join(path, field if field != "values" else f"values[{index}]")
            if (text := self.checked(value, at)) is None:
                continue
            if kind is Kind.VERSION and not self.version(text, at):
                continue
            good[text] = None
        return tuple(good)

    def pattern_texts(self, values: list[object], path: str) -> tuple[str, ...]:
        good: dict[str, None] = {}
        for index, value in enumerate(values):
            at = _join(path, f"values[{index}]")
            self.patterns += 1
            if self.patterns == MAX_PATTERNS + 1:
                self.note(at, f"A rule has at most {MAX_PATTERNS} patterns; join some with |, or use lists.")
            if self.patterns > MAX_PATTERNS or (text := self.checked(value, at)) is None:
                continue
            try:
                before, self.places = self.places, self.places + check_pattern(text)
            except PatternError as error:
                self.note(at, str(error))
            else:
                if before <= MAX_PLACES < self.places:
                    self.note(at, TOO_MANY_PLACES)
            good[text] = None
        return tuple(good)

    def range(self, attribute: str, value: dict[str, object], path: str) -> Rule:
        ends: list[str] = []
        for field in ("from", "to"):
            at = _join(path, field)
            if field not in value:
                self.note(at, "Write both ends, from and to; for one end only, use >= or <.")
            elif (text := self.checked(value[field], at)) is not None and self.version(text, at):
                ends.append(text)
        bounds = value.get("bounds", BOUNDS[0])
        if not isinstance(bounds, str) or bounds not in BOUNDS:
            self.note(_join(path, "bounds"), f"Write one of {' '.join(BOUNDS)}; a square bracket includes the end.")
            return Everyone()
        if len(ends) < 2:
            return Everyone()
        low, high = map(parse_version, ends)
        if low is not None and high is not None and (low > high or (low == high and bounds != "[]")):
            self.note(_join(path, "to"), "No version is in this range; let it end above its beginning.")
        return Range(attribute, ends[0], ends[1], bounds)

    def version(self, text: str, path: str) -> bool:
        if parse_version(text) is not None:
            return True
        self.note(path, f"{_quoted(text)} is not a version; write one to four numbers, such as 2.3.0 or 2.3.0-beta.1.")
        return False

    def checked(self, value: object, path: str) -> str | None:
        """The text that a value is; None, and the problem noted, if it cannot be compared with."""
        if not isinstance(value, str) or not value:
            self.note(path, "Write a text that is not empty.")
        elif len(value) > MAX_TEXT:
            self.note(path, f"It has more than {MAX_TEXT} characters; shorten it.")
        elif _INVISIBLE.search(value) or _SURROGATE.search(value):
            self.note(path, "It has control characters or half characters in it; remove them.")
        else:
            before, self.text = self.text, self.text + len(value)
            if before <= MAX_TOTAL_TEXT < self.text:
                self.note("", f"Its values have more than {MAX_TOTAL_TEXT} characters together; use lists.")
            return value
        return None


__all__ = ["MAX_PROBLEMS", "Problem", "RuleError", "dump", "list_ids", "parse"]
