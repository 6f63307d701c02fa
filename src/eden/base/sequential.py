"""Comparisons that may be looked at as often as one likes: e-processes, and bounds that hold at all times at once.

An e-process starts at 1 and is never expected to grow if nothing is wrong, so it reaches 1/α with a probability of α at
most, ever (Ville 1939; Ramdas, Grünwald, Vovk, Shafer, "Game-theoretic statistics and safe anytime-valid inference",
2023).

Two arms: if they are alike, the events of a block fall on their occasions without regard to the arm. Against it stands
a relative risk r > 1; the product of likelihood ratios over blocks is a test supermartingale for every r, and so is a
mixture over a grid of r (Robbins 1970), most of it around 2. A fifth of the stake is kept back and invested piece by
piece, so that what begins late is found, too.

One arm against a known chance or rate: beta and gamma mixtures. Means: the asymptotic confidence sequence of
Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas ("Time-uniform central limit theory and asymptotic confidence sequences",
2021), valid once there are some dozens of values. Pure; chances are 0..1.
"""

from __future__ import annotations

from math import exp, inf, lgamma, log, log1p, pi, sqrt
from typing import Final

import msgspec

#: Stake that is at play from the begin; the rest is for late trouble.
AT_ONCE: Final = 0.8

_QUARTERS: Final = range(-24, 25)
#: Relative risks, 1/64 to 64, a quarter of an octave apart: for the interval all of them, for the bets those above 1.
RISKS: Final = tuple(2 ** (quarter / 4) for quarter in _QUARTERS)
#: their logarithms
LOGS: Final = tuple(quarter / 4 * log(2) for quarter in _QUARTERS)
#: where the risk of 1 stands among them
HARMLESS: Final = _QUARTERS.index(0)
#: How the stake is spread over the relative risks above 1: a bell over log2 r around 1.25, as wide as 0.8.
_BELL: Final = tuple(exp(-(((quarter / 4 - 1.25) / 0.8) ** 2) / 2) for quarter in _QUARTERS if quarter > 0)
STAKES: Final = tuple(weight / sum(_BELL) for weight in _BELL)


class Interval(msgspec.Struct, frozen=True):
    """An estimate with bounds that hold at all looks at once with a chance of 1 − α; null: not bounded by the data."""

    value: float | None
    low: float | None
    high: float | None


def new_bets() -> tuple[float, ...]:
    """The logarithms of what the bets on the risks above 1 are worth before anything has been seen."""
    return tuple(log(AT_ONCE * stake) for stake in STAKES)


def gains(new: int, drawn: int, share: float) -> list[float]:
    """By risk of RISKS, the logarithm of what a block multiplies a bet by: of `drawn` events `new` fell on the arm that
    had `share` of all occasions. Its expectation is 1 at most if the arms are alike, whatever `share` is."""
    return [new * logarithm - drawn * log1p((risk - 1) * share) for risk, logarithm in zip(RISKS, LOGS, strict=True)]


def bet(wealth: tuple[float, ...], gained: list[float]) -> tuple[float, ...]:
    """The bets after a block with these `gains`."""
    return tuple(map(float.__add__, wealth, gained[HARMLESS + 1 :]))


def invest(wealth: tuple[float, ...], time: int) -> tuple[float, ...]:
    """The bets with the next piece of what was kept back, for the `time`-th time (from 1)."""
    piece = (1 - AT_ONCE) / (time * (time + 1))
    return tuple(_sum_of_logs(w, log(piece * stake)) for w, stake in zip(wealth, STAKES, strict=True))


def worth(wealth: tuple[float, ...], invested: int) -> float:
    """The e-value: the bets and what is still kept back after `invested` times."""
    return (1 - AT_ONCE) / (invested + 1) + sum(_exp(each) for each in wealth)


def rate(events: int, starts: int, alpha: float) -> Interval:
    """The chance of an event per start, with bounds that hold at all times at once.

    Inverts the beta mixture with Jeffreys' prior: a chance p is out when B(½+k, ½+n−k)/B(½, ½) ≥ p^k (1−p)^(n−k) / α.
    """
    if starts <= 0:
        return Interval(None, 0.0, 1.0)
    events = min(events, starts)
    value, bar = events / starts, -log(alpha)

    def bound(inside: float, outside: float) -> float:
        if against(events, starts, outside) < bar:
            return outside
        for _ in range(40):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if against(events, starts, middle) < bar else (inside, middle)
        return (inside + outside) / 2

    return Interval(value, bound(value, 0.0), bound(value, 1.0))


def likely_ratio(fit: tuple[float, ...], alpha: float) -> Interval:
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
        return exp(LOGS[at] + (LOGS[at + step] - LOGS[at]) * (inner - bar) / (inner - outer))

    return Interval(_likeliest(fit, best), bound(-1), bound(1))


def _likeliest(fit: tuple[float, ...], best: int) -> float | None:
    """The top of the parabola through the best point of the grid and its neighbours; null at the grid's ends."""
    if not 0 < best < len(fit) - 1:
        return None
    before, highest, after = fit[best - 1 : best + 2]
    return exp(LOGS[best] + log(2) / 8 * (before - after) / (before - 2 * highest + after))


def against(events: int, starts: int, chance: float) -> float:
    """The logarithm of the beta mixture against this chance per start."""
    if (chance <= 0 and events) or (chance >= 1 and events < starts):
        return inf
    mixed = lgamma(events + 0.5) + lgamma(starts - events + 0.5) - lgamma(starts + 1) - log(pi)
    return (
        mixed - (events * log(chance) if events else 0) - ((starts - events) * log1p(-chance) if events < starts else 0)
    )


def against_rate(events: int, expected: float) -> float:
    """The logarithm of a gamma mixture against a Poisson law under which `expected` events were to come by now."""
    if expected <= 0:
        return inf if events else 0.0
    mixed = lgamma(events + 0.5) - lgamma(0.5) + 0.5 * log(0.5) - (events + 0.5) * log(0.5 + expected)
    return mixed + expected


def mean_bound(variance: float, count: float, alpha: float, tuned: float = 1000.0) -> float:
    """How far an estimate may be from the truth, at all times at once with a chance of 1 − α. `variance`: of the
    estimate (for a difference of means, the sum of both arms'), `count`: values behind it; tightest at `tuned`."""
    bar = -2 * log(alpha)
    rho = (bar + log(bar + 1)) / tuned
    grown = count * rho + 1
    return sqrt(variance * count * 2 * grown / (count * count * rho) * log(sqrt(grown) / alpha))


def _sum_of_logs(one: float, other: float) -> float:
    larger, smaller = (one, other) if one > other else (other, one)
    return larger + log1p(exp(smaller - larger))


def _exp(value: float) -> float:
    """e^value, or what is practically infinite but not so for JSON."""
    return exp(min(value, 690.0))
