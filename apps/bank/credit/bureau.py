"""A synthetic credit bureau: people who do not exist, generated from a seed, with ties as real ones have.

Nobody here is real, and it shows: every name ends with （合成）, and identity numbers begin with 99, which no place
has. Thrift and strength of business are hidden; a street's shops share good and bad years; relatives share thrift. What
the bank sees follows from them: cash flow, credit lines, months that were late, enquiries. Whether somebody defaults
is drawn with a probability that `true_log_odds` computes from the same features that a scorecard sees, by known
coefficients: the best possible ranking and calibration are known, so a model can be held against them.
"""

from __future__ import annotations

import datetime
import math
import random
from typing import Final

from msgspec import Struct

from bank.credit.id_numbers import check_digit

MARK: Final = "（合成）"
#: relatives share thrift, shops of a street share good and bad years
_PER_STREET: Final = 40
_SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华"

#: feature → (coefficient of the log-odds, sign in which risk grows)
COEFFICIENTS: Final = {
    "months_trading": (-0.016, -1),
    "months_known": (-0.008, -1),
    "income": (-0.45, -1),
    "trend": (-0.014, -1),
    "volatility": (0.014, 1),
    "burden": (0.020, 1),
    "late_months": (0.34, 1),
    "worst_days": (0.014, 1),
    "enquiries": (0.20, 1),
    "utilisation": (0.012, 1),
    "related_defaults": (0.85, 1),
}
FEATURES: Final = tuple(COEFFICIENTS)
_INTERCEPT: Final = -3.9


class Line(Struct, frozen=True):
    """A credit line at any lender; yuan. `days_late`: the last 12 months, the newest first."""

    kind: str
    limit: int
    balance: int
    instalment: int
    days_late: tuple[int, ...]


class Report(Struct, frozen=True):
    """What the bureau says of a person: lines, days since enquiries, and relatives who once defaulted."""

    lines: tuple[Line, ...]
    enquiries: tuple[int, ...]
    related_defaults: int
    is_in_default: bool = False


class CashFlow(Struct, frozen=True):
    """What came in each of the last 12 months (yuan, the newest first); months that the shop trades and is known."""

    inflows: tuple[int, ...]
    months_trading: int
    months_known: int


class Person(Struct, frozen=True):
    """A synthetic person. `defaulted`: what became of them in the year after."""

    name: str
    id_number: str
    born: datetime.date
    street: int
    household: int
    cash_flow: CashFlow
    report: Report
    defaulted: bool


