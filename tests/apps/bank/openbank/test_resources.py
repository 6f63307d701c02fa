"""What a token opens and what it does not: proofs, consents, permissions, other people's accounts, shapes of errors."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import Connection, select

from bank.openbank import consents
from bank.tables import customers
from eden.base.ids import now
from tests.apps.bank.house import Answer, BankHouse
from tests.apps.bank.openbank.party import AISP, ISSUER, PISP, Browser, Party, challenge

Later = Callable[[float], None]
ACCOUNTS = f"{AISP}/accounts"


def refused(answer: Answer, status: int = 400) -> tuple[str, str]:
    """Code and path of an OBErrorResponse1."""
    assert answer.status == status, answer.body
    told = answer.json
    assert set(told) == {"Code", "Id", "Message", "Errors"} and told["Code"] == str(status)
    assert told["Id"] == answer.headers["x-fapi-interaction-id"]
    (error,) = told["Errors"]
    assert len(error["ErrorCode"]) == 4 and error["Message"] == told["Message"]
    return error["ErrorCode"], error.get("Path", "")


def is_nobody(answer: Answer) -> bool:
    """401 as the specification has it: without an error of its own."""
    return answer.status == 401 and answer.body == b"" and answer.headers["www-authenticate"].startswith("DPoP ")


def test_a_token_alone_opens_nothing(house: BankHouse, party: Party) -> None:
    _, tokens = party.allowed()
    token = tokens["access_token"]
    good = party.proof("GET", ACCOUNTS, token)
    header = {"typ": "dpop+jwt", "jwk": party.dpop_key.as_dict(private=False)}
    claims = {
        "htm": "GET",
        "htu": ISSUER + ACCOUNTS,
        "jti": str(uuid.uuid4()),
        "iat": party.at,
        "ath": challenge(token),
    }
    private = party.dpop_key.as_dict(private=True)
    short = RSAKey.generate_key(2048)
    assert party.call(token, "GET", ACCOUNTS, dpop=good).status == 200
    proofs = {
        "replayed": good,
        "nothing": "x",
        "no signature": ".".join([*good.split(".")[:2], ""]),
        "another method": party.proof("POST", ACCOUNTS, token),
        "another path": party.proof("GET", f"{AISP}/balances", token),
        "another host": party.proof("GET", ACCOUNTS, token, htu="https://evil.example" + ACCOUNTS),
        "no token": party.proof("GET", ACCOUNTS),
        "another token": party.proof("GET", ACCOUNTS, "other"),
        "another key": party.proof("GET", ACCOUNTS, token, key=ECKey.generate_key("P-256")),
        "too old": party.proof("GET", ACCOUNTS, token, iat=party.at - 120),
        "not yet": party.proof("GET", ACCOUNTS, token, iat=party.at + 120),
        "no time": party.proof("GET", ACCOUNTS, token, iat="now"),
        "no id": party.proof("GET", ACCOUNTS, token, jti=""),
        "another type": jwt.encode(header | {"alg": "ES256", "typ": "JWT"}, claims, party.dpop_key),
        "a private key": jwt.encode(header | {"alg": "ES256", "jwk": private}, claims, party.dpop_key),
        "another curve": jwt.encode(
            header | {"alg": "ES384"}, claims, ECKey.generate_key("P-384"), algorithms=["ES384"]
        ),
        "another's signature": jwt.encode(header | {"alg": "ES256"}, claims, ECKey.generate_key("P-256")),
        "another algorithm": jwt.encode(header | {"alg": "RS256", "jwk": short.as_dict(private=False)}, claims, short),
    }
    for name, proof in proofs.items():
        assert is_nobody(party.call(token, "GET", ACCOUNTS, dpop=proof)), name
    assert is_nobody(house.call("GET", ACCOUNTS, authorization=f"DPoP {token}"))
    assert is_nobody(party.call(token, "GET", ACCOUNTS, authorization=f"Bearer {token}"))
    assert is_nobody(party.call(token, "GET", ACCOUNTS, authorization=""))
    assert is_nobody(party.call("other", "GET", ACCOUNTS))
    # scheme and host are compared by their rules, and the query is no part of it
    proof = party.proof("GET", ACCOUNTS, token, htu="HTTPS://BANK.example" + ACCOUNTS)
    assert party.call(token, "GET", ACCOUNTS + "?a=1", dpop=proof).status == 200


def test_a_token_is_of_one_client_and_one_use(house: BankHouse, party: Party, later: Later) -> None:
    thief = Party(house, "Thief")
    consent, tokens = party.allowed()
    token = tokens["access_token"]
    assert is_nobody(thief.call(token, "GET", ACCOUNTS))
    # what another asked for stays theirs, whatever token asks
    path = f"{AISP}/account-access-consents/{consent}"
    assert refused(thief.call(thief.own(), "GET", path), 403) == ("U008", "ConsentId")
    assert refused(thief.call(thief.own(), "DELETE", path), 403) == ("U008", "ConsentId")
    # own tokens open consents, customers' tokens open accounts
    assert is_nobody(party.call(party.own(), "GET", ACCOUNTS))
    assert is_nobody(party.call(token, "GET", path))
    assert refused(party.call(party.own("payments"), "GET", path), 403) == ("U008", "")
    assert refused(party.call(token, "POST", f"{PISP}/domestic-payments", {}, x_idempotency_key="k"), 403) == (
        "U008",
        "",
    )
    later(301)
    assert is_nobody(party.call(token, "GET", ACCOUNTS))


def test_only_the_accounts_that_were_chosen(house: BankHouse, party: Party) -> None:
    _, tokens = party.allowed(accounts=[0])
    token = tokens["access_token"]
    mine = [account["id"] for account in house.get("/v1/overview")["accounts"]]
    phone = house.bank.database.read_now(other_phone)
    other = Party(house, "Other")
    other.browser = Browser(house, phone)
    _, others = other.allowed()
    theirs = other.call(others["access_token"], "GET", ACCOUNTS).json["Data"]["Account"][0]["AccountId"]
    listed = party.call(token, "GET", ACCOUNTS).json["Data"]["Account"]
    assert [account["AccountId"] for account in listed] == [mine[0]]
    # not chosen, another's, not there: all the same
    for account in (mine[1], theirs, "0" * 32):
        for path in (f"{ACCOUNTS}/{account}", f"{ACCOUNTS}/{account}/balances", f"{ACCOUNTS}/{account}/transactions"):
            assert refused(party.call(token, "GET", path), 403) == ("U008", "AccountId")
    for path in (f"{AISP}/balances", f"{AISP}/transactions"):
        (kind,) = [value for value in party.call(token, "GET", path).json["Data"].values() if isinstance(value, list)]
        assert {line["AccountId"] for line in kind} == {mine[0]}


def other_phone(connection: Connection) -> str:
    return str(connection.execute(select(customers.c.phone).order_by(customers.c.phone.desc())).scalar())


def test_only_what_was_permitted(house: BankHouse, party: Party) -> None:
    def lines(*permissions: str) -> list[dict[str, Any]]:
        _, tokens = party.allowed(["ReadAccountsBasic", *permissions])
        found = party.call(tokens["access_token"], "GET", f"{AISP}/transactions").json["Data"]["Transaction"]
        assert found
        return list(found)

    basic = "ReadTransactionsBasic"
    hidden = {"TransactionInformation", "CreditorAccount", "DebtorAccount"}
    both = lines(basic, "ReadTransactionsCredits", "ReadTransactionsDebits")
    assert {line["CreditDebitIndicator"] for line in both} == {"Credit", "Debit"}
    assert not any(hidden & set(line) for line in both)
    assert {line["CreditDebitIndicator"] for line in lines(basic, "ReadTransactionsCredits")} == {"Credit"}
    outgoing = lines("ReadTransactionsDetail", "ReadTransactionsDebits")
    assert all(line["CreditorAccount"]["Name"] and "DebtorAccount" not in line for line in outgoing)

    _, tokens = party.allowed(["ReadAccountsBasic"])
    token = tokens["access_token"]
    account = party.call(token, "GET", ACCOUNTS).json["Data"]["Account"][0]
    assert "Account" not in account
    for path in (f"{AISP}/balances", f"{AISP}/transactions", f"{ACCOUNTS}/{account['AccountId']}/balances"):
        assert refused(party.call(token, "GET", path), 403) == ("U008", "")


@pytest.mark.parametrize(
    "permissions",
    [
        [], ["ReadBalances"], ["ReadAccountsBasic", "ReadTransactionsBasic"], ["ReadAccountsBasic", "ReadPAN"],
        ["ReadAccountsBasic", "ReadTransactionsCredits"], ["ReadAccountsBasic", "Everything"], "ReadAccountsBasic",
        None,
    ],
)  # fmt: skip
def test_permissions_that_nobody_can_ask_for(party: Party, permissions: Any) -> None:
    body = {"Data": {"Permissions": permissions}, "Risk": {}}
    code, path = refused(party.call(party.own(), "POST", f"{AISP}/account-access-consents", body))
    assert code == "U002" and path.startswith("Data.Permissions")


def test_bodies_that_are_not_taken(party: Party) -> None:
    path, good = f"{AISP}/account-access-consents", {"Permissions": ["ReadAccountsBasic"]}
    token = party.own()

    def consent(**data: str) -> dict[str, Any]:
        return {"Data": good | data, "Risk": {}}

    backwards = {
        "TransactionFromDateTime": "2026-02-01T00:00:00Z",
        "TransactionToDateTime": "2026-01-01T00:00:00Z",
    }
    bodies: list[tuple[Any, str, str]] = [
        (b"{", "U010", ""),
        (b"", "U010", ""),
        (b"[]", "U002", ""),
        (b'{"Data": "\\u0000"}', "U002", ""),
        ({"Risk": {}}, "U004", "Data"),
        ({"Data": good}, "U004", "Risk"),
        ({"Data": {}, "Risk": {}}, "U004", "Data.Permissions"),
        ({"Data": good, "Risk": {"a": 1}}, "U005", "Risk.a"),
        (consent() | {"More": 1}, "U005", "More"),
        (consent(ExpirationDateTime="2020-01-01T00:00:00Z"), "U003", "Data.ExpirationDateTime"),
        (consent(ExpirationDateTime="tomorrow"), "U002", "Data.ExpirationDateTime"),
        (consent(ExpirationDateTime="2050-01-01T00:00:00"), "U002", "Data.ExpirationDateTime"),
        (consent(TransactionToDateTime="9999-12-31T23:59:59Z"), "U003", "Data"),
        (consent(**backwards), "U003", "Data.TransactionToDateTime"),
    ]
    for body, code, place in bodies:
        assert refused(party.call(token, "POST", path, body)) == (code, place), body
    assert party.call(token, "POST", path, b"{}", content_type="text/plain").status == 415
    assert party.call(token, "PUT", path, b"{}").status == 405
    assert party.call(token, "GET", f"{AISP}/standing-orders").status == 404
    assert refused(party.call(token, "GET", f"{path}/nothing")) == ("U011", "ConsentId")


def test_the_interaction_is_played_back(party: Party) -> None:
    given = str(uuid.uuid4())
    _, tokens = party.allowed()
    for token, status in ((tokens["access_token"], 200), ("other", 401)):
        answer = party.call(token, "GET", ACCOUNTS, x_fapi_interaction_id=given)
        assert (answer.status, answer.headers["x-fapi-interaction-id"]) == (status, given)
    made = party.call("other", "GET", ACCOUNTS, x_fapi_interaction_id="no uuid").headers["x-fapi-interaction-id"]
    assert str(uuid.UUID(made)) == made


def test_the_period_of_a_consent_and_of_a_question(house: BankHouse, party: Party, later: Later) -> None:
    _, tokens = party.allowed()
    path = f"{AISP}/transactions"
    everything = party.call(tokens["access_token"], "GET", path).json["Data"]["Transaction"]
    days = sorted({line["BookingDateTime"][:10] for line in everything})
    start, end = days[len(days) // 3], days[2 * len(days) // 3]

    def between(token: str, query: str = "") -> list[str]:
        found = party.call(token, "GET", path + query).json["Data"]["Transaction"]
        return [line["TransactionId"] for line in found]

    wanted = [line["TransactionId"] for line in everything if start <= line["BookingDateTime"][:10] < end]
    # the zone is not looked at, as the specification has it
    for query in (
        f"?fromBookingDateTime={start}&toBookingDateTime={end}",
        f"?fromBookingDateTime={start}T00:00:00-11:00&toBookingDateTime={end}T00:00:00Z",
    ):
        assert between(tokens["access_token"], query) == wanted
    period = {"TransactionFromDateTime": f"{start}T00:00:00+08:00", "TransactionToDateTime": f"{end}T00:00:00+08:00"}
    _, narrow = party.allowed(data=period)
    assert between(narrow["access_token"]) == wanted
    assert between(narrow["access_token"], "?fromBookingDateTime=2000-01-01") == wanted
    later(10)  # a fresh second for the rate
    for query, code in (
        ("fromBookingDateTime=x", "U003"),
        ("toBookingDateTime=0001-01-01", "U003"),
        ("page=x", "U002"),
    ):
        answer = party.call(narrow["access_token"], "GET", f"{path}?{query}")
        assert refused(answer) == (code, query.partition("=")[0])


def test_a_consent_that_has_ended_opens_nothing(house: BankHouse, party: Party, later: Later) -> None:
    until = datetime.datetime.fromtimestamp(party.at + 100, datetime.UTC).isoformat()
    consent, tokens = party.allowed(data={"ExpirationDateTime": until})
    path = f"{AISP}/account-access-consents/{consent}"
    later(120)
    # the one 401 that says why
    assert refused(party.call(tokens["access_token"], "GET", ACCOUNTS), 401) == ("TKXP", "")
    found = party.call(party.own(), "GET", path).json["Data"]
    assert (found["Status"], found["StatusReason"][0]["StatusReasonCode"]) == ("EXPD", "TKXP")

    # withdrawn by the third party
    consent, tokens = party.allowed()
    path = f"{AISP}/account-access-consents/{consent}"
    assert party.call(party.own(), "DELETE", path).status == 204
    assert is_nobody(party.call(tokens["access_token"], "GET", ACCOUNTS))
    assert party.call(party.own(), "GET", path).json["Data"]["Status"] == "CANC"
    # withdrawn by the customer
    consent, tokens = party.allowed()
    customer = house.get("/v1/me/view")["id"]
    house.bank.database.write_now(lambda connection: consents.do_withdraw(connection, customer, consent, now()))
    assert is_nobody(party.call(tokens["access_token"], "GET", ACCOUNTS))
    refresh = party.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refresh.json["error"] == "invalid_grant"


def test_nobody_decides_for_ever(party: Party, later: Later) -> None:
    consent = party.ask()
    address = party.address(consent)
    later(601)
    assert party.browser.get(address).status == 400
    later(86_400)
    found = party.call(party.own(), "GET", f"{AISP}/account-access-consents/{consent}").json["Data"]
    assert (found["Status"], found["StatusReason"][0]["StatusReasonCode"]) == ("RJCT", "U036")
    assert party.push(consent).json["error"] == "invalid_request"


def test_too_many_requests(house: BankHouse, party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    _, tokens = party.allowed(["ReadAccountsBasic"])
    at = now()
    monkeypatch.setattr(house.server.openbank.gate, "clock", lambda: at)
    answers = [party.call(tokens["access_token"], "GET", ACCOUNTS) for _ in range(101)]
    assert answers[0].status == 200 and answers[-1].status == 429
    assert answers[-1].headers["retry-after"] == "1" and answers[-1].body == b""
