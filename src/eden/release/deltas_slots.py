"""A few slots for heavy work: what somebody waits for goes first, what is made ahead waits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Work:
    """One piece of work; `urgent` may be set while it waits (then call `Slots.wake`)."""

    urgent: bool
    task: asyncio.Task[bytes | None] | None = None
    _turn: asyncio.Future[None] | None = field(default=None, repr=False)


class Slots:
    """At most `count` pieces of work at a time, each on a thread of its own.

    Work that is not urgent leaves one slot free, if there are two or more, so that urgent work starts at once.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._ahead_count = max(1, count - 1)
        self._running: list[Work] = []
        self._line: list[Work] = []
        self._threads = ThreadPoolExecutor(count, "eden-deltas")

    @contextlib.asynccontextmanager
    async def take(self, work: Work) -> AsyncIterator[None]:
        """Hold a slot while the body runs."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        work._turn = turn
        self._line.append(work)
        try:
            self.wake()
            await turn
            yield
        finally:
            if work in self._line:
                self._line.remove(work)
            if work in self._running:
                self._running.remove(work)
            self.wake()

    def wake(self) -> None:
        """Let in whoever may: urgent ones first, each kind in order of arrival."""
        for work in sorted(self._line, key=lambda work: not work.urgent):
            if len(self._running) >= (self._count if work.urgent else self._ahead_count):
                return
            self._line.remove(work)
            self._running.append(work)
            if work._turn is not None and not work._turn.done():
                work._turn.set_result(None)

    async def thread(self, function: Callable[..., T], *arguments: object) -> T:
        """Run a function outside the event loop; the caller holds a slot."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    def close(self) -> None:
        """Start nothing more. What a thread has begun it ends: seconds at most."""
        self._threads.shutdown(wait=False, cancel_futures=True)
