"""Pages of links for testers: made, shown as a QR code, ended."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.api.handlers import AnyRequest, FromPath, Service, ThePaging, ThePrincipal, TheWorkspaceId
from eden.base.identity.service import Identity
from eden.base.problems import Problem
from eden.console.frame import Console
from eden.console.http import redirect, respond
from eden.console.view import Flash, ViewContext
from eden.release.api_programs import MadeAt
from eden.release.interfaces import ProgramKind
from eden.release.pages.addresses import code_of
from eden.release.pages.kit import HERE, LARGEST_FORM, page_address, read_form
from eden.release.pages.mending import Filled, mend, mistakes
from eden.release.pages.programs import drawing, opening_address
from eden.release.service import ReleaseService

#: how long a link may work, days
_DAYS = ("1", "7", "14", "30", "90")
_DAY = 24 * 3600


@get(f"{HERE}/programs/{{program:str}}/trials", opt=needs("workspace.read"))
async def show_trials(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    program: FromPath[str],
    paging: ThePaging,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Links of a program, the newest first."""
    found = await release_service.programs.get(principal, workspace_id, program)
    before = paging.after(MadeAt)
    trials = await release_service.trials.page(principal, workspace_id, program, before=before, limit=paging.limit + 1)
    shown = trials[: paging.limit]
    path = f"programs/{found.key}/trials"
    last = shown[-1] if len(trials) > paging.limit else None
    return respond(
        request,
        console,
        view,
        "release/trials.html",
        program=found,
        trials=shown,
        next=page_address(view, path, (last.created_at, last.id)) if last else "",
        first=view.url(path) if before else "",
    )


@get(f"{HERE}/programs/{{program:str}}/versions/{{code:str}}/trial", opt=needs("version.upload"))
async def show_new_trial(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    program: FromPath[str],
    code: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """The form of a link."""
    version = await release_service.versions.get(principal, workspace_id, program, code_of(code))
    return respond(request, console, view, "release/trial-new.html", filled=Filled(), version=version, days=_DAYS)


@post(
    f"{HERE}/programs/{{program:str}}/versions/{{code:str}}/trial",
    opt=needs("version.upload"),
    request_max_body_size=LARGEST_FORM,
)
async def create_trial(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    program: FromPath[str],
    code: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Make a link."""
    form = await read_form(request)
    days = form.one("days")
    number = code_of(code)
    try:
        made = await release_service.trials.create(
            principal,
            workspace_id,
            program,
            number,
            name=form.one("name"),
            seconds=int(days) * _DAY if days in _DAYS else 0,
            track="develop" if form.one("track") == "develop" else "trial",
        )
    except Problem as problem:
        if problem.code not in ("invalid", "conflict", "version-state"):
            raise
        version = await release_service.versions.get(principal, workspace_id, program, number)
        filled = Filled(form, mistakes(problem, console, view))
        return mend(request, console, view, "release/trial-new.html", filled, version=version, days=_DAYS)
    t = console.translator(view)
    return redirect(request, view.url(f"trials/{made.id}"), Flash("good", t("release.trial.made", name=made.name)))


@get(f"{HERE}/trials/{{trial:str}}", opt=needs("workspace.read"))
async def show_trial(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    trial: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    identity: Service[Identity],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """One link, with its QR code."""
    found = await release_service.trials.get(principal, workspace_id, trial)
    program = await release_service.programs.get(principal, workspace_id, found.program)
    address = ""
    if found.token and found.expires_at > view.now and program.kind is ProgramKind.MINIPROGRAM:
        address = opening_address(request, identity, view, found.program, found.token)
    return respond(
        request,
        console,
        view,
        "release/trial.html",
        trial=found,
        program=program,
        address=address,
        qr=drawing(address) if address else None,
    )


@post(f"{HERE}/trials/{{trial:str}}/revoke", opt=needs("version.upload"), request_max_body_size=LARGEST_FORM)
async def revoke_trial(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    trial: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """End a link."""
    found = await release_service.trials.revoke(principal, workspace_id, trial)
    t = console.translator(view)
    return redirect(
        request, view.url(f"programs/{found.program}/trials"), Flash("good", t("release.trial.ended", name=found.name))
    )


HANDLERS: tuple[Any, ...] = (show_trials, show_new_trial, create_trial, show_trial, revoke_trial)
