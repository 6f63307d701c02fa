"""`eden demo` as a visitor meets it, with fewer made-up people: every page of analysis shows something, in both
languages, and the visitor's own phone is among those who are seen."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.accessibility import violations
from tests.browser.console import DESKTOP, PHONE

pytestmark = pytest.mark.usefixtures("silence")

_DEMO = """
import sys
from functools import partial
import eden.demo.service as service
from eden.cli import main
service.Crowd = partial(service.Crowd, 120)
sys.exit(main(["demo", "--port", "0", "--no-open"]))
"""
#: of the bank's analysis → what is there, beside the frame of the page
SHOWS = {
    "overview": "#people canvas",
    "events": "#answer canvas",
    "funnel": "#answer li:nth-child(5)",
    "retention": "#answer-curve canvas",
    "paths": "#answer canvas",
    "performance": "#phases tbody tr:nth-child(6)",
    "performance?what=page": "#answer-groups tbody tr:nth-child(8)",
    "performance?what=request": "#failures tbody tr:nth-child(6)",
    "performance?what=set_data": "#answer-groups tbody tr",
    "performance?what=long_task": "#answer-groups tbody tr",
    "people": "#people-list tbody tr:nth-child(50)",
    "people?event=transfer_done&not=yes": "#people-list tbody tr:nth-child(20)",
    "versions": "#compare tbody tr:nth-child(8)",
    "crashes": "main tbody tr:nth-child(2)",
    "logs?time=28d": "#log-trend canvas",
    "alerts": "#alert-list tbody tr:nth-child(3)",
    "dashboards": "#board-list tbody tr",
    "sql": "#rows tbody tr:nth-child(27)",
    "settings": "#usage canvas",
}


class Demo:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.phone = self._said(r"Phone\s+(http\S+)")
        self.entrance = self._said(r"Console\s+(http\S+)")
        self.visits = self._said(r"([\d,]+) generated visits are in the console")

    def _said(self, pattern: str) -> str:
        """What is written on the terminal, as soon as it is."""
        assert self._process.stdout is not None
        lines = []
        for line in self._process.stdout:
            if found := re.search(pattern, line):
                return found[1]
            lines.append(line)
        raise AssertionError("".join(lines))

    def enter(self, page: Page, language: str = "en") -> None:
        """As its owner, by the address that the terminal has."""
        page.goto(self.entrance)
        page.context.add_cookies([{"name": "eden_locale", "value": language, "url": f"{self.phone}console"}])

    def go(self, page: Page, path: str) -> None:
        page.goto(f"{self.phone}console/test/{path}")


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with subprocess.Popen([sys.executable, "-u", "-c", _DEMO], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Demo(process)
        finally:
            process.terminate()


def full(page: Page) -> None:
    """All is there that is to be loaded, and nothing of it is an empty state or a trouble."""
    expect(page.locator(".tile-body [role=status]")).to_have_count(0)
    expect(page.locator(".plot-canvas canvas")).to_have_count(page.locator(".plot-canvas").count())
    expect(page.locator("main .empty")).to_have_count(0)
    # beside every chart its numbers
    assert page.locator("figure.plot").count() == page.locator("figure.plot table tbody tr:first-child").count()


def test_every_page_shows_something(page: Page, demo: Demo) -> None:
    """On a desktop in English, on a phone in the dark in Chinese."""
    assert int(demo.visits.replace(",", "")) > 400
    for language, size, scheme in (("en", DESKTOP, "light"), ("zh", PHONE, "dark")):
        demo.enter(page, language)
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for path, element in SHOWS.items():
            demo.go(page, f"analysis/bank/{path}")
            expect(page.locator(element).first).to_be_visible()
            full(page)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert violations(page) == []


def test_what_is_found_in_lists_shows_something(page: Page, demo: Demo) -> None:
    """A dashboard, its questions, a person, a crash, an alert that has found something."""
    demo.enter(page)
    demo.go(page, "analysis/bank/dashboards")
    page.locator("#board-list a").click()
    expect(page.locator(".tile")).to_have_count(7)
    full(page)
    demo.go(page, "analysis/bank/dashboards")
    for place in range(page.locator("#question-list tbody a").count()):
        demo.go(page, "analysis/bank/dashboards")
        page.locator("#question-list tbody a").nth(place).click()
        expect(page.locator(".saved-question")).to_be_visible()
        full(page)
    demo.go(page, "analysis/bank/people")
    page.locator("#people-list a").first.click()
    page.get_by_role("link", name="90 days").click()
    expect(page.locator(".trail li").first).to_be_visible()
    demo.go(page, "analysis/bank/crashes?time=28d&kind=error")
    page.locator("main tbody a").first.click()
    expect(page.locator("#crash-trend canvas")).to_be_visible()
    expect(page.get_by_text("Came with")).to_be_visible()
    full(page)
    demo.go(page, "analysis/bank/alerts")
    expect(page.get_by_text("1 alert is firing.")).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="Slow transfers").first.click()
    expect(page.locator("#course canvas")).to_be_visible()
    expect(page.get_by_text("Going on")).to_be_visible()


def test_a_release_has_what_its_version_does(page: Page, demo: Demo) -> None:
    """It began when its people got it, days before the demo."""
    demo.enter(page)
    demo.go(page, "releases")
    page.get_by_role("link", name="1.2.0").first.click()
    panel = page.locator(".panel")
    expect(panel.get_by_role("heading", name="What 1.2.0 does to its users")).to_be_visible()
    assert int(re.search(r"1\.2\.0: (\d+)", panel.inner_text())[1]) > 10  # type: ignore[index]
    expect(page.get_by_text("4 days ago").first).to_be_visible()


def asked(page: Page, demo: Demo, sql: str) -> list[str]:
    """The cells of the first row of a query, on its page."""
    demo.go(page, f"analysis/bank/sql?q={quote(sql)}")
    return page.locator("#rows tbody tr").first.locator("td").all_inner_texts()


def wait_for(page: Page, demo: Demo, sql: str) -> str:
    """The first cell of a query, as soon as it is neither nothing nor 0."""
    for _ in range(100):
        if (cells := asked(page, demo, sql)) and cells[0] not in ("", "0"):
            return cells[0]
        page.wait_for_timeout(300)
    raise AssertionError(f"nothing came: {sql}")


def test_the_visitors_own_phone_is_followed(
    page: Page, demo: Demo, context: BrowserContext, expect_console: Callable[[str], None]
) -> None:
    """From the phone to the console: who it is, how fast it starts, what crashes there and since when, where it leaves,
    its log. Made-up people are marked as such."""
    demo.enter(page)
    own = "FROM events WHERE source = 'eden'"
    assert asked(page, demo, f"SELECT uniq(device) {own}") == ["0"]
    made = "SELECT count() > 1000, countIf(source != 'generated') FROM events"
    assert asked(page, demo, made) == ["1", "0"]
    phone = context.new_page()
    phone.goto(demo.phone)
    program = phone.frame_locator("iframe:not([title=''])").frame_locator("iframe[name=eden-program]")
    device = wait_for(page, demo, f"SELECT any(device) {own} AND name = '$launch' HAVING count() > 0")

    # who uses it, and how fast it started
    demo.go(page, f"analysis/bank/people?q={device}")
    trail = page.locator(".trail")
    expect(trail.locator("li", has_text="Launch").first).to_be_visible()
    expect(trail.locator("li", has_text="Page view").first).to_be_visible()
    demo.go(page, "analysis/bank/performance?filter=source%7Cis%7Ceden&time=1h")
    expect(page.locator("#phases tbody tr").first).to_be_visible()

    # what crashes, and since which version
    expect_console("lost in the vault")
    program.locator("body").evaluate("() => void setTimeout(() => { throw new RangeError('lost in the vault') })")
    wait_for(page, demo, "SELECT count() FROM errors WHERE message = 'lost in the vault'")
    version = asked(page, demo, "SELECT version FROM errors WHERE message = 'lost in the vault'")[0]
    demo.go(page, "analysis/bank/crashes?q=vault")
    line = page.get_by_role("row").filter(has_text="lost in the vault")
    expect(line).to_contain_text(version)

    # where people leave
    phone.close()
    wait_for(page, demo, f"SELECT count() {own} AND name = '$page_leave'")
    demo.go(page, "analysis/bank/paths?filter=source%7Cis%7Ceden&time=1h")
    expect(page.locator("main")).to_contain_text("Went no further")

    # its log
    demo.go(page, f"analysis/bank/logs/pulls?device={device}")
    page.get_by_label("Why").fill("It was lost in the vault")
    page.get_by_role("button", name="Ask for the log").click()
    expect(page.get_by_text("The phone sends its log when it next opens a mini program.")).to_be_visible()
    phone = context.new_page()
    phone.goto(demo.phone)
    expect(page.get_by_text(re.compile(r"The phone has sent \d+ lines"))).to_be_visible(timeout=60_000)
    expect(page.locator(".log")).to_contain_text("lost in the vault")
    phone.close()
