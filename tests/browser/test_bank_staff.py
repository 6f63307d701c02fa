"""The officer's side of the bank in a real browser: signing in, deciding, four eyes, books that balance, a receipt."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from bank import seed
from tests.browser.accessibility import violations
from tests.browser.console import DESKTOP, PHONE, fits

OFFICER, SECOND = (login for login, _, _ in seed.STAFF)
#: of an application that the rules leave to a person; two officers have to agree to it
LARGE = 25_000_000


class Running:
    """A bank as a process of its own; `case` is the number of an application that waits."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "bank", "serve", "--data", str(folder), "--port", "0", "--seed", "3"]
        self._process = subprocess.Popen([*command, "--ends-with-input"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        found = re.search(r"http://\S+", self._process.stdout.readline().decode())
        assert found
        self.origin = found[0]
        self._token = self.call("POST", "/v1/session", {"phone": seed.PHONE, "password": seed.PASSWORD})["token"]

    def call(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """What the customer does meanwhile."""
        headers = {"content-type": "application/json", "idempotency-key": key, "accept-language": "en"}
        if hasattr(self, "_token"):
            headers["authorization"] = f"Bearer {self._token}"
        data = json.dumps(body).encode() if body is not None else None
        asked = urllib.request.Request(f"{self.origin}{path}", data, headers, method=method)
        with urllib.request.urlopen(asked) as answer:
            return json.load(answer)

    def refer(self, key: str) -> Any:
        """The customer applies for more than the rules give without a person."""
        body = {"product": "SHOP", "amount": LARGE, "term": 12, "document": {"size": 9}, "agreed": True}
        application = self.call("POST", "/v1/loan-applications", body, key)
        assert application["state"] == "referred"
        return application

    def transfer(self, key: str, amount: int) -> Any:
        payee = next(one for one in self.call("GET", "/v1/payees")["items"] if one["inside"])
        account = self.call("GET", "/v1/accounts")["items"][0]["id"]
        return self.call("POST", "/v1/transfers", {"account": account, "payee": payee["id"], "amount": amount}, key)

    def close(self) -> None:
        self._process.communicate(timeout=30)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("bank"))
    yield running
    running.close()


def sign_in(page: Page, bank: Running, login: str, language: str = "en", size: dict[str, int] = DESKTOP) -> None:
    """By the form; where somebody was before, they are signed out."""
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "eden_locale", "value": language, "domain": "127.0.0.1", "path": "/console"}])
    page.goto(f"{bank.origin}/console")
    page.locator("#login").fill(login)
    page.locator("#password").fill(seed.PASSWORD)
    page.locator("form[action='/console/sign-in'] button").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("#login")).to_have_count(0)


