"""A loan's account: what its schedule and its charges ask for, and what each repayment paid of it.

For loans whose interest does not follow repayments: flat, interest-free, or as agreed beforehand. Everything happens in
the order of its days, so that what is entered late, or taken back, is a replay and not a correction.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TypeAlias

from bank.loans.allocation import Order, Owed, Part, allocate

Day = datetime.date
NOTHING = Decimal(0)
CENT = Decimal("0.01")


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
class Returned:
    """Money that goes back to the borrower: of what was paid too much when that is enough; otherwise it is owed again,
    as principal of the instalment in whose time it falls."""

    on: Day
    amount: Decimal

    @property
    def since(self) -> Day:
        return self.on


@dataclass(frozen=True, slots=True)
class Reamortised:
    """Overdue principal is spread over the instalments to come, in parts of `unit`; the last one has the rest."""

    on: Day
    unit: Decimal = CENT

    @property
    def since(self) -> Day:
        return self.on


@dataclass(frozen=True, slots=True)
class Reaged:
    """All principal that is open is owed anew, in equal parts on the days `due`, instead of what was to come."""

    on: Day
    due: tuple[Day, ...]
    unit: Decimal = CENT

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


Event: TypeAlias = Plan | Charge | Paid | Returned | Reamortised | Reaged


def serve(events: Sequence[Event], order: Order | None = None) -> Account:
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
        elif isinstance(event, Returned):
            account.give_back(event)
        elif isinstance(event, Reamortised):
            account.reamortise(event)
        elif isinstance(event, Reaged):
            account.reage(event)
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

    def give_back(self, returned: Returned) -> None:
        if returned.amount <= self.surplus:
            self.surplus -= returned.amount
            return
        self._attach(Charge(returned.on, Part.PRINCIPAL, returned.amount))
        self._settle(returned.on)

    def reamortise(self, event: Reamortised) -> None:
        later = [at for at, line in enumerate(self.lines) if line.owed.due > event.on and _principal(line.owed)]
        if not later:
            return
        moved = self._taken([at for at, line in enumerate(self.lines) if line.owed.due <= event.on])
        for at, part in zip(later, _parts(moved, len(later), event.unit), strict=True):
            line = self.lines[at]
            self.lines[at] = replace(line, owed=_asking(line.owed, _principal(line.owed) + part))

    def reage(self, event: Reaged) -> None:
        moved = self._taken(range(len(self.lines)))
        # what was to come and has nothing left to say
        kept = [line for line in self.lines if line.owed.due <= event.on or line.owed.outstanding or line.paid]
        parts = _parts(moved, len(event.due), event.unit)
        kept += [Line(Owed(0, due, {Part.PRINCIPAL: part})) for due, part in zip(event.due, parts, strict=True)]
        kept.sort(key=lambda line: line.owed.due)
        self.lines = [replace(line, owed=replace(line.owed, number=at)) for at, line in enumerate(kept, 1)]
        self.after = False

    def _taken(self, places: Iterable[int]) -> Decimal:
        """Principal that instalments ask for no longer: what of it was not paid."""
        moved = NOTHING
        for at in places:
            line = self.lines[at]
            left = line.owed.open(Part.PRINCIPAL)
            moved += left
            self.lines[at] = replace(line, owed=_asking(line.owed, _principal(line.owed) - left))
        return moved

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


def _asking(row: Owed, principal: Decimal) -> Owed:
    return replace(row, parts={**row.parts, Part.PRINCIPAL: principal})


def _principal(row: Owed) -> Decimal:
    return row.parts.get(Part.PRINCIPAL, NOTHING)


def _parts(amount: Decimal, count: int, unit: Decimal) -> list[Decimal]:
    """Equal parts in multiples of a unit; the last one is the rest."""
    part = (amount / count / unit).quantize(Decimal(1), ROUND_HALF_EVEN) * unit
    return [part] * (count - 1) + [amount - part * (count - 1)]
