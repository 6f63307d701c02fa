"""What other services may know of mini programs and releases (`eden.base.catalogue`)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from eden.base.catalogue import ProgramInfo, ReleaseInfo, VersionInfo
from eden.release.inspection import MAPS
from eden.release.models import programs, releases, version_files, versions

#: a page shows no more
_MOST = 500


class ReleaseCatalogue:
    """Reads the tables of releasing."""

    def programs(self, connection: Connection, workspace_id: str) -> Sequence[ProgramInfo]:
        rows = connection.execute(
            select(programs.c.key, programs.c.name, programs.c.kind)
            .where(programs.c.workspace_id == workspace_id)
            .order_by(programs.c.name)
        )
        return [ProgramInfo(row.key, row.name, row.kind) for row in rows]

    def versions(self, connection: Connection, workspace_id: str, key: str) -> Sequence[VersionInfo]:
        rows = connection.execute(
            select(versions.c.code, versions.c.name, versions.c.created_at)
            .join(programs, programs.c.id == versions.c.program_id)
            .where(programs.c.workspace_id == workspace_id, programs.c.key == key)
            .order_by(versions.c.code.desc())
            .limit(_MOST)
        )
        return [VersionInfo(row.code, row.name, row.created_at) for row in rows]

    def releases(self, connection: Connection, workspace_id: str, key: str) -> Sequence[ReleaseInfo]:
        rows = connection.execute(
            select(releases, versions.c.code, versions.c.name)
            .join(versions, versions.c.id == releases.c.version_id)
            .join(programs, programs.c.id == releases.c.program_id)
            .where(programs.c.workspace_id == workspace_id, programs.c.key == key, releases.c.started_at.is_not(None))
            .order_by(releases.c.started_at.desc())
            .limit(_MOST)
        )
        return [ReleaseInfo(row.id, row.code, row.name, row.state, row.started_at, row.stopped_at) for row in rows]

    def source_maps(self, connection: Connection, workspace_id: str, key: str, code: int) -> str | None:
        return connection.execute(
            select(version_files.c.sha256)
            .join(versions, versions.c.id == version_files.c.version_id)
            .join(programs, programs.c.id == versions.c.program_id)
            .where(
                programs.c.workspace_id == workspace_id,
                programs.c.key == key,
                versions.c.code == code,
                version_files.c.name == f"{MAPS}.zip",
            )
        ).scalar()
