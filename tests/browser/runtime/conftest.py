"""A mini program in a whole phone: host, bridge, frame and runtime, as an embedding page has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Error, Frame, Locator, Page

from tests.browser.programs import Files
from tests.browser.server import TestServer

_PHONE = """<!doctype html><meta charset="utf-8"><body style="margin:0">
<div id="phone" style="width:375px;height:812px"></div>
<script src="/_container/host.js"></script>
<script>
  const seen = []
  const host = new Eden.EdenHost({
    container: document.getElementById('phone'), runtimeUrl: '/_container/runtime.js', mode: 'MODE',
    storage: 'memory', prompts: 'grant', policy: { domains: 'any' }, theme: 'light',
  })
  for (const name of ['error', 'route', 'painted', 'unsupported', 'crash', 'log'])
    host.addEventListener(name, ({ detail }) => seen.push({ ...detail, event: name }))
</script>
"""


def phone_page(mode: str = "check") -> str:
    """A page with a phone, `host`, that collects its events in `seen`."""
    return _PHONE.replace("MODE", mode)


def program_frame(page: Page) -> Frame:
    """The frame of the program that shows a page."""
    for frame in page.frames:
        if frame is not page.main_frame and asked(frame, "() => !!document.querySelector('.eden-page')"):
            return frame
    raise AssertionError("no program is shown")


def asked(frame: Frame, script: str) -> Any:
    """What a script says in a frame; None in one that goes meanwhile, as the secure keyboard's does."""
    try:
        return frame.evaluate(script)
    except Error:
        return None


class Phone:
    """`trace` is what the program pushed with `getApp().log(…)`."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    def open(self, path: str = "") -> Phone:
        self.page.evaluate("([address, path]) => host.open(address, { path, fresh: true })", [self.address, path])
        self.page.wait_for_function("() => seen.some(({ event }) => event === 'painted')")
        return self

    @property
    def frame(self) -> Frame:
        return program_frame(self.page)

    def run(self, script: str, argument: Any = None) -> Any:
        """Evaluate a function in the program's frame, where wx, getApp and getCurrentPages are globals."""
        return self.frame.evaluate(script, argument)

    def trace(self) -> list[str]:
        """What was logged since the last call."""
        lines: list[str] = self.run("() => getApp().lines.splice(0)")
        return lines

    def until(self, line: str) -> list[str]:
        """Wait until this line was logged; everything logged since the last call."""
        self.frame.wait_for_function("line => getApp().lines.includes(line)", arg=line)
        return self.trace()

    def locator(self, selector: str) -> Locator:
        """In the page that is in front."""
        return self.frame.locator(f".eden-page:not([data-away]) {selector}")

    def style(self, selector: str, name: str) -> str:
        value: str = self.locator(selector).evaluate("(element, name) => getComputedStyle(element)[name]", name)
        return value

    def route(self) -> list[str]:
        return list(self.run("() => getCurrentPages().map(({ route }) => route)"))

    def events(self, name: str) -> list[dict[str, Any]]:
        return list(self.page.evaluate("name => seen.filter(({ event }) => event === name)", name))


#: `log` keeps order across App, pages and components
APP = """
App({
  lines: [], log(...words) { this.lines.push(words.join(' ')) },
  onLaunch(options) { this.log('app launch', options.path) }, onShow() { this.log('app show') },
  onHide() { this.log('app hide') }, onError(error) { this.log('app error', error.split('\\n')[0]) },
  onPageNotFound({ path }) { this.log('app notfound', path) },
  onUnhandledRejection({ reason }) { this.log('app rejection', reason.message || reason) },
})
"""


@pytest.fixture
def phone(page: Page, server: TestServer, mini_program: Callable[[Files], str]) -> Callable[..., Phone]:
    """Compile a program (an app.js that traces is added) and put it into a phone; not opened yet."""

    def make(files: Files, mode: str = "check") -> Phone:
        address = mini_program({"app.js": APP, **files})
        page.goto(server.answer("/phone.html", phone_page(mode)))
        return Phone(page, address)

    return make
