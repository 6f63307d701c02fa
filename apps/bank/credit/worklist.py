"""The officer's list: the line moves by itself, and a person sees only what needs one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from bank.credit.applications import Case


class Item(Struct, frozen=True):
    """What waits for a person: cents, times in µs; `now` is when that is asked."""

    id: str
    skill: str
    amount: int
    since: int
    deadline: int
    owner: str
    now: int

    @property
    def left(self) -> int:
        """Until its deadline; below 0 when it has passed."""
        return self.deadline - self.now

    @property
    def is_late(self) -> bool:
        return self.left < 0


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
    items = [
        Item(case.id, case.skill, amounts.get(case.id, 0), case.since, case.deadline, case.owner, now)
        for case in cases
        if case.queue == "officer" and case.deadline is not None
    ]
    return sorted(items, key=lambda item: (item.left, -item.amount, item.since, item.id))


def assign(
    items: Sequence[Item], officers: Sequence[Officer], spoken: Mapping[str, Sequence[str]] | None = None
) -> dict[str, str]:
    """Who should take what nobody has: item → officer. Each goes to the least busy who has the skill and room, and has
    not `spoken` on it (item → officers) already."""
    spoken = spoken or {}
    busy = Counter(item.owner for item in items if item.owner)
    given: dict[str, str] = {}
    for item in items:
        if item.owner:
            continue
        free = [
            who
            for who in officers
            if item.skill in who.skills and busy[who.name] < who.most and who.name not in spoken.get(item.id, ())
        ]
        if free:
            chosen = min(free, key=lambda who: (busy[who.name], who.name))
            busy[chosen.name] += 1
            given[item.id] = chosen.name
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
