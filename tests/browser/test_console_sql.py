"""SQL and alerts at the console, in a real browser on a whole server with its events store."""

from __future__ import annotations

import json
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from eden.observe.api_alerts import watch_of
from eden.observe.service import Observe
from tests.browser.accessibility import violations
from tests.browser.console import PHONE, fits, sign_in, visit
from tests.browser.platform import RunningPlatform

pytestmark = pytest.mark.usefixtures("silence")


class Shop:
    """A platform with a mini program that three people have opened."""

    def __init__(self, folder: Path) -> None:
        self.platform = RunningPlatform(folder)
        self.platform.collecting = None
        self.platform.run(self.platform.house.program("bank"))
        found = next(part.services["observe"] for part in self.platform.platform.parts if part.name == "observe")
        assert isinstance(found, Observe)
        self.observe = found
        with urllib.request.urlopen(f"{self.platform.origin}/observe/v1/collect/test?device=d") as answer:
            key = json.load(answer)["programs"]["bank"]["key"]
        at = int(time.time() * 1000)
        for person in ("ann", "bob", "cyd"):
            header = {"batch": str(uuid.uuid4()), "sent_at": at, "device": person, "user": person}
            launch = {"type": "event", "name": "$launch", "at": at - 1000, "value": 250, "props": {"kind": "cold"}}
            body = f"{json.dumps(header)}\n{json.dumps(launch)}".encode()
            asked = urllib.request.Request(
                f"{self.platform.origin}/observe/v1/batch", body, {"Authorization": f"Bearer {key}"}
            )
            urllib.request.urlopen(asked).close()
        self.platform.run(self.observe.insight.settled())

    def look(self) -> None:
        self.platform.run(watch_of(self.observe).look_all({}))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("sql"))
    yield shop
    shop.platform.close()


def test_a_query_from_the_keyboard(page: Page, shop: Shop) -> None:
    sign_in(page.context, shop.platform, "developer")
    visit(page, shop.platform, "analysis/bank/sql")
    editor = page.locator("#q")
    editor.fill("SELECT person,\n  props.kind::String AS kind FROM events ORDER BY person")
    editor.press("Control+Enter")
    expect(page.get_by_role("heading", name="3 rows")).to_be_visible()
    expect(page.locator("#rows tbody tr").first).to_contain_text("ann")
    # the address keeps the query: going back brings the first example, going on the rows
    page.go_back()
    expect(page.get_by_role("heading", name="1 row")).to_be_visible()
    page.go_forward()
    expect(page.locator("#rows tbody tr")).to_have_count(3)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "bank.csv"
    assert download.value.path().read_text().splitlines()[1] == '"ann","cold"'
    assert violations(page) == []
    fits(page, 320)

    editor.fill("SELECT 1\nFROM nothing")
    editor.press("Control+Enter")
    expect(page.get_by_text("Line 2, column 6: There is no table nothing.")).to_be_visible()
    expect(editor).to_have_attribute("aria-invalid", "true")
    assert violations(page) == []


def test_examples_and_tables_in_chinese(page: Page, shop: Shop) -> None:
    sign_in(page.context, shop.platform, "owner", "zh")
    visit(page, shop.platform, "analysis/bank/sql", PHONE)
    page.get_by_role("link", name="各版本的启动速度").click()
    expect(page.get_by_role("heading", name="1 行")).to_be_visible()
    page.locator("#table-errors summary").click()
    expect(page.get_by_text("错误信息。")).to_be_visible()
    assert violations(page) == []
    fits(page, 320)


def test_an_alert_from_the_form_to_its_incident(page: Page, shop: Shop, expect_console: Callable[[str], None]) -> None:
    expect_console("status of 422")
    sign_in(page.context, shop.platform, "operator")
    visit(page, shop.platform, "analysis/bank/alerts")
    page.get_by_role("link", name="New alert").first.click()
    page.locator("#name").fill("Many people")
    page.locator("#number").select_option("people")
    page.locator("#value").fill("many")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-errors]")).to_be_visible()
    expect(page.locator("#number")).to_have_value("people")
    assert violations(page) == []
    fits(page, 320)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.locator("#value").fill("2")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The alert Many people looks from now on.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Not looked at yet")
    # the page follows by itself
    shop.look()
    expect(page.locator("#alert").get_by_text("Going on")).to_be_visible()
    expect(page.locator("#course")).to_contain_text("Now 3.")
    assert violations(page) == []
    fits(page, 320)

    visit(page, shop.platform, "analysis/bank/alerts", PHONE)
    expect(page.get_by_text("1 alert is firing.")).to_be_visible()
    assert violations(page) == []
    fits(page, 320)


@pytest.mark.parametrize("of", ["question", "sql", "comparison"])
def test_the_forms(page: Page, shop: Shop, of: str) -> None:
    sign_in(page.context, shop.platform, "owner", "zh")
    visit(page, shop.platform, f"analysis/bank/alerts/new?of={of}")
    assert violations(page) == []
    fits(page, 320)
