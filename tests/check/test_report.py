"""Verdicts, counts and the two reports."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eden.check.interfaces import CheckReport, PageResult, Status
from eden.check.report import write_html
from eden.check.service import judge, summarize
from eden.check.visit import Visit


@pytest.mark.parametrize(
    ("seen", "status", "errors"),
    [
        (Visit(painted_ms=90, text=5), Status.OK, []),
        (Visit(painted_ms=90, pictures=1), Status.OK, []),
        (Visit(painted_ms=90, boxes=1), Status.OK, []),
        (Visit(painted_ms=90, nodes=8), Status.BLANK, []),
        (Visit(painted_ms=90, text=5, console=["logged"], unsupported=["api x"]), Status.OK, []),
        (Visit(painted_ms=90, text=5, application=["of app.js"]), Status.OK, []),
        (Visit(painted_ms=90, text=5, errors=["e", "f", "e"]), Status.ERROR, ["e", "f"]),
        (Visit(painted_ms=90, errors=["e"]), Status.ERROR, ["e"]),
        (Visit(painted_ms=90, text=5, crash="hung: 15 s"), Status.ERROR, ["hung: 15 s"]),
        (Visit(crash="start: x", errors=["e"]), Status.MISSING, ["start: x", "e"]),
        (Visit(application=["of app.js"]), Status.MISSING, ["of app.js"]),
        (Visit(), Status.MISSING, ["the page did not come up"]),
    ],
)
def test_verdicts(seen: Visit, status: Status, errors: list[str]) -> None:
    result = judge("pages/a/a", seen)
    assert (result.status, result.errors, result.screenshot) == (status, errors, None)


def test_a_result_says_what_was_seen() -> None:
    seen = Visit(painted_ms=90.5, nodes=7, text=5, screenshot=b"jpeg", console=["c", "c"], unsupported=["u", "u"])
    seen.accessibility = ["label: Form elements must have labels (2)"]
    assert msgspec.to_builtins(judge("pages/a/a", seen)) == {
        "page": "pages/a/a",
        "status": "ok",
        "errors": [],
        "screenshot": "pages-a-a.jpg",
        "first_paint_ms": 90.5,
        "dom_nodes": 7,
        "text_length": 5,
        "console": ["c"],
        "unsupported": ["u"],
        "accessibility": ["label: Form elements must have labels (2)"],
        "network": "answered",
    }


def result(page: str, **seen: Any) -> PageResult:
    return judge(page, Visit(**seen))


def test_counts() -> None:
    pages = [
        result("a", painted_ms=10, text=1, unsupported=["api x", "api y"]),
        result("b", painted_ms=30, text=1, unsupported=["api x"]),
        result("c", painted_ms=20, errors=["e"]),
        result("d", painted_ms=40),
        result("e"),
    ]
    summary = summarize(pages, 1.26)
    assert (summary.pages, summary.ok, summary.error, summary.blank, summary.missing) == (5, 2, 1, 1, 1)
    assert (summary.ok_share, summary.first_paint_ms, summary.seconds) == (0.4, 25.0, 1.3)
    assert summary.unsupported == {"api x": 2, "api y": 1}


def test_counts_of_nothing() -> None:
    summary = summarize([], 0)
    assert (summary.pages, summary.ok_share, summary.first_paint_ms, summary.unsupported) == (0, 0.0, None, {})


def report(*pages: PageResult, **rest: Any) -> CheckReport:
    about: dict[str, Any] = {"program": "bank", "errors": [], "problems": []} | rest
    return CheckReport(summary=summarize(pages, 1), pages=list(pages), **about)


def test_json_round_trip() -> None:
    whole = report(result("a", painted_ms=10, text=1), result("b"), problems=["a.js:1:1: warning x: y"])
    data = whole.to_json()
    assert data.endswith(b"}\n") and b'\n  "pages": [' in data
    assert msgspec.json.decode(data, type=CheckReport) == whole


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_nothing_of_a_program_is_markup(tmp_path: Path) -> None:
    evil = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"
    seen = {"errors": [evil], "console": [evil], "unsupported": [evil], "accessibility": [evil], "text": 1}
    page = result(evil, painted_ms=10, screenshot=b"\xff\xd8picture", **seen)
    file = tmp_path / "folder" / "report.html"
    write_html(file, report(page, program=evil, errors=[evil], problems=[evil]), {evil: b"\xff\xd8picture"})
    parser = _Tags()
    parser.feed(file.read_text(encoding="utf-8"))
    names = [tag for tag, _ in parser.tags]
    assert "script" not in names
    pictures = [attributes for tag, attributes in parser.tags if tag == "img"]
    assert [(picture["alt"], str(picture["src"])[:23]) for picture in pictures] == [(evil, "data:image/jpeg;base64,")]
    assert not any(name.startswith("on") for _, attributes in parser.tags for name in attributes)
