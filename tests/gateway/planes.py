"""A service that says what it was asked, and our own data plane, each in a thread of this process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from eden.base.settings import GatewaySettings
from eden.gateway.interfaces import App, Catalogue
from eden.gateway.pipeline.compile import compile_workspace
from eden.gateway.pipeline.local import LocalBuckets, LocalNonces
from eden.gateway.pipeline.pipeline import Pipeline
from eden.gateway.proxy.connection import Client
from eden.gateway.proxy.gateway import Gateway, Tables
from eden.gateway.service import encode
from eden.gateway.stored import Stored


class Service(BaseHTTPRequestHandler):
    """Says what it was sent, and by which name it is known."""

    protocol_version = "HTTP/1.1"
    name = "main"

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        status = int(self.headers.get("x-status") or 200)
        kept = {
            name.lower(): value
            for name, value in self.headers.items()
            if name.lower() not in ("host", "traceparent", "x-forwarded-for", "x-forwarded-proto", "content-length")
        }
        trace = self.headers.get("traceparent", "")
        said = {
            "by": self.name,
            "line": f"{self.command} {self.path}",
            "headers": dict(sorted(kept.items())),
            "trace": trace[3:35] if self.headers.get("x-show-trace") else len(trace),
            "body": body.decode(),
        }
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.send_header("x-kept", "yes")
        self.send_header("x-dropped", "yes")
        self.send_header("x-eden-secret", "of the gateway")
        self.send_header("tips", "of the gateway")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def do_GET(self) -> None:
        if self.headers.get("upgrade"):
            self._echo()
        else:
            self._answer()

    def _echo(self) -> None:
        """Of a connection that is upgraded: the first line comes back in upper case."""
        self.send_response(101)
        self.send_header("connection", "Upgrade")
        self.send_header("upgrade", "websocket")
        self.end_headers()
        self.wfile.write(self.rfile.readline().upper())
        self.close_connection = True

    def do_POST(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()


@contextlib.contextmanager
def service(name: str) -> Iterator[int]:
    handler = type(name, (Service,), {"name": name})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Unmeasured:
    slow_micros = 0

    def note(self, *_: Any) -> None:
        """Nobody asks."""

    def trace(self, *_: Any) -> None:
        """Nobody asks."""


@contextlib.contextmanager
def own_gateway(catalogue: Catalogue, apps: Sequence[App]) -> Iterator[int]:
    """The port of our own data plane, in a thread of its own."""
    ready: list[int] = []
    begun, ended = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async def nowhere(_: str, __: int) -> list[str]:
            return []

        steps = Pipeline(
            LocalNonces(300_000), LocalBuckets(), clock=time.monotonic, draw=lambda: 0.5, random_bytes=os.urandom,
            resolve=nowhere,
        )  # fmt: skip
        table = compile_workspace(Stored(encode(catalogue)), apps, "w", 1)
        tables = Tables({"w": table}, {app.key: "w" for app in apps})
        gateway = Gateway(GatewaySettings(), steps, Unmeasured(), tables)
        server = await loop.create_server(lambda: Client(gateway), "127.0.0.1", 0)
        ready.append(server.sockets[0].getsockname()[1])
        begun.set()
        await ended.wait()
        server.close()
        await gateway.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert begun.wait(20)
        yield ready[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
