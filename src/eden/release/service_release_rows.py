"""Releases as rows: read, shown, and what of a row changes."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Row, insert, select

from eden.base.problems import Problem
from eden.release import rules_machine as machine
from eden.release.interfaces import Message, ProgramKind, Release, ReleaseState, Verb
from eden.release.models import release_events, release_guards
from eden.release.service_targets import as_release


class ReleaseEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a release. `kind`: "create", "plan", "share", "closed" or a verb. `reason`: a person's
    words; `message`: the schedule's or a guardrail's, null for people."""

    revision: int
    at: int
    actor: str
    kind: str
    state: ReleaseState
    step: int
    share: int
    reason: str
    message: Message | None


class ReleaseInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A release and what it is of. `refused`: for each verb why it is not possible now, null when it is. `verdict`:
    what the guardrails said last (`guardrails_v1.Verdict` as JSON), null before the first report of this run."""

    release: Release
    program_key: str
    program_kind: ProgramKind
    version_code: int
    version_name: str
    notes: str
    created_by: str
    created_at: int
    started_at: int | None
    updated_at: int
    refused: dict[Verb, Message | None]
    verdict: dict[str, Any] | None = None


def show(connection: Connection, row: Row[Any], at: int) -> ReleaseInfo:
    """A release of `find_release`, with the guardrails' last word."""
    guard = connection.execute(
        select(release_guards.c.verdict).where(release_guards.c.release_id == row.id, release_guards.c.run == row.run)
    ).scalar()
    return replace(show_row(row, at), verdict=guard)


def show_row(row: Row[Any], at: int) -> ReleaseInfo:
    release = as_release(row, row.program_key)
    return ReleaseInfo(
        release=release,
        program_key=row.program_key,
        program_kind=ProgramKind(row.program_kind),
        version_code=row.version_code,
        version_name=row.version_name,
        notes=row.notes,
        created_by=row.created_by,
        created_at=row.created_at,
        started_at=row.started_at,
        updated_at=row.updated_at,
        refused=machine.verbs_of(release, at),
    )


def show_event(row: Row[Any]) -> ReleaseEvent:
    return ReleaseEvent(
        revision=row.revision,
        at=row.at,
        actor=row.actor,
        kind=row.kind,
        state=ReleaseState(row.state),
        step=row.step,
        share=row.share,
        reason=row.reason,
        message=None if row.detail is None else msgspec.convert(row.detail, Message),
    )


def changed(row: Row[Any]) -> Problem:
    return Problem(
        "release-changed",
        f"Somebody changed this release meanwhile; it is {row.state} now, revision {row.revision}.",
        "Look at it again, then decide.",
    )


def add_event(
    connection: Connection, release: Release, at: int, actor: str, kind: str, reason: str, message: Message | None
) -> None:
    connection.execute(
        insert(release_events).values(
            release_id=release.id,
            revision=release.revision,
            at=at,
            actor=actor,
            kind=kind,
            state=release.state,
            step=release.step,
            share=release.share,
            reason=reason,
            detail=None if message is None else msgspec.to_builtins(message),
        )
    )


def columns(release: Release, at: int) -> dict[str, Any]:
    """The release's columns that change."""
    return {
        "track": release.track,
        "plan": msgspec.to_builtins(release.plan),
        "state": release.state,
        "previous_code": release.previous_code,
        "step": release.step,
        "share": release.share,
        "step_share": release.step_share,
        "step_started_at": release.step_started_at,
        "stopped_at": release.stopped_at,
        "stopped_us": release.stopped_us,
        "closed": release.closed,
        "run": release.run,
        "revision": release.revision,
        "offering": None,
        "updated_at": at,
    }
