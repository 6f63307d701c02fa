"""Papers of an application: photographed, read in a process of its own, asked about, matched, sealed, forgotten."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from bank.centres import applying, customers, line, papers, reading
from bank.credit.papers.card import BACK, FIELDS, LICENCE, Card, Field, Text, form_doubts, read_back, read_licence
from bank.credit.papers.reader import Reader, ReaderFailed, Reading
from bank.refusals import Refusal
from bank.tables import applications
from bank.tables import customers as customer_table
from bank.tables import papers as papers_table
from eden.base.ids import now
from tests.apps.bank.house import Answer, BankHouse, open_bank

DAY = 86_400_000_000
KINDS = ("id-front", "id-back", "licence")
PICTURE = base64.b64encode(b"\xff\xd8\xff picture").decode()


class FakeReader(Reader):
    """Says what it was told to; the real one is in its own tests, and in the whole journey below."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Reading | ReaderFailed] = []
        self.seen: list[tuple[bytes, str]] = []

    def read(self, photo: bytes, kind: str = "id-front") -> Reading:
        self.seen.append((photo, kind))
        answer = self.answers.pop(0)
        if isinstance(answer, ReaderFailed):
            raise answer
        return answer


@pytest.fixture
def house(tmp_path: Path) -> Iterator[BankHouse]:
    with open_bank(tmp_path, 2, 500) as house:
        house.sign_in()
        yield house


@pytest.fixture
def reader(house: BankHouse) -> FakeReader:
    """In place of the house's own."""
    house.bank.papers.close()
    reader = FakeReader()
    house.bank.papers = reading.Desk(house.bank.database, house.bank.seal, reader)
    return reader


def begin(house: BankHouse, key: str = "b1", code: str = "EDEN-SHOP-2026") -> Any:
    return house.call("POST", "/v1/loan-applications/begin", {"code": code}, idempotency_key=key).json


def show(house: BankHouse, application: str, kind: str, photo: str = PICTURE) -> Answer:
    return house.call("POST", f"/v1/loan-applications/{application}/papers", {"kind": kind, "photo": photo})


def submit(house: BankHouse, application: str, **other: Any) -> Answer:
    body = {"amount": 5_000_000, "term": 12, "agreed": True} | other
    return house.call("POST", f"/v1/loan-applications/{application}/submission", body)


def listed(house: BankHouse, application: str) -> dict[str, Any]:
    return {paper["kind"]: paper for paper in house.get(f"/v1/loan-applications/{application}/papers")["items"]}


def station(house: BankHouse, application: str) -> str:
    return house.bank.database.read_now(lambda connection: line.find(connection, application)).station


def card(names: tuple[str, ...], values: dict[str, str], **doubts: str) -> Reading:
    return Reading(
        (),
        card=Card({name: Field(values.get(name, ""), 97, (doubts[name],) if name in doubts else ()) for name in names}),
    )


def own(house: BankHouse) -> dict[str, str]:
    """What the first customer's card says."""
    bank = house.bank
    row = bank.database.read_now(
        lambda connection: connection.execute(select(customer_table).where(customer_table.c.name == "林晓雨")).one()
    )
    number = bank.seal.open(row.document, "document", row.id).decode()
    return {
        "name": "林晓雨", "sex": "男" if int(number[16]) % 2 else "女", "nation": "汉", "number": number,
        "birth": f"{number[6:10]}-{number[10:12]}-{number[12:14]}", "address": "上海市徐汇区示例路1号",
    }  # fmt: skip


VALID = {"authority": "上海市公安局徐汇分局", "since": "2020-05-12", "until": "2040-05-12"}
SHOP = {
    "code": "91110000600037341L", "title": "晓雨小吃店", "form": "个体工商户", "operator": "林晓雨",
    "registered": "2019-04-02", "premises": "上海市徐汇区示例路1号",
}  # fmt: skip


def read_all(house: BankHouse) -> None:
    while house.run(house.bank.papers.read_next()):
        pass


