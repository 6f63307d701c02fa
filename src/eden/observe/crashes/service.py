"""Crash groups for pages and API: lists and details, counted in the events store, and what people decide about them.

Numbers come from the events store, where every error is once; titles and states from the tables. A group and its
errors are stored within a second of each other, so for a moment one may be there without the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, update

from eden.base.changes import append
from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import new_id, now
from eden.base.problems import Problem, not_found
from eden.observe.apps import App, Apps
from eden.observe.crashes import document, rows, sql
from eden.observe.crashes.interfaces import (
    Affected,
    CrashFilter,
    CrashGroup,
    CrashSort,
    Detail,
    Figures,
    InVersion,
    Listed,
    Member,
    Occurrence,
    Share,
    Whole,
)
from eden.observe.crashes.note import TOLD
from eden.observe.crashes.rules import GroupState
from eden.observe.insight.client import Insight
from eden.observe.models import crash_activities, crash_groups

#: points of a line's small plot, and of a group's
SPARK = 24
TREND = 60
#: a mute until more occurrences than this is a mute for ever
_MOST_MORE = 10**9
#: µs; ten years
_LONGEST_MUTE = 3650 * 24 * 3600 * 1_000_000
_LONGEST_CODE = 2**53 - 1


class Crashes:
    """Every method checks the permission first. `clock` gives µs in UTC."""

    def __init__(self, ground: Ground, apps: Apps, insight: Insight, clock: Callable[[], int] = now) -> None:
        self._ground = ground
        self._apps = apps
        self._insight = insight
        self._clock = clock

    # reading

    async def page(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        asked: CrashFilter,
        sort: CrashSort = CrashSort.LAST_SEEN,
        *,
        before: tuple[int, str] | None = None,
        limit: int = 50,
        parts: int = SPARK,
    ) -> tuple[list[Listed], tuple[int, str] | None]:
        """Groups with errors in the time asked for, and what `before` is for the next page (None: this is the last).
        `parts`: of the small plots, 0 for none."""
        app = await self._app(principal, workspace_id, key)
        chosen = await self._ground.database.read(lambda connection: rows.matching(connection, app.number, asked))
        if chosen == []:
            return [], None
        found = await self._ask(sql.top(app.number, asked, sort, chosen, before=before, limit=limit + 1))
        shown = found[:limit]
        keys = [row[0] for row in shown]
        groups = await self._ground.database.read(lambda connection: rows.groups_by_key(connection, app.number, keys))
        trends = await self._trends(app.number, asked, keys, parts) if keys and parts else {}
        lines = [
            Listed(groups[short], _figures(values), trends.get(short, [0] * parts))
            for short, *values in shown
            if short in groups
        ]
        following = None
        if len(found) > limit:
            last, *values = shown[-1]
            following = (sql.sort_value(sort, values), last)
        return lines, following

    async def get(self, principal: Principal, workspace_id: str, key: str, group_id: str) -> CrashGroup:
        """Problem `not-found`."""
        app = await self._app(principal, workspace_id, key)
        return await self._ground.database.read(lambda connection: rows.find_group(connection, app.number, group_id))

    async def detail(
        self, principal: Principal, workspace_id: str, key: str, group_id: str, asked: CrashFilter
    ) -> Detail:
        """A group, and its errors in the time asked for. Problem `not-found`."""
        app = await self._app(principal, workspace_id, key)

        def read(connection: Connection) -> tuple[CrashGroup, list[Any], int | None]:
            group = rows.find_group(connection, app.number, group_id)
            releases = self._ground.catalogue.releases(connection, workspace_id, key)
            wanted = [one for one in releases if one.id == group.first_release or not group.first_release]
            begun = [one.started_at for one in wanted if one.code == group.first_code and one.started_at is not None]
            return group, rows.activities_of(connection, group.id), min(begun, default=None)

        group, activities, started_at = await self._ground.database.read(read)
        number, short = app.number, group.short
        figures, trend, versions, shares, persons = await asyncio.gather(
            self._ask(sql.figures(number, asked, short)),
            self._trend(number, asked, short),
            self._ask(sql.versions(number, asked, short)),
            self._ask(sql.shares(number, asked, short)),
            self._ask(sql.persons(number, asked, short)),
        )
        return Detail(
            group=group,
            figures=_figures(figures[0]) if figures else Figures(),
            trend=trend,
            versions=[_in_version(row) for row in versions],
            shares=[Share(*row) for row in shares],
            persons=[Affected(row[0], row[1], row[2] * 1000) for row in persons],
            activities=activities,
            release_started_at=started_at,
        )

    async def occurrences(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        group_id: str,
        asked: CrashFilter,
        *,
        before: tuple[int, str] | None = None,
        limit: int = 50,
    ) -> list[Occurrence]:
        """Errors of a group, the newest first; `before` has time (milliseconds) and id of the last one seen."""
        group = await self.get(principal, workspace_id, key, group_id)
        found = await self._ask(sql.occurrences(group.app, asked, group.short, before=before, limit=limit))
        return [_occurrence(row) for row in found]

    async def occurrence(
        self, principal: Principal, workspace_id: str, key: str, group_id: str, error_id: str
    ) -> Whole:
        """One error with its document. Problem `not-found`."""
        group = await self.get(principal, workspace_id, key, group_id)
        found = await self._ask(sql.whole(group.app, group.short, error_id[:200]))
        if not found:
            raise not_found("The error")
        *values, raw = found[0]
        try:
            read = document.decode(raw) if raw else None
        except msgspec.DecodeError:
            read = None
        return Whole(_occurrence(values), read, raw)

    async def members(self, principal: Principal, workspace_id: str) -> list[Member]:
        """Who may be in charge of a group."""
        check_permission(principal, workspace_id, "observe.read")
        return await self._ground.database.read(lambda connection: rows.members_of(connection, workspace_id))

    # deciding; `revision`: of the group as the principal saw it

    async def close(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        group_id: str,
        *,
        code: int | None = None,
        revision: int | None = None,
    ) -> CrashGroup:
        """It is mended: in the version `code`, or from now on in every version. When it happens again there, the group
        comes back as regressed."""
        if code is not None and not 0 < code <= _LONGEST_CODE:
            raise Problem("invalid", "A version code is a positive number.", errors=[("code", "1 or more")])
        values = {"state": GroupState.CLOSED, "closed_at": self._clock(), "closed_in": code}
        return await self._decide(
            principal, workspace_id, key, group_id, "closed", {**values, **_UNMUTED}, {"code": code}, revision
        )

    async def reopen(
        self, principal: Principal, workspace_id: str, key: str, group_id: str, *, revision: int | None = None
    ) -> CrashGroup:
        """It is neither mended nor muted."""
        values = {"state": GroupState.OPEN, **_UNCLOSED, **_UNMUTED}
        return await self._decide(principal, workspace_id, key, group_id, "opened", values, {}, revision)

    async def mute(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        group_id: str,
        *,
        until: int | None = None,
        more: int | None = None,
        revision: int | None = None,
    ) -> CrashGroup:
        """Nobody needs to look at it: until a time (microseconds), until it has happened so often more, or for ever.
        Problem `invalid`."""
        at = self._clock()
        if until is not None and more is not None:
            raise Problem("invalid", "Mute it until a time or a number of errors, not both.")
        if until is not None and not at < until <= at + _LONGEST_MUTE:
            sentence = "Choose a time ahead, at most ten years."
            raise Problem("invalid", sentence, errors=[("until", sentence)])
        if more is not None and not 0 < more <= _MOST_MORE:
            sentence = f"Choose 1 to {_MOST_MORE:,} errors."
            raise Problem("invalid", sentence, errors=[("more", sentence)])

        def values(group: CrashGroup) -> dict[str, Any]:
            above = None if more is None else group.occurrences + more
            return {"state": GroupState.MUTED, "muted_until": until, "muted_above": above, **_UNCLOSED}

        detail = {"until": until, "more": more}
        return await self._decide(principal, workspace_id, key, group_id, "muted", values, detail, revision)

    async def assign(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        group_id: str,
        user_id: str | None,
        *,
        revision: int | None = None,
    ) -> CrashGroup:
        """Say who is in charge: a member of the workspace, or nobody. Problem `invalid`."""

        def check(connection: Connection) -> dict[str, Any]:
            known = {one.id: one for one in rows.members_of(connection, workspace_id)}
            if user_id is not None and user_id not in known:
                sentence = "This person is no member of the workspace."
                raise Problem("invalid", sentence, "Choose one of its members.", errors=[("user", sentence)])
            return {"to": known[user_id].email if user_id is not None else None}

        return await self._decide(
            principal, workspace_id, key, group_id, "assigned", {"assigned_to": user_id}, check, revision
        )

    async def _decide(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        group_id: str,
        action: str,
        values: dict[str, Any] | Callable[[CrashGroup], dict[str, Any]],
        detail: dict[str, Any] | Callable[[Connection], dict[str, Any]],
        revision: int | None,
    ) -> CrashGroup:
        check_permission(principal, workspace_id, "observe.write")
        app = await self._apps.get(principal, workspace_id, key)

        def work(connection: Connection) -> CrashGroup:
            group = rows.find_group(connection, app.number, group_id)
            if revision is not None and revision != group.revision:
                raise Problem("conflict", "Somebody changed this crash group meanwhile.", "Look at it again.")
            said = detail(connection) if callable(detail) else detail
            changed = values(group) if callable(values) else values
            self._do_decide(connection, app, group, principal, action, changed, said)
            return rows.find_group(connection, app.number, group.id)

        return await self._ground.database.write(work)

    def _do_decide(
        self,
        connection: Connection,
        app: App,
        group: CrashGroup,
        principal: Principal,
        action: str,
        values: dict[str, Any],
        detail: dict[str, Any],
    ) -> None:
        connection.execute(
            update(crash_groups)
            .where(crash_groups.c.id == group.id)
            .values(**values, revision=crash_groups.c.revision + 1)
        )
        connection.execute(
            insert(crash_activities).values(
                id=new_id(),
                group_id=group.id,
                at=self._clock(),
                actor=principal.name,
                action=action,
                detail=detail,
            )
        )
        told = {"app": app.number, "crashes": app.key, "crash": group.id, "new": [], "regressed": [], "awake": []}
        append(connection, TOLD, app.workspace_id, told)
        self._ground.audit.append(
            connection, app.workspace_id, principal.name, f"crash.{action}", f"{app.key}/{group.id}", detail
        )

    # what all of them need

    async def _app(self, principal: Principal, workspace_id: str, key: str) -> App:
        check_permission(principal, workspace_id, "observe.read")
        return await self._apps.get(principal, workspace_id, key)

    async def _ask(self, statement: sql.Statement) -> list[list[Any]]:
        return (await self._insight.ask(statement.sql, statement.parameters)).rows

    async def _trends(self, app: int, asked: CrashFilter, keys: list[str], parts: int) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {short: [0] * parts for short in keys}
        for short, part, count, _ in await self._ask(sql.trends(app, asked, keys, parts)):
            if 0 <= part < parts:
                found[short][part] = count
        return found

    async def _trend(self, app: int, asked: CrashFilter, short: str) -> list[tuple[int, int, int]]:
        statement = sql.trends(app, asked, [short], TREND)
        since, step = statement.parameters["since"], statement.parameters["step"]
        counted = {part: (count, fatal) for _, part, count, fatal in await self._ask(statement)}
        parts = -(-(statement.parameters["until"] - since) // step)
        return [((since + part * step) * 1000, *counted.get(part, (0, 0))) for part in range(parts)]


_UNMUTED = {"muted_until": None, "muted_above": None}
_UNCLOSED = {"closed_at": None, "closed_in": None}


def _figures(values: list[int]) -> Figures:
    occurrences, persons, devices, fatal, first_at, last_at = values
    if not occurrences:
        return Figures()
    return Figures(occurrences, persons, devices, fatal, first_at * 1000, last_at * 1000)


def _in_version(row: list[Any]) -> InVersion:
    version, code, count, persons, first_at, last_at = row
    return InVersion(version, code, count, persons, first_at * 1000, last_at * 1000)


def _occurrence(row: list[Any]) -> Occurrence:
    error_id, at, *rest = row
    return Occurrence(error_id, at * 1000, *rest)
