"""Every question answered the slow way, in plain Python, from lists of rows: what the events store's answers are
compared with. Nothing here is shared with the code under test but the questions and the shapes of their answers.

Rows are dictionaries with all columns; `ms` is the time in milliseconds.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from eden.observe.questions import interfaces as ask
from eden.observe.questions.results import OTHER

Row = dict[str, Any]
Key = tuple[str, ...]
_TEXTS = ask.TEXTS
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


# properties and filters


def text(row: Row, name: str) -> str:
    if name in _TEXTS:
        return str(row.get(name, ""))
    if name == "code":
        return str(row["code"] or "")
    value: Any = row["value"] if name == "value" else row["props"]
    if name != "value":
        for part in name.split(".")[1:]:
            value = value.get(part) if isinstance(value, dict) else None
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def number(row: Row, name: str) -> float | None:
    if name == "value":
        return None if row["value"] is None else float(row["value"])
    if name == "code":
        return float(row["code"])
    found = text(row, name)
    return float(found) if NUMBER.fullmatch(found) else None


def holds(row: Row, one: ask.AnyFilter, people: dict[str, Any], everything: Sequence[Row], now: int) -> bool:
    if isinstance(one, ask.InCohort):
        inside = row["person"] != "" and belongs(row["person"], one.cohort, people, everything, now)
        return inside == one.inside
    name = one.property
    if name.startswith("person."):
        row, name = {"props": people.get(row["person"], {})}, "props." + name.removeprefix("person.")
    found = text(row, name)
    texts = [value for value in one.values if isinstance(value, str)]
    operator = one.operator.removesuffix("_not")
    if one.operator in ("set", "not_set"):
        return (found != "") == (one.operator == "set")
    if operator in ("is", "contains", "matches"):
        if operator == "is":
            has = found in texts or number(row, name) in [value for value in one.values if not isinstance(value, str)]
        elif operator == "contains":
            has = any(value.lower() in found.lower() for value in texts)
        else:
            has = any(re.search(value, found) for value in texts)
        return has != one.operator.endswith("_not")
    measured = number(row, name)
    if measured is None:
        return False
    limits = [float(value) for value in one.values]
    return {
        "gt": lambda: measured > limits[0],
        "gte": lambda: measured >= limits[0],
        "lt": lambda: measured < limits[0],
        "lte": lambda: measured <= limits[0],
        "between": lambda: limits[0] <= measured <= limits[1],
    }[one.operator]()


def belongs(person: str, condition: ask.Condition, people: dict[str, Any], rows: Sequence[Row], now: int) -> bool:
    def again(one: ask.Condition) -> bool:
        return belongs(person, one, people, rows, now)

    if isinstance(condition, ask.Did):
        end = now // 1000 + 1
        done = [
            row
            for row in rows
            if row["person"] == person and end - condition.days * 86_400_000 <= row["ms"] < end
            if among(row, condition.events, people, rows, now)
        ]
        times = len(distinct(done))
        return times >= condition.at_least and (condition.at_most is None or times <= condition.at_most)
    if isinstance(condition, ask.Has):
        return holds({"person": person}, condition.filter, people, rows, now)
    if isinstance(condition, ask.AllOf):
        return all(again(one) for one in condition.conditions)
    if isinstance(condition, ask.AnyOf):
        return any(again(one) for one in condition.conditions)
    return not again(condition.condition)


def among(row: Row, events: ask.Events, people: dict[str, Any], rows: Sequence[Row], now: int) -> bool:
    named = not events.names or row["name"] in events.names
    return named and all(holds(row, one, people, rows, now) for one in events.filters)


def distinct(rows: Iterable[Row], key: Callable[[Row], Any] = lambda row: None) -> list[Row]:
    """Without the second and later ones of an id within a key; 0 is no id."""
    seen, found = set(), []
    for row in rows:
        mark = (key(row), row["id"])
        if row["id"] == 0 or mark not in seen:
            found.append(row)
        seen.add(mark)
    return found


# time


def interval(ms: int, unit: str, zone: str) -> tuple[Any, ...]:
    """What the clock on the wall shows, as far as the interval is told by it."""
    local = datetime.fromtimestamp(ms / 1000, ZoneInfo(zone))
    if unit == "day":
        return (local.date(),)
    if unit == "week":
        return (local.date() - timedelta(days=local.weekday()),)
    if unit == "month":
        return (local.year, local.month)
    shown = (local.date(), local.hour, local.utcoffset())
    return (*shown, local.minute) if unit == "minute" else shown


def range_of(period: ask.Period, now: int) -> tuple[int, int]:
    """Milliseconds of periods that are given by two moments."""
    assert period.since is not None
    since = math.ceil(period.since.timestamp() * 1000)
    return since, now // 1000 + 1 if period.until is None else math.ceil(period.until.timestamp() * 1000)


class World:
    """The rows of one app. `errors` have `fatal`."""

    def __init__(self, rows: Sequence[Row], people: dict[str, Any], now: int, errors: Sequence[Row] = ()) -> None:
        self.rows, self.people, self.now, self.errors = rows, people, now, errors

    def asked(self, question: ask.Common, rows: Sequence[Row] | None = None) -> list[Row]:
        since, until = range_of(question.period, self.now)
        return [
            row for row in (self.rows if rows is None else rows)
            if since <= row["ms"] < until
            and all(holds(row, one, self.people, self.rows, self.now) for one in question.filters)
        ]  # fmt: skip

    def among(self, row: Row, events: ask.Events) -> bool:
        return among(row, events, self.people, self.rows, self.now)


# the questions


def top_keys(rows: Sequence[Row], by: Sequence[str], top: int) -> Callable[[Row], Key]:
    """A row's key, with all but the most frequent under one."""
    counts = Counter(tuple(text(row, name) for name in by) for row in rows)
    shown = set(sorted(counts, key=lambda key: (-counts[key], key))[:top])

    def key(row: Row) -> Key:
        found = tuple(text(row, name) for name in by)
        return found if found in shown else (OTHER,) * len(by)

    return key


