"""The pages of analysis in a real browser, on a whole server with its events store: a bank's month, and right now."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect

from eden.demo.generated import DAY, Crowd, Shipped
from eden.observe.service import Observe
from eden.release.interfaces import Verb
from tests.browser.accessibility import violations
from tests.browser.console import DESKTOP, PHONE, fits, sign_in, visit
from tests.browser.platform import RunningPlatform
from tests.release.house import shares

pytestmark = pytest.mark.usefixtures("silence")

FUNNEL = "order=unordered&step=%24launch&step=transfer_begin&step=transfer_done"
PAGES = (
    "analysis",
    "analysis/bank/overview?compare=yes&filter=platform%7Cset",
    "analysis/bank/events?by=platform&shape=area",
    f"analysis/bank/funnel?{FUNNEL}&by=platform",
    "analysis/bank/retention?interval=week&time=28d",
    "analysis/bank/paths",
    "analysis/bank/performance",
    "analysis/bank/people?event=%24launch&where=version%7Cset&not=yes&filter=platform%7Cset",
    "analysis/bank/people/one?person=customer-0003&time=28d",
    "analysis/bank/versions?code=10100",
    "analysis/bank/settings",
    "analysis/empty/overview",
)


class Bank:
    """The mini program "bank" with two versions, and phones that report."""

    def __init__(self, platform: RunningPlatform) -> None:
        self.platform = platform
        platform.collecting = None
        house = platform.house
        for key in ("bank", "shop", "station", "empty"):
            platform.run(house.program(key))
        platform.run(house.stable("1.0.0"))
        platform.run(house.upload("1.1.0"))

        async def start() -> str:
            info = await house.act(await house.draft("1.1.0", shares(5000, 10_000)), Verb.START)
            return info.release.id

        self.release = platform.run(start())
        service = next(part.services["observe"] for part in platform.platform.parts if part.name == "observe")
        assert isinstance(service, Observe)
        self.observe = service

        async def keys() -> dict[str, str]:
            apps = await self.observe.apps.ensure("w")
            first = await self.observe.apps.first_keys(apps)
            return {app.key: first[app.number] for app in apps}

        self.keys = platform.run(keys())

    def post(self, body: bytes, key: str = "bank") -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.platform.port, timeout=30)
        connection.request("POST", "/observe/v1/batch", body, {"Authorization": f"Bearer {self.keys[key]}"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        connection.close()

    def month(self) -> None:
        now = int(time.time() * 1000)
        shipped = [
            Shipped("1.0.0", 10000, "", 0),
            Shipped("1.1.0", 10100, self.release, now - 6 * DAY, 0.5, faulty=0.4, pace=0.7),
        ]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self.post, Crowd(60).month(now, shipped)))
        self.platform.run(self.observe.insight.settled())

    def visit(self, device: str, key: str = "bank") -> None:
        """Somebody opens the mini program."""
        at = int(time.time() * 1000)
        header = {
            "batch": f"{device}-{at}",
            "sent_at": at,
            "device": device,
            "context": {"platform": "web"},
            "program": {"version": "1.1.0", "code": 10100, "release": self.release},
        }
        launch = {"type": "event", "at": at, "name": "$launch", "value": 321, "session": device, "page": "pages/a/a"}
        self.post("\n".join(json.dumps(line) for line in (header, launch)).encode(), key)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bank]:
    running = RunningPlatform(tmp_path_factory.mktemp("analysis"))
    found = Bank(running)
    found.month()
    yield found
    running.close()


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_accessible(page: Page, bank: Bank, path: str) -> None:
    """In both themes, on a phone and on a desktop, in both languages; nothing is wider than a small phone."""
    for size, language in ((DESKTOP, "en"), (PHONE, "zh")):
        sign_in(page.context, bank.platform, "owner", language)
        page.emulate_media(color_scheme="light")
        visit(page, bank.platform, path, size)
        assert violations(page) == []
        page.emulate_media(color_scheme="dark")
        assert violations(page, "color-contrast") == []
        fits(page, 320)


def test_who_is_here_now_follows_by_itself(page: Page, bank: Bank) -> None:
    sign_in(page.context, bank.platform, "auditor")
    # where nobody else comes, and nobody's five minutes end meanwhile
    bank.visit("first", "station")
    bank.platform.run(bank.observe.insight.settled())
    visit(page, bank.platform, "analysis/station/overview")
    page.evaluate("window.stayed = true")
    count = page.locator("#now strong")
    expect(count).to_have_text("1")
    bank.visit("second", "station")
    expect(count).to_have_text("2")
    assert page.evaluate("window.stayed")


def test_the_first_report_is_seen_without_a_reload(page: Page, bank: Bank) -> None:
    sign_in(page.context, bank.platform, "owner")
    visit(page, bank.platform, "analysis/shop/overview")
    expect(page.locator(".empty-title", has_text="Nothing has been reported yet")).to_be_visible()
    expect(page.get_by_role("link", name="Open the phone")).to_have_attribute("href", "/app/test/")
    bank.visit("somebody", "shop")
    expect(page.locator("#people canvas")).to_be_visible()
    expect(page.locator("#now")).to_contain_text("in the last 5 minutes")


def events_of(page: Page, step: int, *names: str) -> None:
    """Tick and untick events of a step, with the keyboard."""
    page.locator(f"#step-{step}-label + details > summary").press("Enter")
    choices = page.locator(f"#step-{step}-name")
    for name in names:
        choices.get_by_label(name, exact=True).press("Space")
    page.keyboard.press("Escape")


def test_a_funnel_is_built_and_kept(page: Page, bank: Bank) -> None:
    sign_in(page.context, bank.platform, "operator")
    visit(page, bank.platform, "analysis/bank/events")
    page.get_by_role("link", name="Funnel", exact=True).click()
    # without a choice: who opens it, sees a page, does something; the address says so
    expect(page.locator("#answer li")).to_have_count(3)
    expect(page).to_have_url(re.compile(r"step=%24launch&step=%24page_view&step=%24tap"))
    visit(page, bank.platform, "analysis/bank/funnel?step=%24launch&step=%24page_view")
    events_of(page, 1, "Page view", "transfer_done")
    page.get_by_role("button", name="Another step").press("Enter")
    # any of two events, where a condition holds; return in its field shows the funnel
    events_of(page, 2, "Page view", "transfer_begin", "Tap")
    page.locator("#step-2-where + details > summary").press("Enter")
    page.locator("#step-2-1-property").fill("version")
    page.locator("#step-2-1-operator").select_option("set")
    page.locator("#step-2-1-property").press("Enter")
    expect(page.locator("#step-2-where + details > summary")).to_have_text("Version is set")
    page.get_by_role("button", name="Move step 3 up").press("Enter")
    expect(page.locator("#step-1-label + details > summary")).to_have_text("Tap or transfer_begin")
    funnel = page.locator("#answer")
    expect(funnel.locator("li")).to_have_count(3)
    expect(funnel).to_contain_text("100 %")
    # left to right where there is room, one below the other on a phone
    bars = [funnel.locator("li").nth(place) for place in (0, 1)]
    first, second = (bar.bounding_box() for bar in bars)
    assert first and second and first["y"] == second["y"] and first["x"] < second["x"]
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    first, second = (bar.bounding_box() for bar in bars)
    assert first and second and first["x"] == second["x"] and first["y"] < second["y"]
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]

    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="Save this question")
    assert violations(page) == []
    dialog.get_by_label("Name").fill("Transfers")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")
    tile = page.locator(".tile").filter(has=page.get_by_role("heading", name="Transfers"))
    expect(tile.locator(".funnel li")).to_have_count(3)
    assert violations(page) == []

    # a second one, whose chart is drawn when it has come
    page.goto(f"{bank.platform.origin}/console/test/analysis/bank/events?by=platform&shape=bar")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("dialog").get_by_label("Name").fill("By platform")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    tiles = page.locator(".tile h2")
    expect(tiles).to_have_text(["Transfers", "By platform"])
    expect(page.locator(".tile canvas")).to_be_visible()
    # all with the keyboard: forward, over the whole width, in another shape
    for name in ("Move forward", "Over the whole width", "Drawn as: Lines"):
        page.get_by_label("Place of By platform").press("Enter")
        page.get_by_role("button", name=name).press("Enter")
        expect(tiles).to_have_text(["By platform", "Transfers"])
        # the address leads to the tile
        expect(page.locator("section.tile:target h2")).to_have_text("By platform")
    expect(page.locator("section.tile:target")).to_have_attribute("data-width", "2")
    page.get_by_role("link", name="28 days").click()
    expect(page.locator(".tile canvas")).to_be_visible()
    expect(page.get_by_role("link", name="Each tile's own time")).to_be_visible()
    # a filter of the whole dashboard reaches its tiles
    all_of_them = tile.locator(".funnel li").first.inner_text()
    page.get_by_text("Filter", exact=True).press("Enter")
    page.locator("#filter-property").fill("platform")
    page.locator("#filter-value").fill("harmony")
    page.get_by_role("button", name="Apply").press("Enter")
    expect(page.locator(".chip")).to_have_text("Platform is harmony")
    expect(tile.locator(".funnel li").first).not_to_have_text(all_of_them)
    expect(page.locator(".tile canvas")).to_be_visible()
    assert violations(page) == []
    fits(page, 320)


def test_a_saved_question_is_changed_and_renamed(page: Page, bank: Bank) -> None:
    sign_in(page.context, bank.platform, "operator")
    visit(page, bank.platform, "analysis/bank/events?event=%24launch&measure=persons")
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Who comes")
    dialog.get_by_label("Dashboard").select_option("")
    dialog.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Who comes").click()
    line = page.get_by_role("region", name="Who comes")
    expect(line).to_be_visible()
    expect(page.get_by_role("button", name="Save", exact=True)).to_have_count(0)
    # another measure by the form, another time by a link: both are changes of it
    page.get_by_label("Measure").select_option("sessions")
    page.get_by_role("button", name="Show").last.click()
    page.get_by_role("link", name="28 days").click()
    expect(line).to_contain_text("changed, not saved")
    assert violations(page) == []
    fits(page, 320)
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    # a new name takes nothing away
    page.get_by_role("button", name="Rename").press("Enter")
    renaming = page.get_by_role("dialog", name="Rename Who comes")
    renaming.get_by_label("Name").fill("How often")
    renaming.get_by_role("button", name="Rename").press("Enter")
    line = page.get_by_role("region", name="How often")
    expect(line).to_contain_text("changed, not saved")
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    expect(page.get_by_text("How often is saved.")).to_be_visible()
    expect(line).not_to_contain_text("changed, not saved")
    expect(page.get_by_label("Measure")).to_have_value("sessions")
    expect(page.get_by_role("link", name="28 days")).to_have_attribute("aria-current", "true")
    # who removes it is told where it is
    page.get_by_role("button", name="Remove", exact=True).press("Enter")
    asked = page.get_by_role("dialog", name="Remove How often?")
    expect(asked).to_contain_text("It is also taken off: Dashboard.")
    asked.get_by_role("button", name="Remove").press("Enter")
    expect(page.get_by_text("It was taken off: Dashboard.")).to_be_visible()


def test_a_filter_with_suggestions_stays_from_page_to_page(page: Page, bank: Bank) -> None:
    sign_in(page.context, bank.platform, "auditor")
    visit(page, bank.platform, "analysis/bank/events?event=%24launch")
    page.get_by_text("Filter", exact=True).press("Enter")
    page.locator("#filter-property").fill("platform")
    page.locator("#filter-property").press("Tab")
    expect(page.locator('#filter-values option[value="harmony"]')).to_have_count(1)
    page.locator("#filter-value").fill("ios, android")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".chip")).to_have_text("Platform is ios or android")
    page.get_by_role("link", name="28 days").click()
    page.get_by_role("link", name="Versions", exact=True).click()
    expect(page.locator(".chip")).to_have_text("Platform is ios or android")
    expect(page.get_by_role("link", name="28 days")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name=re.compile("Remove the filter")).click()
    expect(page.locator(".chip")).to_have_count(0)


def test_days_are_those_of_the_reader(page: Page, bank: Bank) -> None:
    """The browser tells its time zone; the first page of a visit may still be in UTC."""
    sign_in(page.context, bank.platform, "auditor")
    visit(page, bank.platform, "analysis/bank/events")
    zone = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    assert {each["name"]: each["value"] for each in page.context.cookies()}["eden_zone"] == zone


def test_the_page_of_a_release_shows_what_phones_report(page: Page, bank: Bank) -> None:
    bank.visit("third")
    sign_in(page.context, bank.platform, "operator")
    visit(page, bank.platform, f"releases/{bank.release}")
    panel = page.locator(".panel")
    expect(panel.get_by_role("heading", name="What 1.1.0 does to its users")).to_be_visible()
    people = panel.get_by_text(re.compile(r"^1\.1\.0: \d+"))
    before = people.inner_text()
    assert violations(page) == []
    bank.visit("fourth")
    expect(people).not_to_have_text(before)
    panel.get_by_role("link", name="All versions").click()
    expect(page.get_by_role("heading", name="One version against the others")).to_be_visible()


def test_the_sql_behind_a_number_is_asked_again(page: Page, bank: Bank) -> None:
    sign_in(page.context, bank.platform, "developer")
    visit(page, bank.platform, "analysis/bank/paths")
    page.get_by_text(re.compile("The SQL behind")).press("Enter")
    page.get_by_role("link", name="Open in SQL").first.click()
    expect(page.locator("#rows-title")).to_be_visible()
