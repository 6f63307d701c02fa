"""Locks that end with the process that holds them, however it ends."""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import fcntl


def lock(handle: int, *, alone: bool) -> bool:
    """Lock an open file or folder until it is closed, alone or beside others that want it so.

    False when somebody else holds it in the way. Where files cannot be locked, nobody does.
    """
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # a file system without locks
        return True
    return True
