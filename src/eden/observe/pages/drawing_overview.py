"""An app at a glance, as figures: on its first page, and as a tile."""

from __future__ import annotations

from functools import partial
from typing import Any

from eden.console import formats
from eden.console.plots import Plot, Series
from eden.console.sparkline import sparkline
from eden.observe.pages.desk import Desk
from eden.observe.pages.figures import (
    MOST_LINES,
    Drawing,
    Stat,
    Table,
    change_words,
    number_column,
    tone_of,
    written,
)
from eden.observe.pages.words import key_words, micros
from eden.observe.questions import interfaces as ask
from eden.observe.questions import results

#: numbers of a tile
_FOREMOST = 8


def draw_overview(desk: Desk, question: ask.Overview, result: results.OverviewResult, key: str) -> Drawing:
    adoption = adoption_plot(desk, question, result, f"{key}-adoption")
    number = partial(formats.number, locale=desk.locale)
    views, people = desk.t("observe.overview.views"), desk.t("observe.figure.persons")
    pages = Table(
        f"{key}-pages",
        desk.t("observe.overview.pages"),
        [
            desk.t("observe.property.page"), number_column(views), number_column(people),
            number_column(desk.t("observe.overview.stay")), number_column(desk.t("observe.overview.render")),
        ],
        [
            [page.page or desk.t("observe.group.unset"), number(page.views), number(page.persons),
             written(page.seconds, "seconds", desk), written(page.render_p50, "milliseconds", desk)]
            for page in result.pages
        ],
    )  # fmt: skip
    errors = Table(
        f"{key}-errors",
        desk.t("observe.overview.errors"),
        [desk.t("observe.overview.error"), number_column(desk.t("observe.draw.times")), number_column(people)],
        [
            [f"{error.type or desk.t('observe.group.unset')}: {error.message}"[:200], number(error.count),
             number(error.persons)]
            for error in result.errors
        ],
    )  # fmt: skip
    return Drawing(
        stats=overview_stats(desk, result),
        plots=[people_plot(desk, question, result, key), *([adoption] if adoption.series else [])],
        tables=[table for table in (pages, errors) if table.rows],
        empty=not result.figures.persons and not result.figures.launches,
        foremost=_FOREMOST,
    )


def overview_stats(desk: Desk, result: results.OverviewResult) -> list[Stat]:
    """The numbers with their lines; how they differ from before, where that was asked."""
    now, before, lines = result.figures, result.before, result.lines
    count = lambda value: formats.compact(value, desk.locale)  # noqa: E731
    percent = lambda value: written(value, "percent", desk)  # noqa: E731
    time = lambda value: written(value, "milliseconds", desk)  # noqa: E731
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
        value, earlier = getattr(now, name), None if before is None else getattr(before, name)
        label = desk.t(f"observe.figure.{name.replace('_', '-')}")
        # errors have no line of their own
        line = [getattr(each, name, None) for each in lines]
        spark = sparkline(line, desk.t("observe.figure.line", name=label))
        tone = tone_of(value, earlier, better)
        found.append(Stat(label, write(value), change_words(desk, value, earlier), tone, spark))
    return found


def people_plot(desk: Desk, question: ask.Overview, result: results.OverviewResult, key: str) -> Plot:
    return Plot(
        id=key,
        title=desk.t("observe.overview.people"),
        summary=desk.t(
            "observe.overview.active", day=result.active_day, week=result.active_week, month=result.active_month
        ),
        x=[micros(line.at) for line in result.lines],
        x_title=desk.t(f"observe.draw.{question.interval}"),
        series=[
            Series(desk.t("observe.figure.persons"), [line.persons for line in result.lines], "area"),
            Series(desk.t("observe.figure.new-persons"), [line.new_persons for line in result.lines]),
            Series(desk.t("observe.figure.launches"), [line.launches for line in result.lines]),
        ],
    )


def adoption_plot(desk: Desk, question: ask.Overview, result: results.OverviewResult, key: str) -> Plot:
    return Plot(
        id=key,
        title=desk.t("observe.draw.adoption"),
        x=[micros(line.at) for line in result.lines],
        x_title=desk.t(f"observe.draw.{question.interval}"),
        series=[
            Series(key_words(desk, series.key), series.values)
            for series in result.versions[:MOST_LINES]
            if len(series.values) == len(result.lines)
        ],
        unit="percent",
        maximum=1.0,
    )
