"""Repayments, charges, chargebacks, re-ageing and several disbursements as Apache Fineract's scenarios divide them.

`fineract_accounts.json` has 299 scenarios of its end-to-end features (Apache-2.0; numbers and names only): what
happened, and after it every instalment's principal, interest, fees, penalties, and what was paid, early and late.
Principal and interest are given with each plan; what they are is judged in test_fineract.py. The rest is computed.
"""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bank.loans.allocation import Ahead, Order, Owed, Part
from bank.loans.servicing import Account, Charge, Event, Paid, Plan, Reaged, Reamortised, Returned, serve

CASES = json.loads((Path(__file__).parent / "fineract_accounts.json").read_text())
day = datetime.date.fromisoformat
AHEAD = {"": Ahead.NEXT, "last": Ahead.LAST, "all": Ahead.ALL}


def order_of(case: dict[str, Any], ahead: Ahead = Ahead.NEXT) -> Order:
    due, _, advance = case["order"].partition(", ahead ")
    parts = tuple(Part(name) for name in due.split())
    later = tuple(Part(name) for name in advance.split()) or None
    return Order(parts, later, case.get("vertical", False), ahead)


def read(text: str, case: dict[str, Any]) -> Event:
    kind, since, *words = text.replace(":", "").split(" ")
    if kind == "charge":
        part, amount, _, known = words
        return Charge(day(since), Part(part), Decimal(amount), day(known))
    if kind == "pay":
        return Paid(day(since), Decimal(words[0]), order_of(case, AHEAD.get(words[-1], Ahead.NEXT)))
    if kind == "back":
        return Returned(day(since), Decimal(words[0]))
    if kind == "reamortise":
        return Reamortised(day(since), Decimal(words[0]))
    if kind == "reage":
        return Reaged(day(since), tuple(map(day, words[1:])), Decimal(words[0]))
    rows = [row.split() for row in text.partition(": ")[2].split(", ")]
    return Plan(
        day(since),
        [
            Owed(at, day(due.removesuffix("!")), money(principal, interest), at_once=due.endswith("!"))
            for at, (due, principal, interest) in enumerate(rows)
        ],
    )


def money(principal: str, interest: str) -> dict[Part, Decimal]:
    return {Part.PRINCIPAL: Decimal(principal), Part.INTEREST: Decimal(interest)}


def rows_of(account: Account) -> list[list[Decimal | str]]:
    parts = (Part.PRINCIPAL, Part.INTEREST, Part.FEE, Part.PENALTY)
    return [
        [
            str(line.owed.due),
            *(line.owed.parts.get(part, Decimal(0)) for part in parts),
            line.paid,
            line.early,
            line.late,
        ]
        for line in account.lines
    ]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_as_published(number: int) -> None:
    case, happened = CASES[number], list[str]()
    for table in case["tables"]:
        happened = happened[: table.get("keep", 0)] + table["events"]
        account = serve([read(event, case) for event in happened], order_of(case, AHEAD[case.get("surplus", "")]))
        want = [[due, *map(Decimal, numbers)] for due, *numbers in (row.split() for row in table["rows"])]
        # an explanation that is no longer needed must go, too
        assert (rows_of(account) == want) != ("deviates" in table), (case["name"], table.get("deviates"))


def test_how_many() -> None:
    tables = [table for case in CASES for table in case["tables"]]
    assert (len(CASES), len(tables)) == (299, 604)
    assert sum("deviates" in table for table in tables) == 12
