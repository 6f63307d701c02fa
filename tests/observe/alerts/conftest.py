"""Machines that are told: a web server and a mail server on this machine."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


class WebServer(ThreadingHTTPServer):
    """Keeps what it is sent: (path, headers, body). `answers` are its next statuses, then 204."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _WebRequest)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _WebRequest(BaseHTTPRequestHandler):
    server: Any

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        status = self.server.answers.pop(0) if self.server.answers else 204
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("location", f"{self.server.address}/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mail (RFC 5321) and keeps it: (sender, recipients, text). Knows nobody called nobody@…"""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _MailSession)
        self.got: list[tuple[str, list[str], str]] = []

    @property
    def address(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _MailSession(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        sender, recipients = "", list[str]()
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word, _, rest = line.decode().strip().partition(":")
            match word.upper().split(" ")[0]:
                case "MAIL":
                    sender, answer = rest.partition(">")[0].strip("< "), b"250 yes"
                case "RCPT":
                    known = not rest.startswith("<nobody")
                    recipients += [rest.strip("< >")] if known else []
                    answer = b"250 yes" if known else b"550 who?"
                case "DATA":
                    self.wfile.write(b"354 go on\r\n")
                    text = b""
                    while (piece := self.rfile.readline()) != b".\r\n":
                        text += piece
                    self.server.got.append((sender, recipients, text.decode()))
                    answer = b"250 taken"
                case "QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                case _:
                    answer = b"250 here"
            self.wfile.write(answer + b"\r\n")


def _serve(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def web() -> Iterator[WebServer]:
    yield from _serve(WebServer())


@pytest.fixture
def mail() -> Iterator[MailServer]:
    yield from _serve(MailServer())
