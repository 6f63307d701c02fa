"""docs/dev.md and docs/check.md say what is so."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import msgspec
import pytest

from eden.check import commands as check_commands
from eden.check.fixtures import Fixture
from eden.check.interfaces import CheckReport, Status
from eden.check.query import DEFAULT_QUERY
from eden.simulator import commands as simulator_commands
from eden.simulator.service import PORT_TRIES

DOCS = Path(__file__).parents[2] / "docs"


def blocks(text: str) -> list[str]:
    """Indented examples, without the indent."""
    found = re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE) for block in found]


@pytest.mark.parametrize(("guide", "command"), [("dev", "dev"), ("check", "check")])
def test_every_option_is_described(guide: str, command: str) -> None:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    for module in (check_commands, simulator_commands):
        module.add_arguments(commands)
    options = {option for action in commands.choices[command]._actions for option in action.option_strings}
    described = set(re.findall(r"^\| `(--[a-z-]+)", (DOCS / f"{guide}.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert described == {option for option in options if option.startswith("--")} - {"--help"}


def test_the_examples_of_check() -> None:
    text = (DOCS / "check.md").read_text(encoding="utf-8")
    examples = [block for block in blocks(text) if block.startswith("{")]
    fixture = msgspec.json.decode(examples[0], type=Fixture)
    assert fixture.matches("GET", "https://api.example/items?page=1")
    report = msgspec.json.decode(examples[1], type=CheckReport, strict=True)
    assert msgspec.json.decode(report.to_json()) == msgspec.json.decode(examples[1])
    assert all(f"| `{status}` |" in text for status in Status)
    assert all(f"`{name}={value}`" in text for name, value in DEFAULT_QUERY.items())


def test_the_numbers_of_dev() -> None:
    text = (DOCS / "dev.md").read_text(encoding="utf-8")
    assert f"the next free one of {PORT_TRIES}" in text
