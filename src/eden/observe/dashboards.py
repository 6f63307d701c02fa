"""Dashboards of kept questions (`eden.observe.saved_questions`).

A dashboard is the workspace's and may have questions of several apps. Every change is written with an audit entry and a
feed row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta
from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from eden.base.audit import AuditLog
from eden.base.changes import append
from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import new_id, now
from eden.base.problems import Problem, not_found
from eden.observe.apps import Apps
from eden.observe.models import dashboards, saved_questions

#: kind of the feed's rows about dashboards and kept questions
CHANGED = "observe.dashboard"
#: tiles that one page loads side by side
MOST_TILES = 24
#: of a workspace; more cannot be found again
MOST_DASHBOARDS = 200
_LONGEST_NAME = 200

#: how a trend is drawn
Shape: TypeAlias = Literal["line", "area", "bar"]


class Tile(msgspec.Struct, frozen=True):
    """A question of a dashboard; `width` in columns of two, `shape`: how a trend is drawn."""

    question: Annotated[str, Meta(max_length=36)]
    width: Annotated[int, Meta(ge=1, le=2)] = 1
    shape: Shape = "line"


class Dashboard(msgspec.Struct, frozen=True):
    """Tiles from left to right, from top to bottom."""

    id: str
    name: str
    tiles: tuple[Tile, ...]
    created_by: str
    created_at: int
    revision: int


class Dashboards:
    """One per process. Methods check the principal's permission first: `observe.read`, to change `observe.write`."""

    def __init__(self, ground: Ground, apps: Apps, clock: Callable[[], int] = now) -> None:
        self._ground = ground
        self._apps = apps
        self._clock = clock

    async def page(self, principal: Principal, workspace_id: str) -> list[Dashboard]:
        """All of a workspace, by name."""
        check_permission(principal, workspace_id, "observe.read")
        query = _of(workspace_id).order_by(dashboards.c.name, dashboards.c.id)
        rows = await self._ground.database.read(lambda connection: connection.execute(query).all())
        return [_dashboard(row) for row in rows]

    async def get(self, principal: Principal, workspace_id: str, dashboard_id: str) -> Dashboard:
        """Problem `not-found`."""
        check_permission(principal, workspace_id, "observe.read")
        return await self._ground.database.read(lambda connection: _find(connection, workspace_id, dashboard_id))

    async def create(self, principal: Principal, workspace_id: str, name: str, tiles: Sequence[Tile] = ()) -> Dashboard:
        """Problem `invalid` for a name, for tiles without a question, or when there are very many."""
        check_permission(principal, workspace_id, "observe.write")
        made = new_dashboard(principal, name, tiles, self._clock())
        await self._ground.database.write(
            lambda connection: do_create(self._ground.audit, connection, principal, workspace_id, made)
        )
        return made

    async def change(
        self,
        principal: Principal,
        workspace_id: str,
        dashboard_id: str,
        *,
        name: str | None = None,
        tiles: Sequence[Tile] | None = None,
        revision: int | None = None,
    ) -> Dashboard:
        """Rename it, or put other tiles in place of its own. `revision`: as the principal saw it; Problem `conflict`
        when somebody changed it meanwhile."""
        check_permission(principal, workspace_id, "observe.write")
        wanted = None if name is None else checked_name(name)

        def work(connection: Connection) -> Dashboard:
            board = _find(connection, workspace_id, dashboard_id)
            if revision is not None and board.revision != revision:
                raise Problem(
                    "conflict",
                    f"Somebody changed the dashboard {board.name} meanwhile.",
                    "Look at it again, then change it.",
                )
            kept = board.tiles if tiles is None else tuple(tiles)
            if tiles is not None:
                _check_tiles(connection, workspace_id, kept)
            _do_set(connection, board, name=wanted or board.name, tiles=kept)
            detail = {"name": wanted or board.name, "tiles": len(kept)}
            do_tell(self._ground.audit, connection, principal, workspace_id, "dashboard.change", board.id, detail)
            return _find(connection, workspace_id, dashboard_id)

        return await self._ground.database.write(work)

    async def add_tile(self, principal: Principal, workspace_id: str, dashboard_id: str, tile: Tile) -> Dashboard:
        """One more tile, behind those that are there. Problems `invalid` and `not-found`."""
        check_permission(principal, workspace_id, "observe.write")

        def work(connection: Connection) -> Dashboard:
            do_add_tile(self._ground.audit, connection, principal, workspace_id, dashboard_id, tile)
            return _find(connection, workspace_id, dashboard_id)

        return await self._ground.database.write(work)

    async def remove(self, principal: Principal, workspace_id: str, dashboard_id: str) -> None:
        """Its questions stay. Problem `not-found`."""
        check_permission(principal, workspace_id, "observe.write")

        def work(connection: Connection) -> None:
            board = _find(connection, workspace_id, dashboard_id)
            connection.execute(delete(dashboards).where(dashboards.c.id == board.id))
            detail = {"name": board.name}
            do_tell(self._ground.audit, connection, principal, workspace_id, "dashboard.remove", board.id, detail)

        await self._ground.database.write(work)


