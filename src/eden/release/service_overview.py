"""What the console's pages of programs show: each with its release of now, and which versions phones run."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, func, literal_column, select

from eden.base.identity.principal import Principal, check_permission
from eden.release.interfaces import Plan
from eden.release.models import programs, releases, version_counts, versions
from eden.release.rules_machine import OFFERING
from eden.release.service_core import Core, find_program
from eden.release.service_programs import Program, show

_DAY = 24 * 3600 * 1_000_000
#: µs over which the list of programs counts starts
RECENT = _DAY
#: µs for which these counts are good enough: a day of minutes of 25 programs is 100,000 rows
_GOOD = 60 * 1_000_000
#: programs whose counts are held
_HELD = 10_000


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A release that offers a version now. `step` is an index into the names of the plan's `steps`."""

    id: str
    state: str
    code: int
    version: str
    step: int
    steps: tuple[str, ...]
    share: int


class ProgramLine(msgspec.Struct, frozen=True, kw_only=True):
    """A program in a list. `starts` of all versions within `RECENT`, `stable_starts` of the stable one."""

    program: Program
    running: Running | None
    starts: int
    stable_starts: int


class Adoption(msgspec.Struct, frozen=True, kw_only=True):
    """Starts by day (`days`: their begins, µs) of the most used versions, the most used first, and of all others."""

    days: list[int]
    versions: list[tuple[int, str]]
    starts: list[list[int]]
    others: list[int]

    @property
    def total(self) -> int:
        return sum(map(sum, self.starts)) + sum(self.others)


class Overviews:
    """Every method checks the permission first."""

    def __init__(self, core: Core) -> None:
        self._core = core
        #: by program id: when they were counted (µs), starts by code
        self._starts: dict[str, tuple[int, dict[int, int]]] = {}

    async def programs(
        self, principal: Principal, workspace_id: str, *, text: str = "", after: str | None = None, limit: int = 25
    ) -> list[ProgramLine]:
        """Up to `limit` programs by key, behind the key `after`, whose key or name has `text`."""
        check_permission(principal, workspace_id, "workspace.read")
        at = self._core.clock()

        def work(connection: Connection) -> tuple[list[Program], dict[str, Running], dict[str, dict[int, int]]]:
            query = select(programs).where(programs.c.workspace_id == workspace_id)
            if text:
                wanted = text.lower()
                query = query.where(
                    programs.c.key.contains(wanted, autoescape=True)
                    | func.lower(programs.c.name).contains(wanted, autoescape=True)
                )
            if after is not None:
                query = query.where(programs.c.key > after)
            found = show(connection, list(connection.execute(query.order_by(programs.c.key).limit(limit))))
            offering = _running(connection, [program.release_id for program in found if program.release_id])
            missing = [program.id for program in found if self._held(program.id, at) is None]
            counted = _starts(connection, missing, at - RECENT) if missing else {}
            return found, offering, {program_id: counted.get(program_id, {}) for program_id in missing}

        found, offering, counted = await self._core.database.read(work)
        counts = {program.id: counted.get(program.id) or self._held(program.id, at) or {} for program in found}
        if len(self._starts) > _HELD:
            self._starts.clear()
        self._starts.update({program_id: (at, starts) for program_id, starts in counted.items()})
        return [
            ProgramLine(
                program=program,
                running=offering.get(program.release_id or ""),
                starts=sum(counts[program.id].values()),
                stable_starts=counts[program.id].get(program.stable.code, 0) if program.stable else 0,
            )
            for program in found
        ]

    def _held(self, program_id: str, at: int) -> dict[int, int] | None:
        """Counts that are still good."""
        known = self._starts.get(program_id)
        return known[1] if known is not None and at - known[0] < _GOOD else None

    async def program(self, principal: Principal, workspace_id: str, key: str) -> tuple[Program, Running | None]:
        """A program and the release that offers a version of it."""
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> tuple[Program, Running | None]:
            program = show(connection, [find_program(connection, workspace_id, key)])[0]
            offering = _running(connection, [program.release_id] if program.release_id else [])
            return program, offering.get(program.release_id or "")

        return await self._core.database.read(work)

    async def adoption(
        self, principal: Principal, workspace_id: str, key: str, *, days: int = 30, most: int = 4
    ) -> Adoption:
        """Starts of a program's versions on each of the last days (UTC, today included), the `most` used ones apart.

        With all others these are as many lines as a plot has colours.
        """
        check_permission(principal, workspace_id, "workspace.read")
        today = self._core.clock() // _DAY * _DAY
        begins = [today - (days - 1 - day) * _DAY for day in range(days)]

        def work(connection: Connection) -> Adoption:
            program = find_program(connection, workspace_id, key)
            counts = version_counts.c
            day = (counts.at - counts.at % _DAY).label("day")
            rows = connection.execute(
                select(counts.code, day, func.sum(counts.started).label("started"))
                .where(counts.program_id == program.id, counts.at >= begins[0])
                # by its name, since PostgreSQL takes the same expression with another parameter for another one
                .group_by(counts.code, literal_column("day"))
            ).all()
            totals: dict[int, int] = {}
            for row in rows:
                totals[row.code] = totals.get(row.code, 0) + int(row.started)
            used = sorted((code for code, total in totals.items() if total), key=lambda code: (-totals[code], -code))
            shown = used[:most]
            names = {
                row.code: row.name
                for row in connection.execute(
                    select(versions.c.code, versions.c.name).where(
                        versions.c.program_id == program.id, versions.c.code.in_(shown)
                    )
                )
            }
            starts = {code: [0] * days for code in shown}
            others = [0] * days
            for row in rows:
                place = (int(row.day) - begins[0]) // _DAY
                if place < days:  # a device's clock is not the server's, but reports are dated by the server's
                    starts.get(row.code, others)[place] += int(row.started)
            return Adoption(
                days=begins,
                versions=[(code, names.get(code, str(code))) for code in shown],
                starts=[starts[code] for code in shown],
                others=others,
            )

        return await self._core.database.read(work)


def _running(connection: Connection, ids: list[str]) -> dict[str, Running]:
    rows = connection.execute(
        select(
            releases.c.id, releases.c.state, releases.c.step, releases.c.share, releases.c.plan,
            versions.c.code, versions.c.name,
        )
        .join(versions, versions.c.id == releases.c.version_id)
        .where(releases.c.id.in_(ids), releases.c.state.in_([*OFFERING]))
    )  # fmt: skip
    return {
        row.id: Running(
            id=row.id,
            state=row.state,
            code=row.code,
            version=row.name,
            step=row.step,
            steps=tuple(step.name for step in msgspec.convert(row.plan, Plan).steps),
            share=row.share,
        )
        for row in rows
    }


def _starts(connection: Connection, ids: list[str], since: int) -> dict[str, dict[int, int]]:
    """Starts since a moment (µs) by program id and code."""
    counts = version_counts.c
    found: dict[str, dict[int, int]] = {}
    for row in connection.execute(
        select(counts.program_id, counts.code, func.sum(counts.started).label("started"))
        .where(counts.program_id.in_(ids), counts.at >= since)
        .group_by(counts.program_id, counts.code)
    ):
        found.setdefault(row.program_id, {})[row.code] = int(row.started)
    return found
