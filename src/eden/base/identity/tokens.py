"""Tokens of machines: `eden_` and a secret, in the header `Authorization: Bearer …`.

A token belongs to a workspace and to the person who made it. What it may do is looked up at every use: its scopes, as
far as its maker still has them. A maker who left, or who was disabled, leaves nothing behind that works.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from eden.base.identity.principal import Principal
from eden.base.identity.roles import permissions_of
from eden.base.identity.secrets import digest, new_secret
from eden.base.ids import new_id
from eden.base.tables import members, tokens, users

PREFIX = "eden_"
#: "last used" is written at most once in this time
USED_EVERY = 60 * 1_000_000


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token as its owner sees it: never with its secret. Times in µs."""

    id: str
    workspace_id: str
    name: str
    scopes: list[str]
    created_by: str
    created_by_email: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    used_at: int | None

    def state(self, at: int) -> str:
        """ "active", "expired" or "revoked"."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= at else "active"


def create(
    connection: Connection,
    workspace_id: str,
    user_id: str,
    name: str,
    scopes: Iterable[str],
    at: int,
    expires_at: int | None,
) -> tuple[str, str]:
    """A new token's id and its secret, which is not kept. Who may make it is decided before."""
    token_id, secret = new_id(), new_secret(PREFIX)
    connection.execute(
        insert(tokens).values(
            id=token_id,
            workspace_id=workspace_id,
            name=name,
            secret_hash=digest(secret),
            scopes=sorted(set(scopes)),
            created_by=user_id,
            created_at=at,
            expires_at=expires_at,
        )
    )
    return token_id, secret


def authenticate(connection: Connection, secret: str, at: int) -> tuple[Principal, bool] | None:
    """Who holds the secret, and whether its use should be written down. None when the token does not work."""
    row = connection.execute(
        select(tokens, members.c.roles)
        .join(users, users.c.id == tokens.c.created_by)
        .join(
            members,
            (members.c.user_id == tokens.c.created_by) & (members.c.workspace_id == tokens.c.workspace_id),
        )
        .where(tokens.c.secret_hash == digest(secret), tokens.c.revoked_at.is_(None), users.c.disabled_at.is_(None))
    ).first()
    if row is None or (row.expires_at is not None and row.expires_at <= at):
        return None
    principal = Principal(
        "token",
        row.id,
        f"token:{row.name}",
        user_id=row.created_by,
        workspace_id=row.workspace_id,
        permissions={row.workspace_id: permissions_of(row.roles) & frozenset(row.scopes)},
    )
    return principal, row.used_at is None or at - row.used_at >= USED_EVERY


def mark_used(connection: Connection, token_id: str, at: int) -> None:
    """Write "last used" down, unless another process has just done it."""
    connection.execute(
        update(tokens)
        .where(tokens.c.id == token_id, tokens.c.used_at.is_(None) | (tokens.c.used_at <= at - USED_EVERY))
        .values(used_at=at)
    )


def revoke(connection: Connection, token_id: str, at: int) -> None:
    """From the next request on it does not work."""
    connection.execute(
        update(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None)).values(revoked_at=at)
    )


def find(connection: Connection, workspace_id: str, token_id: str) -> Token | None:
    """A token of the workspace."""
    row = connection.execute(_shown().where(tokens.c.workspace_id == workspace_id, tokens.c.id == token_id)).first()
    return None if row is None else _token(row)


def page(
    connection: Connection, workspace_id: str, limit: int, after: str | None = None, created_by: str | None = None
) -> list[Token]:
    """Newest first (ids sort by time); `after` is the last id of the page before."""
    query = _shown().where(tokens.c.workspace_id == workspace_id)
    if after is not None:
        query = query.where(tokens.c.id < after)
    if created_by is not None:
        query = query.where(tokens.c.created_by == created_by)
    return [_token(row) for row in connection.execute(query.order_by(tokens.c.id.desc()).limit(limit))]


def _shown() -> Any:
    return select(tokens, users.c.email).join(users, users.c.id == tokens.c.created_by)


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id,
        workspace_id=row.workspace_id,
        name=row.name,
        scopes=row.scopes,
        created_by=row.created_by,
        created_by_email=row.email,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        used_at=row.used_at,
    )