def _of(workspace_id: str) -> Select[Any]:
    return select(dashboards).where(dashboards.c.workspace_id == workspace_id)


def _dashboard(row: Row[Any]) -> Dashboard:
    tiles = msgspec.convert(row.tiles, tuple[Tile, ...])
    return Dashboard(row.id, row.name, tiles, row.created_by, row.created_at, row.revision)


def _find(connection: Connection, workspace_id: str, dashboard_id: str) -> Dashboard:
    row = connection.execute(_of(workspace_id).where(dashboards.c.id == dashboard_id)).first()
    if row is None:
        raise not_found("The dashboard")
    return _dashboard(row)


def _do_set(connection: Connection, board: Dashboard, *, name: str, tiles: Sequence[Tile]) -> None:
    connection.execute(
        update(dashboards)
        .where(dashboards.c.id == board.id)
        .values(name=name, tiles=msgspec.to_builtins(tuple(tiles)), revision=board.revision + 1)
    )


def _check_tiles(connection: Connection, workspace_id: str, tiles: Sequence[Tile]) -> None:
    if len(tiles) > MOST_TILES:
        raise Problem(
            "invalid", f"A dashboard has at most {MOST_TILES} tiles.", errors=[("tiles", f"at most {MOST_TILES}")]
        )
    wanted = {tile.question for tile in tiles}
    where = (saved_questions.c.workspace_id == workspace_id, saved_questions.c.id.in_(wanted))
    known = set(connection.execute(select(saved_questions.c.id).where(*where)).scalars())
    if missing := sorted(wanted - known):
        raise Problem(
            "invalid", f"There is no question {missing[0]}.", errors=[("tiles", "a question that is not kept")]
        )


# what is written together with other things; whoever calls has checked the permission


def checked_name(name: str) -> str:
    """A name without space around it. Problem `invalid`."""
    name = name.strip()
    if not 0 < len(name) <= _LONGEST_NAME:
        sentence = f"A name has 1 to {_LONGEST_NAME} characters."
        raise Problem("invalid", sentence, errors=[("name", sentence)])
    return name


def new_dashboard(principal: Principal, name: str, tiles: Sequence[Tile], at: int) -> Dashboard:
    """One that is not written yet. Problem `invalid` for a name."""
    return Dashboard(new_id(), checked_name(name), tuple(tiles), principal.name, at, 1)


def do_create(
    audit: AuditLog, connection: Connection, principal: Principal, workspace_id: str, made: Dashboard
) -> None:
    """Problem `invalid` for tiles without a question, or when there are very many."""
    ids = connection.execute(select(dashboards.c.id).where(dashboards.c.workspace_id == workspace_id)).all()
    if len(ids) >= MOST_DASHBOARDS:
        raise Problem("invalid", f"There are {len(ids)} dashboards.", "Remove some first.")
    _check_tiles(connection, workspace_id, made.tiles)
    connection.execute(
        insert(dashboards).values(
            id=made.id,
            workspace_id=workspace_id,
            name=made.name,
            tiles=msgspec.to_builtins(made.tiles),
            created_by=made.created_by,
            created_at=made.created_at,
            revision=1,
        )
    )
    do_tell(audit, connection, principal, workspace_id, "dashboard.create", made.id, {"name": made.name})


def do_add_tile(
    audit: AuditLog, connection: Connection, principal: Principal, workspace_id: str, dashboard_id: str, tile: Tile
) -> None:
    """One more tile, whatever others did to the dashboard meanwhile. Problems `invalid` and `not-found`."""
    board = _find(connection, workspace_id, dashboard_id)
    tiles = (*board.tiles, tile)
    _check_tiles(connection, workspace_id, tiles)
    _do_set(connection, board, name=board.name, tiles=tiles)
    detail = {"name": board.name, "tiles": len(tiles)}
    do_tell(audit, connection, principal, workspace_id, "dashboard.change", board.id, detail)


def do_remove_tiles(connection: Connection, workspace_id: str, question_id: str) -> list[str]:
    """Take a question off every dashboard; the names of those that had it."""
    changed = []
    for row in connection.execute(_of(workspace_id)).all():
        board = _dashboard(row)
        kept = [tile for tile in board.tiles if tile.question != question_id]
        if len(kept) != len(board.tiles):
            _do_set(connection, board, name=board.name, tiles=kept)
            append(connection, CHANGED, workspace_id, {"dashboard": board.id})
            changed.append(board.name)
    return changed


def do_tell(
    audit: AuditLog,
    connection: Connection,
    principal: Principal,
    workspace_id: str,
    action: str,
    target: str,
    detail: dict[str, Any],
) -> None:
    append(connection, CHANGED, workspace_id, {action.partition(".")[0]: target})
    audit.append(connection, workspace_id, principal.name, f"observe.{action}", target, detail)
