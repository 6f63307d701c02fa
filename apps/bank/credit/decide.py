"""Deciding on an application: policy rules, regulation, score, affordability; and a trace that repeats it for ever.

Pure: whatever the decision depends on comes in, or is a file whose SHA-256 the trace keeps.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from bank.credit import artefacts, packs, scorecard
from bank.credit.artefacts import Versions
from bank.credit.bureau import CashFlow, Report, features
from bank.credit.reasons import of_feature
from bank.loans.apr import Flow, eu_apr
from bank.loans.schedule import Instalment, schedule
from bank.loans.terms import Amortisation, Terms

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
    is_bullet: bool = False
    territory: str = ""


class Product(Struct, frozen=True):
    """The product's version on that day: cents, basis points a year, months."""

    least: int
    most: int
    rate_bp: int
    terms: tuple[int, ...]


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


class Data(Struct, frozen=True, kw_only=True):
    """What is known of the applicant. `owed`, `burden`: cents owed to this bank, and its instalments a month."""

    born: datetime.date
    is_identified: bool
    has_consent: bool
    cash_flow: CashFlow
    report: Report
    product: Product
    lender: Lender
    owed: int = 0
    burden: int = 0


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
    model = artefacts.checked("scorecards", versions.model, versions.model_sha256)
    seen = features(data.cash_flow, data.report)
    answer: Any = artefacts.table(versions.rules).evaluate(_policy_facts(application, data, on, seen))
    hits: list[dict[str, str]] = answer["result"]
    score = scorecard.score(model, seen)
    _, grade, margin, by_grade = next(row for row in rules["grades"] if score.probability <= row[0])
    rate = data.product.rate_bp + margin
    carried = seen["income"] * 100 * rules["share"] // 100 - _burden(data)
    amount, payment = _affordable(application, data, on, rate, carried, rules["step"])
    regulated = packs.evaluate(
        _regulated(application, data, on, amount, rate), on, data.lender.region, data.lender.reading, versions.packs
    )
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


def offered_terms(application: Application, amount: int, rate_bp: int, on: datetime.date) -> Terms:
    """The loan that would be made of a decision."""
    return Terms(
        principal=Decimal(amount) / 100,
        rate=Decimal(rate_bp) / 10_000,
        start=on,
        count=application.term,
        amortisation=Amortisation.BULLET if application.is_bullet else Amortisation.EQUAL_INSTALMENTS,
    )


def annual_cost(rows: tuple[Instalment, ...], amount: int, on: datetime.date) -> int:
    """The yearly rate of all costs in basis points, rounded up: a limit is not passed by rounding."""
    rate = eu_apr([Flow(on, Decimal(amount) / 100)], [Flow(row.due, row.total) for row in rows])
    return -int(-rate * 10_000 // 1)


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
        "is_in_default": data.report.is_in_default,
        "owed": data.owed,
    }


def _burden(data: Data) -> int:
    return data.burden + sum(line.instalment for line in data.report.lines) * 100


def _affordable(
    application: Application, data: Data, on: datetime.date, rate: int, carried: int, step: int
) -> tuple[int, int]:
    """What can be carried of the amount (0: less than the product's least), and its monthly payment."""
    amount = min(application.amount, data.product.most)
    if not amount or application.term not in data.product.terms:
        return 0, 0
    payment = _payment(application, amount, rate, on)
    if payment > carried:
        # the instalment grows with the amount; a step less where rounding is in the way
        amount = amount * max(0, carried) // payment // step * step
        if amount and _payment(application, amount, rate, on) > carried:
            amount -= step
    if amount < max(data.product.least, 1):
        return 0, payment
    return amount, _payment(application, amount, rate, on)


def _payment(application: Application, amount: int, rate: int, on: datetime.date) -> int:
    """What a month takes on average at most, cents: a bullet's principal is shared out over its months."""
    rows = schedule(offered_terms(application, amount, rate, on))
    if application.is_bullet:
        return int(sum(row.total for row in rows) * 100) // len(rows)
    return int(max(row.total for row in rows) * 100)


def _regulated(application: Application, data: Data, on: datetime.date, amount: int, rate: int) -> packs.Facts:
    lender = data.lender
    asked = amount or application.amount
    cost = 0
    if asked > 0 and application.term > 0:
        cost = annual_cost(schedule(offered_terms(application, asked, rate, on)), asked, on)
    return packs.Facts(
        owed=data.owed + asked,
        purpose=application.purpose,
        is_bullet=application.is_bullet,
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
    )


def _years(born: datetime.date, on: datetime.date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
