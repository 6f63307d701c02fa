"""The schedule at work: ramps, windows, caps, steps that go on by themselves, and the guardrails' look at reports.

A tick of a release is one write: it reads what was reported, moves the guardrails on, and carries out what
`rules_machine.tick` wants. Doing it twice, or on two processes at once, is the same as once: everything is computed
from rows and the clock, and the release's revision is compared and swapped.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, update

from eden.base.catalogue import HaltRequest
from eden.base.changes import append
from eden.base.problems import Problem
from eden.release import guardrails_v1 as guardrails
from eden.release import metrics
from eden.release import rules_machine as machine
from eden.release.interfaces import Action, Arm, ArmCounts, Message, Observed, Release, Verb
from eden.release.models import device_parts, programs, release_guards, releases, versions
from eden.release.service_core import Core, find_release
from eden.release.service_releases import Releases
from eden.release.service_reports import devices_with, sums_by_arm
from eden.release.service_targets import as_release

#: steps that one tick can enter: more wait for the next
_MOST_STEPS = 10
#: a device's part is kept so long after its release ended: late reports
PARTS_SECONDS = 7 * 24 * 3600

log = logging.getLogger("eden.release")


class Ticks:
    """The schedule of all workspaces."""

    def __init__(self, core: Core, service: Releases) -> None:
        self._core = core
        self._releases = service

    async def run(self) -> int:
        """Look at every running release once; how many changed. One that fails does not stop the others."""
        running = await self._core.database.read(_running)
        changed = 0
        for workspace_id, release_id in running:
            try:
                changed += await self.tick(workspace_id, release_id)
            except Exception:
                log.exception("the schedule of release %s failed; it is looked at again", release_id)
        return changed

    async def tick(self, workspace_id: str, release_id: str) -> bool:
        """Look at one release; whether anything changed."""
        # most looks find nothing to do, and reading stands in nobody's way
        if not await self._core.database.read(lambda connection: self._has_work(connection, workspace_id, release_id)):
            return False
        return await self._core.database.write(lambda connection: self.do_tick(connection, workspace_id, release_id))

    def do_tick(self, connection: Connection, workspace_id: str, release_id: str) -> bool:
        """Inside a write."""
        changed = False
        for _ in range(_MOST_STEPS):
            row = find_release(connection, workspace_id, release_id)
            release = as_release(row, row.program_key)
            if release.state not in machine.OFFERING:
                return changed
            at = self._core.clock()
            look = _look(connection, release)
            if look.is_new:
                _keep(connection, release, look, at)
                # for open pages, and nobody else: numbers are nothing to devices
                append(connection, "figures.changed", workspace_id, {"release": release_id})
                changed = True
            actions = machine.tick(release, _observed(connection, release, look.verdict), at)
            entered = False
            for action in actions:
                try:
                    with connection.begin_nested():
                        release = self._releases.do_perform(
                            connection, workspace_id, release_id, action, revision=release.revision
                        )
                except Problem as problem:
                    # such as a review that is missing: people must do something first
                    log.info("release %s does not go on: %s", release_id, problem.sentence)
                    return changed
                changed, entered = True, entered or action.verb is not None
            if not entered:
                return changed
        return changed

    async def halt(self, request: HaltRequest) -> None:
        """What another service has seen is a reason to halt, as a guardrail's verdict is."""
        action = Action(kind="verb", verb=Verb.HALT, reason=Message("alert", {"watcher": request.watcher}))

        def work(connection: Connection) -> None:
            for release_id in _offering(connection, request):
                row = find_release(connection, request.workspace_id, release_id)
                self._releases.do_perform(connection, request.workspace_id, release_id, action, revision=row.revision)

        await self._core.database.write(work)

    def _has_work(self, connection: Connection, workspace_id: str, release_id: str) -> bool:
        try:
            row = find_release(connection, workspace_id, release_id)
        except Problem:
            return False
        release = as_release(row, row.program_key)
        look = _look(connection, release)
        return look.is_new or bool(
            machine.tick(release, _observed(connection, release, look.verdict), self._core.clock())
        )


class _Look(msgspec.Struct, frozen=True):
    """What the guardrails know after looking; `is_new`: it is not in the table yet. Before the first report of a run
    they know nothing, and the table has nothing."""

    state: guardrails.State
    verdict: guardrails.Verdict
    seen: dict[Arm, ArmCounts]
    is_new: bool


def _look(connection: Connection, release: Release) -> _Look:
    settings = machine.current(release).guardrails
    seen = sums_by_arm(connection, release.id, release.run)
    row = _guard(connection, release.id)
    if row is None or row.run != release.run:
        # a new run: a person decided against the old verdict
        state, before, step = guardrails.State(), _NOTHING, release.step
    else:
        state = msgspec.convert(row.state, guardrails.State)
        before, step = msgspec.convert(row.seen, dict[Arm, ArmCounts]), row.step
    if seen == before and step == release.step:
        return _Look(state, guardrails.verdict(state, settings), seen, False)
    state, verdict = guardrails.look(state, metrics.increment(before, seen), settings, new_step=step != release.step)
    return _Look(state, verdict, seen, True)


_NOTHING: Mapping[Arm, ArmCounts] = {}


def _observed(connection: Connection, release: Release, verdict: guardrails.Verdict) -> Observed:
    # counted only where it decides
    devices = 0 if machine.current(release).cap is None else devices_with(connection, release.id)
    return Observed(devices=devices, health=verdict.health, reason=verdict.reason)


def _keep(connection: Connection, release: Release, look: _Look, at: int) -> None:
    values = {
        "run": release.run,
        "step": release.step,
        "state": msgspec.to_builtins(look.state),
        "seen": msgspec.to_builtins(look.seen),
        "verdict": msgspec.to_builtins(look.verdict),
        "looked_at": at,
    }
    where = release_guards.c.release_id == release.id
    if connection.execute(update(release_guards).where(where).values(**values)).rowcount == 0:
        connection.execute(insert(release_guards).values(release_id=release.id, **values))


def _guard(connection: Connection, release_id: str) -> Row[tuple[object, ...]] | None:
    return connection.execute(select(release_guards).where(release_guards.c.release_id == release_id)).first()


def _running(connection: Connection) -> list[tuple[str, str]]:
    rows = connection.execute(
        select(releases.c.workspace_id, releases.c.id)
        .where(releases.c.state.in_([*machine.OFFERING]))
        .order_by(releases.c.id)
    )
    return [(row.workspace_id, row.id) for row in rows]


def _offering(connection: Connection, request: HaltRequest) -> list[str]:
    query = (
        select(releases.c.id)
        .join(programs, programs.c.id == releases.c.program_id)
        .join(versions, versions.c.id == releases.c.version_id)
        .where(
            programs.c.workspace_id == request.workspace_id,
            programs.c.key == request.key,
            releases.c.state.in_([*machine.OFFERING]),
        )
    )
    if request.code:
        query = query.where(versions.c.code == request.code)
    return list(connection.execute(query).scalars())


def do_forget_parts(connection: Connection, at: int) -> None:
    """Remove what was kept of devices for releases that ended long ago, inside a write."""
    ended = select(releases.c.id).where(
        releases.c.state.in_(["finished", "rolled_back", "halted"]),
        releases.c.updated_at < at - PARTS_SECONDS * 1_000_000,
    )
    connection.execute(delete(device_parts).where(device_parts.c.release_id.in_(ended)))
