"""Recorded answers: which one is given, and what there is without one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from eden.base.errors import EdenError
from eden.check.fixtures import Fixture, FixtureNetwork, status_fields
from tests.simulator.asgi import Answer, ask


def ask_for(folder: Path | None, url: str, method: str = "GET") -> Answer:
    return asyncio.run(ask(FixtureNetwork(folder), f"/_proxy?url={quote(url, safe='')}", method, body=b"{}"))


def record(folder: Path, name: str, **fixture: Any) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.encode(fixture))


def test_a_recorded_answer(tmp_path: Path) -> None:
    record(
        tmp_path, "items.json", url="https://api.example/items*", status=404, header={"X-Y": "z"}, data=[{"id": "名"}]
    )
    answer = ask_for(tmp_path, "https://api.example/items?page=1")
    assert (answer.status, answer.headers["x-y"], answer.json()) == (404, "z", [{"id": "名"}])
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_methods_and_order(tmp_path: Path) -> None:
    record(tmp_path, "b.json", url="https://api.example/*", data="general")
    record(tmp_path, "a/1.json", url="https://api.example/x", method="POST", data="posted")
    assert ask_for(tmp_path, "https://api.example/x", "POST").json() == "posted"
    assert ask_for(tmp_path, "https://api.example/x").json() == "general"


@pytest.mark.parametrize(
    ("pattern", "url", "matches"),
    [
        ("https://a/x", "https://a/x", True),
        ("https://a/x", "https://a/x?y=1", False),
        ("https://a/x?y=*", "https://a/x?y=1", True),
        ("https://a/x?y=*", "https://a/xay=1", False),
        ("https://a/[1]", "https://a/[1]", True),
        ("https://a/[1]", "https://a/1", False),
        ("https://a/X", "https://a/x", False),
    ],
)
def test_patterns(pattern: str, url: str, matches: bool) -> None:
    assert Fixture(pattern).matches("GET", url) is matches


def test_everything_else_is_empty(tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        answer = ask_for(folder, "https://api.example/else")
        assert (answer.status, answer.json(), answer.headers["x-eden-empty"]) == (200, {}, "{}")


def test_status_fields_say_what_the_program_takes_for_success() -> None:
    scripts = [
        "if (res.errno === 0) {} else if (res.errno === 501) {}; if (0 || res.errno == 0) {}",
        'a.code !== 200; b.code === 200; c.code == 1; x.status === "ok"; y.status = 3; z.encode === 7; d.ret != -1',
    ]
    found = status_fields(scripts)
    assert (found["code"], found["errno"], found["status"], found["retcode"]) == (200, 0, "ok", 0)
    assert status_fields(["e.code === 401; f.code === 401; g.code === 0"])["code"] == 0
    assert status_fields(['a.resultCode === "R100"'])["resultCode"] == "R100"
    assert "status" not in status_fields([])


def test_faults_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(EdenError, match="is not a folder"):
        FixtureNetwork(tmp_path / "gone")
    (tmp_path / "bad.json").write_text('{"status": 200}')
    with pytest.raises(EdenError, match=r"bad\.json") as caught:
        FixtureNetwork(tmp_path)
    assert caught.value.code == "bad-fixture"
