"""Apps that may call: what they sign with, what callers encrypt to.

Several secrets and keys of an app are live at once, so that installed apps can migrate: make the new one, give it to
new versions of the app, retire the old one at a time. A secret is shown once, when it is made; it is kept sealed under
the server's key.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, delete, insert, select, update

from eden.base.changes import append
from eden.base.crypto.hpke import HpkePrivateKey
from eden.base.crypto.sm2 import Sm2PrivateKey
from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import now
from eden.base.problems import Problem, not_found
from eden.base.sealing import Seal
from eden.gateway.interfaces import (
    APPS_CHANGED,
    App,
    AppKey,
    AppName,
    EncryptionAlgorithm,
    EncryptionKey,
    Limits,
    Secret,
    SignatureAlgorithm,
)
from eden.gateway.models import gateway_apps, gateway_keys, gateway_secrets

#: of a workspace
MOST_APPS = 1000
#: live and retired ones of an app; the data plane looks one up by its id
MOST_SECRETS = 50
#: bytes of a secret that is made here; those that are brought along have at least half and at most twice as many
SECRET_BYTES = 32
_SECOND = 1_000_000


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """A secret or key without what is secret about it. `public`: of a key. Times in µs; `retires_at`: not accepted from
    then on."""

    kid: str
    algorithm: str
    public: bytes | None = None
    created_by: str
    created_at: int
    retires_at: int | None


class AppRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An app as people see it."""

    key: str
    name: str
    open: bool
    limits: Limits | None
    created_by: str
    created_at: int
    revision: int
    secrets: list[Credential]
    keys: list[Credential]


def sealing(secret: bytes) -> Seal:
    """Opens what this room keeps; `secret` is the server's."""
    return Seal(secret, "gateway apps")


def load_apps(connection: Connection, seal: Seal, workspace_id: str, at: int) -> tuple[App, ...]:
    """The apps of a workspace by key, with what of their secrets and keys is not retired at `at` (µs)."""
    rows = connection.execute(
        select(gateway_apps).where(gateway_apps.c.workspace_id == workspace_id).order_by(gateway_apps.c.key)
    ).all()
    signed = _live(connection, gateway_secrets, workspace_id, at)
    sealed = _live(connection, gateway_keys, workspace_id, at)
    return tuple(
        App(
            key=row.key,
            workspace_id=workspace_id,
            name=row.name,
            open=row.open,
            limits=_limits(row),
            secrets=tuple(
                Secret(one.kid, one.algorithm, seal.open(one.sealed, "secret", row.key, one.kid), one.retires_at)
                for one in signed.get(row.key, ())
            ),
            keys=tuple(
                EncryptionKey(
                    one.kid, one.algorithm, seal.open(one.sealed, "key", row.key, one.kid), one.public, one.retires_at
                )
                for one in sealed.get(row.key, ())
            ),
        )
        for row in rows
    )


