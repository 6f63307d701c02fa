"""Which app? One line for each mini program of the workspace, with who was there lately; where there is one, its
overview."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Response, get
from markupsafe import Markup

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, Service, TheCaller
from eden.base.problems import Problem
from eden.console.sparkline import sparkline
from eden.console.visit import TheVisit, Visit
from eden.observe.apps import App
from eden.observe.pages.desk import zone_of
from eden.observe.pages.kit import APP, HERE
from eden.observe.questions.answers import answer
from eden.observe.questions.interfaces import Measure, Period, Trend
from eden.observe.questions.results import TrendResult
from eden.observe.service import Observe

#: apps whose people are counted at once
_COUNTED = 24


@get(HERE, opt=needs("observe.read"))
async def show_apps(visit: TheVisit, caller: TheCaller, observe: Service[Observe]) -> Response[bytes]:
    """The workspace's apps."""
    catalogue = observe.ground.catalogue
    programs = await observe.ground.database.read(
        lambda connection: catalogue.programs(connection, caller.workspace_id)
    )
    if len(programs) == 1:
        return visit.go(f"analysis/{programs[0].key}/overview")
    apps = {app.key: app for app in await observe.apps.page(*caller)}
    counted = [apps[program.key] for program in programs[:_COUNTED] if program.key in apps]
    people = await asyncio.gather(*(_people(visit, observe, app) for app in counted))
    found = {app.key: known for app, known in zip(counted, people, strict=True)}
    lines = [(program, found.get(program.key)) for program in programs]
    return visit.page("observe/analysis-apps.html", lines=lines)


async def _people(visit: Visit, observe: Observe, app: App) -> tuple[int, Markup] | None:
    """How many people were in an app in seven days, and their line; None while the events store does not say."""
    period = Period(last="7d", zone=zone_of(visit.request).key)
    try:
        found = await answer(
            observe.insight, app.number, Trend(period=period, measure=Measure(kind="persons")), observe.clock()
        )
    except Problem as problem:
        if problem.code not in ("insight-unavailable", "insight-limit"):
            raise
        return None
    assert isinstance(found.result, TrendResult)
    if not found.result.series:
        return 0, Markup("")
    line = found.result.series[0]
    return int(line.total or 0), sparkline(line.values, visit.t("observe.apps.line")) if line.total else Markup("")


@get(APP, opt=needs("observe.read"))
async def show_app(visit: TheVisit, key: FromPath[str]) -> Response[bytes]:
    """An app's first page."""
    return visit.go(f"analysis/{key}/overview")


HANDLERS: tuple[Any, ...] = (show_apps, show_app)
