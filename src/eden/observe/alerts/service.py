"""Alerts of a workspace's apps: what people write, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, delete, insert, select, update

from eden.base.changes import append
from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import new_id, now
from eden.base.problems import Problem, not_found
from eden.console.messages import Locale
from eden.observe.alerts.channels import NotTold, check, new_secret
from eden.observe.alerts.interfaces import AlertRule, AlertState, Channel, Email, Memory, SqlNumber, Webhook
from eden.observe.alerts.judging import mistakes
from eden.observe.alerts.looking import encoded
from eden.observe.alerts.rows import Alert, Incident, Sealed, alert_of, asked_alerts, incident_of, open_incident
from eden.observe.alerts.telling import language_of, resolve
from eden.observe.apps import Apps
from eden.observe.insight.client import Insight
from eden.observe.models import alert_incidents, alerts
from eden.observe.sql.queries import Queries
from eden.observe.sql.refusals import Refusal

#: kind of the feed's rows about alerts and incidents
CHANGED = "observe.alert"
#: of an app, and channels of one
MOST_ALERTS = 200
MOST_CHANNELS = 10
_LONGEST_NAME = 200


class Kept(msgspec.Struct, tag="kept", tag_field="by", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A channel that stays as it is."""

    id: str


Wanted: TypeAlias = Channel | Kept


