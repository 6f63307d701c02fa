"""The gateway's steps that a caller meets, behind a plain server: what the container's client is judged against."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from eden.gateway.interfaces import EncryptionKey, Secret
from eden.gateway.pipeline.codes import Stop, failure, tips_of
from eden.gateway.pipeline.encryption import Opener, Seal, open_body
from eden.gateway.pipeline.signature import Signer, beginning, verify

APP = "shop"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@dataclass
class Seen:
    """A request as the gateway understood it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Plan:
    """How the gateway behaves, and what it has seen."""

    secrets: list[Secret]
    keys: list[EncryptionKey] = field(default_factory=list)
    signs: bool = False
    #: changes an answer on its way: (headers, body) → body
    spoil: Callable[[dict[str, str], bytes], bytes] | None = None
    seen: list[Seen] = field(default_factory=list)


class Seldom:
    """Nonces of one process."""

    def __init__(self) -> None:
        self.taken: set[bytes] = set()

    def take(self, key: bytes, at_ms: int) -> bool:
        fresh = key not in self.taken
        self.taken.add(key)
        return fresh


@contextmanager
def gateway(plan: Plan) -> Iterator[str]:
    """Address of the running gateway; it answers with what it was sent, in upper case."""

    class Handler(_Handler):
        pass

    Handler.plan, Handler.nonces = plan, Seldom()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    plan: Plan
    nonces: Seldom

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        plan = self.plan
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        given = {name.lower(): value for name, value in self.headers.items()}
        fields = {name.encode(): value.encode() for name, value in given.items()}
        operation, mark, query = self.path.removeprefix("/rpc/").partition("?")
        now_ms = int(time.time() * 1000)
        headers = {"x-eden-trace": TRACE, "server-time": str(now_ms)}
        status, nonce = 200, b""
        signer: Signer | None = None
        seal: Seal | None = None
        try:
            signer, nonce = verify(
                fields,
                [Signer(secret) for secret in plan.secrets],
                b"",
                beginning(given["x-eden-app"], operation, self.command.encode(), (mark + query).encode()),
                body,
                now_ms=now_ms,
                window_ms=300_000,
                nonces=self.nonces,
            )
            sealed = given.get("x-eden-encryption")
            if sealed:
                openers = [Opener(key) for key in plan.keys]
                body, opener, seal = open_body(
                    sealed.encode(), openers, body, app=APP, operation=operation, nonce=nonce, now_ms=now_ms
                )
                headers["x-eden-encryption"] = opener.header.decode()
            answer = json.dumps({"said": body.decode().upper()}).encode()
            headers["result-status"] = "1000"
        except Stop as fault:
            refusal = failure(fault.code, "rpc", tips=tips_of(fault.code, "zh", {}), reason=fault.reason, trace=TRACE)
            status, answer = refusal.status, refusal.body or b""
            headers |= {name.decode(): value.decode() for name, value in refusal.headers}
        plan.seen.append(Seen(self.command, self.path, given, body))
        if seal:
            answer = seal(answer, bytes(12))
        if plan.signs and signer:
            headers["x-eden-response-signature"] = signer.answered(TRACE, status, nonce, answer).decode()
        if plan.spoil:
            answer = plan.spoil(headers, answer)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
