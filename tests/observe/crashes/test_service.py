"""Crash groups as pages and API ask for them: lists, details, occurrences, and what people decide."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from eden.base.audit import entries
from eden.base.catalogue import ReleaseInfo
from eden.base.problems import Problem
from eden.base.tables import changes
from eden.observe.crashes.interfaces import CrashFilter, CrashGroup, CrashSort, Figures
from eden.observe.crashes.rules import GroupState
from tests.observe.stage import NOW, SECOND, Stage

DAY = 86_400 * SECOND


def asked(stage: Stage, **more: Any) -> CrashFilter:
    return CrashFilter(**{"since": stage.at - DAY, "until": stage.at + SECOND, **more})


def titles(stage: Stage, sort: CrashSort = CrashSort.LAST_SEEN, **more: Any) -> list[str]:
    found, _ = stage.run(stage.crashes.page(*stage.caller, "bank", asked(stage, **more), sort))
    return [line.group.title[:1] for line in found]


def group(stage: Stage, title: str = "A") -> CrashGroup:
    found, _ = stage.run(stage.crashes.page(*stage.caller, "bank", asked(stage, since=0)))
    return next(line.group for line in found if line.group.title.startswith(title))


def three(stage: Stage) -> None:
    """A: three times, of two persons, a crash; B: twice, the newest; C: once, the oldest, of three persons in all."""
    stage.put(
        stage.error("A", at=-50, person="p1", device="d1", fatal=True, model="M1", os="Android 15"),
        stage.error("A", at=-40, person="p2", device="d2", code=13, model="M1", release="r1"),
        stage.error("A", at=-30, person="p2", device="d2", code=13, model="M2"),
        stage.error("B", at=-20, person="p1"),
        stage.error("B", at=-10, person="p1"),
        *[stage.error("C", at=-3600 - number, person=f"q{number}") for number in range(3)],
        stage.error("A", at=-5, app=2),
        stage.error("A", at=-90_000, person="p9"),
    )


def test_groups_in_every_order(stage: Stage) -> None:
    three(stage)
    assert titles(stage) == ["B", "A", "C"]
    assert titles(stage, CrashSort.PERSONS) == ["C", "A", "B"]
    assert titles(stage, CrashSort.FIRST_SEEN) == ["B", "A", "C"]
    assert set(titles(stage, CrashSort.OCCURRENCES)[:2]) == {"A", "C"}


def test_a_line_has_its_figures(stage: Stage) -> None:
    three(stage)
    found, following = stage.run(
        stage.crashes.page(*stage.caller, "bank", asked(stage, since=stage.at - 60 * SECOND), parts=61)
    )
    line = next(line for line in found if line.group.title.startswith("A"))
    assert line.figures == Figures(3, 2, 2, 1, (NOW - 50) * SECOND, (NOW - 30) * SECOND)
    assert line.group.fatal is True
    assert (sum(line.trend), line.trend[10], line.trend[20], line.trend[30]) == (3, 1, 1, 1)
    assert following is None


#: what is asked for → titles
FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({"fatal": True}, ["A"]),
    ({"fatal": False}, ["B", "A", "C"]),
    ({"text": "a: X"}, ["A"]),
    ({"text": "%"}, []),
    ({"version": "1.3"}, ["A"]),
    ({"release": "r1"}, ["A"]),
    ({"person": "p1"}, ["B", "A"]),
    ({"person": "d2"}, ["A"]),
    ({"state": GroupState.CLOSED}, []),
    ({"state": GroupState.OPEN}, ["B", "A", "C"]),
    ({"assigned_to": "id-owner"}, []),
    ({"since": (NOW - 40) * SECOND, "until": (NOW - 20) * SECOND}, ["A"]),
    ({"since": (NOW - 20) * SECOND, "until": (NOW - 20) * SECOND + 1}, ["B"]),
]


def test_filters(stage: Stage) -> None:
    three(stage)
    assert [(more, titles(stage, **more)) for more, _ in FILTERS] == FILTERS


def test_pages_follow_each_other(stage: Stage) -> None:
    stage.put(*[stage.error(f"E{number:02}", at=-number // 2) for number in range(25)])
    for sort in CrashSort:
        seen: list[str] = []
        before = None
        while True:
            found, before = stage.run(
                stage.crashes.page(*stage.caller, "bank", asked(stage), sort, before=before, limit=7, parts=0)
            )
            seen += [line.group.title for line in found]
            if before is None:
                break
        assert sorted(seen) == [f"E{number:02}: x" for number in range(25)]


def test_the_detail_of_a_group(stage: Stage) -> None:
    three(stage)
    stage.shelf.all_releases = [
        ReleaseInfo("r2", 12, "1.2", "done", 7, None),
        ReleaseInfo("r0", 12, "1.2", "done", 5, None),
        ReleaseInfo("r1", 13, "1.3", "live", 3, None),
    ]
    found = stage.run(stage.crashes.detail(*stage.caller, "bank", group(stage).id, asked(stage)))
    assert found.figures.occurrences == 3
    assert [(one.version, one.code, one.occurrences, one.persons) for one in found.versions] == [
        ("1.3", 13, 2, 1),
        ("1.2", 12, 1, 1),
    ]
    assert [(share.value, share.occurrences) for share in found.shares if share.of == "model"] == [("M1", 2), ("M2", 1)]
    assert [(share.value, share.persons) for share in found.shares if share.of == "os"] == [("Android 15", 1)]
    assert [(one.person, one.occurrences) for one in found.persons] == [("p2", 2), ("p1", 1)]
    assert (sum(count for _, count, _ in found.trend), sum(fatal for *_, fatal in found.trend)) == (3, 1)
    assert found.trend[0][0] == stage.at - DAY
    assert (found.group.first_code, found.release_started_at) == (12, 5)
    assert [activity.action for activity in found.activities] == ["new"]


def test_a_group_without_errors_in_the_time(stage: Stage) -> None:
    three(stage)
    asked_ = asked(stage, until=stage.at - DAY + SECOND)
    found = stage.run(stage.crashes.detail(*stage.caller, "bank", group(stage).id, asked_))
    assert (found.figures, found.versions, found.persons) == (Figures(), [], [])


def test_occurrences_and_their_documents(stage: Stage) -> None:
    three(stage)
    found = group(stage)
    first = stage.run(stage.crashes.occurrences(*stage.caller, "bank", found.id, asked(stage), limit=2))
    assert [(one.at // SECOND - NOW, one.person, one.version) for one in first] == [
        (-30, "p2", "1.3"),
        (-40, "p2", "1.3"),
    ]
    last = (first[-1].at // 1000, first[-1].id)
    rest = stage.run(stage.crashes.occurrences(*stage.caller, "bank", found.id, asked(stage), before=last))
    assert [(one.at // SECOND - NOW, one.fatal) for one in rest] == [(-50, True)]
    whole = stage.run(stage.crashes.occurrence(*stage.caller, "bank", found.id, rest[0].id))
    assert whole.occurrence == rest[0]
    assert whole.document is not None
    assert whole.document.exceptions[0].type == "A"
    with pytest.raises(Problem, match="error"):
        stage.run(stage.crashes.occurrence(*stage.caller, "bank", found.id, "nothing"))


def test_another_apps_group_does_not_exist(stage: Stage) -> None:
    three(stage)
    with pytest.raises(Problem) as raised:
        stage.run(stage.crashes.get(*stage.caller, "shop", group(stage).id))
    assert raised.value.code == "not-found"


def test_closing_and_coming_back(stage: Stage) -> None:
    three(stage)
    closed = stage.run(stage.crashes.close(*stage.caller, "bank", group(stage).id, code=14, revision=1))
    assert (closed.state, closed.closed_in, closed.closed_at, closed.revision) == ("closed", 14, stage.at, 2)
    assert titles(stage, state=GroupState.CLOSED) == ["A"]
    stage.put(stage.error("A", at=1, code=13))
    assert group(stage).state is GroupState.CLOSED
    stage.put(stage.error("A", at=2, code=14))
    back = group(stage)
    assert (back.state, back.revision) == (GroupState.REGRESSED, 3)
    opened = stage.run(stage.crashes.reopen(*stage.caller, "bank", back.id))
    assert (opened.state, opened.closed_in, opened.closed_at) == ("open", None, None)


def test_muting(stage: Stage) -> None:
    three(stage)
    found = group(stage)
    muted = stage.run(stage.crashes.mute(*stage.caller, "bank", found.id, more=2))
    assert (muted.state, muted.muted_above) == ("muted", found.occurrences + 2)
    stage.put(stage.error("A"), stage.error("A"))
    assert group(stage).state is GroupState.MUTED
    stage.put(stage.error("A"))
    assert group(stage).state is GroupState.OPEN
    for_ever = stage.run(stage.crashes.mute(*stage.caller, "bank", found.id))
    assert (for_ever.muted_until, for_ever.muted_above) == (None, None)
    until = stage.run(stage.crashes.mute(*stage.caller, "bank", found.id, until=stage.at + DAY))
    assert until.muted_until == stage.at + DAY


def test_assigning(stage: Stage) -> None:
    three(stage)
    found = stage.run(stage.crashes.assign(*stage.caller, "bank", group(stage).id, "id-owner"))
    assert (found.assigned_to, found.assignee) == ("id-owner", "Owner")
    assert titles(stage, assigned_to="id-owner") == ["A"]
    nobody = stage.run(stage.crashes.assign(*stage.caller, "bank", found.id, None))
    assert (nobody.assigned_to, nobody.assignee) == (None, "")
    assert {member.id for member in stage.run(stage.crashes.members(*stage.caller))} >= {"id-owner", "id-developer"}


def test_what_is_decided_is_written_down_and_told(stage: Stage) -> None:
    three(stage)
    found = group(stage)
    stage.run(stage.crashes.close(*stage.caller, "bank", found.id, code=14))
    stage.run(stage.crashes.assign(*stage.caller, "bank", found.id, "id-owner"))
    detail = stage.run(stage.crashes.detail(*stage.caller, "bank", found.id, asked(stage)))
    assert [(one.actor, one.action, one.detail) for one in detail.activities][:2] == [
        ("user:developer@example.com", "assigned", {"to": "owner@example.com"}),
        ("user:developer@example.com", "closed", {"code": 14}),
    ]
    audit = stage.ground.database.read_now(lambda connection: entries(connection, "w"))
    assert [(one.action, one.target) for one in audit][:2] == [
        ("crash.assigned", f"bank/{found.id}"),
        ("crash.closed", f"bank/{found.id}"),
    ]
    last = stage.ground.database.read_now(
        lambda connection: connection.execute(select(changes).order_by(changes.c.seq.desc()).limit(1)).one()
    )
    assert (last.kind, last.payload["crash"], last.payload["crashes"]) == ("observe.crash", found.id, "bank")


#: verb, what it is given → code of the problem
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("close", {"code": 0}, "invalid"),
    ("close", {"code": 1 << 53}, "invalid"),
    ("close", {"revision": 9}, "conflict"),
    ("mute", {"until": NOW * SECOND}, "invalid"),
    ("mute", {"until": (NOW + 11 * 365 * 86_400) * SECOND}, "invalid"),
    ("mute", {"more": 0}, "invalid"),
    ("mute", {"more": 1, "until": NOW * SECOND + 1}, "invalid"),
    ("reopen", {"revision": 9}, "conflict"),
    ("assign", {"user_id": "id-nobody"}, "invalid"),
    ("assign", {"user_id": None, "revision": 9}, "conflict"),
]


def test_what_cannot_be_done(stage: Stage) -> None:
    three(stage)
    found = group(stage)
    for verb, more, code in WRONG:
        with pytest.raises(Problem) as raised:
            stage.run(getattr(stage.crashes, verb)(*stage.caller, "bank", found.id, **more))
        assert (verb, more, raised.value.code) == (verb, more, code)
    assert group(stage) == found


def test_who_may_not(stage: Stage) -> None:
    three(stage)
    found = group(stage)
    with pytest.raises(Problem) as raised:
        stage.run(stage.crashes.close(stage.people["auditor"], "w", "bank", found.id))
    assert raised.value.code == "forbidden"
    with pytest.raises(Problem) as raised:
        stage.run(stage.crashes.page(stage.people["stranger"], "w", "bank", asked(stage)))
    assert raised.value.code == "not-found"
