"""What arrives of an H5 program that is used, without a line of code in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.browser.collecting import Collecting
from tests.browser.platform import RunningPlatform

Switch = Callable[..., "Shop"]

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title>
<h1>Shop</h1><p id="place"></p><button id="order">order</button><a id="docs" href="/docs/">docs</a><p id="free">free</p>
<button id="fail">fail</button><button id="reject">reject</button><button id="loop">loop</button>
<button id="ask">ask</button><button id="slow">slow</button><script src="/js/app.js"></script></html>"""
_SCRIPT = """
const on = (id, run) => document.getElementById(id).addEventListener('click', run)
const show = () => { document.getElementById('place').textContent = location.pathname + location.hash }
addEventListener('popstate', show)
on('order', () => { history.pushState(null, '', '/orders/4711?token=hush'); show() })
on('fail', () => { undefined.nothing() })
on('reject', () => { Promise.reject(new RangeError('call 13800138000')) })
on('loop', () => {
  let left = 1000
  const timer = setInterval(() => {
    if (!left--) clearInterval(timer)
    throw new Error('again')
  })
})
on('ask', async () => {
  await fetch('/data.json?secret=1')
  const request = new XMLHttpRequest()
  request.open('GET', '/none/4711.json')
  request.send()
})
on('slow', () => { const end = Date.now() + 120; while (Date.now() < end); })
show()
"""


class Shop:
    """The super app with the program."""

    def __init__(self, page: Page, platform: RunningPlatform) -> None:
        self.page = page
        assert platform.collecting is not None
        self.collecting: Collecting = platform.collecting
        self._home = f"http://eden.localhost:{platform.port}/app/test/"

    def start(self) -> None:
        self.page.goto(self._home)
        self.page.get_by_role("button", name="Shop").click()

    def open(self) -> None:
        self.start()
        expect(self.inside.get_by_role("heading", level=1)).to_have_text("Shop", timeout=30_000)
        expect(self.page.locator("#web .cover")).to_be_hidden(timeout=30_000)

    @property
    def inside(self) -> FrameLocator:
        return self.page.frame_locator("#web iframe").frame_locator("iframe")

    def tap(self, name: str) -> None:
        self.inside.locator(f"#{name}").click()

    def event(self, name: str, count: int = 1, **wanted: Any) -> dict[str, Any]:
        return self.collecting.wait_for(count, type="event", name=name, **wanted)[count - 1]

    def close(self) -> None:
        self.page.get_by_role("button", name="关闭").click()


@pytest.fixture
def shop(page: Page, platform: RunningPlatform) -> Switch:
    """Publish it, changed by `files`; keyword arguments are switches."""

    def make(files: dict[str, bytes] | None = None, /, **switches: Any) -> Shop:
        whole = {
            "index.html": _PAGE.encode(),
            "js/app.js": _SCRIPT.encode(),
            "data.json": b'{"rows": [1, 2, 3]}',
            "docs/index.html": b"<!doctype html><meta charset=utf-8><title>Docs</title><h1>Docs</h1>",
        }
        platform.publish_h5("1.0.0", whole | (files or {}))
        platform.release("1.0.0", key="shop", finish=True)
        assert platform.collecting is not None
        platform.collecting.want("shop", **switches)
        return Shop(page, platform)

    return make


def test_launch_and_pages(shop: Switch) -> None:
    phone = shop()
    phone.open()
    launch = phone.event("$launch")
    assert launch["page"] == "/index.html" and launch["value"] > 0
    props = launch["props"]
    assert (props["kind"], props["first"]) == ("cold", True)
    assert set(props["phases"]) == {"check", "download", "boot", "script", "render"}
    assert sum(props["phases"].values()) <= launch["value"] + 1
    view = phone.event("$page_view")
    assert (view["page"], view["props"]) == ("/index.html", {"source": "launch", "referrer": "", "query": []})
    assert view["value"] > 0
    head = phone.collecting.batches[0].head
    assert (head["program"]["version"], head["program"]["code"]) == ("1.0.0", 10000)

    # a page that a script makes of the same document, the way back, and a document of its own
    phone.tap("order")
    order = phone.event("$page_view", 2)
    assert (order["page"], order["props"]) == (
        "/orders/{id}", {"source": "navigate", "referrer": "/index.html", "query": ["token"]},
    )  # fmt: skip
    phone.page.get_by_role("button", name="返回").click()
    back = phone.event("$page_view", 3)
    assert (back["page"], back["props"]["source"]) == ("/index.html", "back")
    phone.tap("docs")
    docs = phone.event("$page_view", 4)
    assert (docs["page"], docs["props"]["source"]) == ("/docs/", "navigate") and docs["value"] > 0
    leave = phone.event("$page_leave")
    assert (leave["page"], leave["props"]) == ("/index.html", {"next": "/orders/{id}"}) and leave["value"] > 0
    phone.close()
    assert phone.event("$page_leave", 4)["props"] == {"next": ""}
    assert len({record["session"] for record in phone.collecting.records()}) == 1
    assert "hush" not in str(phone.collecting.batches)


