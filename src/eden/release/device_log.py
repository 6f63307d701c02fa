"""What devices say, written down in batches: who they are, and what they report.

Checks are thousands a second; their devices are written once a second in one transaction, each only when something
about it is new or an hour has passed. What does not fit into the buffer is dropped and counted: the next check tells it
again. Reports are answered after their commit, many batches to one: an answered report is counted, exactly once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

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

#: seconds between two writes of devices
_PAUSE = 1.0
#: devices written by one transaction
_AT_ONCE = 2_000
#: devices that wait to be written; with a write of 2,000 a second this is a peak of five seconds
_WAITING = 10_000
#: devices whose last record is remembered by its hash; the others are written once more, which does no harm
_REMEMBERED = 50_000
#: a device that says the same is written again within this time, so that "last seen" stays true to it
_REFRESH = 3600 * 1_000_000
#: batches of reports that wait; more are asked to come later
_MOST_BATCHES = 5_000
_BATCHES_AT_ONCE = 500
_RETRY_SECONDS = "10"

log = logging.getLogger("eden.release")


class DeviceLog:
    """One per process. `dropped`: devices that were not written because too many waited."""

    def __init__(self, core: Core) -> None:
        self._core = core
        #: the last check of each device that waits to be written, and when it was
        self._seen: dict[tuple[str, str], tuple[CheckRequest, int]] = {}
        # hashes: two numbers for each of many devices
        self._written: OrderedDict[int, int] = OrderedDict()
        self._batches: asyncio.Queue[tuple[WorkspaceView, ReportBatch, asyncio.Future[None]]] = asyncio.Queue(
            _MOST_BATCHES
        )
        self._tasks: list[asyncio.Task[None]] = []
        self.dropped = 0

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._write_devices(), name="eden-devices"),
            asyncio.create_task(self._write_reports(), name="eden-reports"),
        ]

    async def stop(self) -> None:
        """What waits is written."""
        await self._batches.join()
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        while self._seen:
            await self._flush()

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
            self.dropped += 1
            return
        self._written[name] = mark
        self._written.move_to_end(name)
        if len(self._written) > _REMEMBERED:
            self._written.popitem(last=False)
        self._seen[key] = (request, at)

    async def _write_devices(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE)
            try:
                await self._flush()
            except Exception:
                log.exception("devices could not be written; trying again")

    async def _flush(self) -> None:
        keys = list(self._seen)[:_AT_ONCE]
        seen = [self._seen.pop(key) for key in keys]
        if not seen:
            return
        rows = [_row(workspace_id, *one) for (workspace_id, _), one in zip(keys, seen, strict=True)]

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
        counted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._batches.put_nowait((view, batch, counted))
        except asyncio.QueueFull:
            raise Problem(
                "rate-limited",
                "More reports arrive than can be counted.",
                "Send the same batch again later.",
                headers={"Retry-After": _RETRY_SECONDS},
            ) from None
        await counted

    async def _write_reports(self) -> None:
        while True:
            taken = [await self._batches.get()]
            while len(taken) < _BATCHES_AT_ONCE and not self._batches.empty():
                taken.append(self._batches.get_nowait())
            try:
                await self._count(taken)
            except Exception as error:
                log.exception("reports could not be counted")
                failure = error
                for _, _, counted in taken:
                    if not counted.done():
                        counted.set_exception(failure)
            finally:
                for _ in taken:
                    self._batches.task_done()

    async def _count(self, taken: list[tuple[WorkspaceView, ReportBatch, asyncio.Future[None]]]) -> None:
        by_workspace: dict[str, list[tuple[WorkspaceView, ReportBatch, asyncio.Future[None]]]] = {}
        for one in taken:
            by_workspace.setdefault(one[0].id, []).append(one)
        for workspace_id, group in by_workspace.items():
            view = group[0][0]
            said = await self._contexts(workspace_id, sorted({batch.device for _, batch, _ in group}))
            parts = [
                split(batch, view.programs, view.context(batch.device, said.get(batch.device, DeviceContext())))
                for _, batch, _ in group
            ]
            await self._core.database.write(
                lambda connection, workspace_id=workspace_id, parts=parts: do_reports(  # type: ignore[misc]
                    connection, workspace_id, parts, now()
                )
            )
            for _, _, counted in group:
                if not counted.done():
                    counted.set_result(None)

    async def _contexts(self, workspace_id: str, ids: list[str]) -> Mapping[str, DeviceContext]:
        """What devices said when they last checked: here, or in the table."""
        waiting = {
            device: one[0].context for device in ids if (one := self._seen.get((workspace_id, device))) is not None
        }
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


def _row(workspace_id: str, request: CheckRequest, at: int) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "device_id": request.device,
        "context": request.context,
        "user_id": request.context.user_id,
        "installed": {program.key: program.have for program in request.programs if program.have is not None},
        "first_seen_at": at,
        "seen_at": at,
    }
