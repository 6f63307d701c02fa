"""Screens of the demo's bank that the journey does not pass: paying a shop, a statement, prepaying, a new payee, taking
back what a third party was allowed; and that every page opens."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from joserfc.jwk import ECKey
from playwright.sync_api import Browser, Page, Route, expect

from bank import seed
from bank.__main__ import main
from bank.openbank import example
from tests.apps.bank.openbank.served import free_port
from tests.browser.accessibility import violations
from tests.browser.bank import PASSWORD, Demo, Phone, running_demo

PROGRAM = Path(__file__).parents[2] / "apps" / "bank" / "miniprogram"


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with running_demo() as demo:
        yield demo


@pytest.fixture
def keeper() -> seed.Person:
    """Who keeps the shop that is given as an example, and has a loan that runs."""
    people = seed.people(24, random.Random(seed.SEED), 0)
    return next(person for person in people if person.numbers.get(person.shop) == seed.SHOP)


def look(phone: Phone) -> None:
    """Everybody can read it, and reach it with a keyboard."""
    assert violations(phone.frame) == []


def allow_sign_in(phone: Phone, who: str, button: str) -> None:
    """On a phone that asks: whether the program may know that it is this one."""
    phone.sign_in(who, good=False)
    phone.page.get_by_role("dialog").get_by_role("button", name=button).click()
    phone.on("pages/home/home")


def test_a_purchase(
    demo: Demo, page: Page, browser: Browser, keeper: seed.Person, expect_console: Callable[[str], None]
) -> None:
    """A shop shows its code; a customer scans it on another phone, in English and the dark, and loses an answer."""
    expect_console("401")
    shop = Phone(page).start(demo)
    shop.sign_in(keeper.phone)
    shop.frame.get_by_role("tab", name="我的").click()
    shop.on("pages/me/me")
    shop.text("我的收款码").click()
    shop.on("pages/code/code")
    expect(shop.front(".number")).to_have_text("6222 0210 0398 2026")
    look(shop)
    picture = cv2.imdecode(np.frombuffer(shop.front("#code").screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    scanned, _, _ = cv2.QRCodeDetector().detectAndDecode(picture)
    assert scanned == seed.SHOP

    with contextlib.closing(browser.new_context(locale="en-US", color_scheme="dark", reduced_motion="reduce")) as other:
        other.set_default_timeout(15_000)
        payer = Phone(other.new_page()).start(demo, "en", "dark", "ask")
        allow_sign_in(payer, seed.PHONE, "Allow")
        expect(payer.front(".total")).to_have_text(re.compile(r"^[\d,]+\.\d\d$"))
        total = payer.cents(".total")
        expect(payer.frame.get_by_role("tab")).to_have_text(["Home", "Transfer", re.compile("Messages"), "Me"])
        # who has no finger on the glass has a keyboard
        payer.front(".action").filter(has_text="Pay a shop").press("Enter")
        payer.on("pages/shop/shop")
        look(payer)
        payer.front("#number input").fill("EDEN-SHOP-2026")
        payer.text("Next", exact=True).click()
        expect(payer.front("[role=alert]")).to_contain_text("no code of a shop")
        payer.front("#number input").fill("6222021003981175")
        payer.text("Next", exact=True).click()
        expect(payer.front("[role=alert]")).to_have_text("No shop has this number. Check it and try again.")
        # this machine has no camera: what would be seen is typed
        payer.text("Scan", exact=True).click()
        panel = payer.page.get_by_role("dialog")
        panel.get_by_role("textbox").fill(scanned)
        panel.get_by_role("button", name="OK").click()
        payer.on("pages/pay/pay")
        expect(payer.text(keeper.name)).to_be_visible()
        expect(payer.text("Up to 1,000 CNY each, 5,000 CNY a day, without your PIN.")).to_be_visible()
        payer.front("#amount input").fill("1000.01")
        expect(payer.front("[role=alert]")).to_contain_text("Up to 1,000 CNY can be paid without a PIN")
        look(payer)
        payer.front("#amount input").fill("12.5")
        payer.front("#remark input").fill("two coffees")
        answers = lose_first_answer(payer.page, "/rpc/eden.bank.payment.purchase.create")
        payer.front("wx-button").last.click()
        expect(payer.front("[role=alert]")).to_have_text("No network. Check it and try again.")
        payer.front("wx-button").last.click()
        expect(payer.front(".receipt")).to_contain_text("¥ 12.50")
        # it was one payment, asked for twice
        assert len(answers) == 2 and len({one["id"] for one in answers if "id" in one}) <= 1
        look(payer)
        payer.text("Done", exact=True).click()
        payer.on("pages/home/home")
        expect(payer.front(".total")).to_have_text(f"{(total - 1_250) / 100:,.2f}")

    # the shop sees it without doing anything
    expect(shop.front(".said")).to_have_text("收到 ¥ 12.50 · 林晓雨")
    expect(shop.front("wx-tx-row").first).to_contain_text("+12.50")


def lose_first_answer(page: Page, path: str) -> list[Any]:
    """The server does what is asked at this path, but the first answer is lost on the way. All of them."""
    answers: list[Any] = []

    def pass_on(route: Route) -> None:
        answer = route.fetch()
        with contextlib.suppress(json.JSONDecodeError):
            answers.append(answer.json())
        if len(answers) == 1:
            route.abort("connectionreset")
        else:
            route.fulfill(response=answer)

    page.route(lambda url: urlsplit(url).path == path, pass_on)
    return answers


def test_a_months_statement_as_a_file(demo: Demo, page: Page, expect_console: Callable[[str], None]) -> None:
    expect_console("401")
    phone = Phone(page).start(demo, prompts="ask")
    allow_sign_in(phone, seed.PHONE, "允许")
    phone.text("活期储蓄").click()
    phone.on("pages/account/account")
    look(phone)
    month = statement(phone, "PDF")
    panel = page.get_by_role("dialog").filter(has=page.locator("iframe"))
    address = panel.locator("iframe").get_attribute("src")
    begin = page.evaluate("async (address) => (await (await fetch(address)).text()).slice(0, 5)", address)
    assert begin == "%PDF-"
    assert month in (panel.locator("iframe").get_attribute("title") or "")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    with page.expect_download() as download:
        month = statement(phone, "CSV")
    assert download.value.suggested_filename.endswith(".csv") and month in download.value.suggested_filename
    rows = download.value.path().read_text("utf-8-sig").splitlines()
    assert sum(month in row for row in rows) > 3


def statement(phone: Phone, form: str) -> str:
    """Ask for last month's; which month that is."""
    phone.text("下载对账单").click()
    months = phone.frame.get_by_role("dialog").get_by_text(re.compile(r"^\d{4}-\d\d$"))
    month = months.nth(1).inner_text()
    months.nth(1).click()
    phone.frame.get_by_role("dialog").get_by_text(form, exact=True).click()
    return month


