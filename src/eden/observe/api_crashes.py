"""Crash groups over HTTP: lists, details, single errors, decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import Controller, get, post, put
from msgspec import Meta

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, JSONBody, Page, QueryParameter, Service, TheCaller, ThePaging
from eden.base.api.paging import encode_cursor
from eden.base.api.times import microseconds
from eden.base.problems import Problem
from eden.observe.crashes.interfaces import CrashFilter, CrashSort
from eden.observe.crashes.rules import GroupState
from eden.observe.crashes.wire import CrashDetailView, CrashGroupView, CrashListView, ErrorView, OccurrenceView
from eden.observe.service import Observe

TAGS = {"crashes": "Errors and crashes of mini programs, in groups."}

TheObserve: TypeAlias = Service[Observe]
_ROOT = "/api/v1/workspaces/{workspace:str}/observe/apps/{key:str}/crashes"
#: without a beginning: what is kept of errors by default
_USUAL = 90 * 24 * 3600 * 1_000_000
Revision: TypeAlias = Annotated[int, Meta(ge=1, le=2**31 - 1)]

Since = Annotated[datetime | None, QueryParameter(name="since", description="From this time on; default: 90 days ago.")]
Until = Annotated[datetime | None, QueryParameter(name="until", description="Before this time; default: now.")]
State = Annotated[GroupState | None, QueryParameter(name="state", description="Groups in this state.")]
Fatal = Annotated[
    bool | None, QueryParameter(name="fatal", description="Errors that ended the program, or those that did not.")
]
Text = Annotated[str, QueryParameter(name="text", max_length=200, description="Words in title or place.")]
Version = Annotated[str, QueryParameter(name="version", max_length=80, description="Errors of this version.")]
Release = Annotated[str, QueryParameter(name="release", max_length=36, description="Errors of this release.")]
Person = Annotated[
    str, QueryParameter(name="person", max_length=256, description="Errors of this person: a user's or device's id.")
]
Assigned = Annotated[
    str, QueryParameter(name="assigned_to", max_length=36, description="Groups that this user is in charge of.")
]
Sort = Annotated[CrashSort, QueryParameter(name="sort", description="The largest or newest first.")]


class Given(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a client sends. `revision`: of the group as you saw it; 409 when it has changed since."""

    revision: Revision | None = None


class CrashClose(Given):
    """It is mended: in the version with the code `code`, or without one: from now on."""

    code: Annotated[int, Meta(ge=1, le=2**53 - 1)] | None = None


class CrashMute(Given):
    """Nobody needs to look at it: until a time, until it has happened `more` times, or (with neither) for ever."""

    until: datetime | None = None
    more: Annotated[int, Meta(ge=1, le=10**9)] | None = None


class CrashReopen(Given):
    """It is neither mended nor muted."""


class CrashAssign(Given):
    """Who is in charge: a member's user id, or null for nobody."""

    user_id: Annotated[str, Meta(max_length=36)] | None


def _asked(observe: Observe, since: datetime | None, until: datetime | None, **more: Any) -> CrashFilter:
    """Problem `invalid` when the time ends before it begins."""
    end = microseconds(until) if until is not None else observe.clock()
    begin = microseconds(since) if since is not None else end - _USUAL
    if begin >= end:
        raise Problem("invalid", "The time ends before it begins.", errors=[("until", "a time after since")])
    return CrashFilter(since=begin, until=end, **more)


