"""The service of observing, as pages and APIs are given it: apps, the insight process, forgetting a person."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, insert, select, update

from eden.base.changes import append
from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import new_id, now
from eden.base.problems import Problem
from eden.observe.accept.collect import Collect
from eden.observe.accept.own import OwnWire
from eden.observe.accept.receiver import Receiver
from eden.observe.accept.usage import Usage
from eden.observe.accept.wires import Wire
from eden.observe.apps import Apps
from eden.observe.attachments import Attachments
from eden.observe.crashes.prepare import Preparation
from eden.observe.crashes.service import Crashes
from eden.observe.insight.client import Insight
from eden.observe.interfaces import QuarantinedRow
from eden.observe.logs.note import forget_device
from eden.observe.logs.pulls import Pulls
from eden.observe.logs.service import Logs
from eden.observe.models import observe_apps, observe_erasures
from eden.observe.spool.folder import spool_folder
from eden.observe.spool.writer import SpoolWriter

#: kind of the feed's rows about erasures; the insight process drops what is still in the spool
ERASED = "observe.erase"
#: seconds between two looks at the insight process's figures
_LOOK_SECONDS = 5.0
_LONGEST_PERSON = 256

log = logging.getLogger("eden.observe")


class Erasure(msgspec.Struct, frozen=True):
    """A person to be forgotten: what was received of them up to `at`. Times in microseconds; `done_at`: when the events
    store had taken it."""

    id: str
    person: str
    requested_by: str
    at: int
    done_at: int | None


@dataclass
class Observe:
    """One per server process. `clock` gives µs in UTC; `wires` are the foreign ones by the first word of their
    paths."""

    ground: Ground
    wires: dict[str, Wire] = field(default_factory=dict)
    clock: Callable[[], int] = now
    apps: Apps = field(init=False)
    insight: Insight = field(init=False)
    spool: SpoolWriter = field(init=False)
    usage: Usage = field(init=False)
    collect: Collect = field(init=False)
    crashes: Crashes = field(init=False)
    symbols: Preparation = field(init=False)
    logs: Logs = field(init=False)
    pulls: Pulls = field(init=False)
    attachments: Attachments = field(init=False)
    receiver: Receiver = field(init=False)

    def __post_init__(self) -> None:
        settings = self.ground.settings
        self.apps = Apps(self.ground, self.clock)
        self.insight = Insight(settings)
        self.spool = SpoolWriter(spool_folder(settings.data_folder), settings.observe.spool_bytes)
        self.spool.on_look = self.ground.metrics.gauge(
            "eden_observe_spool_bytes", "Bytes of accepted reports on the disk, of all processes.", processes="livemax"
        ).set
        self.usage = Usage(self.ground, self.clock)
        self.logs = Logs(self.apps, self.insight, self.clock)
        self.pulls = Pulls(self.ground, self.apps, self.insight, self.clock)
        self.collect = Collect(self.ground, self.apps, self.pulls.wanted)
        self.collect.on_nothing.append(self.pulls.sent_nothing)
        self.crashes = Crashes(self.ground, self.apps, self.insight, self.clock)
        self.symbols = Preparation(self.ground, self.clock)
        self.attachments = Attachments(self.ground.blobs, self.insight)
        self.receiver = Receiver(
            self.ground,
            self.apps,
            self.spool,
            self.usage,
            self.collect,
            {"v1": OwnWire(self.collect), **self.wires},
            is_on=self.insight.is_installed,
            clock=self.clock,
        )
        self._gauges = {
            name: self.ground.metrics.gauge(f"eden_observe_{name}", text, processes="livemax")
            for name, text in _FIGURES.items()
        }
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.apps.start()
        self.collect.start()
        self.symbols.start()
        await self.pulls.start()
        if self.insight.is_installed:
            await self.spool.start()
            self.usage.start()
            self._looking = asyncio.create_task(self._keep_looking(), name="eden-observe-figures")

    async def stop(self) -> None:
        """What was acknowledged is on the disk, what was counted in the table."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
            await self.spool.stop()
            await self.usage.stop()
        await self.pulls.stop()
        await self.insight.close()

    # forgetting

    async def erase(self, principal: Principal, workspace_id: str, person: str) -> Erasure:
        """Forget a person (a user's or a device's id) in all apps of the workspace: no report has them at the return,
        and what waits in the spool is dropped. Written down and in the audit log before anything is deleted: where the
        events store is away, or the process ends, `finish_erasures` goes on, and `done_at` is None until then."""
        check_permission(principal, workspace_id, "observe.erase")
        person = person.strip()
        if not 0 < len(person) <= _LONGEST_PERSON:
            raise Problem(
                "invalid",
                f"A person's id has 1 to {_LONGEST_PERSON} characters.",
                errors=[("person", f"1 to {_LONGEST_PERSON} characters")],
            )
        erasure = Erasure(new_id(), person, principal.name, self.clock(), None)

        def work(connection: Connection) -> None:
            values = {"workspace_id": workspace_id, **msgspec.structs.asdict(erasure)}
            connection.execute(insert(observe_erasures).values(**values))
            append(connection, ERASED, workspace_id, {"erasure": erasure.id})
            forget_device(connection, workspace_id, person)
            # who was forgotten is not to be remembered here
            self.ground.audit.append(connection, workspace_id, principal.name, "observe.erase", erasure.id)

        await self.ground.database.write(work)
        try:
            return await self._finish(workspace_id, erasure)
        except Problem as problem:
            if problem.code != "insight-unavailable":
                raise
            log.warning("an erasure waits for the events store: %s", problem)
            return erasure

    async def erasures(
        self, principal: Principal, workspace_id: str, *, before: str | None = None, limit: int = 50
    ) -> list[Erasure]:
        """The newest first, behind the id `before`."""
        check_permission(principal, workspace_id, "observe.erase")
        table = observe_erasures.c
        query = select(table.id, table.person, table.requested_by, table.at, table.done_at)
        query = query.where(table.workspace_id == workspace_id)
        if before is not None:
            query = query.where(table.id < before)
        rows = await self.ground.database.read(
            lambda connection: connection.execute(query.order_by(table.id.desc()).limit(limit)).all()
        )
        return [Erasure(*row) for row in rows]

    async def finish_erasures(self) -> None:
        """Have the events store take what it could not take when it was asked for."""
        table = observe_erasures.c
        rows = await self.ground.database.read(
            lambda connection: connection.execute(select(observe_erasures).where(table.done_at.is_(None))).all()
        )
        for row in rows:
            await self._finish(row.workspace_id, Erasure(row.id, row.person, row.requested_by, row.at, None))

    async def _finish(self, workspace_id: str, erasure: Erasure) -> Erasure:
        numbers = await self.ground.database.read(
            lambda connection: (
                connection.execute(select(observe_apps.c.number).where(observe_apps.c.workspace_id == workspace_id))
                .scalars()
                .all()
            )
        )
        for number in numbers:
            await self.insight.erase(number, erasure.person, erasure.at)
        done_at = self.clock()
        await self.ground.database.write(
            lambda connection: connection.execute(
                update(observe_erasures).where(observe_erasures.c.id == erasure.id).values(done_at=done_at)
            )
        )
        return msgspec.structs.replace(erasure, done_at=done_at)

    # quarantine

    async def quarantine(
        self, principal: Principal, workspace_id: str, key: str, *, limit: int = 50
    ) -> list[QuarantinedRow]:
        """The newest records that could not be stored as what they are, with their reasons."""
        app = await self.apps.get(principal, workspace_id, key)
        found = await self.insight.ask(
            "SELECT toFloat64(received), wire, reason, raw FROM quarantine WHERE app = {app:UInt32}"
            " ORDER BY received DESC LIMIT {limit:UInt32}",
            {"app": app.number, "limit": limit},
        )
        return [
            QuarantinedRow(app=app.number, received=received, wire=wire, reason=reason, raw=raw)
            for received, wire, reason, raw in found.rows
        ]

    # figures

    async def _keep_looking(self) -> None:
        if self.spool.spooled:
            # of a server that was here before this one
            self.insight.wake()
        while True:
            # a server that nobody sends anything needs no insight process
            if self.receiver.took.is_set():
                self.insight.wake()
                with contextlib.suppress(Problem):
                    figures = (await self.insight.status()).figures
                    for name, gauge in self._gauges.items():
                        gauge.set(figures.get(name, 0.0))
                await asyncio.sleep(_LOOK_SECONDS)
            else:
                await self.receiver.took.wait()


#: of `Inserter.figures`
_FIGURES = {
    "digest_lag_seconds": "Age of the oldest accepted report that is not stored yet.",
    "digest_rows": "Rows stored since the insight process started.",
    "repeated_rows": "Events and errors that had come before in another batch and were left out.",
    "quarantined_rows": "Records put into quarantine since the insight process started.",
}
