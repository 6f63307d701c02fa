"""The papers of an application as an officer sees them: what the reader made of each, and what the person said instead.

The identity number is masked, as it is everywhere; the photo, which has it in full, is for who may see it in full.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, select

from bank.centres import line, papers
from bank.credit.papers.card import SURE, Field
from bank.credit.papers.reader import KINDS
from bank.tables import applications
from bank.tables import papers as papers_table
from eden.base.errors import EdenError
from eden.base.problems import not_found
from eden.base.sealing import Seal

_DAY: Final = 86_400_000_000
#: the field of a card that is masked
_NUMBER: Final = "number"


class Line(Struct, frozen=True):
    """A field: `value` holds, `read` is what the reader saw; `confidence` in percent. `mark`: corrected (the person
    said something else), said (the person was asked and said the same), or ""; `doubt` is the reader's, in Chinese and
    English."""

    name: str
    value: str
    read: str
    confidence: int
    is_sure: bool
    mark: str
    doubt: tuple[str, str]


class Paper(Struct, frozen=True):
    """A paper that was photographed. `application` has it; `number` is that one's if it is another than was asked for.
    `photos`: how many were taken; `reasons` why the last one will not do, in Chinese and English."""

    kind: str
    state: str
    application: str
    number: str
    photos: int
    changed_at: int
    is_kept: bool
    reasons: list[tuple[str, str]]
    lines: list[Line]


def of_application(connection: Connection, seal: Seal, application: str, at: int) -> list[Paper]:
    """In the order of `KINDS`: its own, and those of applications before it that it went by."""
    row = connection.execute(select(applications).where(applications.c.id == application)).one()
    own = connection.execute(select(papers_table).where(papers_table.c.application_id == application)).all()
    found: dict[str, tuple[Row[Any], str]] = {one.kind: (one, "") for one in own}
    # an application that has passed its papers went by what there was then
    way = line.find(connection, application)
    until = max((step.at for step in way.history if step.event == "read"), default=at if way.queue else 0)
    others = connection.execute(
        select(papers_table, applications.c.number)
        .join(applications, applications.c.id == papers_table.c.application_id)
        .where(
            papers_table.c.customer_id == row.customer_id,
            papers_table.c.application_id != application,
            papers_table.c.state == "confirmed",
            papers_table.c.changed_at <= until,
            papers_table.c.created_at > row.created_at - papers.GOOD * _DAY,
        )
        .order_by(papers_table.c.created_at.desc(), papers_table.c.id)
    ).all()
    asked = papers.asked_for(connection, application)
    for one in others:
        if one.kind in asked:
            found.setdefault(one.kind, (one, one.number))
    return [_paper(*found[kind], seal) for kind in KINDS if kind in found]


def photo(connection: Connection, seal: Seal, application: str, kind: str) -> tuple[bytes, str]:
    """A paper's photo, JPEG or PNG, and its SHA-256. Problem "not-found" when there is none, or no longer."""
    row = connection.execute(
        select(papers_table).where(papers_table.c.application_id == application, papers_table.c.kind == kind)
    ).first()
    if row is None or row.content is None:
        raise not_found("The photo")
    try:
        return seal.open(row.content, "paper", row.id, row.sha256), row.sha256
    except EdenError:
        raise not_found("The photo") from None


def _paper(row: Row[Any], number: str, seal: Seal) -> Paper:
    reasons, lines = [], []
    if row.reading is not None:
        kept = msgspec.json.decode(seal.open(row.reading, "reading", row.id), type=papers.Kept)
        reasons = [papers.SAID[problem] for problem in kept.problems]
        if kept.reading.card is not None:
            lines = [_line(name, field, kept.answers) for name, field in kept.reading.card.fields.items()]
    return Paper(
        row.kind, row.state, row.application_id, number, row.photos, row.changed_at,
        row.content is not None, reasons, lines,
    )  # fmt: skip


def _line(name: str, field: Field, answers: dict[str, str]) -> Line:
    value = answers.get(name, field.value)
    mark = "" if name not in answers else "said" if value == field.value else "corrected"
    doubt = papers.DOUBTS[field.doubts[0]] if field.doubts else ("", "")
    read = field.value
    if name == _NUMBER:
        value, read = _masked(value), _masked(read)
    return Line(name, value, read, field.confidence, field.confidence >= SURE, mark, doubt)


def _masked(number: str) -> str:
    """31010419880301002X → 310***********002X; nothing of what is too short for a number."""
    return f"{number[:3]}***********{number[-4:]}" if len(number) > 10 else "*" * len(number)
