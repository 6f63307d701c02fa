"""Lists: up to a million ids by file, or patterns. What is in one changes; who refers to it need not.

Of an exact list two blobs are kept: its ids, one a line, for people, and its entries for proofs
(`eden.base.targeting.merkle_list_v1`). When a list changes that a running release names, the release's program is
signed anew in the same write.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from eden.base.changes import append
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import new_id
from eden.base.problems import Problem
from eden.base.targeting import IdList
from eden.release.interfaces import Plan, ReleaseState
from eden.release.list_contents import Content, Kind, edit_content, read_content
from eden.release.models import lists, programs, releases, versions
from eden.release.rules_machine import OFFERING
from eden.release.rules_views import ListView
from eden.release.service_core import Core, conflict, find_list, need_text
from eden.release.service_sweep import claim_content, release_content
from eden.release.service_targets import list_rows, lists_of, sign_program


class ListInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A list. `size`: ids or patterns in it; `revision` grows with every change."""

    id: str
    name: str
    kind: Kind
    size: int
    patterns: tuple[str, ...]
    revision: int
    created_by: str
    created_at: int
    updated_at: int


class ListUse(msgspec.Struct, frozen=True, kw_only=True):
    """A release that has not ended and whose plan names the list, in these steps."""

    release_id: str
    program: str
    version: str
    state: str
    steps: tuple[str, ...]


