"""What devices report, added up: by release and arm for the guardrails, by version for people.

A batch counts once, however often it arrives. Counting is one write for many batches, so that thousands of devices
share a commit. Minutes are folded into hours after `MINUTES_SECONDS`; sums stay the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, and_, bindparam, delete, func, insert, select, update

from eden.base.identity.principal import Principal, check_permission
from eden.base.targeting import Context
from eden.release import metrics
from eden.release.interfaces import Arm, ArmCounts, ProgramKind, Report, ReportBatch
from eden.release.metrics import Tally
from eden.release.models import device_parts, release_counts, report_batches, version_counts
from eden.release.rules_views import DeviceView, ProgramView, arm, container_of
from eden.release.service_core import Core, find_program, find_release

MINUTE = 60 * 1_000_000
HOUR = 60 * MINUTE
#: minutes are kept so long; the page of a running release shows them
MINUTES_SECONDS = 2 * 24 * 3600
#: a device that was offline for longer sends its batch as a new one
BATCHES_SECONDS = 7 * 24 * 3600
_FIELDS = ArmCounts.__struct_fields__
_FOLDED_AT_ONCE = 200


class ReleasePart(msgspec.Struct, frozen=True):
    """Reports of one device that count for a running release. `arm` null: not compared; `has`: they are of the new
    version."""

    release_id: str
    run: int
    arm: Arm | None
    has: bool
    reports: tuple[Report, ...]


class VersionPart(msgspec.Struct, frozen=True):
    """Reports of one device on one version of a program (its id)."""

    program_id: str
    code: int
    reports: tuple[Report, ...]


class CountedBatch(msgspec.Struct, frozen=True):
    """A batch whose reports have been told apart."""

    device: str
    batch: str
    releases: tuple[ReleasePart, ...]
    versions: tuple[VersionPart, ...]


class CountRow(msgspec.Struct, frozen=True):
    """Counts of a minute or an hour from `at` (µs) on."""

    at: int
    run: int
    arm: Arm
    counts: ArmCounts


def split(batch: ReportBatch, programs: Mapping[str, tuple[str, ProgramView]], context: Context) -> CountedBatch:
    """Tell a batch's reports apart: by version, and by the device's part in running releases.

    `programs`: id and view by key; reports on other programs are dropped. `context`: what the device last said, with
    the lists it is on. Pure.
    """
    grouped: dict[tuple[str, int], list[Report]] = {}
    for report in batch.reports:
        if report.program in programs:
            grouped.setdefault((report.program, report.code), []).append(report)
    in_releases, of_versions = [], []
    for (key, code), reports in grouped.items():
        program_id, program = programs[key]
        if code not in program.versions:
            continue
        of_versions.append(VersionPart(program_id, code, tuple(reports)))
        live = program.live
        if live is None or program.kind is ProgramKind.NATIVE:
            continue
        device = DeviceView(batch.device, context, code, container=container_of(context.container_version))
        part, has = arm(live, device, code), code == live.version.code
        if part is not None or has:
            in_releases.append(ReleasePart(live.release.id, live.release.run, part, has, tuple(reports)))
    return CountedBatch(batch.device, batch.batch, tuple(in_releases), tuple(of_versions))


def do_reports(connection: Connection, workspace_id: str, batches: Sequence[CountedBatch], at: int) -> int:
    """Count batches, inside a write; how many were new. `at`: now, µs."""
    by_id = {_batch_id(workspace_id, batch): batch for batch in batches}
    ids = sorted(by_id)
    known = set(connection.execute(select(report_batches.c.id).where(report_batches.c.id.in_(ids))).scalars())
    fresh = {batch_id: batch for batch_id, batch in by_id.items() if batch_id not in known}
    if not fresh:
        return 0
    connection.execute(insert(report_batches), [{"id": batch_id, "at": at} for batch_id in sorted(fresh)])
    minute = at // MINUTE * MINUTE
    of_releases = _count_devices(connection, fresh.values(), at)
    _add(
        connection,
        release_counts,
        {(release_id, run, arm.value, minute): counts for (release_id, run, arm), counts in of_releases.items()},
    )
    of_versions: dict[tuple[Any, ...], ArmCounts] = {}
    for batch in fresh.values():
        for part in batch.versions:
            key = (part.program_id, part.code, minute)
            _, counts = metrics.count(None, part.reports, run=0, arm=Arm.NEW, at=at)
            of_versions[key] = metrics.total([of_versions.get(key, ArmCounts()), counts])
    _add(connection, version_counts, of_versions)
    return len(fresh)


def _count_devices(
    connection: Connection, batches: Iterable[CountedBatch], at: int
) -> dict[tuple[str, int, Arm], ArmCounts]:
    """What each arm gets; what is kept of each device is written."""
    parts = [(batch.device, part) for batch in batches for part in batch.releases]
    kept: dict[tuple[str, str], Any] = {}
    for release_id in sorted({part.release_id for _, part in parts}):
        devices = sorted({device for device, part in parts if part.release_id == release_id})
        for row in connection.execute(
            select(device_parts).where(device_parts.c.release_id == release_id, device_parts.c.device_id.in_(devices))
        ):
            kept[release_id, row.device_id] = row
    tallies: dict[tuple[str, str], Tally | None] = {
        key: None if row.tally is None else msgspec.convert(row.tally, Tally) for key, row in kept.items()
    }
    has = {key: bool(row.has) for key, row in kept.items()}
    sums: dict[tuple[str, int, Arm], ArmCounts] = {}
    for device, part in parts:
        key = (part.release_id, device)
        has[key] = has.get(key, False) or part.has
        if part.arm is None:
            tallies.setdefault(key, None)
            continue
        tallies[key], counts = metrics.count(tallies.get(key), part.reports, run=part.run, arm=part.arm, at=at)
        place = (part.release_id, part.run, part.arm)
        sums[place] = metrics.total([sums.get(place, ArmCounts()), counts])
    rows = [
        {
            "of_release": release_id,
            "of_device": device,
            "now_has": has[release_id, device],
            "now_tally": None if tally is None else msgspec.to_builtins(tally),
        }
        for (release_id, device), tally in sorted(tallies.items())
    ]
    old = [row for row in rows if (row["of_release"], row["of_device"]) in kept]
    new = [row for row in rows if (row["of_release"], row["of_device"]) not in kept]
    if old:
        connection.execute(
            update(device_parts)
            .where(
                device_parts.c.release_id == bindparam("of_release"),
                device_parts.c.device_id == bindparam("of_device"),
            )
            .values(has=bindparam("now_has"), tally=bindparam("now_tally")),
            old,
        )
    if new:
        connection.execute(
            insert(device_parts),
            [
                {
                    "release_id": row["of_release"],
                    "device_id": row["of_device"],
                    "has": row["now_has"],
                    "tally": row["now_tally"],
                }
                for row in new
            ],
        )
    return sums


def _add(connection: Connection, table: Table, rows: Mapping[tuple[Any, ...], ArmCounts]) -> None:
    """Add counts to rows by their keys, which are made when they are not there."""
    keys = list(table.primary_key.columns)
    for key, counts in sorted(rows.items()):
        amounts = {name: amount for name in _FIELDS if (amount := getattr(counts, name))}
        if not amounts:
            continue
        where = and_(*(column == value for column, value in zip(keys, key, strict=True)))
        grown = {name: table.c[name] + amount for name, amount in amounts.items()}
        if connection.execute(update(table).where(where).values(**grown)).rowcount == 0:
            named = {column.name: value for column, value in zip(keys, key, strict=True)}
            connection.execute(insert(table).values(**named, **dict.fromkeys(_FIELDS, 0) | amounts))


def sums_by_arm(connection: Connection, release_id: str, run: int) -> dict[Arm, ArmCounts]:
    """All that a run's devices reported so far."""
    totals = [func.coalesce(func.sum(release_counts.c[name]), 0).label(name) for name in _FIELDS]
    rows = connection.execute(
        select(release_counts.c.arm, *totals)
        .where(release_counts.c.release_id == release_id, release_counts.c.run == run)
        .group_by(release_counts.c.arm)
    )
    return {Arm(row.arm): _counts(row) for row in rows}


