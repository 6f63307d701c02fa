"""One style sheet → the text of its entry in styles.json: a parser by CSS Syntax Module Level 3, section 5.

The parser walks over the *structure* of a sheet (the lexemes whose kind is not ""), whose brackets are matched once.
Broken CSS is recovered as browsers do, with a warning; two kinds of litter between rules, a stray `;` and a stray
`}`, cost only themselves here and not the rule after them. What comes out has balanced brackets and complete tokens.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field

from eden.build.styles_lexer import CLOSER, KINDS, close_last, is_ident, is_space, lex, preprocess, unescape
from eden.build.styles_selectors import rewrite_selector
from eden.build.styles_values import THEME_MARKER, VALUES, rewrite_media, rewrite_value

#: nesting of rules that no sheet has
MAX_DEPTH = 64

#: at-rules whose block holds what the block around them holds
_GROUPS = frozenset(("media", "supports", "layer", "container", "scope", "starting-style", "document", "-moz-document"))
_DECLARED = frozenset(("page", "counter-style", "property", "view-transition", "position-try", "font-palette-values"))
_KEYFRAMES = re.compile(r"(?:-[a-z]+-)?keyframes")

#: structure of a block that the short way may take
_PLAIN = re.compile(r"[;()\[\]efu]*")
#: kinds whose values are rewritten together with what follows them
_FUNCTION = re.compile(r"[efu]")
_NAME = r"[*_]?-{0,2}(?:[a-zA-Z_]|[^\x00-\x7f])(?:[a-zA-Z0-9_-]|[^\x00-\x7f])*"
#: declarations that need no second look, rewritten
_DECLARATIONS = re.compile(rf"(?:{_NAME} ?:(?:[^;\"'!]++|!(?! ?ie)|\"[^\"\\]*\"|'[^'\\]*')++(?:;|$))*+")


@dataclass(frozen=True, slots=True)
class Import:
    """An @import: what it names, its conditions (rewritten at-rule preludes, outermost first), where it stands."""

    specifier: str
    conditions: tuple[str, ...]
    offset: int
    #: rules stand before it
    late: bool


@dataclass(slots=True)
class Rewritten:
    """The parts of a sheet. `css` holds texts and, where they stand, the late and conditional imports."""

    text: str
    css: list[str | Import] = field(default_factory=list)
    fonts: list[str] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    #: (offset in `text`, sentence)
    problems: list[tuple[int, str]] = field(default_factory=list)
    #: (offset in `text`, reference of a url())
    urls: list[tuple[int, str]] = field(default_factory=list)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1."""
        return self.text.count("\n", 0, offset) + 1, offset - self.text.rfind("\n", 0, offset)


def rewrite_sheet(text: str, address: Callable[[str], str], *, short_way: bool = True) -> Rewritten:
    """Rewrite a style sheet. `address` gives the URL to write for the reference of a url().

    `short_way=False` looks at each declaration alone; the result is the same (tests compare both).
    """
    sheet = Rewritten(preprocess(text))
    _Rewriter(sheet, address, short_way).run()
    return sheet


