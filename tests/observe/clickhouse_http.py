"""ClickHouse's HTTP interface over the embedded engine: what a server answers, where none can be run.

A request's address has the SQL (`query`, or the body), settings, `database` and `param_NAME`; the body of an insert
has its rows. Errors have the status 500 and the header X-ClickHouse-Exception-Code. Of a cluster it knows nothing.
https://clickhouse.com/docs/interfaces/http

`python -m tests.observe.clickhouse_http` runs one and says its address, for EDEN_TEST_CLICKHOUSE.
"""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from eden.observe.insight.embedded import Embedded, quoted
from eden.observe.insight.statement import is_question

#: of the interface, not settings
_OWN = frozenset({
    "query", "database", "default_format", "compress", "decompress", "session_id", "query_id", "quota_key", "role",
    "client_protocol_version", "enable_http_compression", "send_progress_in_http_headers", "wait_end_of_query",
    "http_headers_progress_interval_ms",
})  # fmt: skip
_INSERT = re.compile(r"\s*INSERT\s+INTO\s+(.*?)\s+FORMAT\s+(\w+)\s*$", re.DOTALL | re.IGNORECASE)
_INSERT_HEAD = re.compile(rb"(\s*INSERT\s+INTO\s.*?FORMAT\s+\w+)\n", re.DOTALL | re.IGNORECASE)


@contextmanager
def serve(engine: Embedded, away: threading.Event | None = None) -> Iterator[str]:
    """The address of a server over `engine`. While `away` is set, connections end without an answer."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.headers.get("transfer-encoding") == "chunked":
                body = b"".join(self._chunks())
            self._answer(body)

        def do_GET(self) -> None:
            self._answer(b"")

        def _chunks(self) -> Iterator[bytes]:
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

        def _answer(self, body: bytes) -> None:
            if away is not None and away.is_set():
                self.close_connection = True
                return
            asked = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query, True).items()}
            kind = self.headers.get("content-type") or ""
            if kind.startswith("multipart/form-data"):
                # where the address would be too long
                asked |= _fields(kind, body)
                body = b""
            try:
                data, form = _run(engine, asked, body)
            except RuntimeError as error:
                code = re.search(r"Code: ([0-9]+)", str(error))
                self._send(500, str(error).encode(), {"X-ClickHouse-Exception-Code": code[1] if code else "1"})
            else:
                self._send(200, data, {"X-ClickHouse-Format": form, "X-ClickHouse-Summary": "{}"})

        def _send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _fields(kind: str, body: bytes) -> dict[str, str]:
    """Of a form."""
    form = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    parts = [part for part in form.iter_parts() if isinstance(part, EmailMessage)]
    return {
        str(part.get_param("name", header="content-disposition")): bytes(part.get_payload(decode=True)).decode()
        for part in parts
    }


def _run(engine: Embedded, asked: dict[str, str], body: bytes) -> tuple[bytes, str]:
    session: Any = engine.open_session(asked.get("database", ""))
    settings = {name: value for name, value in asked.items() if name not in _OWN and not name.startswith("param_")}
    parameters = {name.removeprefix("param_"): value for name, value in asked.items() if name.startswith("param_")}
    try:
        if settings:
            # readonly only takes back what comes after it
            last = settings.pop("readonly", None)
            given = [f"{name} = {quoted(value)}" for name, value in settings.items()]
            session.query("SET " + ", ".join([*given, *([f"readonly = {last}"] if last else [])]))
        sql = asked.get("query", "")
        if not sql and (head := _INSERT_HEAD.match(body)):
            # rows may be of a binary format
            sql, body = head[1].decode(), body[head.end() :]
        elif not sql or (body and "INSERT" not in sql[:20].upper()):
            sql, body = f"{sql}\n{body.decode()}".lstrip("\n"), b""
        if (found := _INSERT.match(sql)) is not None:
            with session.send_insert(f"INSERT INTO {found[1]}", found[2]) as stream:
                stream.append(body)
                stream.finish()
            return b"", found[2]
        form = asked.get("default_format", "TabSeparated")
        named = re.search(r"\sFORMAT\s+(\w+)\s*;?\s*$", sql, re.IGNORECASE)
        # of others it stays there, and the engine tells whether they may have one
        if named is not None and is_question(sql):
            form = named[1]
            sql = sql[: named.start()]
        return bytes(session.query(sql, form, params=parameters).bytes() or b""), form
    finally:
        session.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, serve(Embedded(Path(folder), "default")) as here:
        print(here, flush=True)
        threading.Event().wait()