class Apps:
    """One per process. Methods check the principal's permission first: `gateway.read`, to change `gateway.write`."""

    def __init__(self, ground: Ground, clock: Callable[[], int] = now) -> None:
        self._ground = ground
        self._clock = clock
        self._seal = sealing(ground.secret)

    async def page(
        self, principal: Principal, workspace_id: str, *, after: str | None = None, limit: int = 50
    ) -> list[AppRecord]:
        """By key, behind `after`."""
        check_permission(principal, workspace_id, "gateway.read")
        query = select(gateway_apps).where(gateway_apps.c.workspace_id == workspace_id)
        if after is not None:
            query = query.where(gateway_apps.c.key > after)
        query = query.order_by(gateway_apps.c.key).limit(limit)
        return await self._ground.database.read(
            lambda connection: [_record(connection, row) for row in connection.execute(query).all()]
        )

    async def get(self, principal: Principal, workspace_id: str, key: str) -> AppRecord:
        """Problem `not-found`."""
        check_permission(principal, workspace_id, "gateway.read")
        return await self._ground.database.read(
            lambda connection: _record(connection, _find(connection, workspace_id, key))
        )

    async def create(
        self, principal: Principal, workspace_id: str, key: str, name: str, limits: Limits | None = None
    ) -> AppRecord:
        """Problems `conflict` when there is such an app, here or elsewhere on the platform, `invalid`."""
        check_permission(principal, workspace_id, "gateway.write")
        _check(key, name)

        def work(connection: Connection) -> AppRecord:
            if connection.execute(select(gateway_apps.c.key).where(gateway_apps.c.key == key)).first():
                raise Problem("conflict", f"There is an app {key} on this platform already.", "Take another key.")
            found = select(gateway_apps.c.key).where(gateway_apps.c.workspace_id == workspace_id)
            if len(connection.execute(found).all()) >= MOST_APPS:
                raise Problem("invalid", f"There are {MOST_APPS} apps.", "Remove some first.")
            connection.execute(
                insert(gateway_apps).values(
                    key=key,
                    workspace_id=workspace_id,
                    name=name,
                    open=True,
                    limits=_stored(limits),
                    created_by=principal.name,
                    created_at=self._clock(),
                    revision=1,
                )
            )
            self._tell(connection, principal, workspace_id, "create", key, {"name": name})
            return _record(connection, _find(connection, workspace_id, key))

        return await self._ground.database.write(work)

    async def change(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        *,
        name: str | None = None,
        open: bool | None = None,  # noqa: A002 - the field's name
        limits: Limits | msgspec.UnsetType | None = msgspec.UNSET,
        revision: int | None = None,
    ) -> AppRecord:
        """Rename it, open or close it, limit it (null: the catalogue's limits). Problem `conflict` when somebody
        changed it since `revision`."""
        check_permission(principal, workspace_id, "gateway.write")

        def work(connection: Connection) -> AppRecord:
            row = _find(connection, workspace_id, key)
            if revision is not None and row.revision != revision:
                sentence = f"Somebody changed the app {key} meanwhile."
                raise Problem("conflict", sentence, "Look at it again, then change it.")
            values: dict[str, Any] = {}
            if name is not None and name != row.name:
                values["name"] = name
            if open is not None and open != row.open:
                values["open"] = open
            if limits is not msgspec.UNSET and _stored(limits) != row.limits:
                values["limits"] = _stored(limits)
            if values:
                self._do_change(connection, principal, workspace_id, key, "change", values, **values)
            return _record(connection, _find(connection, workspace_id, key))

        return await self._ground.database.write(work)

    async def remove(self, principal: Principal, workspace_id: str, key: str) -> None:
        """With its secrets and keys, for good. Problem `not-found`."""
        check_permission(principal, workspace_id, "gateway.write")

        def work(connection: Connection) -> None:
            _find(connection, workspace_id, key)
            for table in (gateway_secrets, gateway_keys):
                connection.execute(delete(table).where(table.c.app == key))
            connection.execute(delete(gateway_apps).where(gateway_apps.c.key == key))
            self._tell(connection, principal, workspace_id, "remove", key, {})

        await self._ground.database.write(work)

    async def add_secret(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        algorithm: SignatureAlgorithm = "hmac-sha256",
        *,
        known: bytes | None = None,
        retire_others_s: int | None = None,
    ) -> tuple[Credential, bytes]:
        """One more secret, and its bytes, which are not shown again. `known`: one that apps have already.
        `retire_others_s`: all others are accepted for so many seconds more (rotation)."""
        check_permission(principal, workspace_id, "gateway.write")
        if known is not None and not SECRET_BYTES // 2 <= len(known) <= SECRET_BYTES * 2:
            sentence = f"A secret has {SECRET_BYTES // 2} to {SECRET_BYTES * 2} bytes."
            raise Problem("invalid", sentence, "Leave it out to have one made.", errors=[("secret", sentence)])
        value = known or secrets.token_bytes(SECRET_BYTES)
        kid = secrets.token_hex(4)
        row = {"algorithm": algorithm, "sealed": self._seal.close(value, "secret", key, kid)}
        made = await self._add(principal, workspace_id, key, gateway_secrets, kid, row, retire_others_s)
        return made, value

    async def add_key(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        algorithm: EncryptionAlgorithm = "hpke-x25519",
        *,
        retire_others_s: int | None = None,
    ) -> Credential:
        """One more key pair; its private half never leaves the server. `retire_others_s`: all others are accepted for
        so many seconds more."""
        check_permission(principal, workspace_id, "gateway.write")
        kid = secrets.token_hex(4)
        private, public = _make_pair(algorithm)
        row = {"algorithm": algorithm, "public": public, "sealed": self._seal.close(private, "key", key, kid)}
        return await self._add(principal, workspace_id, key, gateway_keys, kid, row, retire_others_s)

    async def retire_secret(
        self, principal: Principal, workspace_id: str, key: str, kid: str, at: int | None = None
    ) -> Credential:
        """Accept it no more from `at` on (µs; null: now). Problems `not-found`, `conflict` for what is retired."""
        return await self._retire(principal, workspace_id, key, gateway_secrets, kid, at)

    async def retire_key(
        self, principal: Principal, workspace_id: str, key: str, kid: str, at: int | None = None
    ) -> Credential:
        """Accept it no more from `at` on (µs; null: now). Problems `not-found`, `conflict` for what is retired."""
        return await self._retire(principal, workspace_id, key, gateway_keys, kid, at)

    async def _add(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        table: Table,
        kid: str,
        row: dict[str, Any],
        retire_others_s: int | None,
    ) -> Credential:
        def work(connection: Connection) -> Credential:
            _find(connection, workspace_id, key)
            at = self._clock()
            there = connection.execute(select(table.c.kid).where(table.c.app == key)).all()
            if len(there) >= MOST_SECRETS:
                self._forget(connection, table, key, at)
            if retire_others_s is not None:
                end = at + retire_others_s * _SECOND
                later = table.c.retires_at.is_(None) | (table.c.retires_at > end)
                connection.execute(update(table).where(table.c.app == key, later).values(retires_at=end))
            connection.execute(
                insert(table).values(app=key, kid=kid, **row, created_by=principal.name, created_at=at, retires_at=None)
            )
            detail = {"kid": kid, "algorithm": row["algorithm"], "retire_others_s": retire_others_s}
            self._do_change(connection, principal, workspace_id, key, f"{_word(table)}.create", detail)
            return _credential(_one(connection, table, key, kid))

        return await self._ground.database.write(work)

    def _forget(self, connection: Connection, table: Table, key: str, at: int) -> None:
        """Make room: what is retired goes. Problem `invalid` when nothing is."""
        gone = connection.execute(delete(table).where(table.c.app == key, table.c.retires_at <= at))
        if not gone.rowcount:
            word = _word(table)
            raise Problem("invalid", f"The app {key} has {MOST_SECRETS} live {word}s.", "Retire some first.")

    async def _retire(
        self, principal: Principal, workspace_id: str, key: str, table: Table, kid: str, when: int | None
    ) -> Credential:
        check_permission(principal, workspace_id, "gateway.write")

        def work(connection: Connection) -> Credential:
            _find(connection, workspace_id, key)
            at, ended = self._clock(), _one(connection, table, key, kid).retires_at
            if ended is not None and ended <= at:
                # nor can it be brought back by a later time: it may be retired because somebody has it
                raise Problem("conflict", f"The {_word(table)} {kid} is retired already.", "Make a new one.")
            end = max(at, when or 0)
            connection.execute(update(table).where(table.c.app == key, table.c.kid == kid).values(retires_at=end))
            detail = {"kid": kid, "retires_at": end}
            self._do_change(connection, principal, workspace_id, key, f"{_word(table)}.retire", detail)
            return _credential(_one(connection, table, key, kid))

        return await self._ground.database.write(work)

    def _do_change(
        self,
        connection: Connection,
        principal: Principal,
        workspace_id: str,
        key: str,
        action: str,
        detail: dict[str, Any],
        **values: Any,
    ) -> None:
        values["revision"] = gateway_apps.c.revision + 1
        connection.execute(update(gateway_apps).where(gateway_apps.c.key == key).values(**values))
        self._tell(connection, principal, workspace_id, action, key, detail)

    def _tell(
        self,
        connection: Connection,
        principal: Principal,
        workspace_id: str,
        action: str,
        key: str,
        detail: dict[str, Any],
    ) -> None:
        append(connection, APPS_CHANGED, workspace_id, {"app": key})
        self._ground.audit.append(connection, workspace_id, principal.name, f"gateway.app.{action}", key, detail)