class Lists:
    """Every method checks the permission first."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def page(
        self, principal: Principal, workspace_id: str, *, after: str | None = None, limit: int = 50
    ) -> list[ListInfo]:
        """Up to `limit` lists by name, behind the name `after`."""
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> list[ListInfo]:
            query = select(lists).where(lists.c.workspace_id == workspace_id)
            if after is not None:
                query = query.where(lists.c.name > after)
            return [_show(row) for row in connection.execute(query.order_by(lists.c.name).limit(limit))]

        return await self._core.database.read(work)

    async def get(self, principal: Principal, workspace_id: str, list_id: str) -> ListInfo:
        check_permission(principal, workspace_id, "workspace.read")
        return _show(await self._core.database.read(lambda connection: find_list(connection, workspace_id, list_id)))

    async def download(self, principal: Principal, workspace_id: str, list_id: str) -> bytes:
        """The ids or patterns, one a line. They name people: who may not change them does not see them."""
        check_permission(principal, workspace_id, "list.write")
        row = await self._core.database.read(lambda connection: find_list(connection, workspace_id, list_id))
        return await self._text(row)

    async def create(
        self, principal: Principal, workspace_id: str, name: str, kind: Kind, content: bytes | AsyncIterator[bytes]
    ) -> ListInfo:
        """A list of a file: ids by commas or lines, or patterns by lines. Problem `invalid` tells the lines that are
        wrong, `conflict` that the name is taken."""
        check_permission(principal, workspace_id, "list.write")
        name = need_text("name", name, 80)
        salt = secrets.token_hex(16)
        made = await asyncio.to_thread(read_content, kind, salt, await self._bytes(content))
        await self._put(made)

        def work(connection: Connection) -> ListInfo:
            at = self._core.clock()
            list_id = new_id()
            try:
                connection.execute(
                    insert(lists).values(
                        id=list_id,
                        workspace_id=workspace_id,
                        name=name,
                        kind=kind,
                        salt=salt,
                        revision=1,
                        created_by=principal.name,
                        created_at=at,
                        updated_at=at,
                        **made.columns,
                    )
                )
            except IntegrityError:
                raise _name_taken(name) from None
            release_content(connection, made.digests)
            self._core.audit(
                connection,
                workspace_id,
                principal,
                "list.create",
                list_id,
                {"name": name, "size": made.columns["size"]},
            )
            _tell(connection, workspace_id, list_id)
            return _show(find_list(connection, workspace_id, list_id))

        return await self._core.database.write(work)

    async def replace(
        self,
        principal: Principal,
        workspace_id: str,
        list_id: str,
        content: bytes | AsyncIterator[bytes],
        *,
        revision: int | None = None,
    ) -> ListInfo:
        """Other content. `revision`: refused with `conflict` when somebody else changed the list since."""
        check_permission(principal, workspace_id, "list.write")
        row = await self._core.database.read(lambda connection: find_list(connection, workspace_id, list_id))
        if revision is not None and row.revision != revision:
            raise _list_changed()
        made = await asyncio.to_thread(read_content, row.kind, row.salt, await self._bytes(content))
        return await self._store(principal, workspace_id, row, made, {"replaced": True})

    async def edit(
        self,
        principal: Principal,
        workspace_id: str,
        list_id: str,
        *,
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
        name: str | None = None,
    ) -> ListInfo:
        """Add and remove some entries, and perhaps give it another name. Problem `conflict` when the list changes at
        the same moment, or the name is taken."""
        check_permission(principal, workspace_id, "list.write")
        name = None if name is None else need_text("name", name, 80)
        row = await self._core.database.read(lambda connection: find_list(connection, workspace_id, list_id))
        text = await self._text(row)
        adding, removing = list(add), set(remove)
        made = await asyncio.to_thread(edit_content, row.kind, row.salt, text, adding, removing)
        detail = {"added": len(adding), "removed": len(removing)}
        return await self._store(principal, workspace_id, row, made, detail, name)

    async def rename(self, principal: Principal, workspace_id: str, list_id: str, name: str) -> ListInfo:
        check_permission(principal, workspace_id, "list.write")
        name = need_text("name", name, 80)

        def work(connection: Connection) -> ListInfo:
            row = find_list(connection, workspace_id, list_id)
            try:
                connection.execute(
                    update(lists).where(lists.c.id == row.id).values(name=name, updated_at=self._core.clock())
                )
            except IntegrityError:
                raise _name_taken(name) from None
            self._core.audit(connection, workspace_id, principal, "list.rename", list_id, {"name": name})
            _tell(connection, workspace_id, list_id)
            return _show(find_list(connection, workspace_id, list_id))

        return await self._core.database.write(work)

    async def delete(self, principal: Principal, workspace_id: str, list_id: str) -> None:
        """Problem `conflict` while a draft or a running release names the list; one that was stopped can then not be
        rolled forward."""
        check_permission(principal, workspace_id, "list.write")

        def work(connection: Connection) -> None:
            row = find_list(connection, workspace_id, list_id)
            if _naming(connection, workspace_id, list_id, {ReleaseState.DRAFT, *OFFERING}):
                raise conflict(
                    f"A release names the list {row.name}.", "Finish or discard the release, or change its plan."
                )
            connection.execute(delete(lists).where(lists.c.id == list_id))
            self._core.audit(connection, workspace_id, principal, "list.delete", list_id, {"name": row.name})
            _tell(connection, workspace_id, list_id)

        await self._core.database.write(work)

    async def uses(self, principal: Principal, workspace_id: str, list_id: str) -> list[ListUse]:
        """Releases that have not ended and name the list, the newest first."""
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> list[ListUse]:
            rows = connection.execute(
                select(
                    releases.c.id, releases.c.state, releases.c.plan,
                    programs.c.key, versions.c.name.label("version"),
                )
                .join(programs, programs.c.id == releases.c.program_id)
                .join(versions, versions.c.id == releases.c.version_id)
                .where(releases.c.workspace_id == workspace_id, releases.c.state != ReleaseState.FINISHED)
                .order_by(releases.c.created_at.desc())
            ).all()  # fmt: skip
            found = []
            for row in rows:
                plan = msgspec.convert(row.plan, Plan)
                if list_id in lists_of(plan):
                    steps = tuple(step.name for step in plan.steps if list_id in lists_of(Plan(steps=(step,))))
                    found.append(
                        ListUse(release_id=row.id, program=row.key, version=row.version, state=row.state, steps=steps)
                    )
            return found

        return await self._core.database.read(work)

    async def load(self, wanted: Iterable[str], held: dict[tuple[str, int], ListView]) -> dict[str, ListView]:
        """Lists by id with all that is in them, for decisions. `held` keeps what was loaded, by id and revision; what
        is not wanted any more is dropped from it."""
        rows = await self._core.database.read(lambda connection: list_rows(connection, wanted))
        views: dict[str, ListView] = {}
        for row in rows:
            key = (row.id, row.revision)
            view = held.get(key)
            if view is None:
                view = await self._view(row)
            held[key] = views[row.id] = view
        for key in held.keys() - {(row.id, row.revision) for row in rows}:
            del held[key]
        return views

    async def _view(self, row: Row[Any]) -> ListView:
        if row.kind == "patterns":
            return ListView.of_patterns(row.id, row.patterns)
        entries = await self._core.blobs.get_content(row.leaves_sha256)
        if entries is None:
            raise RuntimeError(f"the content of list {row.id} is missing")
        return ListView.exact(row.id, await asyncio.to_thread(IdList, row.salt, entries))

    async def _store(
        self,
        principal: Principal,
        workspace_id: str,
        row: Row[Any],
        made: Content,
        detail: dict[str, Any],
        name: str | None = None,
    ) -> ListInfo:
        """Put other content, and perhaps another name, in place of the row's."""
        named = {} if name is None else {"name": name}
        await self._put(made)

        def work(connection: Connection) -> ListInfo:
            try:
                written = connection.execute(
                    update(lists)
                    .where(lists.c.id == row.id, lists.c.workspace_id == workspace_id, lists.c.revision == row.revision)
                    .values(revision=row.revision + 1, updated_at=self._core.clock(), **made.columns, **named)
                )
            except IntegrityError:
                raise _name_taken(name or row.name) from None
            if written.rowcount != 1:
                raise _list_changed()
            release_content(connection, made.digests)
            for program in _naming(connection, workspace_id, row.id, set(OFFERING)):
                sign_program(self._core, connection, workspace_id, program, kind="list")
            said = {**detail, **named, "size": made.columns["size"]}
            self._core.audit(connection, workspace_id, principal, "list.change", row.id, said)
            _tell(connection, workspace_id, row.id)
            return _show(find_list(connection, workspace_id, row.id))

        return await self._core.database.write(work)

    async def _put(self, made: Content) -> None:
        if made.blobs:
            await claim_content(self._core, sorted(set(made.digests)))
        for data in made.blobs:
            await self._core.blobs.put_content(data)

    async def _text(self, row: Row[Any]) -> bytes:
        if row.kind == "patterns":
            return "".join(f"{pattern}\n" for pattern in row.patterns).encode()
        text = await self._core.blobs.get_content(row.ids_sha256)
        if text is None:
            raise RuntimeError(f"the content of list {row.id} is missing")
        return text

    async def _bytes(self, content: bytes | AsyncIterator[bytes]) -> bytes:
        """The file, whole: what is read of it is in memory anyway."""
        if isinstance(content, bytes):
            return content
        limit, found = self._core.ground.settings.limits.body_bytes, bytearray()
        async for piece in content:
            found += piece
            if len(found) > limit:
                raise Problem("too-large", f"The list has more than {limit:,} bytes.", "Split it into several lists.")
        return bytes(found)


