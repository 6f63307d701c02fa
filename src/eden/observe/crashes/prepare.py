"""Which versions have source maps: rows of `observe_symbols`, which the insight process reads.

The catalogue of versions is in server processes only. Rows are made when a version is uploaded, when an app is made,
and now and then for all apps, so that nothing that was missed stays missing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import Connection, insert, select

from eden.base.changes import Change
from eden.base.ground import Ground
from eden.base.ids import now
from eden.observe.models import observe_apps, observe_symbols

#: kinds of the feed's rows that tell of versions and of apps
UPLOADED = "version.changed"
MADE = "observe.app"

log = logging.getLogger("eden.observe.symbols")


class Preparation:
    """One per server process."""

    def __init__(self, ground: Ground, clock: Callable[[], int] = now) -> None:
        self._ground = ground
        self._clock = clock

    def start(self) -> None:
        self._ground.feed.listen(UPLOADED, self._hear_version)
        self._ground.feed.listen(MADE, self._hear_app)

    async def _hear_version(self, change: Change) -> None:
        key = str(change.payload.get("program", ""))
        app = await self._ground.database.read(
            lambda connection: connection.execute(
                select(observe_apps.c.number).where(
                    observe_apps.c.workspace_id == change.workspace_id, observe_apps.c.key == key
                )
            ).scalar()
        )
        if app is not None:
            await self.prepare(app)

    async def _hear_app(self, change: Change) -> None:
        await self.prepare(int(change.payload["app"]))

    async def all(self) -> None:
        """Every app."""
        numbers = await self._ground.database.read(
            lambda connection: connection.execute(select(observe_apps.c.number)).scalars().all()
        )
        for number in numbers:
            await self.prepare(number)

    async def prepare(self, app: int) -> int:
        """Make what an app lacks; how many rows that were."""
        if not await self._ground.database.read(lambda connection: self._missing(connection, app)):
            return 0
        return await self._ground.database.write(lambda connection: self._do_prepare(connection, app))

    def _missing(self, connection: Connection, number: int) -> dict[int, str]:
        """Archives by version code."""
        app = connection.execute(select(observe_apps).where(observe_apps.c.number == number)).first()
        if app is None:
            return {}
        catalogue = self._ground.catalogue
        known = set(connection.execute(select(observe_symbols.c.code).where(observe_symbols.c.app == number)).scalars())
        missing: dict[int, str] = {}
        for version in catalogue.versions(connection, app.workspace_id, app.key):
            if version.code not in known:
                archive = catalogue.source_maps(connection, app.workspace_id, app.key, version.code)
                if archive is not None:
                    missing[version.code] = archive
        return missing

    def _do_prepare(self, connection: Connection, app: int) -> int:
        # another process may have been faster
        missing = self._missing(connection, app)
        at = self._clock()
        if missing:
            connection.execute(
                insert(observe_symbols),
                [{"app": app, "code": code, "sha256": archive, "created_at": at} for code, archive in missing.items()],
            )
            log.info("source maps of %d versions of app %d are known", len(missing), app)
        return len(missing)
