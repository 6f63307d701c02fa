"""What must hold before a release changes, beyond its own state: its version, reviews, lists, other releases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from eden.base.tables import workspaces
from eden.release.interfaces import Message, Release, ReleaseState, SignedState, Verb, VersionState
from eden.release.models import releases, versions
from eden.release.rules_machine import ReleaseProblem
from eden.release.rules_plan import reaches_everyone
from eden.release.service_targets import list_rows, lists_of

#: verbs that bring the version to more devices
_ONWARD = frozenset({Verb.START, Verb.ADVANCE, Verb.ROLL_FORWARD, Verb.FINISH})


def check_move(connection: Connection, workspace_id: str, row: Row[Any], verb: Verb, moved: Release) -> None:
    """Problem when the release of the row may not become `moved` by the verb, though its state would allow it."""
    version = connection.execute(select(versions).where(versions.c.id == row.version_id)).one()
    if verb is Verb.ROLL_BACK:
        _check_own(row, version)
    if verb not in _ONWARD:
        return
    check_version(version)
    everyone = verb is Verb.FINISH or reaches_everyone(moved.plan.steps[moved.step])
    if everyone and version.state != VersionState.APPROVED and review_required(connection, workspace_id):
        raise ReleaseProblem(Message("review-missing", {"version": version.name}), "version-state")
    named = lists_of(moved.plan)
    if len(list_rows(connection, named)) < len(named):
        raise ReleaseProblem(Message("list-removed", {}))
    stable = stable_code(connection, row.program_id)
    if verb in (Verb.START, Verb.ROLL_FORWARD) and stable is not None and stable >= moved.version_code:
        not_newer = Message("version-not-newer", {"version": version.name, "code": stable})
        raise ReleaseProblem(not_newer, "version-state")


def check_alone(connection: Connection, row: Row[Any], offering: str) -> None:
    """Problem `release-conflict` when another release of the program and track offers its version."""
    other = connection.execute(
        select(releases.c.id).where(releases.c.offering == offering, releases.c.id != row.id)
    ).first()
    if other is not None:
        raise release_conflict()


def check_version(version: Row[Any]) -> None:
    """Problem `version-state` for a version that was taken back."""
    if version.state in (VersionState.WITHDRAWN, VersionState.REJECTED):
        raise ReleaseProblem(Message(f"version-{version.state}", {"version": version.name}), "version-state")


def _check_own(row: Row[Any], version: Row[Any]) -> None:
    """A halted release takes back what it left on devices, not what a later release of the same version gave them."""
    later = version.signed_state in (SignedState.STABLE, SignedState.RELEASE)
    if row.state == ReleaseState.HALTED and later:
        raise ReleaseProblem(Message("later-release", {"version": version.name}), "version-state")


def release_conflict() -> ReleaseProblem:
    return ReleaseProblem(Message("other-offers", {}), "release-conflict")


def review_required(connection: Connection, workspace_id: str) -> bool:
    """Whether the workspace asks for a review before a version goes to everyone."""
    settings = connection.execute(select(workspaces.c.settings).where(workspaces.c.id == workspace_id)).scalar()
    return bool((settings or {}).get("review_required"))


def stable_code(connection: Connection, program_id: str) -> int | None:
    """The code of the program's stable version."""
    found = connection.execute(
        select(versions.c.code).where(
            versions.c.program_id == program_id, versions.c.signed_state == SignedState.STABLE
        )
    ).scalar()
    return None if found is None else int(found)
