"""How often guardrails stop a harmless release, and how soon a harmful one. Simulated; no figure is a time.

Each run is a release that is looked at again and again while starts come in; a start crashes with 1 % in the old
version. `false_…_percent` are shares of harmless releases that are stopped: within 200 looks of equal arms, while the
share grows from 1 % to 50 %, while a broken back end makes both arms crash, and with devices that crash in a loop
(each counted once, as `metrics.count` does). `starts_to_stop_…` are medians of starts in each arm. `late_…` begins to
crash only after 20,000 starts in each arm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import log, log1p
from random import Random
from statistics import median

from bench._harness import Figure
from eden.release.guardrails_v1 import Arms, Increment, State, observe, stops
from eden.release.interfaces import Guardrails

BASE = 0.01
USUAL = Guardrails()

#: One look's reports, made from chance.
Reports = Callable[[Random, int], Increment]


def main(quick: bool) -> Iterable[Figure]:
    runs = 100 if quick else 1_000
    yield Figure("false_stop_percent", 100 * stopped(equal(1.0), runs, 200), 5.0)
    yield Figure("false_stop_alpha_1_percent", 100 * stopped(equal(1.0), runs, 200, Guardrails(alpha=100)), 1.0)
    yield Figure("false_stop_growing_share_percent", 100 * stopped(growing, runs, 200), 5.0)
    yield Figure("false_stop_outage_percent", 100 * stopped(outage, runs, 200), 5.0)
    yield Figure("false_stop_crash_loops_percent", 100 * stopped_by_devices(runs // 4), 5.0)
    yield Figure("missed_half_more_percent", 100 * (1 - stopped(equal(1.5), runs // 2, 400)), 10.0)
    yield Figure("starts_to_stop_half_more", starts_to_stop(equal(1.5), runs // 2, 100, 400))
    yield Figure("starts_to_stop_double", starts_to_stop(equal(2.0), runs, 100, 100), 2_500)
    yield Figure("starts_to_stop_triple", starts_to_stop(equal(3.0, 50), runs, 50, 100))
    yield Figure("starts_to_stop_five_fold", starts_to_stop(equal(5.0, 25), runs, 25, 100), 400)
    yield Figure("late_starts_to_stop_double", starts_to_stop(late, runs // 2, 100, 400) - 20_000)
    yield Figure("failing_starts_to_stop", starts_to_stop(failing, runs, 10, 100))


@dataclass(frozen=True, slots=True)
class Outcome:
    """The look (from 1) at which a run stopped; null: never. `starts` in the new arm until then."""

    look: int | None
    starts: int


def follow(reports: Reports, random: Random, looks: int, settings: Guardrails = USUAL) -> Outcome:
    """One release, until it is stopped or all looks are over."""
    state = State()
    for number in range(looks):
        state = observe(state, reports(random, number), settings)
        if stops(state, settings):
            return Outcome(number + 1, state.total.starts.new)
    return Outcome(None, state.total.starts.new)


def stopped(reports: Reports, runs: int, looks: int, settings: Guardrails = USUAL, seed: int = 1) -> float:
    """The share of runs that are stopped."""
    return sum(outcome.look is not None for outcome in _runs(reports, runs, looks, settings, seed)) / runs


def starts_to_stop(reports: Reports, runs: int, per_look: int, looks: int, seed: int = 2) -> float:
    """The median of starts in the new arm until the stop; runs that never stop count as endless."""
    outcomes = _runs(reports, runs, looks, USUAL, seed)
    return median(per_look * outcome.look if outcome.look is not None else 1e9 for outcome in outcomes)


def equal(risk: float, per_look: int = 100) -> Reports:
    """Arms of one size; the new version crashes `risk` times as often."""

    def reports(random: Random, number: int) -> Increment:
        crashes = Arms(binomial(random, per_look, BASE * risk), binomial(random, per_look, BASE))
        return Increment(starts=Arms(per_look, per_look), crash=crashes)

    return reports


def growing(random: Random, number: int) -> Increment:
    """Harmless: the share grows 1 % → 10 % → 50 %, and the new version is installed slowly after each step, so that
    arms have unequal sizes which change all the time."""
    share = (20, 200, 1_000)[min(2, number // 30)]
    new = round(share * min(1.0, 0.05 + (number % 30) / 20)) if number < 90 else share
    crashes = Arms(binomial(random, new, BASE), binomial(random, share, BASE))
    return Increment(starts=Arms(new, share), crash=crashes)


def outage(random: Random, number: int) -> Increment:
    """Harmless: now and then every fifth start crashes and every third fails, in both arms."""
    broken = number % 40 >= 30
    crash, failure = (0.2, 0.3) if broken else (BASE, 0.002)
    crashes = Arms(binomial(random, 100, crash), binomial(random, 100, crash))
    failures = Arms(binomial(random, 100, failure), binomial(random, 100, failure))
    return Increment(starts=Arms(100, 100), crash=crashes, start=failures)


def late(random: Random, number: int) -> Increment:
    """Twice as many crashes, but only after 20,000 starts in each arm."""
    return equal(1.0 if number < 200 else 2.0)(random, number)


def failing(random: Random, number: int) -> Increment:
    """The new version fails to start on every third phone, the old one on one of 500; ten starts at a time."""
    failures = Arms(binomial(random, 10, 1 / 3), binomial(random, 10, 0.002))
    return Increment(starts=Arms(10, 10), start=failures)


def stopped_by_devices(runs: int, seed: int = 3) -> float:
    """Harmless releases that are stopped although some devices crash at every other start: 1,000 devices with 1 to 30
    starts a day for 30 days, 2 % of them broken, drawn into arms by lot, each counted once for its crash."""
    random, count = Random(seed), 0
    for _ in range(runs):
        devices = [(random.random() < 0.5, random.randint(1, 10), random.random() < 0.02) for _ in range(1_000)]
        crashed: set[int] = set()
        state, halted = State(), False
        for _ in range(30):
            starts, crashes = [0, 0], [0, 0]
            for number, (new, a_day, broken) in enumerate(devices):
                arm = 0 if new else 1
                starts[arm] += a_day
                if number not in crashed and binomial(random, a_day, 0.5 if broken else 0.002):
                    crashed.add(number)
                    crashes[arm] += 1
            reports = Increment(starts=Arms(*starts), crash=Arms(*crashes))
            state = observe(state, reports, USUAL)
            halted = halted or stops(state, USUAL)
        count += halted
    return count / runs


def binomial(random: Random, trials: int, chance: float) -> int:
    """Successes in as many trials, by the gaps between them."""
    if chance >= 1:
        return trials
    scale, successes, at = log1p(-chance), 0, 0
    while (at := at + int(log(1 - random.random()) / scale) + 1) <= trials:
        successes += 1
    return successes


def _runs(reports: Reports, runs: int, looks: int, settings: Guardrails, seed: int) -> Iterator[Outcome]:
    for run in range(runs):
        yield follow(reports, Random(f"{seed} {run}"), looks, settings)