def percentile(numbers: Sequence[float], percent: float) -> float | None:
    ordered = sorted(numbers)
    return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)] if ordered else None


def measure(world: World, question: ask.Trend, rows: Sequence[Row], place: Callable[[Row], Any]) -> float | None:
    """Of rows; `place`: interval and group, in which an id counts once."""
    asked = question.measure
    upper = [row for row in rows if world.among(row, question.events)]
    lower = [row for row in rows if asked.over is not None and world.among(row, asked.over)]

    def persons(of: Sequence[Row], column: str = "person") -> int:
        return len({row[column] for row in of} - {""})

    def count(of: Sequence[Row]) -> int:
        return len(distinct(of, place))

    if asked.kind == "count":
        return count(upper)
    if asked.kind in ("persons", "devices", "sessions"):
        return persons(upper, asked.kind[:-1])
    if asked.kind == "per_person":
        known = [row for row in upper if row["person"]]
        return count(known) / persons(known) if known else None
    if asked.kind == "ratio":
        return count(upper) / count(lower) if lower else None
    if asked.kind == "person_ratio":
        return persons(upper) / persons(lower) if persons(lower) else None
    numbers = [one for row in distinct(upper, place) if (one := number(row, asked.of)) is not None]
    if asked.kind == "sum":
        return sum(numbers)
    if not numbers:
        return None
    if asked.kind == "percentile":
        return percentile(numbers, asked.percentile)
    return {"average": sum(numbers) / len(numbers), "minimum": min(numbers), "maximum": max(numbers)}[asked.kind]


