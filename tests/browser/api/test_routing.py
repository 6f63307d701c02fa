"""Going from page to page, and what wx says when it cannot."""

from __future__ import annotations

from tests.browser.api.calls import call
from tests.browser.api.conftest import MakeStand

TABS = {"tabBar": {"list": [{"pagePath": "pages/a/a", "text": "a"}, {"pagePath": "pages/b/b", "text": "b"}]}}


def test_forth_and_back_with_query_and_channel(stand: MakeStand) -> None:
    # query values stay as they were written, as on WeChat
    page = stand("<view>a</view>")
    script = """() => new Promise((done) => wx.navigateTo({
        url: '/pages/b/b?name=%E4%BD%A0&n=1', events: {answer: done},
        success: ({eventChannel, errMsg}) => {
          const opened = getCurrentPages().at(-1)
          const channel = opened.getOpenerEventChannel()
          channel.on('ask', (value) => channel.emit('answer', [value, opened.query, errMsg]))
          eventChannel.emit('ask', 7)
        },
    }))"""
    assert page.frame.evaluate(script) == [7, {"name": "%E4%BD%A0", "n": "1"}, "navigateTo:ok"]
    assert call(page, "navigateBack") == {"errMsg": "navigateBack:ok"}
    assert page.frame.evaluate("getCurrentPages().map((p) => p.route)") == ["pages/a/a"]


def test_failures(stand: MakeStand) -> None:
    page = stand("<view>a</view>", app=TABS)
    assert (
        call(page, "navigateTo", {"url": "/pages/b/b"})["errMsg"] == "navigateTo:fail can not navigateTo a tabbar page"
    )
    assert (
        call(page, "redirectTo", {"url": "/pages/b/b"})["errMsg"] == "redirectTo:fail can not redirectTo a tabbar page"
    )
    assert call(page, "navigateTo", {"url": "/pages/x/x"})["errMsg"] == 'navigateTo:fail page "pages/x/x" is not found'
    reason = "navigateTo:fail parameter error: parameter.url should be String instead of Undefined;"
    assert call(page, "navigateTo")["errMsg"] == reason
    assert call(page, "navigateBack")["errMsg"] == "navigateBack:fail cannot navigate back at first page."
    assert call(page, "switchTab", {"url": "/pages/b/b"})["errMsg"] == "switchTab:ok"


def test_ten_pages_at_most(stand: MakeStand) -> None:
    page = stand("<view>a</view>")
    for _ in range(9):
        assert call(page, "navigateTo", {"url": "/pages/b/b"})["errMsg"] == "navigateTo:ok"
    assert call(page, "navigateTo", {"url": "/pages/b/b"})["errMsg"] == "navigateTo:fail webview count limit exceed"
    assert call(page, "navigateBack", {"delta": 99})["errMsg"] == "navigateBack:ok"
    assert page.frame.evaluate("getCurrentPages().length") == 1


def test_promises_without_callbacks(stand: MakeStand) -> None:
    page = stand("<view>a</view>")
    assert page.frame.evaluate("wx.redirectTo({url: '/pages/b/b'}).then((r) => r.errMsg)") == "redirectTo:ok"
    assert page.frame.evaluate("wx.navigateTo({url: 'nowhere'}).catch((e) => e.errMsg)").startswith(
        "navigateTo:fail page"
    )
    assert page.frame.evaluate("wx.reLaunch({url: '/pages/a/a', success() {}})") is None


def test_route_builders_are_tolerated(stand: MakeStand) -> None:
    page = stand("<view>a</view>")
    assert (
        page.frame.evaluate(
            "wx.router.addRouteBuilder('x', () => ({})) === undefined && typeof wx.router.getRouteContext()"
        )
        == "undefined"
    )
