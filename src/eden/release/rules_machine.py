"""The life of a release: which verb is possible when, what it does, and what the schedule does by itself.

    draft ─start→ live ⇄ paused        pause, resume: the audience stays as it is and keeps being offered
                   │       │           advance: the next step (live only); finish: the last one went well
                   └─halt──┴→ halted   offered to nobody else; who has it keeps it
          roll_back ─→ rolled_back     from live, paused, halted: who has it returns to the version before
          roll_forward ─→ live         from halted, rolled_back: the same step, the same salt, so the same devices

A release never goes a step back, and its share never shrinks while a rule stays the same: whoever was reached stays
reached. All functions are pure; `at` is now, in µs. Every change raises `revision` by one: that is what writers
compare.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from eden.base.problems import Problem
from eden.release.interfaces import (
    EVERYONE,
    SECOND,
    Action,
    Closed,
    Health,
    Message,
    Observed,
    Release,
    ReleaseState,
    SignedState,
    Step,
    Verb,
)
from eden.release.rules_reasons import say

_DRAFT, _LIVE, _PAUSED, _HALTED, _ROLLED_BACK, _FINISHED = ReleaseState

#: verb → (states in which it is possible, the state that it leads to)
TRANSITIONS: Final[dict[Verb, tuple[frozenset[ReleaseState], ReleaseState]]] = {
    Verb.START: (frozenset({_DRAFT}), _LIVE),
    Verb.ADVANCE: (frozenset({_LIVE}), _LIVE),
    Verb.PAUSE: (frozenset({_LIVE}), _PAUSED),
    Verb.RESUME: (frozenset({_PAUSED}), _LIVE),
    Verb.HALT: (frozenset({_LIVE, _PAUSED}), _HALTED),
    Verb.ROLL_BACK: (frozenset({_LIVE, _PAUSED, _HALTED}), _ROLLED_BACK),
    Verb.ROLL_FORWARD: (frozenset({_HALTED, _ROLLED_BACK}), _LIVE),
    Verb.FINISH: (frozenset({_LIVE}), _FINISHED),
}

#: Where a release offers its version. Only one of a program and track may be in these; a halted one does not stand in
#: the way of its own repair.
OFFERING: Final = frozenset({_LIVE, _PAUSED})

#: The first share of a ramp that has no start of its own and no step before it: 1 %.
FIRST_SHARE: Final = 100


class ReleaseProblem(Problem):
    """A change of a release that is not possible now. `message` is the sentence for the reader's language."""

    def __init__(self, message: Message, code: str = "release-state") -> None:
        super().__init__(code, say(message))
        self.message = message


def apply(release: Release, verb: Verb, *, at: int, step: int | None = None) -> Release:
    """The release after the verb. `step` (an index) is for `advance`, which goes to the next one without it.

    Raises `ReleaseProblem` when the verb is not possible now, saying what is or when it will be. Before `start`, set
    `previous_code` to the version that is stable then.
    """
    reason = refusal(release, verb, at=at, step=step)
    if reason is not None:
        raise ReleaseProblem(reason)
    state = TRANSITIONS[verb][1]
    moved = replace(release, state=state, revision=release.revision + 1)
    if verb is Verb.START:
        return _enter(replace(moved, run=1), 0, at)
    if verb is Verb.ADVANCE:
        return _enter(moved, release.step + 1 if step is None else step, at)
    if verb in (Verb.RESUME, Verb.ROLL_FORWARD):
        run = release.run + (verb is Verb.ROLL_FORWARD)
        stopped_us = release.stopped_us + _standstill(release, at)
        return replace(moved, stopped_at=None, stopped_us=stopped_us, run=run, closed=closed(release, at))
    if state is _FINISHED:
        return replace(moved, share=EVERYONE, closed=None)
    return replace(moved, stopped_at=at if release.stopped_at is None else release.stopped_at)


def verbs_of(release: Release, at: int) -> dict[Verb, Message | None]:
    """Every verb with the reason why it is not possible now, or None: the console's buttons."""
    return {verb: refusal(release, verb, at=at) for verb in Verb}


