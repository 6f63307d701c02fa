"""The life of a release: every verb in every state, the schedule, and what must hold whatever anybody does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from eden.release.interfaces import (
    SECOND,
    Audience,
    Closed,
    Health,
    Message,
    Observed,
    Plan,
    Ramp,
    Release,
    ReleaseState,
    SignedState,
    Step,
    Verb,
    Window,
)
from eden.release.rules_machine import (
    OFFERING,
    TRANSITIONS,
    ReleaseProblem,
    apply,
    clock,
    closed,
    perform,
    planned_share,
    refusal,
    signed_states,
    tick,
    verbs_of,
)
from eden.release.rules_plan import standard_plan
from eden.release.rules_reasons import say

DAY = 86_400 * SECOND
HOUR = 3_600 * SECOND
START = 1_780_000_000 * SECOND
QUIET = Observed()
BEIJING = {"attribute": "city", "operator": "equals", "value": "Beijing"}


def draft(*steps: Step, **fields: Any) -> Release:
    plan = Plan(steps=steps) if steps else standard_plan(["staff"])
    return Release(id="r1", program="bank", version_code=130, salt="s", plan=plan, previous_code=120, **fields)


def step(share: int, **fields: Any) -> Step:
    return Step(name=f"{share}", audience=Audience(share=share), **fields)


def live(*steps: Step) -> Release:
    return apply(draft(*steps), Verb.START, at=START)


def in_state(state: ReleaseState) -> Release:
    release = live(step(100), step(10_000))
    if state is ReleaseState.DRAFT:
        return draft(step(100), step(10_000))
    way = {
        ReleaseState.LIVE: [],
        ReleaseState.PAUSED: [Verb.PAUSE],
        ReleaseState.HALTED: [Verb.HALT],
        ReleaseState.ROLLED_BACK: [Verb.ROLL_BACK],
        ReleaseState.FINISHED: [Verb.ADVANCE, Verb.FINISH],
    }[state]
    for verb in way:
        release = apply(release, verb, at=START)
    return release


def run(release: Release, at: int, observed: Observed = QUIET) -> Release:
    for action in tick(release, observed, at):
        release = perform(release, action, at)
    return release


@pytest.mark.parametrize("state", ReleaseState)
@pytest.mark.parametrize("verb", Verb)
def test_a_verb_is_possible_where_the_table_says(state: ReleaseState, verb: Verb) -> None:
    release = in_state(state)
    if state in TRANSITIONS[verb][0] and verb is not Verb.FINISH:
        after = apply(release, verb, at=START + HOUR)
        assert (after.state, after.revision) == (TRANSITIONS[verb][1], release.revision + 1)
        return
    with pytest.raises(ReleaseProblem) as caught:
        apply(release, verb, at=START + HOUR)
    assert caught.value.status == 409
    assert caught.value.code == "release-state"
    assert verbs_of(release, START + HOUR)[verb] == caught.value.message
    assert say(caught.value.message, "zh") != say(caught.value.message, "en")


def test_a_refusal_says_what_is_possible() -> None:
    reason = refusal(in_state(ReleaseState.PAUSED), Verb.ADVANCE, at=START)
    assert reason is not None
    assert say(reason) == "A release that is paused cannot be told to advance; possible now: resume, halt, roll back."
    assert say(reason, "zh") == "发布处于“已暂停”状态，不能推进；现在可以：继续、停止、回滚。"
    ended = refusal(in_state(ReleaseState.FINISHED), Verb.ROLL_BACK, at=START)
    assert ended is not None
    assert "withdraw the version" in say(ended)


def test_a_step_lasts_its_minimum_time() -> None:
    release = live(step(100, minimum_seconds=3_600), step(10_000))
    too_early = refusal(release, Verb.ADVANCE, at=START + HOUR - 1)
    assert too_early == Message("too-early", {"seconds": 3_600, "allowed_at": START + HOUR})
    assert apply(release, Verb.ADVANCE, at=START + HOUR).step == 1


def test_stops_do_not_count_as_time_in_the_step() -> None:
    release = live(step(100, minimum_seconds=3_600), step(10_000))
    release = apply(release, Verb.PAUSE, at=START + HOUR // 2)
    assert clock(release, START + 9 * HOUR) == HOUR // 2
    release = apply(release, Verb.HALT, at=START + 10 * HOUR)
    release = apply(release, Verb.ROLL_BACK, at=START + 11 * HOUR)
    release = apply(release, Verb.ROLL_FORWARD, at=START + 20 * HOUR)
    assert clock(release, START + 20 * HOUR) == HOUR // 2
    assert refusal(release, Verb.ADVANCE, at=START + 20 * HOUR) == Message(
        "too-early", {"seconds": 3_600, "allowed_at": START + 20 * HOUR + HOUR // 2}
    )


def test_all_stops_of_a_step_add_up() -> None:
    release = live(step(100, minimum_seconds=3_600), step(10_000))
    for hours in (0, 10, 20):
        release = apply(release, Verb.PAUSE, at=START + hours * HOUR + HOUR // 4)
        release = apply(release, Verb.RESUME, at=START + (hours + 10) * HOUR)
    assert clock(release, START + 30 * HOUR) == 3 * HOUR // 4
    # and the next step begins with none
    later = apply(release, Verb.ADVANCE, at=START + 31 * HOUR)
    assert clock(later, START + 32 * HOUR) == HOUR


def test_the_clock_of_a_step_begins_with_its_window() -> None:
    window = Window(opens_at=START + 5 * HOUR, closes_at=START + 9 * HOUR)
    release = live(step(100, minimum_seconds=3_600, window=window), step(10_000))
    assert release.closed is Closed.BEFORE_WINDOW
    assert refusal(release, Verb.ADVANCE, at=START + HOUR) == Message(
        "too-early", {"seconds": 3_600, "allowed_at": START + 6 * HOUR}
    )
    paused = apply(apply(release, Verb.PAUSE, at=START + HOUR), Verb.RESUME, at=START + 6 * HOUR)
    assert clock(paused, START + 7 * HOUR) == HOUR
    assert [closed(release, START + hour * HOUR) for hour in (4, 5, 8, 9)] == [
        Closed.BEFORE_WINDOW,
        None,
        None,
        Closed.AFTER_WINDOW,
    ]
    opened = run(release, START + 5 * HOUR)
    assert opened.closed is None
    assert run(opened, START + 9 * HOUR).closed is Closed.AFTER_WINDOW


def test_a_release_advances_to_a_later_step_only() -> None:
    release = live(step(100), step(1_000), step(5_000), step(10_000))
    release = apply(release, Verb.ADVANCE, at=START, step=2)
    assert (release.step, release.share) == (2, 5_000)
    codes = [
        reason.code
        for target in (0, 2, 4, -1)
        if (reason := refusal(release, Verb.ADVANCE, at=START, step=target)) is not None
    ]
    assert codes == ["not-back", "not-back", "no-such-step", "no-such-step"]
    last = apply(release, Verb.ADVANCE, at=START)
    assert refusal(last, Verb.ADVANCE, at=START) == Message("last-step", {"steps": 4})
    assert refusal(release, Verb.FINISH, at=START) == Message("steps-left", {"left": 1})
    assert refusal(release, Verb.PAUSE, at=START, step=1) == Message("step-not-taken", {})


def test_a_ramp_doubles_every_two_hours() -> None:
    release = live(step(100), step(10_000, ramp=Ramp(factor=200, every=7_200)))
    release = apply(release, Verb.ADVANCE, at=START)
    shares = [planned_share(release, START + hours * HOUR) for hours in (0, 1, 2, 4, 6, 8, 10, 12, 13, 14, 99)]
    assert shares == [100, 100, 200, 400, 800, 1_600, 3_200, 6_400, 6_400, 10_000, 10_000]
    assert refusal(release, Verb.FINISH, at=START) == Message("ramp-running", {"share": 100, "target_share": 10_000})


def test_a_ramp_is_the_same_however_seldom_one_looks() -> None:
    often = seldom = live(step(5_000, ramp=Ramp(factor=137, every=60, start=7)), step(10_000))
    for minute in range(40):
        often = run(often, START + minute * 60 * SECOND)
    seldom = run(seldom, START + 39 * 60 * SECOND)
    assert often.share == seldom.share == 5_000


def test_a_ramp_stands_still_while_the_release_does() -> None:
    release = live(step(10_000, ramp=Ramp(factor=200, every=3_600, start=100)))
    release = run(release, START + HOUR)
    release = apply(release, Verb.PAUSE, at=START + HOUR + HOUR // 2)
    assert run(release, START + 50 * HOUR) == release
    release = apply(release, Verb.RESUME, at=START + 50 * HOUR)
    assert run(release, START + 50 * HOUR + HOUR // 2 - 1).share == 200
    assert run(release, START + 50 * HOUR + HOUR // 2).share == 400


def test_a_share_never_shrinks_by_a_ramp_or_a_clock_that_goes_back() -> None:
    release = live(step(700), step(10_000, ramp=Ramp(factor=200, every=3_600, start=10)))
    release = apply(release, Verb.ADVANCE, at=START)
    assert release.share == 700
    release = run(release, START + 2 * HOUR)
    assert (release.share, planned_share(release, START)) == (2_800, 2_800)
    assert tick(release, QUIET, START) == []


def test_a_new_rule_starts_its_own_ramp() -> None:
    city = Step(name="city", audience=Audience(rule=BEIJING, share=10_000))
    release = live(city, step(10_000, ramp=Ramp(factor=200, every=60)))
    assert apply(release, Verb.ADVANCE, at=START).share == 100


def test_a_cap_closes_the_step_until_a_larger_one() -> None:
    release = live(step(100, cap=50), step(1_000, cap=50), step(1_000, cap=80))
    assert run(release, START, Observed(devices=49)).closed is None
    full = run(release, START, Observed(devices=50))
    assert full.closed is Closed.CAP
    assert run(full, START, Observed(devices=48)) == full
    same = apply(full, Verb.ADVANCE, at=START)
    assert same.closed is Closed.CAP
    assert apply(same, Verb.ADVANCE, at=START).closed is None


def test_steps_go_on_by_themselves_when_time_is_over_and_guardrails_are_content() -> None:
    auto = {"advance": "auto", "minimum_seconds": 60}
    release = live(step(100, **auto), step(10_000, ramp=Ramp(factor=1_000, every=60), **auto))
    at = START + 60 * SECOND
    assert run(release, at - 1) == release
    for health in (Health.WATCH, Health.COLLECTING):
        assert run(release, at, Observed(health=health)) == release
    second = run(release, at)
    assert (second.step, second.share) == (1, 100)
    ramping = run(second, at + 60 * SECOND)
    assert (ramping.state, ramping.share) == (ReleaseState.LIVE, 1_000)
    done = run(ramping, at + 120 * SECOND, Observed(health=Health.NO_CONTROL))
    assert (done.state, done.share) == (ReleaseState.FINISHED, 10_000)


def test_a_guardrail_halts_also_a_paused_release() -> None:
    reason = Message("guardrail", {})
    for release in (live(step(100)), in_state(ReleaseState.PAUSED)):
        (action,) = tick(release, Observed(health=Health.HALT, reason=reason), START)
        assert (action.verb, action.reason) == (Verb.HALT, reason)
        assert perform(release, action, START).state is ReleaseState.HALTED
    assert tick(in_state(ReleaseState.HALTED), Observed(health=Health.HALT), START) == []


def test_rolling_forward_returns_to_the_same_devices_with_new_guardrails() -> None:
    release = live(step(100), step(1_000))
    back = apply(apply(release, Verb.ADVANCE, at=START), Verb.ROLL_BACK, at=START + HOUR)
    forward = apply(back, Verb.ROLL_FORWARD, at=START + DAY)
    assert (forward.step, forward.share, forward.salt, forward.run) == (1, 1_000, release.salt, 2)


def test_what_the_metadata_must_say() -> None:
    assert signed_states(in_state(ReleaseState.DRAFT)) == {}
    assert signed_states(in_state(ReleaseState.LIVE)) == {130: SignedState.RELEASE}
    assert signed_states(in_state(ReleaseState.PAUSED)) == {130: SignedState.RELEASE}
    assert signed_states(in_state(ReleaseState.HALTED)) == {130: SignedState.KEPT}
    assert signed_states(in_state(ReleaseState.ROLLED_BACK)) == {130: SignedState.REVOKED}
    assert signed_states(in_state(ReleaseState.FINISHED)) == {120: SignedState.KEPT, 130: SignedState.STABLE}
    first = replace(in_state(ReleaseState.FINISHED), previous_code=None)
    assert signed_states(first) == {130: SignedState.STABLE}


LISTED = Step(name="staff", audience=Audience(lists=("staff",)), cap=3)
PLANS = [
    (LISTED, step(100, minimum_seconds=600), step(1_000, cap=40, advance="auto", minimum_seconds=900), step(10_000)),
    (step(5_000, ramp=Ramp(factor=150, every=600, start=1)), step(10_000, ramp=Ramp(factor=300, every=300))),
    (
        step(2_000, window=Window(opens_at=START + HOUR, closes_at=START + 6 * HOUR), minimum_seconds=300),
        Step(name="city", audience=Audience(rule=BEIJING, share=500), ramp=Ramp(factor=200, every=60)),
        step(10_000, advance="auto", minimum_seconds=60),
    ),
]


class Life(RuleBasedStateMachine):
    """Operators, schedules and guardrails at a release in any order, with a clock that only goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.at = START
        self.devices = 0
        self.release = draft(*PLANS[0])
        self.first = self.release

    @precondition(lambda self: self.release.state is ReleaseState.DRAFT)
    @rule(plan=st.sampled_from(PLANS))
    def choose(self, plan: tuple[Step, ...]) -> None:
        self.release = replace(self.release, plan=Plan(steps=plan))

    @rule(seconds=st.sampled_from([0, 1, 59, 60, 299, 600, 3_600, 86_400]))
    def wait(self, seconds: int) -> None:
        self.at += seconds * SECOND

    @rule(more=st.integers(0, 30))
    def devices_come(self, more: int) -> None:
        if self.release.state in OFFERING and closed(self.release, self.at) is None:
            self.devices += more

    @rule(verb=st.sampled_from(Verb), goal=st.none() | st.integers(-1, 4))
    def operate(self, verb: Verb, goal: int | None) -> None:
        before, reason = self.release, refusal(self.release, verb, at=self.at, step=goal)
        assert (verbs_of(before, self.at)[verb] is None) or goal is not None or reason is not None
        if reason is not None:
            assert say(reason) and say(reason, "zh")
            with pytest.raises(ReleaseProblem):
                apply(before, verb, at=self.at, step=goal)
            return
        self.change(apply(before, verb, at=self.at, step=goal), verb)

    @rule(health=st.sampled_from(Health))
    def schedule(self, health: Health) -> None:
        observed = Observed(devices=self.devices, health=health)
        actions = tick(self.release, observed, self.at)
        assert sum(action.kind == "verb" for action in actions) <= 1
        for action in actions:
            assert say(action.reason) and say(action.reason, "zh")
            self.change(perform(self.release, action, self.at), action.verb)
        moved = any(action.verb is Verb.ADVANCE for action in actions)
        assert moved or tick(self.release, observed, self.at) == []

    def change(self, after: Release, verb: Verb | None) -> None:
        before, self.release = self.release, after
        assert before.state is not ReleaseState.FINISHED
        assert after.revision == before.revision + 1
        assert after.step >= before.step
        assert after.step == before.step or verb in (Verb.ADVANCE, Verb.START)
        old, new = before.plan.steps[before.step].audience.rule, after.plan.steps[after.step].audience.rule
        assert after.share >= before.share or old != new
        if verb is Verb.ROLL_FORWARD:
            assert (after.step, after.share, after.salt) == (before.step, before.share, before.salt)
            assert after.run == before.run + 1
        else:
            assert after.run == before.run + (verb is Verb.START)

    @invariant()
    def holds(self) -> None:
        release = self.release
        assert (release.id, release.salt, release.version_code) == ("r1", "s", 130)
        assert 0 <= release.step < len(release.plan.steps)
        target = release.plan.steps[release.step].audience.share
        assert 0 <= release.share <= (10_000 if release.state is ReleaseState.FINISHED else target)
        assert 0 <= clock(release, self.at) <= max(0, self.at - START)
        assert (release.stopped_at is None) is (
            release.state
            not in (
                ReleaseState.PAUSED,
                ReleaseState.HALTED,
                ReleaseState.ROLLED_BACK,
            )
        )
        signed = signed_states(release).get(release.version_code)
        assert (signed is SignedState.RELEASE) is (release.state in OFFERING)
        if release.state not in OFFERING:
            assert tick(release, Observed(devices=10**9), self.at) == []


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=40, deadline=None, derandomize=True, database=None)
