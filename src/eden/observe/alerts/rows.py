"""Rows of alerts and incidents, and the values that are made of them."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, select

from eden.base.sealing import Seal
from eden.console.messages import Locale
from eden.observe.alerts.interfaces import AlertRule, AlertState, Channel, Memory, Reading
from eden.observe.models import alert_incidents, alerts, observe_apps

_channels = msgspec.json.Decoder(tuple[Channel, ...])


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert. `app`: key of the mini program; times in microseconds. `language`: of what is told. `muted_until`:
    nobody is told before."""

    id: str
    workspace_id: str
    app: str
    number: int
    name: str
    rule: AlertRule
    channels: tuple[Channel, ...]
    language: Locale
    enabled: bool
    state: AlertState
    memory: Memory
    looked_at: int | None
    muted_until: int | None
    created_by: str
    created_at: int
    revision: int


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """How telling one channel of an incident went. Times in microseconds; `trouble`: why the last try failed."""

    opened: int | None = None
    again: int | None = None
    resolved: int | None = None
    trouble: str = ""


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """From the look that found trouble to the one that found none. `first` and `last`: what was found; `missing`: it
    is about missing numbers; `changed`: it ended because somebody changed the rule, or switched it off. `asked`: when
    channels were last asked to tell of it; `told` by the channel's id."""

    id: str
    alert_id: str
    opened_at: int
    resolved_at: int | None
    first: Reading
    last: Reading
    missing: bool = False
    changed: bool = False
    asked: int | None = None
    told: dict[str, Told] = {}


class Sealed:
    """Channels as the table keeps them: their addresses hold passwords."""

    def __init__(self, secret: bytes) -> None:
        self._seal = Seal(secret, "alerts")

    def close(self, alert_id: str, channels: tuple[Channel, ...]) -> str:
        return base64.b64encode(self._seal.close(msgspec.json.encode(channels), "alert", alert_id)).decode()

    def open(self, alert_id: str, text: str) -> tuple[Channel, ...]:
        """Raises EdenError when the server's key is another one."""
        return _channels.decode(self._seal.open(base64.b64decode(text), "alert", alert_id))


def asked_alerts() -> Select[Any]:
    """Rows of alerts with their app's key."""
    return select(alerts, observe_apps.c.key.label("app_key")).join(observe_apps, observe_apps.c.number == alerts.c.app)


def alert_of(row: Row[Any], sealed: Sealed) -> Alert:
    return Alert(
        id=row.id,
        workspace_id=row.workspace_id,
        app=row.app_key,
        number=row.app,
        name=row.name,
        rule=msgspec.convert(row.rule, AlertRule),
        channels=sealed.open(row.id, row.channels),
        language=row.language,
        enabled=row.enabled,
        state=AlertState(row.state),
        memory=msgspec.convert(row.memory, Memory),
        looked_at=row.looked_at,
        muted_until=row.muted_until,
        created_by=row.created_by,
        created_at=row.created_at,
        revision=row.revision,
    )


def incident_of(row: Row[Any]) -> Incident:
    detail = row.detail
    return Incident(
        id=row.id,
        alert_id=row.alert_id,
        opened_at=row.opened_at,
        resolved_at=row.resolved_at,
        first=msgspec.convert(detail["first"], Reading),
        last=msgspec.convert(detail["last"], Reading),
        missing=detail.get("missing", False),
        changed=detail.get("changed", False),
        asked=detail.get("asked"),
        told=msgspec.convert(row.told, dict[str, Told]),
    )


def detail_of(incident: Incident) -> dict[str, Any]:
    """What the column `detail` keeps."""
    return {
        "first": msgspec.to_builtins(incident.first),
        "last": msgspec.to_builtins(incident.last),
        "missing": incident.missing,
        "changed": incident.changed,
        "asked": incident.asked,
    }


def open_incident(connection: Connection, alert_id: str) -> Incident | None:
    row = connection.execute(
        select(alert_incidents).where(alert_incidents.c.alert_id == alert_id, alert_incidents.c.resolved_at.is_(None))
    ).first()
    return None if row is None else incident_of(row)


def find_incident(connection: Connection, incident_id: str) -> Incident | None:
    row = connection.execute(select(alert_incidents).where(alert_incidents.c.id == incident_id)).first()
    return None if row is None else incident_of(row)
