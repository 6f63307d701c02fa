"""A loan's account: what its schedule and its charges ask for, and what each repayment paid of it.

For loans whose interest does not follow repayments: flat, interest-free, or as agreed beforehand. Everything happens in
the order of its days, so that what is entered late, or taken back, is a replay and not a correction.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from bank.loans.allocation import Order, Owed, Part, allocate

Day = datetime.date
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Charge:
    """A fee or penalty that is due on a day; one that is `known` before may be paid from then on."""

    on: Day
    part: Part
    amount: Decimal
    known: Day | None = None

    @property
    def since(self) -> Day:
        return self.on if self.known is None else min(self.on, self.known)


@dataclass(frozen=True, slots=True)
class Paid:
    """A repayment, and the order in which its kind is divided."""

    on: Day
    amount: Decimal
    order: Order = field(default_factory=Order)

    @property
    def since(self) -> Day:
        return self.on


@dataclass(frozen=True, slots=True)
class Plan:
    """What instalments ask for in principal and interest from a day on: a later payment of the lender changes it.

    A row that stays keeps its due day; of several on one day the first stays the first.
    """

    since: Day
    rows: Sequence[Owed]


@dataclass(frozen=True, slots=True)
class Line:
    """An instalment of the account, and what of it was paid before its day and after."""

    owed: Owed
    early: Decimal = NOTHING
    late: Decimal = NOTHING

    @property
    def paid(self) -> Decimal:
        return sum(self.owed.paid.values(), NOTHING)


@dataclass(frozen=True, slots=True)
class Account:
    """A loan's instalments; `surplus` is what was paid and is not owed."""

    lines: tuple[Line, ...]
    surplus: Decimal


def serve(events: Sequence[Plan | Charge | Paid], order: Order | None = None) -> Account:
    """The account after all of `events`, by day, on one day as they stand; the first is a plan.

    A charge belongs to the instalment in whose time it falls; those after the last one make one line more, due with
    the latest of them. What was paid too much goes, in `order`, to what is owed later. Raises ValueError when there is
    no plan at the beginning.
    """
    account = _Account(order or Order())
    for event in sorted(events, key=lambda event: event.since):
        if isinstance(event, Plan):
            account.plan(event)
        elif not account.lines:
            raise ValueError("a loan begins with a plan of its instalments")
        elif isinstance(event, Charge):
            account.charge(event)
        else:
            account.pay(event.amount, event.on, event.order)
    if not account.lines:
        raise ValueError("a loan begins with a plan of its instalments")
    return Account(tuple(account.lines), account.surplus)


class _Account:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.lines: list[Line] = []
        self.charges: list[Charge] = []
        self.surplus = NOTHING
        self.paid_until = Day.min
        #: whether the last line is of charges alone
        self.after = False

    def plan(self, plan: Plan) -> None:
        """The new rows, with what was paid of those they replace. What a smaller one no longer takes is surplus."""
        before: dict[Day, list[Line]] = {}
        for line in self.lines:
            before.setdefault(line.owed.due, []).append(line)
        self.lines = []
        for number, row in enumerate(sorted(plan.rows, key=lambda row: row.due), 1):
            same = before.get(row.due)
            old = same.pop(0) if same else Line(row)
            self.lines.append(replace(old, owed=replace(row, number=number, paid=old.owed.paid)))
        charges, self.charges, self.after = self.charges, [], False
        for charge in charges:
            self._attach(charge)
        self._settle(plan.since)

    def charge(self, charge: Charge) -> None:
        self._attach(charge)
        self._settle(self.paid_until)

    def pay(self, amount: Decimal, on: Day, order: Order) -> None:
        state, pieces, left = allocate([line.owed for line in self.lines], amount, on, order)
        early = {piece.number: NOTHING for piece in pieces}
        late = dict(early)
        for piece in pieces:
            early[piece.number] += piece.amount if piece.early else NOTHING
            late[piece.number] += piece.amount if piece.late else NOTHING
        self.lines = [
            Line(row, line.early + early.get(row.number, NOTHING), line.late + late.get(row.number, NOTHING))
            for row, line in zip(state, self.lines, strict=True)
        ]
        self.surplus += left
        self.paid_until = on

    def _attach(self, charge: Charge) -> None:
        self.charges.append(charge)
        for at, line in enumerate(self.lines):
            if charge.on <= line.owed.due and not line.owed.at_once:
                self.lines[at] = replace(line, owed=_with(line.owed, charge))
                return
        last = self.lines[-1]
        if self.after:
            self.lines[-1] = replace(last, owed=replace(_with(last.owed, charge), due=charge.on))
        else:
            self.lines.append(Line(Owed(last.owed.number + 1, charge.on, {charge.part: charge.amount})))
            self.after = True

    def _settle(self, on: Day) -> None:
        if self.surplus > 0:
            amount, self.surplus = self.surplus, NOTHING
            self.pay(amount, on, self.order)


def _with(row: Owed, charge: Charge) -> Owed:
    return replace(row, parts={**row.parts, charge.part: row.parts.get(charge.part, NOTHING) + charge.amount})
