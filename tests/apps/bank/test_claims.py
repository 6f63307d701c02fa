"""A short insurance claim."""

from __future__ import annotations

import base64
import struct
import time
import zlib
from typing import Any

import pytest

from bank.centres import films
from bank.centres.claims import AT_ONCE, MOST, MOST_FILM, PER_YEAR, judge
from bank.photos import size_of
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


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def mp4(seconds: int = 12, width: int = 1280, height: int = 720, *, version: int = 0, shade: int = 0) -> bytes:
    """The boxes of a film of one picture track and sound, without its pictures."""
    scale = 600
    if version:
        head = bytes([1, 0, 0, 0]) + struct.pack(">QQIQ", 0, 0, scale, seconds * scale)
    else:
        head = bytes(4) + struct.pack(">IIII", 0, 0, scale, seconds * scale)
    picture = bytes(76) + struct.pack(">II", width << 16, height << 16)
    tracks = box(b"trak", box(b"tkhd", bytes(84))) + box(b"trak", box(b"tkhd", picture))
    data = struct.pack(">I4sQ", 1, b"mdat", 16 + 4) + bytes([shade] * 4)
    return box(b"ftyp", b"isom") + data + box(b"moov", box(b"mvhd", head) + tracks)


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


def send_film(house: BankHouse, content: bytes, key: str = "f1") -> Answer:
    wanted = {"kind": "water", "amount": 50_000, "film": base64.b64encode(content).decode()}
    return house.call("POST", "/v1/claims", wanted, idempotency_key=key)


def test_a_film_will_do(house: BankHouse) -> None:
    before = shop(house)
    assert send_film(house, mp4()).json["state"] == "paid"
    assert shop(house) == before + 50_000
    assert send_film(house, mp4(), key="f2").code == "photo-used"


@pytest.mark.parametrize(
    "content",
    [
        b"", png(), mp4()[:-90], mp4(61), mp4(0), mp4(12, 200, 720), mp4(12, 0, 0), box(b"ftyp", b"isom"),
        mp4() + bytes(MOST_FILM),
    ],
    ids=["nothing", "picture", "cut", "long", "no-time", "narrow", "sound", "no-movie", "large"],
)  # fmt: skip
def test_films_that_show_nothing(house: BankHouse, content: bytes) -> None:
    assert send_film(house, content).code in ("bad-film", "bad-photo")
    assert house.get("/v1/claims")["items"] == []


def test_it_ends_within_three_minutes(house: BankHouse) -> None:
    """The bank's processor time for a claim with the longest film: from the request to money that can be spent."""
    before, begun = shop(house), time.process_time()
    content = mp4(60)
    longest = content + box(b"free", bytes(MOST_FILM - len(content) - 8))
    assert len(longest) == MOST_FILM
    assert send_film(house, longest).json["state"] == "paid"
    assert shop(house) == before + 50_000
    assert time.process_time() - begun < 180


def test_a_photo_or_a_film(house: BankHouse) -> None:
    film = base64.b64encode(mp4()).decode()
    assert file(house, film=film).code == "invalid"
    assert file(house, photo="").code == "bad-photo"


def test_what_a_film_says_of_itself() -> None:
    assert films.read(mp4(version=1)) == films.read(mp4()) == films.Film(12.0, 1280, 720)
    for length in range(len(mp4())):
        films.read(mp4()[:length])


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
    # a marker may have more bytes 0xFF before it
    filled = jpeg(640, 480).replace(b"\xff\xc0", b"\xff\xff\xff\xc0")
    assert filled != jpeg(640, 480) and size_of(filled) == (640, 480)
