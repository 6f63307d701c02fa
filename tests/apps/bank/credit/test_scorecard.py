"""The synthetic bureau and the model trained on it: held against what nobody could know better."""

from __future__ import annotations

import datetime
import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank.credit import artefacts
from bank.credit.bureau import (
    COEFFICIENTS,
    FEATURES,
    MARK,
    CashFlow,
    Line,
    Person,
    Report,
    features,
    generate,
    true_log_odds,
    true_probability,
)
from bank.credit.id_numbers import birth, check_digit, is_valid
from bank.credit.scorecard import MOST_REASONS, Scorer
from bank.credit.train import COUNT, DAY, FOLDER, NAME, SEED, encode, train

MODEL = artefacts.load("scorecards", NAME)[0]
SCORER = Scorer(MODEL)


@pytest.fixture(scope="module")
def people() -> list[Person]:
    """Others than those that the model was trained on."""
    return generate(7, 4_000, DAY)


def auc(worse: list[float], truth: list[bool]) -> float:
    """Area under the ROC curve by ranks (Mann-Whitney)."""
    order = sorted(range(len(worse)), key=worse.__getitem__)
    ranks = [0.0] * len(worse)
    at = 0
    while at < len(order):
        upto = at
        while upto < len(order) and worse[order[upto]] == worse[order[at]]:
            upto += 1
        for index in order[at:upto]:
            ranks[index] = (at + upto + 1) / 2
        at = upto
    bad = sum(truth)
    total = sum(rank for rank, is_bad in zip(ranks, truth, strict=True) if is_bad)
    return (total - bad * (bad + 1) / 2) / (bad * (len(truth) - bad))


def test_identity_numbers() -> None:
    # the standard's own example
    assert check_digit("11010519491231002") == "X"
    assert is_valid("11010519491231002X")
    assert not is_valid("110105194912310021")
    assert not is_valid("11010519490230002X")
    assert birth("11010519491231002X") == datetime.date(1949, 12, 31)
    assert birth("short") is None
    assert not is_valid("１1010519491231002X")


@given(st.integers(0, 10**17 - 1), st.integers(0, 16), st.integers(1, 9))
def test_no_single_wrong_digit_passes(number: int, place: int, other: int) -> None:
    right = f"{number:017d}"
    wrong = right[:place] + str((int(right[place]) + other) % 10) + right[place + 1 :]
    assert check_digit(wrong) != check_digit(right)


def test_nobody_is_real_and_it_shows(people: list[Person]) -> None:
    assert all(person.name.endswith(MARK) and person.id_number.startswith("99") for person in people)
    assert all(is_valid(person.id_number) and birth(person.id_number) == person.born for person in people)
    assert generate(7, 50, DAY) == people[:50] or generate(7, 50, DAY)[:40] == people[:40]
    assert generate(8, 50, DAY) != people[:50]


def test_ties(people: list[Person]) -> None:
    """Relatives are alike in paying late, neighbours in how their year was, strangers in neither."""

    def alike(of: str, what: str) -> float:
        groups: dict[int, list[int]] = {}
        for person in people:
            seen = features(person.cash_flow, person.report)
            groups.setdefault(getattr(person, of), []).append(
                min(seen[what], 20) if what == "late_months" else seen[what]
            )
        values = [value for group in groups.values() for value in group]
        mean = sum(values) / len(values)
        variance = sum((value - mean) ** 2 for value in values) / len(values)
        between = sum(len(g) * (sum(g) / len(g) - mean) ** 2 for g in groups.values()) / len(values)
        expected = len(groups) / len(values)  # what chance alone would make of so many groups
        return between / variance - expected

    assert alike("household", "late_months") > 0.03
    assert alike("street", "trend") > 0.02
    assert abs(alike("street", "late_months")) < 0.02


def test_features_of_a_known_report() -> None:
    card = Line("card", 10_000, 4_000, 400, (0, 5, 0, 0, 31, 0, 0, 0, 0, 0, 0, 0))
    loan = Line("consumer", 20_000, 9_000, 600, (0,) * 12)
    seen = features(
        CashFlow((12_000,) * 3 + (10_000,) * 3 + (10_500,) * 6, 30, 12), Report((card, loan), (3, 182, 183), 1)
    )
    assert seen == {
        "months_trading": 30, "months_known": 12, "income": 10_750, "trend": 20, "volatility": 6, "burden": 9,
        "late_months": 2, "worst_days": 31, "enquiries": 2, "utilisation": 40, "related_defaults": 1,
    }  # fmt: skip
    nothing = features(CashFlow((0,) * 12, 0, 0), Report((), (), 0))
    assert (nothing["income"], nothing["burden"], nothing["volatility"], nothing["trend"]) == (0, 200, 200, 0)


