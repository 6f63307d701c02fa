"""Stacks against archives with source maps."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import msgspec
import pytest

from eden.check.stacks import StackMapper


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
