"""What people write into the search of logs, and the SQL that finds it.

    payment declined     lines with both words, whatever their case
    "card 42"            this text, whatever its case
    pay*                 a part of a word
    -retry               not with this word

A word is what stands between other characters than ASCII letters and digits: so is it in the events store's index of
words (`schema`), which finds one in millions of lines. What is written with other characters in it (user_7, 余额) is
looked for as a text among the lines that have its words. Pure.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

#: parts of a search, and characters of one
_MOST = 20
_LONGEST = 200
_PART = re.compile(r'(?P<minus>-?)(?:"(?P<quoted>[^"]*)"?|(?P<bare>[^\s"]+))')
_TOKEN = re.compile(r"[0-9a-z]+")


class Search(NamedTuple):
    """`tokens` all of which a line has; `texts` that are in it; the same for what it has not. All in lower case."""

    tokens: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    not_tokens: tuple[str, ...] = ()
    not_texts: tuple[str, ...] = ()


def parse(text: str) -> Search:
    """Never fails: a quotation that is not closed goes to the end."""
    tokens: dict[str, None] = {}
    texts: dict[str, None] = {}
    not_tokens: dict[str, None] = {}
    not_texts: dict[str, None] = {}
    for number, part in enumerate(_PART.finditer(text.replace("\0", " ").lower())):
        if number == _MOST:
            break
        quoted, bare = part["quoted"], part["bare"]
        word = (quoted if quoted is not None else bare or "")[:_LONGEST]
        is_part = bare is not None and "*" in word
        word = word.replace("*", "") if is_part else word
        if not word.strip():
            continue
        whole = quoted is None and not is_part and _TOKEN.fullmatch(word) is not None
        if part["minus"]:
            (not_tokens if whole else not_texts)[word] = None
            continue
        if not whole:
            texts[word] = None
        if not is_part:
            # at its ends a text may begin or end within a word
            found = list(_TOKEN.finditer(word))
            inner = found if quoted is None else [token for token in found if _is_inner(token, word)]
            tokens.update(dict.fromkeys(token[0] for token in inner))
    return Search(tuple(tokens), tuple(texts), tuple(not_tokens), tuple(not_texts))


def _is_inner(token: re.Match[str], text: str) -> bool:
    return token.start() > 0 and token.end() < len(text)


def condition(search: Search) -> tuple[list[str], dict[str, Any]]:
    """Parts of a WHERE, and their parameters."""
    parts: list[str] = []
    parameters: dict[str, Any] = {}
    if search.tokens:
        parts.append("hasAllTokens(message, {tokens:Array(String)})")
        parameters["tokens"] = list(search.tokens)
    if search.not_tokens:
        parts.append("NOT hasAnyTokens(message, {not_tokens:Array(String)})")
        parameters["not_tokens"] = list(search.not_tokens)
    for number, text in enumerate(search.texts):
        parts.append(f"positionCaseInsensitiveUTF8(message, {{text{number}:String}}) > 0")
        parameters[f"text{number}"] = text
    for number, text in enumerate(search.not_texts):
        parts.append(f"positionCaseInsensitiveUTF8(message, {{not_text{number}:String}}) = 0")
        parameters[f"not_text{number}"] = text
    return parts, parameters
