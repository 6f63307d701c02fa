"""Passwords and PINs that the secure keyboard has sealed: a bank beside a platform whose keyboard keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bank import seed
from bank.keyboard import APP, Keyboard
from bank.tables import customers
from tests.apps.bank.house import BankHouse, open_bank
from tests.keyboard.served import ServedKeyboard

NEW_PHONE, NEW_PASSWORD, NEW_PIN = "13700000001", "two green horses", "907214"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedKeyboard]:
    purposes: Any = [("sign-in", "password", 6, 64), ("pay", "pin", 6, 6)]
    keyboard = ServedKeyboard(tmp_path_factory.mktemp("platform"), purposes)
    try:
        yield keyboard
    finally:
        keyboard.close()


class Phone:
    """A phone of a customer of `house`, whose keyboard is the platform's."""

    def __init__(self, house: BankHouse, served: ServedKeyboard) -> None:
        self.house, self.served, self.id = house, served, ""

    def typed(self, value: str, purpose: str, bound: str = "", user: str | None = None) -> str:
        return self.served.sealed(purpose, value, app=APP, user=self.id if user is None else user, bound=bound)

    def sign_in(self, password: str, phone: str = seed.PHONE) -> Any:
        sealed = self.typed(password, "sign-in", user=phone)
        answer = self.house.call("POST", "/v1/session", {"phone": phone, "sealed": sealed})
        if answer.status == 200:
            self.house.token, self.id = answer.json["token"], answer.json["customer"]["id"]
        return answer

    def change(self, what: str, password: str, new: str, again: str | None = None) -> Any:
        purpose = {"password": "sign-in", "pin": "pay"}[what]
        sealed, second = self.typed(new, purpose), self.typed(again or new, purpose)
        body = {"password": self.typed(password, "sign-in"), "sealed": sealed, "again": second}
        return self.house.call("PUT", f"/v1/me/{what}", body)

    def enrol(self, phone: str = NEW_PHONE, **changed: str) -> Any:
        words = {"password": ("sign-in", NEW_PASSWORD), "pin": ("pay", NEW_PIN)}
        words |= {"password_again": words["password"], "pin_again": words["pin"]}
        body = {"name": "周 新", "phone": phone} | {
            name: self.typed(changed.get(name, value), purpose, user=phone) for name, (purpose, value) in words.items()
        }
        if "name" in changed:
            body["name"] = changed["name"]
        return self.house.call("POST", "/v1/customers", body)

    def order(self, pin: str, key: str, *, amount: int = 1_00, bound_amount: int | None = None) -> Any:
        account = self.house.get("/v1/overview")["accounts"][0]["id"]
        payee = self.house.get("/v1/payees")["items"][0]["id"]
        bound = f"{account} {payee} {amount if bound_amount is None else bound_amount} {key}"
        sealed = self.typed(pin, "pay", bound) if pin else ""
        wanted = {"account": account, "payee": payee, "amount": amount, "remark": "", "sealed": sealed}
        return self.house.call("POST", "/v1/transfers", wanted, idempotency_key=key)


@pytest.fixture
def phone(tmp_path: Path, served: ServedKeyboard) -> Iterator[Phone]:
    """Everybody of this bank is enrolled anew: their ids are the same in every bank."""
    with open_bank(tmp_path, keyboard=served.address, keyboard_token=served.token) as house:
        yield Phone(house, served)


def test_made_up_customers_are_at_the_keyboard_and_the_bank_has_no_hash(phone: Phone) -> None:
    phone.house.run(phone.house.bank.secrets.enrol_made_up(seed.PASSWORD, seed.PIN))
    hashes = phone.house.bank.database.read_now(
        lambda connection: connection.execute(select(customers.c.password)).scalars().all()
    )
    assert len(hashes) == 3 and set(hashes) == {None}
    assert phone.sign_in(seed.PASSWORD).json["customer"]["name"] == "林晓雨"
    assert phone.order(seed.PIN, "k1").json["state"] == "posted"


