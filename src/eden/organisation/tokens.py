"""Tokens of a workspace: everybody has their own, owners see and revoke all."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from eden.base.identity import tokens
from eden.base.identity.principal import Principal, check_permission
from eden.base.identity.roles import PERMISSIONS
from eden.base.identity.service import Identity
from eden.base.identity.tokens import Token
from eden.base.problems import Problem, not_found
from eden.base.tables import tokens as table


class Tokens:
    """Made, shown, revoked; what they may do is decided in `eden.base.identity.tokens` at every use."""

    def __init__(self, identity: Identity) -> None:
        self._database = identity.database
        self._audit = identity.audit
        self._clock = identity.clock

    async def page(self, principal: Principal, workspace_id: str, limit: int, after: str | None = None) -> list[Token]:
        """Newest first; one's own, or all for those who manage tokens. `after` is the last id of the page before."""
        check_permission(principal, workspace_id, "workspace.read")
        owner = None if principal.may(workspace_id, "token.manage") else principal.user_id
        return await self._database.read(lambda connection: tokens.page(connection, workspace_id, limit, after, owner))

    async def get(self, principal: Principal, workspace_id: str, token_id: str) -> Token:
        """One token that the principal may see."""
        check_permission(principal, workspace_id, "workspace.read")
        return await self._database.read(lambda connection: _find(connection, principal, workspace_id, token_id))

    async def create(
        self, principal: Principal, workspace_id: str, name: str, scopes: Iterable[str], expires_at: int | None
    ) -> tuple[Token, str]:
        """A token and its secret, which nobody can see again.

        Problems: `forbidden` for scopes that the principal does not have, `conflict` when a token that works has this
        name (it is the actor's name in the audit log), `invalid`.
        """
        check_permission(principal, workspace_id, "workspace.read")
        return await self._database.write(
            lambda connection: self.do_create(connection, principal, workspace_id, name, scopes, expires_at)
        )

    def do_create(
        self,
        connection: Connection,
        principal: Principal,
        workspace_id: str,
        name: str,
        scopes: Iterable[str],
        expires_at: int | None,
    ) -> tuple[Token, str]:
        """Inside a write."""
        at = self._clock()
        wanted = self._check_scopes(principal, workspace_id, scopes)
        if principal.user_id is None:
            raise Problem("forbidden", "A token belongs to a person.", "Make it as somebody.")
        if expires_at is not None and expires_at <= at:
            sentence = "The token would have expired already."
            raise Problem("invalid", sentence, errors=[("expires_at", sentence)])
        same_name = connection.execute(
            select(table.c.id).where(
                table.c.workspace_id == workspace_id,
                table.c.name == name,
                table.c.revoked_at.is_(None),
                table.c.expires_at.is_(None) | (table.c.expires_at > at),
            )
        ).first()
        if same_name is not None:
            sentence = f"There is a token {name} already."
            raise Problem("conflict", sentence, "Choose another name, or revoke that one.", errors=[("name", sentence)])
        token_id, secret = tokens.create(connection, workspace_id, principal.user_id, name, wanted, at, expires_at)
        detail = {"scopes": wanted, "expires_at": expires_at}
        self._audit.append(connection, workspace_id, principal.name, "token.create", name, detail)
        token = tokens.find(connection, workspace_id, token_id)
        assert token is not None
        return token, secret

    async def revoke(self, principal: Principal, workspace_id: str, token_id: str) -> Token:
        """From now on it does not work; a second time changes nothing. A token revokes itself, others only with
        `token.manage`: who finds one cannot stop the machines of whoever made it."""
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> Token:
            token = _find(connection, principal, workspace_id, token_id)
            if principal.kind == "token" and principal.id != token_id:
                check_permission(principal, workspace_id, "token.manage")
            if token.revoked_at is None:
                tokens.revoke(connection, token_id, self._clock())
                self._audit.append(connection, workspace_id, principal.name, "token.revoke", token.name)
            return _find(connection, principal, workspace_id, token_id)

        return await self._database.write(work)

    @staticmethod
    def _check_scopes(principal: Principal, workspace_id: str, scopes: Iterable[str]) -> list[str]:
        wanted = set(scopes)
        if not wanted or wanted - set(PERMISSIONS):
            sentence = "Choose at least one permission of the list."
            raise Problem("invalid", f"These scopes cannot be given. {sentence}", errors=[("scopes", sentence)])
        # a token makes tokens only when it is meant to
        if principal.kind == "token":
            check_permission(principal, workspace_id, "token.manage")
        for scope in sorted(wanted):
            if not principal.may(workspace_id, scope):
                sentence = f"You do not have {scope} yourself."
                raise Problem("forbidden", sentence, "Leave it out.", errors=[("scopes", sentence)])
        return sorted(wanted)


def _find(connection: Connection, principal: Principal, workspace_id: str, token_id: str) -> Token:
    token = tokens.find(connection, workspace_id, token_id)
    if token is None or (token.created_by != principal.user_id and not principal.may(workspace_id, "token.manage")):
        raise not_found("The token")
    return token
