"""The simulator's page in a browser: a phone, live reload, console, devices."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from eden.simulator.program import LiveProgram
from eden.simulator.server import Simulator, SimulatorServer
from eden.simulator.service import listen
from tests.browser.programs import Files, write_program

# several browsers and builds share the machine
expect.set_options(timeout=15_000)

PROGRAM: Files = {
    "app.json": {
        "pages": ["pages/a/a", "pages/b/b"],
        "window": {"navigationBarTitleText": "Small"},
        "darkmode": True,
        "permission": {"scope.userLocation": {"desc": "to find a branch"}},
    },
    "app.js": "App({})",
    "pages/a/a.wxml": """
        <view class="count">{{n}}</view>
        <button bindtap="add">add</button>
        <button bindtap="boom">boom</button>
        <button bindtap="old">old</button>
        <navigator url="/pages/b/b?x=1">next</navigator>
    """,
    "pages/a/a.js": """Page({
  data: { n: 0 },
  add() {
    this.setData({ n: this.data.n + 1 })
    wx.setStorageSync('count', { n: this.data.n })
    console.log('added', { n: this.data.n })
  },
  boom() {
    throw new Error('boom')
  },
  old() { wx.getUserCryptoManager() },
})
""",
    "pages/a/a.wxss": ".count { color: rgb(255, 0, 0) }",
    "pages/b/b.wxml": "<view class='b'>{{x}}</view>",
    "pages/b/b.js": "Page({ data: { x: '' }, onLoad({ x }) { this.setData({ x: `x is ${x}` }) } })",
}


class Server:
    """`eden dev` without its command: builds on demand, so that a test decides when."""

    def __init__(self, source: Path, settings: dict[str, str] | None = None) -> None:
        self.source = source
        self.program = LiveProgram(source)
        self.program.build()
        simulator = Simulator(self.program, settings=settings, watch=False)
        listener = listen("127.0.0.1", 0)
        self.origin = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        self._loop = asyncio.new_event_loop()
        self._server = SimulatorServer(simulator, "error")
        self._thread = threading.Thread(
            target=lambda: self._loop.run_until_complete(self._server.serve(sockets=[listener]))
        )
        self._thread.start()

    def write(self, files: Files) -> None:
        """Change source files and build."""
        for path, content in files.items():
            (self.source / path).write_text(content, encoding="utf-8")
        revision = self.program.build()
        for tell in self.program.listeners:
            self._loop.call_soon_threadsafe(tell, revision)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._loop.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def run(files: Files, settings: dict[str, str] | None = None) -> Server:
        servers.append(Server(write_program(tmp_path / f"program-{len(servers)}", files), settings))
        return servers[-1]

    yield run
    for server in servers:
        server.close()


@pytest.fixture
def page(page: Page) -> Page:
    """A window in which the phone has its full size."""
    page.set_viewport_size({"width": 1400, "height": 1000})
    return page


def phone(page: Page) -> FrameLocator:
    """The frame in front, in the host's own; spare frames are hidden and have no title."""
    return page.frame_locator("iframe:not([title=''])").frame_locator("iframe[name=eden-program]")


def eventually(page: Page, script: str, value: object) -> None:
    """Wait until `script` gives `value` in the program's frame: messages to it take a moment."""
    found = None
    for _ in range(150):
        found = phone(page).locator("body").evaluate(script)
        if found == value:
            return
        page.wait_for_timeout(100)
    assert found == value


def across_reload(assertion: Callable[[], None]) -> None:
    """Playwright gives up when a frame goes away while it looks; the next look is at the new one."""
    for _ in range(4):
        try:
            return assertion()
        except AssertionError as error:
            if "has been closed" not in str(error):
                raise
    return assertion()


def rows(page: Page, kind: str = "") -> list[str]:
    return page.locator(f".row{kind}:visible").all_inner_texts()


def test_the_program_runs_and_the_page_says_what_it_is(page: Page, start: Callable[..., Server]) -> None:
    server = start(PROGRAM)
    page.goto(server.origin)
    expect(phone(page).get_by_text("add", exact=True)).to_be_visible()
    expect(page).to_have_title(re.compile(r"program-0 · Eden"))
    expect(page.locator("#address")).to_have_value("pages/a/a")
    expect(page.locator(".state")).to_contain_text("构建完成")


def test_a_changed_style_keeps_the_state(page: Page, start: Callable[..., Server]) -> None:
    server = start(PROGRAM)
    page.goto(server.origin)
    phone(page).get_by_text("add", exact=True).click()
    count = phone(page).locator(".count")
    expect(count).to_have_css("color", "rgb(255, 0, 0)")
    server.write({"pages/a/a.wxss": ".count { color: rgb(0, 0, 255) }"})
    expect(count).to_have_css("color", "rgb(0, 0, 255)")
    expect(count).to_have_text("1")


