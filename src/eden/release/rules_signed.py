"""What signed metadata says about a version, and what a phone makes of it.

`signed_state` writes the `custom` fields of a version's first file; `permitted` reads them as a phone does, which
trusts nothing else: a broken server or cache cannot give a version to somebody whom these fields do not reach.
`container/host/updates/permitted.ts` is the same for the phone; `tests/release/permitted_v1.json` holds both to the
same answers. Only texts, whole numbers, lists and objects, so that canonical JSON has it.

    {"eden": {"code": 130, "version": "1.3.0", "container": 1, "state": "release", "trial": [SHA-256 of a token, …],
              "release": {"id": …, "salt": …, "share": 100, "rule": RULE, "patterns": [REGEX, …],
                          "lists": [{"id": …, "salt": …, "root": hex, "size": n}, …],
                          "rule_lists": [the same, or {"id": …, "patterns": [REGEX, …]}, …]}}}

`release` is there in the state `release` only, `trial` when there are tokens. Who is on one of `lists` is reached;
`rule_lists` are those that the rule speaks of. A phone proves that it is on a list; that it is not it cannot prove, so
"not on the list" in a rule is as trustworthy as the server that hands out proofs, and everything else does not need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec

from eden.base.targeting import (
    Context,
    Membership,
    PatternError,
    Proof,
    RuleError,
    bucket,
    compile_patterns,
    compile_rule,
    in_share,
    parse,
    verify,
)
from eden.release.interfaces import EVERYONE, Code, SignedState
from eden.release.rules_views import ListView, ReleaseView, VersionView

#: The field of `custom` that is ours.
FIELD = "eden"

_EVERYONE_RULE = {"everyone": True}


def signed_state(
    version: VersionView, live: ReleaseView | None = None, lists: Mapping[str, ListView] | None = None
) -> dict[str, Any] | None:
    """The version's `custom`, or null when metadata must not name it.

    `live` is the release of this version, compiled, when it is in the state `release`; `lists` as for compiling.
    """
    state = version.signed
    if state is None:
        if not version.trial:
            return None
        state = SignedState.TRIAL
    eden: dict[str, Any] = {
        "code": version.code,
        "version": version.name,
        "container": version.container,
        "state": state.value,
    }
    if version.trial and state is not SignedState.REVOKED:
        eden["trial"] = sorted(version.trial)
    if state is SignedState.RELEASE:
        if live is None or live.version.code != version.code:
            raise ValueError(f"Version {version.code} is in a release, so its metadata needs that release.")
        eden["release"] = _release(live, lists or {})
    return {FIELD: eden}


def token_hash(token: str) -> str:
    """What is stored and signed of a tester's token: SHA-256 in hex."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


# what a phone makes of it


@dataclass(frozen=True, slots=True)
class PhoneView:
    """What a phone knows of itself. `has`: it has this version already, current or previous. `proofs` by list id;
    `trial`: its token; `container`: its level."""

    id: str
    context: Context = field(default_factory=Context)
    has: bool = False
    trial: str | None = None
    proofs: Mapping[str, Proof] = field(default_factory=dict)
    container: int = 1


class _List(msgspec.Struct, frozen=True):
    id: str
    salt: str = ""
    root: str = ""
    size: int = 0
    patterns: tuple[str, ...] | None = None


class _Release(msgspec.Struct, frozen=True):
    id: str
    salt: str
    share: int
    rule: Any
    lists: tuple[_List, ...] = ()
    rule_lists: tuple[_List, ...] = ()
    patterns: tuple[str, ...] = ()


class _Signed(msgspec.Struct, frozen=True):
    code: Code
    version: str
    state: SignedState
    container: int = 1
    trial: tuple[str, ...] = ()
    release: _Release | None = None


def permitted(custom: object, phone: PhoneView) -> bool:
    """Whether the phone may install the version with these signed fields. What cannot be read permits nothing."""
    try:
        signed = msgspec.convert(custom, dict[str, Any]).get(FIELD)
        version = msgspec.convert(signed, _Signed)
    except msgspec.ValidationError:
        return False
    if version.state is SignedState.REVOKED or version.container > phone.container:
        return False
    if phone.trial is not None and token_hash(phone.trial) in version.trial:
        return True
    match version.state:
        case SignedState.STABLE:
            return True
        case SignedState.KEPT:
            return phone.has
        case SignedState.RELEASE if version.release is not None:
            return phone.has or _reached(version.release, phone)
        case _:
            return False


def _reached(release: _Release, phone: PhoneView) -> bool:
    """What cannot be read reaches nobody; the other ways stay."""
    if any(_is_on(entry, phone) for entry in release.lists) or _match(release.patterns, phone):
        return True
    if not 0 < release.share <= EVERYONE:
        return False
    try:
        rule = compile_rule(parse(release.rule))
    except RuleError:
        return False
    known = {entry.id: entry for entry in release.rule_lists}
    lists = Membership(lambda list_id: list_id in known and _is_on(known[list_id], phone))
    context = msgspec.structs.replace(phone.context, device_id=phone.id, lists=lists)
    return rule(context) and in_share(bucket(release.salt, phone.id), release.share)


def _is_on(entry: _List, phone: PhoneView) -> bool:
    if entry.patterns is not None:
        return _match(entry.patterns, phone)
    proof = phone.proofs.get(entry.id)
    if proof is None:
        return False
    return any(verify(entry.root, entry.size, entry.salt, id_, proof) for id_ in _ids(phone))


def _match(patterns: tuple[str, ...], phone: PhoneView) -> bool:
    if not patterns:
        return False
    try:
        matches = _compiled(patterns)
    except PatternError:
        return False
    return any(map(matches, _ids(phone)))


_compiled = lru_cache(maxsize=64)(compile_patterns)


def _ids(phone: PhoneView) -> list[str]:
    return [phone.id] if phone.context.user_id is None else [phone.id, phone.context.user_id]


def _release(live: ReleaseView, lists: Mapping[str, ListView]) -> dict[str, Any]:
    audience = live.release.plan.steps[live.release.step].audience
    return {
        "id": live.release.id,
        "salt": live.release.salt,
        "share": live.share,
        "rule": _EVERYONE_RULE if audience.rule is None else audience.rule,
        "patterns": list(live.patterns),
        "lists": [_entry(lists[list_id]) for list_id in live.lists],
        "rule_lists": [_entry(lists[list_id]) for list_id in live.rule_lists],
    }


def _entry(view: ListView) -> dict[str, Any]:
    if view.patterns:
        return {"id": view.id, "patterns": list(view.patterns)}
    return {"id": view.id, "salt": view.salt, "root": view.root, "size": view.size}