@pytest.mark.parametrize(
    ("language", "theme", "words"), [("zh_CN", "dark", "月账单"), ("en", "light", "Month by month")]
)
def test_month_by_month(
    demo: Demo, page: Page, expect_console: Callable[[str], None], language: str, theme: str, words: str
) -> None:
    """What a month's bill says is the sum of the lines that it leads to."""
    expect_console("401")
    phone = Phone(page).start(demo, language, theme)
    phone.sign_in()
    phone.front(".action").nth(2).click()
    phone.on("pages/account/account")
    phone.text(words).click()
    phone.on("pages/bill/bill")
    months = phone.front(".month")
    expect(months).to_have_count(6)
    expect(months.last).to_have_attribute("aria-selected", "true")
    look(phone)
    phone.front(".chip").first.press("Enter")
    expect(phone.front(".chip")).to_have_count(2)
    months.nth(1).click()
    expect(months.nth(1)).to_have_attribute("aria-selected", "true")
    bill = phone.run("() => getCurrentPages().at(-1).data.bill")
    assert bill["spending"] == sum(kind["amount"] for kind in bill["kinds"]) > 0
    for amount in (bill["income"], bill["spending"], bill["income"] - bill["spending"]):
        expect(phone.front(".card.flush")).to_contain_text(f"¥ {amount / 100:,.2f}")
    expect(phone.front(".kind")).to_have_count(len(bill["kinds"]))
    look(phone)

    phone.front("wx-cell").last.click()
    phone.on("pages/account/account")
    expect(phone.front(".heading")).to_have_text(bill["month"])
    lines = phone.run("""async () => {
      const page = getCurrentPages().at(-1)
      while (page.data.state !== 'ready') await new Promise((done) => setTimeout(done, 50))
      while (page.data.next !== null) await page.onReachBottom()
      return page.items
    }""")
    assert {line["time"][:7] for line in lines} == {bill["month"]}
    told = [line["amount"] for line in lines if line["kind"] != "own" and line["state"] != "returned"]
    assert sum(amount for amount in told if amount > 0) == bill["income"]
    assert -sum(amount for amount in told if amount < 0) == bill["spending"]


