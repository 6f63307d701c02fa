"""Papers of an application: photographed, read, asked about where they are doubtful, kept sealed, forgotten in time.

reading → retake (the photo is no good)   ↘
        → doubtful (the person is asked)   → confirmed
        → refused (it is somebody else's)

Reading takes seconds of a processor, and happens elsewhere (`reading`); what waits for it is bounded. Photos and what
they say are sealed under the bank's secret, and go after `ABANDONED` days; those of a loan after `KEPT` years.
"""

from __future__ import annotations

import datetime
import hashlib
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Connection, Row, func, insert, select, update

from bank.centres import customers, line, products
from bank.credit.bureau import MARK
from bank.credit.id_numbers import birth
from bank.credit.papers.card import FOR_EVER, form_doubts
from bank.credit.papers.pictures import PROBLEMS
from bank.credit.papers.reader import Reading
from bank.ids import new_hex
from bank.refusals import Refusal
from bank.tables import applications, papers
from bank.tables import customers as customer_table
from bank.times import day_of
from eden.base.sealing import Seal

#: bytes of a photo, photos that wait in the whole bank, photos of a customer within a day
MOST_BYTES: Final = 6 << 20
MOST_WAITING: Final = 32
PER_DAY: Final = 30
_DAY: Final = 86_400_000_000
#: days: a paper that was confirmed is good for other applications; an application without a loan is forgotten
GOOD: Final = 180
ABANDONED: Final = 30
#: years after the loan's term (the law on money laundering asks for ten since 2025, rules of 2022 for five)
KEPT: Final = 10
#: what a photo can be besides `pictures.PROBLEMS`, in Chinese and English
SAID: Final = PROBLEMS | {
    "failed": ("识别失败，请重新拍摄。", "It could not be read: take it again."),
    "expired": ("证件已过期，请使用有效证件。", "The document has expired: use one that is valid."),
    "empty": ("未识别到证件，请对准证件重拍。", "No document was seen: aim at it and take it again."),
    "other-person": ("证件信息与您的账户不一致。", "This is not the document of this account's holder."),
}  # fmt: skip
#: doubts about a field, in Chinese and English
DOUBTS: Final = {
    "unsure": ("识别不清，请核对", "hard to read: check it"),
    "missing": ("未识别到，请填写", "not seen: enter it"),
    "form": ("格式不正确", "it does not look right"),
    "rare": ("生僻字，请核对", "a rare character: check it"),
    "check-digit": ("号码校验不通过", "the number's check digit is wrong"),
    "disagrees": ("与其他信息不一致", "it does not go with the rest"),
}


class Answer(Struct, frozen=True):
    """What the person says of doubtful fields, by name."""

    values: dict[str, Annotated[str, Meta(max_length=120)]]


class Shown(Struct, frozen=True):
    """A field as it was read or corrected; `confidence` in percent, `doubt` is a sentence, "" for none."""

    name: str
    value: str
    confidence: int
    doubt: str
    corrected: bool


class Paper(Struct, frozen=True):
    """A paper of an application. `state`: wanted, reading, retake, doubtful, confirmed, refused; `reasons` are
    sentences."""

    kind: str
    state: str
    reasons: list[str] = []
    fields: list[Shown] = []


class Kept(Struct, frozen=True):
    """What is known of a photo, sealed: `answers` are the person's."""

    reading: Reading
    answers: dict[str, str] = {}
    problems: tuple[str, ...] = ()


def wanted(connection: Connection, customer: str, application: str, at: int) -> list[str]:
    """The kinds that are still missing: confirmed papers of other applications count for a while."""
    found = connection.execute(
        select(papers.c.kind, papers.c.application_id).where(
            papers.c.customer_id == customer, papers.c.state == "confirmed", papers.c.created_at > at - GOOD * _DAY
        )
    ).all()
    started = {
        kind
        for (kind,) in connection.execute(
            select(papers.c.kind).where(papers.c.application_id == application, papers.c.state != "confirmed")
        )
    }
    held = {row.kind for row in found if row.application_id == application}
    held |= {row.kind for row in found if row.kind not in started}
    return [kind for kind in asked_for(connection, application) if kind not in held]


