"""A receipt in a customer's hands: saved from the mini program, and checked on the page that is to be kept."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bank import seed
from bank.ledger.interfaces import Posted
from bank.ledger.receipts import verify
from tests.apps.bank.openbank.served import serving
from tests.browser.accessibility import violations
from tests.browser.bank import Phone, running_demo


def asked(address: str, path: str, token: str = "", body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_a_receipt_is_checked_without_the_bank(page: Page, tmp_path: Path, language: str) -> None:
    with serving(tmp_path / "bank") as address:
        signed = asked(address, "/v1/session", body={"phone": seed.PHONE, "password": seed.PASSWORD})
        token = signed["token"]
        line = asked(address, "/v1/transactions", token)["items"][0]
        file = asked(address, f"/v1/transactions/{line['id']}/receipt", token)
        receipt = tmp_path / file["name"]
        receipt.write_bytes(base64.b64decode(file["content"]))
        with urllib.request.urlopen(f"{address}/verify", timeout=30) as answer:
            kept = tmp_path / "verify.html"
            kept.write_bytes(answer.read())
        # with the policy that the bank sends, too
        page.goto(f"{address}/verify")
        page.locator("#file").set_input_files(receipt)
        page.locator("#form .primary").click()
        expect(page.locator("#result .card")).to_contain_text(line["id"])
    page.context.set_offline(True)
    page.set_viewport_size({"width": 390, "height": 844})
    page.add_init_script(f"Object.defineProperty(navigator, 'language', {{ get: () => '{language}' }})")
    page.goto(kept.as_uri())
    title = {"en-GB": "Check a receipt", "zh-CN": "验证回单"}[language]
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.locator("#receipt").fill(receipt.read_text().strip())
    page.locator("#form .primary").click()
    expect(page.locator("#result .card")).to_contain_text(line["id"])
    expect(page.locator("#result .card")).to_contain_text(str(abs(line["amount"])))
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator("#receipt").fill(receipt.read_text().replace(str(abs(line["amount"])), "99999999", 1))
    page.locator("#form .primary").click()
    wrong = {"en-GB": "Something in it was changed.", "zh-CN": "内容被改动过。"}[language]
    expect(page.locator("#result .error")).to_contain_text(wrong)
    expect(page.locator("#result .error")).to_be_in_viewport(ratio=0.9)
    assert violations(page) == []
    page.locator("#language").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(title)


def test_a_receipt_is_saved_from_the_mini_program(
    page: Page, tmp_path: Path, expect_console: Callable[[str], None]
) -> None:
    expect_console("401")  # before signing in
    with running_demo() as demo:
        phone = Phone(page).start(demo, "en_US")
        phone.sign_in()
        phone.frame.wait_for_function("() => getCurrentPages()[0].data.recent.length")
        line = phone.run("() => getCurrentPages()[0].data.recent[0].id")
        phone.run(f"() => wx.navigateTo({{ url: '/pages/transaction/transaction?id={line}' }})")
        phone.on("pages/transaction/transaction")
        with page.expect_download() as download:
            phone.front("wx-button").click()
        assert download.value.suggested_filename == f"receipt-{line}.json"
        keys = (demo.bank / "ledger.keys.pub").read_text().splitlines()
        entry = verify(Path(download.value.path()).read_bytes(), keys).entry
        assert isinstance(entry, Posted) and line in (entry.transfer.id, entry.transfer.pending_id)
