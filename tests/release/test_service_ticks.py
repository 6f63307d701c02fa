"""Reports added up, the schedule, guardrails at work, and what keeps things tidy."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from eden.base.catalogue import HALT, HaltRequest, ask_to_halt
from eden.base.problems import Problem
from eden.base.tables import jobs
from eden.base.targeting import Context, bucket, in_range, in_share
from eden.release import service_releases
from eden.release.interfaces import (
    Arm,
    ArmCounts,
    Closed,
    Message,
    ProgramKind,
    ReleaseState,
    Report,
    ReportBatch,
    ReportKind,
    Verb,
)
from eden.release.metrics import total
from eden.release.models import device_parts, release_counts, version_counts, versions
from eden.release.parts import parts
from eden.release.rules_views import compile_program
from eden.release.service_releases import Releases
from eden.release.service_reports import (
    HOUR,
    MINUTE,
    CountedBatch,
    ReleasePart,
    do_fold,
    do_forget,
    do_reports,
    split,
    sums_by_arm,
)
from eden.release.service_targets import load_programs
from eden.release.service_ticks import do_forget_parts
from tests.release.house import DAY, SECOND, House, shares


def reports(*kinds: str) -> tuple[Report, ...]:
    return tuple(Report(program="bank", code=10100, kind=ReportKind(kind), at=1) for kind in kinds)


def batch(release_id: str, number: int, arm: Arm | None, *kinds: str, run: int = 1) -> CountedBatch:
    part = ReleasePart(release_id, run, arm, arm is not Arm.CONTROL, reports(*kinds))
    return CountedBatch(f"device-{arm}-{number}", f"batch-{number}-{run}", (part,), ())


async def begin(house: House, plan: Any) -> str:
    """A release of 1.1.0 after 1.0.0, started; its id."""
    await house.furnish()
    await house.program()
    await house.stable("1.0.0")
    await house.upload("1.1.0", scripts=b"2")
    info = await house.act(await house.draft("1.1.0", plan), Verb.START)
    return info.release.id


async def count(house: House, *batches: CountedBatch) -> int:
    return await house.ground.database.write(lambda c: do_reports(c, "w", batches, house.at))


async def release(house: House, release_id: str) -> Any:
    return (await house.service.releases.get(house.owner, "w", release_id)).release


def test_reports_count_once(house: House) -> None:
    async def run() -> None:
        release_id = await begin(house, shares(1000))
        first = batch(release_id, 1, Arm.NEW, "offered", "started", "crash")
        assert await count(house, first, first, batch(release_id, 2, Arm.CONTROL, "started")) == 2
        assert await count(house, first) == 0
        house.at += MINUTE
        # the same device again: its second crash is shown, but is not compared
        again = CountedBatch(first.device, "another", first.releases, ())
        assert await count(house, again) == 1
        sums = await house.ground.database.read(lambda c: sums_by_arm(c, release_id, 1))
        assert (sums[Arm.NEW].crash, sums[Arm.NEW].crashed, sums[Arm.NEW].exposed) == (2, 1, 2)
        assert sums[Arm.CONTROL].started == 1
        rows = await house.service.reports.of_release(house.owner, "w", release_id)
        assert [(row.arm, row.counts.started) for row in rows] == [(Arm.CONTROL, 1), (Arm.NEW, 1), (Arm.NEW, 1)]
        assert rows[2].at - rows[0].at == MINUTE
        later = await house.service.reports.of_release(house.owner, "w", release_id, since=rows[2].at)
        assert later == rows[2:]

    house.run(run())


def test_many_processes_count_the_same_minute(house: House) -> None:
    async def run() -> None:
        release_id = await begin(house, shares(1000))
        done = await asyncio.gather(
            *(count(house, batch(release_id, number // 2, Arm.NEW, "started")) for number in range(20))
        )
        assert sum(done) == 10
        sums = await house.ground.database.read(lambda c: sums_by_arm(c, release_id, 1))
        assert (sums[Arm.NEW].started, sums[Arm.NEW].exposed) == (10, 10)

    house.run(run())


def test_reports_are_told_apart(house: House) -> None:
    async def run() -> None:
        release_id = await begin(
            house, {"steps": [{"name": "a", "audience": {"patterns": ["^tester"], "share": 2000}}]}
        )
        parts = (await house.ground.database.read(lambda c: load_programs(c, "w")))[0]
        assert parts.release is not None
        view = compile_program(parts.key, parts.kind, parts.versions, parts.release, {})
        known = {"bank": (parts.id, view)}

        def told(device: str, code: int) -> CountedBatch:
            said = Report(program="bank", code=code, kind=ReportKind.STARTED, at=1)
            other = Report(program="unknown", code=1, kind=ReportKind.STARTED, at=1)
            return split(ReportBatch(device=device, batch="12345678", reports=(said, other)), known, Context())

        for number in range(100):
            place = bucket(parts.release.salt, f"d{number}")
            control = in_range(place, 2000, 4000)
            with_old = [(part.has, part.arm) for part in told(f"d{number}", 10000).releases]
            assert with_old == ([(False, Arm.CONTROL)] if control else [])
            with_new = [(part.has, part.arm) for part in told(f"d{number}", 10100).releases]
            assert with_new == [(True, Arm.NEW if in_share(place, 2000) else None)]
        [listed] = told("tester-1", 10100).releases
        assert (listed.release_id, listed.run, listed.arm) == (release_id, 1, Arm.LISTED)
        assert told("tester-1", 10000).releases == ()
        assert [part.code for part in told("tester-1", 10000).versions] == [10000]
        assert told("tester-1", 99).versions == ()
        assert await count(house, told("tester-1", 10100), told("d1", 10000)) == 2
        by_version = await house.service.reports.of_versions(house.owner, "w", "bank")
        assert {code: counts.started for code, counts in by_version.items()} == {10000: 1, 10100: 1}

    house.run(run())


def test_minutes_fold_into_hours(house: House) -> None:
    async def run() -> None:
        release_id = await begin(house, shares(1000))
        house.at = house.at // HOUR * HOUR
        for number in range(90):
            await count(house, batch(release_id, number, Arm.NEW, "started"))
            house.at += MINUTE
        before = await house.ground.database.read(lambda c: sums_by_arm(c, release_id, 1))
        rows = await house.service.reports.of_release(house.owner, "w", release_id)
        assert len(rows) == 90
        assert await house.ground.database.write(lambda c: do_fold(c, house.at)) == 0
        house.at += 3 * DAY
        assert await house.ground.database.write(lambda c: do_fold(c, house.at)) == 2
        assert await house.ground.database.write(lambda c: do_fold(c, house.at)) == 0
        rows = await house.service.reports.of_release(house.owner, "w", release_id)
        assert [row.counts.started for row in rows] == [60, 30]
        assert all(row.at % HOUR == 0 for row in rows)
        assert await house.ground.database.read(lambda c: sums_by_arm(c, release_id, 1)) == before
        await house.ground.database.write(lambda c: do_forget(c, house.at + 10 * DAY))
        # a batch that was forgotten would count again: devices do not keep them that long
        assert await count(house, batch(release_id, 1, Arm.NEW, "started")) == 1

    house.run(run())


def test_hours_with_one_minute_each_are_all_folded(house: House) -> None:
    """More of them than one write takes, none of which makes a row less."""

    async def run() -> None:
        release_id = await begin(house, shares(1000))
        start = house.at // HOUR * HOUR
        amounts = dict.fromkeys(ArmCounts.__struct_fields__, 0) | {"started": 1}
        rows = [
            {"release_id": release_id, "run": 1, "arm": "new", "at": start + hour * HOUR + 7 * MINUTE} | amounts
            for hour in range(250)
        ]
        database = house.ground.database
        await database.write(lambda c: c.execute(insert(release_counts), rows))
        folded: list[int] = []
        while not folded or folded[-1]:
            folded.append(await database.write(lambda c: do_fold(c, start + 30 * DAY)))
        assert folded == [200, 50, 0]
        found = await database.read(lambda c: c.execute(select(release_counts.c.at)).scalars().all())
        assert sorted(found) == [start + hour * HOUR for hour in range(250)]

    house.run(run())


def test_a_ramp_grows_and_is_signed(house: House) -> None:
    async def run() -> None:
        plan = {
            "steps": [
                {"name": "Ramp", "audience": {"share": 10_000}, "ramp": {"factor": 200, "every": 7200, "start": 100}}
            ]
        }
        release_id = await begin(house, plan)
        assert (await release(house, release_id)).share == 100
        ticks = house.service.ticks
        assert await ticks.run() == 0
        house.at += 7200 * SECOND
        # two processes at once
        assert sum(await asyncio.gather(ticks.run(), ticks.run())) >= 1
        assert (await release(house, release_id)).share == 200
        assert (await house.signed())[10100]["release"]["share"] == 200
        house.at += DAY
        await ticks.run()
        assert (await release(house, release_id)).share == 10_000
        events = await house.service.releases.events(house.owner, "w", release_id)
        assert [(event.kind, event.actor, event.share) for event in events[:2]] == [
            ("share", "system", 10_000), ("share", "system", 200),
        ]  # fmt: skip
        assert events[0].message is not None
        assert events[0].message.code == "ramp"

    house.run(run())


def test_steps_go_on_by_themselves_until_a_review_is_missing(house: House) -> None:
    async def run() -> None:
        plan = shares(100, 1000, 10_000, advance="auto", minimum_seconds=3600)
        await house.furnish({"review_required": True})
        await house.program()
        await house.upload("1.0.0")
        release_id = (await house.act(await house.draft("1.0.0", plan), Verb.START)).release.id
        house.at += 3600 * SECOND
        await house.service.ticks.run()
        assert (await release(house, release_id)).step == 1
        house.at += 3600 * SECOND
        await house.service.ticks.run()
        # people must do something first
        assert (await release(house, release_id)).step == 1
        await house.service.versions.review(house.people["reviewer"], "w", "bank", 10000, "approved")
        await house.service.ticks.run()
        assert (await release(house, release_id)).step == 2
        house.at += 3600 * SECOND
        await house.service.ticks.run()
        assert (await release(house, release_id)).state is ReleaseState.FINISHED
        assert await house.states() == {10000: "stable"}

    house.run(run())


def test_a_cap_closes_the_release(house: House) -> None:
    async def run() -> None:
        plan = {"steps": [{"name": "Some", "audience": {"share": 5000}, "cap": 3}]}
        release_id = await begin(house, plan)
        await count(house, *(batch(release_id, number, Arm.NEW, "installed") for number in range(2)))
        await house.service.ticks.run()
        assert (await release(house, release_id)).closed is None
        unmatched = batch(release_id, 7, None, "installed")
        await count(house, unmatched, batch(release_id, 1, Arm.CONTROL, "started"))
        await house.service.ticks.run()
        assert (await release(house, release_id)).closed is Closed.CAP
        assert (await house.states())[10100] == "kept"

    house.run(run())


def test_a_bad_version_stops_by_itself(house: House) -> None:
    async def run() -> None:
        release_id = await begin(house, shares(1000))
        halted_after = None
        for look in range(1, 30):
            batches = []
            for number in range(50):
                crashes = number % 10 == 0
                batches.append(
                    batch(release_id, look * 100 + number, Arm.NEW, "started", *(["crash"] if crashes else []))
                )
                batches.append(batch(release_id, look * 100 + number, Arm.CONTROL, "started"))
            await count(house, *batches)
            house.at += 10 * SECOND
            await house.service.ticks.run()
            if (await release(house, release_id)).state is ReleaseState.HALTED:
                halted_after = look
                break
        assert halted_after is not None
        assert halted_after <= 8
        assert (await house.states())[10100] == "kept"
        event = (await house.service.releases.events(house.owner, "w", release_id))[0]
        assert (event.kind, event.actor) == ("halt", "system")
        assert event.message is not None
        assert event.message.code == "guardrail-crash"
        info = await house.service.releases.get(house.owner, "w", release_id)
        assert info.verdict is not None
        assert info.verdict["health"] == "halt"
        # a person decides against it: the guardrails begin anew, and the old counts do not stop it again
        info = await house.act(info, Verb.ROLL_FORWARD)
        await house.service.ticks.run()
        assert (await release(house, release_id)).state is ReleaseState.LIVE

    house.run(run())


def test_an_alert_of_another_service_halts_what_is_offered(house: House) -> None:
    async def scenario() -> None:
        release_id = await begin(house, shares(2_000, 10_000))
        halt = house.service.ticks.halt
        await halt(HaltRequest("w", "bank", 10_000, "of another version"))
        await halt(HaltRequest("w", "shop", 0, "of another program"))
        await halt(HaltRequest("other", "bank", 0, "of another workspace"))
        assert (await release(house, release_id)).state is ReleaseState.LIVE
        await halt(HaltRequest("w", "bank", 10_100, "Starts are slow"))
        # jobs may run again
        await halt(HaltRequest("w", "bank", 10_100, "Starts are slow"))
        assert (await release(house, release_id)).state is ReleaseState.HALTED
        [last, *_] = await house.service.releases.events(house.owner, "w", release_id)
        assert (last.actor, last.message) == ("system", Message("alert", {"watcher": "Starts are slow"}))

    house.run(scenario())


def test_asking_for_a_halt_makes_a_job(house: House) -> None:
    async def scenario() -> None:
        await house.furnish()
        asked = HaltRequest("w", "bank", 0, "Starts are slow")
        await house.ground.database.write(lambda connection: ask_to_halt(connection, asked))
        [row] = await house.ground.database.read(
            lambda connection: connection.execute(select(jobs).where(jobs.c.kind == HALT)).all()
        )
        assert row.payload == {"workspace_id": "w", "key": "bank", "code": 0, "watcher": "Starts are slow"}
        assert HALT in parts(house.ground).jobs

    house.run(scenario())


def test_a_healthy_version_is_left_alone(house: House) -> None:
    async def run() -> None:
        release_id = await begin(house, shares(1000))
        for look in range(1, 6):
            batches = []
            for number in range(60):
                kinds = ["started", *(["crash"] if number % 20 == 0 else [])]
                batches += [batch(release_id, look * 100 + number, arm, *kinds) for arm in (Arm.NEW, Arm.CONTROL)]
            await count(house, *batches)
            await house.service.ticks.run()
        info = await house.service.releases.get(house.owner, "w", release_id)
        assert info.release.state is ReleaseState.LIVE
        assert info.verdict is not None
        assert info.verdict["health"] == "healthy"

    house.run(run())


def test_guardrails_say_nothing_before_the_first_report(house: House) -> None:
    async def run() -> None:
        release_id = await begin(house, shares(1000))

        async def verdict() -> Any:
            await house.service.ticks.run()
            return (await house.service.releases.get(house.owner, "w", release_id)).verdict

        assert await verdict() is None
        await count(house, *(batch(release_id, number, Arm.NEW, "started") for number in range(7)))
        few = await verdict()
        assert few["reason"] == {"code": "guardrail-few", "fields": {"starts": 7, "needed": 30}}
        await count(house, *(batch(release_id, number, Arm.NEW, "started") for number in range(100, 130)))
        assert (await verdict())["reason"]["code"] == "guardrail-no-control"
        await count(house, *(batch(release_id, number, Arm.CONTROL, "started") for number in range(200, 230)))
        await count(house, *(batch(release_id, number, Arm.NEW, "started") for number in range(300, 330)))
        assert (await verdict())["health"] == "healthy"
        info = await house.service.releases.get(house.owner, "w", release_id)
        await house.act(await house.act(info, Verb.HALT), Verb.ROLL_FORWARD)
        # a new run begins anew
        assert await verdict() is None

    house.run(run())


def test_what_the_schedule_cannot_end_is_not_half_done(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        ramp = {"factor": 200, "every": 7200, "start": 100}
        release_id = await begin(house, {"steps": [{"name": "r", "audience": {"share": 10_000}, "ramp": ramp}]})
        house.at += 7200 * SECOND
        with monkeypatch.context() as patch:

            def refuse(*arguments: Any, **more: Any) -> Any:
                raise Problem("conflict", "It cannot be signed.")

            patch.setattr(service_releases, "sign_program", refuse)
            assert await house.service.ticks.run() == 0
        kinds = [event.kind for event in await house.service.releases.events(house.owner, "w", release_id)]
        assert kinds == ["start", "create"]
        assert (await release(house, release_id)).share == 100
        assert await house.service.ticks.run() == 1
        assert (await release(house, release_id)).share == 200

    house.run(run())


def test_one_release_that_fails_does_not_stop_the_others(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        await house.furnish()
        ramp = {"factor": 200, "every": 60, "start": 1}
        ids = []
        for key in ("bank", "shop"):
            await house.program(key)
            await house.upload("1.0.0", key=key)
            plan = {"steps": [{"name": "r", "audience": {"share": 100}, "ramp": ramp}]}
            ids.append((await house.act(await house.draft("1.0.0", plan, key), Verb.START)).release.id)
        house.at += 60 * SECOND
        original = Releases.do_perform

        def perform(
            service: Releases, connection: Any, workspace_id: str, release_id: str, *rest: Any, **more: Any
        ) -> Any:
            if release_id == min(ids):
                raise OSError
            return original(service, connection, workspace_id, release_id, *rest, **more)

        monkeypatch.setattr(Releases, "do_perform", perform)
        assert await house.service.ticks.run() == 1
        assert [(await release(house, release_id)).share for release_id in sorted(ids)] == [1, 2]

    house.run(run())


def test_what_was_kept_of_devices_goes_with_the_release(house: House) -> None:
    async def run() -> None:
        release_id = await begin(house, shares(1000))
        await count(house, batch(release_id, 1, Arm.NEW, "started"))
        held = select(func.count()).select_from(device_parts)
        for expected in (1, 0):
            await house.ground.database.write(lambda c: do_forget_parts(c, house.at + 30 * DAY))
            assert await house.ground.database.read(lambda c: c.execute(held).scalar()) == expected
            info = await house.service.releases.get(house.owner, "w", release_id)
            if expected:
                await house.act(info, Verb.HALT)
        kept = await house.ground.database.read(
            lambda c: c.execute(select(func.count()).select_from(release_counts)).scalar()
        )
        assert kept == 1
        assert await house.ground.database.read(lambda c: c.execute(select(version_counts)).all()) == []

    house.run(run())


def test_totals_are_sums() -> None:
    assert total([ArmCounts(started=1), ArmCounts(started=2, crash=1)]) == ArmCounts(started=3, crash=1)


def test_a_withdrawn_version_does_not_go_on(house: House) -> None:
    async def run() -> None:
        await begin(house, shares(1000, 2000))
        info = (await house.service.releases.page(house.owner, "w", running=True))[0]
        await house.ground.database.write(
            lambda c: c.execute(update(versions).where(versions.c.code == 10100).values(state="rejected"))
        )
        with pytest.raises(Problem) as caught:
            await house.act(info, Verb.ADVANCE)
        assert caught.value.code == "version-state"
        assert info.program_kind is ProgramKind.MINIPROGRAM

    house.run(run())