def features(cash_flow: CashFlow, report: Report) -> dict[str, int]:
    """What a scorecard sees, whole numbers: yuan, months, days, percent, counts."""
    inflows = cash_flow.inflows
    income = sum(inflows) // len(inflows)
    recent, before = sum(inflows[:3]), sum(inflows[3:6])
    spread = math.isqrt(sum((amount - income) ** 2 for amount in inflows) // len(inflows))
    cards = [line for line in report.lines if line.kind == "card"]
    limit = sum(line.limit for line in cards)
    return {
        "months_trading": cash_flow.months_trading,
        "months_known": cash_flow.months_known,
        "income": income,
        "trend": max(-100, min(100, (recent - before) * 100 // before if before else 0)),
        "volatility": min(200, spread * 100 // income if income else 200),
        "burden": min(200, sum(line.instalment for line in report.lines) * 100 // income if income else 200),
        "late_months": sum(1 for line in report.lines for days in line.days_late if days > 0),
        "worst_days": max((days for line in report.lines for days in line.days_late), default=0),
        "enquiries": sum(1 for days in report.enquiries if days <= 182),
        "utilisation": sum(line.balance for line in cards) * 100 // limit if limit else 0,
        "related_defaults": report.related_defaults,
    }


def true_log_odds(seen: dict[str, int]) -> float:
    """The log-odds of default of somebody with these features: what nobody could know better."""
    shaped = {
        "months_trading": float(min(seen["months_trading"], 96)),
        "months_known": float(min(seen["months_known"], 60)),
        "income": math.log(max(seen["income"], 500) / 8_000),
        "late_months": float(min(seen["late_months"], 6)),
        "worst_days": float(min(seen["worst_days"], 90)),
        "enquiries": float(min(seen["enquiries"], 8)),
        "volatility": float(min(seen["volatility"], 100)),
        "burden": float(min(seen["burden"], 90)),
        "related_defaults": float(min(seen["related_defaults"], 2)),
    }
    return _INTERCEPT + sum(
        coefficient * shaped.get(name, float(seen[name])) for name, (coefficient, _) in COEFFICIENTS.items()
    )


def true_probability(seen: dict[str, int]) -> float:
    """The probability of default that `true_log_odds` says."""
    return 1 / (1 + math.exp(-true_log_odds(seen)))


def generate(seed: int, count: int, on: datetime.date) -> list[Person]:
    """`count` people as they are on a day; the same for the same seed."""
    source = random.Random(seed)
    people: list[Person] = []
    street_years: dict[int, float] = {}
    household = 0
    while len(people) < count:
        household += 1
        size = min(source.choice((1, 1, 2, 2, 3, 4)), count - len(people))
        family = source.gauss(0, 1)
        thrifts = [0.6 * family + 0.8 * source.gauss(0, 1) for _ in range(size)]
        fallen = [source.random() < 1 / (1 + math.exp(3.2 + 1.1 * thrift)) for thrift in thrifts]
        surname = source.choice(_SURNAMES)
        for index, thrift in enumerate(thrifts):
            street = len(people) // _PER_STREET
            year = street_years.setdefault(street, source.gauss(0, 1))
            business = 0.5 * year + 0.4 * thrift + 0.7 * source.gauss(0, 1)
            flow = _cash_flow(source, business, year)
            report = _report(source, thrift, sum(flow.inflows) // 12, sum(fallen) - fallen[index], fallen[index])
            born = on - datetime.timedelta(days=source.randint(20 * 365, 66 * 365))
            first = f"99{source.randint(0, 9_999):04d}{born:%Y%m%d}{source.randint(0, 999):03d}"
            name = surname + "".join(source.sample(_GIVEN, source.choice((1, 2)))) + MARK
            defaulted = source.random() < true_probability(features(flow, report))
            number = first + check_digit(first)
            people.append(Person(name, number, born, street, household, flow, report, defaulted))
    return people


def _cash_flow(source: random.Random, business: float, year: float) -> CashFlow:
    level = 9_000 * math.exp(0.55 * business)
    drift = 0.012 * year + 0.015 * source.gauss(0, 1)
    wobble = 0.10 + 0.18 * source.random()
    # the newest month first: drift is undone on the way back
    inflows = tuple(
        max(0, round(level * math.exp(-drift * month) * (1 + wobble * source.gauss(0, 1)))) for month in range(12)
    )
    trading = min(240, round(source.expovariate(1 / 38) + 2 + 6 * max(business, 0)))
    return CashFlow(inflows, trading, min(trading, round(source.expovariate(1 / 22))))


def _report(source: random.Random, thrift: float, income: int, related: int, fallen: bool) -> Report:
    lines = []
    for _ in range(source.choice((0, 1, 1, 2, 2, 3, 4))):
        kind = source.choice(("card", "card", "consumer", "business"))
        limit = round(max(income, 1_000) * source.uniform(0.6, 4.0) / 100) * 100
        used = min(1.0, max(0.0, 0.45 - 0.2 * thrift + 0.22 * source.gauss(0, 1)))
        balance = round(limit * used)
        late = math.exp(-3.1 - 0.75 * thrift)
        days = tuple(source.choice((1, 3, 5, 12, 31, 45, 65)) if source.random() < late else 0 for _ in range(12))
        instalment = balance // 10 if kind == "card" else balance // 18
        lines.append(Line(kind, limit, balance, instalment, days))
    eagerness = math.exp(0.35 - 0.45 * thrift)
    enquiries = tuple(source.randint(0, 365) for _ in range(_poisson(source, 2 * eagerness)))
    return Report(tuple(lines), enquiries, related, fallen and source.random() < 0.15)


def _poisson(source: random.Random, mean: float) -> int:
    """Knuth's way: enough for small means."""
    limit, product, count = math.exp(-mean), source.random(), 0
    while product > limit:
        product *= source.random()
        count += 1
    return count
