"""Page stack, tabs, event channels, addresses."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.runtime.conftest import Phone

Make = Callable[..., Phone]

PAGE = "Page({ onShow() { getApp().log('show', this.route) }, onUnload() { getApp().log('unload', this.route) }, \
onTabItemTap(item) { getApp().log('tab', JSON.stringify(item)) } })"
PROGRAM = {
    "app.json": {
        "pages": ["pages/a/a", "pages/b/b", "pages/c/c"],
        "subpackages": [{"root": "sub", "pages": ["d/d"]}],
        "tabBar": {"list": [{"pagePath": "pages/a/a", "text": "A"}, {"pagePath": "pages/b/b", "text": "B"}]},
    },
    **{f"{path}.wxml": f"<view id='name'>{path}</view>" for path in ("pages/a/a", "pages/b/b", "pages/c/c", "sub/d/d")},
    **{f"{path}.js": PAGE for path in ("pages/a/a", "pages/b/b", "pages/c/c")},
    "sub/d/d.js": "const { secret } = require('../secret')\nPage({ onLoad() { getApp().log('d', secret) } })",
    "sub/secret.js": "exports.secret = 42",
}

CALL = "([name, options]) => new Promise(done => wx[name]({ ...options, complete: ({ errMsg }) => done(errMsg) }))"


def call(phone: Phone, name: str, **options: object) -> str:
    return str(phone.run(CALL, [name, options]))


def test_ten_pages_at_most(phone: Make) -> None:
    opened = phone(PROGRAM).open()
    for _ in range(9):
        assert call(opened, "navigateTo", url="/pages/c/c") == "navigateTo:ok"
    assert call(opened, "navigateTo", url="/pages/c/c") == "navigateTo:fail webview count limit exceed"
    assert len(opened.route()) == 10
    assert call(opened, "navigateBack", delta=99) == "navigateBack:ok"
    assert opened.route() == ["pages/a/a"]
    assert opened.trace().count("unload pages/c/c") == 9


def test_tabs_are_kept_and_other_pages_are_not(phone: Make) -> None:
    opened = phone(PROGRAM).open()
    opened.run("() => getCurrentPages()[0].setData({ kept: true })")
    assert call(opened, "navigateTo", url="/pages/b/b") == "navigateTo:fail can not navigateTo a tabbar page"
    assert call(opened, "switchTab", url="/pages/c/c") == "switchTab:fail can not switch to no-tabBar page"
    call(opened, "navigateTo", url="/pages/c/c")
    assert call(opened, "switchTab", url="/pages/b/b") == "switchTab:ok"
    assert opened.route() == ["pages/b/b"]
    assert "unload pages/c/c" in opened.trace()
    call(opened, "switchTab", url="/pages/a/a")
    assert opened.run("() => getCurrentPages()[0].data.kept") is True
    call(opened, "reLaunch", url="/pages/b/b")
    lines = opened.trace()
    assert "unload pages/a/a" in lines and "unload pages/b/b" in lines


def test_tapping_a_tab(phone: Make) -> None:
    opened = phone(PROGRAM).open()
    opened.frame.get_by_role("tab", name="B").click()
    lines = opened.until('tab {"index":1,"pagePath":"pages/b/b","text":"B"}')
    assert "show pages/b/b" in lines


def test_subpackage_is_loaded_when_its_page_is_opened(phone: Make) -> None:
    opened = phone(PROGRAM).open()
    assert call(opened, "navigateTo", url="/sub/d/d") == "navigateTo:ok"
    assert "d 42" in opened.trace()
    assert opened.locator("#name").inner_text() == "sub/d/d"


def test_an_independent_subpackage_starts_before_the_app(phone: Make) -> None:
    program = PROGRAM | {
        "app.json": {"pages": ["pages/a/a"], "subpackages": [
            {"root": "alone", "pages": ["e/e"], "independent": True}, {"root": "sub", "pages": ["d/d"]},
        ]},
        "alone/e/e.wxml": "<view id='name'>alone</view><part/>",
        "alone/e/e.json": {"usingComponents": {"part": "../part"}},
        "alone/e/e.js": "Page({ onLoad() { getApp({ allowDefault: true }).early = typeof getApp() } })",
        "alone/part.json": {"component": True},
        "alone/part.wxml": "<view id='part'>part</view>",
        "alone/part.js": "Component({})",
    }  # fmt: skip
    opened = phone(program, mode="develop").open("alone/e/e")
    assert opened.locator("#name").inner_text() == "alone"
    assert opened.locator("#part").inner_text() == "part"
    assert opened.run("() => typeof getApp()") == "undefined"
    # a page of another subpackage brings the main package, and with it the App
    assert call(opened, "navigateTo", url="/sub/d/d") == "navigateTo:ok"
    lines = opened.trace()
    assert lines.index("app launch alone/e/e") < lines.index("app show") < lines.index("d 42")
    assert opened.run("() => getApp().early") == "undefined"
    call(opened, "navigateBack")
    assert opened.locator("#part").inner_text() == "part"


def test_event_channel_both_ways(phone: Make) -> None:
    program = PROGRAM | {
        "pages/c/c.js": """Page({ onLoad() {
          const channel = this.getOpenerEventChannel()
          channel.on('down', (word) => { getApp().log('c got', word); channel.emit('up', word + '!') })
        } })"""
    }
    opened = phone(program).open()
    opened.run(
        """() => wx.navigateTo({ url: '/pages/c/c', events: { up: (word) => getApp().log('a got', word) },
             success: ({ eventChannel }) => eventChannel.emit('down', 'hello') })"""
    )
    lines = opened.until("a got hello!")
    assert lines.index("c got hello") < lines.index("a got hello!")


def test_taps_while_a_page_opens_wait_their_turn(phone: Make) -> None:
    opened = phone(PROGRAM).open()
    results = opened.run(
        """() => Promise.all(['/pages/c/c?n=1', '/pages/c/c?n=2'].map((url) => wx.navigateTo({ url })))
             .then(() => getCurrentPages().map(({ options }) => options.n))"""
    )
    assert results == [None, "1", "2"]


def test_scrolling(phone: Make) -> None:
    program = {
        "pages/a/a.wxml": '<view style="height:3000px">long</view><view id="end">end</view>',
        "pages/a/a.js": """Page({
          onPageScroll({ scrollTop }) { getApp().log('scroll', Math.round(scrollTop)) },
          onReachBottom() { getApp().log('bottom') },
        })""",
    }
    opened = phone(program).open()
    assert call(opened, "pageScrollTo", scrollTop=500, duration=0) == "pageScrollTo:ok"
    opened.until("scroll 500")
    call(opened, "pageScrollTo", selector="#end", duration=0)
    assert opened.until("bottom").count("bottom") <= 1


def test_the_address_may_be_relative_or_without_a_slash(phone: Make) -> None:
    opened = phone(PROGRAM).open()
    for url in ("../c/c", "pages/c/c", "/pages/c/c.html?x=1"):
        assert call(opened, "navigateTo", url=url) == "navigateTo:ok"
    assert opened.route() == ["pages/a/a", "pages/c/c", "pages/c/c", "pages/c/c"]
