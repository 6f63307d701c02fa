"""The open bank's pages in a real browser: a customer allows, pays, and is sent back to the example third party."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from joserfc.jwk import ECKey
from playwright.sync_api import Page, expect

from bank import seed
from bank.__main__ import main
from bank.openbank import example
from tests.apps.bank.openbank.served import free_port, serving
from tests.browser.accessibility import violations


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path / "bank") as address:
        yield address


def test_a_customer_allows_and_pays(
    bank: str, page: Page, tmp_path: Path, capsys: pytest.CaptureFixture[str], expect_console: Callable[[str], None]
) -> None:
    expect_console("401")  # a wrong password
    back, key = f"http://127.0.0.1:{free_port()}/back", tmp_path / "key.json"
    made = ECKey.generate_key("P-256")
    key.write_text(json.dumps(made.as_dict(private=True)))
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [made.as_dict(private=False)]}))
    data = str(tmp_path / "bank")
    register = [
        "openbank",
        "register",
        "--data",
        data,
        "--name",
        "Example",
        "--jwks",
        str(jwks),
        "--redirect-uri",
        back,
    ]
    assert main(register) == 0
    options = ["--bank", bank, "--key", str(key), "--client", capsys.readouterr().out.strip(), "--back", back]
    addresses: queue.Queue[str] = queue.Queue()
    pay = ["--pay", "1.23", "6222021003981175", "Chen Mo"]
    party = threading.Thread(target=example.main, args=([*options, *pay], addresses.put))
    party.start()

    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(addresses.get(timeout=60))
    _look(page)
    page.get_by_role("link", name="中文").or_(page.get_by_role("link", name="English")).click()
    page.get_by_role("link", name="中文").or_(page.get_by_role("link", name="English")).click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    _sign_in(page, "wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    assert violations(page) == []
    _sign_in(page, seed.PASSWORD)
    page.get_by_role("checkbox").first.check()
    _look(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.locator("[value=allow]").click()
    expect(page.get_by_text("You can close this page.")).to_be_visible()
    assert page.url.startswith(back) and "iss=" in page.url

    page.goto(addresses.get(timeout=60))
    _sign_in(page, seed.PASSWORD)
    page.get_by_role("radio").first.check()
    assert violations(page) == []
    page.locator("[value=allow]").click()
    expect(page.get_by_text("You can close this page.")).to_be_visible()
    party.join(60)
    assert "ACCC" in capsys.readouterr().out


def _look(page: Page) -> None:
    """It can be read by everybody, in light and in darkness."""
    page.emulate_media(color_scheme="light")
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []


def _sign_in(page: Page, password: str) -> None:
    page.locator("[name=phone]").fill(seed.PHONE)
    page.locator("[name=password]").fill(password)
    page.locator("[name=password]").press("Enter")
