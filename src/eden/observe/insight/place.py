"""Where the insight process of a data folder is found: its lock, its socket, its store."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from eden.base.errors import EdenError
from eden.base.settings import Settings

#: a path to a Unix socket has 108 bytes, on macOS 104
_LONGEST = 100


def folder(settings: Settings) -> Path:
    """Everything of observing in the data folder; made for this user only."""
    place = settings.data_folder / "observe"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def lock_file(settings: Settings) -> Path:
    return folder(settings) / "insight.lock"


def store(settings: Settings) -> Path:
    """Of the embedded engine."""
    return folder(settings) / "store"


def socket(settings: Settings) -> Path:
    """In the data folder, or where its path would be too long, in a folder of this user's among temporary files.

    Raises EdenError when somebody else has made that.
    """
    near = folder(settings).resolve() / "insight.sock"
    if len(os.fsencode(near)) <= _LONGEST:
        return near
    own = Path(tempfile.gettempdir()) / f"eden-{os.getuid()}"
    own.mkdir(mode=0o700, exist_ok=True)
    found = own.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise EdenError("insight-socket", f"{own} is not a folder of this user's alone.", "Remove it.")
    return own / f"{hashlib.sha256(os.fsencode(near)).hexdigest()[:32]}.sock"
