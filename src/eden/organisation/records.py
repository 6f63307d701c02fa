"""Reading the audit log: pages, the check of its chain, export."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import msgspec
from sqlalchemy import ColumnElement, Connection

from eden.base.api.times import moment
from eden.base.audit import Entry, Verdict, entries
from eden.base.identity.principal import Principal, check_permission, check_permission_anywhere
from eden.base.identity.service import Identity
from eden.base.tables import audit
from eden.organisation.interfaces import AuditFilter

#: entries read at once for an export
_EXPORT_PAGE = 500

#: the chain of what belongs to no workspace: people, and the workspaces themselves
ORGANISATION = ""


class Records:
    """The audit log for those who may read it. `workspace_id` may be `ORGANISATION`."""

    def __init__(self, identity: Identity) -> None:
        self._database = identity.database
        self._audit = identity.audit

    async def page(
        self,
        principal: Principal,
        workspace_id: str,
        limit: int,
        before: int | None = None,
        wanted: AuditFilter | None = None,
    ) -> list[Entry]:
        """Newest first; `before` is the number of the last entry of the page before."""
        _check(principal, workspace_id)
        return await self._database.read(
            lambda connection: _read(connection, workspace_id, limit, before, wanted or AuditFilter())
        )

    async def verify(self, principal: Principal, workspace_id: str) -> Verdict:
        """Whether the chain is whole, and where it breaks otherwise."""
        _check(principal, workspace_id)
        return await self._database.read(lambda connection: self._audit.verify(connection, workspace_id))

    async def export(self, principal: Principal, workspace_id: str) -> AsyncIterator[bytes]:
        """All entries as NDJSON, newest first, with their hashes: who has the export can check the chain."""
        _check(principal, workspace_id)

        async def lines() -> AsyncIterator[bytes]:
            before: int | None = None
            while True:
                found = await self._database.read(
                    partial(_read, workspace_id=workspace_id, limit=_EXPORT_PAGE, before=before, wanted=AuditFilter())
                )
                if found:
                    yield b"".join(_line(entry) for entry in found)
                    before = found[-1].seq
                if len(found) < _EXPORT_PAGE:
                    return

        return lines()


def _check(principal: Principal, workspace_id: str) -> None:
    if workspace_id == ORGANISATION:
        check_permission_anywhere(principal, "audit.read")
    else:
        check_permission(principal, workspace_id, "audit.read")


def _line(entry: Entry) -> bytes:
    shown = {**msgspec.to_builtins(entry), "at": moment(entry.at), "at_us": entry.at}
    return msgspec.json.encode(shown) + b"\n"


def _read(
    connection: Connection, workspace_id: str, limit: int, before: int | None, wanted: AuditFilter
) -> list[Entry]:
    where: list[ColumnElement[bool]] = []
    if wanted.actor:
        where.append(audit.c.actor == wanted.actor)
    for column, beginning in ((audit.c.action, wanted.action), (audit.c.target, wanted.target)):
        if beginning:
            where.append(column.startswith(beginning, autoescape=True))
    if wanted.since is not None:
        where.append(audit.c.at >= wanted.since)
    if wanted.until is not None:
        where.append(audit.c.at < wanted.until)
    return entries(connection, workspace_id, *where, before=before, limit=limit)