def test_a_changed_script_keeps_the_page_stack(page: Page, start: Callable[..., Server]) -> None:
    server = start(PROGRAM)
    page.goto(server.origin)
    phone(page).get_by_text("next").click()
    expect(phone(page).locator(".b")).to_have_text("x is 1")
    server.write({"pages/b/b.js": "Page({ data: { x: '' }, onLoad({ x }) { this.setData({ x: `now ${x}` }) } })"})
    across_reload(lambda: expect(phone(page).locator(".b")).to_have_text("now 1"))
    expect(page.locator("#address")).to_have_value("pages/b/b?x=1")
    page.get_by_role("tab", name="页面").click()
    expect(page.locator("ol.list li")).to_have_text(["pages/b/b?x=1", "pages/a/a"])
    page.get_by_role("button", name="返回").click()
    expect(phone(page).locator(".count")).to_be_visible()


def test_build_errors_lie_over_the_phone_and_the_last_version_runs_on(page: Page, start: Callable[..., Server]) -> None:
    server = start(PROGRAM)
    page.goto(server.origin)
    phone(page).get_by_text("add", exact=True).click()
    server.write({"pages/b/b.js": "Page({"})
    overlay = page.get_by_role("alert").filter(has_text="构建有错误")
    expect(overlay).to_contain_text("pages/b/b.js:1")
    expect(overlay).to_contain_text("之前的版本继续运行")
    expect(page.locator(".state")).to_have_text("1 个错误")
    expect(phone(page).locator(".count")).to_have_text("1")
    overlay.get_by_role("button", name="关闭").click()
    expect(overlay).to_be_hidden()
    # beside the error a warning: wx.getUserCryptoManager is not supported
    expect(page.get_by_role("tab", name="问题")).to_have_attribute("data-badge", "2")
    server.write({"pages/b/b.js": "Page({,"})
    expect(overlay).to_be_visible()
    server.write({"pages/b/b.js": "Page({})"})
    expect(overlay).to_be_hidden()
    expect(page.locator(".state")).to_contain_text("构建完成")


def test_a_program_that_cannot_be_built_at_first_starts_later(page: Page, start: Callable[..., Server]) -> None:
    server = start({**PROGRAM, "app.json": "{"})
    page.goto(server.origin)
    expect(page.locator("#errors")).to_contain_text("错误修正后会自动启动")
    server.write({"app.json": json.dumps(PROGRAM["app.json"])})
    expect(phone(page).locator(".count")).to_have_text("0")
    expect(page.locator("#errors")).to_be_hidden()


def test_the_console_names_the_authors_lines(
    page: Page, start: Callable[..., Server], expect_console: Callable[[str], None]
) -> None:
    expect_console("boom")
    page.goto(start(PROGRAM).origin)
    phone(page).get_by_text("add", exact=True).click()
    phone(page).get_by_text("boom").click()
    error = page.locator(".row.error")
    expect(error.locator(".message")).to_have_text("Error: boom")
    expect(error.locator(".place")).to_have_attribute("title", re.compile(r"^pages/a/a\.js:9:\d+$"))
    expect(page.get_by_role("tab", name="控制台")).to_have_attribute("data-badge", "1")
    expect(page.locator(".row.info").filter(has_text="added")).to_contain_text("{n: 1}")


def test_levels_and_filter_hide_rows(
    page: Page, start: Callable[..., Server], expect_console: Callable[[str], None]
) -> None:
    expect_console("boom")
    page.goto(start(PROGRAM).origin)
    phone(page).get_by_text("add", exact=True).click()
    phone(page).get_by_text("boom").click()
    expect(page.locator(".row.error .place")).to_be_visible()
    page.get_by_role("button", name="日志").click()
    assert [text.split()[-1] for text in rows(page)] == ["boom"]
    page.get_by_role("button", name="日志").click()
    page.locator(".console").get_by_role("searchbox").fill("ADDED")
    assert len(rows(page)) == 1 and "added" in rows(page)[0]
    page.get_by_role("button", name="清空").click()
    assert rows(page) == []
    expect(page.get_by_role("tab", name="控制台")).not_to_have_attribute("data-badge", re.compile("."))


