"""From a printed code to money in the account, and back."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import itertools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection

from bank.centres import products
from bank.centres.accounting import DAY_STARTS, INTEREST_INCOME, REPAYMENTS, balances, general
from bank.centres.contracts import KIND as CONTRACT
from bank.centres.lending import Lending
from bank.credit.decide import Decision, reproduce
from bank.ledger.audit import check_invariants
from bank.ledger.ledger import Ledger
from bank.loans.daycount import DayCount
from bank.tables import applications, customers
from bank.times import day_of
from eden.base.ids import now
from tests.apps.bank.house import Answer, BankHouse, open_bank

WANTED: dict[str, Any] = {"product": "SHOP", "amount": 5_000_000, "term": 12, "agreed": True}
#: days: of a customer whom the rules let through
HISTORY = 500
#: instalment of 50,000.00 at 4.80 % over 12 months
INSTALMENT = 427_579


def apply(house: BankHouse, key: str = "k1", **other: Any) -> Answer:
    return house.call("POST", "/v1/loan-applications", WANTED | other, idempotency_key=key)


def sign(house: BankHouse, application: str) -> Answer:
    return house.call("POST", f"/v1/loan-applications/{application}/contract", {"agreed": True})


def repay(house: BankHouse, loan: str, amount: int, key: str = "r1") -> Answer:
    return house.call("POST", f"/v1/loans/{loan}/repayments", {"amount": amount}, idempotency_key=key)


@pytest.fixture
def rich(tmp_path: Path) -> Iterator[BankHouse]:
    """With a customer whom the bank has known for long."""
    with open_bank(tmp_path, 2, HISTORY) as house:
        house.sign_in()
        yield house


def test_a_code_leads_to_an_offer(house: BankHouse) -> None:
    assert house.call("GET", "/v1/loan-products/nothing").code == "unknown-code"
    offer = house.get("/v1/loan-products/eden-shop-2026")
    assert offer["product"]["code"] == "SHOP" and 24 in offer["terms"]


def test_what_a_loan_would_take_is_said_before(house: BankHouse) -> None:
    """By the product's own way of counting."""
    path = "/v1/loan-products/eden-shop-2026/plan"
    for query, code in (
        ("amount=5000000&term=7", "bad-term"), ("amount=1&term=12", "bad-amount"), ("term=12", "invalid"),
        ("amount=5000000&term=x", "invalid"),
    ):  # fmt: skip
        assert house.call("GET", f"{path}?{query}").code == code
    assert house.call("GET", "/v1/loan-products/nothing/plan?amount=5000000&term=12").code == "unknown-code"
    plan = house.get(f"{path}?amount=5000000&term=12")
    assert plan["payment"] == INSTALMENT == plan["schedule"][0]["principal"] + plan["schedule"][0]["interest"]
    assert plan["interest"] == sum(row["interest"] for row in plan["schedule"])
    assert len(plan["schedule"]) == 12 and sum(row["principal"] for row in plan["schedule"]) == 5_000_000

    def change(connection: Connection) -> None:
        shop = msgspec.structs.replace(products.FIRST["SHOP"], method="bullet", day_count=DayCount.ACTUAL_360)
        products.do_change(connection, "SHOP", 1, shop, "zhao.min")

    house.bank.database.write_now(change)
    rows = house.get(f"{path}?amount=5000000&term=12")["schedule"]
    assert [row["principal"] for row in rows] == [0] * 11 + [5_000_000]
    # 4.80 % for each day of a year of 360
    days = [datetime.date.fromisoformat(row["due"]) for row in rows]
    spans = [(b - a).days for a, b in itertools.pairwise([day_of(now()), *days])]
    assert [row["interest"] for row in rows] == [round(Fraction(5_000_000 * 480 * span, 3_600_000)) for span in spans]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"agreed": False}, "not-agreed"), ({"term": 7}, "bad-term"),
        ({"product": "CURRENT"}, "no-product"), ({"product": "X"}, "no-product"), ({"amount": 1}, "bad-amount"),
    ],
)  # fmt: skip
def test_applications_that_are_none(house: BankHouse, wrong: dict[str, Any], code: str) -> None:
    assert apply(house, **wrong).code == code
    assert house.get("/v1/loan-applications")["items"] == []