def test_a_bill_that_cannot_be_had(demo: Demo, page: Page, expect_console: Callable[[str], None]) -> None:
    """Without a network the page says so; with one again it goes on."""
    expect_console("401|ERR_")
    phone = Phone(page).start(demo, "en")
    phone.sign_in()
    page.route("**/rpc/eden.bank.account.bill.get*", lambda route: route.abort())
    phone.run("() => void wx.navigateTo({ url: '/pages/bill/bill' })")
    phone.on("pages/bill/bill")
    expect(phone.front("[role=alert]")).to_contain_text("No network. Check it and try again.")
    page.unroute("**/rpc/eden.bank.account.bill.get*")
    phone.text("Try again", exact=True).click()
    expect(phone.front(".month")).to_have_count(6)


def test_pages_of_an_application_that_are_opened_alone(
    demo: Demo, page: Page, expect_console: Callable[[str], None]
) -> None:
    """Without a code there is nothing to choose from, and nothing to confirm; of one that is unknown that is said."""
    expect_console("40[014]")
    phone = Phone(page).start(demo)
    phone.sign_in()
    for path in ("plan/plan", "confirm/confirm"):
        phone.run(f"() => void wx.reLaunch({{ url: '/loan/{path}' }})")
        phone.on("loan/entry/entry")
    phone.run("() => void wx.navigateTo({ url: '/loan/document/document?id=none' })")
    phone.on("loan/document/document")
    expect(phone.front("[role=alert]")).to_be_visible()
    phone.run("() => void wx.navigateTo({ url: '/loan/confirm/confirm' })")
    phone.on("loan/confirm/confirm")
    expect(phone.front("[role=alert]")).to_be_visible()
    expect(phone.text("重试", exact=True)).to_be_visible()
    expect(phone.text("提交申请")).to_have_count(0)


def test_prepaying(demo: Demo, page: Page, keeper: seed.Person, expect_console: Callable[[str], None]) -> None:
    """What it saves is said before, and is what then happens."""
    expect_console("401")
    expect_console("409")  # more than is owed
    phone = Phone(page).start(demo)
    phone.sign_in(keeper.phone)
    phone.run("() => void wx.navigateTo({ url: '/loan/loans/loans' })")
    phone.on("loan/loans/loans")
    look(phone)
    phone.text("还款中").click()
    phone.on("loan/loan/loan")
    owed = phone.cents(".owed")
    due = phone.run("() => getCurrentPages().at(-1).data.loan.due")
    phone.front("#amount input").fill(f"{(due + 800_000) / 100:.2f}")
    preview = phone.front(".preview")
    expect(preview).to_contain_text("节省利息")
    told = phone.run("() => getCurrentPages().at(-1).data.preview")
    assert told["saved"] > 0 and told["amount"] == due + 800_000
    assert told["principal"] + told["interest"] + told["penalty"] + told["fee"] == told["amount"]
    assert told["payment_after"] < told["payment_before"]
    for amount in (told["principal"], told["saved"], told["payment_after"]):
        expect(preview).to_contain_text(f"¥ {amount / 100:,.2f}")
    look(phone)
    phone.text("还款", exact=True).last.click()
    phone.frame.get_by_role("dialog").get_by_text("确定", exact=True).click()
    expect(phone.front(".owed")).to_have_text(f"¥ {(owed - told['principal']) / 100:,.2f}")
    # too much is refused with what is possible
    phone.front("#amount input").fill("999999")
    expect(phone.front("[role=alert]").last).to_contain_text("最多")


