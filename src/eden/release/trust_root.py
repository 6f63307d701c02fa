"""The root of a workspace's trust: which keys sign what. Only the holders of root keys can change it.

The server proposes (`propose`): the next root with the server's own online keys in it. Holders sign the proposal
where their keys are, and the server installs it (`install`) when enough have, by the old root and by the new one.
Online keys are renewed the same way: they are made with state "next", and take over when a root lists them.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from securesystemslib.signer import SSlibKey
from sqlalchemy import Connection, delete, insert, select, update
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Role, Root
from tuf.api.serialization import DeserializationError
from tuf.api.serialization.json import JSONSerializer

from eden.base.problems import Problem
from eden.release.models import signing_keys
from eden.release.trust import (
    ONLINE_ROLES,
    PROGRAMS,
    ROOT,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
    TrustRepository,
    read_file,
    store,
)
from eden.release.trust_keys import ONLINE_SCHEMES, P256, key_from, key_to, new_signer, to_bytes

#: root keys and the largest threshold; each is in every root that a device fetches
MAX_ROOT_KEYS = 20
_SECOND = 1_000_000


class KeyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A key and what it signs for. `state`: "active", "next" (waits for a root that lists it) or "retired"."""

    key_id: str
    role: str
    scheme: str
    state: str


class TrustState(msgspec.Struct, frozen=True, kw_only=True):
    """`version` 0: no root yet. `expires_at` in µs. `root_keys` in the order of their ids."""

    version: int
    threshold: int
    expires_at: int | None
    root_keys: tuple[KeyInfo, ...]
    online_keys: tuple[KeyInfo, ...]


class RootChange(msgspec.Struct, frozen=True, kw_only=True):
    """What the next root shall have that this one has not. `add`: public keys as metadata lists them, with "keyid".
    `remove`: key ids. `threshold`: null leaves it. `renew`: online roles that get new keys."""

    add: tuple[dict[str, Any], ...] = ()
    remove: tuple[str, ...] = ()
    threshold: int | None = None
    renew: tuple[str, ...] = ()


def state(connection: Connection, workspace_id: str) -> TrustState:
    """What signs what now."""
    rows = connection.execute(
        select(signing_keys).where(signing_keys.c.workspace_id == workspace_id).order_by(signing_keys.c.created_at)
    )
    online = tuple(KeyInfo(key_id=row.key_id, role=row.role, scheme=row.scheme, state=row.state) for row in rows)
    current = _current(connection, workspace_id)
    if current is None:
        return TrustState(version=0, threshold=0, expires_at=None, root_keys=(), online_keys=online)
    role, keys = current.roles[ROOT], current.keys
    root_keys = tuple(
        KeyInfo(key_id=key_id, role=ROOT, scheme=keys[key_id].scheme, state="active") for key_id in sorted(role.keyids)
    )
    return TrustState(
        version=current.version,
        threshold=role.threshold,
        expires_at=int(current.expires.timestamp()) * _SECOND,
        root_keys=root_keys,
        online_keys=online,
    )


