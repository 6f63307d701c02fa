"""Pages of links for testers: made, shown as a QR code, ended."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, Service, ThePaging
from eden.base.identity.service import Identity
from eden.base.problems import Problem
from eden.release.addresses import code_of
from eden.release.api_programs import MadeAt
from eden.release.interfaces import ProgramKind
from eden.release.pages.desk import Desk, TheDesk
from eden.release.pages.kit import HERE, LARGEST_FORM
from eden.release.pages.mending import Filled, form_page, mistakes
from eden.release.pages.programs import drawing, opening_address
from eden.release.service_trials import MAX_LINKS

#: how long a link may work, days
_DAYS = ("1", "7", "14", "30", "90")
_DAY = 24 * 3600


@get(f"{HERE}/programs/{{program:str}}/trials", opt=needs("workspace.read"))
async def show_trials(desk: TheDesk, program: FromPath[str], paging: ThePaging) -> Response[bytes]:
    """Links of a program, the newest first."""
    found = await desk.service.programs.get(*desk.caller, program)
    before = paging.after(MadeAt)
    trials = await desk.service.trials.page(*desk.caller, program, before=before, limit=paging.limit + 1)
    shown = trials[: paging.limit]
    path = f"programs/{found.key}/trials"
    last = shown[-1] if len(trials) > paging.limit else None
    return desk.page(
        "release/trials.html",
        program=found,
        trials=shown,
        next=desk.following(path, (last.created_at, last.id)) if last else "",
        first=desk.url(path) if before else "",
    )


@get(f"{HERE}/programs/{{program:str}}/versions/{{code:str}}/trial", opt=needs("version.upload"))
async def show_new_trial(desk: TheDesk, program: FromPath[str], code: FromPath[str]) -> Response[bytes]:
    """The form of a link."""
    return await _new_trial(desk, program, code_of(code), Filled())


async def _new_trial(desk: Desk, program: str, code: int, filled: Filled) -> Response[bytes]:
    version = await desk.service.versions.get(*desk.caller, program, code)
    found = await desk.service.programs.get(*desk.caller, program)
    path = f"programs/{found.key}/versions/{code}/trial"
    return form_page(desk, path, "release/trial-new.html", filled, version=version, program=found, days=_DAYS)


@post(
    f"{HERE}/programs/{{program:str}}/versions/{{code:str}}/trial",
    opt=needs("version.upload"),
    request_max_body_size=LARGEST_FORM,
)
async def create_trial(desk: TheDesk, program: FromPath[str], code: FromPath[str]) -> Response[bytes]:
    """Make a link."""
    form = await desk.form()
    days = form.one("days")
    number = code_of(code)
    try:
        made = await desk.service.trials.create(
            *desk.caller,
            program,
            number,
            name=form.one("name"),
            seconds=int(days) * _DAY if days in _DAYS else 0,
            track="develop" if form.one("track") == "develop" else "trial",
        )
    except Problem as problem:
        if problem.code not in ("invalid", "conflict", "version-state"):
            raise
        errors = mistakes(problem, desk, "name")
        if problem.code == "conflict":
            errors = [("", desk.t("release.trial.too-many", count=MAX_LINKS))]
        return await _new_trial(desk, program, number, Filled(form, errors))
    return desk.go(f"trials/{made.id}", desk.t("release.trial.made", name=made.name))


@get(f"{HERE}/trials/{{trial:str}}", opt=needs("workspace.read"))
async def show_trial(desk: TheDesk, trial: FromPath[str], identity: Service[Identity]) -> Response[bytes]:
    """One link, with its QR code."""
    found = await desk.service.trials.get(*desk.caller, trial)
    program = await desk.service.programs.get(*desk.caller, found.program)
    address = ""
    if found.token and found.expires_at > desk.view.now and program.kind is ProgramKind.MINIPROGRAM:
        address = opening_address(desk, identity, found.program, found.token)
    return desk.page(
        "release/trial.html",
        trial=found,
        program=program,
        address=address,
        qr=drawing(address) if address else None,
    )


@post(f"{HERE}/trials/{{trial:str}}/revoke", opt=needs("version.upload"), request_max_body_size=LARGEST_FORM)
async def revoke_trial(desk: TheDesk, trial: FromPath[str]) -> Response[bytes]:
    """End a link."""
    found = await desk.service.trials.revoke(*desk.caller, trial)
    return desk.go(f"programs/{found.program}/trials", desk.t("release.trial.ended", name=found.name))


HANDLERS: tuple[Any, ...] = (show_trials, show_new_trial, create_trial, show_trial, revoke_trial)
