"""Identity cards, from photo to fields: generated ones, clean and carelessly taken."""

from __future__ import annotations

import os
import signal
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bank.credit.papers.card import FIELDS, Text, read_card
from bank.credit.papers.pictures import PROBLEMS, decode, quality, straighten
from bank.credit.papers.reader import Reader, ReaderFailed, Reading
from tests.apps.bank.credit.cards import draw, file, holder, photo


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    reader = Reader(patience=240)
    yield reader
    reader.close()


def texts(*rows: str, confidence: int = 99) -> list[Text]:
    return [Text(row, confidence, 60, 100.0 * index, 40) for index, row in enumerate(rows)]


WHO = holder(1)
PRINTED = (
    f"姓名{WHO.name}", f"性别{WHO.sex}民族汉", f"出生{WHO.born.year}年{WHO.born.month}月{WHO.born.day}日",
    f"住址{WHO.address[0]}", WHO.address[1], f"公民身份号码{WHO.number}",
)  # fmt: skip


def check(reading: Reading, seed: int) -> None:
    """All fields are those of the holder, and none is doubtful."""
    who = holder(seed)
    assert reading.problems == ()
    assert reading.card is not None
    got = {name: reading.card.fields[name].value for name in FIELDS}
    assert got == {
        "name": who.name, "sex": who.sex, "nation": "汉", "birth": who.born.isoformat(),
        "address": "".join(who.address), "number": who.number,
    }  # fmt: skip
    assert reading.card.doubtful == ()


def test_a_clean_card(reader: Reader) -> None:
    check(reader.read(file(photo(holder(2)))), 2)


def test_a_careless_photo(reader: Reader) -> None:
    reading = reader.read(file(photo(holder(3), tilt=-4, blur=0.9, noise=5)))
    check(reading, 3)
    assert 3 < abs(reading.tilt) < 5


def test_it_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader is a process of its own and gets a guard of its own: it ends where it asks for a socket or a name."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, socket\n"
        f"open({str(tmp_path / 'guarded')!r}, 'w').close()\n"
        "def die(*_, **__): os._exit(7)\n"
        "socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = die\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    reader = Reader(patience=240)
    try:
        check(reader.read(file(photo(holder(2)))), 2)
    finally:
        reader.close()
    assert (tmp_path / "guarded").exists()


def test_photos_to_be_taken_again(reader: Reader) -> None:
    """They are refused before they are read."""
    assert reader.read(b"no picture").problems == ("unreadable",)
    assert "blurred" in reader.read(file(photo(holder(1), blur=7))).problems


def test_a_dead_reader_is_replaced(reader: Reader) -> None:
    reader.read(b"no picture")
    first = reader.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert reader.read(b"no picture").problems == ("unreadable",)
    assert reader.pid != first


def test_a_slow_reader_is_ended() -> None:
    slow = Reader(patience=0)
    with pytest.raises(ReaderFailed, match="take the photo again"):
        slow.read(b"no picture")
    assert slow.pid is None


def test_the_quality_of_pictures() -> None:
    good = photo(WHO)
    assert quality(good).problems == ()
    burnt = good.copy()
    burnt[200:500, 300:700] = 255
    assert quality(burnt).problems == ("glare",)
    assert "dark" in quality(np.asarray(good // 5, np.uint8)).problems
    assert "small" in quality(np.ascontiguousarray(good[::3, ::3])).problems
    assert set(quality(photo(WHO, blur=8)).problems) <= set(PROBLEMS)


@pytest.mark.parametrize("tilt", [-7.0, 0.0, 3.0])
def test_a_card_is_cut_out_upright(tilt: float) -> None:
    upright, turned = straighten(photo(WHO, tilt=tilt))
    assert upright.shape == (631, 1_000, 3)
    assert abs(turned + tilt) < 0.6
    difference = np.abs(upright.astype(int) - draw(WHO).astype(int))
    assert float(difference[20:-20, 20:-20].mean()) < 8


def test_without_edges_lines_of_print_say_what_is_level() -> None:
    import cv2

    card = draw(WHO)
    matrix = cv2.getRotationMatrix2D((500, 315), 3, 1.0)
    border = (236, 240, 226)
    turned = np.asarray(cv2.warpAffine(card, matrix, (1_000, 631), borderValue=border), np.uint8)
    assert abs(straighten(turned)[1] + 3) < 0.7
    assert straighten(card)[1] == 0


def test_files_that_are_not_decoded() -> None:
    assert decode(b"") is None
    assert decode(b"\xff\xd8\xff\xe0") is None
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    assert decode(b"\x89PNG\r\n\x1a\n" + chunk) is None
    assert decode(file(photo(WHO), ".png")) is not None


def test_printed_rows() -> None:
    card = read_card(texts(*PRINTED))
    assert card.doubtful == ()
    assert card.fields["address"].value == "".join(WHO.address)


def test_a_wrong_digit_is_never_taken() -> None:
    """Each place of the number, each other digit."""
    for place in range(17):
        for other in "0123456789":
            wrong = WHO.number[:place] + other + WHO.number[place + 1 :]
            if wrong != WHO.number:
                card = read_card(texts(*PRINTED[:-1], f"公民身份号码{wrong}"))
                assert "number" in card.doubtful


def test_doubts() -> None:
    other = holder(2)
    assert read_card([]).doubtful == FIELDS
    swapped = read_card(texts(*PRINTED[:-1], f"公民身份号码{other.number}"))
    assert {"birth", "number"} <= set(swapped.doubtful)
    assert "disagrees" in swapped.fields["number"].doubts
    unsure = read_card(texts(*PRINTED, confidence=70))
    assert unsure.doubtful == FIELDS
    shaky = [Text(piece.text, 60, piece.left, piece.top, piece.height) for piece in texts(*PRINTED[:3])]
    agreed = read_card([*shaky, *texts(*PRINTED)[3:]])
    assert agreed.doubtful == ("name", "nation")  # sex and birth are in the number, too
    odd = read_card(texts("姓名W4ng", "性别X民族1", "出生1990年13月40日", "住址1", PRINTED[-1]))
    assert odd.doubtful == FIELDS
    assert odd.fields["birth"].doubts == ("form",)
    rare = read_card(texts("姓名王㐂", *PRINTED[1:]))
    assert rare.fields["name"].doubts == ("rare",)
    assert read_card(texts("姓名黃芳", *PRINTED[1:])).fields["name"].value == "黄芳"
    wrong_sex = "女" if WHO.sex == "男" else "男"
    assert read_card(texts(PRINTED[0], f"性别{wrong_sex}民族汉", *PRINTED[2:])).doubtful == ("sex",)