def of_application(
    connection: Connection, seal: Seal, customer: str, application: str, chinese: bool, at: int
) -> list[Paper]:
    """All that are asked for, in their order. Refusal "not-found"."""
    _own(connection, customer, application)
    rows = {row.kind: row for row in connection.execute(select(papers).where(papers.c.application_id == application))}
    missing = wanted(connection, customer, application, at)
    found = []
    for kind in asked_for(connection, application):
        if kind in rows:
            found.append(_shown(rows[kind], seal, chinese))
        else:
            found.append(Paper(kind, "wanted" if kind in missing else "confirmed"))
    return found


def find(connection: Connection, seal: Seal, customer: str, application: str, kind: str, chinese: bool) -> Paper:
    """Refusal "not-found"."""
    _own(connection, customer, application)
    return _shown(_row(connection, application, kind), seal, chinese)


def do_answer(
    connection: Connection, seal: Seal, customer: str, application: str, kind: str, answer: Answer, at: int
) -> None:
    """The person's word on doubtful fields; of others nothing is taken. Refusal "not-possible" when none is asked."""
    _own(connection, customer, application)
    row = _row(connection, application, kind)
    if row.state != "doubtful":
        raise Refusal("not-possible")
    kept = _kept(row, seal)
    assert kept.reading.card is not None
    asked = set(kept.reading.card.doubtful)
    values = {name: value.strip() for name, value in answer.values.items() if name in asked}
    kept = msgspec.structs.replace(kept, answers=kept.answers | values)
    _do_judge(connection, seal, row, kept, at)


def summary(connection: Connection, seal: Seal, application: str) -> dict[str, Any]:
    """What of its papers an application's decision keeps: hashes, confidences, and which fields the person said."""
    rows = connection.execute(
        select(papers).where(papers.c.application_id == application, papers.c.reading.is_not(None))
    )
    found: dict[str, Any] = {}
    for row in rows:
        kept = _kept(row, seal)
        fields = kept.reading.card.fields if kept.reading.card else {}
        found[row.kind] = {
            "sha256": row.sha256,
            "confidence": {name: field.confidence for name, field in fields.items()},
            "corrected": sorted(kept.answers),
        }
    return found


def do_ask_again(connection: Connection, application: str, at: int) -> None:
    """An officer wants all photos of an application once more."""
    connection.execute(
        update(papers).where(papers.c.application_id == application).values(state="retake", changed_at=at)
    )


def do_keep(connection: Connection, application: str, months: int, at: int) -> None:
    """There is a loan: what it was decided by is kept, papers of applications before it too, where they counted."""
    until = at + (KEPT * 365 + months * 31) * _DAY
    customer = select(applications.c.customer_id).where(applications.c.id == application).scalar_subquery()
    counted = (
        (papers.c.customer_id == customer) & (papers.c.state == "confirmed") & (papers.c.created_at > at - GOOD * _DAY)
    )
    theirs = (papers.c.application_id == application) | counted
    connection.execute(update(papers).where(theirs, papers.c.keep_until < until).values(keep_until=until))


def do_forget(connection: Connection, at: int) -> int:
    """Photos and what they said go when their time has come; how many."""
    values = {"content": None, "reading": None, "state": "forgotten", "changed_at": at}
    due = (papers.c.keep_until <= at) & (papers.c.state != "forgotten")
    return connection.execute(update(papers).where(due).values(values)).rowcount


def asked_for(connection: Connection, application: str) -> list[str]:
    """Both sides of the identity card; for a loan to a business, its licence as well."""
    row = connection.execute(select(applications).where(applications.c.id == application)).one()
    product = products.find(connection, row.product, row.product_version).product
    trades = isinstance(product, products.Loan) and product.purpose == "business"
    return ["id-front", "id-back", *(["licence"] if trades else [])]


