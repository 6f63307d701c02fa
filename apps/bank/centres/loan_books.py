"""A loan as its customer sees it, computed from its terms and repayments by the loan engine."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from bank.centres import products
from bank.credit import affordability
from bank.loans import allocation
from bank.loans.allocation import Owed, Part
from bank.loans.apr import Flow, eu_apr
from bank.loans.recalculation import Repayment, Row, interest_until, payoff, recalculate
from bank.loans.schedule import schedule
from bank.loans.terms import Terms
from bank.values import Instalment, Offer


class Split(Struct, frozen=True):
    """What a repayment repays; cents. `fee` is that of a prepayment."""

    interest: int = 0
    principal: int = 0
    penalty: int = 0
    charge: int = 0
    fee: int = 0

    @property
    def total(self) -> int:
        return self.interest + self.principal + self.penalty + self.charge + self.fee


def terms_of(product: products.Loan, amount: int, rate_bp: int, term: int, start: datetime.date) -> Terms:
    """Of a loan that is sold under a version of a product, as it was decided on (`credit.affordability`)."""
    return affordability.terms(
        amount, affordability.Conditions(rate_bp, term, start, product.method, product.day_count)
    )


def offer_of(terms: Terms, rate_bp: int) -> Offer:
    """What is said of a loan before it is made."""
    rows = schedule(terms)
    paid = [Flow(row.due, row.total) for row in rows]
    apr = eu_apr([Flow(terms.start, terms.principal)], paid)
    return Offer(
        _cents(terms.principal),
        rate_bp,
        int((apr * 10_000).to_integral_value()),
        terms.count,
        _cents(rows[0].total),
        _cents(sum((row.interest for row in rows), Decimal(0))),
    )


def plan_of(terms: Terms) -> list[Instalment]:
    """The instalments before anything is paid."""
    return [
        Instalment(row.number, row.due.isoformat(), _cents(row.principal), _cents(row.interest), 0, "open")
        for row in schedule(terms)
    ]


def shown(found: Debt) -> list[Instalment]:
    """A loan's instalments as they are; one that is repaid has no more than were begun."""
    return [
        Instalment(
            row.number,
            row.due.isoformat(),
            _cents(row.principal),
            _cents(row.interest),
            _cents(row.paid_principal + row.paid_interest),
            "paid"
            if not row.outstanding
            else "overdue"
            if row.due < found.on
            else "due"
            if row.due == found.on
            else "open",
        )
        for row in found.rows
    ]


def accrued(terms: Terms, repaid: Sequence[tuple[datetime.date, int]], days: Sequence[datetime.date]) -> list[int]:
    """All interest until each of some days, due or not, paid or not; cents."""
    made = [Repayment(day, _yuan(cents)) for day, cents in repaid if day <= max(days)]
    return [_cents(amount) for amount in interest_until(terms, made, days)]


class Debt(Struct, frozen=True):
    """What is owed of a loan on a day; cents. `rows` are its instalments, `fee_bp` what prepaying costs now."""

    on: datetime.date
    rows: list[Row]
    #: interest and principal that would end the loan, without what stands beside
    end: Split
    penalty: int = 0
    charge: int = 0
    fee_bp: int = 0

    @property
    def past(self) -> list[Row]:
        """Instalments that are due and not paid."""
        return [row for row in self.rows if row.due <= self.on and row.outstanding > 0]

    @property
    def due(self) -> int:
        """What should be paid today, with what stands beside."""
        return _cents(sum((row.outstanding for row in self.past), Decimal(0))) + self.penalty + self.charge

    @property
    def overdue(self) -> int:
        """What should have been paid before today."""
        rows = sum((row.outstanding for row in self.past if row.due < self.on), Decimal(0))
        return _cents(rows) + self.penalty + self.charge

    @property
    def overdue_principal(self) -> int:
        rows = (row.principal - row.paid_principal for row in self.past if row.due < self.on)
        return _cents(sum(rows, Decimal(0)))

    @property
    def days_overdue(self) -> int:
        return allocation.arrears([_owed(row) for row in self.past], self.on)[1]

    @property
    def payoff(self) -> Split:
        """What ends the loan today."""
        ahead = self.end.principal - _cents(sum((row.principal - row.paid_principal for row in self.past), Decimal(0)))
        return Split(self.end.interest, self.end.principal, self.penalty, self.charge, _share(ahead, self.fee_bp))

    def divide(self, amount: int) -> Split | None:
        """What a repayment pays, in the usual order: penalty, charges, interest, principal, oldest first; what is more
        than due is prepaid, with its fee. None for an amount that leaves no principal and does not end the
        loan. It is at most the `payoff`."""
        if amount >= self.payoff.total:
            return self.payoff
        beside = {Part.PENALTY: _yuan(self.penalty), Part.FEE: _yuan(self.charge)}
        owed = [_owed(row, beside if place == 0 else {}) for place, row in enumerate(self.past)]
        if not owed and (self.penalty or self.charge):
            owed = [Owed(0, self.on, beside)]
        _, pieces, left = allocation.allocate(owed, _yuan(amount), self.on)
        parts = {part: _cents(sum((one.amount for one in pieces if one.part is part), Decimal(0))) for part in Part}
        rest = _cents(left)
        prepaid = rest * 10_000 // (10_000 + self.fee_bp)
        if parts[Part.PRINCIPAL] + prepaid >= self.end.principal:
            return None
        return Split(
            parts[Part.INTEREST], parts[Part.PRINCIPAL] + prepaid, parts[Part.PENALTY], parts[Part.FEE], rest - prepaid
        )


