from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from eden.build.diagnostics import CODES, Report, code_frame, headline, render
from eden.build.interfaces import Diagnostic, Severity

ROOT = Path(__file__).parents[2]


def test_every_code_has_a_heading_and_every_heading_a_code() -> None:
    page = (ROOT / "docs" / "diagnostics.md").read_text("utf-8")
    assert sorted(re.findall(r"^### (.+)$", page, re.MULTILINE)) == sorted(CODES)


def test_the_page_tells_the_severity() -> None:
    page = (ROOT / "docs" / "diagnostics.md").read_text("utf-8")
    for code, (severity, _) in CODES.items():
        text = page.split(f"### {code}\n")[1].split("\n#")[0]
        assert bool(re.search(r"\*error[.*]", text.lower())) == (severity is Severity.ERROR), code


def test_every_code_is_used() -> None:
    sources = "".join(
        path.read_text("utf-8") for path in (ROOT / "src/eden/build").glob("*.py") if path.name != "diagnostics.py"
    )
    assert [code for code in CODES if f'"{code}"' not in sources] == []


def test_a_headline_leaves_out_what_is_unknown() -> None:
    assert headline(Diagnostic("a.json", 2, 5, Severity.ERROR, "bad-json", "no.")) == "a.json:2:5: error bad-json: no."
    assert headline(Diagnostic("a.png", 0, 0, Severity.WARNING, "missing-asset", "x")).startswith("a.png: warning")
    assert headline(Diagnostic("", 0, 0, Severity.WARNING, "package-size", "x")).startswith("project: warning")


def test_the_caret_stands_below_the_place() -> None:
    frame = code_frame("one\n\ttwo three\nfour", 2, 6)
    assert frame[1].index("three") == frame[2].index("^")
    assert frame[0].endswith("one")
    assert frame[-1].endswith("four")
    long = code_frame("x" * 500 + "HERE" + "y" * 500, 1, 501)
    assert long[0].index("HERE") == long[1].index("^")
    assert all(len(line) < 130 for line in long)


@given(st.text(), st.integers(0, 9), st.integers(0, 300))
def test_any_frame_can_be_printed(text: str, line: int, column: int) -> None:
    for shown in code_frame(text, line, column):
        assert shown.isprintable()


def test_a_problem_is_reported_once_and_in_order() -> None:
    report = Report()
    report.warning("missing-module", "second", "b.js", 1, 1)
    report.error("script-syntax", "first", "a.js", 9, 1)
    report.warning("missing-module", "second", "b.js", 1, 1)
    assert [problem.file for problem in report.sorted()] == ["a.js", "b.js"]
    assert report.failed


def test_no_problem_is_graver_than_its_code() -> None:
    report = Report()
    report.error("style-preprocessor", "broken", "a.less", 1, 1)
    assert not report.failed


def test_rendering_shows_the_text_of_the_file() -> None:
    problem = Diagnostic("a.js", 1, 3, Severity.WARNING, "missing-module", "m")
    assert list(render([problem], {"a.js": "abc"}.get)) == [
        "a.js:1:3: warning missing-module: m",
        "  >    1 | abc",
        "         |   ^",
    ]
    assert list(render([problem], lambda _: None)) == ["a.js:1:3: warning missing-module: m"]