def test_the_line_moves_by_itself(rich: BankHouse) -> None:
    house = rich
    before = house.get("/v1/overview")["accounts"][0]["balance"]
    application = apply(house).json
    assert (application["state"], application["offer"]["payment"]) == ("offered", INSTALMENT)
    # with monthly interest the effective rate is a little above the nominal one
    assert application["offer"]["rate_bp"] < application["offer"]["apr_bp"] < 500
    assert apply(house).json == application
    assert apply(house, term=24).code == "key-used"

    path = f"/v1/loan-applications/{application['id']}"
    assert house.call("POST", f"{path}/contract", {"agreed": False}).code == "not-agreed"
    loan = sign(house, application["id"]).json
    assert (loan["state"], loan["owed"], loan["next"]["principal"] + loan["next"]["interest"]) == (
        "active", 5_000_000, INSTALMENT,
    )  # fmt: skip
    assert sign(house, application["id"]).json == loan
    assert house.get(path)["state"] == "paid"
    account = house.get("/v1/overview")["accounts"][0]
    assert (account["balance"], account["pending"]) == (before + 5_000_000, 0)
    newest = house.get("/v1/transactions")["items"][0]
    assert (newest["kind"], newest["amount"], newest["state"]) == ("loan", 5_000_000, "posted")
    titles = [message["title"] for message in house.get("/v1/messages")["items"][:3]]
    assert titles == ["贷款已放款", "贷款已批准", "贷款申请已受理"]


def test_the_contract_is_in_the_ledgers_tree(rich: BankHouse) -> None:
    house = rich
    loan = sign(house, apply(house).json["id"]).json
    contract = house.call("GET", f"/v1/loans/{loan['id']}/contract")
    assert contract.body.startswith(b"%PDF") and hashlib.sha256(contract.body).hexdigest() == loan["contract"]
    receipt = house.run(house.bank.ledger.note_receipt(CONTRACT, loan["number"]))
    assert loan["contract"] in str(receipt)


def test_a_loan_comes_back(rich: BankHouse) -> None:
    house = rich
    loan = sign(house, apply(house).json["id"]).json["id"]
    assert repay(house, loan, 0).code == "bad-amount"
    assert repay(house, loan, 5_000_001).code == "too-much-repaid"
    part = repay(house, loan, 1_000_000).json
    assert (part["owed"], part["payoff"]) == (4_000_000, 4_000_000)
    assert part["next"]["interest"] < 20_000
    assert repay(house, loan, 1_000_000).json == part
    assert repay(house, loan, 1_000_001).code == "key-used"
    over = repay(house, loan, 4_000_000, key="r2").json
    assert (over["state"], over["owed"], over["next"]) == ("closed", 0, None)
    assert all(row["state"] == "paid" for row in over["schedule"])
    assert repay(house, loan, 1, key="r3").code == "no-loan"
    assert "40,000.00" in house.get("/v1/messages")["items"][0]["text"]
    assert [one["state"] for one in house.get("/v1/loans")["items"]] == ["closed"]

    async def check() -> None:
        found = await balances(house.bank.ledger, [general(REPAYMENTS), general(INTEREST_INCOME)])
        assert found[general(REPAYMENTS)].net == 0
        await check_invariants(house.bank.ledger.store, day_starts=DAY_STARTS)

    house.run(check())


