"""The whole way of a third party: registered, asks, its customer decides on the bank's pages, reads and pays."""

from __future__ import annotations

from typing import Any

import pytest

from bank.openbank import accounts
from bank.openbank.values import cents_of
from tests.apps.bank.house import BankHouse
from tests.apps.bank.openbank.party import AISP, ISSUER, PISP, Party, came_back


def initiation(number: str = "6222021003981175", amount: str = "12.50", **more: Any) -> dict[str, Any]:
    return {
        "InstructionIdentification": "shop-1",
        "EndToEndIdentification": "order-4711",
        "InstructedAmount": {"Amount": amount, "Currency": "CNY"},
        "CreditorAccount": {"SchemeName": "UK.OBIE.BBAN", "Identification": number, "Name": "陈默"},
        "RemittanceInformation": {"Unstructured": ["Invoice 4711"]},
    } | more


def test_reading_accounts(house: BankHouse, party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "PAGE", 15)
    consent = party.ask()
    waiting = party.call(party.own(), "GET", f"{AISP}/account-access-consents/{consent}").json["Data"]
    assert (waiting["Status"], waiting["StatusReason"][0]["StatusReasonCode"]) == ("AWAU", "U036")

    first = party.browser.get(party.address(consent))
    html = first.body.decode()
    assert first.status == 200 and "Shop Ledger" in html and "ledger.example" in html and "余额" in html
    assert "<script" not in html and "style=" not in html
    assert "form-action 'self' https://ledger.example" in first.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in first.headers["content-security-policy"]

    page = party.browser.sign_in(party.address(consent))
    assert page.status == 200 and "林**" in page.body.decode() and "活期储蓄" in page.body.decode()
    back = came_back(party.browser.decide(page, accounts=[0, 1]))
    assert back["state"] == "s1" and back["iss"] == ISSUER
    tokens = party.exchange(back["code"]).json
    assert tokens["token_type"] == "DPoP" and tokens["expires_in"] == 300 and tokens["refresh_token"]

    token = tokens["access_token"]
    listed = party.call(token, "GET", f"{AISP}/accounts").json
    assert [account["AccountTypeCode"] for account in listed["Data"]["Account"]] == ["CACC", "SVGS"]
    account = listed["Data"]["Account"][0]
    assert account["Account"] == [
        {"SchemeName": "UK.OBIE.BBAN", "Identification": "6222021003983016", "Name": "林晓雨"}
    ]
    assert listed["Links"] == {"Self": f"{ISSUER}{AISP}/accounts"}
    identifier = account["AccountId"]
    assert party.call(token, "GET", f"{AISP}/accounts/{identifier}").json["Data"]["Account"] == [account]

    mine = {one["id"]: one for one in house.get("/v1/overview")["accounts"]}
    balances = party.call(token, "GET", f"{AISP}/accounts/{identifier}/balances").json["Data"]["Balance"]
    assert {balance["Type"]: balance["Amount"]["Amount"] for balance in balances} == {
        "ITBD": f"{mine[identifier]['balance'] / 100:.2f}", "ITAV": f"{mine[identifier]['balance'] / 100:.2f}"
    }  # fmt: skip

    lines, path = [], f"{AISP}/accounts/{identifier}/transactions"
    while path:
        answer = party.call(token, "GET", path)
        assert answer.status == 200, answer.body
        lines += answer.json["Data"]["Transaction"]
        path = answer.json["Links"].get("Next", "").removeprefix(ISSUER)
    signs = {"Credit": 1, "Debit": -1}
    total = sum(signs[line["CreditDebitIndicator"]] * (cents_of(line["Amount"]["Amount"]) or 0) for line in lines)
    assert len({line["TransactionId"] for line in lines}) == len(lines) > 30
    assert total == mine[identifier]["balance"]

    allowed = party.call(party.own(), "GET", f"{AISP}/account-access-consents/{consent}").json["Data"]
    assert allowed["Status"] == "AUTH" and "StatusReason" not in allowed
    told = house.get("/v1/messages")["items"][0]
    assert told["kind"] == "security" and "Shop Ledger" in told["text"]


def test_paying(house: BankHouse, party: Party) -> None:
    wanted = initiation()
    consent = party.ask_payment(wanted)
    page = party.browser.sign_in(party.address(consent, "payments"))
    html = page.body.decode()
    assert all(text in html for text in ("12.50", "陈默", "6222021003981175", "Invoice 4711", "伊甸银行"))
    back = came_back(party.browser.decide(page, accounts=[0]))
    tokens = party.exchange(back["code"]).json
    assert "refresh_token" not in tokens
    token = tokens["access_token"]
    funds = party.call(token, "GET", f"{PISP}/domestic-payment-consents/{consent}/funds-confirmation").json
    assert funds["Data"]["FundsAvailableResult"]["FundsAvailable"] is True

    before = house.get("/v1/overview")["total"]
    order = {"Data": {"ConsentId": consent, "Initiation": wanted}, "Risk": {}}
    first = party.call(token, "POST", f"{PISP}/domestic-payments", order, x_idempotency_key="p1")
    again = party.call(token, "POST", f"{PISP}/domestic-payments", order, x_idempotency_key="p1")
    assert (first.status, first.json["Data"]["Status"]) == (201, "ACCC"), first.body
    assert again.json == first.json
    assert house.get("/v1/overview")["total"] == before - 1250
    line = house.get("/v1/transactions")["items"][0]
    assert (line["amount"], line["name"], line["note"]) == (-1250, "陈默", "Invoice 4711")
    payment = first.json["Data"]["DomesticPaymentId"]
    found = party.call(party.own("payments"), "GET", f"{PISP}/domestic-payments/{payment}").json
    assert found["Data"] == first.json["Data"] and found["Data"]["Initiation"] == wanted
    done = party.call(party.own("payments"), "GET", f"{PISP}/domestic-payment-consents/{consent}").json
    assert done["Data"]["Status"] == "COND"
    # the payee is not the customer's from now on
    assert "4711" not in str(house.get("/v1/payees"))


def test_refusing(house: BankHouse, party: Party) -> None:
    consent = party.ask()
    back = came_back(party.browser.decide(party.browser.sign_in(party.address(consent)), "refuse"))
    assert back == {"kind": "bank", "error": "access_denied", "state": "s1", "iss": ISSUER}
    found = party.call(party.own(), "GET", f"{AISP}/account-access-consents/{consent}").json["Data"]
    assert (found["Status"], found["StatusReason"][0]["StatusReasonCode"]) == ("RJCT", "U037")
    assert party.push(consent).json["error"] == "invalid_request"