def test_sign_in(phone: Phone) -> None:
    assert phone.sign_in("secret2").code == "bad-sign-in"
    assert phone.sign_in(seed.PASSWORD, "13700000009").code == "bad-sign-in"
    plain = phone.house.call("POST", "/v1/session", {"phone": seed.PHONE, "password": seed.PASSWORD})
    assert plain.code == "keyboard-only"
    # what was typed for one number is not taken for another, nor twice, nor something that was not typed
    for sealed in (phone.typed(seed.PASSWORD, "sign-in", user="13700000009"), "EK1.none"):
        assert phone.house.call("POST", "/v1/session", {"phone": seed.PHONE, "sealed": sealed}).code == "type-again"
    sealed = phone.typed(seed.PASSWORD, "sign-in", user=seed.PHONE)
    statuses = [phone.house.call("POST", "/v1/session", {"phone": seed.PHONE, "sealed": sealed}) for _ in range(2)]
    assert (statuses[0].status, statuses[1].code) == (200, "type-again")


def test_wrong_ones_lock_at_the_keyboard(phone: Phone) -> None:
    assert [phone.sign_in("secret2").code for _ in range(4)] == ["bad-sign-in", "bad-sign-in", "locked", "locked"]
    locked = phone.sign_in(seed.PASSWORD)
    assert (locked.code, locked.json["detail"]) == ("locked", "尝试次数过多，请 15 分钟后再试。")
    failures = phone.house.bank.database.read_now(
        lambda connection: connection.execute(select(customers.c.failures).where(customers.c.phone == seed.PHONE))
    )
    assert failures.scalar_one() == 0


def test_the_same_password_on_a_page_of_the_banks_own(phone: Phone) -> None:
    """The open bank's consent page has it in clear for a moment: the keyboard is asked, where tries are counted."""
    secrets, house = phone.house.bank.secrets, phone.house

    def knows(password: str, number: str = seed.PHONE) -> bool:
        from bank.centres import customers as centre

        found = house.bank.database.read_now(lambda connection: centre.credentials(connection, number, 1))
        return house.run(secrets.is_password(found, number, password))

    assert knows(seed.PASSWORD)
    assert [knows(one) for one in ("secret2", "", "x" * 300)] == [False, False, False]
    assert not knows(seed.PASSWORD, "13700000009")
    assert phone.sign_in(seed.PASSWORD).status == 200
    assert phone.change("password", seed.PASSWORD, "another one").status == 200
    assert not knows(seed.PASSWORD)
    assert knows("another one")


def test_transfer_asks_for_the_pin(phone: Phone) -> None:
    phone.sign_in(seed.PASSWORD)
    assert phone.order("", "k1").code == "no-pin"
    wrong = phone.order("000000", "k1")
    assert (wrong.code, wrong.json["detail"]) == ("wrong-pin", "支付密码不正确，还可尝试 2 次。")
    # typed for another amount, and for another attempt
    assert phone.order(seed.PIN, "k1", amount=9_999_00, bound_amount=100).code == "type-again"
    before = phone.house.get("/v1/overview")["accounts"][0]["balance"]
    done = phone.order(seed.PIN, "k1", amount=2_500)
    assert (done.status, done.json["balance"]) == (200, before - 2_500)
    # the same once more, as after a lost answer: done once, whatever comes with it
    again = phone.order("000000", "k1", amount=2_500)
    assert (again.status, again.json["id"]) == (200, done.json["id"])
    assert phone.order("000000", "k1", amount=2_501).code == "key-used"


def test_pin_that_was_typed_wrongly_too_often(phone: Phone) -> None:
    phone.sign_in(seed.PASSWORD)
    codes = [phone.order("000000", f"k{number}").code for number in range(4)]
    assert codes == ["wrong-pin", "wrong-pin", "locked", "locked"]
    assert phone.order(seed.PIN, "k9").code == "locked"
    # a new one, by the password, is one's own again
    assert phone.change("pin", seed.PASSWORD, "135790").status == 200
    assert phone.order("135790", "k9").status == 200


