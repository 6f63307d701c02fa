"""The spool: what was acknowledged is read back, once and whole, whatever happens to the processes and the disk."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eden.base.problems import Problem
from eden.observe.interfaces import Accepted
from eden.observe.spool.folder import segments
from eden.observe.spool.reader import SpoolReader
from eden.observe.spool.records import MAGIC, encode, scan
from eden.observe.spool.writer import SpoolWriter

T = TypeVar("T")
LARGE = 1_000_000_000


def batch(number: int, size: int = 10) -> Accepted:
    return Accepted("eden", number, 1, b"k" * 16, b"x" * size, {"n": str(number)})


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def read_all(reader: SpoolReader, most: int = 1000) -> list[int]:
    found: list[int] = []
    while True:
        piece = reader.read(most)
        if piece is None:
            return found
        found.extend(one.app for one in piece.batches)


async def write(writer: SpoolWriter, numbers: range, size: int = 10) -> list[BaseException | None]:
    return await asyncio.gather(*(writer.append(batch(number, size)) for number in numbers), return_exceptions=True)


async def spool(folder: Path, numbers: range, **options: Any) -> None:
    writer = SpoolWriter(folder, LARGE, **options)
    await writer.start()
    assert await write(writer, numbers) == [None] * len(numbers)
    await writer.stop()


# records


@given(st.lists(st.binary(max_size=200), max_size=8), st.integers(0, 400))
@settings(max_examples=60, deadline=None)
def test_whole_records_before_a_cut_are_found(bodies: list[bytes], cut: int) -> None:
    records = [encode(Accepted("eden", 1, 2, b"", body, {})) for body in bodies]
    piece = b"".join(records)[:cut]
    found = scan(piece, 100)
    whole, end = 0, 0
    for record in records:
        if end + len(record) > len(piece):
            break
        whole, end = whole + 1, end + len(record)
    assert [one.batch.body for one in found.found] == bodies[:whole]
    assert found.end == 100 + end


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_bytes_can_be_scanned(piece: bytes) -> None:
    assert scan(piece, 0).found == []


# writing and reading


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    run(spool(tmp_path, range(100)))
    reader = SpoolReader(tmp_path)
    assert read_all(reader) == list(range(100))
    assert reader.unread() == []
    # nobody writes there any more
    reader.remove_read(reader.places)
    assert segments(tmp_path) == []


def test_a_batch_that_is_larger_than_a_piece(tmp_path: Path) -> None:
    async def work() -> None:
        writer = SpoolWriter(tmp_path, LARGE)
        await writer.start()
        await writer.append(batch(1, 50_000))
        await writer.append(batch(2))
        await writer.stop()

    run(work())
    assert read_all(SpoolReader(tmp_path), most=500) == [1, 2]


def test_all_who_wait_share_a_sync(tmp_path: Path) -> None:
    synced: list[int] = []

    def sync(handle: int) -> None:
        synced.append(os.fstat(handle).st_size)
        time.sleep(0.02)

    run(spool(tmp_path, range(500), sync=sync))
    assert 1 <= len(synced) <= 3
    assert read_all(SpoolReader(tmp_path)) == list(range(500))


def test_nobody_is_answered_before_the_sync(tmp_path: Path) -> None:
    async def work() -> None:
        events: list[str] = []
        writer = SpoolWriter(tmp_path, LARGE, sync=lambda handle: events.append("synced"))
        await writer.start()
        await writer.append(batch(1))
        events.append("answered")
        await writer.stop()
        assert events == ["synced", "answered"]

    run(work())


def test_segments_are_left_at_their_size_and_removed_when_read(tmp_path: Path) -> None:
    async def work() -> None:
        writer = SpoolWriter(tmp_path, LARGE, segment_bytes=3000)
        await writer.start()
        for number in range(30):
            await writer.append(batch(number, 500))
        assert len(segments(tmp_path)) > 3
        reader = SpoolReader(tmp_path)
        assert read_all(reader) == list(range(30))
        reader.remove_read(reader.places)
        # the one that is being written stays
        assert len(segments(tmp_path)) <= 1
        await writer.append(batch(30))
        assert read_all(reader) == [30]
        await writer.stop()

    run(work())


def test_places_are_gone_on_from(tmp_path: Path) -> None:
    run(spool(tmp_path, range(10)))
    reader = SpoolReader(tmp_path)
    piece = reader.read(400)
    assert piece is not None
    rest = read_all(SpoolReader(tmp_path, reader.places))
    assert [one.app for one in piece.batches] + rest == list(range(10))
    assert [one.app for one in SpoolReader(tmp_path).read_again(piece.range)] == [one.app for one in piece.batches]


def test_writers_take_turns(tmp_path: Path) -> None:
    run(spool(tmp_path, range(20)))
    run(spool(tmp_path, range(100, 120)))
    found = read_all(SpoolReader(tmp_path), most=200)
    assert sorted(found) == [*range(20), *range(100, 120)]
    # the second one's first batch does not wait for the first one's last
    assert found.index(100) < found.index(19)


# damage


def test_a_torn_end_is_cut_and_the_segment_goes(tmp_path: Path) -> None:
    run(spool(tmp_path, range(5)))
    (one,) = segments(tmp_path)
    with open(tmp_path / one.name, "ab") as file:
        file.write(encode(batch(9))[:-4])
    reader = SpoolReader(tmp_path)
    assert read_all(reader) == list(range(5))
    assert reader.lost > 0
    reader.remove_read(reader.places)
    assert segments(tmp_path) == []


def test_damage_in_the_middle_costs_one_record(tmp_path: Path) -> None:
    run(spool(tmp_path, range(5)))
    (one,) = segments(tmp_path)
    size = len(encode(batch(0)))
    with open(tmp_path / one.name, "r+b") as file:
        file.seek(len(MAGIC) + 2 * size + size // 2)
        file.write(b"\xff\xff")
    assert read_all(SpoolReader(tmp_path)) == [0, 1, 3, 4]


def test_what_is_being_written_is_waited_for(tmp_path: Path) -> None:
    async def work() -> None:
        writer = SpoolWriter(tmp_path, LARGE)
        await writer.start()
        await writer.append(batch(1))
        (one,) = segments(tmp_path)
        record = encode(batch(2))
        reader = SpoolReader(tmp_path)
        handle = os.open(tmp_path / one.name, os.O_WRONLY | os.O_APPEND)
        os.write(handle, record[:20])
        assert read_all(reader) == [1]
        assert len(reader.unread()) == 1
        os.write(handle, record[20:])
        os.close(handle)
        assert read_all(reader) == [2]
        await writer.stop()

    run(work())


# no room


class Disk:
    """A disk that syncs, or does not."""

    def __init__(self) -> None:
        self.full = False

    def sync(self, handle: int) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_told_and_recovers_by_itself(tmp_path: Path) -> None:
    async def work() -> None:
        disk = Disk()
        writer = SpoolWriter(tmp_path, LARGE, sync=disk.sync)
        await writer.start()
        assert await write(writer, range(3)) == [None] * 3
        disk.full = True
        refused = await write(writer, range(3, 6))
        assert [getattr(one, "code", None) for one in refused] == ["storage-full"] * 3
        assert isinstance(refused[0], Problem) and "Retry-After" in refused[0].headers
        disk.full = False
        assert await write(writer, range(6, 9)) == [None] * 3
        await writer.stop()

    run(work())
    assert read_all(SpoolReader(tmp_path)) == [0, 1, 2, 6, 7, 8]


def test_a_write_that_stops_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    room = [200]

    def limited(handle: int, data: bytes) -> int:
        if room[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = real(handle, bytes(data)[: room[0]])
        room[0] -= written
        return written

    async def work() -> None:
        writer = SpoolWriter(tmp_path, LARGE)
        await writer.start()
        monkeypatch.setattr(os, "write", limited)
        refused = await write(writer, range(20))
        assert all(isinstance(one, Problem) and one.status == 507 for one in refused)
        monkeypatch.setattr(os, "write", real)
        await writer.append(batch(99))
        await writer.stop()

    run(work())
    assert read_all(SpoolReader(tmp_path)) == [99]


def test_a_folder_that_was_removed_is_made_again(tmp_path: Path) -> None:
    async def work() -> None:
        writer = SpoolWriter(tmp_path / "spool", LARGE)
        await writer.start()
        await writer.append(batch(1))
        shutil.rmtree(tmp_path / "spool")
        await writer.append(batch(2))
        await writer.stop()

    run(work())
    assert read_all(SpoolReader(tmp_path / "spool")) == [2]


def test_the_limit_is_of_all_processes(tmp_path: Path) -> None:
    run(spool(tmp_path, range(50)))

    async def work() -> None:
        writer = SpoolWriter(tmp_path, limit=sum(one.size for one in segments(tmp_path)) + 200)
        await writer.start()
        await writer.append(batch(1))
        with pytest.raises(Problem, match="wait to be stored") as told:
            await writer.append(batch(2, 500))
        assert told.value.status == 507
        await writer.stop()

    run(work())


# killed

_WRITES = """
import asyncio, sys
from pathlib import Path
from eden.observe.interfaces import Accepted
from eden.observe.spool.writer import SpoolWriter

async def main():
    writer = SpoolWriter(Path(sys.argv[1]), 10**9)
    await writer.start()
    number = 0
    async def one(number):
        await writer.append(Accepted("eden", number, 1, b"", b"x" * 300, {}))
        print(number, flush=True)
    while True:
        await asyncio.gather(*(one(number + step) for step in range(20)))
        number += 20

asyncio.run(main())
"""


def test_a_killed_writer_leaves_what_it_acknowledged(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", _WRITES, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = [int(process.stdout.readline()) for _ in range(300)]
    process.kill()
    said += [int(line) for line in process.stdout.read().splitlines(keepends=True) if line.endswith(b"\n")]
    process.wait()
    process.stdout.close()
    reader = SpoolReader(tmp_path)
    found = read_all(reader)
    assert set(said) <= set(found)
    assert len(found) == len(set(found))
    # taken over whole
    reader.remove_read(reader.places)
    assert segments(tmp_path) == []
