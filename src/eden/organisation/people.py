"""A person's own affairs: name, language, password."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from eden.base.identity import limits, passwords
from eden.base.identity.principal import Principal
from eden.base.identity.service import Identity
from eden.base.problems import Problem
from eden.base.tables import users
from eden.organisation.interfaces import Profile


class People:
    """What people change about themselves; tokens cannot."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._database = identity.database
        self._audit = identity.audit

    async def get(self, principal: Principal) -> Profile:
        """The person's record."""
        user_id = _person(principal)
        return await self._database.read(lambda connection: _profile(_row(connection, user_id)))

    async def update(self, principal: Principal, *, name: str | None = None, locale: str | None = None) -> Profile:
        """Change what is not None; `locale` "" follows the browser."""
        user_id = _person(principal)

        def work(connection: Connection) -> Profile:
            before = _row(connection, user_id)
            wanted = {"name": name, "locale": locale}
            detail = {
                key: value for key, value in wanted.items() if value is not None and value != getattr(before, key)
            }
            if detail:
                connection.execute(update(users).where(users.c.id == user_id).values(**detail))
                self._audit.append(connection, "", principal.name, "user.update", user_id, detail)
            return _profile(_row(connection, user_id))

        return await self._database.write(work)

    async def change_password(
        self, principal: Principal, current: str, new: str, address: str, session_id: str | None
    ) -> None:
        """A new password; all sessions but `session_id` end.

        `current` is the old one, "" for those who have none (they sign in by a provider). Problems `invalid`,
        `rate-limited` (counted like signing in, by the client's `address`).
        """
        user_id = _person(principal)
        row = await self._database.read(lambda connection: _row(connection, user_id))
        if row.password_hash is not None:
            at = self._identity.clock()
            await self._database.write(lambda connection: limits.count_attempt(connection, row.email, address, at))
            if not await passwords.verify_in_thread(row.password_hash, current):
                sentence = "This is not your password."
                raise Problem(
                    "invalid", sentence, "Type the one that you sign in with.", errors=[("current", sentence)]
                )
        passwords.check_password(new, row.email, "new")
        hashed = await passwords.hash_in_thread(new)

        def work(connection: Connection) -> None:
            limits.forgive(connection, row.email, address)
            self._identity.do_set_password(connection, user_id, row.email, hashed, "person", session_id)

        await self._database.write(work)


def _person(principal: Principal) -> str:
    if principal.kind != "user" or principal.user_id is None:
        raise Problem("forbidden", "A token has no profile.", "Sign in to the console for this.")
    return principal.user_id


def _row(connection: Connection, user_id: str) -> Any:
    return connection.execute(select(users).where(users.c.id == user_id)).one()


def _profile(row: Any) -> Profile:
    return Profile(
        id=row.id,
        email=row.email,
        name=row.name,
        locale=row.locale,
        has_password=row.password_hash is not None,
        has_oidc=row.oidc_subject is not None,
    )
