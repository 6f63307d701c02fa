"""Answers as figures: the same on a page of analysis and in a tile of a dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from eden.console import formats
from eden.console.flows import Flow, FlowLink
from eden.console.funnels import Funnel, FunnelStep
from eden.console.grids import Grid, GridRow
from eden.console.plots import Plot, Series, Unit
from eden.observe.pages.desk import Desk
from eden.observe.pages.drawing_lists import draw_list
from eden.observe.pages.drawing_overview import draw_overview
from eden.observe.pages.drawing_versions import draw_release, draw_versions
from eden.observe.pages.figures import (
    MOST_LINES,
    Drawing,
    Stat,
    Table,
    by_words,
    change_words,
    number_column,
    tone_of,
    written,
)
from eden.observe.pages.words import events_words, key_words, measure_words, micros
from eden.observe.questions import interfaces as ask
from eden.observe.questions import results
from eden.observe.questions.interfaces import Question
from eden.observe.questions.results import OTHER, Answered

#: percentiles that are drawn over time; the others are in the table
DRAWN = (50.0, 95.0)


def draw(desk: Desk, question: Question, answered: Answered, *, key: str = "answer", shape: str = "line") -> Drawing:
    """The figures of an answer. `key` tells the figures of several answers on one page apart; `shape` is how a trend is
    drawn: line, area or bar."""
    result: Any = answered.result
    if isinstance(question, ask.Trend):
        made = draw_trend(desk, question, result, key, shape)
    elif isinstance(question, ask.Funnel):
        made = draw_funnel(desk, question, result, key)
    elif isinstance(question, ask.Retention):
        made = draw_retention(desk, question, result, key)
    elif isinstance(question, ask.Paths):
        made = draw_paths(desk, result, key)
    elif isinstance(question, ask.Percentiles):
        made = draw_percentiles(desk, question, result, key)
    elif isinstance(question, ask.Versions):
        made = draw_versions(desk, question, result, key)
    elif isinstance(question, ask.Overview):
        made = draw_overview(desk, question, result, key)
    elif isinstance(question, ask.Release):
        made = draw_release(desk, result, key)
    else:
        made = draw_list(desk, question, result, key)
    return replace(made, statements=answered.statements)


# trends


def unit_of(measure: ask.Measure) -> Unit:
    if measure.kind in ("ratio", "person_ratio"):
        return "percent"
    return "count"


def draw_trend(desk: Desk, question: ask.Trend, result: results.TrendResult, key: str, shape: str) -> Drawing:
    by = question.breakdown.by if question.breakdown is not None else ()
    unit = unit_of(question.measure)
    kind: Any = shape if shape in ("area", "bar") else "line"
    before = {series.key: series for series in result.before}
    drawn: list[Series] = []
    rows: list[list[Any]] = []
    name = measure_words(desk, question.measure)
    for series in result.series:
        label = key_words(desk, series.key, by) if by else name
        earlier = before.get(series.key)
        if len(drawn) < MOST_LINES:
            drawn.append(Series(label, series.values, kind))
            if earlier is not None and kind == "line" and len(result.series) == 1:
                values = _as_long(earlier.values, len(result.moments))
                drawn.append(Series(desk.t("observe.draw.before"), values, "line", before=1))
        then = None if earlier is None else earlier.total
        changed = change_words(desk, series.total, then)
        rows.append([label, written(series.total, unit, desk), written(then, unit, desk), changed])
    step = desk.t(f"observe.draw.{question.interval}")
    plot = Plot(
        id=key,
        title=f"{name} · {events_words(desk, question.events)}",
        x=[micros(moment) for moment in result.moments],
        x_title=step,
        series=drawn,
        unit=unit,
        stacked=kind in ("area", "bar") and bool(by) and question.measure.kind in ("count", "sum"),
    )
    stats: list[Stat] = []
    if len(result.series) == 1 and (total := result.series[0].total) is not None:
        one = before.get(result.series[0].key)
        changed = change_words(desk, total, None if one is None else one.total)
        stats = [Stat(name, written(total, unit, desk), changed)]
    columns: list[Any] = [by_words(desk, by), number_column(name)]
    if result.before:
        columns += [number_column(desk.t("observe.draw.before")), number_column(desk.t("observe.draw.change"))]
    else:
        rows = [row[:2] for row in rows]
    tables = [Table(f"{key}-groups", name, columns, rows)] if by else []
    empty = not any(value for series in result.series for value in series.values)
    return Drawing(stats=stats, plots=[plot], tables=tables, empty=empty, shape=kind)


def _as_long(values: Sequence[float | None], length: int) -> list[float | None]:
    """The earlier time may be an hour longer or shorter, where clocks were changed."""
    return [*values[:length], *[None] * (length - len(values))]


# funnels, who comes back, ways


def draw_funnel(desk: Desk, question: ask.Funnel, result: results.FunnelResult, key: str) -> Drawing:
    steps = [events_words(desk, step.events) for step in question.steps]
    if question.order == "unordered":
        # it is not known which step was the first
        count = len(steps)
        steps = [desk.t("observe.draw.any-steps", number=place + 1, count=count) for place in range(count)]
    whole = result.whole
    by = question.breakdown.by if question.breakdown is not None else ()
    groups = [group for group in result.groups if group.steps[0].reached][:6]
    unit = desk.t(f"observe.unit.{question.unit}")
    title = desk.t("observe.draw.funnel", unit=unit)
    if by and groups:
        figure = Funnel(
            key,
            title,
            [FunnelStep(name, [group.steps[at].reached for group in groups]) for at, name in enumerate(steps)],
            [key_words(desk, group.key, by) for group in groups],
        )
    else:
        figure = Funnel(
            key,
            title,
            [FunnelStep(name, [step.reached], step.median) for name, step in zip(steps, whole.steps, strict=True)],
        )
    last = whole.steps[-1]
    earlier = result.before.steps[-1].share if result.before is not None else None
    stats = [
        Stat(
            desk.t("observe.draw.converted"),
            written(last.share, "percent", desk),
            change_words(desk, last.share, earlier),
        ),
        Stat(desk.t("observe.draw.began"), formats.number(whole.steps[0].reached, desk.locale)),
        Stat(desk.t("observe.draw.finished"), formats.number(last.reached, desk.locale)),
    ]
    return Drawing(stats=stats, funnel=figure, empty=not whole.steps[0].reached)


def draw_retention(desk: Desk, question: ask.Retention, result: results.RetentionResult, key: str) -> Drawing:
    cohorts = [cohort for cohort in result.cohorts if cohort.size]
    length = max((len(cohort.back) for cohort in cohorts), default=0)
    columns = [desk.t(f"observe.draw.{question.interval}-number", number=number) for number in range(length)]
    rows = [
        GridRow(
            cohort_words(desk, cohort.at),
            cohort.size,
            [
                None if at >= len(cohort.back) or (back := cohort.back[at]) is None else back / cohort.size
                for at in range(length)
            ],
        )
        for cohort in cohorts
    ]
    grid = Grid(
        key,
        desk.t("observe.draw.retention", unit=desk.t(f"observe.unit.{question.unit}")),
        desk.t("observe.draw.cohort"),
        desk.t(f"observe.unit.{question.unit}"),
        columns,
        rows,
    )
    shares = [*result.shares[:length], *[None] * (length - len(result.shares))]
    plot = Plot(
        id=f"{key}-curve",
        title=desk.t("observe.draw.curve"),
        x=columns,
        x_title=desk.t(f"observe.draw.{question.interval}"),
        series=[Series(desk.t("observe.draw.came-back"), shares)],
        unit="percent",
        maximum=1.0,
    )
    return Drawing(plots=[plot] if length > 1 else [], grid=grid, empty=not cohorts)


def cohort_words(desk: Desk, at: datetime) -> str:
    """When a cohort began: a date of the reader's own zone."""
    return at.astimezone(desk.period.zone).date().isoformat()


