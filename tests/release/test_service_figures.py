"""Figures of a release and devices as people see them, on both databases."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from eden.base.tables import changes
from eden.release.interfaces import Arm, ArmCounts, Verb
from eden.release.models import release_counts, version_counts
from eden.release.service_figures import MOST_SPANS, span_length
from tests.release import history
from tests.release.house import SECOND, House, shares


async def _live(house: House) -> str:
    await house.furnish()
    await house.program()
    await house.upload("1.0.0")
    info = await house.act(await house.draft("1.0.0", shares(100, 10_000)), Verb.START)
    return info.release.id


def test_counts_are_added_up_in_time(house: House) -> None:
    async def work() -> None:
        release_id = await _live(house)
        empty = await house.service.figures.of_release(house.owner, "w", release_id)
        assert empty.spans is None and empty.crashes.value is None
        hour = house.at // history.HOUR * history.HOUR
        rows = [
            {"release_id": release_id, "run": run, "arm": arm.value, "at": hour + at * history.MINUTE, "offered": 10,
             "started": 8, "exposed": 100, "crashed": 1}
            for run in (1, 2)
            for arm in Arm
            for at in range(3 * run - 3, 3 * run)
        ]  # fmt: skip
        await house.ground.database.write(lambda c: c.execute(insert(release_counts), rows))
        figures = await house.service.figures.of_release(house.owner, "w", release_id)
        spans = figures.spans
        assert spans is not None
        # the first run's three minutes, then those of the second, which is not the present one
        assert spans.offered == [20, 40, 60, 80, 100, 120] and spans.started[-1] == 96
        assert spans.at[0] == hour + history.MINUTE
        assert figures.new.exposed == 600 and figures.control.exposed == 300
        assert spans.crashes[0] is not None and spans.crashes[0].value == 0.01
        assert spans.crashes[-1] == figures.crashes and spans.control[-1] == figures.control_crashes

    house.run(work())


def test_spans_fit_into_a_plot() -> None:
    for length in (1, history.MINUTE, history.HOUR, history.DAY, 40 * history.DAY, 366 * history.DAY):
        for first in (0, 1_234_567_890_123_456):
            each = span_length(first, first + length)
            assert (first + length) // each - first // each < MOST_SPANS


def test_open_pages_hear_of_new_figures_and_devices_do_not(house: House) -> None:
    async def work() -> None:
        release_id = await _live(house)
        await house.ground.database.write(lambda c: history.long_history(c, release_id, house.at, 1))
        before = await _kinds(house)
        assert await house.service.ticks.tick("w", release_id)
        assert (await _kinds(house))[len(before) :] == ["figures.changed"]

    house.run(work())


def test_starts_by_version_and_day(house: House) -> None:
    async def work() -> None:
        await _live(house)
        await house.upload("1.1.0", scripts=b"2")
        await house.program("shop")
        bank = await house.service.programs.get(house.owner, "w", "bank")
        today = house.at // history.DAY * history.DAY
        nothing = dict.fromkeys(ArmCounts.__struct_fields__, 0)
        rows = [
            {"program_id": bank.id, "code": code, "at": today - days * history.DAY + minute * history.MINUTE}
            | nothing
            | {"started": started}
            for code, days, started in ((10000, 0, 5), (10000, 2, 7), (10100, 0, 1), (10100, 40, 99), (7, 1, 2))
            for minute in (0, 3)
        ]
        await house.ground.database.write(lambda c: c.execute(insert(version_counts), rows))
        overviews = house.service.overviews
        found = await overviews.adoption(house.owner, "w", "bank", days=3, most=2)
        assert found.days == [today - 2 * history.DAY, today - history.DAY, today]
        assert found.versions == [(10000, "1.0.0"), (7, "7")]
        assert (found.starts, found.others, found.total) == ([[14, 0, 10], [0, 4, 0]], [0, 0, 2], 30)
        house.at = today + 4 * history.MINUTE
        for expected in (12, 12):
            [line, other] = await overviews.programs(house.owner, "w")
            assert (line.program.key, line.starts, other.starts) == ("bank", expected, 0)
            assert line.running is not None and (line.running.version, line.running.share) == ("1.0.0", 100)
            # counts are good for a minute
            await house.ground.database.write(lambda c: c.execute(delete(version_counts)))
        house.at += 61 * SECOND
        assert [line.starts for line in await overviews.programs(house.owner, "w", text="ban")] == [0]

    house.run(work())


async def _kinds(house: House) -> list[str]:
    return await house.ground.database.read(
        lambda c: list(c.execute(select(changes.c.kind).order_by(changes.c.seq)).scalars())
    )


def test_devices_are_found_and_sampled(house: House) -> None:
    async def work() -> None:
        await house.furnish()
        await house.ground.database.write(lambda c: history.known_devices(c, "w", 30, house.at, {"bank": 1}))
        devices = house.service.devices
        first = await devices.page(house.owner, "w", limit=20)
        rest = await devices.page(house.owner, "w", before=(first[-1].seen_at, first[-1].id), limit=20)
        assert [device.id for device in (*first, *rest)] == [f"device-{number:06}" for number in range(30)]
        assert [device.id for device in await devices.find(house.owner, "w", "user-7")] == ["device-000007"]
        assert [device.id for device in await devices.find(house.owner, "w", "device-000007")] == ["device-000007"]
        assert await devices.find(house.owner, "w", "device") == []
        assert await devices.get(house.owner, "w", "nobody") is None
        known, some = await devices.sample(house.owner, "w", 5)
        assert known == 30 and [device.id for device in some] == [f"device-{number:06}" for number in range(5)]

    house.run(work())
