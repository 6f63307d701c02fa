"""Releases over HTTP: drafts, plans, every verb, what happened."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar import Controller, delete, get, post, put
from msgspec import Meta

from eden.base.api.access import needs
from eden.base.api.handlers import (
    FromPath,
    JSONBody,
    Page,
    QueryParameter,
    Service,
    ThePaging,
    ThePrincipal,
    TheWorkspaceId,
)
from eden.base.api.times import microseconds
from eden.release.api_programs import MadeAt
from eden.release.interfaces import Verb
from eden.release.service import ReleaseService
from eden.release.wire import (
    Act,
    Advance,
    CountsView,
    CountView,
    EventView,
    NewRelease,
    PlanChange,
    ReleaseView,
)

_RevisionKey = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Seen = Annotated[int, QueryParameter(name="revision", ge=0, le=2**31 - 1, description="Of the release as you saw it.")]


class ReleasesController(Controller):
    """Releases: a version on its way to its users."""

    path = "/api/v1/workspaces/{workspace:str}/releases"
    tags = ("releases",)

    @get(opt=needs("workspace.read"))
    async def list_releases(
        self,
        principal: ThePrincipal,
        workspace_id: TheWorkspaceId,
        release_service: Service[ReleaseService],
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
            principal,
            workspace_id,
            program_key=program,
            running=running or None,
            before=paging.after(MadeAt),
            limit=paging.limit + 1,
        )
        return paging.page(found, lambda info: (info.created_at, info.release.id), ReleaseView.of)

    @post(opt=needs("release.operate"))
    async def create_release(
        self,
        principal: ThePrincipal,
        workspace_id: TheWorkspaceId,
        release_service: Service[ReleaseService],
        data: JSONBody[NewRelease],
    ) -> ReleaseView:
        """Draft a release of a version; it begins with `start`."""
        made = await release_service.releases.create(
            principal, workspace_id, data.program, data.code, data.plan, data.notes
        )
        return ReleaseView.of(made)

    @get("/{release:str}", opt=needs("workspace.read"))
    async def get_release(
        self,
        principal: ThePrincipal,
        workspace_id: TheWorkspaceId,
        release_service: Service[ReleaseService],
        release: FromPath[str],
    ) -> ReleaseView:
        """One release, with what is possible now and what the guardrails say."""
        return ReleaseView.of(await release_service.releases.get(principal, workspace_id, release))

    @put("/{release:str}/plan", opt=needs("release.operate"))
    async def set_release_plan(
        self,
        principal: ThePrincipal,
        workspace_id: TheWorkspaceId,
        release_service: Service[ReleaseService],
        release: FromPath[str],
        data: JSONBody[PlanChange],
    ) -> ReleaseView:
        """Another plan; steps that have begun stay as they are."""
        changed = await release_service.releases.change_plan(
            principal, workspace_id, release, data.plan, revision=data.revision, reason=data.reason
        )
        return ReleaseView.of(changed)

    @delete("/{release:str}", opt=needs("release.operate"))
    async def discard_release(
        self,
        principal: ThePrincipal,
        workspace_id: TheWorkspaceId,
        release_service: Service[ReleaseService],
        release: FromPath[str],
        revision: Seen,
    ) -> None:
        """Remove a draft."""
        await release_service.releases.discard(principal, workspace_id, release, revision=revision)

    @get("/{release:str}/events", opt=needs("workspace.read"))
    async def list_release_events(
        self,
        principal: ThePrincipal,
        workspace_id: TheWorkspaceId,
        release_service: Service[ReleaseService],
        release: FromPath[str],
        paging: ThePaging,
    ) -> Page[EventView]:
        """What happened to a release, newest first."""
        found = await release_service.releases.events(
            principal, workspace_id, release, below=paging.after(_RevisionKey), limit=paging.limit + 1
        )
        return paging.page(found, lambda event: event.revision, EventView.of)

    @get("/{release:str}/counts", opt=needs("workspace.read"))
    async def get_release_counts(
        self,
        principal: ThePrincipal,
        workspace_id: TheWorkspaceId,
        release_service: Service[ReleaseService],
        release: FromPath[str],
        since: Annotated[datetime | None, QueryParameter(name="since", description="Not before (RFC 3339).")] = None,
        until: Annotated[datetime | None, QueryParameter(name="until", description="Before (RFC 3339).")] = None,
    ) -> CountsView:
        """What devices reported, by arm: minutes of the last two days, hours before that."""
        found = await release_service.reports.of_release(
            principal,
            workspace_id,
            release,
            since=microseconds(since) or 0,
            until=2**62 if until is None else microseconds(until),
        )
        return CountsView(items=[CountView.of(row) for row in found])

    # verbs

    @post("/{release:str}/start", opt=needs("release.operate"), status_code=200)
    async def start_release(
        self,
        principal: ThePrincipal,
        workspace_id: TheWorkspaceId,
        release_service: Service[ReleaseService],
        release: FromPath[str],
        data: JSONBody[Act],
    ) -> ReleaseView:
        """Begin the first step of a draft."""
        return await _act(release_service, principal, workspace_id, release, Verb.START, data)

    @post("/{release:str}/advance", opt=needs("release.operate"), status_code=200)
    async def advance_release(
        self,
        principal: ThePrincipal,
        workspace_id: TheWorkspaceId,
        release_service: Service[ReleaseService],
        release: FromPath[str],
        data: JSONBody[Advance],
    ) -> ReleaseView:
        """Go to the next step, or to a later one."""
        return await _act(release_service, principal, workspace_id, release, Verb.ADVANCE, data, data.step)

    @post("/{release:str}/pause", opt=needs("release.emergency"), status_code=200)
    async def pause_release(
        self,
        principal: ThePrincipal,
        workspace_id: TheWorkspaceId,
        release_service: Service[ReleaseService],
        release: FromPath[str],
        data: JSONBody[Act],
    ) -> ReleaseView:
        """Let the audience stay as it is: it is still offered the version, but does not grow."""
        return await _act(release_service, principal, workspace_id, release, Verb.PAUSE, data)

    @post("/{release:str}/resume", opt=needs("release.operate"), status_code=200)
    async def resume_release(
        self,
        principal: ThePrincipal,
        workspace_id: TheWorkspaceId,
        release_service: Service[ReleaseService],
        release: FromPath[str],
        data: JSONBody[Act],
    ) -> ReleaseView:
        """Go on after a pause."""
        return await _act(release_service, principal, workspace_id, release, Verb.RESUME, data)

    @post("/{release:str}/halt", opt=needs("release.emergency"), status_code=200)
    async def halt_release(
        self,
        principal: ThePrincipal,
        workspace_id: TheWorkspaceId,
        release_service: Service[ReleaseService],
        release: FromPath[str],
        data: JSONBody[Act],
    ) -> ReleaseView:
        """Offer the version to nobody else; who has it keeps it."""
        return await _act(release_service, principal, workspace_id, release, Verb.HALT, data)

    @post("/{release:str}/roll-back", opt=needs("release.emergency"), status_code=200)
    async def roll_back_release(
        self,
        principal: ThePrincipal,
        workspace_id: TheWorkspaceId,
        release_service: Service[ReleaseService],
        release: FromPath[str],
        data: JSONBody[Act],
    ) -> ReleaseView:
        """Take the version back: who has it returns to the stable one."""
        return await _act(release_service, principal, workspace_id, release, Verb.ROLL_BACK, data)

    @post("/{release:str}/roll-forward", opt=needs("release.operate"), status_code=200)
    async def roll_forward_release(
        self,
        principal: ThePrincipal,
        workspace_id: TheWorkspaceId,
        release_service: Service[ReleaseService],
        release: FromPath[str],
        data: JSONBody[Act],
    ) -> ReleaseView:
        """Go on after a halt or a roll-back, at the same step with the same devices."""
        return await _act(release_service, principal, workspace_id, release, Verb.ROLL_FORWARD, data)

    @post("/{release:str}/finish", opt=needs("release.operate"), status_code=200)
    async def finish_release(
        self,
        principal: ThePrincipal,
        workspace_id: TheWorkspaceId,
        release_service: Service[ReleaseService],
        release: FromPath[str],
        data: JSONBody[Act],
    ) -> ReleaseView:
        """Make the version stable: from now on everyone gets it."""
        return await _act(release_service, principal, workspace_id, release, Verb.FINISH, data)


async def _act(
    release_service: ReleaseService,
    principal: ThePrincipal,
    workspace_id: str,
    release: str,
    verb: Verb,
    data: Act,
    step: int | None = None,
) -> ReleaseView:
    info = await release_service.releases.act(
        principal, workspace_id, release, verb, revision=data.revision, reason=data.reason, step=step
    )
    return ReleaseView.of(info)


CONTROLLERS = (ReleasesController,)
