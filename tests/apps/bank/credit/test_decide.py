"""Decisions: what they say, why, and that they are the same for ever."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
import pytest

from bank.credit import artefacts, reasons
from bank.credit.affordability import Conditions, payment
from bank.credit.bureau import CashFlow, Line, Report, generate
from bank.credit.decide import (
    Application,
    Data,
    Decision,
    Lender,
    Product,
    decide,
    decode,
    encode,
    reproduce,
    versions_on,
)
from bank.loans.daycount import DayCount

TODAY = datetime.date(2026, 11, 20)
PRODUCT = Product(100_000, 30_000_000, 480, (6, 12, 24, 36))
GOOD = Data(
    born=datetime.date(1988, 3, 1),
    is_identified=True,
    has_consent=True,
    cash_flow=CashFlow((15_000,) * 12, 80, 40),
    report=Report((), (), 0),
    product=PRODUCT,
    lender=Lender(),
)
WANTED = Application(id="a", product="SHOP", amount=5_000_000, term=12)
VERSIONS = versions_on("SHOP", TODAY, Lender())


def decided(data: dict[str, Any] | None = None, **application: Any) -> Decision:
    replace = msgspec.structs.replace
    decision = decide(replace(WANTED, **application), replace(GOOD, **(data or {})), TODAY, VERSIONS)
    for code in decision.reasons:
        packs_own = {breach.rule for breach in decision.trace.breaches}
        assert code in packs_own or code in reasons.SENTENCES
    return decision


def test_a_good_customer_has_an_offer() -> None:
    decision = decided()
    assert (decision.outcome, decision.amount, decision.reasons) == ("offered", 5_000_000, ())
    assert decision.trace.grade == "A"
    assert decision.rate_bp == 480
    assert decision.trace.payment <= decision.trace.carried


@pytest.mark.parametrize(
    ("data", "application", "outcome", "code"),
    [
        ({"has_consent": False}, {}, "refused", "not-agreed"),
        ({"born": datetime.date(2010, 1, 1)}, {}, "refused", "too-young"),
        ({"born": datetime.date(1962, 1, 1)}, {"term": 36}, "refused", "too-old"),
        ({}, {"amount": 30_000_001}, "refused", "amount-range"),
        ({}, {"amount": 99_999}, "refused", "amount-range"),
        ({}, {"term": 7}, "refused", "term"),
        ({"report": Report((), (), 0, is_in_default=True)}, {}, "refused", "in-default"),
        ({"report": Report((Line("card", 1, 0, 0, (95,)),), (), 0)}, {}, "refused", "overdue-90"),
        ({"cash_flow": CashFlow((15_000,) * 12, 5, 5)}, {}, "refused", "too-new"),
        ({"is_identified": False}, {}, "referred", "identity"),
        ({"cash_flow": CashFlow((99_000,) * 12, 80, 40)}, {"amount": 20_000_001}, "referred", "large"),
        ({"cash_flow": CashFlow((15_000,) * 12, 80, 2)}, {}, "referred", "unknown"),
        ({"report": Report((), (1,) * 9, 0)}, {}, "referred", "many-enquiries"),
        ({"cash_flow": CashFlow((100,) * 12, 80, 40)}, {}, "refused", "income"),
        ({"cash_flow": CashFlow((3_000,) * 12, 80, 40)}, {}, "offered", "reduced"),
        ({"lender": Lender(is_branchless=False, territories=("3301",))}, {"territory": "1101"}, "refused", "territory"),
        ({"lender": Lender(outsourced=("credit-decision",))}, {}, "refused", "no-outsourced-risk-control"),
        ({"lender": Lender(reading="draft"), "owed": 29_000_000}, {}, "refused", "person-cap"),
        ({"product": msgspec.structs.replace(PRODUCT, method="bullet")},
         {"purpose": "consumption", "term": 24, "amount": 200_000}, "refused", "consumption-bullet-term"),
    ],
)  # fmt: skip
def test_why(data: dict[str, Any], application: dict[str, Any], outcome: str, code: str) -> None:
    decision = decided(data, **application)
    assert decision.outcome == outcome
    assert code in decision.reasons
    assert (decision.amount == 0) == (outcome == "refused")


def test_a_refusal_by_score_gives_the_weightiest_reasons() -> None:
    late = Line("card", 10_000, 9_900, 990, (45, 31, 0, 12, 0, 3, 0, 0, 45, 0, 0, 0))
    decision = decided({"report": Report((late, late), (10, 20, 30, 40), 2)})
    assert decision.outcome == "refused"
    assert decision.trace.grade == "E"
    assert decision.reasons[0] == "late_months"
    assert len(decision.reasons) == 4


def test_what_is_reduced_can_be_carried() -> None:
    decision = decided({"cash_flow": CashFlow((3_000,) * 12, 80, 40)})
    assert decision.amount < WANTED.amount
    assert decision.amount % 100_000 == 0
    assert decision.trace.payment <= decision.trace.carried == 150_000
    assert decided({"cash_flow": CashFlow((3_000,) * 12, 80, 40), "burden": 150_000}).outcome == "refused"


def test_risk_costs() -> None:
    card = Line("card", 10_000, 8_000, 400, (0, 5, 3, 1) + (0,) * 8)
    dearer = decided({"report": Report((card,), (9, 8), 0)})
    assert dearer.outcome == "offered"
    assert dearer.rate_bp > decided().rate_bp


def test_duties_come_along() -> None:
    lender = Lender(region="EU")
    versions = versions_on("SHOP", TODAY, lender)
    decision = decide(WANTED, msgspec.structs.replace(GOOD, lender=lender), TODAY, versions)
    assert decision.duties["cooling-off-days"] == 14


def test_a_kept_trace_decides_the_same() -> None:
    """Everybody of a street: bytes that were kept decode to a trace that decides to the same bytes."""
    outcomes = set()
    for person in generate(3, 40, TODAY):
        decision = decided({"cash_flow": person.cash_flow, "report": person.report, "born": person.born})
        outcomes.add(decision.outcome)
        assert encode(reproduce(decode(encode(decision)).trace)) == encode(decision)
    assert outcomes == {"offered", "referred", "refused"}


@pytest.mark.parametrize("day_count", DayCount)
def test_a_kept_trace_counts_days_the_same(day_count: DayCount) -> None:
    product = msgspec.structs.replace(PRODUCT, day_count=day_count)
    decision = decided({"product": product, "cash_flow": CashFlow((3_000,) * 12, 80, 40)})
    assert decision.outcome == "offered" and decision.amount < WANTED.amount
    conditions = Conditions(decision.rate_bp, WANTED.term, TODAY, product.method, day_count)
    assert decision.trace.payment == payment(decision.amount, conditions) <= decision.trace.carried
    assert encode(reproduce(decode(encode(decision)).trace)) == encode(decision)


def test_a_trace_from_before_days_were_counted_decides_the_same() -> None:
    decision = decided()
    old = msgspec.json.decode(encode(decision))
    del old["trace"]["data"]["product"]["day_count"]
    old["trace"]["application"]["is_bullet"] = False
    kept = decode(msgspec.json.encode(old))
    assert kept == decision == reproduce(kept.trace)


def test_a_changed_file_does_not_decide_old_cases() -> None:
    trace = decided().trace
    for field in ("rules_sha256", "model_sha256"):
        changed = msgspec.structs.replace(trace.versions, **{field: "0" * 64})
        with pytest.raises(LookupError, match="put the file back"):
            reproduce(msgspec.structs.replace(trace, versions=changed))
    with pytest.raises(LookupError, match="cannot be repeated"):
        artefacts.load("rules", "../decide")


def test_rules_hold_on_their_days() -> None:
    assert artefacts.rules_for("SHOP", TODAY) == "shop-1"
    assert artefacts.rules_for("HOME", TODAY) == "home-1"
    with pytest.raises(LookupError, match="no rules hold"):
        artefacts.rules_for("SHOP", datetime.date(2025, 12, 31))