def _naming(connection: Connection, workspace_id: str, list_id: str, states: set[ReleaseState]) -> list[Row[Any]]:
    """The programs of releases in one of the states whose plans name the list."""
    rows = connection.execute(
        select(releases.c.program_id, releases.c.plan).where(
            releases.c.workspace_id == workspace_id, releases.c.state.in_(sorted(states))
        )
    )
    ids = {row.program_id for row in rows if list_id in lists_of(msgspec.convert(row.plan, Plan))}
    if not ids:
        return []
    return list(connection.execute(select(programs).where(programs.c.id.in_(sorted(ids))).order_by(programs.c.key)))


def _tell(connection: Connection, workspace_id: str, list_id: str) -> None:
    """Open pages hear of it; phones do when a release that names the list is signed anew."""
    append(connection, "list.changed", workspace_id, {"list": list_id})


def _name_taken(name: str) -> Problem:
    return conflict(f"There is a list {name} already.", "Give this one another name.")


def _list_changed() -> Problem:
    return conflict("Somebody changed this list meanwhile.", "Look at it again, then decide.")


def _show(row: Row[Any]) -> ListInfo:
    return ListInfo(
        id=row.id,
        name=row.name,
        kind=row.kind,
        size=row.size,
        patterns=tuple(row.patterns),
        revision=row.revision,
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
