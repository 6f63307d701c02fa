"""The credit factory: a whole application, decisions a second with their traces, schedules a second, cards read right.

Accuracies are of generated cards of nobody; `silently_wrong` are values that differ from the card without a doubt.
"""

from __future__ import annotations

import asyncio
import datetime
import resource
import tempfile
import time
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from bank.centres import papers as papers_centre
from bank.credit import decide as deciding
from bank.credit.bureau import generate
from bank.credit.papers.reader import KINDS, engine, read_photo
from bank.loans.schedule import schedule
from bank.loans.terms import Terms
from bench._harness import Figure
from tests.apps.bank.credit.cards import file, holder, photo
from tests.apps.bank.house import BankHouse, open_bank

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


def application(quick: bool) -> Iterable[Figure]:
    """Processor time, of the bank and of its reader, from a scanned code to money in the account: three photos read,
    decided, contracted, paid out. The steps are those that a customer takes."""
    count = 1 if quick else 3
    with tempfile.TemporaryDirectory() as folder, open_bank(Path(folder), 2, 500) as house:
        house.sign_in()
        start = _spent()
        steps = sum(_apply(house, number) for number in range(count))
        # the reader's time is known once it has ended
        house.bank.papers.close()
        spent = _spent() - start
    yield Figure("application_cpu_s", spent / count, 60)
    yield Figure("application_steps", steps / count, 7)


def _apply(house: BankHouse, number: int) -> int:
    """One customer's whole way; how many calls that were."""
    way = "/v1/loan-applications"
    identifier = _asked(house, f"{way}/begin", {"code": "EDEN-SHOP-2026"}, f"begin {number}")["id"]
    # each application photographs anew
    house.bank.database.write_now(lambda connection: papers_centre.do_ask_again(connection, identifier, 0))
    for kind in KINDS:
        picture = house.get(f"/v1/specimens/{kind}")["photo"]
        _asked(house, f"{way}/{identifier}/papers", {"kind": kind, "photo": picture})
    while any(paper["state"] == "reading" for paper in house.get(f"{way}/{identifier}/papers")["items"]):
        house.run(asyncio.sleep(0.05))
    # the first is small enough for the others to be carried beside it
    _asked(house, f"{way}/{identifier}/submission", {"amount": 500_000, "term": 12, "agreed": True})
    sha256 = house.get(f"{way}/{identifier}/contract")["sha256"]
    loan = _asked(house, f"{way}/{identifier}/contract", {"agreed": True, "sha256": sha256})
    if loan["state"] != "active":
        raise RuntimeError(f"the money did not come: {loan}")
    return 1 + len(KINDS) + 1 + 1 + 1


def _asked(house: BankHouse, path: str, body: dict[str, Any], key: str = "") -> dict[str, Any]:
    answer = house.call("POST", path, body, **({"idempotency_key": key} if key else {}))
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.body!r}")
    found: dict[str, Any] = answer.json
    return found


def _spent() -> float:
    """Seconds of processor time of this process and of those that it has waited for."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


PARTS = {"application": application, "decisions": decisions, "schedules": schedules, "papers": papers}