def devices_with(connection: Connection, release_id: str) -> int:
    """Devices that reported the release's version, over all runs: what a cap counts."""
    query = select(func.count()).where(device_parts.c.release_id == release_id, device_parts.c.has)
    return int(connection.execute(query).scalar_one())


def do_fold(connection: Connection, at: int) -> int:
    """Fold some minutes that are old into their hours, inside a write; into how many. Call until it is 0."""
    folded = 0
    for table in (release_counts, version_counts):
        others = [column for column in table.primary_key.columns if column.name != "at"]
        limit = (at - MINUTES_SECONDS * 1_000_000) // HOUR * HOUR
        hours = connection.execute(
            select(*others, (table.c.at - table.c.at % HOUR).label("hour"))
            .where(table.c.at < limit, table.c.at % HOUR != 0)
            .distinct()
            .limit(_FOLDED_AT_ONCE)
        ).all()
        for *key, hour in hours:
            inside = and_(
                *(column == value for column, value in zip(others, key, strict=True)),
                table.c.at >= hour,
                table.c.at < hour + HOUR,
            )
            total = connection.execute(
                select(*(func.sum(table.c[name]).label(name) for name in _FIELDS)).where(inside)
            ).one()
            connection.execute(delete(table).where(inside))
            named = {column.name: value for column, value in zip(others, key, strict=True)}
            amounts = {name: int(getattr(total, name)) for name in _FIELDS}
            connection.execute(insert(table).values(**named, at=hour, **amounts))
        folded += len(hours)
    return folded


