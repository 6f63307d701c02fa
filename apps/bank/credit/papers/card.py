"""Lines of print on a paper → its fields: both sides of an identity card, a business licence. Pure.

A field is doubtful when the reader was not sure, its form is wrong, a character is rare (outside GB 2312: the reader
confuses variants), or it does not go with the others: then the person is asked. An identity number with a wrong check
digit (GB 11643), or another birth than is printed, is never taken; nor is a licence's code (GB 32100).
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
BACK: Final = ("authority", "since", "until")
LICENCE: Final = ("code", "title", "form", "operator", "registered", "premises")
#: what stands for ever
FOR_EVER: Final = "长期"
_LABELS: Final = "姓名|性别|民族|出生|住址|公民身份号码"
#: what the reader makes of characters that are common in names
_VARIANTS: Final = str.maketrans("黃吳劉陳張", "黄吴刘陈张")
_BIRTH: Final = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日?")
_VALID: Final = re.compile(r"(\d{4}\.\d{2}\.\d{2})[-—~一](\d{4}\.\d{2}\.\d{2}|长期)")
_LICENCE_LABELS: Final = {
    "统一社会信用代码": "code", "名称": "title", "类型": "form", "经营者": "operator", "注册日期": "registered",
    "经营场所": "premises",
}  # fmt: skip
#: the characters of a code by their value; those that look like others are not among them (GB 32100-2015)
_CODE: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
#: characters of a value
LONGEST: Final = 120
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
    """The fields by name, in their order on the paper (`FIELDS`, `BACK`, `LICENCE`)."""

    fields: dict[str, Field]

    @property
    def doubtful(self) -> tuple[str, ...]:
        """The fields that the person is asked for."""
        return tuple(name for name, field in self.fields.items() if field.doubts)


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


def read_back(texts: Sequence[Text]) -> Card:
    """The fields of the back of a card."""
    found: dict[str, tuple[str, int]] = {}
    for text, confidence in _rows(texts):
        if "签发机关" in text:
            found["authority"] = text.split("签发机关", 1)[1], confidence
        elif match := _VALID.search(text):
            for name, value in zip(("since", "until"), match.groups(), strict=True):
                found[name] = value if value == FOR_EVER else value.replace(".", "-"), confidence
    return Card({name: _plain(name, found) for name in BACK})


def read_licence(texts: Sequence[Text]) -> Card:
    """The fields of a business licence of a self-employed person."""
    found: dict[str, tuple[str, int]] = {}
    for text, confidence in _rows(texts):
        for label, name in _LICENCE_LABELS.items():
            if label in text and (value := text.split(label, 1)[1].lstrip("：:")):
                if name == "registered" and (match := _BIRTH.search(value)):
                    value = f"{int(match[1]):04d}-{int(match[2]):02d}-{int(match[3]):02d}"
                found.setdefault(name, (value.upper() if name == "code" else value, confidence))
                break
    return Card({name: _plain(name, found) for name in LICENCE})


def form_doubts(name: str, value: str) -> tuple[str, ...]:
    """What is wrong with a value by itself, whoever read or typed it."""
    if name == "number":
        return () if is_valid(value) else ("check-digit",)
    if name == "code":
        return () if is_code(value) else ("check-digit",)
    if name in ("birth", "since", "registered", "until"):
        return () if _is_day(value) or (name == "until" and value == FOR_EVER) else ("form",)
    pattern = {
        "name": r"[\u3400-\u9fff·]{2,20}", "operator": r"[\u3400-\u9fff·]{2,20}", "sex": "[男女]",
        "nation": r"[\u3400-\u9fff]{1,6}", "address": r".*[\u3400-\u9fff]{4}.*", "premises": r".*[\u3400-\u9fff]{4}.*",
        "authority": r"[\u3400-\u9fff]{4,30}", "title": r".*[\u3400-\u9fff]{2}.*",
        "form": r"[\u3400-\u9fff（）()]{2,20}",
    }[name]  # fmt: skip
    return () if len(value) <= LONGEST and re.fullmatch(pattern, value) else ("form",)


def is_code(code: str) -> bool:
    """Whether it is a unified social credit code: 17 characters and one to check them (GB 32100-2015)."""
    return bool(re.fullmatch(f"[{_CODE}]{{18}}", code)) and code_of(code[:17]) == code


def code_of(first: str) -> str:
    """A unified social credit code by its first 17 characters."""
    total = sum(_CODE.index(one) * pow(3, place, 31) for place, one in enumerate(first))
    return first + _CODE[-total % 31]


def _is_day(value: str) -> bool:
    try:
        return len(value) == 10 and bool(datetime.date.fromisoformat(value))
    except ValueError:
        return False


def _plain(name: str, found: dict[str, tuple[str, int]]) -> Field:
    """A field that no other says something of."""
    value, confidence = found.get(name, ("", 0))
    if not value:
        return Field("", 0, ("missing",))
    doubts = [*(["unsure"] if confidence < SURE else []), *form_doubts(name, value)]
    if name in ("title", "operator", "premises", "authority") and _is_rare(value):
        doubts.append("rare")
    return Field(value, confidence, tuple(doubts))


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
    doubts += form_doubts(name, value)
    if name in ("birth", "number"):
        known = birth(number) if is_valid(number) else None
        doubts += ["disagrees"] if known is not None and known != born and (born or name == "number") else []
    elif name == "sex" and value in ("男", "女") and is_valid(number):
        doubts += ["disagrees"] if (int(number[16]) % 2 == 1) != (value == "男") else []
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
