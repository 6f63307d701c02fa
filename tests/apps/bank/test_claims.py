"""A short insurance claim."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import pytest

from bank.centres.claims import AT_ONCE, MOST, PER_YEAR, judge, size_of
from tests.apps.bank.house import Answer, BankHouse


def png(width: int = 400, height: int = 320, shade: int = 0) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes([shade]) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg(width: int, height: int) -> bytes:
    """The beginning of one: a comment, then the frame."""
    frame = struct.pack(">HBHHB", 11, 8, height, width, 1)
    return b"\xff\xd8" + b"\xff\xfe\x00\x06abcd" + b"\xff\xc0" + frame + b"\x01\x11\x00"


def file(house: BankHouse, amount: int = 50_000, key: str = "c1", picture: bytes | None = None, **more: Any) -> Answer:
    photo = base64.b64encode(png() if picture is None else picture).decode()
    return house.call(
        "POST", "/v1/claims", {"kind": "glass", "amount": amount, "photo": photo} | more, idempotency_key=key
    )


def shop(house: BankHouse) -> int:
    return int(house.get("/v1/overview")["accounts"][2]["balance"])


def test_a_small_claim_is_paid_at_once_and_once(house: BankHouse) -> None:
    before = shop(house)
    claim = file(house).json
    assert claim["state"] == "paid"
    assert file(house).json == claim
    assert shop(house) == before + 50_000
    assert file(house, 50_001).code == "key-used"
    newest = house.get("/v1/transactions")["items"][0]
    assert (newest["kind"], newest["amount"], newest["note"]) == ("claim", 50_000, claim["number"])
    assert claim["number"] in house.get("/v1/messages")["items"][0]["text"]
    assert house.get("/v1/claims")["items"] == [claim]


def test_a_photo_is_good_for_one_claim(house: BankHouse) -> None:
    file(house)
    assert file(house, key="c2").code == "photo-used"
    assert file(house, key="c3", picture=png(shade=1)).status == 200


@pytest.mark.parametrize("picture", [b"", b"GIF89a", png(239, 400), jpeg(400, 100), jpeg(9, 9)[:12]])
def test_photos_that_show_nothing(house: BankHouse, picture: bytes) -> None:
    assert file(house, picture=picture).code == "bad-photo"
    assert house.get("/v1/claims")["items"] == []


def test_what_is_no_claim(house: BankHouse) -> None:
    assert file(house, 0).code == "invalid"
    assert file(house, kind="theft").code == "invalid"
    assert file(house, photo="!").code == "bad-photo"


def test_more_than_a_few_are_looked_at(house: BankHouse) -> None:
    before = shop(house)
    states = [file(house, key=f"c{n}", picture=png(shade=n)).json["state"] for n in range(PER_YEAR + 1)]
    assert states == ["paid"] * PER_YEAR + ["referred"]
    assert shop(house) == before + PER_YEAR * 50_000
    assert file(house, MOST + 1, key="big", picture=png(shade=9)).json["state"] == "refused"


@pytest.mark.parametrize(
    ("amount", "paid", "has_shop", "state"),
    [
        (AT_ONCE, 0, True, "paid"), (AT_ONCE + 1, 0, True, "referred"), (1, PER_YEAR, True, "referred"),
        (MOST, 0, True, "referred"), (MOST + 1, 0, True, "refused"), (1, 0, False, "refused"),
    ],
)  # fmt: skip
def test_the_rules(amount: int, paid: int, has_shop: bool, state: str) -> None:
    assert judge(amount, paid, has_shop) == state


def test_sizes_of_pictures() -> None:
    assert (size_of(png(7, 9)), size_of(jpeg(640, 480)), size_of(b"\xff\xd8")) == ((7, 9), (640, 480), None)
