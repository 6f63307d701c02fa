"""What is right, said once more and differently: neither the server's compiled programs nor the phone's reading of
metadata have a part in it.

A `Truth` holds a workspace as its people meant it, and says which version each phone should end on and which it may
ever install. Each truth is in force from the version of the timestamp on with which it was published: a phone that
could not hear of a newer one may still act by the older.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from eden.base.targeting import Context, Decide, Membership, Proof, bucket, compile_rule, parse, verify
from eden.release.interfaces import DeviceContext, SignedState
from eden.release.rules_views import container_of


@dataclass(frozen=True)
class SignedList:
    """A list of which only the root of its tree is known."""

    id: str
    salt: str
    root: str
    size: int


@dataclass(frozen=True)
class TrueRelease:
    """Whom a running release reaches: `members` (ids of devices and users), `patterns`, and `share` basis points of
    those who satisfy `rule`. `rule_lists`: members of the lists that the rule names. `roots` and `rule_roots`: the same
    lists where members are known by proofs only; `rule_patterns`: those of patterns. `offered`: whether new phones get
    it now."""

    code: int
    salt: str
    share: int
    rule: Any = None
    members: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()
    rule_lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    roots: tuple[SignedList, ...] = ()
    rule_roots: tuple[SignedList, ...] = ()
    rule_patterns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    offered: bool = True

    def reaches(self, facts: Facts) -> bool:
        ids = facts.ids
        if self.members.intersection(ids) or _matches(self.patterns, ids):
            return True
        if any(_proves(one, facts) for one in self.roots):
            return True
        if bucket(self.salt, facts.device) * 10_000 >> 32 >= self.share:
            return False
        return self._decide is None or self._decide(self._context(facts))

    @cached_property
    def _decide(self) -> Decide | None:
        return None if self.rule is None else compile_rule(parse(self.rule))

    def _context(self, facts: Facts) -> Context:
        def is_member(list_id: str) -> bool:
            known = self.rule_lists.get(list_id)
            if known is not None:
                return bool(known.intersection(facts.ids))
            if list_id in self.rule_patterns:
                return _matches(self.rule_patterns[list_id], facts.ids)
            return any(one.id == list_id and _proves(one, facts) for one in self.rule_roots)

        said = msgspec.structs.asdict(facts.context)
        return Context(**said | {"tags": frozenset(facts.context.tags), "device_id": facts.device,
                                 "lists": Membership(is_member)})  # fmt: skip


@dataclass(frozen=True)
class TrueVersion:
    """A version: what it is for phones, and the SHA-256 of each of its files."""

    state: SignedState
    files: Mapping[str, str]
    container: int = 1


@dataclass(frozen=True)
class TrueProgram:
    versions: Mapping[int, TrueVersion]
    release: TrueRelease | None = None


@dataclass(frozen=True)
class Facts:
    """A phone. `proofs` by list."""

    device: str
    context: DeviceContext
    proofs: Mapping[str, Proof] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.device,) if self.context.user_id is None else (self.device, self.context.user_id)


@dataclass(frozen=True)
class Truth:
    """A workspace, by program key."""

    programs: Mapping[str, TrueProgram]

    def right(self, facts: Facts, key: str, have: int | None, bad: frozenset[int]) -> int | None:
        """The version that the phone should have in the end; null for none."""
        program = self.programs[key]
        has = None if have is None else program.versions.get(have)
        leaving = has is not None and has.state is SignedState.REVOKED
        fitting = [
            code
            for code in program.versions
            if code not in bad and self._is_for(program, code, facts) and (have is None or leaving or code > have)
        ]
        return max(fitting, default=None if leaving else have)

    def may(self, facts: Facts, key: str, code: int, has: bool) -> bool:
        """Whether the phone may install a version; `has`: it has it already."""
        version = self.programs[key].versions.get(code)
        if version is None or version.state is SignedState.REVOKED:
            return False
        if has:
            return True
        release = self.programs[key].release
        reached = release is not None and release.code == code and release.reaches(facts)
        return _fits(version, facts) and (version.state is SignedState.STABLE or reached)

    def is_file(self, key: str, code: int, file: str, sha256: str) -> bool:
        version = self.programs[key].versions.get(code)
        return version is not None and version.files.get(file) == sha256

    def _is_for(self, program: TrueProgram, code: int, facts: Facts) -> bool:
        version, release = program.versions[code], program.release
        if not _fits(version, facts):
            return False
        if version.state is SignedState.STABLE:
            return True
        if release is None or release.code != code or version.state is not SignedState.RELEASE:
            return False
        return release.offered and release.reaches(facts)


class Truths:
    """What was true from which timestamp on."""

    def __init__(self) -> None:
        self._from: list[int] = []
        self._truths: list[Truth] = []

    def add(self, timestamp: int, truth: Truth) -> None:
        """`truth` is in force from this version of the timestamp on."""
        if self._from and timestamp <= self._from[-1]:
            self._from.pop()
            self._truths.pop()
        self._from.append(timestamp)
        self._truths.append(truth)

    def at(self, timestamp: int) -> Truth:
        """The truth for a phone that believes this timestamp."""
        return self._truths[max(0, bisect_right(self._from, timestamp) - 1)]

    @property
    def last(self) -> Truth:
        return self._truths[-1]


def _fits(version: TrueVersion, facts: Facts) -> bool:
    return version.container <= container_of(facts.context.container_version)


def _matches(patterns: tuple[str, ...], ids: tuple[str, ...]) -> bool:
    return any(re.search(one, id_) for one in patterns for id_ in ids)


def _proves(entry: SignedList, facts: Facts) -> bool:
    proof = facts.proofs.get(entry.id)
    return proof is not None and any(verify(entry.root, entry.size, entry.salt, id_, proof) for id_ in facts.ids)
