"""Asking a phone for its log: it hears of it with its next batch or look at the switches, and sends what it has kept.

Every server process holds the pulls that wait in memory, kept fresh by the feed, because every batch asks for them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from eden.base.changes import Change
from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import new_id, now
from eden.base.problems import Problem, not_found
from eden.observe.apps import App, Apps
from eden.observe.insight.client import Insight
from eden.observe.logs import sql
from eden.observe.logs.interfaces import Pull, PullState
from eden.observe.logs.note import TOLD, arrive, tell
from eden.observe.models import log_pulls

_SECOND = 1_000_000
_DAY = 24 * 3600 * _SECOND
#: phones keep their log for less
LONGEST_PERIOD = 30 * _DAY
#: µs for which a pull may wait
SHORTEST_WAIT, USUAL_WAIT, LONGEST_WAIT = 60 * _SECOND, 3 * _DAY, 30 * _DAY
#: pulls of one app that wait at once
_MOST_WAITING = 200
_LONGEST_DEVICE = 128
_LONGEST_REASON = 400

log = logging.getLogger("eden.observe")


class Pulls:
    """One per server process. Methods that take a principal check its permission first. `clock` gives µs in UTC."""

    def __init__(self, ground: Ground, apps: Apps, insight: Insight, clock: Callable[[], int] = now) -> None:
        self._ground = ground
        self._apps = apps
        self._insight = insight
        self._clock = clock
        self._waiting: dict[tuple[int, str], Pull] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # in memory

    async def start(self) -> None:
        """Hold what waits."""
        self._ground.feed.listen(TOLD, self._hear)
        rows = await self._ground.database.read(
            lambda connection: connection.execute(select(log_pulls).where(log_pulls.c.state == PullState.WAITING)).all()
        )
        self._waiting = {(row.app, row.device): _pull(row) for row in rows}

    async def stop(self) -> None:
        """Returns when what was noted is written."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def wanted(self, app: int, device: str) -> dict[str, Any] | None:
        """What a device is told: {"id", "from", "until"} with milliseconds, when its log is wanted."""
        pull = self._waiting.get((app, device))
        if pull is None or pull.expires_at <= self._clock():
            return None
        return {"id": pull.id, "from": pull.from_at // 1000, "until": pull.until_at // 1000}

    def sent_nothing(self, app: int, device: str, pull_id: str) -> None:
        """The device has no lines: it has answered all the same."""
        pull = self._waiting.get((app, device))
        if pull is None or pull.id != pull_id:
            return
        task = asyncio.get_running_loop().create_task(self._arrive(pull), name="eden-pull")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _arrive(self, pull: Pull) -> None:
        at = self._clock()
        try:
            await self._ground.database.write(lambda connection: arrive(connection, pull.app, pull.id, pull.device, at))
        except Exception:
            log.exception("a pull that has arrived could not be noted; its phone is asked again")

    async def _hear(self, change: Change) -> None:
        pull_id = str(change.payload["pull"])
        row = await self._ground.database.read(
            lambda connection: connection.execute(select(log_pulls).where(log_pulls.c.id == pull_id)).first()
        )
        if row is not None and row.state == PullState.WAITING:
            self._waiting[row.app, row.device] = _pull(row)
        else:
            self._waiting = {of: pull for of, pull in self._waiting.items() if pull.id != pull_id}

    # for people

    async def page(
        self, principal: Principal, workspace_id: str, key: str, *, before: str | None = None, limit: int = 50
    ) -> list[Pull]:
        """The newest first, behind the id `before`, with their lines counted."""
        app = await self._app(principal, workspace_id, key)
        query = select(log_pulls).where(log_pulls.c.app == app.number)
        if before is not None:
            query = query.where(log_pulls.c.id < before)
        rows = await self._ground.database.read(
            lambda connection: connection.execute(query.order_by(log_pulls.c.id.desc()).limit(limit)).all()
        )
        return await self._counted(app, [_pull(row) for row in rows])

    async def get(self, principal: Principal, workspace_id: str, key: str, pull_id: str) -> Pull:
        """Problem `not-found`."""
        app = await self._app(principal, workspace_id, key)
        row = await self._ground.database.read(lambda connection: _find(connection, app.number, pull_id))
        return (await self._counted(app, [_pull(row)]))[0]

    async def ask(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        device: str,
        reason: str,
        *,
        from_at: int,
        until_at: int,
        wait: int = USUAL_WAIT,
    ) -> Pull:
        """Ask a device for its lines from a time to a time; it has `wait` µs to answer. Problem `invalid`, `conflict`
        when it is being asked already."""
        check_permission(principal, workspace_id, "observe.write")
        device, reason = device.strip(), reason.strip()
        _check(device, reason, from_at, until_at, wait)
        app = await self._apps.get(principal, workspace_id, key)
        at = self._clock()
        pull = Pull(
            id=new_id(),
            app=app.number,
            device=device,
            state=PullState.WAITING,
            from_at=from_at,
            until_at=until_at,
            reason=reason,
            requested_by=principal.name,
            requested_at=at,
            expires_at=at + wait,
            arrived_at=None,
        )

        def work(connection: Connection) -> None:
            waiting = connection.execute(
                select(log_pulls.c.device).where(
                    log_pulls.c.app == app.number, log_pulls.c.state == PullState.WAITING, log_pulls.c.expires_at > at
                )
            ).scalars()
            devices = set(waiting)
            if device in devices:
                raise Problem(
                    "conflict", f"{device} is being asked for its log already.", "Wait for it, or cancel that."
                )
            if len(devices) >= _MOST_WAITING:
                raise Problem("conflict", f"{_MOST_WAITING} devices are being asked already.", "Cancel some of them.")
            values = {name: value for name, value in msgspec.structs.asdict(pull).items() if name != "lines"}
            connection.execute(insert(log_pulls).values(**values))
            # not whose phone it is: that can be forgotten, the audit log cannot
            self._ground.audit.append(
                connection, workspace_id, principal.name, "log.pull", f"{key}/{pull.id}",
                {"reason": reason, "from": from_at, "until": until_at},
            )  # fmt: skip
            tell(connection, app.number, pull.id)

        await self._ground.database.write(work)
        # this process knows at once
        self._waiting[app.number, device] = pull
        return pull

    async def cancel(self, principal: Principal, workspace_id: str, key: str, pull_id: str) -> Pull:
        """Want the log no more. Problem `not-found`, `conflict` when it does not wait any longer."""
        check_permission(principal, workspace_id, "observe.write")
        app = await self._apps.get(principal, workspace_id, key)

        def work(connection: Connection) -> None:
            row = _find(connection, app.number, pull_id)
            if row.state != PullState.WAITING:
                raise Problem("conflict", "This log is not waited for any more.", "Look at it again.")
            connection.execute(update(log_pulls).where(log_pulls.c.id == pull_id).values(state=PullState.CANCELLED))
            self._ground.audit.append(connection, workspace_id, principal.name, "log.pull.cancel", f"{key}/{pull_id}")
            tell(connection, app.number, pull_id)

        await self._ground.database.write(work)
        cancelled = await self.get(principal, workspace_id, key, pull_id)
        held = self._waiting.get((app.number, cancelled.device))
        if held is not None and held.id == pull_id:
            del self._waiting[app.number, cancelled.device]
        return cancelled

    async def expire(self) -> int:
        """End the wait for phones that did not come; how many those were."""
        at = self._clock()
        where = (log_pulls.c.state == PullState.WAITING, log_pulls.c.expires_at <= at)
        query = select(log_pulls.c.id, log_pulls.c.app).where(*where)
        if not await self._ground.database.read(lambda connection: connection.execute(query).first()):
            return 0

        def work(connection: Connection) -> int:
            ended = connection.execute(query).all()
            connection.execute(update(log_pulls).where(*where).values(state=PullState.EXPIRED))
            for row in ended:
                tell(connection, row.app, row.id)
            return len(ended)

        return await self._ground.database.write(work)

    async def _app(self, principal: Principal, workspace_id: str, key: str) -> App:
        check_permission(principal, workspace_id, "observe.read")
        return await self._apps.get(principal, workspace_id, key)

    async def _counted(self, app: App, pulls: list[Pull]) -> list[Pull]:
        arrived = [pull for pull in pulls if pull.state is PullState.ARRIVED]
        if not arrived:
            return pulls
        # a clock's error is mended when a line is stored: some lines are older than was asked for
        since = min(pull.from_at for pull in arrived) - _DAY
        statement = sql.pulled(app.number, [pull.id for pull in arrived], max(since, 0))
        counted = dict((await self._insight.ask(statement.sql, statement.parameters)).rows)
        return [msgspec.structs.replace(pull, lines=counted.get(pull.id, 0)) for pull in pulls]


def _check(device: str, reason: str, from_at: int, until_at: int, wait: int) -> None:
    errors = []
    if not 0 < len(device) <= _LONGEST_DEVICE:
        errors.append(("device", f"Write the device's id: 1 to {_LONGEST_DEVICE} characters."))
    if not 0 < len(reason) <= _LONGEST_REASON:
        errors.append(("reason", f"Say why: 1 to {_LONGEST_REASON} characters."))
    if not from_at < until_at <= from_at + LONGEST_PERIOD:
        errors.append(("until", "Choose a time that ends after it begins, at most 30 days later."))
    if not SHORTEST_WAIT <= wait <= LONGEST_WAIT:
        errors.append(("wait", "Wait a minute to 30 days."))
    if errors:
        raise Problem("invalid", " ".join(sentence for _, sentence in errors), errors=errors)


def _find(connection: Connection, app: int, pull_id: str) -> Row[Any]:
    row = connection.execute(select(log_pulls).where(log_pulls.c.app == app, log_pulls.c.id == pull_id)).first()
    if row is None:
        raise not_found("The pull")
    return row


def _pull(row: Row[Any]) -> Pull:
    values = {name: getattr(row, name) for name in Pull.__struct_fields__ if name not in ("state", "lines")}
    return Pull(**values, state=PullState(row.state))
