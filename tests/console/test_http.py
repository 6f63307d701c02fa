from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from eden.console.http import FLASH_COOKIE, local_path
from tests.console.gallery import Gallery

#: JSON that nests deeper than a parser goes
DEEP = base64.urlsafe_b64encode(b"[" * 2800).decode()


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    return Gallery()


@pytest.fixture
def client(gallery: Gallery) -> Iterator[TestClient[Any]]:
    with TestClient(gallery.app, base_url="http://testserver.local") as client:
        client.follow_redirects = False
        yield client


def test_a_page_is_closed_to_everything_else(client: TestClient[Any]) -> None:
    headers = client.get("/console/live/words").headers
    policy = dict(rule.partition(" ")[::2] for rule in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Type"] == "text/html; charset=utf-8"


def test_htmx_gets_a_part(client: TestClient[Any]) -> None:
    whole = client.get("/console/live/forms")
    part = client.get("/console/live/forms", headers={"HX-Request": "true"})
    assert "<html" in whole.text and "<html" not in part.text and part.text.lstrip().startswith("<header")
    for also in ("HX-Boosted", "HX-History-Restore-Request"):
        again = client.get("/console/live/forms", headers={"HX-Request": "true", also: "true"})
        assert "<html" in again.text


def test_a_post_leads_to_a_page_that_says_what_happened(client: TestClient[Any]) -> None:
    answer = client.post("/console/live/act", data={"reason": "because"})
    assert answer.status_code == 303 and answer.headers["Location"] == "/console/live/words"
    assert "HttpOnly" in answer.headers["Set-Cookie"] and "SameSite=lax" in answer.headers["Set-Cookie"]
    # a region that fetches itself meanwhile does not use the message up
    client.get("/console/live/release", headers={"X-Eden-Live": "true"})
    assert "so far." in client.get("/console/live/words").text
    assert "so far." not in client.get("/console/live/words").text


def test_htmx_is_told_where_to_go(client: TestClient[Any]) -> None:
    answer = client.post("/console/live/act", data={"a": "b"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and answer.headers["HX-Redirect"] == "/console/live/words"
    assert not answer.content


def test_a_long_message_fits_into_a_cookie() -> None:
    from eden.console.http import _pack
    from eden.console.view import Flash

    assert len(_pack((Flash("bad", "长" * 4000), Flash("good", "short")))) <= 3000


@pytest.mark.parametrize("cookie", ["", "x", "bm90IGpzb24=", "WzFd", "W1siZXZpbCIsIngiXV0=", "e30=", DEEP])
def test_a_strange_cookie_says_nothing(client: TestClient[Any], cookie: str) -> None:
    answer = client.get("/console/live/words", headers={"Cookie": f"{FLASH_COOKIE}={cookie}"})
    assert answer.status_code == 200 and '<div id="flashes"></div>' in answer.text


def test_language_and_theme_are_remembered(client: TestClient[Any]) -> None:
    body = {"theme": "dark", "locale": "zh", "next": "/console/live/words?x=1"}
    answer = client.post("/console/preferences", data=body)
    assert answer.status_code == 303 and answer.headers["Location"] == "/console/live/words?x=1"
    page = client.get("/console/live/words").text
    assert '<html lang="zh-CN" data-theme="dark">' in page


def test_unknown_preferences_are_nothing(client: TestClient[Any]) -> None:
    answer = client.post("/console/preferences", data={"theme": "pink", "locale": "fr", "next": "https://evil.example"})
    assert answer.headers["Location"] == "/console/" and "Set-Cookie" not in answer.headers


def test_the_browsers_language_is_the_first(client: TestClient[Any]) -> None:
    assert 'lang="zh-CN"' in client.get("/console/sign-in", headers={"Accept-Language": "zh-CN"}).text


def test_a_problem_for_people_and_for_htmx(client: TestClient[Any]) -> None:
    page = client.get("/console/live/nothing")
    assert page.status_code == 404 and "<html" in page.text and "Look in the menu." in page.text
    chinese = client.get("/console/live/nothing", headers={"Accept-Language": "zh"}).text
    assert '请检查地址，或从首页重新进入。<span class="detail" lang="en">The page does not exist' in chinese
    part = client.get("/console/live/nothing", headers={"HX-Request": "true"})
    assert part.status_code == 404 and "<html" not in part.text
    assert part.headers["HX-Retarget"] == "#flashes"


def test_files_are_kept_for_ever(client: TestClient[Any], gallery: Gallery) -> None:
    address = gallery.console.assets.url("console.css")
    answer = client.get(address, headers={"Accept-Encoding": "br"})
    assert answer.status_code == 200 and answer.headers["Content-Encoding"] == "br"
    assert "immutable" in answer.headers["Cache-Control"] and answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8" and "--accent" in answer.text
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and not again.content
    assert client.get("/console/assets/console.css").status_code == 404


@pytest.mark.parametrize("path", ["/console", "/console/", "/console/a/b?c=//d", "/console?x=1"])
def test_paths_of_the_console(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "//evil.example",
        "/console//evil",
        "https://x/console/",
        "/consolex",
        "/console/\\x",
        "/console/../app",
        "/console/%2e%2E/app",
        "/console/.%2e",
        "/console/\r\nA: b",
    ],
)
def test_other_paths_are_the_first_page(path: str) -> None:
    assert local_path(path) == "/console/"


@given(st.text())
def test_no_path_leaves_the_house(path: str) -> None:
    assert local_path(f"/console{path}").startswith("/console")
    assert local_path(path).startswith("/console")
