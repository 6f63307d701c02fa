"""Lines of print on an identity card → its fields. Pure.

A field is doubtful when the reader was not sure, its form is wrong, a character is rare (outside GB 2312: the reader
confuses variants), or it does not go with the others: then the person is asked. An identity number with a wrong check
digit (GB 11643), or another birth than is printed, is never taken.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from bank.credit.id_numbers import birth, is_valid

#: what the reader must be sure of, in percent
SURE: Final = 88
FIELDS: Final = ("name", "sex", "nation", "birth", "address", "number")
_LABELS: Final = "姓名|性别|民族|出生|住址|公民身份号码"
#: what the reader makes of characters that are common in names
_VARIANTS: Final = str.maketrans("黃吳劉陳張", "黄吴刘陈张")
_BIRTH: Final = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日?")
_NUMBER: Final = re.compile(r"(?<!\d)\d{17}[\dXx]")


class Text(Struct, frozen=True):
    """A piece of print: `confidence` in percent; its box's left, top and height, pixels."""

    text: str
    confidence: int
    left: float
    top: float
    height: float


class Field(Struct, frozen=True):
    """`doubts`: unsure, missing, form, rare, check-digit, disagrees; empty when the value can be taken."""

    value: str
    confidence: int
    doubts: tuple[str, ...]


class Card(Struct, frozen=True):
    """The fields by name (`FIELDS`)."""

    fields: dict[str, Field]

    @property
    def doubtful(self) -> tuple[str, ...]:
        """The fields that the person is asked for."""
        return tuple(name for name in FIELDS if self.fields[name].doubts)


def read_card(texts: Sequence[Text]) -> Card:
    """The fields of the front of a card."""
    rows = _rows(texts)
    found: dict[str, tuple[str, int]] = {}
    address: list[tuple[str, int]] = []
    in_address = False
    for text, confidence in rows:
        number = _NUMBER.search(text)
        if number or "身份号码" in text:
            in_address = False
            if number:
                found.setdefault("number", (number[0].upper(), confidence))
        elif "住址" in text:
            in_address = True
            address.append((text.split("住址", 1)[1], confidence))
        elif in_address:
            address.append((text, confidence))
        else:
            _labelled(text, confidence, found)
    if address:
        found["address"] = "".join(part for part, _ in address), min(confidence for _, confidence in address)
    return Card({name: _field(name, found) for name in FIELDS})


def _labelled(text: str, confidence: int, found: dict[str, tuple[str, int]]) -> None:
    """Values after their labels in one row."""
    pieces = re.split(f"({_LABELS})", text)
    for label, value in zip(pieces[1::2], pieces[2::2], strict=True):
        name = {"姓名": "name", "性别": "sex", "民族": "nation", "出生": "birth"}.get(label)
        if name is not None and value:
            found.setdefault(name, (value.translate(_VARIANTS), confidence))


def _field(name: str, found: dict[str, tuple[str, int]]) -> Field:
    value, confidence = found.get(name, ("", 0))
    if not value:
        return Field("", 0, ("missing",))
    number, number_confidence = found.get("number", ("", 0))
    doubts = ["unsure"] if confidence < SURE else []
    born = _born(found)
    if name == "birth":
        value = born.isoformat() if born else value
        doubts += [] if born else ["form"]
        doubts += ["disagrees"] if born and is_valid(number) and birth(number) != born else []
    elif name == "number":
        doubts += [] if is_valid(value) else ["check-digit"]
        doubts += ["disagrees"] if is_valid(value) and birth(value) != born else []
    elif name == "sex":
        doubts += [] if value in ("男", "女") else ["form"]
        odd = is_valid(number) and int(number[16]) % 2 == 1
        doubts += ["disagrees"] if is_valid(number) and value in ("男", "女") and odd != (value == "男") else []
    elif name == "name":
        doubts += [] if re.fullmatch(r"[\u3400-\u9fff·]{2,20}", value) else ["form"]
    elif name == "nation":
        doubts += [] if re.fullmatch(r"[\u3400-\u9fff]{1,6}", value) else ["form"]
    else:
        doubts += [] if re.search(r"[\u3400-\u9fff]{4}", value) else ["form"]
    if doubts == ["unsure"] and name in ("birth", "sex") and is_valid(number) and number_confidence >= SURE:
        doubts = []  # a number that is sure says the same
    if name in ("name", "address") and _is_rare(value):
        doubts.append("rare")
    return Field(value, confidence, tuple(doubts))


def _is_rare(value: str) -> bool:
    try:
        value.encode("gb2312")
    except UnicodeEncodeError:
        return True
    return False


def _born(found: dict[str, tuple[str, int]]) -> datetime.date | None:
    match = _BIRTH.fullmatch(found.get("birth", ("", 0))[0])
    try:
        return datetime.date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


def _rows(texts: Sequence[Text]) -> list[tuple[str, int]]:
    """Pieces joined to rows, from the top: of one row are those whose middles are less than half a line apart."""
    rows: list[list[Text]] = []
    for text in sorted(texts, key=lambda text: text.top + text.height / 2):
        middle = text.top + text.height / 2
        if rows:
            last = rows[-1][-1]
            if abs(last.top + last.height / 2 - middle) < max(last.height, text.height) / 2:
                rows[-1].append(text)
                continue
        rows.append([text])
    joined = []
    for row in rows:
        ordered = sorted(row, key=lambda text: text.left)
        joined.append((re.sub(r"\s+", "", "".join(t.text for t in ordered)), min(t.confidence for t in ordered)))
    return joined
