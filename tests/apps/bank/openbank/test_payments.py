"""Payment initiation: what a consent binds, that a payment is made once, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from bank.centres import network
from bank.openbank import payments, service
from bank.openbank.tables import domestic_payments
from bank.tables import accounts
from eden.base.ids import now
from tests.apps.bank.house import Answer, BankHouse
from tests.apps.bank.openbank.party import PISP, Form, Party, came_back
from tests.apps.bank.openbank.test_resources import is_nobody, refused
from tests.apps.bank.openbank.test_whole_way import initiation

CONSENTS, PAYMENTS = f"{PISP}/domestic-payment-consents", f"{PISP}/domestic-payments"
OUTSIDE: dict[str, Any] = {"CreditorAgent": {"Name": "东海银行"}}


def agreed(party: Party, wanted: dict[str, Any], key: str = "k1") -> tuple[str, str]:
    """A consent that the customer gave, and the token for it."""
    consent = party.ask_payment(wanted, key)
    tokens = party.exchange(party.code(consent, "payments")).json
    return consent, str(tokens["access_token"])


def pay(party: Party, token: str, consent: str, wanted: Any, key: str = "p1", risk: Any = None) -> Answer:
    body = {"Data": {"ConsentId": consent, "Initiation": wanted}, "Risk": risk or {}}
    return party.call(token, "POST", PAYMENTS, body, x_idempotency_key=key)


def status(answer: Answer) -> tuple[str, str]:
    """Of a payment: its status and the reason for it."""
    assert answer.status in (200, 201), answer.body
    data = answer.json["Data"]
    return data["Status"], data.get("StatusReason", [{"StatusReasonCode": ""}])[0]["StatusReasonCode"]


def total(house: BankHouse) -> int:
    return int(house.get("/v1/overview")["total"])


def test_only_what_was_agreed(house: BankHouse, party: Party) -> None:
    wanted, before = initiation(), total(house)
    consent, token = agreed(party, wanted)
    other, _ = agreed(party, initiation(amount="1.00"), "k2")
    other_creditor = wanted["CreditorAccount"] | {"Identification": "6222021003983016"}
    for changed in (
        {"InstructedAmount": {"Amount": "12.51", "Currency": "CNY"}}, {"CreditorAccount": other_creditor},
        {"RemittanceInformation": {"Unstructured": ["Invoice 4712"]}}, OUTSIDE,
        {"EndToEndIdentification": "order-4712"},
    ):  # fmt: skip
        assert refused(pay(party, token, consent, wanted | changed)) == ("U008", "Data.Initiation"), changed
    risk = {"PaymentContextCode": "TransferToSelf"}
    assert refused(pay(party, token, consent, wanted, risk=risk)) == ("U008", "Risk")
    assert refused(pay(party, token, other, wanted)) == ("U008", "Data.ConsentId")
    assert total(house) == before
    assert status(pay(party, token, consent, wanted)) == ("ACCC", "")
    # good for one payment, under whatever key
    assert refused(pay(party, token, consent, wanted, "p2")) == ("U009", "Data.ConsentId")
    assert status(pay(party, token, consent, wanted)) == ("ACCC", "")
    assert refused(pay(party, token, consent, initiation(amount="99.00"))) == ("U006", "x-idempotency-key")
    assert total(house) == before - 1250
    path = f"{CONSENTS}/{consent}/funds-confirmation"
    assert refused(party.call(token, "GET", path)) == ("U009", "ConsentId")
    assert refused(party.call(token, "GET", f"{CONSENTS}/{other}/funds-confirmation"), 403) == ("U008", "ConsentId")


def test_another_third_party_sees_nothing_of_it(house: BankHouse, party: Party) -> None:
    thief = Party(house, "Thief")
    consent, token = agreed(party, initiation())
    payment = pay(party, token, consent, initiation()).json["Data"]["DomesticPaymentId"]
    own = thief.own("payments")
    assert refused(thief.call(own, "GET", f"{PAYMENTS}/{payment}"), 403) == ("U008", "DomesticPaymentId")
    assert refused(thief.call(own, "GET", f"{CONSENTS}/{consent}"), 403) == ("U008", "ConsentId")
    assert refused(thief.call(own, "GET", f"{PAYMENTS}/nothing")) == ("U011", "DomesticPaymentId")
    assert is_nobody(pay(thief, token, consent, initiation()))
    # keys are each third party's own
    assert status(pay(thief, *_reversed(agreed(thief, initiation())), initiation())) == ("ACCC", "")


def _reversed(pair: tuple[str, str]) -> tuple[str, str]:
    return pair[1], pair[0]


def test_asking_twice_is_asking_once(party: Party) -> None:
    token = party.own("payments")
    body = {"Data": {"Initiation": initiation()}, "Risk": {}}

    def ask(body: Any, **headers: str) -> Answer:
        return party.call(token, "POST", CONSENTS, body, **headers)

    first = ask(body, x_idempotency_key="same")
    assert ask(body, x_idempotency_key="same").json["Data"]["ConsentId"] == first.json["Data"]["ConsentId"]
    other = {"Data": {"Initiation": initiation(amount="99")}, "Risk": {}}
    assert refused(ask(other, x_idempotency_key="same")) == ("U006", "x-idempotency-key")
    assert refused(ask(body)) == ("U007", "x-idempotency-key")
    for key in ("k" * 41, " k", "ä"):
        assert refused(ask(body, x_idempotency_key=key)) == ("U006", "x-idempotency-key")


def test_what_cannot_be_paid_is_refused_before_anybody_is_asked(party: Party) -> None:
    token, place = party.own("payments"), "Data.Initiation"
    account = initiation()["CreditorAccount"]
    for changed, code, path in (
        ({"InstructedAmount": {"Amount": "1.00", "Currency": "GBP"}}, "U023", f"{place}.InstructedAmount.Currency"),
        ({"InstructedAmount": {"Amount": "0.00", "Currency": "CNY"}}, "U002", f"{place}.InstructedAmount.Amount"),
        ({"InstructedAmount": {"Amount": "1.001", "Currency": "CNY"}}, "U002", f"{place}.InstructedAmount.Amount"),
        ({"InstructedAmount": {"Amount": "-1", "Currency": "CNY"}}, "U002", f"{place}.InstructedAmount.Amount"),
        ({"CreditorAccount": account | {"SchemeName": "UK.OBIE.IBAN"}}, "U027", f"{place}.CreditorAccount.SchemeName"),
        (
            {"CreditorAccount": account | {"Identification": "6222999999999999"}},
            "U021",
            f"{place}.CreditorAccount.Identification",
        ),
        ({"CreditorAccount": account | {"Name": "A\u202eB"}}, "U002", place),
        (
            {"RemittanceInformation": {"Unstructured": ["x" * 31]}},
            "U002",
            f"{place}.RemittanceInformation.Unstructured[0]",
        ),
        ({"CreditorPostalAddress": {"Country": "CN"}}, "U005", f"{place}.CreditorPostalAddress"),
        ({"InstructedAmount": None}, "U002", f"{place}.InstructedAmount"),
    ):  # fmt: skip
        body = {"Data": {"Initiation": initiation() | changed}, "Risk": {}}
        answer = party.call(token, "POST", CONSENTS, body, x_idempotency_key="k")
        assert refused(answer) == (code, path), changed


def test_another_bank_confirms_later_or_returns_it(house: BankHouse, party: Party) -> None:
    before = total(house)
    for number, key, end in (("6228480012906634", "1", ("ACCC", "")), ("6228480012900000", "2", ("RJCT", "U021"))):
        wanted = initiation(number, "20.00", **OUTSIDE)
        consent, token = agreed(party, wanted, f"k{key}")
        answer = pay(party, token, consent, wanted, f"p{key}")
        assert status(answer) == ("ACSP", "")
        payment = answer.json["Data"]["DomesticPaymentId"]
        house.run(network.answer(house.bank.payments, now() + 5_000_000))
        assert status(party.call(party.own("payments"), "GET", f"{PAYMENTS}/{payment}")) == end
    assert total(house) == before - 2000


def test_what_the_payment_centre_refuses_is_a_rejected_payment(house: BankHouse, party: Party) -> None:
    before = total(house)
    current = next(one for one in house.get("/v1/overview")["accounts"] if one["product"] == "CURRENT")
    too_much = f"{current['balance'] // 100 + 1}.00"
    for amount, key, reason in (("60000.00", "1", "AM02"), (too_much, "2", "AM04")):
        wanted = initiation(amount=amount)
        consent = party.ask_payment(wanted, f"k{key}")
        page = party.browser.sign_in(party.address(consent, "payments"))
        # the page does not offer what has not enough: this customer knows better
        assert "余额不足" in page.body.decode()
        form = party.browser.decide(page).body  # nothing chosen
        assert "请至少选择一个账户".encode() in form
        token = party.exchange(_chosen(party, page, current["id"])).json["access_token"]
        funds = party.call(token, "GET", f"{CONSENTS}/{consent}/funds-confirmation").json["Data"]
        assert funds["FundsAvailableResult"]["FundsAvailable"] is False
        assert status(pay(party, token, consent, wanted, f"p{key}")) == ("RJCT", reason)
        assert status(pay(party, token, consent, wanted, f"p{key}")) == ("RJCT", reason)
        assert refused(pay(party, token, consent, wanted, "again")) == ("U009", "Data.ConsentId")
    assert total(house) == before


def _chosen(party: Party, page: Answer, account: str) -> str:
    action, fields = Form(page.body.decode()).forms[0]
    return str(came_back(party.browser.post(action, [*fields, ("account", account), ("decision", "allow")]))["code"])


def test_the_account_to_pay_from_can_be_said(house: BankHouse, party: Party) -> None:
    numbers = house.bank.database.read_now(
        lambda connection: connection.execute(select(accounts.c.product, accounts.c.number)).all()
    )
    mine = initiation()["CreditorAccount"]["Identification"]
    wanted = initiation(DebtorAccount={"SchemeName": "UK.OBIE.BBAN", "Identification": "6222021003983016"})
    consent, token = agreed(party, wanted)
    assert status(pay(party, token, consent, wanted)) == ("ACCC", "")
    # savings do not pay, and another's account is no customer's own
    savings = next(number for product, number in numbers if product == "SAVINGS")
    for place, number in enumerate((savings, mine)):
        wanted = initiation(DebtorAccount={"SchemeName": "UK.OBIE.BBAN", "Identification": number})
        consent = party.ask_payment(wanted, f"d{place}")
        page = party.browser.sign_in(party.address(consent, "payments")).body.decode()
        assert "无法支付" in page and "error=access_denied" in page
        found = party.call(party.own("payments"), "GET", f"{CONSENTS}/{consent}").json["Data"]
        assert (found["Status"], found["StatusReason"][0]["StatusReasonCode"]) == ("RJCT", "U021")


def test_a_payment_that_nobody_makes_cannot_be_made_for_ever(party: Party, later: Callable[[float], None]) -> None:
    consent, token = agreed(party, initiation())
    later(301)
    assert is_nobody(pay(party, token, consent, initiation()))
    later(3600)
    found = party.call(party.own("payments"), "GET", f"{CONSENTS}/{consent}").json["Data"]
    assert (found["Status"], found["StatusReason"][0]["StatusReasonCode"]) == ("RJCT", "TKXP")


def test_a_payment_survives_the_process_that_began_it(
    house: BankHouse, party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = total(house)
    wanted = initiation(amount="3.00")
    consent, token = agreed(party, wanted)

    async def dies(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(payments, "carry_out", dies)
        assert refused(pay(party, token, consent, wanted), 500) == ("U000", "")
    assert total(house) == before
    assert house.run(service.finish(house.bank)) == 1
    assert status(pay(party, token, consent, wanted)) == ("ACCC", "")
    # it died after the order was made, before that was written
    house.bank.database.write_now(
        lambda connection: connection.execute(
            update(domestic_payments).where(domestic_payments.c.consent_id == consent).values(order_id=None)
        )
    )
    assert house.run(service.finish(house.bank)) == 1 and house.run(service.finish(house.bank)) == 0
    assert status(pay(party, token, consent, wanted)) == ("ACCC", "")
    assert total(house) == before - 300
