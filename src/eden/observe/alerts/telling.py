"""What is told of an incident, in the alert's language, and the jobs that tell it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
from sqlalchemy import Connection, select, update

from eden.base.api.times import moment
from eden.base.jobs import enqueue
from eden.base.tables import users
from eden.console.formats import figure
from eden.console.messages import Locale, Messages
from eden.observe.alerts.channels import Notice
from eden.observe.alerts.rows import Alert, Incident, detail_of
from eden.observe.models import alert_incidents

#: kind of the jobs that tell one channel
TELL = "observe.alert.tell"
_SECOND = 1_000_000
What: TypeAlias = Literal["opened", "again", "resolved", "test"]


def ask_to_tell(
    connection: Connection, alert: Alert, incident: Incident, what: What, *, number: str = "", only: str = ""
) -> None:
    """Have every channel told, or `only` the one with this id, once this write is done."""
    for channel in alert.channels:
        if not only or channel.id == only:
            payload = {"incident": incident.id, "channel": channel.id, "what": what}
            key = f"{incident.id} {channel.id} {what} {number}".strip()
            enqueue(connection, TELL, payload, key=key)


def resolve(connection: Connection, alert: Alert, incident: Incident, at: int) -> None:
    """End an incident, and have it told to whom its beginning was told."""
    connection.execute(
        update(alert_incidents)
        .where(alert_incidents.c.id == incident.id)
        .values(resolved_at=at, detail=detail_of(incident))
    )
    if incident.asked is not None:
        ask_to_tell(connection, alert, incident, "resolved")


def language_of(connection: Connection, user_id: str | None) -> Locale:
    """The language that somebody chose for the console; English for all others."""
    chosen = connection.execute(select(users.c.locale).where(users.c.id == user_id)).scalar()
    return "zh" if chosen == "zh" else "en"


@cache
def _messages() -> Messages:
    messages = Messages()
    messages.add("observe", Path(__file__).parents[1])
    return messages


def notice(alert: Alert, incident: Incident, what: What, workspace: str, address: str, at: int) -> Notice:
    """What is told of an incident. `at` in microseconds."""

    def say(key: str, **values: str) -> str:
        return _messages().translate(alert.language, f"observe.alert-notice.{key}", **values)

    def written(value: float) -> str:
        return figure(value, alert.language)

    last = incident.last
    title = say(what, app=alert.app, name=alert.name)
    lines = []
    if what == "test":
        lines.append(say("nothing-wrong"))
    elif what == "resolved" and incident.changed:
        lines.append(say("changed"))
    elif incident.missing and what != "resolved":
        lines.append(say("missing"))
    if last.value is not None and last.limit is not None:
        lines.append(say("number-limit", value=written(last.value), limit=written(last.limit)))
    elif last.value is not None:
        lines.append(say("number", value=written(last.value)))
    if last.low is not None and last.high is not None:
        lines.append(say("between", low=written(last.low), high=written(last.high)))
    if what != "test":
        lines.append(say("since", time=f"{moment(incident.opened_at):%Y-%m-%d %H:%M}"))
    lines.append(address)
    text = "\n".join(lines)
    body: dict[str, Any] = {
        "what": what,
        "alert": {"id": alert.id, "name": alert.name},
        "incident": incident.id,
        "workspace": workspace,
        "app": alert.app,
        "opened_at": moment(incident.opened_at).isoformat(),
        "resolved_at": None if incident.resolved_at is None else moment(incident.resolved_at).isoformat(),
        "missing": incident.missing,
        "changed": incident.changed,
        "number": msgspec.to_builtins(last),
        "address": address,
        "language": alert.language,
        "title": title,
        "text": text,
    }
    number = at // _SECOND if what == "again" else ""
    return Notice(id=f"{incident.id}.{what}{number}", at=at // _SECOND, title=title, text=text, body=body)
