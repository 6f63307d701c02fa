"""Live programs: which builds are taken, and what a page is told of a change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from eden.simulator.program import LiveProgram, Revision, event_of
from tests.browser.programs import write_program

FILES: dict[str, Any] = {
    "app.json": {"pages": ["pages/a/a"], "subpackages": [{"root": "more", "pages": ["b"]}]},
    "app.wxss": "page { color: black }",
    "pages/a/a.wxml": "<view class='x'>a</view>",
    "pages/a/a.js": "require('./broken')\nPage({})",
    "pages/a/broken.js": "module.exports = 1",
    "pages/a/a.wxss": ".x { color: red }",
    "more/b.wxml": "<view class='y'>b</view>",
    "more/b.js": "Page({})",
    "more/b.wxss": ".y { color: red }",
}
Change = Callable[[Mapping[str, Any]], Revision]


@pytest.fixture
def change(tmp_path: Path) -> Iterator[Change]:
    """Write files, then build."""
    write_program(tmp_path, FILES)
    program = LiveProgram(tmp_path)

    def run(files: Mapping[str, Any]) -> Revision:
        for path, text in files.items():
            (tmp_path / path).write_text(text)
        return program.build()

    yield run
    program.close()


def test_revisions_are_counted(change: Change) -> None:
    first, second = change({}), change({})
    assert (first.number, second.number) == (1, 2)
    assert first.taken and second.taken
    assert first.files == second.files
    assert second.styles == {}


def test_rules_of_sheets_are_replaced(change: Change) -> None:
    change({})
    revision = change({"pages/a/a.wxss": ".x { color: blue }", "more/b.wxss": ".y { color: blue }"})
    assert revision.styles is not None
    assert {name: list(sheets) for name, sheets in revision.styles.items()} == {
        "main": ["pages/a/a"],
        "more": ["more/b"],
    }
    assert "blue" in revision.styles["main"]["pages/a/a"]["css"]


@pytest.mark.parametrize(
    "files",
    [
        {"pages/a/a.js": "Page({data: {}})"},
        {"pages/a/a.wxml": "<view class='x'>b</view>"},
        {"pages/a/a.wxss": "@import '/more/b.wxss'; .x { color: blue }"},
        {"pages/a/a.wxss": "@font-face { font-family: f; src: url(data:font/woff2;base64,AA) } .x { color: blue }"},
        {"pages/a/a.wxss": ".x { color: blue }", "pages/a/a.js": "Page({data: {}})"},
    ],
)
def test_any_other_change_needs_a_new_start(change: Change, files: dict[str, str]) -> None:
    change({})
    assert change(files).styles is None


def test_a_new_error_keeps_the_version_before(change: Change) -> None:
    good = change({})
    bad = change({"pages/a/broken.js": "module.exports = {", "pages/a/a.wxss": ".x { color: blue }"})
    assert not bad.taken and bad.files == good.files
    assert "pages/a/broken.js:1" in bad.text
    mended = change({"pages/a/broken.js": "module.exports = 1"})
    assert mended.taken
    # relative to what ran, not to the failed build
    assert mended.styles is not None and list(mended.styles["main"]) == ["pages/a/a"]


def test_a_program_that_was_always_broken_still_changes(change: Change) -> None:
    first = change({"pages/a/broken.js": "module.exports = {"})
    assert first.taken and not first.result.ok
    second = change({"pages/a/a.js": "require('./broken')\nPage({data: {}})"})
    assert second.taken and second.files != first.files
    worse = change({"app.json": "{"})
    assert not worse.taken and worse.files == second.files


def test_nothing_runs_before_the_first_package(change: Change) -> None:
    revision = change({"app.json": "{"})
    assert not revision.taken and revision.files == {}


def test_the_page_is_told_everything(change: Change) -> None:
    event = event_of(change({"pages/a/broken.js": "module.exports = {"}))
    assert (event["revision"], event["taken"], event["errors"]) == (1, True, 1)
    problem = next(problem for problem in event["problems"] if problem["severity"] == "error")
    assert problem["file"] == "pages/a/broken.js"
    headline, *frame = problem["text"].splitlines()
    assert headline.startswith("pages/a/broken.js:1:") and any("module.exports" in line for line in frame)
    names = {path.partition("/")[0] for path in event["hashes"]}
    assert names == {"main", "more"}
