"""Making SQL of questions: every text that somebody wrote becomes a parameter.

The one exception are names of properties, which are identifiers: their parts are put between backticks, with
backslashes and backticks escaped, as ClickHouse reads them back.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import msgspec

from eden.base.problems import Problem
from eden.observe.questions.interfaces import (
    NUMBERS,
    TEXTS,
    AllOf,
    AnyFilter,
    AnyOf,
    Condition,
    Did,
    Events,
    Filter,
    Has,
    InCohort,
)
from eden.observe.questions.times import Range

R = TypeVar("R")

#: a kind of row that has no id is counted each time; one that has, once
COUNT = "uniqExactIf(id, id != 0) + countIf(id = 0)"
#: what is the same for rows that came twice
SAME = "if(id = 0, sipHash64(rowNumberInAllBlocks()), id)"
_OPPOSITES = {"is_not": "is", "contains_not": "contains", "matches_not": "matches", "not_set": "set"}
_COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_DAY_MS = 86_400_000


class Statement(msgspec.Struct, frozen=True):
    """SQL with {name:Type} in place of values."""

    name: str
    sql: str
    parameters: dict[str, Any]


#: rows of an answer in the order of the statement's columns
Rows: TypeAlias = Sequence[Sequence[Any]]
#: a question being answered: gives statements, takes their rows, in the end the result; pure
Asking: TypeAlias = Generator[Sequence[Statement], Sequence[Rows], R]


@dataclass
class Build:
    """One statement in the making. `now` in microseconds."""

    app: int
    now: int
    parameters: dict[str, Any] = field(default_factory=dict)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)

    def done(self, name: str, sql: str) -> Statement:
        return Statement(name, sql, dict(self.parameters))

    def bind(self, value: Any, kind: str) -> str:
        """A place for the value; the same value has one place."""
        key = (kind, repr(value))
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"p{len(self.parameters)}"
            self.parameters[name] = list(value) if isinstance(value, tuple) else value
        return f"{{{name}:{kind}}}"

    # rows

    def of_app(self) -> str:
        return f"app = {self.bind(self.app, 'UInt32')}"

    def within(self, found: Range) -> str:
        since, until = found.milliseconds
        return self._between(since, until)

    def _between(self, since: int, until: int) -> str:
        return (
            f"at >= fromUnixTimestamp64Milli({self.bind(since, 'Int64')})"
            f" AND at < fromUnixTimestamp64Milli({self.bind(until, 'Int64')})"
        )

    def rows(self, found: Range, filters: Iterable[AnyFilter], *more: str) -> str:
        """The condition on rows of events."""
        return conjunction([self.of_app(), self.within(found), *more, *(self.condition(one) for one in filters)])

    def once(self, number: str, columns: Mapping[str, str], where: str) -> str:
        """A SELECT of `columns` (SQL by name) and `number` of events; what came twice within the columns is there once,
        any of it, for they are the same. Millions of ids go to the disk where memory is short, which those of
        `LIMIT 1 BY` do not."""
        shown = ", ".join(f"any({sql}) AS {name}" for name, sql in columns.items())
        key = f"sipHash64({', '.join([*columns.values(), SAME])})" if columns else SAME
        return (
            f"SELECT {shown}{', ' if columns else ''}any({number}) AS number FROM events WHERE {where} GROUP BY {key}"
        )

    def bucket(self, moments: Sequence[int], of: str = "at") -> str:
        """The last of the moments (seconds) that is not later than the row."""
        return f"roundDown(toUnixTimestamp({of}), {self.bind(tuple(moments), 'Array(UInt32)')})"

    def events(self, events: Events) -> str:
        """Whether a row is one of the events; "1" when every one is."""
        found = []
        if events.names:
            found.append(f"name IN {self.bind(tuple(sorted(set(events.names))), 'Array(String)')}")
        return conjunction([*found, *(self.condition(one) for one in events.filters)])

    # properties

    def text(self, name: str) -> str:
        """A property as text; empty when it is not set."""
        if name in TEXTS:
            return name
        if name == "code":
            return "if(code = 0, '', toString(code))"
        if name == "value":
            return "ifNull(toString(value), '')"
        if name.startswith("props."):
            return f"toString({_path(name)})"
        raise _unknown(name)

    def number(self, name: str) -> str:
        """A property as Nullable(Float64): a number, or a text that is one."""
        if name == "value":
            return "value"
        if name == "code":
            return "toNullable(toFloat64(code))"
        read = f"toFloat64OrNull(toString({self.text(name)}))"
        return f"if(isFinite({read}), {read}, NULL)"

    # conditions

    def condition(self, found: AnyFilter) -> str:
        if isinstance(found, InCohort):
            inside = f"(person != '' AND {self.belongs(found.cohort)})"
            return inside if found.inside else f"NOT {inside}"
        if found.property.startswith("person."):
            return self._of_person(found)
        opposite = _OPPOSITES.get(found.operator)
        if opposite is not None:
            return f"NOT ({self._holds(msgspec.structs.replace(found, operator=opposite))})"
        return f"({self._holds(found)})"

    def _holds(self, found: Filter) -> str:
        """The condition of an operator that is none of `_OPPOSITES`."""
        values = found.values
        texts = tuple(value for value in values if isinstance(value, str))
        if found.operator == "set":
            return f"{self.text(found.property)} != ''"
        if found.operator in _COMPARISONS or found.operator == "between":
            numbers = [_number(found, value) for value in values]
            if len(numbers) != (2 if found.operator == "between" else 1):
                count = "two numbers" if found.operator == "between" else "one number"
                raise _invalid(f"The filter on {found.property} takes {count}.")
            of = self.number(found.property)
            low = self.bind(numbers[0], "Float64")
            if found.operator == "between":
                return f"ifNull({of} BETWEEN {low} AND {self.bind(numbers[1], 'Float64')}, 0)"
            return f"ifNull({of} {_COMPARISONS[found.operator]} {low}, 0)"
        if not values:
            raise _invalid(f"The filter on {found.property} has no value.")
        if found.operator == "is":
            held = []
            if texts:
                held.append(f"{self.text(found.property)} IN {self.bind(texts, 'Array(String)')}")
            numbers = [value for value in values if not isinstance(value, str)]
            if numbers:
                held.append(
                    f"ifNull({self.number(found.property)} IN {self.bind(tuple(numbers), 'Array(Float64)')}, 0)"
                )
            return " OR ".join(held)
        if len(texts) != len(values) or "" in texts:
            raise _invalid(f"The filter on {found.property} takes text that is not empty.")
        text = self.text(found.property)
        if found.operator == "contains":
            return f"multiSearchAnyCaseInsensitiveUTF8({text}, {self.bind(texts, 'Array(String)')})"
        return " OR ".join(f"match({text}, {self.bind(value, 'String')})" for value in texts)

    def _of_person(self, found: Filter) -> str:
        """On what is known of the person; who is not known has nothing set."""
        opposite = _OPPOSITES.get(found.operator)
        held = msgspec.structs.replace(
            found, operator=opposite or found.operator, property="props." + found.property.removeprefix("person.")
        )
        known = f"SELECT key FROM people FINAL WHERE {self.of_app()} AND kind = 'person' AND ({self._holds(held)})"
        return f"person {'NOT IN' if opposite else 'IN'} ({known})"

    # people

    def belongs(self, condition: Condition) -> str:
        """Whether the person of a row, who has an id, meets a condition."""
        if isinstance(condition, Did):
            until = -(-(self.now + 1000) // 1000)
            when = self._between(until - condition.days * _DAY_MS, until)
            rows = conjunction([self.of_app(), when, "person != ''", self.events(condition.events)])
            often = ""
            if condition.at_least > 1 or condition.at_most is not None:
                most = 2**62 if condition.at_most is None else condition.at_most
                often = (
                    f" GROUP BY person HAVING {COUNT} BETWEEN {self.bind(condition.at_least, 'UInt64')}"
                    f" AND {self.bind(most, 'UInt64')}"
                )
            return f"person IN (SELECT person FROM events WHERE {rows}{often})"
        if isinstance(condition, Has):
            if not condition.filter.property.startswith("person."):
                raise _invalid("A property of people begins with person.")
            return self._of_person(condition.filter)
        if isinstance(condition, AllOf | AnyOf):
            word = " AND " if isinstance(condition, AllOf) else " OR "
            return "(" + word.join(self.belongs(one) for one in condition.conditions) + ")"
        return f"NOT ({self.belongs(condition.condition)})"


def only_common(filters: Iterable[AnyFilter]) -> tuple[AnyFilter, ...]:
    """The filters of a question about rows of several tables. Problem `invalid` for one on what only events have."""
    found = tuple(filters)
    for one in found:
        if isinstance(one, Filter) and (one.property in ("name", "value") or one.property.startswith("props.")):
            raise _invalid(f"This question is about errors, too, which have no {one.property}.", "Filter by a column.")
    return found


def conjunction(conditions: Iterable[str]) -> str:
    """All of them; "1" for none."""
    return " AND ".join(one for one in conditions if one != "1") or "1"


def disjunction(conditions: Sequence[str]) -> str:
    """One of them."""
    if "1" in conditions:
        return "1"
    different = list(dict.fromkeys(conditions))
    return different[0] if len(different) == 1 else "(" + " OR ".join(f"({one})" for one in different) + ")"


def quoted(name: str) -> str:
    """An identifier between backticks."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _path(name: str) -> str:
    """props.a.b → props.`a`.`b`"""
    first, *parts = name.split(".")
    return ".".join([first, *(quoted(part) for part in parts)])


def _number(found: Filter, value: str | float) -> float:
    try:
        return float(value)
    except ValueError:
        raise _invalid(f"The filter on {found.property} compares numbers; {value!r} is none.") from None


def _unknown(name: str) -> Problem:
    hint = f"There are {', '.join((*TEXTS, *NUMBERS))}, and those that begin with props. or person."
    return _invalid(f"There is no property {name}.", hint)


def _invalid(sentence: str, hint: str = "") -> Problem:
    return Problem("invalid", sentence, hint, errors=[("question", sentence)])
