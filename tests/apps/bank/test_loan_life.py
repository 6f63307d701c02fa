"""A whole loan by each way of counting days, to the cent of the loan engine: asked for, offered, signed, accrued every
night, collected, prepaid, ended; and the product has changed meanwhile."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bank import tables
from bank.centres import loan_rows, products, reconciling
from bank.centres.accounting import INTEREST_INCOME, balances, general
from bank.centres.applying import Apply
from bank.centres.contract_pages import Facts, pages
from bank.centres.lending import Repay, Sign
from bank.centres.payments import Payments
from bank.credit.decide import Decision, reproduce
from bank.loans.apr import Flow, eu_apr
from bank.loans.daycount import DayCount
from bank.loans.recalculation import Repayment, interest_until, payoff, recalculate
from bank.loans.schedule import schedule
from bank.loans.terms import Accrual, Terms
from bank.values import Instalment, Loan
from tests.apps.bank.simulation import Simulation, lend, simulated

#: instalments in both years of a New Year that ends a common one and begins a leap one
START = datetime.date(2027, 12, 16)
AMOUNT, TERM = 6_000_000, 6


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Simulation]:
    """With a customer whom the rules let through."""
    with simulated(tmp_path, START, 1, 500) as bank:
        yield bank


def cents(amount: Decimal) -> int:
    assert amount == amount.quantize(Decimal("0.01"))
    return int(amount * 100)


def change(bank: Simulation, **fields: Any) -> None:
    """A next version of the shop loan."""

    def write(connection: Any) -> None:
        found = products.find(connection, "SHOP")
        document = msgspec.to_builtins(found.product) | fields
        products.do_change(connection, "SHOP", found.version, products.read_product(document), "zhao.min")

    bank.write(write)


def parts(rows: Any) -> list[tuple[str, int, int]]:
    """Of instalments, the bank's or the engine's."""
    return [
        (row.due, row.principal, row.interest)
        if isinstance(row, Instalment)
        else (row.due.isoformat(), cents(row.principal), cents(row.interest))
        for row in rows
    ]


class Life:
    """A loan that is lived through, beside the engine that is told its terms by hand."""

    def __init__(self, bank: Simulation, day_count: DayCount, facts: list[Facts]) -> None:
        self.bank, self.day_count, self.facts = bank, day_count, facts
        (self.person,) = (str(row.id) for row in bank.rows(tables.customers))
        self.made: list[Repayment] = []
        self.collected = 0

    def engine(self, rate_bp: int) -> Terms:
        is_alike = self.day_count is DayCount.THIRTY_360
        return Terms(
            principal=Decimal(AMOUNT) / 100, rate=Decimal(rate_bp) / 10_000, start=START, count=TERM,
            day_count=self.day_count, accrual=Accrual.PERIOD if is_alike else Accrual.DAILY,
        )  # fmt: skip

    def begin(self) -> None:
        """From the application to the money."""
        bank, lending = self.bank, self.bank.bank.lending
        application = bank.run(lending.apply(self.person, "k", Apply("SHOP", AMOUNT, TERM, True), False))
        offer = application.offer
        assert application.state == "offered" and offer is not None
        self.terms = self.engine(offer.rate_bp)
        self.plan = schedule(self.terms)
        apr = eu_apr([Flow(START, self.terms.principal)], [Flow(row.due, row.total) for row in self.plan])
        assert offer.apr_bp == int((apr * 10_000).to_integral_value())
        assert (offer.payment, offer.interest) == (
            cents(self.plan[0].total), cents(sum((row.interest for row in self.plan), Decimal(0))),
        )  # fmt: skip

        (row,) = bank.rows(tables.applications)
        decision = msgspec.convert(row.detail["decision"], Decision)
        assert decision.trace.data.product.day_count is self.day_count
        assert decision.trace.payment == max(cents(row.total) for row in self.plan)
        assert reproduce(decision.trace) == decision

        loan = bank.run(lending.sign(self.person, application.id, Sign(True), False))
        assert parts(loan.schedule) == parts(self.facts[-1].plan) == parts(self.plan)
        assert self.facts[-1].product.day_count is self.day_count
        self.loan = loan.id

    @property
    def shown(self) -> Loan:
        return self.bank.run(self.bank.bank.lending.loan(self.person, self.loan, False))

    def night(self) -> None:
        """What has been earned until the morning is booked, to the cent."""
        bank = self.bank
        bank.night()
        new = [row for row in bank.rows(tables.repayments) if row.kind == "collected"][self.collected :]
        self.made += [Repayment(datetime.date.fromisoformat(row.day), Decimal(row.amount) / 100) for row in new]
        self.collected += len(new)
        state = bank.read(lambda connection: loan_rows.state_of(connection, self.loan))
        (income,) = bank.run(balances(bank.bank.ledger, [general(INTEREST_INCOME)])).values()
        assert state.interest == income.net == cents(interest_until(self.terms, self.made, [bank.today])[0])
        end = payoff(self.terms, self.made, bank.today)
        assert (self.shown.owed, self.shown.payoff) == (cents(end["principal"]), cents(end["total"]))
        assert parts(self.shown.schedule) == parts(recalculate(self.terms, self.made, bank.today).rows)

    def repay(self, key: str, amount: int) -> Loan:
        bank = self.bank
        loan = bank.run(bank.bank.lending.repay(self.person, self.loan, key, Repay(amount), False))
        self.made.append(Repayment(bank.today, Decimal(amount) / 100))
        return loan


def test_a_loan_is_paid_out_by_a_bank_that_was_away_for_days(bank: Simulation) -> None:
    """The money is reserved, and nobody else's word frees it."""

    async def die(*_: Any) -> None:
        raise asyncio.CancelledError

    (person,) = (str(row.id) for row in bank.rows(tables.customers))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Payments, "settle", die)
        with pytest.raises(asyncio.CancelledError):
            lend(bank, person, "SHOP", AMOUNT, TERM)
    bank.close()
    bank.at += 3 * 86_400_000_000
    bank.open()
    (loan,), (order,) = bank.rows(tables.loans), bank.rows(tables.orders)
    assert (loan.state, order.state) == ("active", "posted")
    (owed,) = bank.run(balances(bank.bank.ledger, [loan.account_id])).values()
    assert -owed.net == AMOUNT


