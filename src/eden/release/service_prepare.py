"""Deltas made before phones ask: from the versions that they most likely have to the ones they will be sent.

A job of its own after every change of a program, so that one of several processes does it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from eden.base.jobs import enqueue
from eden.release.deltas import Deltas
from eden.release.interfaces import SignedState
from eden.release.models import version_files, versions
from eden.release.service_core import Core
from eden.release.service_targets import ProgramParts, load_programs

PREPARE = "release.prepare"
#: versions from which deltas are made ahead; others are made when the first phone asks
BASES = 5
_OFFERED = (SignedState.RELEASE, SignedState.STABLE)
_HELD = (SignedState.STABLE, SignedState.KEPT, SignedState.RELEASE)


def do_ask(connection: Connection, workspace_id: str, program_key: str) -> None:
    """Have a program's deltas prepared once this write commits."""
    payload = {"workspace": workspace_id, "program": program_key}
    enqueue(connection, PREPARE, payload, key=f"{workspace_id} {program_key}")


async def prepare(core: Core, deltas: Deltas, payload: dict[str, Any]) -> None:
    """The job: begins to make what is missing; phones that ask meanwhile go first."""

    def read(connection: Connection) -> list[tuple[list[str], str]]:
        found = load_programs(connection, payload["workspace"], [payload["program"]])
        return _pairs(connection, found[0]) if found else []

    for bases, target in await core.database.read(read):
        deltas.prepare(bases, target)


def _pairs(connection: Connection, program: ProgramParts) -> list[tuple[list[str], str]]:
    """For every archive that phones will be sent, the archives that it replaces, newest first."""
    offered = [view.code for view in program.versions if view.signed in _OFFERED]
    held = sorted((view.code for view in program.versions if view.signed in _HELD), reverse=True)
    files = _archives(connection, program.id, {*offered, *held[: BASES + len(offered)]})
    pairs = []
    for code in offered:
        for name, target in files.get(code, {}).items():
            bases = [files[base][name] for base in held if base != code and name in files.get(base, {})]
            pairs.append((list(dict.fromkeys(bases))[:BASES], target))
    return pairs


def _archives(connection: Connection, program_id: str, codes: Iterable[int]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    rows = connection.execute(
        select(versions.c.code, version_files.c.name, version_files.c.sha256)
        .join(versions, versions.c.id == version_files.c.version_id)
        .where(versions.c.program_id == program_id, versions.c.code.in_(sorted(codes)), version_files.c.served)
    )
    for row in rows:
        if row.name.endswith(".zip"):
            found.setdefault(row.code, {})[row.name] = row.sha256
    return found
