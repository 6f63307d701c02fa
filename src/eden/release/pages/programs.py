"""Pages of programs: what there is to release, and which versions phones run."""

from __future__ import annotations

from typing import Annotated, Any

import segno
from litestar import Response, get, post
from litestar.params import QueryParameter
from markupsafe import Markup

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, Service, ThePaging
from eden.base.identity.service import Identity
from eden.base.problems import Problem
from eden.console.plots import Plot, Series
from eden.release.interfaces import ProgramKind
from eden.release.pages.desk import Desk, TheDesk
from eden.release.pages.kit import HERE, LARGEST_FORM
from eden.release.pages.mending import Filled, form_page, mistakes
from eden.release.pages.states import SIGNED_TONES, TONES, VERSION_TONES
from eden.release.service_overview import Adoption

_PROGRAMS = 25
_VERSIONS = 10

SearchText = Annotated[str, QueryParameter(name="q", max_length=100)]
ProgramKey = FromPath[str]


@get(f"{HERE}/programs", opt=needs("workspace.read"))
async def show_programs(desk: TheDesk, paging: ThePaging, q: SearchText = "") -> Response[bytes]:
    """All programs: what is stable, what runs, who has it."""
    text = "".join(character for character in q if character.isprintable()).strip()
    after = paging.after(str)
    found = await desk.service.overviews.programs(*desk.caller, text=text, after=after, limit=_PROGRAMS + 1)
    more = len(found) > _PROGRAMS
    return desk.page(
        "release/programs.html",
        lines=found[:_PROGRAMS],
        text=text,
        tones=TONES,
        next=desk.following("programs", found[_PROGRAMS - 1].program.key, q=text) if more else "",
        first=desk.url("programs", q=text) if after else "",
    )


@get(f"{HERE}/new-program", opt=needs("program.write"))
async def show_new_program(desk: TheDesk) -> Response[bytes]:
    """The form of a program."""
    return await _new_program(desk, Filled())


async def _new_program(desk: Desk, filled: Filled) -> Response[bytes]:
    hosts = await _hosts(desk)
    return form_page(desk, "new-program", "release/program-new.html", filled, hosts=hosts, kinds=[*ProgramKind])


@post(f"{HERE}/programs", opt=needs("program.write"), request_max_body_size=LARGEST_FORM)
async def create_program(desk: TheDesk) -> Response[bytes]:
    """Add a program."""
    form = await desk.form()
    kind = form.one("kind")
    if kind not in set(ProgramKind):
        return await _new_program(desk, Filled(form, [("kind", desk.t("release.program.choose-kind"))]))
    try:
        made = await desk.service.programs.create(
            *desk.caller,
            key=form.one("key"),
            kind=ProgramKind(kind),
            name=form.one("name"),
            description=form.one("description"),
            host_app=form.one("host_app") or None,
        )
    except Problem as problem:
        return await _new_program(desk, Filled(form, mistakes(problem, desk, "key")))
    return desk.go(f"programs/{made.key}", desk.t("release.program.made", name=made.name))


@get(f"{HERE}/programs/{{program:str}}", opt=needs("workspace.read"))
async def show_program(
    desk: TheDesk, program: ProgramKey, paging: ThePaging, identity: Service[Identity]
) -> Response[bytes]:
    """One program: its versions, its release, and the versions on phones."""
    found, running = await desk.service.overviews.program(*desk.caller, program)
    below = paging.after(int)
    versions = await desk.service.versions.page(*desk.caller, program, below=below, limit=_VERSIONS + 1)
    more = len(versions) > _VERSIONS
    adoption = await desk.service.overviews.adoption(*desk.caller, program)
    path = f"programs/{found.key}"
    address = opening_address(desk, identity, found.key) if found.kind is ProgramKind.MINIPROGRAM else ""
    return desk.page(
        "release/program.html",
        program=found,
        running=running,
        versions=versions[:_VERSIONS],
        tones=TONES,
        state_tones=VERSION_TONES,
        signed_tones=SIGNED_TONES,
        plot=_plot(desk, adoption) if adoption.total else None,
        address=address,
        qr=drawing(address) if address else None,
        next=desk.following(path, versions[_VERSIONS - 1].code) if more else "",
        first=desk.url(path) if below is not None else "",
    )


