"""A compiled table says what the engine says of the table itself."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bank.credit import artefacts, policy

TABLES = {name: artefacts.load("rules", name)[0]["table"] for name in ("shop-1", "home-1")}
WHOLE = {name: policy.whole(table) for name, table in TABLES.items()}
COMPILED = {name: policy.compiled(table) for name, table in TABLES.items()}
#: around the limits of the rules
FACTS = st.fixed_dictionaries(
    {
        "age": st.integers(16, 20) | st.integers(20, 70), "age_at_end": st.integers(17, 70),
        "amount": st.sampled_from((0, 99_999, 100_000, 5_000_000, 20_000_000, 20_000_001, 30_000_001, 60_000_000)),
        "least": st.just(100_000), "most": st.just(30_000_000), "term": st.sampled_from((6, 7, 12)),
        "has_term": st.booleans(), "is_identified": st.booleans(), "has_consent": st.booleans(),
        "months_trading": st.integers(0, 8), "months_known": st.integers(0, 5), "is_in_default": st.booleans(),
        "worst_days": st.sampled_from((0, 30, 89, 90, 91)), "late_months": st.integers(0, 6),
        "enquiries": st.integers(5, 11), "owed": st.integers(0, 100_000_000), "income": st.integers(0, 20_000),
    }
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(TABLES))
@settings(max_examples=120, deadline=None)
@given(facts=FACTS)
def test_compiled_and_whole_agree(name: str, facts: dict[str, Any]) -> None:
    assert COMPILED[name](facts) == WHOLE[name](facts)


def changed(cell: str) -> dict[str, Any]:
    table: dict[str, Any] = copy.deepcopy(TABLES["shop-1"])
    content = next(node for node in table["nodes"] if node["type"] == "decisionTableNode")["content"]
    content["rules"][1]["i0"] = cell
    return table


@pytest.mark.parametrize(("age", "young"), [(16, True), (17, True), (18, False)])
def test_other_cells_are_left_to_the_engine(age: int, young: bool) -> None:
    """A range is no plain comparison."""
    facts = dict.fromkeys(("age_at_end", "amount", "least", "most", "term", "worst_days", "late_months"), 20)
    facts |= dict.fromkeys(("months_trading", "months_known", "enquiries", "owed"), 6)
    flags = {"has_term": True, "is_identified": True, "has_consent": True, "is_in_default": False}
    hits = policy.compiled(changed("[1..18)"))(facts | flags | {"age": age})
    assert ({"rule": "too-young", "outcome": "refused"} in hits) is young