def do_take(
    connection: Connection, seal: Seal, customer: str, application: str, kind: str, photo: bytes, at: int
) -> None:
    """A photo comes in, in place of the one before; it waits to be read. Refusals "not-found", "not-possible", "busy",
    "too-many-photos"."""
    _own(connection, customer, application)
    if line.find(connection, application).station not in ("identity", "documents", "consent"):
        raise Refusal("not-possible")
    waiting = select(func.count()).select_from(papers).where(papers.c.state == "reading")
    if connection.execute(waiting).scalar_one() >= MOST_WAITING:
        raise Refusal("busy")
    taken = select(func.sum(papers.c.photos)).where(papers.c.customer_id == customer, papers.c.changed_at > at - _DAY)
    if (connection.execute(taken).scalar_one() or 0) >= PER_DAY:
        raise Refusal("too-many-photos")
    sha256 = hashlib.sha256(photo).hexdigest()
    row = connection.execute(
        select(papers.c.id, papers.c.photos).where(papers.c.application_id == application, papers.c.kind == kind)
    ).first()
    identifier = row.id if row is not None else new_hex(at)
    values = {
        "state": "reading",
        "content": seal.close(photo, "paper", identifier, sha256),
        "sha256": sha256,
        "reading": None,
        "changed_at": at,
        "keep_until": at + ABANDONED * _DAY,
    }
    if row is not None:
        connection.execute(update(papers).where(papers.c.id == identifier).values(photos=row.photos + 1, **values))
        return
    connection.execute(
        insert(papers).values(
            id=identifier,
            customer_id=customer,
            application_id=application,
            kind=kind,
            photos=1,
            created_at=at,
            **values,
        )
    )


def do_conclude(connection: Connection, seal: Seal, identifier: str, sha256: str, reading: Reading, at: int) -> None:
    """What a photo says is known now. What was read of one that has been replaced is dropped."""
    row = connection.execute(select(papers).where(papers.c.id == identifier)).one()
    if row.state != "reading" or row.sha256 != sha256:
        return  # another photo has come meanwhile
    _do_judge(connection, seal, row, Kept(reading), at)


def _do_judge(connection: Connection, seal: Seal, row: Row[Any], kept: Kept, at: int) -> None:
    """What becomes of a paper by what was read and said."""
    problems = _problems(connection, seal, row, kept, at)
    if problems:
        state = "refused" if "other-person" in problems else "retake"
    else:
        state = "doubtful" if _open_doubts(kept) else "confirmed"
    kept = msgspec.structs.replace(kept, problems=problems)
    sealed = seal.close(msgspec.json.encode(kept), "reading", row.id)
    connection.execute(update(papers).where(papers.c.id == row.id).values(state=state, reading=sealed, changed_at=at))
    case = line.find(connection, row.application_id)
    if state == "confirmed":
        if row.kind == "id-front":
            _do_identify(connection, seal, row, kept, at)
        do_move_on(connection, row.customer_id, row.application_id, at)
    elif case.station in ("identity", "documents"):
        line.do_move(connection, row.application_id, "doubtful", at=at, by=line.MACHINE, note=state)


def do_move_on(connection: Connection, customer: str, application: str, at: int) -> None:
    """The application goes on as far as its papers carry it."""
    missing = wanted(connection, customer, application, at)
    station = line.find(connection, application).station
    if station == "identity" and not {"id-front", "id-back"} & set(missing):
        line.do_move(connection, application, "identified", at=at, by=customer)
        station = "documents"
    if station == "documents" and not missing:
        line.do_move(connection, application, "read", at=at, by=customer)