def test_a_new_payee(demo: Demo, page: Page, expect_console: Callable[[str], None]) -> None:
    expect_console("401")
    phone = Phone(page).start(demo)
    phone.sign_in()
    phone.frame.get_by_role("tab", name="转账").click()
    phone.on("pages/transfer/transfer")
    phone.text("添加收款人").click()
    phone.on("pages/payee/payee")
    phone.front("#name input").fill("陈默")
    phone.front("#number input").fill("6222")
    phone.text("保存", exact=True).click()
    expect(phone.front("[role=alert]")).to_contain_text("12 至 24 位")
    phone.front("#number input").fill("6222 0210 0398 2026")
    look(phone)
    phone.text("保存", exact=True).click()
    phone.on("pages/transfer/transfer")
    expect(phone.text("6222 0210 0398 2026")).to_be_visible()
    phone.front("#amount input").fill("1")
    phone.text("下一步", exact=True).click()
    expect(phone.keyboard.get_by_role("heading")).to_have_text("转给 陈默 ¥ 1.00")
    phone.type_safely("", "Escape")


def test_taking_back_what_a_third_party_was_allowed(
    demo: Demo,
    page: Page,
    browser: Browser,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    expect_console: Callable[[str], None],
) -> None:
    expect_console("401")
    phone = Phone(page).start(demo)
    phone.sign_in()
    phone.run("() => void wx.navigateTo({ url: '/pages/allowed/allowed' })")
    phone.on("pages/allowed/allowed")
    expect(phone.text("您还没有向任何第三方授权。")).to_be_visible()
    allow_a_third_party(demo, browser, tmp_path, capsys)

    phone.run("() => void getCurrentPages().at(-1).refresh()")
    expect(phone.text("Household book")).to_be_visible()
    expect(phone.text("已授权")).to_be_visible()
    look(phone)
    phone.text("撤销授权", exact=True).click()
    dialog = phone.frame.get_by_role("dialog")
    expect(dialog).to_contain_text("撤销授权 · Household book")
    dialog.get_by_text("取消", exact=True).click()
    expect(phone.text("已授权")).to_be_visible()
    phone.text("撤销授权", exact=True).click()
    phone.frame.get_by_role("dialog").get_by_text("确定", exact=True).click()
    expect(phone.front(".row").get_by_text("已撤销")).to_be_visible()
    expect(phone.front("wx-button")).to_have_count(0)