def open_page(page: Page, bank: Running, path: str) -> None:
    page.goto(f"{bank.origin}/console/{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize(("language", "theme", "size"), [("en", "light", DESKTOP), ("zh", "dark", PHONE)])
def test_pages_are_accessible_and_fit(
    page: Page, bank: Running, silence: None, language: str, theme: Any, size: dict[str, int]
) -> None:
    page.emulate_media(color_scheme=theme)
    page.context.add_cookies([{"name": "eden_locale", "value": language, "domain": "127.0.0.1", "path": "/console"}])
    page.set_viewport_size(size)  # type: ignore[arg-type]
    open_page(page, bank, "sign-in")
    assert violations(page) == []
    case = bank.refer(f"accessible {language}")
    order = bank.transfer(f"accessible {language}", 1_100)
    sign_in(page, bank, SECOND, language, size)
    open_page(page, bank, "customers")
    customer = page.locator(f"a:has-text('{'林晓雨'}')").first.get_attribute("href")
    assert customer
    customer = customer.removeprefix("/console/")
    open_page(page, bank, "work")
    item = page.locator(f"a:has-text('{case['number']}')").get_attribute("href")
    assert item
    pages = [
        "work", item.removeprefix("/console/"), "customers", "customers?q=nobody", customer, f"{customer}/movements",
        f"{customer}/movements/{order['id']}", f"{customer}/applications/{case['id']}", f"{customer}/messages",
        f"{customer}/trail", "products", "products/SHOP", "products/SHOP/edit", "products/new/deposit", "lender",
        "lender/edit", "reversals", "books", "books/days", "books/chart",
        "books/accounts/2001", f"tree/transfers/{order['id']}", "tree", "batches", "trail", "password",
    ]  # fmt: skip
    for path in pages:
        open_page(page, bank, path)
        assert violations(page) == [], path
        fits(page, 320)
        page.set_viewport_size(size)  # type: ignore[arg-type]


def test_two_officers_decide_an_application_from_the_work_list(page: Page, bank: Running, silence: None) -> None:
    case = bank.refer("decided")
    for login, note in ((OFFICER, "knows the shop"), (SECOND, "seen the books")):
        sign_in(page, bank, login)
        page.get_by_role("link", name="Work list").click()
        page.get_by_role("link", name=case["number"]).click()
        expect(page.get_by_text("Decided once more by its trace just now: the same.")).to_be_visible()
        page.get_by_role("button", name="Take it").click()
        page.get_by_label("Approve").check()
        page.get_by_label("Note").fill(note)
        page.get_by_role("button", name="Decide").click()
        expect(page.get_by_text(note)).to_be_visible()
    expect(page.get_by_text("knows the shop")).to_be_visible()
    decided = bank.call("GET", f"/v1/loan-applications/{case['id']}")
    assert decided["state"] == "offered" and decided["offer"]["amount"] > 0
    page.get_by_role("link", name="Work list").first.click()
    expect(page.get_by_role("link", name=case["number"])).to_have_count(0)
    page.get_by_role("link", name="Decided").click()
    expect(page.get_by_role("link", name=case["number"])).to_be_visible()


def test_a_version_of_a_product_needs_a_second_person(
    page: Page, bank: Running, silence: None, expect_console: Any
) -> None:
    expect_console("422")
    sign_in(page, bank, OFFICER)
    page.get_by_role("link", name="Products").click()
    page.get_by_role("link", name="Shop loan").click()
    page.get_by_role("link", name="Draft a change").click()
    page.get_by_label("Interest a year", exact=False).first.fill("5.2x")
    page.get_by_label("Why").fill("the market has moved")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("alert")).to_contain_text("1 field needs another look")
    page.locator("#rate_bp").fill("5.25")
    page.get_by_role("button", name="Save draft").click()
    difference = page.get_by_role("table", name="Difference")
    expect(difference).to_contain_text("4.80 %")
    expect(difference).to_contain_text("5.25 %")
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_text("It waits for somebody else")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    draft = page.url
    sign_in(page, bank, SECOND)
    page.get_by_role("link", name="the market has moved").click()
    assert page.url == draft
    page.get_by_role("button", name="Approve").first.click()
    dialog = page.get_by_role("dialog", name="Approve this version?")
    dialog.get_by_label("Reason").fill("agreed")
    dialog.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("in effect from now on")).to_be_visible()
    assert bank.call("GET", "/v1/loan-products/EDEN-SHOP-2026")["product"]["rate_bp"] == 525


def test_a_transfer_is_reversed_by_two(page: Page, bank: Running, silence: None) -> None:
    order = bank.transfer("reversed", 7_700)
    before = bank.call("GET", "/v1/accounts")["items"][0]["balance"]
    sign_in(page, bank, OFFICER)
    page.get_by_role("link", name="Customers").click()
    page.get_by_role("searchbox").fill("5820")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="林晓雨").click()
    page.get_by_role("navigation", name="Parts of this customer's view").get_by_role("link", name="Transfers").click()
    page.locator(f"a[href$='{order['id']}']").first.click()
    page.get_by_role("button", name="Propose reversal").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("paid twice")
    dialog.get_by_role("button", name="Propose reversal").click()
    expect(page.get_by_text("The reversal waits for a second person.")).to_be_visible()
    sign_in(page, bank, SECOND)
    page.get_by_role("link", name="Reversals").click()
    page.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog", name="Undo this transfer?")
    dialog.get_by_label("Reason").fill("seen the slip")
    dialog.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("The transfer is reversed.")).to_be_visible()
    assert bank.call("GET", "/v1/accounts")["items"][0]["balance"] == before + 7_700


def test_numbers_are_shown_once_for_a_reason(page: Page, bank: Running, silence: None) -> None:
    sign_in(page, bank, OFFICER)
    page.get_by_role("link", name="Customers").click()
    page.get_by_role("link", name="林晓雨").click()
    expect(page.get_by_text("138****5820")).to_be_visible()
    page.get_by_role("button", name="Show numbers in full").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("called about a lost card")
    dialog.get_by_role("button", name="Show numbers in full").click()
    expect(page.get_by_text(seed.PHONE)).to_be_visible()
    page.get_by_role("link", name="Who looked").click()
    expect(page.get_by_text("called about a lost card")).to_be_visible()
    expect(page.get_by_text(seed.PHONE)).to_have_count(0)


