"""Lists as people upload them: ids in a file, or patterns, one on a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from eden.base.errors import EdenError
from eden.base.targeting.language import MAX_PATTERNS, MAX_TEXT
from eden.base.targeting.patterns import MAX_PLACES, TOO_MANY_PLACES, PatternError, check_pattern

#: Ids of one list: more than any group that is named one by one. Their entries are 32 MB.
MAX_IDS = 1_000_000
#: Characters of one id; a UUID has 36, a hash in hex 64.
MAX_ID = 128
#: Bytes of a file: as many ids, as long as that, on lines of their own.
MAX_BYTES = MAX_IDS * (MAX_ID + 2)
#: Problems that are told; a file that is wrong is often wrong on every line.
MAX_PROBLEMS = 20

_LINE = re.compile(r"\r\n|\n|\r")
#: an id and the spaces around it; the full-width comma is what Chinese keyboards give
_ID = re.compile(r"[^,，\r\n]+")
#: what no id has: a gap within it, and what cannot be seen
_REFUSED = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class LineProblem(msgspec.Struct, frozen=True):
    """What is wrong on a line (counted from 1; 0 is the whole file), as a sentence that says what to do."""

    line: int
    sentence: str


class UploadError(EdenError):
    """A file is no list; `problems` has what is to be mended, in the order of the lines."""

    def __init__(self, problems: Iterable[LineProblem]) -> None:
        self.problems = tuple(problems)
        told = " ".join(
            f"Line {problem.line}: {problem.sentence}" if problem.line else problem.sentence
            for problem in self.problems
        )
        super().__init__("list-invalid", f"The list cannot be used. {told}")


def parse_ids(content: bytes | str) -> list[str]:
    """The ids of a file, each once, in its order; UploadError if it is no list of ids.

    UTF-8 (a byte order mark is passed over), ids separated by commas or line ends, spaces around them and empty places
    dropped, case kept.
    """
    text = _text(content)
    # one after the other: a file of nothing but commas has a hundred million empty places
    ids = list(dict.fromkeys(filter(None, (found[0].strip() for found in _ID.finditer(text)))))
    if len(ids) > MAX_IDS:
        raise UploadError([LineProblem(0, f"It has {len(ids):,} ids; {MAX_IDS:,} is the limit, so split it.")])
    if any(len(id_) > MAX_ID or _REFUSED.search(id_) for id_ in ids):
        raise UploadError(_id_problems(text))
    if not ids:
        raise UploadError([LineProblem(0, "It has no ids; write them separated by commas or on lines of their own.")])
    return ids


def parse_patterns(content: bytes | str) -> tuple[str, ...]:
    """The patterns of a file, one on a line, each once; UploadError if it is no list of patterns."""
    problems: list[LineProblem] = []
    patterns: dict[str, None] = {}
    places = 0
    for line, pattern in _lines(_text(content)):
        if not pattern or pattern in patterns:
            continue
        patterns[pattern] = None
        if len(pattern) > MAX_TEXT:
            problems.append(LineProblem(line, f"It has more than {MAX_TEXT} characters; shorten it."))
        elif _REFUSED.search(pattern.replace(" ", "")):
            problems.append(LineProblem(line, "It has control characters in it; remove them."))
        else:
            try:
                before, places = places, places + check_pattern(pattern)
            except PatternError as error:
                problems.append(LineProblem(line, str(error)))
            else:
                if before <= MAX_PLACES < places:
                    problems.append(LineProblem(line, TOO_MANY_PLACES))
        if len(patterns) > MAX_PATTERNS:
            problems.append(LineProblem(line, f"A list has at most {MAX_PATTERNS} patterns; join some with |."))
            break
    if not patterns:
        problems.append(LineProblem(0, "It has no patterns; write one on each line."))
    if problems:
        raise UploadError(problems)
    return tuple(patterns)


def _text(content: bytes | str) -> str:
    if len(content) > MAX_BYTES:
        raise UploadError([LineProblem(0, f"It is larger than {MAX_BYTES // 1_000_000} MB; split it.")])
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        line = len(_LINE.findall(before)) + 1
        raise UploadError([LineProblem(line, "This is not UTF-8; save the file as UTF-8.")]) from None


def _lines(text: str) -> Iterator[tuple[int, str]]:
    return ((number, line.strip()) for number, line in enumerate(_LINE.split(text), 1))


def _id_problems(text: str) -> Iterator[LineProblem]:
    told = 0
    for number, line in _lines(text):
        for id_ in map(str.strip, re.split("[,，]", line)):
            if len(id_) > MAX_ID:
                sentence = f"An id has {len(id_)} characters; {MAX_ID} is the limit."
            elif _REFUSED.search(id_):
                sentence = "An id has a gap or a control character in it; separate ids by commas or line ends."
            else:
                continue
            yield LineProblem(number, sentence)
            told += 1
            if told == MAX_PROBLEMS:
                return