def refusal(release: Release, verb: Verb, *, at: int, step: int | None = None) -> Message | None:
    """Why the verb is not possible now; None when it is."""
    state = release.state
    if state not in TRANSITIONS[verb][0]:
        possible = [other for other, (states, _) in TRANSITIONS.items() if state in states]
        if not possible:
            return Message("at-its-end", {"state": state})
        return Message("not-in-state", {"state": state, "verb": verb, "verbs": ",".join(possible)})
    if verb is Verb.ADVANCE:
        return _no_advance(release, release.step + 1 if step is None else step) or _too_early(release, at)
    if step is not None:
        return Message("step-not-taken", {})
    if verb is Verb.FINISH:
        return _no_finish(release) or _too_early(release, at)
    return None


def tick(release: Release, observed: Observed, at: int) -> list[Action]:
    """What the schedule does now, in this order: a halt and nothing else, or closing, the ramp, and at most one step.

    To be carried out one after the other with `perform`. Calling it again at once gives nothing new, unless a step was
    entered; calling it late or seldom gives the same shares, since they are computed from the step's begin.
    """
    if release.state not in OFFERING:
        return []
    if observed.health is Health.HALT:
        return [Action(kind="verb", verb=Verb.HALT, reason=observed.reason or Message("guardrail", {}))]
    actions = []
    shut = Closed.CAP if _full(release, observed.devices) else closed(release, at)
    if shut is not release.closed:
        actions.append(Action(kind="closed", closed=shut, reason=_closing(release, shut, observed.devices)))
    if release.state is not _LIVE:
        return actions
    share = planned_share(release, at)
    if share != release.share:
        actions.append(Action(kind="share", share=share, reason=Message("ramp", {"share": share})))
    step = current(release)
    if step.advance == "auto" and share == step.audience.share:
        last = release.step == len(release.plan.steps) - 1
        verb = Verb.FINISH if last else Verb.ADVANCE
        content = observed.health in (Health.HEALTHY, Health.NO_CONTROL)
        if content and refusal(replace(release, share=share), verb, at=at) is None:
            actions.append(Action(kind="verb", verb=verb, reason=Message("time-over", {})))
    return actions


def perform(release: Release, action: Action, at: int) -> Release:
    """The release after an action of `tick`."""
    if action.kind == "verb" and action.verb is not None:
        return apply(release, action.verb, at=at)
    if action.kind == "share" and action.share is not None:
        return replace(release, share=max(release.share, action.share), revision=release.revision + 1)
    return replace(release, closed=action.closed, revision=release.revision + 1)


def current(release: Release) -> Step:
    """The step that the release is in."""
    return release.plan.steps[release.step]


def clock(release: Release, at: int) -> int:
    """How long the step has been running, in µs: neither stops nor the time before its window count."""
    if release.step_started_at is None:
        return 0
    end = at if release.stopped_at is None else release.stopped_at
    return max(0, end - _begin(release) - release.stopped_us)


def planned_share(release: Release, at: int) -> int:
    """The basis points that the step reaches now by its ramp; never fewer than it reached before."""
    step = current(release)
    target = step.audience.share
    if step.ramp is None:
        return max(release.share, target)
    periods = clock(release, at) // (step.ramp.every * SECOND)
    return max(release.share, min(target, _grown(release.step_share, step.ramp.factor, periods, target)))


def closed(release: Release, at: int) -> Closed | None:
    """Why nobody new is offered the version now: the step's window, or its cap if that was reached."""
    if release.closed is Closed.CAP:
        return Closed.CAP
    window = current(release).window
    if window is not None:
        if window.opens_at is not None and at < window.opens_at:
            return Closed.BEFORE_WINDOW
        if window.closes_at is not None and at >= window.closes_at:
            return Closed.AFTER_WINDOW
    return None


