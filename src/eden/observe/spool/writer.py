"""Appending to the spool: one write and one sync for all batches that wait, before any of them is answered.

While the disk syncs, the next batches gather; so the disk's pace sets how many share a sync, and nobody waits for a
timer. A write or a sync that fails (a full disk) is told to all who waited for it, and the segment is cut back to its
last good byte and left alone: after a failed sync nobody knows what of a file is on the disk. The next batch begins a
new segment, so that there is nothing to restart once there is room again.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from eden.base.locks import lock
from eden.base.problems import Problem
from eden.observe.interfaces import Accepted
from eden.observe.spool.folder import new_writer, segment_name, segments, sync_folder
from eden.observe.spool.records import MAGIC, encode

#: a segment is left for the next one at this size: what was read is removed by whole segments
SEGMENT_BYTES = 16_000_000
#: bytes of batches that wait for the disk; more are told to come later
_WAITING_BYTES = 64_000_000
#: seconds between two looks at what all processes have in the spool
_LOOK_SECONDS = 0.5
RETRY_SECONDS = 30
#: seconds between two lines of the log about a disk that takes nothing
_TELL_SECONDS = 10.0

log = logging.getLogger("eden.observe")
Sync = Callable[[int], None]


def _sync(handle: int) -> None:
    os.fsync(handle) if sys.platform in ("darwin", "win32") else os.fdatasync(handle)


class SpoolWriter:
    """One per server process. `limit`: bytes in the spool, of all processes, above which nothing is taken.

    `sync` has a file's bytes on the disk, or raises OSError.
    """

    def __init__(self, folder: Path, limit: int, *, segment_bytes: int = SEGMENT_BYTES, sync: Sync = _sync) -> None:
        self._folder = folder
        self._limit = limit
        self._segment_bytes = segment_bytes
        self._sync = sync
        self._writer = new_writer()
        self._number = 0
        self._handle = -1
        self._size = 0
        self._pieces: list[bytes] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._waiting_bytes = 0
        #: bytes in the spool, as last looked at, and what was appended since
        self.spooled = 0
        #: told of `spooled`, twice a second
        self.on_look: Callable[[int], None] = lambda size: None
        self._thread = ThreadPoolExecutor(1, "eden-spool")
        self._tell_again = 0.0
        self._flushing: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Make the folder and look at what is in it."""
        await self._run(lambda: self._folder.mkdir(mode=0o700, parents=True, exist_ok=True))
        await self._look()
        self._looking = asyncio.create_task(self._keep_looking(), name="eden-spool")

    async def stop(self) -> None:
        """What was appended is on the disk or has been refused when this returns."""
        while self._flushing is not None and not self._flushing.done():
            await self._flushing
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
        await self._run(self._leave)
        self._thread.shutdown()

    def check_room(self, size: int) -> None:
        """Problem `storage-full` when the spool cannot take `size` bytes more."""
        if self.spooled + self._waiting_bytes + size > self._limit:
            raise _full(
                f"Reports of {self.spooled:,} bytes wait to be stored, and no more are taken.",
                "Is the events store running (eden doctor tells)? Senders keep what they have and come again.",
            )

    def append(self, batch: Accepted) -> asyncio.Future[None]:
        """Done when the batch is on the disk. Problem `storage-full`, `rate-limited`, at once or from the future: it is
        not promised."""
        record = encode(batch)
        self.check_room(len(record))
        if self._waiting_bytes > _WAITING_BYTES:
            raise Problem(
                "rate-limited",
                "More reports arrive than the disk takes.",
                "Send the same batch again later.",
                headers={"Retry-After": "1"},
            )
        waiting = asyncio.get_running_loop().create_future()
        self._pieces.append(record)
        self._waiting.append(waiting)
        self._waiting_bytes += len(record)
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())
        return waiting

    async def _flush(self) -> None:
        """Write what waits until nothing does."""
        while self._pieces:
            pieces, waiting = self._pieces, self._waiting
            self._pieces, self._waiting = [], []
            size = sum(map(len, pieces))
            failure: Exception | None = None
            try:
                await self._run(lambda pieces=pieces: self._write(pieces))  # type: ignore[misc]
                self.spooled += size
            except Exception as error:
                failure = error
                self._tell(error)
            self._waiting_bytes -= size
            for one in waiting:
                if one.done():  # who sent it has gone away
                    continue
                if failure is None:
                    one.set_result(None)
                else:
                    one.set_exception(_not_kept(failure))

    def _tell(self, error: Exception) -> None:
        """In the log, now and then: a full disk fails a thousand times a second."""
        at = time.monotonic()
        if at >= self._tell_again:
            self._tell_again = at + _TELL_SECONDS
            log.error("reports could not be kept: %s", error, exc_info=not isinstance(error, OSError))

    async def _run(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _look(self) -> None:
        def work() -> None:
            total = sum(segment.size for segment in segments(self._folder))
            self.spooled = total

        await self._run(work)
        self.on_look(self.spooled)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await self._look()
            except OSError:
                log.exception("the spool's folder cannot be read; trying again")

    # in the spool's thread

    def _write(self, pieces: list[bytes]) -> None:
        if self._handle >= 0 and os.fstat(self._handle).st_nlink == 0:
            # somebody has removed it: nobody would read what is written there
            self._leave()
        if self._handle < 0:
            self._begin()
        good = self._size
        try:
            for start in range(0, len(pieces), _MOST_PIECES):
                self._write_all(pieces[start : start + _MOST_PIECES])
            self._sync(self._handle)
        except BaseException:
            # nothing of it is acknowledged, so nothing of it is to be found
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, good)
            self._leave()
            raise
        if self._size >= self._segment_bytes:
            self._leave()

    def _write_all(self, pieces: list[bytes]) -> None:
        data = b"".join(pieces)
        view = memoryview(data)
        while view:
            written = os.write(self._handle, view)
            self._size += written
            view = view[written:]

    def _begin(self) -> None:
        """A new segment. It is there for readers only with its lock held and its first bytes in it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._number += 1
        path = self._folder / segment_name(self._writer, self._number)
        draft = path.with_suffix(".draft")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            lock(handle, alone=True)
            if os.write(handle, MAGIC) != len(MAGIC):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.rename(draft, path)
            sync_folder(self._folder)
        except BaseException:
            os.close(handle)
            for name in (draft, path):
                name.unlink(missing_ok=True)
            raise
        self._handle, self._size = handle, len(MAGIC)

    def _leave(self) -> None:
        if self._handle >= 0:
            handle, self._handle = self._handle, -1
            os.close(handle)


#: pieces that are joined for one write: bounds the copy
_MOST_PIECES = 512


def _full(sentence: str, hint: str) -> Problem:
    return Problem("storage-full", sentence, hint, headers={"Retry-After": str(RETRY_SECONDS)})


def _not_kept(error: Exception) -> Problem:
    return _full(
        f"Reports cannot be kept on the server's disk: {getattr(error, 'strerror', None) or error}.",
        "Its operator has to make room; nothing has to be restarted. Send the same batch again later.",
    )
