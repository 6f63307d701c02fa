"""From an error in a phone to the console: the stack in the author's file, decisions, log lines that come in, a phone's
log; on a whole platform with its insight process."""

from __future__ import annotations

import io
import json
import time
import urllib.request
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from eden.observe.service import Observe
from tests.browser.accessibility import violations
from tests.browser.console import DESKTOP, PHONE, fits, sign_in, visit
from tests.browser.platform import RunningPlatform

pytestmark = pytest.mark.usefixtures("silence")

SCRIPT = """const { price } = require('../../utils/price')

Page({
  data: { card: undefined },
  pay() {
    // the card may be missing
    return price(this.data.card.limit)
  },
})
"""
FILES = {"pages/a/a.js": SCRIPT, "utils/price.js": "exports.price = (limit) => limit * 100\n"}


class House:
    """A platform that takes reports, with version 1.0.0 of the bank."""

    def __init__(self, folder: Path) -> None:
        self.platform = RunningPlatform(folder)
        self.platform.collecting = None
        self.platform.publish("1.0.0", FILES)
        self.platform.release("1.0.0", finish=True)
        found = next(part.services["observe"] for part in self.platform.platform.parts if part.name == "observe")
        assert isinstance(found, Observe)
        self.observe = found
        self.switches = self.get("/observe/v1/collect/test?device=phone-1")
        self.key = self.switches["programs"]["bank"]["key"]
        package = next((folder / "bank-1.0.0" / "package").glob("main.zip"))
        with zipfile.ZipFile(io.BytesIO(package.read_bytes())) as archive:
            lines = archive.read("code/scripts.js").decode().splitlines()
        #: where the mistake is in what runs
        self.line = next(number for number, line in enumerate(lines, 1) if "this.data.card.limit" in line)
        self.column = lines[self.line - 1].index("this.data.card") + len("this.data.card.") + 1

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.platform.origin + path) as answer:
            return json.load(answer)

    def send(self, *records: dict[str, Any], device: str = "phone-1", **more: Any) -> Any:
        """As a phone does; returns when what was sent is in the events store."""
        header = {
            "batch": str(uuid.uuid4()),
            "sent_at": int(time.time() * 1000),
            "device": device,
            "context": {"platform": "android", "model": "Pixel 9"},
            "program": {"version": "1.0.0", "code": 10000},
            **more,
        }
        at = int(time.time() * 1000) - 1000
        body = "\n".join(json.dumps(record) for record in (header, *({"at": at, **record} for record in records)))
        asked = urllib.request.Request(
            f"{self.platform.origin}/observe/v1/batch", body.encode(), {"Authorization": f"Bearer {self.key}"}
        )
        with urllib.request.urlopen(asked) as answer:
            said = json.load(answer)
        self.platform.run(self.observe.insight.settled())
        return said

    def crash(self, device: str = "phone-1") -> None:
        stack = (
            "TypeError: Cannot read properties of undefined (reading 'limit')\n"
            f"    at Object.pay (eden://program/main/scripts.js:{self.line}:{self.column})\n"
            "    at about:srcdoc:40:12"
        )
        self.send(
            {
                "type": "error",
                "id": uuid.uuid4().hex,
                "page": "pages/a/a",
                "error": {
                    "type": "TypeError",
                    "message": "Cannot read properties of undefined (reading 'limit')",
                    "stack": stack,
                    "fatal": True,
                    "handled": False,
                    "mechanism": "onerror",
                },
                "breadcrumbs": [{"at": int(time.time() * 1000) - 2000, "category": "tap", "message": "Pay"}],
            },
            device=device,
        )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("console"))
    yield house
    house.platform.close()


