"""Sessions of the console: a secret in a cookie, its hash in the store.

A session ends some time after it was last used (a setting), and at the latest `LONGEST_SECONDS` after it began. Every
session has a token of its own against forged requests (CSRF) that writes have to carry, beside the check of where they
come from.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import Connection, delete, insert, select, update

from eden.base.identity.principal import Principal
from eden.base.identity.roles import permissions_of
from eden.base.identity.secrets import digest, new_secret, same
from eden.base.problems import Problem
from eden.base.tables import members, sessions, users

LONGEST_SECONDS = 30 * 24 * 3600
#: the end moves when this part of the time is gone (1/n), so that reading a page is not a write
_MOVE_PART = 12

_MICROSECONDS = 1_000_000

#: over TLS; the prefix binds the cookie to this host and to TLS (RFC 6265bis, section 4.1.3.2)
SECURE_COOKIE = "__Host-eden"
PLAIN_COOKIE = "eden"
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "_csrf"


@dataclass(frozen=True, slots=True)
class Session:
    """A session in use. `locale` is the person's language, "" when they never chose one."""

    id: str
    csrf: str
    principal: Principal
    person: str
    locale: str
    created_at: int
    expires_at: int


def cookie_name(secure: bool) -> str:
    """Of the session's cookie; `secure` when the page came over TLS."""
    return SECURE_COOKIE if secure else PLAIN_COOKIE


def cookie(secret: str, secure: bool) -> str:
    """The value of Set-Cookie that begins a session; an empty secret ends it. The store says when it is over."""
    age = LONGEST_SECONDS if secret else 0
    end = "; Secure" if secure else ""
    return f"{cookie_name(secure)}={secret}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{end}"


def begin(connection: Connection, user_id: str, at: int, idle: int) -> str:
    """A new session that ends `idle` seconds after its last use; its secret, which is not kept."""
    secret = new_secret()
    connection.execute(
        insert(sessions).values(
            id=digest(secret),
            user_id=user_id,
            csrf=secrets.token_urlsafe(24),
            created_at=at,
            expires_at=at + idle * _MICROSECONDS,
        )
    )
    return secret


def find(connection: Connection, secret: str, at: int) -> Session | None:
    """The session of a cookie's secret, with what the person may do now. None when there is none any more."""
    row = connection.execute(
        select(sessions, users.c.email, users.c.name, users.c.locale)
        .join(users, users.c.id == sessions.c.user_id)
        .where(sessions.c.id == digest(secret), sessions.c.expires_at > at, users.c.disabled_at.is_(None))
    ).first()
    if row is None:
        return None
    principal = principal_of(connection, row.user_id, row.email)
    return Session(row.id, row.csrf, principal, row.name, row.locale, row.created_at, row.expires_at)


def principal_of(connection: Connection, user_id: str, email: str) -> Principal:
    """A person as a principal, by their memberships now."""
    rows = connection.execute(select(members.c.workspace_id, members.c.roles).where(members.c.user_id == user_id))
    return Principal(
        "user",
        user_id,
        f"user:{email}",
        user_id=user_id,
        email=email,
        permissions={row.workspace_id: permissions_of(row.roles) for row in rows},
    )


def new_end(session: Session, at: int, idle: int) -> int | None:
    """When the session should end instead, now that it was used; None while that is not worth a write."""
    longest = session.created_at + LONGEST_SECONDS * _MICROSECONDS
    end = min(at + idle * _MICROSECONDS, longest)
    return end if end - session.expires_at >= idle * _MICROSECONDS // _MOVE_PART else None


def move_end(connection: Connection, session_id: str, end: int) -> None:
    """`end` from `new_end`."""
    connection.execute(update(sessions).where(sessions.c.id == session_id).values(expires_at=end))


def end(connection: Connection, session_id: str) -> None:
    """Sign out."""
    connection.execute(delete(sessions).where(sessions.c.id == session_id))


def end_all(connection: Connection, user_id: str, but: str | None = None) -> int:
    """Sign a person out everywhere (but in the session `but`). How many sessions ended."""
    query = delete(sessions).where(sessions.c.user_id == user_id)
    return connection.execute(query if but is None else query.where(sessions.c.id != but)).rowcount


def check_origin(origin: str | None, referer: str | None, hosts: Collection[str]) -> None:
    """Problem `forbidden` unless a write comes from a page of this server.

    `origin` and `referer` are the headers; `hosts` are the hosts (with port) by which browsers know the server.
    Browsers send Origin with every write; Referer serves those that hide it ("null").
    """
    source = origin if origin and origin != "null" else referer
    try:
        host = urlsplit(source or "").netloc.lower()
    except ValueError:
        host = ""
    if not host or host not in hosts:
        raise Problem(
            "forbidden",
            "This request does not come from a page of this server.",
            "Open the console and do it there; programs use a token instead of a session.",
        )


def check_csrf(session: Session, token: str | None) -> None:
    """Problem `forbidden` unless a write carries the session's token."""
    if not token or not same(token, session.csrf):
        raise Problem("forbidden", "The page is too old, or its form was made elsewhere.", "Load the page again.")
