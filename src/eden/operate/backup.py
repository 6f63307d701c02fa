"""`eden backup`: everything of an installation in one file, while the server runs.

The tables are read in one snapshot, so they agree with each other. Blobs are read after it: they are written before the
rows that name them, and removed a day after the last row that named them.
"""

from __future__ import annotations

import asyncio
import base64
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, LargeBinary, MetaData, Table, delete, insert, select, tuple_
from sqlalchemy.exc import DBAPIError

from eden import __version__

# brings the tables of all services, too
from eden.app import STORES as OTHERS
from eden.base import migrate
from eden.base.blobs import CONTENT
from eden.base.errors import EdenError
from eden.base.ground import Ground, has_other_secret, secret_check
from eden.base.ids import now
from eden.base.parts import Piece
from eden.base.tables import installation, metadata
from eden.observe.attachments import FOLDER as ATTACHMENTS
from eden.operate.archive import BLOBS, FORMAT, MANIFEST, SECRET, STORES, TABLES, Manifest, Writer
from eden.operate.stores import listed

#: rows read at once, bytes of one piece of a table
_ROWS = 2000
_PIECE_BYTES = 8_000_000
#: larger blobs go through a file
_SPOOLED_BYTES = 32_000_000
#: not part of an installation
VERSION_TABLE = "alembic_version"
#: in `installation`: when the last one was made
LAST_BACKUP = "last_backup"

Progress = Callable[[str], None]


def backup(ground: Ground, path: Path, *, with_secret: bool, progress: Progress) -> bool:
    """Write the archive `path`; whether every blob was what its name says. Raises EdenError when it cannot be made."""
    if not path.absolute().parent.is_dir():
        raise EdenError("no-folder", f"{path.absolute().parent} is not a folder.")
    if path.is_dir():
        raise EdenError("cannot-write", f"{path} is a folder.", "Name a file in it.")
    try:
        # before the snapshot: what they have of apps that are made meanwhile belongs to nobody
        stores = {
            store.name: store.pieces(ground.database, path.absolute().parent)
            for store in (make(ground.settings) for make in OTHERS)
        }
        with Writer(path) as writer:
            schema, tables = ground.database.read_now(
                lambda connection: _write_tables(ground, connection, writer, progress)
            )
            for name, pieces in stores.items():
                _write_store(name, pieces, writer, progress)
            damaged = asyncio.run(_write_blobs(ground, writer, path.absolute().parent, progress))
            if with_secret:
                writer.add(SECRET, ground.secret)
            manifest = Manifest(
                format=FORMAT,
                eden=__version__,
                schema=schema,
                made_at=now(),
                secret_check=secret_check(ground.secret),
                tables=tables,
                files=dict(writer.files),
            )
            writer.add(MANIFEST, msgspec.json.encode(manifest))
    except OSError as error:
        raise EdenError("cannot-write", f"{path} cannot be written: {error.strerror or error}.") from error
    for name in damaged:
        progress(f"Damaged in the store, and so in the backup: {name}")
    try:
        ground.database.write_now(_note_backup)
    except (EdenError, DBAPIError) as error:
        # it is made all the same
        progress(f"eden doctor will not know of this backup: {error}")
    return not damaged


def _note_backup(connection: Connection) -> None:
    connection.execute(delete(installation).where(installation.c.name == LAST_BACKUP))
    connection.execute(insert(installation).values(name=LAST_BACKUP, value=str(now())))


def reflect(connection: Connection) -> list[Table]:
    """The installation's tables as they are in the database, those that are referred to first."""
    found = MetaData()
    found.reflect(connection)
    # at the newest step it is known which are ours; somebody may have put others beside them
    all_ours = migrate.current(connection) != migrate.head()
    return [
        table
        for table in found.sorted_tables
        if table.name != VERSION_TABLE and (all_ours or table.name in metadata.tables)
    ]