def _check(key: str, name: str) -> None:
    """Problem `invalid` that names the fields."""
    errors = []
    if not _fits(key, AppKey):
        errors.append(("key", "A key is 1 to 64 letters, digits, dots, _ and -, and begins with a letter or digit."))
    if not _fits(name, AppName):
        errors.append(("name", "A name has 1 to 200 characters."))
    if errors:
        raise Problem("invalid", errors[0][1], errors=errors)


def _fits(text: str, kind: Any) -> bool:
    try:
        msgspec.convert(text, kind)
    except msgspec.ValidationError:
        return False
    return True


def _make_pair(algorithm: EncryptionAlgorithm) -> tuple[bytes, bytes]:
    pair = Sm2PrivateKey.generate() if algorithm == "sm2-sm4" else HpkePrivateKey.generate(algorithm)
    return pair.raw, pair.public.raw


def _word(table: Table) -> str:
    return "secret" if table is gateway_secrets else "key"


def _live(connection: Connection, table: Table, workspace_id: str, at: int) -> dict[str, list[Row[Any]]]:
    """By app."""
    live = table.c.retires_at.is_(None) | (table.c.retires_at > at)
    query = select(table).join(gateway_apps, gateway_apps.c.key == table.c.app)
    query = query.where(gateway_apps.c.workspace_id == workspace_id, live)
    found: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(query.order_by(table.c.created_at, table.c.kid)):
        found.setdefault(row.app, []).append(row)
    return found


