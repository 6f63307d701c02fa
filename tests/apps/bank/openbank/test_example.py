"""The example runs against a bank that is a process of its own, as docs/openbank.md says."""

from __future__ import annotations

import re
import threading
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urlencode, urljoin

import pytest

from bank import seed
from bank.__main__ import main
from bank.openbank import example
from tests.apps.bank.openbank.party import Form
from tests.apps.bank.openbank.served import free_port, serving


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[str]:
    """Its address; the folder is tmp_path / "bank"."""
    with serving(tmp_path / "bank") as address:
        yield address


def decide(address: str) -> None:
    """The customer's part, in a browser without a screen."""
    browser = urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(CookieJar(DefaultCookiePolicy(strict_ns_domain=0)))
    )
    page = browser.open(address).read().decode()
    known = {"phone": seed.PHONE, "password": seed.PASSWORD}
    action, fields = Form(page).forms[0]
    filled = urlencode([(name, known.get(name, value)) for name, value in fields])
    form = Form(browser.open(urljoin(address, action), filled.encode()).read().decode())
    action, fields = form.forms[0]
    wanted = urlencode([*fields, ("account", form.choices[0]), ("decision", "allow")])
    browser.open(urljoin(address, action), wanted.encode()).read()


def test_the_example(bank: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    back = f"http://127.0.0.1:{free_port()}/back"
    options = ["--bank", bank, "--key", str(tmp_path / "key.json"), "--back", back]
    example.main(options)
    told = capsys.readouterr().out.split()
    assert told[:4] == ["python", "-m", "bank", "openbank"]
    assert main([word.replace("DIR", str(tmp_path / "bank")) for word in told[3:]]) == 0
    client = capsys.readouterr().out.strip()

    threads: list[threading.Thread] = []

    def show(address: str) -> None:
        threads.append(threading.Thread(target=decide, args=(address,)))
        threads[-1].start()

    example.main([*options, "--client", client, "--pay", "1.23", "6222021003981175", "Chen Mo"], show)
    for thread in threads:
        thread.join()
    out = capsys.readouterr().out
    assert "Current account  6222021003983016  林晓雨" in out and "ITBD" in out and "Debit" in out
    assert re.search(r"Payment [0-9a-f]{32}: ACCC", out)