def signed_states(release: Release) -> dict[int, SignedState]:
    """What the signed metadata must say of the versions that this release moves, by code; nothing for a draft."""
    code, before = release.version_code, release.previous_code
    if release.state in OFFERING:
        return {code: SignedState.RELEASE}
    if release.state is _HALTED:
        return {code: SignedState.KEPT}
    if release.state is _ROLLED_BACK:
        return {code: SignedState.REVOKED}
    if release.state is _FINISHED:
        return ({} if before is None or before == code else {before: SignedState.KEPT}) | {code: SignedState.STABLE}
    return {}


def _enter(release: Release, index: int, at: int) -> Release:
    """At the begin of a step; `share` is that of the step before (0 before the first)."""
    before, step = release.plan.steps[release.step], release.plan.steps[index]
    reached = release.share if before.audience.rule == step.audience.rule else 0
    share = max(reached, _opening(step, reached))
    # a cap that was reached and did not grow is still reached; otherwise the next tick counts again
    same_cap = before.cap is not None and step.cap is not None and step.cap <= before.cap
    full = same_cap and release.closed is Closed.CAP
    entered = replace(
        release,
        step=index,
        share=share,
        step_share=share,
        step_started_at=at,
        stopped_at=None,
        stopped_us=0,
        closed=Closed.CAP if full else None,
    )
    return replace(entered, closed=closed(entered, at))


def _opening(step: Step, reached: int) -> int:
    target = step.audience.share
    if step.ramp is None:
        return target
    return min(target, step.ramp.start if step.ramp.start is not None else reached or FIRST_SHARE)


def _grown(share: int, factor: int, periods: int, target: int) -> int:
    """share × (factor/100)^periods, rounded down once, at the end; `target` when that is less."""
    numerator, denominator = share, 1
    for _ in range(periods):
        if numerator >= target * denominator:
            return target
        numerator, denominator = numerator * factor, denominator * 100
    return numerator // denominator


def _begin(release: Release) -> int:
    """When the step's clock begins: at its start, or when its window opens."""
    opens_at = None if (window := current(release).window) is None else window.opens_at
    started = release.step_started_at or 0
    return started if opens_at is None else max(started, opens_at)


def _standstill(release: Release, at: int) -> int:
    """µs of the stop that ends now which its step's clock would have counted."""
    return 0 if release.stopped_at is None else max(0, at - max(release.stopped_at, _begin(release)))


def _no_advance(release: Release, step: int) -> Message | None:
    steps = len(release.plan.steps)
    if step == steps and release.step == steps - 1:
        return Message("last-step", {"steps": steps})
    if not 0 <= step < steps:
        return Message("no-such-step", {"step": step + 1, "steps": steps})
    if step <= release.step:
        return Message("not-back", {"step": step + 1, "current": release.step + 1})
    return None


def _no_finish(release: Release) -> Message | None:
    left = len(release.plan.steps) - 1 - release.step
    if left:
        return Message("steps-left", {"left": left})
    target = current(release).audience.share
    if release.share < target:
        return Message("ramp-running", {"share": release.share, "target_share": target})
    return None


def _too_early(release: Release, at: int) -> Message | None:
    minimum = current(release).minimum_seconds
    left = minimum * SECOND - clock(release, at)
    if left <= 0:
        return None
    return Message("too-early", {"seconds": minimum, "allowed_at": max(at, _begin(release)) + left})


def _full(release: Release, devices: int) -> bool:
    cap = current(release).cap
    return cap is not None and (devices >= cap or release.closed is Closed.CAP)


def _closing(release: Release, shut: Closed | None, devices: int) -> Message:
    step = current(release)
    if shut is Closed.CAP:
        return Message("cap-reached", {"devices": devices, "cap": step.cap or 0})
    if shut is Closed.AFTER_WINDOW and step.window is not None:
        return Message("window-over", {"closes_at": step.window.closes_at or 0})
    if shut is Closed.BEFORE_WINDOW and step.window is not None:
        return Message("window-not-open", {"opens_at": step.window.opens_at or 0})
    return Message("window-opened", {})
