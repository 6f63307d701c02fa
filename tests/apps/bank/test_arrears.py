"""What is due and not paid, by a bank whose clock the test moves."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import Connection, delete

from bank import tables
from bank.centres import loan_rows, products, reconciling, repaying, worklist
from bank.centres.accounting import (
    FEE_INCOME,
    IMPAIRMENT,
    INTEREST_INCOME,
    PENALTY_INCOME,
    RECOVERIES,
    balances,
    general,
)
from bank.centres.arrears import ALLOWANCES, KIND, class_of, do_write_off
from bank.centres.ending import do_call_off
from bank.centres.interest import is_paid_on, night
from bank.centres.lending import Repay
from bank.centres.payments import Wanted
from bank.centres.worklist import Word
from bank.loans.daycount import DayCount
from bank.loans.working_days import add_months
from bank.refusals import Refusal
from bank.values import Loan
from tests.apps.bank.simulation import Simulation, age, lend, simulated

Day = datetime.date
FIRST = Day(2027, 4, 6)
#: of loans whose first instalment is due four days after it
START = Day(2027, 3, 10)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Simulation]:
    with simulated(tmp_path, FIRST, 1) as bank:
        yield bank


def person(bank: Simulation) -> str:
    return str(bank.rows(tables.customers)[0].id)


def account(bank: Simulation, product: str = "CURRENT") -> str:
    return next(str(row.id) for row in bank.rows(tables.accounts) if row.product == product)


def held(bank: Simulation, identifier: str) -> int:
    (found,) = bank.run(balances(bank.bank.ledger, [identifier])).values()
    return found.available


def income(bank: Simulation, code: int) -> int:
    (found,) = bank.run(balances(bank.bank.ledger, [general(code)])).values()
    return found.net


def move(bank: Simulation, amount: int, back: bool = False) -> None:
    """Between the current and the shop's account."""
    there, here = account(bank), account(bank, "MERCHANT")
    if back:
        there, here = here, there
    bank.run(bank.bank.payments.order(person(bank), f"move {bank.at} {amount}", Wanted(there, amount, to=here)))


def empty(bank: Simulation) -> None:
    move(bank, held(bank, account(bank)))


def until(bank: Simulation, day: Day) -> None:
    while bank.today < day:
        bank.night()


def overdue_for(bank: Simulation, loan: str, days: int) -> None:
    """A night after which the loan's first instalment is overdue for so many days."""
    due = bank.today - datetime.timedelta(days=days - 1)
    age(bank, loan, add_months(due, -1))
    bank.night()
    assert state(bank, loan).days_overdue == days


def state(bank: Simulation, loan: str) -> Any:
    return bank.read(lambda connection: loan_rows.state_of(connection, loan))


def shown(bank: Simulation, loan: str) -> Loan:
    return bank.run(bank.bank.lending.loan(person(bank), loan, False))


def titles(bank: Simulation) -> list[str]:
    return [row.title[1] for row in sorted(bank.rows(tables.messages), key=lambda row: str(row.id))]


def test_what_is_due_is_collected_that_day(bank: Simulation) -> None:
    loan = lend(bank, person(bank), "SHOP", 1_200_000, 6, START)
    bank.night()
    assert "An instalment is due soon" in titles(bank)
    until(bank, Day(2027, 4, 11))
    (paid,) = bank.rows(tables.repayments)
    assert (paid.day, paid.kind, paid.penalty) == ("2027-04-10", repaying.COLLECTED, 0)
    assert titles(bank)[-1] == "Instalment collected"
    after = shown(bank, loan)
    assert (after.due, after.overdue, after.schedule[0].state) == (0, 0, "paid")
    # a month's interest is income, to the cent of the schedule, and a day of the next
    assert income(bank, INTEREST_INCOME) == state(bank, loan).interest > paid.interest == 4_800


def test_some_money_pays_some(bank: Simulation) -> None:
    loan = lend(bank, person(bank), "SHOP", 1_200_000, 6, START)
    until(bank, Day(2027, 4, 10))
    move(bank, held(bank, account(bank)) - 100_000)
    bank.night()
    assert held(bank, account(bank)) == 0
    assert shown(bank, loan).overdue == shown(bank, loan).due > 90_000
    assert state(bank, loan).days_overdue == 1
    # both of this night, which is one moment of the test's clock
    assert set(titles(bank)[-2:]) == {"Instalment collected", "Your loan is overdue"}
    # as soon as there is money again, the next night takes it
    move(bank, 500_000, back=True)
    bank.night()
    after = shown(bank, loan)
    assert (after.overdue, after.days_overdue, state(bank, loan).days_overdue) == (0, 0, 0)
    assert income(bank, PENALTY_INCOME) > 0


