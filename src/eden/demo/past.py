"""Puts what the demo has released into the past: its made-up people have had it for as long.

Only when things happened is changed; what is signed says nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, func, select, update

from eden.release.models import programs, release_events, releases, versions

_MOMENTS = ("created_at", "started_at", "step_started_at", "stopped_at", "updated_at")


def do_put_back(connection: Connection, begun: Mapping[str, int]) -> None:
    """Releases by id, and when each is to have begun (µs): with their versions, their history and their program."""
    for release_id, at in begun.items():
        row = connection.execute(
            select(releases.c.started_at, releases.c.version_id, releases.c.program_id).where(
                releases.c.id == release_id
            )
        ).one()
        earlier = row.started_at - at
        connection.execute(
            update(releases)
            .where(releases.c.id == release_id)
            # what has not happened stays so
            .values({name: releases.c[name] - earlier for name in _MOMENTS})
        )
        connection.execute(
            update(release_events)
            .where(release_events.c.release_id == release_id)
            .values(at=release_events.c.at - earlier)
        )
        connection.execute(
            update(versions).where(versions.c.id == row.version_id).values(created_at=versions.c.created_at - earlier)
        )
        first = select(func.min(versions.c.created_at)).where(versions.c.program_id == row.program_id).scalar_subquery()
        connection.execute(update(programs).where(programs.c.id == row.program_id).values(created_at=first))
