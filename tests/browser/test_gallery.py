"""Three component libraries as shipped: every component is shown, what opens opens, and nothing fails."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from tests.browser.programs import build_program
from tests.browser.runtime.conftest import Phone, phone_page
from tests.browser.server import TestServer

_ROOT = Path(__file__).parents[2]
GALLERY = _ROOT / "apps" / "gallery"
MODULES = _ROOT / "container" / "node_modules"
PAGES: list[str] = json.loads((GALLERY / "app.json").read_text(encoding="utf-8"))["pages"]

#: page → what to tap and what then shows; a layer is closed again before the next step
STEPS: dict[str, list[tuple[str, str]]] = {
    "pages/tdesign/base/base": [("点击 0", "点击 1"), ("切换", "渐变的内容")],
    "pages/tdesign/navigation/navigation": [("标签二", "第二页内容"), ("全部产品", "最新产品"), ("打开抽屉", "菜单一")],
    "pages/tdesign/form/form": [("提交", "姓名不能为空"), ("女", "女"), ("选项二", "选项二")],
    "pages/tdesign/choices/choices": [
        ("选择器", "选择城市"),
        ("日期", "选择日期"),
        ("日历", "请选择日期"),
        ("级联", "选择地址"),
        ("上海市", "徐汇区"),
    ],
    "pages/tdesign/display/display": [("折叠二", "第二段内容"), ("看图", "1/2")],
    "pages/tdesign/feedback/feedback": [
        ("弹出层", "弹出的内容"),
        ("对话框", "对话框标题"),
        ("动作面板", "选项一"),
        ("遮罩", "遮罩里的内容"),
        ("气泡", "气泡内容"),
        ("轻提示", "轻提示内容"),
        ("消息", "一条消息"),
        ("函数对话框", "要继续吗"),
    ],
    "pages/vant/base/base": [("点击 0", "点击 1"), ("弹出层", "弹出的内容"), ("渐变", "渐变的内容")],
    "pages/vant/form/form": [
        ("复选乙", "复选乙"),
        ("单选二", "单选二"),
        ("日期", "选择日期"),
        ("地区", "选择地区"),
        ("级联", "请选择城市"),
        ("日历", "日期选择"),
    ],
    "pages/vant/display/display": [("折叠二", "第二段内容"), ("江苏", "苏州")],
    "pages/vant/navigation/navigation": [("标签二", "第二页内容"), ("全部商品", "新款商品")],
    "pages/vant/feedback/feedback": [
        ("动作面板", "选项一"),
        ("分享面板", "分享给好友"),
        ("遮罩", "遮罩里的内容"),
        ("对话框", "对话框标题"),
        ("轻提示", "轻提示内容"),
        ("消息", "一条消息"),
        ("函数对话框", "要继续吗"),
    ],
    "pages/weui/form/form": [("多选甲", "多选甲"), ("确定", "姓名必填")],
    "pages/weui/feedback/feedback": [
        ("对话框", "对话框标题"),
        ("动作面板", "选项一"),
        ("半屏弹窗", "半屏标题"),
        ("看图", "1/1"),
        ("顶部提示", "提示内容"),
    ],
}

#: pages with a field to type into, and which
FIELDS = {
    "pages/tdesign/form/form": "input",
    "pages/tdesign/chat/chat": "textarea",
    "pages/vant/form/form": "input",
    "pages/weui/form/form": "input",
}

#: used by components of their own library only
_INNER = {"message-item", "picker-column"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gallery compiled, with the packages that its package.json names."""
    source = tmp_path_factory.mktemp("gallery") / "source"
    shutil.copytree(GALLERY, source, ignore=shutil.ignore_patterns("node_modules", "miniprogram_npm"))
    (source / "node_modules").symlink_to(MODULES)
    return build_program(source, source.parent / "package")


@pytest.fixture
def gallery(page: Page, server: TestServer, package: Path) -> Phone:
    address = server.folder("/packages/gallery/", package)
    page.set_default_timeout(6_000)
    expect.set_options(timeout=6_000)
    page.goto(server.answer("/phone.html", phone_page()))
    return Phone(page, address)


def read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def test_every_component_is_used() -> None:
    named = {path for page in PAGES for path in read(GALLERY / f"{page}.json").get("usingComponents", {}).values()}
    for library in read(GALLERY / "package.json")["dependencies"]:
        about = read(MODULES / library / "package.json")
        shipped = {
            json_file.parent.name
            for json_file in (MODULES / library / about["miniprogram"]).glob("*/*.json")
            if read(json_file).get("component")
        }
        used = {path.removeprefix(f"{library}/").split("/")[0] for path in named if path.startswith(f"{library}/")}
        assert shipped - used <= _INNER, library
        assert used


@pytest.mark.parametrize("library", ["index", "tdesign", "vant", "weui"])
def test_library(library: str, gallery: Phone, expect_console: Callable[[str], None]) -> None:
    # The libraries' fonts and pictures of icons are on the network.
    expect_console(r"\.(woff2?|ttf)\b")
    expect_console(r"net::ERR_NAME_NOT_RESOLVED \(https://")
    problems: list[str] = []
    for path in PAGES:
        if path.split("/")[1] == library:
            try:
                look_at(path, gallery)
            except (AssertionError, PlaywrightError) as problem:
                problems.append(f"{path}: {problem}")
    assert not problems, "\n\n".join(problems)


def look_at(path: str, gallery: Phone) -> None:
    gallery.page.evaluate("() => { seen.length = 0 }")
    gallery.open(path)
    gallery.frame.wait_for_function("path => getCurrentPages()[0].route === path", arg=path)
    expect(gallery.locator(".eden-body")).to_contain_text(re.compile(r"\S"))
    for tapped, appears in STEPS.get(path, []):
        gallery.locator(f':text-is("{tapped}"):visible').first.click()
        expect(gallery.locator(f':text("{appears}"):visible').first).to_be_visible()
        gallery.run("() => { const [page] = getCurrentPages(); page.hide && page.hide() }")
    if path in FIELDS:
        field = gallery.locator(f"{FIELDS[path]}:visible").first
        field.fill("文字")
        expect(field).to_have_value("文字")
    assert gallery.events("error") == []
    assert gallery.events("crash") == []
