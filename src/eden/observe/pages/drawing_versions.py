"""Versions as figures: side by side, and one against the others."""

from __future__ import annotations

from eden.console import formats
from eden.console.plots import Plot, Series
from eden.observe.pages.desk import Desk
from eden.observe.pages.figures import MOST_LINES, Drawing, Stat, Table, number_column, written
from eden.observe.pages.words import key_words, micros
from eden.observe.questions import interfaces as ask
from eden.observe.questions import results


def draw_versions(desk: Desk, question: ask.Versions, result: results.VersionsResult, key: str) -> Drawing:
    plot = Plot(
        id=key,
        title=desk.t("observe.draw.adoption"),
        x=[micros(moment) for moment in result.moments],
        x_title=desk.t("observe.draw.time"),
        series=[
            Series(key_words(desk, series.key, (question.by,)), series.values)
            for series in result.adoption[:MOST_LINES]
        ],
        unit="percent",
        maximum=1.0,
    )
    by = "version" if question.by == "code" else question.by
    columns = [
        desk.t(f"observe.property.{by}"), *(number_column(desk.t(f"observe.figure.{name}")) for name in _FIGURES),
    ]  # fmt: skip
    rows = [[key_words(desk, (figures.key,), (question.by,)), *_figures(desk, figures)] for figures in result.versions]
    tables = [Table(f"{key}-versions", desk.t("observe.draw.side-by-side"), columns, rows)] if rows else []
    return Drawing(plots=[plot], tables=tables, empty=not rows)


_FIGURES = ("persons", "share", "crash-free", "errors", "start-p50", "start-p95", "request-failures")


def _figures(desk: Desk, figures: results.VersionFigures) -> list[str]:
    return [
        formats.number(figures.persons, desk.locale),
        formats.percent(figures.share, desk.locale, 1),
        written(figures.crash_free_persons, "percent", desk),
        formats.number(figures.errors, desk.locale),
        written(figures.start_p50, "milliseconds", desk),
        written(figures.start_p95, "milliseconds", desk),
        written(figures.request_failures, "percent", desk),
    ]


# one against the others


def draw_release(desk: Desk, result: results.ReleaseResult, key: str) -> Drawing:
    arms = [(desk.t("observe.versions.this"), result.candidate), (desk.t("observe.versions.others"), result.control)]
    people = desk.t("observe.unit.person")
    stats = [Stat(f"{name} · {people}", formats.number(arm.persons, desk.locale)) for name, arm in arms]
    columns = [
        desk.t("observe.versions.measure"), *(number_column(name) for name, _ in arms),
        desk.t("observe.versions.verdict"),
    ]  # fmt: skip
    rows = [
        [measured_words(desk, one), compared_words(desk, one, one.candidate, one.candidate_interval),
         compared_words(desk, one, one.control, one.control_interval), desk.t(f"observe.verdict.{one.verdict}")]
        for one in result.measures
    ]  # fmt: skip
    plot = Plot(
        id=key,
        title=desk.t("observe.draw.adoption"),
        x=[micros(moment) for moment in result.moments],
        x_title=desk.t("observe.draw.time"),
        series=[Series(desk.t("observe.versions.this"), result.adoption)],
        unit="percent",
        maximum=1.0,
    )
    return Drawing(
        stats=stats,
        plots=[plot] if len(result.moments) > 1 else [],
        tables=[Table(f"{key}-measures", desk.t("observe.versions.compare"), columns, rows)],
        empty=not result.candidate.persons and not result.control.persons,
        listed=True,
    )


def measured_words(desk: Desk, one: results.Compared) -> str:
    return desk.t(f"observe.measured.{one.measure.replace('_', '-')}")


def measured_value(desk: Desk, one: results.Compared, value: float | None) -> str:
    return written(value, "milliseconds" if one.scale == "milliseconds" else "percent", desk)


def interval_words(desk: Desk, one: results.Compared, interval: results.Interval | None) -> str:
    if interval is None:
        return ""
    return f"{measured_value(desk, one, interval.low)} – {measured_value(desk, one, interval.high)}"


def compared_words(desk: Desk, one: results.Compared, value: float | None, interval: results.Interval | None) -> str:
    """A value with its interval in brackets."""
    between = interval_words(desk, one, interval)
    return f"{measured_value(desk, one, value)} ({between})" if between else measured_value(desk, one, value)