def test_interest_runs_by_the_day(rich: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    house = rich
    loan = sign(house, apply(house).json["id"]).json
    later = now() + 12 * 86_400_000_000
    monkeypatch.setattr("bank.centres.lending.now", lambda: later)
    there = house.get(f"/v1/loans/{loan['id']}")
    interest = there["payoff"] - 5_000_000
    assert 7_000 < interest < 9_000
    assert repay(house, loan["id"], there["payoff"]).json["state"] == "closed"
    found = house.run(balances(house.bank.ledger, [general(INTEREST_INCOME)]))
    assert found[general(INTEREST_INCOME)].net == interest


def test_nobody_repays_what_they_have_not(rich: BankHouse) -> None:
    house = rich
    loan = sign(house, apply(house).json["id"]).json["id"]
    overview = house.get("/v1/overview")["accounts"]
    current, shop = overview[0], overview[2]
    wanted = {"account": current["id"], "to": shop["id"], "amount": current["balance"]}
    assert house.call("POST", "/v1/transfers", wanted, idempotency_key="empty").status == 200
    assert repay(house, loan, 100).code == "insufficient-funds"
    assert house.get(f"/v1/loans/{loan}")["owed"] == 5_000_000


def test_loans_are_nobody_elses(rich: BankHouse) -> None:
    house = rich
    application = apply(house).json["id"]
    loan = sign(house, application).json["id"]
    other = house.bank.database.read_now(
        lambda connection: connection.execute(customers.select().where(customers.c.name == "陈默")).one().phone
    )
    house.sign_in(phone=other)
    assert house.call("GET", f"/v1/loan-applications/{application}").code == "not-found"
    assert sign(house, application).code == "not-found"
    for path in ("", "/contract"):
        assert house.call("GET", f"/v1/loans/{loan}{path}").code == "no-loan"
    assert repay(house, loan, 1).code == "no-loan"


@pytest.mark.parametrize("step", ["open_accounts", "note", "settle"])
def test_a_process_that_dies_pays_out_once(tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the loan's account is there, before the contract is in the tree, before the money has moved."""

    async def die(*_: Any, **__: Any) -> None:
        raise asyncio.CancelledError

    place: dict[str, Any] = {"note": Ledger, "settle": None, "open_accounts": None}
    with open_bank(tmp_path, 2, HISTORY) as house:
        house.sign_in()
        before = house.get("/v1/overview")["accounts"][0]["balance"]
        application = apply(house).json["id"]
        with monkeypatch.context() as patch:
            if step == "open_accounts":
                patch.setattr("bank.centres.lending.open_accounts", die)
            else:
                patch.setattr(place[step] or type(house.bank.payments), step, die)
            with pytest.raises(asyncio.CancelledError):
                sign(house, application)
    with open_bank(tmp_path) as house:
        house.sign_in()
        assert house.run(house.bank.lending.finish()) == 0
        account = house.get("/v1/overview")["accounts"][0]
        assert (account["balance"], account["pending"]) == (before + 5_000_000, 0)
        assert sign(house, application).json["state"] == "active"
        assert isinstance(house.bank.lending, Lending)


def test_a_decision_can_be_made_again_by_its_trace(rich: BankHouse) -> None:
    apply(rich)
    row = rich.bank.database.read_now(lambda connection: connection.execute(applications.select()).one())
    made = msgspec.convert(row.detail["decision"], Decision)
    assert reproduce(made.trace) == made
    assert made.trace.data.cash_flow.inflows[0] > 0 and made.trace.data.has_consent


def test_no_two_applications_have_a_number(rich: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter((7, 7, 7, 8))
    monkeypatch.setattr("bank.centres.numbers.secrets.randbelow", lambda _: next(drawn))
    found = [apply(rich, key).json["number"] for key in ("k1", "k2")]
    assert [number[-6:] for number in found] == ["000007", "000008"]


def test_another_loan_is_carried_beside_the_first(rich: BankHouse) -> None:
    sign(rich, apply(rich).json["id"])
    apply(rich, key="k2")
    rows = rich.bank.database.read_now(lambda connection: connection.execute(applications.select()).all())
    seen = [msgspec.convert(row.detail["decision"], Decision).trace.data for row in rows]
    assert [(data.owed, data.burden) for data in seen] == [(0, 0), (5_000_000, INSTALMENT)]


def test_what_prepaying_would_save(rich: BankHouse) -> None:
    house = rich
    loan = sign(house, apply(house).json["id"]).json["id"]
    path = f"/v1/loans/{loan}/prepayment?amount="
    part = house.get(f"{path}1000000")
    assert (part["principal"], part["interest"], part["fee"]) == (1_000_000, 0, 0)
    # what is prepaid counts for the next instalment's principal, too
    assert 17_000 < part["saved"] < 20_000
    assert part["payment_after"] < part["payment_before"] == INSTALMENT
    assert part["ends_after"] == part["ends_before"]
    whole = house.get(f"{path}{part['payoff']}")
    assert (whole["principal"], whole["payment_after"]) == (5_000_000, 0)
    assert whole["ends_after"] == day_of(now()).isoformat()
    assert whole["saved"] > 5 * part["saved"] - 10
    assert house.call("GET", f"{path}0").code == "bad-amount"
    assert house.call("GET", f"{path}x").code == "invalid"
    assert house.call("GET", f"{path}{part['payoff'] + 1}").code == "too-much-repaid"
    assert house.get(f"/v1/loans/{loan}")["owed"] == 5_000_000
