"""Scores an applicant with a trained model: a points table that gives reasons, monotone boosted trees that rank.

A model is a file `scorecards/NAME.json` that `train` wrote; scoring needs nothing but this module:

    {"name": "shop-1", "base": LOG_ODDS, "trees": [[[FEATURE, THRESHOLD, LEFT, RIGHT] or [VALUE], …], …],
     "points": {FEATURE: {"above": [EDGES], "points": [ONE MORE THAN EDGES]}}, "offset": POINTS, "fallback": …}

A node goes left when the feature is at most the threshold. Points grow with goodness: 20 points double the odds.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

#: reasons that are told at most, the weightiest first (US Regulation B takes four for enough)
MOST_REASONS = 4


class Part(Struct, frozen=True):
    """What one feature adds: `lost` is what is missing to the best that it could give."""

    feature: str
    value: int
    points: int
    lost: int


class Score(Struct, frozen=True):
    """`probability` of default within a year by the trees, in millionths; `points` by the table, and its parts."""

    probability: int
    points: int
    parts: tuple[Part, ...]

    def reasons(self) -> tuple[str, ...]:
        """The features that cost most points, the weightiest first; ties in the model's order."""
        lost = sorted((part for part in self.parts if part.lost > 0), key=lambda part: -part.lost)
        return tuple(part.feature for part in lost[:MOST_REASONS])


def score(model: Mapping[str, Any], seen: Mapping[str, int]) -> Score:
    """The score of features. Raises KeyError when one is missing."""
    log_odds = model["base"] + sum(_leaf(tree, seen) for tree in model["trees"])
    parts = []
    for feature, table in model["points"].items():
        value = seen[feature]
        points = table["points"][bisect.bisect_left(table["above"], value)]
        parts.append(Part(feature, value, points, max(table["points"]) - points))
    probability = round(1_000_000 / (1 + math.exp(-log_odds)))
    return Score(probability, model["offset"] + sum(part.points for part in parts), tuple(parts))


def _leaf(tree: list[list[Any]], seen: Mapping[str, int]) -> float:
    node = tree[0]
    while len(node) > 1:
        feature, threshold, left, right = node
        node = tree[left if seen[feature] <= threshold else right]
    return float(node[0])
