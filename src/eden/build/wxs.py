"""WXS modules: WeChat's scripting for templates, close enough to JavaScript to run as it with one rewrite."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from eden.build.paths import folder_of, normalize

#: words that WXS allows as names and JavaScript does not
_RESERVED = frozenset({"class", "enum", "export", "extends", "import", "super"})
#: comments, strings (closed at the end of the text if need be: no text takes more than linear time), names, signs
_TOKEN = re.compile(
    r"""//[^\n]*+|/\*.*?(?:\*/|\Z)|"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?|[A-Za-z_$][\w$]*+|[^\s\w]""", re.DOTALL
)
#: a backslash that a regular expression is meant to get: not one that escapes itself, a quote or a line's end
_PATTERN_ESCAPE = re.compile(r"""\\(?:([^\\'"\n\r])|.)""", re.DOTALL)
_REQUIRE = re.compile(r"""\brequire\s*\(\s*(?:"([^"\n]+)"|'([^'\n]+)')\s*\)""")


def rewrite(source: str) -> str:
    r"""Source that runs as JavaScript; lines stay where they are.

    `x.constructor` is a type's name in WXS: the runtime answers it as `$wxsConstructor`. Names that JavaScript
    reserves get a `$`. A pattern written in getRegExp() keeps its backslashes: `getRegExp('\d')` there matches digits.
    A comment at the end is followed by a line break so that it cannot swallow what comes next.
    """
    last = source[source.rfind("\n") + 1 :]
    end_line = "\n" if "//" in last or "--" in last else ""
    if not any(word in source for word in ("constructor", "getRegExp", *_RESERVED)):
        return source + end_line
    parts: list[str] = []
    end, before, function = 0, "", ""
    for match in _TOKEN.finditer(source):
        token = match[0]
        if token.startswith(("//", "/*")):
            continue
        new = token
        if token == "constructor" and before == ".":
            new = "$wxsConstructor"
        elif token in _RESERVED and before != "." and not _is_key(source, match.end(), before):
            new = f"${token}"
        elif token[0] in "'\"" and before == "(" and function == "getRegExp":
            new = _PATTERN_ESCAPE.sub(lambda escape: f"\\{escape[0]}" if escape[1] else escape[0], token)
        if new != token:
            parts += (source[end : match.start()], new)
            end = match.end()
        before, function = token, before
    return "".join([*parts, source[end:], end_line])


def _is_key(source: str, end: int, before: str) -> bool:
    return before in ("{", ",") and source[end:].lstrip()[:1] == ":"


def requires(source: str) -> Iterator[tuple[str, int]]:
    """(specifier, offset) of each require()."""
    for match in _REQUIRE.finditer(source):
        yield match[1] or match[2], match.start()


def resolve(specifier: str, owner: str) -> str:
    """Name under which a WXS module looks up another: as the template runtime joins it, extension kept."""
    return normalize(specifier if specifier.startswith("/") else folder_of(owner) + specifier)


def definitions(names: Iterable[str], body: str) -> Iterator[str]:
    """Statements that register one module under all its names (with and without extension)."""
    first, *others = names
    yield f"R[{quote(first)}]=D({quote(first)},(require,exports,module)=>{{{body}}})"
    for name in others:
        yield f"R[{quote(name)}]=D({quote(name)},(require,exports,module)=>{{module.exports=R[{quote(first)}]()}})"


def quote(text: str) -> str:
    """A JavaScript string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
