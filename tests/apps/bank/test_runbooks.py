"""What the runbooks have an operator ask a bank for, by their own words."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import bank
from bank.centres import products
from bank.centres.accounting import CLEARING, general
from bank.refusals import Refusal
from tests.apps.bank.house import BankHouse, open_bank
from tests.apps.bank.test_applying_contract import sign
from tests.apps.bank.test_applying_worklist import apply

PAGES = Path(bank.__file__).parent / "runbooks"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[BankHouse]:
    with open_bank(tmp_path, 2, 500) as house:
        house.sign_in()
        yield house


def asked(house: BankHouse, page: str) -> list[list[Any]]:
    """The rows of each query of a page."""
    queries = re.findall(r'sqlite3 \$BANK/bank\.db "([^"]+)"', (PAGES / page).read_text())
    assert queries
    with sqlite3.connect(house.bank.settings.data / "bank.db") as connection:
        return [connection.execute(query).fetchall() for query in queries]


def put(house: BankHouse, version: int, **changes: Any) -> None:
    """The next version of SHOP."""
    product = msgspec.structs.replace(products.FIRST["SHOP"], **changes)
    house.bank.database.write_now(lambda connection: products.do_change(connection, "SHOP", version, product, "wang"))


def test_a_wrong_version_of_a_product(house: BankHouse) -> None:
    put(house, 1)
    put(house, 2, rate_bp=48)
    offered, signed = apply(house, "offered").json, apply(house, "signed").json
    assert sign(house, signed["id"]).status == 200
    with pytest.raises(Refusal):
        put(house, 1)
    put(house, 3)
    sold, open_offers = asked(house, "wrong-product.md")
    assert [(row[0], row[2]) for row in sold] == [(signed["number"], 5_000_000)]
    assert open_offers == [(offered["number"], "offered")]
    # the offer binds, or the customer applies again
    assert house.call("POST", f"/v1/loan-applications/{offered['id']}/withdrawal", {}).status == 200
    again = apply(house, "again").json
    assert again["offer"]["rate_bp"] > signed["offer"]["rate_bp"] + 400
    assert asked(house, "wrong-product.md") == [sold, []]
    # and within its days a contract is withdrawn from, and made anew
    gone = house.call("POST", f"/v1/loans/{signed['id']}/withdrawal", {}, idempotency_key="w")
    assert (gone.json["state"], sign(house, again["id"]).json["state"]) == ("closed", "active")


def test_transfers_that_stay_pending(house: BankHouse) -> None:
    account = house.get("/v1/accounts")["items"][0]["id"]
    payee = next(one for one in house.get("/v1/payees")["items"] if not one["inside"])

    def pending() -> int:
        (found,) = house.run(house.bank.ledger.accounts([general(CLEARING)]))
        assert found is not None
        return found.balances.credits_pending

    body = {"account": account, "payee": payee["id"], "amount": 12_300}
    order = house.call("POST", "/v1/transfers", body, idempotency_key="p1").json
    ((found,),) = asked(house, "pending-transfers.md")
    assert found[:2] == (order["id"], 12_300) and pending() == 12_300
    for waiting in house.run(house.bank.payments.waiting(2**62)):
        house.run(house.bank.payments.settle(waiting, True))
    assert asked(house, "pending-transfers.md") == [[]] and pending() == 0
