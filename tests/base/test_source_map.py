"""Source maps: places by maps written by hand, contents, damage."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.base.source_map import Place, SourceMap, decode

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


def made(**values: Any) -> SourceMap:
    return SourceMap(msgspec.json.encode({"version": 3, "names": [], **values}))


PLAIN = {"version": 3, "sources": ["a.ts"], "names": ["tap"], "mappings": "AAAA,IAAIA;EACI"}


def test_places_of_a_plain_map() -> None:
    found = made(**PLAIN)
    assert found.find(1, 1) == Place("a.ts", 1, 1, "")
    # between two segments the one before counts
    assert found.find(1, 4) == Place("a.ts", 1, 1, "")
    assert found.find(1, 5) == Place("a.ts", 1, 5, "tap")
    assert found.find(2, 99) == Place("a.ts", 2, 9, "")
    # nothing before the first segment of a line, on other lines, or at no line
    assert found.find(2, 2) is None
    assert found.find(3, 1) is None
    assert found.find(0, 1) is None


def test_a_line_without_a_column_begins_with_its_first_place() -> None:
    assert made(**PLAIN).find(2, 0) == Place("a.ts", 2, 9, "")


def test_what_nobody_wrote_has_no_place() -> None:
    """A tool's own code between the author's: the segment before it does not count for it."""
    found = made(**PLAIN | {"mappings": "A,IAAA,IAAAA;A"})
    assert [found.find(1, column) for column in (1, 4)] == [None, None]
    assert found.find(1, 5) == Place("a.ts", 1, 1, "") and found.find(1, 9) == Place("a.ts", 1, 1, "tap")
    assert found.find(1, 0) == Place("a.ts", 1, 1, "") and found.find(2, 0) is None
    between = made(**PLAIN | {"mappings": "AAAA,I,IAAA"})
    assert [found is None for found in (between.find(1, column) for column in (1, 5, 8, 9))] == [
        False,
        True,
        True,
        False,
    ]
    assert between.around(1, 5, 1) == ([], "", [])


def test_sections_have_places_of_their_own() -> None:
    sections = [
        {"offset": {"line": 4, "column": 0}, "map": PLAIN},
        {"offset": {"line": 9, "column": 2}, "map": PLAIN | {"sources": ["b.js"], "sourceRoot": "lib/"}},
    ]
    found = SourceMap(msgspec.json.encode({"version": 3, "sections": sections}))
    assert found.find(4, 1) is None
    assert found.find(5, 1) == Place("a.ts", 1, 1, "")
    assert found.find(6, 3) == Place("a.ts", 2, 9, "")
    # the offset's column counts on the section's first line only
    assert found.find(10, 2) is None
    assert found.find(10, 3) == Place("lib/b.js", 1, 1, "")
    assert found.find(11, 3) == Place("lib/b.js", 2, 9, "")


def test_lines_around_a_place() -> None:
    found = made(**PLAIN | {"sourcesContent": ["one\ntwo\nthree"]})
    assert found.around(1, 1, 2) == ([], "one", ["two", "three"])
    assert found.around(2, 3, 1) == (["one"], "two", ["three"])
    assert found.around(9, 1, 1) == ([], "", [])
    for content in (None, [], [None], ["one"]):
        assert made(**PLAIN | {"sourcesContent": content}).around(2, 3, 1) == ([], "", [])


@given(st.lists(st.tuples(*[st.integers(0, 1 << 24)] * 3), max_size=20))
def test_what_is_encoded_is_decoded(places: list[tuple[int, int, int]]) -> None:
    fields, before = [], (0, 0, 0)
    for column, place in enumerate(places):
        differences = (now - then for now, then in zip(place, before, strict=True))
        fields.append("".join(map(encode, (1 if column else 0, *differences))))
        before = place
    found = decode(",".join(fields), 1 << 25, 0)
    assert list(found.generated) == list(range(len(places)))
    assert list(zip(found.sources, found.lines, found.columns, strict=True)) == places
    assert list(found.rows) == [0, len(places)]


@pytest.mark.parametrize(
    "mappings",
    ["A!AA", "AAAg", "AAA", "AA", "ACAA", "ADAA", "AAAD", "DAAA", "AAAAC", "AAAAD", "gggggggggB", "AAAA;é"],
)
def test_damaged_mappings_are_said(mappings: str) -> None:
    with pytest.raises(ValueError, match="source map"):
        made(sources=["a"], mappings=mappings).find(1, 1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"sections": [{"offset": {"line": -1, "column": 0}, "map": {"mappings": "", "sources": []}}]}',
        b'{"sections": [{"offset": {"line": 2, "column": 0}, "map": {"mappings": "", "sources": []}},'
        b' {"offset": {"line": 1, "column": 0}, "map": {"mappings": "", "sources": []}}]}',
    ],
)
def test_what_is_no_map_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        SourceMap(data)