def test_the_whole_journey_with_real_pictures_and_the_real_reader(house: BankHouse) -> None:
    """From a scanned code to money, with a made-up customer's drawn papers."""
    application = begin(house)
    assert (application["state"], application["amount"]) == ("draft", 0)
    identifier = application["id"]
    assert begin(house) == application and begin(house, key="b2") == application
    assert [paper["state"] for paper in listed(house, identifier).values()] == ["wanted"] * 3
    assert submit(house, identifier).code == "no-document"
    steps = 1
    for kind in KINDS:
        picture = house.get(f"/v1/specimens/{kind}")["photo"]
        assert show(house, identifier, kind, picture).json["state"] == "reading"
        steps += 1
    while any(paper["state"] == "reading" for paper in listed(house, identifier).values()):
        house.run(asyncio.sleep(0.05))
    found = listed(house, identifier)
    assert {kind: paper["state"] for kind, paper in found.items()} == dict.fromkeys(KINDS, "confirmed")
    fields = {field["name"]: field for field in found["id-front"]["fields"]}
    assert fields["name"]["value"] == "林晓雨" and fields["number"]["confidence"] >= 88
    assert station(house, identifier) == "consent"
    offered = submit(house, identifier).json
    assert (offered["state"], offered["amount"]) == ("offered", 5_000_000)
    assert submit(house, identifier).json == offered
    draft = house.get(f"/v1/loan-applications/{identifier}/contract")
    body = {"agreed": True, "sha256": draft["sha256"]}
    loan = house.call("POST", f"/v1/loan-applications/{identifier}/contract", body).json
    assert loan["state"] == "active"
    kept = house.bank.database.read_now(lambda connection: applying.view(connection, identifier))
    # each event is there once: nobody had to do anything twice
    assert [step.event for step in kept.history] == [
        "begin", "identified", "read", "agreed", "gathered", "offered", "accepted", "signed", "paid-with-cooling-off",
    ]  # fmt: skip
    assert (kept.rework, kept.station) == (0, "cooling-off")
    # what a customer does: scan, three photos, ask, sign
    assert steps + 2 == 6


def test_nothing_of_it_lies_open(house: BankHouse, reader: FakeReader) -> None:
    identifier = begin(house)["id"]
    values = own(house)
    show(house, identifier, "id-front")
    reader.answers = [card(FIELDS, values)]
    read_all(house)
    assert reader.seen == [(base64.b64decode(PICTURE), "id-front")]
    stored = b"".join(path.read_bytes() for path in house.bank.settings.data.glob("bank.db*"))
    assert b"\xff\xd8\xff picture" not in stored
    assert values["number"].encode() not in stored


def test_a_bad_photo_is_taken_again(house: BankHouse, reader: FakeReader) -> None:
    identifier = begin(house)["id"]
    show(house, identifier, "id-front")
    reader.answers = [
        Reading(("blurred",)),
        ReaderFailed("it died"),
        card(FIELDS, {}, **dict.fromkeys(FIELDS, "missing")),
    ]
    for sentence in (papers.SAID["blurred"][0], papers.SAID["failed"][0], papers.SAID["empty"][0]):
        read_all(house)
        paper = listed(house, identifier)["id-front"]
        assert (paper["state"], paper["reasons"], paper["fields"]) == ("retake", [sentence], [])
        assert show(house, identifier, "id-front").json["state"] == "reading"
    case = house.bank.database.read_now(lambda connection: line.find(connection, identifier))
    assert (case.station, case.rework) == ("identity", 3)


def test_what_is_doubtful_asks_the_person(house: BankHouse, reader: FakeReader) -> None:
    identifier = begin(house)["id"]
    values = own(house)
    show(house, identifier, "id-front")
    reader.answers = [
        card(FIELDS, values | {"address": "上海市徐江区示例路1号", "name": "林晓丽"}, address="unsure", name="unsure")
    ]
    read_all(house)
    paper = listed(house, identifier)["id-front"]
    assert paper["state"] == "doubtful"
    doubts = {field["name"]: field["doubt"] for field in paper["fields"] if field["doubt"]}
    assert doubts == dict.fromkeys(("name", "address"), papers.DOUBTS["unsure"][0])
    path = f"/v1/loan-applications/{identifier}/papers/id-front"
    # of fields that are sure nothing is taken
    half = house.call("POST", path, {"values": {"name": values["name"], "number": "1" * 18}}).json
    assert half["state"] == "doubtful"
    wrong = house.call("POST", path, {"values": {"address": "?"}}).json
    assert {field["name"]: field["doubt"] for field in wrong["fields"] if field["doubt"]} == {
        "address": papers.DOUBTS["form"][0]
    }
    done = house.call("POST", path, {"values": {"address": values["address"]}}).json
    assert done["state"] == "confirmed"
    assert {field["name"] for field in done["fields"] if field["corrected"]} == {"name", "address"}
    assert house.call("POST", path, {"values": {}}).code == "not-possible"


def test_the_card_of_somebody_else(house: BankHouse, reader: FakeReader) -> None:
    identifier = begin(house)["id"]
    values = own(house)
    for wrong in ({"number": "11010519491231002X", "birth": "1949-12-31"}, {"name": "王丽"}):
        show(house, identifier, "id-front")
        reader.answers = [card(FIELDS, values | wrong)]
        read_all(house)
        paper = listed(house, identifier)["id-front"]
        assert (paper["state"], paper["reasons"]) == ("refused", [papers.SAID["other-person"][0]])
    show(house, identifier, "licence")
    reader.answers = [card(LICENCE, SHOP | {"operator": "王丽"})]
    read_all(house)
    assert listed(house, identifier)["licence"]["state"] == "refused"
    show(house, identifier, "id-back")
    reader.answers = [card(BACK, VALID | {"until": "2020-01-01"})]
    read_all(house)
    assert listed(house, identifier)["id-back"]["reasons"] == [papers.SAID["expired"][0]]


