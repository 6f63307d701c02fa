"""A whole platform server for browser tests: real stores, real HTTP, and a hand on what it answers."""

from __future__ import annotations

import asyncio
import io
import json
import re
import socket
import threading
import zipfile
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import uvicorn

from eden.app import Platform
from eden.base.changes import last_number
from eden.base.http import Receive, Scope, Send
from eden.base.settings import Listen, Settings
from eden.release.interfaces import ProgramKind, Verb
from eden.release.packages import H5Fields, UploadFields
from eden.release.service_release_rows import ReleaseInfo
from eden.release.trust import read_file
from tests.browser.collecting import Collecting
from tests.browser.programs import build_program, write_program
from tests.release.house import House, code_of, everyone, pieces
from tests.release.samples import stored_zip

T = TypeVar("T")
#: what a test makes of an answer's body; None: break the connection off
Change = Callable[[bytes], bytes | None]


class RunningPlatform:
    """Serves on a free port in a thread of its own. `house` makes people and releases; the workspace is "test".

    `change(pattern, how)` alters the bodies of answers whose path matches, as a broken server or cache would.
    `collecting` stands for the service that phones report to, which is another room's; None: the platform's own.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changes: list[tuple[re.Pattern[str], Change]] = []
        self.collecting: Collecting | None = Collecting()
        #: every path that was asked for
        self.requests: list[str] = []
        #: of these, the ones for which the browser offered a dictionary of its own (RFC 9842)
        self.offered: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        settings = Settings(
            data=str(folder / "data"),
            secret_key="of the tests, and of nothing else but them",
            listen=Listen(port=self.port),
        )
        self.platform = Platform(settings)
        self.house = House(self.platform.ground)
        self._loop = asyncio.new_event_loop()
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._application,
                interface="asgi3",
                lifespan="on",
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=2,
            )
        )
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._started.result(60)
        self.run(self.house.furnish())

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)

        async def serve() -> None:
            serving = asyncio.ensure_future(self._server.serve(sockets=[self._listener]))
            while not self._server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
            if self._server.started:
                self._started.set_result(None)
            else:
                self._started.set_exception(self.platform.failure or RuntimeError("the server did not start"))
                return
            await serving
            # of a busy machine some were not done in time
            for connection in list(self._server.server_state.connections):
                if connection.transport is not None:
                    connection.transport.abort()
            await asyncio.sleep(0.01)

        self._loop.run_until_complete(serve())
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self.platform.begin_stop)
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive(), "the server does not stop"

    # what it answers

    def change(self, pattern: str, how: Change) -> None:
        self._changes.append((re.compile(pattern), how))

    def be_honest(self) -> None:
        """Alter nothing from now on."""
        self._changes.clear()

    def metadata(self, role: str) -> bytes:
        """The newest signed file of a role."""
        found = self.run(self.house.ground.database.read(lambda c: read_file(c, "w", role)))
        assert found is not None
        return found

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.requests.append(scope["path"])
            if any(name == b"available-dictionary" for name, _ in scope["headers"]):
                self.offered.append(scope["path"])
        if self.collecting is not None and scope["type"] == "http" and scope["path"].startswith("/observe/"):
            return await self.collecting(scope, receive, send)
        how = next((how for pattern, how in self._changes if pattern.search(scope.get("path", ""))), None)
        if how is None:
            return await self.platform(scope, receive, send)
        # as it leaves the server, without compression: the change reaches the bytes
        plain = [pair for pair in scope["headers"] if pair[0] not in (b"accept-encoding", b"available-dictionary")]
        scope = dict(scope, headers=plain)
        messages: list[Any] = []

        async def keep(message: Any) -> None:
            messages.append(message)

        await self.platform(scope, receive, keep)
        body = how(b"".join(message.get("body", b"") for message in messages[1:]))
        if body is None:
            raise ConnectionError("broken off by the test")
        headers = [(name, value) for name, value in messages[0]["headers"] if name != b"content-length"]
        status = 200 if body else messages[0]["status"]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        return await send({"type": "http.response.body", "body": body})

    # what there is

    def publish(self, version: str, files: Mapping[str, Any] | None = None, *, key: str = "bank") -> None:
        """Build and upload a version of a mini program whose first page shows its version; makes the program."""
        shown = {
            "pages/a/a.wxml": f'<view class="text">version {version}</view>',
            "pages/a/a.js": "Page({})",
            "project.config.json": {"appid": f"wx{key}", "projectname": key.title()},
            "eden.json": {"version": version},
        }
        place = self._folder / f"{key}-{version}"
        package = build_program(write_program(place / "source", shown | dict(files or {})), place / "package")
        data = stored_zip({path.name: path.read_bytes() for path in package.iterdir() if path.is_file()})

        async def upload() -> None:
            house = self.house
            if not await house.ground.database.read(lambda c: _exists(c, key)):
                await house.program(key)
            await house.service.versions.upload(house.people["developer"], "w", key, pieces(data), UploadFields())

        self.run(upload())

    def publish_h5(
        self, version: str, files: Mapping[str, bytes], *, key: str = "shop", packed: bool = True, **fields: str
    ) -> None:
        """Upload a version of a web application, as people's tools zip it; makes the program. `fields`: of H5Fields."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        given = {"virtual_host": f"{key}.h5.example", "fallback_url": "http://127.0.0.1:9/", **fields}

        async def upload() -> None:
            house = self.house
            if not await house.ground.database.read(lambda c: _exists(c, key)):
                await house.service.programs.create(house.owner, "w", key=key, kind=ProgramKind.H5, name=key.title())
            await house.service.versions.upload(
                house.people["developer"], "w", key, pieces(out.getvalue()),
                UploadFields(version=version, h5=H5Fields(**given)),
            )  # fmt: skip

        self.run(upload())

    def release(self, version: str, plan: Any = None, *, key: str = "bank", finish: bool = False) -> ReleaseInfo:
        """Start a release of a version that was published; to everyone if no plan is given."""

        async def start() -> ReleaseInfo:
            info = await self.house.act(await self.house.draft(version, plan or everyone(), key), Verb.START)
            return await self.house.act(info, Verb.FINISH) if finish else info

        return self._seen(start())

    def act(self, info: ReleaseInfo, verb: Verb) -> ReleaseInfo:
        return self._seen(self.house.act(info, verb))

    def _seen(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something, and wait until the device side knows of it."""

        async def run() -> T:
            result = await work
            last = await self.house.ground.database.read(last_number)
            while self.house.ground.feed.seen < last:  # noqa: ASYNC110 - the feed has no event for tests
                await asyncio.sleep(0.01)
            return result

        return self.run(run())

    def trial(self, version: str, *, key: str = "bank") -> str:
        """A tester's token for a version."""

        async def make() -> str:
            made = await self.house.service.trials.create(
                self.house.people["developer"], "w", key, code_of(version), name="Tester"
            )
            assert made.token is not None
            return made.token

        return self._seen(make())


def _exists(connection: Any, key: str) -> bool:
    from sqlalchemy import select

    from eden.release.models import programs

    return connection.execute(select(programs.c.id).where(programs.c.key == key)).first() is not None


def edited(how: Callable[[Any], Any]) -> Change:
    """A change of a JSON body: `how` gets the value, and changes it or gives another."""

    def change(body: bytes) -> bytes:
        value = json.loads(body)
        found = how(value)
        return json.dumps(value if found is None else found).encode()

    return change
