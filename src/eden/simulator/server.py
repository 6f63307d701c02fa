"""The ASGI application behind `eden dev` and `eden check`, and of the phone in `eden demo`.

/                      the simulator page
/container/FILE        the container's bundles
/programs/ID/FILE      package folders of the programs that are served
/events                server-sent events: one per revision of a live program
/_proxy?url=           network for wx.request (see proxy.py)
MOUNT/…                applications of a demo (the bank's data service)
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import uvicorn

from eden.base import tools
from eden.base.outbound import forwarded
from eden.simulator.http import Application, Receive, Scope, Send, header, problem, respond, type_of
from eden.simulator.program import LiveProgram, Revision, event_of
from eden.simulator.proxy import Proxy


class Simulator:
    """Serves one live program (`main`) and any number of further package folders."""

    def __init__(
        self,
        program: LiveProgram,
        *,
        name: str = "main",
        mounts: Mapping[str, Application] | None = None,
        hosts: Mapping[str, str] | None = None,
        settings: Mapping[str, Any] | None = None,
        watch: bool = True,
        proxy: Application | None = None,
        on_revision: Callable[[Revision], None] | None = None,
    ) -> None:
        self.program = program
        self.name = name
        self.mounts = dict(mounts or {})
        #: host names that programs know mounted applications by: the proxy answers those itself
        self.hosts = dict(hosts or {})
        self.settings = dict(settings or {})
        self._watch = watch
        self._proxy = proxy or Proxy()
        self._streams: set[asyncio.Queue[Revision | None]] = set()
        self._watcher: asyncio.Task[None] | None = None
        program.listeners.append(self._announce)
        if on_revision:
            program.listeners.append(on_revision)

    def _announce(self, revision: Revision) -> None:
        for stream in self._streams:
            stream.put_nowait(revision)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._route(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def start(self) -> None:
        """Begin to watch the program's files, inside the loop that serves."""
        if self._watch:
            self._watcher = asyncio.create_task(self.program.watch())

    def end_streams(self) -> None:
        """Say good-bye to every page that listens to /events."""
        for stream in self._streams:
            stream.put_nowait(None)

    async def close(self) -> None:
        """End event streams, the watcher and the proxy's connections."""
        self.end_streams()
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        if isinstance(self._proxy, Proxy):
            await self._proxy.close()
        self.program.close()

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        for prefix, application in self.mounts.items():
            if path.startswith(prefix):
                inner = dict(scope, path=path[len(prefix) - 1 :], root_path=prefix[:-1])
                return await application(inner, receive, send)
        if path == "/_proxy":
            return await self._network(scope, receive, send)
        if scope["method"] not in ("GET", "HEAD"):
            return await problem(send, 405, "method-not-allowed", "Only GET and HEAD are understood here.")
        if path == "/":
            return await self._file(scope, send, tools.bundle("simulator.html"))
        if path == "/settings.json":
            return await respond(send, msgspec.json.encode(self._settings()))
        if path == "/events":
            return await self._events(receive, send)
        if path.startswith("/container/"):
            return await self._container(scope, send, unquote(path.removeprefix("/container/")))
        if path.startswith(f"/programs/{self.name}/"):
            return await self._package(scope, send, path.removeprefix(f"/programs/{self.name}/"))
        return await problem(send, 404, "not-found", f"There is nothing at {path}.")

    async def _network(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = urlsplit((parse_qs(scope["query_string"].decode()).get("url") or [""])[0])
        prefix = self.hosts.get(target.hostname or "")
        application = self.mounts.get(prefix) if prefix and target.path.startswith(prefix) else None
        if prefix is None or application is None:
            return await self._proxy(scope, receive, send)
        headers = [(name.encode(), value.encode("latin-1")) for name, value in forwarded(scope["headers"]).items()]
        inner = dict(scope, path=target.path[len(prefix) - 1 :], query_string=target.query.encode(), headers=headers)
        return await application(inner, receive, send)

    def _settings(self) -> dict[str, Any]:
        revision = self.program.revision
        return {
            "program": f"/programs/{self.name}/",
            "event": event_of(revision) if revision else None,
            **self.settings,
        }

    async def _container(self, scope: Scope, send: Send, name: str) -> None:
        root = tools.CONTAINER.resolve()
        file = (root / name).resolve()
        if not file.is_relative_to(root) or not file.is_file():
            return await problem(send, 404, "not-found", f"The container has no file {name}.")
        return await self._file(scope, send, file)

    async def _file(self, scope: Scope, send: Send, file: Path) -> None:
        await _tagged(scope, send, await asyncio.to_thread(file.read_bytes), type_of(file.name))

    async def _package(self, scope: Scope, send: Send, name: str) -> None:
        revision = self.program.revision
        data = revision.files.get(name) if revision else None
        if data is None:
            return await problem(send, 404, "not-found", f"The package has no file {name}; has the build succeeded?")
        return await _tagged(scope, send, data, type_of(name))

    async def _events(self, receive: Receive, send: Send) -> None:
        stream: asyncio.Queue[Revision | None] = asyncio.Queue()

        async def end_with_connection() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            stream.put_nowait(None)

        self._streams.add(stream)
        connection = asyncio.create_task(end_with_connection())
        try:
            fields = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": 200, "headers": fields})
            await send({"type": "http.response.body", "body": b": connected\n\n", "more_body": True})
            while (revision := await stream.get()) is not None:
                body = b"event: revision\ndata: " + msgspec.json.encode(event_of(revision)) + b"\n\n"
                await send({"type": "http.response.body", "body": body, "more_body": True})
            if not connection.done():
                await send({"type": "http.response.body", "body": b""})
        finally:
            self._streams.discard(stream)
            connection.cancel()


class Served(Protocol):
    """An application with event streams that have no end by themselves."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def end_streams(self) -> None:
        """End them: the server stops."""
        ...


class SimulatorServer(uvicorn.Server):
    """Ends event streams as soon as it is to stop: a browser would hold them, and so the server, for ever."""

    def __init__(self, application: Served, log_level: str = "warning") -> None:
        super().__init__(
            uvicorn.Config(application, log_level=log_level, access_log=False, timeout_graceful_shutdown=1)
        )
        self._application = application

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As in uvicorn, which calls it when it has been interrupted."""
        self._application.end_streams()
        await super().shutdown(sockets)


async def _tagged(scope: Scope, send: Send, data: bytes, content_type: str) -> None:
    """Answer with an entity tag, so that an unchanged bundle or package is not sent again."""
    tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'.encode()
    if header(scope, b"if-none-match") == tag:
        return await respond(send, b"", content_type, 304, [(b"etag", tag)])
    return await respond(send, b"" if scope["method"] == "HEAD" else data, content_type, 200, [(b"etag", tag)])