class Alerts:
    """One per process. Methods check the principal's permission first: `observe.read`, to change `observe.write`;
    rules with SQL need `observe.sql`, too. `clock` gives µs."""

    def __init__(self, ground: Ground, apps: Apps, insight: Insight, clock: Callable[[], int] = now) -> None:
        self._ground = ground
        self._apps = apps
        self._insight = insight
        self._clock = clock
        self._sealed = Sealed(ground.secret)

    # reading

    async def page(self, principal: Principal, workspace_id: str, key: str) -> list[Alert]:
        """Those of an app, by name."""
        app = await self._apps.get(principal, workspace_id, key)
        query = asked_alerts().where(alerts.c.app == app.number).order_by(alerts.c.name, alerts.c.id)
        rows = await self._ground.database.read(lambda connection: connection.execute(query).all())
        return [alert_of(row, self._sealed) for row in rows]

    async def get(self, principal: Principal, workspace_id: str, key: str, alert_id: str) -> Alert:
        """Problem `not-found`."""
        app = await self._apps.get(principal, workspace_id, key)
        query = asked_alerts().where(alerts.c.id == alert_id, alerts.c.app == app.number)
        row = await self._ground.database.read(lambda connection: connection.execute(query).first())
        if row is None:
            raise not_found("The alert")
        return alert_of(row, self._sealed)

    async def incidents(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        alert_id: str = "",
        *,
        before: str | None = None,
        limit: int = 50,
    ) -> list[Incident]:
        """Of an alert, or of all alerts of the app; the newest first, behind the id `before`."""
        app = await self._apps.get(principal, workspace_id, key)
        query = select(alert_incidents).join(alerts, alerts.c.id == alert_incidents.c.alert_id)
        query = query.where(alerts.c.app == app.number)
        if alert_id:
            query = query.where(alerts.c.id == alert_id)
        if before is not None:
            query = query.where(alert_incidents.c.id < before)
        query = query.order_by(alert_incidents.c.id.desc()).limit(limit)
        rows = await self._ground.database.read(lambda connection: connection.execute(query).all())
        return [incident_of(row) for row in rows]

    # changing

    async def create(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        name: str,
        rule: AlertRule,
        channels: Sequence[Channel],
        language: Locale | None = None,
    ) -> Alert:
        """`language`: of what is told; None: that of the principal. Problem `invalid` naming the fields that do not fit
        together."""
        check_permission(principal, workspace_id, "observe.write")
        app = await self._apps.get(principal, workspace_id, key)
        usual = await self._ground.database.read(lambda connection: language_of(connection, principal.user_id))
        await self._check(principal, workspace_id, key, name, rule)
        made = Alert(
            id=new_id(),
            workspace_id=workspace_id,
            app=key,
            number=app.number,
            name=name.strip(),
            rule=rule,
            channels=self._channels(channels, ()),
            language=language or usual,
            enabled=True,
            state=AlertState.OK,
            memory=Memory(),
            looked_at=None,
            muted_until=None,
            created_by=principal.name,
            created_at=self._clock(),
            revision=1,
        )

        def work(connection: Connection) -> None:
            there = connection.execute(select(alerts.c.id).where(alerts.c.app == app.number)).all()
            if len(there) >= MOST_ALERTS:
                raise Problem("invalid", f"{key} has {len(there)} alerts.", "Remove some first.")
            connection.execute(
                insert(alerts).values(
                    id=made.id,
                    workspace_id=workspace_id,
                    app=app.number,
                    name=made.name,
                    rule=msgspec.to_builtins(rule),
                    channels=self._sealed.close(made.id, made.channels),
                    language=made.language,
                    enabled=True,
                    state=made.state.value,
                    memory=encoded(made.memory),
                    looked_at=None,
                    muted_until=None,
                    created_by=made.created_by,
                    created_at=made.created_at,
                    revision=1,
                )
            )
            self._do_tell(connection, principal, made, "alert.create")

        await self._ground.database.write(work)
        return made

    async def change(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        alert_id: str,
        *,
        name: str | None = None,
        rule: AlertRule | None = None,
        channels: Sequence[Wanted] | None = None,
        language: Locale | None = None,
        enabled: bool | None = None,
        revision: int | None = None,
    ) -> Alert:
        """What is None stays. Another rule begins anew: its incident ends, what a comparison knew is forgotten; so does
        one that is switched off. `revision`: of the alert as the principal saw it; Problem `conflict` when it is
        another one meanwhile."""
        check_permission(principal, workspace_id, "observe.write")
        found = await self.get(principal, workspace_id, key, alert_id)
        changed = replace(
            found,
            name=(found.name if name is None else name).strip(),
            rule=found.rule if rule is None else rule,
            channels=found.channels if channels is None else self._channels(channels, found.channels),
            language=found.language if language is None else language,
            enabled=found.enabled if enabled is None else enabled,
            revision=found.revision + 1,
        )
        await self._check(principal, workspace_id, key, changed.name, changed.rule, before=found.rule)
        anew = changed.rule != found.rule or (found.enabled and not changed.enabled)
        if anew:
            changed = replace(changed, state=AlertState.OK, memory=Memory(), looked_at=None)

        def work(connection: Connection) -> None:
            values: dict[str, Any] = {
                "name": changed.name,
                "rule": msgspec.to_builtins(changed.rule),
                "channels": self._sealed.close(alert_id, changed.channels),
                "language": changed.language,
                "enabled": changed.enabled,
                "revision": changed.revision,
            }
            if anew:
                values |= {"state": changed.state.value, "memory": encoded(changed.memory), "looked_at": None}
            seen = found.revision if revision is None else revision
            done = connection.execute(
                update(alerts).where(alerts.c.id == alert_id, alerts.c.revision == seen).values(**values)
            )
            if done.rowcount == 0:
                raise Problem("conflict", "Somebody changed this alert meanwhile.", "Look at it again, then change it.")
            if anew and (incident := open_incident(connection, alert_id)) is not None:
                resolve(connection, changed, replace(incident, changed=True), self._clock())
            self._do_tell(connection, principal, changed, "alert.change")

        await self._ground.database.write(work)
        return changed

    async def mute(self, principal: Principal, workspace_id: str, key: str, alert_id: str, until: int | None) -> Alert:
        """Tell nobody before `until` (microseconds); None: tell again."""
        check_permission(principal, workspace_id, "observe.write")
        found = await self.get(principal, workspace_id, key, alert_id)
        muted = replace(found, muted_until=until)

        def work(connection: Connection) -> None:
            connection.execute(update(alerts).where(alerts.c.id == alert_id).values(muted_until=until))
            self._do_tell(connection, principal, muted, "alert.mute" if until else "alert.unmute")

        await self._ground.database.write(work)
        return muted

    async def remove(self, principal: Principal, workspace_id: str, key: str, alert_id: str) -> None:
        """With its incidents."""
        check_permission(principal, workspace_id, "observe.write")
        found = await self.get(principal, workspace_id, key, alert_id)

        def work(connection: Connection) -> None:
            connection.execute(delete(alert_incidents).where(alert_incidents.c.alert_id == alert_id))
            connection.execute(delete(alerts).where(alerts.c.id == alert_id))
            self._do_tell(connection, principal, found, "alert.remove")

        await self._ground.database.write(work)

    def _do_tell(self, connection: Connection, principal: Principal, alert: Alert, action: str) -> None:
        append(connection, CHANGED, alert.workspace_id, {"alert": alert.id})
        self._ground.audit.append(
            connection, alert.workspace_id, principal.name, f"observe.{action}", alert.app, {"name": alert.name}
        )

    async def _check(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        name: str,
        rule: AlertRule,
        *,
        before: AlertRule | None = None,
    ) -> None:
        if rule.halt:
            check_permission(principal, workspace_id, "release.emergency")
        errors = mistakes(rule)
        if not 0 < len(name.strip()) <= _LONGEST_NAME:
            errors.append(("name", f"1 to {_LONGEST_NAME} characters"))
        if isinstance(rule.subject, SqlNumber) and (before is None or before.subject != rule.subject):
            check_permission(principal, workspace_id, "observe.sql")
            app = await self._apps.get(principal, workspace_id, key)
            try:
                await Queries(self._insight).check(rule.subject.sql, [app], {}, now=self._clock())
            except Refusal as refusal:
                errors.append(("subject.sql", refusal.sentence))
            except Problem as problem:
                if problem.code != "insight-unavailable":
                    raise
        if errors:
            raise Problem("invalid", "The alert does not fit together.", errors=errors)

    def _channels(self, wanted: Sequence[Wanted], there: tuple[Channel, ...]) -> tuple[Channel, ...]:
        """Each with an id; webhooks with a secret."""
        if len(wanted) > MOST_CHANNELS:
            raise Problem("invalid", f"An alert has at most {MOST_CHANNELS} channels.")
        known = {channel.id: channel for channel in there}
        found: list[Channel] = []
        for index, one in enumerate(wanted):
            if isinstance(one, Kept):
                if one.id not in known:
                    raise Problem(
                        "invalid", "A channel is gone.", errors=[(f"channels[{index}].id", "no channel of this alert")]
                    )
                found.append(known[one.id])
                continue
            try:
                check(one)
            except NotTold as error:
                field = "server" if isinstance(one, Email) else "url"
                raise Problem(
                    "invalid", error.sentence, error.hint, errors=[(f"channels[{index}].{field}", error.sentence)]
                ) from None
            if isinstance(one, Webhook) and not one.secret:
                one = replace(one, secret=new_secret())
            found.append(replace(one, id=new_id()))
        return tuple(found)
