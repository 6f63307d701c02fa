"""What the data plane serves, from the database: loaded once, then whatever the feed says has changed."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from eden.base.changes import Change
from eden.base.ground import Ground
from eden.base.ids import now
from eden.gateway.interfaces import APPS_CHANGED, CATALOGUE_CHANGED, App, Catalogue
from eden.gateway.pipeline.compile import CompiledTable, CompileError, compile_workspace
from eden.gateway.proxy.gateway import Tables
from eden.gateway.service import load, workspaces_served
from eden.gateway.service_apps import load_apps, sealing

log = logging.getLogger("eden.gateway")


@contextmanager
def _no_garbage() -> Iterator[None]:
    """A catalogue is a hundred thousand objects that stay: looking among them for garbage takes longer than reading
    them."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class Loader:
    """Keeps `tables` up to date; `changed` is called with each new one."""

    def __init__(self, ground: Ground, changed: Callable[[Tables], None]) -> None:
        self._ground = ground
        self._changed = changed
        self._seal = sealing(ground.secret)
        self._compiled: dict[str, CompiledTable] = {}
        self._apps: dict[str, tuple[App, ...]] = {}

    async def start(self) -> Tables:
        """The tables of now; from here on the feed is followed."""
        for kind in (CATALOGUE_CHANGED, APPS_CHANGED):
            self._ground.feed.listen(kind, self._follow)
        await self._ground.feed.start()
        for workspace in await self._ground.database.read(workspaces_served):
            await self._load(workspace)
        return self._tables()

    async def _follow(self, change: Change) -> None:
        if await self._load(change.workspace_id):
            self._changed(self._tables())

    async def _load(self, workspace: str) -> bool:
        """Whether there is a new table. A catalogue that cannot be compiled leaves the old one in force."""

        def work(connection: Connection) -> tuple[int, Catalogue, tuple[App, ...]]:
            return *load(connection, workspace), load_apps(connection, self._seal, workspace, now())

        began = time.monotonic()
        with _no_garbage():
            revision, catalogue, apps = await self._ground.database.read(work)
            table = self._compile(workspace, revision, catalogue, apps)
        if table is None:
            return False
        self._compiled[workspace], self._apps[workspace] = table, apps
        millis = (time.monotonic() - began) * 1000
        log.info("revision %d of the catalogue of %s is served (%.0f ms)", revision, workspace, millis)
        return True

    def _compile(
        self, workspace: str, revision: int, catalogue: Catalogue, apps: tuple[App, ...]
    ) -> CompiledTable | None:
        before = self._compiled.get(workspace)
        try:
            if before is not None and before.revision == revision:
                return before.with_apps(apps)
            return compile_workspace(catalogue, apps, workspace, revision, before)
        except CompileError as error:
            log.error("the catalogue of %s, revision %d, is not served: %s", workspace, revision, error)
            return None

    def _tables(self) -> Tables:
        return Tables(self._compiled, {app.key: workspace for workspace, apps in self._apps.items() for app in apps})
