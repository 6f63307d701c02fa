"""An app at a glance: who uses it, whether it crashes, how fast it starts, which versions people have, who is here."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Response, get

from eden.base.api.access import needs
from eden.console.sparkline import sparkline
from eden.observe.pages.addresses import read_overview
from eden.observe.pages.asking import chips, kept, property_choices, saved_values
from eden.observe.pages.desk import Desk, TheDesk
from eden.observe.pages.drawing_overview import adoption_plot, overview_stats, people_plot
from eden.observe.pages.kit import APP
from eden.observe.questions import interfaces as ask
from eden.observe.questions import results

#: what "now" is
_NOW = ask.Period(last="5m")


@get(f"{APP}/overview", opt=needs("observe.read"))
async def show_overview(desk: TheDesk) -> Response[bytes]:
    """The numbers of an app."""
    question = read_overview(desk.asked, desk.period)
    answered, now, properties, boards = await asyncio.gather(
        desk.ask(question), _now(desk), property_choices(desk), desk.boards()
    )
    result = answered.result
    assert isinstance(result, results.OverviewResult)
    if not result.figures.persons and not result.figures.launches:
        await desk.check_reports("overview")
    return desk.page(
        "observe/analysis-overview.html",
        tab="overview",
        comparable=True,
        figures=overview_stats(desk, result),
        result=result,
        people=people_plot(desk, question, result, "people"),
        adoption=adoption_plot(desk, question, result, "adoption"),
        statements=answered.statements,
        now=now,
        chips=chips(desk),
        properties=properties,
        kept=kept(question),
        name=desk.t("observe.tab.overview"),
        boards=boards,
        **await saved_values(desk, question, boards),
    )


@get(f"{APP}/overview/now", opt=needs("observe.read"))
async def show_now(desk: TheDesk) -> Response[bytes]:
    """Who is here at the moment; the page asks every few seconds."""
    return desk.page("observe/analysis-now.html", block="now", tab="overview", now=await _now(desk))


async def _now(desk: Desk) -> dict[str, Any]:
    answered = await desk.ask(ask.Trend(period=_NOW, measure=ask.Measure(kind="persons"), interval="minute"))
    result = answered.result
    assert isinstance(result, results.TrendResult)
    values = result.series[0].values if result.series else []
    count = int((result.series[0].total or 0) if result.series else 0)
    return {"count": count, "minutes": sparkline(values, desk.t("observe.now.minutes"))}


HANDLERS: tuple[Any, ...] = (show_overview, show_now)
