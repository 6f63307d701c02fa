"""The spool's folder: `WRITER.NUMBER.spool`, one writer per server process, numbers in the order of writing; and beside
them `progress.db`, which says how far they are stored.

A writer holds a lock on the segment that it is writing, for as long as its process lives. A segment whose lock is free
is whole: its writer has gone on to the next one, or is dead.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from pathlib import Path
from typing import NamedTuple

from eden.base.locks import lock

_NAME = re.compile(r"(?P<writer>[0-9a-f]{24})\.(?P<number>[0-9]{8})\.spool")


class Segment(NamedTuple):
    """A file of the spool, with its size in bytes when it was looked at."""

    writer: str
    number: int
    size: int

    @property
    def name(self) -> str:
        return segment_name(self.writer, self.number)


def spool_folder(data: Path) -> Path:
    """Where the spool of a data folder is."""
    return data / "observe" / "spool"


def progress_file(spool: Path) -> Path:
    """What `eden.observe.digest.progress` keeps of the segments in a spool's folder."""
    return spool / "progress.db"


def new_writer() -> str:
    """A name that no other process has; names sort by the time they were made."""
    return f"{time.time_ns() // 1000:016x}{secrets.token_hex(4)}"


def segment_name(writer: str, number: int) -> str:
    return f"{writer}.{number:08d}.spool"


def segments(folder: Path) -> list[Segment]:
    """What is in the spool, the oldest writer's first. Files of other names are not ours."""
    found = []
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if match := _NAME.fullmatch(entry.name):
                # removed meanwhile: read, and gone
                with contextlib.suppress(FileNotFoundError):
                    found.append(Segment(match["writer"], int(match["number"]), entry.stat().st_size))
    return sorted(found)


def is_ended(path: Path) -> bool:
    """Whether nobody writes this segment any more."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        return lock(handle, alone=False)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Have the names of new files on the disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