def draw_paths(desk: Desk, result: results.PathsResult, key: str) -> Drawing:
    nodes = {node.id: node for node in result.nodes}

    def name(node: results.PathNode) -> str:
        return desk.t("observe.group.other") if node.name == OTHER else node.name

    first = min((node.step for node in result.nodes), default=0)
    links = [
        FlowLink(nodes[link.source].step - first, name(nodes[link.source]), name(nodes[link.target]), link.count)
        for link in result.links
        if link.source in nodes and link.target in nodes
    ]
    # with an end, steps are counted back from it
    if links and all(nodes[link.source].step > nodes[link.target].step for link in result.links):
        most = max(link.step for link in links)
        links = [replace(link, step=most - link.step) for link in links]
    headings = (
        desk.t("observe.draw.step"), desk.t("observe.draw.from"), desk.t("observe.draw.to"),
        desk.t("observe.draw.times"),
    )  # fmt: skip
    flow = Flow(key, desk.t("observe.draw.paths"), headings, sorted(links, key=lambda link: -link.count)[:200])
    ends = [
        [name(node), node.step + 1, formats.number(node.count, desk.locale), formats.number(node.ended, desk.locale),
         formats.percent(node.ended / node.count, desk.locale, 1) if node.count else "–"]
        for node in sorted(result.nodes, key=lambda node: -node.ended)[:10]
        if node.ended
    ]  # fmt: skip
    columns = [
        desk.t("observe.draw.place"),
        *(number_column(desk.t(f"observe.draw.{name}")) for name in ("step", "reached", "ended", "share")),
    ]  # fmt: skip
    tables = [Table(f"{key}-ends", desk.t("observe.draw.ends"), columns, ends)] if ends else []
    stats = [Stat(desk.t("observe.draw.ways"), formats.number(result.total, desk.locale))]
    return Drawing(stats=stats, flow=flow if links else None, tables=tables, empty=not result.total)


