"""What the mini program asks: signing in, statements, transfers, messages, applying for a loan."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bank import seed
from bank.centres import customers, network
from bank.centres.accounting import CENTRAL_BANK, CNY, DAY_STARTS, balances, book, general
from bank.centres.payments import OUTSIDE_SECONDS, REVERSIBLE, Payments
from bank.credit import id_numbers
from bank.ids import new_hex
from bank.ledger.audit import check_invariants
from bank.ledger.interfaces import Outcome, Transfer
from bank.refusals import Refusal
from bank.tables import customers as customers_table
from bank.tables import messages, orders
from eden.base.ids import now
from tests.apps.bank.house import BankHouse, open_bank

INSIDE, OUTSIDE, MISSING = 0, 1, "no-such-payee"


def payees(house: BankHouse) -> list[Any]:
    found: list[Any] = house.get("/v1/payees")["items"]
    return found


def accounts(house: BankHouse) -> dict[str, Any]:
    return {one["product"]: one for one in house.get("/v1/overview")["accounts"]}


def pay(house: BankHouse, amount: int, payee: int | str = INSIDE, key: str = "k1", **more: Any) -> Any:
    wanted = {"account": accounts(house)["CURRENT"]["id"], "amount": amount} | more
    if "to" not in more:
        wanted["payee"] = payees(house)[payee]["id"] if isinstance(payee, int) else payee
    return house.call("POST", "/v1/transfers", wanted, idempotency_key=key)


def test_balances_are_the_sum_of_the_lines(house: BankHouse) -> None:
    overview = house.get("/v1/overview")
    assert overview["total"] == sum(account["balance"] for account in overview["accounts"])
    for account in overview["accounts"]:
        amounts, cursor, seen = [], "", []
        while cursor is not None:
            page = house.get(f"/v1/transactions?account={account['id']}&cursor={cursor}")
            amounts += [item["amount"] for item in page["items"]]
            seen += [item["id"] for item in page["items"]]
            cursor = page["next"]
        assert seen == sorted(set(seen), reverse=True)
        assert account["balance"] == sum(amounts)
        # the newest line's balance is the account's
        assert house.get(f"/v1/transactions/{seen[0]}")["balance"] == account["balance"]


def test_lines_are_found(house: BankHouse) -> None:
    salary = house.get("/v1/transactions?text=示例科技&direction=in")["items"]
    assert salary and {item["name"] for item in salary} == {"示例科技有限公司"}
    assert house.get("/v1/transactions?text=示例科技&direction=out")["items"] == []
    day = salary[0]["time"][:10]
    assert salary[0] in house.get(f"/v1/transactions?since={day}&until={day}&text=示例科技")["items"]
    assert house.get("/v1/transactions?text=%25")["items"] == []
    for query in ("direction=up", "since=yesterday", "until=9999-12-31"):
        assert house.call("GET", f"/v1/transactions?{query}").code == "invalid"
    assert house.call("GET", "/v1/transactions?account=00").code == "no-account"


def test_a_bill_adds_up(house: BankHouse) -> None:
    month = house.get("/v1/transactions")["items"][0]["time"][:7]
    bill = house.get(f"/v1/bills/{month}")
    assert bill["spending"] == sum(kind["amount"] for kind in bill["kinds"])
    assert [kind["amount"] for kind in bill["kinds"]] == sorted((k["amount"] for k in bill["kinds"]), reverse=True)
    assert house.get("/v1/bills/now")["month"] >= month
    for wrong in ("2026-13", "20٢٦-11"):
        assert house.call("GET", f"/v1/bills/{wrong}").code == "invalid"


def test_nothing_without_a_session(house: BankHouse) -> None:
    token, house.token = house.token, ""
    for path in ("/v1/overview", "/v1/transactions", "/v1/messages", "/v1/payees", "/v1/me/view"):
        assert house.call("GET", path).code == "signed-out"
    assert house.call("POST", "/v1/session/check", {"authorization": "Bearer x"}).code == "signed-out"
    house.token = token
    assert house.call("DELETE", "/v1/session").status == 200
    assert house.call("GET", "/v1/overview").code == "signed-out"


def test_a_principal_of_the_gateway_is_enough_and_cannot_be_made_up(house: BankHouse) -> None:
    checked = house.call("POST", "/v1/session/check", {"authorization": f"Bearer {house.token}"}).json
    house.token = ""
    principal = checked["principal"]
    assert house.call("GET", "/v1/overview", x_eden_principal=principal).status == 200
    customer, until, mac = principal.split(".")
    for other in (
        f"{customer}.{int(until) + 900}.{mac}",
        f"f{customer[1:]}.{until}.{mac}",
        customer,
        "",
        "a.b.c",
        "é.1.é",
    ):
        assert house.call("GET", "/v1/overview", x_eden_principal=other).code == "signed-out"
    assert house.bank.principals.read(principal, now() + 400_000_000) is None


def test_wrong_passwords_lock_for_a_while(house: BankHouse) -> None:
    for wrong in ("138", "1３８１２３４５８２０"):
        assert house.sign_in(phone=wrong).code == "bad-phone"
    assert house.sign_in(phone="13900000000").code == "bad-sign-in"
    for _ in range(customers.MOST_FAILURES):
        assert house.sign_in(password="wrong one").code == "bad-sign-in"
    assert house.sign_in().code == "locked"
    at = now() + customers.LOCKED
    found = house.bank.database.read_now(lambda connection: customers.credentials(connection, seed.PHONE, at))
    assert found.password is not None


def test_who_is_told_what_of_a_customer(house: BankHouse) -> None:
    whole = house.get("/v1/me/view")
    assert id_numbers.is_valid(whole["document"]) and whole["made_up"]
    masked = house.bank.database.read_now(
        lambda connection: customers.view(connection, whole["id"], house.bank.seal, masked=True)
    )
    assert (masked.name, masked.phone) == ("林晓雨", "138****5820") and whole["phone"] == seed.PHONE
    assert masked.document not in whole["document"] and all("*" in number for number in masked.accounts)


def test_consents_are_given_and_withdrawn(house: BankHouse) -> None:
    def held() -> list[str]:
        view = house.get("/v1/me/view")
        return [one["purpose"] for one in view["consents"] if one["withdrawn_at"] is None]

    assert house.call("PUT", "/v1/me/consents/marketing").status == 200
    assert house.call("PUT", "/v1/me/consents/marketing").status == 200
    assert held().count("marketing") == 1
    assert house.call("DELETE", "/v1/me/consents/marketing").status == 200
    assert "marketing" not in held()
    assert house.call("PUT", "/v1/me/consents/everything").code == "not-found"


@pytest.mark.parametrize(
    ("amount", "payee", "more", "code"),
    [
        (0, INSIDE, {}, "bad-amount"),
        (-5, INSIDE, {}, "bad-amount"),
        ("12", INSIDE, {}, "invalid"),
        (1.5, INSIDE, {}, "invalid"),
        (100, MISSING, {}, "no-payee"),
        (100, INSIDE, {"account": "none"}, "no-account"),
        (5_000_001, INSIDE, {}, "over-transfer-limit"),
        (2**70, INSIDE, {}, "bad-amount"),
        (4_999_999, INSIDE, {}, "insufficient-funds"),
    ],
)
def test_refused_transfers_change_nothing(
    house: BankHouse, amount: Any, payee: int | str, more: dict[str, Any], code: str
) -> None:
    before = house.get("/v1/overview")
    answer = pay(house, amount, payee, **more)
    assert answer.status >= 400
    assert answer.code == code
    # and so when it is sent again
    assert pay(house, amount, payee, **more).code == code
    assert house.get("/v1/overview") == before


def test_refusals_speak_the_language_of_the_person(house: BankHouse) -> None:
    assert pay(house, 0).json["detail"] == "金额应在 0.01 至 50,000.00 元之间。"
    house.language = "en-GB"
    assert pay(house, 0).json["detail"] == "The amount must be from 0.01 to 50,000.00 CNY."


def test_the_days_limit_counts_what_was_sent(house: BankHouse) -> None:
    house.run(take_in(house, accounts(house)["CURRENT"]["id"], 20_000_000))
    assert pay(house, 3_000_000, key="a").status == 200
    assert pay(house, 2_000_001, OUTSIDE, key="b").code == "over-daily-limit"
    assert pay(house, 2_000_000, OUTSIDE, key="c").status == 200
    assert pay(house, 1, key="d").code == "over-daily-limit"
    # between own accounts there is none
    assert pay(house, 4_000_000, to=accounts(house)["MERCHANT"]["id"], key="e").status == 200


async def take_in(house: BankHouse, account: str, amount: int) -> None:
    await book(house.bank.ledger, [Transfer(new_hex(now()), general(CENTRAL_BANK), account, amount, CNY, 1)])


def test_a_transfer_is_booked_once_per_key(house: BankHouse) -> None:
    before = house.get("/v1/overview")["total"]
    first = pay(house, 12_345, remark="午饭")
    assert first.json == pay(house, 12_345, remark="午饭").json
    assert first.json["state"] == "posted"
    assert house.get("/v1/overview")["total"] == before - 12_345
    newest = house.get("/v1/transactions")["items"][0]
    assert (newest["name"], newest["amount"], newest["note"], newest["id"]) == (
        "陈默",
        -12_345,
        "午饭",
        first.json["id"],
    )
    assert pay(house, 12_346).code == "key-used"
    wanted = {"account": accounts(house)["CURRENT"]["id"], "amount": 1, "payee": payees(house)[0]["id"]}
    assert house.call("POST", "/v1/transfers", wanted).code == "invalid"


def test_the_receiver_has_it_and_is_told(house: BankHouse) -> None:
    pay(house, 12_345, remark="还你")
    assert "123.45" in house.get("/v1/messages")["items"][0]["text"]
    named = select(customers_table.c.phone).where(customers_table.c.name == "陈默")
    phone = house.bank.database.read_now(lambda connection: connection.execute(named).scalar_one())
    assert house.sign_in(phone=phone).status == 200
    newest = house.get("/v1/transactions")["items"][0]
    assert (newest["name"], newest["amount"], newest["note"]) == ("林晓雨", 12_345, "还你")
    assert "林晓雨" in house.get("/v1/messages")["items"][0]["text"]


def test_between_own_accounts(house: BankHouse) -> None:
    before = accounts(house)
    answer = pay(house, 10_000, to=before["MERCHANT"]["id"])
    after = accounts(house)
    assert after["CURRENT"]["balance"] == before["CURRENT"]["balance"] - 10_000
    assert after["MERCHANT"]["balance"] == before["MERCHANT"]["balance"] + 10_000
    assert pay(house, 1, to=before["CURRENT"]["id"], key="k2").code == "same-account"
    # out of savings nothing is paid
    assert pay(house, 1, account=before["SAVINGS"]["id"], key="k3").code == "no-account"
    assert house.get(f"/v1/transactions/{answer.json['id']}")["amount"] == -10_000


def test_money_for_another_bank_waits_for_its_word(house: BankHouse) -> None:
    before = accounts(house)["CURRENT"]["balance"]
    sent = pay(house, 10_000, OUTSIDE).json
    assert (sent["state"], sent["balance"]) == ("pending", before - 10_000)
    account = accounts(house)["CURRENT"]
    assert (account["balance"], account["pending"]) == (before - 10_000, 10_000)
    assert house.get("/v1/transactions")["items"][0]["state"] == "pending"
    house.run(network.answer(house.bank.payments, now() + 5_000_000))
    account = accounts(house)["CURRENT"]
    assert (account["balance"], account["pending"]) == (before - 10_000, 0)
    assert house.get("/v1/transactions")["items"][0]["state"] == "posted"
    assert house.get("/v1/messages")["items"][0]["title"] == "转账成功"
    # its word comes again
    assert house.run(network.answer(house.bank.payments, now() + 5_000_000)) == 0


def test_money_that_another_bank_refuses_comes_back(house: BankHouse) -> None:
    payee = house.call(
        "POST", "/v1/payees", {"name": "无此人", "number": "6228 4800 1290 0000", "bank": "东海银行"}
    ).json["id"]
    before = house.get("/v1/overview")["total"]
    assert pay(house, 10_000, payee).json["state"] == "pending"
    house.run(network.answer(house.bank.payments, now() + 5_000_000))
    assert house.get("/v1/overview")["total"] == before
    assert house.get("/v1/transactions")["items"][0]["state"] == "returned"
    assert house.get("/v1/messages")["items"][0]["title"] == "转账退回"
    assert pay(house, 10_000, payee).json["state"] == "returned"


def test_the_first_word_counts_whatever_dies_after_it(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger has it, and the bank dies before its own rows say so; then the other bank says the opposite."""
    pay(house, 10_000, OUTSIDE)
    payments = house.bank.payments
    (order,) = house.run(payments.waiting(now() + 1))
    with monkeypatch.context() as patch:
        patch.setattr(payments, "_do_settle", lambda *_: 1 / 0)
        for confirmed in (True, False):
            with pytest.raises(ZeroDivisionError):
                house.run(payments.settle(order, confirmed))
    house.run(payments.settle(order, False))
    assert house.get("/v1/transactions")["items"][0]["state"] == "posted"
    assert accounts(house)["CURRENT"]["pending"] == 0


