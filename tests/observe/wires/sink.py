"""A server that takes what real clients send: the platform's receiver over a real spool, whose batches are digested
when a test asks for the rows. Without the events store, so that it starts in a moment."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import uvicorn

from eden.observe.accept.collect import Collect
from eden.observe.accept.foreign import foreign_wires
from eden.observe.accept.own import OwnWire
from eden.observe.accept.receiver import Receiver
from eden.observe.accept.usage import Usage
from eden.observe.app_settings import AppSettings
from eden.observe.apps import Apps, HourUsage
from eden.observe.digest.digest import digest
from eden.observe.interfaces import Accepted, AnyRow, QuarantinedRow
from eden.observe.spool.reader import SpoolReader
from eden.observe.spool.writer import SpoolWriter
from tests.observe.stage import Stage
from tests.observe.wires.made import Keeper

Kind = TypeVar("Kind")


class Sink:
    """Serves on a free port in a thread of its own. `key` and `number` are of the app that takes it all."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        # its store and its insight process are not asked for anything
        self._stage = Stage(folder, None, None)  # type: ignore[arg-type]
        self._spool = folder / "spool"
        self.key = ""
        self.number = 0
        self.kept = Keeper(limit=10_000_000)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.origin = f"http://{self.host}"
        self._started: Future[None] = Future()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()
        self._started.result(60)

    async def _serve(self) -> None:
        try:
            ground, owner = self._stage.ground, self._stage.people["owner"]
            apps = self._apps = Apps(ground)
            self.number = (await apps.get(owner, "w", "bank")).number
            self.key = (await apps.keys(owner, "w", "bank"))[0].key
            await apps.start()
            collect = Collect(ground, apps)
            spool = SpoolWriter(self._spool, 100_000_000)
            await spool.start()
            wires = {"v1": OwnWire(collect), **foreign_wires()}
            self.usage = Usage(ground)
            receiver = Receiver(ground, apps, spool, self.usage, collect, wires)
            self._server = uvicorn.Server(
                uvicorn.Config(receiver, interface="asgi3", lifespan="off", log_level="warning", access_log=False)
            )
        except BaseException as error:
            self._started.set_exception(error)
            raise
        serving = asyncio.ensure_future(self._server.serve(sockets=[self._listener]))
        while not self._server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        self._started.set_result(None)
        await serving
        await spool.stop()

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive(), "the server does not stop"
        self._loop.close()
        self._stage.ground.close()

    def set(self, settings: AppSettings) -> None:
        """What holds for the app from now on."""
        work = self._apps.set(self._stage.people["owner"], "w", "bank", settings)
        asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def counted(self) -> list[HourUsage]:
        """How much was accepted and refused, by hour."""

        async def work() -> list[HourUsage]:
            await self.usage.flush()
            return await self._apps.usage(self._stage.people["owner"], "w", "bank", 0)

        return asyncio.run_coroutine_threadsafe(work(), self._loop).result(60)

    @property
    def dsn(self) -> str:
        return f"http://{self.key}@{self.host}/observe/sentry/{self.number}"

    @property
    def posthog(self) -> str:
        return f"{self.origin}/observe/posthog"

    @property
    def otlp(self) -> str:
        return f"{self.origin}/observe/otlp"

    # what arrived

    def batches(self) -> list[Accepted]:
        """All that were acknowledged, each key once, as the inserter takes them."""
        reader, found = SpoolReader(self._spool), dict[bytes, Accepted]()
        while (piece := reader.read()) is not None:
            for batch in piece.batches:
                found.setdefault(batch.key or str(len(found)).encode(), batch)
        return list(found.values())

    def rows(self) -> list[AnyRow]:
        """Of all batches; none may be in quarantine."""
        rows = [row for batch in self.batches() for row in digest(batch, self.kept)]
        assert not [row for row in rows if isinstance(row, QuarantinedRow)]
        return rows

    def only(self, kind: type[Kind]) -> list[Kind]:
        return [row for row in self.rows() if isinstance(row, kind)]

    def client(self, script: str, *arguments: str) -> str:
        """Run a script in a process of its own, which clients take over; what it wrote on standard output."""
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script, *arguments],
            capture_output=True, text=True, timeout=120, check=False,
            env={"PATH": "/usr/bin:/bin", "NO_PROXY": "*", "PYTHONUTF8": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout
