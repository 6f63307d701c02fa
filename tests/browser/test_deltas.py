"""A real browser takes deltas: by RFC 9842 where it knows dictionaries, and by the host's decoder."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from eden.base import tools
from eden.release.deltas import Deltas, decode_delta
from eden.release.downloads import DictionaryOffer, Response, represent, represent_delta
from tests.release import samples

OLD, NEW = (
    samples.stored_zip({f"files/{n}.wxml": b"<view>%d %s</view>\n" % (n * n, word) * 200 for n in range(60)})
    for word in (b"old", b"new")
)
ARCHIVES = {hashlib.sha256(data).hexdigest(): data for data in (OLD, NEW)}
BASE, TARGET = ARCHIVES


class Downloads:
    """Serves archives under /targets/ and deltas under /deltas/; `sent` says what went out."""

    def __init__(self, decoder: bytes, host: bytes) -> None:
        self.sent: list[tuple[str, Response]] = []
        self._pages = {
            "/": (b"<title>-</title>", "text/html"),
            "/favicon.ico": (b"", "image/x-icon"),
            "/delta.mjs": (host, "text/javascript"),
            "/delta/zstd.wasm": (decoder, "application/wasm"),
        }
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._kept: dict[str, bytes] = {}
        self._deltas = Deltas(self._load, self)
        self._httpd = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._httpd.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._httpd.server_port}"
        threading.Thread(target=self._httpd.serve_forever, daemon=True).start()

    async def get(self, name: str) -> bytes | None:
        return self._kept.get(name)

    async def put(self, name: str, data: bytes) -> None:
        self._kept[name] = data

    def close(self) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()
        asyncio.run_coroutine_threadsafe(self._deltas.close(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()

    async def _load(self, name: str) -> bytes | None:
        return ARCHIVES.get(name)

    async def _answer(self, path: str, headers: list[tuple[str | bytes, str | bytes]]) -> Response:
        kind, *names = path.strip("/").split("/")
        if kind == "targets":
            offer = DictionaryOffer("/targets/*", "program")
            return await represent(headers, names[0], self._deltas, self._load, offer=offer)
        if kind == "deltas":
            return await represent_delta(headers, names[0], names[1], self._deltas)
        body, content_type = self._pages[path]
        return Response(200, [("content-type", content_type), ("content-length", str(len(body)))], body)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        downloads = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                answering = downloads._answer(self.path, list(self.headers.items()))
                response = asyncio.run_coroutine_threadsafe(answering, downloads._loop).result(20)
                downloads.sent.append((self.path, response))
                self.send_response(response.status)
                for name, value in response.headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(response.body)

            def log_message(self, *_: Any) -> None:
                """Nothing: the test's own output is enough."""

        return Handler


@pytest.fixture
def downloads(tmp_path: Path) -> Iterator[Downloads]:
    source = Path(__file__).resolve().parents[2] / "container/host/delta/index.ts"
    module = tmp_path / "delta.mjs"
    bundle = [str(tools.esbuild()), str(source), "--bundle", "--format=esm", f"--outfile={module}"]
    subprocess.run([*bundle, "--log-level=error"], check=True)
    downloads = Downloads(tools.bundle("delta/zstd.wasm").read_bytes(), module.read_bytes())
    yield downloads
    downloads.close()


HASH = """async (url) => {
  const bytes = await (await fetch(url)).arrayBuffer()
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}"""


def test_the_browser_takes_a_delta_by_itself(page: Page, downloads: Downloads) -> None:
    page.goto(downloads.origin)
    assert page.evaluate(HASH, f"/targets/{BASE}") == BASE
    # The browser stores the dictionary in its own time, and answers for good: each try has an address of its own.
    encoding = None
    for attempt in range(300):
        assert page.evaluate(HASH, f"/targets/{TARGET}/{attempt}") == TARGET
        encoding = downloads.sent[-1][1].header("content-encoding")
        if encoding == "dcz":
            break
        page.wait_for_timeout(100)
    assert encoding == "dcz"


def test_the_host_applies_a_delta(page: Page, downloads: Downloads) -> None:
    page.goto(downloads.origin)
    result = page.evaluate(
        """async ([old, delta, size]) => {
          const { applyDelta } = await import('/delta.mjs')
          const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer())
          const made = await applyDelta(await bytes(old), await bytes(delta), size, '/delta')
          const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', made))
          return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
        }""",
        [f"/targets/{BASE}", f"/deltas/{BASE}/{TARGET}", len(NEW)],
    )
    assert result == TARGET
    delta = next(response for path, response in downloads.sent if path.startswith("/deltas/"))
    assert decode_delta(OLD, delta.body) == NEW
    assert [path for path, _ in downloads.sent if "wasm" in path] == ["/delta/zstd.wasm"]
