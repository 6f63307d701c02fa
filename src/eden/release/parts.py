"""What releasing brings to the platform: its API, the device side, the super app, and what is done by the clock."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from litestar import Router
from sqlalchemy import Connection, select

from eden.base.catalogue import HALT, HaltRequest
from eden.base.ground import Ground
from eden.base.jobs import Handler
from eden.base.parts import Finding, Part
from eden.base.tables import workspaces
from eden.release import devices, super_app
from eden.release.api import CONTROLLERS, TAGS
from eden.release.catalogue import ReleaseCatalogue
from eden.release.deltas import Deltas
from eden.release.device_log import DeviceLog
from eden.release.device_views import Workspaces
from eden.release.founding import found
from eden.release.h5_hosts import H5Hosts, h5_hosts
from eden.release.h5_shell import H5Shell
from eden.release.interfaces import ProgramKind
from eden.release.models import programs
from eden.release.pages import HANDLERS, LIST_UPLOADS, NAVIGATION, PACKAGE_UPLOADS
from eden.release.pages.preview import Previews
from eden.release.service import ReleaseService
from eden.release.service_prepare import PREPARE, prepare
from eden.release.service_reports import do_fold, do_forget
from eden.release.service_sweep import sweep_content
from eden.release.service_ticks import do_forget_parts
from eden.release.trust import ROOT, expiring, read_heads

#: seconds; timestamps are renewed when half of their day is over
_REFRESH = 600
_FOLD = 3600
_SWEEP = 24 * 3600
#: bytes of a form around its file
_FORM = 1_000_000
#: µs before a root ends at which doctor says so: people must be found to sign the next one
_ROOT_NOTICE = 60 * 24 * 3600 * 1_000_000


def parts(ground: Ground) -> Part:
    """The service over this process's ground."""
    service = ReleaseService(ground)
    ground.catalogue = ReleaseCatalogue()
    limits = ground.settings.limits
    core = service.core
    views = Workspaces(core, service.lists)
    device_log = DeviceLog(core)
    deltas = Deltas(core.blobs.get_content, core.blobs, workers=ground.settings.limits.delta_processes)

    async def start() -> None:
        await asyncio.to_thread(core.uploads.sweep)
        ground.feed.listen("release.", views.hear)
        ground.feed.listen("workspace.", views.hear)
        device_log.start()

    async def stop() -> None:
        await device_log.stop()
        await deltas.close()

    async def tick(_: dict[str, Any]) -> None:
        await service.ticks.run()

    async def halt(payload: dict[str, Any]) -> None:
        await service.ticks.halt(msgspec.convert(payload, HaltRequest))

    async def refresh(_: dict[str, Any]) -> None:
        await service.trust.refresh()
        await core.database.write(lambda connection: service.trials.do_expire(connection, core.clock()))

    async def fold(_: dict[str, Any]) -> None:
        while await core.database.write(lambda connection: do_fold(connection, core.clock())):
            pass
        await core.database.write(lambda connection: _forget(connection, service))

    async def sweep(_: dict[str, Any]) -> None:
        await asyncio.to_thread(core.uploads.sweep)
        await sweep_content(core)

    async def trim(_: dict[str, Any]) -> None:
        await deltas.trim(core.blobs, limits.delta_cache_bytes)

    async def prepare_deltas(payload: dict[str, Any]) -> None:
        await prepare(core, deltas, payload)

    async def check_trust() -> list[Finding]:
        return await core.database.read(lambda connection: _trust_findings(connection, core.clock()))

    hosts = h5_hosts(ground.settings)
    shell = None if hosts is None else H5Shell(hosts)

    def owner(host: str) -> H5Shell | None:
        return shell if hosts is not None and hosts.owns(host) else None

    async def check_h5() -> list[Finding]:
        return await core.database.read(lambda connection: _h5_findings(connection, hosts))

    return Part(
        name="release",
        controllers=(
            *CONTROLLERS,
            *HANDLERS,
            Router("/", route_handlers=PACKAGE_UPLOADS, request_max_body_size=limits.upload_bytes + _FORM),
            Router("/", route_handlers=LIST_UPLOADS, request_max_body_size=limits.body_bytes + _FORM),
        ),
        services={"release_service": service, "release_views": views, "release_previews": Previews(service)},
        tags=TAGS,
        folder=Path(__file__).parent,
        navigation=NAVIGATION,
        raw={
            devices.PREFIX: devices.Devices(core, views, device_log, deltas, hosts),
            super_app.PREFIX: super_app.super_app,
        },
        jobs={
            "release.tick": Handler(tick, every=ground.settings.intervals.guardrail_seconds),
            "release.refresh": Handler(refresh, every=_REFRESH),
            "release.fold": Handler(fold, every=_FOLD),
            "release.sweep": Handler(sweep, every=_SWEEP),
            "release.trim": Handler(trim, every=_FOLD),
            PREPARE: prepare_deltas,
            HALT: halt,
        },
        start=start,
        stop=stop,
        hosts=owner if shell is not None else None,
        doctor=[check_trust, check_h5],
        init=partial(found, service),
    )


def _forget(connection: Connection, service: ReleaseService) -> None:
    at = service.core.clock()
    do_forget(connection, at)
    do_forget_parts(connection, at)
    service.core.trust.forget_old(connection, at)


def _h5_findings(connection: Connection, hosts: H5Hosts | None) -> list[Finding]:
    """Whether H5 programs, if there are any, can be opened in the super app."""
    found = connection.execute(select(programs.c.key).where(programs.c.kind == ProgramKind.H5).limit(1)).scalar()
    if found is None:
        return []
    if hosts is None:
        sentence = f"H5 programs such as {found} cannot be opened in the super app: they have no hosts of their own."
        return [Finding("h5", False, sentence, "Set h5_url, and a wildcard certificate and DNS entry for it.")]
    return [Finding("h5", True, f"H5 programs run below {hosts.domain}.")]


def _trust_findings(connection: Connection, at: int) -> list[Finding]:
    """Workspaces that cannot sign, roots that end soon, metadata that has expired."""
    slugs = {row.id: row.slug for row in connection.execute(select(workspaces.c.id, workspaces.c.slug))}
    used = set(connection.execute(select(programs.c.workspace_id).distinct()).scalars())
    found = []
    for workspace_id, slug in sorted(slugs.items(), key=lambda item: item[1]):
        head = read_heads(connection, workspace_id, [ROOT]).get(ROOT)
        if head is None and workspace_id in used:
            sentence = f"The workspace {slug} has no root of trust: nothing can be released there."
            found.append(Finding("trust", False, sentence, "Make one with: eden keys init"))
        elif head is not None and head.expires_at < at + _ROOT_NOTICE:
            days = (head.expires_at - at) // (24 * 3600 * 1_000_000)
            state = f"ends in {days} days" if days >= 0 else "has expired"
            sentence = f"The root of trust of the workspace {slug} {state}."
            found.append(Finding("trust", False, sentence, "Renew it with: eden keys renew"))
    for workspace_id, name, _ in expiring(connection, at):
        if name != ROOT:
            sentence = f"The metadata {name} of the workspace {slugs.get(workspace_id, workspace_id)} has expired."
            found.append(Finding("trust", False, sentence, "Is the server running? It renews metadata by itself."))
    return found or [Finding("trust", True, "All signed metadata is valid.")]
