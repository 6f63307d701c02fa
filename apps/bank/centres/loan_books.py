"""A loan as its customer sees it, computed from its terms and repayments by the loan engine."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from bank.credit import affordability
from bank.loans.apr import Flow, eu_apr
from bank.loans.recalculation import Repayment, payoff, recalculate
from bank.loans.schedule import schedule
from bank.loans.terms import Terms
from bank.values import Instalment, Offer


class Split(Struct, frozen=True):
    """What a repayment repays; cents."""

    interest: int
    principal: int


class Standing(Struct, frozen=True):
    """A loan on a day; cents."""

    schedule: list[Instalment]
    payoff: Split

    @property
    def next(self) -> Instalment | None:
        return next((row for row in self.schedule if row.state != "paid"), None)


def terms_of(amount: int, rate_bp: int, term: int, start: datetime.date, method: str) -> Terms:
    """Of a loan of the bank, as it was decided on (`credit.affordability`)."""
    return affordability.terms(amount, rate_bp, term, start, method)


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


def standing(terms: Terms, repaid: Sequence[tuple[datetime.date, int]], on: datetime.date) -> Standing:
    """A loan after its repayments (day, cents)."""
    made = [Repayment(day, _yuan(amount)) for day, amount in repaid]
    end = payoff(terms, made, on)
    rows = recalculate(terms, made, on).rows
    # a loan that is repaid has no more instalments than were begun
    return Standing(
        [
            Instalment(
                row.number,
                row.due.isoformat(),
                _cents(row.principal),
                _cents(row.interest),
                _cents(row.paid_principal + row.paid_interest),
                "paid" if not row.outstanding else "due" if row.due <= on else "open",
            )
            for row in rows
            if row.principal or row.interest
        ],
        Split(_cents(end["interest"]), _cents(end["principal"])),
    )


def split(terms: Terms, repaid: Sequence[tuple[datetime.date, int]], on: datetime.date, amount: int) -> Split:
    """What of a new repayment is interest. It is at most what ends the loan."""
    made = [Repayment(day, _yuan(cents)) for day, cents in repaid]
    end = payoff(terms, made, on)
    if _yuan(amount) >= end["total"]:
        return Split(_cents(end["interest"]), _cents(end["principal"]))
    before = recalculate(terms, made, on).rows
    after = recalculate(terms, [*made, Repayment(on, _yuan(amount))], on).rows
    paid = sum((row.paid_interest for row in after), Decimal(0)) - sum((r.paid_interest for r in before), Decimal(0))
    return Split(_cents(paid), amount - _cents(paid))


def _yuan(cents: int) -> Decimal:
    return Decimal(cents) / 100


def _cents(yuan: Decimal) -> int:
    return int(yuan * 100)
