"""`eden check` on a small program that has a page of every kind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.browser.programs import Files, write_program

PROGRAM: Files = {
    "app.json": {"pages": ["pages/ok/ok", "pages/broken/broken", "pages/blank/blank", "pages/late/late"]},
    "app.js": "App({})",
    "pages/ok/ok.wxml": "<view>{{query}}</view><view wx:for='{{list}}' wx:key='id'>{{item.id}}</view>",
    "pages/ok/ok.js": """Page({
  data: { query: '', list: [] },
  onLoad({ id }) {
    this.setData({ query: `id ${id}` })
    wx.request({ url: 'https://api.example/list', success: ({ data }) => this.setData({ list: data.list }) })
  },
})
""",
    "pages/broken/broken.wxml": "<view>shown</view>",
    "pages/broken/broken.js": """Page({
  onLoad() {
    console.error('careful')
    throw new TypeError('broken')
  },
})
""",
    "pages/blank/blank.wxml": "<view></view>",
    "pages/blank/blank.js": "Page({})",
    # the program is left before the page shows
    "pages/late/late.wxml": "<view>never</view>",
    "pages/late/late.js": "while (true) {}",
}


def run(source: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own: this one's event loop belongs to the tests' browser."""
    return subprocess.run([sys.executable, "-m", "eden", "check", source, *arguments], capture_output=True, text=True)


def check(source: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], Any]:
    file = source / "out" / "check.json"
    finished = run(source, "--json", str(file), *arguments)
    return finished, json.loads(file.read_text(encoding="utf-8"))


def test_every_status_in_the_report(tmp_path: Path) -> None:
    source = write_program(tmp_path, PROGRAM)
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    (recorded / "list.json").write_text('{"url": "https://api.example/*", "data": {"list": [{"id": "recorded"}]}}')
    contact_sheet = tmp_path / "check.html"
    finished, report = check(source, "--fixtures", str(recorded), "--html", str(contact_sheet))

    assert finished.returncode == 1
    pages = {page["page"]: page for page in report["pages"]}
    assert {name: page["status"] for name, page in pages.items()} == {
        "pages/ok/ok": "ok",
        "pages/broken/broken": "error",
        "pages/blank/blank": "blank",
        "pages/late/late": "missing",
    }
    assert set(pages["pages/ok/ok"]) >= {"page", "status", "errors", "screenshot", "first_paint_ms", "dom_nodes"}
    assert pages["pages/ok/ok"]["text_length"] == len("id 1recorded")
    assert pages["pages/ok/ok"]["first_paint_ms"] > 0
    (error,) = pages["pages/broken/broken"]["errors"]
    assert "TypeError: broken" in error and "pages/broken/broken.js:4:" in error
    assert pages["pages/broken/broken"]["console"] == ["careful"]
    assert pages["pages/late/late"]["first_paint_ms"] is None and pages["pages/late/late"]["errors"]
    counts = {name: report["summary"][name] for name in ("pages", "ok", "error", "blank", "missing")}
    assert counts == {"pages": 4, "ok": 1, "error": 1, "blank": 1, "missing": 1}
    for page in report["pages"]:
        assert (tmp_path / "out" / page["screenshot"]).read_bytes().startswith(b"\xff\xd8")
    sheet = contact_sheet.read_text(encoding="utf-8")
    assert all(name in sheet for name in pages) and sheet.count("data:image/jpeg") == 4
    assert "1 of 4 pages ok (25%); 1 with errors, 1 blank, 1 missing" in finished.stdout


def test_a_good_page_alone_exits_with_0(tmp_path: Path) -> None:
    finished, report = check(write_program(tmp_path, PROGRAM), "--page", "pages/ok/ok")
    assert (finished.returncode, [page["page"] for page in report["pages"]]) == (0, ["pages/ok/ok"])
    assert report["pages"][0]["text_length"] == len("id 1")


@pytest.mark.parametrize(("answer", "text"), [("granted", "here"), ("refused", "getLocation:fail auth deny")])
def test_permissions_are_answered(tmp_path: Path, answer: str, text: str) -> None:
    program: Files = {
        "app.json": {"pages": ["pages/a/a"], "permission": {"scope.userLocation": {"desc": "to find you"}}},
        "pages/a/a.wxml": "<view>{{text}}</view>",
        "pages/a/a.js": """Page({
  data: { text: '' },
  onLoad() {
    wx.authorize({
      scope: 'scope.userLocation',
      success: () => this.setData({ text: 'here' }),
      fail: () => wx.getLocation({ fail: ({ errMsg }) => this.setData({ text: errMsg }) }),
    })
  },
})
""",
    }
    _, report = check(write_program(tmp_path, program), "--permissions", answer)
    assert report["pages"][0]["text_length"] == len(text)


def test_a_page_that_is_not_there(tmp_path: Path) -> None:
    finished = run(write_program(tmp_path, PROGRAM), "--page", "pages/else")
    assert finished.returncode == 1
    assert finished.stderr == "eden: The program has no page pages/else. app.json lists its pages.\n"


def test_a_program_that_cannot_be_built(tmp_path: Path) -> None:
    finished = run(write_program(tmp_path, {**PROGRAM, "app.json": "{"}))
    assert finished.returncode == 1
    assert "app.json:1" in finished.stderr and "cannot be built" in finished.stderr


def test_answers_without_a_fixture(tmp_path: Path) -> None:
    """Success in the program's own words, empty otherwise; where that cannot do, the page opens without the network."""
    ask = "wx.request({{ url: 'https://api.example/x', success: ({{ data }}) => {{ {0} }} }})"
    page = "Page({{ data: {{ list: [] }}, onLoad(options) {{ {0} }} }})"
    program: dict[str, Any] = {
        "app.json": {"pages": ["pages/list/list", "pages/made/made", "pages/json/json", "pages/kept/kept"]},
        "app.js": "App({})",
        "pages/list/list.wxml": "<view wx:for='{{list}}' wx:key='id'>name: {{item.name}}</view>",
        "pages/list/list.js": page.format(ask.format("if (data.errno === 0) this.setData({ list: data.list })")),
        "pages/made/made.wxml": "<view>made</view>",
        "pages/made/made.js": page.format(
            ask.format("data.items[0].parts[0].price.toFixed(2); data.items.find(() => false).id")
        ),
        "pages/json/json.wxml": "<view>{{list.length}} items</view>",
        "pages/json/json.js": page.format(
            "this.setData({ list: JSON.parse(decodeURIComponent(options.list)) }); "
            + ask.format("JSON.parse(data.extra).forEach((item) => item.day.getMonth())")
        ),
    }
    # what fails on a recorded answer fails
    program["pages/kept/kept.wxml"] = "<view>kept</view>"
    program["pages/kept/kept.js"] = program["pages/made/made.js"].replace("example/x", "example/kept")
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    (recorded / "kept.json").write_text('{"url": "https://api.example/kept", "data": {}}')
    finished, report = check(write_program(tmp_path / "source", program), "--fixtures", str(recorded))
    listed, made, read, kept = report["pages"]
    assert (finished.returncode, [page["status"] for page in report["pages"]]) == (1, ["ok", "ok", "ok", "error"])
    assert kept["network"] == "answered"
    assert (listed["text_length"], listed["network"]) == (len("name:"), "answered")
    assert (made["network"], read["network"]) == ("refused", "answered")
    assert any("with made-up answers: TypeError" in line for line in made["console"])
