"""Two texts line by line, for reading: also when they are bundles with lines of many thousand characters. Pure.

Long lines are broken where statements or rules end, since a bundle is otherwise one line that differs. What is still
long is cut around the first difference, and what stays the same is left out but for a few lines around a change.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
#: lines between two places that are surely the same, and pairs of the same line among them: what the comparison takes
#: grows with both (0.1 s); beyond, all is shown as replaced
_MOST_COMPARED = 2_000
_MOST_PAIRS = 8_000
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
    for same, start, end, new_start, new_end in _blocks(old, new):
        if same:
            first, last = start == new_start == 0, end == len(old) and new_end == len(new)
            _same(lines, old[start:end], new[new_start:new_end], first=first, last=last)
        else:
            _replaced(lines, old[start:end], new[new_start:new_end])
        if len(lines) > most:
            return lines[:most], False
    return lines, True


#: number of the line (None but for its first piece), text
_Piece: TypeAlias = tuple[int | None, str]
#: where lines that are the same begin in the old and the new text, and how many they are
_Match: TypeAlias = tuple[int, int, int]


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


def _blocks(old: Sequence[_Piece], new: Sequence[_Piece]) -> Iterator[tuple[bool, int, int, int, int]]:
    """The texts in blocks that are the same or not: from and before where in the old one, and in the new one."""
    was, now = [text for _, text in old], [text for _, text in new]
    place, new_place = 0, 0
    for start, new_start, size in [*_joined(_matches(was, now)), (len(was), len(now), 0)]:
        if (start, new_start) != (place, new_place):
            yield False, place, start, new_place, new_start
        if size:
            yield True, start, start + size, new_start, new_start + size
        place, new_place = start + size, new_start + size


def _matches(was: Sequence[str], now: Sequence[str]) -> Iterator[_Match]:
    """What is the same in both, in order: at both ends, then at lines that are once in each (Cohen's patience diff),
    then what `SequenceMatcher` finds between these, which takes longer than all the rest."""
    shorter = min(len(was), len(now))
    head = next((place for place in range(shorter) if was[place] != now[place]), shorter)
    most = shorter - head
    tail = next((place for place in range(most) if was[-1 - place] != now[-1 - place]), most)
    yield 0, 0, head
    end, new_end = len(was) - tail, len(now) - tail
    place, new_place = head, head
    for start, new_start, size in [*_anchors(was, now, head, end, new_end), (end, new_end, tail)]:
        first, second = was[place:start], now[new_place:new_start]
        if max(len(first), len(second)) <= _MOST_COMPARED and _pairs(first, second) <= _MOST_PAIRS:
            for match in SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks():
                yield place + match.a, new_place + match.b, match.size
        yield start, new_start, size
        place, new_place = start + size, new_start + size


def _anchors(was: Sequence[str], now: Sequence[str], start: int, end: int, new_end: int) -> list[_Match]:
    """The most lines that are once in each part, in the same order in both (the longest increasing sequence)."""
    once, new_once = Counter(was[start:end]), Counter(now[start:new_end])
    places = {line: place for place, line in enumerate(now[start:new_end], start) if new_once[line] == 1}
    #: by length of a sequence: its last line in the new text, where that ends lowest
    ends: list[int] = []
    found: list[tuple[int, int, int]] = []
    last: list[int] = []
    for place in range(start, end):
        line = was[place]
        if once[line] == 1 and (new_place := places.get(line)) is not None:
            length = bisect_left(ends, new_place)
            found.append((place, new_place, last[length - 1] if length else -1))
            ends[length : length + 1], last[length : length + 1] = [new_place], [len(found) - 1]
    chain, number = [], last[-1] if last else -1
    while number >= 0:
        place, new_place, number = found[number]
        chain.append((place, new_place, 1))
    return chain[::-1]


def _pairs(first: Sequence[str], second: Sequence[str]) -> int:
    """How many pairs of the same line there are."""
    counts = Counter(second)
    return sum(counts[line] for line in first)


def _joined(matches: Iterable[_Match]) -> Iterator[_Match]:
    """The same matches, with those that follow each other in one; without empty ones."""
    place, new_place, size = 0, 0, 0
    for start, new_start, more in matches:
        if (start, new_start) == (place + size, new_place + size):
            size += more
            continue
        if size:
            yield place, new_place, size
        place, new_place, size = start, new_start, more
    if size:
        yield place, new_place, size


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
