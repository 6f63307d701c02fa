"""The officer's work list: what the line left to a person, durable, with a reason and a deadline.

An item has a kind, and the room that a kind belongs to says what an officer's word does there (`DECIDERS`): the credit
line here, claims and loans in trouble in their rooms. An officer takes an item, and decides it with a note. Where an
item needs two (`needed`), the first who agrees gives it back to the list, and another has to agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from bank.credit import worklist as pure
from bank.credit.worklist import Officer
from bank.ids import new_hex
from bank.refusals import Refusal
from bank.tables import customers, work_items
from bank.values import Page

PAGE = 50
#: µs until an item should be decided, unless its room says otherwise
PATIENCE: Final = 4 * 3_600_000_000


class Word(StrEnum):
    """What an officer says: yes, no, or that the customer has to show something again."""

    APPROVE = "approve"
    REFUSE = "refuse"
    ASK_AGAIN = "ask-again"


class Said(Struct, frozen=True):
    """An officer's word on an item; `at` in µs."""

    officer: str
    word: Word
    note: str
    at: int


class Item(Struct, frozen=True):
    """Something that waits for a person, or did.

    `kind`: credit (`subject` is an application), or what other rooms have. `number` is what people call the subject,
    `reasons` are sentences in Chinese and English, the weightiest first; `reason` is its code. `amount` in cents,
    `left` µs until the deadline (below 0: it is late). `owner`: who has taken it, "" for nobody. `needed`: officers who
    have to agree. `outcome` is "" until it is decided: approve, refuse, ask-again, or gone (nobody had to decide).
    """

    id: str
    kind: str
    subject: str
    number: str
    customer: str
    name: str
    reason: str
    reasons: list[tuple[str, str]]
    amount: int
    skill: str
    owner: str
    state: str
    opened_at: int
    deadline: int
    left: int
    needed: int
    said: list[Said]
    outcome: str


#: what an officer's word does, by kind: (connection, subject, officer, word, note, at)
Decider = Callable[[Connection, str, str, Word, str, int], None]
DECIDERS: dict[str, Decider] = {}


def items(
    connection: Connection, at: int, *, state: str = "open", kind: str = "", owner: str | None = None, cursor: str = ""
) -> Page[Item]:
    """Items, the nearest deadline first. `owner`: those of an officer, "" those of nobody, None all of them."""
    query = select(work_items, customers.c.name).join(customers).where(work_items.c.state == state)
    if kind:
        query = query.where(work_items.c.kind == kind)
    if owner is not None:
        query = query.where(work_items.c.owner == owner)
    if cursor:
        deadline, _, after = cursor.partition("-")
        if not deadline.isdecimal():
            raise Refusal("invalid", what="cursor")
        late = work_items.c.deadline > int(deadline)
        query = query.where(or_(late, and_(work_items.c.deadline == int(deadline), work_items.c.id > after)))
    rows = connection.execute(query.order_by(work_items.c.deadline, work_items.c.id).limit(PAGE + 1)).all()
    found = [_shown(row, at) for row in rows[:PAGE]]
    return Page(found, f"{found[-1].deadline}-{found[-1].id}" if len(rows) > PAGE else None)


def find(connection: Connection, identifier: str, at: int) -> Item:
    """One item. Refusal "not-found"."""
    return _shown(_row(connection, identifier), at)


def of_number(connection: Connection, number: str, at: int) -> Item:
    """What waits under a number. Refusal "not-decidable" when nothing does."""
    waiting = (one for one in _all_open(connection) if one.detail["number"] == number)
    row = next(waiting, None)
    if row is None:
        raise Refusal("not-decidable")
    return _shown(row, at)


def of_subject(connection: Connection, kind: str, subject: str, at: int) -> list[Item]:
    """All items that something has had, the newest first."""
    rows = connection.execute(
        select(work_items, customers.c.name)
        .join(customers)
        .where(work_items.c.kind == kind, work_items.c.subject == subject)
        .order_by(work_items.c.id.desc())
    )
    return [_shown(row, at) for row in rows]


def do_open(
    connection: Connection,
    kind: str,
    subject: str,
    customer: str,
    at: int,
    *,
    number: str,
    reasons: Sequence[tuple[str, str, str]],
    amount: int = 0,
    skill: str = "credit",
    needed: int = 1,
    patience: int = PATIENCE,
) -> str:
    """Put something on the list, its id; what is on it already stays as it is.

    `reasons`: (code, Chinese, English), one at least, the weightiest first.
    """
    known = _open_id(connection, kind, subject)
    if known is not None:
        return known
    identifier = new_hex(at)
    connection.execute(
        insert(work_items).values(
            id=identifier,
            kind=kind,
            subject=subject,
            customer_id=customer,
            reason=reasons[0][0],
            amount=amount,
            skill=skill,
            owner="",
            state="open",
            detail={"number": number, "reasons": [[chinese, english] for _, chinese, english in reasons]}
            | {"needed": needed, "said": [], "outcome": ""},
            opened_at=at,
            deadline=at + patience,
        )
    )
    return identifier