@get(f"{HERE}/programs/{{program:str}}/edit", opt=needs("program.write"))
async def show_program_form(desk: TheDesk, program: ProgramKey) -> Response[bytes]:
    """Name, description, host app."""
    return await _program_form(desk, program, Filled())


async def _program_form(desk: Desk, program: str, filled: Filled) -> Response[bytes]:
    found = await desk.service.programs.get(*desk.caller, program)
    hosts = await _hosts(desk)
    path = f"programs/{found.key}/edit"
    return form_page(desk, path, "release/program-edit.html", filled, program=found, hosts=hosts)


@post(f"{HERE}/programs/{{program:str}}", opt=needs("program.write"), request_max_body_size=LARGEST_FORM)
async def change_program(desk: TheDesk, program: ProgramKey) -> Response[bytes]:
    """Change them."""
    form = await desk.form()
    try:
        changed = await desk.service.programs.change(
            *desk.caller,
            program,
            name=form.one("name"),
            description=form.one("description"),
            host_app=form.one("host_app"),
        )
    except Problem as problem:
        if problem.code != "invalid":
            raise
        return await _program_form(desk, program, Filled(form, mistakes(problem, desk)))
    return desk.go(f"programs/{changed.key}", desk.t("release.program.saved"))


@get(f"{HERE}/host-apps", opt=needs("workspace.read"))
async def show_host_apps(desk: TheDesk) -> Response[bytes]:
    """Apps in which programs run."""
    return await _host_apps(desk, Filled())


async def _host_apps(desk: Desk, filled: Filled) -> Response[bytes]:
    found = await desk.service.programs.host_apps(*desk.caller)
    return form_page(desk, "host-apps", "release/program-hosts.html", filled, found=found)


@post(f"{HERE}/host-apps", opt=needs("workspace.manage"), request_max_body_size=LARGEST_FORM)
async def create_host_app(desk: TheDesk) -> Response[bytes]:
    """Add a host app."""
    form = await desk.form()
    try:
        made = await desk.service.programs.create_host_app(*desk.caller, form.one("key"), form.one("name"))
    except Problem as problem:
        return await _host_apps(desk, Filled(form, mistakes(problem, desk, "key")))
    return desk.go("host-apps", desk.t("release.program.host-made", name=made.name))


async def _hosts(desk: Desk) -> list[tuple[str, str]]:
    """What a form offers: key and name, none first."""
    found = await desk.service.programs.host_apps(*desk.caller)
    return [("", desk.t("release.program.no-host")), *((host.key, host.name) for host in found)]


def opening_address(desk: Desk, identity: Identity, key: str, token: str | None = None) -> str:
    """The address of the super app that opens a program; with a tester's token, the version that it is for."""
    slug = desk.view.workspace.slug if desk.view.workspace else ""
    trial = f"&trial={token}" if token else ""
    return f"{identity.origin(str(desk.request.base_url))}/app/{slug}/?program={key}{trial}"


def drawing(text: str) -> Markup:
    """A QR code as SVG; it takes the size of what it stands in and has no style of its own."""
    return Markup(segno.make(text, error="m", micro=False).svg_inline(omitsize=True, border=2))


def _plot(desk: Desk, adoption: Adoption) -> Plot:
    totals = [sum(day) for day in zip(*adoption.starts, adoption.others, strict=True)]

    def shares(starts: list[int]) -> list[float | None]:
        return [start / total if total else None for start, total in zip(starts, totals, strict=True)]

    series = [
        Series(name, shares(starts)) for (_, name), starts in zip(adoption.versions, adoption.starts, strict=True)
    ]
    if any(adoption.others):
        series.append(Series(desk.t("release.program.others"), shares(adoption.others)))
    return Plot(
        id="adoption",
        title=desk.t("release.program.adoption"),
        summary=desk.t("release.program.adoption-summary", count=adoption.total),
        x=adoption.days,
        x_title=desk.t("release.program.day"),
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
