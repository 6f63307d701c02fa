"""Programs, releases and devices as decisions see them: compiled once after each change, asked many times.

Who is reached is decided here, by `is_reached`; `arm` says what part a device has in the comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from eden.base.targeting import (
    Context,
    Decide,
    IdList,
    Membership,
    Rule,
    bucket,
    compile_patterns,
    compile_rule,
    in_range,
    in_share,
    list_ids,
    parse,
    parse_version,
)
from eden.release.interfaces import EVERYONE, Arm, DeviceContext, ProgramKind, Release, SignedState
from eden.release.rules_machine import OFFERING, current
from eden.release.rules_plan import reach

if TYPE_CHECKING:
    from eden.release.packages import NativeRecord


@dataclass(frozen=True, slots=True)
class ListView:
    """A list as rules see it: of ids (with what the signed metadata names) or of patterns. `contains` is asked for a
    device's and a user's id; `ids` gives proofs."""

    id: str
    contains: Callable[[str], bool]
    salt: str = ""
    root: str = ""
    size: int = 0
    patterns: tuple[str, ...] = ()
    ids: IdList | None = None

    @classmethod
    def exact(cls, list_id: str, ids: IdList) -> ListView:
        return cls(list_id, ids.__contains__, ids.salt, ids.root, len(ids), ids=ids)

    @classmethod
    def of_patterns(cls, list_id: str, patterns: Iterable[str]) -> ListView:
        patterns = tuple(patterns)
        return cls(list_id, compile_patterns(patterns), patterns=patterns, size=len(patterns))


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version. `signed`: what metadata says, null when no device may have it; `container`: the oldest that runs it;
    `trial`: SHA-256 in hex of the tokens that open it; `upgrade`: of the native kind only."""

    code: int
    name: str
    signed: SignedState | None
    container: int = 1
    trial: frozenset[str] = frozenset()
    upgrade: NativeRecord | None = None


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A running release, compiled: its current audience and share. `rule_lists` are the lists that the rule names,
    `provable` those of them that hold ids."""

    release: Release
    version: VersionView
    lists: tuple[str, ...]
    patterns: tuple[str, ...]
    matches: Callable[[str], bool] | None
    tree: Rule | None
    rule: Decide | None
    rule_lists: tuple[str, ...]
    provable: tuple[str, ...]
    share: int


@dataclass(frozen=True, slots=True)
class ProgramView:
    """A program, compiled: versions by code, the stable and the trial ones newest first, the running release.

    `newest`: the highest code that is offered to anybody without a token, −1 for none.
    """

    key: str
    kind: ProgramKind
    versions: dict[int, VersionView]
    stable: tuple[VersionView, ...]
    trials: tuple[VersionView, ...]
    live: ReleaseView | None
    newest: int


class DeviceView(msgspec.Struct, frozen=True, gc=False):
    """A device that asks for one program. `context` holds its ids and the lists that it is on (`membership`).

    `have`: the code it has, null for none. `bad`: codes that it marked bad. `trial`: SHA-256 in hex of its token.
    """

    id: str
    context: Context
    have: int | None = None
    bad: frozenset[int] | tuple[int, ...] = ()
    trial: str | None = None
    container: int = 1


def compile_program(
    key: str,
    kind: ProgramKind,
    versions: Iterable[VersionView],
    release: Release | None,
    lists: Mapping[str, ListView],
) -> ProgramView:
    """Make decisions on a program fast. `release` is the one that runs or null; others than running ones do nothing.

    `lists` must hold every list that the release names; KeyError otherwise.
    """
    ordered = sorted(versions, key=lambda version: -version.code)
    by_code = {version.code: version for version in ordered}
    live = None
    if release is not None and release.state in OFFERING and release.version_code in by_code:
        live = compile_release(release, by_code[release.version_code], lists)
    stable = tuple(version for version in ordered if version.signed is SignedState.STABLE)
    return ProgramView(
        key,
        kind,
        by_code,
        stable,
        tuple(version for version in ordered if version.trial and version.signed is not SignedState.REVOKED),
        live,
        max([-1, *(version.code for version in stable[:1]), *([live.version.code] if live else [])]),
    )


def compile_release(release: Release, version: VersionView, lists: Mapping[str, ListView]) -> ReleaseView:
    """The release's audience at its current step and share."""
    audience = reach(release.plan, release.step)
    named = [lists[list_id] for list_id in audience.lists]
    patterns = (*audience.patterns, *(pattern for view in named for pattern in view.patterns))
    tree = None if audience.rule is None else parse(audience.rule)
    rule_lists = () if tree is None else tuple(sorted(list_ids(tree)))
    return ReleaseView(
        release=release,
        version=version,
        lists=tuple(view.id for view in named if not view.patterns),
        patterns=tuple(dict.fromkeys(patterns)),
        matches=compile_patterns(patterns) if patterns else None,
        tree=tree,
        rule=None if tree is None else compile_rule(tree),
        rule_lists=rule_lists,
        provable=tuple(list_id for list_id in rule_lists if not lists[list_id].patterns),
        share=release.share,
    )


