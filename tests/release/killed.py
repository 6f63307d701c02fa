"""Kills a process (SIGKILL) at every point of an upload and of a release, and looks at what is left each time.

Run as `python -m tests.release.killed FOLDER ADDRESS`, the address of an empty PostgreSQL, or "" for SQLite. It forks,
so that a step costs no start of Python. Points are before and after everything that leaves the process: pieces of an
upload, blobs, commits, signing, the log; on PostgreSQL commits only, since the rest does not know of the database.
Prints how many points each piece of work had.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.engine.default import DefaultDialect

import eden.release.service_versions as service_versions
import eden.release.uploads as uploads
from eden.base.audit import AuditLog
from eden.base.blobs import Blobs, content_name
from eden.base.tables import changes
from eden.release.interfaces import ReleaseState, Verb
from eden.release.models import version_files
from eden.release.service_sweep import GRACE_SECONDS, sweep_content
from eden.release.simulate_http import AsgiTransport
from eden.release.simulate_trust import Verifier
from eden.release.simulate_witness import witness
from eden.release.trust import TrustRepository, read_heads
from tests.postgres import copied_database
from tests.release.house import SECOND, House, house_at, shares
from tests.release.test_devices import opened

Work = Callable[[House], Awaitable[None]]


_COMMITS = ((DefaultDialect, "do_commit"),)
_EVERYTHING = (
    *_COMMITS,
    (uploads, "_write"),
    (service_versions, "inspect"),
    (Blobs, "put"),
    (TrustRepository, "apply"),
    (AuditLog, "append"),
)


class Points:
    """Counts the points that are passed, and dies at one of them."""

    def __init__(self, last: int, watched: Iterable[tuple[Any, str]]) -> None:
        self._left = last
        self.passed = 0
        for owner, name in watched:
            self._watch(owner, name)

    def pass_by(self) -> None:
        self.passed += 1
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def _watch(self, owner: Any, name: str) -> None:
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
    async with opened(house) as side:
        # what python-tuf believes of it, from the first root to the last file
        timestamp, truth = await witness(AsgiTransport(side.devices), "test", ["bank"], Verifier())
    signed = truth.programs["bank"].versions
    states = {code: version.state for code, version in signed.items()}
    assert states.get(10100) == _SIGNED[info.release.state], (info.release.state, states)
    assert states[10000] == "stable"
    events = await house.service.releases.events(house.owner, "w", info.release.id, limit=100)
    assert [event.revision for event in events] == list(range(info.release.revision, -1, -1))

    def read(connection: Any) -> Any:
        digests = set(connection.execute(select(version_files.c.sha256)).scalars())
        seqs = list(connection.execute(select(changes.c.seq).order_by(changes.c.seq)).scalars())
        verdict = house.ground.audit.verify(connection, "w")
        return read_heads(connection, "w"), digests, seqs, verdict

    heads, digests, seqs, verdict = await house.ground.database.read(read)
    assert verdict.broken_at is None
    assert seqs == list(range(1, len(seqs) + 1))
    assert heads["timestamp"].version == timestamp
    assert {sha256 for version in signed.values() for sha256 in version.files.values()} <= digests
    for digest in digests:
        assert await house.ground.blobs.exists(content_name(digest)), digest


class Place(NamedTuple):
    """Where a house is."""

    folder: Path
    address: str

    @contextmanager
    def copied(self, folder: Path) -> Iterator[Place]:
        """The same once more, with its files in a folder."""
        shutil.copytree(self.folder, folder)
        with copied_database(self.address) if self.address else nullcontext("") as address:
            yield Place(folder, address)
        shutil.rmtree(folder)


def in_child(place: Place, work: Work, last: int | None = None) -> int | None:
    """Do the work in a process of its own, which dies at the point with the number `last`, if there are so many: how
    many points it passed; None when it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            with house_at(*place) as house:
                watched = () if last is None else _COMMITS if place.address else _EVERYTHING
                points = Points(last or 0, watched)
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
        raise SystemExit(f"{work.__name__} failed with {place}")
    return int(text)


def main(folder: Path, address: str) -> None:
    base = Place(folder / "base", address)
    in_child(base, prepare)
    counted = {}
    for work, check in ((upload, check_upload), (start, check_release), (halt, check_release)):
        step, passed = 0, None
        while passed is None:
            step += 1
            with base.copied(folder / "copy") as place:
                passed = in_child(place, work, step)
                in_child(place, check)
        counted[work.__name__] = step - 1
    print(json.dumps(counted))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
