"""The secure keyboard for people: what values are asked for, by whom, sealed to which keys, and what was done."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, func, insert, or_, select, update

from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import now
from eden.base.problems import Problem
from eden.base.tables import tokens
from eden.keyboard import service_keys
from eden.keyboard.interfaces import KeyAlgorithm, LogRow, OutcomeCount, Purpose, ServiceToken
from eden.keyboard.models import keyboard_log, keyboard_purposes
from eden.keyboard.opener_client import Opener

_SECOND = 1_000_000
#: a workspace has no more purposes than a person can tell apart
_MOST_PURPOSES = 100
_SCOPES = ("keyboard.verify", "keyboard.open")


class KeyboardAdmin:
    """`opener` is the one of this process's `KeyboardService`."""

    def __init__(self, ground: Ground, opener: Opener, clock: Callable[[], int] = now) -> None:
        self._ground = ground
        self._database = ground.database
        self._opener = opener
        self._clock = clock

    async def purposes(self, principal: Principal, workspace_id: str, limit: int, after: str | None) -> list[Purpose]:
        """By name."""
        check_permission(principal, workspace_id, "key.manage")
        query = select(keyboard_purposes).where(keyboard_purposes.c.workspace_id == workspace_id)
        if after is not None:
            query = query.where(keyboard_purposes.c.name > after)
        query = query.order_by(keyboard_purposes.c.name).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [msgspec.convert(row, Purpose, from_attributes=True) for row in rows]

    async def set_purpose(
        self, principal: Principal, workspace_id: str, purpose: Purpose, revision: int | None
    ) -> Purpose:
        """Make a purpose, or change one whose revision is as seen; keys are made with the first one.

        Problem `conflict`: another revision, another kind than before, too many purposes; `invalid`: unknown tokens."""
        check_permission(principal, workspace_id, "key.manage")
        at = self._clock()

        def work(connection: Connection) -> Purpose:
            mine = keyboard_purposes.c.workspace_id == workspace_id
            rows = {row.name: row for row in connection.execute(select(keyboard_purposes).where(mine))}
            old = rows.get(purpose.name)
            if (old.revision if old is not None else None) != revision:
                raise Problem("conflict", f"The purpose {purpose.name} has another revision.", "Look at it again.")
            if old is not None and old.kind != purpose.kind:
                raise Problem("conflict", "The kind of a purpose does not change.", "Make another purpose.")
            if old is None and len(rows) >= _MOST_PURPOSES:
                raise Problem("conflict", f"A workspace has at most {_MOST_PURPOSES} purposes.")
            _check_tokens(connection, workspace_id, purpose)
            new = msgspec.structs.replace(purpose, revision=1 if old is None else old.revision + 1)
            values = msgspec.structs.asdict(new)
            if old is None:
                connection.execute(
                    insert(keyboard_purposes).values(
                        workspace_id=workspace_id, created_by=principal.name, created_at=at, **values
                    )
                )
            else:
                connection.execute(
                    update(keyboard_purposes).where(mine, keyboard_purposes.c.name == new.name).values(**values)
                )
            self._ground.audit.append(
                connection, workspace_id, principal.name, "keyboard.purpose.set", new.name, msgspec.to_builtins(new)
            )
            return new

        made = await self._database.write(work)
        await service_keys.ensure(self._ground, self._opener, workspace_id, at, principal.name)
        return made

    async def services(self, principal: Principal, workspace_id: str) -> list[ServiceToken]:
        """Tokens that could be named by a purpose: with a scope of the keyboard, and in force. By name."""
        check_permission(principal, workspace_id, "key.manage")
        at, columns = self._clock(), tokens.c
        query = (
            select(columns.id, columns.name, columns.scopes)
            .where(
                columns.workspace_id == workspace_id,
                columns.revoked_at.is_(None),
                or_(columns.expires_at.is_(None), columns.expires_at > at),
            )
            .order_by(columns.name, columns.id)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        found = (ServiceToken(row.id, row.name, [one for one in row.scopes if one in _SCOPES]) for row in rows)
        return [one for one in found if one.scopes]

    async def keys(
        self, principal: Principal, workspace_id: str, limit: int, after: str | None
    ) -> list[service_keys.Key]:
        """Public keys; those of Ed25519 are what phones pin."""
        check_permission(principal, workspace_id, "key.manage")
        return await self._database.read(lambda connection: service_keys.page(connection, workspace_id, limit, after))

    async def renew_key(self, principal: Principal, workspace_id: str, algorithm: KeyAlgorithm) -> None:
        """A new key now; the one before goes on for as long as its kind needs."""
        check_permission(principal, workspace_id, "key.manage")
        at = self._clock()
        overlap = service_keys.overlap(self._ground.settings.keyboard)
        seconds = service_keys.SIGNER_SECONDS if algorithm == "ed25519" else overlap
        keys = await self._database.read(lambda connection: service_keys.newest(connection, workspace_id, at))
        old = keys.get(algorithm)
        await service_keys.renew(
            self._ground, self._opener, workspace_id, algorithm, at, actor=principal.name, old=old, seconds=seconds
        )

    async def log(self, principal: Principal, workspace_id: str, limit: int, after: str | None) -> list[LogRow]:
        """What was done, the newest first."""
        check_permission(principal, workspace_id, "audit.read")
        query = select(keyboard_log).where(keyboard_log.c.workspace_id == workspace_id)
        if after is not None:
            query = query.where(keyboard_log.c.id < after)
        query = query.order_by(keyboard_log.c.id.desc()).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [msgspec.convert(row, LogRow, from_attributes=True) for row in rows]

    async def outcomes(self, principal: Principal, workspace_id: str, seconds: int) -> list[OutcomeCount]:
        """How often what came of values in the last `seconds`, by purpose, the most frequent first."""
        check_permission(principal, workspace_id, "key.manage")
        since, columns = self._clock() - seconds * _SECOND, keyboard_log.c
        query = (
            select(columns.purpose, columns.action, columns.outcome, func.count())
            .where(columns.workspace_id == workspace_id, columns.at >= since)
            .group_by(columns.purpose, columns.action, columns.outcome)
            .order_by(func.count().desc(), columns.purpose, columns.action, columns.outcome)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [OutcomeCount(*row) for row in rows]


def _check_tokens(connection: Connection, workspace_id: str, purpose: Purpose) -> None:
    named = {*purpose.verifiers, *purpose.openers}
    known = set(
        connection.execute(
            select(tokens.c.id).where(tokens.c.workspace_id == workspace_id, tokens.c.id.in_(named))
        ).scalars()
    )
    if unknown := sorted(named - known):
        sentence = f"There is no token {unknown[0][:40]} in this workspace."
        raise Problem("invalid", sentence, errors=[("verifiers", sentence)])
