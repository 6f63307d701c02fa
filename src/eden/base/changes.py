"""One ordered feed of what happened, read by every server process.

`append` is called inside a write. A counter row gives the number, and the row's lock makes commit order and number
order the same, so that a reader who goes on from the last number it saw misses nothing. Every process polls
(`POLL_SECONDS`), and looks at once after a commit of its own: a change reaches all processes within 0.2 s, without
anything that only one database offers. A process that has to hear of it sooner sets `Feed.poll_seconds`; where the
database tells for next to nothing whether it was written to (`Database.watch`), that process looks every
`LOOK_SECONDS`, and reads the feed only then.

What is in the feed is a hint: listeners read what they need from the tables. Rows are kept for `KEPT_SECONDS`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from eden.base.database import Database, Watch
from eden.base.ids import now
from eden.base.tables import changes, counters

POLL_SECONDS = 0.2
#: a look costs some five microseconds
LOOK_SECONDS = 0.004
#: a process that was away for longer (a machine that slept) has to start anew
KEPT_SECONDS = 24 * 3600
_PAGE = 1000
_COUNTER = "changes"

log = logging.getLogger("eden.changes")


class Change(msgspec.Struct, frozen=True):
    """One row of the feed; `payload` is an object."""

    seq: int
    kind: str
    workspace_id: str
    payload: dict[str, Any]


Listener = Callable[[Change], Awaitable[None]]


def next_number(connection: Connection, name: str) -> int:
    """The counter's next value, from 1. Holds the counter's row until the commit."""
    counted = connection.execute(update(counters).where(counters.c.name == name).values(value=counters.c.value + 1))
    if counted.rowcount == 0:
        connection.execute(insert(counters).values(name=name, value=1))
    return int(connection.execute(select(counters.c.value).where(counters.c.name == name)).scalar_one())


def append(connection: Connection, kind: str, workspace_id: str, payload: dict[str, Any]) -> int:
    """Tell all processes, once this transaction commits. The change's number."""
    seq = next_number(connection, _COUNTER)
    connection.execute(insert(changes).values(seq=seq, at=now(), kind=kind, workspace_id=workspace_id, payload=payload))
    return seq


def last_number(connection: Connection) -> int:
    """The number of the newest change, 0 before the first; also when the change itself was forgotten."""
    return connection.execute(select(counters.c.value).where(counters.c.name == _COUNTER)).scalar() or 0


class Feed:
    """This process's view of the feed. A listener that fails is logged and does not stop the others."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: list[tuple[str, Listener]] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._look: asyncio.Handle | None = None
        #: seconds between two readings
        self.poll_seconds = POLL_SECONDS
        #: number of the newest change that every listener has seen
        self.seen = 0
        #: when the feed was last read with success, microseconds
        self.read_at = 0
        #: changes were forgotten before this process saw them: it must start anew
        self.missed = False

    def listen(self, kind: str, listener: Listener) -> None:
        """Call for every change whose kind is `kind`, or begins with it when it ends in "."; "" for all changes."""
        self._listeners.append((kind, listener))

    async def start(self) -> None:
        """From now on; listeners load their first state themselves, after this."""
        self.seen = await self._database.read(last_number)
        self.read_at = now()
        self.go_on()

    def go_on(self) -> None:
        """After `stop`: from the last change that was seen."""
        self._task = asyncio.create_task(self._run(), name="eden-feed")

    async def stop(self) -> None:
        """No listener is called after this."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        wake_no_more = self._database.wake(self._wake)
        # asking for the rows costs the half of a millisecond, which is too much for many looks a second
        watch = self._database.watch() if self.poll_seconds < POLL_SECONDS else None
        try:
            while True:
                self._wake.clear()
                try:
                    await self._poll()
                except Exception:
                    log.exception("the feed could not be read; trying again")
                    await asyncio.sleep(1)
                    continue
                if watch is not None:
                    await self._written(watch)
                    continue
                with contextlib.suppress(TimeoutError):
                    # not wait_for: in Python 3.11 that can swallow the cancellation of stop()
                    async with asyncio.timeout(self.poll_seconds):
                        await self._wake.wait()
        finally:
            wake_no_more()
            if watch is not None:
                watch.close()

    async def _written(self, watch: Watch) -> None:
        """Until somebody has written, this process or another one."""
        loop = asyncio.get_running_loop()

        def look() -> None:
            if watch.written():
                self._wake.set()
            elif not self._wake.is_set():
                self.read_at = now()
                self._look = loop.call_later(LOOK_SECONDS, look)

        self._look = loop.call_soon(look)
        try:
            await self._wake.wait()
        finally:
            self._look.cancel()

    async def _poll(self) -> None:
        while True:
            found = await self._database.read(self._page)
            self.read_at = now()
            # numbers have no holes: a counter that is undone with its transaction gives them
            if found and found[0].seq != self.seen + 1 and not self.missed:
                self.missed = True
                log.critical(
                    "changes %d to %d were missed; this process must start anew", self.seen + 1, found[0].seq - 1
                )
            for change in found:
                for kind, listener in self._listeners:
                    if kind in ("", change.kind) or (kind.endswith(".") and change.kind.startswith(kind)):
                        try:
                            await listener(change)
                        except Exception:
                            log.exception("a listener failed on %s", change.kind)
                self.seen = change.seq
            if len(found) < _PAGE:
                return

    def _page(self, connection: Connection) -> list[Change]:
        rows = connection.execute(
            select(changes.c.seq, changes.c.kind, changes.c.workspace_id, changes.c.payload)
            .where(changes.c.seq > self.seen)
            .order_by(changes.c.seq)
            .limit(_PAGE)
        )
        return [Change(*row) for row in rows]


def forget_old(connection: Connection, at: int) -> None:
    """Remove what every process has seen long ago; `at` is now, microseconds."""
    connection.execute(delete(changes).where(changes.c.at < at - KEPT_SECONDS * 1_000_000))
