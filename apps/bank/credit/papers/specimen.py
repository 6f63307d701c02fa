"""Pictures of papers of people who do not exist, for demonstrations and tests; each says 样本 SPECIMEN.

Drawn with the font that OpenCV brings along. Images are arrays as OpenCV has them (`pictures.Image`).
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np

from bank.credit.papers.pictures import CARD, Image

#: colours of the ground, of labels and of what is filled in: blue, green, red
_GROUND: Final = (236, 240, 226)
_LABEL: Final = (130, 90, 40)
_INK: Final = (25, 25, 25)
_TABLE: Final = (60, 60, 60)
_MARK: Final = "样本 SPECIMEN"


@lru_cache(maxsize=1)
def _font() -> Any:
    return cv2.FontFace("uni")


def identity(name: str, sex: str, nation: str, born: datetime.date, address: Sequence[str], number: str) -> Image:
    """The front of an identity card; the address in one line or two."""
    rows = [
        ("姓名", name, 95), ("性别", f"{sex}    民族  {nation}", 175),
        ("出生", f"{born.year}年{born.month}月{born.day}日", 255),
        *(("住址" if index == 0 else "", line, 340 + 55 * index) for index, line in enumerate(address)),
        ("公民身份号码", number, 550),
    ]  # fmt: skip
    card = _card(rows)
    cv2.rectangle(card, (690, 110), (930, 430), (190, 180, 170), -1)
    return card


def identity_back(authority: str, since: datetime.date, until: datetime.date | None) -> Image:
    """The back of an identity card; `until` is None for a card that is good for ever."""
    valid = f"{since:%Y.%m.%d}-{until:%Y.%m.%d}" if until else f"{since:%Y.%m.%d}-长期"
    card = _card([("签发机关", authority, 450), ("有效期限", valid, 540)])
    cv2.putText(card, "中华人民共和国", (330, 180), _INK, _font(), 44, 400)
    cv2.putText(card, "居民身份证", (330, 280), _INK, _font(), 56, 400)
    return card


def licence(code: str, name: str, operator: str, registered: datetime.date, address: str) -> Image:
    """The business licence of a self-employed person."""
    rows = [
        ("统一社会信用代码", code, 190), ("名称", name, 270), ("类型", "个体工商户", 340), ("经营者", operator, 410),
        ("注册日期", f"{registered.year}年{registered.month}月{registered.day}日", 480), ("经营场所", address, 550),
    ]  # fmt: skip
    card = _card(rows)
    cv2.putText(card, "营业执照", (390, 110), _INK, _font(), 56, 400)
    return card


def photograph(card: Image) -> bytes:
    """The card on a dark table, as a JPEG."""
    table = np.full((900, 1_300, 3), _TABLE, np.uint8)
    table[135 : 135 + CARD[1], 150 : 150 + CARD[0]] = card
    return bytes(cv2.imencode(".jpg", table, [cv2.IMWRITE_JPEG_QUALITY, 92])[1])


def _card(rows: Sequence[tuple[str, str, int]]) -> Image:
    card = np.full((CARD[1], CARD[0], 3), _GROUND, np.uint8)
    for label, value, y in rows:
        cv2.putText(card, label, (60, y), _LABEL, _font(), 30, 400)
        left = 150 if len(label) <= 2 else 330
        cv2.putText(card, value, (left, y), _INK, _font(), 36, 400)
    cv2.putText(card, _MARK, (60, 40), (150, 150, 190), _font(), 20, 400)
    return card
