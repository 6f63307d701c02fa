"""Cells of a table learn their column's name, so that a phone can show every row as a card."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup, escape

_CELL = re.compile(r"<(td|th)(?=[\s>])")


def label_cells(row: str, labels: Sequence[str]) -> Markup:
    """Give the cells of one row their labels and, because cards lose them, the roles of a table.

    The row has no table inside. ValueError when the number of cells is not the number of columns.
    """
    remaining = iter(labels)

    def open_cell(match: re.Match[str]) -> str:
        label = next(remaining, None)
        if label is None:
            raise ValueError(f"a row has more cells than the {len(labels)} columns {', '.join(labels)}")
        role = "cell" if match[1] == "td" else "rowheader"
        scope = "" if match[1] == "td" else ' scope="row"'
        return f'<{match[1]} role="{role}"{scope} data-label="{escape(label)}"'

    labelled = _CELL.sub(open_cell, str(row))
    if (missing := next(remaining, None)) is not None:
        raise ValueError(f"a row has no cell for the column {missing}")
    return Markup(labelled)
