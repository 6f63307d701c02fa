"""What open pages hear of changes."""

from __future__ import annotations

import asyncio
import threading

import pytest

from eden.base.changes import Change
from eden.console.live import LiveHub
from eden.organisation.views import publish
from tests.office import Office


def test_topics_of_a_change() -> None:
    async def run() -> bytes:
        hub = LiveHub(gather=0)
        stream = hub.stream("w")
        await anext(stream)
        payload = {"program": "bank", "release": "0197c1d0", "timestamp": 14, "note": "not a word", "long": "x" * 200}
        publish(hub, Change(1, "release.changed", "another", payload))
        publish(hub, Change(2, "release.changed", "w", payload))
        found = await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        return found

    assert asyncio.run(run()) == b"event: change\ndata: program:bank release release:0197c1d0\n\n"


def test_pages_hear_of_what_the_api_did(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = threading.Event()
    told: list[tuple[str, ...]] = []

    def note(workspace_id: str, *topics: str) -> None:
        if workspace_id == office.here_id:
            told.append(topics)
            heard.set()

    monkeypatch.setattr(office.platform.framed.state.services["live"], "publish", note)
    office.ask("owner", "PATCH", "/workspaces/test", json={"name": "Other"})
    assert heard.wait(10)
    assert told == [("workspace",)]