@pytest.mark.parametrize(("day_count", "year"), [("30/360", 360), ("act/365F", 365)])
def test_penalty_and_charges_follow_the_product(bank: Simulation, day_count: str, year: int) -> None:
    def change(connection: Connection) -> None:
        product = structs.replace(products.FIRST["HOME"], day_count=DayCount(day_count))
        products.do_change(connection, "HOME", 1, product, "zhao.min")

    bank.write(change)
    loan = lend(bank, person(bank), "HOME", 1_200_000, 6, START)
    until(bank, Day(2027, 4, 10))
    empty(bank)
    until(bank, Day(2027, 4, 20))
    first = shown(bank, loan).schedule[0]
    expected = Fraction(first.principal * 210, 10_000) * 10 / year
    assert Fraction(state(bank, loan).penalty) == expected
    # after three days of grace, once
    assert state(bank, loan).charges == 2_000
    assert shown(bank, loan).penalty == 2_000 + int(expected)
    move(bank, 2_000_000, back=True)
    bank.run(bank.bank.lending.repay(person(bank), loan, "all due", Repay(shown(bank, loan).due), True))
    assert (income(bank, PENALTY_INCOME), income(bank, FEE_INCOME)) == (int(expected), 2_000)
    assert shown(bank, loan).due == 0


def test_a_long_way_down_and_a_little_back(tmp_path: Path) -> None:
    """Special mention, non-accrual, substandard, doubtful, loss, written off by two, recovered."""
    first = Day(2027, 6, 19)
    with simulated(tmp_path, first, 1) as bank:
        _go_down(bank, lend(bank, person(bank), "SHOP", 600_000, 3, add_months(first, -1)))


def _go_down(bank: Simulation, loan: str) -> None:
    empty(bank)
    # a little interest comes into the deposit, and is collected
    until(bank, Day(2027, 6, 22))
    seen = state(bank, loan)
    assert (seen._mapping["class"], seen.accruing, seen.allowance) == ("special mention", True, 12_000)
    booked = income(bank, INTEREST_INCOME)
    assert booked > 0
    overdue_for(bank, loan, 90)
    seen = state(bank, loan)
    assert (seen._mapping["class"], seen.accruing, seen.interest) == (
        "special mention",
        True,
        income(bank, INTEREST_INCOME),
    )
    bank.night()
    seen = state(bank, loan)
    assert (seen._mapping["class"], seen.accruing) == ("substandard", False)
    # what is left is what was really paid, out of a little interest on the deposit
    paid = bank.read(lambda connection: loan_rows.paid(connection, loan))
    assert income(bank, INTEREST_INCOME) == seen.interest == paid.interest
    assert 0 < paid.interest < 100
    assert seen.allowance == 600_000 * ALLOWANCES["substandard"] // 100
    overdue_for(bank, loan, 360)
    assert state(bank, loan)._mapping["class"] == "doubtful"
    bank.night()
    assert state(bank, loan)._mapping["class"] == "loss"
    (item,) = bank.read(lambda connection: worklist.items(connection, bank.at, kind=KIND)).items
    assert (item.needed, item.amount) == (2, 600_000)
    for officer in ("Zhao", "Li"):
        bank.write(lambda connection, o=officer: _agree(connection, item.id, o, bank.at))
    left = shown(bank, loan)
    assert (left.state, left.owed) == ("written-off", state(bank, loan).written_off)
    assert left.owed > 600_000
    bank.night()
    assert -income(bank, IMPAIRMENT) == 600_000
    move(bank, 50_000, back=True)
    bank.run(bank.bank.lending.repay(person(bank), loan, "some", Repay(50_000), True))
    assert (income(bank, RECOVERIES), shown(bank, loan).owed) == (50_000, left.owed - 50_000)
    with pytest.raises(Refusal, match="At most"):
        bank.run(bank.bank.lending.repay(person(bank), loan, "more", Repay(left.owed), True))
    bank.night()
    assert bank.run(reconciling.check(bank.bank.database, bank.bank.ledger)) > 3


def _agree(connection: Connection, item: str, officer: str, at: int) -> None:
    worklist.do_claim(connection, item, officer, at)
    worklist.do_decide(connection, item, officer, Word.APPROVE, "gone", at)


