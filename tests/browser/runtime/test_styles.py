# ruff: noqa: E501 -- templates of the test programs stand as an author writes them
"""Style isolation in all its modes, rpx, page, fonts of nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.runtime.conftest import Phone

Make = Callable[..., Phone]

RED, GREEN, BLUE = "rgb(255, 0, 0)", "rgb(0, 128, 0)", "rgb(0, 0, 255)"


def program(isolation: dict[str, object], js: str = "Component({})") -> dict[str, object]:
    return {
        "app.json": {"pages": ["pages/a/a", "pages/b/b"]},
        "app.wxss": ".app { color: red } page { --own: 7px }",
        "pages/a/a.wxml": '<view id="page" class="app mine shared">p</view><c id="c" class="mine" my-class="mine"/>',
        "pages/a/a.wxss": ".mine { color: green } .inner { color: blue }",
        "pages/a/a.json": {"usingComponents": {"c": "/c/c"}},
        "pages/b/b.wxml": '<view id="page" class="app mine shared">b</view>',
        "c/c.json": {"component": True, **isolation},
        "c/c.wxml": '<view id="inner" class="inner app">i</view><view id="external" class="my-class">e</view>',
        "c/c.wxss": ":host { display: block; padding-top: 3px } .shared { border-top: 2px solid red }",
        "c/c.js": js,
    }


# the component's host is green by the page, and what has no colour of its own inherits that
@pytest.mark.parametrize(
    ("isolation", "inner", "border"),
    [
        ({}, GREEN, "0px"),
        ({"styleIsolation": "isolated"}, GREEN, "0px"),
        ({"styleIsolation": "apply-shared"}, BLUE, "0px"),
        ({"styleIsolation": "shared"}, BLUE, "2px"),
    ],
)
def test_isolation_modes(phone: Make, isolation: dict[str, object], inner: str, border: str) -> None:
    opened = phone(program(isolation)).open()
    assert opened.style("#page", "color") == GREEN
    assert opened.style("#inner", "color") == inner
    assert opened.style("#page", "borderTopWidth") == border


def test_options_in_code_and_external_classes(phone: Make) -> None:
    js = "Component({ options: { addGlobalClass: true }, externalClasses: ['my-class'] })"
    opened = phone(program({}, js)).open()
    assert opened.style("#inner", "color") == BLUE
    assert opened.style("#external", "color") == GREEN


def test_one_page_does_not_style_another(phone: Make) -> None:
    opened = phone(program({})).open()
    opened.run("() => wx.navigateTo({ url: '/pages/b/b' })")
    opened.frame.wait_for_function("() => getCurrentPages().length === 2")
    assert opened.style("#page", "color") == RED


def test_host_rpx_and_viewport_units(phone: Make) -> None:
    files = program({}) | {
        "pages/a/a.wxml": '<c id="c"/><view id="sheet" class="wide"/><view id="inline" style="width:{{w}}rpx;height:100vh"/>',
        "pages/a/a.js": "Page({ data: { w: 100 } })",
        "pages/a/a.wxss": ".wide { width: 375rpx; height: var(--own) }",
        "pages/a/a.json": {"usingComponents": {"c": "/c/c"}, "navigationStyle": "default"},
    }
    opened = phone(files).open()
    assert opened.style("#c", "paddingTop") == "3px"
    assert opened.style("#sheet", "width") == "187.5px"
    assert opened.style("#sheet", "height") == "7px"
    assert opened.style("#inline", "width") == "50px"
    window_height = opened.run("() => wx.getWindowInfo().windowHeight")
    assert opened.style("#inline", "height") == f"{window_height:g}px"
    assert window_height < 812


def test_fixed_elements_stay_below_the_bar_while_the_page_scrolls(phone: Make) -> None:
    files = {
        "pages/a/a.wxml": '<view id="fixed" style="position:fixed;top:0;height:20px">f</view><view style="height:3000px"/>',
    }
    opened = phone(files).open()
    top = opened.locator("#fixed").bounding_box()
    opened.run("() => wx.pageScrollTo({ scrollTop: 700, duration: 0 })")
    assert top is not None and top["y"] > 40
    assert opened.locator("#fixed").bounding_box() == top


def test_dark_theme(phone: Make) -> None:
    files = {
        "app.json": {"pages": ["pages/a/a"], "darkmode": True, "themeLocation": "theme.json",
                     "window": {"navigationBarBackgroundColor": "@bar"}},
        "theme.json": {"light": {"bar": "#ffffff"}, "dark": {"bar": "#112233"}},
        "pages/a/a.wxml": '<view id="v" class="v">v</view>',
        "pages/a/a.wxss": ".v { color: red } @media (prefers-color-scheme: dark) { .v { color: green } }",
        "pages/a/a.js": "wx.onThemeChange(({ theme }) => getApp().log('theme', theme)); Page({})",
    }  # fmt: skip
    opened = phone(files).open()
    assert opened.style("#v", "color") == RED
    opened.page.evaluate("() => host.setTheme('dark')")
    opened.until("theme dark")
    assert opened.style("#v", "color") == GREEN
    bar = opened.frame.locator(".eden-bar").evaluate("(bar) => getComputedStyle(bar).backgroundColor")
    assert bar == "rgb(17, 34, 51)"
