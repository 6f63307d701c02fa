"""`eden restore`: an installation from the file of `eden backup`, onto any kind of database and blob store.

The archive is read twice: first every hash is compared, then it is written. All tables are made, filled and brought to
the newest step in one transaction; when anything fails, it is undone and the blobs that were added are removed.
"""

from __future__ import annotations

import asyncio
import base64
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, LargeBinary, MetaData, Table, func, inspect, select, text

from eden.base import migrate
from eden.base.blobs import Blobs
from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.ground import SECRET_FILE, make_data_folder, secret_check
from eden.base.settings import Settings
from eden.base.tables import metadata
from eden.operate import archive
from eden.operate.archive import BLOBS, SECRET, TABLES, Content, Manifest
from eden.operate.backup import PROBES, VERSION_TABLE, Progress

#: rows of one statement; with the columns they stay below what databases take as parameters
_PARAMETERS = 20_000
_PIECE = 1 << 20
#: tables that a server fills by being started once
_OWN = frozenset({"installation", "jobs", "counters", VERSION_TABLE})


def restore(settings: Settings, path: Path, *, force: bool, progress: Progress) -> Manifest:
    """Put everything of the archive in place; what was there before is gone (only with `force`).

    Raises EdenError, and nothing has changed: the archive is damaged or too new, the target is not empty, the secret
    key is not the one of the archive.
    """
    progress(f"Reading {path} …")
    manifest = archive.verify(path)
    if manifest.schema not in migrate.known():
        raise EdenError(
            "newer-schema",
            f"The backup is of Eden {manifest.eden}, at step {manifest.schema}, which this version does not know.",
            "Install that version or a newer one.",
        )
    secret = _check_secret(settings, path, manifest, force)
    make_data_folder(settings)
    database, blobs = Database(settings.database_address), Blobs.of(settings)
    try:
        with asyncio.Runner() as runner:
            _Restoration(database, blobs, path, manifest, runner, progress).run(force)
    finally:
        database.close()
    if secret is not None:
        _write_secret(settings.data_folder / SECRET_FILE, secret)
        progress(f"The secret key is in {settings.data_folder / SECRET_FILE}.")
    return manifest


class _Restoration:
    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        path: Path,
        manifest: Manifest,
        runner: asyncio.Runner,
        progress: Progress,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._path = path
        self._manifest = manifest
        self._runner = runner
        self._progress = progress
        self._added: list[str] = []

    def run(self, force: bool) -> None:
        before = self._runner.run(_names(self._blobs))
        with self._database.engine.connect() as connection:
            if self._database.dialect == "sqlite":
                connection.info["eden.writer"] = True
            try:
                with connection.begin():
                    self._check_empty(connection, before, force)
                    self._fill(connection, before)
            except BaseException:
                self._runner.run(self._remove(self._added))
                raise
            finally:
                connection.info.pop("eden.writer", None)
        wanted = {name.removeprefix(BLOBS) for name in self._manifest.files if name.startswith(BLOBS)}
        self._runner.run(self._remove([name for name in before if name not in wanted]))

    def _check_empty(self, connection: Connection, before: set[str], force: bool) -> None:
        ours = {*metadata.tables, *self._manifest.tables, VERSION_TABLE}
        present = MetaData()
        present.reflect(connection, only=[name for name in inspect(connection).get_table_names() if name in ours])
        full = [
            table.name
            for table in present.sorted_tables
            if table.name not in _OWN and connection.execute(select(func.count()).select_from(table)).scalar_one()
        ]
        if (full or before) and not force:
            where = f"the table {full[0]} has rows" if full else f"there are {len(before):,} files in the blob store"
            raise EdenError(
                "not-empty",
                f"There is an installation already: {where}.",
                "Restore into an empty database and an empty folder, or replace everything with --force.",
            )
        present.drop_all(connection)

    def _fill(self, connection: Connection, before: set[str]) -> None:
        migrate.run(connection, self._manifest.schema)
        tables = MetaData()
        tables.reflect(connection)
        for table in tables.tables.values():
            # what a step put in is in the archive, too
            if table.name != VERSION_TABLE:
                connection.execute(table.delete())
        told, count = time.monotonic(), 0
        for name, size, content in archive.members(self._path):
            if name.startswith(TABLES):
                _insert(connection, tables.tables[name.split("/")[1]], content)
                self._progress(name.removeprefix(TABLES))
            elif name.startswith(BLOBS):
                self._put(name.removeprefix(BLOBS), content, before)
                count += 1
                if time.monotonic() - told > 1:
                    told = time.monotonic()
                    self._progress(f"blobs: {count:,}, now {name.removeprefix(BLOBS)}, {size:,} bytes")
        after = migrate.run(connection)
        if after != self._manifest.schema:
            self._progress(f"The schema was brought from step {self._manifest.schema} to {after}.")
        if self._database.dialect == "postgresql":
            # new plans for new tables
            connection.execute(text("ANALYZE"))

    def _put(self, name: str, content: Content, before: set[str]) -> None:
        with tempfile.NamedTemporaryFile(prefix="eden-restore-") as file:
            while piece := content.read(_PIECE):
                file.write(piece)
            file.flush()
            if name not in before:
                self._added.append(name)
            self._runner.run(self._blobs.put(name, Path(file.name)))

    async def _remove(self, names: list[str]) -> None:
        for name in names:
            await self._blobs.delete(name)


async def _names(blobs: Blobs) -> set[str]:
    return {name async for name, _ in blobs.list() if not name.startswith(PROBES)}


def _insert(connection: Connection, table: Table, content: Content) -> None:
    binary = [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
    rows: list[dict[str, Any]] = []
    most = _PARAMETERS // len(table.columns)
    for line in content.read().splitlines():
        row = msgspec.json.decode(line)
        for name in binary:
            if row[name] is not None:
                row[name] = base64.b64decode(row[name])
        rows.append(row)
        if len(rows) == most:
            connection.execute(table.insert().values(rows))
            rows = []
    if rows:
        connection.execute(table.insert().values(rows))


def _check_secret(settings: Settings, path: Path, manifest: Manifest, force: bool) -> bytes | None:
    """The key of the archive if it has to be written; None when the right one is there."""
    file = settings.data_folder / SECRET_FILE
    present = settings.secret_key.encode()
    if not present and file.exists():
        present = file.read_bytes().strip()
    if present and secret_check(present) == manifest.secret_check:
        return None
    held = next((content.read() for name, _, content in archive.members(path) if name == SECRET), None)
    if held is None:
        raise EdenError(
            "other-secret-key",
            "The backup does not hold its secret key, and the one here is " + ("another." if present else "missing."),
            f"Put the installation's key into {file} (mode 0600), or name it by secret_key_file.",
        )
    if settings.secret_key or (present and not force):
        raise EdenError(
            "other-secret-key",
            "The secret key here is not the one of the backup.",
            "Remove secret_key from the settings, or the key in the data folder; --force replaces the latter.",
        )
    return held


def _write_secret(path: Path, secret: bytes) -> None:
    draft = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(secret + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
