"""Ingest without HTTP: a ground with a workspace and a program, a spool, an inserter over an engine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, insert

from eden.base.catalogue import NoCatalogue, ProgramInfo
from eden.base.ground import open_ground
from eden.base.identity.principal import Principal
from eden.base.identity.roles import permissions_of
from eden.base.settings import DatabaseSettings, Settings
from eden.base.tables import metadata, workspaces
from eden.observe.accept.wires import batch_key
from eden.observe.apps import App, Apps
from eden.observe.digest.inserter import Inserter
from eden.observe.insight.engine import Engine
from eden.observe.interfaces import Accepted
from eden.observe.spool.folder import spool_folder
from eden.observe.spool.writer import SpoolWriter
from tests.postgres import postgres_database

OWNER = Principal("user", "u", "user:o@example.com", "u", permissions={"w": permissions_of(["owner"])})


class Shelf(NoCatalogue):
    """A catalogue with programs of these keys in every workspace."""

    def __init__(self, *keys: str) -> None:
        self.keys = list(keys)

    def programs(self, connection: Connection, workspace_id: str) -> Sequence[ProgramInfo]:
        return [ProgramInfo(key, key.title(), "miniprogram") for key in self.keys]


class Ingest:
    """`app` is the program "bank" of the workspace `w`."""

    def __init__(self, folder: Path, address: str = "") -> None:
        self.folder = folder
        self.settings = Settings(
            data=str(folder),
            secret_key="of the tests, and of nothing else but them",
            database=DatabaseSettings(address=address),
        )
        self.ground = open_ground(self.settings)
        metadata.create_all(self.ground.database.engine)
        self.shelf = Shelf("bank")
        self.ground.catalogue = self.shelf
        self.ground.database.write_now(
            lambda connection: connection.execute(
                insert(workspaces).values(id="w", slug="w", name="W", settings={}, created_at=0)
            )
        )
        self.apps = Apps(self.ground)

    @property
    def app(self) -> App:
        return asyncio.run(self.apps.get(OWNER, "w", "bank"))

    @property
    def spool(self) -> Path:
        return spool_folder(self.settings.data_folder)

    def batch(self, *records: Any, batch: str = "", received: int = 0, **header: Any) -> Accepted:
        """A batch of the own wire; records are objects, or lines as bytes."""
        number = self.app.number
        lines = [msgspec.json.encode({"batch": batch, "device": "d", **header})]
        lines += [record if isinstance(record, bytes) else msgspec.json.encode(record) for record in records]
        return Accepted(
            "eden", number, received or time.time_ns() // 1000, batch_key("eden", number, batch), b"\n".join(lines), {}
        )

    def send(self, *batches: Accepted) -> None:
        """Have them in the spool, as by a server process that ends then."""

        async def work() -> None:
            writer = SpoolWriter(self.spool, 1_000_000_000)
            await writer.start()
            await asyncio.gather(*(writer.append(one) for one in batches))
            await writer.stop()

        asyncio.run(work())

    @contextmanager
    def inserter(self, engine: Engine) -> Iterator[Inserter]:
        made = Inserter(engine, self.ground)
        made.start()
        try:
            yield made
        finally:
            made.stop()

    def store(self, engine: Engine, *batches: Accepted) -> None:
        """Send and store them."""
        self.send(*batches)
        with self.inserter(engine) as inserter:
            assert inserter.settled(60)


@contextmanager
def open_ingest(folder: Path, kind: str = "sqlite") -> Iterator[Ingest]:
    with ExitStack() as stack:
        address = stack.enter_context(postgres_database()) if kind == "postgresql" else ""
        ingest = Ingest(folder, address)
        stack.callback(ingest.ground.close)
        yield ingest


def rows(engine: Engine, sql: str) -> list[list[Any]]:
    """What a question gives; 64-bit integers as text."""
    found: list[list[Any]] = msgspec.json.decode(engine.query(sql))["data"]
    return found
