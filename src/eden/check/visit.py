"""Opening one page of a program in a browser tab and looking at it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Error as BrowserError
from playwright.async_api import Frame, Page

#: ms; a page that has not painted by then is missing
PAINT_LIMIT = 12_000
#: ms without a new event or DOM change before a page counts as settled, and how long that may take
QUIET = 300
SETTLE_LIMIT = 4_000
POLL = 60


def _script(name: str) -> str:
    """A function for `evaluate`, without the comment above it."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("//"))


_LOOK = _script("look.js")
_ACCESSIBILITY = _script("accessibility.js")


@dataclass(slots=True)
class Visit:
    """What was seen. `errors` are the page's uncaught ones, `application` those of app.js; `crash`: why it stopped."""

    painted_ms: float | None = None
    errors: list[str] = field(default_factory=list)
    application: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)
    crash: str | None = None
    route: str | None = None
    nodes: int = 0
    text: int = 0
    pictures: int = 0
    boxes: int = 0
    accessibility: list[str] = field(default_factory=list)
    screenshot: bytes | None = None


MapStack = Callable[[str], str]


async def visit(
    tab: Page, program: str, path: str, query: dict[str, str], map_stack: MapStack, axe: str | None
) -> Visit:
    """Open `path` fresh in `tab` (which shows check.html) and wait until it has settled."""
    seen = Visit()
    started: float = await tab.evaluate(
        "([...place]) => { const at = performance.now(); void edenCheck.open(...place); return at }",
        [program, path, query],
    )
    state = await _settle(tab)
    for event in state["events"]:
        _take(seen, event, started, map_stack)
    frame = await _front(tab)
    if frame is not None and seen.painted_ms is not None:
        try:
            look = await frame.evaluate(_LOOK)
            seen.nodes, seen.text, seen.pictures, seen.boxes = (
                look[name] for name in ("nodes", "text", "pictures", "boxes")
            )
            if axe:
                seen.accessibility = await _accessibility(frame, axe)
        except BrowserError as error:
            seen.crash = seen.crash or f"the page could not be looked at: {error.message.splitlines()[0]}"
    seen.screenshot = await tab.screenshot(type="jpeg", quality=60, animations="disabled", caret="hide")
    return seen


async def _settle(tab: Page) -> dict[str, Any]:
    """Wait for the first paint, then for quiet: no new event, the same nodes and text for QUIET ms."""
    opened = time.monotonic()
    painted_at: float | None = None
    last: tuple[Any, ...] = ()
    quiet_since = opened
    while True:
        await tab.wait_for_timeout(POLL)
        state: dict[str, Any] = await tab.evaluate("() => edenCheck.state()")
        now = time.monotonic()
        names = [event["event"] for event in state["events"]]
        if "crash" in names:
            return state
        if painted_at is None:
            if "painted" in names:
                painted_at = now
            elif (now - opened) * 1000 > PAINT_LIMIT:
                return state
            continue
        frame = await _front(tab)
        try:
            look = await frame.evaluate(_LOOK) if frame else {}
        except BrowserError:
            look = {}
        current = (len(names), *look.values())
        if current != last:
            last, quiet_since = current, now
        if (now - quiet_since) * 1000 >= QUIET or (now - painted_at) * 1000 > SETTLE_LIMIT:
            return state


async def _front(tab: Page) -> Frame | None:
    """The frame that shows pages (a spare frame has none); None while there is none."""
    for frame in tab.frames:
        if frame is tab.main_frame or frame.is_detached():
            continue
        try:
            if await frame.evaluate("() => document.querySelector('.eden-page') !== null"):
                return frame
        except BrowserError:
            continue  # gone in the meantime
    return None


def _take(seen: Visit, event: dict[str, Any], started: float, map_stack: MapStack) -> None:
    match event["event"]:
        case "painted":
            if seen.painted_ms is None:
                seen.painted_ms = round(event["at"] - started, 1)
        case "route":
            seen.route = event["stack"][-1]["route"] if event["stack"] else None
        case "error":
            text = map_stack(event.get("stack") or event["message"])
            if event["message"].partition(": ")[2] not in text:
                text = f"{event['message']}\n{text}"
            # A promise of the platform that nobody waits for (an object with errMsg) is a note in WeChat's console.
            noted = event["type"] == "unhandledRejection" and not event.get("stack")
            (seen.console if noted else seen.errors if event.get("page") else seen.application).append(text)
        case "crash":
            seen.crash = f"{event['fault']}: {event['message']}"
        case "unsupported":
            seen.unsupported.append(f"{event['what']} {event['name']}")
        case "log" if event["level"] == "error":
            seen.console.append(" ".join(str(argument) for argument in event["args"])[:2000])


async def _accessibility(frame: Frame, axe: str) -> list[str]:
    if not await frame.evaluate("() => 'axe' in window"):
        await frame.evaluate(axe)
    findings: list[dict[str, Any]] = await frame.evaluate(_ACCESSIBILITY)
    return [f"{finding['id']}: {finding['help']} ({finding['count']})" for finding in findings]
