"""Somebody of the bank's staff in front of the pages, asked over ASGI as a browser asks."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from bank import seed
from tests.apps.bank.house import BankHouse

OFFICER, SECOND = (login for login, _, _ in seed.STAFF)
_CSRF = re.compile(r'name="_csrf" value="([^"]+)"')
_MAIN = re.compile(r"<main.*</main>", re.DOTALL)


class Shown:
    """An answer; `text` is what stands in the page's main part, without tags."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, dict(headers), body
        self.cookies = [value for name, value in headers if name == "set-cookie"]
        self.html = body.decode("utf-8", "replace")
        found = _MAIN.search(self.html)
        words = re.sub(
            r"<(script|template|style).*?</\1>|<[^>]*>", " ", found[0] if found else self.html, flags=re.DOTALL
        )
        self.text = re.sub(r"\s+", " ", html.unescape(words)).strip()


class Person:
    """A browser with its cookies; pages are in English unless `language` says otherwise."""

    def __init__(self, house: BankHouse, login: str = "", *, language: str = "en") -> None:
        self.house, self.cookies, self.address = house, {"eden_locale": language}, "127.0.0.1"
        if login:
            answer = self.sign_in(login)
            assert answer.status == 303, answer.text

    def sign_in(self, login: str, password: str = seed.PASSWORD) -> Shown:
        return self.post("sign-in", login=login, password=password)

    def get(self, path: str, **headers: str) -> Shown:
        return self._ask("GET", path, b"", headers)

    def shows(self, path: str) -> str:
        """The text of a page that there is."""
        answer = self.get(path)
        assert answer.status == 200, answer.text
        return answer.text

    def post(self, path: str, headers: Mapping[str, str] | None = None, /, **fields: str) -> Shown:
        """With the token of the page that would have the form."""
        token = _CSRF.search(self.get("products").html)
        sent = {"_csrf": token[1] if token else ""} | fields
        common = {"content-type": "application/x-www-form-urlencoded", "origin": "http://127.0.0.1:8720"}
        return self._ask("POST", path, urlencode(sent).encode(), common | dict(headers or {}))

    def does(self, path: str, **fields: str) -> str:
        """What is said after a form that worked; where it leads to must be there."""
        answer = self.post(path, **fields)
        assert answer.status == 303, answer.text
        return self.shows(answer.headers["location"].removeprefix("/console/"))

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Shown:
        path, _, query = f"/console/{path}".removesuffix("/").partition("?")
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        fields = {"host": "127.0.0.1:8720", "cookie": cookies} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": quote(query, safe="=&%+").encode(),
            "root_path": "", "client": (self.address, 50_000), "server": ("127.0.0.1", 8720), "extensions": {},
            "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        }  # fmt: skip
        shown = self.house.run(_run(self.house, scope, body))
        for cookie in shown.cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        return shown


async def _run(house: BankHouse, scope: dict[str, Any], body: bytes) -> Shown:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await house.server(scope, receive, send)
    headers = [(name.decode().lower(), value.decode()) for name, value in sent[0]["headers"]]
    return Shown(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))
