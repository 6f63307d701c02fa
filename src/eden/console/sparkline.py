"""A line as small as a word, drawn on the server: an SVG that needs neither script nor sheet to have a shape."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

_WIDTH = 120
_HEIGHT = 28
#: room for the line's own thickness
_EDGE = 2


def sparkline(values: Sequence[float | None], label: str) -> Markup:
    """`values` from left to right over a scale that begins at zero; a gap where one is None. `label` says to those who
    do not see it what it shows. Nothing when there is nothing to draw."""
    values = [value if value is not None and math.isfinite(value) else None for value in values]
    known = [value for value in values if value is not None]
    if not known:
        return Markup("")
    top = max(max(known), 0) or 1
    steps = max(len(values) - 1, 1)
    pieces: list[list[str]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            pieces.append([])
            continue
        x = _WIDTH * index / steps
        y = _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * max(value, 0) / top
        pieces[-1].append(f"{x:.1f} {y:.1f}")
    # a point alone is a short line
    drawn = [piece if len(piece) > 1 else [piece[0], piece[0]] for piece in pieces if piece]
    path = "".join(f"M{'L'.join(piece)}" for piece in drawn)
    area = "".join(
        f"M{piece[0].split()[0]} {_HEIGHT}L{'L'.join(piece)}L{piece[-1].split()[0]} {_HEIGHT}Z" for piece in drawn
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" aria-label="{label}">'
        '<path class="spark-area" d="{area}"/><path class="spark-line" d="{path}"/></svg>'
    ).format(width=_WIDTH, height=_HEIGHT, label=label, area=area, path=path)
