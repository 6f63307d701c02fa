"""Nobody reaches what is another customer's: every route is walked with another's session and ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select

from bank import mobile
from bank.tables import accounts, customers
from eden.base.ids import new_id
from tests.apps.bank.house import Answer, BankHouse, open_bank
from tests.apps.bank.openbank.party import ISSUER, Party
from tests.apps.bank.test_applying_papers import PICTURE, begin, show
from tests.apps.bank.test_applying_worklist import apply
from tests.apps.bank.test_claims import file

NOBODYS = "f" * 32
KEY = new_id()
#: routes whose variables name nobody's: what is offered to all, one's own month, one's own word
OF_ALL = {
    ("GET", "/v1/loan-products/{code}"), ("GET", "/v1/loan-products/{code}/plan"), ("GET", "/v1/bills/{month}"),
    ("GET", "/v1/specimens/{kind}"), ("GET", "/v1/shops/{number}"), ("PUT", "/v1/me/consents/{purpose}"),
    ("DELETE", "/v1/me/consents/{purpose}"),
}  # fmt: skip


class Things(NamedTuple):
    """Ids of what a customer has."""

    customer: str
    account: str
    shop: str
    payee: str
    transaction: str
    message: str
    application: str
    begun: str
    loan: str
    consent: str


class Attempt(NamedTuple):
    """A request for the things of somebody; the path after the method has them in it."""

    route: tuple[str, str]
    path: str
    body: Any = None


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BankHouse]:
    with open_bank(tmp_path_factory.mktemp("bank"), 2, 500, address=ISSUER) as house:
        house.sign_in()
        yield house


@pytest.fixture(scope="module")
def own(house: BankHouse) -> Things:
    """The first customer has one of everything."""
    begun = begin(house)["id"]
    assert show(house, begun, "id-front").status == 200
    sign = {"agreed": True}
    lent = apply(house, "k1").json["id"]
    loan = house.call("POST", f"/v1/loan-applications/{lent}/contract", sign).json["id"]
    application = apply(house, "k2", amount=1_000_000).json["id"]
    consent, _ = Party(house).allowed()
    assert file(house).status == 200
    held = {one["product"]: one["id"] for one in house.get("/v1/accounts")["items"]}
    return Things(
        house.get("/v1/me")["id"],
        held["CURRENT"],
        held["MERCHANT"],
        house.get("/v1/payees")["items"][1]["id"],
        house.get("/v1/transactions?text=示例科技")["items"][0]["id"],
        house.get("/v1/messages")["items"][0]["id"],
        application,
        begun,
        loan,
        consent,
    )


@pytest.fixture(scope="module")
def other(house: BankHouse, own: Things) -> str:
    """Another customer's token."""
    phone = house.bank.database.read_now(
        lambda connection: connection.execute(select(customers.c.phone).where(customers.c.name == "陈默")).scalar_one()
    )
    mine = house.token
    assert house.sign_in(phone=phone).status == 200
    theirs, house.token = house.token, mine
    return theirs


