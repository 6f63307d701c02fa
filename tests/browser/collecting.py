"""A server that phones report to: takes everything, and says what a test wants it to say."""

from __future__ import annotations

import gzip
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from eden.base.http import Receive, Scope, Send

#: of the programs of tests
KEY = "0123456789abcdef0123456789abcdef"
_CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"authorization, content-type, content-encoding"),
    (b"access-control-expose-headers", b"retry-after"),
    (b"access-control-max-age", b"600"),
]


@dataclass
class Batch:
    """One that arrived: how it was sent, its first line, its records."""

    key: str
    encoding: str
    head: dict[str, Any]
    records: list[dict[str, Any]]


@dataclass
class Collecting:
    """An ASGI application for everything below `/observe/`.

    `switches` is what phones are told to collect; without `programs` they send nothing. `status`, `headers` and `said`
    are the answer to a batch. Those that are refused are in `refused`, others in `batches`, also those that came twice.
    """

    switches: dict[str, Any] = field(default_factory=lambda: {"revision": 1, "programs": {}})
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    refused: list[Batch] = field(default_factory=list)
    #: queries with which the switches were asked for
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    _arrived: threading.Condition = field(default_factory=threading.Condition)

    def want(self, *programs: str, **switches: Any) -> None:
        """Collect of these programs."""
        keys = {program: {"key": KEY} for program in programs}
        self.switches = {"revision": self.switches["revision"] + 1, "programs": keys, "seconds": 1, **switches}

    def records(self, **wanted: Any) -> list[dict[str, Any]]:
        """Those that arrived, each batch once, with these fields."""
        seen = {batch.head["batch"]: batch for batch in self.batches}.values()
        found = [record for batch in seen for record in batch.records]
        return [one for one in found if all(one.get(name) == value for name, value in wanted.items())]

    def wait_for(self, count: int = 1, timeout: float = 20, **wanted: Any) -> list[dict[str, Any]]:
        """The records with these fields, when there are so many."""
        end = time.monotonic() + timeout
        with self._arrived:
            while len(found := self.records(**wanted)) < count:
                if not self._arrived.wait(end - time.monotonic()):
                    names = [record.get("name", record["type"]) for record in self.records()]
                    raise AssertionError(f"{count} of {wanted} did not come; there are {names}")
        return found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS":
            return await _answer(send, 204, b"", {})
        if scope["path"].startswith("/observe/v1/collect/"):
            self.asked.append(parse_qs(scope["query_string"].decode()))
            return await _answer(send, 200, json.dumps(self.switches).encode(), {})
        if scope["path"] != "/observe/v1/batch" or scope["method"] != "POST":
            return await _answer(send, 404, b"{}", {})
        batch = _read(scope, await _body(receive))
        with self._arrived:
            (self.batches if self.status == 200 else self.refused).append(batch)
            self._arrived.notify_all()
        said = {"accepted": len(batch.records), **self.said}
        return await _answer(send, self.status, json.dumps(said).encode(), self.headers)


async def _body(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def _read(scope: Scope, body: bytes) -> Batch:
    headers = dict(scope["headers"])
    encoding = headers.get(b"content-encoding", b"identity").decode()
    text = gzip.decompress(body) if encoding == "gzip" else body
    head, *records = [json.loads(line) for line in text.splitlines()]
    query = parse_qs(scope["query_string"].decode())
    key = headers.get(b"authorization", b"").decode().removeprefix("Bearer ") or query.get("key", [""])[0]
    return Batch(key=key, encoding=encoding, head=head, records=records)


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    fields = [(name.encode(), value.encode()) for name, value in headers.items()]
    kind = (b"content-type", b"application/json")
    await send({"type": "http.response.start", "status": status, "headers": [kind, *_CORS, *fields]})
    await send({"type": "http.response.body", "body": body})
