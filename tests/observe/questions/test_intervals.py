"""Intervals, against published examples and by how often they hold the truth."""

from __future__ import annotations

import random

import pytest

from eden.observe.questions import intervals
from eden.observe.questions.results import Interval

Z = intervals.z_of(0.95)


def near(found: Interval, low: float, high: float) -> bool:
    return found.low == pytest.approx(low, abs=5e-5) and found.high == pytest.approx(high, abs=5e-5)


def test_shares_of_newcombe() -> None:
    # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3
    assert near(intervals.share(81, 263, Z), 0.2553, 0.3662)
    assert near(intervals.share(15, 148, Z), 0.0624, 0.1605)
    assert near(intervals.share(0, 20, Z), 0.0, 0.1611)
    assert near(intervals.share(1, 29, Z), 0.0061, 0.1718)


def test_differences_of_newcombe() -> None:
    # Newcombe (1998), "Interval estimation for the difference between independent proportions", table II, method 10
    for (a, m, b, n), low, high in (
        ((56, 70, 48, 80), 0.0524, 0.3339), ((9, 10, 3, 10), 0.1705, 0.8090), ((5, 56, 0, 29), -0.0381, 0.1926),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ):  # fmt: skip
        found = intervals.difference(a / m, intervals.share(a, m, Z), b / n, intervals.share(b, n, Z))
        assert near(found, low, high), (a, m, b, n)


def test_rates_hold_the_truth_as_often_as_they_say() -> None:
    draw = random.Random(1)
    held = 0
    for _ in range(2000):
        # events of a Poisson process: how many waits fit in
        count, waited = -1, 0.0
        while waited < 9.0:
            waited += draw.expovariate(1.0)
            count += 1
        found = intervals.rate(count, 100, Z)
        held += found.low <= 0.09 <= found.high
    assert 0.93 < held / 2000 < 0.98


def test_nothing_is_between_nothing_and_something() -> None:
    found = intervals.rate(0, 1000, Z)
    assert found.low == 0 < found.high < 0.005


def test_confidence() -> None:
    assert intervals.z_of(0.95) == pytest.approx(1.959964)
