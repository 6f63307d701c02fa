"""Releases: made, changed by one verb at a time, watched.

Every change is one write: the release's row by compare-and-swap on `revision`, its event, what versions are for
devices, the signed metadata, the audit log and the feed. So two people never both win, and devices are never told
what is not signed.
"""

from __future__ import annotations

import secrets
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from eden.base.identity.principal import Principal, check_permission
from eden.base.identity.roles import Permission
from eden.base.ids import new_id
from eden.base.problems import Problem
from eden.release import rules_machine as machine
from eden.release.interfaces import Action, Message, Plan, Release, ReleaseState, SignedState, Verb, VersionState
from eden.release.models import lists, programs, release_events, releases
from eden.release.rules_plan import check_plan, standard_plan
from eden.release.rules_reasons import say
from eden.release.service_core import (
    Core,
    find_program,
    find_release,
    find_version,
    need_text,
    release_query,
    tell_of_draft,
)
from eden.release.service_prepare import do_ask
from eden.release.service_release_checks import (
    check_alone,
    check_move,
    check_version,
    release_conflict,
    stable_code,
)
from eden.release.service_release_rows import (
    ReleaseEvent,
    ReleaseInfo,
    add_event,
    changed,
    columns,
    show,
    show_event,
    show_row,
)
from eden.release.service_targets import as_release, set_signed_state, sign_program

#: what puts a fire out: whoever sees it may
EMERGENCY = frozenset({Verb.PAUSE, Verb.HALT, Verb.ROLL_BACK})
#: verbs that take something from somebody, or put it back: the log says why
REASONED = frozenset({*EMERGENCY, Verb.ROLL_FORWARD})


def permission_of(verb: Verb) -> Permission:
    """What a principal needs for the verb."""
    return "release.emergency" if verb in EMERGENCY else "release.operate"