def do_forget(connection: Connection, at: int) -> None:
    """Remove batches so old that no device sends them again."""
    connection.execute(delete(report_batches).where(report_batches.c.at < at - BATCHES_SECONDS * 1_000_000))


class Reports:
    """What people see of it; every method checks the permission first."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def of_release(
        self, principal: Principal, workspace_id: str, release_id: str, *, since: int = 0, until: int = 2**62
    ) -> list[CountRow]:
        """Counts of a release in time order, from `since` to before `until` (µs)."""
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> list[CountRow]:
            find_release(connection, workspace_id, release_id)
            rows = connection.execute(
                select(release_counts)
                .where(
                    release_counts.c.release_id == release_id,
                    release_counts.c.at >= since,
                    release_counts.c.at < until,
                )
                .order_by(release_counts.c.at, release_counts.c.run, release_counts.c.arm)
            )
            return [CountRow(row.at, row.run, Arm(row.arm), _counts(row)) for row in rows]

        return await self._core.database.read(work)

    async def of_versions(
        self, principal: Principal, workspace_id: str, program_key: str, *, since: int = 0
    ) -> dict[int, ArmCounts]:
        """What was reported of each version of a program since a moment (µs), by code."""
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> dict[int, ArmCounts]:
            program = find_program(connection, workspace_id, program_key)
            totals = [func.coalesce(func.sum(version_counts.c[name]), 0).label(name) for name in _FIELDS]
            rows = connection.execute(
                select(version_counts.c.code, *totals)
                .where(version_counts.c.program_id == program.id, version_counts.c.at >= since)
                .group_by(version_counts.c.code)
            )
            return {row.code: _counts(row) for row in rows}

        return await self._core.database.read(work)


def _counts(row: Any) -> ArmCounts:
    return ArmCounts(**{name: int(getattr(row, name)) for name in _FIELDS})


def _batch_id(workspace_id: str, batch: CountedBatch) -> str:
    return hashlib.sha256(msgspec.json.encode([workspace_id, batch.device, batch.batch])).hexdigest()
