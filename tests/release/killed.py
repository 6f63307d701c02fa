"""Kills a process (SIGKILL) at every point of an upload and of a release, and looks at what is left each time.

Run as `python -m tests.release.killed FOLDER`: it forks, so that a step costs no start of Python. Points are before
and after everything that leaves the process: pieces of an upload, blobs, commits, signing, the log. Prints how many
points each piece of work had.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

import eden.release.service_versions as service_versions
import eden.release.uploads as uploads
from eden.base.audit import AuditLog
from eden.base.blobs import Blobs, content_name
from eden.base.database import _SqliteWriter
from eden.base.tables import changes
from eden.release.interfaces import ReleaseState, Verb
from eden.release.models import metadata_files, version_files
from eden.release.service_sweep import GRACE_SECONDS, sweep_content
from eden.release.trust import TrustRepository, read_heads
from tests.release.house import SECOND, House, open_house, shares

Work = Callable[[House], Awaitable[None]]


class Points:
    """Counts the points that are passed, and dies at one of them (0: never)."""

    def __init__(self, last: int) -> None:
        self._left = last
        self.passed = 0

    def pass_by(self) -> None:
        self.passed += 1
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, owner: Any, name: str) -> None:
        original = getattr(owner, name)

        async def around_async(*arguments: Any, **more: Any) -> Any:
            self.pass_by()
            result = await original(*arguments, **more)
            self.pass_by()
            return result

        def around(*arguments: Any, **more: Any) -> Any:
            self.pass_by()
            result = original(*arguments, **more)
            self.pass_by()
            return result

        setattr(owner, name, around_async if asyncio.iscoroutinefunction(original) else around)

    def everywhere(self) -> None:
        for owner, name in (
            (uploads, "_write"),
            (service_versions, "inspect"),
            (Blobs, "put"),
            (_SqliteWriter, "_commit"),
            (TrustRepository, "apply"),
            (AuditLog, "append"),
        ):
            self.watch(owner, name)


async def prepare(house: House) -> None:
    await house.furnish()
    await house.program()
    await house.stable("1.0.0")
    await house.upload("1.1.0", scripts=b"2")
    await house.draft("1.1.0", shares(1000, 10_000))


async def upload(house: House) -> None:
    await house.upload("1.2.0", scripts=b"3")


async def start(house: House) -> None:
    await house.act(await newest(house), Verb.START)


async def halt(house: House) -> None:
    info = await newest(house)
    if info.release.state is ReleaseState.DRAFT:
        info = await house.act(info, Verb.START)
    if info.release.state is not ReleaseState.HALTED:
        await house.act(info, Verb.HALT)


async def newest(house: House) -> Any:
    return (await house.service.releases.page(house.owner, "w", program_key="bank", limit=1))[0]


async def check_upload(house: House) -> None:
    """The version is there with all its bytes, or not at all; the same upload again succeeds."""
    service = house.service.versions
    found = [version.code for version in await service.page(house.owner, "w", "bank")]
    assert found in ([10100, 10000], [10200, 10100, 10000]), found
    await check_store(house)
    await upload(house)
    await check_store(house)
    # what was left behind goes, and nothing else does
    core = house.service.core
    core.uploads.sweep(house.at / SECOND + uploads.STALE_SECONDS + 60)
    assert list(core.uploads._folder.iterdir()) == []
    await sweep_content(core)
    house.at += (GRACE_SECONDS + 60) * SECOND
    await sweep_content(core)
    await check_store(house)


async def check_release(house: House) -> None:
    """Row, event, signed metadata and log say the same; the verb can be done again."""
    await check_store(house)
    await halt(house)
    await check_store(house)
    assert (await house.states())[10100] == "kept"


_SIGNED = {ReleaseState.DRAFT: None, ReleaseState.LIVE: "release", ReleaseState.HALTED: "kept"}


async def check_store(house: House) -> None:
    info = await newest(house)
    states = await house.states()
    assert states.get(10100) == _SIGNED[info.release.state], (info.release.state, states)
    assert states[10000] == "stable"
    events = await house.service.releases.events(house.owner, "w", info.release.id, limit=100)
    assert [event.revision for event in events] == list(range(info.release.revision, -1, -1))

    def read(connection: Any) -> Any:
        files = connection.execute(
            select(metadata_files.c.name, metadata_files.c.version, metadata_files.c.bytes)
        ).all()
        digests = set(connection.execute(select(version_files.c.sha256)).scalars())
        seqs = list(connection.execute(select(changes.c.seq).order_by(changes.c.seq)).scalars())
        verdict = house.ground.audit.verify(connection, "w")
        return read_heads(connection, "w"), files, digests, seqs, verdict

    heads, files, digests, seqs, verdict = await house.ground.database.read(read)
    assert verdict.broken_at is None
    assert seqs == list(range(1, len(seqs) + 1))
    known = {(name, version): data for name, version, data in files}
    snapshot = json.loads(known["snapshot", heads["snapshot"].version])["signed"]["meta"]
    timestamp = json.loads(known["timestamp", heads["timestamp"].version])["signed"]["meta"]
    assert timestamp["snapshot.json"]["version"] == heads["snapshot"].version
    assert {name: meta["version"] for name, meta in snapshot.items()} == {
        f"{name}.json": head.version for name, head in heads.items() if name == "targets" or name.startswith("apps.")
    }
    for digest in digests:
        assert await house.ground.blobs.exists(content_name(digest)), digest


def in_child(folder: Path, work: Work, last: int = 0, *, watched: bool = False) -> int | None:
    """Do the work in a process of its own: how many points it passed; None when it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            points = Points(last)
            if watched:
                points.everywhere()
            for house in _houses(folder):
                asyncio.run(work(house))  # type: ignore[arg-type]
            os.write(writing, str(points.passed).encode())
            code = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    if status:
        raise SystemExit(f"{work.__name__} failed with {folder}")
    return int(text)


def _houses(folder: Path) -> Any:
    with open_house(folder, "sqlite") as house:
        yield house


def main(folder: Path) -> None:
    base, place = folder / "base", folder / "place"
    in_child(base, prepare)
    counted = {}
    for work, check in ((upload, check_upload), (start, check_release), (halt, check_release)):
        step = 0
        while True:
            step += 1
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(base, place)
            passed = in_child(place, work, step, watched=True)
            in_child(place, check)
            if passed is not None:
                break
        counted[work.__name__] = step - 1
    print(json.dumps(counted))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
