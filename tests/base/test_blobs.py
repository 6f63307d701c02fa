"""Blobs, in a folder and on an S3-compatible server."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from eden.base.blobs import Blobs, content_name
from eden.base.errors import EdenError
from tests.s3 import s3_blobs

CACHE = 1_000_000


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "folder":
        return Blobs(str(tmp_path / "blobs"), cache_bytes=CACHE)
    return s3_blobs(CACHE)


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_what_was_put_is_there(blobs: Blobs, tmp_path: Path) -> None:
    async def work() -> None:
        file = tmp_path / "some file"
        file.write_bytes(b"z" * 300_000)
        await blobs.put("a/bytes", b"0123456789")
        await blobs.put("a/file", file)
        await blobs.put("a/b/bytes", b"one two")
        assert await blobs.get("a/bytes") == b"0123456789"
        assert await blobs.get("a/file") == b"z" * 300_000
        assert await blobs.get("a/b/bytes") == b"one two"
        assert b"".join([piece async for piece in blobs.stream("a/file")]) == b"z" * 300_000
        assert await blobs.size("a/bytes") == 10
        assert sorted([found async for found in blobs.list("a")]) == [
            ("a/b/bytes", 7),
            ("a/bytes", 10),
            ("a/file", 300_000),
        ]
        assert sorted([name async for name, _ in blobs.list()]) == ["a/b/bytes", "a/bytes", "a/file"]

    run(work)


def test_put_replaces_and_delete_removes(blobs: Blobs) -> None:
    async def work() -> None:
        await blobs.put("x", b"first")
        await blobs.put("x", b"second")
        assert await blobs.get("x") == b"second"
        await blobs.delete("x")
        await blobs.delete("x")
        assert await blobs.get("x") is None
        assert await blobs.size("x") is None
        assert not await blobs.exists("x")
        with pytest.raises(FileNotFoundError):
            [piece async for piece in blobs.stream("x")]

    run(work)


def test_content_is_stored_once(blobs: Blobs, tmp_path: Path) -> None:
    data = b"the same bytes" * 1000
    file = tmp_path / "f"
    file.write_bytes(data)

    async def work() -> None:
        digests = await asyncio.gather(
            *(blobs.put_content(data) for _ in range(5)),
            *(blobs.put_content(file) for _ in range(3)),
        )
        assert set(digests) == {sha256(data)}
        assert [found async for found in blobs.list("sha256")] == [(content_name(sha256(data)), len(data))]
        assert await blobs.get_content(sha256(data)) == data
        assert await blobs.get_content(sha256(b"another")) is None

    run(work)


def test_content_that_was_cut_off_is_put_again(blobs: Blobs, tmp_path: Path) -> None:
    """As a machine leaves it that lost its power: the name is there, and not all of its bytes."""
    data = b"whole" * 1000
    file = tmp_path / "f"
    file.write_bytes(data)

    async def work() -> None:
        for source in (data, file):
            await blobs.put(content_name(sha256(data)), data[:4096])
            await blobs.put_content(source)
            assert await blobs.get(content_name(sha256(data))) == data

    run(work)


def test_partial_files_of_killed_processes_go(tmp_path: Path) -> None:
    """obstore writes beside the name and renames: what is left beside it for a day is nobody's."""
    blobs = Blobs(str(tmp_path / "blobs"))
    old = time.time() - 25 * 3600

    async def work() -> None:
        digest = await blobs.put_content(b"whole")
        whole = tmp_path / "blobs" / content_name(digest)
        left, fresh = (whole.with_name(f"{whole.name}#{number}") for number in (1, 2))
        for path in (left, fresh):
            path.write_bytes(b"par")
        for path in (whole, left):
            os.utime(path, (old, old))
        assert [name async for name, _ in blobs.list()] == [content_name(digest)]
        assert await blobs.remove_partial() == 1
        assert sorted(path.name for path in whole.parent.iterdir()) == [whole.name, fresh.name]

    run(work)


def test_partial_files_of_a_bucket_are_left_to_it() -> None:
    assert asyncio.run(s3_blobs().remove_partial()) == 0


def test_damaged_content_is_not_given(blobs: Blobs) -> None:
    async def work() -> None:
        digest = await blobs.put_content(b"right")
        await blobs.put(content_name(digest), b"wrong")
        with pytest.raises(EdenError, match="is damaged"):
            await blobs.get_content(digest)

    run(work)


def test_memory_is_bounded_and_keeps_what_is_used(tmp_path: Path) -> None:
    """Held content is given without the store: seen by removing the files under it."""
    blobs = Blobs(str(tmp_path / "blobs"), cache_bytes=1000)

    async def work() -> None:
        digests = [await blobs.put_content(bytes([n]) * 200) for n in range(6)]
        large = await blobs.put_content(b"x" * 251)
        for digest in [*digests[:5], large, digests[0], digests[5]]:
            await blobs.get_content(digest)
        for digest in [*digests, large]:
            (tmp_path / "blobs" / content_name(digest)).unlink()
        held = [await blobs.get_content(digest) is not None for digest in digests]
        # five of 200 bytes fit; 1 was the longest unused; what is above a quarter is never held
        assert held == [True, False, True, True, True, True]
        assert await blobs.get_content(large) is None

    run(work)


def test_other_addresses_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EdenError, match="a folder or s3://"):
        Blobs("ftp://host/path")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EdenError, match="cannot be made"):
        Blobs(str(tmp_path / "file" / "blobs"))
