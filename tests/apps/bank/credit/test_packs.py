"""Regulation on its dates, in its regions, in both readings; a refusal says which rule it was."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
import pytest

from bank.credit.packs import CHECKS, Facts, _packs, evaluate

Day = datetime.date
TODAY = Day(2026, 11, 20)
HOME = Facts(owed=5_000_000, territory="330106", territories=("3301",), is_branchless=False)


def broken(on: Day = TODAY, reading: str = "notice", region: str = "CN", **changes: Any) -> list[str]:
    facts = msgspec.structs.replace(HOME, **changes)
    return [breach.rule for breach in evaluate(facts, on, region, reading).breaches]


def test_an_ordinary_loan() -> None:
    ruling = evaluate(HOME, TODAY, "CN")
    assert ruling.breaches == ()
    assert set(ruling.packs) == {
        "cn-cost-2017", "cn-house-2026", "cn-internet-loans-2020", "cn-joint-lending-2021", "cn-loan-assistance-2025",
        "cn-micro-credit-draft-2020",
    }  # fmt: skip
    assert all(len(sha256) == 64 for sha256 in ruling.packs.values())


def test_the_two_readings_of_the_shares() -> None:
    little: dict[str, Any] = {"is_joint": True, "own_share": 1_000, "tier_1": 1, "all_loans": 1}
    most: dict[str, Any] = {**little, "own_share": 9_000}
    assert broken(**little) == []
    assert broken(**little, reading="draft", yearly_income=16_000_000) == ["own-share"]
    assert broken(**most) == ["partner-share"]
    assert broken(**most, reading="draft", yearly_income=16_000_000) == []
    assert broken(**{**most, "is_joint": False}) == []
    with pytest.raises(ValueError, match="notice, draft"):
        broken(reading="rumour")


def test_a_rule_holds_from_its_own_day() -> None:
    little: dict[str, Any] = {"is_joint": True, "own_share": 9_000, "tier_1": 1, "all_loans": 1}
    assert broken(Day(2021, 12, 31), **little) == []
    assert broken(Day(2022, 1, 1), **little) == ["partner-share"]
    assert broken(Day(2021, 12, 31), territory="110101") == []
    assert broken(territory="110101") == ["territory"]
    assert broken(territory="110101", is_branchless=True) == []
    assert evaluate(HOME, Day(2016, 1, 1), "CN").packs == {}


def test_only_partners_of_the_list() -> None:
    assert broken(partners=("a", "b"), listed=("a",)) == ["listed-partners-only"]
    assert broken(partners=("a",), listed=("a", "b")) == []
    assert broken(Day(2025, 9, 30), partners=("a",)) == []


def test_concentration() -> None:
    joint: dict[str, Any] = {"is_joint": True, "own_share": 5_000}
    assert broken(Day(2022, 7, 16), **joint, tier_1=100, partner_exposure=26, all_loans=100, joint_loans=51) == []
    assert broken(**joint, tier_1=100, partner_exposure=25, all_loans=100, joint_loans=50) == []
    assert broken(**joint, tier_1=100, partner_exposure=26, all_loans=100, joint_loans=51) == [
        "partner-exposure",
        "joint-loans",
    ]


def test_caps_per_borrower() -> None:
    assert broken(owed=100_000_000) == []
    draft: dict[str, Any] = {"reading": "draft", "yearly_income": 1_000_000_000}
    assert broken(owed=30_000_000, **draft) == []
    assert broken(owed=30_000_001, **draft) == ["person-cap"]
    assert broken(owed=30_000_001, **draft, borrower="organisation") == []
    assert broken(owed=100_000_001, **draft, borrower="organisation") == ["organisation-cap"]
    assert broken(owed=5_000_000, reading="draft", yearly_income=15_000_000) == ["person-income-cap"]
    assert broken(owed=20_000_001, purpose="consumption") == ["consumption-cap"]
    assert broken(owed=20_000_000, purpose="consumption") == []
    assert broken(is_bullet=True, term_months=13, purpose="consumption") == ["consumption-bullet-term"]
    assert broken(is_bullet=True, term_months=13) == []


def test_risk_control_stays_at_home() -> None:
    assert broken(outsourced=("risk-model", "pre-loan")) == ["no-outsourced-risk-control", "no-outsourced-key-steps"]
    assert broken(outsourced=("printing",)) == []


def test_a_breach_names_rule_pack_and_day() -> None:
    (breach,) = evaluate(msgspec.structs.replace(HOME, annual_cost=2_401), TODAY, "CN").breaches
    assert (breach.rule, breach.pack, breach.since) == ("annual-cost", "cn-cost-2017", "2017-08-04")
    assert "24%" in breach.zh
    assert "24 %" in breach.en


def test_cooling_off_changes_its_source_on_the_day() -> None:
    before, after = evaluate(HOME, Day(2026, 11, 19), "EU"), evaluate(HOME, Day(2026, 11, 20), "EU")
    assert (before.duties, list(before.packs)) == ({"cooling-off-days": 14}, ["eu-consumer-credit-2008"])
    assert after.duties == {"cooling-off-days": 14, "withdrawal-ends-days": 379}
    assert list(after.packs) == ["eu-consumer-credit-2023"]


def test_packs_of_old_decisions_are_asked_again() -> None:
    names = evaluate(HOME, Day(2026, 11, 19), "EU").packs
    assert evaluate(HOME, Day(2030, 1, 1), "EU", names=names).packs == names
    with pytest.raises(LookupError, match="has changed"):
        evaluate(HOME, TODAY, "EU", names={"eu-consumer-credit-2008": "0" * 64})
    with pytest.raises(LookupError, match="gone: eu-1900"):
        evaluate(HOME, TODAY, "EU", names=names | {"eu-1900": "0" * 64})


def test_every_pack_is_whole() -> None:
    for name, (pack, _) in _packs().items():
        assert pack["source"] and (pack["checked"] or pack["unverified"]), name
        for rule in pack["rule"]:
            assert rule["kind"] == "duty" or {"zh", "en"} <= set(rule), (name, rule["name"])
            assert rule["kind"] in {*CHECKS, "duty"}
