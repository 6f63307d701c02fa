"""Guardrails: what stops a release, what does not, how often by mistake, and what is told of it."""

from __future__ import annotations

from itertools import product
from math import comb, exp, inf, log
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.guardrails import binomial, equal, failing, growing, late, outage, starts_to_stop, stopped
from eden.base.sequential import AT_ONCE, RISKS, STAKES, rate
from eden.release.guardrails_v1 import (
    BLOCK,
    WEIGHTS,
    Arms,
    Increment,
    Metric,
    State,
    judge,
    look,
    observe,
    stops,
    verdict,
)
from eden.release.interfaces import Guardrails, Health
from eden.release.rules_reasons import say

USUAL = Guardrails()


def crashes(new: int, control: int, starts: tuple[int, int] = (100, 100)) -> Increment:
    return Increment(starts=Arms(*starts), crash=Arms(new, control))


def worth(state: State) -> float:
    return verdict(state, USUAL).e_value


# how often, by simulation; bench/guardrails.py does it at length


def test_a_harmless_release_is_stopped_in_one_of_twenty_runs_at_most() -> None:
    assert stopped(equal(1.0), 100, 200) <= 0.05
    assert stopped(growing, 100, 200) <= 0.05


def test_a_broken_back_end_hurts_both_and_stops_nothing() -> None:
    assert stopped(outage, 60, 200) <= 0.05


def test_a_harmful_release_is_stopped_soon() -> None:
    assert starts_to_stop(equal(2.0), 150, 100, 100) <= 2_500
    assert starts_to_stop(equal(5.0, 25), 150, 25, 60) <= 400
    assert starts_to_stop(failing, 100, 10, 60) <= 100


def test_late_trouble_is_found_soon_too() -> None:
    assert starts_to_stop(late, 30, 100, 400) - 20_000 <= 7_500


def test_the_simulation_draws_what_it_says() -> None:
    random = Random(5)
    drawn = [binomial(random, 200, 0.03) for _ in range(4_000)]
    mean = sum(drawn) / len(drawn)
    assert abs(mean - 6) < 0.15
    assert abs(sum((each - mean) ** 2 for each in drawn) / len(drawn) - 5.82) < 0.5
    assert (binomial(random, 9, 1.0), max(binomial(random, 3, 0.99) for _ in range(50))) == (9, 3)


# why: the value is not expected to grow


@pytest.mark.parametrize(("new", "control"), [(15, 15), (1, 29), (29, 1), (40, 8)])
@pytest.mark.parametrize("events", [1, 2, 5, 20])
def test_no_bet_is_expected_to_gain_on_a_harmless_block(new: int, control: int, events: int) -> None:
    """All ways in which events can fall on starts of two arms, weighed by the hypergeometric law, exactly."""
    ways = comb(new + control, events)
    gains = [0.0] * len(STAKES)
    mean = 0.0
    for hit in range(max(0, events - control), min(events, new) + 1):
        chance = comb(new, hit) * comb(control, events - hit) / ways
        state = observe(State(), crashes(hit, events - hit, (new, control)), USUAL)
        mean += chance * worth(state)
        for at, (wealth, stake) in enumerate(zip(state.metrics[Metric.CRASH].wealth, STAKES, strict=True)):
            gains[at] += chance * exp(wealth) / (AT_ONCE * stake)
    assert max(gains) <= 1 + 1e-9
    assert mean <= 1 + 1e-9


def test_the_value_is_not_expected_to_grow_over_several_blocks_and_steps() -> None:
    """One start in each arm crashes or not, at each of four looks, in all ways; more is invested at every step."""
    expected = 0.0
    for way in product(range(3), repeat=4):
        state, chance = State(), 1.0
        for at, hit in enumerate(way):
            # two crashes among 15 + 15 starts
            chance *= comb(15, hit) * comb(15, 2 - hit) / comb(30, 2)
            state = observe(state, crashes(hit, 2 - hit, (15, 15)), USUAL, new_step=at % 2 == 1)
        assert state.invested == 2
        expected += chance * worth(state)
    assert expected <= 1 + 1e-9


