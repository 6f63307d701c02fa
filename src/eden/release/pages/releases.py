"""Pages of all releases of a workspace, or of one program: what runs now, and what came before."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get

from eden.base.api.access import needs
from eden.base.api.handlers import QueryParameter, ThePaging
from eden.release.api_programs import MadeAt
from eden.release.pages.desk import TheDesk
from eden.release.pages.kit import HERE
from eden.release.pages.states import TONES

#: releases that run at once and are shown; one for each program at most
_RUNNING = 200

ProgramKey = Annotated[str, QueryParameter(name="program", max_length=64)]


@get(f"{HERE}/releases", opt=needs("workspace.read"))
async def show_releases(desk: TheDesk, paging: ThePaging, program: ProgramKey = "") -> Response[bytes]:
    """Those that run first, then the others, newest first."""
    before = paging.after(MadeAt)
    key = program or None
    releases = desk.service.releases
    running = []
    if before is None:
        running = await releases.page(*desk.caller, program_key=key, running=True, limit=_RUNNING)
    found = await releases.page(*desk.caller, program_key=key, running=False, before=before, limit=paging.limit + 1)
    others = found[: paging.limit]
    last = others[-1] if len(found) > paging.limit else None
    return desk.page(
        "release/releases.html",
        block="list",
        program=program,
        running=running,
        others=others,
        tones=TONES,
        next="" if last is None else desk.following("releases", (last.created_at, last.release.id), program=program),
        first=desk.url("releases", program=program) if before else "",
    )


HANDLERS: tuple[Any, ...] = (show_releases,)
