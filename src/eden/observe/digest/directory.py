"""What the insight process knows of apps while it digests: settings and people to be forgotten, as of the last change.

Looked at before every chunk: one number of the feed says whether anything has changed. An erasure that was committed
before a chunk is begun holds for the chunk.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, select

from eden.base.changes import last_number
from eden.base.ground import Ground
from eden.base.ids import now
from eden.base.tables import changes
from eden.observe.app_settings import AppSettings
from eden.observe.attachments import attachment_name
from eden.observe.crashes.symbols import Symbols
from eden.observe.digest.digest import About
from eden.observe.models import observe_apps, observe_erasures

#: nothing waits in the spool for longer
_ERASURES_KEPT = 90 * 86_400 * 1_000_000
#: bytes of one file that comes along with a report
_MOST_KEPT = 50_000_000

log = logging.getLogger("eden.observe")


class Forgotten(msgspec.Struct, frozen=True):
    """An erasure: the apps that it holds for, whose rows, received up to when (µs)."""

    id: str
    apps: tuple[int, ...]
    person: str
    at: int


class Directory:
    """Of one thread; reads block."""

    def __init__(self, ground: Ground, clock: Callable[[], int] = now) -> None:
        self._ground = ground
        self._clock = clock
        self._symbols = Symbols.of(ground)
        #: number of the feed that is known
        self.seen = -1
        self._settings: dict[int, AppSettings] = {}
        self._abouts: dict[int, About] = {}
        self.erasures: dict[str, Forgotten] = {}

    def refresh(self) -> list[Forgotten]:
        """Look for changes; the erasures that are new. Raises what the database raises."""

        def work(connection: Connection) -> tuple[int, bool]:
            number = last_number(connection)
            if number == self.seen:
                return number, False
            if self.seen < 0:
                return number, True
            # settings that phones and people change seldom, among changes that they do not make
            ours = select(changes.c.seq).where(changes.c.seq > self.seen, changes.c.kind.in_(_KINDS)).limit(1)
            oldest = select(changes.c.seq).order_by(changes.c.seq).limit(1)
            first = connection.execute(oldest).scalar() or number
            return number, connection.execute(ours).first() is not None or first > self.seen + 1

        number, changed = self._ground.database.read_now(work)
        new = self._load() if changed else []
        self.seen = number
        return new

    def about(self, app: int) -> About | None:
        """None: there is no such app."""
        about = self._abouts.get(app)
        if about is None and app in self._settings:
            forgotten: dict[str, int] = {}
            for erasure in self.erasures.values():
                if app in erasure.apps:
                    forgotten[erasure.person] = max(erasure.at, forgotten.get(erasure.person, 0))
            about = About(self._settings[app], forgotten, self._symbols, self._keep)
            self._abouts[app] = about
        return about

    def _load(self) -> list[Forgotten]:
        since = self._clock() - _ERASURES_KEPT

        def work(connection: Connection) -> tuple[dict[int, AppSettings], dict[str, Forgotten]]:
            settings: dict[int, AppSettings] = {}
            numbers: dict[str, list[int]] = {}
            for row in connection.execute(
                select(observe_apps.c.number, observe_apps.c.workspace_id, observe_apps.c.settings)
            ):
                settings[row.number] = msgspec.convert(row.settings, AppSettings, strict=False)
                numbers.setdefault(row.workspace_id, []).append(row.number)
            erasures = {
                row.id: Forgotten(row.id, tuple(numbers.get(row.workspace_id, ())), row.person, row.at)
                for row in connection.execute(select(observe_erasures).where(observe_erasures.c.at > since))
            }
            return settings, erasures

        settings, erasures = self._ground.database.read_now(work)
        new = [one for name, one in erasures.items() if name not in self.erasures]
        self._settings, self.erasures = settings, erasures
        self._abouts.clear()
        return new

    def _keep(self, data: bytes) -> str | None:
        if len(data) > _MOST_KEPT:
            return None
        digest = hashlib.sha256(data).hexdigest()
        asyncio.run(self._ground.blobs.put(attachment_name(digest), data))
        return digest


#: of `apps.CHANGED` and `service.ERASED`
_KINDS = ("observe.app", "observe.erase")
