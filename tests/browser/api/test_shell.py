"""What is drawn around pages: bars that follow the theme, tabs, the page stack, pulling by finger."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.api.calls import call
from tests.browser.api.conftest import MakeStand, Stand
from tests.browser.components.gestures import swipe

#: 1 x 1 px
DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63f8cfc0f01f0005000201a5f64cf10000000049454e44ae426082"
)
COLOURS = {
    "theme.json": {
        "light": {"bar": "#ffffff", "text": "black", "tab": "#fafafa"},
        "dark": {"bar": "#111111", "text": "white", "tab": "#222222"},
    },
    "on.png": DOT,
    "off.png": DOT,
}
TABS: dict[str, Any] = {
    "darkmode": True,
    "window": {"navigationBarBackgroundColor": "@bar", "navigationBarTextStyle": "@text"},
    "tabBar": {
        "backgroundColor": "@tab",
        "list": [
            {"pagePath": "pages/a/a", "text": "a", "iconPath": "off.png", "selectedIconPath": "on.png"},
            {"pagePath": "pages/b/b", "text": "b"},
        ],
    },
}
FRONT = ".eden-page:not([data-away])"


def tell(stand: Stand, name: str, **detail: object) -> None:
    """An event of the host."""
    stand.page.evaluate("([name, detail]) => port.postMessage({kind: 'event', name, detail})", [name, detail])


def test_bars_follow_the_theme(stand: MakeStand) -> None:
    page = stand("<view>a</view>", app=TABS, files=COLOURS)
    assert page.style(".eden-bar", "backgroundColor") == "rgb(255, 255, 255)"
    assert page.style(".eden-tabs", "backgroundColor") == "rgb(250, 250, 250)"
    tell(page, "theme", theme="dark")
    expect(page.locator(".eden-shell")).to_have_attribute("data-theme", "dark")
    assert page.style(".eden-bar", "backgroundColor") == "rgb(17, 17, 17)"
    assert page.style(".eden-title", "color") == "rgb(255, 255, 255)"
    assert page.style(".eden-tabs", "backgroundColor") == "rgb(34, 34, 34)"


def test_the_document_is_named_and_may_be_zoomed(stand: MakeStand) -> None:
    """By the page in front, whose title may come later; everything in it is in a landmark."""
    page = stand("<view>a</view>", app=TABS, files=COLOURS)
    call(page, "setNavigationBarTitle", {"title": "one"})
    assert violations(page.frame) == []
    for name, options, title in [
        ("switchTab", {"url": "/pages/b/b"}, ""),
        ("setNavigationBarTitle", {"title": "two"}, "two"),
        ("switchTab", {"url": "/pages/a/a"}, "one"),
    ]:
        call(page, name, options)
        page.frame.wait_for_function("(title) => document.title === title", arg=title)


def test_tab_icons_are_files_of_the_program(stand: MakeStand) -> None:
    page = stand("<view>a</view>", app=TABS, files=COLOURS)
    icons = page.locator(".eden-tab img")
    expect(icons.nth(0)).to_be_visible()
    expect(icons.nth(1)).to_be_hidden()
    page.frame.wait_for_function("document.querySelector('.eden-tab img').naturalWidth === 1")


def test_tabs_by_keyboard(stand: MakeStand) -> None:
    page = stand("<view>a</view>", app=TABS, files=COLOURS)
    page.locator(".eden-tab").nth(0).focus()
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("Enter")
    page.frame.wait_for_function("getCurrentPages()[0].route === 'pages/b/b'")


def test_pages_below_are_out_of_reach_but_keep_their_place(stand: MakeStand) -> None:
    page = stand('<view id="long" style="height:3000px">a</view>')
    call(page, "pageScrollTo", {"scrollTop": 500, "duration": 0})
    call(page, "navigateTo", {"url": "/pages/b/b"})
    below = page.locator(".eden-page").nth(0)
    expect(below).to_have_attribute("data-away", "")
    assert below.evaluate("(node) => node.inert && getComputedStyle(node).visibility") == "hidden"
    expect(page.locator(f"{FRONT} .eden-back")).to_be_visible()
    page.locator(f"{FRONT} .eden-back").click()
    page.frame.wait_for_function("getCurrentPages().length === 1")
    assert page.frame.evaluate("document.querySelector('.eden-scroller').scrollTop") == 500
    expect(page.locator(f"{FRONT} .eden-back")).to_be_hidden()


def test_a_first_page_that_is_not_the_entry_has_a_way_home(stand: MakeStand) -> None:
    page = stand("<view>a</view>")
    call(page, "reLaunch", {"url": "/pages/b/b"})
    expect(page.locator(f"{FRONT} .eden-home")).to_be_visible()
    call(page, "hideHomeButton")
    expect(page.locator(f"{FRONT} .eden-home")).to_be_hidden()
    call(page, "reLaunch", {"url": "/pages/b/b"})
    page.locator(f"{FRONT} .eden-home").click()
    page.frame.wait_for_function("getCurrentPages()[0].route === 'pages/a/a'")
    expect(page.locator(f"{FRONT} .eden-home")).to_be_hidden()


PULL = {"pages/a/a.js": "Page({pulled: 0, onPullDownRefresh() { this.pulled++ }})"}


def test_pulling_by_finger(stand: MakeStand) -> None:
    page = stand(
        '<view id="v" style="height:2000px">a</view>',
        json={"enablePullDownRefresh": True, "backgroundTextStyle": "light"},
        files=PULL,
    )
    swipe(page, "#v", (100, 100), (100, 130), (100, 150))
    assert page.frame.evaluate("getCurrentPages()[0].pulled") == 0
    swipe(page, "#v", (100, 100), (100, 140), (100, 400))
    page.frame.wait_for_function("getCurrentPages()[0].pulled === 1")
    expect(page.locator(".eden-refresh")).to_have_attribute("role", "status")
    expect(page.locator(".eden-refresh")).to_have_attribute("data-style", "light")
    call(page, "stopPullDownRefresh")
    expect(page.locator(".eden-refresh")).to_be_hidden()


def test_scrolled_pages_and_pages_without_leave_do_not_pull(stand: MakeStand) -> None:
    page = stand('<view id="v" style="height:2000px">a</view>', json={"enablePullDownRefresh": True}, files=PULL)
    call(page, "pageScrollTo", {"scrollTop": 100, "duration": 0})
    swipe(page, "#v", (100, 200), (100, 240), (100, 600))
    assert page.frame.evaluate("getCurrentPages()[0].pulled") == 0
    page = stand('<view id="v" style="height:2000px">a</view>', files=PULL)
    swipe(page, "#v", (100, 100), (100, 140), (100, 500))
    assert page.frame.evaluate("getCurrentPages()[0].pulled") == 0
    call(page, "startPullDownRefresh")
    page.frame.wait_for_function("getCurrentPages()[0].pulled === 1")


def test_custom_tab_bar_lies_over_a_page_that_has_the_whole_height(stand: MakeStand) -> None:
    files = {
        "custom-tab-bar/index.json": {"component": True},
        "custom-tab-bar/index.wxml": '<view class="bar" bindtap="go">{{selected}}</view>',
        "custom-tab-bar/index.wxss": ".bar{position:fixed;left:0;right:0;bottom:0;height:50px}",
        "custom-tab-bar/index.js": "Component({data: {selected: 0}, methods: {go() {"
        " wx.switchTab({url: '/pages/b/b'}) }}})",
        "pages/b/b.js": "Page({onShow() { this.getTabBar().setData({selected: 1}) }})",
    }
    page = stand(
        "<view>a</view>", app={"tabBar": {"custom": True, "list": TABS["tabBar"]["list"]}}, files={**COLOURS, **files}
    )
    bar = page.box(f"{FRONT} .eden-custom-tabs wx-view")
    assert bar["y"] + bar["height"] == 812
    assert page.box(f"{FRONT} .eden-scroller")["height"] == page.frame.evaluate("wx.getWindowInfo().windowHeight")
    page.locator(f"{FRONT} .eden-custom-tabs wx-view").click()
    expect(page.locator(f"{FRONT} .eden-custom-tabs wx-view")).to_have_text("1")
    assert page.frame.evaluate("getCurrentPages()[0].route") == "pages/b/b"


def test_paint_of_the_page_element_covers_the_whole_page(stand: MakeStand) -> None:
    page = stand('<view style="height:2000px">a</view>', wxss="page{background:#ff0000;height:100%}")
    assert page.style(".eden-sheet", "backgroundColor") == "rgb(255, 0, 0)"
