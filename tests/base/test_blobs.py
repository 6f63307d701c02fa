"""Blobs, in a folder and on an S3-compatible server."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
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


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_what_was_put_is_there(blobs: Blobs, tmp_path: Path) -> None:
    async def work() -> None:
        file = tmp_path / "some file"
        file.write_bytes(b"z" * 300_000)
        await blobs.put("a/bytes", b"0123456789")
        await blobs.put("a/file", file)
        await blobs.put("a/b/pieces", pieces(b"one ", b"two"))
        assert await blobs.get("a/bytes") == b"0123456789"
        assert await blobs.get("a/file") == b"z" * 300_000
        assert await blobs.get("a/b/pieces") == b"one two"
        assert b"".join([piece async for piece in blobs.stream("a/file")]) == b"z" * 300_000
        assert await blobs.size("a/bytes") == 10
        assert sorted([found async for found in blobs.list("a")]) == [
            ("a/b/pieces", 7),
            ("a/bytes", 10),
            ("a/file", 300_000),
        ]
        assert sorted([name async for name, _ in blobs.list()]) == ["a/b/pieces", "a/bytes", "a/file"]

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
            await blobs.get_range("x", 0, 1)
        with pytest.raises(FileNotFoundError):
            [piece async for piece in blobs.stream("x")]

    run(work)


@pytest.mark.parametrize(
    ("start", "end", "found"), [(0, 10, b"0123456789"), (3, 5, b"34"), (8, 99, b"89"), (10, 12, b""), (50, 60, b"")]
)
def test_range(blobs: Blobs, start: int, end: int, found: bytes) -> None:
    async def work() -> None:
        await blobs.put("x", b"0123456789")
        assert await blobs.get_range("x", start, end) == found

    run(work)


def test_content_is_stored_once(blobs: Blobs, tmp_path: Path) -> None:
    data = b"the same bytes" * 1000
    file = tmp_path / "f"
    file.write_bytes(data)

    async def work() -> None:
        digests = await asyncio.gather(
            *(blobs.put_content(data) for _ in range(5)),
            *(blobs.put_content(file) for _ in range(3)),
            *(blobs.put_content(pieces(data[:100], data[100:])) for _ in range(3)),
        )
        assert set(digests) == {sha256(data)}
        assert [found async for found in blobs.list("sha256")] == [(content_name(sha256(data)), len(data))]
        assert await blobs.get_content(sha256(data)) == data
        assert await blobs.get_content(sha256(b"another")) is None

    run(work)


def test_too_much_content_leaves_nothing(blobs: Blobs) -> None:
    async def work() -> None:
        with pytest.raises(EdenError, match="More than 10 bytes came"):
            await blobs.put_content(pieces(b"12345", b"678901"), limit=10)
        assert await blobs.put_content(pieces(b"12345", b"67890"), limit=10) == sha256(b"1234567890")
        assert len([found async for found in blobs.list()]) == 1

    run(work)


def test_pieces_that_break_off_leave_nothing(blobs: Blobs) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"some"
        raise ConnectionResetError("the client went away")

    async def work() -> None:
        with pytest.raises(ConnectionResetError):
            await blobs.put_content(broken())
        assert [found async for found in blobs.list()] == []

    run(work)


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