# distributions


def draw_percentiles(desk: Desk, question: ask.Percentiles, result: results.PercentilesResult, key: str) -> Drawing:
    by = question.breakdown.by if question.breakdown is not None else ()
    whole = result.whole
    name = events_words(desk, question.events)
    earlier = {} if result.before is None else {one.percentile: one.value for one in result.before.percentiles}
    stats = [
        Stat(
            f"p{one.percentile:g}",
            written(one.value, "milliseconds", desk),
            change_words(desk, one.value, earlier.get(one.percentile)),
            tone_of(one.value, earlier.get(one.percentile), "less"),
        )
        for one in whole.percentiles
    ]
    plots = []
    if result.lines:
        plots.append(
            Plot(
                id=key,
                title=desk.t("observe.draw.over-time", what=name),
                x=[micros(moment) for moment in result.moments],
                x_title=desk.t(f"observe.draw.{question.interval}"),
                series=[
                    Series(f"p{line.percentile:g}", line.values) for line in result.lines if line.percentile in DRAWN
                ],
                unit="milliseconds",
            )
        )
    if result.histogram:
        plots.append(
            Plot(
                id=f"{key}-histogram",
                title=desk.t("observe.draw.distribution", what=name),
                x=[_bar_words(bar, desk) for bar in result.histogram],
                x_title=desk.t("observe.draw.bar"),
                series=[Series(desk.t("observe.draw.times"), [bar.count for bar in result.histogram], "bar")],
            )
        )
    columns = [
        by_words(desk, by), number_column(desk.t("observe.draw.times")),
        *(number_column(f"p{percentile:g}") for percentile in question.percentiles),
    ]  # fmt: skip
    rows = [
        [key_words(desk, group.key, by), formats.number(group.count, desk.locale),
         *(written(one.value, "milliseconds", desk) for one in group.percentiles)]
        for group in result.groups
    ]  # fmt: skip
    tables = [Table(f"{key}-groups", name, columns, rows)] if by and rows else []
    return Drawing(stats=stats, plots=plots, tables=tables, empty=not whole.count, foremost=len(stats))


def _bar_words(bar: results.Bar, desk: Desk) -> str:
    low = "0" if bar.low is None else formats.milliseconds(bar.low, desk.locale)
    return f"≥ {low}" if bar.high is None else f"{low} – {formats.milliseconds(bar.high, desk.locale)}"
