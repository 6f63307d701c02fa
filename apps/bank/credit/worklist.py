"""The officer's list: the line moves by itself, and a person sees only what needs one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from bank.credit.applications import Case


class Item(Struct, frozen=True):
    """A case that waits for a person. `left`: µs until its deadline, below 0 when it has passed."""

    case: Case
    amount: int
    left: int
    is_late: bool


class Line(Struct, frozen=True):
    """The line at a moment: cases at each station, how many of them are late, how many moved without a person."""

    stations: dict[str, int]
    late: dict[str, int]
    rework: int
    untouched: int
    ended: int


class Officer(Struct, frozen=True):
    """`most`: cases that one officer has at a time."""

    name: str
    skills: tuple[str, ...]
    most: int = 5


def waiting(cases: Iterable[Case], now: int, amounts: Mapping[str, int] | None = None) -> list[Item]:
    """What waits for an officer: the nearest deadline first, then the larger amount, then the older."""
    amounts = amounts or {}
    items = []
    for case in cases:
        if case.queue == "officer" and case.deadline is not None:
            left = case.deadline - now
            items.append(Item(case, amounts.get(case.id, 0), left, left < 0))
    return sorted(items, key=lambda item: (item.left, -item.amount, item.case.since, item.case.id))


def assign(items: Sequence[Item], officers: Sequence[Officer]) -> dict[str, str]:
    """Who should take what nobody has: case → officer. Each goes to the least busy who has the skill and room."""
    busy = Counter(item.case.owner for item in items if item.case.owner)
    given: dict[str, str] = {}
    for item in items:
        if item.case.owner:
            continue
        free = [who for who in officers if item.case.skill in who.skills and busy[who.name] < who.most]
        if free:
            chosen = min(free, key=lambda who: (busy[who.name], who.name))
            busy[chosen.name] += 1
            given[item.case.id] = chosen.name
    return given


def line(cases: Iterable[Case], now: int) -> Line:
    """How the line stands."""
    stations: Counter[str] = Counter()
    late: Counter[str] = Counter()
    rework = untouched = ended = 0
    for case in cases:
        stations[case.station] += 1
        rework += case.rework
        if case.deadline is not None and case.deadline < now:
            late[case.station] += 1
        if not case.queue:
            ended += 1
            untouched += not any(step.station == "manual" for step in case.history)
    return Line(dict(stations), dict(late), rework, untouched, ended)
