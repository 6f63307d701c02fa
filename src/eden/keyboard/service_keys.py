"""The keys of workspaces: making, offering, rotating and removing them.

Keys that values are sealed to change by themselves and are removed soon after, so that what was recorded once cannot be
opened later. Keys that sign offers are pinned by phones: a new one is made on demand, and both sign for a long time. A
PIN key that was replaced stays until every reference has been renewed under the newest one (at the next good check).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, exists, insert, or_, select, update

from eden.base import changes
from eden.base.ground import Ground
from eden.base.ids import new_id
from eden.base.settings import Keyboard
from eden.keyboard.interfaces import SEAL_ALGORITHMS, KeyAlgorithm
from eden.keyboard.models import keyboard_keys, keyboard_purposes, keyboard_references
from eden.keyboard.opener_client import Opener, good
from eden.keyboard.wire import KeyRow, MadeKey, Make

#: the feed's rows about keys
CHANGED = "keyboard.keys"
ALGORITHMS: tuple[KeyAlgorithm, ...] = (*SEAL_ALGORITHMS, "ed25519", "aes-256")
_SECOND = 1_000_000
#: a replaced signing key goes on signing for so long: phones get the new pin with an update of their host
SIGNER_SECONDS = 180 * 24 * 3600


def overlap(settings: Keyboard) -> int:
    """Seconds until nothing can come back that was sealed to a key when it was still offered."""
    return 2 * settings.session_seconds


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key as people see it. Times in microseconds."""

    kid: str
    algorithm: KeyAlgorithm
    public: bytes
    created_at: int
    replaced_at: int | None
    ends_at: int | None


async def read_all(ground: Ground) -> Sequence[KeyRow]:
    """For an opener: all keys of all workspaces."""
    columns = (keyboard_keys.c.kid, keyboard_keys.c.algorithm, keyboard_keys.c.public, keyboard_keys.c.kept)
    rows = await ground.database.read(lambda connection: connection.execute(select(*columns)).all())
    return [KeyRow(*row) for row in rows]


def page(connection: Connection, workspace_id: str, limit: int, after: str | None) -> list[Key]:
    """By id, which sorts by the time of making."""
    query = select(keyboard_keys).where(keyboard_keys.c.workspace_id == workspace_id)
    if after is not None:
        query = query.where(keyboard_keys.c.kid > after)
    return [_key(row) for row in connection.execute(query.order_by(keyboard_keys.c.kid).limit(limit))]


def newest(connection: Connection, workspace_id: str, at: int) -> dict[str, Key]:
    """By algorithm, what is used for new things; beside them the replaced signing keys, by their ids."""
    rows = connection.execute(
        select(keyboard_keys).where(
            keyboard_keys.c.workspace_id == workspace_id,
            or_(keyboard_keys.c.replaced_at.is_(None), keyboard_keys.c.algorithm == "ed25519"),
            or_(keyboard_keys.c.ends_at.is_(None), keyboard_keys.c.ends_at > at),
        )
    )
    return {row.algorithm if row.replaced_at is None else row.kid: _key(row) for row in rows}


async def renew(
    ground: Ground,
    opener: Opener,
    workspace_id: str,
    algorithm: KeyAlgorithm,
    at: int,
    *,
    actor: str,
    old: Key | None,
    seconds: int = 0,
) -> None:
    """A new key in place of `old`, the newest one as it was seen (None: there was none), which goes on for `seconds`.
    When another process has done the same meanwhile, its key counts and this one is forgotten."""
    kid = new_id()
    made = good(await opener.ask(Make(algorithm, kid)))
    assert isinstance(made, MadeKey)
    ends_at = None if algorithm == "aes-256" else at + seconds * _SECOND

    def work(connection: Connection) -> None:
        mine = (keyboard_keys.c.workspace_id == workspace_id, keyboard_keys.c.algorithm == algorithm)
        if old is not None:
            replaced = connection.execute(
                update(keyboard_keys)
                .where(keyboard_keys.c.kid == old.kid, keyboard_keys.c.replaced_at.is_(None))
                .values(replaced_at=at, ends_at=ends_at)
            )
            if replaced.rowcount == 0:
                return
        elif connection.execute(select(exists().where(*mine, keyboard_keys.c.replaced_at.is_(None)))).scalar():
            return
        connection.execute(
            insert(keyboard_keys).values(
                kid=kid, workspace_id=workspace_id, algorithm=algorithm, public=made.public, kept=made.kept,
                created_at=at,
            )
        )  # fmt: skip
        ground.audit.append(connection, workspace_id, actor, "keyboard.key.make", kid, {"algorithm": algorithm})
        changes.append(connection, CHANGED, workspace_id, {})

    await ground.database.write(work)


async def rotate(ground: Ground, opener: Opener, at: int, *, every: int, overlap: int) -> None:
    """Renew the keys that values are sealed to when they are older than `every` (seconds), make what is missing, and
    remove what has ended."""

    def due(connection: Connection) -> list[tuple[str, KeyAlgorithm, Key | None]]:
        found: list[tuple[str, KeyAlgorithm, Key | None]] = []
        for workspace_id in connection.execute(select(keyboard_purposes.c.workspace_id).distinct()).scalars():
            keys = newest(connection, workspace_id, at)
            for algorithm in ALGORITHMS:
                key = keys.get(algorithm)
                old = key is not None and algorithm in SEAL_ALGORITHMS and key.created_at + every * _SECOND <= at
                if key is None or old:
                    found.append((workspace_id, algorithm, key))
        return found

    for workspace_id, algorithm, key in await ground.database.read(due):
        await renew(ground, opener, workspace_id, algorithm, at, actor="system", old=key, seconds=overlap)

    def remove(connection: Connection) -> None:
        used = exists().where(keyboard_references.c.kid == keyboard_keys.c.kid)
        unused = (keyboard_keys.c.algorithm == "aes-256") & keyboard_keys.c.replaced_at.is_not(None) & ~used
        gone = connection.execute(
            select(keyboard_keys.c.kid, keyboard_keys.c.workspace_id).where(or_(keyboard_keys.c.ends_at <= at, unused))
        ).all()
        for kid, workspace_id in gone:
            connection.execute(delete(keyboard_keys).where(keyboard_keys.c.kid == kid))
            ground.audit.append(connection, workspace_id, "system", "keyboard.key.remove", kid)
            changes.append(connection, CHANGED, workspace_id, {})

    await ground.database.write(remove)


async def ensure(ground: Ground, opener: Opener, workspace_id: str, at: int, actor: str) -> None:
    """Make the keys that a workspace has not got yet."""
    found = await ground.database.read(lambda connection: newest(connection, workspace_id, at))
    for algorithm in ALGORITHMS:
        if algorithm not in found:
            await renew(ground, opener, workspace_id, algorithm, at, actor=actor, old=None)


def _key(row: object) -> Key:
    return msgspec.convert(row, Key, from_attributes=True)
