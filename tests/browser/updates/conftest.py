"""A phone that follows the releases of a platform server."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Error, Page

from eden.base.targeting import bucket
from eden.release.service_release_rows import ReleaseInfo
from tests.browser.isolation.conftest import Phone
from tests.browser.platform import RunningPlatform
from tests.browser.server import TestServer

_PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>a super app</title>
<style>html,body{margin:0;height:100%}#phone{width:375px;height:667px}</style></head><body><div id="phone"></div>
<script type="module">
const options = OPTIONS
if (options.withoutDictionaries) {
  // as a browser that does not know RFC 9842
  const supports = DOMTokenList.prototype.supports
  DOMTokenList.prototype.supports = function (token) {
    return token !== 'compression-dictionary' && supports.call(this, token)
  }
}
const { EdenHost } = await import('/_container/host.mjs')
window.seen = []
window.host = new EdenHost({
  container: document.getElementById('phone'), locale: 'en', theme: 'light', runtimeUrl: '/_container/runtime.js',
  storage: 'indexeddb', ...options,
})
for (const name of 'route log error painted crash front update updateRefused internal'.split(' ')) {
  window.host.addEventListener(name, ({ detail }) => {
    window.seen.push({ name, ...detail, error: String(detail.error ?? '') })
  })
}
window.ready = true
</script></body></html>"""


class ReleasePhone(Phone):
    """A phone whose programs come from the platform's workspace "test"."""

    def __init__(self, page: Page, address: str) -> None:
        super().__init__(page)
        self._address = address
        self.switch_on()

    def switch_on(self) -> None:
        """Load the page anew: what was kept stays."""
        self.page.goto(self._address)
        self.page.wait_for_function("window.ready")

    def start(self, key: str = "bank", trial: str | None = None) -> None:
        """Open a program; returns at once."""
        self.page.evaluate("([key, trial]) => host.open(host.platform.address(key, trial ?? undefined))", [key, trial])

    def shows(self, text: str) -> None:
        """The program in front comes to show this text; programs may be started anew meanwhile."""
        seen = ""
        for _ in range(300):
            try:
                seen = self.frame.inner_text(".text", timeout=1000)
            except (AssertionError, AttributeError, IndexError, Error):
                seen = ""
            if seen == text:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{text!r} is not shown, but {seen!r}; events: {self.page.evaluate('seen')}")

    def check(self) -> None:
        """Look for versions now, and wait for the end of it."""
        self.page.evaluate("host.platform.check()")

    def stay_beyond(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Releases that are drafted from now on reach this phone by no share up to a half."""
        salts = (f"{number:032x}" for number in itertools.count())
        salt = next(salt for salt in salts if bucket(salt, self.device) >= 2**31)
        monkeypatch.setattr("eden.release.service_releases.secrets", SimpleNamespace(token_hex=lambda size: salt))

    def shelf(self, key: str = "bank") -> dict[str, Any]:
        """What this phone keeps of a program (updates/shelf.ts)."""
        found: dict[str, Any] = self.page.evaluate("(key) => host.platform.shelves.get(key)", key)
        return found

    def counts(self, platform: RunningPlatform, info: ReleaseInfo, **expected: int) -> None:
        """The server comes to hear this of the release's version from all its phones, and nothing more than this."""
        found: dict[str, int] = {}
        for _ in range(300):
            self.page.evaluate("host.platform.reporter.flush()")
            rows = platform.run(platform.house.service.reports.of_release(platform.house.owner, "w", info.release.id))
            found = {name: sum(getattr(row.counts, name) for row in rows) for name in expected}
            if found == expected:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{expected} was expected, the server has {found}")

    @property
    def device(self) -> str:
        return str(self.page.evaluate("host.platform.device"))


@pytest.fixture
def phone(page: Page, server: TestServer, platform: RunningPlatform) -> Callable[..., ReleasePhone]:
    """A phone in a page of another origin; arguments are options of EdenHost."""
    numbers = itertools.count(1)

    def make(**options: Any) -> ReleasePhone:
        given = {"platform": {"url": f"{platform.origin}/device/v1/test/"}, **options}
        body = _PAGE.replace("OPTIONS", json.dumps(given))
        return ReleasePhone(page, server.answer(f"/phone-{next(numbers)}.html", body))

    return make
