"""What must hold for any program, release and device: nothing is offered that a phone would refuse, nobody outside an
audience is reached, nobody loses a version but by a rollback."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from eden.base.targeting import Context, IdList, Proof, bucket, in_share
from eden.release.interfaces import (
    SECOND,
    Arm,
    Audience,
    DecisionAction,
    Observed,
    Plan,
    ProgramKind,
    Ramp,
    Release,
    ReleaseState,
    SignedState,
    Step,
    Verb,
)
from eden.release.rules_decide import decide, explain_decision
from eden.release.rules_machine import OFFERING, apply, closed, perform, refusal, signed_states, tick
from eden.release.rules_reasons import say
from eden.release.rules_signed import PhoneView, permitted, signed_state, token_hash
from eden.release.rules_views import (
    DeviceView,
    ListView,
    ProgramView,
    VersionView,
    arm,
    compile_program,
    is_reached,
    membership,
)

NAMES = [f"phone-{number}" for number in range(40)]
USERS = ["user-1", "user-2", "qa-3"]
CITIES = ["Beijing", "Paris"]
TOKENS = ["t1", "t2"]
IDS = {"staff": IdList.build("s1", NAMES[:5] + USERS[:1]), "gold": IdList.build("s2", NAMES[3:9])}
LISTS = {
    **{list_id: ListView.exact(list_id, ids) for list_id, ids in IDS.items()},
    "qa": ListView.of_patterns("qa", ["^qa-", "-1.$"]),
}
BEIJING = {"attribute": "city", "operator": "equals", "value": "Beijing"}
RULES = [None, BEIJING, {"list": "gold"}, {"not": {"list": "qa"}}, {"any": [{"list": "qa"}, BEIJING]}]

CASES = 4_000


def programs(random: Random) -> ProgramView:
    """A program with some versions and perhaps a release of one. Hypothesis would draw these ten times slower."""
    codes = random.sample(range(1, 7), random.randint(1, 5))
    released = random.choice([None, *codes])
    states = [None, SignedState.STABLE, SignedState.KEPT, SignedState.REVOKED, SignedState.TRIAL]
    versions = [
        VersionView(
            code,
            f"1.{code}",
            SignedState.RELEASE if code == released else random.choice(states),
            container=random.choice([1, 1, 2]),
            trial=frozenset(token_hash(token) for token in random.sample(TOKENS, random.randint(0, 1))),
        )
        for code in codes
    ]
    if released is None:
        return compile_program("p", ProgramKind.H5, versions, None, LISTS)
    steps = tuple(Step(name="x", audience=audiences(random)) for _ in range(random.randint(1, 3)))
    release = Release(id="r", program="p", version_code=released, salt=random.choice("abc"), plan=Plan(steps=steps))
    release = apply(release, Verb.START, at=0)
    for _ in steps[1:]:
        release = apply(release, Verb.ADVANCE, at=0)
    return compile_program("p", ProgramKind.H5, versions, release, LISTS)


def audiences(random: Random) -> Audience:
    return Audience(
        lists=tuple(random.sample(sorted(LISTS), random.choice([0, 0, 1, 2]))),
        patterns=random.choice([(), (), ("2$",), ("^user-2$", "^no")]),
        rule=random.choice(RULES),
        share=random.choice([0, 1, 500, 2_500, 5_000, 9_999, 10_000]),
    )


def devices(random: Random) -> tuple[DeviceView, str | None]:
    """A device and its token."""
    name, user = random.choice([*NAMES, "qa-9"]), random.choice([None, *USERS])
    lists = membership(LISTS, name, user)
    context = Context(city=random.choice([None, *CITIES]), user_id=user, device_id=name, lists=lists)
    token = random.choice([None, None, *TOKENS])
    device = DeviceView(
        id=name,
        context=context,
        have=random.choice([None, *range(8)]),
        bad=frozenset(random.sample(range(1, 7), random.randint(0, 2))),
        trial=None if token is None else token_hash(token),
        container=random.choice([1, 2]),
    )
    return device, token


def phone(device: DeviceView, token: str | None, code: int, lists: Sequence[str]) -> PhoneView:
    """The same device as a phone that was given the proofs of these lists."""
    proofs: dict[str, Proof] = {}
    for list_id in lists:
        for id_ in (device.id, device.context.user_id):
            if id_ is not None and (proof := IDS[list_id].proof(id_)) is not None:
                proofs[list_id] = proof
    context = replace(device.context, lists=frozenset(), device_id=None)
    return PhoneView(device.id, context, device.have == code, token, proofs, device.container)


def custom_of(program: ProgramView, version: VersionView) -> object:
    return signed_state(version, program.live, LISTS)


def test_a_phone_accepts_whatever_is_offered_to_it() -> None:
    actions = dict.fromkeys(DecisionAction, 0)
    for seed in range(CASES):
        random = Random(seed)
        actions[accepts(programs(random), *devices(random))] += 1
    assert min(actions.values()) > 0


def accepts(program: ProgramView, device: DeviceView, token: str | None) -> DecisionAction:
    decision = decide(program, device, at=1)
    told, steps = explain_decision(program, device, at=1)
    assert told == decision
    assert all(say(step.message) and say(step.message, "zh") for step in steps)
    has = program.versions.get(device.have) if device.have is not None else None
    leaving = has is not None and has.signed is SignedState.REVOKED
    if decision.action in (DecisionAction.KEEP, DecisionAction.REMOVE):
        assert decision.code == device.have
        assert (decision.action is DecisionAction.REMOVE) <= leaving
        return decision.action
    assert decision.code is not None
    version = program.versions[decision.code]
    assert permitted(custom_of(program, version), phone(device, token, decision.code, decision.lists))
    assert decision.code not in device.bad
    assert version.container <= device.container
    assert leaving or device.have is None or decision.code > device.have
    assert (decision.action is DecisionAction.ROLLBACK) == (device.have is not None and decision.code < device.have)
    return decision.action


def test_signed_metadata_reaches_the_audience_and_nobody_else() -> None:
    """With every proof that exists, a phone is permitted what its rules say, worked out here in another way."""
    answers = {True: 0, False: 0}
    for seed in range(CASES):
        random = Random(-1 - seed)
        program, (device, token) = programs(random), devices(random)
        for version in program.versions.values():
            seen = permitted(custom_of(program, version), phone(device, token, version.code, list(IDS)))
            assert seen is may_have(program, version, device), seed
            answers[seen] += 1
    assert min(answers.values()) > CASES // 2


def may_have(program: ProgramView, version: VersionView, device: DeviceView) -> bool:
    if version.container > device.container or version.signed is SignedState.REVOKED:
        return False
    if version.signed is SignedState.STABLE or device.trial in version.trial:
        return True
    if version.signed is SignedState.RELEASE:
        assert program.live is not None
        return device.have == version.code or is_reached(program.live, device)
    return version.signed is SignedState.KEPT and device.have == version.code


def test_the_share_is_that_of_the_devices() -> None:
    """And a release is independent of others: of its first tenth, a tenth is in the first tenth of another."""
    first = [f"d{number}" for number in range(100_000) if in_share(bucket("release one", f"d{number}"), 1_000)]
    assert abs(len(first) - 10_000) < 300
    again = sum(in_share(bucket("release two", name), 1_000) for name in first) / len(first)
    assert abs(again - 0.10) <= 0.01


def test_arms_are_equally_large_and_apart() -> None:
    plan = Plan(steps=(Step(name="x", audience=Audience(share=2_000)),))
    release = Release(id="r", program="p", version_code=2, salt="x", plan=plan, previous_code=1)
    versions = [VersionView(1, "1", SignedState.STABLE), VersionView(2, "2", SignedState.RELEASE)]
    live = compile_program("p", ProgramKind.H5, versions, apply(release, Verb.START, at=0), {}).live
    assert live is not None
    sizes = dict.fromkeys(Arm, 0)
    for number in range(20_000):
        device = DeviceView(id=f"d{number}", context=Context())
        arms = {arm(live, device, code) for code in (1, 2)} - {None}
        assert len(arms) <= 1
        for found in arms:
            assert found is not None
            sizes[found] += 1
    assert abs(sizes[Arm.NEW] - 4_000) < 250
    assert abs(sizes[Arm.CONTROL] - 4_000) < 250
    assert sizes[Arm.LISTED] == 0


class Fleet(RuleBasedStateMachine):
    """Phones that ask again and again while a release lives."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0
        self.have = dict.fromkeys(NAMES, 120)
        steps = (
            Step(name="staff", audience=Audience(lists=("staff",))),
            Step(name="some", audience=Audience(share=4_000), ramp=Ramp(factor=200, every=60, start=500), cap=25),
            Step(name="all", audience=Audience(share=10_000), ramp=Ramp(factor=200, every=60)),
        )
        self.release = Release(
            id="r", program="p", version_code=130, previous_code=120, salt="fleet", plan=Plan(steps=steps)
        )

    @initialize(salt=st.sampled_from(["one", "two", "three"]))
    def choose(self, salt: str) -> None:
        self.release = replace(self.release, salt=salt)

    def program(self) -> ProgramView:
        states = {120: SignedState.STABLE} | signed_states(self.release)
        versions = [VersionView(code, str(code), state) for code, state in states.items()]
        return compile_program("p", ProgramKind.MINIPROGRAM, versions, self.release, LISTS)

    def device(self, name: str) -> DeviceView:
        context = Context(device_id=name, lists=membership(LISTS, name, None))
        return DeviceView(id=name, context=context, have=self.have[name])

    def reached(self) -> set[str]:
        live = self.program().live
        return {name for name in NAMES if live is not None and is_reached(live, self.device(name))}

    @rule(names=st.lists(st.sampled_from(NAMES), max_size=20))
    def phones_ask(self, names: list[str]) -> None:
        program = self.program()
        for name in names:
            before, decision = self.have[name], decide(program, self.device(name), self.at)
            after = decision.code
            assert after is not None
            if before == 130 and after == 120:
                assert self.release.state is ReleaseState.ROLLED_BACK
            if before == 120 and after == 130:
                finished = self.release.state is ReleaseState.FINISHED
                open_ = self.release.state in OFFERING and closed(self.release, self.at) is None
                assert finished or (open_ and name in self.reached())
            if self.release.state is ReleaseState.FINISHED:
                assert after == 130
            self.have[name] = after

    @rule(verb=st.sampled_from(Verb))
    def operate(self, verb: Verb) -> None:
        if refusal(self.release, verb, at=self.at) is not None:
            return
        before, reached = self.release, self.reached()
        self.release = apply(before, verb, at=self.at)
        now = self.reached()
        if before.state in OFFERING and self.release.state in OFFERING:
            assert reached <= now
        if verb in (Verb.PAUSE, Verb.RESUME):
            assert reached == now
        if verb is Verb.HALT:
            assert now == set()
            back = apply(self.release, Verb.ROLL_FORWARD, at=self.at)
            assert {name for name in NAMES if self._reached_by(back, name)} == reached

    def _reached_by(self, release: Release, name: str) -> bool:
        versions = [VersionView(130, "130", SignedState.RELEASE)]
        live = compile_program("p", ProgramKind.MINIPROGRAM, versions, release, LISTS).live
        return live is not None and is_reached(live, self.device(name))

    @rule(seconds=st.sampled_from([1, 60, 300]))
    def time_goes_on(self, seconds: int) -> None:
        self.at += seconds * SECOND
        reached = self.reached()
        has = sum(code == 130 for code in self.have.values())
        for action in tick(self.release, Observed(devices=has), self.at):
            self.release = perform(self.release, action, self.at)
        assert reached <= self.reached()

    @invariant()
    def versions_are_those_that_exist(self) -> None:
        assert set(self.have.values()) <= {120, 130}
        if self.release.state is ReleaseState.DRAFT:
            assert set(self.have.values()) == {120}


TestFleet = Fleet.TestCase
TestFleet.settings = settings(max_examples=60, stateful_step_count=40, deadline=None, derandomize=True, database=None)
