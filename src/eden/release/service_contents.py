"""What is inside versions, for people: one version with all that its page shows, and texts of two side by side."""

from __future__ import annotations

import asyncio
import io

import msgspec
from sqlalchemy import Connection, select

from eden.base.identity.principal import Principal, check_permission
from eden.base.problems import Problem, not_found
from eden.base.tables import workspaces
from eden.release.archive import Archive, Limits
from eden.release.comparison import Side, SizeReport, size_report
from eden.release.deltas import delta_name
from eden.release.interfaces import SignedState
from eden.release.models import releases, version_files, versions
from eden.release.rules_machine import OFFERING
from eden.release.service_core import Core, find_program, find_version
from eden.release.service_programs import VersionRef
from eden.release.service_version_rows import Version, show_full, show_reviewed, sides_of
from eden.release.text_changes import Line, changes, read_text

#: bytes of a text that is compared line by line; what is larger nobody reads
LONGEST_TEXT = 200_000
#: versions that a page offers to compare with
MOST_OTHERS = 100


class VersionDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A version as its page shows it.

    `own`: who asks has uploaded it. `offered`: the id of the release that offers it now. `stable`: of the program;
    `base`: what to compare with, the stable version, or for that the version before. `others`: codes and names of
    further versions, the highest first. `review_required`: the workspace wants a review before everyone gets it.
    """

    version: Version
    kind: str
    program_name: str
    own: bool
    offered: str | None
    stable: VersionRef | None
    base: VersionRef | None
    others: list[VersionRef]
    review_required: bool
    sizes: SizeReport


class TextChange(msgspec.Struct, frozen=True, kw_only=True):
    """`lines` of a file in two versions: none when it is the same, None when it is no text, or too large; `whole`: that
    is all of them."""

    path: str
    lines: list[Line] | None
    whole: bool = True


class Contents:
    """Every method checks the permission first."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def version(
        self, principal: Principal, workspace_id: str, key: str, code: int, *, files: bool = True
    ) -> VersionDetail:
        """One version; without `files` it has none and its `sizes` are empty, which is quick."""
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> tuple[VersionDetail, list[Side]]:
            program = find_program(connection, workspace_id, key)
            row = find_version(connection, program, code)
            shown = (show_full if files else show_reviewed)(connection, program, row)
            refs = select(versions.c.code, versions.c.name).where(versions.c.program_id == program.id)
            stable = connection.execute(refs.where(versions.c.signed_state == SignedState.STABLE)).first()
            before = connection.execute(
                refs.where(versions.c.code < code).order_by(versions.c.code.desc()).limit(1)
            ).first()
            others = connection.execute(
                refs.where(versions.c.code != code).order_by(versions.c.code.desc()).limit(MOST_OTHERS)
            ).all()
            base = before if stable is None or stable.code == code else stable
            offered = connection.execute(
                select(releases.c.id).where(releases.c.version_id == row.id, releases.c.state.in_([*OFFERING]))
            ).scalar()
            settings = connection.execute(
                select(workspaces.c.settings).where(workspaces.c.id == workspace_id)
            ).scalar_one()
            detail = VersionDetail(
                version=shown,
                kind=program.kind,
                program_name=program.name,
                own=row.author_id == (principal.user_id or principal.id),
                offered=offered,
                stable=None if stable is None else VersionRef(code=stable.code, name=stable.name),
                base=None if base is None else VersionRef(code=base.code, name=base.name),
                others=[VersionRef(code=other.code, name=other.name) for other in others],
                review_required=bool((settings or {}).get("review_required")),
                sizes=SizeReport(packages={}, kinds={}, largest=[]),
            )
            return detail, sides_of(connection, row) if files else []

        detail, sides = await self._core.database.read(work)
        if not files:
            return detail
        return msgspec.structs.replace(detail, sizes=await asyncio.to_thread(size_report, sides))

    async def delta(
        self, principal: Principal, workspace_id: str, key: str, before: int, after: int
    ) -> tuple[int, int] | None:
        """Bytes of the deltas that bring a phone from one version to another, and of the archives that it then has
        anew; None unless all of them are made already."""
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> list[dict[str, tuple[str, int]]]:
            program = find_program(connection, workspace_id, key)
            return [_archives(connection, find_version(connection, program, code).id) for code in (before, after)]

        old, new = await self._core.database.read(work)
        anew = {name: stored for name, stored in new.items() if old.get(name) != stored}
        if not anew or not anew.keys() <= old.keys():
            return None
        sizes = await asyncio.gather(
            *(self._core.blobs.size(delta_name(old[name][0], sha256)) for name, (sha256, _) in anew.items())
        )
        made = [size for size in sizes if size is not None]
        return (sum(made), sum(size for _, size in anew.values())) if len(made) == len(sizes) else None

    async def text(
        self, principal: Principal, workspace_id: str, key: str, before: int, after: int, package: str, path: str
    ) -> TextChange:
        """A file of an archive in two versions, line by line. Problem `not-found` when it is in neither."""
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> list[tuple[str, int, bool] | None]:
            program = find_program(connection, workspace_id, key)
            return [
                _place(connection, find_version(connection, program, code).id, package, path)
                for code in (before, after)
            ]

        places = await self._core.database.read(work)
        if not any(places):
            raise not_found(f"The file {path[:200]}")
        if any(place is not None and place[1] > LONGEST_TEXT for place in places):
            return TextChange(path=path, lines=None)
        texts = [await self._read(place, path) for place in places]
        if texts[0] is None or texts[1] is None:
            return TextChange(path=path, lines=None)
        if texts[0] == texts[1]:
            return TextChange(path=path, lines=[])
        lines, whole = await asyncio.to_thread(changes, texts[0], texts[1])
        return TextChange(path=path, lines=lines, whole=whole)

    async def _read(self, place: tuple[str, int, bool] | None, path: str) -> str | None:
        if place is None:
            return ""
        sha256, _, inside = place
        data = await self._core.blobs.get_content(sha256)
        if data is None:
            raise RuntimeError(f"the content {sha256} is missing")
        if not inside:
            return read_text(data)
        return await asyncio.to_thread(_unpack, data, path, self._core.archive_limits)


def _archives(connection: Connection, version_id: str) -> dict[str, tuple[str, int]]:
    """SHA-256 and bytes of the archives that devices fetch, by name."""
    columns = version_files.c
    rows = connection.execute(
        select(columns.name, columns.sha256, columns.size).where(
            columns.version_id == version_id, columns.served, columns.name.endswith(".zip")
        )
    )
    return {row.name: (row.sha256, row.size) for row in rows}


def _place(connection: Connection, version_id: str, package: str, path: str) -> tuple[str, int, bool] | None:
    """SHA-256 of the stored file, bytes of the text, whether it is inside an archive; None when it is absent."""
    row = connection.execute(
        select(version_files).where(version_files.c.version_id == version_id, version_files.c.name == package)
    ).first()
    if row is None:
        return None
    if not row.entries:
        return (row.sha256, row.size, False) if path == package else None
    return next(((row.sha256, int(size), True) for name, size, _ in row.entries if name == path), None)


def _unpack(data: bytes, path: str, limits: Limits) -> str | None:
    try:
        return read_text(Archive(io.BytesIO(data), limits).read(path, LONGEST_TEXT))
    except Problem as problem:
        raise RuntimeError(f"a stored archive is damaged: {problem.sentence}") from problem
