"""docs/targeting.md says what is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from eden.base.targeting import RuleError, language, parse, pattern_syntax, patterns, uploads, versions

PAGE = (Path(__file__).parents[3] / "docs/targeting.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^ {4}(\{.*\})$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_are_rules(example: str) -> None:
    parse(json.loads(example))


def test_there_are_examples_of_every_shape() -> None:
    assert {next(iter(json.loads(example))) for example in EXAMPLES} == {"everyone", "all", "any", "attribute"}


def test_attributes_and_operators() -> None:
    told = set(re.findall(r"`([^`]+)`", "\n".join(line for line in PAGE.splitlines() if line.startswith("| `"))))
    operators = {operator for each in language.OPERATORS.values() for operator in each}
    fields = {"value", "values", "from", "to", "bounds"}
    assert told == set(language.ATTRIBUTES) | operators | fields | set(language.BOUNDS)


@pytest.mark.parametrize(
    "text",
    [
        f"| {language.MAX_NODES}, {language.MAX_DEPTH} |",
        f"| {language.MAX_VALUES:,}; more is a list |",
        f"| {language.MAX_TEXT}, {language.MAX_TOTAL_TEXT:,}:",
        f"| {language.MAX_PATTERNS}, {patterns.MAX_PLACES:,} |",
        f"more than {pattern_syntax.MAX_SIZE} places",
        f"| id of a list | {language.MAX_LIST_ID} letters",
        f"more than {versions.MAX_VERSION} characters",
        f"looks at {patterns.MAX_SUBJECT} characters",
        f"at most {uploads.MAX_IDS:,} of at most {uploads.MAX_ID}\ncharacters",
    ],
)
def test_limits(text: str) -> None:
    assert text in PAGE


def test_what_is_said_of_refusals_is_so() -> None:
    for value in ({"list": "a", "note": "b"}, {"attribute": "mood", "operator": "equals", "value": "a"}):
        with pytest.raises(RuleError):
            parse(value)
