"""JSON as people write it in mini programs: a BOM, comments and trailing commas are accepted; problems have places."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

#: strings are matched first so that what looks like a comment inside one is left alone
_NOISE = re.compile(r"""("(?:[^"\\\n]|\\.)*")|(//[^\n]*|/\*.*?\*/)|,((?:\s|//[^\n]*|/\*.*?\*/)*)(?=[}\]])""", re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')


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
    clean = _NOISE.sub(_blank, text)
    stack: list[list[Any]] = []  # [is object, current key or index, expecting a key]
    for match in _TOKEN.finditer(clean):
        token = match[0]
        top = stack[-1] if stack else None
        is_key = top is not None and top[0] and top[2] and token.startswith('"')
        if is_key and top is not None:
            top[1], top[2] = _unquote(token), False
        starts_element = top is not None and not top[0] and token not in (",", "]")
        if (is_key or starts_element) and len(stack) == len(keys) and tuple(frame[1] for frame in stack) == keys:
            before = clean[: match.start()]
            return before.count("\n") + 1, match.start() - before.rfind("\n")
        if token in ("{", "["):
            stack.append([token == "{", None if token == "{" else 0, True])
        elif token in ("}", "]"):
            if stack:
                stack.pop()
        elif token == "," and top is not None:
            if top[0]:
                top[2] = True
            else:
                top[1] += 1
    return 0, 0


def _unquote(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token


def dump(value: Any) -> str:
    """Canonical JSON text: sorted keys, no white space; lone surrogates, which UTF-8 has no form for, as U+FFFD."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
