"""Questions that people keep, and dashboards of them.

A question belongs to an app and keeps its own time; a dashboard is the workspace's and may have questions of several
apps. Every change is written with an audit entry and a feed row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import Connection, Row, delete, insert, select, update

from eden.base.changes import append
from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import new_id, now
from eden.base.problems import Problem, not_found
from eden.observe.apps import Apps
from eden.observe.models import dashboards, observe_apps, saved_questions
from eden.observe.questions.interfaces import Question

#: kind of the feed's rows about dashboards and kept questions
CHANGED = "observe.dashboard"
#: tiles that one page loads side by side
MOST_TILES = 24
#: of a workspace; more cannot be found again
MOST_DASHBOARDS = 200
#: of an app
MOST_QUESTIONS = 1000
_LONGEST_NAME = 200


class Tile(msgspec.Struct, frozen=True):
    """A question of a dashboard; `width` in columns of two, `shape`: how a trend is drawn."""

    question: Annotated[str, Meta(max_length=36)]
    width: Annotated[int, Meta(ge=1, le=2)] = 1
    shape: Literal["line", "area", "bar"] = "line"


class SavedQuestion(msgspec.Struct, frozen=True):
    """A question that was kept. `app`: key of its mini program; times in microseconds."""

    id: str
    app: str
    name: str
    question: Question
    created_by: str
    created_at: int
    revision: int


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

    # questions

    async def questions(self, principal: Principal, workspace_id: str, key: str) -> list[SavedQuestion]:
        """Those of an app, by name."""
        app = await self._apps.get(principal, workspace_id, key)
        query = _questions(workspace_id).where(saved_questions.c.app == app.number)
        rows = await self._ground.database.read(
            lambda connection: connection.execute(query.order_by(saved_questions.c.name, saved_questions.c.id)).all()
        )
        return [_question(row) for row in rows]

    async def question(self, principal: Principal, workspace_id: str, question_id: str) -> SavedQuestion:
        """Problem `not-found`."""
        check_permission(principal, workspace_id, "observe.read")
        query = _questions(workspace_id).where(saved_questions.c.id == question_id)
        row = await self._ground.database.read(lambda connection: connection.execute(query).first())
        if row is None:
            raise not_found("The question")
        return _question(row)

    async def save(
        self, principal: Principal, workspace_id: str, key: str, name: str, question: Question
    ) -> SavedQuestion:
        """Keep a question of an app. Problem `invalid` for a name, or when there are very many."""
        check_permission(principal, workspace_id, "observe.write")
        name = _checked(name)
        app = await self._apps.get(principal, workspace_id, key)
        made = SavedQuestion(new_id(), key, name, question, principal.name, self._clock(), 1)

        def work(connection: Connection) -> None:
            ids = connection.execute(select(saved_questions.c.id).where(saved_questions.c.app == app.number)).all()
            if len(ids) >= MOST_QUESTIONS:
                raise Problem("invalid", f"{key} has {len(ids)} questions.", "Remove some first.")
            connection.execute(
                insert(saved_questions).values(
                    id=made.id,
                    workspace_id=workspace_id,
                    app=app.number,
                    name=name,
                    question=msgspec.to_builtins(question),
                    created_by=made.created_by,
                    created_at=made.created_at,
                    revision=1,
                )
            )
            self._do_tell(connection, principal, workspace_id, "question.save", made.id, {"name": name})

        await self._ground.database.write(work)
        return made

    async def remove_question(self, principal: Principal, workspace_id: str, question_id: str) -> None:
        """Remove it from every dashboard, too. Problem `not-found`."""
        found = await self.question(principal, workspace_id, question_id)
        check_permission(principal, workspace_id, "observe.write")

        def work(connection: Connection) -> None:
            for row in connection.execute(select(dashboards).where(dashboards.c.workspace_id == workspace_id)).all():
                board = _dashboard(row)
                kept = [tile for tile in board.tiles if tile.question != question_id]
                if len(kept) != len(board.tiles):
                    _do_set(connection, board, name=board.name, tiles=kept)
            connection.execute(delete(saved_questions).where(saved_questions.c.id == question_id))
            self._do_tell(connection, principal, workspace_id, "question.remove", question_id, {"name": found.name})

        await self._ground.database.write(work)

    # dashboards

    async def page(self, principal: Principal, workspace_id: str) -> list[Dashboard]:
        """All of a workspace, by name."""
        check_permission(principal, workspace_id, "observe.read")
        query = select(dashboards).where(dashboards.c.workspace_id == workspace_id)
        rows = await self._ground.database.read(
            lambda connection: connection.execute(query.order_by(dashboards.c.name, dashboards.c.id)).all()
        )
        return [_dashboard(row) for row in rows]

    async def get(self, principal: Principal, workspace_id: str, dashboard_id: str) -> Dashboard:
        """Problem `not-found`."""
        check_permission(principal, workspace_id, "observe.read")
        return await self._ground.database.read(lambda connection: _find(connection, workspace_id, dashboard_id))

    async def tiles(
        self, principal: Principal, workspace_id: str, board: Dashboard
    ) -> list[tuple[Tile, SavedQuestion]]:
        """A dashboard's tiles with their questions."""
        check_permission(principal, workspace_id, "observe.read")
        query = _questions(workspace_id).where(saved_questions.c.id.in_([tile.question for tile in board.tiles]))
        rows = await self._ground.database.read(lambda connection: connection.execute(query).all())
        found = {row.id: _question(row) for row in rows}
        return [(tile, found[tile.question]) for tile in board.tiles if tile.question in found]

    async def create(self, principal: Principal, workspace_id: str, name: str, tiles: Sequence[Tile] = ()) -> Dashboard:
        """Problem `invalid` for a name, for tiles without a question, or when there are very many."""
        check_permission(principal, workspace_id, "observe.write")
        made = Dashboard(new_id(), _checked(name), tuple(tiles), principal.name, self._clock(), 1)

        def work(connection: Connection) -> None:
            ids = connection.execute(select(dashboards.c.id).where(dashboards.c.workspace_id == workspace_id)).all()
            if len(ids) >= MOST_DASHBOARDS:
                raise Problem("invalid", f"There are {len(ids)} dashboards.", "Remove some first.")
            _check_tiles(connection, workspace_id, tiles)
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
            self._do_tell(connection, principal, workspace_id, "dashboard.create", made.id, {"name": made.name})

        await self._ground.database.write(work)
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
        wanted = None if name is None else _checked(name)

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
            self._do_tell(connection, principal, workspace_id, "dashboard.change", board.id, detail)
            return _find(connection, workspace_id, dashboard_id)

        return await self._ground.database.write(work)

    async def remove(self, principal: Principal, workspace_id: str, dashboard_id: str) -> None:
        """Its questions stay. Problem `not-found`."""
        check_permission(principal, workspace_id, "observe.write")

        def work(connection: Connection) -> None:
            board = _find(connection, workspace_id, dashboard_id)
            connection.execute(delete(dashboards).where(dashboards.c.id == board.id))
            self._do_tell(connection, principal, workspace_id, "dashboard.remove", board.id, {"name": board.name})

        await self._ground.database.write(work)

    def _do_tell(
        self,
        connection: Connection,
        principal: Principal,
        workspace_id: str,
        action: str,
        target: str,
        detail: dict[str, Any],
    ) -> None:
        append(connection, CHANGED, workspace_id, {action.partition(".")[0]: target})
        self._ground.audit.append(connection, workspace_id, principal.name, f"observe.{action}", target, detail)


def _questions(workspace_id: str) -> Any:
    return (
        select(saved_questions, observe_apps.c.key.label("app_key"))
        .join(observe_apps, observe_apps.c.number == saved_questions.c.app)
        .where(saved_questions.c.workspace_id == workspace_id)
    )


def _question(row: Row[Any]) -> SavedQuestion:
    question = msgspec.convert(row.question, Question)
    return SavedQuestion(row.id, row.app_key, row.name, question, row.created_by, row.created_at, row.revision)


def _dashboard(row: Row[Any]) -> Dashboard:
    tiles = msgspec.convert(row.tiles, tuple[Tile, ...])
    return Dashboard(row.id, row.name, tiles, row.created_by, row.created_at, row.revision)


def _find(connection: Connection, workspace_id: str, dashboard_id: str) -> Dashboard:
    where = (dashboards.c.workspace_id == workspace_id, dashboards.c.id == dashboard_id)
    row = connection.execute(select(dashboards).where(*where)).first()
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


def _checked(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= _LONGEST_NAME:
        sentence = f"A name has 1 to {_LONGEST_NAME} characters."
        raise Problem("invalid", sentence, errors=[("name", sentence)])
    return name
