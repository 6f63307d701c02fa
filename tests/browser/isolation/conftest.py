"""A phone with a tiny runtime, and packages written by hand."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Frame, Page

from tests.browser.isolation.packages import write_package
from tests.browser.server import TestServer

_PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>embedding page</title>
<style>html,body{margin:0;height:100%}#phone{width:375px;height:667px}</style></head><body><div id="phone"></div>
<script type="module">
import { EdenHost } from '/_container/host.mjs'
const options = OPTIONS
window.seen = []
window.host = new EdenHost({
  container: document.getElementById('phone'), locale: 'en', theme: 'light', storage: 'memory', ...options,
  resolve: (appId) => window.programs?.[appId],
})
const names = 'route log error unsupported painted crash prompt front update internal'
for (const name of names.split(' ')) {
  window.host.addEventListener(name, ({ detail }) => {
    window.seen.push({ name, ...detail, error: String(detail.error ?? '') })
  })
}
</script></body></html>"""


class Phone:
    """The embedding page with an EdenHost in it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, address: str, **options: Any) -> None:
        self.page.evaluate("([address, options]) => host.open(address, options)", [address, options])

    def seen(self, name: str) -> list[dict[str, Any]]:
        """Events of this name so far."""
        return [event for event in self.page.evaluate("seen") if event["name"] == name]

    def wait_for(self, name: str, count: int = 1, timeout: float = 60_000) -> dict[str, Any]:
        """The `count`th event of this name."""
        self.page.wait_for_function(
            "([name, count]) => seen.filter((event) => event.name === name).length >= count",
            arg=[name, count],
            timeout=timeout,
        )
        return self.seen(name)[count - 1]

    @property
    def frame(self) -> Frame:
        """The frame of the program in front."""
        guard = self.page.evaluate_handle("host.current.frame").as_element()
        assert guard is not None
        outer = guard.content_frame()
        assert outer is not None
        return outer.child_frames[0]

    def logged(self) -> list[Any]:
        """First arguments of the program's log notices."""
        return [event["args"][0] for event in self.seen("log")]

    def is_usable(self, address: str) -> None:
        """A harmless program opens and paints."""
        before = len(self.seen("painted"))
        self.open(address)
        self.wait_for("painted", before + 1)
        self.page.wait_for_function("host.current?.stack.length === 1")
        assert self.frame.inner_text("body") == "harmless"


@pytest.fixture
def packages(server: TestServer, tmp_path: Path) -> Callable[..., str]:
    """Write and serve a package; returns its address."""
    numbers = itertools.count(1)

    def make(script: str, **options: Any) -> str:
        number = next(numbers)
        folder = write_package(tmp_path / str(number), script, **options)
        return server.folder(f"/by-hand/{number}/", folder)

    return make


@pytest.fixture
def harmless(packages: Callable[..., str]) -> str:
    return packages("eden.show('harmless')", app_id="harmless", name="Harmless")


@pytest.fixture
def phone(page: Page, server: TestServer) -> Iterator[Callable[..., Phone]]:
    """Open the embedding page; keyword arguments are host options."""
    server.folder("/_runtime/", Path(__file__).parent)

    def make(**options: Any) -> Phone:
        options = {"runtimeUrl": "/_runtime/runtime.js", **options}
        server.answer("/phone.html", _PAGE.replace("OPTIONS", json.dumps(options)))
        page.goto(server.origin + "/phone.html")
        page.wait_for_function("window.host")
        return Phone(page)

    yield make