def do_close(connection: Connection, kind: str, subject: str, at: int) -> None:
    """Nobody has to look at it any more: the customer has withdrawn, say. What is not on the list is left alone."""
    identifier = _open_id(connection, kind, subject)
    if identifier is not None:
        _do_end(connection, _row(connection, identifier), "gone", at)


def do_claim(connection: Connection, identifier: str, officer: str, at: int) -> Item:
    """An officer takes an item; again is once. Refusals "not-decidable", "taken", "four-eyes"."""
    row = _waiting(connection, identifier)
    if row.owner not in ("", officer):
        raise Refusal("taken", owner=row.owner)
    if any(said["officer"] == officer for said in row.detail["said"]):
        raise Refusal("four-eyes")
    connection.execute(update(work_items).where(work_items.c.id == identifier).values(owner=officer))
    return find(connection, identifier, at)


def do_give_back(connection: Connection, identifier: str, officer: str, at: int) -> Item:
    """The officer who has an item lets others take it. Refusals "not-decidable", "not-claimed"."""
    if _waiting(connection, identifier).owner != officer:
        raise Refusal("not-claimed")
    connection.execute(update(work_items).where(work_items.c.id == identifier).values(owner=""))
    return find(connection, identifier, at)


def do_decide(connection: Connection, identifier: str, officer: str, word: Word, note: str, at: int) -> Item:
    """The word of the officer who has taken an item, with a note.

    A first yes where two are needed gives it back to the list; any other word decides. Refusals "not-decidable",
    "not-claimed", "no-note", and those of the kind's room.
    """
    row = _waiting(connection, identifier)
    if row.owner != officer or not officer:
        raise Refusal("not-claimed")
    if not note.strip():
        raise Refusal("no-note")
    said = [*row.detail["said"], msgspec.to_builtins(Said(officer, word, note.strip(), at))]
    connection.execute(
        update(work_items).where(work_items.c.id == identifier).values(detail=row.detail | {"said": said}, owner="")
    )
    if word is not Word.APPROVE or len(said) >= row.detail["needed"]:
        DECIDERS[row.kind](connection, row.subject, officer, word, note.strip(), at)
        _do_end(connection, _row(connection, identifier), word.value, at)
    return find(connection, identifier, at)


def do_assign(connection: Connection, officers: Sequence[Officer], at: int) -> dict[str, str]:
    """Share out what nobody has, by skill and room: item → officer."""
    rows = _all_open(connection)
    waiting = [pure.Item(row.id, row.skill, row.amount, row.opened_at, row.deadline, row.owner, at) for row in rows]
    spoken = {row.id: [said["officer"] for said in row.detail["said"]] for row in rows}
    given = pure.assign(waiting, officers, spoken)
    for identifier, officer in given.items():
        do_claim(connection, identifier, officer, at)
    return given


def _all_open(connection: Connection) -> Sequence[Row[Any]]:
    return connection.execute(
        select(work_items, customers.c.name)
        .join(customers)
        .where(work_items.c.state == "open")
        .order_by(work_items.c.deadline, work_items.c.id)
    ).all()


def _open_id(connection: Connection, kind: str, subject: str) -> str | None:
    return connection.execute(
        select(work_items.c.id).where(
            work_items.c.kind == kind, work_items.c.subject == subject, work_items.c.state == "open"
        )
    ).scalar()


def _row(connection: Connection, identifier: str) -> Row[Any]:
    row = connection.execute(
        select(work_items, customers.c.name).join(customers).where(work_items.c.id == identifier)
    ).first()
    if row is None:
        raise Refusal("not-found")
    return row


def _waiting(connection: Connection, identifier: str) -> Row[Any]:
    row = _row(connection, identifier)
    if row.state != "open":
        raise Refusal("not-decidable")
    return row


def _do_end(connection: Connection, row: Row[Any], outcome: str, at: int) -> None:
    values = {"state": "done", "detail": row.detail | {"outcome": outcome}, "done_at": at}
    connection.execute(update(work_items).where(work_items.c.id == row.id).values(**values))


def _shown(row: Row[Any], at: int) -> Item:
    detail = row.detail
    return Item(
        row.id,
        row.kind,
        row.subject,
        detail["number"],
        row.customer_id,
        row.name,
        row.reason,
        [(chinese, english) for chinese, english in detail["reasons"]],
        row.amount,
        row.skill,
        row.owner,
        row.state,
        row.opened_at,
        row.deadline,
        row.deadline - (row.done_at or at),
        detail["needed"],
        [msgspec.convert(one, Said) for one in detail["said"]],
        detail["outcome"],
    )
