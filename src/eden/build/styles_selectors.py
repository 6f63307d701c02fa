"""Selectors as the runtime needs them: class names marked, tags prefixed, `:host` and `:root` as plain selectors.

See docs/package-format.md, "styles.json". A selector that is invalid stays invalid: the browser drops its rule, as it
would have dropped the author's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from eden.build.styles_lexer import KINDS, is_ident, is_space, unescape

CLASS_MARKER = "\x01"
HOST = f'[wx-host="{CLASS_MARKER}"]'
TAG_PREFIX = "wx-"

_PAGE = f"{TAG_PREFIX}page"
#: functional pseudo-classes and -elements whose argument is a selector (list)
_OVER_SELECTORS = re.compile(r":(?:not|is|where|has|matches|(?:-webkit-|-moz-)?any|current|slotted|cue)\(")
_NTH_OF = frozenset((":nth-child(", ":nth-last-child("))


def rewrite_selector(lexemes: Sequence[str]) -> str:
    """A selector list, or the prelude of a style rule, rewritten."""
    return _Selector(lexemes).run(0, len(lexemes)).strip(" ")


class _Selector:
    def __init__(self, lexemes: Sequence[str]) -> None:
        self.lexemes = lexemes

    def run(self, start: int, end: int) -> str:
        """Rewrite `lexemes[start:end]`. `fresh` is true where a compound selector begins."""
        lexemes, out, at, fresh = self.lexemes, [""], start, True
        while at < end:
            lexeme = lexemes[at]
            following = lexemes[at + 1] if at + 1 < end else ""
            at += 1
            if lexeme == "." and following and is_ident(following):
                out.append(f".{CLASS_MARKER}{following}")
                at += 1
                fresh = False
            elif lexeme in (">", "+", "~", ","):
                out.append(lexeme)
                fresh = True
                if lexeme == ">" and following == ">" and lexemes[at + 1 : at + 2] == [">"] and at + 1 < end:
                    out[-1] = " "
                    at += 2
            elif is_space(lexeme):
                if not lexeme.startswith("/*"):
                    out.append(" ")
                    fresh = True
            elif lexeme == ":":
                double = following == ":"
                text, at = self.pseudo(at + double, end, "::" if double else ":", fresh, out)
                out.append(text)
                fresh = False
            elif lexeme == "[":
                close = self.close(at - 1, end)
                out.append(_attribute(lexemes[at:close]))
                at = close + 1
                fresh = False
            elif lexeme == "(":
                close = self.close(at - 1, end)
                out.append(f"({self.run(at, close)})")
                at = close + 1
            elif lexeme == "/" and at + 1 < end and following.lower() == "deep" and lexemes[at + 1] == "/":
                out.append(" ")
                at += 2
                fresh = True
            elif fresh and is_ident(lexeme):
                # before "|" it is a namespace prefix, not a tag
                out.append(lexeme if following == "|" else _tag(lexeme))
                fresh = following == "|"
            else:
                out.append(lexeme)
                fresh = lexeme == "|"
        return "".join(out)

    def pseudo(self, at: int, end: int, colons: str, fresh: bool, out: list[str]) -> tuple[str, int]:
        """The pseudo-class or -element whose name stands at `at`; returns its text and where to go on."""
        if at >= end:
            return colons, at
        lexeme = self.lexemes[at]
        if KINDS[lexeme] != "(" or lexeme == "(":
            name = lexeme.lower()
            if colons == ":" and name == "root":
                return (_PAGE if fresh else f":is({_PAGE})"), at + 1
            return (HOST if colons == ":" and name == "host" else colons + lexeme), at + 1
        close = self.close(at, end)
        name = f":{unescape(lexeme).lower()}"
        inner = at + 1
        if name == ":host(":
            argument = self.run(inner, close).strip(" ")
            plain = argument[:1] in (".", "[", ":") and not any(char in argument for char in " ,>+~")
            return HOST + (argument if plain else f":is({argument})"), close + 1
        if name == ":host-context(":
            argument = self.run(inner, close).strip(" ")
            return f"{HOST}:is({argument},{argument} *)", close + 1
        if _OVER_SELECTORS.fullmatch(name):
            return f"{colons}{lexeme}{self.run(inner, close)})", close + 1
        if name in _NTH_OF:
            of = next((i for i in range(inner, close) if self.lexemes[i].lower() == "of"), close)
            formula = "".join(self.lexemes[inner:of])
            selector = f"of{self.run(of + 1, close)}" if of < close else ""
            return f"{colons}{lexeme}{formula}{selector})", close + 1
        return f"{colons}{''.join(self.lexemes[at:close])})", close + 1

    def close(self, opener: int, end: int) -> int:
        """Index of the bracket that closes the one at `opener`; `end` when there is none."""
        depth = 0
        for index in range(opener, end):
            kind = KINDS[self.lexemes[index]]
            if kind and kind in "([ef":
                depth += 1
            elif kind and kind in ")]":
                depth -= 1
                if depth == 0:
                    return index
        return end


def _tag(name: str) -> str:
    lower = name.lower()
    if lower.startswith(TAG_PREFIX):
        return name
    # `page` is the document's body on WeChat, and `body` works there too
    return _PAGE if lower in ("page", "body") else TAG_PREFIX + name


def _attribute(inner: Sequence[str]) -> str:
    """An attribute selector without its opening bracket. One on `class` looks at marked names.

    The runtime puts the same prefix before every class name of a component, so the marker goes wherever a name
    begins: `[class^="icon-"]` → `[class^="␁icon-"]`, `[class*=" icon-"]` → `[class*=" ␁icon-"]`.
    """
    parts = [lexeme for lexeme in inner if not is_space(lexeme)]
    if len(parts) >= 3 and parts[0].lower() == "class":
        operator = "".join(parts[1:3]) if parts[2] == "=" else parts[1]
        value_at = 3 if parts[2] == "=" else 2
        if operator in ("=", "^=", "~=", "|=", "*=", "$=") and value_at < len(parts):
            raw = parts[value_at]
            value = unescape(raw[1:-1] if raw[0] in "\"'" else raw)
            words = value.split(" ")
            begins = operator not in ("*=", "$=")
            marked = " ".join(
                CLASS_MARKER + word if word and (begins or place) else word for place, word in enumerate(words)
            )
            parts[value_at] = quote(marked)
    text = "".join(
        f" {part}" if place and is_ident(part) and parts[place - 1][-1] not in "|=^$*~" else part
        for place, part in enumerate(parts)
    )
    return f"[{text}]"


def quote(text: str) -> str:
    """A CSS string token for any text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\a ")
    return f'"{escaped}"'
