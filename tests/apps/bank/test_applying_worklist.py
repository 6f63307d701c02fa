"""What the line leaves to a person: the work list, its officers and their words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection

from bank.__main__ import main
from bank.centres import applying, ending, line, worklist
from bank.centres.deciding import OFFICER
from bank.centres.worklist import Item, Word
from bank.credit.reasons import SENTENCES
from bank.credit.worklist import Officer
from bank.refusals import Refusal
from bank.staff import trail
from bank.tables import customers
from eden.base.ids import now
from tests.apps.bank.house import Answer, BankHouse, open_bank
from tests.apps.bank.staff_house import Person

T = TypeVar("T")
WANTED: dict[str, Any] = {"product": "SHOP", "amount": 5_000_000, "term": 12, "agreed": True}
DAY = 86_400_000_000


def apply(house: BankHouse, key: str = "k1", **other: Any) -> Answer:
    body = WANTED | other
    return house.call("POST", "/v1/loan-applications", body, idempotency_key=key)


def write(house: BankHouse, work: Callable[[Connection], T]) -> T:
    return house.bank.database.write_now(work)


def listed(house: BankHouse, **wanted: Any) -> list[Item]:
    return house.bank.database.read_now(lambda connection: worklist.items(connection, now(), **wanted)).items


def claim(house: BankHouse, item: str, officer: str) -> Item:
    return write(house, lambda connection: worklist.do_claim(connection, item, officer, now()))


def decide(house: BankHouse, item: str, officer: str, word: Word = Word.APPROVE, note: str = "well known") -> Item:
    return write(house, lambda connection: worklist.do_decide(connection, item, officer, word, note, now()))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[BankHouse]:
    """With a customer whom the bank has known for long, but who has shown no document."""
    with open_bank(tmp_path, 2, 500) as house:
        house.sign_in()
        write(house, lambda connection: connection.execute(customers.update().values(document=None)))
        yield house


def test_an_exception_waits_for_an_officer_with_its_reason(house: BankHouse) -> None:
    application = apply(house).json
    assert (application["state"], application["offer"]) == ("referred", None)
    (item,) = listed(house)
    assert (item.number, item.subject, item.reason) == (application["number"], application["id"], "identity")
    assert item.reasons == [SENTENCES["identity"]]
    assert (item.amount, item.owner, item.needed, item.name) == (5_000_000, "", 1, "林晓雨")
    assert 0 < item.left <= worklist.PATIENCE
    seen = house.bank.database.read_now(lambda connection: applying.view(connection, item.subject))
    assert (seen.station, seen.facts["grade"] in "ABC", seen.verdict["outcome"]) == ("manual", True, "referred")
    assert [step.event for step in seen.history] == ["begin", "identified", "read", "agreed", "gathered", "referred"]


def test_an_officer_takes_it_and_says_why(house: BankHouse) -> None:
    application = apply(house).json["id"]
    (item,) = listed(house)
    with pytest.raises(Refusal, match="Take it first"):
        decide(house, item.id, "zhao")
    assert claim(house, item.id, "zhao").owner == "zhao"
    assert claim(house, item.id, "zhao").owner == "zhao"
    with pytest.raises(Refusal, match="zhao has taken it"):
        claim(house, item.id, "li")
    with pytest.raises(Refusal, match="needs a note"):
        decide(house, item.id, "zhao", note=" ")
    assert [one.id for one in listed(house, owner="zhao")] == [item.id]
    assert listed(house, owner="") == []
    done = decide(house, item.id, "zhao")
    assert (done.state, done.outcome, [(said.officer, said.note) for said in done.said]) == (
        "done", "approve", [("zhao", "well known")],
    )  # fmt: skip
    assert listed(house) == [] and [one.id for one in listed(house, state="done")] == [item.id]
    assert house.get(f"/v1/loan-applications/{application}")["state"] == "offered"
    with pytest.raises(Refusal, match="does not wait"):
        claim(house, item.id, "li")
    case = house.bank.database.read_now(lambda connection: line.find(connection, application))
    assert (case.station, case.history[-1].by, case.history[-1].note) == ("offer", "zhao", "well known")


def test_it_can_be_given_back(house: BankHouse) -> None:
    apply(house)
    (item,) = listed(house)
    claim(house, item.id, "zhao")
    give = worklist.do_give_back
    with pytest.raises(Refusal, match="Take it first"):
        write(house, lambda connection: give(connection, item.id, "li", now()))
    assert write(house, lambda connection: give(connection, item.id, "zhao", now())).owner == ""
    assert write(house, lambda connection: worklist.do_assign(connection, [Officer("li", ("credit",))], now())) == {
        item.id: "li"
    }


def test_an_officer_takes_what_is_next_on_the_page(house: BankHouse) -> None:
    for number in range(6):
        assert apply(house, f"k{number}").json["state"] == "referred"
    items = listed(house)
    first, second = Person(house, "zhao.min"), Person(house, "li.wei")
    assert "They are yours" in first.does("work/next")
    mine = first.shows("work?list=mine")
    # the nearest deadlines first, five at a time
    assert [item.number in mine for item in items] == [True] * 5 + [False]
    taken = house.bank.database.read_now(lambda connection: trail.read(connection, limit=9, action="work.take"))
    assert [(entry.actor, entry.detail["number"]) for entry in reversed(taken)] == [
        ("staff:zhao.min", item.number) for item in items[:5]
    ]
    assert "you have 5 already" in first.does("work/next")
    assert "They are yours" in second.does("work/next") and items[5].number in second.shows("work?list=mine")


def test_four_eyes_above_a_limit(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    application = apply(house, amount=15_000_000, term=36).json
    (item,) = listed(house)
    assert (item.amount > 10_000_000, item.needed) == (True, 2)
    claim(house, item.id, "zhao")
    first = decide(house, item.id, "zhao")
    assert (first.state, first.owner, first.outcome) == ("open", "", "")
    assert house.get(f"/v1/loan-applications/{application['id']}")["state"] == "referred"
    with pytest.raises(Refusal, match="Another officer"):
        claim(house, item.id, "zhao")
    officers = [Officer("zhao", ("credit",)), Officer("li", ("credit",))]
    assert write(house, lambda connection: worklist.do_assign(connection, officers, now())) == {item.id: "li"}
    assert decide(house, item.id, "li", note="has shown the lease").outcome == "approve"
    assert house.get(f"/v1/loan-applications/{application['id']}")["state"] == "offered"


def test_one_no_is_enough(house: BankHouse) -> None:
    application = apply(house, amount=15_000_000, term=36).json["id"]
    (item,) = listed(house)
    claim(house, item.id, "zhao")
    assert decide(house, item.id, "zhao", Word.REFUSE, "a false lease").outcome == "refuse"
    refused = house.get(f"/v1/loan-applications/{application}")
    assert (refused["state"], refused["reasons"]) == ("refused", [OFFICER[0]])


def test_an_officer_asks_again(house: BankHouse) -> None:
    application = apply(house).json["id"]
    (item,) = listed(house)
    claim(house, item.id, "zhao")
    assert decide(house, item.id, "zhao", Word.ASK_AGAIN, "the card is cut off").outcome == "ask-again"
    case = house.bank.database.read_now(lambda connection: line.find(connection, application))
    assert (case.station, case.rework) == ("documents", 1)
    assert house.get("/v1/messages")["items"][0]["title"] == "请补充证件照片"


def test_the_customer_withdraws(house: BankHouse) -> None:
    application = apply(house).json["id"]
    withdraw = applying.do_withdraw
    customer = house.bank.database.read_now(lambda connection: applying.view(connection, application)).customer
    for _ in range(2):
        write(house, lambda connection: withdraw(connection, customer, application, now()))
    assert listed(house) == []
    assert listed(house, state="done")[0].outcome == "gone"
    assert house.get(f"/v1/loan-applications/{application}")["state"] == "withdrawn"


def test_an_offer_does_not_wait_for_ever(house: BankHouse) -> None:
    application = apply(house).json["id"]
    (item,) = listed(house)
    claim(house, item.id, "zhao")
    decide(house, item.id, "zhao")
    expire = ending.do_expire
    assert write(house, lambda connection: expire(connection, now() + 13 * DAY)) == 0
    assert write(house, lambda connection: expire(connection, now() + 15 * DAY)) == 1
    assert house.get(f"/v1/loan-applications/{application}")["state"] == "expired"
    assert house.call("POST", f"/v1/loan-applications/{application}/contract", {"agreed": True}).code == "not-offered"
    figures = house.bank.database.read_now(lambda connection: line.figures(connection, now()))
    assert (figures.stations, figures.ended, figures.untouched) == ({"expired": 1}, 1, 0)


def test_a_list_has_pages(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worklist, "PAGE", 2)
    numbers = {apply(house, key=f"k{count}").json["number"] for count in range(3)}
    first = house.bank.database.read_now(lambda connection: worklist.items(connection, now()))
    cursor = first.next
    assert cursor is not None
    second = house.bank.database.read_now(lambda connection: worklist.items(connection, now(), cursor=cursor))
    assert {item.number for item in first.items + second.items} == numbers
    assert second.next is None
    with pytest.raises(Refusal, match="cursor"):
        house.bank.database.read_now(lambda connection: worklist.items(connection, now(), cursor="x"))


def test_an_officer_decides_by_command(house: BankHouse, capsys: pytest.CaptureFixture[str]) -> None:
    application = apply(house, amount=200_000).json
    where = ["--data", str(house.bank.settings.data)]
    assert main(["work-list", *where]) == 0
    told = capsys.readouterr().out
    assert application["number"] in told and SENTENCES["identity"][1] in told
    word = ["decide", application["number"], "--refuse", "--officer", "Zhao", "--note", "no papers", *where]
    assert main(word) == 0
    assert "refuse" in capsys.readouterr().out
    assert house.get(f"/v1/loan-applications/{application['id']}")["reasons"] == [OFFICER[0]]
    house.language = "en"
    assert OFFICER[1] in house.get("/v1/messages")["items"][0]["text"]
    assert main(word) == 1
    assert "does not wait" in capsys.readouterr().err
