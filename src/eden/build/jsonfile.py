"""JSON as people write it in mini programs: a BOM, comments and trailing commas are accepted; problems have places."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

# possessive and closed at the end of the text, so that no text takes more than linear time
_STRING = r'"(?:[^"\\\n]|\\.)*+"?'
_COMMENT = r"//[^\n]*+|/\*(?s:.*?)(?:\*/|\Z)"
#: strings are matched first so that what looks like a comment inside one is left alone
_NOISE = re.compile(rf"({_STRING})|{_COMMENT}|,(?>\s++|{_COMMENT})*+(?=[}}\]])")
_TOKEN = re.compile(rf'\n+|{_STRING}|[{{}}\[\]:,]|[^\s{{}}\[\]:,"]+')
#: places are not told below this nesting
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class JsonProblem(ValueError):
    """Where and why a text is not JSON; line and column count from 1."""

    message: str
    line: int
    column: int


def parse(text: str) -> Any:
    """Value of a JSON text. Raises JsonProblem, and nothing else, for any text."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(_NOISE.sub(_blank, text), parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise JsonProblem(_sentence(error, text), error.lineno, error.colno) from None
    except RecursionError:
        raise JsonProblem("it is nested too deeply", 1, 1) from None
    except ValueError as error:
        raise JsonProblem(str(error), 1, 1) from None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _blank(match: re.Match[str]) -> str:
    """Comments and trailing commas become spaces, so that places stay right."""
    if match[1] is not None:
        return match[1]
    return re.sub(r"[^\n]", " ", match[0])


def _sentence(error: json.JSONDecodeError, text: str) -> str:
    if not text.strip():
        return "the file is empty"
    message = error.msg[:1].lower() + error.msg[1:]
    found = "the end of the file" if error.pos >= len(text.rstrip()) else repr(text[error.pos])
    return f"{message}, found {found}"


def locate(text: str, *keys: str | int) -> tuple[int, int]:
    """Line and column of the value's key (or of the list's element) at `keys`; (0, 0) if it is not there.

    >>> locate('{"a": [1,\\n 2]}', "a", 1)
    (2, 2)
    """
    return _places(text).get(keys, (0, 0))


@lru_cache(8)
def _places(text: str) -> Mapping[tuple[str | int, ...], tuple[int, int]]:
    places: dict[tuple[str | int, ...], tuple[int, int]] = {}
    stack: list[_Frame] = []
    line, line_start = 1, 0
    for match in _TOKEN.finditer(_NOISE.sub(_blank, text)):
        token = match[0]
        if token.startswith("\n"):
            line, line_start = line + len(token), match.end()
            continue
        top = stack[-1] if stack else None
        if top is not None:
            if top.is_object and top.wants_key and token.startswith('"'):
                top.at, top.wants_key = _unquote(token), False
                places[tuple(frame.at for frame in stack)] = (line, match.start() - line_start + 1)
            elif not top.is_object and token not in (",", "]"):
                places.setdefault(tuple(frame.at for frame in stack), (line, match.start() - line_start + 1))
        if token in ("{", "["):
            stack.append(_Frame(token == "{"))
            if len(stack) > _DEEPEST:
                break
        elif token in ("}", "]"):
            del stack[-1:]
        elif token == "," and top is not None:
            if top.is_object:
                top.wants_key = True
            elif isinstance(top.at, int):
                top.at += 1
    return places


@dataclass(slots=True)
class _Frame:
    """An object or list that the scanner is in, and the key or index it is at."""

    is_object: bool
    at: str | int = 0
    wants_key: bool = True


def _unquote(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token


def dump(value: Any) -> str:
    """Canonical JSON text: sorted keys, no white space; lone surrogates, which UTF-8 has no form for, as U+FFFD."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
