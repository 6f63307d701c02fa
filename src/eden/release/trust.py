"""The signed metadata of a workspace: a repository of The Update Framework (specification 1.0), in two tables.

    root        ── keys of all roles; signed by root keys that are kept elsewhere; renewed by people
    timestamp   ── version of the snapshot     (a day)
    snapshot    ── versions of all targets roles (a week)
    targets     ── names no file, delegates `apps/KEY/*/*` to the role `apps.KEY` of each program
    apps.KEY    ── the files of the program's versions and, in `custom`, who may have which

A change of programs writes their roles, snapshot and timestamp in the caller's transaction: what devices are told and
what is signed for them change at once or not at all. The timestamp's row is compared and swapped, so that two changes
never build on the same snapshot.

The files that are served are kept as bytes; what was replaced stays for `KEPT_SECONDS`, for devices that are in the
middle of a refresh, and all roots for ever, since a device walks from the root that it was born with to the newest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from securesystemslib.signer import CryptoSigner
from sqlalchemy import Connection, and_, delete, insert, select, update
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, MetaFile, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from eden.base.problems import Problem
from eden.base.sealing import Seal
from eden.release.models import metadata_files, metadata_heads, signing_keys
from eden.release.trust_keys import from_bytes

ROOT, TARGETS, SNAPSHOT, TIMESTAMP = "root", "targets", "snapshot", "timestamp"
#: the keys of all program roles
PROGRAMS = "programs"
ONLINE_ROLES = (TARGETS, SNAPSHOT, TIMESTAMP, PROGRAMS)
KEPT_SECONDS = 7 * 24 * 3600
_SECOND = 1_000_000
_DAY = 24 * 3600
_SERIALIZER = JSONSerializer(compact=True)


@dataclass(frozen=True)
class Lifetimes:
    """How long metadata is valid, in seconds. A device takes nothing new from what has expired.

    `root`: people renew it. `targets`: also of programs; the server renews them. `snapshot` bounds how long an
    attacker who has the timestamp key alone can hide a change; `timestamp` how long one who holds back everything can.
    """

    root: int = 365 * _DAY
    targets: int = 90 * _DAY
    snapshot: int = 7 * _DAY
    timestamp: int = _DAY


@dataclass(frozen=True)
class Head:
    """The newest file of a role."""

    version: int
    length: int
    sha256: str
    expires_at: int


@dataclass(frozen=True)
class File:
    """A file that a program's role names. `custom` holds text, integers, lists and objects of them."""

    path: str
    length: int
    sha256: str
    custom: Mapping[str, Any] | None = None


def role_of(program_key: str) -> str:
    """The name of a program's role."""
    return f"apps.{program_key}"


def read_file(connection: Connection, workspace_id: str, name: str, version: int | None = None) -> bytes | None:
    """The bytes of a role's file, the newest one without a version; None when there is none."""
    if version is None:
        head = read_heads(connection, workspace_id, [name]).get(name)
        if head is None:
            return None
        version = head.version
    return connection.execute(
        select(metadata_files.c.bytes).where(
            metadata_files.c.workspace_id == workspace_id,
            metadata_files.c.name == name,
            metadata_files.c.version == version,
        )
    ).scalar()


def read_heads(connection: Connection, workspace_id: str, names: Iterable[str] | None = None) -> dict[str, Head]:
    """The newest file of each role, or of those that are named."""
    query = select(metadata_heads).where(metadata_heads.c.workspace_id == workspace_id)
    if names is not None:
        query = query.where(metadata_heads.c.name.in_(list(names)))
    return {row.name: Head(row.version, row.length, row.sha256, row.expires_at) for row in connection.execute(query)}


