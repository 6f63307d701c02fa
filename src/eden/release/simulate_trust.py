"""Signed metadata as python-tuf's client judges it, shared by phones that saw the same bytes.

A phone keeps four files (`Held`) and the roles of its programs. What it makes of the next file depends on nothing but
these bytes, so the answer is computed once: a `Node` is one `TrustedMetadataSet`, of which every further file is tried
on a copy. Which files a phone has, and so which versions it has seen, stays the phone's own: a replayed file is
refused by those who saw a newer one, and by nobody else. Whether something has expired is asked with each phone's
clock.

The order of files is that of `tuf.ngclient.Updater` (specification 1.0, section 5).
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple

from tuf.api.exceptions import EqualVersionNumberError, RepositoryError
from tuf.api.metadata import Signed, Targets
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType

#: a name such as "3.snapshot.json" → its bytes; None when there is no such file
Fetch = Callable[[str], Awaitable[bytes | None]]

#: Nothing has expired at this moment: it is asked for each phone.
_NO_TIME = datetime.min.replace(tzinfo=UTC)
#: Roots that a phone passes at one refresh (`UpdaterConfig.max_root_rotations`).
_MOST_ROOTS = 256


class Refused(Exception):
    """Metadata that the phone does not believe; `reason` is python-tuf's word."""

    def __init__(self, role: str, reason: str) -> None:
        super().__init__(f"{role}: {reason}")
        self.role = role
        self.reason = reason


class Held(NamedTuple):
    """The metadata that a phone has on its disk."""

    root: bytes
    timestamp: bytes | None = None
    snapshot: bytes | None = None
    targets: bytes | None = None


class Node:
    """What is believed after some files; never changed."""

    __slots__ = ("_next", "_roles", "believed")

    def __init__(self, believed: TrustedMetadataSet) -> None:
        self.believed = believed
        self._next: dict[tuple[str, bytes, bool], Node] = {}
        self._roles: dict[tuple[str, bytes], Targets] = {}

    @property
    def timestamp(self) -> int:
        """Version of the timestamp, 0 without."""
        role = self.believed.get("timestamp")
        return 0 if role is None else role.version

    def version(self, role: str) -> int | None:
        """The version that the snapshot wants of a role."""
        meta = self.believed.snapshot.meta.get(f"{role}.json")
        return None if meta is None else meta.version

    def step(self, role: str, data: bytes, *, own: bool = False) -> Node:
        """What is believed with one more file. `own`: it is from the phone's disk. Raises Refused."""
        key = (role, data, own)
        found = self._next.get(key)
        if found is None:
            # what is refused is not remembered: there are endless ways to be wrong
            found = self._next[key] = self._step(role, data, own)
        return found

    def _step(self, role: str, data: bytes, own: bool) -> Node:
        tried = _copy(self.believed)
        try:
            match role:
                case "root":
                    tried.update_root(data)
                case "timestamp":
                    tried.update_timestamp(data)
                case "snapshot":
                    tried.update_snapshot(data, trusted=own)
                case _:
                    tried.update_targets(data)
        except EqualVersionNumberError:
            return self
        except RepositoryError as error:
            # an older snapshot of the phone's own counts against rollbacks, no more
            if not (own and role == "snapshot" and tried.get(role) is not self.believed.get(role)):
                raise Refused(role, str(error)) from None
        return Node(tried)

    def role(self, name: str, data: bytes) -> Targets:
        """A program's role, delegated by `targets`. Raises Refused."""
        key = (name, data)
        found = self._roles.get(key)
        if found is None:
            try:
                found = _copy(self.believed).update_delegated_targets(data, name, "targets")
            except RepositoryError as error:
                raise Refused(name, str(error)) from None
            self._roles[key] = found
        return found


class Verifier:
    """The nodes of one workspace, and one copy of every file that was believed."""

    def __init__(self) -> None:
        self._roots: dict[bytes, Node] = {}
        self._final: dict[Held, Node] = {}
        self._bytes: dict[bytes, bytes] = {}

    def one(self, data: bytes) -> bytes:
        """The same bytes, held once."""
        return self._bytes.setdefault(data, data)

    def root(self, data: bytes) -> Node:
        """A root that is believed because the phone was born with it. Raises Refused."""
        node = self._roots.get(data)
        if node is None:
            try:
                believed = TrustedMetadataSet(data, EnvelopeType.METADATA)
            except RepositoryError as error:
                raise Refused("root", str(error)) from None
            believed.reference_time = _NO_TIME
            node = self._roots[data] = Node(believed)
        return node

    async def refresh(self, held: Held, at: datetime, fetch: Fetch, keep: Callable[[Held], None]) -> tuple[Held, Node]:
        """Walk to the newest metadata; `keep` hears what the phone writes to its disk on the way. Raises Refused."""
        node = self.root(held.root)
        for _ in range(_MOST_ROOTS):
            data = await fetch(f"{node.believed.root.version + 1}.root.json")
            if data is None:
                break
            node = node.step("root", data)
            held = held._replace(root=self.one(data))
            keep(held)
        check_fresh("root", node.believed.root, at)

        if held.timestamp is not None:
            node = _try(node, "timestamp", held.timestamp)
        data = _there("timestamp", await fetch("timestamp.json"))
        newer = node.step("timestamp", data)
        check_fresh("timestamp", newer.believed.timestamp, at)
        if newer is not node:
            held = held._replace(timestamp=self.one(data))
            keep(held)
        node = newer
        # nearly every phone comes to a state that others have reached before
        if (final := self._final.get(held)) is not None:
            check_fresh("snapshot", final.believed.snapshot, at)
            check_fresh("targets", final.believed.targets, at)
            return held, final

        wanted = node.believed.timestamp.snapshot_meta.version
        if held.snapshot is not None:
            node = _try(node, "snapshot", held.snapshot)
        if "snapshot" not in node.believed or node.believed.snapshot.version != wanted:
            data = _there("snapshot", await fetch(f"{wanted}.snapshot.json"))
            newer = node.step("snapshot", data)
            check_fresh("snapshot", newer.believed.snapshot, at)
            node, held = newer, held._replace(snapshot=self.one(data))
            keep(held)
        check_fresh("snapshot", node.believed.snapshot, at)

        if held.targets is not None:
            node = _try(node, "targets", held.targets)
        if "targets" not in node.believed:
            data = _there("targets", await fetch(f"{node.version('targets') or 1}.targets.json"))
            newer = node.step("targets", data)
            check_fresh("targets", newer.believed.targets, at)
            node, held = newer, held._replace(targets=self.one(data))
            keep(held)
        check_fresh("targets", node.believed.targets, at)
        self._final[held] = node
        return held, node


def check_fresh(name: str, role: Signed, at: datetime) -> None:
    """Raises Refused when a role has expired for a phone whose clock shows `at`."""
    if role.is_expired(at):
        raise Refused(name, f"{name} has expired")


def _try(node: Node, role: str, data: bytes) -> Node:
    """A file of the phone's own; when keys have changed it is worth nothing any more."""
    try:
        return node.step(role, data, own=True)
    except Refused:
        return node


def _there(role: str, data: bytes | None) -> bytes:
    if data is None:
        raise Refused(role, "there is no such file")
    return data


def _copy(believed: TrustedMetadataSet) -> TrustedMetadataSet:
    """A set that can be changed without this one."""
    twin = copy.copy(believed)
    twin._trusted_set = dict(believed._trusted_set)
    twin._trusted_delegations = set(believed._trusted_delegations)
    return twin
