"""Programs, versions, trial links, lists and keys at the console, in a real browser on a whole server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from eden.release.interfaces import ProgramKind
from tests.browser.accessibility import violations
from tests.browser.console import DESKTOP, PHONE, fits, sign_in, visit
from tests.browser.platform import RunningPlatform
from tests.release import samples

pytestmark = pytest.mark.usefixtures("silence")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    running = RunningPlatform(tmp_path_factory.mktemp("console"))
    running.run(running.house.program("bank"))
    running.run(running.house.stable("1.0.0"))
    yield running
    running.close()


def test_from_a_file_to_an_approval(
    page: Page, platform: RunningPlatform, tmp_path: Path, expect_console: Callable[[str], None]
) -> None:
    expect_console("status of 422")
    sign_in(page.context, platform, "developer")
    visit(page, platform, "programs/bank/versions/new")
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

    sign_in(page.context, platform, "reviewer")
    visit(page, platform, "programs/bank/versions/10100")
    other = page.context.new_page()
    other.goto(page.url)
    page.get_by_label("Comment").fill("Looks right")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Version 1.1.0 is approved.")).to_be_visible()
    # whoever looks at the page sees it without a reload
    expect(other.locator("#version-reviews")).to_contain_text("Looks right")
    other.close()


def test_a_trial_link_by_its_code(page: Page, platform: RunningPlatform) -> None:
    sign_in(page.context, platform, "developer")
    visit(page, platform, "programs/bank/versions/10000")
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


def test_a_list_by_its_file(
    page: Page, platform: RunningPlatform, tmp_path: Path, expect_console: Callable[[str], None]
) -> None:
    expect_console("status of 422")
    sign_in(page.context, platform, "operator")
    visit(page, platform, "lists")
    page.get_by_role("link", name="New list").click()
    page.get_by_label("Name").fill("Testers")
    file = tmp_path / "ids.txt"
    file.write_text("ann\nb o\n")
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Make the list").click()
    expect(page.locator("[data-errors]")).to_contain_text("Line 2")
    file.write_text("".join(f"device-{number}\n" for number in range(20_000)))
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Make the list").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Testers")
    expect(page.locator("#list-facts")).to_contain_text("20,000")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_text().startswith("device-0\n")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Friends")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Friends")


def test_a_proposal_of_a_root(page: Page, platform: RunningPlatform) -> None:
    sign_in(page.context, platform, "owner")
    visit(page, platform, "keys")
    page.get_by_label("Timestamp: that it is up to date").check()
    # the page stays as it is, so another one can be asked for
    for _ in range(2):
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
def furnished(platform: RunningPlatform) -> dict[str, str]:
    """One of everything; addresses of what has no fixed one."""
    house = platform.house

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

    return platform.run(furnish())


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_accessible(page: Page, platform: RunningPlatform, furnished: dict[str, str], name: str) -> None:
    """In both themes, on a phone and on a desktop; nothing is wider than a small phone."""
    path = furnished.get(name, name)
    for size, language in ((DESKTOP, "en"), (PHONE, "zh")):
        sign_in(page.context, platform, "owner", language)
        page.emulate_media(color_scheme="light")
        visit(page, platform, path, size)
        assert violations(page) == []
        page.emulate_media(color_scheme="dark")
        assert violations(page, "color-contrast") == []
        fits(page, 320)
