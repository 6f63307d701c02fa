"""Trains a scorecard on synthetic people and writes its file. Needs scikit-learn, which scoring does not.

    python -m bank.credit.train

The same seed gives the same file. Both parts are monotone: trees by constraints; the points table because the default
rates of neighbouring bins are pooled until they are in order (pool adjacent violators).
"""

from __future__ import annotations

import datetime
import math
import sys
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from bank.credit.bureau import COEFFICIENTS, FEATURES, Person, features, generate

SEED: Final = 20_261_120
COUNT: Final = 12_000
DAY: Final = datetime.date(2026, 11, 20)
NAME: Final = "shop-1"
#: a doubling of the odds in points; points at odds of 1:1 for a table without features
_DOUBLE: Final = 20
_BINS: Final = 8
_DIGITS: Final = 5
FOLDER: Final = Path(__file__).parent / "scorecards"


def train(people: list[Person], name: str = NAME) -> dict[str, Any]:
    """The model that `scorecard.Scorer` reads."""
    # imported here: only those who train have it
    from sklearn.ensemble import HistGradientBoostingClassifier

    seen = [features(person.cash_flow, person.report) for person in people]
    x = np.array([[row[feature] for feature in FEATURES] for row in seen], dtype=np.float64)
    y = np.array([person.defaulted for person in people], dtype=np.int64)
    boosted = HistGradientBoostingClassifier(
        max_iter=90,
        learning_rate=0.1,
        max_leaf_nodes=6,
        min_samples_leaf=80,
        l2_regularization=5.0,
        monotonic_cst=[sign for _, sign in COEFFICIENTS.values()],
        early_stopping=False,
        random_state=0,
    ).fit(x, y)
    trees = [_tree(stage[0].nodes) for stage in boosted._predictors]
    points, offset = _points(x, y)
    return {
        "name": name,
        "base": round(float(boosted._baseline_prediction[0, 0]), _DIGITS),
        "trees": trees,
        "points": points,
        "offset": offset,
    }


def encode(model: dict[str, Any]) -> bytes:
    """A model's file: compact, the same for the same model."""
    return msgspec.json.encode(model) + b"\n"


def _tree(nodes: Any) -> list[list[Any]]:
    """A tree's nodes as lists. Features are whole numbers: thresholds are cut to them."""
    rows: list[list[Any]] = []
    for node in nodes:
        if node["is_leaf"]:
            rows.append([round(float(node["value"]), _DIGITS)])
        else:
            feature = FEATURES[int(node["feature_idx"])]
            rows.append([feature, math.floor(float(node["num_threshold"])), int(node["left"]), int(node["right"])])
    return rows


def _points(x: Any, y: Any) -> tuple[dict[str, dict[str, list[int]]], int]:
    """The points table: weights of evidence of monotone bins, weighed by a logistic regression."""
    from sklearn.linear_model import LogisticRegression

    edges, evidence = [], []
    for column, (_, sign) in enumerate(COEFFICIENTS.values()):
        above, woe = _bins(x[:, column], y, sign)
        edges.append(above)
        evidence.append(woe)
    woes = np.column_stack(
        [np.array(evidence[i])[np.searchsorted(edges[i], x[:, i], side="left")] for i in range(x.shape[1])]
    )
    fit = LogisticRegression(C=10.0, max_iter=500).fit(woes, y)
    factor = _DOUBLE / math.log(2)
    table = {}
    for i, feature in enumerate(FEATURES):
        # a weight below zero would turn the order around
        weight = max(float(fit.coef_[0, i]), 0.0)
        table[feature] = {"above": edges[i], "points": [round(-factor * weight * value) for value in evidence[i]]}
    return table, round(600 - factor * float(fit.intercept_[0]))


def _bins(column: Any, y: Any, sign: int) -> tuple[list[int], list[float]]:
    """Upper edges of all bins but the last, and each bin's log-odds of default less those of all."""
    cuts = sorted({int(cut) for cut in np.quantile(column, np.linspace(0, 1, _BINS + 1)[1:-1])})
    cuts = [cut for cut in cuts if (column > cut).any()]
    which = np.searchsorted(cuts, column, side="left")
    groups = [[int((which == bin_).sum()), int(y[which == bin_].sum()), bin_] for bin_ in range(len(cuts) + 1)]
    pooled: list[list[int]] = []
    for group in groups:
        pooled.append(list(group))
        while len(pooled) > 1 and sign * _log_odds(pooled[-1]) <= sign * _log_odds(pooled[-2]):
            size, bad, last = pooled.pop()
            pooled[-1] = [pooled[-1][0] + size, pooled[-1][1] + bad, last]
    base = _log_odds([len(y), int(y.sum()), 0])
    return [cuts[group[2]] for group in pooled[:-1]], [_log_odds(group) - base for group in pooled]


def _log_odds(group: list[int]) -> float:
    size, bad, _ = group
    return math.log((bad + 0.5) / (size - bad + 0.5))


def main() -> int:
    """Writes the model's file."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{NAME}.json").write_bytes(encode(train(generate(SEED, COUNT, DAY))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
