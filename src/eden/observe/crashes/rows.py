"""Groups as the tables have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, or_, select

from eden.base.problems import not_found
from eden.base.tables import members, users
from eden.observe.crashes.interfaces import Activity, CrashFilter, CrashGroup, Member
from eden.observe.crashes.rules import GroupState
from eden.observe.models import crash_activities, crash_groups

#: groups among which a search chooses: those that happened last
MOST_MATCHES = 5_000
_ACTIVITIES = 100
_AT_ONCE = 400


def _query() -> Select[Any]:
    return select(crash_groups, users.c.name.label("assignee"), users.c.email.label("assignee_email")).outerjoin(
        users, users.c.id == crash_groups.c.assigned_to
    )


def group_of(row: Row[Any]) -> CrashGroup:
    """A row of `_query`."""
    values = {name: getattr(row, name) for name in CrashGroup.__struct_fields__ if name not in ("state", "assignee")}
    return CrashGroup(**values, state=GroupState(row.state), assignee=row.assignee or row.assignee_email or "")


def find_group(connection: Connection, app: int, group_id: str) -> CrashGroup:
    """By its id, or by what the events store calls it (16 digits). Problem `not-found`."""
    column = crash_groups.c.short if len(group_id) == 16 else crash_groups.c.id
    row = connection.execute(_query().where(crash_groups.c.app == app, column == group_id)).first()
    if row is None:
        raise not_found("The crash group")
    return group_of(row)


def groups_by_key(connection: Connection, app: int, keys: Sequence[str]) -> dict[str, CrashGroup]:
    """Groups by the events store's keys."""
    found: dict[str, CrashGroup] = {}
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        rows = connection.execute(_query().where(crash_groups.c.app == app, crash_groups.c.short.in_(part)))
        found.update({row.short: group_of(row) for row in rows})
    return found


def matching(connection: Connection, app: int, asked: CrashFilter) -> list[str] | None:
    """Keys of the groups that the filter leaves by what people have said of them; None: it leaves all."""
    where: list[ColumnElement[bool]] = []
    if asked.state is not None:
        where.append(crash_groups.c.state == asked.state)
    if asked.assigned_to:
        where.append(crash_groups.c.assigned_to == asked.assigned_to)
    if text := asked.text.strip():
        where.append(
            or_(
                crash_groups.c.title.icontains(text, autoescape=True),
                crash_groups.c.culprit.icontains(text, autoescape=True),
            )
        )
    if not where:
        return None
    rows = connection.execute(
        select(crash_groups.c.short)
        .where(crash_groups.c.app == app, *where)
        .order_by(crash_groups.c.last_seen_at.desc())
        .limit(MOST_MATCHES)
    )
    return list(rows.scalars())


def activities_of(connection: Connection, group_id: str) -> list[Activity]:
    """The newest first."""
    rows = connection.execute(
        select(crash_activities)
        .where(crash_activities.c.group_id == group_id)
        .order_by(crash_activities.c.id.desc())
        .limit(_ACTIVITIES)
    )
    return [Activity(row.at, row.actor, row.action, row.detail) for row in rows]


def members_of(connection: Connection, workspace_id: str) -> list[Member]:
    """Who may be in charge of a group: the workspace's members who can sign in, by name."""
    rows = connection.execute(
        select(users.c.id, users.c.name, users.c.email)
        .join(members, members.c.user_id == users.c.id)
        .where(members.c.workspace_id == workspace_id, users.c.disabled_at.is_(None))
        .order_by(users.c.name, users.c.email)
    )
    return [Member(row.id, row.name or row.email, row.email) for row in rows]
