"""What the data plane serves, from the database: loaded once, then whatever the feed says has changed.

A thread reads and cuts the document; the loop gets a table of it in one piece that does not grow with what changed
(`pipeline.compile`), and swaps it in.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from eden.base.changes import Change
from eden.base.ground import Ground
from eden.base.ids import now
from eden.gateway.interfaces import APPS_CHANGED, CATALOGUE_CHANGED, App
from eden.gateway.pipeline.compile import CompiledTable, compile_workspace
from eden.gateway.proxy.gateway import Tables
from eden.gateway.service import load_stored, workspaces_served
from eden.gateway.service_apps import load_apps, sealing

log = logging.getLogger("eden.gateway")


class Loader:
    """Keeps `tables` up to date; `changed` is called with each new one."""

    def __init__(self, ground: Ground, changed: Callable[[Tables], None]) -> None:
        self._ground = ground
        self._read = ground.database.read
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
            await self._load(workspace, CATALOGUE_CHANGED)
        return self._tables()

    async def _follow(self, change: Change) -> None:
        if await self._load(change.workspace_id, change.kind):
            self._changed(self._tables())

    async def _load(self, workspace: str, kind: str) -> bool:
        """Whether there is a new table. What cannot be served leaves the old one in force."""
        began = time.monotonic()
        before, apps = self._compiled.get(workspace), self._apps.get(workspace)
        try:
            if apps is None or kind == APPS_CHANGED:
                apps = await self._read(lambda connection: load_apps(connection, self._seal, workspace, now()))
            if before is not None and kind == APPS_CHANGED:
                table = before.with_apps(apps)
            else:
                known, served = (0, None) if before is None else (before.revision, before.catalogue)
                found = await self._read(lambda connection: load_stored(connection, workspace, known, served))
                if found is None:
                    return False
                revision, catalogue = found
                table = compile_workspace(catalogue, apps, workspace, revision, before)
        except ValueError as error:
            log.error("a change of %s is not served: %s", workspace, error)
            return False
        self._compiled[workspace], self._apps[workspace] = table, apps
        millis = (time.monotonic() - began) * 1000
        log.info("revision %d of the catalogue of %s is served (%.0f ms)", table.revision, workspace, millis)
        return True

    def _tables(self) -> Tables:
        return Tables(self._compiled, {app.key: workspace for workspace, apps in self._apps.items() for app in apps})
