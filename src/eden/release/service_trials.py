"""Links for testers: whoever opens one gets a version that the others do not get.

The link holds a random token; its SHA-256 is in the signed metadata of the version, so phones give the version to
those who have the token and to nobody else, whatever the server says. A link ends at a time, or when it is revoked.
"""

from __future__ import annotations

import secrets
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import new_id
from eden.base.problems import Problem, not_found
from eden.base.sealing import Seal
from eden.release.interfaces import ProgramKind, SignedState, VersionState
from eden.release.models import programs, trials, versions
from eden.release.rules_signed import token_hash
from eden.release.service_core import Core, find_program, find_version, need_text
from eden.release.service_targets import set_signed_state, sign_program

#: links of one version that work at once: each is 64 characters in metadata that every phone fetches
MAX_LINKS = 20
LONGEST_SECONDS = 90 * 24 * 3600
_SECOND = 1_000_000


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A link. `token` opens the version; it is null for those who may not make links."""

    id: str
    program: str
    code: int
    version: str
    name: str
    track: str
    token: str | None
    created_by: str
    created_at: int
    expires_at: int
    revoked_at: int | None


class Trials:
    """Every method checks the permission first."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._seal = Seal(core.ground.secret, "trial tokens")

    async def create(
        self,
        principal: Principal,
        workspace_id: str,
        program_key: str,
        code: int,
        *,
        name: str,
        seconds: int = 14 * 24 * 3600,
        track: Literal["trial", "develop"] = "trial",
    ) -> Trial:
        """A link to a version that works for `seconds`."""
        check_permission(principal, workspace_id, "version.upload")
        name = need_text("name", name, 80)
        if not 60 <= seconds <= LONGEST_SECONDS:
            sentence = f"A link works from 60 to {LONGEST_SECONDS} seconds."
            raise Problem("invalid", sentence, errors=[("seconds", sentence)])
        token = secrets.token_urlsafe(24)

        def work(connection: Connection) -> Trial:
            program = find_program(connection, workspace_id, program_key)
            version = find_version(connection, program, code)
            if program.kind == ProgramKind.NATIVE:
                raise Problem("version-state", "The native shell is tried out through its store.", "")
            if version.state == VersionState.WITHDRAWN or version.signed_state == SignedState.REVOKED:
                raise Problem("version-state", f"Version {version.name} was taken back.", "Try another version.")
            links = _working(connection, version.id)
            if len(links) >= MAX_LINKS:
                raise Problem("conflict", f"The version has {len(links)} links that work.", "Revoke one first.")
            at = self._core.clock()
            trial_id = new_id()
            connection.execute(
                insert(trials).values(
                    id=trial_id,
                    workspace_id=workspace_id,
                    program_id=program.id,
                    version_id=version.id,
                    name=name,
                    track=track,
                    token_hash=token_hash(token),
                    token_sealed=self._seal.close(token.encode(), trial_id),
                    created_by=principal.name,
                    created_at=at,
                    expires_at=at + seconds * _SECOND,
                )
            )
            if version.signed_state is None:
                set_signed_state(connection, program, code, SignedState.TRIAL)
            sign_program(self._core, connection, workspace_id, program, kind="trial")
            self._core.audit(
                connection, workspace_id, principal, "trial.create", trial_id, {"program": program_key, "code": code}
            )
            return self._show(_find(connection, workspace_id, trial_id), shown=True)

        return await self._core.database.write(work)

    async def page(
        self,
        principal: Principal,
        workspace_id: str,
        program_key: str,
        *,
        before: tuple[int, str] | None = None,
        limit: int = 50,
    ) -> list[Trial]:
        """Newest first; `before`: (created_at, id) of the last one that the caller has."""
        check_permission(principal, workspace_id, "workspace.read")
        shown = principal.may(workspace_id, "version.upload")

        def work(connection: Connection) -> list[Trial]:
            program = find_program(connection, workspace_id, program_key)
            query = _query().where(trials.c.program_id == program.id)
            if before is not None:
                at, last = before
                query = query.where((trials.c.created_at < at) | ((trials.c.created_at == at) & (trials.c.id < last)))
            rows = connection.execute(query.order_by(trials.c.created_at.desc(), trials.c.id.desc()).limit(limit))
            return [self._show(row, shown=shown) for row in rows]

        return await self._core.database.read(work)

    async def get(self, principal: Principal, workspace_id: str, trial_id: str) -> Trial:
        """One link."""
        check_permission(principal, workspace_id, "workspace.read")
        shown = principal.may(workspace_id, "version.upload")
        return await self._core.database.read(
            lambda connection: self._show(_find(connection, workspace_id, trial_id), shown=shown)
        )

    async def revoke(self, principal: Principal, workspace_id: str, trial_id: str) -> Trial:
        """The link does not work any more; phones that have the version by it go back at their next check."""
        check_permission(principal, workspace_id, "version.upload")

        def work(connection: Connection) -> Trial:
            row = _find(connection, workspace_id, trial_id)
            if row.revoked_at is None:
                self.do_end(connection, row)
                self._core.audit(connection, workspace_id, principal, "trial.revoke", trial_id, {"name": row.name})
            return self._show(_find(connection, workspace_id, trial_id), shown=False)

        return await self._core.database.write(work)

    def do_expire(self, connection: Connection, at: int) -> int:
        """End the links whose time is over, inside a write; how many."""
        rows = connection.execute(_query().where(trials.c.revoked_at.is_(None), trials.c.expires_at <= at)).all()
        for row in rows:
            self.do_end(connection, row)
            self._core.audit(connection, row.workspace_id, "system", "trial.expire", row.id, {"name": row.name})
        return len(rows)

    def do_end(self, connection: Connection, row: Row[Any]) -> None:
        """Inside a write: end a link and sign that."""
        connection.execute(update(trials).where(trials.c.id == row.id).values(revoked_at=self._core.clock()))
        program = connection.execute(select(programs).where(programs.c.id == row.program_id)).one()
        if row.signed_state == SignedState.TRIAL and not _working(connection, row.version_id):
            set_signed_state(connection, program, row.code, None)
        sign_program(self._core, connection, row.workspace_id, program, kind="trial")

    def _show(self, row: Row[Any], *, shown: bool) -> Trial:
        works = row.revoked_at is None
        return Trial(
            id=row.id,
            program=row.program_key,
            code=row.code,
            version=row.version_name,
            name=row.name,
            track=row.track,
            token=self._seal.open(row.token_sealed, row.id).decode() if shown and works else None,
            created_by=row.created_by,
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )


def _query() -> Any:
    return (
        select(
            trials,
            programs.c.key.label("program_key"),
            versions.c.code,
            versions.c.name.label("version_name"),
            versions.c.signed_state,
        )
        .join(programs, programs.c.id == trials.c.program_id)
        .join(versions, versions.c.id == trials.c.version_id)
    )


def _find(connection: Connection, workspace_id: str, trial_id: str) -> Row[Any]:
    row = connection.execute(_query().where(trials.c.workspace_id == workspace_id, trials.c.id == trial_id)).first()
    if row is None:
        raise not_found("The link")
    return row


def _working(connection: Connection, version_id: str) -> list[str]:
    return list(
        connection.execute(
            select(trials.c.id).where(trials.c.version_id == version_id, trials.c.revoked_at.is_(None))
        ).scalars()
    )
