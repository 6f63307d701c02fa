"""Host apps and programs: what there is to release."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import new_id
from eden.base.problems import Problem, not_found
from eden.release.interfaces import ProgramKind, SignedState
from eden.release.models import host_apps, programs, releases, versions
from eden.release.rules_machine import OFFERING
from eden.release.service_core import Core, conflict, find_program, need_text, tell

#: also WeChat's own ids (wx and 16 hexadecimal digits)
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class HostApp(msgspec.Struct, frozen=True, kw_only=True):
    """An app that phones have, in which programs run."""

    id: str
    key: str
    name: str
    created_at: int


class VersionRef(msgspec.Struct, frozen=True, kw_only=True):
    """A version in one line."""

    code: int
    name: str


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A program. `stable`: what everyone may have; `newest`: the one with the highest code; `release_id`: the release
    that offers a version now."""

    id: str
    key: str
    kind: ProgramKind
    name: str
    description: str
    app_id: str | None
    host_app: str | None
    created_by: str
    created_at: int
    stable: VersionRef | None = None
    newest: VersionRef | None = None
    release_id: str | None = None


class Programs:
    """Every method checks the permission first; `workspace_id` is the workspace's id."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def host_apps(self, principal: Principal, workspace_id: str) -> list[HostApp]:
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> list[HostApp]:
            rows = connection.execute(
                select(host_apps).where(host_apps.c.workspace_id == workspace_id).order_by(host_apps.c.key)
            )
            return [HostApp(id=row.id, key=row.key, name=row.name, created_at=row.created_at) for row in rows]

        return await self._core.database.read(work)

    async def create_host_app(self, principal: Principal, workspace_id: str, key: str, name: str) -> HostApp:
        """Problem `conflict` when there is one of this key."""
        check_permission(principal, workspace_id, "workspace.manage")
        made = HostApp(
            id=new_id(), key=_check_key(key), name=need_text("name", name, 400), created_at=self._core.clock()
        )

        def work(connection: Connection) -> HostApp:
            taken = f"There is a host app {key} already."
            _insert(connection, host_apps, taken, workspace_id=workspace_id, **msgspec.structs.asdict(made))
            self._core.audit(connection, workspace_id, principal, "host_app.create", key, {"name": made.name})
            return made

        return await self._core.database.write(work)

    async def page(
        self, principal: Principal, workspace_id: str, *, after: str | None = None, limit: int = 50
    ) -> list[Program]:
        """Up to `limit` programs by key, behind the key `after`."""
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> list[Program]:
            query = select(programs).where(programs.c.workspace_id == workspace_id)
            if after is not None:
                query = query.where(programs.c.key > after)
            rows = connection.execute(query.order_by(programs.c.key).limit(limit)).all()
            return show(connection, list(rows))

        return await self._core.database.read(work)

    async def get(self, principal: Principal, workspace_id: str, key: str) -> Program:
        check_permission(principal, workspace_id, "workspace.read")
        return await self._core.database.read(
            lambda connection: show(connection, [find_program(connection, workspace_id, key)])[0]
        )

    async def create(
        self,
        principal: Principal,
        workspace_id: str,
        *,
        key: str,
        kind: ProgramKind,
        name: str = "",
        description: str = "",
        app_id: str | None = None,
        host_app: str | None = None,
    ) -> Program:
        """`app_id`: what its packages call themselves; without it the first upload says it. `host_app`: a key."""
        check_permission(principal, workspace_id, "program.write")

        def work(connection: Connection) -> Program:
            host_id = None if host_app is None else _host_id(connection, workspace_id, host_app)
            _insert(
                connection,
                programs,
                f"There is a program {key} already.",
                id=new_id(),
                workspace_id=workspace_id,
                host_app_id=host_id,
                key=_check_key(key),
                kind=kind,
                name=need_text("name", name or key, 400),
                description=need_text("description", description, 4_000, may_be_empty=True),
                app_id=None if app_id is None else need_text("app_id", app_id, 128),
                created_by=principal.name,
                created_at=self._core.clock(),
            )
            self._core.audit(connection, workspace_id, principal, "program.create", key, {"kind": kind})
            tell(connection, workspace_id, key, None, kind="program")
            return show(connection, [find_program(connection, workspace_id, key)])[0]

        return await self._core.database.write(work)

    async def change(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        *,
        name: str | None = None,
        description: str | None = None,
        host_app: str | None = None,
    ) -> Program:
        """What is None stays. `host_app`: a key, empty for none."""
        check_permission(principal, workspace_id, "program.write")

        def work(connection: Connection) -> Program:
            program = find_program(connection, workspace_id, key)
            values: dict[str, Any] = {}
            if name is not None:
                values["name"] = need_text("name", name, 400)
            if description is not None:
                values["description"] = need_text("description", description, 4_000, may_be_empty=True)
            if host_app is not None:
                values["host_app_id"] = _host_id(connection, workspace_id, host_app) if host_app else None
            if values:
                connection.execute(update(programs).where(programs.c.id == program.id).values(**values))
                self._core.audit(connection, workspace_id, principal, "program.change", key, values)
                tell(connection, workspace_id, key, None, kind="program")
            return show(connection, [find_program(connection, workspace_id, key)])[0]

        return await self._core.database.write(work)


def show(connection: Connection, rows: list[Row[Any]]) -> list[Program]:
    """Programs with what is newest, stable and offered; four queries, however many there are."""
    ids = [row.id for row in rows]
    hosts = {
        row.id: row.key
        for row in connection.execute(
            select(host_apps.c.id, host_apps.c.key).where(
                host_apps.c.id.in_([row.host_app_id for row in rows if row.host_app_id])
            )
        )
    }
    stable = {
        row.program_id: VersionRef(code=row.code, name=row.name)
        for row in connection.execute(
            select(versions.c.program_id, versions.c.code, versions.c.name).where(
                versions.c.program_id.in_(ids), versions.c.signed_state == SignedState.STABLE
            )
        )
    }
    last = (
        select(versions.c.program_id, func.max(versions.c.code).label("code"))
        .where(versions.c.program_id.in_(ids))
        .group_by(versions.c.program_id)
        .subquery()
    )
    newest = {
        row.program_id: VersionRef(code=row.code, name=row.name)
        for row in connection.execute(
            select(versions.c.program_id, versions.c.code, versions.c.name).join(
                last, (versions.c.program_id == last.c.program_id) & (versions.c.code == last.c.code)
            )
        )
    }
    offering = {
        row.program_id: row.id
        for row in connection.execute(
            select(releases.c.program_id, releases.c.id).where(
                releases.c.program_id.in_(ids), releases.c.state.in_([*OFFERING])
            )
        )
    }
    return [
        Program(
            id=row.id,
            key=row.key,
            kind=ProgramKind(row.kind),
            name=row.name,
            description=row.description,
            app_id=row.app_id,
            host_app=hosts.get(row.host_app_id),
            created_by=row.created_by,
            created_at=row.created_at,
            stable=stable.get(row.id),
            newest=newest.get(row.id),
            release_id=offering.get(row.id),
        )
        for row in rows
    ]


def _host_id(connection: Connection, workspace_id: str, key: str) -> str:
    found = connection.execute(
        select(host_apps.c.id).where(host_apps.c.workspace_id == workspace_id, host_apps.c.key == key)
    ).scalar()
    if found is None:
        raise not_found(f"The host app {key[:64]}")
    return str(found)


def _check_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        sentence = "Write 1 to 64 small letters, digits, hyphens or underscores, the first a letter or digit."
        raise Problem("invalid", f"The key {key[:64]!r} cannot be used.", errors=[("key", sentence)])
    return key


def _insert(connection: Connection, table: Any, taken: str, **values: Any) -> None:
    """Put a row; Problem `conflict` when the workspace has one of this key."""
    same = select(table.c.id).where(table.c.workspace_id == values["workspace_id"], table.c.key == values["key"])
    if connection.execute(same).first() is not None:
        raise conflict(taken)
    try:
        connection.execute(insert(table).values(**values))
    except IntegrityError:
        # somebody else was faster
        raise conflict(taken) from None
