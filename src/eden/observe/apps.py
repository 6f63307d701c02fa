"""Apps: mini programs as observing knows them, with their settings and the keys that senders write with.

An app is made on first need: when somebody looks at it, or a phone asks what to collect. Every server process holds all
keys in memory, kept fresh by the feed; a key that is not there is looked for in the table once, so that one that was
just made elsewhere works at once.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from eden.base.changes import Change, append, next_number
from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import now
from eden.base.problems import Problem, not_found
from eden.observe.app_settings import AppSettings, check_settings
from eden.observe.models import observe_apps, observe_keys, observe_usage

#: kind of the feed's rows about apps; the payload names the app's number
CHANGED = "observe.app"
#: an app has no more keys than a person can tell apart
_MOST_KEYS = 50
#: keys that do not exist, and seconds for which that is believed
_UNKNOWN, _UNKNOWN_SECONDS = 10_000, 5.0
HOUR = 3600 * 1_000_000


class App(msgspec.Struct, frozen=True):
    """A mini program of a workspace. `number` is platform-wide; `revision` grows with its settings and keys."""

    number: int
    workspace_id: str
    key: str
    settings: AppSettings
    revision: int


class WriteKey(msgspec.Struct, frozen=True):
    """What senders authenticate with: public by nature, as in a DSN. Times in microseconds."""

    key: str
    label: str
    created_by: str
    created_at: int
    disabled_at: int | None


class HourUsage(msgspec.Struct, frozen=True):
    """Records of an hour, counted when they were accepted; `hour` in microseconds, `bytes` decompressed."""

    hour: int
    accepted: int
    refused: int
    bytes: int


class Apps:
    """One per process. Methods that take a principal check its permission first."""

    def __init__(self, ground: Ground, clock: Callable[[], int] = now) -> None:
        self._ground = ground
        self._clock = clock
        self._apps: dict[int, App] = {}
        self._keys: dict[str, int] = {}
        #: by workspace, the sum of its apps' revisions
        self._revisions: dict[str, int] = {}
        self._unknown: OrderedDict[str, float] = OrderedDict()
        #: told of every app that has changed, after this look-up knows it
        self.on_change: list[Callable[[str], None]] = []

    async def start(self) -> None:
        """Hold all apps and keys in memory."""
        self._ground.feed.listen(CHANGED, self._hear)
        await self._load()

    # in memory

    def by_key(self, write_key: str) -> App | None:
        """The app that a key writes to, as far as this process has heard."""
        number = self._keys.get(write_key)
        return None if number is None else self._apps.get(number)

    def by_number(self, number: int) -> App | None:
        return self._apps.get(number)

    def revision_of(self, workspace_id: str) -> int:
        """Grows with every change of an app of the workspace, and with every new one."""
        return self._revisions.get(workspace_id, 0)

    async def find_key(self, write_key: str) -> App | None:
        """`by_key`, and a look into the table for a key that was just made elsewhere."""
        found = self.by_key(write_key)
        if found is not None or len(write_key) != 32:
            return found
        at = time.monotonic()
        if self._unknown.get(write_key, 0) > at:
            return None
        where = (observe_keys.c.key == write_key, observe_keys.c.disabled_at.is_(None))
        number = await self._ground.database.read(
            lambda connection: connection.execute(select(observe_keys.c.app).where(*where)).scalar()
        )
        if number is None:
            self._unknown[write_key] = at + _UNKNOWN_SECONDS
            if len(self._unknown) > _UNKNOWN:
                self._unknown.popitem(last=False)
            return None
        await self._load(observe_apps.c.number == number)
        return self.by_key(write_key)

    async def _hear(self, change: Change) -> None:
        await self._load(observe_apps.c.number == int(change.payload["app"]))
        for told in self.on_change:
            told(change.workspace_id)

    async def _load(self, *where: ColumnElement[bool]) -> None:
        def work(connection: Connection) -> tuple[list[App], list[tuple[str, int]]]:
            rows = connection.execute(select(observe_apps).where(*where))
            keys = connection.execute(
                select(observe_keys.c.key, observe_keys.c.app)
                .join(observe_apps, observe_apps.c.number == observe_keys.c.app)
                .where(observe_keys.c.disabled_at.is_(None), *where)
            )
            return [_app(row) for row in rows], [(row.key, row.app) for row in keys]

        apps, keys = await self._ground.database.read(work)
        self._hold(apps, keys)

    def _hold(self, apps: Sequence[App], keys: Sequence[tuple[str, int]]) -> None:
        # what was read before a change may arrive after what was read behind it
        apps = [app for app in apps if app.number not in self._apps or self._apps[app.number].revision <= app.revision]
        numbers = {app.number for app in apps}
        for key in [key for key, number in self._keys.items() if number in numbers]:
            del self._keys[key]
        for app in apps:
            before = self._apps.get(app.number)
            grown = app.revision - (0 if before is None else before.revision)
            self._revisions[app.workspace_id] = self._revisions.get(app.workspace_id, 0) + grown
            self._apps[app.number] = app
        self._keys.update({key: number for key, number in keys if number in numbers})

    # apps

    async def get(self, principal: Principal, workspace_id: str, key: str) -> App:
        """The app of a program. Made when the catalogue knows the program; Problem `not-found` otherwise."""
        check_permission(principal, workspace_id, "observe.read")
        for app in self._apps.values():
            if app.workspace_id == workspace_id and app.key == key:
                return app
        found = [app for app in await self.ensure(workspace_id) if app.key == key]
        if not found:
            raise not_found(f"The program {key[:64]}")
        return found[0]

    async def page(self, principal: Principal, workspace_id: str) -> list[App]:
        """The apps of a workspace by key: all programs that there are."""
        check_permission(principal, workspace_id, "observe.read")
        return await self.ensure(workspace_id)

    async def ensure(self, workspace_id: str) -> list[App]:
        """All apps of a workspace by key; those that programs lack are made."""

        def known(connection: Connection) -> tuple[list[App], list[str]]:
            apps = _apps_of(connection, workspace_id)
            programs = self._ground.catalogue.programs(connection, workspace_id)
            return apps, sorted({one.key for one in programs} - {app.key for app in apps})

        apps, missing = await self._ground.database.read(known)
        if missing:
            apps = await self._ground.database.write(lambda connection: self._do_make(connection, workspace_id))
        if any(self._apps.get(app.number) != app for app in apps):
            await self._load(observe_apps.c.workspace_id == workspace_id)
        return apps

    def _do_make(self, connection: Connection, workspace_id: str) -> list[App]:
        apps = _apps_of(connection, workspace_id)
        programs = self._ground.catalogue.programs(connection, workspace_id)
        for key in sorted({one.key for one in programs} - {app.key for app in apps}):
            number, at = next_number(connection, "observe_apps"), self._clock()
            connection.execute(
                insert(observe_apps).values(
                    number=number, workspace_id=workspace_id, key=key, settings={}, revision=1, created_at=at
                )
            )
            _do_add_key(connection, number, "first", "system", at)
            append(connection, CHANGED, workspace_id, {"app": number})
        return _apps_of(connection, workspace_id)

    async def set(
        self, principal: Principal, workspace_id: str, key: str, settings: AppSettings, *, revision: int | None = None
    ) -> App:
        """Change the settings. `revision`: of the app as the principal saw it; Problem `conflict` when somebody else
        has changed it meanwhile, `invalid` for patterns that cannot be used."""
        check_permission(principal, workspace_id, "observe.write")
        check_settings(settings)
        app = await self.get(principal, workspace_id, key)

        def work(connection: Connection) -> App:
            before = _app(connection.execute(select(observe_apps).where(observe_apps.c.number == app.number)).one())
            if revision is not None and before.revision != revision:
                raise Problem(
                    "conflict",
                    f"Somebody changed the settings of {key} meanwhile.",
                    "Look at them again, then change them.",
                )
            self._do_change(connection, before, settings=msgspec.to_builtins(settings))
            old, new = msgspec.to_builtins(before.settings), msgspec.to_builtins(settings)
            changed = {name: new.get(name) for name in sorted({*old, *new}) if old.get(name) != new.get(name)}
            self._ground.audit.append(connection, workspace_id, principal.name, "observe.settings", key, changed)
            return _app(connection.execute(select(observe_apps).where(observe_apps.c.number == app.number)).one())

        changed = await self._ground.database.write(work)
        await self._load(observe_apps.c.number == app.number)
        return changed

    def _do_change(self, connection: Connection, app: App, **values: Any) -> None:
        values["revision"] = observe_apps.c.revision + 1
        connection.execute(update(observe_apps).where(observe_apps.c.number == app.number).values(**values))
        append(connection, CHANGED, app.workspace_id, {"app": app.number})

    # keys

    async def keys(self, principal: Principal, workspace_id: str, key: str) -> list[WriteKey]:
        """The write keys of an app, the oldest first."""
        app = await self.get(principal, workspace_id, key)
        return await self._ground.database.read(lambda connection: _keys_of(connection, app.number))

    async def create_key(self, principal: Principal, workspace_id: str, key: str, label: str) -> WriteKey:
        """One more write key. Problem `invalid` when there are many already."""
        check_permission(principal, workspace_id, "observe.write")
        label = label.strip()
        if not 0 < len(label) <= 80:
            raise Problem(
                "invalid", "A key needs a label of up to 80 characters.", errors=[("label", "1 to 80 characters")]
            )
        app = await self.get(principal, workspace_id, key)

        def work(connection: Connection) -> WriteKey:
            if len(_keys_of(connection, app.number)) >= _MOST_KEYS:
                raise Problem("invalid", f"{key} has {_MOST_KEYS} keys.", "Use one of them.")
            made = _do_add_key(connection, app.number, label, principal.name, self._clock())
            self._do_change(connection, app)
            self._ground.audit.append(
                connection, workspace_id, principal.name, "observe.key.create", key, {"key": made.key, "label": label}
            )
            return made

        made = await self._ground.database.write(work)
        await self._load(observe_apps.c.number == app.number)
        return made

    async def disable_key(self, principal: Principal, workspace_id: str, key: str, write_key: str) -> WriteKey:
        """Take no more from this key. Problem `not-found`; a key that is disabled stays as it is."""
        check_permission(principal, workspace_id, "observe.write")
        app = await self.get(principal, workspace_id, key)

        def work(connection: Connection) -> WriteKey:
            found = next((one for one in _keys_of(connection, app.number) if one.key == write_key), None)
            if found is None:
                raise not_found(f"The key {write_key[:32]}")
            if found.disabled_at is None:
                connection.execute(
                    update(observe_keys).where(observe_keys.c.key == write_key).values(disabled_at=self._clock())
                )
                self._do_change(connection, app)
                self._ground.audit.append(
                    connection, workspace_id, principal.name, "observe.key.disable", key, {"key": write_key}
                )
            return next(one for one in _keys_of(connection, app.number) if one.key == write_key)

        disabled = await self._ground.database.write(work)
        await self._load(observe_apps.c.number == app.number)
        return disabled

    async def first_keys(self, apps: Sequence[App]) -> dict[int, str]:
        """By app, the oldest key that is not disabled: what phones are given."""
        numbers = [app.number for app in apps]
        rows = await self._ground.database.read(
            lambda connection: connection.execute(
                select(observe_keys.c.app, observe_keys.c.key)
                .where(observe_keys.c.app.in_(numbers), observe_keys.c.disabled_at.is_(None))
                .order_by(observe_keys.c.created_at.desc(), observe_keys.c.key.desc())
            ).all()
        )
        # the last one wins, and that is the oldest
        return {row.app: row.key for row in rows}

    # usage

    async def usage(self, principal: Principal, workspace_id: str, key: str, since: int) -> list[HourUsage]:
        """By hour from `since` on (microseconds), the oldest first; hours without records are left out."""
        app = await self.get(principal, workspace_id, key)
        table = observe_usage.c
        rows = await self._ground.database.read(
            lambda connection: connection.execute(
                select(table.hour, table.accepted, table.refused, table.bytes)
                .where(table.app == app.number, table.hour >= since)
                .order_by(table.hour)
            ).all()
        )
        return [HourUsage(*row) for row in rows]


def _app(row: Row[Any]) -> App:
    # settings of another version of this program: what is not known any more is not used
    settings = msgspec.convert(row.settings, AppSettings, strict=False)
    return App(row.number, row.workspace_id, row.key, settings, row.revision)


def _apps_of(connection: Connection, workspace_id: str) -> list[App]:
    query = select(observe_apps).where(observe_apps.c.workspace_id == workspace_id).order_by(observe_apps.c.key)
    return [_app(row) for row in connection.execute(query)]


def _keys_of(connection: Connection, number: int) -> list[WriteKey]:
    table = observe_keys.c
    query = (
        select(table.key, table.label, table.created_by, table.created_at, table.disabled_at)
        .where(table.app == number)
        .order_by(table.created_at, table.key)
    )
    return [WriteKey(*row) for row in connection.execute(query)]


def _do_add_key(connection: Connection, number: int, label: str, by: str, at: int) -> WriteKey:
    key = secrets.token_hex(16)
    connection.execute(
        insert(observe_keys).values(key=key, app=number, label=label, created_by=by, created_at=at, disabled_at=None)
    )
    return WriteKey(key, label, by, at, None)
