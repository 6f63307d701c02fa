"""Built-in components in the real runtime, without a phone around it: the test answers the frame's calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Frame, Locator, Page

from tests.browser.programs import Files
from tests.browser.server import TestServer

#: every event handler of the test programs is `on`; the page remembers what it got
_PAGE = """
Page({
  data: %s,
  on(e) { this.events.push({type: e.type, id: e.currentTarget.id, detail: e.detail}); return this.returns },
  events: [],
})
"""


class Stand:
    """One page of a mini program: `frame` is the runtime's frame, 375 x 812."""

    def __init__(self, page: Page, frame: Frame) -> None:
        self.page = page
        self.frame = frame

    def locator(self, selector: str) -> Locator:
        return self.frame.locator(selector)

    def events(self, *types: str) -> list[dict[str, Any]]:
        """Events of these types (all without any) since the last call."""
        script = """types => {
            const page = getCurrentPages().at(-1)
            const events = page.events.filter(e => !types.length || types.includes(e.type))
            page.events = []
            return events
        }"""
        found: list[dict[str, Any]] = self.frame.evaluate(script, types)
        return found

    def details(self, event_type: str) -> list[Any]:
        return [event["detail"] for event in self.events(event_type)]

    def data(self, name: str) -> Any:
        return self.frame.evaluate("name => getCurrentPages().at(-1).data[name]", name)

    def set_data(self, **data: Any) -> None:
        self.frame.evaluate("data => new Promise(done => getCurrentPages().at(-1).setData(data, done))", data)

    def returns(self, value: Any) -> None:
        """What the page's handlers return from now on."""
        self.frame.evaluate("value => { getCurrentPages().at(-1).returns = value }", value)

    def answer(self, name: str, value: Mapping[str, Any]) -> None:
        self.page.evaluate("([name, value]) => { answers[name] = value }", [name, dict(value)])

    def calls(self, name: str) -> list[Any]:
        """Arguments of the calls of this name that reached the host."""
        return list(self.page.evaluate("name => calls.filter(c => c.name === name).map(c => c.args)", name))

    def box(self, selector: str) -> dict[str, float]:
        box = self.locator(selector).bounding_box()
        assert box is not None, f"{selector} is not shown"
        return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}

    def has(self, selector: str, **attributes: str) -> None:
        """Wait until the element's properties have these values (className="mine", ariaValueNow="2")."""
        script = """([selector, wanted]) => {
            const roots = [document, ...[...document.querySelectorAll('*')].flatMap(node => node.shadowRoot ?? [])]
            const node = roots.map(root => root.querySelector(selector)).find(Boolean)
            return node && Object.entries(wanted).every(([name, value]) => node[name] === value)
        }"""
        self.frame.wait_for_function(script, arg=[selector, attributes])

    def heard(self, count: int) -> None:
        """Wait until the page has so many events."""
        self.frame.wait_for_function("count => getCurrentPages().at(-1).events.length >= count", arg=count)

    def style(self, selector: str, name: str, pseudo: str | None = None) -> str:
        script = "(node, [name, pseudo]) => getComputedStyle(node, pseudo)[name]"
        return str(self.locator(selector).evaluate(script, [name, pseudo]))


MakeStand = Callable[..., Stand]


@pytest.fixture
def stand(page: Page, server: TestServer, mini_program: Callable[[Files], str]) -> MakeStand:
    """stand(wxml, data={}, wxss="", app={}, files={}, theme="light") opens a page with this template."""

    def make(
        wxml: str,
        data: Mapping[str, Any] | None = None,
        wxss: str = "",
        app: Mapping[str, Any] | None = None,
        files: Files | None = None,
        theme: str = "light",
        json: Mapping[str, Any] | None = None,
    ) -> Stand:
        import json as text

        address = mini_program(
            {
                "app.json": {"pages": ["pages/a/a", "pages/b/b"], **(app or {})},
                "pages/a/a.wxml": wxml,
                "pages/a/a.js": _PAGE % text.dumps(dict(data or {}), ensure_ascii=False),
                "pages/a/a.wxss": wxss,
                "pages/a/a.json": dict(json or {}),
                "pages/b/b.wxml": '<view id="b">second page</view>',
                "pages/b/b.js": "Page({onLoad(query) { this.query = query }})",
                **(files or {}),
            }
        )
        server.answer(
            "/stand-frame.html",
            '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            '<style>html,body{margin:0}</style><body><script src="/_container/runtime.js"></script>',
        )
        page.goto(server.answer("/stand.html", (Path(__file__).parent / "stand.html").read_text()))
        page.evaluate("([address, theme]) => start(address, theme)", [address, theme])
        page.wait_for_selector("html[data-painted='pages/a/a']")
        frame = page.frames[1]
        return Stand(page, frame)

    return make
