"""Versions: uploaded once, never changed, reviewed, compared, withdrawn.

An upload is received into a file, looked at, its content put into the blob store, and only then does a row say that
the version is there: whenever the process dies, there is the whole version or none. Content without a version is
swept later (`service_sweep`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from eden.base.changes import append
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import new_id
from eden.base.problems import Problem
from eden.release.comparison import Comparison, Side, SizeReport, compare, size_report
from eden.release.inspection import inspect
from eden.release.interfaces import ProgramKind, ReleaseState, SignedState, VersionState
from eden.release.models import programs, releases, reviews, version_files, versions
from eden.release.packages import Package, UploadFields
from eden.release.rules_machine import OFFERING
from eden.release.service_core import Core, find_program, find_version, need_text
from eden.release.service_sweep import claim_content, release_content
from eden.release.service_targets import set_signed_state, sign_program
from eden.release.service_version_rows import Version, show_full, show_version, sides_of


class Versions:
    """Every method checks the permission first; versions are named by program key and code."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def upload(
        self,
        principal: Principal,
        workspace_id: str,
        program_key: str,
        body: AsyncIterator[bytes] | None,
        fields: UploadFields,
    ) -> tuple[Version, bool]:
        """A new version, and whether it is new: the same upload again gives what is there.

        `body`: the pieces of a zip (None for the native kind). Problem `version-exists` when the code is taken by
        other bytes; `unsafe-archive`, `bad-package`, `invalid`, `too-large` by what was sent.
        """
        check_permission(principal, workspace_id, "version.upload")
        core = self._core
        program = await core.database.read(lambda connection: find_program(connection, workspace_id, program_key))
        kind = ProgramKind(program.kind)
        if body is None and kind is not ProgramKind.NATIVE:
            raise Problem("invalid", "The package is missing.", "Send the zip as the body.", errors=[("body", "Empty")])
        async with AsyncExitStack() as stack:
            path = None
            if kind is not ProgramKind.NATIVE and body is not None:
                limit = core.ground.settings.limits.upload_bytes
                path = await stack.enter_async_context(core.uploads.receive(body, limit))
            package = await asyncio.to_thread(inspect, kind, path, fields, core.archive_limits)
            known = await core.database.read(lambda connection: self._known(connection, program, package))
            if known is not None:
                return known, False
            digests = sorted({file.sha256 for file in package.files})
            await claim_content(core, digests)
            for file in package.files:
                stored = await core.blobs.put_content(file.path)
                if stored != file.sha256:
                    raise RuntimeError(f"{file.name} changed on this machine's disk while it was looked at")
            return await core.database.write(
                lambda connection: self.do_create(connection, principal, workspace_id, program_key, package, fields)
            )

    def do_create(
        self,
        connection: Connection,
        principal: Principal,
        workspace_id: str,
        program_key: str,
        package: Package,
        fields: UploadFields,
    ) -> tuple[Version, bool]:
        """Inside a write, when all content is stored: the version, and whether it is new."""
        program = find_program(connection, workspace_id, program_key)
        if (known := self._known(connection, program, package)) is not None:
            return known, False
        self._check_program(connection, program, package)
        version_id = new_id()
        values = {
            "id": version_id,
            "workspace_id": workspace_id,
            "program_id": program.id,
            "code": package.code,
            "name": package.name,
            "state": VersionState.UPLOADED,
            "signed_state": None,
            "digest": package.digest,
            "container": package.container,
            "size": package.size,
            "manifest": package.manifest,
            "notes": fields.notes,
            "author": principal.name,
            "author_id": principal.user_id or principal.id,
            "created_at": self._core.clock(),
        }
        try:
            connection.execute(insert(versions).values(**values))
        except IntegrityError:
            # somebody else published the same code at this moment
            raise _exists(program.key, package.code) from None
        if package.files:
            connection.execute(
                insert(version_files),
                [
                    {
                        "version_id": version_id,
                        "name": file.name,
                        "position": position,
                        "size": file.size,
                        "sha256": file.sha256,
                        "served": file.served,
                        "entries": file.entries,
                    }
                    for position, file in enumerate(package.files)
                ],
            )
        release_content(connection, [file.sha256 for file in package.files])
        detail = {"version": package.name, "size": package.size, "digest": package.digest}
        self._core.audit(connection, workspace_id, principal, "version.upload", f"{program.key} {package.code}", detail)
        _tell(connection, workspace_id, program)
        return show_full(connection, program, find_version(connection, program, package.code)), True

    async def page(
        self, principal: Principal, workspace_id: str, program_key: str, *, below: int | None = None, limit: int = 50
    ) -> list[Version]:
        """Up to `limit` versions, the highest code first, below the code `below`."""
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> list[Version]:
            program = find_program(connection, workspace_id, program_key)
            query = select(versions).where(versions.c.program_id == program.id)
            if below is not None:
                query = query.where(versions.c.code < below)
            return [
                show_version(program, row)
                for row in connection.execute(query.order_by(versions.c.code.desc()).limit(limit))
            ]

        return await self._core.database.read(work)

    async def get(self, principal: Principal, workspace_id: str, program_key: str, code: int) -> Version:
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> Version:
            program = find_program(connection, workspace_id, program_key)
            return show_full(connection, program, find_version(connection, program, code))

        return await self._core.database.read(work)

    async def compare(
        self, principal: Principal, workspace_id: str, program_key: str, before: int, after: int
    ) -> Comparison:
        """What changed from version `before` to version `after` (codes), file by file."""
        check_permission(principal, workspace_id, "workspace.read")
        sides = await self._core.database.read(
            lambda connection: [_sides(connection, workspace_id, program_key, code) for code in (before, after)]
        )
        return await asyncio.to_thread(compare, *sides)

    async def sizes(self, principal: Principal, workspace_id: str, program_key: str, code: int) -> SizeReport:
        """Where the bytes of a version are."""
        check_permission(principal, workspace_id, "workspace.read")
        sides = await self._core.database.read(lambda connection: _sides(connection, workspace_id, program_key, code))
        return await asyncio.to_thread(size_report, sides)

    async def review(
        self,
        principal: Principal,
        workspace_id: str,
        program_key: str,
        code: int,
        verdict: Literal["approved", "rejected"],
        comment: str = "",
    ) -> Version:
        """Say whether the version may go to everyone. Problem `forbidden` for its author, `version-state` when it was
        withdrawn, or rejected while a release offers it."""
        check_permission(principal, workspace_id, "version.review")
        comment = need_text("comment", comment, 4_000, may_be_empty=verdict == "approved")

        def work(connection: Connection) -> Version:
            program = find_program(connection, workspace_id, program_key)
            version = find_version(connection, program, code)
            reviewer_id = principal.user_id or principal.id
            if version.author_id == reviewer_id:
                raise Problem(
                    "forbidden", "Nobody reviews a version of their own.", "Ask another reviewer of the workspace."
                )
            if version.state == VersionState.WITHDRAWN:
                raise Problem("version-state", f"Version {version.name} was withdrawn.", "Upload a new one.")
            if verdict == "rejected" and _offered(connection, version):
                raise Problem(
                    "version-state",
                    f"A release offers version {version.name} at this moment.",
                    "Halt the release or roll it back first.",
                )
            connection.execute(
                insert(reviews).values(
                    id=new_id(),
                    version_id=version.id,
                    reviewer=principal.name,
                    reviewer_id=reviewer_id,
                    verdict=verdict,
                    comment=comment,
                    at=self._core.clock(),
                )
            )
            connection.execute(update(versions).where(versions.c.id == version.id).values(state=verdict))
            target = f"{program.key} {code}"
            self._core.audit(
                connection, workspace_id, principal, "version.review", target, {"verdict": verdict, "comment": comment}
            )
            _tell(connection, workspace_id, program)
            return show_full(connection, program, find_version(connection, program, code))

        return await self._core.database.write(work)

    async def withdraw(
        self, principal: Principal, workspace_id: str, program_key: str, code: int, reason: str
    ) -> Version:
        """Take a version back from everyone. Where it was stable, the one before it is stable again.

        Problem `version-state` while a release offers it: roll that back instead.
        """
        check_permission(principal, workspace_id, "release.emergency")
        reason = need_text("reason", reason, 1_000)

        def work(connection: Connection) -> Version:
            program = find_program(connection, workspace_id, program_key)
            version = find_version(connection, program, code)
            if version.state == VersionState.WITHDRAWN:
                return show_full(connection, program, version)
            if _offered(connection, version):
                raise Problem(
                    "version-state",
                    f"A release offers version {version.name} at this moment.",
                    "Roll the release back instead.",
                )
            before = _stable_before(connection, program, version)
            connection.execute(
                update(versions)
                .where(versions.c.id == version.id)
                .values(state=VersionState.WITHDRAWN, withdrawn_at=self._core.clock())
            )
            if version.signed_state is not None:
                set_signed_state(connection, program, code, SignedState.REVOKED)
                if before is not None:
                    set_signed_state(connection, program, before, SignedState.STABLE)
                sign_program(self._core, connection, workspace_id, program)
            detail = {"reason": reason, "stable_again": before}
            self._core.audit(connection, workspace_id, principal, "version.withdraw", f"{program.key} {code}", detail)
            _tell(connection, workspace_id, program)
            return show_full(connection, program, find_version(connection, program, code))

        return await self._core.database.write(work)

    def _known(self, connection: Connection, program: Row[Any], package: Package) -> Version | None:
        """The version, if just this was uploaded already. Problem `version-exists` when something else was."""
        row = connection.execute(
            select(versions).where(versions.c.program_id == program.id, versions.c.code == package.code)
        ).first()
        if row is None:
            return None
        if row.digest != package.digest:
            raise _exists(program.key, package.code)
        return show_full(connection, program, row)

    def _check_program(self, connection: Connection, program: Row[Any], package: Package) -> None:
        if package.app_id is not None:
            if program.app_id is None:
                connection.execute(update(programs).where(programs.c.id == program.id).values(app_id=package.app_id))
            elif program.app_id != package.app_id:
                raise Problem(
                    "bad-package",
                    f"The package is of {package.app_id}, this program is {program.app_id}.",
                    "Publish it as the program that it is.",
                )
        if package.kind is ProgramKind.DIMINA:
            highest = connection.execute(
                select(func.max(versions.c.code)).where(versions.c.program_id == program.id)
            ).scalar()
            if highest is not None and package.code <= highest:
                raise Problem(
                    "bad-package",
                    f"The versionCode is {package.code}, and {highest} is there: phones take a larger one only.",
                    f"Give it a versionCode from {highest + 1} on.",
                )


