"""A web server on this machine for the pages and packages of browser tests."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

#: (status, content type, body)
Answer = tuple[int, str, bytes]


class TestServer:
    """Serves folders and single answers. Addresses are paths that begin with "/"; a folder's ends with "/" too.

    `requests` is every path asked for, in order, so that a test can say that nothing else was.
    """

    __test__ = False

    def __init__(self) -> None:
        self._folders: dict[str, Path] = {}
        self._answers: dict[str, Answer] = {}
        self.requests: list[str] = []
        #: whether pages of other origins may read the answers (CORS)
        self.shared = False
        self._httpd = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._httpd.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._httpd.server_port}"
        threading.Thread(target=self._httpd.serve_forever, daemon=True).start()

    def folder(self, prefix: str, path: Path) -> str:
        """Serve the files below `path`; returns the address of `prefix`."""
        self._folders[prefix] = path
        return self.origin + prefix

    def answer(
        self, path: str, body: str | bytes, content_type: str = "text/html; charset=utf-8", status: int = 200
    ) -> str:
        """Serve one body; returns its address."""
        self._answers[path] = (status, content_type, body.encode() if isinstance(body, str) else body)
        return self.origin + path

    def close(self) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()

    def _find(self, path: str) -> Answer:
        if path in self._answers:
            return self._answers[path]
        for prefix in sorted(self._folders, key=len, reverse=True):
            if path.startswith(prefix):
                folder = self._folders[prefix].resolve()
                file = (folder / path[len(prefix) :]).resolve()
                if file.is_relative_to(folder) and file.is_file():
                    return 200, _content_type(file), file.read_bytes()
        if path == "/favicon.ico":
            return 204, "image/x-icon", b""
        return 404, "text/plain", b"not found"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = unquote(urlsplit(self.path).path)
                server.requests.append(path)
                status, content_type, body = server._find(path)
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                if server.shared:
                    self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing: the test's own output is enough."""

        return Handler


def _content_type(file: Path) -> str:
    if file.suffix in (".js", ".mjs"):
        return "text/javascript; charset=utf-8"
    return guess_type(file.name)[0] or "application/octet-stream"
