"""The staff pages: who comes in, what is masked, what is written down, and what takes two."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from bank import seed
from bank.__main__ import main
from bank.staff import members, trail
from bank.staff.app import ROOM
from bank.tables import customers
from eden.base.audit import Entry
from eden.base.identity.passwords import hash_password
from eden.base.ids import now
from eden.demo import bank as demo
from tests.apps.bank.house import BankHouse, open_bank
from tests.apps.bank.staff_house import OFFICER, SECOND, Person
from tests.console.rules import room_problems


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BankHouse]:
    with open_bank(tmp_path_factory.mktemp("staff")) as house:
        house.sign_in()
        yield house


def entries(house: BankHouse, **asked: str) -> list[Entry]:
    return house.bank.database.read_now(lambda connection: trail.read(connection, limit=200, **asked))  # type: ignore[arg-type]


def first_customer(house: BankHouse) -> str:
    return house.bank.database.read_now(
        lambda connection: str(
            connection.execute(select(customers.c.id).where(customers.c.phone == seed.PHONE)).scalar_one()
        )
    )


def test_sentences_and_templates_follow_the_consoles_rules() -> None:
    assert room_problems(ROOM) == []


def test_the_demo_says_who_works_there() -> None:
    assert demo.STAFF == (OFFICER, SECOND)
    assert f"http://127.0.0.1:1/console, sign in as {OFFICER} or {SECOND}, password {seed.PASSWORD}" in demo.staff(
        "http://127.0.0.1:1"
    )


# who comes in


def test_nobody_sees_anything_before_signing_in(house: BankHouse) -> None:
    answer = Person(house).get("customers")
    assert (answer.status, answer.headers["location"]) == (303, "/console/sign-in?next=%2Fconsole%2Fcustomers")


def test_the_session_is_in_a_cookie_that_scripts_and_other_sites_cannot_use(house: BankHouse) -> None:
    cookie = Person(house).sign_in(OFFICER).cookies[0].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/console" in cookie


@pytest.mark.parametrize(
    "headers",
    [
        *({"host": host} for host in ("bank.example", "127.0.0.1.bank.example:8720", "10.0.0.1:8720", "[::1", "")),
        # a name and password before the host's name
        {"host": "127.0.0.1:8720@bank.example"},
        {"traceparent": f"00-{1:032x}-{1:016x}-01"},
        {"x_eden_principal": "somebody"},
        *({name: "10.0.0.1"} for name in ("x_forwarded_for", "x_real_ip", "x_forwarded_host", "forwarded", "via")),
        # who says so is on the way
        {"x_forwarded_for": "127.0.0.1"},
    ],
    ids=str,
)
def test_there_is_nothing_here_for_who_comes_another_way(house: BankHouse, headers: dict[str, str]) -> None:
    assert Person(house, OFFICER).get("customers", **headers).status == 404
    assert Person(house).get("sign-in", **headers).status == 404


@pytest.mark.parametrize("host", ["localhost:8720", "[::1]:8720", "[::1]", "127.0.0.1"])
def test_this_machine_has_several_names(house: BankHouse, host: str) -> None:
    assert Person(house).get("sign-in", host=host).status == 200


@pytest.mark.parametrize("address", ["10.0.0.7", "2001:db8::7", "::ffff:10.0.0.7"])
def test_who_comes_from_elsewhere_finds_nothing(house: BankHouse, address: str) -> None:
    """Whatever they say of themselves."""
    person = Person(house, OFFICER)
    person.address = address
    for headers in ({}, {"x_forwarded_for": "127.0.0.1"}, {"x_forwarded_proto": "https"}):
        assert person.get("customers", **headers).status == 404
        assert person.get("sign-in", **headers).status == 404


def test_tries_are_counted_and_lock_the_name(house: BankHouse) -> None:
    house.bank.database.write_now(
        lambda connection: members.do_set(connection, "slow", "Slow", ["officer"], "no hash", 1_000)
    )
    person = Person(house)
    for _ in range(members.MOST_FAILURES):
        answer = person.sign_in("slow", "wrong")
        assert answer.status == 401 and "not right" in answer.text
    assert person.sign_in("slow", "wrong").status == 429
    assert person.sign_in("nobody.here", "wrong").status == 401
    assert [one.target for one in entries(house, action="sign-in.failed")][:2] == ["staff nobody.here", "staff slow"]


def test_a_write_needs_the_token_and_a_page_of_ours(house: BankHouse) -> None:
    person = Person(house, SECOND)
    assert person.post("tree/witness", _csrf="made up").status == 403
    assert person.post("tree/witness", {"origin": "http://evil.example"}).status == 403
    assert person.post("tree/witness").status == 303


def test_a_session_ends_with_signing_out_and_when_somebody_leaves(house: BankHouse) -> None:
    person = Person(house, OFFICER)
    kept = dict(person.cookies)
    assert person.post("sign-out").status == 303
    person.cookies = kept
    assert person.get("customers").status == 303
    house.bank.database.write_now(
        lambda connection: members.do_set(connection, "leaver", "Leaver", ["officer"], "no hash", 1_000)
    )
    secret = house.bank.database.write_now(
        lambda connection: members.do_sign_in(
            connection, next(one.id for one, _ in members.everybody(connection) if one.login == "leaver"), 2_000
        )
    )
    found = house.bank.database.read_now(lambda connection: members.of_session(connection, secret, 3_000))
    assert found is not None and members.new_end(found, 3_000) is None
    late = 2_000 + members.IDLE
    assert members.new_end(found, late - 1) == late - 1 + members.IDLE
    assert house.bank.database.read_now(lambda connection: members.of_session(connection, secret, late)) is None
    house.bank.database.write_now(lambda connection: members.do_leave(connection, "leaver"))
    assert house.bank.database.read_now(lambda connection: members.of_session(connection, secret, 3_000)) is None


def test_people_are_taken_in_and_leave_by_a_command(house: BankHouse, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--data", str(house.bank.settings.data)]
    assert main(["staff", "wang.fang", "--name", "王芳", "--role", "auditor", *where]) == 0
    password = capsys.readouterr().out.split()[-1]
    reader = Person(house)
    assert reader.sign_in("wang.fang", password).status == 303
    assert reader.get("trail").status == 200
    assert main(["staff", "wang.fang", *where]) == 0
    assert reader.get("trail").status == 303 and Person(house).sign_in("wang.fang", password).status == 401
    password = capsys.readouterr().out.split()[-1]
    assert main(["staff", *where]) == 0
    assert re.search("wang.fang +王芳 +auditor", capsys.readouterr().out)
    assert main(["staff", "wang.fang", "--leave", *where]) == 0
    assert Person(house).sign_in("wang.fang", password).status == 401
    assert main(["staff", *where]) == 0 and "any more" in capsys.readouterr().out
    for wrong in (["nobody"], ["nobody", "--leave"], ["No Body", "--name", "x", "--role", "auditor"]):
        assert main(["staff", *wrong, *where]) == 1 and capsys.readouterr().err


def taken_in(house: BankHouse, login: str, password: str) -> Person:
    """Somebody new, signed in."""
    house.bank.database.write_now(
        lambda connection: members.do_set(connection, login, "Somebody", ["product"], hash_password(password), now())
    )
    person = Person(house)
    assert person.sign_in(login, password).status == 303
    return person


def test_one_changes_ones_own_password_and_other_sessions_end(house: BankHouse) -> None:
    before, after = "seven quiet herons", "a lamp under oaks"
    person = taken_in(house, "chen.jing", before)
    elsewhere = Person(house)
    elsewhere.sign_in("chen.jing", before)
    assert 'href="/console/password"' in person.get("products").html and "Current password" in person.shows("password")
    stolen = dict(person.cookies)
    said = person.does("password", current=before, new=after, again=after)
    assert "Your password is changed. Other sessions have ended." in said
    assert person.get("products").status == 200
    # those elsewhere, and whoever has this one's cookie of before
    assert elsewhere.get("products").status == 303
    elsewhere.cookies = stolen
    assert elsewhere.get("products").status == 303
    assert Person(house).sign_in("chen.jing", before).status == 401
    assert Person(house).sign_in("chen.jing", after).status == 303
    (noted,) = entries(house, action="password.change", actor="chen.jing")
    assert (noted.target, noted.detail) == ("staff chen.jing", {})


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"new": "short", "again": "short"}, "At least 10 characters are needed."),
        ({"new": "a" * 257, "again": "a" * 257}, "At most 256 characters are kept."),
        ({"new": "Password2026!", "again": "Password2026!"}, "one of the first that would be tried"),
        ({"new": "picky.one2026", "again": "picky.one2026"}, "too close to your name"),
        ({"again": "another lamp by oaks"}, "The two new passwords are not the same."),
        ({"current": "six quiet herons"}, "This is not your current password."),
        ({"new": "seven quiet herons", "again": "seven quiet herons"}, "This is your current password"),
    ],
    ids=["short", "long", "common", "like the name", "not twice", "not the one of now", "the same"],
)
def test_a_password_that_cannot_be(house: BankHouse, fields: dict[str, str], sentence: str) -> None:
    person = taken_in(house, "picky.one", "seven quiet herons")
    usual = {"current": "seven quiet herons", "new": "a lamp under oaks", "again": "a lamp under oaks"}
    answer = person.post("password", **usual | fields)
    assert answer.status == 422 and sentence in answer.text
    for value in (usual | fields).values():
        assert value not in answer.html
    assert Person(house).sign_in("picky.one", "seven quiet herons").status == 303
    assert entries(house, action="password.change", actor="picky.one") == []


def test_guessing_the_password_of_now_locks_the_name(house: BankHouse) -> None:
    person = taken_in(house, "guessed", "seven quiet herons")
    guess = {"current": "no herons at all", "new": "a lamp under oaks", "again": "a lamp under oaks"}
    assert [person.post("password", **guess).status for _ in range(members.MOST_FAILURES)] == [422] * 5
    locked = person.post("password", **guess | {"current": "seven quiet herons"})
    assert locked.status == 429 and "Too many attempts" in locked.text
    assert len(entries(house, action="password.failed", actor="guessed")) == members.MOST_FAILURES
    assert Person(house).sign_in("guessed", "seven quiet herons").status == 429


def test_a_password_that_was_changed_meanwhile_stays(house: BankHouse) -> None:
    taken_in(house, "two.at.once", "seven quiet herons")
    database = house.bank.database
    known = database.read_now(lambda connection: members.password_of(connection, "two.at.once", now()))
    assert isinstance(known, tuple)
    identifier, first = known
    assert identifier and first

    def change(before: str, after: str) -> str | None:
        return database.write_now(
            lambda connection: members.do_change_password(connection, identifier, before, after, now())
        )

    assert change(first, "hash two") is not None
    assert change(first, "hash three") is None
    assert database.read_now(lambda connection: members.password_of(connection, "two.at.once", now())) == (
        identifier, "hash two",
    )  # fmt: skip
    database.write_now(lambda connection: members.do_leave(connection, "two.at.once"))
    assert change("hash two", "hash four") is None


def test_roles_decide_what_is_there(house: BankHouse) -> None:
    officer = Person(house, OFFICER)
    assert officer.get("books").status == 403
    assert officer.get("trail").status == 403
    assert officer.get("").headers["location"].startswith("/console/")
    assert "Books" not in officer.get("customers").html


# customers


def test_numbers_are_masked_until_somebody_says_why(house: BankHouse) -> None:
    person, customer = Person(house, OFFICER), first_customer(house)
    shown = person.shows(f"customers/{customer}")
    assert "138****5820" in shown and seed.PHONE not in shown
    assert "6222 **** **** 3016" in shown and "6222021003983016" not in shown
    assert not re.search(r"\d{17}[\dX]", shown)
    assert person.post(f"customers/{customer}/unmasked", reason=" ").status == 303
    answer = person.post(f"customers/{customer}/unmasked", reason="called about a lost card")
    assert answer.status == 200 and seed.PHONE in answer.text and "6222021003983016" in answer.text
    assert re.search(r"\d{17}[\dX]", answer.text)
    (noted,) = entries(house, action="customer.unmask", actor=OFFICER)
    assert (noted.target, noted.detail) == (f"customer {customer}", {"reason": "called about a lost card"})
    assert seed.PHONE not in person.shows(f"customers/{customer}")


def test_everything_that_is_seen_of_a_customer_is_written_down(house: BankHouse) -> None:
    person, customer = Person(house, SECOND), first_customer(house)
    before = len(entries(house, target=f"customer {customer}", actor=SECOND))
    movements = person.get(f"customers/{customer}/movements")
    line = re.search(r"/movements/([0-9a-f]{32})", movements.html)
    assert line
    paths = ("", "/movements", f"/movements/{line[1]}", "/messages", "/trail")
    for path in paths:
        person.shows(f"customers/{customer}{path}")
    person.shows(f"tree/transfers/{line[1]}")
    assert person.get(f"tree/transfers/{line[1]}/receipt.json").status == 200
    assert len(entries(house, target=f"customer {customer}", actor=SECOND)) == before + 1 + len(paths) + 2
    person.shows("books/accounts/2001")
    (listed,) = entries(house, action="customer.list", actor=SECOND)
    assert listed.target == "books 2001" and customer in listed.detail["shown"]
    assert person.get("customers/nobody").status == 404


def test_times_and_levels_are_in_the_readers_words(house: BankHouse) -> None:
    """A line's time is that of the ledger, to be shown in the reader's zone; a level is no Chinese word in English."""
    customer = first_customer(house)
    for language, level in (("en", "Gold"), ("zh", "金卡客户")):
        person = Person(house, SECOND, language=language)
        assert level in person.shows(f"customers/{customer}") and level in person.shows("customers")
        movements = person.get(f"customers/{customer}/movements").html
        line = re.search(r"/movements/([0-9a-f]{32})", movements)
        assert line
        shown = person.get(f"customers/{customer}/movements/{line[1]}").html
        minutes = [at[:16] for at in re.findall(r'<time datetime="([^"]+)"', shown)]
        assert len(minutes) == 2 and minutes[0] == minutes[1] and minutes[0] in movements
    assert not re.search("金卡|白金|普通客户", Person(house, SECOND).shows("customers"))


def test_a_search_notes_whom_it_has_shown_and_not_what_was_typed(house: BankHouse) -> None:
    person, customer = Person(house, OFFICER), first_customer(house)
    for text in ("林晓", seed.PHONE, "5820", "6222021003983016", "6222 0210 0398 3016"):
        assert "林晓雨" in person.shows(f"customers?q={text.replace(' ', '+')}")
    assert "Nobody is found" in person.shows("customers?q=%25")
    assert "customer.list" in person.shows(f"customers/{customer}/trail")
    found = entries(house, action="customer.list", actor=OFFICER)[0]
    assert customer in found.detail["shown"] and seed.PHONE not in json.dumps(found.detail)


def test_the_log_shows_any_change(house: BankHouse) -> None:
    Person(house, OFFICER).get(f"customers/{first_customer(house)}")
    person = Person(house, SECOND)
    assert "is what was written" in person.shows("trail/verify") or "are what was written" in person.shows(
        "trail/verify"
    )
    assert "customer.read" in person.shows(f"trail?action=customer&actor={OFFICER}")