def test_taps_on_what_can_be_tapped(shop: Switch) -> None:
    phone = shop()
    phone.open()
    phone.tap("free")
    phone.tap("slow")
    tap = phone.event("$tap")
    assert tap["props"] == {"component": "", "element": "button", "id": "slow", "handler": ""}
    assert tap["page"] == "/index.html"
    task = phone.event("$long_task")
    assert task["value"] >= 50
    assert len(phone.collecting.records(name="$tap")) == 1


def test_errors(shop: Switch, expect_console: Callable[[str], None]) -> None:
    expect_console("nothing|call")
    phone = shop(masks=["1[0-9]{10}"])
    phone.open()
    phone.tap("fail")
    error = phone.collecting.wait_for(type="error")[0]
    assert error["error"]["type"] == "TypeError" and "nothing" in error["error"]["message"]
    assert "/js/app.js:" in error["error"]["stack"] and error["error"]["mechanism"] == "onerror"
    assert not error["error"]["fatal"] and error["page"] == "/index.html"
    assert [crumb["category"] for crumb in error["breadcrumbs"]] == ["page", "tap"]
    phone.tap("reject")
    other = phone.collecting.wait_for(2, type="error")[1]["error"]
    assert (other["type"], other["message"]) == ("RangeError", "call ***")
    assert other["mechanism"] == "onunhandledrejection"
    assert phone.event("$error")["props"]["fatal"] is False


def test_errors_in_a_loop_are_sampled_and_the_program_goes_on(
    shop: Switch, expect_console: Callable[[str], None]
) -> None:
    expect_console("again")
    phone = shop()
    phone.open()
    phone.tap("loop")
    phone.collecting.wait_for(10, type="error")
    phone.tap("order")
    phone.event("$page_view", 2)
    assert len(phone.collecting.records(type="error")) <= 40


def test_requests_without_what_was_said(shop: Switch, expect_console: Callable[[str], None]) -> None:
    expect_console("404|ERR_|Failed")
    phone = shop()
    phone.open()
    phone.tap("ask")
    requests = phone.collecting.wait_for(2, type="event", name="$request")
    found = {one["props"].pop("pattern"): one["props"] for one in requests}
    assert set(found) == {"/data.json", "/none/4711.json"}
    there, none = found["/data.json"], found["/none/4711.json"]
    assert (there["status"], there["failure"], there["bytes_down"]) == (200, "", 19)
    assert there["host"].startswith("shop-") and all(one["value"] >= 0 for one in requests)
    assert none["status"] >= 400 or none["failure"]
    assert "secret" not in str(phone.collecting.batches)


def test_blank_pages(shop: Switch) -> None:
    empty = b"<!doctype html><meta charset=utf-8><title>Blank</title><div></div>"
    phone = shop({"docs/index.html": empty})
    phone.open()
    phone.event("$launch")
    phone.tap("docs")
    white = phone.event("$white_screen")
    assert (white["page"], white["props"]) == ("/docs/", {"reason": "empty", "elements": white["props"]["elements"]})
    assert white["value"] >= 3000


def test_what_is_switched_off_is_not_told(shop: Switch) -> None:
    phone = shop(kinds={"tap": {"on": False}})
    phone.open()
    phone.tap("order")
    phone.event("$page_view", 2)
    assert phone.collecting.records(name="$tap") == []


def test_without_consent_nothing_is_told(shop: Switch) -> None:
    phone = shop(consent="denied")
    phone.open()
    phone.tap("order")
    phone.close()
    phone.page.wait_for_timeout(4000)
    assert phone.collecting.asked and phone.collecting.batches == []


def test_failed_start_is_fatal(shop: Switch, expect_console: Callable[[str], None]) -> None:
    expect_console("broken")
    page = b"<!doctype html><meta charset=utf-8><title>Shop</title><script>throw new Error('broken')</script>"
    phone = shop({"index.html": page})
    phone.start()
    errors = {one["error"]["type"]: one["error"] for one in phone.collecting.wait_for(2, type="error")}
    assert errors["Error"]["message"] == "broken" and not errors["Error"]["fatal"]
    assert errors["start"]["fatal"] and "broken" in errors["start"]["message"]
