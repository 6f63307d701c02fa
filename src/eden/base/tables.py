"""The ground's tables, and what all tables are made of.

Portable by rule: keys are made by the application (`eden.base.ids`), every indexed text has a length, times are
integer microseconds in UTC, JSON is opaque text. Services bring their own tables on the same `metadata`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = String(36)
SHORT = String(80)
LONG = String(400)
SHA256 = String(64)


class Json(TypeDecorator[Any]):
    """A JSON value as text: the database does not look inside, and gives back what was put."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return None if value is None else msgspec.json.decode(value)


def at(name: str, *, nullable: bool = False) -> Column[int]:
    """A time: microseconds since 1970 in UTC."""
    return Column(name, BigInteger, nullable=nullable)


#: facts about this installation: "secret_check"; "last_backup", microseconds
installation = Table(
    "installation",
    metadata,
    Column("name", SHORT, primary_key=True),
    Column("value", Text, nullable=False),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", ID, primary_key=True),
    Column("slug", String(40), nullable=False, unique=True),
    Column("name", LONG, nullable=False),
    #: {"review_required": bool, …}
    Column("settings", Json, nullable=False),
    at("created_at"),
)

users = Table(
    "users",
    metadata,
    Column("id", ID, primary_key=True),
    #: lower case
    Column("email", String(254), nullable=False, unique=True),
    Column("name", LONG, nullable=False),
    #: Argon2id in PHC form; none: signs in by OpenID Connect only
    Column("password_hash", String(200)),
    #: "ISSUER SUBJECT" of OpenID Connect
    Column("oidc_subject", String(300), unique=True),
    Column("locale", String(10), nullable=False),
    at("created_at"),
    at("disabled_at", nullable=True),
)

members = Table(
    "members",
    metadata,
    Column("workspace_id", ID, ForeignKey("workspaces.id"), primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), primary_key=True),
    #: list of role names
    Column("roles", Json, nullable=False),
    at("created_at"),
    Index("ix_members_user_id", "user_id"),
)

sessions = Table(
    "sessions",
    metadata,
    #: SHA-256 of the cookie's secret
    Column("id", SHA256, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    at("created_at"),
    at("expires_at"),
)

#: links that let one person set a password once: invitations and lost passwords
invitations = Table(
    "invitations",
    metadata,
    #: SHA-256 of the link's secret
    Column("id", SHA256, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id"), nullable=False, index=True),
    at("created_at"),
    at("expires_at"),
)

#: sign-ins by OpenID Connect that have begun; a row is taken away by the answer that it waits for
oidc_flows = Table(
    "oidc_flows",
    metadata,
    #: SHA-256 of the state
    Column("id", SHA256, primary_key=True),
    #: SHA-256 of the cookie of the browser that began
    Column("browser", SHA256, nullable=False),
    Column("nonce", SHORT, nullable=False),
    #: of PKCE (RFC 7636)
    Column("verifier", String(128), nullable=False),
    #: path of the page that the person wanted
    Column("destination", LONG, nullable=False),
    at("expires_at"),
    Index("ix_oidc_flows_expires_at", "expires_at"),
)

#: tries to sign in, counted per e-mail and address in windows of time; shared by all processes
attempts = Table(
    "attempts",
    metadata,
    #: SHA-256 of what is counted
    Column("id", SHA256, primary_key=True),
    Column("tries", Integer, nullable=False),
    at("expires_at"),
    Index("ix_attempts_expires_at", "expires_at"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("name", SHORT, nullable=False),
    #: SHA-256 of the secret
    Column("secret_hash", SHA256, nullable=False, unique=True),
    #: list of permissions
    Column("scopes", Json, nullable=False),
    Column("created_by", ID, ForeignKey("users.id"), nullable=False),
    at("created_at"),
    at("expires_at", nullable=True),
    at("revoked_at", nullable=True),
    at("used_at", nullable=True),
    Index("ix_tokens_workspace_id", "workspace_id"),
)

audit = Table(
    "audit",
    metadata,
    Column("workspace_id", ID, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    at("at"),
    #: "user:EMAIL", "token:NAME", "system"
    Column("actor", LONG, nullable=False),
    #: "release.halt"
    Column("action", SHORT, nullable=False),
    Column("target", LONG, nullable=False),
    #: the exact bytes that were hashed
    Column("detail", Text, nullable=False),
    Column("hash", SHA256, nullable=False),
)

#: the end of each workspace's chain; `mac` is keyed by the server's secret, so that cutting the end off shows
audit_heads = Table(
    "audit_heads",
    metadata,
    Column("workspace_id", ID, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", SHA256, nullable=False),
    Column("mac", SHA256, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", SHORT, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    at("at"),
    Column("kind", SHORT, nullable=False),
    Column("workspace_id", ID, nullable=False),
    Column("payload", Json, nullable=False),
    Index("ix_changes_at", "at"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", ID, primary_key=True),
    Column("kind", SHORT, nullable=False),
    #: at most one waiting job of a kind has the same key
    Column("key", LONG, nullable=False),
    Column("payload", Json, nullable=False),
    Column("state", String(10), nullable=False),
    at("run_at"),
    at("lease_until", nullable=True),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
    UniqueConstraint("kind", "key"),
    Index("ix_jobs_state_run_at", "state", "run_at"),
)

idempotency = Table(
    "idempotency",
    metadata,
    #: SHA-256 of principal and key
    Column("id", SHA256, primary_key=True),
    #: SHA-256 of method, path and body
    Column("request", SHA256, nullable=False),
    #: 0 while the first request runs
    Column("status", Integer, nullable=False),
    Column("headers", Json, nullable=False),
    Column("body", LargeBinary, nullable=False),
    at("created_at"),
    Index("ix_idempotency_created_at", "created_at"),
)
