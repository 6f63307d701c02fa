"""What all services of releasing share: stores, rules of writing, and the few look-ups that everything begins with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from eden.base.blobs import Blobs
from eden.base.changes import append
from eden.base.database import Database
from eden.base.ground import Ground
from eden.base.identity.principal import Principal
from eden.base.ids import now
from eden.base.problems import Problem, not_found
from eden.release.archive import Limits
from eden.release.models import lists, programs, releases, versions
from eden.release.trust import TrustRepository
from eden.release.uploads import Uploads

#: kind of the change-feed rows that releases write; the payload names the program and the timestamp's version
CHANGED = "release.changed"


@dataclass
class Core:
    """The ground as releasing uses it. `clock` gives µs in UTC."""

    ground: Ground
    clock: Callable[[], int] = now
    trust: TrustRepository = field(init=False)
    uploads: Uploads = field(init=False)

    def __post_init__(self) -> None:
        self.trust = TrustRepository(self.ground.secret)
        self.uploads = Uploads(self.ground.settings.data_folder / "uploads")

    @property
    def database(self) -> Database:
        return self.ground.database

    @property
    def blobs(self) -> Blobs:
        return self.ground.blobs

    @property
    def archive_limits(self) -> Limits:
        limits = self.ground.settings.limits
        return Limits(total=limits.unpacked_bytes, entry=limits.unpacked_bytes, entries=limits.upload_files)

    def audit(
        self,
        connection: Connection,
        workspace_id: str,
        principal: Principal | str,
        action: str,
        target: str,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Record a change in the write that makes it."""
        actor = principal if isinstance(principal, str) else principal.name
        self.ground.audit.append(connection, workspace_id, actor, action, target, detail)


def tell(connection: Connection, workspace_id: str, program_key: str, timestamp: int | None, **more: Any) -> None:
    """Let every process hear of a change of a program."""
    append(connection, CHANGED, workspace_id, {"program": program_key, "timestamp": timestamp, **more})


def tell_of_draft(connection: Connection, workspace_id: str, program_key: str, release_id: str) -> None:
    """Let open pages hear of a draft, and nobody else: it is nothing to devices."""
    append(connection, "draft.changed", workspace_id, {"program": program_key, "release": release_id})


def find_program(connection: Connection, workspace_id: str, key: str) -> Row[Any]:
    """The program of a key. Problem `not-found`."""
    row = connection.execute(
        select(programs).where(programs.c.workspace_id == workspace_id, programs.c.key == key)
    ).first()
    if row is None:
        raise not_found(f"The program {key[:64]}")
    return row


def find_version(connection: Connection, program: Row[Any], code: int) -> Row[Any]:
    """The version of a program by its code. Problem `not-found`."""
    row = connection.execute(
        select(versions).where(versions.c.program_id == program.id, versions.c.code == code)
    ).first()
    if row is None:
        raise not_found(f"Version {code} of {program.key}")
    return row


def find_release(connection: Connection, workspace_id: str, release_id: str) -> Row[Any]:
    """A release of `release_query`. Problem `not-found`."""
    row = connection.execute(release_query(workspace_id).where(releases.c.id == release_id)).first()
    if row is None:
        raise not_found("The release")
    return row


def release_query(workspace_id: str) -> Select[Any]:
    """The releases of a workspace, with their programs' and versions' key, kind, code and name."""
    return (
        select(
            releases,
            programs.c.key.label("program_key"),
            programs.c.kind.label("program_kind"),
            versions.c.code.label("version_code"),
            versions.c.name.label("version_name"),
        )
        .join(programs, programs.c.id == releases.c.program_id)
        .join(versions, versions.c.id == releases.c.version_id)
        .where(releases.c.workspace_id == workspace_id)
    )


def find_list(connection: Connection, workspace_id: str, list_id: str) -> Row[Any]:
    """A list. Problem `not-found`."""
    row = connection.execute(select(lists).where(lists.c.workspace_id == workspace_id, lists.c.id == list_id)).first()
    if row is None:
        raise not_found("The list")
    return row


def conflict(sentence: str, hint: str = "") -> Problem:
    return Problem("conflict", sentence, hint)


def need_text(field_name: str, text: str, longest: int, *, may_be_empty: bool = False) -> str:
    """The text without space around it. Problem `invalid` when it is empty or too long."""
    text = text.strip()
    if (not text and not may_be_empty) or len(text) > longest:
        sentence = f"Write {'at most' if may_be_empty else '1 to'} {longest:,} characters."
        raise Problem("invalid", f"{field_name}: {sentence}", errors=[(field_name, sentence)])
    return text


__all__ = ["CHANGED", "Core", "conflict", "find_list", "find_program", "find_release", "find_version", "need_text",
           "release_query", "tell", "tell_of_draft"]  # fmt: skip