@pytest.mark.parametrize("typed", [False, True])
def test_a_new_customer_is_known_by_the_card(house: BankHouse, reader: FakeReader, typed: bool) -> None:
    """A number that the person had to type does not identify by itself: an officer looks."""
    values, database = own(house), house.bank.database
    identifier = begin(house)["id"]
    customer = database.read_now(lambda connection: applying.view(connection, identifier)).customer
    database.write_now(lambda connection: connection.execute(update(customer_table).values(document=None)))
    database.write_now(
        lambda connection: connection.exec_driver_sql("DELETE FROM bank_identity_steps WHERE step = 'document'")
    )
    reader.answers = [
        card(FIELDS, values | {"number": "31010419880301002"}, number="check-digit") if typed else card(FIELDS, values),
        card(BACK, VALID), card(LICENCE, SHOP),
    ]  # fmt: skip
    for kind in KINDS:
        show(house, identifier, kind)
        read_all(house)
    if typed:
        path = f"/v1/loan-applications/{identifier}/papers/id-front"
        assert house.call("POST", path, {"values": {"number": values["number"]}}).json["state"] == "confirmed"
    view = database.read_now(lambda connection: customers.view(connection, customer, house.bank.seal, masked=False))
    assert view.document == values["number"]
    assert ("document" in {step.step for step in view.steps}) is not typed
    assert submit(house, identifier).json["state"] == ("referred" if typed else "offered")
    row = database.read_now(
        lambda connection: connection.execute(select(applications).where(applications.c.id == identifier)).one()
    )
    assert row.detail["papers"]["id-front"]["corrected"] == (["number"] if typed else [])


def test_papers_are_good_for_the_next_application(house: BankHouse, reader: FakeReader) -> None:
    first = begin(house)["id"]
    reader.answers = [card(FIELDS, own(house)), card(BACK, VALID), card(LICENCE, SHOP)]
    for kind in KINDS:
        show(house, first, kind)
        read_all(house)
    assert submit(house, first).json["state"] == "offered"
    second = begin(house, key="b2")["id"]
    assert station(house, second) == "consent"
    assert {paper["state"] for paper in listed(house, second).values()} == {"confirmed"}
    assert submit(house, second, amount=1_000_000).json["state"] == "offered"
    # a consumer's loan asks for no licence
    home = begin(house, key="b3", code="EDEN-HOME-2026")["id"]
    assert list(listed(house, home)) == ["id-front", "id-back"]
    # of a loan they are kept, whichever application they were taken for
    assert house.call("POST", f"/v1/loan-applications/{second}/contract", {"agreed": True}).status == 200
    later = now() + (papers.ABANDONED + 1) * DAY
    assert house.bank.database.write_now(lambda connection: papers.do_forget(connection, later)) == 0


def test_bounds(house: BankHouse, reader: FakeReader, monkeypatch: pytest.MonkeyPatch) -> None:
    identifier = begin(house)["id"]
    assert show(house, identifier, "passport").code == "invalid"
    for photo in ("no base64", ""):
        assert show(house, identifier, "id-front", photo).code == "bad-photo"
    monkeypatch.setattr(papers, "MOST_WAITING", 1)
    assert show(house, identifier, "id-front").status == 200
    assert show(house, identifier, "id-back").code == "busy"
    reader.answers = [Reading(("dark",))]
    read_all(house)
    monkeypatch.setattr(papers, "PER_DAY", 2)
    assert show(house, identifier, "id-front").status == 200
    monkeypatch.setattr(papers, "MOST_WAITING", 9)
    assert show(house, identifier, "licence").code == "too-many-photos"
    phone = select(customer_table.c.phone).where(customer_table.c.name == "陈默")
    house.sign_in(phone=house.bank.database.read_now(lambda connection: connection.execute(phone).scalar_one()))
    assert show(house, identifier, "licence").code == "not-found"
    assert house.call("GET", f"/v1/loan-applications/{identifier}/papers").code == "not-found"


def test_a_photo_that_is_taken_again_has_to_be_good_again(house: BankHouse, reader: FakeReader) -> None:
    identifier = begin(house)["id"]
    reader.answers = [card(FIELDS, own(house)), card(BACK, VALID), card(LICENCE, SHOP), Reading(("blurred",))]
    for kind in (*KINDS, "id-back"):
        show(house, identifier, kind)
        read_all(house)
    assert station(house, identifier) == "consent"
    assert submit(house, identifier).code == "no-document"


