"""Loans in the past of a made-up bank: one repaid, two that run, one in arrears, one written off.

A story is told to its end before the history begins: what is repaid when follows from the loan engine, every night's
interest, class and allowance from the rules of the batches (`centres.interest`, `centres.arrears`). Pure.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from bank.centres import loan_books, products
from bank.centres.accounting import (
    ALLOWANCE,
    FEE_INCOME,
    IMPAIRMENT,
    INTEREST_INCOME,
    RECEIVABLE,
    RECOVERIES,
    REPAYMENTS,
    Code,
    general,
    sub_account,
)
from bank.centres.arrears import ALLOWANCES, class_of
from bank.credit.monitoring import NON_PERFORMING, WRITE_OFF
from bank.loans.daycount import fraction, of_days
from bank.loans.terms import Terms
from bank.loans.working_days import add_months

_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """A loan that began `ago` months back. `paid`: instalments that are paid, None for all; `prepaid`: (months after
    the start, cents); `recovered`: cents that came back of it when it was written off."""

    product: str
    amount: int
    term: int
    ago: int
    paid: int | None = None
    prepaid: tuple[int, int] | None = None
    recovered: int = 0


#: one for each shop that there is, as far as they go
PLANS = (
    Plan("SHOP", 3_000_000, 12, 22),
    Plan("SHOP", 8_000_000, 24, 14),
    Plan("HOME", 6_000_000, 24, 9, prepaid=(4, 1_000_000)),
    Plan("SHOP", 5_000_000, 12, 7, paid=5),
    Plan("SHOP", 4_000_000, 12, 19, paid=2, recovered=50_000),
)


@dataclass(frozen=True, slots=True)
class Move:
    """Money of the loan moves on a day; `is_line`: it is on the deposit's statement."""

    on: datetime.date
    debit: str
    credit: str
    amount: int
    code: Code
    is_line: bool = False


@dataclass(slots=True)
class Repaid:
    """A row of `repayments`."""

    on: datetime.date
    interest: int = 0
    principal: int = 0
    fee: int = 0
    kind: str = "collected"

    @property
    def total(self) -> int:
        return self.interest + self.principal + self.fee


@dataclass(slots=True)
class Story:
    """What became of a loan until a day. `nights`: what each night books, by the day that begins."""

    plan: Plan
    product: products.Loan
    account: str
    deposit: str
    start: datetime.date
    state: str = "active"
    repaid: list[Repaid] = field(default_factory=list)
    nights: dict[datetime.date, list[Move]] = field(default_factory=dict)
    interest: int = 0
    penalty: Fraction = Fraction(0)
    days_overdue: int = 0
    kind: str = "normal"
    accruing: bool = True
    allowance: int = 0
    written_off: int = 0

    @property
    def terms(self) -> Terms:
        return loan_books.terms_of(self.product, self.plan.amount, self.product.rate_bp, self.plan.term, self.start)

    @property
    def owed(self) -> int:
        """Principal."""
        return self.plan.amount - sum(one.principal for one in self.repaid if one.kind != "recovery")

    def days(self, day: datetime.date) -> Iterator[Move]:
        """What moves in the evening of a day, its repayments."""
        for one in self.repaid:
            if one.on == day:
                yield from self._repayment(one)

    def _repayment(self, one: Repaid) -> Iterator[Move]:
        clearing = general(REPAYMENTS)
        yield Move(one.on, self.deposit, clearing, one.total, Code.REPAYMENT, True)
        to = general(RECOVERIES) if one.kind == "recovery" else self.account
        parts = (
            (general(FEE_INCOME), one.fee, Code.FEE),
            (sub_account(self.account, RECEIVABLE), one.interest, Code.INTEREST),
            (to, one.principal, Code.RECOVERY if one.kind == "recovery" else Code.PRINCIPAL),
        )
        yield from (Move(one.on, clearing, credit, cents, code) for credit, cents, code in parts if cents)


