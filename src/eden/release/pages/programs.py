"""Pages of programs: what there is to release, and which versions phones run."""

from __future__ import annotations

from typing import Annotated, Any

import segno
from litestar import Response, get, post
from litestar.params import QueryParameter
from markupsafe import Markup

from eden.base.api.access import needs
from eden.base.api.handlers import AnyRequest, FromPath, Service, ThePaging, ThePrincipal, TheWorkspaceId
from eden.base.identity.principal import Principal
from eden.base.identity.service import Identity
from eden.base.problems import Problem
from eden.console.frame import Console
from eden.console.http import redirect, respond
from eden.console.plots import Plot, Series
from eden.console.view import Flash, ViewContext
from eden.release.interfaces import ProgramKind
from eden.release.pages.kit import HERE, LARGEST_FORM, page_address, read_form, standing_at
from eden.release.pages.mending import Filled, mend, mistakes
from eden.release.pages.states import TONES
from eden.release.service import ReleaseService
from eden.release.service_overview import Adoption

_PROGRAMS = 25
_VERSIONS = 20

SearchText = Annotated[str, QueryParameter(name="q", max_length=100)]
ProgramKey = FromPath[str]


@get(f"{HERE}/programs", opt=needs("workspace.read"))
async def show_programs(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    paging: ThePaging,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
    q: SearchText = "",
) -> Response[bytes]:
    """All programs: what is stable, what runs, who has it."""
    text = "".join(character for character in q if character.isprintable()).strip()
    after = paging.after(str)
    found = await release_service.overviews.programs(
        principal, workspace_id, text=text, after=after, limit=_PROGRAMS + 1
    )
    more = len(found) > _PROGRAMS
    query = {"q": text} if text else {}
    return respond(
        request,
        console,
        view,
        "release/programs.html",
        lines=found[:_PROGRAMS],
        text=text,
        tones=TONES,
        next=page_address(view, "programs", found[_PROGRAMS - 1].program.key, **query) if more else "",
        first=view.url("programs") if after else "",
    )


