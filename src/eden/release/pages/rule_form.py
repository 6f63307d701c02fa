"""Audience rules as rows of a form, and back.

A form has groups of conditions; the conditions of a group, and the groups, are joined by "all" or "any". That is what
people read at a glance; any other rule is edited as JSON, and one that fits into rows can be seen either way. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from eden.base.targeting import RuleError, parse
from eden.base.targeting.language import (
    ATTRIBUTES,
    BOUNDS,
    OPERATORS,
    All,
    AnyOf,
    Condition,
    InList,
    Operand,
    Range,
    Rule,
)
from eden.console.forms import Form

#: rows and groups that a form shows; longer rules are edited as JSON
MOST_ROWS = 40
#: the choice among attributes that is none: membership of a list
LIST = "list"

Match = Literal["all", "any"]


@dataclass
class Row:
    """One condition. `values`: one a line; `low`, `high`, `bounds` of a range; `list_id` with the attribute "list"."""

    attribute: str = "city"
    operator: str = "one_of"
    values: str = ""
    low: str = ""
    high: str = ""
    bounds: str = BOUNDS[0]
    list_id: str = ""

    @property
    def operators(self) -> tuple[str, ...]:
        """Those that work on the attribute."""
        kind = ATTRIBUTES.get(self.attribute)
        return () if kind is None else tuple(OPERATORS[kind])

    @property
    def operand(self) -> Literal["list", "value", "values", "range"]:
        """What is filled in."""
        if self.attribute not in ATTRIBUTES:
            return "list"
        return OPERATORS[ATTRIBUTES[self.attribute]][self.operator].value

    def settle(self) -> None:
        """Choose an operator that works on the attribute, after another one was chosen."""
        if self.attribute in ATTRIBUTES and self.operator not in self.operators:
            usual = (name for name in ("one_of", ">=", "has_any") if name in self.operators)
            self.operator = next(usual)


@dataclass
class Group:
    match: Match = "all"
    rows: list[Row] = field(default_factory=list)


@dataclass
class RuleForm:
    """`mode`: "everyone" without a rule, "rows", or "json" with `text`."""

    mode: Literal["everyone", "rows", "json"] = "everyone"
    match: Match = "all"
    groups: list[Group] = field(default_factory=list)
    text: str = ""


class NotARow(Exception):
    """The rule is valid but does not fit into rows."""


class NotJSON(Exception):
    """The text is not JSON."""


def read_rule(form: Form, prefix: str) -> RuleForm:
    """The rule of a form whose fields begin with the prefix ("step-0-")."""
    mode = form.one(f"{prefix}rule")
    groups = []
    for index in range(min(max(0, form.number(f"{prefix}groups")), MOST_ROWS)):
        start = f"{prefix}group-{index}-"
        places = (f"{start}row-{row}-" for row in range(min(max(0, form.number(f"{start}rows")), MOST_ROWS)))
        # only those that are there: a number of a few digits must not make rows by the thousand
        rows = [_read_row(form, place) for place in places if form.on(f"{place}attribute")]
        groups.append(Group(_match(form.one(f"{start}match")), rows))
    return RuleForm(
        mode="json" if mode == "json" else "rows" if mode == "rows" and groups else "everyone",
        match=_match(form.one(f"{prefix}match")),
        groups=groups,
        text=form.one(f"{prefix}json"),
    )


def _read_row(form: Form, prefix: str) -> Row:
    attribute = form.one(f"{prefix}attribute")
    row = Row(
        attribute=attribute if attribute in ATTRIBUTES else LIST,
        operator=form.one(f"{prefix}operator"),
        values=form.one(f"{prefix}values"),
        low=form.one(f"{prefix}low"),
        high=form.one(f"{prefix}high"),
        bounds=bounds if (bounds := form.one(f"{prefix}bounds")) in BOUNDS else BOUNDS[0],
        list_id=form.one(f"{prefix}list"),
    )
    row.settle()
    return row


def _match(text: str) -> Match:
    return "any" if text == "any" else "all"


def rule_json(rule: RuleForm) -> Any:
    """The rule for a plan, None without one. NotJSON for a text that cannot be read."""
    if rule.mode == "everyone":
        return None
    if rule.mode == "json":
        try:
            return json.loads(rule.text) if rule.text else None
        except (ValueError, RecursionError):
            raise NotJSON from None
    groups = [_group_json(group) for group in rule.groups if group.rows]
    if not groups:
        return None
    return groups[0] if len(groups) == 1 else {rule.match: groups}


def row_places(rule: RuleForm, prefix: str) -> Iterator[tuple[str, str]]:
    """For each row, where it is in `rule_json`, and what its fields' names begin with."""
    kept = [(index, group) for index, group in enumerate(rule.groups) if group.rows]
    for place, (index, group) in enumerate(kept):
        outer = f"{rule.match}[{place}]" if len(kept) > 1 else ""
        for number in range(len(group.rows)):
            inner = f"{group.match}[{number}]" if len(group.rows) > 1 else ""
            yield ".".join(part for part in (outer, inner) if part), f"{prefix}group-{index}-row-{number}-"


