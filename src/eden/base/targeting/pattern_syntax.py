r"""Patterns: the regular expressions of audiences and whitelists, read into a tree.

    pattern   = sequence *("|" sequence)
    sequence  = 1*(atom [quantifier])
    atom      = character / "." / class / "\d" / "\w" / escaped / "(" pattern ")" / "(?:" pattern ")" / "^" / "$"
    class     = "[" ["^"] 1*(member ["-" member]) "]"
    quantifier= "*" / "+" / "?" / "{n}" / "{n,}" / "{n,m}"

What passes means the same to Python (`re.search` with ASCII and DOTALL, `\Z` for `$`) and to JavaScript (`RegExp` with
`u` and `s`): `.` is any character, `\d` is 0-9, `\w` is A-Z, a-z, 0-9 and `_`, `^` and `$` are the ends of the whole
text. There is nothing that needs backtracking (references, look-around), and nothing that says nothing when only the
whole answer counts (lazy and possessive quantifiers).
"""

from __future__ import annotations

from typing import NoReturn, TypeAlias

import msgspec

#: Places in a pattern once its {n} are written out. A UUID has 36, a card number 16.
MAX_SIZE = 256
#: Groups inside groups.
MAX_GROUPS = 8

LAST = 0x10FFFF
_DIGIT = ((0x30, 0x39),)
_WORD = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_ESCAPES = {"d": _DIGIT, "w": _WORD}
_PUNCTUATION = frozenset(r"^$\.*+?()[]{}|/-")
#: what has a meaning and must be escaped to stand for itself
_SPECIAL = frozenset("*+?{}])")

_Ranges: TypeAlias = tuple[tuple[int, int], ...]


class Characters(msgspec.Struct, frozen=True):
    """One character within (or, when negated, outside) ranges of code points, ends included."""

    ranges: _Ranges
    negated: bool = False

    def holds(self, code: int) -> bool:
        return any(low <= code <= high for low, high in self.ranges) is not self.negated


class Start(msgspec.Struct, frozen=True):
    """`^`"""


class End(msgspec.Struct, frozen=True):
    """`$`"""


class Sequence(msgspec.Struct, frozen=True):
    parts: tuple[Node, ...]


class Either(msgspec.Struct, frozen=True):
    parts: tuple[Node, ...]


class Repeat(msgspec.Struct, frozen=True):
    """At least `least` times, at most `most` times or, with None, any number of times."""

    part: Node
    least: int
    most: int | None


Node: TypeAlias = Characters | Start | End | Sequence | Either | Repeat


class PatternError(ValueError):
    """Why a text is no pattern, as a sentence that names the character, counted from 1."""


def parse_pattern(text: str) -> Node:
    """The tree of a pattern; PatternError if it is none."""
    node = _Reader(text).read()
    if size_of(node) > MAX_SIZE:
        raise PatternError(
            f"It matches too many characters at once; stay below {MAX_SIZE} with the repetitions counted."
        )
    return node