def test_it_ranks_nearly_as_well_as_possible(people: list[Person]) -> None:
    seen = [features(person.cash_flow, person.report) for person in people]
    truth = [person.defaulted for person in people]
    scores = [SCORER.score(row) for row in seen]
    ideal = auc([true_log_odds(row) for row in seen], truth)
    trees = auc([float(item.probability) for item in scores], truth)
    points = auc([-float(item.points) for item in scores], truth)
    assert ideal > 0.8
    assert trees > ideal - 0.012
    assert points > ideal - 0.02


def test_it_is_calibrated(people: list[Person]) -> None:
    """Fifths by score: what was predicted is what the known probabilities say, within what training can know."""
    rows = [features(person.cash_flow, person.report) for person in people]
    pairs = sorted((SCORER.score(row).probability / 1e6, true_probability(row)) for row in rows)
    size = len(pairs) // 5
    for at in range(0, 5 * size, size):
        fifth = pairs[at : at + size]
        said = sum(pair[0] for pair in fifth) / size
        true = sum(pair[1] for pair in fifth) / size
        assert abs(said - true) < 0.012 + 0.08 * true


RANGES = {
    "months_trading": 240, "months_known": 120, "income": 60_000, "trend": 100, "volatility": 200, "burden": 200,
    "late_months": 30, "worst_days": 120, "enquiries": 15, "utilisation": 100, "related_defaults": 3,
}  # fmt: skip


@given(st.fixed_dictionaries({name: st.integers(0, most) for name, most in RANGES.items()}), st.data())
def test_worse_is_never_better(seen: dict[str, int], data: st.DataObject) -> None:
    feature = data.draw(st.sampled_from(FEATURES))
    worse = seen | {feature: seen[feature] + COEFFICIENTS[feature][1] * data.draw(st.integers(1, RANGES[feature]))}
    before, after = SCORER.score(seen), SCORER.score(worse)
    assert after.probability >= before.probability
    assert after.points <= before.points


def test_no_path_violates_monotony(people: list[Person]) -> None:
    """What-if paths of real shapes: each feature from one end to the other."""
    violations = 0
    for person in people[:40]:
        seen = features(person.cash_flow, person.report)
        for feature, (_, sign) in COEFFICIENTS.items():
            steps = range(0, RANGES[feature] + 1, max(1, RANGES[feature] // 12))
            path = [
                SCORER.score(seen | {feature: value}).probability for value in (steps if sign > 0 else reversed(steps))
            ]
            violations += sum(a > b for a, b in pairwise(path))
    assert violations == 0


def test_reasons_are_what_cost_most() -> None:
    best = {name: (most if COEFFICIENTS[name][1] < 0 else 0) for name, most in RANGES.items()}
    assert SCORER.score(best).reasons() == ()
    late = SCORER.score(best | {"late_months": 12, "related_defaults": 2})
    assert late.reasons()[:2] == ("late_months", "related_defaults")
    worst = {name: (0 if COEFFICIENTS[name][1] < 0 else most) for name, most in RANGES.items()}
    assert len(SCORER.score(worst).reasons()) == MOST_REASONS
    with pytest.raises(KeyError):
        SCORER.score({})


def test_training_again_gives_the_same_file() -> None:
    assert encode(train(generate(SEED, COUNT, DAY))) == (FOLDER / f"{NAME}.json").read_bytes()


def test_the_file_is_small() -> None:
    assert (FOLDER / f"{NAME}.json").stat().st_size < 32_000


def test_it_scores_as_the_trainer_would(people: list[Person]) -> None:
    """The base rate of the training data comes out when all trees say nothing."""
    empty: dict[str, Any] = {**MODEL, "trees": []}
    seen = features(people[0].cash_flow, people[0].report)
    assert Scorer(empty).score(seen).probability == round(1e6 / (1 + math.exp(-MODEL["base"])))


def test_compiled_trees_are_the_trees(people: list[Person]) -> None:
    """Walked from node to node, in the model's order, they give the very same number."""

    def leaf(tree: list[list[Any]], seen: dict[str, int]) -> float:
        node = tree[0]
        while len(node) > 1:
            feature, threshold, left, right = node
            node = tree[left if seen[feature] <= threshold else right]
        return float(node[0])

    for person in people[:300]:
        seen = features(person.cash_flow, person.report)
        log_odds = MODEL["base"]
        for tree in MODEL["trees"]:
            log_odds += leaf(tree, seen)
        assert SCORER.score(seen).probability == round(1e6 / (1 + math.exp(-log_odds)))
