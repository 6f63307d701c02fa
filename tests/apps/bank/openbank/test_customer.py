"""What customers see of what they allowed, and taking it back in the bank's program."""

from __future__ import annotations

from tests.apps.bank.house import BankHouse
from tests.apps.bank.openbank.party import AISP, Party
from tests.apps.bank.openbank.test_payments import agreed, pay
from tests.apps.bank.openbank.test_resources import other_phone
from tests.apps.bank.openbank.test_whole_way import initiation


def test_customers_see_what_they_allowed_and_withdraw_it(house: BankHouse, party: Party) -> None:
    assert house.get("/v1/third-parties") == {"items": [], "next": None}
    consent, tokens = party.allowed(["ReadAccountsBasic", "ReadBalances"], [0])
    party.ask()  # nobody has decided on it: it is nobody's
    paid, token = agreed(party, initiation())
    pay(party, token, paid, initiation())
    waiting, unused = agreed(party, initiation(amount="7.00"), "k2")
    refused = party.ask()
    party.browser.decide(party.browser.sign_in(party.address(refused)), "refuse")

    found = {one["id"]: one for one in house.get("/v1/third-parties")["items"]}
    assert list(found) == [refused, waiting, paid, consent]
    assert [one["state"] for one in found.values()] == ["refused", "allowed", "paid", "allowed"]
    one = found[consent]
    assert (one["name"], one["kind"], one["accounts"]) == ("Shop Ledger", "accounts", ["6222 **** **** 3016"])
    assert one["what"] == ["您有哪些账户、账户种类与币种", "余额"] and one["until"] == ""
    assert (found[paid]["amount"], found[paid]["payee"], found[paid]["what"]) == (1250, "陈默", [])
    house.language = "en"
    try:
        assert house.get("/v1/third-parties")["items"][3]["what"][1] == "balances"
    finally:
        house.language = "zh"

    assert house.call("DELETE", f"/v1/third-parties/{consent}").status == 200
    assert house.call("DELETE", f"/v1/third-parties/{waiting}").status == 200
    assert party.call(tokens["access_token"], "GET", f"{AISP}/accounts").status == 401
    assert pay(party, unused, waiting, initiation(amount="7.00"), "p2").status == 401
    states = [one["state"] for one in house.get("/v1/third-parties")["items"]]
    assert states == ["refused", "refused", "paid", "ended"]
    # what was paid stays paid
    assert house.call("DELETE", f"/v1/third-parties/{paid}").status == 200
    assert house.get("/v1/third-parties")["items"][2]["state"] == "paid"


def test_only_their_own(house: BankHouse, party: Party) -> None:
    consent, tokens = party.allowed()
    other = house.bank.database.read_now(other_phone)
    mine, signed = house.token, house.sign_in(other)
    assert signed.status == 200
    try:
        assert consent not in {one["id"] for one in house.get("/v1/third-parties")["items"]}
        assert house.call("DELETE", f"/v1/third-parties/{consent}").code == "not-found"
        assert house.call("DELETE", "/v1/third-parties/nothing").code == "not-found"
    finally:
        house.token = mine
    assert party.call(tokens["access_token"], "GET", f"{AISP}/accounts").status == 200
