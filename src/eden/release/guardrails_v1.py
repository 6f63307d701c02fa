"""Whether a new version crashes more than the old one, version 1. Frozen: a new way would be a new file beside this.

The question is asked again and again while reports come in, and the answer must be right however often it is asked. An
e-process does that: it starts at 1, is never expected to grow if the new version is harmless, and so reaches 1/α with
a probability of α at most, ever (Ville 1939; Ramdas, Grünwald, Vovk, Shafer, "Game-theoretic statistics and safe
anytime-valid inference", 2023).

**Comparison.** Reports are cut into blocks. A block has `a` starts of the new version, `b` of the control arm, and m
events (crashes, say), k of them with the new version. If the versions are alike, the m events fall on the a + b
starts without regard to the arm, so k is hypergeometric. Against it stands a relative risk r > 1: an event falls on
the new version with p = r·s / (r·s + 1 − s), where s = a / (a + b). The block multiplies the bet on r by

    r^k / (r·s + 1 − s)^m        the likelihood ratio of binomial(m, p) to binomial(m, s).

Its expectation is 1 under binomial(m, s), and at most 1 under the hypergeometric law, since r^k is convex in k and
drawing without replacement is less spread out (Hoeffding 1963, theorem 4). So the product over blocks is a test
supermartingale, whatever s is in each block: the share may grow, arms may differ in size, a broken back end that hurts
both arms moves nothing. It is Cox's partial likelihood, as in the safe log-rank test (ter Schure,
Pérez-Ortiz, Ly, Grünwald 2020). No r is known beforehand: the bet is spread over a grid of r (method of mixtures,
Robbins 1970), most of it around 2.

**Late trouble.** After long good service the bets on large r are spent, and a version that only then begins to crash
(a new step reaches new phones, the back end changes) would be found late. So a fifth of the stake is kept back and
invested piece by piece, the j-th time 1/(j(j+1)) of it, at every new step and every 10,000 starts. A sum of bets that
begin at fixed times is a bet.

**Several metrics.** Crashes, failures to start and script errors have e-processes of their own; their weighted mean is
one for "nothing got worse", whatever the dependence (Vovk, Wang, "E-values", 2021), and stops no later than splitting
α by the same weights.

**Without a control arm** (everyone has the version, or a list names them) nothing can be compared. Then only a limit
holds: the release stops when the share of starts with an event is above the limit beyond doubt, by a beta mixture
against the limit. That is another question with its own α, and a back-end failure does stop a release there.

What is assumed: each start's events do not depend on other starts'. Devices that crash in a loop would break that, so
`metrics.count` lets each device count once. Chances and rates are 0..1.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from math import log, sqrt
from typing import Final

import msgspec
from msgspec.structs import replace

from eden.base.sequential import RISKS, Interval, against, bet, gains, invest, likely_ratio, new_bets, rate, worth
from eden.release.interfaces import EVERYONE, Guardrails, Health, Message

#: Starts that make a block. Few, so that a bad version is stopped early; not one by one, so that a crash that is
#: reported with the start before it still falls into the same block.
BLOCK: Final = 30
#: Starts of both arms after which some more of the rest is invested.
REINVEST: Final = 10_000


class Metric(StrEnum):
    """What is counted: crashes, failures to start, script errors."""

    CRASH = "crash"
    START = "start"
    ERROR = "error"


#: What each metric weighs in the mean. Crashes first: they are what must be found soonest.
WEIGHTS: Final[dict[Metric, float]] = {Metric.CRASH: 0.7, Metric.START: 0.25, Metric.ERROR: 0.05}


class Arms(msgspec.Struct, frozen=True, array_like=True):
    """A number for each arm: the new version by its bucket, the matched control, the new version by a list."""

    new: int = 0
    control: int = 0
    listed: int = 0

    def __add__(self, other: Arms) -> Arms:
        return Arms(self.new + other.new, self.control + other.control, self.listed + other.listed)


class Increment(msgspec.Struct, frozen=True, kw_only=True):
    """What was reported since the last look: starts (failed ones too) and events among them."""

    starts: Arms = Arms()
    crash: Arms = Arms()
    start: Arms = Arms()
    error: Arms = Arms()

    def events(self, metric: Metric) -> Arms:
        found: Arms = getattr(self, metric.value)
        return found

    def __add__(self, other: Increment) -> Increment:
        return Increment(
            starts=self.starts + other.starts,
            crash=self.crash + other.crash,
            start=self.start + other.start,
            error=self.error + other.error,
        )


class MetricState(msgspec.Struct, frozen=True, kw_only=True):
    """One metric's bets. `wealth`: the logarithm of what each bet is worth. `fit`: the log-likelihood of each of RISKS,
    against 1. `alone`: events of the new version where nobody could be compared."""

    wealth: tuple[float, ...] = new_bets()
    fit: tuple[float, ...] = (0.0,) * len(RISKS)
    alone: int = 0


class State(msgspec.Struct, frozen=True, kw_only=True):
    """All that a look needs of the looks before it: about 3 kB of JSON. A new one for each run of a release.

    `pending` is not yet a block. `alone` are starts where nobody could be compared. `peak` is the largest e-value so
    far. `compared`: the last block had both arms. `invested`: how often more was invested, `fresh`: starts since then,
    `due`: more is to be invested after this block. `before_step`: starts of the new version when the step began.
    `beyond`: the metric that went beyond the limit.
    """

    metrics: dict[Metric, MetricState] = msgspec.field(default_factory=lambda: {each: MetricState() for each in Metric})
    total: Increment = Increment()
    pending: Increment = Increment()
    alone: int = 0
    peak: float = 1.0
    compared: bool = False
    invested: int = 0
    fresh: int = 0
    due: bool = False
    before_step: int = 0
    beyond: Metric | None = None


class MetricVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One metric as the console plots it: `ratio` of the new version's chance of an event to the control's, and both
    chances per start (new: both arms that have it)."""

    metric: Metric
    e_value: float
    starts: Arms
    events: Arms
    ratio: Interval
    rate_new: Interval
    rate_control: Interval


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the guardrails say, why, and the numbers. `e_value` at `needed` stops the release."""

    health: Health
    reason: Message
    e_value: float
    needed: float
    metrics: tuple[MetricVerdict, ...]

    @property
    def halted(self) -> bool:
        return self.health is Health.HALT


def look(state: State, increment: Increment, settings: Guardrails, *, new_step: bool = False) -> tuple[State, Verdict]:
    """The state and the verdict after more reports; with an empty increment, the verdict as it stands."""
    state = observe(state, increment, settings, new_step=new_step)
    return state, verdict(state, settings)


def observe(state: State, increment: Increment, settings: Guardrails, *, new_step: bool = False) -> State:
    """The state after more reports. `new_step` says that a step of the plan begins with them.

    Begin with a new `State()` when `Release.run` changes: what stopped the release before would do so again at once.
    """
    if new_step:
        state = replace(state, due=True, before_step=state.total.starts.new + state.total.starts.listed)
    state = replace(state, total=state.total + increment, pending=state.pending + increment)
    starts = state.pending.starts
    return _close(state, settings) if starts.new + starts.control + starts.listed >= BLOCK else state


def stops(state: State, settings: Guardrails) -> bool:
    """Whether the guardrails stop the release. Once they do, they do for ever: later reports take nothing back."""
    return _worse(state, settings) or state.beyond is not None


def judge(history: Iterable[Increment], settings: Guardrails) -> Verdict:
    """The verdict after all of these looks."""
    state = State()
    for increment in history:
        state = observe(state, increment, settings)
    return verdict(state, settings)


def verdict(state: State, settings: Guardrails) -> Verdict:
    """What the guardrails say now."""
    alpha = settings.alpha / EVERYONE
    metrics = tuple(_metric(state, metric, alpha) for metric in _watched(settings))
    health, reason = _health(state, settings, metrics)
    return Verdict(health=health, reason=reason, e_value=_mean(state), needed=1 / alpha, metrics=metrics)


def _close(state: State, settings: Guardrails) -> State:
    """Make a block of what is pending."""
    block = state.pending
    starts = block.starts
    controlled = settings.control and starts.control > 0
    compared = controlled and starts.new > 0
    both = starts.new + starts.control
    share = starts.new / both if both else 0.0
    metrics, watched = {}, _watched(settings)
    for metric, before in state.metrics.items():
        if metric not in watched:  # a bet that is not made keeps its worth
            metrics[metric] = before
            continue
        events = block.events(metric)
        drawn = events.new + events.control
        if not controlled:
            metrics[metric] = replace(before, alone=before.alone + events.new + events.listed)
        elif compared and drawn:
            gain = gains(events.new, drawn, share)
            metrics[metric] = replace(
                before, fit=tuple(map(float.__add__, before.fit, gain)), wealth=bet(before.wealth, gain)
            )
        else:  # with one arm only, an event says nothing about the other
            metrics[metric] = before
    fresh = state.fresh + (both if compared else 0)
    state = replace(
        state,
        metrics=metrics,
        pending=Increment(),
        alone=state.alone + (0 if controlled else starts.new + starts.listed),
        compared=compared,
        fresh=fresh,
    )
    state = replace(state, peak=max(state.peak, _mean(state)), beyond=state.beyond or _beyond(state, settings))
    # only between blocks: a bet must be made before what it is on
    return _invest(state) if state.due or fresh >= REINVEST else state


def _invest(state: State) -> State:
    """Put the next piece of what was kept back into all bets."""
    time = state.invested + 1
    metrics = {metric: replace(each, wealth=invest(each.wealth, time)) for metric, each in state.metrics.items()}
    return replace(state, metrics=metrics, invested=time, fresh=0, due=False)


def _worth(state: State, metric: Metric) -> float:
    """The metric's e-value: its bets and what is still kept back."""
    return worth(state.metrics[metric].wealth, state.invested)


