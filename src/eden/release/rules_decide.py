"""Which version a device gets, and why.

A program is compiled once after each change (`rules_views.compile_program`); a check then costs some microseconds. Of
what a device may have it gets the newest, in this order of reasons:

1. it has a revoked version: to the newest other one that it may have, also a lower one; without any, remove it;
2. a tester's token: the version that the token opens;
3. a running release that reaches it and is open to new devices;
4. the stable version;
5. otherwise what it has, which nobody takes away.

Never a lower version than what it has (but for 1), never one that this device marked bad, never one for a newer
container than the device's. `explain_decision` runs the same code and notes every step.
"""

from __future__ import annotations

from typing import Final

import msgspec

from eden.base.targeting import Context, Trace, bucket, parse_version, trace
from eden.release.interfaces import (
    EVERYONE,
    Closed,
    DecisionAction,
    Message,
    Notice,
    NoticeLevel,
    ProgramKind,
    SignedState,
)
from eden.release.rules_machine import closed
from eden.release.rules_views import (
    DeviceView,
    ProgramView,
    ReleaseView,
    VersionView,
    by_pattern,
    granting_list,
    is_reached,
)

_KEEP, _INSTALL, _ROLLBACK, _REMOVE = (
    DecisionAction.KEEP,
    DecisionAction.INSTALL,
    DecisionAction.ROLLBACK,
    DecisionAction.REMOVE,
)
_LEVELS: Final = list(NoticeLevel)
_BUCKET_BITS: Final = 32


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the device shall do. `code` and `version` (its name) are null when it has nothing and gets nothing.

    `release`: the id, when a running release offers the version. `lists`: lists whose proofs the device needs to
    accept it. `reason`: in a sentence.
    """

    action: DecisionAction
    code: int | None
    version: str | None
    reason: Message
    release: str | None = None
    lists: tuple[str, ...] = ()
    notice: Notice | None = None

    @property
    def changes(self) -> bool:
        """Whether the device has anything to do; otherwise the program is left out of an answer."""
        return self.action is not _KEEP or self.notice is not None


class ReasonStep(msgspec.Struct, frozen=True):
    """One step of an explanation; `trace` shows an audience rule at work, condition by condition."""

    message: Message
    trace: Trace | None = None


# decisions


def decide(program: ProgramView, device: DeviceView, at: int) -> Decision:
    """What the device gets now (`at` in µs)."""
    if (have := device.have) is not None and have >= program.newest and device.trial is None:
        # nearly every check: it has the newest; the native kind has nothing else to say either
        has = program.versions.get(have)
        if has is not None and has.signed is not SignedState.REVOKED:
            return Decision(action=_KEEP, code=have, version=has.name, reason=_KEEPS)
    return _decide(program, device, at, None)


def explain_decision(program: ProgramView, device: DeviceView, at: int) -> tuple[Decision, list[ReasonStep]]:
    """The decision and every step that led to it, in order."""
    steps: list[ReasonStep] = []
    decision = _decide(program, device, at, steps)
    steps.append(ReasonStep(decision.reason))
    return decision, steps


def _decide(program: ProgramView, device: DeviceView, at: int, steps: list[ReasonStep] | None) -> Decision:
    if program.kind is ProgramKind.NATIVE:
        return _notify(program, device, at, steps)
    have = device.have
    has = None if have is None else program.versions.get(have)
    leaving = has is not None and has.signed is SignedState.REVOKED
    above = -1 if have is None or leaving else have
    if steps is not None:
        _note_has(steps, have, has)

    if device.trial is not None:
        for version in program.trials:
            if device.trial in version.trial and _usable(version, device, steps):
                if version.code == have:
                    return _keep(have, has, Message("keeps-trial", {"version": version.name}))
                if version.code > above:
                    return _offer(version, have, Message("gets-trial", {"version": version.name}))
        if steps is not None:
            steps.append(ReasonStep(Message("trial-opens-nothing", {})))

    stable = _newest(program.stable, device, above, steps)
    live = program.live
    if live is not None:
        least = above if stable is None else max(above, stable.code)
        if _offered(live, device, at, least, steps):
            reason = Message("gets-release", {"version": live.version.name})
            return _offer(live.version, have, reason, live.release.id, _proofs(live, device))
    elif steps is not None:
        steps.append(ReasonStep(Message("no-release", {})))
    if stable is not None:
        return _offer(stable, have, Message("gets-stable", {"version": stable.name}))
    if leaving:
        return Decision(action=_REMOVE, code=have, version=has.name if has else None, reason=Message("must-remove", {}))
    if have is None:
        return _NOTHING
    return _keep(have, has, _KEEPS)


_NOTHING: Final = Decision(action=_KEEP, code=None, version=None, reason=Message("gets-nothing", {}))
_KEEPS: Final = Message("keeps", {})


def _newest(
    versions: tuple[VersionView, ...], device: DeviceView, above: int, steps: list[ReasonStep] | None
) -> VersionView | None:
    """The first, so the newest, that is above and can be used."""
    for version in versions:
        if version.code <= above:
            break
        if _usable(version, device, steps):
            return version
    if steps is not None:
        newest = versions[0].name if versions else None
        code = "no-stable" if newest is None else "stable-not-newer"
        steps.append(ReasonStep(Message(code, {} if newest is None else {"version": newest})))
    return None


def _usable(version: VersionView, device: DeviceView, steps: list[ReasonStep] | None) -> bool:
    if version.code in device.bad:
        if steps is not None:
            steps.append(ReasonStep(Message("is-bad", {"version": version.name})))
        return False
    if version.container > device.container:
        if steps is not None:
            fields: dict[str, str | int] = {
                "version": version.name,
                "needs": version.container,
                "has": device.container,
            }
            steps.append(ReasonStep(Message("container-too-old", fields)))
        return False
    return True


def _offered(live: ReleaseView, device: DeviceView, at: int, least: int, steps: list[ReasonStep] | None) -> bool:
    """Whether the release offers its version to a device that may have one up to `least` without it."""
    version = live.version
    if version.code <= least:
        if steps is not None:
            code = "release-has" if version.code == device.have else "release-not-newer"
            steps.append(ReasonStep(Message(code, {"version": version.name})))
        return False
    if steps is not None:
        _note_audience(steps, live, device)
    if not is_reached(live, device) or not _usable(version, device, steps):
        return False
    shut = closed(live.release, at)
    if shut is not None and steps is not None:
        steps.append(ReasonStep(Message(_CLOSED[shut], {})))
    return shut is None


_CLOSED: Final = {
    Closed.BEFORE_WINDOW: "closed-before-window",
    Closed.AFTER_WINDOW: "closed-after-window",
    Closed.CAP: "closed-cap",
}


def _proofs(live: ReleaseView, device: DeviceView) -> tuple[str, ...]:
    """The lists whose proofs show a phone that the release reaches it."""
    granting = granting_list(live, device)
    if granting is not None:
        return (granting,)
    if by_pattern(live, device):
        return ()
    return tuple(list_id for list_id in live.provable if list_id in device.context.lists)


def _offer(
    version: VersionView, have: int | None, reason: Message, release: str | None = None, lists: tuple[str, ...] = ()
) -> Decision:
    action = _INSTALL if have is None or version.code > have else _ROLLBACK
    return Decision(action=action, code=version.code, version=version.name, reason=reason, release=release, lists=lists)


def _keep(have: int | None, has: VersionView | None, reason: Message) -> Decision:
    return Decision(action=_KEEP, code=have, version=None if has is None else has.name, reason=reason)


def _note_has(steps: list[ReasonStep], have: int | None, has: VersionView | None) -> None:
    if have is None:
        message = Message("has-nothing", {})
    elif has is None:
        message = Message("has-unknown", {"code": have})
    else:
        revoked = has.signed is SignedState.REVOKED
        message = Message("has-revoked" if revoked else "has", {"version": has.name})
    steps.append(ReasonStep(message))


def _note_audience(steps: list[ReasonStep], live: ReleaseView, device: DeviceView) -> None:
    """All that is known of the device and the audience, as far as it decides."""
    listed = granting_list(live, device)
    if listed is not None:
        steps.append(ReasonStep(Message("on-list", {"list": listed})))
        return
    if live.lists:
        steps.append(ReasonStep(Message("on-no-list", {"lists": len(live.lists)})))
    if live.matches is not None:
        found = by_pattern(live, device)
        steps.append(ReasonStep(Message("matches-pattern" if found else "matches-no-pattern", {})))
        if found:
            return
    if live.tree is not None:
        traced = trace(live.tree, device.context)
        steps.append(ReasonStep(Message("rule-holds" if traced.held else "rule-fails", {}), traced))
        if not traced.held:
            return
    place = bucket(live.release.salt, device.id) * EVERYONE >> _BUCKET_BITS
    code = "within-share" if place < live.share else "beyond-share"
    steps.append(ReasonStep(Message(code, {"place_share": place, "share": live.share})))


# notices of the native shell


def _notify(program: ProgramView, device: DeviceView, at: int, steps: list[ReasonStep] | None) -> Decision:
    """The newest upgrade that the device may have and that is meant for it, as strongly as the strongest of them."""
    have, context = device.have, device.context
    above = -1 if have is None else have
    fitting: list[tuple[VersionView, str | None, tuple[str, ...]]] = []
    live = program.live
    if live is not None and _fits(live.version, context, steps) and _offered(live, device, at, above, steps):
        fitting.append((live.version, live.release.id, _proofs(live, device)))
    for version in program.stable:
        if version.code > above and version.code not in device.bad and _fits(version, context, steps):
            fitting.append((version, None, ()))
    if not fitting:
        has = None if have is None else program.versions.get(have)
        return _NOTHING if have is None else _keep(have, has, _KEEPS)
    version, release, lists = max(fitting, key=lambda each: each[0].code)
    levels = [each.upgrade.level for each, _, _ in fitting if each.upgrade is not None]
    level = max(levels, key=_LEVELS.index)
    return Decision(
        action=_INSTALL,
        code=version.code,
        version=version.name,
        reason=Message("gets-notice", {"version": version.name, "level": level}),
        release=release,
        lists=lists,
        notice=_notice(version, level, context.language),
    )


def _fits(version: VersionView, context: Context, steps: list[ReasonStep] | None) -> bool:
    """Whether an upgrade is meant for the device's platform and app version, and is newer than that."""
    upgrade = version.upgrade
    if upgrade is None:
        return False
    has, span = parse_version(context.app_version), upgrade.app_versions
    lowest, highest, new = parse_version(span.lowest), parse_version(span.highest), parse_version(version.name)
    fits = (
        (not upgrade.platforms or context.platform in upgrade.platforms)
        and (lowest is None or (has is not None and has >= lowest))
        and (highest is None or (has is not None and has <= highest))
        and (has is None or new is None or has < new)
    )
    if not fits and steps is not None:
        steps.append(ReasonStep(Message("not-for-shell", {"version": version.name})))
    return fits


def _notice(version: VersionView, level: NoticeLevel, language: str | None) -> Notice | None:
    upgrade = version.upgrade
    if upgrade is None:
        return None
    wanted = "zh" if (language or "").lower().startswith("zh") else "en"
    words = upgrade.texts.get(wanted) or next(iter(upgrade.texts.values()))
    return Notice(level=level, version=version.name, title=words.title, text=words.text, url=upgrade.url)
