"""A page of one's own sees the records of programs of any address, and nothing is sent or kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from tests.browser.server import TestServer

_PAGE = """<!doctype html><meta charset="utf-8"><title>a page</title>
<style>#phone{width:375px;height:667px}</style><div id="phone"></div>
<script src="/_container/host.js"></script><script>
window.records = []
const show = (record, program) => records.push({ ...record, program })
window.host = new Eden.EdenHost({
  container: document.getElementById('phone'), runtimeUrl: '/_container/runtime.js', collect: { show }, ...OPTIONS,
})
</script>"""


def test_records_are_shown(page: Page, server: TestServer, mini_program: Callable[[Any], str], silence: None) -> None:
    address = mini_program({
        "pages/a/a.wxml": '<view id="buy" bindtap="buy">buy</view>',
        "pages/a/a.js": "Page({ buy() { wx.reportEvent('bought', { sum: 5 }) } })",
    })  # fmt: skip
    page.goto(server.answer("/own.html", _PAGE.replace("OPTIONS", "{}")))
    page.evaluate("(address) => host.open(address)", address)
    page.frame_locator("iframe:not(.spare)").frame_locator("iframe").locator("#buy").click()
    page.wait_for_function("records.some(({ name }) => name === 'bought')")
    page.wait_for_function("records.some(({ name }) => name === '$tap')")
    records = {record["name"]: record for record in page.evaluate("records")}
    assert records["$launch"]["props"]["kind"] == "cold" and records["$page_view"]["page"] == "pages/a/a"
    assert records["bought"]["props"] == {"sum": 5}
    assert len({record["session"] for record in records.values()}) == 1
    assert not [path for path in server.requests if "observe" in path]
    assert page.evaluate("host.collect.cost") > 0


def test_switched_off_nothing_is_loaded(page: Page, server: TestServer, mini_program: Callable[[Any], str]) -> None:
    address = mini_program({"pages/a/a.wxml": "<view>there</view>"})
    page.goto(server.answer("/off.html", _PAGE.replace("OPTIONS", "collect: false").replace("...collect", "collect")))
    assert page.evaluate("host.collect === undefined")
    page.evaluate("(address) => host.open(address)", address)
    page.frame_locator("iframe:not(.spare)").frame_locator("iframe").get_by_text("there").wait_for()
    page.wait_for_timeout(3500)
    assert page.evaluate("records") == []
    assert "/_container/collect.js" not in server.requests


def test_programs_run_where_collecting_cannot_be_loaded(
    page: Page, server: TestServer, mini_program: Callable[[Any], str], expect_console: Callable[[str], None]
) -> None:
    expect_console("ERR_|collect.js")
    address = mini_program({
        "pages/a/a.wxml": '<view id="buy" bindtap="buy">{{said}}</view>',
        "pages/a/a.js": """Page({
          data: { said: 'buy' },
          buy() {
            wx.reportEvent('bought')
            this.setData({ said: 'thanks' })
          },
        })""",
    })  # fmt: skip
    page.goto(server.answer("/own.html", _PAGE.replace("OPTIONS", "{}")))
    page.route("**/collect.js*", lambda route: route.abort())
    page.evaluate("(address) => host.open(address)", address)
    program = page.frame_locator("iframe:not(.spare)").frame_locator("iframe")
    program.locator("#buy").wait_for()
    assert page.evaluate("host.collect.consent().catch(() => 'none')") == "none"
    program.locator("#buy").click()
    program.get_by_text("thanks").wait_for()
    assert page.evaluate("records") == [] and page.evaluate("host.collect.cost") == 0
