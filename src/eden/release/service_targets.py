"""Programs as the tables have them, and the signed metadata that is made of it in the write that changed them.

`eden.release.rules_signed` says what a version's fields are. Besides, `custom.eden.h5` of a web application has its
virtual_host, fallback_url and main_url. A release that is closed for good (its window is over, its cap reached) signs
its version as `kept`: who has it keeps it, nobody else may take it, and no server can say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select, update

from eden.base.targeting import list_ids, parse
from eden.release.interfaces import Closed, Plan, ProgramKind, Release, ReleaseState, SignedState, Track
from eden.release.models import lists, programs, releases, trials, version_files, versions
from eden.release.packages import NativeRecord
from eden.release.rules_machine import OFFERING
from eden.release.rules_signed import FIELD, signed_state
from eden.release.rules_views import ListView, VersionView, compile_release
from eden.release.service_core import Core, tell
from eden.release.trust import File

#: versions that stay in the metadata after others took their place; a phone with an older one gets the stable one
KEPT_VERSIONS = 30
_SHUT = (Closed.AFTER_WINDOW, Closed.CAP)


@dataclass(frozen=True)
class ProgramParts:
    """What decisions on a program are compiled from: its versions that some device may have, the release that offers
    one of them, and the ids of the lists that this release names."""

    id: str
    key: str
    kind: ProgramKind
    versions: tuple[VersionView, ...]
    release: Release | None
    lists: tuple[str, ...]


def load_programs(connection: Connection, workspace_id: str, keys: Iterable[str] | None = None) -> list[ProgramParts]:
    """All programs of a workspace, or those that are named; five queries, however many there are."""
    query = select(programs).where(programs.c.workspace_id == workspace_id)
    if keys is not None:
        query = query.where(programs.c.key.in_(sorted(keys)))
    rows = connection.execute(query.order_by(programs.c.key)).all()
    ids = [row.id for row in rows]
    tokens = trial_hashes(connection, ids)
    views: dict[str, list[VersionView]] = {program_id: [] for program_id in ids}
    for row in connection.execute(
        select(versions).where(versions.c.program_id.in_(ids), versions.c.signed_state.is_not(None))
    ):
        views[row.program_id].append(version_view(row, tokens.get(row.id, frozenset())))
    keys_by_id = {row.id: row.key for row in rows}
    offering = {
        row.program_id: as_release(row, keys_by_id[row.program_id])
        for row in connection.execute(
            select(releases, versions.c.code.label("version_code"))
            .join(versions, versions.c.id == releases.c.version_id)
            .where(
                releases.c.program_id.in_(ids),
                releases.c.track == Track.RELEASE,
                releases.c.state.in_([*OFFERING]),
            )
        )
    }
    return [
        ProgramParts(
            row.id,
            row.key,
            ProgramKind(row.kind),
            tuple(views[row.id]),
            release := offering.get(row.id),
            () if release is None else tuple(sorted(lists_of(release.plan))),
        )
        for row in rows
    ]


def version_view(row: Row[Any], tokens: frozenset[str]) -> VersionView:
    """A version as rules see it."""
    native = row.manifest.get("native")
    return VersionView(
        code=row.code,
        name=row.name,
        signed=None if row.signed_state is None else SignedState(row.signed_state),
        container=row.container,
        trial=tokens,
        upgrade=None if native is None else msgspec.convert(native, NativeRecord),
    )


def sign_program(core: Core, connection: Connection, workspace_id: str, program: Row[Any], **more: Any) -> int | None:
    """Sign what the tables say now, and tell every process. The timestamp's version; None for the native kind, of
    which devices fetch nothing."""
    timestamp = None
    if program.kind != ProgramKind.NATIVE:
        files = program_files(connection, workspace_id, program.key)
        timestamp = core.trust.apply(connection, workspace_id, {program.key: files}, core.clock())
    tell(connection, workspace_id, program.key, timestamp, **more)
    return timestamp


def program_files(connection: Connection, workspace_id: str, program_key: str) -> list[File]:
    """Every file that some device may fetch, with who may."""
    parts = load_programs(connection, workspace_id, [program_key])[0]
    known = signed_lists(connection, parts.lists)
    newest = sorted(parts.versions, key=lambda view: -view.code)
    kept = [view.code for view in newest if view.signed is SignedState.KEPT and not view.trial][KEPT_VERSIONS:]
    views = [view for view in newest if view.code not in kept]
    stored = _stored(connection, parts.id, [view.code for view in views])
    found = []
    for view in views:
        live = None
        if parts.release is not None and parts.release.version_code == view.code:
            live = compile_release(parts.release, view, known)
        if view.signed is SignedState.RELEASE and (live is None or live.release.closed in _SHUT):
            view, live = _kept(view), None
        custom = signed_state(view, live, known)
        if custom is None or not stored[view.code]:
            continue
        if (h5 := stored[view.code][0].manifest.get("h5")) is not None:
            custom[FIELD]["h5"] = h5
        # phones need to know that a version is revoked, not to fetch it
        fetched = stored[view.code][:1] if view.signed is SignedState.REVOKED else stored[view.code]
        for position, file in enumerate(fetched):
            path = f"apps/{program_key}/{view.code}/{file.name}"
            found.append(File(path, file.size, file.sha256, None if position else custom))
    return found


def _kept(view: VersionView) -> VersionView:
    return VersionView(view.code, view.name, SignedState.KEPT, view.container, view.trial, view.upgrade)


def _stored(connection: Connection, program_id: str, codes: list[int]) -> dict[int, list[Any]]:
    """The served files of versions in their order; the version's manifest is beside each."""
    found: dict[int, list[Any]] = {code: [] for code in codes}
    rows = connection.execute(
        select(versions.c.code, versions.c.manifest, version_files.c.name, version_files.c.size, version_files.c.sha256)
        .join(versions, versions.c.id == version_files.c.version_id)
        .where(versions.c.program_id == program_id, versions.c.code.in_(codes), version_files.c.served)
        .order_by(version_files.c.position)
    )
    for row in rows:
        found[row.code].append(row)
    return found