def membership(lists: Mapping[str, ListView], device_id: str, user_id: str | None) -> Membership:
    """The `lists` of a context: a device is on a list with its own id or with its user's."""

    def is_member(list_id: str) -> bool:
        view = lists.get(list_id)
        if view is None:
            return False
        return view.contains(device_id) or (user_id is not None and view.contains(user_id))

    return Membership(is_member)


def context_of(device_id: str, said: DeviceContext, lists: Mapping[str, ListView]) -> Context:
    """What rules are asked about a device: what it says of itself, and the lists that it or its user is on."""
    return Context(
        city=said.city,
        device_model=said.device_model,
        platform=said.platform,
        os_version=said.os_version,
        app_version=said.app_version,
        container_version=said.container_version,
        network=said.network,
        language=said.language,
        channel=said.channel,
        tags=frozenset(said.tags),
        user_id=said.user_id,
        device_id=device_id,
        lists=membership(lists, device_id, said.user_id),
    )


def container_of(version: str | None) -> int:
    """The container's level, the first number of its version; the oldest one, 1, when it is not known."""
    read = parse_version(version)
    return 1 if read is None else max(1, read[0][0])


# who is reached


def arm(live: ReleaseView, device: DeviceView, code: int) -> Arm | None:
    """The part that a device which runs version `code` has in the comparison; null for none.

    `new`: within the share, runs the new version. `control`: next to the share, [share, 2 × share) and at most what is
    left, so none at 100 %; satisfies the same rule, could run the new version, and runs the version that was stable
    when the release began. Stragglers on older versions are no match for devices that update. `listed`: reached by a
    list or pattern, runs the new version.
    """
    release, runs_new = live.release, code == live.version.code
    if live.version.container > device.container:
        return None
    if granting_list(live, device) is not None or by_pattern(live, device):
        return Arm.LISTED if runs_new else None
    if live.rule is not None and not live.rule(device.context):
        return None
    place = bucket(release.salt, device.id)
    if in_share(place, live.share):
        return Arm.NEW if runs_new else None
    old = code == release.previous_code and not runs_new
    if old and current(release).guardrails.control and in_range(place, live.share, min(2 * live.share, EVERYONE)):
        return Arm.CONTROL
    return None


def is_reached(live: ReleaseView, device: DeviceView) -> bool:
    """Whether the release's audience holds the device, be it open to new ones or not."""
    return granting_list(live, device) is not None or by_pattern(live, device) or _by_share(live, device)


def granting_list(live: ReleaseView, device: DeviceView) -> str | None:
    """The first of the audience's lists that the device is on."""
    for list_id in live.lists:
        if list_id in device.context.lists:
            return list_id
    return None


def by_pattern(live: ReleaseView, device: DeviceView) -> bool:
    """Whether a pattern of the audience is found in the device's or its user's id."""
    matches = live.matches
    if matches is None:
        return False
    user_id = device.context.user_id
    return matches(device.id) or (user_id is not None and matches(user_id))


def _by_share(live: ReleaseView, device: DeviceView) -> bool:
    share = live.share
    if share == 0 or (live.rule is not None and not live.rule(device.context)):
        return False
    return share == EVERYONE or in_share(bucket(live.release.salt, device.id), share)
