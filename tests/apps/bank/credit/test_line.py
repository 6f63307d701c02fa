"""The line of applications: its stations, its people, and a simulated week of it."""

from __future__ import annotations

import heapq
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank.credit.applications import (
    ENDS,
    MOVES,
    STATIONS,
    Case,
    NotPossible,
    begin,
    events,
    give_back,
    move,
    take,
    touch_time,
)
from bank.credit.worklist import Officer, assign, line, waiting

MINUTE = 60_000_000
HOUR = 60 * MINUTE
SHORT = ("begin", "identified", "read", "agreed", "gathered", "offered", "accepted", "signed", "paid", "repaid")


def along(*path: str, officer: str = "") -> Case:
    case = begin("a", 0)
    for at, event in enumerate(path, 1):
        if case.queue == "officer":
            case = take(case, officer)
        case = move(case, event, at * MINUTE, officer if case.queue == "officer" else "machine")
    return case


def test_a_line_without_people() -> None:
    case = along(*SHORT)
    assert case.station == "closed"
    assert (case.rework, touch_time(case), case.deadline) == (0, 0, None)
    assert [step.event for step in case.history] == list(SHORT)


def test_an_officer_looks_at_what_was_referred() -> None:
    case = along("begin", "identified", "read", "agreed", "gathered", "referred")
    assert (case.station, case.queue, case.skill) == ("manual", "officer", "credit")
    assert case.deadline == case.since + 4 * HOUR
    with pytest.raises(NotPossible, match="take the application first"):
        move(case, "offered", 9 * MINUTE, "li")
    case = take(take(case, "li"), "li")
    with pytest.raises(NotPossible, match="li has taken it"):
        take(case, "wang")
    with pytest.raises(NotPossible, match="gives it back"):
        give_back(case, "wang")
    assert give_back(case, "li").owner == ""
    done = move(case, "offered", case.since + 20 * MINUTE, "li", "knows the shop")
    assert (done.station, done.owner) == ("offer", "")
    assert touch_time(done) == 20 * MINUTE
    assert done.history[-1].note == "knows the shop"


def test_asking_again_is_rework() -> None:
    case = along("begin", "doubtful", "identified", "doubtful", "read")
    assert case.rework == 2
    asked = along("begin", "identified", "read", "agreed", "gathered", "referred", "ask-again", officer="li")
    assert (asked.station, asked.rework) == ("documents", 1)


def test_withdrawing() -> None:
    paid = along("begin", "identified", "read", "agreed", "gathered", "offered", "accepted", "signed")
    with pytest.raises(NotPossible, match="disbursing has no event withdraw"):
        move(paid, "withdraw", 99 * MINUTE, "customer")
    cooling = move(paid, "paid-with-cooling-off", 99 * MINUTE, "machine")
    assert move(cooling, "withdraw", 100 * MINUTE, "customer").station == "withdrawn"
    assert move(cooling, "elapsed", 100 * MINUTE, "machine").station == "active"
    with pytest.raises(NotPossible, match="it has ended"):
        move(along("withdraw"), "begin", 0, "customer")
    with pytest.raises(NotPossible, match="does not wait"):
        take(paid, "li")


def test_every_station_can_be_reached_and_left() -> None:
    reached = {"scanned"}
    while True:
        more = {target for (station, _), target in MOVES.items() if station in reached} - reached
        if not more:
            break
        reached |= more
    assert reached == set(STATIONS)
    assert all((station in ENDS) == (not events(Case("a", station, 0))) for station in STATIONS)


@given(st.lists(st.sampled_from(sorted({event for _, event in MOVES})), max_size=40))
def test_any_events_keep_the_history(chosen: list[str]) -> None:
    case = begin("a", 0)
    done = 0
    for at, event in enumerate(chosen, 1):
        if case.queue == "officer":
            case = take(case, "li")
        if (case.station, event) in MOVES:
            case = move(case, event, at, "li")
            done += 1
        else:
            with pytest.raises(NotPossible):
                move(case, event, at, "li")
    assert len(case.history) == done
    assert case.rework <= done


def test_the_list_shows_only_what_needs_a_person() -> None:
    referred = along("begin", "identified", "read", "agreed", "gathered", "referred")
    cases = [
        Case("old", "manual", 0),
        Case("large", "manual", HOUR),
        Case("small", "manual", HOUR),
        along("begin"),
        along(*SHORT),
        referred,
    ]
    items = waiting(cases, 5 * HOUR, {"large": 10_000, "small": 10})
    assert [item.id for item in items] == ["old", "a", "large", "small"]
    assert [item.is_late for item in items] == [True, True, False, False]


def test_work_is_shared_out_by_skill_and_room() -> None:
    items = waiting([Case(name, "manual", 0) for name in "abcde"], 0)
    officers = [Officer("li", ("credit",), 2), Officer("wang", ("credit",), 1), Officer("zhao", ("claims",))]
    assert assign(items, officers) == {"a": "li", "b": "wang", "c": "li"}
    taken = waiting([take(Case("a", "manual", 0), "li"), Case("b", "manual", 0)], 0)
    assert assign(taken, officers) == {"b": "wang"}
    assert assign(waiting([Case("a", "manual", 0)], 0), officers, {"a": ["li"]}) == {"a": "wang"}


def test_a_week_of_the_line() -> None:
    """A discrete-event simulation: 400 applications a week, three officers, a tenth of the cases referred."""
    source = random.Random(1)
    cases: dict[str, Case] = {}
    queue = [(source.randrange(7 * 24 * HOUR), f"c{number:03}") for number in range(400)]
    heapq.heapify(queue)
    busy_until = {"li": 0, "wang": 0, "zhao": 0}
    while queue:
        now, name = heapq.heappop(queue)
        case = cases.get(name) or begin(name, now)
        if case.queue == "officer":
            officer = min(busy_until, key=lambda who: busy_until[who])
            if busy_until[officer] > now:
                heapq.heappush(queue, (busy_until[officer], name))
                continue
            now += 12 * MINUTE
            busy_until[officer] = now
            case = move(take(case, officer), source.choice(("offered", "offered", "refused")), now, officer)
        elif case.station == "decided":
            case = move(case, source.choices(("offered", "referred", "refused"), (7, 1, 2))[0], now, "machine")
        elif case.station in ("identity", "documents") and source.random() < 0.1:
            case = move(case, "doubtful", now, "machine")
        else:
            case = move(case, next(event for event in SHORT if (case.station, event) in MOVES), now, "machine")
        cases[name] = case
        if case.station not in ENDS | {"active"}:
            heapq.heappush(queue, (now + (10_000_000 if case.queue == "machine" else 2 * MINUTE), name))
    state = line(cases.values(), 9 * 24 * HOUR)
    assert state.ended == 400
    assert state.late == {}
    assert state.untouched > 340
    assert sum(touch_time(case) for case in cases.values()) < 400 * 12 * MINUTE // 4
    assert state.rework == sum(case.rework for case in cases.values()) > 0
    assert sum(state.stations.values()) == 400
