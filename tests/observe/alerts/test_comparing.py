"""Sequential comparisons: how often they are wrong, that they find what is there, and that they end."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import msgspec
import pytest

from eden.observe.alerts.comparing import begin, observe, reading
from eden.observe.alerts.interfaces import Arm, Betting, Compared, Direction, Sequential
from eden.observe.questions.interfaces import Events

RATE = Compared(measure="rate", events=Events(names=("$error",)), over=Events(names=("$launch",)))
SHARE = msgspec.structs.replace(RATE, measure="share")
MEAN = Compared(measure="mean", events=Events(names=("$launch",)))
KNOWN = msgspec.structs.replace(SHARE, new="all", baseline=0.05)
KNOWN_RATE = msgspec.structs.replace(RATE, new="all", baseline=0.05)
KNOWN_MEAN = msgspec.structs.replace(MEAN, new="all", baseline=1.0)

Draw = Callable[[Random, int], Arm]
ALPHA = 0.05
RUNS = 150
LOOKS = 30


def events(chance: float) -> Draw:
    def draw(random: Random, count: int) -> Arm:
        return Arm(count, sum(random.random() < chance for _ in range(count)))

    return draw


def numbers(mean: float) -> Draw:
    def draw(random: Random, count: int) -> Arm:
        values = [random.expovariate(1 / mean) for _ in range(count)]
        return Arm(count, sum(values), sum(value * value for value in values))

    return draw


def alarm(
    random: Random, subject: Compared, new: Draw, control: Draw, direction: Direction, looks: int = LOOKS
) -> int | None:
    """The look at which something is found, if any. The share of the new arm moves from look to look."""
    state, condition = begin(0), Sequential(alpha=ALPHA, direction=direction)
    for look in range(looks):
        share = 10 + (look * 7) % 40
        state = observe(state, new(random, share), control(random, 50), look, subject, condition)
        if state.found:
            return look
    return None


@pytest.mark.parametrize("direction", ["more", "less", "either"])
@pytest.mark.parametrize(
    ("subject", "draw"),
    [
        (RATE, events(0.05)),
        (SHARE, events(0.3)),
        (MEAN, numbers(1.0)),
        (KNOWN, events(0.05)),
        (KNOWN_RATE, events(0.05)),
        (KNOWN_MEAN, numbers(1.0)),
    ],
    ids=["rate", "share", "mean", "known share", "known rate", "known mean"],
)
def test_false_alarms(subject: Compared, draw: Draw, direction: Direction) -> None:
    """Both arms are alike: of 150 runs, each looked at 30 times, one in twenty may find something."""
    random = Random(f"{subject.measure} {subject.baseline} {direction}")
    wrong = sum(alarm(random, subject, draw, draw, direction) is not None for _ in range(RUNS))
    assert wrong <= ALPHA * RUNS


@pytest.mark.parametrize(
    ("subject", "new", "control", "direction"),
    [
        (RATE, events(0.2), events(0.05), "more"),
        (RATE, events(0.05), events(0.2), "less"),
        (SHARE, events(0.5), events(0.2), "either"),
        (MEAN, numbers(1.6), numbers(1.0), "more"),
        (MEAN, numbers(1.0), numbers(1.6), "less"),
        (KNOWN, events(0.15), events(0), "more"),
        (KNOWN_RATE, events(0.15), events(0), "either"),
        (KNOWN_MEAN, numbers(0.5), events(0), "less"),
    ],
)
def test_what_differs_is_found(subject: Compared, new: Draw, control: Draw, direction: Direction) -> None:
    random = Random(3)
    found = [alarm(random, subject, new, control, direction) for _ in range(20)]
    assert sum(look is not None for look in found) >= 18
    wrong_way: dict[Direction, Direction] = {"more": "less", "less": "more"}
    if direction in wrong_way:
        assert sum(alarm(random, subject, new, control, wrong_way[direction]) is not None for _ in range(20)) <= 1


def test_it_ends_and_begins_anew() -> None:
    random, condition = Random(1), Sequential(alpha=ALPHA)
    state = begin(0)
    while not state.found:
        state = observe(state, events(0.3)(random, 100), events(0.05)(random, 100), 1, RATE, condition)
    assert reading(state, RATE, condition).trouble
    for _ in range(4):
        state = observe(state, events(0.3)(random, 100), events(0.05)(random, 100), 2, RATE, condition)
        assert state.found == "more"
    for _ in range(4):
        state = observe(state, events(0.0)(random, 100), events(0.05)(random, 100), 3, RATE, condition)
    assert not state.found and state.new.count <= 200 and not reading(state, RATE, condition).trouble


def test_few_rows_wait() -> None:
    state = observe(begin(5), Arm(10, 1), Arm(10, 1), 9, RATE, Sequential())
    assert state == begin(5)
    state = observe(state, Arm(20, 1), Arm(20, 1), 9, RATE, Sequential())
    assert state.since == 9 and state.new == Arm(20, 1)


def test_one_arm_says_nothing() -> None:
    """Of a version that nobody has yet there is no number."""
    state = observe(begin(0), Arm(), Arm(100, 50), 1, RATE, Sequential())
    assert not state.found and reading(state, RATE, Sequential()).value is None


def test_what_is_told() -> None:
    random, state, condition = Random(2), begin(0), Sequential(alpha=1e-6)
    for look in range(10):
        state = observe(state, events(0.2)(random, 200), events(0.1)(random, 200), look, RATE, condition)
    found = reading(state, RATE, condition)
    assert found.value == pytest.approx(2, rel=0.3) and found.limit == 1
    assert found.low is not None and found.high is not None and found.low < 2 < found.high
    assert found.more["new"] == 2000 and found.more["control"] == 2000 and found.more["e_value"] > 1


def test_late_trouble_is_found_too() -> None:
    """After 30,000 good starts."""
    random, condition, state = Random(4), Sequential(alpha=ALPHA), begin(0)
    for look in range(30):
        state = observe(state, events(0.05)(random, 500), events(0.05)(random, 500), look, RATE, condition)
    looks = 0
    while not state.found:
        looks += 1
        state = observe(state, events(0.15)(random, 200), events(0.05)(random, 200), look, RATE, condition)
    assert looks <= 25


def test_memory_is_json() -> None:
    state = observe(begin(0), Arm(100, 3), Arm(100, 5), 1, RATE, Sequential())
    text = msgspec.json.encode(state)
    assert msgspec.json.decode(text, type=Betting) == state and len(text) < 5000
