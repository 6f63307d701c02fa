"""What is written and read about the organisation: values, and what they may be. Times in µs (UTC)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from eden.base.problems import Problem

Slug: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}$",
        max_length=40,
        description="Lower-case letters, digits and hyphens; it is part of addresses and is never changed.",
    ),
]
Name: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$", description="For people; no space around it.")
]
Locale: TypeAlias = Literal["", "en", "zh"]

#: of a workspace's slug: these are pages of the console itself
RESERVED = frozenset(
    {
        "account", "api", "app", "assets", "audit", "console", "device", "invitation", "metrics", "new", "oidc",
        "preferences", "sign-in", "sign-out", "static", "workspaces",
    }
)  # fmt: skip

LONGEST_EMAIL = 254
#: of RFC 5321 what people have: no quoted local parts, no addresses of machines
EMAIL_PATTERN = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*$"

RetentionDays: TypeAlias = Annotated[int, Meta(ge=1, le=3650)]


class WorkspaceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What owners decide for a workspace.

    `review_required`: a version needs a reviewer other than its author before it can go to everyone.
    `retention_days`: how long figures of releases and devices are kept. `production`: it reaches real users, which
    every page of the console says.
    """

    production: bool = False
    review_required: bool = False
    retention_days: RetentionDays = 400


class WorkspaceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace, with what the one who asks may do in it."""

    id: str
    slug: str
    name: str
    settings: WorkspaceSettings
    created_at: int
    permissions: tuple[str, ...]


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person in a workspace. `waiting`: they have not yet set a password, nor signed in by the provider."""

    user_id: str
    email: str
    name: str
    roles: tuple[str, ...]
    created_at: int
    waiting: bool


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A person's own record."""

    id: str
    email: str
    name: str
    locale: str
    has_password: bool
    has_oidc: bool


#: an entry's number, as cursors of the log have it
AuditSeq: TypeAlias = Annotated[int, Meta(ge=1, le=1 << 60)]


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries: whole actor, beginnings of action and target, times (µs; from included, until not)."""

    actor: str = ""
    action: str = ""
    target: str = ""
    since: int | None = None
    until: int | None = None


def check_email(email: str) -> str:
    """The address as stored. Problem `invalid` for what is none."""
    normal = email.strip().lower()
    if len(normal) > LONGEST_EMAIL or not re.fullmatch(EMAIL_PATTERN, normal):
        sentence = "This is not an e-mail address."
        raise Problem("invalid", sentence, "It looks like name@example.com.", errors=[("email", sentence)])
    return normal


def check_slug(slug: str) -> None:
    """Problem `invalid` for a slug that would hide a page of the console."""
    if slug in RESERVED:
        sentence = f"{slug} is the name of a page."
        raise Problem("invalid", sentence, "Choose another short name.", errors=[("slug", sentence)])


def read_settings(stored: Any) -> WorkspaceSettings:
    """The settings in a row; what other versions put there is passed over."""
    return msgspec.convert(stored, WorkspaceSettings)