@get(f"{HERE}/new-program", opt=needs("program.write"))
async def show_new_program(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """The form of a program."""
    hosts = await _hosts(release_service, principal, workspace_id, console, view)
    return respond(
        request, console, view, "release/program-new.html", filled=Filled(), hosts=hosts, kinds=[*ProgramKind]
    )


@post(f"{HERE}/programs", opt=needs("program.write"), request_max_body_size=LARGEST_FORM)
async def create_program(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Add a program."""
    form = await read_form(request)
    kind = form.one("kind")
    try:
        if kind not in set(ProgramKind):
            raise Problem("invalid", "Choose a kind.", errors=[("kind", "Choose one of these.")])
        made = await release_service.programs.create(
            principal,
            workspace_id,
            key=form.one("key"),
            kind=ProgramKind(kind),
            name=form.one("name"),
            description=form.one("description"),
            host_app=form.one("host_app") or None,
        )
    except Problem as problem:
        filled = Filled(form, mistakes(problem, console, view, "key"))
        hosts = await _hosts(release_service, principal, workspace_id, console, view)
        here = standing_at(view, "new-program")
        return mend(request, console, here, "release/program-new.html", filled, hosts=hosts, kinds=[*ProgramKind])
    t = console.translator(view)
    return redirect(request, view.url(f"programs/{made.key}"), Flash("good", t("release.program.made", name=made.name)))


@get(f"{HERE}/programs/{{program:str}}", opt=needs("workspace.read"))
async def show_program(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    program: ProgramKey,
    paging: ThePaging,
    view: Service[ViewContext],
    console: Service[Console],
    identity: Service[Identity],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """One program: its versions, its release, and the versions on phones."""
    found, running = await release_service.overviews.program(principal, workspace_id, program)
    below = paging.after(int)
    versions = await release_service.versions.page(principal, workspace_id, program, below=below, limit=_VERSIONS + 1)
    more = len(versions) > _VERSIONS
    adoption = await release_service.overviews.adoption(principal, workspace_id, program)
    path = f"programs/{found.key}"
    address = opening_address(request, identity, view, found.key) if found.kind is ProgramKind.MINIPROGRAM else ""
    return respond(
        request,
        console,
        view,
        "release/program.html",
        program=found,
        running=running,
        versions=versions[:_VERSIONS],
        tones=TONES,
        plot=_plot(console, view, adoption) if adoption.total else None,
        address=address,
        qr=drawing(address) if address else None,
        next=page_address(view, path, versions[_VERSIONS - 1].code) if more else "",
        first=view.url(path) if below is not None else "",
    )


@get(f"{HERE}/programs/{{program:str}}/edit", opt=needs("program.write"))
async def show_program_form(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    program: ProgramKey,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Name, description, host app."""
    found = await release_service.programs.get(principal, workspace_id, program)
    hosts = await _hosts(release_service, principal, workspace_id, console, view)
    return respond(request, console, view, "release/program-edit.html", filled=Filled(), program=found, hosts=hosts)


@post(f"{HERE}/programs/{{program:str}}", opt=needs("program.write"), request_max_body_size=LARGEST_FORM)
async def change_program(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    program: ProgramKey,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Change them."""
    form = await read_form(request)
    try:
        changed = await release_service.programs.change(
            principal,
            workspace_id,
            program,
            name=form.one("name"),
            description=form.one("description"),
            host_app=form.one("host_app"),
        )
    except Problem as problem:
        if problem.code != "invalid":
            raise
        found = await release_service.programs.get(principal, workspace_id, program)
        hosts = await _hosts(release_service, principal, workspace_id, console, view)
        filled = Filled(form, mistakes(problem, console, view))
        here = standing_at(view, f"programs/{found.key}/edit")
        return mend(request, console, here, "release/program-edit.html", filled, program=found, hosts=hosts)
    t = console.translator(view)
    return redirect(request, view.url(f"programs/{changed.key}"), Flash("good", t("release.program.saved")))


@get(f"{HERE}/host-apps", opt=needs("workspace.read"))
async def show_host_apps(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Apps in which programs run."""
    found = await release_service.programs.host_apps(principal, workspace_id)
    return respond(request, console, view, "release/program-hosts.html", filled=Filled(), found=found)


@post(f"{HERE}/host-apps", opt=needs("workspace.manage"), request_max_body_size=LARGEST_FORM)
async def create_host_app(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Add a host app."""
    form = await read_form(request)
    try:
        made = await release_service.programs.create_host_app(
            principal, workspace_id, form.one("key"), form.one("name")
        )
    except Problem as problem:
        found = await release_service.programs.host_apps(principal, workspace_id)
        filled = Filled(form, mistakes(problem, console, view, "key"))
        return mend(request, console, view, "release/program-hosts.html", filled, found=found)
    t = console.translator(view)
    return redirect(request, view.url("host-apps"), Flash("good", t("release.program.host-made", name=made.name)))


async def _hosts(
    service: ReleaseService, principal: Principal, workspace_id: str, console: Console, view: ViewContext
) -> list[tuple[str, str]]:
    """What a form offers: key and name, none first."""
    found = await service.programs.host_apps(principal, workspace_id)
    return [("", console.translator(view)("release.program.no-host")), *((host.key, host.name) for host in found)]


def opening_address(
    request: AnyRequest, identity: Identity, view: ViewContext, key: str, token: str | None = None
) -> str:
    """The address of the super app that opens a program; with a tester's token, the version that it is for."""
    slug = view.workspace.slug if view.workspace else ""
    trial = f"&trial={token}" if token else ""
    return f"{identity.origin(str(request.base_url))}/app/{slug}/?program={key}{trial}"


def drawing(text: str) -> Markup:
    """A QR code as SVG; it takes the size of what it stands in and has no style of its own."""
    return Markup(segno.make(text, error="m", micro=False).svg_inline(omitsize=True, border=2))


def _plot(console: Console, view: ViewContext, adoption: Adoption) -> Plot:
    t = console.translator(view)
    totals = [sum(day) for day in zip(*adoption.starts, adoption.others, strict=True)]

    def shares(starts: list[int]) -> list[float | None]:
        return [start / total if total else None for start, total in zip(starts, totals, strict=True)]

    series = [
        Series(name, shares(starts)) for (_, name), starts in zip(adoption.versions, adoption.starts, strict=True)
    ]
    if any(adoption.others):
        series.append(Series(t("release.program.others"), shares(adoption.others)))
    return Plot(
        id="adoption",
        title=t("release.program.adoption"),
        summary=t("release.program.adoption-summary", count=adoption.total),
        x=adoption.days,
        x_title=t("release.program.day"),
        series=series,
        unit="percent",
        maximum=1,
    )


HANDLERS: tuple[Any, ...] = (
    show_programs,
    show_new_program,
    create_program,
    show_program,
    show_program_form,
    change_program,
    show_host_apps,
    create_host_app,
)
