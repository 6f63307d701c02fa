"""A bank in a folder, with made-up customers, asked over ASGI as its clients ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import pytest

from bank import seed
from bank.server import Bank, Server
from bank.settings import Settings
from tests.apps.bank.past import give_past

T = TypeVar("T")
#: of history: enough for every kind of line
DAYS = 40


class Answer:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of a problem."""
        assert self.headers["content-type"] == "application/problem+json"
        problem = self.json
        assert problem["status"] == self.status and problem["detail"] and problem["title"]
        return str(problem["code"])


class BankHouse:
    """A started bank and the loop that it runs in; `token` is of who is signed in."""

    def __init__(self, folder: Path, customers: int, **settings: Any) -> None:
        self.server = Server(Settings(folder, seed=customers, **settings))
        self.bank: Bank = self.server.bank
        self.token = ""
        self.language = "zh"
        self._loop = asyncio.new_event_loop()
        self.run(self.bank.start())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def close(self) -> None:
        self.run(self.bank.stop())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """`headers` with underscores for hyphens."""
        path, _, query = path.partition("?")
        fields = {"authorization": f"Bearer {self.token}", "accept-language": self.language}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        scope = {
            "type": "http", "method": method, "path": path, "query_string": quote(query, safe="=&%").encode(),
            "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        }  # fmt: skip
        return self.run(self._call(scope, data))

    async def _call(self, scope: dict[str, Any], data: bytes) -> Answer:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": data, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.server(scope, receive, send)
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], headers, sent[1]["body"])

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status == 200, answer.body
        return answer.json

    def sign_in(self, phone: str = seed.PHONE, password: str = seed.PASSWORD) -> Answer:
        answer = self.call("POST", "/v1/session", {"phone": phone, "password": password})
        if answer.status == 200:
            self.token = answer.json["token"]
        return answer


@contextmanager
def open_bank(folder: Path, customers: int = 3, days: int = DAYS, **settings: Any) -> Iterator[BankHouse]:
    """`settings`: fields of the bank's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seed, "DAYS", days)
        # databases elsewhere get theirs from the bank itself
        if not settings.keys() & {"database", "ledger"}:
            give_past(folder, customers)
        house = BankHouse(folder, customers, **settings)
    try:
        yield house
    finally:
        house.close()
