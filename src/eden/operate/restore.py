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
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from obstore.exceptions import BaseError
from sqlalchemy import Connection, LargeBinary, MetaData, Table, func, inspect, select, text

from eden.app import STORES as OTHERS
from eden.base import migrate
from eden.base.blobs import Blobs
from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.ground import SECRET_FILE, make_data_folder, secret_check
from eden.base.parts import Restoring
from eden.base.settings import Settings
from eden.base.tables import metadata
from eden.operate import archive
from eden.operate.archive import BLOBS, SECRET, STORES, TABLES, Content, Manifest
from eden.operate.backup import VERSION_TABLE, Progress
from eden.operate.running import check_unused, held
from eden.operate.stores import listed, told

#: rows of one statement; with the columns they stay below what databases take as parameters
_PARAMETERS = 20_000
_PIECE = 1 << 20
#: tables that a server fills by being started once
_OWN = frozenset({"installation", "jobs", "counters", VERSION_TABLE})


def restore(
    settings: Settings, path: Path, *, force: bool, progress: Progress, key_file: Path | None = None
) -> Manifest:
    """Put everything of the archive in place; what was there before is gone (only with `force`). `key_file`: what
    `secret_key_file` names, where it is set; else the key is in the data folder.

    Raises EdenError, and nothing has changed: the archive is damaged or too new, the target is not empty or in use, the
    secret key is not the one of the archive, the disk is full.
    """
    progress(f"Reading {path} …")
    manifest = archive.verify(path)
    if manifest.schema not in migrate.known():
        raise EdenError(
            "newer-schema",
            f"The backup is of Eden {manifest.eden}, at step {manifest.schema}, which this version does not know.",
            "Install that version or a newer one.",
        )
    place = key_file or settings.data_folder / SECRET_FILE
    secret = _check_secret(settings, place, path, manifest, replace=force)
    make_data_folder(settings)
    with (
        told(settings),
        held(settings, alone=True),
        closing(Database(settings.database_address)) as database,
        _key_in_place(place, secret),
        asyncio.Runner() as runner,
    ):
        check_unused(database)
        _Restoration(settings, database, path, manifest, runner, progress).run(force)
    if secret is not None:
        progress(f"The secret key is in {place}.")
    return manifest


