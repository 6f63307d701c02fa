"""Pictures of cards of nobody, drawn by `papers.specimen`; and what a careless hand makes of them."""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass

import cv2
import numpy as np

from bank.credit.id_numbers import check_digit
from bank.credit.papers import specimen
from bank.credit.papers.pictures import Image


@dataclass(frozen=True)
class Holder:
    """Who does not exist."""

    name: str
    born: datetime.date
    number: str
    address: tuple[str, ...]

    @property
    def sex(self) -> str:
        return "男" if int(self.number[16]) % 2 else "女"


def holder(seed: int) -> Holder:
    source = random.Random(seed)
    born = datetime.date(1960, 1, 1) + datetime.timedelta(days=source.randrange(16_000))
    first = f"99{source.randrange(10_000):04d}{born:%Y%m%d}{source.randrange(1_000):03d}"
    name = source.choice("王李张刘陈杨黄") + "".join(source.sample("伟芳娜敏静丽强磊军洋", 2))
    street = source.choice(("杭州市西湖区文三路", "成都市武侯区天府大道", "广州市天河区体育西路"))
    return Holder(
        name, born, first + check_digit(first), (street, f"{source.randint(1, 299)}号{source.randint(101, 2999)}室")
    )


def draw(who: Holder) -> Image:
    """The card alone, 1,000 × 631."""
    return specimen.identity(who.name, who.sex, "汉", who.born, who.address, who.number)


def photo(who: Holder, tilt: float = 0.0, blur: float = 0.0, noise: float = 0.0, seed: int = 0) -> Image:
    """The card on a dark table."""
    table = np.full((900, 1_300, 3), 60, np.uint8)
    table[135:766, 150:1150] = draw(who)
    matrix = cv2.getRotationMatrix2D((650, 450), tilt, 0.98)
    turned = cv2.warpAffine(table, matrix, (1_300, 900), flags=cv2.INTER_CUBIC, borderValue=(60, 60, 60))
    if blur:
        turned = cv2.GaussianBlur(turned, (0, 0), blur)
    if noise:
        grain = np.random.default_rng(seed).normal(0, noise, turned.shape)
        turned = np.clip(turned + grain, 0, 255)
    return np.asarray(turned, np.uint8)


def file(picture: Image, kind: str = ".jpg") -> bytes:
    return bytes(cv2.imencode(kind, picture)[1])