def test_payees(house: BankHouse) -> None:
    wanted = {"name": "李雷", "number": "6228480012906999", "bank": "东海银行"}
    first = house.call("POST", "/v1/payees", wanted).json
    assert house.call("POST", "/v1/payees", wanted).json == first
    assert payees(house)[-1] == first | {
        "name": "李雷", "bank": "东海银行", "number": "6228 4800 1290 6999", "inside": False,
    }  # fmt: skip
    for wrong in ("12", "6228x80012906999", "６２２８４８００１２９０６９９９"):
        assert house.call("POST", "/v1/payees", wanted | {"number": wrong}).code == "invalid"
    assert house.call("POST", "/v1/payees", wanted | {"name": " "}).code == "invalid"
    # here, but nobody's
    lost = house.call("POST", "/v1/payees", wanted | {"number": "6222029999999999", "bank": ""}).json["id"]
    assert pay(house, 1, lost).code == "no-payee"


def test_a_reversal_is_a_transfer_back(house: BankHouse) -> None:
    before = house.get("/v1/overview")["total"]
    order = pay(house, 20_000).json["id"]
    back = house.run(house.bank.payments.reverse(order))
    assert back.state == "posted"
    assert house.run(house.bank.payments.reverse(order)).id == back.id
    assert house.get("/v1/overview")["total"] == before
    newest = house.get("/v1/transactions")["items"][0]
    assert (newest["name"], newest["kind"], newest["amount"]) == ("陈默", "reversal", 20_000)
    outside = pay(house, 10_000, OUTSIDE, key="k2").json["id"]
    for other in (outside, back.id, "f" * 32):
        with pytest.raises(Refusal, match=r"no such|cannot be reversed"):
            house.run(house.bank.payments.reverse(other))