def test_the_likelihood_is_that_of_the_binomial_law() -> None:
    state = observe(State(), crashes(3, 1, (20, 60)), USUAL)
    share = 20 / 80
    for risk, fit in zip(RISKS, state.metrics[Metric.CRASH].fit, strict=True):
        chance = risk * share / (risk * share + 1 - share)
        assert fit == pytest.approx(3 * log(chance / share) + log((1 - chance) / (1 - share)))


def test_all_of_the_stake_is_somewhere() -> None:
    assert sum(STAKES) == pytest.approx(1)
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    state = State()
    for _ in range(5):
        assert worth(state) == pytest.approx(1)
        state = observe(state, Increment(starts=Arms(BLOCK, BLOCK)), USUAL, new_step=True)
    assert state.invested == 5


# what is told


def test_a_halt_says_why_in_numbers() -> None:
    found = judge([crashes(9, 3)] * 8, USUAL)
    assert found.halted
    assert found.e_value > found.needed == 20
    sentence = say(found.reason)
    assert sentence == ("Crashes: 72 in 800 starts, 24 in 800 with the old version; 3 times as often.")
    assert "72" in say(found.reason, "zh")
    (crash, start) = found.metrics
    assert (crash.metric, start.metric) == (Metric.CRASH, Metric.START)
    assert crash.ratio.low is not None and crash.ratio.high is not None and crash.ratio.value is not None
    assert crash.ratio.value == pytest.approx(3, rel=0.005)
    assert 1 < crash.ratio.low < crash.ratio.value < crash.ratio.high
    assert crash.rate_new.value == pytest.approx(0.09)
    assert crash.rate_control.value == pytest.approx(0.03)


def test_a_halt_stays_a_halt() -> None:
    state = observe(State(), crashes(40, 2), USUAL)
    assert stops(state, USUAL)
    for _ in range(50):
        state = observe(state, crashes(0, 40), USUAL)
    assert verdict(state, USUAL).halted
    assert not stops(State(), USUAL)


def test_suspicion_is_told_before_a_halt() -> None:
    found = judge([crashes(9, 2)], USUAL)
    assert found.health is Health.WATCH
    assert say(found.reason).endswith("not yet enough to stop.")


def test_a_step_may_ask_for_starts() -> None:
    asking = Guardrails(minimum_starts=150)
    state, found = look(State(), crashes(0, 0), asking)
    assert found.health is Health.COLLECTING
    state, found = look(state, crashes(0, 0), asking)
    assert found.health is Health.HEALTHY
    state, found = look(state, Increment(), asking, new_step=True)
    assert found.reason.fields == {"starts": 0, "minimum": 150}


def test_only_metrics_that_are_on_count() -> None:
    failing_starts = [Increment(starts=Arms(100, 100), start=Arms(50, 0), error=Arms(90, 0))]
    assert judge(failing_starts, USUAL).halted
    assert judge(failing_starts, USUAL).reason.code == "guardrail-start"
    assert not judge(failing_starts, Guardrails(start=False)).halted
    assert judge(failing_starts, Guardrails(start=False, error=True)).halted
    off = judge(failing_starts, Guardrails(crash=False, start=False))
    assert (off.health, off.metrics) == (Health.HEALTHY, ())


def test_without_control_only_the_limit_holds() -> None:
    def alone(crashed: int) -> Increment:
        return Increment(starts=Arms(60, 0, 40), crash=Arms(crashed, 0, crashed))

    assert judge([alone(8)], USUAL).health is Health.NO_CONTROL
    found = judge([alone(20)], USUAL)
    assert found.halted
    assert say(found.reason) == "Crashes: 40 in 100 starts without a control group, surely more than 20 %."
    assert not judge([alone(20)], Guardrails(limit=None)).halted
    assert not judge([alone(20)], Guardrails(limit=5_000)).halted
    later = judge([alone(20), *[alone(0)] * 20], USUAL)
    assert later.halted
    assert judge([alone(20)], Guardrails(control=False)).halted


