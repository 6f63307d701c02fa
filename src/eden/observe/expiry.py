"""What is known beside the events store is forgotten when it has nothing left of it: hourly, by one server process.

- Crash groups whose errors have all expired. Which those are needs no look into the events store: a group knows when it
  was last seen. What people have decided about one is kept, so that it is known again when it comes back: closed
  groups, muted ones, and assigned ones.
- Pulls of phones' logs whose lines have expired.
- Incidents that ended long ago.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, or_, select

from eden.base.database import Database
from eden.observe.app_settings import AppSettings
from eden.observe.crashes.rules import GroupState
from eden.observe.interfaces import Table as StoreTable
from eden.observe.logs.interfaces import PullState
from eden.observe.models import alert_incidents, crash_activities, crash_groups, log_pulls, observe_apps

_DAY = 24 * 3600 * 1_000_000
#: for which incidents are kept after their end: as long as events are by default
_INCIDENTS = 400 * _DAY
#: rows of one write, so that others need not wait for long; and writes of one round, the rest is for the next
_AT_ONCE = 400
_ROUNDS = 50

#: ids of at most so many expired rows at a time (microseconds)
_Find = Callable[[Connection, int, int], Sequence[str]]


class _Kind(NamedTuple):
    """Rows of a table, and with them those of `others`, by a column that names them."""

    table: Table
    find: _Find
    others: Sequence[ColumnElement[Any]] = ()


async def forget_expired(database: Database, at: int) -> int:
    """Forget what has expired by now (`at`, microseconds); how many rows that were."""
    return sum([await _forget_kind(database, kind, at) for kind in _KINDS])


async def _forget_kind(database: Database, kind: _Kind, at: int) -> int:
    def work(connection: Connection) -> int:
        ids = kind.find(connection, at, _AT_ONCE)
        for column in kind.others:
            connection.execute(delete(column.table).where(column.in_(ids)))
        connection.execute(delete(kind.table).where(kind.table.c.id.in_(ids)))
        return len(ids)

    forgotten = 0
    for _ in range(_ROUNDS):
        # others write while nothing has expired
        if not await database.read(lambda connection: kind.find(connection, at, 1)):
            break
        forgotten += await database.write(work)
    return forgotten


def _groups(connection: Connection, at: int, limit: int) -> Sequence[str]:
    table = crash_groups.c
    mute_is_over = and_(table.state == GroupState.MUTED, table.muted_until <= at)
    undecided = and_(
        table.assigned_to.is_(None), or_(table.state.in_([GroupState.OPEN, GroupState.REGRESSED]), mute_is_over)
    )
    return _of_apps(connection, crash_groups, "errors", table.last_seen_at, undecided, at, limit)


def _pulls(connection: Connection, at: int, limit: int) -> Sequence[str]:
    table = log_pulls.c
    last = func.coalesce(table.arrived_at, table.expires_at)
    return _of_apps(connection, log_pulls, "logs", last, table.state != PullState.WAITING, at, limit)


def _incidents(connection: Connection, at: int, limit: int) -> Sequence[str]:
    table = alert_incidents.c
    query = select(table.id).where(table.resolved_at < at - _INCIDENTS)
    return connection.execute(query.limit(limit)).scalars().all()


def _of_apps(
    connection: Connection,
    table: Table,
    store: StoreTable,
    last: ColumnElement[Any],
    where: ColumnElement[bool],
    at: int,
    limit: int,
) -> Sequence[str]:
    """Rows that fit and whose `last` row in the events store has expired, by what each app has set for that."""
    found: list[str] = []
    for number, settings in connection.execute(select(observe_apps.c.number, observe_apps.c.settings)).all():
        # the events store deletes now and then: it may have a row for some hours longer
        kept = (msgspec.convert(settings, AppSettings, strict=False).days(store) + 1) * _DAY
        query = select(table.c.id).where(table.c.app == number, last < at - kept, where)
        found += connection.execute(query.limit(limit - len(found))).scalars()
        if len(found) == limit:
            break
    return found


_KINDS = (
    _Kind(crash_groups, _groups, (crash_activities.c.group_id,)),
    _Kind(log_pulls, _pulls),
    _Kind(alert_incidents, _incidents),
)
