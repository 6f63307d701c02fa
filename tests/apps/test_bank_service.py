"""The demo bank's data service: an ASGI application in memory."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from eden.base.tools import node
from eden.demo.bank import load_service

BANK = Path(__file__).parents[2] / "apps" / "bank"


class Client:
    def __init__(self) -> None:
        # a module of its own per client: no test sees another's transfers
        self.app = load_service(BANK / "service.py")
        self.token = ""

    def call(self, method: str, path: str, body: Any = None, query: str = "", key: str = "") -> tuple[int, Any]:
        headers = [(b"authorization", f"Bearer {self.token}".encode())]
        if key:
            headers.append((b"idempotency-key", key.encode()))
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": data, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": headers}
        asyncio.run(self.app(scope, receive, send))  # type: ignore[arg-type]
        return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.fixture
def client() -> Client:
    client = Client()
    status, answer = client.call("POST", "/session", {"phone": "13812345820", "password": "secret1"})
    assert status == 200
    client.token = answer["token"]
    return client


def test_balances_are_the_sum_of_transactions(client: Client) -> None:
    accounts = client.call("GET", "/overview")[1]["accounts"]
    for account in accounts:
        amounts, cursor = [], 0
        while cursor is not None:
            page = client.call("GET", "/transactions", query=f"account={account['id']}&cursor={cursor}")[1]
            amounts += [item["amount"] for item in page["items"]]
            cursor = page["next"]
        opening = 12_000_000 if account["id"] == "a2" else 0
        assert account["balance"] == opening + sum(amounts)


def test_nothing_without_a_session() -> None:
    assert Client().call("GET", "/overview")[0] == 401


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"payee": "p1", "amount": 0}, "bad-amount"),
        ({"payee": "p1", "amount": "x"}, "bad-amount"),
        ({"payee": "none", "amount": 100}, "no-payee"),
        ({"payee": "p1", "amount": 100, "account": "none"}, "no-account"),
        ({"payee": "p1", "amount": 5_000_001}, "bad-amount"),
    ],
)
def test_refused_transfers_change_nothing(client: Client, body: dict[str, Any], code: str) -> None:
    before = client.call("GET", "/overview")[1]["total"]
    status, answer = client.call("POST", "/transfers", body)
    assert status >= 400
    assert answer["code"] == code
    assert client.call("GET", "/overview")[1]["total"] == before


def test_a_transfer_is_booked_once_per_key(client: Client) -> None:
    before = client.call("GET", "/overview")[1]["total"]
    first = client.call("POST", "/transfers", {"payee": "p1", "amount": 12_345}, key="k1")
    again = client.call("POST", "/transfers", {"payee": "p1", "amount": 12_345}, key="k1")
    assert first == again
    assert client.call("GET", "/overview")[1]["total"] == before - 12_345
    newest = client.call("GET", "/transactions")[1]["items"][0]
    assert (newest["name"], newest["amount"]) == ("陈默", -12_345)


def test_loan_application(client: Client) -> None:
    assert client.call("GET", "/loan-product", query="code=nothing")[0] == 404
    product = client.call("GET", "/loan-product", query="code=eden-shop-2026")[1]["product"]
    body = {"product": product["code"], "amount": 5_000_000, "term": 12, "document": {"size": 9}, "agreed": True}
    assert client.call("POST", "/loans", body | {"agreed": False})[1]["code"] == "not-agreed"
    status, answer = client.call("POST", "/loans", body)
    assert status == 200
    newest = client.call("GET", "/messages")[1]["items"][0]
    assert answer["number"] in newest["text"] and not newest["read"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"x" * 70_000])
def test_bodies_that_are_none(client: Client, body: bytes) -> None:
    status, answer = client.call("POST", "/transfers", body)
    assert status in (400, 413)
    assert answer["message"]


@pytest.mark.parametrize(
    ("principal", "rate", "months", "payment"),
    # 50,000.00 at 4.80 % over 12 months: 4,275.79; at 0 % the principal in equal parts
    [(5_000_000, 480, 12, 427_579), (1_200_000, 0, 12, 100_000), (100_000, 480, 36, None)],
)
def test_repayment_plan(principal: int, rate: int, months: int, payment: int | None) -> None:
    script = f"console.log(JSON.stringify(require('./loan').schedule({principal}, {rate}, {months})))"
    executable = node()
    assert executable is not None
    utils = BANK / "miniprogram" / "utils"
    plan = json.loads(subprocess.run([executable, "-e", script], cwd=utils, capture_output=True, check=True).stdout)
    assert sum(row["principal"] for row in plan["rows"]) == principal
    assert sum(row["payment"] for row in plan["rows"]) == plan["total"] == principal + plan["interest"]
    assert plan["rows"][-1]["rest"] == 0
    assert all(row["principal"] > 0 for row in plan["rows"])
    if payment is not None:
        assert plan["payment"] == payment
