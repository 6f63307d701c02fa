"""Where an upload lies until it has been looked at: a folder of its own, gone afterwards.

What a process that was killed left behind is removed by `sweep` when nothing has been written there for
`STALE_SECONDS`; until then it may belong to another process.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import io
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from eden.base.problems import Problem

STALE_SECONDS = 3600
#: bytes gathered before they are written: uploads come in small pieces
_PIECE = 1 << 20
_PREFIX = "upload-"


class Uploads:
    """Receives bodies into subfolders of `folder`, which is made when it is needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def receive(self, pieces: AsyncIterator[bytes], limit: int) -> AsyncIterator[Path]:
        """The body in a file, for as long as the context lasts; its folder may be given further files. Problem
        `too-large`, `storage-full`."""
        folder = await asyncio.to_thread(self._make)
        try:
            path = folder / "body"
            try:
                await _receive(pieces, path, limit)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                raise Problem(
                    "storage-full", "The server has no room for this upload.", "Tell those who operate it."
                ) from None
            yield path
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def sweep(self, at: float | None = None) -> int:
        """Remove what was left behind; how many uploads that were. `at`: now, seconds since 1970."""
        removed = 0
        before = (time.time() if at is None else at) - STALE_SECONDS
        for folder in self._folder.glob(f"{_PREFIX}*"):
            # another process may remove it at this moment
            with contextlib.suppress(OSError):
                if max(path.stat().st_mtime for path in (folder, *folder.iterdir())) < before:
                    shutil.rmtree(folder, ignore_errors=True)
                    removed += 1
        return removed

    def _make(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._folder))


async def _receive(pieces: AsyncIterator[bytes], path: Path, limit: int) -> None:
    size, waiting = 0, bytearray()
    with open(path, "xb", buffering=0) as file:  # noqa: ASYNC230 - writes are in threads
        async for piece in pieces:
            size += len(piece)
            if size > limit:
                raise Problem(
                    "too-large",
                    f"More than the {limit:,} bytes came that an upload may have.",
                    "Make the package smaller, or raise limits.upload_bytes on the server.",
                )
            waiting += piece
            if len(waiting) >= _PIECE:
                await asyncio.to_thread(_write, file, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(_write, file, bytes(waiting))


def _write(file: io.FileIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
