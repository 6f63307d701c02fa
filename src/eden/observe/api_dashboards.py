"""Kept questions and dashboards over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from litestar import Controller, delete, get, post, put
from msgspec import Meta

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, JSONBody, Service, TheCaller
from eden.base.api.times import moment
from eden.observe.dashboards import MOST_TILES, Dashboard, Dashboards, Tile
from eden.observe.questions.interfaces import Question
from eden.observe.saved_questions import SavedQuestion, SavedQuestions
from eden.observe.service import Observe

TAGS = {"dashboards": "Questions that people keep, and dashboards of them."}

Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
Tiles: TypeAlias = Annotated[tuple[Tile, ...], Meta(max_length=MOST_TILES)]
Revision: TypeAlias = Annotated[int, Meta(ge=1, le=2**31 - 1)]
TheObserve: TypeAlias = Service[Observe]


class Given(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a client sends."""


class NewQuestion(Given):
    """A question to be kept."""

    name: Name
    question: Question


class QuestionChange(Given):
    """What is to be changed; `revision`: of the kept question as you saw it. Without it, what others wrote meanwhile is
    lost."""

    name: Name | None = None
    question: Question | None = None
    revision: Revision | None = None


class NewDashboard(Given):
    """A dashboard to be made."""

    name: Name
    tiles: Tiles = ()


class DashboardChange(Given):
    """What is to be changed; `revision`: of the dashboard as you saw it. Without it, what others wrote meanwhile is
    lost."""

    name: Name | None = None
    tiles: Tiles | None = None
    revision: Revision | None = None


class SavedQuestionView(msgspec.Struct, kw_only=True):
    """A question that was kept; `app`: key of its mini program."""

    id: str
    app: str
    name: str
    question: Question
    created_by: str
    created_at: datetime
    revision: int

    @classmethod
    def of(cls, found: SavedQuestion) -> SavedQuestionView:
        return cls(
            id=found.id,
            app=found.app,
            name=found.name,
            question=found.question,
            created_by=found.created_by,
            created_at=moment(found.created_at),
            revision=found.revision,
        )


class DashboardView(msgspec.Struct, kw_only=True):
    """A dashboard: tiles from left to right, from top to bottom."""

    id: str
    name: str
    tiles: tuple[Tile, ...]
    created_by: str
    created_at: datetime
    revision: int

    @classmethod
    def of(cls, found: Dashboard) -> DashboardView:
        return cls(
            id=found.id,
            name=found.name,
            tiles=found.tiles,
            created_by=found.created_by,
            created_at=moment(found.created_at),
            revision=found.revision,
        )


class QuestionsController(Controller):
    """Kept questions of an app."""

    path = "/api/v1/workspaces/{workspace:str}/observe/apps/{key:str}/questions"
    tags = ("dashboards",)

    @get(opt=needs("observe.read"))
    async def list_questions(
        self, caller: TheCaller, observe: TheObserve, key: FromPath[str]
    ) -> list[SavedQuestionView]:
        """The kept questions of an app, by name."""
        found = await _questions(observe).page(*caller, key)
        return [SavedQuestionView.of(one) for one in found]

    @post(opt=needs("observe.write"))
    async def save_question(
        self, caller: TheCaller, observe: TheObserve, key: FromPath[str], data: JSONBody[NewQuestion]
    ) -> SavedQuestionView:
        """Keep a question."""
        return SavedQuestionView.of(await _questions(observe).save(*caller, key, data.name, data.question))

    @get("/{question_id:str}", opt=needs("observe.read"))
    async def get_question(
        self, caller: TheCaller, observe: TheObserve, key: FromPath[str], question_id: FromPath[str]
    ) -> SavedQuestionView:
        """One kept question."""
        return SavedQuestionView.of(await _questions(observe).get(*caller, key, question_id))

    @put("/{question_id:str}", opt=needs("observe.write"))
    async def change_question(
        self,
        caller: TheCaller,
        observe: TheObserve,
        key: FromPath[str],
        question_id: FromPath[str],
        data: JSONBody[QuestionChange],
    ) -> SavedQuestionView:
        """Rename a kept question, or put another one in its place; its tiles show that."""
        changed = await _questions(observe).change(
            *caller, key, question_id, name=data.name, question=data.question, revision=data.revision
        )
        return SavedQuestionView.of(changed)

    @delete("/{question_id:str}", opt=needs("observe.write"))
    async def delete_question(
        self, caller: TheCaller, observe: TheObserve, key: FromPath[str], question_id: FromPath[str]
    ) -> None:
        """Remove a kept question, and its tiles from all dashboards."""
        await _questions(observe).remove(*caller, key, question_id)


class DashboardsController(Controller):
    """Dashboards of a workspace."""

    path = "/api/v1/workspaces/{workspace:str}/observe/dashboards"
    tags = ("dashboards",)

    @get(opt=needs("observe.read"))
    async def list_dashboards(self, caller: TheCaller, observe: TheObserve) -> list[DashboardView]:
        """All dashboards, by name."""
        return [DashboardView.of(one) for one in await _boards(observe).page(*caller)]

    @post(opt=needs("observe.write"))
    async def create_dashboard(
        self, caller: TheCaller, observe: TheObserve, data: JSONBody[NewDashboard]
    ) -> DashboardView:
        """Make a dashboard."""
        return DashboardView.of(await _boards(observe).create(*caller, data.name, data.tiles))

    @get("/{dashboard_id:str}", opt=needs("observe.read"))
    async def get_dashboard(self, caller: TheCaller, observe: TheObserve, dashboard_id: FromPath[str]) -> DashboardView:
        """One dashboard."""
        return DashboardView.of(await _boards(observe).get(*caller, dashboard_id))

    @put("/{dashboard_id:str}", opt=needs("observe.write"))
    async def change_dashboard(
        self, caller: TheCaller, observe: TheObserve, dashboard_id: FromPath[str], data: JSONBody[DashboardChange]
    ) -> DashboardView:
        """Rename a dashboard, or give it other tiles."""
        changed = await _boards(observe).change(
            *caller, dashboard_id, name=data.name, tiles=data.tiles, revision=data.revision
        )
        return DashboardView.of(changed)

    @delete("/{dashboard_id:str}", opt=needs("observe.write"))
    async def delete_dashboard(self, caller: TheCaller, observe: TheObserve, dashboard_id: FromPath[str]) -> None:
        """Remove a dashboard; its questions stay."""
        await _boards(observe).remove(*caller, dashboard_id)


def _questions(observe: Observe) -> SavedQuestions:
    return SavedQuestions(observe.ground, observe.apps, observe.clock)


def _boards(observe: Observe) -> Dashboards:
    return Dashboards(observe.ground, observe.apps, observe.clock)


CONTROLLERS = (QuestionsController, DashboardsController)
