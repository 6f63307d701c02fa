"""Looking at alerts, and telling: the jobs. One process at a time looks; what is told is tried again until it is taken.

An incident is opened once however many looks find trouble, told once to each channel, told again when it goes on for
long, and told when it is over to whom its beginning was told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Literal

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, insert, or_, select, update

from eden.base.api.times import moment
from eden.base.catalogue import HaltRequest, ask_to_halt
from eden.base.changes import append
from eden.base.errors import EdenError
from eden.base.ground import Ground
from eden.base.ids import new_id, now
from eden.base.jobs import enqueue
from eden.base.problems import not_found
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
    incident_of,
    open_incident,
)
from eden.observe.alerts.service import CHANGED, Alerts
from eden.observe.apps import Apps
from eden.observe.insight.client import Insight
from eden.observe.models import alert_incidents, alerts

#: kinds of jobs
LOOK, TELL = "observe.alerts", "observe.alert.tell"
#: seconds between two rounds of looks
EVERY = 30.0
#: looks at once: people's questions come first
_AT_ONCE = 2
_SECOND = 1_000_000
#: a look may begin so much before it is due, for rounds are not that exact
_EARLY = 10 * _SECOND

What = Literal["opened", "again", "resolved", "test"]

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
        query = asked_alerts().where(alerts.c.enabled, or_(alerts.c.looked_at.is_(None), alerts.c.looked_at < at))
        rows = await self._ground.database.read(lambda connection: connection.execute(query).all())
        found = [alert_of(row, self._sealed) for row in rows]
        due = [one for one in found if one.looked_at is None or one.looked_at + one.rule.every * _SECOND <= at + _EARLY]
        together = asyncio.Semaphore(_AT_ONCE)

        async def one(alert: Alert) -> None:
            async with together:
                try:
                    await self.look(alert)
                except Exception:
                    log.exception("alert %s could not be looked at", alert.id)

        await asyncio.gather(*(one(alert) for alert in due))

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
            .where(alerts.c.id == alert.id, alerts.c.revision == alert.revision)
            .values(state=state.value, memory=encoded(memory), looked_at=at)
        )
        if noted.rowcount == 0:
            # somebody changed it while it was looked at
            return
        changed = state is not alert.state or alert.looked_at is None
        incident = open_incident(connection, alert.id)
        if turn == "open":
            missing = state is AlertState.NO_DATA
            if incident is None:
                changed = True
                incident = Incident(
                    id=new_id(), alert_id=alert.id, opened_at=at, resolved_at=None, first=memory.last,
                    last=memory.last, missing=missing,
                )  # fmt: skip
                connection.execute(
                    insert(alert_incidents).values(
                        id=incident.id,
                        alert_id=alert.id,
                        opened_at=at,
                        resolved_at=None,
                        detail=detail_of(incident),
                        told={},
                    )
                )
                if alert.rule.halt and not missing:
                    _do_halt(connection, alert, memory)
            self._do_go_on(connection, alert, replace(incident, last=memory.last), at)
        elif turn == "resolve" and incident is not None:
            changed = True
            connection.execute(
                update(alert_incidents)
                .where(alert_incidents.c.id == incident.id)
                .values(resolved_at=at, detail=detail_of(replace(incident, last=memory.last)))
            )
            if incident.asked is not None:
                self._do_ask(connection, alert, incident, "resolved")
        if changed:
            append(connection, CHANGED, alert.workspace_id, {"alert": alert.id})

    def _do_go_on(self, connection: Connection, alert: Alert, incident: Incident, at: int) -> None:
        """Keep the newest number; ask the channels to tell when that is due and the alert is not muted."""
        muted = alert.muted_until is not None and alert.muted_until > at
        if not muted and incident.asked is None:
            self._do_ask(connection, alert, incident, "opened")
            incident = replace(incident, asked=at)
        elif not muted and alert.rule.again and at >= (incident.asked or 0) + alert.rule.again * _SECOND:
            self._do_ask(connection, alert, incident, "again", str(at))
            incident = replace(incident, asked=at)
        connection.execute(
            update(alert_incidents).where(alert_incidents.c.id == incident.id).values(detail=detail_of(incident))
        )

    def _do_ask(self, connection: Connection, alert: Alert, incident: Incident, what: What, number: str = "") -> None:
        for channel in alert.channels:
            payload = {"incident": incident.id, "channel": channel.id, "what": what}
            key = f"{incident.id} {channel.id} {what} {number}".strip()
            enqueue(connection, TELL, payload, key=key)

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
        # who was not told of the beginning is not told of the end
        over = incident.resolved_at is not None
        if channel is None or (over if what != "resolved" else told.opened is None):
            return
        notice = await self._notice(alert, incident, what)
        try:
            await tell(channel, notice, private=self._private)
        except EdenError as error:
            await self._note(incident_id, channel_id, trouble=str(error)[:400])
            raise
        await self._note(incident_id, channel_id, **{what: self._clock()}, trouble="")

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

    async def _note(self, incident_id: str, channel_id: str, **values: Any) -> None:
        def work(connection: Connection) -> None:
            row = connection.execute(select(alert_incidents).where(alert_incidents.c.id == incident_id)).first()
            if row is None:
                return
            told = incident_of(row).told
            told[channel_id] = replace(told.get(channel_id, Told()), **values)
            connection.execute(
                update(alert_incidents)
                .where(alert_incidents.c.id == incident_id)
                .values(told=msgspec.to_builtins(told))
            )

        await self._ground.database.write(work)

    async def _notice(self, alert: Alert, incident: Incident, what: What) -> Notice:
        slug = await self._ground.database.read(
            lambda connection: connection.execute(
                select(workspaces.c.slug).where(workspaces.c.id == alert.workspace_id)
            ).scalar_one()
        )
        address = f"{self._ground.settings.origin}/console/{slug}/analysis/{alert.app}/alerts/{alert.id}"
        return notice(alert, incident, what, slug, address, self._clock())


def notice(alert: Alert, incident: Incident, what: What, workspace: str, address: str, at: int) -> Notice:
    """What is told of an incident. `at` in microseconds."""
    last = incident.last
    title = {
        "opened": f"{alert.app}: {alert.name}",
        "again": f"{alert.app}: {alert.name} goes on",
        "resolved": f"{alert.app}: {alert.name} is over",
        "test": f"{alert.app}: {alert.name} (a test)",
    }[what]
    lines = []
    if what == "test":
        lines.append("This is a test: nothing is wrong.")
    elif incident.missing:
        lines.append("There are no numbers.")
    if last.value is not None:
        held = "" if last.limit is None else f", held against {last.limit:g}"
        lines.append(f"The number is {last.value:g}{held}.")
    if last.low is not None and last.high is not None:
        lines.append(f"It is between {last.low:g} and {last.high:g}, without much doubt.")
    if what != "test":
        lines.append(f"Since {moment(incident.opened_at):%Y-%m-%d %H:%M} UTC.")
    lines.append(address)
    number = at // _SECOND if what == "again" else ""
    body = {
        "what": what,
        "alert": {"id": alert.id, "name": alert.name},
        "incident": incident.id,
        "workspace": workspace,
        "app": alert.app,
        "opened_at": moment(incident.opened_at).isoformat(),
        "resolved_at": None if incident.resolved_at is None else moment(incident.resolved_at).isoformat(),
        "missing": incident.missing,
        "number": msgspec.to_builtins(last),
        "address": address,
    }
    notice_id = f"{incident.id}.{what}{number}"
    return Notice(id=notice_id, at=at // _SECOND, title=title, text="\n".join(lines), body=body)


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
