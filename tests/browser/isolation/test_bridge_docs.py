"""docs/bridge.md has a heading for every message, event and call that there is, and for no other."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.server import TestServer

ROOT = Path(__file__).parents[3]
DOC = (ROOT / "docs/bridge.md").read_text("utf-8")
TYPES = (ROOT / "container/bridge/messages.ts").read_text("utf-8")
CHECK = (ROOT / "container/bridge/check.ts").read_text("utf-8")


def _headings(section: str) -> list[str]:
    body = DOC.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^### (.+)$", body, re.MULTILINE)


def test_messages() -> None:
    host = {"boot", "reply", "event", "ping"}
    kinds = set(re.findall(r"kind: '(\w+)'", TYPES))
    assert set(_headings("Messages of the host")) == host
    assert set(_headings("Messages of the frame")) == kinds - host


def test_every_frame_message_is_checked() -> None:
    assert set(re.findall(r"case '(\w+)':", CHECK)) >= set(_headings("Messages of the frame"))


def test_events() -> None:
    names = TYPES.split("export type HostEventName =", 1)[1].split("\n\n", 1)[0]
    assert _headings("Events") == [f"event {name}" for name in re.findall(r"\| '(\w+)'", names)]


def test_calls(page: Page, server: TestServer) -> None:
    page.goto(server.answer("/host.html", '<script src="/_container/host.js"></script>'))
    calls = page.evaluate("Eden.ANSWERED_CALLS")
    assert sorted(_headings("Calls")) == sorted(f"call {name}" for name in calls)


def test_limits() -> None:
    """The figures of the table are those of the code."""
    for text in ("MAX_DEPTH = 32", "MAX_VALUES = 100_000", "MAX_MALFORMED = 20", "MESSAGES_PER_SECOND = 200"):
        assert text in CHECK
    for text in ("MESSAGES_BURST = 2000", "LOGS_PER_SECOND = 100", "MAX_OUTSTANDING = 512", "MAX_DROPPED = 10_000"):
        assert text in CHECK
