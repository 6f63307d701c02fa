"""Order of lifecycles, as WeChat documents it."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.runtime.conftest import Phone

Make = Callable[..., Phone]

TRACED = """
const log = (...words) => getApp().log('%s', ...words)
Page({
  onLoad(query) { log('load', JSON.stringify(query)) }, onShow() { log('show') }, onReady() { log('ready') },
  onHide() { log('hide') }, onUnload() { log('unload') },
  onRouteDone({ openType }) { log('done', openType) },
})
"""

CHILD = """
const log = (word) => getApp().log('child', word)
Component({
  lifetimes: {
    created() { log('created') }, attached() { log('attached') }, ready() { log('ready') },
    detached() { log('detached') },
  },
  pageLifetimes: { show() { log('show') }, hide() { log('hide') } },
})
"""

PROGRAM = {
    "app.json": {"pages": ["pages/a/a", "pages/b/b"]},
    "pages/a/a.wxml": "<child/>",
    "pages/a/a.js": TRACED % "a",
    "pages/a/a.json": {"usingComponents": {"child": "/child/child"}},
    "pages/b/b.wxml": "<view>b</view>",
    "pages/b/b.js": TRACED % "b",
    "child/child.json": {"component": True},
    "child/child.wxml": "<view>child</view>",
    "child/child.js": CHILD,
}


def test_start(phone: Make) -> None:
    lines = phone(PROGRAM).open("pages/a/a?x=1%202").until("a ready")
    assert [line for line in lines if not line.startswith("a done")] == [
        "app launch pages/a/a",
        "app show",
        "child created",
        "child attached",
        'a load {"x":"1%202"}',
        "a show",
        "child show",
        "child ready",
        "a ready",
    ]


def test_forth_and_back(phone: Make) -> None:
    opened = phone(PROGRAM).open()
    opened.until("a ready")
    opened.run("() => wx.navigateTo({ url: '/pages/b/b?id=7' })")
    lines = opened.until("b ready")
    assert [line for line in lines if " done " not in line] == [
        "a hide",
        "child hide",
        'b load {"id":"7"}',
        "b show",
        "b ready",
    ]
    opened.run("() => wx.navigateBack()")
    assert [line for line in opened.until("b unload") if " done " not in line] == ["a show", "child show", "b unload"]
    assert opened.route() == ["pages/a/a"]


def test_redirect_unloads_without_hide(phone: Make) -> None:
    opened = phone(PROGRAM).open()
    opened.until("a ready")
    opened.run("() => wx.redirectTo({ url: '../b/b' })")
    lines = opened.until("a unload")
    assert "a hide" not in lines
    assert "child detached" in lines + opened.trace()
    assert opened.route() == ["pages/b/b"]


def test_background_and_foreground(phone: Make) -> None:
    opened = phone(PROGRAM).open()
    opened.until("a ready")
    opened.page.evaluate("() => host.close()")
    opened.page.evaluate("address => host.open(address)", opened.address)
    expected = ["app hide", "a hide", "child hide", "app show", "a show", "child show"]
    assert [line for line in opened.until("child show") if " done " not in line] == expected


def test_errors_reach_app_and_host_and_leave_the_page_working(
    phone: Make, expect_console: Callable[[str], None]
) -> None:
    expect_console("boom")
    program = {
        "pages/a/a.wxml": '<view id="bad" bindtap="bad">bad</view><view id="good" bindtap="good">{{n}}</view>',
        "pages/a/a.js": """Page({
          data: { n: 0 }, bad() { throw new Error('boom') }, good() { this.setData({ n: this.data.n + 1 }) },
          onShow() { Promise.reject(new Error('boom too')) },
        })""",
    }
    opened = phone(program).open()
    opened.locator("#bad").click()
    lines = opened.until("app error Error: boom")
    assert "app rejection boom too" in lines
    opened.locator("#good").click()
    assert opened.locator("#good").inner_text() == "1"
    errors = opened.events("error")
    assert {error["type"] for error in errors} == {"error", "unhandledRejection"}
    assert all(error["page"] == "pages/a/a" for error in errors)


def test_page_not_found(phone: Make) -> None:
    opened = phone(PROGRAM).open("pages/none/none")
    lines = opened.until("a ready")
    assert "app notfound pages/none/none" in lines
    assert opened.route() == ["pages/a/a"]
    message = opened.run(
        "() => new Promise(done => wx.navigateTo({ url: '/pages/nowhere', fail: ({ errMsg }) => done(errMsg) }))"
    )
    assert message == 'navigateTo:fail page "pages/nowhere" is not found'


def test_old_form_of_component_lifetimes_and_observer_names(phone: Make) -> None:
    program = PROGRAM | {
        "pages/a/a.wxml": '<child value="{{v}}"/>',
        "pages/a/a.js": "Page({ data: { v: 1 }, onReady() { this.setData({ v: 2 }) } })",
        "child/child.js": """Component({
          properties: { value: { type: Number, value: 0, observer: 'changed' } },
          attached() { getApp().log('attached', this.data.value) },
          methods: { changed(now, before) { getApp().log('changed', before, now) } },
        })""",
    }
    lines = phone(program).open().until("changed 1 2")
    assert "attached 1" in lines