def trend(world: World, question: ask.Trend, moments: Sequence[datetime]) -> dict[Key, list[float | None]]:
    """By group, a measure for each moment and, last, the total."""
    unit, zone = question.interval, question.period.zone
    lead = (question.rolling or 1) - 1
    asked = world.asked(question, world.rows)
    if lead:
        # also days before the period, whole ones
        _, until = range_of(question.period, world.now)
        first = moments[0].date() - timedelta(days=lead)
        asked = [
            row for row in world.rows
            if row["ms"] < until and interval(row["ms"], unit, zone)[0] >= first
            and all(holds(row, one, world.people, world.rows, world.now) for one in question.filters)
        ]  # fmt: skip
    rows = [
        row for row in asked
        if world.among(row, question.events) or (question.measure.over and world.among(row, question.measure.over))
    ]  # fmt: skip
    places = [interval(int(at.timestamp() * 1000), unit, zone) for at in moments]

    def of(row: Row) -> tuple[Any, ...]:
        return interval(row["ms"], unit, zone)

    by = question.breakdown.by if question.breakdown else ()

    def whole_key(row: Row) -> Any:
        return of(row), tuple(text(row, name) for name in by)

    key = top_keys(distinct(rows, whole_key), by, question.breakdown.top if question.breakdown else 1)
    groups: dict[Key, list[Row]] = defaultdict(list)
    if not by:
        groups[()] = []
    for row in rows:
        groups[key(row)].append(row)
    found: dict[Key, list[float | None]] = {}
    for name, members in groups.items():
        line: list[float | None] = []
        for index, place in enumerate(places):
            reach = set(places[: index + 1]) if question.cumulative else {place}
            reach |= {(place[0] - timedelta(days=days),) for days in range(1, lead + 1)}
            line.append(measure(world, question, [row for row in members if of(row) in reach], whole_key))
        found[name] = [*line, measure(world, question, members, whole_key)]
    return found


def funnel(world: World, question: ask.Funnel) -> dict[Key | None, list[tuple[int, float | None, float | None]]]:
    """By group (None: everybody) for each step: how many reached it, median and p90 of milliseconds since the one
    before."""
    steps = [step.events for step in question.steps]

    def may_be_one(one: ask.Events, other: ask.Events) -> bool:
        return not one.names or not other.names or bool(set(one.names) & set(other.names))

    loose = [not any(may_be_one(steps[index], one) for one in steps[:index]) for index in range(len(steps))]
    exclusions = question.exclusions
    ways: list[tuple[Key, list[int]]] = []
    people: dict[str, list[Row]] = defaultdict(list)
    for row in world.asked(question):
        if row[question.unit]:
            people[row[question.unit]].append(row)
    by = question.breakdown.by if question.breakdown else ()
    for rows in people.values():
        first_steps = steps if question.order == "unordered" else steps[:1]
        starts = [row for row in rows if any(world.among(row, one) for one in first_steps)]
        if not starts:
            continue

        def nearest(step: int, ms: int, rows: list[Row] = rows) -> int | None:
            """When an attempt at `ms` meets the step, the first time."""
            later: list[int] = sorted(
                {row["ms"] for row in rows if row["ms"] > ms or (loose[step] and row["ms"] == ms)}
            )
            for at in later:
                here = [row for row in rows if row["ms"] == at]
                met = any(world.among(row, steps[step]) for row in here)
                if question.order == "strict":
                    loud = [
                        row for row in here
                        if row["name"] not in ask.QUIET
                        or any(world.among(row, one) for one in [*steps, *(one.events for one in exclusions)])
                    ]  # fmt: skip
                    if met:
                        return at
                    if loud and at > ms:
                        return None
                    continue
                stops = any(
                    world.among(row, one.events)
                    for row in here if at > ms
                    for one in exclusions if one.after in (None, step)
                )  # fmt: skip
                if stops:
                    return None
                if met:
                    return at
            return None

        attempts: list[list[int]] = []
        if question.order == "unordered":
            attempts = [_unordered(world, question, rows, ms, may_be_one) for ms in {row["ms"] for row in starts}]
        for start in starts if question.order != "unordered" else ():
            way = [start["ms"]]
            for step in range(1, len(steps)):
                at = nearest(step, way[-1])
                within = question.steps[step].within
                if at is None or at - way[0] > question.window * 1000:
                    break
                if within is not None and at - way[-1] > within * 1000:
                    break
                way.append(at)
            attempts.append(way)
        # who gets furthest, first; of those that arrive together, who began last
        best = max(attempts, key=lambda way: (len(way), -way[-1], way[::-1]))
        touched = min((row["ms"], *(text(row, name) for name in by)) for row in starts)
        ways.append((tuple(touched[1:]), best))
    counts = Counter(key for key, _ in ways)
    top = question.breakdown.top if question.breakdown else 0
    shown = set(sorted(counts, key=lambda key: (-counts[key], key))[:top])
    groups: dict[Key | None, list[list[int]]] = defaultdict(list)
    for key, way in ways:
        groups[None].append(way)
        if by:
            groups[key if key in shown else (OTHER,) * len(by)].append(way)
    found: dict[Key | None, list[tuple[int, float | None, float | None]]] = {}
    for name, members in groups.items():
        found[name] = [(len(members), None, None)]
        for step in range(1, len(steps)):
            since = [way[step] - way[step - 1] for way in members if len(way) > step]
            found[name].append((len(since), percentile(since, 50), percentile(since, 90)))
    return found


