"""Which version a device gets, case by case."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from eden.base.targeting import Context, IdList, bucket
from eden.release.interfaces import (
    Arm,
    Audience,
    Closed,
    DecisionAction,
    Guardrails,
    NoticeLevel,
    Plan,
    ProgramKind,
    Release,
    ReleaseState,
    SignedState,
    Step,
    Verb,
    Window,
)
from eden.release.packages import NativeRange, NativeRecord, NativeText
from eden.release.rules_decide import Decision, decide, explain_decision
from eden.release.rules_machine import apply
from eden.release.rules_reasons import say
from eden.release.rules_signed import token_hash
from eden.release.rules_views import (
    DeviceView,
    ListView,
    ProgramView,
    VersionView,
    arm,
    compile_program,
    container_of,
    membership,
)

INSTALL, KEEP, ROLLBACK, REMOVE = DecisionAction
STABLE, RELEASE, KEPT, REVOKED = SignedState.STABLE, SignedState.RELEASE, SignedState.KEPT, SignedState.REVOKED
BEIJING = {"attribute": "city", "operator": "equals", "value": "Beijing"}
LISTS = {
    "staff": ListView.exact("staff", IdList.build("s", ["phone-staff", "user-staff"])),
    "gold": ListView.exact("gold", IdList.build("g", ["phone-gold"])),
    "qa": ListView.of_patterns("qa", ["^qa-"]),
}
AT = 1_000


def release(*audiences: Audience, **fields: Any) -> Release:
    step = fields.pop("step", {})
    plan = Plan(steps=tuple(Step(name="x", audience=audience, **step) for audience in audiences))
    draft = Release(id="r1", program="bank", version_code=130, salt="salt", plan=plan, previous_code=120)
    return replace(apply(draft, Verb.START, at=1), **fields)


def share(basis_points: int, **fields: Any) -> Release:
    return release(Audience(share=basis_points), **fields)


def version(code: int, signed: SignedState | None, **fields: Any) -> VersionView:
    return VersionView(code, f"{code // 100}.{code // 10 % 10}.{code % 10}", signed, **fields)


def program(running: Release | None = None, /, *more: VersionView, kind: str = "miniprogram") -> ProgramView:
    versions = {each.code: each for each in (version(110, KEPT), version(120, STABLE), version(130, None))}
    if running is not None:
        versions[130] = version(130, RELEASE)
    versions |= {each.code: each for each in more}
    return compile_program("bank", ProgramKind(kind), versions.values(), running, LISTS)


def device(have: int | None = 120, name: str = "phone", **fields: Any) -> DeviceView:
    context = fields.pop("context", {})
    lists = membership(LISTS, name, context.get("user_id"))
    return DeviceView(id=name, context=Context(device_id=name, lists=lists, **context), have=have, **fields)


def told(decision: Decision) -> tuple[DecisionAction, int | None, str]:
    return decision.action, decision.code, decision.reason.code


def placed(low: int, high: int) -> str:
    """A device whose place in the release is within these basis points."""
    return next(
        name for number in range(100_000) if low <= bucket("salt", name := f"phone-{number}") * 10_000 >> 32 < high
    )


def test_nothing_runs() -> None:
    assert told(decide(program(), device(None), AT)) == (INSTALL, 120, "gets-stable")
    assert told(decide(program(), device(110), AT)) == (INSTALL, 120, "gets-stable")
    assert told(decide(program(), device(120), AT)) == (KEEP, 120, "keeps")
    assert told(decide(program(), device(999), AT)) == (KEEP, 999, "keeps")
    empty = compile_program("bank", ProgramKind.MINIPROGRAM, [version(120, None)], None, LISTS)
    assert told(decide(empty, device(None), AT)) == (KEEP, None, "gets-nothing")
    assert told(decide(empty, device(120), AT)) == (KEEP, 120, "keeps")
    assert not decide(empty, device(None), AT).changes


def test_a_release_reaches_its_share() -> None:
    running = program(share(1_000))
    within, beyond = placed(999, 1_000), placed(1_000, 1_001)
    decision = decide(running, device(120, within), AT)
    assert told(decision) == (INSTALL, 130, "gets-release")
    assert (decision.release, decision.version, decision.changes) == ("r1", "1.3.0", True)
    assert told(decide(running, device(120, beyond), AT)) == (KEEP, 120, "keeps")
    assert told(decide(running, device(None, beyond), AT)) == (INSTALL, 120, "gets-stable")
    assert told(decide(running, device(130, beyond), AT)) == (KEEP, 130, "keeps")


def test_a_release_reaches_lists_patterns_and_rules() -> None:
    audience = Audience(lists=("staff", "qa"), patterns=("@example$",), rule=BEIJING, share=10_000)
    running = program(release(audience))
    by_list = decide(running, device(120, "phone-staff"), AT)
    assert (by_list.code, by_list.lists) == (130, ("staff",))
    by_user = decide(running, device(120, context={"user_id": "user-staff"}), AT)
    assert (by_user.code, by_user.lists) == (130, ("staff",))
    for fields in (
        {"name": "qa-1"},
        {"context": {"user_id": "qa-2"}},
        {"context": {"user_id": "li@example"}},
        {"context": {"city": "Beijing"}},
    ):
        reached = decide(running, device(120, **fields), AT)
        assert (reached.code, reached.lists) == (130, ())
    for fields in ({}, {"context": {"city": "Paris"}}, {"name": "not-qa-1"}):
        assert decide(running, device(120, **fields), AT).code == 120


def test_lists_of_earlier_steps_stay_reached() -> None:
    steps = release(Audience(lists=("staff",)), Audience(share=1))
    running = program(apply(steps, Verb.ADVANCE, at=2))
    assert decide(running, device(120, "phone-staff"), AT).code == 130


def test_a_rule_names_lists_that_need_proofs() -> None:
    rule = {"any": [{"list": "gold"}, {"list": "qa"}]}
    running = program(release(Audience(rule=rule, share=10_000)))
    assert decide(running, device(120, "phone-gold"), AT).lists == ("gold",)
    # a list of patterns is proved by nothing: the patterns are signed
    assert decide(running, device(120, "qa-9"), AT).lists == ()
    assert decide(running, device(120), AT).code == 120


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        ({"window": Window(opens_at=AT + 1)}, {}),
        ({"window": Window(closes_at=AT)}, {}),
        ({"cap": 5}, {"closed": Closed.CAP}),
    ],
)
def test_a_closed_release_is_offered_to_nobody_new(step: dict[str, Any], fields: dict[str, Any]) -> None:
    running = program(share(10_000, step=step, **fields))
    assert decide(running, device(110), AT).code == 120
    assert told(decide(running, device(130), AT)) == (KEEP, 130, "keeps")
    opened = program(share(10_000, step={"window": Window(opens_at=AT, closes_at=AT + 1)}))
    assert decide(opened, device(110), AT).code == 130


def test_paused_is_still_offered_and_halted_is_not() -> None:
    running = share(10_000)
    paused = apply(running, Verb.PAUSE, at=2)
    assert decide(program(paused), device(120), AT).code == 130
    halted = program(apply(running, Verb.HALT, at=2), version(130, KEPT))
    assert halted.live is None
    assert told(decide(halted, device(120), AT)) == (KEEP, 120, "keeps")
    assert told(decide(halted, device(130), AT)) == (KEEP, 130, "keeps")


def test_who_has_a_revoked_version_goes_to_the_newest_other_one() -> None:
    back = program(apply(share(10_000), Verb.ROLL_BACK, at=2), version(130, REVOKED))
    assert told(decide(back, device(130), AT)) == (ROLLBACK, 120, "gets-stable")
    assert told(decide(back, device(120), AT)) == (KEEP, 120, "keeps")
    repaired = program(share(10_000), version(120, REVOKED), version(125, STABLE))
    assert told(decide(repaired, device(120), AT)) == (INSTALL, 130, "gets-release")
    nothing = program(None, version(120, REVOKED))
    assert told(decide(nothing, device(120), AT)) == (REMOVE, 120, "must-remove")
    # what it marked bad is no way out
    assert told(decide(back, device(130, bad=(120,)), AT)) == (REMOVE, 130, "must-remove")
    assert decide(nothing, device(120), AT).changes


def test_a_version_that_a_device_marked_bad_is_not_offered_to_it_again() -> None:
    running = program(share(10_000))
    assert told(decide(running, device(110, bad=(130,)), AT)) == (INSTALL, 120, "gets-stable")
    assert told(decide(running, device(110, bad=(130, 120)), AT)) == (KEEP, 110, "keeps")


def test_a_version_for_a_newer_container_is_not_offered() -> None:
    running = program(share(10_000), version(130, RELEASE, container=3))
    assert decide(running, device(110, container=2), AT).code == 120
    assert decide(running, device(110, container=3), AT).code == 130
    assert [container_of(text) for text in (None, "x", "0.9", "1", "3.2.1", "12")] == [1, 1, 1, 1, 3, 12]


def test_a_tester_gets_what_the_token_opens() -> None:
    token = token_hash("secret")
    tested = program(share(10_000), version(140, None, trial=frozenset({token})))
    assert told(decide(tested, device(120, trial=token), AT)) == (INSTALL, 140, "gets-trial")
    assert told(decide(tested, device(None, trial=token), AT)) == (INSTALL, 140, "gets-trial")
    assert told(decide(tested, device(140, trial=token), AT)) == (KEEP, 140, "keeps-trial")
    assert decide(tested, device(120, trial=token_hash("other")), AT).code == 130
    assert decide(tested, device(120), AT).code == 130
    withdrawn = program(None, version(140, REVOKED, trial=frozenset({token})))
    assert decide(withdrawn, device(120, trial=token), AT).code == 120
    assert told(decide(withdrawn, device(140, trial=token), AT)) == (ROLLBACK, 120, "gets-stable")


def test_a_tester_may_try_an_older_version_only_when_it_has_none() -> None:
    token = token_hash("secret")
    tested = program(None, version(115, None, trial=frozenset({token})))
    assert decide(tested, device(None, trial=token), AT).code == 115
    assert told(decide(tested, device(120, trial=token), AT)) == (KEEP, 120, "keeps")


def test_a_release_of_an_older_version_takes_nobody_back() -> None:
    older = program(share(10_000), version(135, STABLE))
    assert decide(older, device(None), AT).code == 135
    assert told(decide(older, device(130), AT)) == (INSTALL, 135, "gets-stable")


# explanations


def test_an_explanation_tells_every_step() -> None:
    running = program(release(Audience(lists=("staff",), patterns=("^x-",), rule=BEIJING, share=1_000)))
    beyond = device(120, placed(2_345, 2_346), context={"city": "Beijing"})
    decision, steps = explain_decision(running, beyond, AT)
    assert decision == decide(running, beyond, AT)
    assert [say(step.message) for step in steps] == [
        "The device has 1.2.0.",
        "The stable version, 1.2.0, is nothing newer that it could have.",
        "It is on none of 1 lists.",
        "Neither its device nor its user id matches a pattern.",
        "It satisfies the rule.",
        "Its place in this release is 23.45 %, beyond the share of 10 %.",
        "It keeps what it has.",
    ]
    assert [step.trace is not None for step in steps] == [False, False, False, False, True, False, False]
    _, steps = explain_decision(running, device(120, context={"city": "Paris"}), AT)
    (traced,) = [step.trace for step in steps if step.trace is not None]
    assert (traced.held, traced.actual) == (False, "Paris")


def codes(view: ProgramView, asked: DeviceView) -> list[str]:
    decision, steps = explain_decision(view, asked, AT)
    assert decision == decide(view, asked, AT)
    assert all(say(step.message, "zh") for step in steps)
    return [step.message.code for step in steps]


def test_other_explanations() -> None:
    token = token_hash("secret")
    running = program(release(Audience(lists=("staff",), patterns=("^x-",), share=10_000)))
    assert codes(running, device(None, "phone-staff")) == ["has-nothing", "on-list", "gets-release"]
    assert codes(running, device(119, "x-1")) == ["has-unknown", "on-no-list", "matches-pattern", "gets-release"]
    assert codes(running, device(130)) == ["has", "stable-not-newer", "release-has", "keeps"]
    assert codes(running, device(131))[-2:] == ["release-not-newer", "keeps"]
    assert codes(program(), device(120, trial=token)) == [
        "has",
        "trial-opens-nothing",
        "stable-not-newer",
        "no-release",
        "keeps",
    ]
    assert codes(program(None, version(120, REVOKED)), device(120)) == [
        "has-revoked",
        "no-stable",
        "no-release",
        "must-remove",
    ]
    assert "is-bad" in codes(program(), device(110, bad=(120,)))
    assert "container-too-old" in codes(program(None, version(120, STABLE, container=2)), device(110))
    for step, fields, code in (
        ({"window": Window(opens_at=AT + 1)}, {}, "closed-before-window"),
        ({"window": Window(closes_at=AT)}, {}, "closed-after-window"),
        ({"cap": 5}, {"closed": Closed.CAP}, "closed-cap"),
    ):
        shut = share(10_000, step=step, **fields)
        assert codes(program(shut), device(120))[-3:] == ["within-share", code, "keeps"]


# the comparison


def test_the_control_arm_is_beside_the_share() -> None:
    live = program(share(1_000)).live
    assert live is not None
    places = {"new": placed(999, 1_000), "control": placed(1_000, 1_001), "last": placed(1_999, 2_000)}
    outside = placed(2_000, 2_001)
    assert arm(live, device(130, places["new"]), 130) is Arm.NEW
    assert arm(live, device(120, places["control"]), 120) is Arm.CONTROL
    assert arm(live, device(120, places["last"]), 120) is Arm.CONTROL
    assert arm(live, device(120, outside), 120) is None
    # who was reached and has not updated is in neither, nor who has the new version from before
    assert arm(live, device(120, places["new"]), 120) is None
    assert arm(live, device(130, places["control"]), 130) is None
    # stragglers are no match
    assert arm(live, device(110, places["control"]), 110) is None


def test_the_control_arm_shrinks_to_what_is_left() -> None:
    for basis_points, control in ((6_000, placed(6_000, 6_001)), (9_999, placed(9_999, 10_000))):
        live = program(share(basis_points)).live
        assert live is not None
        assert arm(live, device(120, control), 120) is Arm.CONTROL
    everyone = program(share(10_000)).live
    assert everyone is not None
    assert arm(everyone, device(120, placed(9_999, 10_000)), 120) is None


def test_arms_are_matched() -> None:
    live = program(release(Audience(lists=("staff",), rule=BEIJING, share=5_000))).live
    assert live is not None
    new, control = placed(0, 100), placed(9_000, 9_100)
    here, there = {"city": "Beijing"}, {"city": "Paris"}
    assert arm(live, device(120, control, context=here), 120) is Arm.CONTROL
    assert arm(live, device(120, control, context=there), 120) is None
    assert arm(live, device(130, new, context=here), 130) is Arm.NEW
    assert arm(live, device(130, new, context=there), 130) is None
    assert arm(live, device(130, "phone-staff", context=here), 130) is Arm.LISTED
    assert arm(live, device(120, "phone-staff", context=here), 120) is None
    old_container = program(share(5_000), version(130, RELEASE, container=2)).live
    assert old_container is not None
    assert arm(old_container, device(120, control), 120) is None


def test_there_may_be_no_control_arm() -> None:
    without = program(share(1_000, step={"guardrails": Guardrails(control=False)})).live
    first = program(share(1_000, previous_code=None)).live
    assert without is not None and first is not None
    control = placed(1_000, 1_001)
    assert arm(without, device(120, control), 120) is None
    assert arm(first, device(120, control), 120) is None


# the native shell


def upgrade(level: str = "optional", platforms: tuple[str, ...] = (), **span: str) -> NativeRecord:
    texts = {"en": NativeText(title="New", text="Better"), "zh": NativeText(title="新", text="更好")}
    url = "https://example.com/app"
    return NativeRecord(
        level=NoticeLevel(level), platforms=platforms, app_versions=NativeRange(**span), texts=texts, url=url
    )


def shell(*versions: VersionView, running: Release | None = None) -> ProgramView:
    return compile_program("shell", ProgramKind.NATIVE, versions, running, LISTS)


def test_a_shell_is_told_of_an_upgrade_that_is_meant_for_it() -> None:
    view = shell(version(200, STABLE, upgrade=upgrade("forced", ("ios",), lowest="1.0", highest="1.4.9")))

    def notice(**context: str) -> Any:
        return decide(view, device(None, context=context), AT).notice

    assert notice(platform="ios", app_version="1.2.0").level is NoticeLevel.FORCED
    assert notice(platform="ios", app_version="1.4.9", language="zh-CN").title == "新"
    assert notice(platform="ios", app_version="1.2.0", language="fr").title == "New"
    assert notice(platform="android", app_version="1.2.0") is None
    assert notice(platform="ios", app_version="1.5.0") is None
    assert notice(platform="ios", app_version="0.9") is None
    assert notice(platform="ios") is None
    decision = decide(view, device(None, context={"platform": "ios", "app_version": "1.2.0"}), AT)
    assert (decision.action, decision.code, decision.version, decision.changes) == (INSTALL, 200, "2.0.0", True)


def test_a_shell_that_has_the_upgrade_is_told_nothing() -> None:
    view = shell(version(200, STABLE, upgrade=upgrade()))
    for have, app_version in ((200, "1.0.0"), (210, None), (None, "2.0.0"), (None, "2.1.0")):
        decision = decide(view, device(have, context={"app_version": app_version}), AT)
        assert (decision.notice, decision.changes) == (None, False)
    assert decide(view, device(None), AT).notice is not None
    assert decide(view, device(190, bad=(200,)), AT).notice is None


def test_the_strongest_of_the_upgrades_counts_and_the_newest_is_shown() -> None:
    stable = version(120, STABLE, upgrade=upgrade("forced", highest="1.0.0"))
    running = share(10_000)
    view = shell(stable, version(130, RELEASE, upgrade=upgrade("optional")), running=running)
    old = decide(view, device(None, context={"app_version": "1.0.0"}), AT)
    newer = decide(view, device(None, context={"app_version": "1.1.0"}), AT)
    assert old.notice is not None and newer.notice is not None
    assert (old.code, old.notice.level, old.release) == (130, NoticeLevel.FORCED, "r1")
    assert (newer.code, newer.notice.level) == (130, NoticeLevel.OPTIONAL)
    assert codes(view, device(None, context={"app_version": "1.3.0"})) == [
        "not-for-shell",
        "not-for-shell",
        "gets-nothing",
    ]


def test_a_shell_is_never_taken_back() -> None:
    view = shell(version(120, STABLE, upgrade=upgrade()), version(130, REVOKED, upgrade=upgrade()))
    assert told(decide(view, device(130), AT)) == (KEEP, 130, "keeps")


def test_states_of_a_release_that_offer_nothing() -> None:
    for state in set(ReleaseState) - {ReleaseState.LIVE, ReleaseState.PAUSED}:
        assert program(share(10_000, state=state)).live is None
