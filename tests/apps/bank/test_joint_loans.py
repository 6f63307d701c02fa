"""Loans that a partner gives a share of: the customer has one loan, the bank's books have its own part, to the cent."""

from __future__ import annotations

import asyncio
import datetime
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from bank import tables
from bank.centres import bookings, loan_books, loan_rows, reconciling, repaying
from bank.centres.accounting import (
    ALLOWANCE,
    FEE_INCOME,
    IMPAIRMENT,
    INTEREST_INCOME,
    PARTNERS_MONEY,
    PENALTY_INCOME,
    RECEIVABLE,
    RECOVERIES,
    balances,
    general,
    sub_account,
)
from bank.centres.applying import Apply
from bank.centres.arrears import ALLOWANCES, do_write_off
from bank.centres.lender import Joint, Profile, do_set
from bank.centres.lending import Repay
from bank.centres.loan_books import Split
from bank.centres.loan_rows import Paid
from bank.centres.payments import Wanted
from bank.centres.sharing import Share, lent
from bank.credit.decide import Decision
from bank.loans.working_days import add_months
from bank.refusals import Refusal
from bank.values import Loan
from eden.base.errors import EdenError
from tests.apps.bank.simulation import Simulation, age, lend, simulated

PARTNER = "邻居银行"
#: leaves a part of a cent of nearly everything
SHARE = Share(PARTNER, 3_333)
AMOUNT = 1_234_567
FIRST = datetime.date(2027, 3, 6)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Simulation]:
    """HOME is a joint product; SHOP is the bank's alone."""
    with simulated(tmp_path, FIRST, 1) as bank:
        joint = Joint(product="HOME", partner=PARTNER, share_bp=SHARE.bp)
        bank.write(lambda connection: do_set(connection, Profile(joint=[joint]), "wang", bank.at))
        yield bank


def customer(bank: Simulation) -> str:
    return str(bank.rows(tables.customers)[0].id)


def house_of(bank: Simulation, term: int = 6) -> House:
    return House(bank, lend(bank, customer(bank), "HOME", AMOUNT, term))


