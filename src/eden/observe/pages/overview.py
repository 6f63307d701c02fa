"""An app at a glance: who uses it, whether it crashes, how fast it starts, which versions people have, who is here."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Response, get

from eden.base.api.access import needs
from eden.console import formats
from eden.console.plots import Plot, Series
from eden.console.sparkline import sparkline
from eden.observe.pages.addresses import read_filters, when
from eden.observe.pages.asking import chips, property_choices
from eden.observe.pages.desk import Desk, TheDesk
from eden.observe.pages.drawing import MOST_LINES, change_words
from eden.observe.pages.kit import APP
from eden.observe.pages.words import key_words, micros
from eden.observe.questions import interfaces as ask
from eden.observe.questions import results

#: what "now" is
_NOW = ask.Period(last="5m")
_ROWS = 8


@get(f"{APP}/overview", opt=needs("observe.read"))
async def show_overview(desk: TheDesk) -> Response[bytes]:
    """The numbers of an app."""
    question = ask.Overview(
        period=when(desk.period), filters=read_filters(desk.asked), interval=desk.period.step, top=_ROWS
    )
    answered, now, properties = await asyncio.gather(desk.ask(question), _now(desk), property_choices(desk))
    result = answered.result
    assert isinstance(result, results.OverviewResult)
    if not result.figures.persons and not result.figures.launches:
        await desk.check_reports("overview")
    return desk.page(
        "observe/analysis-overview.html",
        tab="overview",
        comparable=True,
        figures=_figures(desk, result),
        result=result,
        people=_people(desk, result),
        adoption=_adoption(desk, result),
        statements=answered.statements,
        now=now,
        chips=chips(desk),
        properties=properties,
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


def _figures(desk: Desk, result: results.OverviewResult) -> list[dict[str, Any]]:
    """The first row: a number, its line, and how it differs from before."""
    now, before, lines = result.figures, result.before, result.lines
    percent = lambda value: "–" if value is None else formats.percent(value, desk.locale)  # noqa: E731
    time = lambda value: "–" if value is None else formats.milliseconds(value, desk.locale)  # noqa: E731
    count = lambda value: formats.compact(value, desk.locale)  # noqa: E731
    wanted: list[tuple[str, Any, str]] = [
        ("persons", count, "more"),
        ("new_persons", count, "more"),
        ("launches", count, "more"),
        ("sessions", count, "more"),
        ("crash_free_persons", percent, "more"),
        ("start_p50", time, "less"),
        ("start_p95", time, "less"),
        ("errors", count, "less"),
    ]
    found = []
    for name, write, better in wanted:
        value, earlier = getattr(now, name), getattr(before, name) if before is not None else None
        label = desk.t(f"observe.figure.{name.replace('_', '-')}")
        # errors have no line of their own
        line = [getattr(each, name, None) for each in lines]
        found.append(
            {
                "label": label,
                "value": write(value),
                "change": change_words(desk, value, earlier) if desk.period.compare else "",
                "tone": tone(value, earlier, better) if desk.period.compare else "neutral",
                "spark": sparkline(line, desk.t("observe.figure.line", name=label)),
            }
        )
    return found


def tone(now: float | None, before: float | None, better: str) -> str:
    """Whether a change of more than a tenth is good."""
    if now is None or not before or abs(now / before - 1) < 0.1:
        return "neutral"
    return "good" if (now > before) == (better == "more") else "warning"


def _people(desk: Desk, result: results.OverviewResult) -> Plot:
    return Plot(
        id="people",
        title=desk.t("observe.overview.people"),
        summary=desk.t(
            "observe.overview.active", day=result.active_day, week=result.active_week, month=result.active_month
        ),
        x=[micros(line.at) for line in result.lines],
        x_title=desk.t(f"observe.draw.{desk.period.step}"),
        series=[
            Series(desk.t("observe.figure.persons"), [line.persons for line in result.lines], "area"),
            Series(desk.t("observe.figure.new-persons"), [line.new_persons for line in result.lines]),
            Series(desk.t("observe.figure.launches"), [line.launches for line in result.lines]),
        ],
    )


def _adoption(desk: Desk, result: results.OverviewResult) -> Plot:
    return Plot(
        id="adoption",
        title=desk.t("observe.draw.adoption"),
        x=[micros(line.at) for line in result.lines],
        x_title=desk.t(f"observe.draw.{desk.period.step}"),
        series=[
            Series(key_words(desk, series.key), series.values)
            for series in result.versions[:MOST_LINES]
            if len(series.values) == len(result.lines)
        ],
        unit="percent",
        maximum=1.0,
    )


HANDLERS: tuple[Any, ...] = (show_overview, show_now)