class _Rewriter:
    def __init__(self, sheet: Rewritten, address: Callable[[str], str], short_way: bool) -> None:
        self.sheet = sheet
        self.address = address
        self.short_way = short_way
        self.lexemes = lex(sheet.text)
        cut = close_last(self.lexemes)
        kinds = [KINDS[lexeme] for lexeme in self.lexemes]
        #: lexeme indices of the structure, and their kinds
        self.places = [index for index, kind in enumerate(kinds) if kind]
        self.kinds = "".join(kinds)
        self.match = self.match_brackets()
        self.selectors: dict[str, str] = {}
        self.out: list[str] = []
        #: preludes of the at-rules around, for what is lifted out of them
        self.around: list[str] = []
        if cut:
            self.problem(len(self.lexemes) - 1, f"the {cut} is never closed")

    # ---- ground

    def match_brackets(self) -> dict[int, int]:
        """Structure index of each opening bracket → that of its closing one (the end if there is none)."""
        match: dict[int, int] = {}
        awaited: list[tuple[str, int]] = []
        for index, kind in enumerate(self.kinds):
            if kind in CLOSER:
                awaited.append((CLOSER[kind], index))
            elif awaited and kind == awaited[-1][0]:
                match[awaited.pop()[1]] = index
        for _, index in awaited:
            match[index] = len(self.kinds)
        return match

    def problem(self, index: int, sentence: str) -> None:
        self.sheet.problems.append((self.offset(index), sentence))

    def offset(self, index: int) -> int:
        """Offset in the text of a lexeme's first character that is not white space or a comment."""
        index = min(index, len(self.lexemes) - 1)
        if index < 0:
            return 0
        lexeme, kind = self.lexemes[index], KINDS[self.lexemes[index]]
        inside = lexeme.find(kind) if kind and kind in ";{}" and not lexeme.startswith("/*") else 0
        return sum(map(len, self.lexemes[:index])) + max(inside, 0)

    def at(self, structure: int) -> int:
        """Lexeme index of a structure index; the end for the end."""
        return self.places[structure] if structure < len(self.places) else len(self.lexemes)

    def structure(self, index: int) -> int:
        """First structure index at or after a lexeme index."""
        return bisect_left(self.places, index)

    def skip(self, index: int, end: int) -> int:
        """First lexeme from `index` on that is neither white space nor a comment."""
        while index < end and is_space(self.lexemes[index]):
            index += 1
        return index

    def find(self, structure: int, end: int, wanted: str) -> int:
        """First structure index in [structure, end) of one of the kinds `wanted` outside brackets, else `end`."""
        while structure < end:
            kind = self.kinds[structure]
            if kind in wanted:
                return structure
            structure = self.match[structure] + 1 if kind in CLOSER else structure + 1
        return min(structure, end)

    def value(self, start: int, end: int) -> str:
        """Component values, rewritten."""
        first = self.structure(start)
        if not _FUNCTION.search(self.kinds, first, self.structure(end)):
            return "".join(map(VALUES.__getitem__, self.lexemes[start:end]))

        def address(reference: str, index: int) -> str:
            self.sheet.urls.append((self.offset(start + index), reference))
            return self.address(reference)

        return rewrite_value(self.lexemes[start:end], address)

    def balanced(self, start: int, end: int) -> str:
        """The brackets that `lexemes[start:end]` leaves open, closed; "" unless the text was cut off."""
        first, last = self.structure(start), self.structure(end)
        if last < len(self.kinds):
            return ""
        opened = [self.kinds[i] for i in range(first, last) if self.match.get(i) == len(self.kinds)]
        return "".join(CLOSER[kind] for kind in reversed(opened))

    # ---- rules

    def run(self) -> None:
        self.rules(0, len(self.lexemes), 0)
        self.flush()

    def flush(self) -> None:
        if self.out:
            self.sheet.css.append("".join(self.out))
            self.out.clear()

    def rules(self, index: int, end: int, depth: int) -> None:
        """A list of rules: the sheet itself, or the block of a group of rules outside any style rule."""
        lexemes = self.lexemes
        while (index := self.skip(index, end)) < end:
            lexeme = lexemes[index]
            kind = KINDS[lexeme]
            if kind == "@":
                index = self.at_rule(index, end, depth, nested=False)
            elif kind and kind in ";}":
                if lexeme.strip() != ";" or self.sheet.css or self.out:
                    self.problem(index, f'there is a "{kind}" too many')
                index += 1
            elif lexeme in ("<!--", "-->"):
                index += 1
            else:
                index = self.style_rule(index, end, depth)

    def style_rule(self, index: int, end: int, depth: int) -> int:
        """A rule with a selector; gives the index after it."""
        last = self.structure(end)
        brace = self.find(self.structure(index), last, "{;")
        if brace >= last:
            self.problem(index, "a rule has no { }")
            return end
        if self.kinds[brace] == ";":
            self.problem(index, "this stands outside any rule")
            return self.at(brace) + 1
        close = self.closing(brace)
        selector = self.selector(index, self.at(brace))
        if selector:
            mark = len(self.out)
            self.out.append(f"{selector}{{")
            self.style_block(self.at(brace) + 1, min(close, end), depth + 1)
            self.out.append("}\n")
            if len(self.out) == mark + 2:
                del self.out[mark:]
        return min(close + 1, end)

    def closing(self, brace: int) -> int:
        """Lexeme index of the } that closes the { at a structure index; the end when the sheet ends before."""
        close = self.match[brace]
        if close == len(self.kinds):
            self.problem(self.at(brace), "this { is never closed")
        return self.at(close)

    def selector(self, start: int, end: int) -> str:
        """A style rule's prelude, rewritten; "" when it cannot be one."""
        lexemes = self.lexemes[start:end]
        text = "".join(lexemes)
        known = self.selectors.get(text)
        if known is not None:
            return known
        kinds = [KINDS[lexeme] for lexeme in lexemes]
        if "b" in kinds:
            self.problem(start + kinds.index("b"), "a string or url() is broken; its rule is dropped")
            result = ""
        elif not text.strip():
            self.problem(start, "a rule has no selector")
            result = ""
        else:
            for place, lexeme in enumerate(lexemes):
                if lexeme[0] == "." and len(lexeme) > 1:
                    self.problem(start + place, "a class name cannot begin with a digit; browsers drop the rule")
            result = rewrite_selector(lexemes)
        self.selectors[text] = result
        return result

    # ---- blocks

    def style_block(self, start: int, end: int, depth: int) -> None:
        """Declarations, and nested rules, between two lexeme indices."""
        first, last = self.structure(start), self.structure(end)
        closed = last < len(self.kinds)
        if self.short_way and closed and _PLAIN.fullmatch(self.kinds, first, last):
            text = "".join(map(VALUES.__getitem__, self.lexemes[start:end])).strip(" ;")
            if ";;" not in text and " ;" not in text and _DECLARATIONS.fullmatch(text):
                if _FUNCTION.search(self.kinds, first, last):
                    text = self.value(start, end).strip(" ;")
                if text:
                    self.out.append(f"{text};")
                return
        if depth > MAX_DEPTH:
            self.problem(start, "rules are nested too deeply")
            return
        index = start
        while (index := self.skip(index, end)) < end:
            kind = KINDS[self.lexemes[index]]
            if kind == ";" or kind == "}":
                index += 1
            elif kind == "@":
                index = self.at_rule(index, end, depth, nested=True)
            else:
                index = self.declaration(index, end, depth)

    def declaration(self, index: int, end: int, depth: int) -> int:
        """A declaration, or a nested rule; gives the index after it."""
        last = self.structure(end)
        first = self.structure(index)
        semicolon = self.find(first, last, ";")
        brace = self.find(first, semicolon, "{")
        stop = self.at(semicolon) if semicolon < last else end
        name = index + (self.lexemes[index] == "*")
        colon = self.skip(name + 1, stop)
        named = name < stop and is_ident(self.lexemes[name]) and colon < stop and self.lexemes[colon] == ":"
        custom = named and self.lexemes[index].startswith("--")
        if brace < semicolon and not custom:
            if named and self.skip(colon + 1, stop) != colon + 1:
                self.problem(index, 'a ";" or "}" is missing after this declaration')
            return self.style_rule(index, end, depth)
        self.write_declaration(index, stop, name, named)
        return stop

    def write_declaration(self, start: int, end: int, name: int, named: bool) -> None:
        kinds = self.kinds[self.structure(start) : self.structure(end)]
        if "b" in kinds:
            bad = next(i for i in range(start, end) if KINDS[self.lexemes[i]] == "b")
            self.problem(bad, "a string or url() is broken; its declaration is dropped")
            return
        if not named:
            self.problem(start, f'"{_shorten(self.lexemes[start:end])}" is not a declaration')
        text = f"{self.value(start, end).strip(' ')}{self.balanced(start, end)}"
        if self.balanced(start, end):
            self.problem(start, "a bracket is never closed")
        if text:
            self.out.append(f"{text};")

    # ---- at-rules

    def at_rule(self, index: int, end: int, depth: int, *, nested: bool) -> int:
        """Any at-rule; gives the index after it."""
        last = self.structure(end)
        brace = self.find(self.structure(index) + 1, last, "{;}" if nested else "{;")
        has_block = brace < last and self.kinds[brace] == "{"
        name = unescape(self.lexemes[index][1:]).lower()
        prelude = (index + 1, self.at(brace) if brace < last else end)
        if not has_block:
            self.statement(name, index, prelude[1], nested)
            return min(prelude[1] + 1, end)
        close = self.closing(brace)
        block = (self.at(brace) + 1, min(close, end))
        if "b" in self.kinds[self.structure(index) : brace]:
            self.problem(index, "a string or url() is broken; its rule is dropped")
        elif depth > MAX_DEPTH:
            self.problem(index, "rules are nested too deeply")
        else:
            self.block_rule(name, index, prelude, block, depth, nested)
        return min(close + 1, end)

    def statement(self, name: str, index: int, end: int, nested: bool) -> None:
        """An at-rule that ends with a semicolon."""
        if name == "charset":
            return
        if "b" in self.kinds[self.structure(index) : self.structure(end)]:
            self.problem(index, "a string or url() is broken; its rule is dropped")
        elif name == "import":
            self.import_rule(index, end, nested)
        else:
            body = self.value(index + 1, end).strip(" ")
            self.out.append(f"{self.lexemes[index]} {body}{self.balanced(index, end)};\n")

    def import_rule(self, index: int, end: int, nested: bool) -> None:
        at = self.skip(index + 1, end)
        lexeme = self.lexemes[at] if at < end else ""
        kind = KINDS[lexeme] if lexeme else ""
        if lexeme[:1] in ("'", '"'):
            specifier, rest = unescape(lexeme[1:-1]), at + 1
        elif kind == "u":
            specifier, rest = unescape(lexeme[lexeme.index("(") + 1 : -1].strip(" \t\n")), at + 1
        elif kind == "f":
            string = self.skip(at + 1, end)
            specifier = unescape(self.lexemes[string][1:-1]) if string < end else ""
            rest = min(self.at(self.match[self.structure(at)]) + 1, end)
        else:
            specifier, rest = "", at
        if not specifier:
            self.problem(index, "@import does not name a file")
        elif nested or self.around:
            self.problem(index, "@import inside another rule has no effect")
        else:
            late = bool(self.out or any(isinstance(part, str) for part in self.sheet.css))
            statement = Import(specifier, self.conditions(rest, end), self.offset(at), late)
            if late or statement.conditions:
                self.flush()
                self.sheet.css.append(statement)
            else:
                self.sheet.imports.append(statement)

    def conditions(self, index: int, end: int) -> tuple[str, ...]:
        """What follows the name in an @import, as preludes of at-rules: layer, supports(), media queries."""
        out: list[str] = []
        index = self.skip(index, end)
        word = self.lexemes[index].lower() if index < end else ""
        if word == "layer":
            out.append("@layer")
            index += 1
        for function in ("layer(", "supports("):
            index = self.skip(index, end)
            if index < end and self.lexemes[index].lower() == function:
                close = min(self.at(self.match[self.structure(index)]), end)
                inner = self.value(index + 1, close).strip(" ")
                if function == "supports(" and not inner.startswith(("(", "not ")):
                    inner = f"({inner})"
                out.append(f"@{function[:-1]} {inner}")
                index = close + 1
        if media := rewrite_media(self.lexemes[index:end]):
            out.append(f"@media {media}{self.balanced(index, end)}")
        return tuple(out)

    def block_rule(
        self, name: str, index: int, prelude: tuple[int, int], block: tuple[int, int], depth: int, nested: bool
    ) -> None:
        """An at-rule with a block."""
        word = self.lexemes[index]
        if name == "font-face":
            self.font_face(block, depth)
        elif name in _GROUPS:
            head = f"{word} {self.prelude(name, *prelude)}".rstrip(" ")
            mark = len(self.out)
            self.out.append(f"{head}{{")
            self.around.append(head)
            if nested:
                self.style_block(*block, depth + 1)
            else:
                self.rules(*block, depth + 1)
            self.around.pop()
            self.out.append("}\n")
            if len(self.out) == mark + 2 and name != "layer":
                del self.out[mark:]
        elif _KEYFRAMES.fullmatch(name):
            self.out.append(f"{word} {self.value(*prelude).strip(' ')}{{")
            self.keyframes(*block, depth + 1)
            self.out.append("}\n")
        elif name in _DECLARED:
            self.out.append(f"{word} {self.value(*prelude).strip(' ')}{{")
            self.style_block(*block, depth + 1)
            self.out.append("}\n")
        else:
            if "b" in self.kinds[self.structure(block[0]) : self.structure(block[1])]:
                self.problem(index, "a string or url() is broken; its rule is dropped")
                return
            body = f"{self.value(*block).strip(' ')}{self.balanced(*block)}"
            self.out.append(f"{word} {self.value(*prelude).strip(' ')}{{{body}}}\n")

    def prelude(self, name: str, start: int, end: int) -> str:
        if name == "media":
            return rewrite_media(self.lexemes[start:end])
        if name != "scope":
            return self.value(start, end).strip(" ")
        # `(selector) to (selector)`: selectors stand in brackets only
        out, index = [], start
        while index < end:
            if self.lexemes[index] == "(":
                close = min(self.at(self.match[self.structure(index)]), end)
                out.append(f"({rewrite_selector(self.lexemes[index + 1 : close])})")
                index = close + 1
            else:
                out.append(VALUES[self.lexemes[index]])
                index += 1
        return "".join(out).strip(" ")

    def font_face(self, block: tuple[int, int], depth: int) -> None:
        """@font-face goes to the document, with the conditions around it; a theme cannot be one there."""
        outer, self.out = self.out, []
        self.style_block(*block, depth + 1)
        body, self.out = "".join(self.out), outer
        around = [head for head in self.around if THEME_MARKER not in head]
        opening = "".join(f"{head}{{" for head in around)
        self.sheet.fonts.append(f"{opening}@font-face{{{body}}}{'}' * len(around)}\n")

    def keyframes(self, start: int, end: int, depth: int) -> None:
        """Rules whose preludes are `from`, `to` and percentages."""
        index, last = start, self.structure(end)
        while (index := self.skip(index, end)) < end:
            kind = KINDS[self.lexemes[index]]
            if kind and kind in ";}":
                self.problem(index, f'there is a "{kind}" too many')
                index += 1
                continue
            brace = self.find(self.structure(index), last, "{;")
            if brace >= last or self.kinds[brace] == ";":
                self.problem(index, "this is not a keyframe")
                index = min(self.at(brace) + 1, end)
                continue
            close = min(self.closing(brace), end)
            self.out.append(f"{self.value(index, self.at(brace)).strip(' ')}{{")
            self.style_block(self.at(brace) + 1, close, depth + 1)
            self.out.append("}")
            index = min(close + 1, end)


def _shorten(lexemes: list[str]) -> str:
    text = " ".join("".join(lexemes).split())
    return text if len(text) <= 40 else f"{text[:39]}…"
