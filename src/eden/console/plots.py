"""Plots as values: what is drawn is also a table, so every number can be read without seeing the drawing.

`container/console/plot.ts` draws them. A page has points for a screen, not for an archive: at most `MOST_POINTS`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from eden.console import formats
from eden.console.messages import Locale

Unit: TypeAlias = Literal["count", "percent", "bytes", "seconds", "milliseconds"]
Value: TypeAlias = float | None

#: in place of a number
NONE = "–"
#: more cannot be told apart on a screen; who has more makes the steps in time longer
MOST_POINTS = 1000


@dataclass(frozen=True, slots=True)
class Series:
    """One line, stepped line, area or bar per point. `low` and `high` are an interval around it, drawn as a band.

    Values of unit "percent" are ratios, 0.125 for 12.5 %; None is a gap. `before`: the same of an earlier time as the
    series `before` places ahead, drawn faintly in its colour.
    """

    name: str
    values: Sequence[Value]
    kind: Literal["line", "step", "area", "bar"] = "line"
    low: Sequence[Value] | None = None
    high: Sequence[Value] | None = None
    before: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment worth a line across the plot: a step began, a release was halted. `at` is microseconds UTC."""

    at: int
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """`x` are microseconds UTC in rising order, or names; every series has a value for each of them."""

    id: str
    title: str
    x: Sequence[int | str]
    x_title: str
    series: Sequence[Series]
    unit: Unit = "count"
    marks: Sequence[Mark] = ()
    #: one sentence: what the plot shows at the moment
    summary: str = ""
    #: of the scale; None when the values decide
    maximum: float | None = None
    #: areas and bars stand on one another
    stacked: bool = False

    def __post_init__(self) -> None:
        if len(self.x) > MOST_POINTS:
            raise ValueError(f"the plot {self.id} has {len(self.x)} points; {MOST_POINTS} are the most")
        for series in self.series:
            lists = [values for values in (series.values, series.low, series.high) if values is not None]
            if any(len(values) != len(self.x) for values in lists) or (series.low is None) != (series.high is None):
                raise ValueError(f"the series {series.name} of the plot {self.id} has gaps: None is a value, too")

    @property
    def in_time(self) -> bool:
        return not self.x or isinstance(self.x[0], int)

    def data(self) -> str:
        """JSON for the browser; times are milliseconds, as JavaScript counts."""
        return json.dumps(
            {
                "kind": "plot",
                "title": self.title,
                "unit": self.unit,
                "time": self.in_time,
                "x": [_milliseconds(x) if isinstance(x, int) else x for x in self.x],
                "maximum": self.maximum,
                "stacked": self.stacked,
                "series": [
                    {
                        "name": series.name,
                        "kind": series.kind,
                        "values": known(series.values),
                        "low": None if series.low is None else known(series.low),
                        "high": None if series.high is None else known(series.high),
                        "before": series.before,
                    }
                    for series in self.series
                ],
                "marks": [{"at": _milliseconds(mark.at), "label": mark.label} for mark in self.marks],
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    def columns(self) -> list[str]:
        return [self.x_title, *(series.name for series in self.series)]

    def rows(self, locale: Locale) -> list[list[str]]:
        """The same numbers, written out; an interval stands in brackets behind its value."""
        rows: list[list[str]] = []
        for index, x in enumerate(self.x):
            row = [x if isinstance(x, str) else formats.time_element(x, locale)]
            for series in self.series:
                text = self.write(series.values[index], locale)
                if series.low is not None and series.high is not None and text != NONE:
                    low, high = self.write(series.low[index], locale), self.write(series.high[index], locale)
                    text = f"{text} ({low} – {high})"
                row.append(text)
            rows.append(row)
        return rows

    def write(self, value: Value, locale: Locale) -> str:
        """A value in the plot's unit."""
        return write_value(value, self.unit, locale)


def known(values: Sequence[Value]) -> list[Value]:
    """With None for what is no number: JSON has no word for it."""
    return [value if value is not None and math.isfinite(value) else None for value in values]


def write_value(value: Value, unit: Unit, locale: Locale) -> str:
    """A value in its unit; a dash for none, and for what is no number."""
    if value is None or not math.isfinite(value):
        return NONE
    writers: dict[Unit, Any] = {
        "count": lambda: formats.number(value, locale),
        "percent": lambda: formats.percent(value, locale),
        "bytes": lambda: formats.size(int(value), locale),
        "seconds": lambda: formats.duration(value, locale),
        "milliseconds": lambda: formats.milliseconds(value, locale),
    }
    return str(writers[unit]())


def _milliseconds(microseconds: int) -> int:
    return microseconds // 1000