def test_a_photo_that_cannot_be_opened_keeps_nobody_waiting(house: BankHouse, reader: FakeReader) -> None:
    identifier = begin(house)["id"]
    show(house, identifier, "id-front")
    house.bank.database.write_now(lambda connection: connection.execute(update(papers_table).values(content=b"x" * 40)))
    show(house, identifier, "id-back")
    reader.answers = [card(BACK, VALID)]
    read_all(house)
    found = listed(house, identifier)
    assert (found["id-front"]["state"], found["id-back"]["state"]) == ("retake", "confirmed")


def test_a_newer_photo_wins(house: BankHouse, reader: FakeReader) -> None:
    """One that is replaced while it is read says nothing of the next."""
    identifier = begin(house)["id"]
    show(house, identifier, "id-front")
    other = base64.b64encode(b"\xff\xd8\xff another").decode()
    asked = reader.read

    def replaced(photo: bytes, kind: str = "id-front") -> Reading:
        if len(reader.seen) == 0:
            house.bank.database.write_now(
                lambda connection: papers.do_take(
                    connection, house.bank.seal, applying.view(connection, identifier).customer, identifier,
                    "id-front", base64.b64decode(other), now(),
                )
            )  # fmt: skip
        return asked(photo, kind)

    reader.read = replaced  # type: ignore[method-assign]
    reader.answers = [Reading(("blurred",)), card(FIELDS, own(house))]
    assert house.run(house.bank.papers.read_next())
    assert listed(house, identifier)["id-front"]["state"] == "reading"
    read_all(house)
    assert listed(house, identifier)["id-front"]["state"] == "confirmed"


def test_papers_are_forgotten(house: BankHouse, reader: FakeReader) -> None:
    first = begin(house)["id"]
    reader.answers = [card(FIELDS, own(house)), card(BACK, VALID), card(LICENCE, SHOP)]
    for kind in KINDS:
        show(house, first, kind)
        read_all(house)
    submit(house, first)
    house.call("POST", f"/v1/loan-applications/{first}/contract", {"agreed": True})
    begun = begin(house, key="b2", code="EDEN-HOME-2026")["id"]
    house.bank.database.write_now(lambda connection: papers.do_ask_again(connection, begun, now()))
    show(house, begun, "id-front")
    database = house.bank.database
    forget = papers.do_forget
    later = now() + (papers.ABANDONED + 1) * DAY
    assert database.write_now(lambda connection: forget(connection, later)) == 1
    rows = database.read_now(lambda connection: connection.execute(select(papers_table)).all())
    assert {row.kind for row in rows if row.content is None} == {"id-front"} and len(rows) == 4
    much_later = now() + 12 * 366 * DAY
    assert database.write_now(lambda connection: forget(connection, much_later)) == 3
    assert database.write_now(lambda connection: forget(connection, much_later)) == 0


def test_only_made_up_customers_have_specimens(house: BankHouse) -> None:
    assert house.call("GET", "/v1/specimens/passport").code == "not-found"
    house.bank.database.write_now(lambda connection: connection.execute(update(customer_table).values(made_up=False)))
    assert house.call("GET", "/v1/specimens/id-front").code == "not-found"
    assert house.get(f"/v1/loan-applications/{begin(house)['id']}/papers")["has_specimens"] is False


def texts(*rows: str) -> list[Text]:
    return [Text(row, 99, 60, 100.0 * place, 40) for place, row in enumerate(rows)]


def test_the_back_and_the_licence_are_read() -> None:
    back = read_back(texts("中华人民共和国", "居民身份证", "签发机关上海市公安局徐汇分局", "有效期限2016.05.12-长期"))
    assert {name: field.value for name, field in back.fields.items()} == {
        "authority": "上海市公安局徐汇分局", "since": "2016-05-12", "until": "长期",
    }  # fmt: skip
    assert back.doubtful == ()
    assert read_back(texts("有效期限2016.05.12-2036.15.12")).doubtful == ("authority", "until")
    shop = read_licence(texts(
        "营业执照", "统一社会信用代码91110000600037341L", "名称晓雨小吃店", "类型：个体工商户", "经营者林晓雨",
        "注册日期2019年4月2日",
        "经营场所上海市徐汇区示例路1号",
    ))  # fmt: skip
    assert {name: field.value for name, field in shop.fields.items()} == SHOP
    assert shop.doubtful == ()
    assert "code" in read_licence(texts("统一社会信用代码91110000600037342L")).doubtful
    assert set(read_licence([]).doubtful) == set(LICENCE)


def test_every_field_has_a_form() -> None:
    for name in (*FIELDS, *BACK, *LICENCE):
        assert form_doubts(name, "!") != ()
        assert form_doubts(name, "一" * 200) != ()


def test_answers_have_a_bound() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"values": {"name": "x" * 121}}, papers.Answer)
    with pytest.raises(Refusal):
        raise Refusal("busy")