def test_who_pays_again_accrues_again(bank: Simulation) -> None:
    loan = lend(bank, person(bank), "SHOP", 1_200_000, 12, START)
    empty(bank)
    until(bank, Day(2027, 4, 12))
    overdue_for(bank, loan, 90)
    bank.night()
    assert not state(bank, loan).accruing
    move(bank, 900_000, back=True)
    bank.night()
    bank.night()
    seen = state(bank, loan)
    assert (seen.days_overdue, seen.accruing, seen._mapping["class"]) == (0, True, "normal")
    assert income(bank, INTEREST_INCOME) == seen.interest > 0
    assert bank.run(reconciling.check(bank.bank.database, bank.bank.ledger)) > 3


def test_prepaying_has_its_fee_where_the_product_says_so(bank: Simulation) -> None:
    loan = lend(bank, person(bank), "HOME", 1_200_000, 12, FIRST - datetime.timedelta(days=20))
    # who withdraws from the contract pays none
    assert bank.run(bank.bank.lending.prepayment(person(bank), loan, 101_000)).fee == 0
    until(bank, FIRST + datetime.timedelta(days=8))
    seen = bank.run(bank.bank.lending.prepayment(person(bank), loan, 101_000))
    assert (seen.principal, seen.fee) == (100_000, 1_000)
    bank.run(bank.bank.lending.repay(person(bank), loan, "some", Repay(101_000), True))
    assert (income(bank, FEE_INCOME), shown(bank, loan).owed) == (1_000, 1_100_000)
    assert shown(bank, loan).fee == 11_000
    bank.at += 86_400_000_000
    bank.run(bank.bank.lending.repay(person(bank), loan, "rest", Repay(shown(bank, loan).payoff), True))
    assert shown(bank, loan).state == "closed"
    bank.night()
    assert state(bank, loan).allowance == 0
    assert bank.run(reconciling.check(bank.bank.database, bank.bank.ledger)) > 3


def test_who_withdrew_in_time_pays_no_fee_where_the_money_comes_later(bank: Simulation) -> None:
    loan = lend(bank, person(bank), "HOME", 1_200_000, 12)
    empty(bank)
    bank.write(lambda connection: do_call_off(connection, person(bank), loan, bank.at))
    with pytest.raises(Refusal, match="not enough money"):
        bank.run(bank.bank.lending.repay(person(bank), loan, "at once", Repay(shown(bank, loan).payoff), True))
    until(bank, FIRST + datetime.timedelta(days=9))
    move(bank, 1_300_000, back=True)
    assert shown(bank, loan).fee == 0
    bank.run(bank.bank.lending.repay(person(bank), loan, "later", Repay(shown(bank, loan).payoff), True))
    assert (shown(bank, loan).state, income(bank, FEE_INCOME)) == ("closed", 0)


def test_what_ends_no_loan_and_leaves_no_principal_is_no_repayment(bank: Simulation) -> None:
    loan = lend(bank, person(bank), "SHOP", 600_000, 6, FIRST - datetime.timedelta(days=15))
    bank.night()
    assert shown(bank, loan).payoff > 600_000
    with pytest.raises(Refusal, match="more than the principal"):
        bank.run(bank.bank.lending.repay(person(bank), loan, "x", Repay(600_000), True))


@pytest.mark.parametrize("days", [1, 4, 9])
def test_nights_that_come_late_book_the_same(bank: Simulation, days: int) -> None:
    loan = lend(bank, person(bank), "SHOP", 1_200_000, 6, START)
    bank.night()
    bank.at += days * 86_400_000_000
    bank.night()
    until(bank, Day(2027, 4, 20))
    (paid,) = bank.rows(tables.repayments)
    assert (paid.day, paid.interest) == ("2027-04-10", 4_800)
    assert state(bank, loan).days_overdue == 0


def test_repayments_that_come_at_once_are_made_one_after_the_other(bank: Simulation) -> None:
    """Each pays what the one before it has left: interest is paid once."""
    loan = lend(bank, person(bank), "SHOP", 1_200_000, 6, add_months(FIRST, -1))
    due = shown(bank, loan).due
    lending = bank.bank.lending

    async def at_once() -> None:
        await asyncio.gather(*(lending.repay(person(bank), loan, key, Repay(due), True) for key in "abb"))

    bank.run(at_once())
    assert sorted(row.interest for row in bank.rows(tables.repayments)) == [0, 4_800]
    after = shown(bank, loan)
    assert after.owed == 1_200_000 - 2 * due + 4_800
    bank.run(lending.repay(person(bank), loan, "rest", Repay(after.payoff), True))
    assert shown(bank, loan).state == "closed"
    bank.night()
    assert bank.run(reconciling.check(bank.bank.database, bank.bank.ledger)) > 3


