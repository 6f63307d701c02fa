"""Content that no row names: left by a process that died between putting bytes and saying so.

The blob store and the tables cannot commit together, so a row says first what is about to be put, and what is about
to be removed:

    claimed    somebody puts these bytes now; removed by the write that names them
    seen       a sweep found that nobody names them
    deleting   a sweep removes them; whoever wants to put the same bytes waits

A sweep removes only what has been without a name for `GRACE_SECONDS`, and says so in a write that looks once more.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, insert, select, update

from eden.base.blobs import CONTENT, content_name
from eden.base.problems import Problem
from eden.release.interfaces import SECOND
from eden.release.models import blob_marks, lists, version_files
from eden.release.service_core import Core

#: an upload takes minutes at most
GRACE_SECONDS = 24 * 3600
#: a removal takes seconds; after this long the process that began it is gone
_REMOVAL_SECONDS = 600
_PAGE = 500
_SHA256 = re.compile(r"[0-9a-f]{64}")


async def claim_content(core: Core, digests: Sequence[str]) -> None:
    """Before content is put. Waits while a sweep removes the same bytes; Problem `unavailable` when that lasts."""
    for wait in (0.1, 0.3, 1.0, 3.0, None):
        if await core.database.write(lambda connection: _claim(connection, digests, core.clock())):
            return
        if wait is not None:
            await asyncio.sleep(wait)
    raise Problem("unavailable", "The server is tidying up this very content.", "Try again in a minute.")


def release_content(connection: Connection, digests: Iterable[str]) -> None:
    """In the write that names the content."""
    wanted = sorted(set(digests))
    if wanted:
        connection.execute(delete(blob_marks).where(blob_marks.c.sha256.in_(wanted)))


def _claim(connection: Connection, digests: Sequence[str], at: int) -> bool:
    rows = connection.execute(select(blob_marks).where(blob_marks.c.sha256.in_(digests))).all()
    if any(row.state == "deleting" and row.at > at - _REMOVAL_SECONDS * SECOND for row in rows):
        return False
    known = {row.sha256 for row in rows}
    connection.execute(update(blob_marks).where(blob_marks.c.sha256.in_(sorted(known))).values(state="claimed", at=at))
    added = [{"sha256": digest, "state": "claimed", "at": at} for digest in digests if digest not in known]
    if added:
        connection.execute(insert(blob_marks), added)
    return True


async def sweep_content(core: Core) -> int:
    """Look at all content once; how many files were removed."""
    removed, page = 0, list[str]()
    async for name, _ in core.blobs.list(CONTENT):
        digest = name.rpartition("/")[2]
        # what else lies there (a file manager's notes) is none of ours
        if _SHA256.fullmatch(digest):
            page.append(digest)
        if len(page) == _PAGE:
            removed += await _sweep_page(core, page)
            page = []
    return removed + await _sweep_page(core, page)


async def _sweep_page(core: Core, digests: list[str]) -> int:
    at = core.clock()
    marks = await core.database.read(lambda connection: _orphans(connection, digests))
    fresh = [digest for digest, since in marks.items() if since is None]
    old = [digest for digest, since in marks.items() if since is not None and since < at - GRACE_SECONDS * SECOND]
    if fresh:
        await core.database.write(lambda connection: _mark_seen(connection, fresh, at))
    doomed = await core.database.write(lambda connection: _doom(connection, old, at)) if old else []
    for digest in doomed:
        await core.blobs.delete(content_name(digest))
    if doomed:
        await core.database.write(lambda connection: release_content(connection, doomed))
    return len(doomed)


def _orphans(connection: Connection, digests: Sequence[str]) -> dict[str, int | None]:
    """Those that nobody names, with when they were marked."""
    named = set(connection.execute(select(version_files.c.sha256).where(version_files.c.sha256.in_(digests))).scalars())
    for column in (lists.c.ids_sha256, lists.c.leaves_sha256):
        named |= set(connection.execute(select(column).where(column.in_(digests))).scalars())
    marked = {
        row.sha256: row.at for row in connection.execute(select(blob_marks).where(blob_marks.c.sha256.in_(digests)))
    }
    return {digest: marked.get(digest) for digest in digests if digest not in named}


def _mark_seen(connection: Connection, digests: Sequence[str], at: int) -> None:
    known = set(connection.execute(select(blob_marks.c.sha256).where(blob_marks.c.sha256.in_(digests))).scalars())
    added = [{"sha256": digest, "state": "seen", "at": at} for digest in digests if digest not in known]
    if added:
        connection.execute(insert(blob_marks), added)


def _doom(connection: Connection, digests: Sequence[str], at: int) -> list[str]:
    """Mark for removal what still nobody names and nobody claimed meanwhile."""
    still = _orphans(connection, digests)
    doomed = [digest for digest, since in still.items() if since is not None and since < at - GRACE_SECONDS * SECOND]
    connection.execute(update(blob_marks).where(blob_marks.c.sha256.in_(doomed)).values(state="deleting", at=at))
    return doomed