def signed_lists(connection: Connection, wanted: Iterable[str]) -> dict[str, ListView]:
    """Lists as signing needs them: who is in them is not loaded."""
    return {
        row.id: ListView.of_patterns(row.id, row.patterns)
        if row.kind == "patterns"
        else ListView(row.id, _unknown, row.salt, row.root, row.size)
        for row in list_rows(connection, wanted)
    }


def list_rows(connection: Connection, wanted: Iterable[str]) -> list[Row[Any]]:
    ids = sorted(wanted)
    return list(connection.execute(select(lists).where(lists.c.id.in_(ids))).all()) if ids else []


def _unknown(_: str) -> bool:
    raise RuntimeError("this list was loaded for signing only")


def lists_of(plan: Plan) -> set[str]:
    """All lists that a plan names, in whatever way."""
    audiences = [step.audience for step in plan.steps]
    return {list_id for audience in audiences for list_id in (*audience.lists, *_rule_lists(audience.rule))}


def _rule_lists(rule: Any) -> frozenset[str]:
    return frozenset() if rule is None else list_ids(parse(rule))


def trial_hashes(connection: Connection, program_ids: list[str]) -> dict[str, frozenset[str]]:
    """Hashes of the tokens that work, by version."""
    found: dict[str, set[str]] = {}
    for row in connection.execute(
        select(trials.c.version_id, trials.c.token_hash).where(
            trials.c.program_id.in_(program_ids), trials.c.revoked_at.is_(None)
        )
    ):
        found.setdefault(row.version_id, set()).add(row.token_hash)
    return {version_id: frozenset(hashes) for version_id, hashes in found.items()}


def as_release(row: Row[Any], program_key: str) -> Release:
    """The value that rules compute with, of a row that has `version_code`."""
    return Release(
        id=row.id,
        program=program_key,
        version_code=row.version_code,
        salt=row.salt,
        plan=msgspec.convert(row.plan, Plan),
        track=Track(row.track),
        state=ReleaseState(row.state),
        previous_code=row.previous_code,
        step=row.step,
        share=row.share,
        step_share=row.step_share,
        step_started_at=row.step_started_at,
        stopped_at=row.stopped_at,
        stopped_us=row.stopped_us,
        closed=None if row.closed is None else Closed(row.closed),
        run=row.run,
        revision=row.revision,
    )


def set_signed_state(connection: Connection, program: Row[Any], code: int, state: SignedState | None) -> None:
    """Change what a version is for devices; at most one version of a program is stable."""
    if state is SignedState.STABLE:
        connection.execute(
            update(versions)
            .where(
                versions.c.program_id == program.id,
                versions.c.signed_state == SignedState.STABLE,
                versions.c.code != code,
            )
            .values(signed_state=SignedState.KEPT)
        )
    connection.execute(
        update(versions).where(versions.c.program_id == program.id, versions.c.code == code).values(signed_state=state)
    )
