"""The pages on which customers decide, and attacks on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import update

from bank import tables
from bank.centres import customers
from bank.openbank import consents, pages, words
from bank.refusals import Refusal
from eden.base.ids import now
from tests.apps.bank.house import BankHouse
from tests.apps.bank.openbank.party import AISP, Browser, Form, Party, came_back
from tests.apps.bank.openbank.test_whole_way import initiation

Later = Callable[[float], None]


def test_pages_are_in_both_languages(house: BankHouse, party: Party) -> None:
    assert set(words.words("en")) == set(words.words("zh"))
    address = party.address(party.ask())
    chinese = party.browser.get(address)
    assert "申请查看您的账户" in chinese.body.decode() and 'lang="zh-CN"' in chinese.body.decode()
    house.language = "en-GB"
    try:
        english = party.browser.get(address).body.decode()
    finally:
        house.language = "zh"
    assert "asks to see your accounts" in english and 'lang="en"' in english
    # the third party says what its customer reads, and the customer has the last word
    told = party.address(party.ask(), ui_locales="fr en-GB zh")
    assert "asks to see" in party.browser.get(told).body.decode()
    assert "申请查看" in party.browser.get(told + "&lang=zh").body.decode()
    page = party.browser.sign_in(told).body.decode()
    assert "Current account" in page and "Which accounts?" in page and "You can take this back" in page


def test_what_is_said_is_what_was_asked(party: Party) -> None:
    start, end = "2026-01-01T00:00:00+08:00", "2026-02-01T12:30:00+08:00"
    basic = ["ReadAccountsBasic", "ReadTransactionsBasic", "ReadTransactionsDebits"]
    consent = party.ask(basic, {"TransactionFromDateTime": start, "TransactionToDateTime": end})
    page = party.browser.get(party.address(consent) + "&lang=en").body.decode()
    assert "payments out: amount" in page and "balances" not in page and "with whom" not in page
    assert "2026-01-01 00:00 to 2026-02-01 12:30" in page and "you withdraw it" in page

    def shown(permissions: list[str], **data: str) -> str:
        return party.browser.get(party.address(party.ask(permissions, data)) + "&lang=en").body.decode()

    assert "since 2026" in shown(basic, TransactionFromDateTime=start)
    assert "until 2026" in shown(basic, TransactionToDateTime=end)
    assert "payments in: amount" in shown([*basic[:2], "ReadTransactionsCredits"])
    assert "Transactions of" not in shown(["ReadAccountsBasic"])


def test_names_are_text_and_no_markup(house: BankHouse) -> None:
    party = Party(house, '<b>Bank & "Sons"</b>')
    page = party.browser.get(party.address(party.ask())).body.decode()
    assert "<b>Bank" not in page and "&lt;b&gt;Bank &amp; &#34;Sons&#34;" in page


def test_a_request_leads_somewhere_once(house: BankHouse, party: Party, later: Later) -> None:
    other = Party(house, "Other")
    consent = party.ask()
    address = party.address(consent)
    uri = address.partition("request_uri=")[2]
    for false in (
        "/oauth/authorize", "/oauth/authorize?client_id=x&request_uri=y",
        f"/oauth/authorize?client_id={other.id}&request_uri={uri}",
        f"/oauth/authorize?client_id={party.id}&request_uri=x{uri}",
        # parameters in the address themselves are no request
        "/oauth/authorize?" + urlencode({"client_id": party.id, "response_type": "code", "scope": "accounts"}),
    ):  # fmt: skip
        page = party.browser.get(false)
        assert page.status == 400 and "此页面已失效" in page.body.decode()
        assert "location" not in page.headers
    page = party.browser.sign_in(address)
    assert page.headers["cache-control"] == "no-store" and page.headers["referrer-policy"] == "no-referrer"
    came_back(party.browser.decide(page, accounts=[0]))
    assert party.browser.get(address).status == 400
    assert party.browser.decide(page, accounts=[0]).status == 400


def test_a_second_window_cannot_decide_again(party: Party) -> None:
    consent = party.ask()
    first = party.browser.sign_in(party.address(consent))
    second_browser = Browser(party.house)
    second = second_browser.sign_in(party.address(consent))
    came_back(party.browser.decide(first, accounts=[0]))
    assert second_browser.decide(second, accounts=[1]).status == 400
    assert second_browser.decide(second, "refuse").status == 400
    found = party.call(party.own(), "GET", f"{AISP}/account-access-consents/{consent}").json["Data"]
    assert found["Status"] == "AUTH"


def test_what_another_window_allowed_meanwhile_stays_allowed(
    house: BankHouse, party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A customer without a suitable account looks at a request while somebody else allows it."""
    consent = party.ask()
    address = party.address(consent)
    first = party.browser.sign_in(address)
    second = Browser(house)
    second.sign_in(address)

    def none(connection: Any, asked: Any, customer: str) -> list[str]:
        house.bank.database.write_now(
            lambda database: consents.do_authorise(database, asked, customer, [], now()),
        )
        return []

    with monkeypatch.context() as patch:
        patch.setattr(pages, "_possible", none)
        assert "no account" in second.get(f"{address}&lang=en").body.decode().lower()
    found = party.call(party.own(), "GET", f"{AISP}/account-access-consents/{consent}").json["Data"]
    assert found["Status"] == "AUTH"
    assert party.browser.decide(first, accounts=[0]).status == 400