def test_an_error_in_the_authors_file(page: Page, house: House) -> None:
    sign_in(page.context, house.platform, "developer")
    house.send({"type": "event", "name": "$launch", "value": 300})
    visit(page, house.platform, "analysis/bank/crashes")
    expect(page.get_by_text("No error in this time")).to_be_visible()
    # it appears by itself
    house.crash()
    row = page.get_by_role("row").filter(has_text="TypeError")
    expect(row).to_contain_text("pay · pages/a/a.js")
    expect(row).to_contain_text("1.0.0")
    assert violations(page) == []
    fits(page, 360)
    row.get_by_role("link").click()

    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cannot read properties of undefined")
    frames = page.get_by_role("list", name="Calls, the innermost first").get_by_role("listitem")
    expect(frames.first).to_contain_text("pages/a/a.js:7:")
    expect(frames.first.locator("tr[data-change=changed]")).to_contain_text("return price(this.data.card.limit)")
    expect(frames.first.locator("tr")).to_have_count(8)
    expect(frames.nth(1)).to_contain_text("not yours")
    expect(page.locator("#breadcrumbs")).to_contain_text("Pay")
    assert violations(page) == []
    fits(page, 320)


def test_it_is_mended_and_comes_back(page: Page, house: House) -> None:
    house.crash()
    sign_in(page.context, house.platform, "developer")
    visit(page, house.platform, "analysis/bank/crashes")
    page.get_by_role("row").filter(has_text="TypeError").get_by_role("link").click()
    page.get_by_role("button", name="Close", exact=True).click()
    dialog = page.get_by_role("dialog", name="Say that it is mended")
    dialog.get_by_label("Mended").select_option(label="In version 1.0.0")
    dialog.get_by_role("button", name="Close", exact=True).last.click()
    expect(page.get_by_text("It is closed.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Closed")
    house.crash("phone-2")
    visit(page, house.platform, "analysis/bank/crashes?state=regressed")
    expect(page.get_by_role("row").filter(has_text="TypeError")).to_contain_text("Come back")


def test_lines_that_come_in(page: Page, house: House) -> None:
    house.send({"type": "log", "level": "info", "tag": "pay", "message": "before"})
    sign_in(page.context, house.platform, "developer")
    visit(page, house.platform, "analysis/bank/logs")
    lines = page.locator("#log-lines > li")
    expect(lines.filter(has_text="before")).to_have_count(1)
    assert violations(page) == []
    fits(page, 320)
    page.get_by_role("link", name="Follow").click()
    expect(page.get_by_text("New lines appear at the top as they come in.")).to_be_visible()
    house.send({"type": "log", "level": "error", "tag": "pay", "message": "declined <b>now</b>"})
    expect(lines.first).to_contain_text("declined <b>now</b>")
    expect(page.locator("[data-tail-status]")).to_have_text("1 new lines")
    assert violations(page) == []
    page.get_by_role("link", name="Stop following").click()
    page.get_by_role("link", name="What phone-1 wrote around").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Around a line")
    expect(page.locator(".log > li[aria-current]")).to_have_count(1)
    assert violations(page) == []
    page.get_by_role("link", name="Ask for this phone's log").click()
    expect(page.get_by_label("Device", exact=True)).to_have_value("phone-1")


def test_a_phones_log_is_waited_for(page: Page, house: House) -> None:
    sign_in(page.context, house.platform, "operator")
    visit(page, house.platform, "analysis/bank/logs/pulls", PHONE)
    page.get_by_label("Device", exact=True).fill("phone-9")
    page.get_by_label("Why").fill("It hangs")
    page.get_by_role("button", name="Ask for the log").click()
    expect(page.get_by_text("The phone sends its log when it next opens a mini program.")).to_be_visible()
    assert violations(page) == []
    # the phone hears of it with its next batch, and its lines are shown as they come
    said = house.send({"type": "event", "name": "$launch", "value": 200}, device="phone-9")
    pull = said["pull"]
    assert pull["from"] < pull["until"]
    house.send(
        {"type": "log", "level": "debug", "message": "kept one", "pull": pull["id"]},
        {"type": "log", "level": "warn", "message": "kept two", "pull": pull["id"], "pull_done": True},
        device="phone-9",
        pull_done=pull["id"],
    )
    expect(page.get_by_text("The phone has sent 2 lines.")).to_be_visible()
    expect(page.locator(".log > li").first).to_contain_text("kept two")
    fits(page, 320)
    assert "pull" not in house.send({"type": "event", "name": "$launch", "value": 200}, device="phone-9")