def test_a_reversal_tells_both_and_is_one_after_a_refused_one(house: BankHouse) -> None:
    bank, amount = house.bank, 20_000
    pay(house, 1, key="k0")
    payer = house.get("/v1/me")["id"]
    order = pay(house, amount).json["id"]
    row = bank.database.read_now(
        lambda connection: connection.execute(select(orders).where(orders.c.id == order)).one()
    )
    # the receiver has spent all of it
    there = house.run(balances(bank.ledger, [row.credit]))[row.credit].available
    gone = Transfer(new_hex(now()), row.credit, general(CENTRAL_BANK), there, CNY, 3)
    house.run(book(bank.ledger, [gone]))
    with pytest.raises(Refusal, match="not enough money"):
        house.run(bank.payments.reverse(order))
    house.run(take_in(house, row.credit, 3 * amount))
    before = house.get("/v1/overview")["total"]

    async def twice() -> None:
        """Two at once: both are written before either is posted."""
        await asyncio.gather(bank.payments.reverse(order), bank.payments.reverse(order))

    house.run(twice())
    assert house.get("/v1/overview")["total"] == before + amount
    told = bank.database.read_now(
        lambda connection: connection.execute(select(messages).order_by(messages.c.id.desc()).limit(2)).all()
    )
    assert {one.title[1] for one in told} == {"Transaction reversed"}
    assert len({one.customer_id for one in told}) == 2 and payer in {one.customer_id for one in told}


