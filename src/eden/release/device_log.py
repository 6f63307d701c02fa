"""What devices say, written down in batches: who they are, and what they report.

Checks are thousands a second; their devices are written ten times a second, each only when something about it is new
or an hour has passed. Many at once would hold up the checks, since the writing thread shares the interpreter with them:
at half load the 99th percentile of a check is 8 ms with 200 devices in a transaction, and 15 to 80 ms with 2,000 once a
second. What does not fit into the buffer is dropped and counted: the next check tells it again. Reports are answered
after their commit, many batches to one: an answered report is counted, exactly once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from eden.base.ids import now
from eden.base.problems import Problem
from eden.release.device_views import WorkspaceView
from eden.release.interfaces import CheckRequest, DeviceContext, ReportBatch
from eden.release.models import devices
from eden.release.service_core import Core
from eden.release.service_reports import do_reports, split

#: seconds between two writes of devices, and after one that failed
_PAUSE = 0.1
_PAUSE_FAILED = 5.0
#: devices written by one transaction
_AT_ONCE = 200
#: devices that wait to be written; with a write of 2,000 a second this is a peak of five seconds
_WAITING = 10_000
#: devices whose last record is remembered by its hash; the others are written once more, which does no harm
_REMEMBERED = 50_000
#: a device that says the same is written again within this time, so that "last seen" stays true to it
_REFRESH = 3600 * 1_000_000
#: batches of reports that wait; more are asked to come later
_MOST_BATCHES = 5_000
_BATCHES_AT_ONCE = 500
#: reports in them: a batch usually has five, a client may put a thousand into each
_MOST_REPORTS = 100_000
_REPORTS_AT_ONCE = 20_000
_RETRY_SECONDS = "10"

log = logging.getLogger("eden.release")


class _Seen(NamedTuple):
    """What a device said at its last check, and when (µs). `installed`: code by key of programs that exist."""

    context: DeviceContext
    installed: dict[str, int]
    at: int


_Waiting: TypeAlias = tuple[WorkspaceView, ReportBatch, asyncio.Future[None]]


class DeviceLog:
    """One per process."""

    def __init__(self, core: Core) -> None:
        self._core = core
        #: devices that wait to be written, by workspace and id
        self._seen: dict[tuple[str, str], _Seen] = {}
        # hashes: two numbers for each of many devices
        self._written: OrderedDict[int, int] = OrderedDict()
        self._batches: asyncio.Queue[_Waiting] = asyncio.Queue()
        #: in the batches that wait
        self._reports = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._dropped = core.ground.metrics.counter(
            "eden_devices_dropped_total", "Checks whose device was not written down because too many waited."
        )

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._write_devices(), name="eden-devices"),
            asyncio.create_task(self._write_reports(), name="eden-reports"),
        ]

    async def stop(self) -> None:
        """What waits is written, if that is possible: devices say it again with their next check."""
        await self._batches.join()
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        try:
            while self._seen:
                await self._flush()
        except Exception:
            log.exception("devices could not be written at the end")

    # devices

    def note(self, view: WorkspaceView, request: CheckRequest, at: int) -> None:
        """A device has checked. Costs a hash; nothing is written here."""
        key = (view.id, request.device)
        name = hash(key)
        # each device has an hour of its own, so that they are not all written in the same second
        mark = hash((request.context, request.programs, (at + name) // _REFRESH))
        if self._written.get(name) == mark:
            return
        if len(self._seen) >= _WAITING and key not in self._seen:
            self._dropped.inc()
            return
        self._written[name] = mark
        self._written.move_to_end(name)
        if len(self._written) > _REMEMBERED:
            self._written.popitem(last=False)
        # a client may name a thousand programs that do not exist
        installed = {
            asked.key: asked.have for asked in request.programs if asked.have is not None and asked.key in view.programs
        }
        self._seen[key] = _Seen(request.context, installed, at)

    async def _write_devices(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE)
            try:
                await self._flush()
            except Exception:
                log.exception("devices could not be written; trying again")
                await asyncio.sleep(_PAUSE_FAILED)

    async def _flush(self) -> None:
        keys = list(self._seen)[:_AT_ONCE]
        seen = [self._seen.pop(key) for key in keys]
        if not seen:
            return
        rows = [_row(key, one) for key, one in zip(keys, seen, strict=True)]

        def work(connection: Connection) -> None:
            statement: Any = (sqlite if self._core.database.dialect == "sqlite" else postgresql).insert(devices)
            changed = {name: statement.excluded[name] for name in ("context", "user_id", "installed", "seen_at")}
            # in the order of the key: two processes never wait for each other
            connection.execute(
                statement.on_conflict_do_update(index_elements=["workspace_id", "device_id"], set_=changed),
                sorted(rows, key=lambda row: (row["workspace_id"], row["device_id"])),
            )

        try:
            await self._core.database.write(work)
        except Exception:
            for key, one in zip(keys, seen, strict=True):
                self._seen.setdefault(key, one)
            raise

    # reports

    async def report(self, view: WorkspaceView, batch: ReportBatch) -> None:
        """Count a batch; returns when it is on the disk. Problem `rate-limited` when too many wait."""
        if self._batches.qsize() >= _MOST_BATCHES or self._reports + len(batch.reports) > _MOST_REPORTS:
            raise Problem(
                "rate-limited",
                "More reports arrive than can be counted.",
                "Send the same batch again later.",
                headers={"Retry-After": _RETRY_SECONDS},
            )
        counted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._batches.put_nowait((view, batch, counted))
        self._reports += len(batch.reports)
        await counted

    async def _write_reports(self) -> None:
        while True:
            taken = [await self._batches.get()]
            reports = len(taken[0][1].reports)
            while len(taken) < _BATCHES_AT_ONCE and reports < _REPORTS_AT_ONCE and not self._batches.empty():
                taken.append(self._batches.get_nowait())
                reports += len(taken[-1][1].reports)
            self._reports -= reports
            try:
                by_workspace: dict[str, list[_Waiting]] = {}
                for one in taken:
                    by_workspace.setdefault(one[0].id, []).append(one)
                for group in by_workspace.values():
                    await self._answer(group)
            finally:
                for _ in taken:
                    self._batches.task_done()

    async def _answer(self, group: list[_Waiting]) -> None:
        """Count batches of one workspace and let their devices know. A failure is told to them, and to nobody else."""
        failure: Exception | None = None
        try:
            await self._count(group[0][0], [batch for _, batch, _ in group])
        except Exception as error:
            log.exception("reports could not be counted")
            failure = error
        for _, _, counted in group:
            if counted.done():  # who sent it has gone away
                continue
            if failure is None:
                counted.set_result(None)
            else:
                counted.set_exception(failure)

    async def _count(self, view: WorkspaceView, batches: list[ReportBatch]) -> None:
        said = await self._contexts(view.id, sorted({batch.device for batch in batches}))
        parts = [
            split(batch, view.programs, view.context(batch.device, said.get(batch.device, DeviceContext())))
            for batch in batches
        ]
        await self._core.database.write(lambda connection: do_reports(connection, view.id, parts, now()))

    async def _contexts(self, workspace_id: str, ids: list[str]) -> Mapping[str, DeviceContext]:
        """What devices said when they last checked: here, or in the table."""
        waiting = {device: one.context for device in ids if (one := self._seen.get((workspace_id, device))) is not None}
        missing = [device for device in ids if device not in waiting]
        if not missing:
            return waiting
        rows = await self._core.database.read(
            lambda connection: connection.execute(
                select(devices.c.device_id, devices.c.context).where(
                    devices.c.workspace_id == workspace_id, devices.c.device_id.in_(missing)
                )
            ).all()
        )
        return waiting | {row.device_id: msgspec.convert(row.context, DeviceContext) for row in rows}


def _row(key: tuple[str, str], seen: _Seen) -> dict[str, Any]:
    workspace_id, device_id = key
    return {
        "workspace_id": workspace_id,
        "device_id": device_id,
        "context": seen.context,
        "user_id": seen.context.user_id,
        "installed": seen.installed,
        "first_seen_at": seen.at,
        "seen_at": seen.at,
    }
