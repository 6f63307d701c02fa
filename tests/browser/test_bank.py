"""The demo as a person uses it: sign in, transfer, apply for a loan, read the message."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Frame, Locator, Page, Request, expect

from tests.browser.runtime.conftest import program_frame


class Demo(NamedTuple):
    """A running `eden demo`: addresses of the phone, and of the way into the console."""

    phone: str
    console: str


@pytest.fixture
def demo() -> Iterator[Demo]:
    command = [sys.executable, "-m", "eden", "demo", "--no-open", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            addresses = (found[0] for line in process.stdout if (found := re.search(r"http://127\S+", line)))
            yield Demo(next(addresses), next(addresses))
        finally:
            process.terminate()
            process.communicate(timeout=60)


def test_the_visitors_own_phone_is_in_the_console(
    demo: Demo, page: Page, expect_console: Callable[[str], None]
) -> None:
    expect_console("401")  # the first look at an account of nobody
    page.goto(demo.console)
    expect(page.get_by_role("heading", name="概览", level=1)).to_be_visible()
    sources = f"{demo.phone}api/v1/workspaces/test/observe/apps/bank/values?property=source"
    page.goto(demo.phone)
    until = time.monotonic() + 120
    while "eden" not in {one["value"] for one in page.request.get(sources).json()["values"]}:
        assert time.monotonic() < until
        page.wait_for_timeout(500)


def test_the_phone_calls_the_bank_through_the_gateway(
    demo: Demo, page: Page, expect_console: Callable[[str], None]
) -> None:
    """Signed, and what is secret encrypted; the gateway knows whose session it is."""
    expect_console("401")
    calls: dict[str, Request] = {}

    def note(request: Request) -> None:
        calls.setdefault(urlsplit(request.url).path, request)

    page.on("request", note)
    page.goto(demo.phone)
    program = page.frame_locator("iframe:not([title=''])").frame_locator("iframe[name=eden-program]")
    shown = program.locator(".eden-page:not([data-away])")
    expect(shown.locator("#phone input")).to_be_visible()
    # the simulator scales its phone: a tap would have to hit a pixel
    program.locator("body").evaluate("""() => {
      const [login] = getCurrentPages()
      login.agree({ detail: { value: ['yes'] } })
      void login.submit({ detail: { value: { phone: '13812345820', password: 'secret1' } } })
    }""")
    page.get_by_role("dialog").get_by_role("button", name="允许").click()
    expect(shown.locator(".total")).to_have_text(re.compile(r"^[\d,]+\.\d\d$"))
    opened = calls["/rpc/eden.bank.identity.session.open"]
    assert opened.headers["x-eden-signature"].startswith("hmac-sha256 ")
    assert b"secret1" not in (opened.post_data_buffer or b"secret1")
    assert "x-eden-signature" in calls["/rpc/eden.bank.account.overview.get"].headers
    assert not [path for path in calls if path.startswith(("/api/bank", "/_proxy"))]


def test_journey(demo: Demo, page: Page, expect_console: Callable[[str], None]) -> None:
    expect_console("401")  # the first look at an account of nobody
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{demo.phone}container/check.html?prompts=grant")
    page.evaluate("() => edenCheck.open('/programs/main/', '', {})")
    phone = _Phone(page)

    phone.on("pages/login/login")
    phone.front("#phone input").fill("13812345820")
    phone.front("#password input").fill("secret1")
    phone.text("我已阅读").click()
    phone.text("登录", exact=True).click()

    phone.on("pages/home/home")
    expect(phone.front(".total")).to_have_text(re.compile(r"^[\d,]+\.\d\d$"))
    total = phone.cents(".total")

    phone.frame.get_by_role("tab", name="转账").click()
    phone.on("pages/transfer/transfer")
    expect(phone.text("单日限额")).to_be_visible()
    phone.run("() => getCurrentPages()[0].choose({ detail: { value: '1' } })")
    phone.front("#amount input").fill("60000")
    expect(phone.text("超过单日限额")).to_be_visible()
    phone.front("#amount input").fill("123.45")
    phone.text("下一步", exact=True).click()
    phone.frame.get_by_role("dialog").get_by_text("确定", exact=True).click()
    phone.on("pages/result/result")
    expect(phone.text("王若琳 ¥ 123.45")).to_be_visible()
    phone.text("完成", exact=True).click()
    phone.on("pages/home/home")
    # reserved until the other bank has confirmed
    expect(phone.front(".total")).to_have_text(f"{(total - 12_345) / 100:,.2f}")

    phone.text("扫码贷款").click()
    phone.on("loan/entry/entry")
    phone.front("#code input").fill("EDEN-SHOP-2026")
    phone.text("下一步", exact=True).click()
    phone.on("loan/plan/plan")
    phone.text("24期").click()
    expect(phone.front(".pay").first).to_have_text("¥ 2,189.09")
    phone.text("下一步", exact=True).click()
    phone.on("loan/document/document")
    phone.text("拍摄", exact=True).click()
    phone.text("下一步", exact=True).click()
    phone.on("loan/confirm/confirm")
    phone.text("我同意").click()
    phone.text("提交申请").click()
    phone.on("loan/offer/offer")
    expect(phone.text("已批准")).to_be_visible()
    expect(phone.text("¥ 2,189.09")).to_be_visible()
    phone.text("我已阅读").click()
    phone.text("签署合同并放款").click()

    phone.on("loan/loan/loan")
    expect(phone.front(".owed")).to_have_text("¥ 50,000.00")
    phone.front("#amount input").fill("1000")
    phone.text("还款", exact=True).click()
    phone.frame.get_by_role("dialog").get_by_text("确定", exact=True).click()
    expect(phone.front(".owed")).to_have_text("¥ 49,000.00")
    phone.run("() => wx.switchTab({ url: '/pages/home/home' })")

    phone.on("pages/home/home")
    expect(phone.front(".total")).to_have_text(f"{(total - 12_345 + 4_900_000) / 100:,.2f}")
    phone.frame.get_by_role("tab", name="消息").click()
    phone.on("pages/messages/messages")
    phone.text("贷款申请已受理").click()
    phone.on("pages/message/message")
    expect(phone.text("小店贷 50,000.00 元")).to_be_visible()

    phone.run("() => wx.navigateTo({ url: '/pages/claim/claim' })")
    phone.on("pages/claim/claim")
    phone.text("拍摄", exact=True).click()
    phone.front("#amount input").fill("350")
    phone.text("提交理赔").click()
    phone.on("pages/result/result")
    expect(phone.text("理赔已到账")).to_be_visible()


class _Phone:
    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def frame(self) -> Frame:
        return program_frame(self.page)

    def run(self, script: str) -> None:
        self.frame.evaluate(script)

    def on(self, route: str) -> None:
        """Wait until this page is in front and has settled."""
        for _ in range(300):
            frames = [frame for frame in self.page.frames if frame is not self.page.main_frame]
            script = "() => document.querySelector('.eden-page:not([data-away])')?.dataset.route"
            if any(frame.evaluate(script) == route for frame in frames):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{route} did not come")

    def front(self, selector: str) -> Locator:
        return self.frame.locator(f".eden-page:not([data-away]) {selector}")

    def cents(self, selector: str) -> int:
        """The amount in an element."""
        return int(re.sub(r"\D", "", self.front(selector).inner_text()))

    def text(self, words: str, exact: bool = False) -> Locator:
        return self.front("wx-page").get_by_text(words, exact=exact).first