def _find(connection: Connection, workspace_id: str, key: str) -> Row[Any]:
    where = (gateway_apps.c.workspace_id == workspace_id, gateway_apps.c.key == key)
    row = connection.execute(select(gateway_apps).where(*where)).first()
    if row is None:
        raise not_found(f"The app {key[:64]}")
    return row


def _one(connection: Connection, table: Table, key: str, kid: str) -> Row[Any]:
    row = connection.execute(select(table).where(table.c.app == key, table.c.kid == kid)).first()
    if row is None:
        raise not_found(f"The {_word(table)} {kid[:64]}")
    return row


def _record(connection: Connection, row: Row[Any]) -> AppRecord:
    def credentials(table: Table) -> list[Credential]:
        query = select(table).where(table.c.app == row.key).order_by(table.c.created_at, table.c.kid)
        return [_credential(one) for one in connection.execute(query)]

    return AppRecord(
        key=row.key,
        name=row.name,
        open=row.open,
        limits=_limits(row),
        created_by=row.created_by,
        created_at=row.created_at,
        revision=row.revision,
        secrets=credentials(gateway_secrets),
        keys=credentials(gateway_keys),
    )


def _credential(row: Row[Any]) -> Credential:
    return Credential(
        kid=row.kid,
        algorithm=row.algorithm,
        public=getattr(row, "public", None),
        created_by=row.created_by,
        created_at=row.created_at,
        retires_at=row.retires_at,
    )


def _limits(row: Row[Any]) -> Limits | None:
    return None if row.limits is None else msgspec.convert(row.limits, Limits)


def _stored(limits: Any) -> Any:
    return None if limits is None else msgspec.to_builtins(limits)