def _write_tables(
    ground: Ground, connection: Connection, writer: Writer, progress: Progress
) -> tuple[str, dict[str, int]]:
    schema = migrate.current(connection)
    if schema is None:
        raise EdenError("nothing-there", "The database is empty: there is nothing to back up.")
    if has_other_secret(connection, ground.secret):
        # whoever restored it would be asked for the wrong one
        raise EdenError(
            "other-secret-key",
            "This database has another secret key.",
            "Set secret_key_file to the key it was begun with.",
        )
    counts: dict[str, int] = {}
    for table in reflect(connection):
        counts[table.name] = 0
        for number, (rows, piece) in enumerate(_pieces(connection, table), 1):
            writer.add(f"{TABLES}{table.name}/{number:06}.ndjson", piece)
            counts[table.name] += rows
        if counts[table.name]:
            progress(f"{table.name}: {counts[table.name]:,} row{'s' if counts[table.name] > 1 else ''}")
    return schema, counts


def _pieces(connection: Connection, table: Table) -> Iterator[tuple[int, bytes]]:
    """Number of rows and their lines, piece by piece; an empty table has none."""
    binary = [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
    lines: list[bytes] = []
    size = 0
    for row in _rows(connection, table):
        for name in binary:
            if row[name] is not None:
                row[name] = base64.b64encode(row[name]).decode()
        lines.append(msgspec.json.encode(row))
        size += len(lines[-1]) + 1
        if size >= _PIECE_BYTES:
            yield len(lines), b"\n".join(lines) + b"\n"
            lines, size = [], 0
    if lines:
        yield len(lines), b"\n".join(lines) + b"\n"


def _rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    """All rows in the order of the primary key, a page at a time: no driver holds a whole table."""
    key = list(table.primary_key.columns)
    query = select(table).order_by(*key).limit(_ROWS)
    last: tuple[Any, ...] | None = None
    while True:
        page = connection.execute(query if last is None else query.where(tuple_(*key) > tuple_(*last))).mappings().all()
        for row in page:
            yield dict(row)
        if len(page) < _ROWS:
            return
        last = tuple(page[-1][column.name] for column in key)


def _write_store(name: str, pieces: Iterator[Piece], writer: Writer, progress: Progress) -> None:
    rows, told = 0, time.monotonic()
    for piece in pieces:
        writer.add_file(f"{STORES}{name}/{piece.name}", piece.file, piece.size)
        rows += piece.rows
        if time.monotonic() - told > 1:
            told = time.monotonic()
            progress(f"{name}: {rows:,} rows, now {piece.name}")
    if rows:
        progress(f"{name}: {rows:,} rows")


async def _write_blobs(ground: Ground, writer: Writer, spool: Path, progress: Progress) -> list[str]:
    """Names of content that is not what its name says. Large ones are gathered in the folder `spool`."""
    blobs = ground.blobs
    names = await listed(blobs, ground.settings)
    total, done, damaged = sum(size for _, size in names), 0, []
    told = time.monotonic()
    for number, (name, _) in enumerate(names, 1):
        with tempfile.SpooledTemporaryFile(max_size=_SPOOLED_BYTES, dir=str(spool)) as file:
            size = 0
            try:
                async for piece in blobs.stream(name):
                    file.write(piece)
                    size += len(piece)
            except FileNotFoundError:
                # it was listed, and removed since: nothing of the snapshot needs it
                continue
            file.seek(0)
            writer.add_file(f"{BLOBS}{name}", file, size)
        if name.startswith((CONTENT, ATTACHMENTS)) and writer.files[f"{BLOBS}{name}"].sha256 != name.rpartition("/")[2]:
            damaged.append(name)
        done += size
        if time.monotonic() - told > 1:
            told = time.monotonic()
            progress(f"blobs: {number:,} of {len(names):,}, {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")
    progress(f"blobs: {len(names):,}, {done / 1e6:,.1f} MB")
    return damaged