def _unordered(
    world: World, question: ask.Funnel, rows: Sequence[Row], start: int, may_be_one: Callable[[Any, Any], bool]
) -> list[int]:
    """When an attempt that begins at `start` meets one step, another, …"""
    stops = [
        row["ms"] for row in rows
        if row["ms"] > start and any(world.among(row, one.events) for one in question.exclusions)
    ]  # fmt: skip
    taken: list[tuple[ask.Events, int]] = []
    for step in question.steps:
        used = {at for other, at in taken if may_be_one(step.events, other)}
        met = [
            row["ms"] for row in rows
            if start <= row["ms"] <= start + question.window * 1000 and row["ms"] < min(stops, default=math.inf)
            and row["ms"] not in used and world.among(row, step.events)
        ]  # fmt: skip
        if met:
            taken.append((step.events, min(met)))
    return sorted(at for _, at in taken)


def retention(world: World, question: ask.Retention, moments: Sequence[datetime]) -> list[tuple[int, list[int | None]]]:
    """By cohort: size, and how many came back so many intervals later."""
    unit, zone = question.interval, question.period.zone
    places = {interval(int(at.timestamp() * 1000), unit, zone): index for index, at in enumerate(moments)}
    since, until = range_of(question.period, world.now)
    started: dict[str, list[int]] = defaultdict(list)
    back: dict[str, set[int]] = defaultdict(set)
    for row in sorted(world.rows, key=lambda row: row["ms"]):
        who = row[question.unit]
        ok = who and row["ms"] < until and all(
            holds(row, one, world.people, world.rows, world.now) for one in question.filters
        )  # fmt: skip
        if not ok or (question.mode == "recurring" and row["ms"] < since):
            continue
        place = places.get(interval(row["ms"], unit, zone), -1) if row["ms"] >= since else -1
        if world.among(row, question.start):
            started[who].append(place)
        if world.among(row, question.back) and place >= 0:
            back[who].add(place)
    table: list[tuple[int, list[int | None]]] = []
    for index in range(len(moments)):
        cohort = [
            who for who, at in started.items()
            if (at[0] == index if question.mode == "first" else index in at)
        ]  # fmt: skip
        cells: list[int | None] = []
        for later in range(len(moments)):
            if index + later >= len(moments):
                cells.append(None)
            elif question.bounded:
                cells.append(sum(index + later in back[who] for who in cohort))
            else:
                cells.append(sum(any(at >= index + later for at in back[who]) for who in cohort))
        table.append((len(cohort), cells))
    return table


