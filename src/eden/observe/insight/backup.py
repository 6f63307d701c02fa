"""The events store in backups: rows in ClickHouse's format Native, a table's day at a time.

    TABLE/DAY-NUMBER.native

Any engine reads them, so that a backup of the embedded engine is restored into a server and back. Roll-ups are not in
it: they are counted again as the rows arrive. `seen` is, as it knows people whose first events have expired. Rows come
from the insight process, while servers run; they go through a process of its own (`loading`) into a store beside the
one that is there, whose place it takes in the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec
from sqlalchemy import select

from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.locks import lock
from eden.base.parts import Piece, Readable
from eden.base.settings import Settings
from eden.observe import schema
from eden.observe.insight import place, spawn
from eden.observe.insight.client import Insight, Limits
from eden.observe.insight.loading import Loading
from eden.observe.models import observe_apps
from eden.observe.spool.folder import segments, spool_folder

#: of one piece, before it is compressed
_PIECE_BYTES = 64_000_000
_LIMITS = Limits(seconds=3600, rows=1 << 40, result_bytes=8 * _PIECE_BYTES)
#: a process that ends when its last server has gone
_WAIT_SECONDS = 15.0


class EventsStore:
    """`eden.base.parts.Store` of observing."""

    name = "observe"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def pieces(self, database: Database, folder: Path) -> Iterator[Piece]:
        settings = self._settings
        if not spawn.is_installed(settings):
            if place.store(settings).exists():
                raise EdenError(
                    "observe-off",
                    "There is an events store, but its engine is not installed.",
                    "Install it: pip install 'eden-platform[observe]'",
                )
            return iter(())
        if not settings.observe.clickhouse and not place.store(settings).exists() and not _is_waiting(settings):
            return iter(())
        apps = database.read_now(lambda connection: connection.execute(select(observe_apps.c.number)).scalars().all())
        return _pieces(settings, sorted(apps), folder)

    @contextmanager
    def restoring(self, *, force: bool) -> Iterator[_Restoring]:
        with _alone(self._settings):
            restoring = _Restoring(self._settings, force)
            try:
                yield restoring
            finally:
                restoring.close()


def _is_waiting(settings: Settings) -> bool:
    return bool(segments(spool_folder(settings.data_folder)))


def _pieces(settings: Settings, apps: Sequence[int], folder: Path) -> Iterator[Piece]:
    with asyncio.Runner() as runner:
        insight = Insight(settings, serving=False)
        try:
            # what was acknowledged before is in it
            runner.run(insight.settled())
            for table in schema.KEPT:
                yield from _of_table(runner, insight, table, apps, folder)
        finally:
            runner.run(insight.close())


def _of_table(
    runner: asyncio.Runner, insight: Insight, table: str, apps: Sequence[int], folder: Path
) -> Iterator[Piece]:
    day = f"toDate({schema.TABLES[table].moment})"
    asked = {"apps": list(apps), "table": schema.local(table, insight.cluster)}
    ((width,),) = runner.run(
        insight.ask(
            "SELECT ifNull(sum(data_uncompressed_bytes) / nullIf(sum(rows), 0), 1) FROM system.parts"
            " WHERE active AND database = currentDatabase() AND table = {table:String}",
            asked,
        )
    ).rows
    days = runner.run(
        insight.ask(
            f"SELECT toString({day}) AS day, count() FROM {table} WHERE app IN {{apps:Array(UInt32)}}"
            " GROUP BY day ORDER BY day",
            asked,
            limits=_LIMITS,
        )
    ).rows
    for name, rows in days:
        count = int(rows * width / _PIECE_BYTES) + 1
        for number in range(count):
            sql = (
                f"SELECT * FROM {table} WHERE app IN {{apps:Array(UInt32)}} AND {day} = {{day:Date}}"
                f" AND cityHash64({schema.TABLES[table].order.strip('()')}) % {count} = {number}"
            )
            parameters = {**asked, "day": name}
            with tempfile.TemporaryFile(dir=folder) as file:
                size = runner.run(_fetch(insight, sql, parameters, file))
                file.seek(0)
                if size:
                    yield Piece(f"{table}/{name}-{number:04}.native", file, size, rows if number == 0 else 0)


async def _fetch(insight: Insight, sql: str, parameters: dict[str, object], file: IO[bytes]) -> int:
    size = 0
    async for piece in insight.stream(sql, parameters, form="Native", limits=_LIMITS):
        size += file.write(piece)
    return size


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Keep an insight process from starting. Raises EdenError when one stays."""
    handle = os.open(place.lock_file(settings), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        until = time.monotonic() + _WAIT_SECONDS
        while not lock(handle, alone=True):
            if time.monotonic() > until:
                raise EdenError("server-runs", "An insight process of this folder runs.", "Stop the server.")
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)


class _Restoring:
    """`eden.base.parts.Restoring`."""

    def __init__(self, settings: Settings, force: bool) -> None:
        self._settings = settings
        self._force = force
        self._beside = place.folder(settings) / "store.restoring"
        self._before = place.folder(settings) / "store.before"
        self._process: subprocess.Popen[bytes] | None = None
        shutil.rmtree(self._beside, ignore_errors=True)
        shutil.rmtree(self._before, ignore_errors=True)

    def put(self, name: str, content: Readable, size: int) -> None:
        table = name.split("/")[0]
        if table not in schema.KEPT:
            raise EdenError("backup-damaged", f"The backup has a table {table!r} of events, which Eden has not.")
        process = self._process or self._started()
        assert process.stdin is not None
        try:
            process.stdin.write(msgspec.json.encode({"table": table, "size": size}) + b"\n")
            while piece := content.read(1 << 20):
                process.stdin.write(piece)
        except BrokenPipeError:
            raise self._failure() from None

    def finish(self) -> None:
        if self._process is not None:
            with contextlib.suppress(BrokenPipeError):
                assert self._process.stdin is not None
                self._process.stdin.close()
            if self._process.wait() != 0:
                raise self._failure()

    def replace(self) -> None:
        store = place.store(self._settings)
        if store.exists():
            store.rename(self._before)
        if self._beside.exists():
            # links inside are relative: they go along
            self._beside.rename(store)
        # what waited there belongs to the installation of before, and so does what is known of it
        shutil.rmtree(spool_folder(self._settings.data_folder), ignore_errors=True)
        shutil.rmtree(self._before, ignore_errors=True)

    def close(self) -> None:
        if self._process is not None:
            if self._process.poll() is None:
                self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(BrokenPipeError):
                    assert stream is not None
                    stream.close()
        shutil.rmtree(self._beside, ignore_errors=True)

    def _started(self) -> subprocess.Popen[bytes]:
        if not spawn.is_installed(self._settings):
            raise EdenError(
                "observe-off",
                "The backup has an events store, but its engine is not installed here.",
                "Install it: pip install 'eden-platform[observe]'",
            )
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "eden.observe.insight.loading"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None
        order = Loading(self._settings, str(self._beside), self._force)
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        return self._process

    def _failure(self) -> EdenError:
        """What the process said at last."""
        assert self._process is not None and self._process.stdout is not None
        said = self._process.stdout.read().decode(errors="replace").strip()
        return EdenError("events-store", said or "The events store could not be restored.", "Nothing was restored.")
