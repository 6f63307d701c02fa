"""Questions over HTTP: what apps report, asked as data; and what there is to ask about."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from litestar import Controller, get, post

from eden.base.api.access import Caller, needs
from eden.base.api.handlers import FromPath, JSONBody, QueryParameter, Service, TheCaller
from eden.base.problems import Problem
from eden.observe.questions.answers import answer
from eden.observe.questions.catalogue import CataloguedProperties, catalogued
from eden.observe.questions.interfaces import (
    EventNames,
    Events,
    Name,
    Period,
    PropertyValues,
    Question,
)
from eden.observe.questions.results import (
    Answered,
    EventNamesResult,
    PropertyValuesResult,
)
from eden.observe.questions.times import resolve
from eden.observe.service import Observe

TAGS = {"questions": "Trends, funnels, retention, paths, percentiles, people, releases of mini programs."}

TheObserve: TypeAlias = Service[Observe]
Last = Annotated[
    str,
    QueryParameter(
        name="last", pattern=r"^[1-9][0-9]{0,3}[mhdwM]$", description="Of the last minutes, hours, days, weeks, months."
    ),
]
ZoneName = Annotated[
    str, QueryParameter(name="zone", min_length=1, max_length=64, description="Time zone, as in Asia/Shanghai.")
]
Event = Annotated[
    str | None, QueryParameter(name="event", min_length=1, max_length=200, description="Only of events of this name.")
]
PropertyKey = Annotated[
    str,
    QueryParameter(name="property", min_length=1, max_length=200, description="A column, props.PATH, or person.PATH."),
]
Like = Annotated[str, QueryParameter(name="like", max_length=200, description="Values that have this text in them.")]


class QuestionsController(Controller):
    """Questions about one app."""

    path = "/api/v1/workspaces/{workspace:str}/observe/apps/{key:str}"
    tags = ("questions",)

    @post("/ask", opt=needs("observe.read"), status_code=200)
    async def ask_question(
        self, caller: TheCaller, observe: TheObserve, key: FromPath[str], data: JSONBody[Question]
    ) -> Answered:
        """Answer a question; docs/questions.md says exactly what each means. The answer names the SQL that ran."""
        return await _answer(observe, caller, key, data)

    @get("/events", opt=needs("observe.read"))
    async def list_events(
        self, caller: TheCaller, observe: TheObserve, key: FromPath[str], last: Last = "28d", zone: ZoneName = "UTC"
    ) -> EventNamesResult:
        """Names of events, the most frequent first."""
        found = await _answer(observe, caller, key, EventNames(period=Period(last=last, zone=zone)))
        assert isinstance(found.result, EventNamesResult)
        return found.result

    @get("/properties", opt=needs("observe.read"))
    async def list_properties(
        self,
        caller: TheCaller,
        observe: TheObserve,
        key: FromPath[str],
        event: Event = None,
        last: Last = "28d",
        zone: ZoneName = "UTC",
    ) -> CataloguedProperties:
        """Properties of events that came in a period, from the catalogue that is kept as events arrive."""
        app = await observe.apps.get(*caller, key)
        period = resolve(Period(last=last, zone=zone), observe.clock())
        return await observe.ground.database.read(lambda connection: catalogued(connection, app.number, event, period))

    @get("/values", opt=needs("observe.read"))
    async def list_property_values(
        self,
        caller: TheCaller,
        observe: TheObserve,
        key: FromPath[str],
        name: PropertyKey,
        like: Like = "",
        event: Event = None,
        last: Last = "28d",
        zone: ZoneName = "UTC",
    ) -> PropertyValuesResult:
        """Values of a property, the most frequent first."""
        question = PropertyValues(
            period=Period(last=last, zone=zone), events=_events(event), property=_name(name), like=like
        )
        found = await _answer(observe, caller, key, question)
        assert isinstance(found.result, PropertyValuesResult)
        return found.result


async def _answer(observe: Observe, caller: Caller, key: str, question: Question) -> Answered:
    app = await observe.apps.get(*caller, key)
    return await answer(observe.insight, app.number, question, observe.clock())


def _events(name: str | None) -> Events:
    return Events() if name is None else Events(names=(name,))


def _name(name: str) -> str:
    try:
        return msgspec.convert(name, Name)
    except msgspec.ValidationError:
        sentence = f"{name[:64]} names no property: write a column, props.PATH, or person.PATH."
        raise Problem("invalid", sentence, errors=[("property", sentence)]) from None


CONTROLLERS = (QuestionsController,)
