"""Releases over HTTP: drafts, plans, every verb, what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

from litestar import Controller, delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, JSONBody, Page, QueryParameter, TheCaller, ThePaging
from eden.base.api.times import microseconds
from eden.release.api_programs import MadeAt, Releasing
from eden.release.interfaces import Verb
from eden.release.service_releases import permission_of
from eden.release.wire_releases import (
    Act,
    Advance,
    CountsView,
    CountView,
    EventView,
    NewRelease,
    PlanChange,
    ReleaseView,
)

#: of the path
_Id: TypeAlias = FromPath[str]
_RevisionKey = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Seen = Annotated[int, QueryParameter(name="revision", ge=0, le=2**31 - 1, description="Of the release as you saw it.")]


def _verb(verb: Verb, text: str) -> HTTPRouteHandler:
    """The route of a verb that takes nothing but what every verb takes."""

    async def act(
        self: Controller, caller: TheCaller, release_service: Releasing, release: _Id, data: JSONBody[Act]
    ) -> ReleaseView:
        info = await release_service.releases.act(*caller, release, verb, revision=data.revision, reason=data.reason)
        return ReleaseView.of(info)

    act.__name__, act.__doc__ = f"{verb}_release", text
    word = verb.replace("_", "-")
    return post(f"/{{release:str}}/{word}", opt=needs(permission_of(verb)), status_code=200)(act)


class ReleasesController(Controller):
    """Releases: a version on its way to its users."""

    path = "/api/v1/workspaces/{workspace:str}/releases"
    tags = ("releases",)

    @get(opt=needs("workspace.read"))
    async def list_releases(
        self,
        caller: TheCaller,
        release_service: Releasing,
        paging: ThePaging,
        program: Annotated[
            str | None, QueryParameter(name="program", max_length=64, description="Only of this program.")
        ] = None,
        running: Annotated[
            bool, QueryParameter(name="running", description="Only those that offer a version.")
        ] = False,
    ) -> Page[ReleaseView]:
        """The releases, newest first."""
        found = await release_service.releases.page(
            *caller, program_key=program, running=running or None, before=paging.after(MadeAt), limit=paging.limit + 1
        )
        return paging.page(found, lambda info: (info.created_at, info.release.id), ReleaseView.of)

    @post(opt=needs("release.operate"))
    async def create_release(
        self, caller: TheCaller, release_service: Releasing, data: JSONBody[NewRelease]
    ) -> ReleaseView:
        """Draft a release of a version; it begins with `start`."""
        made = await release_service.releases.create(*caller, data.program, data.code, data.plan, data.notes)
        return ReleaseView.of(made)

    @get("/{release:str}", opt=needs("workspace.read"))
    async def get_release(self, caller: TheCaller, release_service: Releasing, release: _Id) -> ReleaseView:
        """One release, with what is possible now and what the guardrails say."""
        return ReleaseView.of(await release_service.releases.get(*caller, release))

    @put("/{release:str}/plan", opt=needs("release.operate"))
    async def set_release_plan(
        self, caller: TheCaller, release_service: Releasing, release: _Id, data: JSONBody[PlanChange]
    ) -> ReleaseView:
        """Another plan; steps that have begun stay as they are."""
        changed = await release_service.releases.change_plan(
            *caller, release, data.plan, revision=data.revision, reason=data.reason
        )
        return ReleaseView.of(changed)

    @delete("/{release:str}", opt=needs("release.operate"))
    async def discard_release(
        self, caller: TheCaller, release_service: Releasing, release: _Id, revision: Seen
    ) -> None:
        """Remove a draft."""
        await release_service.releases.discard(*caller, release, revision=revision)

    @get("/{release:str}/events", opt=needs("workspace.read"))
    async def list_release_events(
        self, caller: TheCaller, release_service: Releasing, release: _Id, paging: ThePaging
    ) -> Page[EventView]:
        """What happened to a release, newest first."""
        found = await release_service.releases.events(
            *caller, release, below=paging.after(_RevisionKey), limit=paging.limit + 1
        )
        return paging.page(found, lambda event: event.revision, EventView.of)

    @get("/{release:str}/counts", opt=needs("workspace.read"))
    async def get_release_counts(
        self,
        caller: TheCaller,
        release_service: Releasing,
        release: _Id,
        since: Annotated[datetime | None, QueryParameter(name="since", description="Not before (RFC 3339).")] = None,
        until: Annotated[datetime | None, QueryParameter(name="until", description="Before (RFC 3339).")] = None,
    ) -> CountsView:
        """What devices reported, by arm: minutes of the last two days, hours before that."""
        found = await release_service.reports.of_release(
            *caller,
            release,
            since=microseconds(since) or 0,
            until=2**62 if until is None else microseconds(until),
        )
        return CountsView(items=[CountView.of(row) for row in found])

    # verbs

    @post("/{release:str}/advance", opt=needs(permission_of(Verb.ADVANCE)), status_code=200)
    async def advance_release(
        self, caller: TheCaller, release_service: Releasing, release: _Id, data: JSONBody[Advance]
    ) -> ReleaseView:
        """Go to the next step, or to a later one."""
        info = await release_service.releases.act(
            *caller, release, Verb.ADVANCE, revision=data.revision, reason=data.reason, step=data.step
        )
        return ReleaseView.of(info)

    start_release = _verb(Verb.START, "Begin the first step of a draft.")
    pause_release = _verb(
        Verb.PAUSE, "Let the audience stay as it is: it is still offered the version, but does not grow."
    )
    resume_release = _verb(Verb.RESUME, "Go on after a pause.")
    halt_release = _verb(Verb.HALT, "Offer the version to nobody else; who has it keeps it.")
    roll_back_release = _verb(Verb.ROLL_BACK, "Take the version back: who has it returns to the stable one.")
    roll_forward_release = _verb(
        Verb.ROLL_FORWARD, "Go on after a halt or a roll-back, at the same step with the same devices."
    )
    finish_release = _verb(Verb.FINISH, "Make the version stable: from now on everyone gets it.")


CONTROLLERS = (ReleasesController,)
