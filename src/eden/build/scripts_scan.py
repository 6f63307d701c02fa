"""What a module's text names, other modules and functions of `wx`, with their places, found without a parser.

Each pattern begins with a literal, which Python searches at memory speed; comments are recognised by what stands
before a match. The answer is an over-approximation; `in_body` drops what esbuild's output does not hold any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from eden.build.interfaces import ApiUse, Require

_LITERAL = r"""(?:"([^"\\\n]*)"|'([^'\\\n]*)'|`([^`\\$\n]*)`)"""

_CALL = re.compile(rf"require(\s*\.\s*async)?\s*\(\s*(?:{_LITERAL}\s*[,)]|(?=[^\s)]))")
_IMPORT = re.compile(rf"import(\s*\()?\s*{_LITERAL}")
_FROM = re.compile(rf"from\s*{_LITERAL}")
_API = re.compile(r"wx\s*\??\.\s*([A-Za-z_$][\w$]*)")
_NAME = re.compile(r"[\w$.]")
#: `import type …`, `export type …` up to its `from`
_TYPES = re.compile(r"\b(?:import|export)\s+type\s+(?:[\w$]+|\*\s*as\s+[\w$]+|\{[^}]*\})\s*$")


@dataclass(frozen=True, slots=True)
class Scan:
    """`dynamic`: something is required whose name is computed."""

    specifiers: tuple[str, ...] = ()
    dynamic: bool = False
    requires: tuple[Require, ...] = ()
    #: the first use of each name
    apis: tuple[ApiUse, ...] = ()

    def in_body(self, body: str) -> Scan:
        """Without what esbuild dropped: comments, imports of types, and strings that only looked like code."""
        requires = tuple(wanted for wanted in self.requires if f'("{wanted.specifier}")' in body)
        specifiers = tuple(dict.fromkeys(wanted.specifier for wanted in requires))
        dynamic = self.dynamic and any(_computed(match) for match in _calls(body))
        return Scan(specifiers, dynamic, requires, tuple(use for use in self.apis if f".{use.name}" in body))


# The compiler scans a module twice: to find what to compile, and when it compiles it.
@lru_cache(maxsize=2048)
def scan_requires(text: str) -> Scan:
    """Modules and functions of `wx` that a script names, in the order of the text."""
    found: dict[int, tuple[str, bool]] = {}
    dynamic = False
    for match in _calls(text):
        if _computed(match):
            dynamic = True
        else:
            assert match.lastindex
            found[match.start(match.lastindex) - 1] = (match[match.lastindex], match[1] is not None)
    for match in _free(_IMPORT, text):
        assert match.lastindex
        found[match.start(match.lastindex) - 1] = (match[match.lastindex], match[1] is not None)
    for match in _free(_FROM, text):
        assert match.lastindex
        if not _TYPES.search(text, max(0, match.start() - 2000), match.start()):
            found[match.start(match.lastindex) - 1] = (match[match.lastindex], False)
    apis: dict[str, int] = {}
    for match in _API.finditer(text):
        if match[1] not in apis and _is_free(match, text):
            apis[match[1]] = match.start()
    place_of = _Places(text)
    requires = tuple(Require(specifier, *place_of(at), deferred) for at, (specifier, deferred) in sorted(found.items()))
    place_of = _Places(text)
    uses = tuple(ApiUse(name, *place_of(at)) for name, at in apis.items())
    return Scan(tuple(dict.fromkeys(wanted.specifier for wanted in requires)), dynamic, requires, uses)


def _computed(call: re.Match[str]) -> bool:
    return call.lastindex in (None, 1)


def _calls(text: str) -> Iterator[re.Match[str]]:
    return _free(_CALL, text)


def _free(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    return (match for match in pattern.finditer(text) if _is_free(match, text))


def _is_free(match: re.Match[str], text: str) -> bool:
    """A match begins a name of its own and does not stand in a comment."""
    at = match.start()
    if at and _NAME.match(text, at - 1) and not text.endswith("...", 0, at):
        return False
    line = text.rfind("\n", 0, at) + 1
    before = text[max(line, at - 500) : at]
    if "//" in before and before.lstrip().startswith("//"):
        return False
    opened = text.rfind("/*", max(0, at - 5000), at)
    return opened < 0 or text.find("*/", opened, at) >= 0


class _Places:
    """Line and column, from 1, of rising offsets."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.line = 1
        self.start = 0

    def __call__(self, offset: int) -> tuple[int, int]:
        newlines = self.text.count("\n", self.start, offset)
        if newlines:
            self.line += newlines
            self.start = self.text.rfind("\n", self.start, offset) + 1
        return self.line, offset - self.start + 1
