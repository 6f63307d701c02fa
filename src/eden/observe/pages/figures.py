"""What answers are drawn as: values for the templates, and how numbers are written in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from eden.console import formats
from eden.console.flows import Flow
from eden.console.funnels import Funnel
from eden.console.grids import Grid
from eden.console.plots import Plot, Unit
from eden.observe.pages.desk import Desk
from eden.observe.pages.words import property_words
from eden.observe.questions.results import Asked

#: lines of one plot that can be told apart
MOST_LINES = 7


@dataclass(frozen=True, slots=True)
class Stat:
    """One number. `change` says how it differs from the period before, `tone` whether that is good; `spark` is its line
    over time."""

    label: str
    value: str
    change: str = ""
    tone: str = "neutral"
    spark: Markup | str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` as `ui.table` takes them; the first cell of each row is its head."""

    id: str
    title: str
    columns: Sequence[Any]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a page shows of an answer, in this order. `empty`: there is nothing; `shape`: how a trend is drawn;
    `foremost`: how many of the numbers a tile has room for; `listed`: its first table says more than its plots."""

    stats: Sequence[Stat] = ()
    plots: Sequence[Plot] = ()
    funnel: Funnel | None = None
    grid: Grid | None = None
    flow: Flow | None = None
    tables: Sequence[Table] = ()
    statements: Sequence[Asked] = ()
    empty: bool = False
    shape: str = "line"
    foremost: int = 3
    listed: bool = False


def by_words(desk: Desk, by: Sequence[str]) -> str:
    return " · ".join(property_words(desk, name) for name in by)


def number_column(label: str) -> dict[str, str]:
    return {"label": label, "kind": "number"}


def written(value: float | None, unit: Unit, desk: Desk) -> str:
    if value is None or not math.isfinite(value):
        return "–"
    if unit == "percent":
        return formats.percent(value, desk.locale)
    if unit == "milliseconds":
        return formats.milliseconds(value, desk.locale)
    if unit == "seconds":
        return formats.duration(value, desk.locale)
    return formats.number(int(value) if value == int(value) else value, desk.locale)


def change_words(desk: Desk, now: float | None, before: float | None) -> str:
    """By how much a number differs from the one before, in per cent."""
    if now is None or before is None:
        return ""
    if not before:
        return desk.t("observe.draw.from-nothing") if now else ""
    ratio = now / before - 1
    sign = "+" if ratio > 0 else ""
    return desk.t("observe.draw.than-before", change=f"{sign}{formats.percent(ratio, desk.locale, 1)}")


def tone_of(now: float | None, before: float | None, better: str) -> str:
    """Whether a change by more than a tenth is good, where "more" or "less" is better."""
    if now is None or not before or abs(now / before - 1) < 0.1:
        return "neutral"
    return "good" if (now > before) == (better == "more") else "warning"
