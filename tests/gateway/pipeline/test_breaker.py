"""Circuit breakers, as states and as a caller meets them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eden.gateway.exchange import Answer
from eden.gateway.interfaces import Breaker
from eden.gateway.pipeline.breaker import BreakerState
from tests.gateway.pipeline.house import House, catalogue, document


def breaker(**rule: Any) -> BreakerState:
    given = {"least_calls": 4, "window_s": 10, "open_s": 5, "trial_calls": 2, "slow_ms": 100, **rule}
    return BreakerState(Breaker(**given))


def call(state: BreakerState, now: float, failed: bool = False, took: float = 0.0) -> bool:
    if not state.allows(now):
        return False
    state.ended(now + took, now, failed)
    return True


def test_it_opens_at_the_share_of_errors() -> None:
    state = breaker(error_percent=50)
    for failed in (True, False, False):
        call(state, 0, failed)
    assert state.state == "closed"
    call(state, 0, True)
    assert state.state == "open"
    assert not state.allows(4.9)


def test_not_before_there_are_enough_calls() -> None:
    state = breaker(least_calls=4)
    for _ in range(3):
        call(state, 0, True)
    assert state.state == "closed"


@pytest.mark.parametrize(
    ("model", "failed", "took", "opens"),
    [
        ("errors", True, 0.0, True),
        ("errors", False, 1.0, False),
        ("slow", True, 0.0, False),
        ("slow", False, 1.0, True),
        ("either", True, 0.0, True),
        ("either", False, 1.0, True),
        ("either", False, 0.0, False),
    ],
)
def test_models(model: Any, failed: bool, took: float, opens: bool) -> None:
    state = breaker(model=model)
    for _ in range(4):
        call(state, 0, failed, took)
    assert (state.state == "open") is opens


def test_old_calls_are_forgotten() -> None:
    state = breaker(window_s=10, least_calls=4)
    for second in range(3):
        call(state, float(second), True)
    # the first three are out of the window by now
    call(state, 13.0, True)
    assert state.state == "closed"
    for _ in range(3):
        call(state, 13.5, True)
    assert state.state == "open"


def test_a_few_calls_decide_when_it_is_half_open() -> None:
    state = breaker(trial_calls=2)
    for _ in range(4):
        call(state, 0, True)
    assert state.allows(5.0) and state.allows(5.0) and not state.allows(5.0)
    state.ended(5.1, 5.0, False)
    assert state.state == "half-open"
    state.ended(5.1, 5.0, False)
    assert state.state == "closed"
    # and what was before does not count any more
    call(state, 5.2, True)
    assert state.state == "closed"


def test_one_bad_trial_opens_it_again() -> None:
    state = breaker()
    for _ in range(4):
        call(state, 0, True)
    assert call(state, 5.0, True)
    assert not state.allows(9.9)
    assert state.allows(10.0)


def test_calls_from_before_decide_nothing() -> None:
    state = breaker()
    assert state.allows(0)
    for _ in range(4):
        call(state, 1, True)
    assert state.allows(6.0)
    state.ended(6.5, 0, False)
    state.ended(6.5, 0, True)
    assert state.state == "half-open"


def test_trials_that_never_come_back_do_not_close_it_for_ever() -> None:
    state = breaker(trial_calls=1)
    for _ in range(4):
        call(state, 0, True)
    assert state.allows(5) and not state.allows(9)
    assert state.allows(10)
    state.given_up(10)
    # the place of one whose caller went away is free at once
    assert state.allows(10.1) and not state.allows(10.2)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 5), st.booleans(), st.floats(0, 0.3)), max_size=80))
def test_it_always_lets_calls_through_again(events: list[tuple[float, bool, float]]) -> None:
    state, now = breaker(), 0.0
    for wait, failed, took in events:
        now += wait
        call(state, now, failed, took)
    now += 6
    assert call(state, now)
    for _ in range(3):
        now += 6
        call(state, now)
    assert state.state == "closed"


def house(**rule: Any) -> House:
    given = {"least_calls": 2, "open_s": 5, "trial_calls": 1, **rule}
    return House(catalogue({"breaker": given, "parameters": [{"name": "n", "type": "int"}]}))


def fails(made: House, status: int = 500) -> None:
    for _ in range(2):
        made.call(answer=Answer(status, [], b"{}"))


def test_a_service_that_fails_is_not_asked() -> None:
    made = house()
    fails(made)
    answer = made.stops()
    assert (answer.code, answer.status) == (4002, 503)
    made.seconds += 5
    made.call(answer=Answer(200, [], b"{}"))
    made.passes()


def test_what_it_answers_while_open() -> None:
    made = house(answer={"items": [], "stale": True})
    fails(made)
    answer = made.stops()
    assert (answer.code, answer.status, document(answer)) == (1000, 200, {"items": [], "stale": True})


@pytest.mark.parametrize("failure", ["connect", "queue", "none", "broken", "timeout"])
def test_no_answer_is_a_failure(failure: Any) -> None:
    made = house()
    for _ in range(2):
        exchange = made.passes()
        made.pipeline.ended(exchange, made.pipeline.failed(exchange, failure))
    assert made.stops().code == 4002


def test_answers_below_500_are_none() -> None:
    made = house()
    fails(made, 499)
    made.passes()


def test_callers_that_leave_and_calls_that_stop_count_nothing() -> None:
    made = house()
    for _ in range(5):
        made.pipeline.ended(made.passes(), None)
        made.stops(target=b"?n=x")
    fails(made)
    made.seconds += 5
    # the trial's caller goes away: another may try
    made.pipeline.ended(made.passes(), None)
    made.stops(target=b"?n=x")
    made.call(answer=Answer(200, [], b"{}"))
    made.passes()


def test_those_who_wait_for_an_answer_meet_it_too() -> None:
    made = House(catalogue({"breaker": {"least_calls": 1}, "cache": {}}))
    first, second = made.passes(), made.passes()

    async def run() -> Answer | None:
        task = asyncio.ensure_future(made.pipeline.locate(second))
        await asyncio.sleep(0)
        made.pipeline.ended(first, made.pipeline.failed(first, "timeout"))
        return await task

    answer = asyncio.run(run())
    assert answer is not None and (answer.code, answer.status) == (4002, 503)