def attempts(of: Things, account: str) -> list[Attempt]:
    """Everything that can be asked of things by their ids; `account` is that of whoever asks."""
    application, loan = "/v1/loan-applications/{id}", "/v1/loans/{id}"
    paper = f"{application}/papers"
    begun, wanted = f"/v1/loan-applications/{of.begun}", {"amount": 5_000_000, "term": 12, "agreed": True}
    offered = f"/v1/loan-applications/{of.application}"
    return [
        Attempt(("GET", "/v1/transactions"), f"/v1/transactions?account={of.account}"),
        Attempt(("GET", "/v1/transactions/{id}"), f"/v1/transactions/{of.transaction}"),
        Attempt(("GET", "/v1/transactions/{id}/receipt"), f"/v1/transactions/{of.transaction}/receipt"),
        Attempt(("GET", "/v1/accounts/{id}/statement"), f"/v1/accounts/{of.account}/statement?month=2026-10&form=csv"),
        Attempt(("GET", "/v1/accounts/{id}/code"), f"/v1/accounts/{of.shop}/code"),
        Attempt(("POST", "/v1/transfers"), "/v1/transfers", {"account": of.account, "to": account, "amount": 100}),
        Attempt(("POST", "/v1/transfers"), "/v1/transfers", {"account": account, "to": of.account, "amount": 100}),
        Attempt(("POST", "/v1/transfers"), "/v1/transfers", {"account": account, "payee": of.payee, "amount": 100}),
        Attempt(
            ("POST", "/v1/purchases"), "/v1/purchases",
            {"account": of.account, "shop": "6222021003983025", "amount": 100},
        ),
        Attempt(("GET", "/v1/messages/{id}"), f"/v1/messages/{of.message}"),
        Attempt(("POST", "/v1/messages/{id}/read"), f"/v1/messages/{of.message}/read"),
        Attempt(("DELETE", "/v1/messages/{id}"), f"/v1/messages/{of.message}"),
        Attempt(("GET", application), begun),
        Attempt(("GET", application), offered),
        Attempt(("GET", paper), f"{begun}/papers"),
        Attempt(("POST", paper), f"{begun}/papers", {"kind": "id-back", "photo": PICTURE}),
        Attempt(("POST", f"{paper}/{{kind}}"), f"{begun}/papers/id-front", {"values": {"name": "x"}}),
        Attempt(("POST", f"{application}/submission"), f"{begun}/submission", wanted),
        Attempt(("POST", f"{application}/withdrawal"), f"{begun}/withdrawal"),
        Attempt(("GET", f"{application}/contract"), f"{offered}/contract"),
        Attempt(("POST", f"{application}/contract"), f"{offered}/contract", {"agreed": True}),
        Attempt(("GET", loan), f"/v1/loans/{of.loan}"),
        Attempt(("GET", f"{loan}/contract"), f"/v1/loans/{of.loan}/contract"),
        Attempt(("GET", f"{loan}/evidence"), f"/v1/loans/{of.loan}/evidence"),
        Attempt(("GET", f"{loan}/prepayment"), f"/v1/loans/{of.loan}/prepayment?amount=100"),
        Attempt(("POST", f"{loan}/repayments"), f"/v1/loans/{of.loan}/repayments", {"amount": 100}),
        Attempt(("POST", f"{loan}/withdrawal"), f"/v1/loans/{of.loan}/withdrawal", {}),
        Attempt(("DELETE", "/v1/third-parties/{id}"), f"/v1/third-parties/{of.consent}"),
    ]  # fmt: skip


def send(house: BankHouse, attempt: Attempt, token: str) -> Answer:
    headers = {"authorization": f"Bearer {token}", "idempotency_key": KEY}
    return house.call(attempt.route[0], attempt.path, attempt.body, **headers)


def seen(house: BankHouse, token: str) -> dict[str, bytes]:
    """All that a customer is shown without saying an id."""
    paths = [
        route.path
        for route in mobile.routes(house.bank)
        if route.method == "GET" and "{" not in route.path and not route.open
    ]
    return {path: house.call("GET", path, authorization=f"Bearer {token}").body for path in paths}


def test_every_route_with_anybodys_id_is_walked(house: BankHouse, own: Things) -> None:
    walked = {attempt.route for attempt in attempts(own, "")}
    named = {(route.method, route.path) for route in mobile.routes(house.bank) if "{" in route.path}
    assert named - walked == OF_ALL
    # what moves money names an account in its body
    assert {("POST", "/v1/transfers"), ("POST", "/v1/purchases")} <= walked


def test_what_is_anothers_is_as_if_it_were_not_there(house: BankHouse, own: Things, other: str) -> None:
    account = house.bank.database.read_now(
        lambda connection: connection.execute(
            select(accounts.c.id).where(accounts.c.customer_id != own.customer, accounts.c.product == "CURRENT")
        ).scalar_one()
    )
    before, theirs = seen(house, house.token), seen(house, other)
    nothing = attempts(Things(*[NOBODYS] * len(own)), account)
    for attempt, missing in zip(attempts(own, account), nothing, strict=True):
        answer, expected = send(house, attempt, other), send(house, missing, other)
        assert answer.status in (400, 403, 404), attempt
        assert (answer.status, answer.code, answer.json["detail"]) == (
            expected.status, expected.code, expected.json["detail"],
        ), attempt  # fmt: skip
    assert (seen(house, house.token), seen(house, other)) == (before, theirs)


def test_lists_have_nothing_of_anybody_else(house: BankHouse, own: Things, other: str) -> None:
    mine, theirs = seen(house, house.token), seen(house, other)
    assert len(mine) > 10
    for path, body in theirs.items():
        for name, identifier in own._asdict().items():
            assert identifier.encode() not in body, (path, name)
    # and the test would see them
    everything = b"".join(mine.values())
    assert all(identifier.encode() in everything for identifier in own)


def test_whose_they_are_reaches_them(house: BankHouse, own: Things) -> None:
    """So that the walk above is refused for whose they are, and for nothing else."""
    absent = {
        attempt.route: send(house, attempt, house.token).code
        for attempt in attempts(Things(*[NOBODYS] * len(own)), NOBODYS)
    }
    for attempt in attempts(own, own.account):
        answer = send(house, attempt, house.token)
        assert answer.status == 200 or answer.code != absent[attempt.route], attempt
