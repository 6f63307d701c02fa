from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import pytest

from eden.console.live import MOST_TOPICS, REMEMBERED_SECONDS, LiveHub


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


async def begin(hub: LiveHub, workspace: str = "w") -> AsyncIterator[bytes]:
    stream = hub.stream(workspace)
    assert await anext(stream) == b"retry: 2000\n\n"
    return stream


def hub() -> LiveHub:
    return LiveHub(heartbeat=30, gather=0)


def test_a_change_reaches_the_pages_of_its_workspace() -> None:
    async def test() -> None:
        live = hub()
        first, second, other = await begin(live), await begin(live), await begin(live, "other")
        live.publish("w", "release:1", "programs")
        live.publish("other", "keys")
        assert await anext(first) == await anext(second) == b"event: change\ndata: programs release:1\n\n"
        assert await anext(other) == b"event: change\ndata: keys\n\n"

    run(test())


def test_a_burst_is_one_message() -> None:
    async def test() -> None:
        live = hub()
        stream = await begin(live)
        for _ in range(100):
            live.publish("w", "a")
            live.publish("w", "b")
        assert await anext(stream) == b"event: change\ndata: a b\n\n"
        live.publish("w", "c")
        assert await anext(stream) == b"event: change\ndata: c\n\n"

    run(test())


def test_too_many_topics_are_everything() -> None:
    async def test() -> None:
        live = hub()
        stream = await begin(live)
        live.publish("w", *(f"release:{number}" for number in range(MOST_TOPICS + 1)))
        assert await anext(stream) == b"event: change\ndata: *\n\n"

    run(test())


def test_a_quiet_stream_is_kept_open() -> None:
    async def test() -> None:
        stream = await begin(LiveHub(heartbeat=0.01))
        assert await anext(stream) == b": still here\n\n"

    run(test())


def test_a_page_hears_what_happened_since_it_was_drawn() -> None:
    async def test() -> None:
        at = 1_000_000_000
        live = LiveHub(heartbeat=30, gather=0, clock=lambda: at)
        live.publish("w", "old")
        at += REMEMBERED_SECONDS * 1_000_000 + 1
        drawn = at
        live.publish("w", "programs")
        live.publish("other", "keys")
        at += 1_000_000
        live.publish("w", "release:1")
        stream = live.stream("w", drawn)
        assert await anext(stream) == b"retry: 2000\n\n"
        assert await anext(stream) == b"event: change\ndata: programs release:1\n\n"
        # somebody drawn later needs the last one only
        later = live.stream("w", drawn + 1_000_001)
        await anext(later)
        assert await anext(later) == b"event: change\ndata: release:1\n\n"
        assert len(live._recent) == 3

    run(test())


def test_a_stream_ends_so_that_it_is_asked_for_anew() -> None:
    async def test() -> None:
        live = LiveHub(heartbeat=0.001, lifetime=0)
        stream = await begin(live)
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
        assert not live._subscribers

    run(test())


def test_streams_end_when_the_server_stops() -> None:
    async def test() -> None:
        live = hub()
        stream = await begin(live)
        live.close()
        with pytest.raises(StopAsyncIteration):
            await anext(stream)

    run(test())


def test_a_closed_page_is_forgotten() -> None:
    async def test() -> None:
        live = hub()
        stream = await begin(live)
        await stream.aclose()  # type: ignore[attr-defined]
        assert not live._subscribers
        live.publish("w", "a")

    run(test())


@pytest.mark.parametrize("topic", ["", "a b", "a\n\nevent: evil", "*", "x" * 129])
def test_a_topic_is_a_word(topic: str) -> None:
    with pytest.raises(ValueError, match="not a topic"):
        hub().publish("w", topic)
