"""Deciding on an application: policy rules, regulation, score, affordability; and a trace that repeats it for ever.

Pure: whatever the decision depends on comes in, or is a file whose SHA-256 the trace keeps.
"""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
from msgspec import Struct

from bank.credit import affordability, artefacts, packs, scorecard
from bank.credit.affordability import Conditions, Method
from bank.credit.artefacts import Versions
from bank.credit.bureau import CashFlow, Report, features
from bank.credit.reasons import of_feature
from bank.loans.daycount import DayCount

#: outcomes, the milder first
OUTCOMES = ("offered", "referred", "refused")
MODEL = "shop-1"


class Application(Struct, frozen=True, kw_only=True):
    """What is asked for: cents, months. `purpose`: business or consumption; `territory`: digits of the area."""

    id: str
    product: str
    amount: int
    term: int
    purpose: str = "business"
    territory: str = ""


class Product(Struct, frozen=True):
    """The product's version on that day: cents, basis points a year, months, how it is repaid, how days are counted."""

    least: int
    most: int
    rate_bp: int
    terms: tuple[int, ...]
    method: Method = "equal_instalments"
    day_count: DayCount = DayCount.THIRTY_360


class Lender(Struct, frozen=True, kw_only=True):
    """What regulation asks of the lender itself; see `packs.Facts`."""

    region: str = "CN"
    reading: str = "notice"
    territories: tuple[str, ...] = ()
    is_branchless: bool = True
    outsourced: tuple[str, ...] = ()
    is_joint: bool = False
    own_share: int = 10_000
    partner_exposure: int = 0
    tier_1: int = 0
    joint_loans: int = 0
    all_loans: int = 0
    partners: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()


class Data(Struct, frozen=True, kw_only=True):
    """What is known of the applicant. `owed`, `burden`: cents owed to this bank, and its instalments a month;
    `is_in_default`: with a loan of this bank, whatever the bureau knows."""

    born: datetime.date
    is_identified: bool
    has_consent: bool
    cash_flow: CashFlow
    report: Report
    product: Product
    lender: Lender
    owed: int = 0
    burden: int = 0
    is_in_default: bool = False


class Trace(Struct, frozen=True):
    """Everything that a decision came from and went through. JSON of it is kept; `reproduce` decides again by it."""

    application: Application
    data: Data
    on: datetime.date
    versions: Versions
    features: dict[str, int]
    hits: list[dict[str, str]]
    breaches: tuple[packs.Breach, ...]
    score: scorecard.Score
    grade: str
    carried: int
    payment: int


class Decision(Struct, frozen=True):
    """`outcome`: offered, referred, refused. `amount` (cents) and `rate_bp` are what is offered, or would be; 0 when
    refused. `reasons` are codes of `reasons.SENTENCES` and names of packs' rules, the weightiest first."""

    outcome: str
    amount: int
    rate_bp: int
    reasons: tuple[str, ...]
    duties: dict[str, int]
    trace: Trace


def versions_on(product: str, on: datetime.date, lender: Lender) -> Versions:
    """What a new decision is made by on a day. Raises LookupError when no rules hold."""
    rules = artefacts.rules_for(product, on)
    asked = packs.evaluate(packs.Facts(owed=0), on, lender.region, lender.reading).packs
    return Versions(rules, artefacts.load("rules", rules)[1], MODEL, artefacts.load("scorecards", MODEL)[1], asked)


