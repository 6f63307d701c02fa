"""The demo as a person uses it: sign in on the secure keyboard, transfer with a PIN, apply for a loan, read messages;
become a customer, change password and PIN."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.accessibility import violations
from tests.browser.bank import CUSTOMER, PASSWORD, PIN, Demo, Phone, running_demo


@pytest.fixture
def demo() -> Iterator[Demo]:
    with running_demo() as demo:
        yield demo


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
    shown.locator("#phone input").fill(CUSTOMER)
    shown.locator("#password input").focus()
    Phone(page).type_safely(PASSWORD, "Enter")
    expect(shown.locator("#password input")).to_have_value("*" * len(PASSWORD))
    program.locator("body").evaluate(
        """(body, phone) => {
      const [login] = getCurrentPages()
      login.agree({ detail: { value: ['yes'] } })
      void login.submit({ detail: { value: { phone } } })
    }""",
        CUSTOMER,
    )
    page.get_by_role("dialog").get_by_role("button", name="允许").click()
    expect(shown.locator(".total")).to_have_text(re.compile(r"^[\d,]+\.\d\d$"))
    opened = calls["/rpc/eden.bank.identity.session.open"]
    assert f"purpose=sign-in&user={CUSTOMER}&challenge=" in calls["/keyboard/v1/test/session"].url
    assert opened.headers["x-eden-signature"].startswith("hmac-sha256 ")
    assert PASSWORD.encode() not in (opened.post_data_buffer or PASSWORD.encode())
    assert "x-eden-signature" in calls["/rpc/eden.bank.account.overview.get"].headers
    assert not [path for path in calls if path.startswith(("/api/bank", "/_proxy"))]


def test_journey(demo: Demo, page: Page, expect_console: Callable[[str], None]) -> None:
    expect_console("401")  # the first look at an account of nobody
    expect_console("403")  # a wrong PIN
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data_buffer!r}"))
    phone = Phone(page).start(demo)
    phone.sign_in()
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
    expect(phone.keyboard.get_by_role("heading")).to_have_text("转给 王若琳 ¥ 123.45")
    phone.type_safely("258014")
    expect(phone.text("支付密码不正确")).to_be_visible()
    phone.text("下一步", exact=True).click()
    # this one it is not: nothing is sent
    phone.type_safely("25", "Escape")
    phone.text("下一步", exact=True).click()
    phone.type_safely(PIN)
    phone.on("pages/result/result")
    expect(phone.text("王若琳 ¥ 123.45")).to_be_visible()
    phone.text("完成", exact=True).click()
    phone.on("pages/home/home")
    # reserved until the other bank has confirmed
    expect(phone.front(".total")).to_have_text(f"{(total - 12_345) / 100:,.2f}")

    began = demo.machine_time()
    phone.text("扫码贷款").click()
    phone.on("loan/entry/entry")
    phone.front("#code input").fill("EDEN-SHOP-2026")
    phone.text("下一步", exact=True).click()
    phone.on("loan/plan/plan")
    phone.text("24期").click()
    expect(phone.front(".pay").first).to_have_text("¥ 2,189.09")
    phone.text("下一步", exact=True).click()
    phone.on("loan/document/document")
    for kind in ("id-front", "id-back", "licence"):
        phone.front(f"#{kind}").get_by_text("使用样张").click()
        expect(phone.front(f"#{kind} .badge")).to_have_text("已确认", timeout=60_000)
    expect(phone.front("#id-front")).to_contain_text("林晓雨")
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
    # from the code to the money, photographs read on the way: by the machine's time, however slow it is
    assert 1 < demo.machine_time() - began < 60
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

    began = demo.machine_time()
    phone.run("() => wx.navigateTo({ url: '/pages/claim/claim' })")
    phone.on("pages/claim/claim")
    phone.text("拍摄", exact=True).click()
    phone.front("#amount input").fill("350")
    phone.text("提交理赔").click()
    phone.on("pages/result/result")
    expect(phone.text("理赔已到账")).to_be_visible()
    assert demo.machine_time() - began < 180
    assert not [one for one in sent if PASSWORD in one or PIN in one]


def test_becoming_a_customer_and_changing_what_one_knows(
    demo: Demo, page: Page, expect_console: Callable[[str], None]
) -> None:
    expect_console("401")  # a password that was right before
    expect_console("422")  # typed differently
    phone = Phone(page).start(demo)
    phone.on("pages/login/login")
    phone.text("开户", exact=True).click()
    phone.on("pages/enrol/enrol")
    # of the phone's own bar
    before = violations(page)
    phone.front("#name input").fill("周新")
    phone.front("#phone input").fill("13700000001")
    for field, typed in (("password", "Kestrel 19"), ("password_again", "Kestrel 19"), ("pin", "907214")):
        phone.fill_safely(field, typed)
    phone.fill_safely("pin_again", "907215")
    phone.text("我已阅读").click()
    phone.text("开户", exact=True).click()
    expect(phone.text("两次输入不一致")).to_be_visible()
    assert [one for one in violations(page) if one not in before] == []
    # what was typed is good once
    expect(phone.front("#pin input")).to_have_value("")
    for field, typed in (("password", "Kestrel 19"), ("password_again", "Kestrel 19")):
        phone.fill_safely(field, typed)
    for field in ("pin", "pin_again"):
        phone.fill_safely(field, "907214")
    phone.text("开户", exact=True).click()
    phone.on("pages/home/home")
    expect(phone.front(".total")).to_have_text("0.00")
    expect(phone.text("您好，周新")).to_be_visible()

    for what, title, new in (
        ("修改支付密码", "支付密码已修改", "135790"),
        ("修改登录密码", "密码已修改", "Kestrel 20"),
    ):
        phone.frame.get_by_role("tab", name="我的").click()
        phone.on("pages/me/me")
        phone.text(what).click()
        phone.on("pages/secret/secret")
        phone.fill_safely("password", "Kestrel 19")
        phone.fill_safely("sealed", new)
        phone.fill_safely("again", new)
        phone.text("保存", exact=True).click()
        expect(phone.frame.get_by_text(title)).to_be_visible()
        phone.on("pages/me/me")
    phone.text("退出登录").click()
    phone.frame.get_by_role("dialog").get_by_text("确定", exact=True).click()
    phone.sign_in("13700000001", "Kestrel 19", good=False)
    expect(phone.text("手机号或密码不正确")).to_be_visible()
    phone.sign_in("13700000001", "Kestrel 20")
