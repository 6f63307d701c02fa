"""The lexer against tinycss2, an independent implementation of CSS Syntax Level 3."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
import tinycss2
from hypothesis import given, settings
from hypothesis import strategies as st

from eden.build.styles_lexer import KINDS, close_last, lex, preprocess, unescape

FRAGMENTS = [
    "a",
    "-a",
    "--",
    "-",
    "_",
    "é",
    "\\31 ",
    "\\",
    "\\\n",
    "\\g",
    "url(",
    "URL( ",
    "u\\72l(",
    "url(x)",
    "url(a b)",
    "url( 'q' )",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ";",
    ":",
    ",",
    ".",
    "#",
    "@",
    "@media",
    "#id",
    "12",
    "-3.5",
    "+.5e3",
    "1e",
    "%",
    "rpx",
    "1.",
    '"',
    "'",
    '"s"',
    "'t\\''",
    "/*",
    "*/",
    "/* c */",
    "/",
    "*",
    "<!--",
    "-->",
    " ",
    "\n",
    "\t",
    "\r\n",
    "\f",
    "!",
    "&",
    "|",
    "^=",
    "env(",
    "constant(",
    "\x7f",
    "\x08",
    "中文",
    "😀",
    "$",
    "~",
    "=",
    "<",
    ">",
]

css = st.one_of(st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join), st.text(max_size=40))


def flat(nodes: Iterable[Any]) -> list[tuple[object, ...]]:
    """Tokens of tinycss2 without the closing brackets, which its tree does not hold."""
    out: list[tuple[object, ...]] = []
    for node in nodes:
        match node.type:
            case "() block" | "[] block" | "{} block":
                out += [(node.type[0],), *flat(node.content)]
            case "function":
                out += [("function", node.name), *flat(node.arguments)]
            case "literal":  # "^=" and "||" were tokens in an earlier draft
                out += [("literal", char) for char in ([node.value] if node.value in ("<!--", "-->") else node.value)]
            case "ident" | "at-keyword" | "hash" | "string" | "url":
                out.append((node.type, node.value))
            case "number" | "percentage":
                out.append((node.type, node.representation))
            case "dimension":
                out.append((node.type, node.representation, node.unit))
            case "error":
                if node.kind not in (")", "]", "}"):
                    out.append((node.type, node.kind))
            case _:
                out.append((node.type,))
    return out


def tiny(text: str) -> list[tuple[object, ...]]:
    return flat(tinycss2.parse_component_value_list(text))


def split(lexeme: str) -> list[str]:
    """The standard's tokens of a lexeme: `;`, `{` and `}` carry what stands around them."""
    kind = KINDS[lexeme]
    if kind not in (";", "{", "}") or lexeme == kind:
        return [lexeme]
    parts = []
    rest = lexeme
    while rest:
        if rest[0] in " \t\n":
            size = len(rest) - len(rest.lstrip(" \t\n"))
        else:
            size = rest.index("*/", 2) + 2 if rest.startswith("/*") else 1
        parts.append(rest[:size])
        rest = rest[size:]
    return parts


def alone(token: str, more: bool) -> list[tuple[object, ...]]:
    """tinycss2's view of one token; two would be something else at the end of the text, which `more` says it is not."""
    if more and token == "\\":
        return [("literal", "\\")]
    if more and KINDS[token] == "f":
        return [("function", unescape(token[:-1]))]
    if more and token[0] in "\"'" and KINDS[token] == "b":
        return tiny(token + "\n")[:-1]
    return tiny(token)


@given(css)
@settings(max_examples=300)
def test_lexemes_are_slices_of_the_text(text: str) -> None:
    text = preprocess(text)
    lexemes = lex(text)
    assert "".join(lexemes) == text
    assert all(lexemes)


@given(css.filter(lambda text: "u+" not in text.lower()))
@settings(max_examples=800)
def test_same_tokens_as_tinycss2(text: str) -> None:
    text = preprocess(text)
    if "\ufffd" in text:  # tinycss2 makes it of NUL only
        return
    tokens = [token for lexeme in lex(text) for token in split(lexeme)]
    ours = [alone(token, place + 1 < len(tokens)) for place, token in enumerate(tokens)]
    assert [kind for token in ours for kind in token] == tiny(text)


@given(css)
def test_a_closed_sheet_does_not_reach_into_what_follows(text: str) -> None:
    lexemes = lex(preprocess(text))
    close_last(lexemes)
    assert "".join(lex("".join(lexemes) + ";x")).endswith(";x")
    assert lex("".join(lexemes) + ";x")[-1] == "x"


@pytest.mark.parametrize(
    ("lexeme", "kind"),
    [
        ("a", ""),
        (";", ";"),
        (" /* ; */ {\n", "{"),
        ("/* { */", ""),
        ("rgba(", "("),
        ("env(", "e"),
        ("CONSTANT(", "e"),
        ("url(", "f"),
        ("url(a.png)", "u"),
        ("url(a b)", "b"),
        ('"a', "b"),
        ('"a"', ""),
        ('"a\\"', "b"),
        ("@media", "@"),
        ("@", ""),
    ],
)
def test_kinds(lexeme: str, kind: str) -> None:
    assert lex(lexeme) == [lexeme]
    assert KINDS[lexeme] == kind


@pytest.mark.parametrize(
    ("escaped", "plain"),
    [
        ("a", "a"),
        ("\\31 0", "10"),
        ("\\000041b", "Ab"),
        ("\\0", "\ufffd"),
        ("\\d800", "\ufffd"),
        ("a\\\nb", "ab"),
        ('\\"', '"'),
    ],
)
def test_unescape(escaped: str, plain: str) -> None:
    assert unescape(escaped) == plain
