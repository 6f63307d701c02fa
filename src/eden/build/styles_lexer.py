"""CSS text → lexemes, by CSS Syntax Module Level 3, section 4 (https://www.w3.org/TR/css-syntax-3/).

A lexeme is one token of the standard, with one exception for speed: `;`, `{` and `}` take the white space and the
comments around them along. Lexemes are plain slices of the text (`"".join(lex(text)) == text`): one regular
expression splits a sheet at C speed, and what a lexeme is follows from its first and last characters.
"""

from __future__ import annotations

import re

# Every repetition is possessive, so that no text, however odd, makes the search slow.
_SPACE = r"[ \t\n]"
_COMMENT = r"/\*[^*]*+\*++(?:[^/*][^*]*+\*++)*+/"
_ESCAPE = r"\\(?:[0-9a-fA-F]{1,6}+[ \t\n]?+|[^\n0-9a-fA-F]|\Z)"
_NAME_START = rf"(?:[a-zA-Z_]|[^\x00-\x7f]|{_ESCAPE})"
_NAME_REST = rf"(?:[a-zA-Z0-9_-]++|[^\x00-\x7f]|{_ESCAPE})*+"
_IDENT = rf"(?:--|-?+{_NAME_START}){_NAME_REST}"
_NUMBER = r"[+-]?+(?:[0-9]*+\.[0-9]++|[0-9]++)(?:[eE][+-]?+[0-9]++)?+"
# "url", where each letter may be escaped
_URL_NAME = "".join(
    rf"(?:\\?[{low}{low.upper()}]|\\0{{0,4}}(?:{ord(low):x}|{ord(low.upper()):x}){_SPACE}?)" for low in "url"
)
_UNQUOTED = rf"{_URL_NAME}\((?!{_SPACE}*+[\"'])"
_URL = rf"{_UNQUOTED}{_SPACE}*+(?:[^\"'()\\ \t\n\x00-\x08\x0b\x0e-\x1f\x7f]++|{_ESCAPE})*+{_SPACE}*+(?:\)|\Z)"
_BAD_URL = rf"{_UNQUOTED}(?:[^)\\]++|\\[\s\S]?+)*+\)?+"

# The first line holds nothing new: it takes the commonest cases of the lines below by a short way.
_LEXEME = re.compile(
    rf"""[a-zA-Z][a-zA-Z0-9_-]*+(?![(\\]|[^\x00-\x7f])|[:,)]|[ ](?![ \t\n/;{{}}])|[;{{}}][ \t\n]*+(?!/)
    |(?:{_SPACE}|{_COMMENT})*[;{{}}](?:{_SPACE}++|{_COMMENT})*+
    |{_SPACE}++
    |{_COMMENT}|/\*[\s\S]*+
    |"(?:[^"\\\n]++|\\[\s\S]?+)*+"?+
    |'(?:[^'\\\n]++|\\[\s\S]?+)*+'?+
    |{_NUMBER}(?:%|{_IDENT})?+
    |-->|<!--
    |{_URL}|{_BAD_URL}
    |{_IDENT}\(?+
    |[#](?:[a-zA-Z0-9_-]++|[^\x00-\x7f]|{_ESCAPE})++
    |@{_IDENT}
    |[\s\S]""".replace("\n    |", "|")
)
_FOLDED = re.compile(rf"(?:{_SPACE}|{_COMMENT})*([;{{}}])(?:{_SPACE}|{_COMMENT})*")
_WHOLE_URL = re.compile(_URL)
_ESCAPES = re.compile(r"\\(?:([0-9a-fA-F]{1,6})[ \t\n]?|\n|([\s\S]))")
_NEWLINES = re.compile(r"\r\n?|\f")
_ESCAPED_SPACE = re.compile(r"((?<!\\)(?:\\\\)*+)\\ ")
_CONTROL = str.maketrans({"\0": "\ufffd", "\1": "\ufffd", "\2": "\ufffd"})

_SPECIAL_FUNCTIONS = {"env(": "e", "constant(": "e", "url(": "f"}