@pytest.mark.parametrize("name", ["30/360", "act/360", "act/365F", "act/act ISDA"])
def test_a_whole_life(bank: Simulation, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    facts: list[Facts] = []

    def printed(given: Facts) -> bytes:
        facts.append(given)
        return pages(given)

    monkeypatch.setattr("bank.centres.contracts.pages", printed)
    change(bank, day_count=name)
    life = Life(bank, DayCount(name), facts)
    life.begin()
    # what was sold keeps its terms
    change(bank, day_count="30E/360", method="bullet", rate_bp=2_000)
    while bank.today < datetime.date(2028, 1, 20):
        life.night()
    assert [item.on for item in life.made] == [life.plan[0].due] and life.made[0].amount == life.plan[0].total

    before = life.shown
    seen = bank.run(bank.bank.lending.prepayment(life.person, life.loan, 2_000_000))
    left = life.repay("some", 2_000_000)
    after = recalculate(life.terms, life.made, bank.today)
    assert (seen.principal, seen.fee, left.owed) == (2_000_000, 0, before.owed - 2_000_000)
    assert parts(left.schedule) == parts(after.rows)
    whole, now = ([row.interest for row in loan.schedule] for loan in (before, left))
    assert seen.saved == sum(whole) - sum(now) > 0
    for _ in range(3):
        life.night()

    end = cents(payoff(life.terms, life.made, bank.today)["total"])
    assert life.shown.payoff == end and life.repay("rest", end).state == "closed"
    bank.night()
    paid = bank.read(lambda connection: loan_rows.paid(connection, life.loan))
    state = bank.read(lambda connection: loan_rows.state_of(connection, life.loan))
    total = sum((item.amount for item in life.made), Decimal(0))
    assert paid.principal == AMOUNT and state.interest == paid.interest == cents(total) - AMOUNT
    assert bank.run(reconciling.check(bank.bank.database, bank.bank.ledger)) > 3