def test_nothing_is_written_off_of_which_enough_was_paid(bank: Simulation) -> None:
    loan = lend(bank, person(bank), "SHOP", 600_000, 24, START)
    empty(bank)
    until(bank, Day(2027, 4, 12))
    overdue_for(bank, loan, 360)
    bank.night()
    (item,) = bank.read(lambda connection: worklist.items(connection, bank.at, kind=KIND)).items
    bank.write(lambda connection: _agree(connection, item.id, "Zhao", bank.at))
    move(bank, 500_000, back=True)
    due = shown(bank, loan).due
    bank.run(bank.bank.lending.repay(person(bank), loan, "due", Repay(due), True))
    with pytest.raises(Refusal, match="not written off"):
        bank.write(lambda connection: _agree(connection, item.id, "Li", bank.at))
    assert shown(bank, loan).state == "active"
    bank.night()
    after = bank.read(lambda connection: worklist.find(connection, item.id, bank.at))
    assert (after.state, after.outcome) == ("done", "gone")


def test_nothing_is_written_off_while_a_repayment_is_under_way(bank: Simulation) -> None:
    loan = lend(bank, person(bank), "SHOP", 1_200_000, 6, START)
    row = bank.read(lambda connection: repaying.row_of(connection, loan))
    order = bank.write(
        lambda connection: repaying.do_order(connection, row, "k", "k", 5_000, FIRST, repaying.CUSTOMER, bank.at)
    )
    with pytest.raises(Refusal, match="being booked"):
        bank.write(lambda connection: do_write_off(connection, loan, FIRST, bank.at))
    bank.run(bank.bank.payments.carry_out(order))
    bank.write(lambda connection: do_write_off(connection, loan, FIRST, bank.at))
    bank.night()
    assert bank.run(reconciling.check(bank.bank.database, bank.bank.ledger)) > 3


def test_signals_come_to_an_officer(bank: Simulation) -> None:
    loan = lend(bank, person(bank), "SHOP", 600_000, 6)
    bank.night()
    assert state(bank, loan).alert["level"] == "calm"
    # two months in which nothing comes in
    bank.write(
        lambda connection: connection.execute(delete(tables.movements).where(tables.movements.c.kind == "income"))
    )
    bank.night()
    assert "no-turnover" in state(bank, loan).alert["signals"]
    (item,) = bank.read(lambda connection: worklist.items(connection, bank.at, kind="loan")).items
    assert item.subject == loan and "How is business?" in titles(bank)
    bank.write(lambda connection: worklist.do_claim(connection, item.id, "Zhao", bank.at))
    bank.write(lambda connection: worklist.do_decide(connection, item.id, "Zhao", Word.ASK_AGAIN, "call", bank.at))
    assert state(bank, loan).alert["said"]["note"] == "call"
    assert titles(bank).count("How is business?") == 2


@pytest.mark.parametrize(
    ("days", "on", "name"),
    [
        (0, "2026-01-01", "normal"), (1, "2026-01-01", "special mention"), (90, "2026-01-01", "special mention"),
        (91, "2026-01-01", "substandard"), (271, "2026-01-01", "doubtful"), (360, "2026-01-01", "doubtful"),
        (361, "2026-01-01", "loss"), (31, "2023-07-01", "special mention"),
    ],
)  # fmt: skip
def test_classes_are_those_of_their_day(days: int, on: str, name: str) -> None:
    assert class_of(days, Day.fromisoformat(on)) == name


def test_fractions_of_a_cent_are_carried() -> None:
    product = products.Deposit(name="x", name_en="x", gl=2001, rate_bp=10)
    total, carry = 0, Fraction(0)
    for number in range(360):
        cents, carry = night(product, 123_457, carry, FIRST + datetime.timedelta(days=number))
        total += cents
    # a year of 360 days at 0.10 %: 123.457 cents
    assert (total, carry) == (123, Fraction(457, 1000))
    assert night(product, -5, Fraction(0), FIRST) == (0, Fraction(0))


def test_interest_is_paid_when_the_product_says_so(tmp_path: Path) -> None:
    quarter = products.Deposit(name="x", name_en="x", gl=2001)
    assert [month for month in range(1, 13) if is_paid_on(quarter, Day(2027, month, 21))] == [3, 6, 9, 12]
    assert not is_paid_on(quarter, Day(2027, 3, 20))
    with simulated(tmp_path, Day(2027, 3, 19), 1) as bank:
        until(bank, Day(2027, 3, 22))
        lines = [row for row in bank.rows(tables.movements) if row.kind == "interest" and row.at > bank.at - 2 * 10**11]
        # shops' accounts earn nothing
        assert {row.account_id for row in lines} == {account(bank), account(bank, "SAVINGS")}
        assert "Interest paid" in titles(bank)
