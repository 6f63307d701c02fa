"""What a server has signed, read over a good line: the truth for those who do not know what its people meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tuf.api.metadata import TargetFile

from eden.base.errors import EdenError
from eden.release.interfaces import SignedState
from eden.release.rules_signed import FIELD
from eden.release.simulate_http import Transport, Unreachable
from eden.release.simulate_trust import Held, Refused, Verifier
from eden.release.simulate_truth import SignedList, TrueProgram, TrueRelease, TrueVersion, Truth
from eden.release.trust import role_of


async def witness(
    transport: Transport, workspace: str, programs: Iterable[str], verifier: Verifier, at: datetime | None = None
) -> tuple[int, Truth]:
    """The timestamp's version and what is signed under it. Who is on a list is known by proofs only. Raises EdenError.

    A program in its release may be offered to nobody at the moment; such a phone counts as right with what it has
    only if nothing newer is signed for it.
    """

    async def fetch(name: str) -> bytes | None:
        answer = await transport.request("GET", f"/device/v1/{workspace}/metadata/{name}")
        if answer.status not in (200, 404):
            raise Unreachable(f"{name}: the server answered {answer.status}")
        return answer.body if answer.status == 200 else None

    try:
        root = await fetch("1.root.json")
        if root is None:
            raise EdenError(
                "no-metadata",
                f"The server has no workspace {workspace}, or has signed nothing for it.",
                "Look at the workspace's name, and release a version there.",
            )
        _, node = await verifier.refresh(Held(root), at or datetime.now(UTC), fetch, lambda _: None)
        found = {}
        for key in programs:
            name, version = role_of(key), node.version(role_of(key))
            data = None if version is None else await fetch(f"{version}.{name}.json")
            found[key] = TrueProgram({}) if data is None else _program(key, node.role(name, data).targets)
    except Refused as error:
        raise EdenError("bad-metadata", f"The server's metadata cannot be trusted: {error}.") from error
    except Unreachable as error:
        raise EdenError("unreachable", f"The server cannot be reached: {error}.", "Start it with eden up.") from error
    return node.timestamp, Truth(found)


def _program(key: str, targets: Mapping[str, TargetFile]) -> TrueProgram:
    files: dict[int, dict[str, str]] = {}
    signed: dict[int, dict[str, Any]] = {}
    for path, info in targets.items():
        _, _, number, name = path.split("/", 3)
        files.setdefault(int(number), {})[name] = info.hashes["sha256"]
        if (custom := info.unrecognized_fields.get("custom")) is not None:
            signed[int(number)] = custom[FIELD]
    release = None
    for code, fields in signed.items():
        if (said := fields.get("release")) is not None:
            release = _release(code, said)
    versions = {
        code: TrueVersion(SignedState(fields["state"]), files[code], fields.get("container", 1))
        for code, fields in signed.items()
    }
    return TrueProgram(versions, release)


def _release(code: int, said: Mapping[str, Any]) -> TrueRelease:
    rule_lists = said.get("rule_lists", ())
    return TrueRelease(
        code=code,
        salt=said["salt"],
        share=said["share"],
        rule=said["rule"],
        patterns=tuple(said.get("patterns", ())),
        roots=_roots(said.get("lists", ())),
        rule_roots=_roots(rule_lists),
        rule_patterns={one["id"]: tuple(one["patterns"]) for one in rule_lists if one.get("patterns")},
    )


def _roots(entries: Iterable[Mapping[str, Any]]) -> tuple[SignedList, ...]:
    return tuple(SignedList(one["id"], one["salt"], one["root"], one["size"]) for one in entries if "root" in one)