class CrashesController(Controller):
    """Groups of errors, counted in a time."""

    path = _ROOT
    tags = ("crashes",)

    @get(opt=needs("observe.read"))
    async def list_crash_groups(
        self,
        caller: TheCaller,
        observe: TheObserve,
        paging: ThePaging,
        key: FromPath[str],
        since: Since = None,
        until: Until = None,
        in_state: State = None,
        fatal: Fatal = None,
        text: Text = "",
        version: Version = "",
        release: Release = "",
        person: Person = "",
        assigned_to: Assigned = "",
        sort: Sort = CrashSort.LAST_SEEN,
    ) -> Page[CrashListView]:
        """Groups with errors in a time (default: 90 days)."""
        asked = _asked(
            observe, since, until, state=in_state, fatal=fatal, text=text, version=version, release=release,
            person=person, assigned_to=assigned_to,
        )  # fmt: skip
        found, following = await observe.crashes.page(
            *caller, key, asked, sort, before=_position(paging), limit=paging.limit
        )
        cursor = encode_cursor(following) if following is not None else None
        return Page([CrashListView.of(line) for line in found], cursor)

    @get("/{group_id:str}", opt=needs("observe.read"))
    async def get_crash_group(
        self,
        caller: TheCaller,
        observe: TheObserve,
        key: FromPath[str],
        group_id: FromPath[str],
        since: Since = None,
        until: Until = None,
        version: Version = "",
        person: Person = "",
    ) -> CrashDetailView:
        """One group: errors over time, by version, device and system, persons, and what was decided."""
        asked = _asked(observe, since, until, version=version, person=person)
        return CrashDetailView.of(await observe.crashes.detail(*caller, key, group_id, asked))

    @get("/{group_id:str}/errors", opt=needs("observe.read"))
    async def list_crash_errors(
        self,
        caller: TheCaller,
        observe: TheObserve,
        paging: ThePaging,
        key: FromPath[str],
        group_id: FromPath[str],
        since: Since = None,
        until: Until = None,
        version: Version = "",
        person: Person = "",
    ) -> Page[OccurrenceView]:
        """The errors of a group, the newest first."""
        asked = _asked(observe, since, until, version=version, person=person)
        before = paging.after(tuple[int, str])
        found = await observe.crashes.occurrences(*caller, key, group_id, asked, before=before, limit=paging.limit + 1)
        return paging.page(found, lambda one: (one.at // 1000, one.id), OccurrenceView.of)

    @get("/{group_id:str}/errors/{error_id:str}", opt=needs("observe.read"))
    async def get_crash_error(
        self,
        caller: TheCaller,
        observe: TheObserve,
        key: FromPath[str],
        group_id: FromPath[str],
        error_id: FromPath[str],
    ) -> ErrorView:
        """One error with its frames, breadcrumbs and contexts."""
        return ErrorView.of(await observe.crashes.occurrence(*caller, key, group_id, error_id))

    @post("/{group_id:str}/close", opt=needs("observe.write"), status_code=200)
    async def close_crash_group(
        self,
        caller: TheCaller,
        observe: TheObserve,
        key: FromPath[str],
        group_id: FromPath[str],
        data: JSONBody[CrashClose],
    ) -> CrashGroupView:
        """Say that it is mended; it comes back as regressed when it happens again."""
        found = await observe.crashes.close(*caller, key, group_id, code=data.code, revision=data.revision)
        return CrashGroupView.of(found)

    @post("/{group_id:str}/mute", opt=needs("observe.write"), status_code=200)
    async def mute_crash_group(
        self,
        caller: TheCaller,
        observe: TheObserve,
        key: FromPath[str],
        group_id: FromPath[str],
        data: JSONBody[CrashMute],
    ) -> CrashGroupView:
        """Leave it alone for a while, or for ever."""
        found = await observe.crashes.mute(
            *caller, key, group_id, until=microseconds(data.until), more=data.more, revision=data.revision
        )
        return CrashGroupView.of(found)

    @post("/{group_id:str}/reopen", opt=needs("observe.write"), status_code=200)
    async def reopen_crash_group(
        self,
        caller: TheCaller,
        observe: TheObserve,
        key: FromPath[str],
        group_id: FromPath[str],
        data: JSONBody[CrashReopen],
    ) -> CrashGroupView:
        """It is neither mended nor muted."""
        return CrashGroupView.of(await observe.crashes.reopen(*caller, key, group_id, revision=data.revision))

    @put("/{group_id:str}/assignment", opt=needs("observe.write"))
    async def assign_crash_group(
        self,
        caller: TheCaller,
        observe: TheObserve,
        key: FromPath[str],
        group_id: FromPath[str],
        data: JSONBody[CrashAssign],
    ) -> CrashGroupView:
        """Say who is in charge of it."""
        found = await observe.crashes.assign(*caller, key, group_id, data.user_id, revision=data.revision)
        return CrashGroupView.of(found)


_Position: TypeAlias = tuple[int, Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$")]]


def _position(paging: ThePaging) -> tuple[int, str] | None:
    found: tuple[int, str] | None = paging.after(_Position)
    return found


CONTROLLERS = (CrashesController,)