def test_another_device_has_other_measures(page: Page, start: Callable[..., Server]) -> None:
    page.goto(start(PROGRAM).origin)
    expect(phone(page).locator(".count")).to_be_visible()
    page.get_by_label("设备", exact=True).select_option("iphone-se")
    expect(page.locator("#phone")).to_have_css("width", "375px")
    measure = "() => { const s = wx.getSystemInfoSync(); return [s.model, s.windowWidth, s.screenHeight] }"
    eventually(page, measure, ["iPhone SE", 375, 667])
    page.get_by_role("button", name="旋转").click()
    eventually(page, measure, ["iPhone SE", 667, 375])
    page.reload()
    expect(page.locator("#phone")).to_have_css("width", "667px")


def test_a_page_is_opened_from_the_address_and_from_the_list(page: Page, start: Callable[..., Server]) -> None:
    page.goto(start(PROGRAM).origin)
    expect(phone(page).locator(".count")).to_be_visible()
    page.locator("#address").fill("pages/b/b?x=typed")
    page.locator("#address").press("Enter")
    expect(phone(page).locator(".b")).to_have_text("x is typed")
    page.get_by_role("tab", name="控制台").press("ArrowRight")
    expect(page.get_by_role("tab", name="页面")).to_be_focused()
    page.get_by_role("button", name="pages/a/a").click()
    expect(page.locator("#address")).to_have_value("pages/a/a")
    expect(page.locator("ol.list li")).to_have_count(3)


def test_storage_is_shown_and_cleared(page: Page, start: Callable[..., Server]) -> None:
    page.goto(start(PROGRAM).origin)
    phone(page).get_by_text("add", exact=True).click()
    page.get_by_role("tab", name="存储").click()
    expect(page.locator(".storage dt")).to_have_text("count")
    expect(page.locator(".storage dd")).to_contain_text("{n: 1}")
    page.get_by_role("button", name="清空并重新启动").click()
    expect(page.locator(".storage dd")).to_have_text("小程序没有存储数据。")
    expect(phone(page).locator(".count")).to_have_text("0")
    assert phone(page).locator("body").evaluate("() => wx.getStorageInfoSync().keys") == []


def test_permissions_are_changed(page: Page, start: Callable[..., Server]) -> None:
    page.goto(start(PROGRAM).origin)
    expect(phone(page).locator(".count")).to_be_visible()
    page.get_by_role("tab", name="权限").click()
    choice = page.locator(".permission").filter(has_text="scope.userLocation").get_by_role("combobox")
    expect(choice).to_have_value("ask")
    choice.select_option("refused")
    setting = "() => new Promise((done) => wx.getSetting({ success: ({ authSetting }) => done(authSetting) }))"
    eventually(page, setting, {"scope.userLocation": False})
    choice.select_option("ask")
    eventually(page, setting, {})


def test_unsupported_calls_are_listed(page: Page, start: Callable[..., Server]) -> None:
    page.goto(start(PROGRAM).origin)
    phone(page).get_by_text("old").click()
    page.get_by_role("tab", name="问题").click()
    expect(page.locator("#panel-problems li")).to_contain_text("wx.getUserCryptoManager")


def test_offline_and_dark(page: Page, start: Callable[..., Server]) -> None:
    page.goto(start(PROGRAM).origin)
    expect(phone(page).locator(".count")).to_be_visible()
    page.get_by_label("网络", exact=True).select_option("offline")
    network = "() => new Promise((done) => wx.getNetworkType({ success: ({ networkType }) => done(networkType) }))"
    eventually(page, network, "none")
    page.get_by_label("网络", exact=True).select_option("slow")
    eventually(page, network, "3g")
    page.get_by_role("button", name="深色外观").click()
    eventually(page, "() => wx.getSystemInfoSync().theme", "dark")


def test_phones_are_invited_when_they_can_come(page: Page, start: Callable[..., Server]) -> None:
    page.goto(start(PROGRAM).origin)
    page.get_by_role("button", name="在手机上打开").click()
    expect(page.locator("#on-phone")).to_contain_text("--host 0.0.0.0")
    page.keyboard.press("Escape")
    expect(page.locator("#on-phone")).to_be_hidden()
    public = {"public": "http://192.0.2.7:8600/", "qr": "<svg viewBox='0 0 1 1'></svg>"}
    page.goto(start(PROGRAM, public).origin)
    page.get_by_role("button", name="在手机上打开").click()
    expect(page.get_by_role("img", name="http://192.0.2.7:8600/").locator("svg")).to_be_attached()


def test_a_phone_shows_the_program_alone(page: Page, start: Callable[..., Server]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(start(PROGRAM).origin)
    expect(phone(page).locator(".count")).to_be_visible()
    expect(page.locator("#bar")).to_be_hidden()
    expect(page.locator("#panel")).to_be_hidden()
    assert page.locator("#phone").bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    system = phone(page).locator("body").evaluate("() => wx.getSystemInfoSync()")
    assert (system["platform"], system["statusBarHeight"]) == ("web", 0)
