"""Tells open pages that something changed, so that they fetch the regions which show it.

A topic is a word ("release:ID", "programs"); a stream carries only topics, never data, so it needs no rights of its own
beyond those of the workspace. Who publishes: the listener of `eden.base.changes` that the composition root adds.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

_TOPIC = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
#: shorter than the idle limits of common proxies (60 s), so that they keep the stream open
HEARTBEAT_SECONDS = 15.0
#: a burst of changes is one message; a page that reloads four times a second is as live as eyes are
GATHER_SECONDS = 0.25
#: topics in one message; more are told as "everything"
MOST_TOPICS = 50
EVERYTHING = "*"


class _Subscriber:
    __slots__ = ("topics", "wake")

    def __init__(self) -> None:
        self.topics: set[str] = set()
        self.wake = asyncio.Event()


class LiveHub:
    """The open pages of this process. All methods belong to the event loop's thread."""

    def __init__(self, *, heartbeat: float = HEARTBEAT_SECONDS, gather: float = GATHER_SECONDS) -> None:
        self._heartbeat = heartbeat
        self._gather = gather
        self._subscribers: dict[str, set[_Subscriber]] = {}
        self._closed = False

    def publish(self, workspace_id: str, *topics: str) -> None:
        """Regions with one of the topics are stale in the pages of a workspace."""
        for topic in topics:
            if not _TOPIC.fullmatch(topic):
                raise ValueError(f"not a topic: {topic!r}")
        for subscriber in self._subscribers.get(workspace_id, ()):
            subscriber.topics.update(topics)
            if len(subscriber.topics) > MOST_TOPICS:
                subscriber.topics = {EVERYTHING}
            subscriber.wake.set()

    def close(self) -> None:
        """End every stream, so that a server can stop."""
        self._closed = True
        for subscribers in self._subscribers.values():
            for subscriber in subscribers:
                subscriber.wake.set()

    async def stream(self, workspace_id: str) -> AsyncIterator[bytes]:
        """Server-sent events (HTML standard, 9.2) of one page, until it is closed."""
        subscriber = _Subscriber()
        self._subscribers.setdefault(workspace_id, set()).add(subscriber)
        try:
            yield b"retry: 2000\n\n"
            while not self._closed:
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
