"""Intervals of shares and rates, and of the difference of any two numbers that have one."""

from __future__ import annotations

import math
from statistics import NormalDist

from eden.observe.questions.results import Interval


def z_of(confidence: float) -> float:
    """How many standard deviations are on each side: 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def share(events: float, of: float, z: float) -> Interval:
    """Of a share; `of` above 0. Wilson (1927), "Probable inference, the law of succession, and statistical
    inference"."""
    p = min(events / of, 1.0)
    spread = z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    middle, weight = p + z * z / (2 * of), 1 + z * z / of
    return Interval(low=max(0.0, (middle - spread) / weight), high=min(1.0, (middle + spread) / weight))


def rate(events: float, of: float, z: float) -> Interval:
    """Of events per unit, where one unit may have several; `of` above 0. The score interval of a Poisson mean."""
    middle, spread = events + z * z / 2, z * math.sqrt(events + z * z / 4)
    return Interval(low=max(0.0, middle - spread) / of, high=(middle + spread) / of)


def difference(one: float, of_one: Interval, other: float, of_other: Interval) -> Interval:
    """Of `one` minus `other`, from the intervals of both. Zou and Donner (2008), "Construction of confidence limits
    about effect measures"; of shares it is Newcombe's (1998) tenth."""
    d = one - other
    low = d - math.hypot(one - of_one.low, of_other.high - other)
    return Interval(low=low, high=d + math.hypot(of_one.high - one, other - of_other.low))
