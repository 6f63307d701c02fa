"""Sequential comparisons, look after look: bets on shares and rates, confidence sequences of means.

Every look brings the rows that were received since the last one. For shares and rates they make a block of
`eden.base.sequential`: exact, whatever the share of the arms is in each block. For means the sums are enough. The
comparison is wrong with a chance of α at most from its first look to the one that finds something; then it begins
anew once the arms have been alike again for a while, with another α.

What is assumed: occasions do not depend on each other. A device that fails in a loop breaks that; filter for it.
"""

from __future__ import annotations

from math import log
from typing import Literal

from msgspec.structs import replace

from eden.base.sequential import (
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
from eden.observe.alerts.interfaces import Arm, Betting, Compared, Reading, Sequential

#: occasions of both arms that make a block
BLOCK = 30
#: occasions of both arms after which some more of what was kept back is invested
REINVEST = 10_000
#: values of each arm before means are compared: the law of their mean must be near normal
VALUES = 50
#: occasions of each arm after something was found, by which is seen whether it is over
AFTER = 200


def begin(since: int, version: int = -1) -> Betting:
    """A comparison of rows that are received from `since` (microseconds) on."""
    return Betting(since=since, begun=since, version=version, more=new_bets(), less=new_bets())


def observe(state: Betting, new: Arm, control: Arm, until: int, subject: Compared, condition: Sequential) -> Betting:
    """The state after the rows received up to `until`. Few rows wait for the next look."""
    alone = subject.baseline is not None
    if new.count + (0 if alone else control.count) < (1 if subject.measure == "mean" else BLOCK):
        return state
    state = replace(state, since=until, new=state.new + new, control=state.control + control)
    if state.found:
        state = replace(state, after_new=state.after_new + new, after_control=state.after_control + control)
        return _over(state, subject)
    if not alone and subject.measure != "mean" and new.count and control.count:
        state = _bet(state, new, control)
    found = _found(state, subject, condition)
    return replace(state, found=found) if found else state


def reading(state: Betting, subject: Compared, condition: Sequential) -> Reading:
    """What is told of a comparison: the ratio of rates, the difference of means, or the value against the known one."""
    new, control = state.new, state.control
    more = {"new": new.count, "new_total": new.total}
    if subject.baseline is None:
        more |= {"control": control.count, "control_total": control.total}
    trouble = bool(state.found)
    if subject.measure == "mean":
        value, width = _difference(state, subject, condition.alpha)
        if value is None or width is None:
            return Reading(more=more)
        limit = 0.0 if subject.baseline is None else subject.baseline
        value += 0.0 if subject.baseline is None else subject.baseline
        return Reading(value=value, limit=limit, low=value - width, high=value + width, trouble=trouble, more=more)
    if subject.baseline is not None:
        bounds = rate(int(new.total), int(new.count), condition.alpha) if subject.measure == "share" else None
        low, high = (bounds.low, bounds.high) if bounds else (None, None)
        return Reading(value=new.mean, limit=subject.baseline, low=low, high=high, trouble=trouble, more=more)
    if not new.count or not control.count:
        return Reading(more=more)
    ratio = likely_ratio(state.fit, condition.alpha)
    more["e_value"] = _worth(state, condition.direction)
    # no event yet: they are alike, as far as anybody knows
    value = 1.0 if ratio.value is None else ratio.value
    return Reading(value=value, limit=1.0, low=ratio.low, high=ratio.high, trouble=trouble, more=more)


def _bet(state: Betting, new: Arm, control: Arm) -> Betting:
    share = new.count / (new.count + control.count)
    drawn = int(new.total + control.total)
    gained = gains(int(new.total), drawn, share)
    mirrored = gains(int(control.total), drawn, 1 - share)
    fresh = state.fresh + new.count + control.count
    state = replace(
        state,
        more=bet(state.more, gained),
        less=bet(state.less, mirrored),
        fit=tuple(map(float.__add__, state.fit, gained)),
        fresh=fresh,
    )
    if fresh < REINVEST:
        return state
    time = state.invested + 1
    return replace(state, more=invest(state.more, time), less=invest(state.less, time), invested=time, fresh=0.0)


def _worth(state: Betting, direction: str) -> float:
    more, less = worth(state.more, state.invested), worth(state.less, state.invested)
    return {"more": more, "less": less, "either": (more + less) / 2}[direction]


def _found(state: Betting, subject: Compared, condition: Sequential) -> Literal["", "more", "less"]:
    """The direction in which the comparison leaves no doubt."""
    direction, alpha = condition.direction, condition.alpha
    if subject.measure == "mean":
        value, width = _difference(state, subject, alpha)
        if value is None or width is None or abs(value) <= width:
            return ""
        side: Literal["more", "less"] = "more" if value > 0 else "less"
        return side if direction in (side, "either") else ""
    if subject.baseline is not None:
        count, events = state.new.count, int(state.new.total)
        expected = subject.baseline * count
        if subject.measure == "share":
            grown = against(min(events, int(count)), int(count), subject.baseline)
        else:
            grown = against_rate(events, expected)
        side = "more" if events > expected else "less"
        return side if grown >= -log(alpha) and direction in (side, "either") else ""
    if _worth(state, direction) < 1 / alpha:
        return ""
    if direction != "either":
        return direction
    return "more" if worth(state.more, state.invested) > worth(state.less, state.invested) else "less"


def _difference(state: Betting, subject: Compared, alpha: float) -> tuple[float | None, float | None]:
    """Of the means, and how far it may be from the truth."""
    new, control = state.new, state.control
    alone = subject.baseline is not None
    if new.count < VALUES or (not alone and control.count < VALUES):
        return None, None
    variance, count, value = _variance(new) / new.count, new.count, new.total / new.count
    if subject.baseline is not None:
        value -= subject.baseline
    else:
        variance += _variance(control) / control.count
        count += control.count
        value -= control.total / control.count
    return value, mean_bound(variance, count, alpha)


def _variance(arm: Arm) -> float:
    mean = arm.total / arm.count
    return max(0.0, arm.squares / arm.count - mean * mean)


def _over(state: Betting, subject: Compared) -> Betting:
    """Whether what was found is over: then the comparison begins anew. Asked of some hundred occasions at a time."""
    new, control = state.after_new, state.after_control
    alone = subject.baseline is not None
    if new.count < AFTER or (not alone and control.count < AFTER):
        return state
    usual = subject.baseline if subject.baseline is not None else (control.mean or 0.0)
    difference = (new.mean or 0.0) - usual
    if difference <= 0 if state.found == "more" else difference >= 0:
        return begin(state.since, state.version)
    return replace(state, after_new=Arm(), after_control=Arm())
