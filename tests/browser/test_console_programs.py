"""Programs, versions, trial links, lists and keys at the console, in a real browser on a whole server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import Connection, insert

from eden.base.identity import sessions
from eden.base.ids import now
from eden.base.tables import members, users
from eden.release.interfaces import ProgramKind
from tests.browser.accessibility import violations
from tests.browser.platform import RunningPlatform
from tests.release import samples

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}


class Console:
    """A running server, and a browser in which one of its people is signed in."""

    def __init__(self, server: RunningPlatform, context: BrowserContext, page: Page) -> None:
        self.server, self.context, self.page = server, context, page

    def be(self, who: str) -> None:
        """Sign in as somebody whose role is their name."""
        secret = self.server.platform.ground.database.write_now(
            lambda connection: sessions.begin(connection, f"id-{who}", now(), 3600)
        )
        self.cookie(sessions.PLAIN_COOKIE, secret, "/")

    def cookie(self, name: str, value: str, path: str = "/console") -> None:
        self.context.add_cookies([{"name": name, "value": value, "path": path, "domain": "127.0.0.1"}])

    def open(self, path: str, size: dict[str, int] = DESKTOP, language: str = "en") -> Page:
        self.page.set_viewport_size(size)  # type: ignore[arg-type]
        self.cookie("eden_locale", language)
        self.page.goto(f"{self.server.origin}/console/test/{path}")
        return self.page


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    server = RunningPlatform(tmp_path_factory.mktemp("console"))
    at = now()

    def people(connection: Connection) -> None:
        for who in ("owner", "developer", "reviewer", "operator", "auditor"):
            connection.execute(
                insert(users).values(
                    id=f"id-{who}", email=f"{who}@example.com", name=f"The {who}", password_hash="", locale="",
                    created_at=at,
                )
            )  # fmt: skip
            connection.execute(
                insert(members).values(workspace_id="w", user_id=f"id-{who}", roles=[who], created_at=at)
            )

    server.platform.ground.database.write_now(people)
    server.run(server.house.program("bank"))
    server.run(server.house.stable("1.0.0"))
    yield server
    server.close()


@pytest.fixture
def console(
    server: RunningPlatform, context: BrowserContext, page: Page, expected_console: list[re.Pattern[str]]
) -> Iterator[Console]:
    """No message at all in the browser's console, unless it was announced."""
    messages: list[str] = []
    page.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
    yield Console(server, context, page)
    assert [text for text in messages if not any(pattern.search(text) for pattern in expected_console)] == []


def test_from_a_file_to_an_approval(console: Console, tmp_path: Path, expect_console: Callable[[str], None]) -> None:
    expect_console("status of 422")
    console.be("developer")
    page = console.open("programs/bank/versions/new")
    page.get_by_label("Notes").fill("Faster transfers")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"no zip at all")
    page.get_by_label("Package").set_input_files(broken)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("[data-errors]")).to_contain_text("is not a zip file")
    # nothing is lost: neither what was written nor what was chosen
    expect(page.get_by_label("Notes")).to_have_value("Faster transfers")
    assert page.get_by_label("Package").evaluate("input => input.files[0].name") == "broken.zip"
    package = tmp_path / "bank.zip"
    package.write_bytes(samples.miniprogram(version="1.1.0", code=10100, scripts=b"page();\nshow('more');\n"))
    page.get_by_label("Package").set_input_files(package)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1.1.0")
    expect(page.get_by_text("Version 1.1.0 is uploaded.")).to_be_visible()
    expect(page.get_by_text("Owners and reviewers review versions.")).to_be_visible()

    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="From 1.0.0 to 1.1.0")).to_be_visible()
    page.get_by_role("link", name="Show the lines of code/scripts.js").click()
    expect(page.locator("tr[data-change=added]").filter(has_text="show('more');")).to_have_count(1)

    console.be("reviewer")
    page = console.open("programs/bank/versions/10100")
    other = console.context.new_page()
    other.goto(page.url)
    page.get_by_label("Comment").fill("Looks right")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Version 1.1.0 is approved.")).to_be_visible()
    # whoever looks at the page sees it without a reload
    expect(other.locator("#version-reviews")).to_contain_text("Looks right")
    other.close()


