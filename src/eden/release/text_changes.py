"""Two texts line by line, for reading: also when they are bundles with lines of many thousand characters. Pure.

Long lines are broken where statements or rules end, since a bundle is otherwise one line that differs. What is still
long is cut around the first difference, and what stays the same is left out but for a few lines around a change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["added", "removed", "same", "gap"]
#: kind, number in the old text, number in the new one, text
Line: TypeAlias = tuple[Kind, int | None, int | None, str]

#: characters of a line that a reader takes in; longer ones are broken, then cut
LONGEST_LINE = 240
#: lines of a comparison: what a page shows and a browser lays out at once
MOST_LINES = 2_000
#: the time of the comparison grows with the product of both sides; what is larger is shown as replaced
_MOST_COMPARED = 6_000
_CONTEXT = 3
#: before a difference that is in the middle of a long line
_LEAD = 60

_END = re.compile(r"(?<=[;{}])(?=[^;{}\s])")


def read_text(data: bytes) -> str | None:
    """The text in a file; None when it is none (not UTF-8, or with control characters that no text has)."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if re.search(r"[\x00-\x08\x0e-\x1f]", text) else text


def changes(before: str, after: str, *, most: int = MOST_LINES) -> tuple[list[Line], bool]:
    """What was removed and added, with what stands around it, and whether that is all (`most` lines at most).

    Numbers count lines from 1; of a line that was broken only the first piece has one.
    """
    old, new = _pieces(before), _pieces(after)
    lines: list[Line] = []
    for tag, start, end, new_start, new_end in _blocks(old, new):
        if tag == "equal":
            _same(lines, old[start:end], new[new_start:new_end], first=start == 0, last=end == len(old))
        else:
            _replaced(lines, old[start:end], new[new_start:new_end])
        if len(lines) > most:
            return lines[:most], False
    return lines, True


#: number of the line (None but for its first piece), text
_Piece: TypeAlias = tuple[int | None, str]


def _pieces(text: str) -> list[_Piece]:
    found: list[_Piece] = []
    # str.splitlines also breaks at characters that are no ends of lines in files
    lines = re.split(r"\r\n|\n|\r", text)
    if lines and not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, 1):
        parts = [line] if len(line) <= LONGEST_LINE else _END.split(line)
        found += [(number if index == 0 else None, part) for index, part in enumerate(parts)]
    return found


def _blocks(old: Sequence[_Piece], new: Sequence[_Piece]) -> list[tuple[str, int, int, int, int]]:
    """Operations as `SequenceMatcher` gives them; what is the same at both ends is not compared."""
    was, now = [text for _, text in old], [text for _, text in new]
    head = 0
    while head < min(len(was), len(now)) and was[head] == now[head]:
        head += 1
    tail = 0
    while tail < min(len(was), len(now)) - head and was[-1 - tail] == now[-1 - tail]:
        tail += 1
    blocks = [("equal", 0, head, 0, head)] if head else []
    first, second = was[head : len(was) - tail], now[head : len(now) - tail]
    if max(len(first), len(second)) > _MOST_COMPARED:
        blocks.append(("replace", head, len(was) - tail, head, len(now) - tail))
    else:
        matcher = SequenceMatcher(None, first, second)
        blocks += [(tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in matcher.get_opcodes()]
    if tail:
        blocks.append(("equal", len(was) - tail, len(was), len(now) - tail, len(now)))
    return blocks


def _same(lines: list[Line], old: Sequence[_Piece], new: Sequence[_Piece], *, first: bool, last: bool) -> None:
    before, after = 0 if first else _CONTEXT, 0 if last else _CONTEXT
    pairs = list(zip(old, new, strict=True))
    if len(pairs) > before + after + 1:
        shown = [*pairs[:before], None, *(pairs[-after:] if after else [])]
    else:
        shown = list(pairs)
    for pair in shown:
        if pair is None:
            lines.append(("gap", None, None, ""))
        else:
            (number, text), (new_number, _) = pair
            lines.append(("same", number, new_number, _cut(text, 0)))


def _replaced(lines: list[Line], old: Sequence[_Piece], new: Sequence[_Piece]) -> None:
    places = [
        _difference(was[1], now[1]) if was is not None and now is not None else 0 for was, now in zip_longest(old, new)
    ]
    for (number, text), place in zip(old, places, strict=False):
        lines.append(("removed", number, None, _cut(text, place)))
    for (number, text), place in zip(new, places, strict=False):
        lines.append(("added", None, number, _cut(text, place)))


def _difference(first: str, second: str) -> int:
    """Where two texts begin to differ."""
    shorter = min(len(first), len(second))
    return next((place for place in range(shorter) if first[place] != second[place]), shorter)


def _cut(text: str, place: int) -> str:
    """At most `LONGEST_LINE` characters, `place` among them, with what was left out in numbers."""
    if len(text) <= LONGEST_LINE:
        return text
    start = 0 if place < LONGEST_LINE - _LEAD else place - _LEAD
    end = start + LONGEST_LINE
    head = f"[{start:,}…] " if start else ""
    rest = len(text) - end
    return f"{head}{text[start:end]}" + (f" […{rest:,}]" if rest > 0 else "")
