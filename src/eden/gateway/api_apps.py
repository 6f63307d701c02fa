"""Apps over HTTP: who may call, their secrets (shown once) and keys."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from litestar import Controller, delete, get, patch, post
from msgspec import UNSET, Meta, UnsetType

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, JSONBody, Page, Service, TheCaller, ThePaging
from eden.base.api.times import microseconds
from eden.base.api.views import viewed
from eden.base.problems import Problem
from eden.gateway.interfaces import AppKey, AppName, EncryptionAlgorithm, Limits, SignatureAlgorithm
from eden.gateway.service_apps import AppRecord, Apps, Credential

TheApps: TypeAlias = Service[Apps]
#: seconds; a year is longer than any installed app lives
Overlap: TypeAlias = Annotated[int, Meta(ge=0, le=366 * 24 * 3600)]


class Given(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a client sends."""


class NewApp(Given):
    """An app to be made. `key` is its AppId, one on the whole platform."""

    key: AppKey
    name: AppName
    limits: Limits | None = None


class AppChange(Given):
    """What is to be changed. `limits` null: the catalogue's. `revision`: of the app as you saw it."""

    name: AppName | None = None
    open: bool | None = None
    limits: Limits | UnsetType | None = UNSET
    revision: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


class NewSecret(Given):
    """`secret`: base64 of one that apps have already (none: one is made). `retire_others_s`: all others are accepted
    for so many seconds more (null: as long as they are)."""

    algorithm: SignatureAlgorithm = "hmac-sha256"
    secret: Annotated[str, Meta(max_length=100)] | None = None
    retire_others_s: Overlap | None = None


class NewKey(Given):
    """`retire_others_s`: all others are accepted for so many seconds more (null: as long as they are)."""

    algorithm: EncryptionAlgorithm = "hpke-x25519"
    retire_others_s: Overlap | None = None


class Retire(Given):
    """`at`: from when on it is not accepted any more; null: from now on."""

    at: datetime | None = None


class SecretView(msgspec.Struct, kw_only=True):
    """A secret without what it is."""

    kid: str
    algorithm: str
    created_by: str
    created_at: datetime
    retires_at: datetime | None

    @classmethod
    def of(cls, one: Credential) -> SecretView:
        return viewed(cls, one)


class KeyView(msgspec.Struct, kw_only=True):
    """The public half of a key pair, base64: 32 bytes (X25519) or 65 (P-256 and SM2, uncompressed)."""

    kid: str
    algorithm: str
    public: str
    created_by: str
    created_at: datetime
    retires_at: datetime | None

    @classmethod
    def of(cls, one: Credential) -> KeyView:
        return viewed(cls, one, public=base64.b64encode(one.public or b"").decode())


class MadeSecret(msgspec.Struct, kw_only=True):
    """A new secret: `secret`, base64, is shown here only."""

    kid: str
    algorithm: str
    secret: str


class AppView(msgspec.Struct, kw_only=True):
    """An app that may call while it is open."""

    key: str
    name: str
    open: bool
    limits: Limits | None
    created_by: str
    created_at: datetime
    revision: int
    secrets: list[SecretView]
    keys: list[KeyView]

    @classmethod
    def of(cls, app: AppRecord) -> AppView:
        secrets = [SecretView.of(one) for one in app.secrets]
        return viewed(cls, app, secrets=secrets, keys=[KeyView.of(one) for one in app.keys])


class GatewayAppsController(Controller):
    """Apps that may call."""

    path = "/api/v1/workspaces/{workspace:str}/gateway/apps"
    tags = ("gateway-apps",)

    @get(opt=needs("gateway.read"))
    async def list_gateway_apps(self, caller: TheCaller, gateway_apps: TheApps, paging: ThePaging) -> Page[AppView]:
        """All apps, by key."""
        found = await gateway_apps.page(*caller, after=paging.after(str), limit=paging.limit + 1)
        return paging.page(found, lambda one: one.key, AppView.of)

    @post(opt=needs("gateway.write"))
    async def create_gateway_app(self, caller: TheCaller, gateway_apps: TheApps, data: JSONBody[NewApp]) -> AppView:
        """Make an app; it needs a secret to sign with."""
        return AppView.of(await gateway_apps.create(*caller, data.key, data.name, data.limits))

    @get("/{key:str}", opt=needs("gateway.read"))
    async def get_gateway_app(self, caller: TheCaller, gateway_apps: TheApps, key: FromPath[str]) -> AppView:
        """One app."""
        return AppView.of(await gateway_apps.get(*caller, key))

    @patch("/{key:str}", opt=needs("gateway.write"))
    async def update_gateway_app(
        self, caller: TheCaller, gateway_apps: TheApps, key: FromPath[str], data: JSONBody[AppChange]
    ) -> AppView:
        """Rename, open, close or limit an app."""
        changed = await gateway_apps.change(
            *caller, key, name=data.name, open=data.open, limits=data.limits, revision=data.revision
        )
        return AppView.of(changed)

    @delete("/{key:str}", opt=needs("gateway.write"))
    async def delete_gateway_app(self, caller: TheCaller, gateway_apps: TheApps, key: FromPath[str]) -> None:
        """Remove an app with its secrets and keys, for good."""
        await gateway_apps.remove(*caller, key)

    @post("/{key:str}/secrets", opt=needs("gateway.write"))
    async def create_gateway_secret(
        self, caller: TheCaller, gateway_apps: TheApps, key: FromPath[str], data: JSONBody[NewSecret]
    ) -> MadeSecret:
        """Make one more secret, or take over one. It is shown here only."""
        known = None if data.secret is None else _bytes(data.secret)
        made, value = await gateway_apps.add_secret(
            *caller, key, data.algorithm, known=known, retire_others_s=data.retire_others_s
        )
        return MadeSecret(kid=made.kid, algorithm=made.algorithm, secret=base64.b64encode(value).decode())

    @post("/{key:str}/secrets/{kid:str}/retire", opt=needs("gateway.write"), status_code=200)
    async def retire_gateway_secret(
        self, caller: TheCaller, gateway_apps: TheApps, key: FromPath[str], kid: FromPath[str], data: JSONBody[Retire]
    ) -> SecretView:
        """Accept a secret no more, now or from a time on."""
        return SecretView.of(await gateway_apps.retire_secret(*caller, key, kid, microseconds(data.at)))

    @post("/{key:str}/keys", opt=needs("gateway.write"))
    async def create_gateway_key(
        self, caller: TheCaller, gateway_apps: TheApps, key: FromPath[str], data: JSONBody[NewKey]
    ) -> KeyView:
        """Make one more key pair that callers encrypt to."""
        made = await gateway_apps.add_key(*caller, key, data.algorithm, retire_others_s=data.retire_others_s)
        return KeyView.of(made)

    @post("/{key:str}/keys/{kid:str}/retire", opt=needs("gateway.write"), status_code=200)
    async def retire_gateway_key(
        self, caller: TheCaller, gateway_apps: TheApps, key: FromPath[str], kid: FromPath[str], data: JSONBody[Retire]
    ) -> KeyView:
        """Accept a key no more, now or from a time on."""
        return KeyView.of(await gateway_apps.retire_key(*caller, key, kid, microseconds(data.at)))


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        sentence = "The secret is not base64."
        hint = "Encode its bytes, or leave it out to have one made."
        raise Problem("invalid", sentence, hint, errors=[("secret", sentence)]) from None


CONTROLLERS = (GatewayAppsController,)