def paths(world: World, question: ask.Paths) -> Counter[tuple[int, str, str]]:
    """How many ways go from a node at a step (from 0) to the next ("": no further)."""
    column = "page" if question.by == "page" else "name"
    visits: dict[str, set[tuple[int, int, str]]] = defaultdict(set)
    for row in world.asked(question):
        if row[question.unit] and row[column] and world.among(row, question.events):
            visits[row[question.unit]].add((row["ms"], row["id"], row[column]))
    found: Counter[tuple[int, str, str]] = Counter()
    for visit in visits.values():
        way = [node for _, _, node in sorted(visit)]
        if question.collapse:
            way = [node for index, node in enumerate(way) if index == 0 or way[index - 1] != node]
        if question.end is not None:
            way.reverse()
        anchor = question.end if question.end is not None else question.start
        if anchor is not None:
            if anchor not in way:
                continue
            way = way[way.index(anchor) :]
        for step, node in enumerate(way[: question.steps]):
            found[step, node, way[step + 1] if step + 1 < len(way) else ""] += 1
    return found


def percentiles(world: World, question: ask.Percentiles, moments: Sequence[datetime]) -> dict[Any, list[float]]:
    """The numbers of everybody (None), of each group, and of each interval (its index)."""
    unit, zone = question.interval, question.period.zone
    by = question.breakdown.by if question.breakdown else ()
    rows = [
        row for row in world.asked(question)
        if world.among(row, question.events) and number(row, question.of) is not None
    ]  # fmt: skip
    key = top_keys(rows, by, question.breakdown.top if question.breakdown else 1)
    places = {interval(int(at.timestamp() * 1000), unit, zone): index for index, at in enumerate(moments) if unit}
    found: dict[Any, list[float]] = defaultdict(list)
    for row in rows:
        value = number(row, question.of)
        assert value is not None
        found[None].append(value)
        if by:
            found[key(row)].append(value)
        if unit:
            found[places[interval(row["ms"], unit, zone)]].append(value)
    return found


def cohort(world: World, question: ask.Cohort) -> dict[str, tuple[int, int]]:
    """Who belongs to it: milliseconds of the first and the last event."""
    found: dict[str, tuple[int, int]] = {}
    for row in world.rows:
        who = row["person"]
        kept = all(holds(row, one, world.people, world.rows, world.now) for one in question.filters)
        if who and kept and belongs(who, question.condition, world.people, world.rows, world.now):
            first, last = found.get(who, (row["ms"], row["ms"]))
            found[who] = min(first, row["ms"]), max(last, row["ms"])
    return found


def version(world: World, question: ask.Common, by: Callable[[Row], str]) -> dict[str | None, dict[str, Any]]:
    """By group ("" is none, None all): what is counted of it."""
    rows, errors = world.asked(question), world.asked(question, world.errors)
    groups: set[str | None] = {None, *(by(row) for row in rows)}
    found: dict[Any, dict[str, Any]] = {}
    for group in groups:
        mine = [row for row in rows if group is None or by(row) == group]
        faults = [row for row in errors if group is None or by(row) == group]
        fatal = [row for row in faults if row["fatal"]]
        # as in roll-ups, what came twice counts twice
        starts = [row for row in mine if row["name"] == "$launch"]
        calls = [row for row in mine if row["name"] == "$request"]
        failed = [row for row in calls if text(row, "props.failure") or (number(row, "props.status") or 0) >= 400]
        times = [row["value"] for row in starts if row["value"] is not None]
        found[group] = {
            "persons": len({row["person"] for row in mine} - {""}),
            "sessions": len({row["session"] for row in mine} - {""}),
            "launches": len(starts),
            "crashes": len(fatal),
            "errors": len(faults),
            "crashed_persons": len({row["person"] for row in fatal} - {""}),
            "crashed_sessions": len({row["session"] for row in fatal} - {""}),
            "requests": len(calls),
            "failed": len(failed),
            "times": sorted(times),
            "white_screens": sum(row["name"] == "$white_screen" for row in mine),
        }
    return found


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
