"""Source maps: the decoder against maps written by hand, stacks against archives."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.check.stacks import StackMapper, decode_mappings

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def encode(value: int) -> str:
    """Base64 VLQ as ECMA-426 describes it: sign in the lowest bit, five bits a digit, the sixth says "more"."""
    rest = -value << 1 | 1 if value < 0 else value << 1
    digits = []
    while True:
        digit, rest = rest & 31, rest >> 5
        digits.append(_DIGITS[digit | (32 if rest else 0)])
        if not rest:
            return "".join(digits)


@pytest.mark.parametrize(
    ("mappings", "lines"),
    [
        ("", [[]]),
        ("AAAA", [[(0, 0, 0, 0)]]),
        ("AAAA,EAAE", [[(0, 0, 0, 0), (2, 0, 0, 2)]]),
        # columns start anew on each line, sources and positions go on
        ("CACC;CCAD;;EDCA", [[(1, 0, 1, 1)], [(1, 1, 1, 0)], [], [(2, 0, 2, 0)]]),
        # a segment without a source, and one with a name
        ("A,CAAAA", [[(1, 0, 0, 0)]]),
        # 16 is the first value of two digits
        ("gBAgBgB", [[(16, 0, 16, 16)]]),
    ],
)
def test_known_mappings(mappings: str, lines: list[list[tuple[int, ...]]]) -> None:
    assert decode_mappings(mappings) == lines


@given(st.lists(st.tuples(*[st.integers(0, 1 << 30)] * 3), max_size=20))
def test_what_is_encoded_is_decoded(places: list[tuple[int, int, int]]) -> None:
    fields, before = [], (0, 0, 0)
    for column, place in enumerate(places):
        source, line, original = (now - then for now, then in zip(place, before, strict=True))
        fields.append("".join(map(encode, (1 if column else 0, source, line, original))))
        before = place
    expected = [(column, *place) for column, place in enumerate(places)]
    assert decode_mappings(",".join(fields)) == [expected]


def archive(**maps: Any) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name, content in maps.items():
            file.writestr(f"{name}/scripts.js.map", msgspec.json.encode(content))
    return data.getvalue()


PLAIN = {"version": 3, "sources": ["a.js"], "names": [], "mappings": "AAAA;EACI"}
INDEX = {
    "version": 3,
    "sections": [
        {"offset": {"line": 4, "column": 0}, "map": PLAIN},
        {"offset": {"line": 9, "column": 2}, "map": PLAIN | {"sources": ["utils/b.ts"]}},
    ],
}


def test_stacks_name_the_authors_files() -> None:
    mapper = StackMapper(archive(main=INDEX, sub=PLAIN))
    stack = (
        "TypeError: x\n    at tap (eden://program/main/scripts.js:6:3)\n    at eden://program/main/scripts.js:10:3\n"
        "    at about:srcdoc:1:1\n    at sub (eden://program/sub/scripts.js:2:9)"
    )
    assert mapper.map(stack) == (
        "TypeError: x\n    at tap (a.js:2:5)\n    at utils/b.ts:1:1\n    at about:srcdoc:1:1\n    at sub (a.js:2:5)"
    )


@pytest.mark.parametrize(
    "place",
    [
        "eden://program/main/scripts.js:1:1",  # before the first section
        "eden://program/main/scripts.js:6:1",  # before the first mapping of its line
        "eden://program/main/scripts.js:8:1",  # after the last line of its section
        "eden://program/other/scripts.js:5:1",  # no such package
        "https://example.com/scripts.js:5:1",
    ],
)
def test_other_places_stay(place: str) -> None:
    assert StackMapper(archive(main=INDEX)).map(f"at {place}") == f"at {place}"


def test_without_maps_stacks_stay() -> None:
    assert StackMapper(None).map("eden://program/main/scripts.js:1:1") == "eden://program/main/scripts.js:1:1"