class House:
    """The customer of the simulation and a joint loan of theirs."""

    def __init__(self, bank: Simulation, loan: str) -> None:
        self.bank, self.loan, self.person = bank, loan, customer(bank)

    @property
    def row(self) -> Any:
        return self.bank.read(lambda connection: repaying.row_of(connection, self.loan))

    @property
    def shown(self) -> Loan:
        return self.bank.run(self.bank.bank.lending.loan(self.person, self.loan, False))

    @property
    def paid(self) -> Paid:
        found: Paid = self.bank.read(lambda connection: loan_rows.paid(connection, self.loan))
        return found

    def net(self, account: str) -> int:
        """Credits less debits."""
        found = self.bank.run(balances(self.bank.bank.ledger, [account]))
        return found[account].net if account in found else 0

    def repay(self, key: str, amount: int) -> Loan:
        return self.bank.run(self.bank.bank.lending.repay(self.person, self.loan, key, Repay(amount), False))

    def move(self, amount: int, back: bool = False) -> None:
        """Money between the account that is repaid from and another one."""
        here, there = (
            next(str(row.id) for row in self.bank.rows(tables.accounts) if row.product == product)
            for product in ("CURRENT", "MERCHANT")
        )
        wanted = Wanted(there, amount, to=here) if back else Wanted(here, amount, to=there)
        self.bank.run(self.bank.bank.payments.order(self.person, f"move {self.bank.at} {amount}", wanted))

    def empty(self) -> None:
        self.move(self.net(self.row.deposit_id))

    def night(self, kills: int = 0) -> None:
        """The bank's part of what was earned is booked; of a loan that is late, its part is what is set aside for."""
        self.bank.night(kills)
        self.check()
        state = self.state
        assert state.interest == self.earned
        if state.days_overdue:
            own = SHARE.own(AMOUNT - self.paid.principal)
            assert state.allowance == own * ALLOWANCES[state._mapping["class"]] // 100

    @property
    def state(self) -> Any:
        return self.bank.read(lambda connection: loan_rows.state_of(connection, self.loan))

    @property
    def earned(self) -> int:
        """The bank's part of all interest until today, by the loan engine; of what was paid where no more is income."""

        def read(connection: Connection) -> int:
            loan, paid = repaying.row_of(connection, self.loan), loan_rows.paid(connection, self.loan)
            if loan.state != "active" or not loan_rows.state_of(connection, self.loan).accruing:
                return SHARE.own(paid.interest)
            terms, repaid = loan_rows.terms_of(connection, loan), loan_rows.repaid(connection, self.loan)
            return SHARE.own(loan_books.accrued(terms, repaid, [self.bank.today])[0])

        earned: int = self.bank.read(read)
        return earned

    def check(self) -> None:
        """What the ledger has of the loan: both parts are the customer's loan, and each is what it should be."""
        loan, paid = self.row, self.paid
        owed = AMOUNT - paid.principal
        own, theirs = -self.net(loan.account_id), -self.net(lent(loan.account_id))
        principal = owed if loan.state == "active" else 0
        assert own + theirs == principal
        assert theirs == principal * SHARE.bp // 10_000
        assert self.net(general(PARTNERS_MONEY)) == theirs
        # what the partner has given, less what it has had back
        settled = self.net(SHARE.settlement)
        had = [cents * SHARE.bp // 10_000 for cents in (paid.interest, paid.penalty, paid.recovered)]
        assert settled == sum(had) - owed * SHARE.bp // 10_000
        # every cent that was paid is somebody's
        state = self.state
        assert SHARE.own(paid.interest) <= state.interest <= self.earned
        receivable = -self.net(sub_account(loan.account_id, RECEIVABLE))
        assert self.net(general(INTEREST_INCOME)) - receivable + had[0] == paid.interest
        assert self.net(general(INTEREST_INCOME)) == state.interest
        assert self.net(general(PENALTY_INCOME)) + had[1] == paid.penalty
        assert self.net(general(RECOVERIES)) + had[2] == paid.recovered
        assert self.net(sub_account(loan.account_id, ALLOWANCE)) == state.allowance <= max(own, 0)
        assert self.bank.run(reconciling.check(self.bank.bank.database, self.bank.bank.ledger)) > 3


@given(st.integers(1, 9_999), st.lists(st.tuples(*[st.integers(0, 10_000)] * 3), max_size=30), st.integers(0, 10**6))
def test_parts_are_never_a_cent_off(bp: int, repayments: list[tuple[int, int, int]], rest: int) -> None:
    """However a loan is repaid: the partner's part of the sum is the sum of its parts, none of which is negative."""
    share = Share(PARTNER, bp)
    lent_ = owed = sum(one[1] for one in repayments) + rest
    paid, had = Paid(0, 0, 0, 0, 0), Split()
    for interest, principal, penalty in repayments:
        parts = Split(interest, principal, penalty, 7, 7)
        back = share.of_repayment(parts, owed, paid)
        for name in ("interest", "principal", "penalty"):
            assert 0 <= getattr(back, name) <= getattr(parts, name)
        assert (back.charge, back.fee) == (0, 0)
        had = Split(had.interest + back.interest, had.principal + back.principal, had.penalty + back.penalty)
        owed -= principal
        paid = Paid(paid.interest + interest, paid.principal + principal, paid.penalty + penalty, 0, 0)
    assert share.part(owed) + share.own(owed) == owed
    assert share.part(lent_) - had.principal == share.part(owed) == owed * bp // 10_000
    assert (had.interest, had.penalty) == (paid.interest * bp // 10_000, paid.penalty * bp // 10_000)


def test_the_partner_funds_its_part_and_the_customer_sees_one_loan(bank: Simulation) -> None:
    house = house_of(bank)
    loan = house.row
    assert -house.net(loan.account_id) == 823_086 and house.net(SHARE.settlement) == -411_481
    house.check()
    assert (house.shown.amount, house.shown.owed) == (AMOUNT, AMOUNT)
    (line,) = (row for row in bank.rows(tables.movements) if row.kind == "loan")
    assert (line.amount, line.state) == (AMOUNT, "posted")
    # a loan of the bank alone has no partner's account
    before = house.net(SHARE.settlement)
    alone = lend(bank, house.person, "SHOP", 600_000, 6)
    account = bank.read(lambda connection: repaying.row_of(connection, alone).account_id)
    assert -house.net(account) == 600_000 and house.net(SHARE.settlement) == before
    assert bank.run(bank.bank.ledger.accounts([lent(account)])) == [None]


def test_a_whole_life_with_kills(bank: Simulation) -> None:
    """Collected, prepaid with a fee, late with penalty and a charge, and repaid before its end."""
    house, chance = house_of(bank, 12), random.Random(7)
    for day in range(100):
        if day == 25:
            house.repay("some", 123_457)
            house.check()
        if day == 55:
            house.empty()
        if day == 80:
            house.move(1_500_000, back=True)
        if day > 80 and chance.random() < 0.3:
            house.repay(f"little {day}", chance.randrange(1, 20_000))
            house.check()
        house.night(kills=3)
        if day == 0:
            assert house.net(sub_account(house.row.account_id, ALLOWANCE)) == SHARE.own(AMOUNT) // 100
    assert house.paid.penalty > 0 and house.paid.charge > 0 and bank.killed > 5
    fees = sum(row.charge + row.fee for row in bank.rows(tables.repayments))
    assert house.net(general(FEE_INCOME)) == fees > house.paid.charge
    assert house.repay("rest", house.shown.payoff).state == "closed"
    bank.night()
    house.check()
    paid = house.paid
    assert house.net(SHARE.settlement) == SHARE.part(paid.interest) + SHARE.part(paid.penalty) > 0
    assert house.net(general(INTEREST_INCOME)) == SHARE.own(paid.interest)


def test_each_bears_its_part_of_a_loss(bank: Simulation) -> None:
    house = house_of(bank)
    bank.night()
    house.empty()
    for _ in range(35):
        house.night()
    debt = house.shown
    bank.write(lambda connection: do_write_off(connection, house.loan, bank.today, bank.at))
    bank.night()
    house.check()
    # some interest of the deposit was collected, of which principal is none
    assert house.paid.principal == 0
    assert -house.net(general(IMPAIRMENT)) == SHARE.own(AMOUNT)
    assert house.net(SHARE.settlement) == SHARE.part(house.paid.interest) - SHARE.part(AMOUNT)
    # nothing is lent to whose loan was written off, and what is owed counts for the caps
    wanted = Apply("SHOP", 1_000_000, 12, True)
    application = bank.run(bank.bank.lending.apply(house.person, "again", wanted, False))
    (row,) = (row for row in bank.rows(tables.applications) if row.id == application.id)
    made = msgspec.convert(row.detail["decision"], Decision)
    assert application.state == "refused" and "in-default" in made.reasons
    assert made.trace.data.owed == debt.payoff - debt.fee
    house.move(200_000, back=True)
    for key, amount in (("first", 1), ("second", 100_000), ("third", 99)):
        house.repay(key, amount)
        house.check()
    assert house.net(general(RECOVERIES)) == SHARE.own(100_100)
    # nobody is charged for prepaying what is written off
    assert house.shown.owed == debt.payoff - debt.fee - 100_100


def test_only_its_own_income_is_taken_back_after_ninety_days(bank: Simulation) -> None:
    house = house_of(bank)
    for _ in range(40):
        house.night()
    house.empty()
    house.night()
    age(bank, house.loan, add_months(bank.today - datetime.timedelta(days=90), -2))
    house.night()
    house.night()
    state = house.state
    assert not state.accruing
    assert state.interest == house.net(general(INTEREST_INCOME)) == SHARE.own(house.paid.interest) > 0


@pytest.mark.parametrize("step", ["before", "after"])
def test_a_process_that_dies_has_the_partner_fund_once(
    bank: Simulation, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the money has moved, before or after the partner's part is in the ledger."""

    post = bookings.post

    async def die(*given: Any) -> None:
        if step == "after":
            await post(*given)
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr("bank.centres.bookings.post", die)
        with pytest.raises(asyncio.CancelledError):
            house_of(bank)
    (loan,) = bank.rows(tables.loans)
    assert loan.state == "active"
    bank.close()
    bank.open()
    house = House(bank, loan.id)
    house.check()
    bank.night()
    house.check()


def test_a_part_that_is_not_booked_is_found(bank: Simulation) -> None:
    house = house_of(bank)
    bank.write(lambda connection: connection.execute(tables.joint_loans.update().values(own_share=6_666)))
    with pytest.raises(EdenError, match="Principal of loan"):
        bank.run(reconciling.check(bank.bank.database, bank.bank.ledger))
    assert house.shown.owed == AMOUNT


def test_more_than_is_owed_is_refused_as_ever(bank: Simulation) -> None:
    house = house_of(bank)
    with pytest.raises(Refusal, match="At most"):
        house.repay("much", house.shown.payoff + 1)
    house.check()
