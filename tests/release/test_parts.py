"""Releasing as a part of the platform: what is done by the clock, what is prepared, what doctor says."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from eden.base.ids import now
from eden.base.jobs import Handler
from eden.base.parts import Finding, Part
from eden.base.tables import jobs, workspaces
from eden.release.interfaces import Arm, Report, ReportKind, SignedState, Verb
from eden.release.models import metadata_heads, release_guards, signing_keys, trials
from eden.release.parts import parts
from eden.release.service_prepare import PREPARE, prepare
from eden.release.service_reports import CountedBatch, ReleasePart, do_reports
from eden.release.service_trust import do_establish
from eden.release.trust import read_heads
from tests.release import samples
from tests.release.house import DAY, House, open_house, shares


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path, "sqlite") as opened:
        yield opened


async def do(part: Part, kind: str, payload: dict[str, Any] | None = None) -> None:
    handler = part.jobs[kind]
    run = handler.run if isinstance(handler, Handler) else handler
    await run(payload or {})


def _started() -> Report:
    return Report(program="bank", code=10000, kind=ReportKind.STARTED, at=1)


async def findings(part: Part) -> list[Finding]:
    return [finding for check in part.doctor for finding in await check() if finding.name == "trust"]


def test_the_clock_does_what_is_due(house: House) -> None:
    async def run() -> None:
        part = parts(house.ground)
        await house.furnish()
        await house.program()
        await house.upload("1.0.0")
        info = await house.act(await house.draft("1.0.0", shares(100)), Verb.START)
        parted = ReleasePart(info.release.id, 1, Arm.NEW, True, (_started(),))
        reported = [CountedBatch("phone", "batch", (parted,), ())]
        await house.ground.database.write(lambda c: do_reports(c, "w", reported, now()))
        await house.service.trials.create(house.owner, "w", "bank", 10000, name="x", seconds=60)
        database = house.ground.database
        await do(part, "release.tick")
        looked = await database.read(lambda c: c.execute(select(release_guards.c.release_id)).scalars().all())
        assert looked == [info.release.id]
        # a link whose time is over, and a timestamp that ends soon
        soon = now() + DAY // 3

        def age(connection: Connection) -> None:
            connection.execute(update(trials).values(expires_at=now() - 1))
            connection.execute(
                update(metadata_heads).where(metadata_heads.c.name == "timestamp").values(expires_at=soon)
            )

        await database.write(age)
        await do(part, "release.refresh")
        heads = await database.read(lambda c: read_heads(c, "w"))
        assert heads["timestamp"].expires_at > soon
        ended = await database.read(lambda c: c.execute(select(trials.c.revoked_at)).scalar())
        assert ended is not None
        for kind in ("release.fold", "release.sweep"):
            await do(part, kind)
        assert (await house.states()) == {10000: "release"}

    house.run(run())


def test_a_workspace_that_cannot_sign_does_not_stop_the_others(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        database, trust = house.ground.database, house.service.core.trust

        def add(connection: Connection) -> None:
            values = {"id": "a", "slug": "a", "name": "A", "settings": {}, "created_at": house.at}
            connection.execute(insert(workspaces).values(values))
            do_establish(trust, connection, "a", house.roots, 1, house.at)
            mine = signing_keys.c.workspace_id == "a"
            connection.execute(update(signing_keys).where(mine).values(sealed=b"of another secret"))

        await database.write(add)
        house.at += DAY * 3 // 4
        assert await house.service.trust.refresh() == 1
        ends = await house.service.trust.ends(house.owner, "w")
        assert ends["timestamp"] > house.at + DAY * 3 // 4

    house.run(run())


def test_doctor_tells_of_roots_and_of_what_expired(house: House) -> None:
    async def run() -> None:
        part = parts(house.ground)
        database = house.ground.database
        await house.furnish()
        await house.program()
        assert [finding.ok for finding in await findings(part)] == [True]

        def end(name: str, at: int) -> Any:
            return lambda c: c.execute(
                update(metadata_heads).where(metadata_heads.c.name == name).values(expires_at=at)
            )

        await database.write(end("root", now() + 10 * DAY))
        await database.write(end("timestamp", now() - DAY))
        found = await findings(part)
        assert [finding.ok for finding in found] == [False, False]
        assert "ends in 9 days" in found[0].sentence
        assert "eden keys renew" in found[0].hint
        assert "metadata timestamp of the workspace test has expired" in found[1].sentence
        await database.write(lambda c: c.execute(metadata_heads.delete()))
        [missing] = await findings(part)
        assert "has no root of trust" in missing.sentence

    house.run(run())


class Asked:
    """In place of the maker of deltas: what it is asked for."""

    def __init__(self) -> None:
        self.pairs: list[tuple[list[str], str]] = []

    def prepare(self, bases: list[str], target: str) -> None:
        self.pairs.append((bases, target))


def test_deltas_are_asked_for_from_what_phones_have(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        main = {}
        for version in ("1.0.0", "1.1.0"):
            await house.stable(version)
            main[version] = _main(version)
        await house.upload("1.2.0", scripts=b"1.2.0")
        main["1.2.0"] = _main("1.2.0")
        await house.act(await house.draft("1.2.0", shares(100)), Verb.START)
        waiting = await house.ground.database.read(
            lambda c: c.execute(select(jobs.c.payload).where(jobs.c.kind == PREPARE)).scalars().all()
        )
        # three releases asked, one job waits
        assert waiting == [{"workspace": "w", "program": "bank"}]
        asked = Asked()
        await prepare(house.service.core, asked, waiting[0])  # type: ignore[arg-type]
        names = {digest: version for version, digest in main.items()}
        assert {names[target]: [names[base] for base in bases] for bases, target in asked.pairs} == {
            "1.1.0": ["1.2.0", "1.0.0"],
            "1.2.0": ["1.1.0", "1.0.0"],
        }
        await prepare(house.service.core, asked, {"workspace": "w", "program": "gone"})  # type: ignore[arg-type]
        found = await house.service.versions.get(house.owner, "w", "bank", 10200)
        assert found.signed_state is SignedState.RELEASE

    house.run(run())


def _main(version: str) -> str:
    major, minor, patch = map(int, version.split("."))
    code = major * 10_000 + minor * 100 + patch
    return hashlib.sha256(
        samples.miniprogram_files(code=code, version=version, scripts=version.encode())["main.zip"]
    ).hexdigest()


def test_what_a_killed_process_left_goes_at_the_start(house: House) -> None:
    async def run() -> None:
        part = parts(house.ground)
        left = house.ground.settings.data_folder / "uploads" / "upload-dead"
        left.mkdir(parents=True)
        (left / "body").write_bytes(b"1")
        for path in (left / "body", left):
            os.utime(path, (1, 1))
        assert part.start is not None
        assert part.stop is not None
        await part.start()
        assert not left.exists()
        await asyncio.wait_for(part.stop(), 20)

    house.run(run())
