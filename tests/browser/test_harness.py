"""The browser fixtures notice what they are there to notice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page

from tests.browser.programs import Files
from tests.browser.server import TestServer


def test_serves_pages_and_folders(
    page: Page, server: TestServer, tmp_path: Path, expect_console: Callable[[str], None]
) -> None:
    expect_console("404")
    (tmp_path / "data.json").write_text('{"a": 1}')
    server.folder("/files/", tmp_path)
    page.goto(server.answer("/page.html", "<h1>你好</h1>"))
    assert page.inner_text("h1") == "你好"
    assert page.evaluate("fetch('/files/data.json').then(r => r.json())") == {"a": 1}
    assert page.evaluate("fetch('/files/../conftest.py').then(r => r.status)") == 404
    assert server.requests[-2:] == ["/files/data.json", "/conftest.py"]


def test_announced_errors_pass(page: Page, server: TestServer, expect_console: Callable[[str], None]) -> None:
    expect_console("told you so")
    expect_console("uncaught: Error: thrown")
    page.goto(
        server.answer(
            "/", "<script>console.error('I told you so'); setTimeout(() => { throw Error('thrown') })</script>"
        )
    )
    page.wait_for_timeout(50)


def test_pages_reach_this_machine_only(page: Page, server: TestServer, expect_console: Callable[[str], None]) -> None:
    expect_console("ERR_NAME_NOT_RESOLVED")
    page.goto(server.answer("/", "<p>here</p>"))
    with pytest.raises(Error, match="Failed to fetch"):
        page.evaluate("fetch('http://example.invalid/')")


def test_mini_programs_are_compiled_and_served(
    page: Page, server: TestServer, mini_program: Callable[[Files], str]
) -> None:
    address = mini_program({"pages/a/a.wxml": "<view>{{n}}</view>", "pages/a/a.js": "Page({data: {n: 1}})"})
    page.goto(server.answer("/", "<p></p>"))
    manifest = page.evaluate("address => fetch(address + 'manifest.json').then(r => r.json())", address)
    assert manifest["pages"] == ["pages/a/a"]
