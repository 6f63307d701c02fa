"""What the pages say is so: links lead somewhere, commands exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from eden.cli import COMMANDS, _parser

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("apps/*/*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", text):
        address, _, anchor = (target[0] or target[1]).partition("#")
        if re.match(r"\w+:", address):
            continue
        file = page.parent / address if address else page
        assert file.exists(), f"{page.name} links to {address}"
        if anchor and file.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    for name in re.findall(r"(?:\./|`|^    )eden ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE):
        assert name in COMMANDS, f"{page.name} names eden {name}"


def test_commands_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """Every command that is shown on a line of its own has arguments that its parser takes."""
    wrong, shown = [], 0
    for page in PAGES:
        for line in re.findall(
            r"^ {4}(?:\./)?(eden [a-z]+\b(?! ──).*)", page.read_text(encoding="utf-8"), re.MULTILINE
        ):
            # without what is said about it, and where its output goes
            command = re.split(r"\s+#|\s{2,}| [|<>] | -- |\\$", re.sub(r"\$\(.*?\)", "x", line))[0]
            for part in command.split(" && "):
                words = shlex.split(part)[1:]
                shown += 1
                try:
                    _parser(words[0]).parse_args(words)
                except SystemExit as ended:
                    if ended.code:
                        wrong.append(f"{page.name}: {line}: {capsys.readouterr().err}")
    assert not wrong
    assert shown > 50


def test_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert re.search(rf"eden {name}\b", readme), name