#: kinds that open a block, and the kind that closes it
CLOSER = {"{": "}", "(": ")", "[": "]", "e": ")", "f": ")"}


def preprocess(text: str) -> str:
    """Newlines become "\\n"; NUL and the two characters that the package format uses as markers become U+FFFD.

    An escaped space becomes its hexadecimal form, so that spaces at the ends of a value can be cut off.
    """
    text = _NEWLINES.sub("\n", text).translate(_CONTROL)
    return _ESCAPED_SPACE.sub(r"\1\\20 ", text) if "\\ " in text else text


def lex(text: str) -> list[str]:
    """Lexemes of preprocessed text."""
    return _LEXEME.findall(text)


class _Kinds(dict[str, str]):
    """Lexeme → kind, one character: what a parser of blocks must look at, "" for everything else.

    The structure is `; { } ( ) [ ]`, where "(" stands for functions too; "e" is env( or constant(, "f" is url( before
    a string, "u" is an unquoted url(…), "b" a bad string or bad url, "@" an at-keyword.
    """

    def __missing__(self, lexeme: str) -> str:
        if len(self) > 200_000:
            self.clear()
        kind = self[lexeme] = _kind(lexeme)
        return kind


def _kind(lexeme: str) -> str:
    first, last = lexeme[0], lexeme[-1]
    if first in "\"'":
        return "" if len(lexeme) > 1 and last == first and not _ends_escaped(lexeme) else "b"
    if first in "()[]":
        return first
    if first == "@" and len(lexeme) > 1:
        return "@"
    if first in ";{} \t\n/" and (folded := _FOLDED.fullmatch(lexeme)):
        return folded[1]
    if "(" in lexeme and not lexeme.startswith("/*"):
        if last == "(" and is_ident(lexeme[:-1]):
            return _SPECIAL_FUNCTIONS.get(unescape(lexeme).lower(), "(")
        if unescape(lexeme[: lexeme.index("(")]).lower() == "url":
            return "u" if _WHOLE_URL.fullmatch(lexeme) else "b"
    return ""


KINDS = _Kinds()


def _ends_escaped(lexeme: str) -> bool:
    """The last character stands behind an odd number of backslashes."""
    body = lexeme[:-1]
    return (len(body) - len(body.rstrip("\\"))) % 2 == 1


def unescape(text: str) -> str:
    """Text with CSS escapes resolved; an escaped newline vanishes."""
    if "\\" not in text:
        return text

    def resolve(match: re.Match[str]) -> str:
        if match[1]:
            code = int(match[1], 16)
            return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
        return match[2] or ""

    return _ESCAPES.sub(resolve, text)


def is_ident(lexeme: str) -> bool:
    """An ident token (not a function, not a dimension)."""
    return bool(_WHOLE_IDENT.fullmatch(lexeme))


_WHOLE_IDENT = re.compile(_IDENT)


def is_space(lexeme: str) -> bool:
    """White space or a comment."""
    return (lexeme[0] in " \t\n" and lexeme.isspace()) or lexeme.startswith("/*")


def close_last(lexemes: list[str]) -> str | None:
    """Close a string, url or comment that the end of the text cut off, in place; says which, None if nothing was cut.

    What follows a sheet's text could otherwise become part of that token.
    """
    if not lexemes:
        return None
    last = lexemes[-1]
    if last[0] in "\"'":
        if KINDS[last] != "b":
            return None
        lexemes[-1] = (last[:-1] if _ends_escaped(last + last[0]) else last) + last[0]
        return "string"
    if last.startswith("/*"):
        if len(last) > 3 and last.endswith("*/"):
            return None
        lexemes[-1] = " "
        return "comment"
    if KINDS[last] in ("u", "b", "f"):
        if last.endswith(")") and not _ends_escaped(last):
            return None
        lexemes[-1] = (last[:-1] if _ends_escaped(last + ")") else last) + ")"
        return "url()"
    if _ends_escaped(last + " "):
        lexemes[-1] = last[:-1] + "\ufffd"
    return None