class _Restoration:
    def __init__(
        self,
        settings: Settings,
        database: Database,
        path: Path,
        manifest: Manifest,
        runner: asyncio.Runner,
        progress: Progress,
    ) -> None:
        self._settings = settings
        self._database = database
        self._blobs = Blobs.of(settings)
        self._path = path
        self._manifest = manifest
        self._runner = runner
        self._progress = progress
        self._added: list[str] = []
        self._stores: dict[str, Restoring] = {}

    def run(self, force: bool) -> None:
        with ExitStack() as stack:
            for store in (make(self._settings) for make in OTHERS):
                self._stores[store.name] = stack.enter_context(store.restoring(force=force))
            self._run(force)

    def _run(self, force: bool) -> None:
        before = {name for name, _ in self._runner.run(listed(self._blobs, self._settings))}
        try:
            with self._database.changing_schema() as connection:
                self._check_empty(connection, before, force)
                self._fill(connection, before)
                for store in self._stores.values():
                    store.finish()
        except BaseException as error:
            self._runner.run(self._remove(self._added))
            if isinstance(error, OSError):
                raise EdenError("cannot-write", f"Nothing was restored: {error.strerror or error}.") from error
            raise
        self._replace_stores()
        wanted = {name.removeprefix(BLOBS) for name in self._manifest.files if name.startswith(BLOBS)}
        try:
            self._runner.run(self._remove([name for name in before if name not in wanted]))
        except (OSError, BaseError) as error:
            self._progress(f"Files of before are left; they do no harm: {error}")

    def _replace_stores(self) -> None:
        """The last step. What it fails at cannot be taken back: the database has what was restored."""
        for name, store in self._stores.items():
            try:
                store.replace()
            except (EdenError, OSError) as error:
                raise EdenError(
                    "store-not-replaced",
                    f"The database and the files are restored, the store {name} is not: {error}",
                    "When that is mended, restore again with --force.",
                ) from error

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
                f"There is an installation already, or a part of one: {where}.",
                "Restore into an empty database and an empty folder, or replace everything with --force.",
            )
        present.drop_all(connection)

    def _fill(self, connection: Connection, before: set[str]) -> None:
        others = set(inspect(connection).get_table_names())
        migrate.run(connection, self._manifest.schema)
        made = MetaData()
        made.reflect(connection, only=[name for name in inspect(connection).get_table_names() if name not in others])
        tables = {name: table for name, table in made.tables.items() if name != VERSION_TABLE}
        for table in tables.values():
            # what a step put in is in the archive, too
            connection.execute(table.delete())
        reported, count = time.monotonic(), 0
        for name, size, content in archive.members(self._path):
            if name.startswith(TABLES):
                table_name = name.split("/")[1]
                if table_name not in tables:
                    raise EdenError("backup-damaged", f"{self._path} has a table {table_name!r}, which Eden has not.")
                _insert(connection, tables[table_name], content)
                self._progress(name.removeprefix(TABLES))
            elif name.startswith(STORES):
                _, service, piece = name.split("/", 2)
                if service not in self._stores:
                    raise EdenError("backup-damaged", f"{self._path} has a store {service!r}, which Eden has not.")
                self._stores[service].put(piece, content, size)
                self._progress(name.removeprefix(STORES))
            elif name.startswith(BLOBS):
                self._put(name.removeprefix(BLOBS), content, before)
                count += 1
                if time.monotonic() - reported > 1:
                    reported = time.monotonic()
                    self._progress(f"blobs: {count:,}, now {name.removeprefix(BLOBS)}, {size:,} bytes")
        after = migrate.run(connection)
        if after != self._manifest.schema:
            self._progress(f"The schema was brought from step {self._manifest.schema} to {after}.")
        if self._database.dialect == "postgresql":
            # new plans for new tables
            connection.execute(text("ANALYZE"))

    def _put(self, name: str, content: Content, before: set[str]) -> None:
        with tempfile.NamedTemporaryFile(prefix="restore-", dir=self._settings.data_folder) as file:
            while piece := content.read(_PIECE):
                file.write(piece)
            file.flush()
            if name not in before:
                self._added.append(name)
            self._runner.run(self._blobs.put(name, Path(file.name)))

    async def _remove(self, names: list[str]) -> None:
        for name in names:
            await self._blobs.delete(name)


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


def _check_secret(settings: Settings, place: Path, path: Path, manifest: Manifest, *, replace: bool) -> bytes | None:
    """The key of the archive if it has to be written to `place`; None when the right one is there."""
    try:
        there = place.read_bytes().strip()
    except FileNotFoundError:
        there = b""
    except OSError as error:
        raise EdenError("secret-unreadable", f"The secret key {place} cannot be read: {error.strerror}.") from error
    present = settings.secret_key.encode() or there
    if present and secret_check(present) == manifest.secret_check:
        return None
    held_inside = next((content.read() for name, _, content in archive.members(path) if name == SECRET), None)
    if held_inside is None:
        raise EdenError(
            "other-secret-key",
            "The backup does not hold its secret key, and the one here is " + ("another." if present else "missing."),
            f"Put the installation's key into {place} (mode 0600), or name it by secret_key_file.",
        )
    if present and not (replace and present == there):
        raise EdenError(
            "other-secret-key",
            "The secret key here is not the one of the backup.",
            f"Remove secret_key from the settings, or the key in {place}; --force replaces the latter.",
        )
    return held_inside


@contextmanager
def _key_in_place(place: Path, secret: bytes | None) -> Iterator[None]:
    """Write the key beside `place`, which it takes when everything inside has gone well: nothing can fail then."""
    if secret is None:
        yield
        return
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=f"{place.name}.", dir=place.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(secret + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise EdenError("cannot-write", f"The secret key {place} cannot be written: {error.strerror}.") from error
    try:
        yield
        os.replace(draft, place)
    finally:
        Path(draft).unlink(missing_ok=True)