def test_a_trial_link_by_its_code(console: Console) -> None:
    console.be("developer")
    page = console.open("programs/bank/versions/10000")
    page.get_by_role("link", name="Trial link").click()
    page.get_by_label("For whom").fill("Ann's phone")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("img", name="QR code of the trial link for Ann's phone").locator("svg")).to_be_visible()
    address = page.locator(".copy code").inner_text()
    assert urlsplit(address).path == "/app/test/"
    assert "trial=" in address
    page.get_by_role("button", name="End it").click()
    page.get_by_role("dialog").get_by_role("button", name="End it").click()
    expect(page.get_by_text("The link for Ann's phone has ended.")).to_be_visible()
    expect(page.locator("#trial-list")).to_contain_text("Ended")


def test_a_list_by_its_file(console: Console, tmp_path: Path, expect_console: Callable[[str], None]) -> None:
    expect_console("status of 422")
    console.be("operator")
    page = console.open("lists")
    page.get_by_role("link", name="New list").click()
    page.get_by_label("Name").fill("Testers")
    file = tmp_path / "ids.txt"
    file.write_text("ann\nb o\n")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Make the list").click()
    expect(page.locator("[data-errors]")).to_contain_text("Line 2")
    file.write_text("".join(f"device-{number}\n" for number in range(100_000)))
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Make the list").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Testers")
    expect(page.locator("#list-facts")).to_contain_text("100,000")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_text().startswith("device-0\n")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Friends")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Friends")


def test_a_proposal_of_a_root(console: Console) -> None:
    console.be("owner")
    page = console.open("keys")
    page.get_by_label("Timestamp: that it is up to date").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the proposal").click()
    assert '"_type":"root"' in download.value.path().read_text()


PAGES = (
    "programs", "new-program", "host-apps", "programs/bank", "programs/bank/edit", "programs/bank/trials",
    "programs/bank/versions/new", "programs/bank/versions/10200", "programs/bank/versions/10200/trial",
    "programs/bank/versions/10200/changes",
    "programs/bank/versions/10200/changes/file?since=10000&package=main.zip&path=code/scripts.js",
    "programs/shell/versions/new", "programs/shop/versions/new", "lists", "lists/new", "LIST", "TRIAL", "keys",
)  # fmt: skip


@pytest.fixture(scope="module")
def furnished(server: RunningPlatform) -> dict[str, str]:
    """One of everything; addresses of what has no fixed one."""
    house = server.house

    async def furnish() -> dict[str, str]:
        await house.program("shell", ProgramKind.NATIVE)
        await house.program("shop", ProgramKind.H5)
        long = b"function page(){" + b"doSomething('with a long line of a bundle');" * 60 + b"}\n"
        await house.upload("1.2.0", scripts=long)
        await house.service.versions.review(
            house.people["reviewer"], "w", "bank", 10200, "rejected", "The balance is wrong"
        )
        found = await house.service.lists.create(house.owner, "w", "Staff", "patterns", b"^staff-\n@example\\.com$")
        trial = await house.service.trials.create(house.owner, "w", "bank", 10200, name="Bo")
        return {"LIST": f"lists/{found.id}", "TRIAL": f"trials/{trial.id}"}

    return server.run(furnish())


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_accessible(console: Console, furnished: dict[str, str], name: str) -> None:
    """In both themes, on a phone and on a desktop; nothing is wider than a small phone."""
    console.be("owner")
    path = furnished.get(name, name)
    for size, language in ((DESKTOP, "en"), (PHONE, "zh")):
        console.page.emulate_media(color_scheme="light")
        page = console.open(path, size, language)
        assert violations(page) == []
        page.emulate_media(color_scheme="dark")
        assert violations(page, "color-contrast") == []
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") == 320
