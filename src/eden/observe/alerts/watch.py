"""Looking at alerts, and telling: the jobs. One process at a time looks; what is told is tried again until it is taken.

An incident is opened once however many looks find trouble, told once to each channel, told again when it goes on for
long, and told when it is over to whom its beginning was told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, insert, select, update

from eden.base.catalogue import HaltRequest, ask_to_halt
from eden.base.changes import append
from eden.base.errors import EdenError
from eden.base.ground import Ground
from eden.base.ids import new_id, now
from eden.base.problems import Problem, not_found
from eden.base.tables import workspaces
from eden.observe.alerts.channels import Notice, tell
from eden.observe.alerts.interfaces import AlertState, Compared, Memory, Reading
from eden.observe.alerts.judging import Turn, judge
from eden.observe.alerts.looking import NoLook, NoNumber, encoded, look
from eden.observe.alerts.rows import (
    Alert,
    Incident,
    Sealed,
    Told,
    alert_of,
    asked_alerts,
    detail_of,
    find_incident,
    open_incident,
)
from eden.observe.alerts.service import CHANGED, Alerts
from eden.observe.alerts.telling import What, ask_to_tell, notice, resolve
from eden.observe.apps import Apps
from eden.observe.insight.client import Insight
from eden.observe.models import alert_incidents, alerts

#: kind of the job that looks
LOOK = "observe.alerts"
#: seconds between two rounds of looks
EVERY = 30.0
#: looks at once: people's questions come first
_AT_ONCE = 2
_SECOND = 1_000_000
#: a look may begin so much before it is due, for rounds are not that exact
_EARLY = 10 * _SECOND
#: seconds that the events store may be behind: the quiet that a look would find beyond is none
_BEHIND = 60.0

log = logging.getLogger("eden.alerts")


class Watch:
    """One per process."""

    def __init__(self, ground: Ground, apps: Apps, insight: Insight, clock: Callable[[], int] = now) -> None:
        self._ground = ground
        self._apps = apps
        self._insight = insight
        self._clock = clock
        self._sealed = Sealed(ground.secret)
        settings = ground.settings
        #: a server for this machine alone may tell its neighbours
        self._private = settings.observe.private_addresses or not settings.is_public

    # looking

    async def look_all(self, _: dict[str, Any]) -> None:
        """Look at every alert that is due. One that fails leaves the others."""
        if not self._insight.is_installed:
            return
        at = self._clock()
        query = asked_alerts().where(alerts.c.enabled)
        rows = await self._ground.database.read(lambda connection: connection.execute(query).all())
        due = [alert for row in rows if _is_due(alert := alert_of(row, self._sealed), at)]
        if not due or await self._is_behind():
            return
        together = asyncio.Semaphore(_AT_ONCE)

        async def one(alert: Alert) -> None:
            async with together:
                try:
                    await self.look(alert)
                except Exception:
                    log.exception("alert %s could not be looked at", alert.id)

        await asyncio.gather(*(one(alert) for alert in due))

    async def _is_behind(self) -> bool:
        """Whether the events store does not answer, or lacks what was accepted a while ago."""
        try:
            lag = (await self._insight.status()).figures.get("digest_lag_seconds", 0.0)
        except Problem as problem:
            if problem.code != "insight-unavailable":
                raise
            return True
        if lag > _BEHIND:
            log.warning("the events store is %.0f s behind: no alert is looked at", lag)
        return lag > _BEHIND

    async def look(self, alert: Alert) -> None:
        """One look, and what follows from it."""
        app = self._apps.by_number(alert.number)
        if app is None:
            return
        at = self._clock()
        newest = -1
        if isinstance(alert.rule.subject, Compared) and alert.rule.subject.new == "newest":
            newest = await self._newest(alert)
        try:
            memory = await look(self._insight, app, alert.rule, alert.memory, lambda: newest, at)
        except NoLook:
            return
        except NoNumber as error:
            state, memory, turn = judge(alert.rule, alert.state, alert.memory, Reading(), at // _SECOND)
            memory = replace(memory, trouble=str(error)[:400])
        else:
            state, memory, turn = judge(alert.rule, alert.state, memory, memory.last, at // _SECOND)
        await self._ground.database.write(lambda connection: self._do_note(connection, alert, state, memory, turn, at))

    async def _newest(self, alert: Alert) -> int:
        versions = await self._ground.database.read(
            lambda connection: self._ground.catalogue.versions(connection, alert.workspace_id, alert.app)
        )
        return max((version.code for version in versions), default=-1)

    def _do_note(
        self, connection: Connection, alert: Alert, state: AlertState, memory: Memory, turn: Turn, at: int
    ) -> None:
        noted = connection.execute(
            update(alerts)
            .where(alerts.c.id == alert.id, alerts.c.revision == alert.revision, alerts.c.looked_at == alert.looked_at)
            .values(state=state.value, memory=encoded(memory), looked_at=at)
        )
        if noted.rowcount == 0:
            # somebody changed it, or another process looked at it, meanwhile
            return
        changed = state is not alert.state or alert.looked_at is None
        incident = open_incident(connection, alert.id)
        if incident is not None and memory.last.value is not None:
            incident = replace(incident, last=memory.last)
        missing = state is AlertState.NO_DATA
        # numbers that are back and too much are another trouble than those that were missing
        back = incident is not None and incident.missing and not missing
        if incident is not None and (turn == "resolve" or (turn == "open" and back)):
            changed = True
            resolve(connection, alert, incident, at)
            incident = None
        if turn == "open":
            if incident is None:
                changed = True
                incident = self._do_open(connection, alert, memory, missing, at)
            self._do_go_on(connection, alert, incident, at)
        if changed:
            append(connection, CHANGED, alert.workspace_id, {"alert": alert.id})

    def _do_open(self, connection: Connection, alert: Alert, memory: Memory, missing: bool, at: int) -> Incident:
        incident = Incident(
            id=new_id(), alert_id=alert.id, opened_at=at, resolved_at=None, first=memory.last, last=memory.last,
            missing=missing,
        )  # fmt: skip
        connection.execute(
            insert(alert_incidents).values(
                id=incident.id, alert_id=alert.id, opened_at=at, resolved_at=None, detail=detail_of(incident), told={}
            )
        )
        if alert.rule.halt and not missing:
            _do_halt(connection, alert, memory)
        return incident

    def _do_go_on(self, connection: Connection, alert: Alert, incident: Incident, at: int) -> None:
        """Keep the newest number; ask the channels to tell when that is due and the alert is not muted."""
        # as it is now: a mute does not wait for looks to end
        until = connection.execute(select(alerts.c.muted_until).where(alerts.c.id == alert.id)).scalar()
        muted = until is not None and until > at
        if not muted and incident.asked is None:
            ask_to_tell(connection, alert, incident, "opened")
            incident = replace(incident, asked=at)
        elif not muted and alert.rule.again and at >= (incident.asked or 0) + alert.rule.again * _SECOND:
            ask_to_tell(connection, alert, incident, "again", number=str(at))
            incident = replace(incident, asked=at)
        connection.execute(
            update(alert_incidents).where(alert_incidents.c.id == incident.id).values(detail=detail_of(incident))
        )

    # telling

    async def tell(self, payload: dict[str, Any]) -> None:
        """Tell one channel; raises when it does not take it, so that it is tried again."""
        incident_id, channel_id, what = payload["incident"], payload["channel"], payload["what"]

        def work(connection: Connection) -> tuple[Incident | None, Any]:
            incident = find_incident(connection, incident_id)
            if incident is None:
                return None, None
            return incident, connection.execute(asked_alerts().where(alerts.c.id == incident.alert_id)).first()

        incident, row = await self._ground.database.read(work)
        if incident is None or row is None:
            return
        alert = alert_of(row, self._sealed)
        channel = next((one for one in alert.channels if one.id == channel_id), None)
        told = incident.told.get(channel_id, Told())
        over = incident.resolved_at is not None
        # who heard nothing of it is not told of its end
        heard = told.opened is not None or told.again is not None
        if channel is None or (over if what != "resolved" else not heard):
            return
        notice = await self._notice(alert, incident, what)
        try:
            await tell(channel, notice, private=self._private)
        except EdenError as error:
            await self._note(alert, incident_id, channel_id, trouble=str(error)[:400])
            raise
        await self._note(alert, incident_id, channel_id, **{what: self._clock()}, trouble="")

    async def test(
        self, service: Alerts, principal: Any, workspace_id: str, key: str, alert_id: str, channel: str
    ) -> None:
        """Tell one channel that this is a test. Problem `not-found`; NotTold and PrivateAddress with the reason."""
        alert = await service.get(principal, workspace_id, key, alert_id)
        found = next((one for one in alert.channels if one.id == channel), None)
        if found is None:
            raise not_found("The channel")
        at = self._clock()
        incident = Incident(
            id=new_id(), alert_id=alert.id, opened_at=at, resolved_at=None, first=alert.memory.last,
            last=alert.memory.last,
        )  # fmt: skip
        await tell(found, await self._notice(alert, incident, "test"), private=self._private)

    async def _note(self, alert: Alert, incident_id: str, channel_id: str, **values: Any) -> None:
        def work(connection: Connection) -> None:
            incident = find_incident(connection, incident_id)
            if incident is None:
                return
            told = {**incident.told, channel_id: replace(incident.told.get(channel_id, Told()), **values)}
            connection.execute(
                update(alert_incidents)
                .where(alert_incidents.c.id == incident_id)
                .values(told=msgspec.to_builtins(told))
            )
            # it ended while somebody was still being told of it
            if incident.resolved_at is not None and not values["trouble"] and "resolved" not in values:
                ask_to_tell(connection, alert, incident, "resolved", only=channel_id)

        await self._ground.database.write(work)

    async def _notice(self, alert: Alert, incident: Incident, what: What) -> Notice:
        slug = await self._ground.database.read(
            lambda connection: connection.execute(
                select(workspaces.c.slug).where(workspaces.c.id == alert.workspace_id)
            ).scalar_one()
        )
        address = f"{self._ground.settings.origin}/console/{slug}/analysis/{alert.app}/alerts/{alert.id}"
        return notice(alert, incident, what, slug, address, self._clock())


def _is_due(alert: Alert, at: int) -> bool:
    """A look that is still to come was made before the clock was set back."""
    looked = alert.looked_at
    return looked is None or looked > at or looked + alert.rule.every * _SECOND <= at + _EARLY


def _do_halt(connection: Connection, alert: Alert, memory: Memory) -> None:
    """Have the releases halted that the rule is about, once this write is done."""
    codes: tuple[int, ...] = (0,)
    subject = alert.rule.subject
    if isinstance(subject, Compared) and subject.new == "newest" and memory.betting is not None:
        codes = (memory.betting.version,)
    elif isinstance(subject, Compared) and not isinstance(subject.new, str):
        codes = subject.new
    for code in codes:
        ask_to_halt(connection, HaltRequest(alert.workspace_id, alert.app, code, alert.name))
