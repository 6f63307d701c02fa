"""The console's frame in a real browser: accessible, silent, usable by keyboard, at home on a phone, live."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.accessibility import violations
from tests.console.gallery import PAGES, Gallery

pytestmark = pytest.mark.usefixtures("silence")

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def gallery() -> Iterator[Gallery]:
    gallery = Gallery()
    with gallery.serve() as origin:
        gallery.origin = origin
        yield gallery


def visit(page: Page, gallery: Gallery, name: str, size: dict[str, int] = DESKTOP, language: str = "") -> None:
    """In English unless the test, or somebody in it, has chosen a language."""
    page.set_viewport_size(size)  # type: ignore[arg-type]
    if language or not page.context.cookies():
        cookie = {"name": "eden_locale", "value": language or "en", "path": "/console", "domain": "127.0.0.1"}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
    page.goto(gallery.origin + ("/console/sign-in" if name == "sign-in" else f"/console/live/{name}"))
    if name == "release":
        expect(page.locator(".plot-canvas canvas")).to_have_count(3)


@pytest.mark.parametrize("name", [*PAGES, "sign-in"])
def test_every_page_is_accessible(page: Page, gallery: Gallery, name: str) -> None:
    """In both themes (what differs are the colours), on a phone and on a desktop."""
    for size, language in ((DESKTOP, "en"), (PHONE, "zh")):
        page.emulate_media(color_scheme="light")
        visit(page, gallery, name, size, language)
        assert violations(page) == []
        page.emulate_media(color_scheme="dark")
        assert violations(page, "color-contrast") == []


def test_what_opens_is_accessible(page: Page, gallery: Gallery) -> None:
    visit(page, gallery, "release", PHONE)
    page.get_by_role("button", name="Roll back").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Open the menu").click()
    assert violations(page) == []
    page.get_by_role("button", name="Mei Lin").click()
    assert violations(page) == []
    visit(page, gallery, "versions")
    page.locator("summary").first.click()
    # what the menu covers cannot be hit at the moment, and need not
    assert violations(page, within=".more[open]") == []


@pytest.mark.parametrize("name", [*PAGES, "sign-in"])
def test_nothing_is_wider_than_a_small_phone(page: Page, gallery: Gallery, name: str) -> None:
    for language in ("en", "zh"):
        visit(page, gallery, name, {"width": 320, "height": 640}, language)
        assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_a_reason_is_given_by_keyboard(page: Page, gallery: Gallery) -> None:
    visit(page, gallery, "release")
    button = page.get_by_role("button", name="Roll back")
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Roll back 1.3.0?")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    # the focus stays inside
    for _ in range(6):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    # nothing is sent without a reason
    before = len(gallery.received)
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Roll back").press("Enter")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Reason").fill("Crashes on old phones")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Done;")).to_be_visible()
    assert gallery.received[before:] == [{"_csrf": "a-token", "revision": "7", "reason": "Crashes on old phones"}]


def test_a_menu_by_keyboard(page: Page, gallery: Gallery) -> None:
    visit(page, gallery, "versions")
    summary = page.get_by_label("More about 1.2.0")
    menu = page.locator("details.more").nth(1)
    summary.focus()
    page.keyboard.press("Enter")
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    expect(menu.get_by_role("link", name="Compare")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(summary).to_be_focused()
    # it closes when the focus goes on
    page.keyboard.press("Enter")
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(menu).not_to_have_attribute("open", "")
    # a dialog that is inside
    summary.press("Enter")
    menu.get_by_role("button", name="Revoke").press("Enter")
    dialog = page.get_by_role("dialog", name="Revoke 1.2.0?")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(menu).to_have_attribute("open", "")


def test_skipping_to_the_content(page: Page, gallery: Gallery) -> None:
    visit(page, gallery, "versions")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_menu_of_a_phone(page: Page, gallery: Gallery) -> None:
    visit(page, gallery, "words", PHONE)
    menu = page.get_by_role("navigation", name="Main")
    expect(menu).to_be_hidden()
    opener = page.get_by_role("button", name="Open the menu")
    opener.press("Enter")
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(opener).to_be_focused()
    opener.press("Enter")
    menu.get_by_role("link", name="Mini programs").click()
    expect(page.get_by_role("heading", level=1, name="Versions")).to_be_visible()


def test_switching_the_workspace(page: Page, gallery: Gallery) -> None:
    visit(page, gallery, "words")
    page.get_by_role("button", name="Workspace Harbour Bank").press("Enter")
    links = page.get_by_role("navigation", name="Switch workspace").get_by_role("link")
    expect(links).to_have_count(3)
    expect(links.nth(1)).to_have_attribute("aria-current", "true")
    expect(links.nth(0)).to_have_attribute("href", "/console/test")
    expect(links.nth(2)).to_have_attribute("href", "/console/workspaces")


def test_the_theme_changes_at_once_and_is_remembered(page: Page, gallery: Gallery) -> None:
    page.emulate_media(color_scheme="light")
    visit(page, gallery, "release")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    # the canvas lets the page's own ground through; what is drawn on it is another question
    drawn = "document.querySelector('.plot-canvas canvas').toDataURL()"
    before = page.evaluate(drawn)
    page.get_by_role("button", name="Mei Lin").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    dark = page.evaluate(ground)
    assert dark != light
    page.wait_for_function(f"before => {drawn} !== before", arg=before)
    page.reload()
    assert page.evaluate(ground) == dark
    page.get_by_role("button", name="Mei Lin").click()
    page.get_by_role("button", name="System").click()
    assert page.evaluate(ground) == light


def test_the_language_is_switched_and_the_page_stays(page: Page, gallery: Gallery) -> None:
    visit(page, gallery, "versions?q=1")
    page.get_by_role("button", name="Mei Lin").click()
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("版本")
    assert page.url.endswith("/console/live/versions?q=1")
    visit(page, gallery, "words")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")


def test_times_are_the_readers_own(page: Page, gallery: Gallery) -> None:
    visit(page, gallery, "words")
    time = page.locator("time[data-time=datetime]")
    expect(time).not_to_contain_text("UTC")
    expect(time).to_have_attribute("title", re.compile(r"^2026-11-22 17:00:00 UTC$"))


def test_copying(page: Page, gallery: Gallery, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit(page, gallery, "words")
    page.get_by_role("button", name="Copy eden_pat").click()
    expect(page.locator("#toasts")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("eden_pat_")


def test_a_region_follows_without_a_reload(page: Page, gallery: Gallery) -> None:
    gallery.progress, gallery.points = 5000, 60
    visit(page, gallery, "release")
    figures = page.locator("#figures")
    expect(figures).to_contain_text("50k")
    page.evaluate("window.stayed = true; document.querySelector('#ramp canvas').mark = true")
    table = page.locator("#ramp details")
    table.locator("summary").click()
    rows = table.locator("tbody tr")
    expect(rows).to_have_count(60)
    table.locator("summary").focus()

    gallery.advance(7500, 50)

    expect(figures).to_contain_text("75k")
    expect(rows).to_have_count(50)
    assert len(json.loads(page.locator("#ramp [data-plot]").get_attribute("data-plot") or "")["x"]) == 50
    # the page, its chart, what was open and the focus are the same as before
    assert page.evaluate("window.stayed && document.querySelector('#ramp canvas').mark")
    expect(table).to_have_attribute("open", "")
    expect(table.locator("summary")).to_be_focused()


def test_a_plot_says_its_numbers(page: Page, gallery: Gallery) -> None:
    visit(page, gallery, "release")
    expect(page.get_by_role("img", name=re.compile("Crash rate. No difference"))).to_be_visible()
    page.locator("#crashes .plot-canvas").hover()
    tip = page.locator("#crashes .plot-tip-box")
    expect(tip).to_contain_text(re.compile(r"New version\s*[\d.]+ % \([\d.]+ % – [\d.]+ %\)"))
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    expect(page.locator("#crashes canvas")).to_have_js_property("clientWidth", 360 - 32 - 40 - 2)


def test_characters_are_counted_and_a_preview_follows(page: Page, gallery: Gallery) -> None:
    visit(page, gallery, "forms")
    counter = page.locator("[data-counter=text]")
    expect(counter).to_have_text("200 characters left")
    with page.expect_request("**/preview") as request:
        page.get_by_label("Note").fill("So much")
    expect(page.locator("#preview")).to_have_text("12,480 of 100,000 known devices")
    assert request.value.headers["x-csrf-token"] == "a-token"
    expect(counter).to_have_text("193 characters left")


def test_too_much_is_refused_before_it_is_sent(page: Page, gallery: Gallery) -> None:
    visit(page, gallery, "forms")
    received = len(gallery.received)
    page.get_by_label("Note").fill("字" * 201)
    expect(page.locator("[data-counter=text]")).to_have_text("1 characters too many")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#plan :invalid")).to_be_focused()
    assert len(gallery.received) == received


def test_a_form_with_mistakes_comes_back(page: Page, gallery: Gallery, expect_console: Callable[[str], None]) -> None:
    expect_console("status of 422")
    visit(page, gallery, "forms")
    page.locator("#name").fill("Taken")
    page.evaluate("document.getElementById('text').value = 'wrong'")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-errors]")).to_be_focused()
    page.get_by_role("link", name="This name is taken.").click()
    expect(page.locator("#name")).to_be_focused()
    expect(page.locator("#name")).to_have_attribute("aria-invalid", "true")


def test_an_upload_shows_that_it_goes_on(page: Page, gallery: Gallery, tmp_path: Path) -> None:
    visit(page, gallery, "forms")
    file = tmp_path / "devices.txt"
    file.write_text("device\n" * 1000)
    page.get_by_label("List of ids").set_input_files(file)
    expect(page.locator("[data-file-name]")).to_have_text("devices.txt")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Done;")).to_be_visible()
    assert gallery.received[-1]["file"] == "devices.txt"


def test_a_file_is_downloaded_again(page: Page, gallery: Gallery) -> None:
    """A form is sent once, but for one that leaves the page as it is."""
    visit(page, gallery, "forms")
    for _ in range(2):
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        assert download.value.path().read_text() == "device\n"
