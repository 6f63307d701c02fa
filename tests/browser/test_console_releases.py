"""Releases and devices in the console, in a real browser on a real server: by keyboard, live, accessible, silent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from eden.base.ids import now
from eden.release.interfaces import ReleaseState, Verb
from eden.release.service_release_rows import ReleaseInfo
from tests.browser.accessibility import violations
from tests.browser.console import DESKTOP, PHONE, fits, sign_in, visit
from tests.browser.platform import RunningPlatform
from tests.release import history
from tests.release.house import shares

pytestmark = pytest.mark.usefixtures("silence")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    running = RunningPlatform(Path(tmp_path_factory.mktemp("platform")))
    for key in ("bank", "shop", "bus"):
        for version in ("1.4.0", "1.5.0"):
            running.publish(version, key=key)
    ground = running.house.ground
    ground.database.write_now(lambda c: history.known_devices(c, "w", 200, now(), {"bank": 10_400}))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def abandoned_previews(expect_console: Callable[[str], None]) -> None:
    """htmx tells of a preview that nobody waits for any more: the form has changed again, or the page is left."""
    expect_console("htmx:(afterRequest|sendAbort|sendError)")


def state_of(platform: RunningPlatform, release_id: str) -> ReleaseInfo:
    house = platform.house
    return platform.run(house.service.releases.get(house.owner, "w", release_id))


def press(page: Page, name: str) -> None:
    """A button, by keyboard."""
    page.get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")


def answer(page: Page, name: str, reason: str = "") -> None:
    """The question of a dialog, by keyboard: the reason has the focus, then comes the button."""
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("textbox")).to_be_focused()
    page.keyboard.type(reason)
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name=name, exact=True)).to_be_focused()
    page.keyboard.press("Enter")


def test_release_from_editor_to_roll_back_by_keyboard(
    page: Page, platform: RunningPlatform, expect_console: Callable[[str], None]
) -> None:
    expect_console("status of 422")  # the browser's own words for a form that came back
    sign_in(page.context, platform, "operator")
    visit(page, platform, "releases/new")
    page.get_by_label("Which program?").select_option("bank")
    press(page, "Go on")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Tried on all 200 known devices.")

    # the last step goes, a rule comes, and the preview follows
    press(page, "Remove step 4")
    expect(page.get_by_role("heading", name="Step 4")).to_have_count(0)
    # the form takes the focus to where one goes on, a moment after it has changed
    expect(page.locator("#step-2-name")).to_be_focused()
    page.locator("#step-0 summary", has_text="Audience rule").focus()
    page.keyboard.press("Enter")
    page.locator("#step-0-rows").focus()
    page.keyboard.press("Enter")
    attribute = page.locator("#step-0-group-0-row-0-attribute")
    expect(attribute).to_be_focused()
    attribute.select_option("tags")
    operator = page.locator("#step-0-group-0-row-0-operator")
    expect(operator.locator("option:checked")).to_have_text("has one of")
    expect(attribute).to_be_focused()
    page.get_by_label("Values").fill("beta")
    page.locator("#step-0-share").fill("100")
    expect(preview).to_contain_text("all devices that match: tagged beta")
    expect(preview).to_contain_text("about 20 devices")
    page.locator("#step-0-json-button").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Rule as JSON")).to_be_focused()
    expect(page.get_by_label("Rule as JSON")).to_have_value(re.compile("has_any"))

    # a mistake is told at its field, with the rest as it was
    page.locator("#step-1-share").fill("lots")
    page.locator("#step-2-minimum").evaluate("(field) => field.closest('details').open = true")
    for index in range(3):
        page.locator(f"#step-{index}-minimum").evaluate("(field) => field.value = ''")
    press(page, "Save the draft")
    expect(page.locator("#step-1-share-error")).to_be_visible()
    expect(page.locator("#step-1-share")).to_have_value("lots")
    assert violations(page) == []
    page.locator("#step-1-share").fill("10")
    press(page, "Save the draft")
    expect(page.get_by_text("The draft is there.")).to_be_visible()

    release_id = page.url.rsplit("/", 1)[1]
    press(page, "Start")
    answer(page, "Start")
    expect(page.get_by_text("The release of 1.5.0 has started.")).to_be_visible()
    press(page, "Next step")
    answer(page, "Next step")
    expect(page.get_by_text("is in its next step")).to_be_visible()
    assert state_of(platform, release_id).release.step == 1
    press(page, "Halt")
    answer(page, "Halt", "The login page is empty")
    expect(page.locator(".pill").filter(has_text="Halted").first).to_be_visible()
    expect(page.locator("#timeline")).to_contain_text("The login page is empty")
    press(page, "Roll back")
    answer(page, "Roll back", "It stays empty")
    expect(page.locator(".pill").filter(has_text="Rolled back").first).to_be_visible()
    assert state_of(platform, release_id).release.state is ReleaseState.ROLLED_BACK


def test_what_another_person_does_is_seen_at_once(
    page: Page, platform: RunningPlatform, expect_console: Callable[[str], None]
) -> None:
    expect_console("status of 409")
    sign_in(page.context, platform, "operator")
    info = platform.release("1.5.0", shares(100, 10_000), key="shop")
    visit(page, platform, f"releases/{info.release.id}")
    expect(page.locator("h1 .pill")).to_have_text("Live")
    press(page, "Halt")
    expect(page.get_by_role("dialog").get_by_role("textbox")).to_be_focused()
    page.keyboard.type("I see crashes")
    # the words stay while the page changes below them
    info = platform.act(info, Verb.PAUSE)
    expect(page.locator("h1 .pill")).to_have_text("Paused")
    expect(page.get_by_role("dialog").get_by_role("textbox")).to_have_value("I see crashes")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Somebody else was faster")).to_be_visible()
    expect(page.get_by_label("Reason").first).to_have_value("I see crashes")
    assert state_of(platform, info.release.id).release.state is ReleaseState.PAUSED
    press(page, "Halt after all")
    expect(page.locator("h1 .pill")).to_have_text("Halted")
    assert state_of(platform, info.release.id).release.state is ReleaseState.HALTED


def test_lists_are_live(page: Page, platform: RunningPlatform) -> None:
    sign_in(page.context, platform, "auditor")
    visit(page, platform, "releases")
    house = platform.house
    info = platform.run(house.draft("1.5.0", shares(100), "bus"))
    row = page.get_by_role("row").filter(has_text="bus 1.5.0")
    expect(row).to_contain_text("Draft")
    platform.act(info, Verb.START)
    expect(page.locator("#running")).to_contain_text("bus 1.5.0")


def test_pages_are_accessible_and_fit(page: Page, platform: RunningPlatform) -> None:
    info = platform.release("1.4.0", shares(100, 1_000, 5_000, 10_000), key="bank")
    platform.house.ground.database.write_now(lambda c: history.ramp_of_days(c, info.release.id, now()))
    sign_in(page.context, platform, "owner")
    paths = [
        "releases", "releases/new", "releases/new?program=bank", f"releases/{info.release.id}",
        f"releases/{info.release.id}/plan", f"releases/{info.release.id}/events", "devices", "devices?q=stranger",
        "devices/one?id=device-000010&what=if&city=杭州",
    ]  # fmt: skip
    for path in paths:
        for size, language in ((DESKTOP, "en"), (PHONE, "zh")):
            sign_in(page.context, platform, "owner", language)
            page.emulate_media(color_scheme="light")
            visit(page, platform, path, size)
            assert violations(page) == [], path
            page.emulate_media(color_scheme="dark")
            assert violations(page, "color-contrast") == [], path
            fits(page, 320)
