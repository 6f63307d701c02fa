"""An application's papers on the staff pages: what was read and corrected, and that looking at a photo is noted."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update

from bank.centres import line, papers, reading, worklist
from bank.credit.papers.card import BACK, FIELDS, LICENCE, Field
from bank.credit.papers.reader import Reading
from bank.staff import members, paperwork, trail
from bank.tables import papers as papers_table
from eden.base.audit import Entry
from eden.base.identity.passwords import hash_password
from eden.base.ids import now
from tests.apps.bank.house import BankHouse, open_bank
from tests.apps.bank.staff_house import OFFICER, Person
from tests.apps.bank.test_applying_papers import (
    PICTURE,
    SHOP,
    VALID,
    FakeReader,
    begin,
    card,
    own,
    read_all,
    show,
    submit,
)  # fmt: skip

PHOTO = base64.b64decode(PICTURE)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BankHouse]:
    with open_bank(tmp_path_factory.mktemp("papers"), 2, 500) as house:
        house.sign_in()
        house.bank.papers.close()
        yield house


@pytest.fixture(scope="module")
def reader(house: BankHouse) -> FakeReader:
    reader = FakeReader()
    house.bank.papers = reading.Desk(house.bank.database, house.bank.seal, reader)
    return reader


@pytest.fixture(scope="module")
def referred(house: BankHouse, reader: FakeReader) -> worklist.Item:
    """An application whose card was read with two doubts: one answered otherwise, one as it was read."""
    identifier = begin(house)["id"]
    values = own(house)
    front = card(FIELDS, values | {"address": "上海市徐江区示例路1号"}, address="unsure", nation="rare")
    assert front.card is not None
    front.card.fields["address"] = Field("上海市徐江区示例路1号", 61, ("unsure",))
    reader.answers = [front, card(BACK, VALID), card(LICENCE, SHOP)]
    for kind in ("id-front", "id-back", "licence"):
        show(house, identifier, kind)
        read_all(house)
    path = f"/v1/loan-applications/{identifier}/papers/id-front"
    answer = {"values": {"address": values["address"], "nation": values["nation"]}}
    assert house.call("POST", path, answer).json["state"] == "confirmed"
    assert submit(house, identifier, amount=25_000_000).json["state"] == "referred"
    found = house.bank.database.read_now(
        lambda connection: worklist.of_subject(connection, "credit", identifier, now())
    )
    return found[0]


def noted(house: BankHouse) -> list[Entry]:
    return house.bank.database.read_now(lambda connection: trail.read(connection, action="application.photo", limit=50))


def seen(house: BankHouse, application: str) -> dict[str, paperwork.Paper]:
    found = house.bank.database.read_now(
        lambda connection: paperwork.of_application(connection, house.bank.seal, application, now())
    )
    return {paper.kind: paper for paper in found}


def test_fields_show_how_sure_the_reader_was_and_what_was_corrected(house: BankHouse, referred: worklist.Item) -> None:
    person, values = Person(house, OFFICER), own(house)
    before = len(noted(house))
    for path in (f"work/{referred.id}", f"customers/{referred.customer}/applications/{referred.subject}"):
        answer = person.get(path)
        assert answer.status == 200
        text = answer.text
        assert "Address 上海市徐汇区示例路1号 61 % corrected by the customer read: 上海市徐江区示例路1号" in text
        assert "Nation 汉 97 % asked, and confirmed" in text
        assert "Name 林晓雨 97 %" in text and "Operator 林晓雨 97 %" in text and "Valid until 2040-05-12" in text
        # the number is masked here, too
        masked = f"{values['number'][:3]}***********{values['number'][-4:]}"
        assert f"Number {masked} 97 %" in text and values["number"] not in answer.html
        assert answer.html.count('loading="lazy"') == 3 and "Identity card, back read" in text
    assert len(noted(house)) == before
    chinese = Person(house, OFFICER, language="zh").shows(f"work/{referred.id}")
    assert "住址 上海市徐汇区示例路1号 61% 客户已更正 识别为：上海市徐江区示例路1号" in chinese


def test_looking_at_a_photo_is_noted_and_only_for_who_may_see_numbers_in_full(
    house: BankHouse, referred: worklist.Item
) -> None:
    person, before = Person(house, OFFICER), len(noted(house))
    path = f"customers/{referred.customer}/applications/{referred.subject}/papers"
    answer = person.get(f"{path}/id-front")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, PHOTO, "image/jpeg")
    assert answer.headers["cache-control"] == "no-store" and answer.headers["x-content-type-options"] == "nosniff"
    entry, *others = noted(house)
    assert len(others) == before
    assert (entry.actor, entry.target) == (f"staff:{OFFICER}", f"customer {referred.customer}")
    assert entry.detail == {
        "number": referred.number, "paper": "id-front", "sha256": hashlib.sha256(PHOTO).hexdigest(),
    }  # fmt: skip
    house.bank.database.write_now(
        lambda connection: members.do_set(
            connection, "reader", "Reader", ["auditor"], hash_password("reads everything once"), now()
        )
    )
    auditor = Person(house)
    assert auditor.sign_in("reader", "reads everything once").status == 303
    shown = auditor.get(f"work/{referred.id}")
    assert "corrected by the customer" in shown.text and "Show photo" not in shown.text
    assert auditor.get(f"{path}/id-front").status == 403
    # of another kind, another customer, or nobody
    assert person.get(f"{path}/passport").status == 404
    assert person.get(f"customers/nobody/applications/{referred.subject}/papers/id-front").status == 404
    assert Person(house).get(f"{path}/id-front").status == 303
    assert len(noted(house)) == before + 1


def test_papers_of_an_application_before_are_shown_with_its_number(
    house: BankHouse, referred: worklist.Item, reader: FakeReader
) -> None:
    later = begin(house, key="later")
    found = seen(house, later["id"])
    assert {paper.number for paper in found.values()} == {referred.number} and len(found) == 3
    assert {paper.number for paper in seen(house, referred.subject).values()} == {""}
    path = f"customers/{referred.customer}/applications/{later['id']}"
    answer = Person(house, OFFICER).get(path)
    assert f"Photographed for application {referred.number}." in answer.text
    assert f"/applications/{referred.subject}/papers/licence" in answer.html
    # one of its own comes first, with what is wrong with it
    show(house, later["id"], "licence")
    reader.answers = [Reading(("blurred",))]
    read_all(house)
    found = seen(house, later["id"])
    assert (found["licence"].state, found["licence"].number, found["licence"].lines) == ("retake", "", [])
    assert papers.SAID["blurred"][1] in Person(house, OFFICER).shows(path)


def test_what_is_forgotten_says_so(house: BankHouse, referred: worklist.Item, reader: FakeReader) -> None:
    other = begin(house, key="forgotten")["id"]
    show(house, other, "id-back")
    reader.answers = [card(BACK, VALID)]
    read_all(house)
    customer = referred.customer

    def forget(connection: Any) -> int:
        connection.execute(
            update(papers_table).where(papers_table.c.application_id == other).values(keep_until=now() - 1)
        )
        return papers.do_forget(connection, now())

    assert house.bank.database.write_now(forget) == len([one for one in seen(house, other).values() if not one.number])
    paper = seen(house, other)["id-back"]
    assert (paper.state, paper.is_kept, paper.lines, paper.number) == ("forgotten", False, [], "")
    officer = Person(house, OFFICER)
    assert "The photo and what it said are deleted" in officer.shows(f"customers/{customer}/applications/{other}")
    before = len(noted(house))
    assert officer.get(f"customers/{customer}/applications/{other}/papers/id-back").status == 404
    assert len(noted(house)) == before


def test_an_application_without_papers_of_its_time_shows_none(house: BankHouse, referred: worklist.Item) -> None:
    """What came after an application had passed its papers was not what it went by."""
    steps = house.bank.database.read_now(lambda connection: line.find(connection, referred.subject)).history
    passed = max(step.at for step in steps if step.event == "read")
    late = {"changed_at": passed + 1}
    # a consumer's loan asks for no licence
    third = begin(house, key="third", code="EDEN-HOME-2026")["id"]
    house.bank.database.write_now(
        lambda connection: connection.execute(
            update(papers_table).where(papers_table.c.application_id == referred.subject).values(late)
        )
    )
    mine = house.bank.database.read_now(lambda connection: line.find(connection, third)).history
    assert [step.event for step in mine][-1] == "read" and max(step.at for step in mine) > passed
    assert set(seen(house, third)) == {"id-front", "id-back"}
    house.bank.database.write_now(
        lambda connection: connection.execute(
            update(papers_table)
            .where(papers_table.c.application_id == referred.subject)
            .values(changed_at=max(step.at for step in mine) + 1)
        )
    )
    assert seen(house, third) == {}
