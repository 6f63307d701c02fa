"""Scores an applicant with a trained model: a points table that gives reasons, monotone boosted trees that rank.

A model is a file `scorecards/NAME.json` that `train` wrote; scoring needs nothing but this module:

    {"name": "shop-1", "base": LOG_ODDS, "trees": [[[FEATURE, THRESHOLD, LEFT, RIGHT] or [VALUE], …], …],
     "points": {FEATURE: {"above": [EDGES], "points": [ONE MORE THAN EDGES]}}, "offset": POINTS, "fallback": …}

A node goes left when the feature is at most the threshold. Points grow with goodness: 20 points double the odds.
"""

from __future__ import annotations

import ast
import bisect
import math
from collections.abc import Callable, Mapping
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


class Scorer:
    """A model, its trees as one expression: a node is a comparison, and there is nothing to look up."""

    def __init__(self, model: Mapping[str, Any]) -> None:
        self._offset = model["offset"]
        self._tables = [
            (feature, table["above"], table["points"], max(table["points"]))
            for feature, table in model["points"].items()
        ]
        self._log_odds = _compiled(model)

    def score(self, seen: Mapping[str, int]) -> Score:
        """The score of features. Raises KeyError when one is missing."""
        parts = []
        total = self._offset
        for feature, above, points, best in self._tables:
            value = seen[feature]
            given = points[bisect.bisect_left(above, value)]
            total += given
            parts.append(Part(feature, value, given, best - given))
        probability = round(1_000_000 / (1 + math.exp(-self._log_odds(seen))))
        return Score(probability, total, tuple(parts))


def _compiled(model: Mapping[str, Any]) -> Callable[[Mapping[str, int]], float]:
    """What adds up the base and a leaf of each tree, in the model's order."""
    names = {feature: f"f{place}" for place, feature in enumerate(model["points"])}
    total: ast.expr = ast.Constant(float(model["base"]))
    for tree in model["trees"]:
        total = ast.BinOp(total, ast.Add(), _branch(tree, 0, names))
    arguments = ast.arguments([], [ast.arg(name) for name in names.values()], None, [], [], None, [])
    tree_of_all = ast.fix_missing_locations(ast.Expression(ast.Lambda(arguments, total)))
    # made of comparisons and numbers alone: whatever else a model's file has in it does not come here
    function: Callable[..., float] = eval(compile(tree_of_all, "scorecard", "eval"), {"__builtins__": {}})
    features = tuple(names)
    return lambda seen: function(*[seen[feature] for feature in features])


def _branch(tree: list[list[Any]], place: int, names: Mapping[str, str]) -> ast.expr:
    node = tree[place]
    if len(node) == 1:
        return ast.Constant(float(node[0]))
    feature, threshold, left, right = node
    asked = ast.Compare(ast.Name(names[feature], ast.Load()), [ast.LtE()], [ast.Constant(float(threshold))])
    return ast.IfExp(asked, _branch(tree, left, names), _branch(tree, right, names))