def size_of(node: Node) -> int:
    """How many places the written-out pattern has. Counted, not written out: {9}{9}… grows without bound."""
    match node:
        case Sequence(parts) | Either(parts):
            return sum(map(size_of, parts))
        case Repeat(part, least, most):
            return size_of(part) * max(1, most if most is not None else least + 1)
        case _:
            return 1


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def read(self) -> Node:
        node = self.pattern(0)
        if self.at < len(self.text):
            self.refuse("the “)” has no “(” before it; write \\) for the character")
        return node

    @property
    def next(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, text: str) -> bool:
        found = self.text.startswith(text, self.at)
        self.at += len(text) * found
        return found

    def refuse(self, what: str, at: int | None = None) -> NoReturn:
        raise PatternError(f"At character {(self.at if at is None else at) + 1}: {what}.")

    def pattern(self, depth: int) -> Node:
        parts = [self.sequence(depth)]
        while self.take("|"):
            parts.append(self.sequence(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self.next not in ("", "|", ")"):
            parts.append(self.quantified(self.atom(depth)))
        if not parts:
            self.refuse("nothing stands here, which would match everything; write what is to be matched")
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def quantified(self, atom: Node) -> Node:
        start = self.at
        if self.take("*"):
            least, most = 0, None
        elif self.take("+"):
            least, most = 1, None
        elif self.take("?"):
            least, most = 0, 1
        elif self.take("{"):
            least, most = self.counts()
        else:
            return atom
        if isinstance(atom, Start | End):
            self.refuse("“^” and “$” cannot be repeated; remove the quantifier", start)
        if self.next and self.next in "*+?{":
            self.refuse("a second quantifier follows the first; leave one, or put the part in ( )")
        return Repeat(atom, least, most)

    def counts(self) -> tuple[int, int | None]:
        start = self.at
        least = self.number()
        most: int | None = least
        if self.take(","):
            most = None if self.next == "}" else self.number()
        if not self.take("}"):
            self.refuse("write {3}, {3,} or {3,5}, or \\{ for the character", start - 1)
        if most is not None and most < max(1, least):
            self.refuse("the second number of { } is the greater one, and not 0", start - 1)
        return least, most

    def number(self) -> int:
        start = self.at
        while self.next and self.next in "0123456789":
            self.at += 1
        if not 1 <= self.at - start <= 3:
            self.refuse("write {3}, {3,} or {3,5} with numbers below 1000, or \\{ for the character", start - 1)
        return int(self.text[start : self.at])

    def atom(self, depth: int) -> Node:
        start = self.at
        if self.take("("):
            return self.group(depth + 1, start)
        if self.take("["):
            return self.characters(start)
        if self.take("\\"):
            return Characters(self.escape())
        char = self.next
        if char in _SPECIAL:
            self.refuse(f"“{char}” has nothing before it that it could belong to; write \\{char} for the character")
        self.at += 1
        match char:
            case ".":
                return Characters(((0, LAST),))
            case "^":
                return Start()
            case "$":
                return End()
        return Characters(((ord(char), ord(char)),))

    def group(self, depth: int, start: int) -> Node:
        if depth > MAX_GROUPS:
            self.refuse(f"groups are nested more than {MAX_GROUPS} deep; write the pattern flatter", start)
        if self.next == "?" and not self.take("?:"):
            self.refuse("groups with “(?” other than “(?:” are not supported; use plain ( )", start)
        node = self.pattern(depth)
        if not self.take(")"):
            self.refuse("the “(” has no “)”; add it, or write \\( for the character", start)
        return node

    def escape(self) -> _Ranges:
        char = self.next
        self.at += 1
        if char in _PUNCTUATION and char:
            return ((ord(char), ord(char)),)
        if char in _ESCAPES:
            return _ESCAPES[char]
        if char:
            what = f"“\\{char}” is not supported; there are \\d, \\w and escaped punctuation"
        else:
            what = "nothing follows the “\\”; write \\\\ for the character"
        return self.refuse(what, self.at - 2)

    def characters(self, start: int) -> Node:
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        while not self.take("]"):
            if not self.next:
                self.refuse("the “[” has no “]”; add it, or write \\[ for the character", start)
            member_at = self.at
            low = self.member()
            if self.next == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self.member()
                if not (_single(low) and _single(high) and low[0][0] <= high[0][0]):
                    self.refuse("a range goes from a lower to a higher character; write \\- for a hyphen", member_at)
                ranges.append((low[0][0], high[0][0]))
            else:
                ranges.extend(low)
        if not ranges:
            self.refuse("the brackets are empty; write \\] for a “]” between them", start)
        return Characters(tuple(ranges), negated)

    def member(self) -> _Ranges:
        if self.take("\\"):
            return self.escape()
        char = self.next
        if char == "[":
            self.refuse("write \\[ for a “[” between brackets")
        self.at += 1
        return ((ord(char), ord(char)),)


def _single(ranges: _Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]