def decide(application: Application, data: Data, on: datetime.date, versions: Versions) -> Decision:
    """The decision on an application; the same arguments give the same decision.

    Raises LookupError when a file of `versions` is gone or has changed.
    """
    rules = artefacts.checked("rules", versions.rules, versions.rules_sha256)
    artefacts.checked("scorecards", versions.model, versions.model_sha256)
    seen = features(data.cash_flow, data.report)
    hits = artefacts.table(versions.rules)(_policy_facts(application, data, on, seen))
    score = artefacts.scorer(versions.model).score(seen)
    _, grade, margin, by_grade = next(row for row in rules["grades"] if score.probability <= row[0])
    rate = data.product.rate_bp + margin
    carried = seen["income"] * 100 * rules["share"] // 100 - _burden(data)
    product = data.product
    conditions = Conditions(rate, application.term, on, product.method, product.day_count)
    amount, payment = _affordable(application, product, conditions, carried, rules["step"])
    facts = _regulated(application, data, amount, conditions, seen["income"] * 1_200)
    regulated = packs.evaluate(facts, on, data.lender.region, data.lender.reading, versions.packs)
    outcomes = [by_grade, *(hit["outcome"] for hit in hits)]
    if regulated.breaches or not amount:
        outcomes.append("refused")
    outcome = max(outcomes, key=OUTCOMES.index)
    reasons = [breach.rule for breach in regulated.breaches]
    reasons += [hit["rule"] for hit in hits if hit["outcome"] == outcome]
    if not amount:
        reasons.append("income")
    if by_grade == "refused":
        reasons += [of_feature(feature) for feature in score.reasons()]
    elif by_grade == outcome == "referred":
        reasons.append("grade")
    if outcome == "refused":
        amount = rate = 0
    elif amount < application.amount:
        reasons.append("reduced")
    trace = Trace(application, data, on, versions, seen, hits, regulated.breaches, score, grade, carried, payment)
    return Decision(outcome, amount, rate, tuple(dict.fromkeys(reasons)), regulated.duties, trace)


def encode(decision: Decision) -> bytes:
    """A decision as it is kept: canonical JSON."""
    return msgspec.json.encode(decision, order="deterministic")


def decode(content: bytes) -> Decision:
    """What `encode` wrote."""
    return msgspec.json.decode(content, type=Decision)


def reproduce(trace: Trace) -> Decision:
    """The decision again, by the files that it was made by. Raises LookupError when one is gone or has changed."""
    return decide(trace.application, trace.data, trace.on, trace.versions)


def _policy_facts(application: Application, data: Data, on: datetime.date, seen: dict[str, int]) -> dict[str, Any]:
    age = _years(data.born, on)
    return {
        **seen,
        "age": age,
        "age_at_end": age + -(-application.term // 12),
        "amount": application.amount,
        "least": data.product.least,
        "most": data.product.most,
        "term": application.term,
        "has_term": application.term in data.product.terms,
        "is_identified": data.is_identified,
        "has_consent": data.has_consent,
        "is_in_default": data.is_in_default or data.report.is_in_default,
        "owed": data.owed,
    }


def _burden(data: Data) -> int:
    return data.burden + sum(line.instalment for line in data.report.lines) * 100


def _affordable(application: Application, product: Product, on: Conditions, carried: int, step: int) -> tuple[int, int]:
    """What can be carried of the amount (0: less than the product's least), and the month's payment of that, or of what
    was asked for."""
    wanted = min(application.amount, product.most)
    if wanted < 1 or application.term not in product.terms:
        return 0, 0
    amount = affordability.affordable(wanted, carried, on, step=step, least=product.least)
    return amount, affordability.payment(amount or wanted, on)


def _regulated(application: Application, data: Data, amount: int, on: Conditions, income: int) -> packs.Facts:
    lender = data.lender
    asked = amount or application.amount
    cost = 0
    if asked > 0 and application.term > 0:
        cost = affordability.annual_cost(asked, on)
    return packs.Facts(
        owed=data.owed + asked,
        purpose=application.purpose,
        is_bullet=on.method == "bullet",
        term_months=application.term,
        annual_cost=cost,
        territory=application.territory,
        territories=lender.territories,
        is_branchless=lender.is_branchless,
        outsourced=lender.outsourced,
        is_joint=lender.is_joint,
        own_share=lender.own_share,
        partner_exposure=lender.partner_exposure,
        tier_1=lender.tier_1,
        joint_loans=lender.joint_loans,
        all_loans=lender.all_loans,
        yearly_income=income,
        partners=lender.partners,
        listed=lender.listed,
    )


def _years(born: datetime.date, on: datetime.date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
