"""The credit factory: decisions a second with their traces, schedules a second, identity cards that are read right.

Accuracies are of generated cards of nobody; `silently_wrong` are values that differ from the card without a doubt.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterable
from decimal import Decimal

from bank.credit import decide as deciding
from bank.credit.bureau import generate
from bank.credit.papers.reader import engine, read_photo
from bank.loans.schedule import schedule
from bank.loans.terms import Terms
from bench._harness import Figure
from tests.apps.bank.credit.cards import file, holder, photo

_DAY = datetime.date(2026, 11, 20)
_LEVELS = {
    "clean": {},
    "mild": {"tilt": 4.0, "blur": 0.9, "noise": 5.0},
    "strong": {"tilt": 8.0, "blur": 1.5, "noise": 9.0},
}


def decisions(quick: bool) -> Iterable[Figure]:
    """Per second of processor time: a decision, encoded as it is kept."""
    lender = deciding.Lender()
    versions = deciding.versions_on("SHOP", _DAY, lender)
    product = deciding.Product(100_000, 30_000_000, 480, (6, 12, 24, 36))
    cases = [
        (
            # hardly two ask for the same: what is kept from one decision to the next hardly helps
            deciding.Application(
                id=str(number), product="SHOP", amount=1_000_000 + number * 12_345 % 19_000_000,
                term=(6, 12, 24, 36)[number % 4],
            ),
            deciding.Data(
                born=person.born, is_identified=True, has_consent=True, cash_flow=person.cash_flow,
                report=person.report, product=product, lender=lender,
            ),
        )
        for number, person in enumerate(generate(1, 200 if quick else 4_000, _DAY))
    ]  # fmt: skip
    deciding.decide(*cases[0], _DAY, versions)  # tables and trees are compiled once
    start = time.process_time()
    kept = [deciding.encode(deciding.decide(application, data, _DAY, versions)) for application, data in cases]
    took = time.process_time() - start
    again = [deciding.encode(deciding.reproduce(deciding.decode(content).trace)) for content in kept]
    yield Figure("decisions_per_cpu_s", len(cases) / took, 5_000, at_least=True)
    yield Figure("decisions_not_reproduced", sum(a != b for a, b in zip(kept, again, strict=True)), 0)


def schedules(quick: bool) -> Iterable[Figure]:
    """Per second of processor time: a year of monthly instalments."""
    count = 50 if quick else 2_000
    start = time.process_time()
    for number in range(count):
        schedule(Terms(principal=Decimal(10_000 + number), rate=Decimal("0.12"), start=_DAY, count=12))
    yield Figure("schedules_per_cpu_s", count / (time.process_time() - start), 800, at_least=True)


def papers(quick: bool) -> Iterable[Figure]:
    """Cards of each level: identity numbers that are exact, and fields that are silently wrong."""
    reader = engine()
    count = 1 if quick else 24
    for level, careless in _LEVELS.items():
        exact = silent = 0
        start = time.process_time()
        for seed in range(500, 500 + count):
            who = holder(seed)
            reading = read_photo(reader, file(photo(who, seed=seed, **careless)))
            fields = reading.card.fields if reading.card else {}
            want = {
                "name": who.name,
                "birth": who.born.isoformat(),
                "address": "".join(who.address),
                "number": who.number,
            }
            exact += bool(fields) and fields["number"].value == who.number
            silent += sum(
                bool(fields) and fields[name].value != text and not fields[name].doubts for name, text in want.items()
            )
        yield Figure(
            f"papers_{level}_numbers_percent", 100 * exact / count, 99 if level != "strong" else None, at_least=True
        )
        yield Figure(f"papers_{level}_silently_wrong", silent, 0)
        yield Figure(f"papers_{level}_cpu_s", (time.process_time() - start) / count)


PARTS = {"decisions": decisions, "schedules": schedules, "papers": papers}
