"""When the parts of a package run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.browser.runtime.conftest import Phone

Make = Callable[..., Phone]


def test_scripts_of_components_run_before_those_that_use_them(phone: Make) -> None:
    component = {"component": True}
    program = {
        "pages/a/a.wxml": "<outer/>",
        "pages/a/a.json": {"usingComponents": {"outer": "/outer"}},
        "pages/a/a.js": "getApp().log('page', 'abc'.shout()); Page({})",
        "outer.json": {**component, "usingComponents": {"inner": "/inner"}},
        "outer.wxml": "<inner/>",
        "outer.js": "getApp().log('outer'); Component({})",
        "inner.json": component,
        "inner.js": "String.prototype.shout = function () { return this.toUpperCase() }\n"
        "getApp().log('inner'); Component({})",
    }
    lines = [line for line in phone(program).open().trace() if not line.startswith("app ")]
    assert lines == ["inner", "outer", "page ABC"]


def test_what_a_frame_cannot_have_is_absent_and_plugins_do_nothing(phone: Make) -> None:
    program = {
        "pages/a/a.wxml": "<view id='out'>{{out}}</view>",
        "pages/a/a.js": """
          const plugin = requirePlugin('map')
          const real = (function () { return this })()
          Page({ data: { out: [typeof real.localStorage, real.indexedDB, plugin.choose({}), plugin.then].join() } })""",
    }
    opened = phone(program).open()
    assert opened.locator("#out").inner_text() == "undefined,,,"


def test_a_wxs_module_that_throws_costs_one_template(phone: Make, expect_console: Any) -> None:
    expect_console(r"nothing is not defined")
    program = {
        "pages/a/a.wxml": "<broken/><whole/>",
        "pages/a/a.json": {"usingComponents": {"broken": "/broken", "whole": "/whole"}},
        "pages/a/a.js": "Page({})",
        "broken.json": {"component": True},
        "broken.wxml": '<wxs module="m">exports.a = nothing.here</wxs><view class="broken">{{m.a}}</view>',
        "whole.json": {"component": True},
        "whole.wxml": '<wxs module="m">exports.a = "here"</wxs><view class="whole">{{m.a}}</view>',
    }
    opened = phone(program).open()
    opened.frame.locator("text=here").wait_for()
    assert opened.events("error") != []