def _problems(connection: Connection, seal: Seal, row: Row[Any], kept: Kept, at: int) -> tuple[str, ...]:
    if kept.reading.problems:
        return kept.reading.problems
    values = _values(kept)
    card = kept.reading.card
    if card is None or all("missing" in field.doubts for field in card.fields.values()):
        return ("empty",)
    until = values.get("until", "")
    has_end = bool(until) and until != FOR_EVER and not form_doubts("until", until)
    if has_end and datetime.date.fromisoformat(until) < day_of(at):
        return ("expired",)
    person = connection.execute(select(customer_table).where(customer_table.c.id == row.customer_id)).one()
    number = seal.open(person.document, "document", person.id).decode() if person.document else ""
    if row.kind == "id-front":
        # a number that the reader was sure of, or the person has said
        said = values["number"] if not form_doubts("number", values["number"]) else ""
        if number and said and said != number:
            return ("other-person",)
    name = person.name.removesuffix(MARK)
    own = values.get("name" if row.kind == "id-front" else "operator", "")
    field = card.fields.get("name" if row.kind == "id-front" else "operator")
    if field is not None and own != name and (not field.doubts or own == kept.answers.get("name")):
        return ("other-person",)
    return ()


def _do_identify(connection: Connection, seal: Seal, row: Row[Any], kept: Kept, at: int) -> None:
    """The card is the customer's: who had none known has now. A number that the person had to say is looked at by a
    person of the bank: the step is not passed by it."""
    values = _values(kept)
    person = connection.execute(select(customer_table).where(customer_table.c.id == row.customer_id)).one()
    if person.document is None:
        sealed = seal.close(values["number"].encode(), "document", person.id)
        connection.execute(update(customer_table).where(customer_table.c.id == person.id).values(document=sealed))
    if "number" not in kept.answers:
        customers.do_pass_step(connection, person.id, "document", {"application": row.application_id}, at)


def _open_doubts(kept: Kept) -> dict[str, str]:
    """What the person still has to say: field → the doubt."""
    card = kept.reading.card
    assert card is not None
    found = {}
    for name in card.doubtful:
        if name not in kept.answers:
            found[name] = card.fields[name].doubts[0]
        elif wrong := _said_wrong(name, kept):
            found[name] = wrong
    return found


def _said_wrong(name: str, kept: Kept) -> str:
    """Why an answer is not taken; "" when it is."""
    values = _values(kept)
    if wrong := form_doubts(name, values[name]):
        return wrong[0]
    if name in ("birth", "number") and not form_doubts("number", values.get("number", "")):
        born = birth(values["number"])
        if born is not None and born.isoformat() != values["birth"]:
            return "disagrees"
    return ""


def _values(kept: Kept) -> dict[str, str]:
    card = kept.reading.card
    read = {name: field.value for name, field in card.fields.items()} if card else {}
    return read | kept.answers


def _shown(row: Row[Any], seal: Seal, chinese: bool) -> Paper:
    if row.reading is None:
        return Paper(row.kind, row.state)
    language = 0 if chinese else 1
    kept = _kept(row, seal)
    reasons = [SAID[problem][language] for problem in kept.problems]
    card = kept.reading.card
    if card is None or kept.problems:
        return Paper(row.kind, row.state, reasons)
    doubts, values = _open_doubts(kept), _values(kept)
    fields = [
        Shown(
            name,
            values[name],
            field.confidence,
            DOUBTS[doubts[name]][language] if name in doubts else "",
            name in kept.answers and kept.answers[name] != field.value,
        )
        for name, field in card.fields.items()
    ]
    return Paper(row.kind, row.state, reasons, fields)


def _kept(row: Row[Any], seal: Seal) -> Kept:
    return msgspec.json.decode(seal.open(row.reading, "reading", row.id), type=Kept)


def first(connection: Connection) -> Row[Any] | None:
    """The photo that has waited longest."""
    return connection.execute(
        select(papers).where(papers.c.state == "reading").order_by(papers.c.changed_at, papers.c.id).limit(1)
    ).first()


def _row(connection: Connection, application: str, kind: str) -> Row[Any]:
    row = connection.execute(
        select(papers).where(papers.c.application_id == application, papers.c.kind == kind)
    ).first()
    if row is None:
        raise Refusal("not-found")
    return row


def _own(connection: Connection, customer: str, application: str) -> None:
    owner = connection.execute(select(applications.c.customer_id).where(applications.c.id == application)).scalar()
    if owner != customer:
        raise Refusal("not-found")