class TrustRepository:
    """Signs for all workspaces; `secret` is the server's. Every method works on a connection inside a write."""

    def __init__(self, secret: bytes, lifetimes: Lifetimes | None = None) -> None:
        self.seal = Seal(secret, "signing keys")
        self.lifetimes = lifetimes or Lifetimes()

    def apply(self, connection: Connection, workspace_id: str, programs: Mapping[str, Iterable[File]], at: int) -> int:
        """Sign the files of the programs (by key), in place of what was signed for them. The timestamp's version.

        `at` is now, µs. Raises Problem `conflict` when the workspace has no root yet.
        """
        heads = self._heads(connection, workspace_id)
        added = [key for key in programs if role_of(key) not in heads]
        signers = self._signers(connection, workspace_id, {PROGRAMS} if programs else set())
        for key, files in programs.items():
            name = role_of(key)
            targets = Targets(targets={file.path: _target(file) for file in files})
            self._sign(connection, workspace_id, heads, name, targets, signers[PROGRAMS], self.lifetimes.targets, at)
        if added or TARGETS not in heads:
            self._delegate(connection, workspace_id, heads, at)
        return self._publish(connection, workspace_id, heads, at)

    def refresh(self, connection: Connection, workspace_id: str, at: int) -> bool:
        """Sign anew what has less than half of its life left (snapshot, timestamp) or a third (targets). Whether
        anything was."""
        heads = read_heads(connection, workspace_id)
        if ROOT not in heads:
            return False

        def is_old(name: str, life: int, divisor: int) -> bool:
            return name not in heads or heads[name].expires_at - at < life * _SECOND // divisor

        old = [name for name in heads if name.startswith("apps.") and is_old(name, self.lifetimes.targets, 3)]
        targets_old = is_old(TARGETS, self.lifetimes.targets, 3)
        due = is_old(SNAPSHOT, self.lifetimes.snapshot, 2) or is_old(TIMESTAMP, self.lifetimes.timestamp, 2)
        if not old and not targets_old and not due:
            return False
        self._again(connection, workspace_id, heads, old, at)
        if targets_old:
            self._delegate(connection, workspace_id, heads, at)
        self._publish(connection, workspace_id, heads, at)
        return True

    def sign_all(self, connection: Connection, workspace_id: str, at: int, *, leap: int = 0) -> int:
        """Sign every online role anew: after its keys changed, or after an old backup came back (`leap`: versions to
        pass over, more than were published since, because devices refuse a lower version). The timestamp's version."""
        heads = self._heads(connection, workspace_id)
        heads = {
            name: head if name == ROOT else Head(head.version + leap, head.length, head.sha256, head.expires_at)
            for name, head in heads.items()
        }
        self._again(connection, workspace_id, heads, [name for name in heads if name.startswith("apps.")], at, leap)
        self._delegate(connection, workspace_id, heads, at)
        return self._publish(connection, workspace_id, heads, at, leap)

    def forget_old(self, connection: Connection, at: int) -> None:
        """Remove files that were replaced long ago."""
        later = metadata_files.alias()
        replaced = (
            select(later.c.version)
            .where(
                later.c.workspace_id == metadata_files.c.workspace_id,
                later.c.name == metadata_files.c.name,
                later.c.version > metadata_files.c.version,
                later.c.created_at < at - KEPT_SECONDS * _SECOND,
            )
            .exists()
        )
        connection.execute(delete(metadata_files).where(metadata_files.c.name != ROOT, replaced))

    # one role

    def _delegate(self, connection: Connection, workspace_id: str, heads: dict[str, Head], at: int) -> None:
        """The role `targets`: who signs for which program."""
        signers = self._signers(connection, workspace_id, {PROGRAMS, TARGETS})
        keys = {signer.public_key.keyid: signer.public_key for signer in signers[PROGRAMS]}
        names = sorted(name for name in heads if name.startswith("apps."))
        roles = {
            name: DelegatedRole(name, list(keys), 1, True, paths=[f"apps/{name.removeprefix('apps.')}/*/*"])
            for name in names
        }
        targets = Targets(targets={}, delegations=Delegations(dict(keys), roles))
        self._sign(connection, workspace_id, heads, TARGETS, targets, signers[TARGETS], self.lifetimes.targets, at)

    def _again(
        self,
        connection: Connection,
        workspace_id: str,
        heads: dict[str, Head],
        names: list[str],
        at: int,
        leap: int = 0,
    ) -> None:
        """Program roles with the same content, new version, new end."""
        if not names:
            return
        signers = self._signers(connection, workspace_id, {PROGRAMS})[PROGRAMS]
        for name in names:
            data = read_file(connection, workspace_id, name, heads[name].version - leap)
            if data is None:
                raise RuntimeError(f"the metadata file {name} is missing")
            targets = Metadata[Targets].from_bytes(data).signed
            self._sign(connection, workspace_id, heads, name, targets, signers, self.lifetimes.targets, at)

    def _publish(
        self, connection: Connection, workspace_id: str, heads: dict[str, Head], at: int, leap: int = 0
    ) -> int:
        """Snapshot and timestamp over the heads; nothing else may have been published meanwhile."""
        signers = self._signers(connection, workspace_id, {SNAPSHOT, TIMESTAMP})
        before = heads[TIMESTAMP].version - leap if TIMESTAMP in heads else None
        meta = {
            f"{name}.json": MetaFile(head.version)
            for name, head in sorted(heads.items())
            if name == TARGETS or name.startswith("apps.")
        }
        self._sign(
            connection, workspace_id, heads, SNAPSHOT, Snapshot(meta=meta), signers[SNAPSHOT],
            self.lifetimes.snapshot, at,
        )  # fmt: skip
        snapshot = heads[SNAPSHOT]
        timestamp = Timestamp(snapshot_meta=MetaFile(snapshot.version, snapshot.length, {"sha256": snapshot.sha256}))
        self._sign(
            connection, workspace_id, heads, TIMESTAMP, timestamp, signers[TIMESTAMP], self.lifetimes.timestamp, at,
            before=before,
        )  # fmt: skip
        return heads[TIMESTAMP].version

    def _sign(
        self, connection: Connection, workspace_id: str, heads: dict[str, Head], name: str,
        signed: Any, signers: list[CryptoSigner], life: int, at: int, *, before: int | None = None,
    ) -> None:  # fmt: skip
        signed.version = heads[name].version + 1 if name in heads else 1
        signed.expires = datetime.fromtimestamp(at // _SECOND + life, UTC)
        metadata = Metadata(signed)
        for signer in signers:
            metadata.sign(signer, append=True)
        data = metadata.to_bytes(_SERIALIZER)
        heads[name] = store(connection, workspace_id, name, signed.version, data, signed.expires, at, before)

    # what is there

    def _heads(self, connection: Connection, workspace_id: str) -> dict[str, Head]:
        heads = read_heads(connection, workspace_id)
        if ROOT not in heads:
            raise Problem(
                "conflict",
                "This workspace has no root of trust yet, so nothing can be signed for devices.",
                "Make one with: eden keys init",
            )
        return heads

    def _signers(self, connection: Connection, workspace_id: str, roles: set[str]) -> dict[str, list[CryptoSigner]]:
        """The active keys of the roles, in a fixed order."""
        rows = connection.execute(
            select(signing_keys)
            .where(
                signing_keys.c.workspace_id == workspace_id,
                signing_keys.c.role.in_(sorted(roles)),
                signing_keys.c.state == "active",
            )
            .order_by(signing_keys.c.role, signing_keys.c.scheme.desc())
        )
        found: dict[str, list[CryptoSigner]] = {role: [] for role in roles}
        for row in rows:
            data = self.seal.open(row.sealed, workspace_id, row.role, row.key_id)
            found[row.role].append(from_bytes(data, row.public))
        return found


def store(
    connection: Connection, workspace_id: str, name: str, version: int, data: bytes, expires: datetime, at: int,
    before: int | None = None,
) -> Head:  # fmt: skip
    """Put a signed file at the role's head. Raises Problem `release-changed` when the head is not `before` any more."""
    expires_at = int(expires.timestamp()) * _SECOND
    head = Head(version, len(data), hashlib.sha256(data).hexdigest(), expires_at)
    connection.execute(
        insert(metadata_files).values(workspace_id=workspace_id, name=name, version=version, bytes=data, created_at=at)
    )
    values = {"version": version, "length": head.length, "sha256": head.sha256, "expires_at": expires_at}
    where = and_(metadata_heads.c.workspace_id == workspace_id, metadata_heads.c.name == name)
    if before is not None:
        where = and_(where, metadata_heads.c.version == before)
    if connection.execute(update(metadata_heads).where(where).values(**values)).rowcount == 0:
        if before is not None:
            raise Problem("release-changed", "Something else was published at the same moment.", "Try again.")
        connection.execute(insert(metadata_heads).values(workspace_id=workspace_id, name=name, **values))
    return head


def expiring(connection: Connection, before: int) -> list[tuple[str, str, int]]:
    """Workspace, role and end of all metadata that ends before a moment (µs), the first to end first."""
    return [
        (row.workspace_id, row.name, row.expires_at)
        for row in connection.execute(
            select(metadata_heads).where(metadata_heads.c.expires_at < before).order_by(metadata_heads.c.expires_at)
        )
    ]


def _target(file: File) -> TargetFile:
    fields = None if file.custom is None else {"custom": dict(file.custom)}
    return TargetFile(file.length, {"sha256": file.sha256}, file.path, fields)


__all__ = ["File", "Head", "Lifetimes", "TrustRepository", "expiring", "read_file", "read_heads", "role_of"]
