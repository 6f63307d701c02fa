"""A real browser for tests.

`page` fails its test on an uncaught page error or a console error that the test did not announce:

    def test_refusal(page, server, expect_console):
        expect_console(r"request:fail url not in domain list")
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from eden.base.browser import LAUNCH_ARGUMENTS, chromium
from eden.base.tools import CONTAINER
from tests.browser.platform import RunningPlatform
from tests.browser.programs import Files, build_program, write_program
from tests.browser.server import TestServer

#: names that do not resolve: a page reaches this machine only
_NO_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=[*LAUNCH_ARGUMENTS, _NO_NETWORK], chromium_sandbox=False
        )
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile: no cookies, storage or permissions of earlier tests. The size of a small desktop window."""
    context = browser.new_context(viewport={"width": 1000, "height": 900}, locale="zh-CN", reduced_motion="reduce")
    context.set_default_timeout(15_000)
    expect.set_options(timeout=15_000)
    yield context
    context.close()


@pytest.fixture
def expected_console() -> list[re.Pattern[str]]:
    return []


@pytest.fixture
def expect_console(expected_console: list[re.Pattern[str]]) -> Callable[[str], None]:
    """Announce an error that the page is to report: a regular expression searched for in its text."""
    return lambda pattern: expected_console.append(re.compile(pattern))


@pytest.fixture
def page(context: BrowserContext, expected_console: list[re.Pattern[str]]) -> Iterator[Page]:
    """A page whose errors, and those of the frames in it, fail the test."""
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(f"uncaught: {error.stack or error.message}"))
    page.on("crash", lambda _: problems.append("the page crashed"))
    page.on(
        "console",
        lambda message: (
            problems.append(f"console.error: {message.text} ({message.location['url']})")
            if message.type == "error"
            else None
        ),
    )
    yield page
    unexpected = [text for text in problems if not any(pattern.search(text) for pattern in expected_console)]
    assert not unexpected, "unexpected errors in the page:\n" + "\n".join(unexpected)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """A page goes before the servers that it talks to: what it says of their end is no mistake."""
    page = getattr(item, "funcargs", {}).get("page")
    if isinstance(page, Page) and not page.is_closed():
        # let events that are under way arrive
        page.evaluate("0")
        page.close()


@pytest.fixture
def silence(page: Page, expected_console: list[re.Pattern[str]]) -> Iterator[None]:
    """No message at all in the console, not even a warning."""
    messages: list[str] = []
    page.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
    yield
    assert [text for text in messages if not any(pattern.search(text) for pattern in expected_console)] == []


@pytest.fixture
def server() -> Iterator[TestServer]:
    """Serves the container's bundles under /_container/ and what the test adds."""
    server = TestServer()
    server.folder("/_container/", CONTAINER)
    yield server
    server.close()


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[RunningPlatform]:
    """A platform server with the workspace "test"."""
    running = RunningPlatform(tmp_path)
    yield running
    running.close()


@pytest.fixture
def mini_program(server: TestServer, tmp_path: Path) -> Callable[[Files], str]:
    """Write, compile and serve a mini program; returns the address of its package, which ends with "/".

    address = mini_program({"pages/a/a.wxml": "<view>{{n}}</view>", "pages/a/a.js": "Page({data: {n: 1}})"})
    """
    numbers = itertools.count(1)

    def make(files: Files) -> str:
        number = next(numbers)
        source = write_program(tmp_path / f"program-{number}", files)
        return server.folder(f"/packages/{number}/", build_program(source, tmp_path / f"package-{number}"))

    return make
