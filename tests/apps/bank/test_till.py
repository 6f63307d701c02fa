"""Payments at the till: once each, within limits, with lines that follow from the journal."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select, update

from bank.centres import accounting
from bank.centres.accounting import CAPITAL, CNY, Code, general
from bank.centres.till import DAY_MOST, MOST, Purchase, Till, transfer_id
from bank.ids import new_hex
from bank.ledger.interfaces import Transfer, new_transfer_id
from bank.refusals import Refusal
from bank.tables import accounts, customers, movements
from eden.base.ids import new_id, now
from tests.apps.bank.house import Answer, BankHouse, open_bank
from tests.postgres import postgres_database

SHOP = "6222000000000001"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """An address, "" for the bank's own file: lines are written in SQL of their own."""
    if request.param == "sqlite":
        yield ""
    else:
        with postgres_database() as address:
            yield address


@pytest.fixture
def house(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[BankHouse]:
    """Of the customers, one is a shop that belongs to nobody else. Lines are written when a test says so."""
    monkeypatch.setattr("bank.centres.till._EVERY", 3_600)
    with open_bank(tmp_path, customers=2, days=2, database=database) as house:
        at, who, account = now(), new_hex(now()), f"{new_hex(now())[:30]}00"

        def make(connection: Any) -> None:
            connection.execute(
                insert(customers).values(
                    id=who, phone="13900000001", name="小店", level="", failures=0, locked_until=0, state="active",
                    made_up=True, created_at=at,
                )
            )  # fmt: skip
            connection.execute(
                insert(accounts).values(
                    id=account, customer_id=who, product="MERCHANT", product_version=1, number=SHOP, state="open",
                    opened_at=at,
                )
            )  # fmt: skip

        house.run(house.bank.database.write(make))
        house.run(accounting.open_accounts(house.bank.ledger, [accounting.new_account(account, 2003)]))
        house.sign_in()
        fill(house, 10 * DAY_MOST)
        yield house


def fill(house: BankHouse, cents: int, product: str = "CURRENT") -> None:
    """Into an account of who is signed in."""
    opening, account = int(Code.OPENING), owned(house, product)["id"]
    transfer = Transfer(new_transfer_id(), general(CAPITAL), account, cents, CNY, opening)
    house.run(accounting.book(house.bank.ledger, [transfer]))


def owned(house: BankHouse, product: str) -> Any:
    return next(one for one in house.get("/v1/accounts")["items"] if one["product"] == product)


def current(house: BankHouse) -> Any:
    return owned(house, "CURRENT")


def pay(house: BankHouse, amount: Any, key: str = "", **more: Any) -> Answer:
    wanted = {"account": current(house)["id"], "shop": SHOP, "amount": amount} | more
    return house.call("POST", "/v1/purchases", wanted, idempotency_key=key or new_id())


def lines(house: BankHouse, transfer: str) -> list[tuple[int, str, str, str]]:
    query = select(movements.c.amount, movements.c.name, movements.c.kind, movements.c.note).where(
        movements.c.id == transfer
    )
    rows = house.run(house.bank.database.read(lambda connection: connection.execute(query).all()))
    return sorted((row.amount, row.name, row.kind, row.note) for row in rows)


def test_money_moves_at_once_and_both_statements_follow(house: BankHouse) -> None:
    before = current(house)["balance"]
    paid = pay(house, 1_250, remark="两杯\n咖啡").json
    assert (paid["name"], paid["amount"]) == ("小店", 1_250)
    assert current(house)["balance"] == before - 1_250
    assert lines(house, paid["id"]) == []
    assert house.run(house.bank.till.write_lines()) == 1
    expected = [(-1_250, "小店", "shopping", "两杯咖啡"), (1_250, "林晓雨", "income", "两杯咖啡")]
    assert lines(house, paid["id"]) == expected
    assert house.get("/v1/transactions")["items"][0]["id"] == paid["id"]
    assert house.get(f"/v1/transactions/{paid['id']}")["balance"] == before - 1_250
    assert house.run(house.bank.till.write_lines()) == 0


def test_the_same_payment_is_made_once(house: BankHouse) -> None:
    key, before = new_id(), current(house)["balance"]
    first, second = pay(house, 300, key).json, pay(house, 300, key).json
    assert first["id"] == second["id"] and current(house)["balance"] == before - 300
    assert pay(house, 301, key).code == "key-used"
    # it counts once
    assert house.bank.till._spent[current(house)["id"]] == 300


def test_many_at_once_share_a_question(house: BankHouse) -> None:
    till, account = house.bank.till, current(house)["id"]
    customer = house.run(
        house.bank.database.read(
            lambda connection: connection.execute(
                select(accounts.c.customer_id).where(accounts.c.id == account)
            ).scalar_one()
        )
    )
    reads, found_before = 0, till._found

    def counted(*asked: Any) -> Any:
        nonlocal reads
        reads += 1
        return found_before(*asked)

    till._found = counted  # type: ignore[assignment, method-assign]

    async def all_() -> list[Any]:
        wanted = [Purchase(account, SHOP, MOST - number) for number in range(8)]
        return await asyncio.gather(*(till.pay(customer, new_id(), one) for one in wanted), return_exceptions=True)

    found = house.run(all_())
    # five of a thousand yuan are what a day has; the first ones of them, whoever came with them
    assert [isinstance(one, Refusal) for one in found] == [False] * 5 + [True] * 3
    assert reads == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"amount": 0}, "bad-amount"),
        ({"amount": MOST + 1}, "bad-amount"),
        ({"account": "00" * 16}, "no-account"),
        ({"shop": "1"}, "no-shop"),
        ({"shop": "6222021003981175"}, "no-shop"),
        ({"amount": "1"}, "invalid"),
        ({"key": "k1"}, "invalid"),
        ({"key": str(uuid.uuid4())}, "invalid"),
        ({"key": new_hex(0)}, "invalid"),
    ],
    ids=["nothing", "too much", "whose", "nobody", "no shop", "text", "no key", "no time", "long ago"],
)
def test_what_is_refused(house: BankHouse, more: dict[str, Any], code: str) -> None:
    before = current(house)["balance"]
    wanted: dict[str, Any] = {"amount": 100, "key": ""} | more
    assert pay(house, **wanted).code == code
    assert current(house)["balance"] == before


