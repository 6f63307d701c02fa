"""`eden observe erase`: what it asks a server, and what it says of the answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from eden import cli

_PROBLEM = {"code": "forbidden", "detail": "You may not do this.", "hint": "Ask an owner."}


class _Server:
    """Answers every request the same way; `asked` has path, token and body."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.answer: tuple[int, bytes] = (201, b'{"id":"1","done_at":"2026-09-21T14:13:20Z"}')
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                server.asked.append((self.path, self.headers["authorization"], body))
                status, text = server.answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                """Nothing: the test's own output is enough."""

        self._httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._httpd.server_port}"
        threading.Thread(target=self._httpd.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    for name in ("EDEN_TOKEN", "EDEN_TOKEN_FILE", "EDEN_WORKSPACE", "EDEN_SERVER"):
        monkeypatch.delenv(name, raising=False)
    server = _Server()
    yield server
    server.close()


def test_a_person_is_forgotten(server: _Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    token = tmp_path / "token"
    token.write_text("eden_abc\n", encoding="utf-8")
    command = [
        "observe",
        "erase",
        "u-1",
        "--server",
        f"{server.origin}/",
        "--workspace",
        "te st",
        "--token-file",
        str(token),
    ]
    assert cli.main(command) == 0
    assert server.asked == [
        ("/api/v1/workspaces/te%20st/observe/erasures", "Bearer eden_abc", {"person": "u-1"}),
    ]
    assert capsys.readouterr().out == "The person is in no report any more.\n"
    # while the events store is away
    server.answer = (201, b'{"id":"1","done_at":null}')
    assert cli.main(command) == 0
    assert capsys.readouterr().out.startswith("It is written down.")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((403, json.dumps(_PROBLEM).encode()), "You may not do this. Ask an owner."),
        ((502, b"<html>"), "The server answered 502."),
        ((302, b""), "The server answered 302."),
        ((201, b"<html>"), "The server answered 201."),
    ],
)
def test_a_server_that_does_not(
    server: _Server,
    answer: tuple[int, bytes],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EDEN_TOKEN", "t")
    monkeypatch.setenv("EDEN_WORKSPACE", "test")
    monkeypatch.setenv("EDEN_SERVER", server.origin)
    server.answer = answer
    assert cli.main(["observe", "erase", "u-1"]) == 1
    assert said in " ".join(capsys.readouterr().err.split())


def test_who_asks_must_be_known(server: _Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["observe", "erase", "u-1", "--server", server.origin]) == 1
    assert "must know who you are" in capsys.readouterr().err
    assert server.asked == []