def debt(
    terms: Terms,
    repaid: Sequence[tuple[datetime.date, int]],
    on: datetime.date,
    penalty: int = 0,
    charge: int = 0,
    fee_bp: int = 0,
) -> Debt:
    """A loan after its repayments (day, cents of interest and principal); what stands beside is told."""
    made = [Repayment(day, _yuan(amount)) for day, amount in repaid if day <= on]
    end = payoff(terms, made, on)
    rows = [row for row in recalculate(terms, made, on).rows if row.principal or row.interest]
    return Debt(on, rows, Split(_cents(end["interest"]), _cents(end["principal"])), penalty, charge, fee_bp)


class Preview(Struct, frozen=True):
    """What prepaying would do: `split` of the amount, interest that is `saved`, what a month takes and the last day,
    before and after; cents."""

    split: Split
    saved: int
    payment: tuple[int, int]
    ends: tuple[str, str]


def preview(terms: Terms, repaid: Sequence[tuple[datetime.date, int]], found: Debt, amount: int) -> Preview | None:
    """Of a repayment on the debt's day; None where `divide` has none."""
    parts = found.divide(amount)
    if parts is None:
        return None
    before = [row for row in found.rows if row.due > found.on]
    if parts == found.payoff:
        interest = found.end.interest
        after: list[Row] = []
    else:
        made = [*repaid, (found.on, parts.interest + parts.principal)]
        rows = debt(terms, made, found.on).rows
        after = [row for row in rows if row.due > found.on]
        interest = _interest(rows) - _paid(found.rows)
    saved = _interest(found.rows) - _paid(found.rows) - interest
    return Preview(
        parts,
        max(0, saved),
        (_next(before), _next(after)),
        (_end(before, found.on), _end(after, found.on)),
    )


def _next(rows: Sequence[Row]) -> int:
    """What a month takes: the instalment after the next one, of which some may be prepaid."""
    row = rows[1] if len(rows) > 1 else rows[0] if rows else None
    return _cents(row.total_due) if row is not None else 0


def _end(rows: Sequence[Row], on: datetime.date) -> str:
    return (rows[-1].due if rows else on).isoformat()


def _interest(rows: Sequence[Row]) -> int:
    return _cents(sum((row.interest for row in rows), Decimal(0)))


def _paid(rows: Sequence[Row]) -> int:
    return _cents(sum((row.paid_interest for row in rows), Decimal(0)))


def _owed(row: Row, beside: Mapping[Part, Decimal] | None = None) -> Owed:
    parts = {Part.INTEREST: row.interest, Part.PRINCIPAL: row.principal, **(beside or {})}
    return Owed(row.number, row.due, parts, {Part.INTEREST: row.paid_interest, Part.PRINCIPAL: row.paid_principal})


def _share(amount: int, bp: int) -> int:
    """Basis points of an amount, a half upwards."""
    return (amount * bp + 5_000) // 10_000


def _yuan(cents: int) -> Decimal:
    return Decimal(cents) / 100


def _cents(yuan: Decimal) -> int:
    return int(yuan * 100)
