"""Stack lines of a program in its author's files: `eden://program/PACKAGE/scripts.js:LINE:COL` by maps.zip."""

from __future__ import annotations

import io
import re
import zipfile
from bisect import bisect_right
from typing import Any

import msgspec

_LOCATION = re.compile(r"eden://program/([^\s:]+?)/scripts\.js:(\d+):(\d+)")
_DIGITS = {c: i for i, c in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}

Segment = tuple[int, int, int, int]


def decode_mappings(mappings: str) -> list[list[Segment]]:
    """Source map v3 `mappings` (ECMA-426) → per line, sorted (column, source, line, column), all from 0."""
    lines: list[list[Segment]] = []
    source = line = column = 0
    for text in mappings.split(";"):
        generated = 0
        segments: list[Segment] = []
        for field in text.split(",") if text else ():
            values = _vlq(field)
            generated += values[0]
            if len(values) >= 4:
                source, line, column = source + values[1], line + values[2], column + values[3]
                segments.append((generated, source, line, column))
        lines.append(segments)
    return lines


def _vlq(text: str) -> list[int]:
    values, shift, value = [], 0, 0
    for character in text:
        digit = _DIGITS[character]
        value |= (digit & 31) << shift
        if digit & 32:
            shift += 5
        else:
            values.append(-(value >> 1) if value & 1 else value >> 1)
            shift = value = 0
    return values


class _Map:
    """An index map: sections in order, each a map of its own from an offset on. A plain map is one section."""

    def __init__(self, data: bytes) -> None:
        decoded = msgspec.json.decode(data)
        plain = {"offset": {"line": 0, "column": 0}, "map": decoded}
        self._sections: list[dict[str, Any]] = decoded.get("sections", [plain])
        self._starts = [(section["offset"]["line"], section["offset"]["column"]) for section in self._sections]
        self._decoded: dict[int, list[list[Segment]]] = {}

    def find(self, line: int, column: int) -> tuple[str, int, int] | None:
        """`line` and `column` from 1, as in stacks → file, line, column from 1."""
        number = bisect_right(self._starts, (line - 1, column - 1)) - 1
        if number < 0:
            return None
        section, (first_line, first_column) = self._sections[number]["map"], self._starts[number]
        if number not in self._decoded:
            self._decoded[number] = decode_mappings(section["mappings"])
        lines, row = self._decoded[number], line - 1 - first_line
        segments = lines[row] if row < len(lines) else []
        at = bisect_right(segments, (column - 1 - (first_column if row == 0 else 0), 1 << 60, 0, 0)) - 1
        if at < 0:
            return None
        _, source, original_line, original_column = segments[at]
        return section["sources"][source], original_line + 1, original_column + 1


class StackMapper:
    """Maps are decoded when an error first needs them. Without maps, stacks stay as they are."""

    def __init__(self, archive: bytes | None) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(archive)) if archive else None
        self._maps: dict[str, _Map | None] = {}

    def _map(self, package: str) -> _Map | None:
        if package not in self._maps:
            name = f"{package}/scripts.js.map"
            known = self._zip is not None and name in self._zip.namelist()
            self._maps[package] = _Map(self._zip.read(name)) if known and self._zip else None
        return self._maps[package]

    def map(self, stack: str) -> str:
        """`stack` with every program location replaced by `FILE:LINE:COLUMN`."""

        def replace(match: re.Match[str]) -> str:
            found = self._map(match[1])
            place = found.find(int(match[2]), int(match[3])) if found else None
            return ":".join(map(str, place)) if place else match[0]

        return _LOCATION.sub(replace, stack)
