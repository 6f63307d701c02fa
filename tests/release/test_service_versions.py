"""Programs and versions: uploads, the same again, others of the same number, reviews, withdrawal, content swept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from eden.base.audit import entries
from eden.base.blobs import content_name
from eden.base.problems import Problem
from eden.base.tables import workspaces
from eden.release.interfaces import NoticeLevel, ProgramKind, SignedState, Verb, VersionState
from eden.release.models import blob_marks, version_files, versions
from eden.release.packages import H5Fields, NativeRecord, NativeText, UploadFields
from eden.release.service_sweep import GRACE_SECONDS, claim_content, sweep_content
from tests.release import samples
from tests.release.house import DAY, SECOND, House, everyone, pieces, shares


def test_programs(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        service = house.service.programs
        await service.create_host_app(house.owner, "w", "super", "Super app")
        made = await service.create(
            house.people["developer"],
            "w",
            key="bank",
            kind=ProgramKind.MINIPROGRAM,
            name=" The bank ",
            host_app="super",
        )
        assert (made.key, made.name, made.host_app, made.stable) == ("bank", "The bank", "super", None)
        await house.program("alpha")
        changed = await service.change(house.owner, "w", "bank", description="Money")
        assert (changed.name, changed.description) == ("The bank", "Money")
        assert [program.key for program in await service.page(house.owner, "w")] == ["alpha", "bank"]
        assert [program.key for program in await service.page(house.owner, "w", after="alpha", limit=1)] == ["bank"]
        await house.stable("1.0.0")
        await house.upload("1.1.0")
        found = await service.get(house.owner, "w", "bank")
        assert found.stable is not None
        assert found.newest is not None
        assert (found.stable.name, found.newest.name, found.app_id) == ("1.0.0", "1.1.0", "wxbank")
        for work, code in (
            (service.create(house.owner, "w", key="bank", kind=ProgramKind.H5), "conflict"),
            (service.create(house.owner, "w", key="../bank", kind=ProgramKind.H5), "invalid"),
            (service.create(house.owner, "w", key="x", kind=ProgramKind.H5, host_app="no"), "not-found"),
            (service.create(house.people["auditor"], "w", key="x", kind=ProgramKind.H5), "forbidden"),
            (service.get(house.owner, "w", "absent"), "not-found"),
            (service.get(house.owner, "elsewhere", "bank"), "not-found"),
        ):
            with pytest.raises(Problem) as caught:
                await work
            assert caught.value.code == code

    house.run(run())


def test_an_upload_is_stored_once_and_never_changed(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        files = samples.miniprogram_files()
        data = samples.stored_zip(files)
        service, developer = house.service.versions, house.people["developer"]
        first, is_new = await service.upload(developer, "w", "bank", pieces(data), UploadFields(notes="The first"))
        assert is_new
        assert (first.name, first.code, first.state, first.signed_state) == (
            "1.0.0",
            10000,
            VersionState.UPLOADED,
            None,
        )
        assert [(file.name, file.served, file.entries) for file in first.files] == [
            ("manifest.json", True, 0), ("main.zip", True, 3), ("maps.zip", False, 1),
        ]  # fmt: skip
        for file in first.files:
            assert await house.ground.blobs.get_content(file.sha256) == files[file.name]
        again, is_new = await service.upload(house.people["owner"], "w", "bank", pieces(data), UploadFields())
        assert not is_new
        assert again == first
        with pytest.raises(Problem) as caught:
            await house.upload("1.0.0", scripts=b"other")
        assert caught.value.code == "version-exists"
        # the same bytes in another version are stored once
        await house.program("bank2")
        await house.upload("1.0.0", key="bank2")
        held = [name async for name, _ in house.ground.blobs.list("sha256")]
        assert len(held) == 3
        marks = select(func.count()).select_from(blob_marks)
        assert await house.ground.database.read(lambda c: c.execute(marks).scalar()) == 0
        assert list(house.service.core.uploads._folder.iterdir()) == []
        actions = await house.ground.database.read(lambda c: [entry.action for entry in entries(c, "w")])
        assert actions.count("version.upload") == 2

    house.run(run())


def test_packages_of_another_program_are_refused(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.upload("1.0.0")
        with pytest.raises(Problem, match="The package is of other, this program is wxbank"):
            await house.upload("1.1.0", app_id="other")
        await house.program("shop", ProgramKind.H5)
        fields = UploadFields(version="1.0.0", h5=H5Fields(virtual_host="a.b", fallback_url="https://a.b/"))
        made, _ = await house.service.versions.upload(house.owner, "w", "shop", pieces(samples.h5()), fields)
        assert [file.name for file in made.files] == ["package.zip"]
        for body, code in ((pieces(b"not a zip"), "unsafe-archive"), (None, "invalid")):
            with pytest.raises(Problem) as caught:
                await house.service.versions.upload(house.owner, "w", "shop", body, fields)
            assert caught.value.code == code

    house.run(run())


def test_dimina_codes_grow(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program("d", ProgramKind.DIMINA)
        upload = house.service.versions.upload
        await upload(house.owner, "w", "d", pieces(samples.dimina(5)), UploadFields())
        with pytest.raises(Problem, match="versionCode from 6 on"):
            await upload(house.owner, "w", "d", pieces(samples.dimina(4)), UploadFields())
        await upload(house.owner, "w", "d", pieces(samples.dimina(6)), UploadFields())

    house.run(run())


def test_an_upgrade_of_the_shell_needs_no_file_and_no_metadata(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program("shell", ProgramKind.NATIVE)
        record = NativeRecord(level=NoticeLevel.FORCED, texts={"en": NativeText(title="New")}, url="https://s.example/")
        fields = UploadFields(version="9.0.0", native=record)
        made, _ = await house.service.versions.upload(house.owner, "w", "shell", None, fields)
        assert made.files == ()
        info = await house.service.releases.create(house.owner, "w", "shell", made.code, everyone())
        info = await house.act(info, Verb.START)
        info = await house.act(info, Verb.FINISH)
        found = await house.service.versions.get(house.owner, "w", "shell", made.code)
        assert found.signed_state is SignedState.STABLE
        assert await house.signed("shell") == {}

    house.run(run())


def test_two_uploads_of_one_number_at_once(house: House) -> None:
    """The same bytes: both succeed with one version. Other bytes: one wins, the other hears of it."""

    async def run() -> None:
        await house.furnish()
        await house.program()
        same = await asyncio.gather(*(house.upload("1.0.0") for _ in range(4)))
        assert len({version.id for version in same}) == 1
        results: list[Any] = await asyncio.gather(
            *(house.upload("1.1.0", scripts=f"{number}".encode()) for number in range(4)), return_exceptions=True
        )
        lost = [result for result in results if isinstance(result, Problem)]
        assert [problem.code for problem in lost] == ["version-exists"] * 3
        assert await house.ground.database.read(lambda c: c.execute(select(func.count(versions.c.id))).scalar()) == 2

    house.run(run())


def test_a_review_is_by_somebody_else(house: House) -> None:
    async def run() -> None:
        await house.furnish({"review_required": True})
        await house.program()
        version = await house.upload("1.0.0", who="both")
        review = house.service.versions.review
        for who, code in (("both", "forbidden"), ("developer", "forbidden")):
            with pytest.raises(Problem) as caught:
                await review(house.people[who], "w", "bank", version.code, "approved")
            assert caught.value.code == code
        info = await house.draft("1.0.0", shares(1000, 10_000))
        info = await house.act(info, Verb.START)
        with pytest.raises(Problem, match="has no review yet") as caught:
            await house.act(info, Verb.ADVANCE)
        assert caught.value.code == "version-state"
        with pytest.raises(Problem) as caught:
            await review(house.people["reviewer"], "w", "bank", version.code, "rejected", "bad")
        assert caught.value.code == "version-state"
        found = await review(house.people["reviewer"], "w", "bank", version.code, "approved", "Looks good")
        assert (found.state, found.reviews[0].comment) == (VersionState.APPROVED, "Looks good")
        info = await house.act(info, Verb.ADVANCE)
        await house.act(info, Verb.FINISH)
        await house.upload("1.1.0")
        with pytest.raises(Problem, match="comment"):
            await review(house.people["reviewer"], "w", "bank", 10100, "rejected")
        await review(house.people["reviewer"], "w", "bank", 10100, "rejected", "It crashes")
        with pytest.raises(Problem, match="rejected by a reviewer"):
            await house.draft("1.1.0")

    house.run(run())


def test_withdrawing_what_is_stable_brings_back_the_version_before(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.stable("1.0.0")
        await house.stable("1.1.0")
        await house.upload("1.2.0", scripts=b"2")
        bad = await house.act(await house.draft("1.2.0", shares(100)), Verb.START)
        with pytest.raises(Problem, match="offers version"):
            await house.service.versions.withdraw(house.people["operator"], "w", "bank", 10200, "bad")
        await house.act(bad, Verb.HALT)
        await house.stable("1.3.0")
        assert await house.states() == {10000: "kept", 10100: "kept", 10200: "kept", 10300: "stable"}
        gone = await house.service.versions.withdraw(house.people["developer"], "w", "bank", 10300, "It loses money")
        assert (gone.state, gone.signed_state) == (VersionState.WITHDRAWN, SignedState.REVOKED)
        # not 1.2.0, which was never for everyone
        assert await house.states() == {10000: "kept", 10100: "stable", 10200: "kept", 10300: "revoked"}
        with pytest.raises(Problem, match="withdrawn"):
            await house.draft("1.3.0")
        again = await house.service.versions.withdraw(house.people["developer"], "w", "bank", 10300, "once more")
        assert again == gone

    house.run(run())


def test_comparison_and_sizes(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.upload("1.0.0")
        await house.upload("1.1.0", scripts=b"longer than before")
        service = house.service.versions
        found = await service.compare(house.owner, "w", "bank", 10000, 10100)
        assert [(file.package, file.path, file.change, file.before, file.after) for file in found.files] == [
            ("main.zip", "code/scripts.js", "changed", 6, 18)
        ]
        assert {package.name: package.same for package in found.packages} == {
            "main.zip": False, "manifest.json": False, "maps.zip": True,
        }  # fmt: skip
        assert found.unchanged == 3
        sizes = await service.sizes(house.owner, "w", "bank", 10000)
        assert sizes.kinds["images"] == 120
        assert sizes.kinds["code"] == 6
        assert sizes.packages["main.zip"] == 128
        assert [version.code for version in await service.page(house.owner, "w", "bank")] == [10100, 10000]
        assert [version.code for version in await service.page(house.owner, "w", "bank", below=10100)] == [10000]

    house.run(run())


def test_content_without_a_version_is_swept_later(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        await house.program()
        await house.upload("1.0.0")
        core = house.service.core
        # a process that died between putting and saying so, and one that died before that
        left = await core.blobs.put_content(b"left behind")
        claimed = samples.sha256(b"claimed")
        await claim_content(core, [claimed])
        await core.blobs.put_content(b"claimed")
        await core.blobs.put("sha256/notes.txt", b"of a file manager")
        assert await sweep_content(core) == 0
        house.at += GRACE_SECONDS * SECOND // 2
        assert await sweep_content(core) == 0
        house.at += DAY
        assert await sweep_content(core) == 2
        assert not await core.blobs.exists(content_name(left))
        assert not await core.blobs.exists(content_name(claimed))
        assert await core.blobs.exists("sha256/notes.txt")
        assert len([name async for name, _ in core.blobs.list("sha256")]) == 3 + 1
        assert await core.database.read(lambda c: c.execute(select(func.count()).select_from(blob_marks)).scalar()) == 0

    house.run(run())


def test_content_that_is_being_removed_is_waited_for(house: House) -> None:
    async def run() -> None:
        await house.furnish()
        core = house.service.core
        digest = samples.sha256(b"x")
        await core.database.write(
            lambda c: c.execute(insert(blob_marks).values(sha256=digest, state="deleting", at=house.at))
        )
        waiting = asyncio.create_task(claim_content(core, [digest]))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        # the other process is gone; its mark is too old to count
        house.at += DAY
        await waiting

    house.run(run())


def test_an_upload_that_dies_leaves_nothing_that_counts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As kill -9 after every step: only the write that names the files makes a version."""

    class Killed(BaseException):
        pass

    async def run() -> None:
        await house.furnish()
        await house.program()
        core = house.service.core
        for step in range(1, 5):
            done = 0
            original = type(core.blobs).put_content

            async def put(*arguments: Any, step: int = step, original: Any = original, **more: Any) -> str:
                nonlocal done
                done += 1
                if done == step:
                    raise Killed
                return str(await original(*arguments, **more))

            with monkeypatch.context() as patch:
                patch.setattr(type(core.blobs), "put_content", put)
                if step < 4:
                    with pytest.raises(Killed):
                        await house.upload("1.0.0")
                    assert await house.service.versions.page(house.owner, "w", "bank") == []
        # the same upload, later, finds its way
        assert (await house.upload("1.0.0")).code == 10000

    house.run(run())


def test_a_body_that_breaks_off_leaves_nothing(house: House) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield samples.miniprogram()[:500]
        raise ConnectionError

    async def run() -> None:
        await house.furnish()
        await house.program()
        with pytest.raises(ConnectionError):
            await house.service.versions.upload(house.owner, "w", "bank", broken(), UploadFields())
        assert list(house.service.core.uploads._folder.iterdir()) == []
        count = select(func.count()).select_from(version_files)
        assert await house.ground.database.read(lambda c: c.execute(count).scalar()) == 0
        assert await house.ground.database.read(lambda c: c.execute(select(func.count(workspaces.c.id))).scalar()) == 1

    house.run(run())
