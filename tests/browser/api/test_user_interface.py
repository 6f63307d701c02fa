"""Toasts, dialogs, bars, scrolling: what a person sees and what the program hears."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.api.calls import begin, call, ended
from tests.browser.api.conftest import MakeStand

TABS = {
    "tabBar": {
        "list": [{"pagePath": "pages/a/a", "text": "首页"}, {"pagePath": "pages/b/b", "text": "我的"}],
        "selectedColor": "#07c160",
    },
    "window": {"navigationBarTitleText": "标题", "navigationBarBackgroundColor": "#f7f7f7"},
}


def test_toast_is_read_aloud_and_goes(stand: MakeStand) -> None:
    page = stand("<view>page</view>")
    assert call(page, "showToast", {"title": "保存成功", "duration": 1200}) == {"errMsg": "showToast:ok"}
    toast = page.locator(".eden-toast")
    expect(toast).to_have_text("保存成功")
    expect(page.locator("[role=status][aria-live=polite]")).to_have_text("保存成功")
    expect(toast).to_have_count(0)


def test_toast_refuses_titles_that_are_no_text(stand: MakeStand) -> None:
    page = stand("<view>page</view>")
    reason = "showToast:fail parameter error: parameter.title should be String instead of Number;"
    assert call(page, "showToast", {"title": 5})["errMsg"] == reason
    assert page.locator(".eden-toast").count() == 0


def test_loading_stays_and_masks_until_hidden(stand: MakeStand) -> None:
    page = stand('<button id="b" bindtap="on" style="height:600px">b</button>')
    call(page, "showLoading", {"title": "加载中", "mask": True})
    page.page.mouse.click(180, 300)
    assert page.events("tap") == []
    call(page, "hideLoading")
    expect(page.locator(".eden-toast")).to_have_count(0)
    page.page.mouse.click(180, 300)
    assert len(page.events("tap")) == 1


def test_modal_by_pointer_and_keyboard(stand: MakeStand) -> None:
    page = stand("<view>page</view>")
    begin(page, "showModal", {"title": "提示", "content": "删除？", "confirmColor": "#ff0000"})
    dialog = page.locator("[role=dialog]")
    expect(dialog).to_have_attribute("aria-modal", "true")
    assert page.style(".eden-dialog-confirm", "color") == "rgb(255, 0, 0)"
    page.locator(".eden-dialog-confirm").click()
    assert ended(page) == {"confirm": True, "cancel": False, "content": None, "errMsg": "showModal:ok"}
    expect(dialog).to_have_count(0)
    begin(page, "showModal", {"content": "again"})
    page.page.keyboard.press("Escape")
    assert ended(page)["cancel"] is True
    begin(page, "showModal", {"title": "名字", "editable": True, "placeholderText": "请输入"})
    page.page.keyboard.type("小明")
    page.page.keyboard.press("Enter")
    assert ended(page) == {"confirm": True, "cancel": False, "content": "小明", "errMsg": "showModal:ok"}


def test_modal_keeps_the_focus_inside(stand: MakeStand) -> None:
    page = stand('<input id="i" />')
    begin(page, "showModal", {"content": "x"})
    seen = set()
    for _ in range(4):
        page.page.keyboard.press("Tab")
        seen.add(page.frame.evaluate("document.activeElement.className"))
    assert seen == {"eden-dialog-cancel", "eden-dialog-confirm"}


def test_modal_without_cancel_is_not_dismissed_by_escape(stand: MakeStand) -> None:
    page = stand("<view>page</view>")
    begin(page, "showModal", {"content": "x", "showCancel": False})
    page.page.keyboard.press("Escape")
    expect(page.locator("[role=dialog]")).to_have_count(1)
    assert page.frame.evaluate("globalThis.ended") is None


def test_long_button_texts_are_refused(stand: MakeStand) -> None:
    page = stand("<view>page</view>")
    reason = "showModal:fail confirmText length should not larger than 4 Chinese characters"
    assert call(page, "showModal", {"confirmText": "一二三四五"})["errMsg"] == reason


def test_action_sheet(stand: MakeStand) -> None:
    page = stand("<view>page</view>")
    begin(page, "showActionSheet", {"itemList": ["甲", "乙"], "itemColor": "#0000ff"})
    page.locator(".eden-sheet-item").filter(has_text="乙").click()
    assert ended(page) == {"tapIndex": 1, "errMsg": "showActionSheet:ok"}
    begin(page, "showActionSheet", {"itemList": ["甲"]})
    page.locator(".eden-mask").click(position={"x": 10, "y": 10})
    assert ended(page) == {"errMsg": "showActionSheet:fail cancel"}
    many = call(page, "showActionSheet", {"itemList": list("1234567")})
    assert many["errMsg"] == "showActionSheet:fail parameter error: itemList should not be larger than 6;"


def test_navigation_bar(stand: MakeStand) -> None:
    page = stand("<view>page</view>", json={"navigationBarTitleText": "旧"})
    expect(page.locator(".eden-title")).to_have_text("旧")
    call(page, "setNavigationBarTitle", {"title": "新"})
    expect(page.locator(".eden-title")).to_have_text("新")
    call(page, "setNavigationBarColor", {"frontColor": "#ffffff", "backgroundColor": "#ff0000"})
    assert page.style(".eden-bar", "backgroundColor") == "rgb(255, 0, 0)"
    assert page.style(".eden-bar", "color") == "rgb(255, 255, 255)"
    wrong = call(page, "setNavigationBarColor", {"frontColor": "red", "backgroundColor": "#000000"})
    assert wrong["errMsg"].startswith("setNavigationBarColor:fail invalid frontColor")
    call(page, "showNavigationBarLoading")
    expect(page.locator(".eden-spinner")).to_be_visible()
    call(page, "hideNavigationBarLoading")
    expect(page.locator(".eden-spinner")).to_be_hidden()


def test_tab_bar(stand: MakeStand) -> None:
    page = stand("<view>page</view>", app=TABS)
    tabs = page.locator("[role=tab]")
    expect(tabs.nth(0)).to_have_attribute("aria-selected", "true")
    call(page, "setTabBarBadge", {"index": 1, "text": "8"})
    expect(tabs.nth(1)).to_have_attribute("aria-label", "我的, 8 条新消息")
    call(page, "removeTabBarBadge", {"index": 1})
    expect(tabs.nth(1)).to_have_attribute("aria-label", "我的")
    assert (
        call(page, "setTabBarBadge", {"index": 5, "text": "8"})["errMsg"] == "setTabBarBadge:fail tabbar item not found"
    )
    call(page, "setTabBarItem", {"index": 0, "text": "家"})
    expect(tabs.nth(0)).to_have_text("家")
    call(page, "setTabBarStyle", {"selectedColor": "#0000ff"})
    assert page.style(".eden-tab[aria-selected=true]", "color") == "rgb(0, 0, 255)"
    height = page.frame.evaluate("wx.getWindowInfo().windowHeight")
    call(page, "hideTabBar")
    expect(page.locator("[role=tablist]")).to_be_hidden()
    assert page.box(".eden-scroller")["height"] > height
    call(page, "showTabBar")
    tabs.nth(1).click()
    page.frame.wait_for_function("getCurrentPages().at(-1).route === 'pages/b/b'")
    expect(tabs.nth(1)).to_have_attribute("aria-selected", "true")


def test_tab_bar_functions_fail_elsewhere(stand: MakeStand) -> None:
    page = stand("<view>page</view>")
    for name, options in [("hideTabBar", {}), ("setTabBarBadge", {"index": 0, "text": "1"}), ("setTabBarStyle", {})]:
        assert call(page, name, options)["errMsg"] == f"{name}:fail not TabBar page"


def test_page_scroll_to(stand: MakeStand) -> None:
    page = stand('<view style="height:1000px"></view><view id="x" style="height:2000px">x</view>')
    assert call(page, "pageScrollTo", {"scrollTop": 300, "duration": 0})["errMsg"] == "pageScrollTo:ok"
    assert page.frame.evaluate("document.querySelector('.eden-scroller').scrollTop") == 300
    call(page, "pageScrollTo", {"selector": "#x", "duration": 0, "offsetTop": -20})
    assert page.frame.evaluate("document.querySelector('.eden-scroller').scrollTop") == 980
    assert call(page, "pageScrollTo", {"selector": "#none"})["errMsg"].startswith("pageScrollTo:fail")


def test_pull_down_with_the_mouse(stand: MakeStand) -> None:
    page = stand(
        "<view>page</view>",
        json={"enablePullDownRefresh": True},
        files={"pages/a/a.js": "Page({pulled: 0, onPullDownRefresh() { this.pulled++ }})"},
    )
    mouse = page.page.mouse
    mouse.move(180, 200)
    mouse.down()
    mouse.move(180, 280)
    mouse.move(180, 420)
    mouse.up()
    page.frame.wait_for_function("getCurrentPages().at(-1).pulled === 1")
    expect(page.locator(".eden-refresh")).to_be_visible()
    call(page, "stopPullDownRefresh")
    expect(page.locator(".eden-refresh")).to_be_hidden()


def test_fixed_elements_and_page_height_stay_between_the_bars(stand: MakeStand) -> None:
    page = stand(
        '<view id="top" style="position:fixed;top:0;height:10px;width:10px"></view><view id="full"></view>',
        wxss="#full{height:100vh}",
        app=TABS,
    )
    window = page.frame.evaluate("wx.getWindowInfo()")
    assert page.box("#top")["y"] == page.box(".eden-scroller")["y"] == window["screenTop"]
    assert page.box("#full")["height"] == window["windowHeight"] == page.box(".eden-scroller")["height"]


def test_alert_before_unload(stand: MakeStand) -> None:
    page = stand("<view>page</view>")
    page.frame.evaluate("wx.navigateTo({url: '/pages/b/b'})")
    page.frame.wait_for_function("getCurrentPages().length === 2")
    call(page, "enableAlertBeforeUnload", {"message": "尚未保存"})
    page.locator(".eden-page:not([data-away]) .eden-back").click()
    expect(page.locator("[role=dialog]")).to_contain_text("尚未保存")
    page.locator(".eden-dialog-cancel").click()
    expect(page.locator("[role=dialog]")).to_have_count(0)
    assert page.frame.evaluate("getCurrentPages().length") == 2
    page.locator(".eden-page:not([data-away]) .eden-back").click()
    page.locator(".eden-dialog-confirm").click()
    page.frame.wait_for_function("getCurrentPages().length === 1")