def _mean(state: State) -> float:
    return sum(weight * _worth(state, metric) for metric, weight in WEIGHTS.items())


def _watched(settings: Guardrails) -> list[Metric]:
    return [metric for metric in Metric if getattr(settings, metric.value)]


def _worse(state: State, settings: Guardrails) -> bool:
    """The comparison stops the release."""
    return settings.control and bool(_watched(settings)) and state.peak >= EVERYONE / settings.alpha


def _beyond(state: State, settings: Guardrails) -> Metric | None:
    """The metric that is beyond the limit where there was no control arm."""
    if settings.limit is None:
        return None
    limit, bar = settings.limit / EVERYONE, log(EVERYONE / settings.alpha)
    for metric in _watched(settings):
        events = min(state.metrics[metric].alone, state.alone)
        if events > limit * state.alone and against(events, state.alone, limit) >= bar:
            return metric
    return None


def _health(state: State, settings: Guardrails, metrics: tuple[MetricVerdict, ...]) -> tuple[Health, Message]:
    worst = max(metrics, key=lambda each: WEIGHTS[each.metric] * each.e_value, default=None)
    if worst is None:
        return Health.HEALTHY, Message("guardrail-off", {})
    if _worse(state, settings):
        return Health.HALT, Message(f"guardrail-{worst.metric}", _numbers(worst))
    if state.beyond is not None:
        numbers: dict[str, str | int] = {
            "events": state.metrics[state.beyond].alone,
            "starts": state.alone,
            "limit_share": settings.limit or 0,
        }
        return Health.HALT, Message(f"guardrail-limit-{state.beyond}", numbers)
    seen = state.total.starts.new + state.total.starts.listed - state.before_step
    if seen < settings.minimum_starts:
        return Health.COLLECTING, Message("guardrail-collecting", {"starts": seen, "minimum": settings.minimum_starts})
    if settings.control and _mean(state) >= sqrt(EVERYONE / settings.alpha):
        return Health.WATCH, Message(f"guardrail-watch-{worst.metric}", _numbers(worst))
    if settings.control and state.pending.starts == state.total.starts:  # not even one block
        starts = state.pending.starts
        so_far: dict[str, str | int] = {"starts": starts.new + starts.control + starts.listed, "needed": BLOCK}
        return Health.NO_CONTROL, Message("guardrail-few", so_far)
    if not state.compared:
        return Health.NO_CONTROL, Message("guardrail-no-control", {})
    return Health.HEALTHY, Message("guardrail-healthy", {"starts": seen})


def _metric(state: State, metric: Metric, alpha: float) -> MetricVerdict:
    starts, events = state.total.starts, state.total.events(metric)
    return MetricVerdict(
        metric=metric,
        e_value=_worth(state, metric),
        starts=starts,
        events=events,
        ratio=likely_ratio(state.metrics[metric].fit, alpha),
        rate_new=rate(events.new + events.listed, starts.new + starts.listed, alpha),
        rate_control=rate(events.control, starts.control, alpha),
    )


def _numbers(verdict: MetricVerdict) -> dict[str, str | int]:
    ratio = verdict.ratio.value
    beyond = ">64" if verdict.events.new > verdict.events.control else "<1/64"
    return {
        "events": verdict.events.new,
        "starts": verdict.starts.new,
        "control_events": verdict.events.control,
        "control_starts": verdict.starts.control,
        "ratio": beyond if ratio is None else f"{ratio:.2g}",
    }
