"""What is signed of a version, and what a phone makes of it. The phone's own code is held to the same vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eden.base.targeting import Context, IdList, Proof
from eden.release.interfaces import Audience, Plan, Release, SignedState, Step, Verb
from eden.release.rules_machine import apply
from eden.release.rules_signed import PhoneView, permitted, signed_state, token_hash
from eden.release.rules_views import ListView, VersionView, compile_release

VECTORS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("permitted_v1.json").read_text("utf-8"))
STABLE, RELEASE, REVOKED = SignedState.STABLE, SignedState.RELEASE, SignedState.REVOKED


def phone_of(value: dict[str, Any]) -> PhoneView:
    context = msgspec.convert(value.get("context", {}), Context)
    proofs = msgspec.convert(value.get("proofs", {}), dict[str, Proof])
    return PhoneView(
        value["id"], context, value.get("has", False), value.get("trial"), proofs, value.get("container", 1)
    )


@pytest.mark.parametrize("case", VECTORS, ids=[case["name"] for case in VECTORS])
def test_permitted(case: dict[str, Any]) -> None:
    assert permitted(case["custom"], phone_of(case["phone"])) is case["permitted"]


def test_every_vector_has_its_own_name() -> None:
    assert len({case["name"] for case in VECTORS}) == len(VECTORS) >= 40
    assert {case["permitted"] for case in VECTORS} == {True, False}


def test_what_is_signed_of_a_release() -> None:
    ids = IdList.build("s1", ["a", "b", "c"])
    lists = {
        "staff": ListView.exact("staff", ids),
        "qa": ListView.of_patterns("qa", ["^qa-"]),
        "gold": ListView.exact("gold", IdList.build("s2", ["g"])),
        "silver": ListView.of_patterns("silver", ["^silver-"]),
    }
    rule = {"any": [{"list": "gold"}, {"list": "silver"}]}
    steps = (
        Step(name="1", audience=Audience(lists=("staff", "qa"), patterns=("^x-",))),
        Step(name="2", audience=Audience(rule=rule, share=250)),
    )
    draft = Release(id="r1", program="bank", version_code=130, salt="abc", plan=Plan(steps=steps))
    release = apply(apply(draft, Verb.START, at=1), Verb.ADVANCE, at=2)
    version = VersionView(130, "1.3.0", RELEASE, container=2, trial=frozenset({"cc", "bb"}))
    assert signed_state(version, compile_release(release, version, lists), lists) == {
        "eden": {
            "code": 130,
            "version": "1.3.0",
            "container": 2,
            "state": "release",
            "trial": ["bb", "cc"],
            "release": {
                "id": "r1",
                "salt": "abc",
                "share": 250,
                "rule": rule,
                "patterns": ["^x-", "^qa-"],
                "lists": [{"id": "staff", "salt": "s1", "root": ids.root, "size": 3}],
                "rule_lists": [
                    {"id": "gold", "salt": "s2", "root": lists["gold"].root, "size": 1},
                    {"id": "silver", "patterns": ["^silver-"]},
                ],
            },
        }
    }


def test_what_is_signed_of_other_versions() -> None:
    def signed(state: SignedState | None, *trial: str) -> Any:
        return signed_state(VersionView(7, "0.7", state, trial=frozenset(trial)))

    fields = {"code": 7, "version": "0.7", "container": 1}
    assert signed(None) is None
    assert signed(STABLE) == {"eden": {**fields, "state": "stable"}}
    assert signed(None, "aa") == {"eden": {**fields, "state": "trial", "trial": ["aa"]}}
    assert signed(REVOKED, "aa") == {"eden": {**fields, "state": "revoked"}}
    with pytest.raises(ValueError, match="needs that release"):
        signed(RELEASE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(st.sampled_from(VECTORS), st.data())
def test_no_broken_field_makes_a_phone_fail(case: dict[str, Any], data: st.DataObject) -> None:
    """One value of the signed fields is something else: the answer is still a yes or a no."""
    if not isinstance(case["custom"], dict) or "eden" not in case["custom"]:
        return
    custom = json.loads(json.dumps(case["custom"]))
    target = custom["eden"]
    if "release" in target and data.draw(st.booleans()):
        target = target["release"]
    name = data.draw(st.sampled_from(sorted(target)))
    target[name] = data.draw(JSON)
    assert permitted(custom, phone_of(case["phone"])) in (True, False)


@given(JSON)
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
def test_whatever_is_not_ours_permits_nothing(custom: object) -> None:
    assert permitted(custom, PhoneView("d", has=True, trial="t")) is False


def test_a_token_is_known_by_its_hash() -> None:
    assert token_hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
