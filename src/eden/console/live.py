"""Tells open pages that something changed, so that they fetch the regions which show it.

A topic is a word ("release:ID", "programs"); a stream carries only topics, never data, so it needs no rights of its own
beyond those of the workspace. Who publishes: the listener of `eden.base.changes` that the composition root adds.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable

from eden.base.ids import now

_TOPIC = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
#: shorter than the idle limits of common proxies (60 s), so that they keep the stream open
HEARTBEAT_SECONDS = 15.0
#: a burst of changes is one message; a page that reloads four times a second is as live as eyes are
GATHER_SECONDS = 0.25
#: after this a page asks for its stream anew, so that who was taken out of the workspace hears nothing more
LIFETIME_SECONDS = 900.0
#: topics in one message; more are told as "everything"
MOST_TOPICS = 50
EVERYTHING = "*"
#: a page listens a moment after it was drawn; what happened between is remembered for so long
REMEMBERED_SECONDS = 30
MOST_REMEMBERED = 10_000
#: clocks of several server processes differ
_SKEW = 1_000_000


class _Subscriber:
    __slots__ = ("topics", "wake")

    def __init__(self) -> None:
        self.topics: set[str] = set()
        self.wake = asyncio.Event()

    def tell(self, topics: Iterable[str]) -> None:
        self.topics.update(topics)
        if len(self.topics) > MOST_TOPICS:
            self.topics = {EVERYTHING}
        self.wake.set()


class LiveHub:
    """The open pages of this process. All methods belong to the event loop's thread."""

    def __init__(
        self,
        *,
        heartbeat: float = HEARTBEAT_SECONDS,
        gather: float = GATHER_SECONDS,
        lifetime: float = LIFETIME_SECONDS,
        clock: Callable[[], int] = now,
    ) -> None:
        """`clock` gives µs in UTC."""
        self._heartbeat = heartbeat
        self._gather = gather
        self._lifetime = lifetime
        self._clock = clock
        self._subscribers: dict[str, set[_Subscriber]] = {}
        #: when, workspace, topics; the oldest first
        self._recent: deque[tuple[int, str, tuple[str, ...]]] = deque(maxlen=MOST_REMEMBERED)
        self._closed = False

    def publish(self, workspace_id: str, *topics: str) -> None:
        """Regions with one of the topics are stale in the pages of a workspace."""
        for topic in topics:
            if not _TOPIC.fullmatch(topic):
                raise ValueError(f"not a topic: {topic!r}")
        at = self._clock()
        while self._recent and self._recent[0][0] < at - REMEMBERED_SECONDS * 1_000_000:
            self._recent.popleft()
        self._recent.append((at, workspace_id, topics))
        for subscriber in self._subscribers.get(workspace_id, ()):
            subscriber.tell(topics)

    def close(self) -> None:
        """End every stream, so that a server can stop."""
        self._closed = True
        for subscribers in self._subscribers.values():
            for subscriber in subscribers:
                subscriber.wake.set()

    async def stream(self, workspace_id: str, since: int | None = None) -> AsyncIterator[bytes]:
        """Server-sent events (HTML standard, 9.2) of one page, until it is closed or has to ask again. `since` is when
        the page was drawn (µs): what happened after that is told first."""
        subscriber = _Subscriber()
        if since is not None:
            for at, where, missed in self._recent:
                if where == workspace_id and at >= since - _SKEW:
                    subscriber.tell(missed)
        self._subscribers.setdefault(workspace_id, set()).add(subscriber)
        try:
            yield b"retry: 2000\n\n"
            loop = asyncio.get_running_loop()
            end = loop.time() + self._lifetime
            while not self._closed and loop.time() < end:
                try:
                    async with asyncio.timeout(self._heartbeat):
                        await subscriber.wake.wait()
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                subscriber.wake.clear()
                topics, subscriber.topics = subscriber.topics, set()
                if topics:
                    yield f"event: change\ndata: {' '.join(sorted(topics))}\n\n".encode()
                    await asyncio.sleep(self._gather)
        finally:
            subscribers = self._subscribers[workspace_id]
            subscribers.discard(subscriber)
            if not subscribers:
                del self._subscribers[workspace_id]