def test_the_books_balance_and_a_receipt_verifies(
    page: Page, bank: Running, silence: None, context: BrowserContext
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=bank.origin)
    sign_in(page, bank, SECOND)
    page.get_by_role("link", name="Books").click()
    expect(page.get_by_text(re.compile(r"debits ([\d,.]+) = credits \1"))).to_be_visible()
    total = page.get_by_role("row", name=re.compile("^Total")).get_by_role("cell").all_inner_texts()
    assert total[1] == total[2] and total[3] == "0.00"
    page.get_by_role("link", name="2001 Demand deposits").click()
    page.get_by_role("link", name="6222 **** **** 3016").click()
    page.locator("#transfers th a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Proven")
    receipt = page.locator(".code-block code").last.inner_text()
    page.get_by_role("link", name="Tamper evidence").first.click()
    page.get_by_role("button", name="Ask the witness now").click()
    expect(page.get_by_text("The journal grows from the head that was kept last.").first).to_be_visible()
    page.get_by_label("Receipt").fill(receipt)
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_text("The receipt is whole")).to_be_visible()


def test_a_changed_receipt_is_found(page: Page, bank: Running, silence: None, expect_console: Any) -> None:
    expect_console("422")
    order = bank.transfer("receipt", 4_200)
    sign_in(page, bank, SECOND)
    open_page(page, bank, f"tree/transfers/{order['id']}")
    receipt = page.locator(".code-block code").last.inner_text()
    open_page(page, bank, "tree")
    page.get_by_label("Receipt").fill(receipt.replace('"amount": 4200', '"amount": 9200'))
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("alert")).to_contain_text("Not valid")


def test_everything_works_with_the_keyboard(page: Page, bank: Running, silence: None) -> None:
    sign_in(page, bank, SECOND)
    open_page(page, bank, "batches")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    again = page.get_by_role("button", name="Run again").first
    again.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(again).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_label("Reason").focus()
    page.keyboard.type("to see that it does nothing twice")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Done again for")).to_be_visible()


def test_a_photo_of_a_paper_is_fetched_and_noted_only_when_it_is_opened(
    page: Page, bank: Running, silence: None
) -> None:
    draft = bank.call("POST", "/v1/loan-applications/begin", {"code": "EDEN-HOME-2026"}, "papers")
    path = f"/v1/loan-applications/{draft['id']}/papers"
    photo = bank.call("GET", "/v1/specimens/id-front")["photo"]
    bank.call("POST", path, {"kind": "id-front", "photo": photo})
    while (paper := bank.call("GET", path)["items"][0])["state"] == "reading":
        page.wait_for_timeout(200)
    assert paper["state"] == "confirmed"
    sign_in(page, bank, OFFICER)
    open_page(page, bank, "customers")
    customer = page.locator("a:has-text('林晓雨')").first.get_attribute("href")
    assert customer
    customer = customer.removeprefix("/console/")
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if "/papers/" in request.url else None)
    open_page(page, bank, f"{customer}/applications/{draft['id']}")
    number = next(field["value"] for field in paper["fields"] if field["name"] == "number")
    expect(page.get_by_text(f"{number[:3]}***********{number[-4:]}")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert fetched == []
    page.get_by_text("Show photo").click()
    picture = page.get_by_role("img", name="Photo: Identity card, front")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0 and len(fetched) == 1
    assert violations(page) == []
    fits(page, 320)
    open_page(page, bank, f"{customer}/trail")
    expect(page.get_by_text("application.photo")).to_have_count(1)


def test_a_new_password_signs_in_and_ends_other_sessions(
    page: Page, bank: Running, silence: None, context: BrowserContext, expect_console: Any
) -> None:
    # the last here: whom it is about signs in with another password from now on
    expect_console("422")
    sign_in(page, bank, SECOND)
    before: Any = context.cookies()
    open_page(page, bank, "work")
    page.locator("button[popovertarget=person]").click()
    page.get_by_role("link", name="Change password").click()
    new = "a lamp under oaks"
    for current, again, said in (
        (seed.PASSWORD, "a lamp under elms", "The two new passwords are not the same."),
        ("not this one", new, "This is not your current password."),
        (seed.PASSWORD, new, "Your password is changed."),
    ):
        page.get_by_label("Current password").fill(current)
        page.get_by_label("New password", exact=True).fill(new)
        page.get_by_label("New password once more").fill(again)
        page.get_by_role("button", name="Change password").click()
        expect(page.get_by_text(said).first).to_be_visible()
    open_page(page, bank, "work")
    context.add_cookies(before)
    page.goto(f"{bank.origin}/console/work")
    page.locator("#login").fill(SECOND)
    page.locator("#password").fill(new)
    page.locator("form[action='/console/sign-in'] button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Work list")