def _sides(connection: Connection, workspace_id: str, program_key: str, code: int) -> list[Side]:
    program = find_program(connection, workspace_id, program_key)
    return sides_of(connection, find_version(connection, program, code))


def _offered(connection: Connection, version: Row[Any]) -> bool:
    where = (releases.c.version_id == version.id, releases.c.state.in_([*OFFERING]))
    return connection.execute(select(releases.c.id).where(*where)).first() is not None


def _stable_before(connection: Connection, program: Row[Any], version: Row[Any]) -> int | None:
    """The code that was stable before this stable version, if phones may still have it."""
    if version.signed_state != SignedState.STABLE:
        return None
    previous = connection.execute(
        select(releases.c.previous_code)
        .where(releases.c.version_id == version.id, releases.c.state == ReleaseState.FINISHED)
        .order_by(releases.c.updated_at.desc())
    ).scalar()
    # a version that a halted release left behind was never for everyone
    once = (
        select(versions.c.code)
        .join(releases, releases.c.version_id == versions.c.id)
        .where(
            versions.c.program_id == program.id,
            versions.c.signed_state == SignedState.KEPT,
            releases.c.state == ReleaseState.FINISHED,
        )
    )
    codes = {int(code) for code in connection.execute(once).scalars()}
    return previous if previous in codes else max((code for code in codes if code < version.code), default=None)


def _tell(connection: Connection, workspace_id: str, program: Row[Any]) -> None:
    """Open pages hear of it; phones need not, since what they may have is told when it is signed."""
    append(connection, "version.changed", workspace_id, {"program": program.key})


def _exists(program_key: str, code: int) -> Problem:
    return Problem(
        "version-exists",
        f"Version {code} of {program_key} is there already, with other content.",
        "A version is never changed: give the new one a higher number.",
    )
