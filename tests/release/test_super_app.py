"""The super app's page and files: what is there, what is not, and that no address leads out of the folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from eden.base import tools
from eden.release.super_app import super_app
from tests.ask import Answer, ask


@pytest.fixture(autouse=True)
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "container"
    (folder / "chunks").mkdir(parents=True)
    (folder / "app.html").write_text("<!doctype html>")
    (folder / "app.js").write_text("1")
    (folder / "chunks" / "map.js").write_text("2")
    (folder / ".stamp").write_text("hidden")
    (tmp_path / "secret.js").write_text("outside")
    monkeypatch.setattr(tools, "CONTAINER", folder)
    return folder


def get(path: str, method: str = "GET", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(ask(super_app, path, method=method, headers=named))


def test_page_and_files() -> None:
    page = get("/app/test/")
    assert (page.status, page.headers["content-type"], page.body) == (
        200,
        "text/html; charset=utf-8",
        b"<!doctype html>",
    )
    chunk = get("/app/test/chunks/map.js")
    assert (chunk.status, chunk.headers["content-type"], chunk.body) == (200, "text/javascript; charset=utf-8", b"2")
    script, fields = (get("/app/test/app.js", method) for method in ("GET", "HEAD"))
    assert (script.headers, script.body, fields.body) == (fields.headers, b"1", b"")
    manifest = get("/app/test/manifest.webmanifest")
    assert (manifest.headers["content-type"], manifest.json()["id"]) == ("application/manifest+json", "/app/test/")


def test_what_is_known_is_not_sent_again(container: Path) -> None:
    for path in ("/app/test/", "/app/test/app.js", "/app/test/manifest.webmanifest"):
        tag = get(path).headers["etag"]
        again = get(path, if_none_match=tag)
        assert (again.status, again.body) == (304, b"")
    tag = get("/app/test/app.js").headers["etag"]
    (container / "app.js").write_text("another")
    assert get("/app/test/app.js", if_none_match=tag).body == b"another"


def test_address_without_its_slash_is_led_on() -> None:
    answer = get("/app/test?program=bank&trial=x%20y")
    assert (answer.status, answer.headers["location"]) == (308, "/app/test/?program=bank&trial=x%20y")


@pytest.mark.parametrize(
    "name",
    [
        "absent.js", "chunks", "chunks/", ".stamp", "../secret.js", "chunks/../app.js", "/etc/passwd",
        "%2e%2e/secret.js", "app%2ejs", "a\0.js", "x" * 300 + ".js", "a/" * 20 + "b", "app.js\n", "名.js",
    ],
)  # fmt: skip
def test_what_is_not_there(name: str) -> None:
    answer = get(f"/app/test/{name}")
    assert (answer.status, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("workspace", ["", "Test", "-x", "x" * 41, "a.b", "x\n"])
def test_what_is_no_workspace(workspace: str) -> None:
    assert get(f"/app/{workspace}/").status == 404


def test_nothing_is_written_here() -> None:
    answer = get("/app/test/", "POST")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
