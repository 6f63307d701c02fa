"""A grid of shares as a value, such as who comes back in which week: a table whose cells are coloured (`ui.grid`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: steps of colour; console.css has a rule for each
LEVELS = 10


@dataclass(frozen=True, slots=True)
class GridRow:
    """`name` may be Markup, such as a <time>. `values` are ratios; None where nothing can be known yet."""

    name: str
    count: int
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Grid:
    """`columns` name the values, `row_title` and `count_title` the first two columns."""

    id: str
    title: str
    row_title: str
    count_title: str
    columns: Sequence[str]
    rows: Sequence[GridRow]
    summary: str = ""

    def __post_init__(self) -> None:
        if any(len(row.values) != len(self.columns) for row in self.rows):
            raise ValueError(f"a row of the grid {self.id} has not one value for each of its columns")

    def level(self, value: float | None) -> int:
        """How strongly a cell is coloured, 0 to `LEVELS`: by its value alone, so that two grids can be compared."""
        return 0 if value is None else min(LEVELS, math.ceil(value * LEVELS))
