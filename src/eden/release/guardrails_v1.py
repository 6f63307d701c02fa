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
from math import exp, inf, lgamma, log, log1p, pi, sqrt
from typing import Final

import msgspec
from msgspec.structs import replace

from eden.release.interfaces import EVERYONE, Guardrails, Health, Message

#: Starts that make a block. Few, so that a bad version is stopped early; not one by one, so that a crash that is
#: reported with the start before it still falls into the same block.
BLOCK: Final = 30
#: Stake that is at play from the begin; the rest is for late trouble.
AT_ONCE: Final = 0.8
#: Starts of both arms after which some more of the rest is invested.
REINVEST: Final = 10_000

_QUARTERS: Final = range(-24, 25)
#: Relative risks, 1/64 to 64, a quarter of an octave apart: for the interval all of them, for the bets those above 1.
RISKS: Final = tuple(2 ** (quarter / 4) for quarter in _QUARTERS)
_LOGS: Final = tuple(quarter / 4 * log(2) for quarter in _QUARTERS)
_HARMLESS: Final = _QUARTERS.index(0)
#: How the stake is spread over the relative risks above 1: a bell over log2 r around 1.25, as wide as 0.8.
_BELL: Final = tuple(exp(-(((quarter / 4 - 1.25) / 0.8) ** 2) / 2) for quarter in _QUARTERS if quarter > 0)
STAKES: Final = tuple(weight / sum(_BELL) for weight in _BELL)


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

    wealth: tuple[float, ...] = tuple(log(AT_ONCE * stake) for stake in STAKES)
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


class Interval(msgspec.Struct, frozen=True):
    """An estimate with bounds that hold at all looks at once with a chance of 1 − α; null: not bounded by the data."""

    value: float | None
    low: float | None
    high: float | None


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


def rate(events: int, starts: int, alpha: float) -> Interval:
    """The chance of an event per start, with bounds that hold at all times at once.

    Inverts the beta mixture with Jeffreys' prior: a chance p is out when B(½+k, ½+n−k)/B(½, ½) ≥ p^k (1−p)^(n−k) / α.
    """
    if starts <= 0:
        return Interval(None, 0.0, 1.0)
    events = min(events, starts)
    value, bar = events / starts, -log(alpha)

    def bound(inside: float, outside: float) -> float:
        if _against(events, starts, outside) < bar:
            return outside
        for _ in range(40):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if _against(events, starts, middle) < bar else (inside, middle)
        return (inside + outside) / 2

    return Interval(value, bound(value, 0.0), bound(value, 1.0))


def _close(state: State, settings: Guardrails) -> State:
    """Make a block of what is pending."""
    block = state.pending
    starts = block.starts
    controlled = settings.control and starts.control > 0
    compared = controlled and starts.new > 0
    both = starts.new + starts.control
    share = starts.new / both if both else 0.0
    dilution = tuple(log1p((risk - 1) * share) for risk in RISKS)
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
            gain = [events.new * _LOGS[at] - drawn * dilution[at] for at in range(len(RISKS))]
            metrics[metric] = replace(
                before,
                fit=tuple(map(float.__add__, before.fit, gain)),
                wealth=tuple(map(float.__add__, before.wealth, gain[_HARMLESS + 1 :])),
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
    piece = (1 - AT_ONCE) / (time * (time + 1))
    metrics = {
        metric: replace(
            each,
            wealth=tuple(_sum_of_logs(w, log(piece * stake)) for w, stake in zip(each.wealth, STAKES, strict=True)),
        )
        for metric, each in state.metrics.items()
    }
    return replace(state, metrics=metrics, invested=time, fresh=0, due=False)


def _worth(state: State, metric: Metric) -> float:
    """The metric's e-value: its bets and what is still kept back."""
    kept_back = (1 - AT_ONCE) / (state.invested + 1)
    return kept_back + sum(_exp(wealth) for wealth in state.metrics[metric].wealth)


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
        if events > limit * state.alone and _against(events, state.alone, limit) >= bar:
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
        ratio=_ratio(state.metrics[metric].fit, alpha),
        rate_new=rate(events.new + events.listed, starts.new + starts.listed, alpha),
        rate_control=rate(events.control, starts.control, alpha),
    )


def _ratio(fit: tuple[float, ...], alpha: float) -> Interval:
    """The relative risks that the blocks do not rule out: those whose likelihood is at least α times the mean over the
    grid (method of mixtures; exact at 1, and for rare events elsewhere). The estimate is the likeliest."""
    best = max(range(len(RISKS)), key=fit.__getitem__)
    highest = fit[best]
    if highest == min(fit):  # no event in a block with both arms
        return Interval(None, None, None)
    mean = highest + log(sum(exp(each - highest) for each in fit) / len(fit))
    bar = mean + log(alpha)

    def bound(step: int) -> float | None:
        at = best
        while 0 <= at + step < len(fit) and fit[at + step] >= bar:
            at += step
        if not 0 <= at + step < len(fit):
            return None
        inner, outer = fit[at], fit[at + step]
        return exp(_LOGS[at] + (_LOGS[at + step] - _LOGS[at]) * (inner - bar) / (inner - outer))

    return Interval(_likeliest(fit, best), bound(-1), bound(1))


def _likeliest(fit: tuple[float, ...], best: int) -> float | None:
    """The top of the parabola through the best point of the grid and its neighbours; null at the grid's ends."""
    if not 0 < best < len(fit) - 1:
        return None
    before, highest, after = fit[best - 1 : best + 2]
    return exp(_LOGS[best] + log(2) / 8 * (before - after) / (before - 2 * highest + after))


def _against(events: int, starts: int, chance: float) -> float:
    """The logarithm of the beta mixture against this chance per start."""
    if (chance <= 0 and events) or (chance >= 1 and events < starts):
        return inf
    mixed = lgamma(events + 0.5) + lgamma(starts - events + 0.5) - lgamma(starts + 1) - log(pi)
    return (
        mixed - (events * log(chance) if events else 0) - ((starts - events) * log1p(-chance) if events < starts else 0)
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


def _sum_of_logs(one: float, other: float) -> float:
    larger, smaller = (one, other) if one > other else (other, one)
    return larger + log1p(exp(smaller - larger))


def _exp(value: float) -> float:
    """e^value, or what is practically infinite but not so for JSON."""
    return exp(min(value, 690.0))