def test_a_limit_does_not_hold_where_there_is_a_control_arm() -> None:
    both = Increment(starts=Arms(100, 100, 100), crash=Arms(60, 60, 90))
    assert not judge([both] * 20, USUAL).halted
    assert judge([both] * 20, Guardrails(control=False)).halted


def test_few_starts_wait_for_more() -> None:
    state = observe(State(), crashes(5, 0, (5, 5)), USUAL)
    assert worth(state) == pytest.approx(1)
    few = verdict(state, USUAL)
    assert (few.health, few.reason.code) == (Health.NO_CONTROL, "guardrail-few")
    assert say(few.reason) == "10 starts so far; versions are compared from 30 on."
    alone = verdict(state, Guardrails(control=False))
    assert alone.reason.code == "guardrail-no-control"
    state = observe(state, crashes(0, 0, (10, 10)), USUAL)
    assert worth(state) > 1
    assert state.pending == Increment()


def test_numbers_of_any_size_are_numbers() -> None:
    state = State()
    for _ in range(20):
        state = observe(state, crashes(10**6, 10, (10**7, 10**7)), USUAL)
    found = verdict(state, USUAL)
    assert found.halted
    assert b"null" not in msgspec.json.encode(found.e_value)
    back = msgspec.json.decode(msgspec.json.encode(state), type=State)
    assert back == state
    assert len(msgspec.json.encode(state)) < 8_000


# intervals


@pytest.mark.parametrize(("events", "starts"), [(0, 1), (0, 1_000), (1, 1), (10, 1_000), (1_000, 1_000), (7, 5)])
def test_a_rate_lies_between_its_bounds(events: int, starts: int) -> None:
    found = rate(events, starts, 0.05)
    assert found.value is not None and found.low is not None and found.high is not None
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high
    wider = rate(events, starts, 0.01)
    assert wider.low is not None and wider.high is not None
    assert wider.low <= found.low and wider.high >= found.high


def test_a_rate_without_starts_is_anything() -> None:
    nothing = rate(0, 0, 0.05)
    assert (nothing.value, nothing.low, nothing.high) == (None, 0.0, 1.0)


def test_intervals_hold_at_all_looks_at_once() -> None:
    """The true chance, 3 %, and the true ratio, 2, are within the bounds at every one of 60 looks in 19 of 20 runs."""
    missed_rate = missed_ratio = 0
    lenient = Guardrails(alpha=500)
    for run in range(40):
        random, state = Random(run), State()
        outside_rate = outside_ratio = False
        for _ in range(60):
            state = observe(state, crashes(binomial(random, 100, 0.03), binomial(random, 100, 0.015)), lenient)
            found = verdict(state, lenient).metrics[0]
            assert found.rate_new.low is not None and found.rate_new.high is not None
            outside_rate |= not found.rate_new.low <= 0.03 <= found.rate_new.high
            low, high = found.ratio.low or 0.0, inf if found.ratio.high is None else found.ratio.high
            outside_ratio |= not low <= 2 <= high
        missed_rate += outside_rate
        missed_ratio += outside_ratio
    assert missed_rate <= 2
    assert missed_ratio <= 2


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_looks_may_be_cut_anywhere_and_kept_as_json(history: list[tuple[int, int, int, int]]) -> None:
    """The same reports in looks of their own or with empty looks between them; the state through JSON each time."""
    increments = [crashes(min(hit, new), min(miss, control), (new, control)) for new, control, hit, miss in history]
    state = State()
    for increment in increments:
        state = msgspec.json.decode(msgspec.json.encode(observe(state, increment, USUAL)), type=State)
        state = observe(state, Increment(), USUAL)
    assert verdict(state, USUAL) == judge(increments, USUAL)
    assert state.total.starts == Arms(sum(each[0] for each in history), sum(each[1] for each in history))