def test_after_a_quarter_a_transfer_stays(house: BankHouse) -> None:
    order = pay(house, 20_000).json["id"]
    house.bank.database.write_now(
        lambda connection: connection.execute(
            orders.update().where(orders.c.id == order).values(created_at=orders.c.created_at - REVERSIBLE)
        )
    )
    with pytest.raises(Refusal, match="cannot be reversed"):
        house.run(house.bank.payments.reverse(order))


@pytest.mark.parametrize("posted", [False, True])
def test_what_a_process_left_is_carried_out_once(tmp_path: Path, posted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It dies after the order was written: before the ledger has the transfer, or after."""
    with open_bank(tmp_path) as house:
        house.sign_in()
        before = house.get("/v1/overview")["total"]

        async def die(payments: Payments, order: Any) -> Any:
            if posted:
                assert await house.bank.ledger.post(order.transfers) == [Outcome.CREATED]
            raise asyncio.CancelledError

        with monkeypatch.context() as patch:
            patch.setattr(Payments, "carry_out", die)
            with pytest.raises(asyncio.CancelledError):
                pay(house, 12_345)
    with open_bank(tmp_path) as house:
        house.sign_in()
        assert house.get("/v1/overview")["total"] == before - 12_345
        assert pay(house, 12_345).json["state"] == "posted"
        assert house.get("/v1/overview")["total"] == before - 12_345
        assert house.get("/v1/transactions")["items"][0]["amount"] == -12_345


def test_everything_adds_up(house: BankHouse) -> None:
    pay(house, 12_345)
    pay(house, 10_000, OUTSIDE, key="k2")

    async def check() -> None:
        await check_invariants(house.bank.ledger.store, day_starts=DAY_STARTS)

    house.run(check())
    assert OUTSIDE_SECONDS > 3600


def test_messages(house: BankHouse) -> None:
    found = house.get("/v1/messages")["items"]
    unread = [message for message in found if not message["read"]]
    assert house.get("/v1/overview")["unread"] == len(unread) > 0
    first = unread[0]["id"]
    assert house.call("POST", f"/v1/messages/{first}/read").json == {"unread": len(unread) - 1}
    assert house.get(f"/v1/messages/{first}")["read"]
    assert house.call("DELETE", f"/v1/messages/{first}").json == {"unread": len(unread) - 1}
    for method, path in (("GET", ""), ("POST", "/read"), ("DELETE", "")):
        assert house.call(method, f"/v1/messages/{first}{path}").code == "no-message"
    house.language = "en"
    assert {message["title"] for message in house.get("/v1/messages")["items"]} > {"Salary received"}


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 10_000, b"x" * 70_000])
def test_bodies_that_are_none(house: BankHouse, body: bytes) -> None:
    answer = house.call("POST", "/v1/transfers", body, idempotency_key="k")
    assert answer.code == ("too-large" if len(body) > 65_536 else "invalid")


def test_what_there_is_not(house: BankHouse) -> None:
    assert house.call("GET", "/v1/nothing").code == "not-found"
    assert house.call("DELETE", "/v1/overview").code == "method-not-allowed"
    assert house.call("GET", "/v1/transactions/").code == "not-found"
    assert house.call("GET", "/v1/transactions/0").code == "no-transaction"


def test_faults_are_told_without_their_inside(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Coroutine[Any, Any, Any]:
        raise OSError("the disk is full")

    monkeypatch.setattr(house.bank.database, "read", fail)
    principal = house.bank.principals.make("x", now())
    answer = house.call("GET", "/v1/overview", x_eden_principal=principal)
    assert (answer.status, answer.code) == (500, "internal")
    assert b"disk" not in answer.body
