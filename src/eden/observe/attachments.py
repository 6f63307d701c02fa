"""Files that come along with reports (attachments of crashes, profiles): blobs of their own, named by their content.

The events store names them in `documents.blob`. When the last document that names one is gone (its time is over, its
person was forgotten), the file is removed by the next sweeps.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from eden.base.blobs import Blobs
from eden.observe.insight.client import Insight

#: beside the content of packages, whose sweep does not know of these
FOLDER = "observe/"
#: seconds for which a file has to be without a document: a file is there before its document is
GRACE_SECONDS = 3600.0


def attachment_name(sha256: str) -> str:
    """Name in the blob store of the bytes that a document's column `blob` has by their SHA-256."""
    return f"{FOLDER}{sha256[:2]}/{sha256}"


class Attachments:
    """One per process. `clock`: monotonic seconds."""

    def __init__(self, blobs: Blobs, insight: Insight, clock: Callable[[], float] = time.monotonic) -> None:
        self._blobs = blobs
        self._insight = insight
        self._clock = clock
        #: files without a document, and since when this process knows
        self._unnamed: dict[str, float] = {}

    async def sweep(self) -> int:
        """Remove files that no document has named for a while; how many that were. Raises Problem
        `insight-unavailable`: nothing was removed."""
        unnamed: set[str] = set()
        # so many names at once as an answer may have rows
        for part in (f"{number:02x}" for number in range(256)):
            there = {name async for name, _ in self._blobs.list(f"{FOLDER}{part}/")}
            if there:
                found = await self._insight.ask(
                    "SELECT DISTINCT blob FROM documents WHERE startsWith(blob, {part:String})", {"part": part}
                )
                unnamed |= there - {attachment_name(blob) for (blob,) in found.rows}
        at = self._clock()
        self._unnamed = {name: self._unnamed.get(name, at) for name in unnamed}
        gone = [name for name, since in self._unnamed.items() if at - since >= GRACE_SECONDS]
        for name in gone:
            await self._blobs.delete(name)
            del self._unnamed[name]
        return len(gone)