@pytest.mark.parametrize("decision", ["allow", "refuse"])
def test_what_ends_while_it_is_decided_has_ended(
    house: BankHouse, party: Party, monkeypatch: pytest.MonkeyPatch, decision: str
) -> None:
    consent = party.ask()
    page = party.browser.sign_in(party.address(consent))
    look = pages.Pages._asked

    async def look_then_lose(self: pages.Pages, given: Any) -> Any:
        asked = await look(self, given)
        assert asked is not None
        await house.bank.database.write(lambda connection: consents.do_cancel(connection, asked.consent, now()))
        return asked

    with monkeypatch.context() as patch:
        patch.setattr(pages.Pages, "_asked", look_then_lose)
        assert party.browser.decide(page, decision, accounts=[0]).status == 400
    found = party.call(party.own(), "GET", f"{AISP}/account-access-consents/{consent}").json["Data"]
    assert found["Status"] == "CANC"


def test_only_who_has_signed_in_can_say_yes(house: BankHouse, party: Party) -> None:
    consent = party.ask()
    page = party.browser.sign_in(party.address(consent))
    action, fields = Form(page.body.decode()).forms[0]
    yes = [*fields, ("account", Form(page.body.decode()).choices[0]), ("decision", "allow")]
    # without the cookie, with another's, without the value that is made of it
    stranger = Browser(house)
    assert stranger.post(action, yes).status == 401
    stranger.sign_in(party.address(party.ask()))
    assert stranger.post(action, yes).status == 401
    for proof in ("", "0" * 64):
        false = [(name, proof if name == "proof" else value) for name, value in yes]
        assert party.browser.post(action, false).status == 401
    assert party.call(party.own(), "GET", f"{AISP}/account-access-consents/{consent}").json["Data"]["Status"] == "AWAU"
    came_back(party.browser.post(action, yes))


def test_only_own_accounts_can_be_chosen(house: BankHouse, party: Party) -> None:
    mine = [account["id"] for account in house.get("/v1/overview")["accounts"]]
    consent = party.ask()
    page = party.browser.sign_in(party.address(consent))
    action, fields = Form(page.body.decode()).forms[0]
    for chosen in ([], ["0" * 32], [mine[0], "0" * 32]):
        answer = party.browser.post(action, [*fields, *(("account", one) for one in chosen), ("decision", "allow")])
        assert answer.status == 400 and "请至少选择一个账户" in answer.body.decode()
    # a payment is from one account that pays
    consent = party.ask_payment(initiation())
    page = party.browser.sign_in(party.address(consent, "payments"))
    savings = next(one["id"] for one in house.get("/v1/overview")["accounts"] if one["product"] == "SAVINGS")
    assert savings not in page.body.decode()
    action, fields = Form(page.body.decode()).forms[0]
    for chosen in ([savings], Form(page.body.decode()).choices[:2]):
        answer = party.browser.post(action, [*fields, *(("account", one) for one in chosen), ("decision", "allow")])
        assert answer.status == 400


def test_passwords_have_tries_and_a_lock(house: BankHouse, party: Party) -> None:
    address = party.address(party.ask())
    wrong = Browser(house, password="wrong")
    assert wrong.sign_in(address).status == 401
    assert "不正确" in wrong.sign_in(address).body.decode()
    # the right one takes the wrong ones back
    assert party.browser.sign_in(address).status == 200
    other = party.address(party.ask())
    for _ in range(customers.MOST_FAILURES):
        assert wrong.sign_in(other).status == 401
    # nobody tries many people's passwords with one request
    assert wrong.get(other).status == 400
    address = party.address(party.ask())
    locked = Browser(house).sign_in(address)
    assert locked.status == 429 and "分钟后再试" in locked.body.decode()
    house.bank.database.write_now(
        lambda connection: connection.execute(update(tables.customers).values(locked_until=0))
    )
    assert Browser(house, phone="13900000000").sign_in(address).status == 401
    assert Browser(house, phone="1").sign_in(address).status == 400
    assert Browser(house, password="x" * 300).sign_in(address).status == 401


def test_payments_ask_for_the_pin_where_there_is_one(
    house: BankHouse, party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent = party.ask_payment(initiation())
    page = party.browser.sign_in(party.address(consent, "payments"))
    asked: list[Any] = []

    async def seal(purpose: str, user: str, value: str) -> tuple[str, str, str]:
        return purpose, user, value

    async def check_pin(customer: str, typed: tuple[str, str, str]) -> None:
        asked.append(typed)
        if typed[2] != "123456":
            raise Refusal("wrong-pin", left=2)

    monkeypatch.setattr(type(house.bank.secrets), "has_keyboard", property(lambda self: True))
    monkeypatch.setattr(house.bank.keyboard, "seal", seal)
    monkeypatch.setattr(house.bank.secrets, "check_pin", check_pin)
    wrong = party.browser.decide(page, accounts=[0])
    assert wrong.status >= 400 and "支付密码" in wrong.body.decode()
    action, fields = Form(wrong.body.decode()).forms[0]
    typed = [(name, "123456" if name == "pin" else value) for name, value in fields]
    choice = ("account", Form(wrong.body.decode()).choices[0])
    came_back(party.browser.post(action, [*typed, choice, ("decision", "allow")]))
    assert [one[0] for one in asked] == ["pay", "pay"] and asked[0][1] == asked[1][1]


def test_the_cookie_is_for_this_page_alone(house: BankHouse, party: Party) -> None:
    page = party.browser.get(party.address(party.ask()))
    action, fields = Form(page.body.decode()).forms[0]
    known = {"phone": party.browser.phone, "password": party.browser.password}
    answer = party.browser.post(action, [(name, known.get(name, value)) for name, value in fields])
    cookie = answer.headers["set-cookie"]
    for part in ("Path=/oauth/authorize", "HttpOnly", "SameSite=Strict", "Secure", "Max-Age=600"):
        assert part in cookie
    style = house.call("GET", "/oauth/authorize/page.css")
    assert style.headers["content-type"].startswith("text/css") and b"prefers-color-scheme" in style.body