def propose(
    repository: TrustRepository, connection: Connection, workspace_id: str, change: RootChange, at: int
) -> bytes:
    """The next root, to be signed by root keys of this one and of itself. Makes the online keys that it needs.

    Raises Problem `invalid` when no such root can be.
    """
    current = _current(connection, workspace_id)
    if unknown := set(change.renew) - set(ONLINE_ROLES):
        raise _invalid("renew", f"There is no online role {min(unknown)}; there are {', '.join(ONLINE_ROLES)}.")
    root = Root(consistent_snapshot=True) if current is None else copy.deepcopy(current)
    root.version = 1 if current is None else current.version + 1
    root.expires = datetime.fromtimestamp(at // _SECOND + repository.lifetimes.root, UTC)
    _change_root_keys(root, change)
    for role in ONLINE_ROLES:
        keys = _online_keys(repository, connection, workspace_id, role, role in change.renew, at)
        if role == PROGRAMS:  # listed by the role targets
            continue
        for key_id in list(root.roles[role].keyids):
            root.revoke_key(key_id, role)
        for key in keys:
            root.add_key(key, role)
    return Metadata(root).to_bytes(JSONSerializer(compact=True))


def install(repository: TrustRepository, connection: Connection, workspace_id: str, data: bytes, at: int) -> int:
    """Make a signed proposal the root, and sign with the keys that it lists. The root's version.

    Raises Problem `invalid` when it is not the next root, not signed by enough keys, or does not list exactly this
    server's online keys.
    """
    try:
        metadata = Metadata[Root].from_bytes(data)
    except (DeserializationError, RecursionError):
        raise _invalid("body", "This is no metadata of a root; sign what the server proposed.") from None
    root = metadata.signed
    if not isinstance(root, Root):
        raise _invalid("body", "This is metadata of another role; sign what the server proposed.")
    current = _current(connection, workspace_id)
    wanted = 1 if current is None else current.version + 1
    if root.version != wanted:
        raise _invalid("version", f"This is version {root.version}; the next root is version {wanted}.")
    if root.expires.timestamp() * _SECOND <= at or not root.consistent_snapshot:
        raise _invalid("expires", "It has expired, or is not for consistent snapshots; have a new one proposed.")
    _check_signatures(metadata, current)
    listed = {key_id for role in (TARGETS, SNAPSHOT, TIMESTAMP) for key_id in root.roles[role].keyids}
    if any(root.roles[role].threshold != 1 for role in (TARGETS, SNAPSHOT, TIMESTAMP)):
        raise _invalid("roles", "The server signs each online role once, so their thresholds are 1.")
    changed = _take_over(connection, workspace_id, listed)
    store(connection, workspace_id, ROOT, root.version, data, root.expires, at, None)
    if current is None:
        repository.apply(connection, workspace_id, {}, at)
    elif changed:
        repository.sign_all(connection, workspace_id, at)
    return root.version


def _change_root_keys(root: Root, change: RootChange) -> None:
    for key_id in change.remove:
        if key_id not in root.roles[ROOT].keyids:
            raise _invalid("remove", f"{key_id[:16]}… is not a root key.")
        root.revoke_key(key_id, ROOT)
    for public in change.add:
        try:
            key = key_from(public)
            # the id is not what somebody says: it is made from the key
            key = SSlibKey.from_crypto(key._crypto_key(), scheme=key.scheme)
        except (ValueError, KeyError, TypeError, AttributeError, UnsupportedAlgorithm):
            raise _invalid("add", "A key is none that may sign: ECDSA P-256, as metadata lists it.") from None
        if key.scheme != P256:
            # a phone whose browser lacks Ed25519 would not count it, and follow no root any more
            raise _invalid("add", f"{key.keyid[:16]}… is no ECDSA P-256 key; root keys are, since all phones have it.")
        root.add_key(key, ROOT)
    role = root.roles[ROOT]
    threshold = role.threshold if change.threshold is None else change.threshold
    if not 1 <= threshold <= len(role.keyids) <= MAX_ROOT_KEYS:
        raise _invalid(
            "threshold",
            f"{threshold} of {len(role.keyids)} root keys is not possible: from 1 to {MAX_ROOT_KEYS} keys, and at "
            "least as many as must sign.",
        )
    root.roles[ROOT] = Role(list(role.keyids), threshold)


def _check_signatures(metadata: Metadata[Root], current: Root | None) -> None:
    for delegator in ([] if current is None else [current]) + [metadata.signed]:
        try:
            result = delegator.get_verification_result(ROOT, metadata.signed_bytes, metadata.signatures)
        except (RepositoryError, ValueError) as error:
            raise _invalid("signatures", f"The signatures cannot be read: {error}.") from None
        if not result.verified:
            which = "this root" if delegator is metadata.signed else "the root of now"
            raise _invalid(
                "signatures",
                f"{len(result.signed)} of {result.threshold} keys of {which} have signed.",
                "Sign it with more keys: eden keys sign FILE --key KEYFILE",
            )


def _online_keys(
    repository: TrustRepository, connection: Connection, workspace_id: str, role: str, renew: bool, at: int
) -> list[SSlibKey]:
    """The public keys that the role shall have; new ones are made and kept as "next"."""
    where = (signing_keys.c.workspace_id == workspace_id, signing_keys.c.role == role)
    if not renew:
        for wanted in ("next", "active"):
            rows = connection.execute(
                select(signing_keys.c.public).where(*where, signing_keys.c.state == wanted)
            ).scalars()
            if keys := [key_from(public) for public in rows]:
                return keys
    # a proposal that nobody signed is forgotten
    connection.execute(delete(signing_keys).where(*where, signing_keys.c.state == "next"))
    keys = []
    for scheme in ONLINE_SCHEMES:
        signer = new_signer(scheme)
        key = signer.public_key
        sealed = repository.seal.close(to_bytes(signer), workspace_id, role, key.keyid)
        connection.execute(
            insert(signing_keys).values(
                workspace_id=workspace_id,
                role=role,
                key_id=key.keyid,
                scheme=scheme,
                public=key_to(key),
                sealed=sealed,
                state="next",
                created_at=at,
            )
        )
        keys.append(key)
    return keys


def _take_over(connection: Connection, workspace_id: str, listed: set[str]) -> bool:
    """Let waiting keys become active where the root lists them. Whether any did."""
    rows = connection.execute(
        select(signing_keys.c.role, signing_keys.c.key_id, signing_keys.c.state).where(
            signing_keys.c.workspace_id == workspace_id, signing_keys.c.state != "retired"
        )
    ).all()
    changed = False
    seen: set[str] = set()
    for role in ONLINE_ROLES:
        waiting = {row.key_id for row in rows if row.role == role and row.state == "next"}
        active = {row.key_id for row in rows if row.role == role and row.state == "active"}
        if role != PROGRAMS and active and active <= listed and not waiting & listed:
            seen |= active
            continue
        if not waiting:
            if role == PROGRAMS and active:
                continue
            raise _invalid("keys", f"It does not list this server's keys of {role}; have a new one proposed.")
        if role != PROGRAMS and not waiting <= listed:
            raise _invalid("keys", f"It does not list this server's keys of {role}; have a new one proposed.")
        where = (signing_keys.c.workspace_id == workspace_id, signing_keys.c.role == role)
        connection.execute(
            update(signing_keys).where(*where, signing_keys.c.state == "active").values(state="retired", sealed=b"")
        )
        connection.execute(update(signing_keys).where(*where, signing_keys.c.state == "next").values(state="active"))
        seen |= waiting
        changed = True
    if listed - seen:
        raise _invalid("keys", "It lists an online key that this server does not have; have a new one proposed.")
    return changed


def _current(connection: Connection, workspace_id: str) -> Root | None:
    data = read_file(connection, workspace_id, ROOT)
    return None if data is None else Metadata[Root].from_bytes(data).signed


def _invalid(field: str, sentence: str, hint: str = "") -> Problem:
    return Problem("invalid", sentence, hint, errors=[(field, sentence)])
