"""The way of an application through the factory: which station comes next, and whose turn it is. Pure.

    scanned → identity → documents → consent → data → decided → offer → contract → disbursing → active → closed
                                                       └→ manual ┘                      └→ cooling-off ┘

Any station before the money flows may end in `refused`, `withdrawn` or `expired`. A station that asks again (a doubtful
field, a missing page) is visited again: that is re-work, and counted. A station's clock starts when it is entered;
those that wait for a person have a queue and an owner.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

_MINUTE: Final = 60_000_000
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR

#: station → (queue, skill, microseconds until it should be left); machines have the queue "machine"
STATIONS: Final[dict[str, tuple[str, str, int]]] = {
    "scanned": ("customer", "", 30 * _DAY),
    "identity": ("customer", "", 7 * _DAY),
    "documents": ("customer", "", 7 * _DAY),
    "consent": ("customer", "", 7 * _DAY),
    "data": ("machine", "", _MINUTE),
    "decided": ("machine", "", _MINUTE),
    "manual": ("officer", "credit", 4 * _HOUR),
    "offer": ("customer", "", 14 * _DAY),
    "contract": ("customer", "", 7 * _DAY),
    "disbursing": ("machine", "", 5 * _MINUTE),
    "cooling-off": ("customer", "", 14 * _DAY),
    "active": ("", "", 0),
    "closed": ("", "", 0),
    "refused": ("", "", 0),
    "withdrawn": ("", "", 0),
    "expired": ("", "", 0),
}
ENDS: Final = frozenset({"closed", "refused", "withdrawn", "expired"})
_BEFORE_MONEY: Final = (
    "scanned", "identity", "documents", "consent", "data", "decided", "manual", "offer", "contract"
)  # fmt: skip

#: (station, event) → next station
MOVES: Final[dict[tuple[str, str], str]] = {
    ("scanned", "begin"): "identity",
    ("identity", "identified"): "documents",
    ("identity", "doubtful"): "identity",
    ("documents", "read"): "consent",
    ("documents", "doubtful"): "documents",
    ("consent", "agreed"): "data",
    ("data", "gathered"): "decided",
    ("data", "incomplete"): "documents",
    ("decided", "offered"): "offer",
    ("decided", "referred"): "manual",
    ("decided", "refused"): "refused",
    ("manual", "offered"): "offer",
    ("manual", "refused"): "refused",
    ("manual", "ask-again"): "documents",
    ("offer", "accepted"): "contract",
    ("offer", "changed"): "decided",
    ("contract", "signed"): "disbursing",
    ("disbursing", "paid"): "active",
    ("disbursing", "paid-with-cooling-off"): "cooling-off",
    ("cooling-off", "elapsed"): "active",
    ("cooling-off", "withdraw"): "withdrawn",
    ("active", "repaid"): "closed",
    ("active", "written-off"): "closed",
    **{(station, "withdraw"): "withdrawn" for station in _BEFORE_MONEY},
    **{(station, "expire"): "expired" for station in _BEFORE_MONEY if STATIONS[station][0] == "customer"},
}


class Step(Struct, frozen=True):
    """What happened: at which station, when (µs), by whom, and what was said."""

    station: str
    event: str
    at: int
    by: str
    note: str = ""


class Case(Struct, frozen=True):
    """An application on its way. `since`: when its station was entered; `rework`: stations visited again."""

    id: str
    station: str
    since: int
    owner: str = ""
    rework: int = 0
    history: tuple[Step, ...] = ()

    @property
    def queue(self) -> str:
        return STATIONS[self.station][0]

    @property
    def skill(self) -> str:
        return STATIONS[self.station][1]

    @property
    def deadline(self) -> int | None:
        """When the station should have been left; None where nothing waits."""
        wait = STATIONS[self.station][2]
        return self.since + wait if wait else None


class NotPossible(Exception):
    """This event has no meaning at this station; the sentence says which have."""


def begin(identifier: str, at: int) -> Case:
    """An application when its code has been scanned."""
    return Case(identifier, "scanned", at)


def move(case: Case, event: str, at: int, by: str, note: str = "") -> Case:
    """The application after an event. Raises NotPossible for one that does not belong here.

    Only its owner moves what an officer has taken; the customer may always withdraw.
    """
    target = MOVES.get((case.station, event))
    if target is None:
        known = ", ".join(events(case)) or "none: it has ended"
        raise NotPossible(f"an application that is {case.station} has no event {event}; it has {known}")
    if case.queue == "officer" and event != "withdraw" and case.owner != by:
        raise NotPossible(f"take the application first: it belongs to {case.owner or 'nobody'}")
    seen = {step.station for step in case.history} | {case.station}
    again = target in seen and target not in ("decided", "manual")
    step = Step(case.station, event, at, by, note)
    return Case(case.id, target, at, "", case.rework + again, (*case.history, step))


def take(case: Case, officer: str) -> Case:
    """An officer takes a waiting application. Raises NotPossible when none waits, or another has it."""
    if case.queue != "officer":
        raise NotPossible(f"an application that is {case.station} does not wait for an officer")
    if case.owner not in ("", officer):
        raise NotPossible(f"{case.owner} has taken it already")
    return msgspec.structs.replace(case, owner=officer)


def give_back(case: Case, officer: str) -> Case:
    """The owner lets another have it. Raises NotPossible for anybody else."""
    if case.owner != officer or not officer:
        raise NotPossible("only who has taken an application gives it back")
    return msgspec.structs.replace(case, owner="")


def events(case: Case) -> list[str]:
    """The events that the application's station has."""
    return [event for station, event in MOVES if station == case.station]


def touch_time(case: Case) -> int:
    """Microseconds for which the application waited for or was with people of the bank."""
    total = 0
    entered = case.history[0].at if case.history else case.since
    for step in case.history:
        if STATIONS[step.station][0] == "officer":
            total += step.at - entered
        entered = step.at
    return total
