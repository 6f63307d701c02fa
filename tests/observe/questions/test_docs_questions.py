"""The examples of docs/questions.md are so."""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from eden.observe.insight.engine import Engine
from eden.observe.questions.interfaces import NUMBERS, QUESTIONS, TEXTS, Question
from tests.observe.questions.comparing import run

PAGE = Path(__file__).parents[3] / "docs" / "questions.md"
NOW = int(datetime(2026, 10, 30, 12, tzinfo=UTC).timestamp()) * 1_000_000


class Example(NamedTuple):
    """`app` has the rows; each example with rows of its own has an app of its own."""

    name: str
    app: int
    question: dict[str, Any]
    answer: Any


def _read() -> tuple[dict[int, list[str]], list[Example]]:
    rows: dict[int, list[str]] = {}
    examples: list[Example] = []
    heading, question = "", {}
    for title, kind, text in re.findall(
        r"^## ([^\n]+)$|^```(events|ask|answer)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL
    ):
        heading = title or heading
        if kind == "events":
            rows[len(rows) + 1] = text.splitlines()
        elif kind == "ask":
            question = {"period": {"since": "2026-10-01T00:00:00Z"}} | json.loads(text)
        elif kind == "answer":
            examples.append(Example(f"{heading} {len(examples) + 1}", len(rows), question, json.loads(text)))
    return rows, examples


ROWS, EXAMPLES = _read()


def _row(app: int, number: int, line: str) -> bytes:
    person, name, at, *more = shlex.split(line, posix=False)
    row: dict[str, Any] = {"app": app, "name": name, "id": number, "props": {}}
    row["at"] = at.replace("T", " ").ljust(19, "0") if len(at) > 16 else f"{at.replace('T', ' ')}:00"
    if person != "-":
        row |= {"person": person, "device": f"of-{person}"}
    for pair in more:
        key, _, value = pair.partition("=")
        if key in TEXTS:
            row[key] = value
        elif key in (*NUMBERS, "id"):
            row[key] = json.loads(value)
        else:
            row["props"][key] = json.loads(value)
    return json.dumps(row).encode()


@pytest.fixture(scope="module")
def documented(kept_store: Engine) -> Engine:
    lines = [_row(app, app * 100 + n, line) for app, several in ROWS.items() for n, line in enumerate(several)]
    kept_store.insert("events", b"\n".join(lines))
    return kept_store


def _part(expected: Any, found: Any, path: str = "") -> list[str]:
    if isinstance(expected, dict) and isinstance(found, dict):
        return [one for key in expected for one in _part(expected[key], found.get(key), f"{path}.{key}")]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [
            one for i, (e, f) in enumerate(zip(expected, found, strict=True)) for one in _part(e, f, f"{path}[{i}]")
        ]
    return [] if expected == found else [f"{path}: {found!r} instead of {expected!r}"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_example(documented: Engine, example: Example) -> None:
    question = msgspec.convert(example.question, Question)
    result = run(documented, question, example.app, NOW)
    assert _part(example.answer, json.loads(msgspec.json.encode(result))) == []


def test_every_question_has_an_example() -> None:
    shown = {example.question["question"] for example in EXAMPLES}
    assert shown | {"events"} >= {one.__struct_config__.tag for one in QUESTIONS}
