"""The keyboard over the API: purposes, keys and what was done. Times are RFC 3339."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from litestar import Controller, get, post, put
from msgspec import Meta

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, JSONBody, Page, Service, TheCaller, ThePaging
from eden.base.api.times import moment
from eden.base.problems import Problem
from eden.keyboard.interfaces import KeyAlgorithm, Kind, LogRow, Purpose
from eden.keyboard.rules import LONGEST, check_purpose
from eden.keyboard.service_admin import KeyboardAdmin
from eden.keyboard.service_keys import Key

_PATH = "/api/v1/workspaces/{workspace:str}/keyboard"
Keyboard: TypeAlias = Service[KeyboardAdmin]
TokenIds: TypeAlias = Annotated[list[Annotated[str, Meta(max_length=36)]], Meta(max_length=50)]

#: of fields of a purpose; of what else the shapes below say
_MISTAKES = {
    "name": "A purpose's name has letters, digits, dots, dashes and underscores.",
    "shortest": "A PIN has 4 to 12 digits, and nothing is longer than its longest.",
}

TAGS = {"keyboard": "The secure keyboard: what values are asked for, by which services, sealed to which keys."}


class PurposeView(msgspec.Struct, kw_only=True):
    """What values are asked for. `verifiers` and `openers`: ids of tokens that may have values checked, or opened."""

    name: str
    kind: Kind
    shortest: int
    longest: int
    tries: int
    lock_seconds: int
    verifiers: list[str]
    openers: list[str]
    revision: int

    @classmethod
    def of(cls, one: Purpose) -> PurposeView:
        return cls(**msgspec.structs.asdict(one))


class PurposeChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A purpose as it is to be. `tries`: wrong ones in a row before an account is locked, for `lock_seconds` (0: until
    it is unlocked). `revision`: of the purpose as you saw it; none for a new one."""

    kind: Kind
    shortest: Annotated[int, Meta(ge=1, le=LONGEST)] = 6
    longest: Annotated[int, Meta(ge=1, le=LONGEST)] = 6
    tries: Annotated[int, Meta(ge=1, le=100)] = 5
    lock_seconds: Annotated[int, Meta(ge=0, le=30 * 24 * 3600)] = 0
    verifiers: TokenIds = []
    openers: TokenIds = []
    revision: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


class NewKeyboardKey(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A key to be made in place of the newest one of its algorithm."""

    algorithm: KeyAlgorithm


class KeyboardKeyView(msgspec.Struct, kw_only=True):
    """`public`: base64; empty of the PIN key (`aes-256`). Keys of `ed25519` are what phones pin."""

    kid: str
    algorithm: KeyAlgorithm
    public: str
    created_at: datetime
    replaced_at: datetime | None
    ends_at: datetime | None

    @classmethod
    def of(cls, key: Key) -> KeyboardKeyView:
        return cls(
            kid=key.kid,
            algorithm=key.algorithm,
            public=base64.b64encode(key.public).decode(),
            created_at=moment(key.created_at),
            replaced_at=moment(key.replaced_at),
            ends_at=moment(key.ends_at),
        )


class KeyboardLogView(msgspec.Struct, kw_only=True):
    """One thing that was done with a sealed value, by which token; never the value."""

    at: datetime
    actor: str
    action: str
    purpose: str
    account: str
    outcome: str

    @classmethod
    def of(cls, row: LogRow) -> KeyboardLogView:
        return cls(
            at=moment(row.at), actor=row.actor, action=row.action, purpose=row.purpose, account=row.account,
            outcome=row.outcome,
        )  # fmt: skip


class KeyboardController(Controller):
    """Purposes, keys, log."""

    path = _PATH
    tags = ("keyboard",)

    @get("/purposes", opt=needs("key.manage"))
    async def list_keyboard_purposes(
        self, caller: TheCaller, keyboard_admin: Keyboard, paging: ThePaging
    ) -> Page[PurposeView]:
        """What values are asked for, by name."""
        found = await keyboard_admin.purposes(*caller, paging.limit + 1, paging.after(str))
        return paging.page(found, lambda one: one.name, PurposeView.of)

    @put("/purposes/{name:str}", opt=needs("key.manage"))
    async def set_keyboard_purpose(
        self, caller: TheCaller, keyboard_admin: Keyboard, name: FromPath[str], data: JSONBody[PurposeChange]
    ) -> PurposeView:
        """Make or change a purpose. With the first one of a workspace its keys are made."""
        fields = msgspec.structs.asdict(data)
        revision = fields.pop("revision")
        purpose = Purpose(name=name, **fields)
        for place, _ in check_purpose(purpose):
            sentence = _MISTAKES[place]
            raise Problem("invalid", sentence, errors=[(place, sentence)])
        return PurposeView.of(await keyboard_admin.set_purpose(*caller, purpose, revision))

    @get("/keys", opt=needs("key.manage"))
    async def list_keyboard_keys(
        self, caller: TheCaller, keyboard_admin: Keyboard, paging: ThePaging
    ) -> Page[KeyboardKeyView]:
        """Public keys, the oldest first; never a private one."""
        found = await keyboard_admin.keys(*caller, paging.limit + 1, paging.after(str))
        return paging.page(found, lambda key: key.kid, KeyboardKeyView.of)

    @post("/keys", opt=needs("key.manage"), status_code=204)
    async def renew_keyboard_key(
        self, caller: TheCaller, keyboard_admin: Keyboard, data: JSONBody[NewKeyboardKey]
    ) -> None:
        """A new key now, in place of the newest one, which goes on until nothing can need it."""
        await keyboard_admin.renew_key(*caller, data.algorithm)

    @get("/log", opt=needs("audit.read"))
    async def list_keyboard_log(
        self, caller: TheCaller, keyboard_admin: Keyboard, paging: ThePaging
    ) -> Page[KeyboardLogView]:
        """What was done with sealed values, the newest first."""
        found = await keyboard_admin.log(*caller, paging.limit + 1, paging.after(str))
        return paging.page(found, lambda row: row.id, KeyboardLogView.of)
