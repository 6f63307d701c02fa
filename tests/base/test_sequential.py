"""Comparisons that are looked at again and again are wrong as seldom as they say."""

from __future__ import annotations

from math import comb, exp, factorial
from random import Random

import pytest

from eden.base.sequential import (
    AT_ONCE,
    HARMLESS,
    RISKS,
    STAKES,
    against,
    against_rate,
    bet,
    gains,
    invest,
    likely_ratio,
    mean_bound,
    new_bets,
    rate,
    worth,
)


def test_the_stake_is_one() -> None:
    assert sum(STAKES) == pytest.approx(1) and len(new_bets()) == len(RISKS) - HARMLESS - 1
    assert worth(new_bets(), 0) == pytest.approx(1)
    wealth = new_bets()
    for time in (1, 2, 3):
        wealth = invest(wealth, time)
        assert worth(wealth, time) == pytest.approx(1)
    assert 0 < AT_ONCE < 1


@pytest.mark.parametrize(("new", "control", "events"), [(20, 10, 3), (5, 25, 4), (15, 15, 6)])
def test_a_block_is_a_fair_bet(new: int, control: int, events: int) -> None:
    """Its expectation is 1 at most, whatever the shares are: events are drawn without replacement."""
    expected = 0.0
    for k in range(max(0, events - control), min(new, events) + 1):
        chance = comb(new, k) * comb(control, events - k) / comb(new + control, events)
        expected += chance * worth(bet(new_bets(), gains(k, events, new / (new + control))), 0)
    assert expected <= 1 + 1e-9


def test_the_mixture_against_a_rate_is_a_fair_bet() -> None:
    expected = 4.0
    total = sum(
        exp(-expected) * expected**k / factorial(k) * exp(against_rate(k, expected)) for k in range(150)
    )  # fmt: skip
    assert total == pytest.approx(1, abs=1e-4)
    assert against_rate(0, 0.0) == 0 and against_rate(1, 0.0) == float("inf")


def test_the_mixture_against_a_chance_is_a_fair_bet() -> None:
    total = sum(comb(12, k) * 0.2**k * 0.8 ** (12 - k) * exp(against(k, 12, 0.2)) for k in range(13))
    assert total == pytest.approx(1, abs=1e-9)


def test_bounds_of_a_mean_hold_at_all_looks() -> None:
    """200 runs of 60 looks; 5 % may be wrong, and the law is far from normal."""
    random, wrong = Random(7), 0
    for _ in range(200):
        count = total = squares = 0.0
        for _ in range(60):
            for _ in range(20):
                value = random.expovariate(1.0)
                count, total, squares = count + 1, total + value, squares + value * value
            mean = total / count
            variance = (squares / count - mean * mean) / count
            if abs(mean - 1) > mean_bound(variance, count, 0.05):
                wrong += 1
                break
    assert wrong <= 10


def test_bounds_of_a_mean_shrink() -> None:
    widths = [mean_bound(4.0 / count, count, 0.05) for count in (100, 1000, 10_000)]
    assert widths == sorted(widths, reverse=True)
    assert 2 * (4.0 / 1000) ** 0.5 < widths[1] < 4 * (4.0 / 1000) ** 0.5


def test_what_is_worse_is_found() -> None:
    wealth, fit = new_bets(), [0.0] * len(RISKS)
    for _ in range(20):
        gained = gains(6, 8, 0.5)
        wealth, fit = bet(wealth, gained), [a + b for a, b in zip(fit, gained, strict=True)]
    assert worth(wealth, 0) > 1000
    ratio = likely_ratio(tuple(fit), 0.05)
    assert ratio.value == pytest.approx(3, rel=0.1) and ratio.low is not None and 1 < ratio.low < 3


def test_a_rate_has_bounds() -> None:
    found = rate(30, 100, 0.05)
    assert found.value == 0.3 and found.low is not None and found.high is not None
    assert 0.1 < found.low < 0.3 < found.high < 0.5
    assert rate(0, 0, 0.05).value is None
