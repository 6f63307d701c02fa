"""Alerts over HTTP: rules, their course, incidents, a test of a channel."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from litestar import Controller, delete, get, patch, post
from msgspec import Meta

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, JSONBody, Page, Service, TheCaller, ThePaging
from eden.base.api.times import microseconds, moment
from eden.base.api.views import viewed
from eden.base.errors import EdenError
from eden.base.problems import Problem
from eden.console.messages import Locale
from eden.observe.alerts.channels import where
from eden.observe.alerts.interfaces import AlertRule, AlertState, Channel, Email, Reading, Webhook
from eden.observe.alerts.rows import Alert, Incident
from eden.observe.alerts.service import MOST_CHANNELS, Alerts, Wanted
from eden.observe.alerts.watch import Watch
from eden.observe.service import Observe

TAGS = {"alerts": "Alerts on any number of a mini program, and their incidents."}

TheObserve: TypeAlias = Service[Observe]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]


class Given(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a client sends."""


class NewAlert(Given):
    """An alert to be made. The console shows it always; `channels` tell it elsewhere, too, in `language` (null: the one
    that you chose for the console, else English)."""

    name: Name
    rule: AlertRule
    language: Locale | None = None
    channels: Annotated[list[Channel], Meta(max_length=MOST_CHANNELS)] = []


class AlertChange(Given):
    """What is to be changed; another rule begins anew. `channels`: all of them, those that stay as {"by": "kept", "id":
    …}. `revision`: of the alert as you saw it."""

    name: Name | None = None
    rule: AlertRule | None = None
    channels: Annotated[list[Wanted], Meta(max_length=MOST_CHANNELS)] | None = None
    language: Locale | None = None
    enabled: bool | None = None
    revision: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


class Mute(Given):
    """Tell nobody before `until`; null: tell again."""

    until: datetime | None


class ChannelView(msgspec.Struct, kw_only=True):
    """A channel without what opens it. `secret`: of a webhook, once, when it was made here."""

    id: str
    by: str
    where: str
    secret: str | None = None


class Point(msgspec.Struct, kw_only=True):
    """What a look found."""

    at: datetime
    value: float | None
    limit: float | None


class AlertView(msgspec.Struct, kw_only=True):
    """An alert. `language`: of what is told; `number`: what the last look found, `course` the looks before; `trouble`:
    why a number could not be had. `muted_until`: nobody is told before."""

    id: str
    name: str
    rule: AlertRule
    channels: list[ChannelView]
    language: Locale
    enabled: bool
    state: AlertState
    number: Reading
    course: list[Point]
    trouble: str
    looked_at: datetime | None
    muted_until: datetime | None
    created_by: str
    created_at: datetime
    revision: int

    @classmethod
    def of(cls, alert: Alert, known: Alert | None = None, *, new: bool = False) -> AlertView:
        """`new`: webhooks that `known` had not show their secret."""
        old = {channel.id for channel in known.channels} if known else set()
        memory = alert.memory
        return viewed(
            cls,
            alert,
            channels=[
                ChannelView(
                    id=channel.id,
                    by=word(channel),
                    where=where(channel),
                    secret=channel.secret if new and isinstance(channel, Webhook) and channel.id not in old else None,
                )
                for channel in alert.channels
            ],
            number=memory.last,
            course=[Point(at=moment(at * 1_000_000), value=value, limit=limit) for at, value, limit in memory.course],
            trouble=memory.trouble,
        )


class ToldView(msgspec.Struct, kw_only=True):
    """How telling a channel went. `trouble`: why the last try failed."""

    channel: str
    opened_at: datetime | None
    again_at: datetime | None
    resolved_at: datetime | None
    trouble: str


class IncidentView(msgspec.Struct, kw_only=True):
    """From the look that found trouble to the one that found none. `missing`: it is about missing numbers; `changed`:
    it ended because somebody changed the rule, or switched it off."""

    id: str
    opened_at: datetime
    resolved_at: datetime | None
    first: Reading
    last: Reading
    missing: bool
    changed: bool
    told: list[ToldView]

    @classmethod
    def of(cls, incident: Incident) -> IncidentView:
        told = [
            viewed(ToldView, one, channel=channel, opened_at=moment(one.opened), again_at=moment(one.again),
                   resolved_at=moment(one.resolved))
            for channel, one in incident.told.items()
        ]  # fmt: skip
        return viewed(cls, incident, told=told)


class Tested(msgspec.Struct, kw_only=True):
    """Whether a channel took a test; `trouble`: why not."""

    told: bool
    trouble: str


def word(channel: Channel) -> str:
    """What kind of channel it is."""
    return "webhook" if isinstance(channel, Webhook) else "email" if isinstance(channel, Email) else "apprise"


