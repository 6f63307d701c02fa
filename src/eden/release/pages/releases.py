"""Pages of all releases of a workspace, or of one program: what runs now, and what came before."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get

from eden.base.api.access import needs
from eden.base.api.handlers import (
    AnyRequest,
    QueryParameter,
    Service,
    ThePaging,
    ThePrincipal,
    TheWorkspaceId,
)
from eden.console.frame import Console
from eden.console.http import respond
from eden.console.view import ViewContext
from eden.release.api_programs import MadeAt
from eden.release.pages.kit import HERE, page_address
from eden.release.pages.states import TONES
from eden.release.service import ReleaseService

#: releases that run at once and are shown; one for each program at most
_RUNNING = 200

ProgramKey = Annotated[str, QueryParameter(name="program", max_length=64)]


@get(f"{HERE}/releases", opt=needs("workspace.read"))
async def show_releases(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    paging: ThePaging,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
    program: ProgramKey = "",
) -> Response[bytes]:
    """Those that run first, then the others, newest first."""
    before = paging.after(MadeAt)
    key = program or None
    releases = release_service.releases
    running = []
    if before is None:
        running = await releases.page(principal, workspace_id, program_key=key, running=True, limit=_RUNNING)
    found = await releases.page(
        principal, workspace_id, program_key=key, running=False, before=before, limit=paging.limit + 1
    )
    others = found[: paging.limit]
    query = {"program": program} if program else {}
    last = others[-1] if len(found) > paging.limit else None
    return respond(
        request,
        console,
        view,
        "release/releases.html",
        block="list",
        program=program,
        running=running,
        others=others,
        tones=TONES,
        next="" if last is None else page_address(view, "releases", (last.created_at, last.release.id), **query),
        first=view.url(f"releases?program={program}" if program else "releases") if before else "",
    )


HANDLERS: tuple[Any, ...] = (show_releases,)