def allow_a_third_party(demo: Demo, browser: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is registered at the bank; the customer signs in on the bank's page and allows the example to read."""
    bank = demo.staff.removesuffix("/console")
    back, key, jwks = f"http://127.0.0.1:{free_port()}/back", tmp_path / "key.json", tmp_path / "jwks.json"
    made = ECKey.generate_key("P-256")
    key.write_text(json.dumps(made.as_dict(private=True)))
    jwks.write_text(json.dumps({"keys": [made.as_dict(private=False)]}))
    who = ["--name", "Household book", "--jwks", str(jwks), "--redirect-uri", back]
    capsys.readouterr()
    assert main(["openbank", "register", "--data", str(demo.bank), *who]) == 0
    client = capsys.readouterr().out.strip()
    addresses: queue.Queue[str] = queue.Queue()
    party = threading.Thread(
        target=example.main,
        args=(["--bank", bank, "--key", str(key), "--client", client, "--back", back], addresses.put),
    )
    party.start()
    with contextlib.closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(addresses.get(timeout=60))
        page.locator("[name=phone]").fill(seed.PHONE)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("[name=password]").press("Enter")
        page.get_by_role("checkbox").first.check()
        page.locator("[value=allow]").click()
        expect(page.get_by_text("You can close this page.")).to_be_visible()
    party.join(60)
    assert not party.is_alive()


def test_a_bank_that_dies_is_started_again(demo: Demo, page: Page, expect_console: Callable[[str], None]) -> None:
    """The phone says what is the matter and what to do, and then goes on; the terminal says what has happened. What was
    asked of a bank that did not answer is done once, though it is asked again."""
    expect_console("401")
    expect_console("50[234]")
    phone = Phone(page).start(demo)
    phone.sign_in()
    expect(phone.front(".total")).to_have_text(re.compile(r"^[\d,]+\.\d\d$"))
    total = phone.cents(".total")
    (process,) = processes("serve", "--data", str(demo.bank))
    phone.run(f"() => void wx.navigateTo({{ url: '/pages/pay/pay?number={seed.SHOP}' }})")
    phone.on("pages/pay/pay")
    phone.front("#amount input").fill("3")
    os.kill(process, signal.SIGSTOP)
    phone.front("wx-button").last.click()
    expect(phone.front("[role=alert]")).to_have_text("请求超时，请稍后再试。", timeout=60_000)
    os.kill(process, signal.SIGCONT)
    until = time.monotonic() + 60
    # the gateway asks nobody before it has seen that the bank is well again
    while not phone.front(".receipt").count():
        assert time.monotonic() < until
        phone.front("wx-button").last.click()
        page.wait_for_timeout(2_000)
    expect(phone.front(".receipt")).to_contain_text("¥ 3.00")

    os.kill(process, signal.SIGSTOP)
    phone.run("() => void wx.navigateTo({ url: '/pages/account/account' })")
    phone.on("pages/account/account")
    os.kill(process, signal.SIGKILL)
    expect(phone.front("[role=alert]")).to_contain_text("系统开小差了，请稍后再试。", timeout=60_000)
    phone.front("wx-button").click()
    expect(phone.front("wx-tx-row, [role=alert]").first).to_be_visible(timeout=60_000)
    until = time.monotonic() + 60
    while phone.front("[role=alert]").count():
        assert time.monotonic() < until
        phone.front("wx-button").click()
        page.wait_for_timeout(500)
    expect(phone.front("wx-tx-row").first).to_contain_text("-3.00")
    assert processes("serve", "--data", str(demo.bank)) not in ([], [process])
    phone.run("() => void wx.switchTab({ url: '/pages/home/home' })")
    phone.on("pages/home/home")
    expect(phone.front(".total")).to_have_text(f"{(total - 300) / 100:,.2f}")
    assert any(f"bank | ended with {-signal.SIGKILL}, is started again" in line for line in demo.said)


def processes(*words: str) -> list[int]:
    """Those whose command has all of these words."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = file.read_bytes().decode(errors="replace").split("\0")
            if all(word in command for word in words):
                found.append(int(file.parent.name))
    return found


def test_every_page_opens_with_empty_answers(tmp_path: Path) -> None:
    report = tmp_path / "check.json"
    command = [sys.executable, "-m", "eden", "check", str(PROGRAM), "--json", str(report)]
    finished = subprocess.run(command, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout
    pages = json.loads(report.read_text("utf-8"))["pages"]
    program = json.loads((PROGRAM / "app.json").read_text("utf-8"))
    assert len(pages) == len(program["pages"]) + sum(len(part["pages"]) for part in program["subpackages"])
    assert {page["status"] for page in pages} == {"ok"}
