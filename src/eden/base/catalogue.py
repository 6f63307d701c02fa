"""What services may know of mini programs and their releases without knowing the service that keeps them.

The service that keeps them puts a `Catalogue` into the ground; others read it there. Plain values, no tables. What
others see may be a reason to halt a release: they ask for it with `ask_to_halt`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec
from sqlalchemy import Connection

from eden.base.jobs import enqueue

#: kind of the job with which a service asks for a halt
HALT = "release.halt"


class ProgramInfo(msgspec.Struct, frozen=True):
    """A mini program of a workspace."""

    key: str
    name: str
    kind: str


class VersionInfo(msgspec.Struct, frozen=True):
    """A version; `created_at` in microseconds."""

    code: int
    name: str
    created_at: int


class ReleaseInfo(msgspec.Struct, frozen=True):
    """A release. `state` is the word of its state machine ("live", "halted", …); times in microseconds."""

    id: str
    code: int
    version: str
    state: str
    started_at: int | None
    ended_at: int | None


class Catalogue(Protocol):
    """Reads within the caller's transaction; another workspace's programs do not exist."""

    def programs(self, connection: Connection, workspace_id: str) -> Sequence[ProgramInfo]:
        """By name."""
        ...

    def versions(self, connection: Connection, workspace_id: str, key: str) -> Sequence[VersionInfo]:
        """Newest first."""
        ...

    def releases(self, connection: Connection, workspace_id: str, key: str) -> Sequence[ReleaseInfo]:
        """Newest first, without drafts."""
        ...

    def source_maps(self, connection: Connection, workspace_id: str, key: str, code: int) -> str | None:
        """SHA-256 of the blob with the archive of a version's source maps; None: it has none."""
        ...


class NoCatalogue:
    """Where no service keeps programs."""

    def programs(self, connection: Connection, workspace_id: str) -> Sequence[ProgramInfo]:
        return ()

    def versions(self, connection: Connection, workspace_id: str, key: str) -> Sequence[VersionInfo]:
        return ()

    def releases(self, connection: Connection, workspace_id: str, key: str) -> Sequence[ReleaseInfo]:
        return ()

    def source_maps(self, connection: Connection, workspace_id: str, key: str, code: int) -> str | None:
        return None


class HaltRequest(msgspec.Struct, frozen=True):
    """The payload of a job of kind `HALT`. `code`: only releases of this version (0: of any); `watcher`: the name that
    people gave to what saw the reason."""

    workspace_id: str
    key: str
    code: int
    watcher: str


def ask_to_halt(connection: Connection, request: HaltRequest) -> None:
    """Have the releases of a mini program halted that are offered to users, once this write is done. Where none is,
    nothing happens."""
    enqueue(connection, HALT, msgspec.structs.asdict(request))