def _group_json(group: Group) -> dict[str, Any]:
    rows = [_row_json(row) for row in group.rows]
    return rows[0] if len(rows) == 1 else {group.match: rows}


def _row_json(row: Row) -> dict[str, Any]:
    if row.operand == "list":
        return {"list": row.list_id}
    head: dict[str, Any] = {"attribute": row.attribute, "operator": row.operator}
    if row.operand == "range":
        return {**head, "from": row.low, "to": row.high, "bounds": row.bounds}
    if row.operand == "value":
        return {**head, "value": row.values}
    return {**head, "values": lines(row.values)}


def lines(text: str) -> list[str]:
    """What stands on the lines of a field, without empty ones."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def rule_form(value: Any) -> RuleForm:
    """The form of a rule of a plan: rows when it fits, else JSON."""
    if value is None:
        return RuleForm()
    try:
        return as_rows(value)
    except (NotARow, RuleError):
        return as_json(value)


def as_json(value: Any) -> RuleForm:
    return RuleForm(mode="json", text="" if value is None else json.dumps(value, indent=2, ensure_ascii=False))


def as_rows(value: Any) -> RuleForm:
    """NotARow when the rule does not fit, RuleError when it is none."""
    if value is None:
        return RuleForm(mode="rows", groups=[Group(rows=[Row()])])
    rule = parse(value)
    match rule:
        case All(rules) | AnyOf(rules) if any(isinstance(part, All | AnyOf) for part in rules):
            groups = [_group(part) for part in rules]
            made = RuleForm(mode="rows", match=_joined(rule), groups=groups)
        case _:
            made = RuleForm(mode="rows", groups=[_group(rule)])
    if sum(len(group.rows) for group in made.groups) > MOST_ROWS:
        raise NotARow
    return made


def _group(rule: Rule) -> Group:
    match rule:
        case All(rules) | AnyOf(rules):
            return Group(_joined(rule), [_row(part) for part in rules])
        case _:
            return Group("all", [_row(rule)])


def _joined(rule: Rule) -> Match:
    return "any" if isinstance(rule, AnyOf) else "all"


def _row(rule: Rule) -> Row:
    match rule:
        case InList(list_id):
            return Row(attribute=LIST, list_id=list_id)
        case Range(attribute, low, high, bounds):
            return Row(attribute=attribute, operator="in_range", low=low, high=high, bounds=bounds)
        case Condition(attribute, operator, values):
            one = OPERATORS[ATTRIBUTES[attribute]][operator] is Operand.ONE
            text = values[0] if one else "\n".join(values)
            # what a line of a form cannot hold
            if any(value != value.strip() or not value or len(value.splitlines()) > 1 for value in values):
                raise NotARow
            return Row(attribute=attribute, operator=operator, values=text)
        case _:
            raise NotARow
