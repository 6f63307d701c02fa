"""Workspaces: made, renamed, set."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from eden.base import changes
from eden.base.identity.principal import Principal, check_permission, check_permission_anywhere
from eden.base.identity.roles import PERMISSIONS
from eden.base.identity.service import Identity
from eden.base.ids import new_id, now
from eden.base.problems import Problem, not_found
from eden.base.tables import members, workspaces
from eden.organisation.interfaces import WorkspaceRecord, WorkspaceSettings, check_slug, read_settings

#: kind of the change that says a workspace is new or has other settings
CHANGED = "workspace.changed"


class Workspaces:
    """All workspaces of the organisation, for those who are in them."""

    def __init__(self, identity: Identity) -> None:
        self._database = identity.database
        self._audit = identity.audit

    async def page(self, principal: Principal, limit: int, after: str | None = None) -> list[WorkspaceRecord]:
        """Those that the principal knows, by slug; `after` is the last slug of the page before."""

        def work(connection: Connection) -> list[WorkspaceRecord]:
            query = select(workspaces).order_by(workspaces.c.slug).limit(limit)
            if principal.kind != "system":
                query = query.where(workspaces.c.id.in_(list(principal.permissions)))
            if after is not None:
                query = query.where(workspaces.c.slug > after)
            return [_record(row, principal) for row in connection.execute(query)]

        return await self._database.read(work)

    async def get(self, principal: Principal, workspace_id: str) -> WorkspaceRecord:
        """One workspace."""
        check_permission(principal, workspace_id, "workspace.read")
        return await self._database.read(lambda connection: _find(connection, principal, workspace_id))

    async def create(
        self, principal: Principal, slug: str, name: str, settings: WorkspaceSettings | None = None
    ) -> WorkspaceRecord:
        """A new workspace, whose owner is the person who makes it. Problem `conflict` when the slug is taken."""
        check_permission_anywhere(principal, "workspace.manage")
        check_slug(slug)
        return await self._database.write(
            lambda connection: self.do_create(connection, principal, slug, name, settings or WorkspaceSettings())
        )

    def do_create(
        self, connection: Connection, principal: Principal, slug: str, name: str, settings: WorkspaceSettings
    ) -> WorkspaceRecord:
        """Inside a write."""
        if connection.execute(select(workspaces.c.id).where(workspaces.c.slug == slug)).first() is not None:
            sentence = f"There is a workspace {slug} already."
            raise Problem("conflict", sentence, "Choose another short name.", errors=[("slug", sentence)])
        workspace_id, at = new_id(), now()
        stored = msgspec.to_builtins(settings)
        connection.execute(
            insert(workspaces).values(id=workspace_id, slug=slug, name=name, settings=stored, created_at=at)
        )
        if principal.user_id is not None:
            connection.execute(
                insert(members).values(
                    workspace_id=workspace_id, user_id=principal.user_id, roles=["owner"], created_at=at
                )
            )
        detail = {"slug": slug, "name": name, "settings": stored}
        for chain in (workspace_id, ""):
            self._audit.append(connection, chain, principal.name, "workspace.create", slug, detail)
        changes.append(connection, CHANGED, workspace_id, {})
        return WorkspaceRecord(
            id=workspace_id, slug=slug, name=name, settings=settings, created_at=at, permissions=PERMISSIONS
        )

    async def update(
        self,
        principal: Principal,
        workspace_id: str,
        *,
        name: str | None = None,
        production: bool | None = None,
        review_required: bool | None = None,
        retention_days: int | None = None,
    ) -> WorkspaceRecord:
        """Rename it, or set what is not None."""
        check_permission(principal, workspace_id, "workspace.manage")
        wanted = {"production": production, "review_required": review_required, "retention_days": retention_days}
        given = {key: value for key, value in wanted.items() if value is not None}

        def work(connection: Connection) -> WorkspaceRecord:
            before = _find(connection, principal, workspace_id)
            stored = connection.execute(
                select(workspaces.c.settings).where(workspaces.c.id == workspace_id)
            ).scalar_one()
            detail: dict[str, Any] = {
                key: value for key, value in given.items() if getattr(before.settings, key) != value
            }
            if name is not None and name != before.name:
                detail["name"] = name
            if detail:
                connection.execute(
                    update(workspaces)
                    .where(workspaces.c.id == workspace_id)
                    .values(name=detail.get("name", before.name), settings={**stored, **given})
                )
                self._audit.append(connection, workspace_id, principal.name, "workspace.update", before.slug, detail)
                changes.append(connection, CHANGED, workspace_id, {})
            return _find(connection, principal, workspace_id)

        return await self._database.write(work)


def _find(connection: Connection, principal: Principal, workspace_id: str) -> WorkspaceRecord:
    row = connection.execute(select(workspaces).where(workspaces.c.id == workspace_id)).first()
    if row is None:
        raise not_found("The workspace")
    return _record(row, principal)


def _record(row: Any, principal: Principal) -> WorkspaceRecord:
    return WorkspaceRecord(
        id=row.id,
        slug=row.slug,
        name=row.name,
        settings=read_settings(row.settings),
        created_at=row.created_at,
        permissions=tuple(permission for permission in PERMISSIONS if principal.may(row.id, permission)),
    )
