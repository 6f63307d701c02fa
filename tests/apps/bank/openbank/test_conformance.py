"""What Open Banking's functional conformance suite asks of these resources, by its manifests for version 4.0.

Its program is written in Go and takes bearer tokens; its cases are judged here by third parties that prove their keys.
Of 95 cases for accounts 32 are about resources of this bank, of 29 for payments eight; two of these ask for message
signing, which this bank does not have. That answers have the shape of the specification is judged in test_document.py.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.apps.bank.house import Answer, BankHouse
from tests.apps.bank.openbank.party import AISP, PISP, Party
from tests.apps.bank.openbank.test_whole_way import initiation

BASIC, DETAIL = ["ReadAccountsBasic"], ["ReadAccountsDetail"]
BALANCES = [*BASIC, "ReadBalances"]
SIDES = ["ReadTransactionsDebits", "ReadTransactionsCredits"]
TRANSACTIONS = [*BASIC, "ReadTransactionsBasic", *SIDES]
ALL_TRANSACTIONS = [*BASIC, "ReadTransactionsDetail", "ReadTransactionsBasic", *SIDES]
ONE = "/accounts/ID"
A_MINUTE = "fromBookingDateTime=2020-04-23T15:47:00&toBookingDateTime=2020-04-23T15:48:00"
ITS_END = "fromBookingDateTime=2020-04-23T15:47:00.999&toBookingDateTime=2020-04-23T15:48:00.999"

#: case, permissions of the token (None: no token; "own": the third party's own), path, answers that it takes
ACCOUNTS: list[tuple[str, list[str] | str | None, str, tuple[int, ...]]] = [
    ("OB-400-ACC-001000", BASIC, "/foobar", (404,)),
    ("OB-400-ACC-100000", BASIC, ONE, (200,)),
    ("OB-400-ACC-100200", DETAIL, ONE, (200,)),
    ("OB-400-ACC-100300", BASIC, "/accounts", (200,)),
    ("OB-400-ACC-100400", DETAIL, "/accounts", (200,)),
    ("OB-400-ACC-100500", None, ONE, (401,)),
    ("OB-400-ACC-100600", None, "/accounts", (401,)),
    ("OB-400-ACC-100700", DETAIL, ONE, (200,)),
    ("OB-400-ACC-100800", DETAIL, "/accounts", (200,)),
    ("OB-400-ACC-101000", None, ONE, (401,)),
    ("OB-400-ACC-101100", None, "/accounts", (401,)),
    ("OB-400-ACC-101101", BASIC, f"{ONE}/foobar", (404,)),
    ("OB-313-ACC-000100", BASIC, "/accounts", (200,)),
    ("OB-400-BAL-101200", BALANCES, f"{ONE}/balances", (200,)),
    ("OB-400-BAL-101300", BALANCES, "/balances", (200,)),
    ("OB-400-BAL-101400", BASIC, f"{ONE}/balances", (400, 403)),
    ("OB-400-BAL-101500", None, "/balances", (401,)),
    ("OB-400-BAL-101600", BALANCES, "/accounts/foobar/balances", (400, 403)),
    ("OB-400-BAL-101700", "own", "/balances", (401,)),
    ("OB-400-BAL-101701", BALANCES, f"{ONE}/balances/foobar", (404,)),
    ("OB-400-BAL-101702", BALANCES, f"{ONE}/balances", (200,)),
    ("OB-400-BAL-101703", BALANCES, "/balances", (200,)),
    ("OB-400-TRA-105000", TRANSACTIONS, f"{ONE}/transactions", (200,)),
    ("OB-400-TRA-105100", ALL_TRANSACTIONS, f"{ONE}/transactions", (200,)),
    ("OB-400-TRA-105110", ALL_TRANSACTIONS, f"{ONE}/transactions?{A_MINUTE}", (200,)),
    ("OB-400-TRA-105120", ALL_TRANSACTIONS, f"{ONE}/transactions?{ITS_END}", (200,)),
    ("OB-400-TRA-105200", TRANSACTIONS, "/transactions", (200,)),
    ("OB-400-TRA-105300", None, f"{ONE}/transactions", (401,)),
    ("OB-400-TRA-105400", None, "/transactions", (401,)),
    ("OB-400-TRA-105500", TRANSACTIONS, f"{ONE}/transactions", (200,)),
    ("OB-400-TRA-105600", TRANSACTIONS, "/transactions", (200,)),
    ("OB-400-TRA-105700", ALL_TRANSACTIONS, "/accounts/foobar/transactions", (400, 403)),
]


def asked(house: BankHouse, party: Party, permissions: list[str] | str | None, path: str, given: str) -> Answer:
    """The resource under `path`, of an account that the customer chose."""
    if permissions is None:
        return house.call("GET", AISP + path.replace("ID", "foobar"), authorization="", x_fapi_interaction_id=given)
    if permissions == "own":
        return party.call(party.own(), "GET", AISP + path, x_fapi_interaction_id=given)
    assert isinstance(permissions, list)
    _, tokens = party.allowed(permissions)
    token = str(tokens["access_token"])
    if "ID" in path:
        found = party.call(token, "GET", f"{AISP}/accounts").json["Data"]["Account"]
        path = path.replace("ID", found[0]["AccountId"])
    return party.call(token, "GET", AISP + path, x_fapi_interaction_id=given)


@pytest.mark.parametrize(("case", "permissions", "path", "statuses"), ACCOUNTS, ids=[row[0] for row in ACCOUNTS])
def test_accounts(
    house: BankHouse, party: Party, case: str, permissions: list[str] | str | None, path: str, statuses: tuple[int, ...]
) -> None:
    given = str(uuid.uuid4())
    answer = asked(house, party, permissions, path, given)
    assert answer.status in statuses, (case, answer.body)
    assert answer.headers["x-fapi-interaction-id"] == given


def test_payments(party: Party) -> None:
    """OB-400-DOP-100100, -100300 to -100700: the least that a payment has, from its consent to its status."""
    wanted = initiation()
    del wanted["RemittanceInformation"]
    body: dict[str, Any] = {"Data": {"Initiation": wanted}, "Risk": {}}
    asked = party.call(party.own("payments"), "POST", f"{PISP}/domestic-payment-consents", body, x_idempotency_key="c1")
    data = asked.json["Data"]
    assert (asked.status, data["Status"]) == (201, "AWAU") and data["ConsentId"]
    assert uuid.UUID(asked.headers["x-fapi-interaction-id"])

    consent = str(data["ConsentId"])
    token = str(party.exchange(party.code(consent, "payments")).json["access_token"])
    path = f"{PISP}/domestic-payment-consents/{consent}"
    allowed = party.call(party.own("payments"), "GET", path)
    assert (allowed.status, allowed.json["Data"]["Status"]) == (200, "AUTH")
    assert uuid.UUID(allowed.headers["x-fapi-interaction-id"])
    funds = party.call(token, "GET", f"{path}/funds-confirmation")
    assert (funds.status, funds.json["Data"]["FundsAvailableResult"]["FundsAvailable"]) == (200, True)

    body["Data"]["ConsentId"] = consent
    paid = party.call(token, "POST", f"{PISP}/domestic-payments", body, x_idempotency_key="p1")
    assert paid.status == 201, paid.body
    seen = party.call(
        party.own("payments"), "GET", f"{PISP}/domestic-payments/{paid.json['Data']['DomesticPaymentId']}"
    )
    assert seen.status == 200, seen.body
