"""A phone with the real runtime and one mini program, whose `wx` the tests call."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from playwright.sync_api import Frame, Locator, Page

from tests.browser.programs import Files
from tests.browser.server import TestServer

_PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>embedding page</title>
<style>html,body{margin:0;height:100%}#phone{width:375px;height:667px}</style></head><body><div id="phone"></div>
<script type="module">
import { EdenHost } from '/_container/host.mjs'
window.painted = 0
window.host = new EdenHost({
  container: document.getElementById('phone'), locale: 'zh_CN', theme: 'light', mode: 'develop', storage: 'indexeddb',
  policy: { domains: 'any' }, runtimeUrl: '/_container/runtime.js', ...OPTIONS,
})
window.host.addEventListener('painted', () => { window.painted += 1 })
</script></body></html>"""

#: every value that is not JSON in a form that is
_PLAIN = """const plain = (value) => value instanceof ArrayBuffer ? {bytes: [...new Uint8Array(value)]}
  : value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
  : value"""


class Phone:
    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    def open(self) -> None:
        count = self.page.evaluate("painted")
        self.page.evaluate("address => host.open(address)", self.address)
        self.page.wait_for_function("count => painted > count", arg=count)

    @property
    def program(self) -> Frame:
        """The frame in which the program runs."""
        found = next(
            (frame for frame in self.page.frames if frame.name == "eden-program" and frame.evaluate("!!window.wx")),
            None,
        )
        assert found is not None, "no program is running"
        return found

    def run(self, script: str, argument: Any = None) -> Any:
        """Evaluate in the program."""
        return self.program.evaluate(script, argument)

    def call(self, name: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What wx.NAME(options) gives to `complete`."""
        return self.ended(self.begin(name, options))

    def begin(self, name: str, options: Mapping[str, Any] | None = None) -> int:
        """Call without waiting; `ended` takes the number and gives the result."""
        script = f"""([name, options]) => {{
            {_PLAIN}
            const ended = globalThis.endedCalls ??= []
            const at = ended.push(null) - 1
            wx[name]({{...options, complete: (result) => {{ ended[at] = plain(result) }}}})
            return at
        }}"""
        number: int = self.run(script, [name, dict(options or {})])
        return number

    def ended(self, number: int) -> dict[str, Any]:
        self.program.wait_for_function("at => endedCalls[at] !== null", arg=number)
        result: dict[str, Any] = self.run("at => endedCalls[at]", number)
        return result

    def sheet(self) -> Locator:
        """What the phone shows over the program."""
        return self.page.locator("#phone [role=dialog]")


MakePhone = Callable[..., Phone]


@pytest.fixture
def phone(page: Page, server: TestServer, mini_program: Callable[[Files], str]) -> MakePhone:
    """phone(files={}, prompts="grant", script="") opens a program; `script` is JavaScript for more host options."""

    def make(files: Files | None = None, prompts: str = "grant", script: str = "{}") -> Phone:
        address = mini_program({"pages/a/a.wxml": "<view>page</view>", "pages/a/a.js": "Page({})", **(files or {})})
        options = f"prompts: {json.dumps(prompts)}, ...({script})"
        page.goto(server.answer("/", _PAGE.replace("OPTIONS", f"{{{options}}}")))
        page.wait_for_function("window.host")
        made = Phone(page, address)
        made.open()
        return made

    return make
