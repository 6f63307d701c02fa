"""Pulls as their lines are stored, and as their device is forgotten. Called inside a write; doing it again changes
nothing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, update

from eden.base.changes import append
from eden.observe.interfaces import LogRow
from eden.observe.logs.interfaces import PullState
from eden.observe.models import log_pulls, observe_apps

#: kind of the feed's rows. Payload: {"app": number, "pulls": key of the app, "pull": id}
TOLD = "observe.pull"
#: property of the last line of a pull
DONE = "pull_done"


def note_pulls(connection: Connection, rows: Sequence[LogRow], at: int) -> None:
    """Lines of pulls have come: those with the last line have arrived. `at` is now, microseconds."""
    done = {
        (row.app, row.pull, row.device) for row in rows if isinstance(row.props, dict) and row.props.get(DONE) is True
    }
    for app, pull_id, device in sorted(done):
        arrive(connection, app, pull_id, device, at)


def arrive(connection: Connection, app: int, pull_id: str, device: str, at: int) -> None:
    """A pull that waited has arrived, also one that was given up meanwhile; another device's, one that is wanted no
    more, or that had arrived before, stays as it is."""
    waited = connection.execute(
        update(log_pulls)
        .where(
            log_pulls.c.id == pull_id,
            log_pulls.c.app == app,
            log_pulls.c.device == device,
            log_pulls.c.state.in_([PullState.WAITING, PullState.EXPIRED]),
        )
        .values(state=PullState.ARRIVED, arrived_at=at)
    )
    if waited.rowcount:
        tell(connection, app, pull_id)


def forget_device(connection: Connection, workspace_id: str, device: str) -> None:
    """Forget that a device was asked for its log; it is asked no more."""
    query = (
        select(log_pulls.c.id, log_pulls.c.app)
        .join(observe_apps, observe_apps.c.number == log_pulls.c.app)
        .where(observe_apps.c.workspace_id == workspace_id, log_pulls.c.device == device)
    )
    for pull_id, app in connection.execute(query).all():
        connection.execute(delete(log_pulls).where(log_pulls.c.id == pull_id))
        tell(connection, app, pull_id)


def tell(connection: Connection, app: int, pull_id: str) -> None:
    """Let server processes and open pages hear of a pull."""
    known = connection.execute(
        select(observe_apps.c.workspace_id, observe_apps.c.key).where(observe_apps.c.number == app)
    ).one()
    append(connection, TOLD, known.workspace_id, {"app": app, "pulls": known.key, "pull": pull_id})
