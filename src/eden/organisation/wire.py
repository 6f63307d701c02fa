"""The organisation in JSON: what the API takes and gives. Times are RFC 3339."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from eden.base.api.times import moment
from eden.base.audit import Entry
from eden.base.identity.roles import Permission, Role
from eden.base.identity.tokens import Token
from eden.organisation.interfaces import (
    EMAIL_PATTERN,
    LONGEST_EMAIL,
    Locale,
    Member,
    Name,
    Profile,
    RetentionDays,
    Slug,
    WorkspaceRecord,
    WorkspaceSettings,
)

Email = Annotated[str, Meta(max_length=LONGEST_EMAIL, pattern=EMAIL_PATTERN)]
Password = Annotated[str, Meta(max_length=256)]
Roles = Annotated[list[Role], Meta(min_length=1, max_length=10)]
Scopes = Annotated[list[Permission], Meta(min_length=1, max_length=50)]


class Given(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a client sends."""


class NewWorkspace(Given):
    """A workspace to be made."""

    slug: Slug
    name: Name
    production: bool = False
    review_required: bool = False
    retention_days: RetentionDays = 400


class WorkspaceChange(Given):
    """What is to be different; what is left out stays."""

    name: Name | None = None
    production: bool | None = None
    review_required: bool | None = None
    retention_days: RetentionDays | None = None


class NewMember(Given):
    """Somebody to be invited."""

    email: Email
    name: Name
    roles: Roles


class MemberChange(Given):
    """The member's roles from now on."""

    roles: Roles


class ProfileChange(Given):
    """What is to be different; what is left out stays. The language "" follows the browser."""

    name: Name | None = None
    locale: Locale | None = None


class PasswordChange(Given):
    """The old password ("" without one) and the new."""

    current: Password
    new: Password


class NewToken(Given):
    """A token to be made. Without `expires_at` it works until it is revoked."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$", max_length=80)]
    scopes: Scopes
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class WorkspaceView(msgspec.Struct, kw_only=True):
    """A workspace, and what you may do in it."""

    id: str
    slug: str
    name: str
    settings: WorkspaceSettings
    created_at: datetime
    permissions: list[str]

    @classmethod
    def of(cls, record: WorkspaceRecord) -> WorkspaceView:
        return cls(
            id=record.id,
            slug=record.slug,
            name=record.name,
            settings=record.settings,
            created_at=moment(record.created_at),
            permissions=list(record.permissions),
        )


class MemberView(msgspec.Struct, kw_only=True):
    """A person in a workspace. `waiting`: they have not signed in yet."""

    user_id: str
    email: str
    name: str
    roles: list[str]
    created_at: datetime
    waiting: bool

    @classmethod
    def of(cls, member: Member) -> MemberView:
        return cls(
            user_id=member.user_id,
            email=member.email,
            name=member.name,
            roles=list(member.roles),
            created_at=moment(member.created_at),
            waiting=member.waiting,
        )


class Invited(msgspec.Struct, kw_only=True):
    """The new member. `link` is the page on which they set their password, once; none when they can sign in already,
    or were invited to a workspace whose members you do not manage."""

    member: MemberView
    link: str | None


class Link(msgspec.Struct, kw_only=True):
    """The page on which a member sets a new password, once, within seven days."""

    link: str


class Me(msgspec.Struct, kw_only=True):
    """Who you are. `kind`: "user" or "token"; `actor` is your name in the audit log."""

    kind: str
    actor: str
    email: str | None
    workspaces: list[WorkspaceView]


class ProfileView(msgspec.Struct, kw_only=True):
    """Your own record."""

    id: str
    email: str
    name: str
    locale: str
    has_password: bool
    has_oidc: bool

    @classmethod
    def of(cls, profile: Profile) -> ProfileView:
        return msgspec.convert(profile, cls, from_attributes=True)


class TokenView(msgspec.Struct, kw_only=True):
    """A token, without its secret. `state`: "active", "expired" or "revoked"."""

    id: str
    name: str
    scopes: list[str]
    created_by: str
    state: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None

    @classmethod
    def of(cls, token: Token, at: int) -> TokenView:
        return cls(
            id=token.id,
            name=token.name,
            scopes=token.scopes,
            created_by=token.created_by_email,
            state=token.state(at),
            created_at=moment(token.created_at),
            expires_at=moment(token.expires_at),
            revoked_at=moment(token.revoked_at),
            used_at=moment(token.used_at),
        )


class MadeToken(msgspec.Struct, kw_only=True):
    """The new token; `secret` is shown this once."""

    token: TokenView
    secret: str


class EntryView(msgspec.Struct, kw_only=True):
    """An entry of the audit log. `hash` covers the entry and the one before it."""

    seq: int
    at: datetime
    actor: str
    action: str
    target: str
    detail: dict[str, object]
    hash: str

    @classmethod
    def of(cls, entry: Entry) -> EntryView:
        return cls(
            seq=entry.seq,
            at=moment(entry.at),
            actor=entry.actor,
            action=entry.action,
            target=entry.target,
            detail=entry.detail,
            hash=entry.hash,
        )


class VerdictView(msgspec.Struct, kw_only=True):
    """Of the check of a chain: how many entries are as they were written, and the first that is not."""

    ok: bool
    entries: int
    broken_at: int | None