def tell(plan: Plan, account: str, deposit: str, until: datetime.date) -> Story:
    """The story of a loan, its last night before `until`."""
    product = products.FIRST[plan.product]
    assert isinstance(product, products.Loan)
    start = add_months(until, -plan.ago) - 5 * _DAY
    story = Story(plan, product, account, deposit, start)
    _repay(story, until)
    days = [start + _DAY * number for number in range(1, (until - start).days + 1)]
    before = [(one.on, one.interest + one.principal) for one in story.repaid if one.kind != "recovery"]
    earned = dict(zip(days, loan_books.accrued(story.terms, before, days), strict=True))
    rows = loan_books.debt(story.terms, before, until).rows
    unpaid = [(row.due, int((row.principal - row.paid_principal) * 100)) for row in rows if row.outstanding]
    paid: list[Repaid] = []
    for day in days:
        paid += [one for one in story.repaid if one.on == day - _DAY and one.kind != "recovery"]
        if story.state == "active":
            _night(story, day, earned[day], unpaid, paid)
    return story


def _repay(story: Story, until: datetime.date) -> None:
    """What is repaid, instalment by instalment, as the engine asks for it."""
    plan, made = story.plan, list[tuple[datetime.date, int]]()
    due = [add_months(story.start, number) for number in range(1, plan.term + 1)]
    days = [(day, 0) for day in due[: plan.paid] if day < until]
    if plan.prepaid is not None:
        months, amount = plan.prepaid
        days.append((add_months(story.start, months) + 7 * _DAY, amount))
    for day, prepaid in sorted(days):
        fee = story.product.prepay_fee_bp if day < add_months(story.start, story.product.prepay_fee_months) else 0
        debt = loan_books.debt(story.terms, made, day, fee_bp=fee)
        parts = debt.divide(prepaid or debt.due)
        assert parts is not None
        kind = "customer" if prepaid else "collected"
        story.repaid.append(Repaid(day, parts.interest, parts.principal, parts.fee, kind))
        made.append((day, parts.interest + parts.principal))
    if plan.recovered:
        story.repaid.append(Repaid(until - 20 * _DAY, principal=plan.recovered, kind="recovery"))


def _night(
    story: Story,
    day: datetime.date,
    earned: int,
    unpaid: Sequence[tuple[datetime.date, int]],
    paid: Sequence[Repaid],
) -> None:
    """What the night before a day books."""
    moves = story.nights.setdefault(day, [])
    interest = sum(one.interest for one in paid)
    owed = story.plan.amount - sum(one.principal for one in paid)
    receivable, allowance = sub_account(story.account, RECEIVABLE), sub_account(story.account, ALLOWANCE)

    def book(debit: str, credit: str, amount: int, code: Code) -> None:
        if amount < 0:
            debit, credit, amount = credit, debit, -amount
        if amount:
            moves.append(Move(day, debit, credit, amount, code))

    overdue = [(due, principal) for due, principal in unpaid if due < day]
    story.days_overdue = max(((day - due).days for due, _ in overdue), default=0)
    kind = class_of(story.days_overdue, day)
    if story.days_overdue > NON_PERFORMING and story.accruing:
        earned, story.accruing = interest, False
    elif not story.accruing:
        earned = story.interest
    book(receivable, general(INTEREST_INCOME), earned - story.interest, Code.ACCRUAL)
    story.interest = earned
    if overdue:
        late = sum(principal for _, principal in overdue)
        rate = story.product.penalty_bp + (
            story.product.rate_bp if add_months(story.start, story.plan.term) < day else 0
        )
        part = fraction(of_days(story.product.day_count), day - _DAY, day)
        story.penalty += Fraction(late * rate, 10_000) * part
    if kind != story.kind or day.day == 1 or not story.allowance or not owed:
        wanted = owed * ALLOWANCES[kind] // 100
        book(general(IMPAIRMENT), allowance, wanted - story.allowance, Code.ALLOWANCE)
        story.allowance, story.kind = wanted, kind
    if not owed:
        story.state = "closed"
    elif story.days_overdue > WRITE_OFF:
        book(allowance, story.account, owed, Code.WRITE_OFF)
        before = [(one.on, one.interest + one.principal) for one in paid]
        left = loan_books.debt(story.terms, before, day).end
        story.state, story.allowance = "written-off", 0
        story.written_off = left.interest + left.principal + int(story.penalty)