class Releases:
    """Every method checks the permission first; `revision` is the one that the caller saw."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def create(
        self,
        principal: Principal,
        workspace_id: str,
        program_key: str,
        code: int,
        plan: Any = None,
        notes: str = "",
    ) -> ReleaseInfo:
        """A draft that brings a version to its users. `plan`: JSON of `rules_plan.check_plan`; none: the standard one.

        Problem `invalid` with everything that is wrong in the plan, `version-state` for a version that was taken back.
        """
        check_permission(principal, workspace_id, "release.operate")

        def work(connection: Connection) -> ReleaseInfo:
            program = find_program(connection, workspace_id, program_key)
            version = find_version(connection, program, code)
            check_version(version)
            checked = standard_plan() if plan is None else read_plan(connection, workspace_id, plan)
            at = self._core.clock()
            release = Release(
                id=new_id(), program=program.key, version_code=code, salt=secrets.token_hex(16), plan=checked
            )
            connection.execute(
                insert(releases).values(
                    id=release.id,
                    workspace_id=workspace_id,
                    program_id=program.id,
                    version_id=version.id,
                    notes=need_text("notes", notes, 4_000, may_be_empty=True),
                    salt=release.salt,
                    created_by=principal.name,
                    created_at=at,
                    **columns(release, at),
                )
            )
            add_event(connection, release, at, principal.name, "create", "", None)
            self._core.audit(
                connection,
                workspace_id,
                principal,
                "release.create",
                release.id,
                {"program": program.key, "code": code},
            )
            tell_of_draft(connection, workspace_id, program.key, release.id)
            return show(connection, find_release(connection, workspace_id, release.id), at)

        return await self._core.database.write(work)

    async def get(self, principal: Principal, workspace_id: str, release_id: str) -> ReleaseInfo:
        check_permission(principal, workspace_id, "workspace.read")
        return await self._core.database.read(
            lambda connection: show(connection, find_release(connection, workspace_id, release_id), self._core.clock())
        )

    async def page(
        self,
        principal: Principal,
        workspace_id: str,
        *,
        program_key: str | None = None,
        running: bool | None = None,
        before: tuple[int, str] | None = None,
        limit: int = 50,
    ) -> list[ReleaseInfo]:
        """Newest first; `before`: (created_at, id) of the last one that the caller has. `running`: only those that are
        offered now, or only the others."""
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> list[ReleaseInfo]:
            query = release_query(workspace_id)
            if program_key is not None:
                query = query.where(releases.c.program_id == find_program(connection, workspace_id, program_key).id)
            if running is not None:
                offered = releases.c.state.in_([*machine.OFFERING])
                query = query.where(offered if running else ~offered)
            if before is not None:
                at, last = before
                query = query.where(
                    (releases.c.created_at < at) | ((releases.c.created_at == at) & (releases.c.id < last))
                )
            rows = connection.execute(query.order_by(releases.c.created_at.desc(), releases.c.id.desc()).limit(limit))
            at = self._core.clock()
            return [show_row(row, at) for row in rows]

        return await self._core.database.read(work)

    async def events(
        self, principal: Principal, workspace_id: str, release_id: str, *, below: int | None = None, limit: int = 50
    ) -> list[ReleaseEvent]:
        """What happened, newest first, below the revision `below`."""
        check_permission(principal, workspace_id, "workspace.read")

        def work(connection: Connection) -> list[ReleaseEvent]:
            find_release(connection, workspace_id, release_id)
            query = select(release_events).where(release_events.c.release_id == release_id)
            if below is not None:
                query = query.where(release_events.c.revision < below)
            rows = connection.execute(query.order_by(release_events.c.revision.desc()).limit(limit))
            return [show_event(row) for row in rows]

        return await self._core.database.read(work)

    async def act(
        self,
        principal: Principal,
        workspace_id: str,
        release_id: str,
        verb: Verb,
        *,
        revision: int,
        reason: str = "",
        step: int | None = None,
    ) -> ReleaseInfo:
        """Carry out a verb. `step` (an index) is for `advance`.

        Problems: `release-changed` when somebody else was faster, `release-state` when the verb is not possible now,
        `release-conflict` when another release of the program offers its version, `version-state` without a review
        that the workspace asks for, `invalid` without a reason where one is needed.
        """
        check_permission(principal, workspace_id, permission_of(verb))
        reason = need_text("reason", reason, 1_000, may_be_empty=verb not in REASONED)

        def work(connection: Connection) -> ReleaseInfo:
            row = find_release(connection, workspace_id, release_id)
            if row.revision != revision:
                raise changed(row)
            at = self._core.clock()
            release = as_release(row, row.program_key)
            if verb is Verb.START:
                release = replace(release, previous_code=stable_code(connection, row.program_id))
            moved = machine.apply(release, verb, at=at, step=step)
            check_move(connection, workspace_id, row, verb, moved)
            self.do_save(connection, principal.name, workspace_id, row, moved, verb.value, reason=reason)
            return show(connection, find_release(connection, workspace_id, release_id), at)

        return await self._core.database.write(work)

    def do_perform(
        self, connection: Connection, workspace_id: str, release_id: str, action: Action, *, revision: int
    ) -> Release:
        """Carry out what the schedule wants, inside a write; the release after it."""
        row = find_release(connection, workspace_id, release_id)
        if row.revision != revision:
            raise changed(row)
        moved = machine.perform(as_release(row, row.program_key), action, self._core.clock())
        if action.verb is not None:
            check_move(connection, workspace_id, row, action.verb, moved)
        kind = action.verb.value if action.verb is not None else action.kind
        self.do_save(connection, "system", workspace_id, row, moved, kind, message=action.reason)
        return moved

    async def change_plan(
        self, principal: Principal, workspace_id: str, release_id: str, plan: Any, *, revision: int, reason: str = ""
    ) -> ReleaseInfo:
        """Another plan: of a draft anything, later only the steps that are still to come."""
        check_permission(principal, workspace_id, "release.operate")
        reason = need_text("reason", reason, 1_000, may_be_empty=True)

        def work(connection: Connection) -> ReleaseInfo:
            row = find_release(connection, workspace_id, release_id)
            if row.revision != revision:
                raise changed(row)
            release = as_release(row, row.program_key)
            checked = read_plan(connection, workspace_id, plan)
            if release.state is ReleaseState.FINISHED:
                raise Problem("release-state", "The release is finished; its plan is history.", "Make a new release.")
            if release.state is not ReleaseState.DRAFT:
                begun = release.step + 1
                if checked.steps[:begun] != release.plan.steps[:begun]:
                    sentence = f"Steps 1 to {begun} have begun and stay as they are."
                    raise Problem(
                        "invalid", sentence, "Change the steps after them.", errors=[("plan.steps", sentence)]
                    )
            moved = replace(release, plan=checked, revision=release.revision + 1)
            self.do_save(connection, principal.name, workspace_id, row, moved, "plan", reason=reason)
            return show(connection, find_release(connection, workspace_id, release_id), self._core.clock())

        return await self._core.database.write(work)

    async def discard(self, principal: Principal, workspace_id: str, release_id: str, *, revision: int) -> None:
        """Remove a draft. Problem `release-state` for anything else."""
        check_permission(principal, workspace_id, "release.operate")

        def work(connection: Connection) -> None:
            row = find_release(connection, workspace_id, release_id)
            if row.revision != revision:
                raise changed(row)
            if row.state != ReleaseState.DRAFT:
                raise Problem("release-state", "Only a draft can be discarded.", "Halt the release or roll it back.")
            connection.execute(delete(release_events).where(release_events.c.release_id == release_id))
            connection.execute(delete(releases).where(releases.c.id == release_id))
            self._core.audit(
                connection, workspace_id, principal, "release.discard", release_id, {"program": row.program_key}
            )
            tell_of_draft(connection, workspace_id, row.program_key, release_id)

        await self._core.database.write(work)

    def do_save(
        self,
        connection: Connection,
        actor: str,
        workspace_id: str,
        row: Row[Any],
        moved: Release,
        kind: str,
        *,
        reason: str = "",
        message: Message | None = None,
    ) -> None:
        """Write the release that comes after the row, with all that follows from it."""
        at = self._core.clock()
        values = columns(moved, at)
        if row.started_at is None and moved.state is not ReleaseState.DRAFT:
            values["started_at"] = at
        if moved.state in machine.OFFERING:
            values["offering"] = f"{row.program_id} {moved.track}"
            check_alone(connection, row, values["offering"])
        try:
            written = connection.execute(
                update(releases).where(releases.c.id == row.id, releases.c.revision == row.revision).values(**values)
            )
        except IntegrityError:
            raise release_conflict() from None
        if written.rowcount != 1:
            raise changed(row)
        add_event(connection, moved, at, actor, kind, reason, message)
        program = connection.execute(select(programs).where(programs.c.id == row.program_id)).one()
        if moved.state != row.state:  # a plan changes nothing: another release may have moved the version since
            for code, state in machine.signed_states(moved).items():
                _set_state(connection, program, code, state)
        timestamp = None
        if moved.state is ReleaseState.DRAFT:
            tell_of_draft(connection, workspace_id, row.program_key, row.id)
        else:
            timestamp = sign_program(
                self._core, connection, workspace_id, program, release=row.id, state=moved.state, kind=kind
            )
            if kind in (Verb.START, Verb.ROLL_FORWARD, Verb.FINISH):
                do_ask(connection, workspace_id, program.key)
        detail = {
            "program": program.key,
            "version": row.version_name,
            "state": moved.state,
            "step": moved.step,
            "share": moved.share,
            "reason": reason or (say(message) if message is not None else ""),
            "timestamp": timestamp,
        }
        self._core.audit(connection, workspace_id, actor, f"release.{kind}", row.id, detail)


def read_plan(connection: Connection, workspace_id: str, plan: Any) -> Plan:
    """A plan of this workspace, checked; names of lists may stand for their ids."""
    known = {
        row.name: row.id
        for row in connection.execute(select(lists.c.id, lists.c.name).where(lists.c.workspace_id == workspace_id))
    }
    ids = set(known.values())
    return check_plan(_with_ids(plan, known), is_list=ids.__contains__)


def _with_ids(plan: Any, known: dict[str, str]) -> Any:
    """The plan with list names replaced by ids in audiences' `lists`."""
    if not isinstance(plan, dict) or not isinstance(plan.get("steps"), list):
        return plan
    steps = []
    for step in plan["steps"]:
        audience = step.get("audience") if isinstance(step, dict) else None
        if isinstance(audience, dict) and isinstance(audience.get("lists"), list):
            named = [known.get(name, name) if isinstance(name, str) else name for name in audience["lists"]]
            step = {**step, "audience": {**audience, "lists": named}}
        steps.append(step)
    return {**plan, "steps": steps}


def _set_state(connection: Connection, program: Row[Any], code: int, state: SignedState) -> None:
    """What a release says a version is; one that was withdrawn meanwhile stays revoked."""
    version = find_version(connection, program, code)
    if version.state != VersionState.WITHDRAWN:
        set_signed_state(connection, program, code, state)
