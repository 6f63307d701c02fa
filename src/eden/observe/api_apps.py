"""Apps over HTTP: their settings, the keys that senders write with, how much they send, what could not be stored, and
forgetting a person. Times are RFC 3339."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from litestar import Controller, get, post, put
from msgspec import Meta

from eden.base.api.access import may_answer, needs
from eden.base.api.handlers import FromPath, JSONBody, Page, QueryParameter, Service, TheCaller, ThePaging
from eden.base.api.times import moment
from eden.observe.app_settings import AppSettings
from eden.observe.apps import HOUR, App, HourUsage, WriteKey
from eden.observe.interfaces import QuarantinedRow
from eden.observe.service import Erasure, Observe

_PATH = "/api/v1/workspaces/{workspace:str}/observe"
Observing: TypeAlias = Service[Observe]
Key: TypeAlias = FromPath[str]


class AppView(msgspec.Struct, kw_only=True):
    """A program as observing knows it. `number` is platform-wide, and in addresses of other clients (a DSN)."""

    key: str
    number: int
    settings: AppSettings
    revision: int

    @classmethod
    def of(cls, app: App) -> AppView:
        return cls(key=app.key, number=app.number, settings=app.settings, revision=app.revision)


class AppChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Settings in place of those that there are. `revision`: of the app as you saw it."""

    settings: AppSettings
    revision: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class NewWriteKey(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A write key to be made."""

    label: Annotated[str, Meta(min_length=1, max_length=80)]


class WriteKeyView(msgspec.Struct, kw_only=True):
    """What senders write with. It reads nothing."""

    key: str
    label: str
    created_by: str
    created_at: datetime
    disabled_at: datetime | None

    @classmethod
    def of(cls, one: WriteKey) -> WriteKeyView:
        return cls(
            key=one.key,
            label=one.label,
            created_by=one.created_by,
            created_at=moment(one.created_at),
            disabled_at=None if one.disabled_at is None else moment(one.disabled_at),
        )


class UsageView(msgspec.Struct, kw_only=True):
    """Records of an hour, counted when they came. `bytes`: decompressed."""

    hour: datetime
    accepted: int
    refused: int
    bytes: int

    @classmethod
    def of(cls, one: HourUsage) -> UsageView:
        return cls(hour=moment(one.hour), accepted=one.accepted, refused=one.refused, bytes=one.bytes)


class QuarantinedView(msgspec.Struct, kw_only=True):
    """A record that could not be stored as what it is. `raw`: its beginning."""

    received: datetime
    wire: str
    reason: str
    raw: str

    @classmethod
    def of(cls, row: QuarantinedRow) -> QuarantinedView:
        return cls(received=moment(round(row.received * 1e6)), wire=row.wire, reason=row.reason, raw=row.raw)


class NewErasure(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A person to be forgotten: the id of a user or of a device, as apps report it."""

    person: Annotated[str, Meta(min_length=1, max_length=256)]


class ErasureView(msgspec.Struct, kw_only=True):
    """What was received of the person up to `at` is in no report; from `done_at` on the events store knows that, and it
    leaves the disk within a day."""

    id: str
    person: str
    requested_by: str
    at: datetime
    done_at: datetime | None

    @classmethod
    def of(cls, one: Erasure) -> ErasureView:
        return cls(
            id=one.id,
            person=one.person,
            requested_by=one.requested_by,
            at=moment(one.at),
            done_at=None if one.done_at is None else moment(one.done_at),
        )


class ObservedAppsController(Controller):
    """Apps, and what is set for them."""

    path = f"{_PATH}/apps"
    tags = ("observed-apps",)

    @get(opt=needs("observe.read"))
    async def list_observed_apps(self, caller: TheCaller, observe: Observing) -> list[AppView]:
        """All programs of the workspace as observing knows them, by key."""
        return [AppView.of(app) for app in await observe.apps.page(*caller)]

    @get("/{key:str}", opt=needs("observe.read"))
    async def get_observed_app(self, caller: TheCaller, observe: Observing, key: Key) -> AppView:
        """One app with its settings; what is left out of them has its default."""
        return AppView.of(await observe.apps.get(*caller, key))

    @put("/{key:str}/settings", opt=needs("observe.write"))
    async def set_observed_app(
        self, caller: TheCaller, observe: Observing, key: Key, data: JSONBody[AppChange]
    ) -> AppView:
        """What phones collect, what is masked, how much is taken, how long it is kept. Phones hear of it with their
        next batch."""
        return AppView.of(await observe.apps.set(*caller, key, data.settings, revision=data.revision))

    @get("/{key:str}/keys", opt=needs("observe.read"))
    async def list_write_keys(self, caller: TheCaller, observe: Observing, key: Key) -> list[WriteKeyView]:
        """The keys that senders write with, the oldest first. Phones are given the oldest that is not disabled."""
        return [WriteKeyView.of(one) for one in await observe.apps.keys(*caller, key)]

    @post("/{key:str}/keys", opt=needs("observe.write"))
    async def create_write_key(
        self, caller: TheCaller, observe: Observing, key: Key, data: JSONBody[NewWriteKey]
    ) -> WriteKeyView:
        """One more key."""
        return WriteKeyView.of(await observe.apps.create_key(*caller, key, data.label))

    @post("/{key:str}/keys/{write_key:str}/disable", opt=needs("observe.write"), status_code=200)
    async def disable_write_key(
        self, caller: TheCaller, observe: Observing, key: Key, write_key: FromPath[str]
    ) -> WriteKeyView:
        """Take no more from a key. It cannot be undone: make another one."""
        return WriteKeyView.of(await observe.apps.disable_key(*caller, key, write_key))

    @get("/{key:str}/usage", opt=needs("observe.read"))
    async def get_usage(
        self,
        caller: TheCaller,
        observe: Observing,
        key: Key,
        days: Annotated[int, QueryParameter(name="days", ge=1, le=400, description="How far back.")] = 7,
    ) -> list[UsageView]:
        """How much was sent, by hour, the oldest first; hours without anything are left out."""
        since = observe.clock() - days * 24 * HOUR
        return [UsageView.of(one) for one in await observe.apps.usage(*caller, key, since)]

    @get("/{key:str}/quarantine", opt=may_answer(needs("observe.read"), 503))
    async def list_quarantine(
        self,
        caller: TheCaller,
        observe: Observing,
        key: Key,
        limit: Annotated[int, QueryParameter(name="limit", ge=1, le=200, description="How many.")] = 50,
    ) -> list[QuarantinedView]:
        """The newest records that could not be stored as what they are, each with its reason."""
        return [QuarantinedView.of(row) for row in await observe.quarantine(*caller, key, limit=limit)]


class ErasuresController(Controller):
    """People who are to be forgotten."""

    path = f"{_PATH}/erasures"
    tags = ("observed-apps",)

    @get(opt=needs("observe.erase"))
    async def list_erasures(self, caller: TheCaller, observe: Observing, paging: ThePaging) -> Page[ErasureView]:
        """Who was to be forgotten, the newest first."""
        found = await observe.erasures(*caller, before=paging.after(str), limit=paging.limit + 1)
        return paging.page(found, lambda one: one.id, ErasureView.of)

    @post(opt=needs("observe.erase"))
    async def create_erasure(self, caller: TheCaller, observe: Observing, data: JSONBody[NewErasure]) -> ErasureView:
        """Forget a person in all apps of the workspace, at once and for good. While the events store is away the
        erasure is written down and carried out as soon as it is back."""
        return ErasureView.of(await observe.erase(*caller, data.person))


CONTROLLERS = (ObservedAppsController, ErasuresController)
TAGS = {"observed-apps": "What is collected of programs: settings, write keys, usage, quarantine, forgetting a person."}