def alerts_of(observe: Observe) -> Alerts:
    """The alerts of this process."""
    return Alerts(observe.ground, observe.apps, observe.insight, observe.clock)


def watch_of(observe: Observe) -> Watch:
    """What looks at them."""
    return Watch(observe.ground, observe.apps, observe.insight, observe.clock)


class AlertsController(Controller):
    """Alerts of a mini program."""

    path = "/api/v1/workspaces/{workspace:str}/observe/apps/{key:str}/alerts"
    tags = ("alerts",)

    @get(opt=needs("observe.read"))
    async def list_alerts(self, caller: TheCaller, observe: TheObserve, key: FromPath[str]) -> list[AlertView]:
        """All alerts, by name."""
        return [AlertView.of(one) for one in await alerts_of(observe).page(*caller, key)]

    @post(opt=needs("observe.write"))
    async def create_alert(
        self, caller: TheCaller, observe: TheObserve, key: FromPath[str], data: JSONBody[NewAlert]
    ) -> AlertView:
        """Make an alert. The secrets of its webhooks are shown here only. SQL needs `observe.sql`, too."""
        made = await alerts_of(observe).create(*caller, key, data.name, data.rule, data.channels, data.language)
        return AlertView.of(made, new=True)

    @get("/{alert_id:str}", opt=needs("observe.read"))
    async def get_alert(
        self, caller: TheCaller, observe: TheObserve, key: FromPath[str], alert_id: FromPath[str]
    ) -> AlertView:
        """One alert, with the course of its number."""
        return AlertView.of(await alerts_of(observe).get(*caller, key, alert_id))

    @patch("/{alert_id:str}", opt=needs("observe.write"))
    async def update_alert(
        self,
        caller: TheCaller,
        observe: TheObserve,
        key: FromPath[str],
        alert_id: FromPath[str],
        data: JSONBody[AlertChange],
    ) -> AlertView:
        """Change an alert, or switch it off and on."""
        service = alerts_of(observe)
        before = await service.get(*caller, key, alert_id)
        changed = await service.change(
            *caller,
            key,
            alert_id,
            name=data.name,
            rule=data.rule,
            channels=data.channels,
            language=data.language,
            enabled=data.enabled,
            revision=data.revision,
        )
        return AlertView.of(changed, before, new=True)

    @delete("/{alert_id:str}", opt=needs("observe.write"))
    async def delete_alert(
        self, caller: TheCaller, observe: TheObserve, key: FromPath[str], alert_id: FromPath[str]
    ) -> None:
        """Remove an alert with its incidents."""
        await alerts_of(observe).remove(*caller, key, alert_id)

    @post("/{alert_id:str}/mute", opt=needs("observe.write"), status_code=200)
    async def mute_alert(
        self,
        caller: TheCaller,
        observe: TheObserve,
        key: FromPath[str],
        alert_id: FromPath[str],
        data: JSONBody[Mute],
    ) -> AlertView:
        """Tell nobody of it for a while, or again. Looks and incidents go on."""
        until = microseconds(data.until)
        return AlertView.of(await alerts_of(observe).mute(*caller, key, alert_id, until))

    @post("/{alert_id:str}/channels/{channel_id:str}/test", opt=needs("observe.write"), status_code=200)
    async def test_alert_channel(
        self,
        caller: TheCaller,
        observe: TheObserve,
        key: FromPath[str],
        alert_id: FromPath[str],
        channel_id: FromPath[str],
    ) -> Tested:
        """Tell one channel that this is a test."""
        trouble = await try_channel(observe, caller, key, alert_id, channel_id)
        return Tested(told=not trouble, trouble=trouble)

    @get("/{alert_id:str}/incidents", opt=needs("observe.read"))
    async def list_incidents(
        self,
        caller: TheCaller,
        observe: TheObserve,
        key: FromPath[str],
        alert_id: FromPath[str],
        paging: ThePaging,
    ) -> Page[IncidentView]:
        """What the alert found, the newest first."""
        service = alerts_of(observe)
        await service.get(*caller, key, alert_id)
        found = await service.incidents(*caller, key, alert_id, before=paging.after(str), limit=paging.limit + 1)
        return paging.page(found, lambda one: one.id, IncidentView.of)


async def try_channel(observe: Observe, caller: TheCaller, key: str, alert_id: str, channel_id: str) -> str:
    """Tell one channel that this is a test; why it did not take it."""
    try:
        await watch_of(observe).test(alerts_of(observe), *caller, key, alert_id, channel_id)
    except Problem:
        raise
    except EdenError as error:
        return str(error)
    return ""


CONTROLLERS = (AlertsController,)