def test_password_and_pin_are_changed(phone: Phone) -> None:
    phone.sign_in(seed.PASSWORD)
    other = phone.house.token
    phone.sign_in(seed.PASSWORD)
    assert phone.change("password", "secret2", "new secret").code == "wrong-password"
    assert phone.change("password", seed.PASSWORD, "new secret", "new sekret").code == "typed-differently"
    assert phone.sign_in(seed.PASSWORD).status == 200
    assert phone.change("password", seed.PASSWORD, "new secret").status == 200
    # who changes it stays, whoever else is signed in is not
    assert phone.house.call("GET", "/v1/me").status == 200
    assert phone.house.call("GET", "/v1/me", authorization=f"Bearer {other}").code == "signed-out"
    assert phone.sign_in(seed.PASSWORD).code == "bad-sign-in"
    assert phone.sign_in("new secret").status == 200
    assert phone.change("pin", "new secret", "135790").status == 200
    assert phone.order(seed.PIN, "k1").code == "wrong-pin"
    assert phone.order("135790", "k1").status == 200


def test_becoming_a_customer(phone: Phone) -> None:
    refused = {
        "typed-differently": {"pin_again": "907215"}, "bad-name": {"name": " \n"}, "type-again": {"password": "short"},
    }  # fmt: skip
    for code, changed in refused.items():
        assert phone.enrol(**changed).code == code
    assert phone.enrol("1370000").code == "bad-phone"
    assert phone.enrol(seed.PHONE).code == "phone-taken"
    answer = phone.enrol()
    assert answer.json["customer"] == {"id": answer.json["customer"]["id"], "name": "周 新", "phone": "137****0001",
                                       "level": "普通客户"}  # fmt: skip
    assert phone.enrol().code == "phone-taken"
    assert phone.sign_in(NEW_PASSWORD, NEW_PHONE).status == 200
    overview = phone.house.get("/v1/overview")
    assert [(one["product"], one["balance"]) for one in overview["accounts"]] == [("CURRENT", 0)]
    view = phone.house.get("/v1/me/view")
    assert (view["steps"], view["made_up"]) == ([], False)
    phone.house.call("POST", "/v1/payees", {"name": "陈默", "number": "6222021003981175"})
    assert phone.order(NEW_PIN, "k1").code == "insufficient-funds"


def test_nothing_that_was_typed_is_with_the_bank(
    phone: Phone, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        phone.enrol()
        phone.sign_in(NEW_PASSWORD, NEW_PHONE)
        phone.change("pin", NEW_PASSWORD, "135790")
        files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert NEW_PHONE.encode() in files
    for value in (NEW_PASSWORD, NEW_PASSWORD.encode().hex()):
        assert value.encode() not in files and value not in caplog.text


def test_keyboards_that_are_away(phone: Phone) -> None:
    house = phone.house
    phone.sign_in(seed.PASSWORD)
    house.run(house.bank.keyboard.close())
    away = Keyboard("http://127.0.0.1:9/keyboard/v1/test", "of the bank")
    house.bank.secrets._keyboard = away
    sealed = phone.typed(seed.PASSWORD, "sign-in", user=seed.PHONE)
    assert house.call("POST", "/v1/session", {"phone": seed.PHONE, "sealed": sealed}).code == "no-keyboard"
    assert phone.order(seed.PIN, "k1").code == "no-keyboard"
    house.run(away.close())


def test_a_first_start_without_the_platform_is_made_up_for_later(tmp_path: Path, served: ServedKeyboard) -> None:
    """Customers that have a hash of the bank's own get what they know at the keyboard when it is there."""
    with open_bank(tmp_path, 1) as house:
        assert house.sign_in().status == 200
    with open_bank(tmp_path, 1, keyboard=served.address, keyboard_token=served.token) as house:
        assert Phone(house, served).sign_in(seed.PASSWORD).status == 200


def test_without_a_keyboard(tmp_path: Path) -> None:
    with open_bank(tmp_path, 1) as house:
        assert house.call("POST", "/v1/session", {"phone": seed.PHONE, "sealed": "EK1.x"}).code == "no-keyboard"
        house.sign_in()
        body = {"password": "EK1.x", "sealed": "EK1.x", "again": "EK1.x"}
        assert house.call("PUT", "/v1/me/pin", body).code == "no-keyboard"
