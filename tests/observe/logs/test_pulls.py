"""A phone is asked for its log: it waits, arrives, expires, is cancelled."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from eden.base.audit import entries
from eden.base.changes import Change
from eden.base.problems import Problem
from eden.base.tables import changes
from eden.observe.logs.interfaces import Pull, PullState
from eden.observe.logs.note import forget_device
from eden.observe.logs.pulls import Pulls
from tests.observe.stage import NOW, SECOND, Stage

DAY = 86_400 * SECOND


def ask(stage: Stage, device: str = "d", **more: Any) -> Pull:
    values: dict[str, Any] = {"from_at": stage.at - DAY, "until_at": stage.at, "reason": "it hangs"} | more
    return stage.run(stage.pulls.ask(*stage.caller, "bank", device, values.pop("reason"), **values))


def get(stage: Stage, pull: Pull) -> Pull:
    return stage.run(stage.pulls.get(*stage.caller, "bank", pull.id))


def test_a_phone_is_told_and_its_log_arrives(stage: Stage) -> None:
    pull = ask(stage)
    assert (pull.state, pull.requested_by, pull.expires_at) == (
        "waiting",
        "user:developer@example.com",
        stage.at + 3 * DAY,
    )
    assert stage.pulls.wanted(1, "d") == {"id": pull.id, "from": (NOW - 86_400) * 1000, "until": NOW * 1000}
    assert (stage.pulls.wanted(1, "e"), stage.pulls.wanted(2, "d")) == (None, None)
    stage.put(stage.line("one", at=-60, pull=pull.id))
    assert get(stage, pull).state is PullState.WAITING
    stage.at += SECOND
    stage.put(stage.line("two", at=-50, pull=pull.id, props={"pull_done": True}))
    arrived = get(stage, pull)
    assert (arrived.state, arrived.lines, arrived.arrived_at) == ("arrived", 2, stage.at)
    # stored again: nothing changes
    stage.at += SECOND
    stage.put(stage.line("two", at=-50, pull=pull.id, props={"pull_done": True}))
    assert get(stage, pull).arrived_at == stage.at - SECOND


def test_lines_of_another_device_or_app_arrive_for_nobody(stage: Stage) -> None:
    pull = ask(stage)
    done = {"pull_done": True}
    stage.put(
        stage.line(pull=pull.id, device="e", props=done),
        stage.line(pull=pull.id, app=2, props=done),
        stage.line(pull="nothing", props=done),
        stage.line(pull=pull.id, props={"pull_done": "yes"}),
    )
    assert get(stage, pull).state is PullState.WAITING


def test_other_processes_hear_of_it(stage: Stage) -> None:
    async def work() -> None:
        other = Pulls(stage.ground, stage.apps, stage.insight, lambda: stage.at)
        await other.start()
        await stage.pulls.start()
        heard = asyncio.Event()

        async def hear(_: object) -> None:
            heard.set()

        stage.ground.feed.listen("observe.pull", hear)
        await stage.ground.feed.start()
        pull = await stage.pulls.ask(*stage.caller, "bank", "d", "r", from_at=0, until_at=SECOND)
        await heard.wait()
        assert other.wanted(1, "d") == {"id": pull.id, "from": 0, "until": 1000}
        # a phone that has no lines says so to whichever process it speaks to
        heard.clear()
        other.sent_nothing(1, "e", pull.id)
        other.sent_nothing(1, "d", "another")
        other.sent_nothing(1, "d", pull.id)
        await other.stop()
        await heard.wait()
        assert (other.wanted(1, "d"), stage.pulls.wanted(1, "d")) == (None, None)
        found = await stage.pulls.get(*stage.caller, "bank", pull.id)
        assert (found.state, found.lines) == ("arrived", 0)
        await stage.ground.feed.stop()

    stage.run(work())


def test_what_waits_is_known_after_a_start(stage: Stage) -> None:
    pull = ask(stage)
    other = Pulls(stage.ground, stage.apps, stage.insight, lambda: stage.at)
    stage.run(other.start())
    wanted = other.wanted(1, "d")
    assert wanted is not None
    assert wanted["id"] == pull.id


def test_a_phone_that_does_not_come(stage: Stage) -> None:
    pull = ask(stage, wait=60 * SECOND)
    stage.at += 60 * SECOND - 1
    assert stage.run(stage.pulls.expire()) == 0
    assert stage.pulls.wanted(1, "d") is not None
    stage.at += 1
    assert stage.pulls.wanted(1, "d") is None
    assert (stage.run(stage.pulls.expire()), stage.run(stage.pulls.expire())) == (1, 0)
    assert get(stage, pull).state is PullState.EXPIRED
    # and may be asked again
    assert ask(stage).state is PullState.WAITING


def test_a_phone_that_comes_late_has_come(stage: Stage) -> None:
    """It heard of the pull in time, and was offline when it had read its log."""
    late, unwanted = ask(stage, wait=60 * SECOND), ask(stage, "e")
    stage.run(stage.pulls.cancel(*stage.caller, "bank", unwanted.id))
    stage.at += 61 * SECOND
    stage.run(stage.pulls.expire())
    stage.put(
        stage.line("l", at=-5, pull=late.id, props={"pull_done": True}),
        stage.line("m", at=-5, device="e", pull=unwanted.id, props={"pull_done": True}),
    )
    found = get(stage, late)
    assert (found.state, found.lines, found.arrived_at) == ("arrived", 1, stage.at)
    assert get(stage, unwanted).state is PullState.CANCELLED


def test_who_is_forgotten_is_asked_no_more(stage: Stage) -> None:
    async def work() -> None:
        await stage.pulls.start()
        heard = asyncio.Event()
        await stage.ground.feed.start()
        pull = await stage.pulls.ask(*stage.caller, "bank", "d", "r", from_at=0, until_at=SECOND)
        other = await stage.pulls.ask(*stage.caller, "bank", "e", "r", from_at=0, until_at=SECOND)

        async def hear(change: Change) -> None:
            if change.payload["pull"] == pull.id and stage.pulls.wanted(1, "d") is None:
                heard.set()

        stage.ground.feed.listen("observe.pull", hear)
        await stage.ground.database.write(lambda connection: forget_device(connection, "v", "d"))
        assert (await stage.pulls.get(*stage.caller, "bank", pull.id)).state is PullState.WAITING
        await stage.ground.database.write(lambda connection: forget_device(connection, "w", "d"))
        await heard.wait()
        assert [one.id for one in await stage.pulls.page(*stage.caller, "bank")] == [other.id]
        assert stage.pulls.wanted(1, "e") is not None
        await stage.ground.feed.stop()

    stage.run(work())


def test_it_is_wanted_no_more(stage: Stage) -> None:
    pull = ask(stage)
    cancelled = stage.run(stage.pulls.cancel(*stage.caller, "bank", pull.id))
    assert (cancelled.state, stage.pulls.wanted(1, "d")) == ("cancelled", None)
    with pytest.raises(Problem) as raised:
        stage.run(stage.pulls.cancel(*stage.caller, "bank", pull.id))
    assert raised.value.code == "conflict"


def test_what_is_done_is_written_down_and_told(stage: Stage) -> None:
    pull = ask(stage)
    stage.run(stage.pulls.cancel(*stage.caller, "bank", pull.id))
    audit = stage.ground.database.read_now(lambda connection: entries(connection, "w"))
    assert [(one.action, one.target, one.detail.get("reason")) for one in audit][:2] == [
        ("log.pull.cancel", f"bank/{pull.id}", None),
        ("log.pull", f"bank/{pull.id}", "it hangs"),
    ]
    told = stage.ground.database.read_now(
        lambda connection: connection.execute(select(changes).where(changes.c.kind == "observe.pull")).all()
    )
    assert [row.payload for row in told] == [{"app": 1, "pulls": "bank", "pull": pull.id}] * 2


def test_pages(stage: Stage) -> None:
    asked = [ask(stage, f"d{number}") for number in range(5)]
    first = stage.run(stage.pulls.page(*stage.caller, "bank", limit=3))
    rest = stage.run(stage.pulls.page(*stage.caller, "bank", before=first[-1].id, limit=3))
    assert {pull.id for pull in (*first, *rest)} == {pull.id for pull in asked}
    assert stage.run(stage.pulls.page(*stage.caller, "shop")) == []


#: what is asked for → fields at fault
WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"device": " "}, ["device"]),
    ({"device": "d" * 129}, ["device"]),
    ({"reason": ""}, ["reason"]),
    ({"reason": "r" * 401}, ["reason"]),
    ({"from_at": NOW * SECOND}, ["until"]),
    ({"from_at": (NOW - 31 * 86_400) * SECOND}, ["until"]),
    ({"wait": 59 * SECOND}, ["wait"]),
    ({"wait": 31 * DAY}, ["wait"]),
    ({"device": "", "reason": ""}, ["device", "reason"]),
]


def test_what_cannot_be_asked(stage: Stage) -> None:
    for values, fields in WRONG:
        with pytest.raises(Problem) as raised:
            ask(stage, **values)
        assert (values, raised.value.code, [field for field, _ in raised.value.errors]) == (values, "invalid", fields)
    ask(stage)
    with pytest.raises(Problem) as raised:
        ask(stage)
    assert raised.value.code == "conflict"


def test_who_may_not(stage: Stage) -> None:
    with pytest.raises(Problem) as raised:
        stage.run(stage.pulls.ask(stage.people["auditor"], "w", "bank", "d", "r", from_at=0, until_at=1))
    assert raised.value.code == "forbidden"
    with pytest.raises(Problem) as raised:
        stage.run(stage.pulls.page(stage.people["stranger"], "w", "bank"))
    assert raised.value.code == "not-found"
