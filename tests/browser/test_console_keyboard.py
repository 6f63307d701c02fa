"""The console's page of the secure keyboard in a real browser: accessible, no wider than a phone, usable to the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Connection

from eden.base.identity import tokens
from eden.base.ids import now
from tests.browser.accessibility import violations
from tests.browser.console import DESKTOP, PHONE, fits, sign_in, visit
from tests.browser.platform import RunningPlatform

pytestmark = pytest.mark.usefixtures("silence")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    running = RunningPlatform(tmp_path_factory.mktemp("console"))
    yield running
    running.close()


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh", "dark")])
def test_purpose_is_made_and_changed(
    page: Page,
    platform: RunningPlatform,
    language: str,
    scheme: str,
    tmp_path: Path,
    expect_console: Callable[[str], None],
) -> None:
    expect_console("422")  # a form with a mistake
    sign_in(page.context, platform, "owner", language)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    name = f"pay-{language}"

    def token(connection: Connection) -> None:
        owner = connection.exec_driver_sql("SELECT id FROM users WHERE email = 'owner@example.com'").scalar_one()
        tokens.create(connection, "w", owner, f"bank {language}", ["keyboard.verify"], now(), None)

    platform.house.ground.database.write_now(token)
    visit(page, platform, "keyboard", DESKTOP)
    assert violations(page) == []
    page.locator("#name").fill(name)
    page.locator("#longest").fill("13")
    page.locator("#purpose-form [type=submit]").click()
    # both kinds of length are told at their field, and what was written is still there
    expect(page.locator("#shortest-error")).to_be_visible()
    expect(page.locator("#name")).to_have_value(name)
    assert violations(page) == []
    page.locator("#longest").fill("6")
    page.get_by_label(f"bank {language}").check()
    page.locator("#purpose-form [type=submit]").click()
    row = page.locator("#purposes tbody tr", has_text=name)
    expect(row).to_contain_text(f"bank {language}")
    assert page.locator("#keys tbody tr").count() >= 5
    row.get_by_role("link").click()
    page.locator("#tries").fill("3")
    page.locator("#purpose-form [type=submit]").click()
    expect(row).to_contain_text("3")
    before = page.locator("#keys tbody tr").count()
    page.locator("#keys tbody tr", has_text="P-256").first.get_by_role("button").last.click()
    page.locator("dialog[open] [type=submit]").click()
    expect(page.locator("#keys tbody tr")).to_have_count(before + 1)
    assert violations(page) == []
    page.screenshot(path=tmp_path / "desktop.png", full_page=True)
    fits(page, PHONE["width"])
    page.screenshot(path=tmp_path / "phone.png", full_page=True)