def test_a_shop_is_known_by_its_number(house: BankHouse) -> None:
    found = house.get(f"/v1/shops/{SHOP}")
    assert (found["number"], found["name"], found["most"], found["day_most"]) == (SHOP, "小店", MOST, DAY_MOST)
    # a key of this time is good, whatever a phone's clock says
    assert abs(found["time"] - now() // 1_000) < 60_000
    for number in ("1", "6222021003981175", "EDEN-SHOP-2026", "%25"):
        assert house.call("GET", f"/v1/shops/{number}").code == "no-shop"
    closed = update(accounts).where(accounts.c.number == SHOP).values(state="frozen")
    house.run(house.bank.database.write(lambda connection: connection.execute(closed)))
    assert house.call("GET", f"/v1/shops/{SHOP}").code == "no-shop"


def test_a_shops_code_has_its_number_and_is_its_owners(house: BankHouse) -> None:
    account = owned(house, "MERCHANT")
    code = house.get(f"/v1/accounts/{account['id']}/code")
    # version 1: the three eyes, dark with a light ring
    assert [len(row) for row in code["rows"]] == [21] * 21
    assert code["rows"][0][:8] == code["rows"][0][:-9:-1] == code["rows"][-1][:8] == "11111110"
    assert code["number"][:4] + code["number"][-4:] == account["number"][:4] + account["number"][-4:]
    paid = pay(house, 700, shop=code["number"]).json
    assert paid["name"] == code["name"] == "林晓雨"
    others = house.run(
        house.bank.database.read(
            lambda connection: connection.execute(select(accounts.c.id).where(accounts.c.number == SHOP)).scalar_one()
        )
    )
    for other in (others, current(house)["id"], "none"):
        assert house.call("GET", f"/v1/accounts/{other}/code").code == "no-account"


def test_what_was_paid_is_paid_whatever_has_changed_since(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    # otherwise a frozen account pays for some seconds more
    monkeypatch.setattr("bank.centres.till._BELIEVED", 0)
    key = new_id()
    first = pay(house, 100, key).json
    frozen = update(accounts).where(accounts.c.id == current(house)["id"]).values(state="frozen")
    house.run(house.bank.database.write(lambda connection: connection.execute(frozen)))
    assert pay(house, 100, key).json["id"] == first["id"]
    assert pay(house, 99, key).code == "key-used"
    assert pay(house, 100).code == "account-frozen"


@pytest.mark.parametrize("in_use", [True, False])
def test_a_frozen_account_pays_for_ten_seconds_at_most(
    house: BankHouse, monkeypatch: pytest.MonkeyPatch, in_use: bool
) -> None:
    """And of one in use the bank knows before, without a payment that waits for it."""
    till, account, began = house.bank.till, current(house)["id"], now()
    assert pay(house, 100).status == 200
    frozen = update(accounts).where(accounts.c.id == account).values(state="frozen")
    house.run(house.bank.database.write(lambda connection: connection.execute(frozen)))
    monkeypatch.setattr("bank.centres.till.now", lambda: began + 6_000_000)
    assert not in_use or pay(house, 100).status == 200
    house.run(till.renew())
    known = till._facts[account].at
    assert (known == till._facts[SHOP].at == began + 6_000_000) is in_use
    if in_use:
        monkeypatch.setattr(till, "_look_up", None)
    else:
        monkeypatch.setattr("bank.centres.till.now", lambda: known + 10_000_000)
    assert pay(house, 100).code == "account-frozen"


def test_a_day_has_a_limit_that_a_restart_does_not_forget(house: BankHouse) -> None:
    for _ in range(DAY_MOST // MOST):
        assert pay(house, MOST).status == 200
    assert pay(house, 1).code == "over-till-limit"
    house.bank.till = Till(house.bank.database, house.bank.ledger)
    assert house.run(house.bank.till.write_lines()) == DAY_MOST // MOST
    assert pay(house, 1).code == "over-till-limit"


def test_what_was_paid_with_a_key_of_yesterday_is_todays(house: BankHouse) -> None:
    for _ in range(DAY_MOST // MOST):
        assert pay(house, MOST, new_hex(now() - 86_390_000_000)).status == 200
    house.run(house.bank.till.write_lines())
    house.bank.till = Till(house.bank.database, house.bank.ledger)
    assert pay(house, 1).code == "over-till-limit"


def test_a_question_over_midnight_counts_for_no_day(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was paid yesterday is read before midnight, and comes when another payment has begun the new day."""
    assert pay(house, MOST).status == 200
    house.run(house.bank.till.write_lines())
    bank, account = house.bank, current(house)["id"]
    till = Till(bank.database, bank.ledger)
    read = bank.database.read

    async def over_midnight(work: Any) -> Any:
        found = await read(work)
        till._day, till._spent = till._day + 1, {}
        return found

    monkeypatch.setattr(bank.database, "read", over_midnight)
    house.run(till._look_up({account}, {SHOP}))
    assert till._spent == {}


def test_what_is_refused_after_midnight_does_not_count(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    till, post = house.bank.till, house.bank.ledger.post
    assert pay(house, 100).status == 200

    async def over_midnight(transfers: Any) -> Any:
        till._day, till._spent = till._day + 1, {}
        return await post([msgspec.structs.replace(transfers[0], credit="f" * 32)])

    monkeypatch.setattr(house.bank.ledger, "post", over_midnight)
    assert pay(house, 200).code == "no-account"
    assert till._spent == {}


def test_the_same_payment_is_told_the_same(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    key = new_id()
    first = pay(house, 300, key).json
    later = now() + 3 * 60_000_000
    monkeypatch.setattr("bank.centres.till.now", lambda: later)
    assert pay(house, 300, key).json == first
    query = select(accounts.c.number).where(accounts.c.product == "MERCHANT", accounts.c.number != SHOP)
    other = house.bank.database.read_now(lambda connection: str(connection.execute(query).scalar()))
    assert pay(house, 300, key, shop=other).code == "key-used"
    # and once nothing more could be paid
    monkeypatch.setattr(house.bank.till, "_spent", {current(house)["id"]: DAY_MOST})
    assert pay(house, 300, key).json == first
    assert pay(house, 300, key, shop=other).code == "key-used"


def test_what_the_ledger_refuses_does_not_count(house: BankHouse) -> None:
    assert pay(house, 100, account=owned(house, "SAVINGS")["id"]).code == "no-account"
    fill(house, 100, "MERCHANT")
    with_little = owned(house, "MERCHANT")
    # all but a cent goes away
    rest = with_little["balance"] - 1
    away = Transfer(new_transfer_id(), with_little["id"], general(CAPITAL), rest, CNY, int(Code.PURCHASE))
    house.run(accounting.book(house.bank.ledger, [away]))
    assert pay(house, 2, account=with_little["id"]).code == "insufficient-funds"
    assert house.bank.till._spent[with_little["id"]] == 0
    assert pay(house, 1, account=with_little["id"]).status == 200


def test_lines_are_written_once_though_the_cursor_was_lost(house: BankHouse) -> None:
    paid = pay(house, 500).json
    house.run(house.bank.till.write_lines())
    # as after a crash between the lines and the cursor
    house.run(house.bank.ledger.advance("till", 0))
    again = Till(house.bank.database, house.bank.ledger)
    house.run(again.write_lines())
    assert len(lines(house, paid["id"])) == 2
    second = pay(house, 600).json
    assert house.run(again.write_lines()) == 1
    assert len(lines(house, second["id"])) == 2


def test_ids_are_of_the_keys_time_and_of_one_customer() -> None:
    at, key = now(), new_id()
    first, second = transfer_id("a", key, at), transfer_id("b", key, at)
    assert first != second and first[:12] == second[:12] == key.replace("-", "")[:12]
    assert uuid.UUID(first).version == 7 and uuid.UUID(first).variant == uuid.RFC_4122
    assert transfer_id("a", key.upper(), at) == first
