"""The super app: a page that is installed like an app and runs a workspace's mini programs, also without a network."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.platform import RunningPlatform


@pytest.fixture
def app(page: Page, platform: RunningPlatform) -> Page:
    """The super app of a workspace with one released program."""
    platform.publish("1.0.0")
    platform.release("1.0.0", finish=True)
    page.goto(f"{platform.origin}/app/test/")
    return page


def shows(page: Page, text: str) -> None:
    program = page.frame_locator("iframe:not(.spare):not(.back)").frame_locator("iframe")
    expect(program.get_by_text(text, exact=True)).to_be_visible(timeout=30_000)


def test_opens_a_program_and_comes_back(app: Page) -> None:
    expect(app.get_by_role("heading", level=1)).to_have_text("Test")
    app.get_by_role("button", name="Bank").click()
    shows(app, "version 1.0.0")
    app.get_by_role("button", name="关闭").click()
    expect(app.get_by_role("button", name="Bank")).to_be_visible()


def test_starts_without_a_network(app: Page, platform: RunningPlatform, expect_console: Callable[[str], None]) -> None:
    expect_console("ERR_|Failed to load|500")
    app.get_by_role("button", name="Bank").click()
    shows(app, "version 1.0.0")
    app.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    # the worker has taken the page's files
    app.wait_for_function("caches.open('eden-app-1').then((cache) => cache.match('runtime.js')).then(Boolean)")
    app.context.set_offline(True)
    app.reload()
    expect(app.get_by_role("status").first).to_contain_text("无法连接服务器")
    app.get_by_role("button", name="Bank").click()
    shows(app, "version 1.0.0")
    app.context.set_offline(False)


def test_update_is_offered_and_taken(app: Page, platform: RunningPlatform) -> None:
    app.get_by_role("button", name="Bank").click()
    shows(app, "version 1.0.0")
    platform.publish("1.1.0")
    platform.release("1.1.0")
    app.get_by_role("button", name="重新启动").click(timeout=30_000)
    shows(app, "version 1.1.0")


def test_update_of_a_program_behind_is_not_offered(app: Page, platform: RunningPlatform) -> None:
    platform.publish("1.0.0", key="shop")
    platform.release("1.0.0", key="shop", finish=True)
    app.get_by_role("button", name="Bank").click()
    shows(app, "version 1.0.0")
    app.get_by_role("button", name="关闭").click()
    app.get_by_role("button", name="Shop").click()
    shows(app, "version 1.0.0")
    app.evaluate(
        """() => {
          window.said = []
          const toasts = document.getElementById('toasts')
          new MutationObserver(() => said.push(toasts.textContent)).observe(toasts, { childList: true })
        }"""
    )
    platform.publish("1.2.0")
    platform.release("1.2.0")
    platform.publish("1.1.0", key="shop")
    platform.release("1.1.0", key="shop")
    expect(app.get_by_text("新版本 1.1.0 已就绪")).to_be_visible(timeout=30_000)
    assert not [text for text in app.evaluate("said") if "1.2.0" in text]
    app.get_by_role("button", name="重新启动").click()
    shows(app, "version 1.1.0")


def test_refused_update_is_told_in_the_language_of_the_person(app: Page, platform: RunningPlatform) -> None:
    app.get_by_role("button", name="Bank").click()
    shows(app, "version 1.0.0")
    platform.change("/timestamp.json$", lambda body: body.replace(b'"version":', b'"Version":'))
    platform.publish("1.1.0")
    platform.release("1.1.0")
    expect(app.get_by_text("更新没有安装。更新服务器返回的内容无法识别，请稍后再试。")).to_be_visible(timeout=30_000)
    shows(app, "version 1.0.0")


def test_works_where_the_browser_keeps_no_values(page: Page, platform: RunningPlatform) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError') } })"
    )
    platform.publish("1.0.0")
    platform.release("1.0.0", finish=True)
    page.goto(f"{platform.origin}/app/test/")
    page.get_by_role("button", name="Bank").click()
    shows(page, "version 1.0.0")
    page.goto("about:blank")


def test_testers_link_opens_its_version_and_leaves_the_address(app: Page, platform: RunningPlatform) -> None:
    platform.publish("1.1.0")
    token = platform.trial("1.1.0")
    app.goto(f"{platform.origin}/app/test/?program=bank&trial={token}")
    shows(app, "version 1.1.0")
    assert token not in app.url
    app.get_by_role("button", name="关闭").click()
    expect(app.get_by_role("heading", name="体验版")).to_be_visible()
    app.get_by_role("button", name="Bank").first.click()
    shows(app, "version 1.0.0")


def test_workspace_that_is_not_there(
    page: Page, platform: RunningPlatform, expect_console: Callable[[str], None]
) -> None:
    expect_console("404")
    page.goto(f"{platform.origin}/app/nothing/")
    expect(page.get_by_role("status").first).to_contain_text("找不到这个地址")
    page.goto("about:blank")


def test_can_be_installed(app: Page, platform: RunningPlatform) -> None:
    address = app.locator("link[rel=manifest]").get_attribute("href")
    assert address is not None
    manifest = app.request.get(f"{platform.origin}/app/test/{address}")
    assert manifest.headers["content-type"] == "application/manifest+json"
    assert manifest.json()["display"] == "standalone"
    problems = app.context.new_cdp_session(app).send("Page.getInstallabilityErrors")["installabilityErrors"]
    # a headless browser installs nothing
    assert [problem["errorId"] for problem in problems if problem["errorId"] != "in-incognito"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_can_be_used_by_everybody(app: Page, scheme: str) -> None:
    app.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    app.set_viewport_size({"width": 320, "height": 640})
    expect(app.get_by_role("button", name="Bank")).to_be_visible()
    assert violations(app) == []
    assert app.evaluate("document.documentElement.scrollWidth") <= 320
    app.keyboard.press("Tab")
    app.keyboard.press("Enter")
    shows(app, "version 1.0.0")
