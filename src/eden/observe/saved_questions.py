"""Questions that people keep, of an app, with their own time. Every change is written with an audit entry and a feed
row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import new_id, now
from eden.base.problems import Problem, not_found
from eden.observe.apps import Apps
from eden.observe.dashboards import (
    Dashboard,
    Shape,
    Tile,
    checked_name,
    do_add_tile,
    do_create,
    do_remove_tiles,
    do_tell,
    new_dashboard,
)
from eden.observe.models import observe_apps, saved_questions
from eden.observe.questions.interfaces import Question

#: of an app
MOST_QUESTIONS = 1000


class SavedQuestion(msgspec.Struct, frozen=True):
    """A question that was kept. `app`: key of its mini program; times in microseconds."""

    id: str
    app: str
    name: str
    question: Question
    created_by: str
    created_at: int
    revision: int


class SavedQuestions:
    """One per process. Methods check the principal's permission first: `observe.read`, to change `observe.write`."""

    def __init__(self, ground: Ground, apps: Apps, clock: Callable[[], int] = now) -> None:
        self._ground = ground
        self._apps = apps
        self._clock = clock

    async def page(self, principal: Principal, workspace_id: str, key: str) -> list[SavedQuestion]:
        """Those of an app, by name."""
        app = await self._apps.get(principal, workspace_id, key)
        query = _rows(workspace_id).where(saved_questions.c.app == app.number)
        rows = await self._ground.database.read(
            lambda connection: connection.execute(query.order_by(saved_questions.c.name, saved_questions.c.id)).all()
        )
        return [_question(row) for row in rows]

    async def get(self, principal: Principal, workspace_id: str, key: str, question_id: str) -> SavedQuestion:
        """Problem `not-found`, for a question of another app, too."""
        check_permission(principal, workspace_id, "observe.read")
        return await self._ground.database.read(lambda connection: _find(connection, workspace_id, key, question_id))

    async def of_tiles(
        self, principal: Principal, workspace_id: str, board: Dashboard
    ) -> list[tuple[Tile, SavedQuestion]]:
        """A dashboard's tiles with their questions, whichever apps those are of."""
        check_permission(principal, workspace_id, "observe.read")
        query = _rows(workspace_id).where(saved_questions.c.id.in_({tile.question for tile in board.tiles}))
        rows = await self._ground.database.read(lambda connection: connection.execute(query).all())
        found = {row.id: _question(row) for row in rows}
        return [(tile, found[tile.question]) for tile in board.tiles if tile.question in found]

    async def save(
        self, principal: Principal, workspace_id: str, key: str, name: str, question: Question
    ) -> SavedQuestion:
        """Keep a question of an app. Problem `invalid` for a name, or when there are very many."""
        made, work = await self._saving(principal, workspace_id, key, name, question)
        await self._ground.database.write(work)
        return made

    async def save_as_tile(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        name: str,
        question: Question,
        *,
        shape: Shape,
        dashboard_id: str,
        new_name: str,
    ) -> tuple[SavedQuestion, str]:
        """Keep a question as the last tile of a dashboard, or, where `dashboard_id` is empty, of a new one called
        `new_name`: both or nothing. Also gives the dashboard's id. Problems `invalid` and `not-found`."""
        made, save = await self._saving(principal, workspace_id, key, name, question)
        tile = Tile(made.id, shape=shape)
        board = new_dashboard(principal, new_name, (), self._clock())

        def work(connection: Connection) -> None:
            save(connection)
            if not dashboard_id:
                do_create(self._ground.audit, connection, principal, workspace_id, board)
            do_add_tile(self._ground.audit, connection, principal, workspace_id, dashboard_id or board.id, tile)

        await self._ground.database.write(work)
        return made, dashboard_id or board.id

    async def _saving(
        self, principal: Principal, workspace_id: str, key: str, name: str, question: Question
    ) -> tuple[SavedQuestion, Callable[[Connection], None]]:
        check_permission(principal, workspace_id, "observe.write")
        name = checked_name(name)
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
            self._do_tell(connection, principal, workspace_id, "save", made.id, {"name": name})

        return made, work

    async def change(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        question_id: str,
        *,
        name: str | None = None,
        question: Question | None = None,
        revision: int | None = None,
    ) -> SavedQuestion:
        """Rename it, or put another question in its place; its tiles show that. `revision`: as the principal saw it;
        Problem `conflict` when somebody changed it meanwhile. Problems `invalid` and `not-found`."""
        check_permission(principal, workspace_id, "observe.write")
        wanted = None if name is None else checked_name(name)

        def work(connection: Connection) -> SavedQuestion:
            found = _find(connection, workspace_id, key, question_id)
            if revision is not None and found.revision != revision:
                raise Problem(
                    "conflict",
                    f"Somebody changed the question {found.name} meanwhile.",
                    "Look at it again, then change it, or save yours as a new one.",
                )
            changed = msgspec.structs.replace(
                found,
                name=found.name if wanted is None else wanted,
                question=found.question if question is None else question,
                revision=found.revision + 1,
            )
            connection.execute(
                update(saved_questions)
                .where(saved_questions.c.id == found.id)
                .values(name=changed.name, question=msgspec.to_builtins(changed.question), revision=changed.revision)
            )
            self._do_tell(connection, principal, workspace_id, "change", found.id, {"name": changed.name})
            return changed

        return await self._ground.database.write(work)

    async def remove(self, principal: Principal, workspace_id: str, key: str, question_id: str) -> list[str]:
        """Remove it, and its tiles; the names of the dashboards that had some. Problem `not-found`."""
        check_permission(principal, workspace_id, "observe.write")

        def work(connection: Connection) -> list[str]:
            found = _find(connection, workspace_id, key, question_id)
            boards = do_remove_tiles(connection, workspace_id, found.id)
            connection.execute(delete(saved_questions).where(saved_questions.c.id == found.id))
            detail = {"name": found.name, "dashboards": boards}
            self._do_tell(connection, principal, workspace_id, "remove", found.id, detail)
            return boards

        return await self._ground.database.write(work)

    def _do_tell(
        self,
        connection: Connection,
        principal: Principal,
        workspace_id: str,
        verb: str,
        target: str,
        detail: dict[str, Any],
    ) -> None:
        do_tell(self._ground.audit, connection, principal, workspace_id, f"question.{verb}", target, detail)


def _rows(workspace_id: str) -> Select[Any]:
    return (
        select(saved_questions, observe_apps.c.key.label("app_key"))
        .join(observe_apps, observe_apps.c.number == saved_questions.c.app)
        .where(saved_questions.c.workspace_id == workspace_id)
    )


def _find(connection: Connection, workspace_id: str, key: str, question_id: str) -> SavedQuestion:
    query = _rows(workspace_id).where(saved_questions.c.id == question_id, observe_apps.c.key == key)
    row = connection.execute(query).first()
    if row is None:
        raise not_found("The question")
    return _question(row)


def _question(row: Row[Any]) -> SavedQuestion:
    question = msgspec.convert(row.question, Question)
    return SavedQuestion(row.id, row.app_key, row.name, question, row.created_by, row.created_at, row.revision)
