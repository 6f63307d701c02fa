"""Repayments: what they pay, what becomes of the schedule, what ends a loan."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bank.loans.allocation import USUAL, Ahead, Order, Owed, Part, allocate, arrears, write_off
from bank.loans.daycount import DayCount
from bank.loans.recalculation import Prepayment, Repayment, Rest, interest_until, payoff, recalculate
from bank.loans.schedule import schedule
from bank.loans.servicing import Charge, Event, Paid, Plan, Reaged, Reamortised, Returned, serve
from bank.loans.terms import Accrual, Amortisation, Interest, Terms

Day = datetime.date
TERMS = Terms(principal=Decimal(6_000), rate=Decimal("0.12"), start=Day(2024, 1, 1), count=6)
DUE = [row.due for row in schedule(TERMS)]


def owed(number: int, due: Day, penalty: int, fee: int, interest: int, principal: int) -> Owed:
    return Owed(number, due, dict(zip(USUAL, map(Decimal, (penalty, fee, interest, principal)), strict=True)))


ROWS = [owed(1, Day(2024, 2, 1), 5, 10, 30, 1_000), owed(2, Day(2024, 3, 1), 0, 0, 30, 1_000)]


def paid(amount: int, on: Day, order: Order | None = None) -> dict[tuple[int, Part], Decimal]:
    return {(piece.number, piece.part): piece.amount for piece in allocate(ROWS, Decimal(amount), on, order)[1]}


def test_the_oldest_instalment_first_penalties_before_all() -> None:
    late = Day(2024, 3, 5)
    assert paid(46, late) == {(1, Part.PENALTY): 5, (1, Part.FEE): 10, (1, Part.INTEREST): 30, (1, Part.PRINCIPAL): 1}
    assert paid(1_050, late)[2, Part.INTEREST] == 5


def test_a_part_of_all_before_the_next() -> None:
    got = paid(75, Day(2024, 3, 5), Order(by_part=True))
    assert got == {(1, Part.PENALTY): 5, (1, Part.FEE): 10, (1, Part.INTEREST): 30, (2, Part.INTEREST): 30}


def test_another_order_for_what_is_not_due() -> None:
    order = Order(advance=(Part.PRINCIPAL, Part.PENALTY, Part.FEE, Part.INTEREST))
    assert paid(1_100, Day(2024, 2, 1), order)[2, Part.PRINCIPAL] == 55
    assert paid(1_000, Day(2024, 1, 15), order) == {(1, Part.PRINCIPAL): 1_000}


def test_late_early_and_too_much() -> None:
    rows, pieces, left = allocate(ROWS, Decimal(3_000), Day(2024, 2, 2))
    assert left == 3_000 - 1_045 - 1_030
    assert {piece.number for piece in pieces if piece.late} == {1}
    assert {piece.number for piece in pieces if piece.early} == {2}
    assert all(row.outstanding == 0 for row in rows)
    with pytest.raises(ValueError, match="more than nothing"):
        allocate(ROWS, Decimal(0), Day(2024, 2, 2))


def test_arrears_and_write_off() -> None:
    assert arrears(ROWS, Day(2024, 2, 1)) == (Decimal(0), 0)
    assert arrears(ROWS, Day(2024, 3, 2)) == (Decimal(2_075), 30)
    rows = allocate(ROWS, Decimal(45), Day(2024, 2, 1))[0]
    assert write_off(rows) == {Part.PENALTY: 0, Part.FEE: 0, Part.INTEREST: 30, Part.PRINCIPAL: 2_000}


@given(st.lists(st.integers(1, 900), max_size=6), st.booleans())
def test_no_cent_is_lost(amounts: list[int], by_part: bool) -> None:
    rows = list(ROWS)
    surplus = Decimal(0)
    for amount in amounts:
        before = sum(row.outstanding for row in rows)
        rows, pieces, left = allocate(rows, Decimal(amount), Day(2024, 2, 15), Order(by_part=by_part))
        assert sum(piece.amount for piece in pieces) + left == amount
        assert sum(row.outstanding for row in rows) == before - amount + left
        surplus += left
    assert all(row.open(part) >= 0 for row in rows for part in Part)


def test_paying_on_time_is_the_schedule() -> None:
    rows = schedule(TERMS)
    position = recalculate(TERMS, [Repayment(row.due, row.total) for row in rows], DUE[-1])
    assert [(r.principal, r.interest) for r in position.rows] == [(r.principal, r.interest) for r in rows]
    assert position.surplus == 0
    assert all(row.outstanding == 0 for row in position.rows)


@pytest.mark.parametrize("prepayment", Prepayment)
def test_prepaying_saves_interest(prepayment: Prepayment) -> None:
    first = schedule(TERMS)[0].total
    position = recalculate(TERMS, [Repayment(DUE[0], first + 2_000)], DUE[0], prepayment)
    assert sum(row.principal for row in position.rows) == 6_000
    assert sum(row.interest for row in position.rows) < sum(row.interest for row in schedule(TERMS))
    assert (len(position.rows) < 6) == (prepayment is Prepayment.REDUCE_COUNT)
    assert (position.rows[1].total_due < first) == (prepayment is not Prepayment.REDUCE_COUNT)


def test_being_late_costs_interest_on_what_is_overdue() -> None:
    late = recalculate(TERMS, [], Day(2024, 2, 21))
    twenty_days = schedule(TERMS)[0].principal * Decimal("0.12") * 20 / 365
    assert late.rows[1].interest == round(schedule(TERMS)[1].interest + twenty_days, 2)


def test_the_amount_that_ends_a_loan() -> None:
    on = Day(2024, 1, 21)
    end = payoff(TERMS, [], on)
    assert end == {"principal": 6_000, "interest": Decimal("39.45"), "total": Decimal("6039.45")}
    assert payoff(TERMS, [], TERMS.start)["total"] == 6_000
    after = payoff(TERMS, [Repayment(on, Decimal(1_000))], on)
    assert after["principal"] == 5_000
    assert after["interest"] == Decimal("39.45")


@pytest.mark.parametrize("day_count", DayCount)
@pytest.mark.parametrize("stretches", [False, True])
def test_looking_at_a_loan_changes_nothing_of_it(day_count: DayCount, stretches: bool) -> None:
    """By some conventions the days until the 31st and those from it are more than both together."""
    terms = replace(TERMS, start=Day(2023, 12, 15), day_count=day_count, round_stretches=stretches)
    plan = schedule(terms)
    days = [terms.start + datetime.timedelta(days=number) for number in range(120)]
    made = [Repayment(row.due, row.total) for row in plan if row.due <= days[-1]]
    accrued = interest_until(terms, made, days)
    assert accrued == sorted(accrued)
    for day, until in zip(days, accrued, strict=True):
        paid = [item for item in made if item.on <= day]
        assert [row.interest for row in recalculate(terms, paid, day).rows] == [row.interest for row in plan]
        interest = sum((row.interest for row in plan if row.due <= day), Decimal(0))
        assert payoff(terms, paid, day)["interest"] == until - interest >= 0


def test_too_much_is_a_surplus() -> None:
    position = recalculate(TERMS, [Repayment(Day(2024, 1, 10), Decimal(7_000))], Day(2024, 1, 10))
    assert position.rows[0].principal == 6_000
    assert position.surplus == 1_000
    assert len(position.rows) == 1


@given(
    st.lists(st.tuples(st.integers(0, 220), st.integers(1, 2_000)), max_size=8),
    st.integers(220, 400),
    st.sampled_from(Prepayment),
    st.sampled_from(Amortisation),
    st.booleans(),
)
@settings(deadline=None)
def test_any_repayments_keep_the_books(
    payments: list[tuple[int, int]], days: int, prepayment: Prepayment, amortisation: Amortisation, stretches: bool
) -> None:
    terms = replace(TERMS, amortisation=amortisation, percentage=Decimal("0.1"), round_stretches=stretches)
    made = [Repayment(terms.start + datetime.timedelta(days=at), Decimal(amount)) for at, amount in payments]
    position = recalculate(terms, made, terms.start + datetime.timedelta(days=days), prepayment)
    assert sum(row.principal for row in position.rows) == 6_000
    assert position.rows[-1].balance == 0
    assert all(row.principal >= 0 and row.interest >= 0 and row.outstanding >= 0 for row in position.rows)
    paid = sum((row.paid_principal + row.paid_interest for row in position.rows), Decimal(0))
    assert paid + position.surplus == sum((item.amount for item in made), Decimal(0))


def test_what_cannot_be_recalculated() -> None:
    with pytest.raises(ValueError, match="flat interest"):
        recalculate(replace(TERMS, interest=Interest.FLAT), [], Day(2024, 2, 1))
    with pytest.raises(ValueError, match="knows no"):
        recalculate(replace(TERMS, interest_grace=1), [], Day(2024, 2, 1))
    with pytest.raises(ValueError, match="between the loan's start"):
        recalculate(TERMS, [Repayment(Day(2024, 3, 1), Decimal(1))], Day(2024, 2, 1))
    with pytest.raises(ValueError, match="more than nothing"):
        recalculate(TERMS, [Repayment(Day(2024, 1, 5), Decimal(0))], Day(2024, 2, 1))
    assert recalculate(replace(TERMS, accrual=Accrual.PERIOD), [], TERMS.start).rows[0].interest == 60


def instalments(*amounts: int) -> list[Owed]:
    return [Owed(n, Day(2024, n, 1), {Part.PRINCIPAL: Decimal(amount)}) for n, amount in enumerate(amounts, 1)]


def paid_by(ahead: Ahead, amount: str, *amounts: int) -> list[str]:
    rows, _, left = allocate(instalments(*amounts), Decimal(amount), Day(2023, 12, 1), Order(ahead=ahead))
    assert left + sum(row.paid.get(Part.PRINCIPAL, Decimal(0)) for row in rows) == Decimal(amount)
    return [str(row.paid.get(Part.PRINCIPAL, 0)) for row in rows]


def test_which_instalments_take_what_is_early() -> None:
    assert paid_by(Ahead.NEXT, "150", 100, 100, 100) == ["100", "50", "0"]
    assert paid_by(Ahead.LAST, "150", 100, 100, 100) == ["0", "50", "100"]
    assert paid_by(Ahead.ALL, "100", 100, 100, 100) == ["33.33", "33.33", "33.34"]
    # a small one takes what it can, the others share the rest
    assert paid_by(Ahead.ALL, "150", 20, 100, 100) == ["20", "65.00", "65.00"]
    assert paid_by(Ahead.ALL, "0.01", 100, 100, 100) == ["0", "0", "0.01"]
    assert paid_by(Ahead.ALL, "500", 100, 100) == ["100", "100"]


def test_an_account_begins_with_a_plan() -> None:
    with pytest.raises(ValueError, match="begins with a plan"):
        serve([])
    with pytest.raises(ValueError, match="begins with a plan"):
        serve([Paid(Day(2024, 1, 1), Decimal(1)), Plan(Day(2024, 1, 2), instalments(100))])


def test_what_is_entered_late_is_replayed() -> None:
    """The same account, whatever the order in which its events were entered."""
    plan = Plan(Day(2023, 12, 1), instalments(100, 100))
    fee = Charge(Day(2024, 1, 1), Part.FEE, Decimal(10), known=Day(2023, 12, 20))
    soon, late = Paid(Day(2023, 12, 28), Decimal(60)), Paid(Day(2024, 1, 15), Decimal(70))
    account = serve([plan, fee, soon, late])
    assert account == serve([late, soon, fee, plan])
    first, second = account.lines
    assert [first.paid, first.early, first.late] == [110, 60, 50]
    assert [second.paid, second.early, second.owed.outstanding] == [20, 20, 80]


def test_what_was_paid_too_much_pays_what_is_owed_later() -> None:
    plan, more = Plan(Day(2023, 12, 1), instalments(100)), Plan(Day(2024, 1, 10), instalments(100, 50))
    much = Paid(Day(2024, 1, 1), Decimal(130))
    assert serve([plan, much]).surplus == 30
    after = serve([plan, much, more])
    assert [after.surplus, after.lines[1].paid] == [0, 30]
    fees = [Charge(Day(2024, 3, n), Part.PENALTY, Decimal(5)) for n in (1, 9)]
    last = serve([plan, much, *fees]).lines[1]
    assert last.owed.due == Day(2024, 3, 9)
    assert [last.paid, last.owed.outstanding] == [10, 0]


def test_money_that_goes_back() -> None:
    plan, much = Plan(Day(2023, 12, 1), instalments(100, 100)), Paid(Day(2024, 1, 1), Decimal(250))
    # of what was paid too much, when that is enough
    assert serve([plan, much, Returned(Day(2024, 1, 5), Decimal(50))]).surplus == 0
    more = serve([plan, much, Returned(Day(2024, 1, 5), Decimal(80))])
    assert [more.surplus, more.lines[1].owed.outstanding, more.lines[1].owed.parts[Part.PRINCIPAL]] == [0, 30, 180]
    late = serve([plan, much, Returned(Day(2024, 5, 5), Decimal(80))]).lines[2]
    assert (late.owed.due, late.owed.outstanding) == (Day(2024, 5, 5), Decimal(30))


def test_what_is_overdue_is_spread_or_owed_anew() -> None:
    plan, part = Plan(Day(2023, 12, 1), instalments(100, 100, 100)), Paid(Day(2024, 1, 1), Decimal(40))
    on = Day(2024, 1, 20)
    spread = serve([plan, part, Reamortised(on, Decimal(1))])
    assert [line.owed.parts[Part.PRINCIPAL] for line in spread.lines] == [40, 130, 130]
    # there is nothing to spread it over any more
    assert serve([plan, part, Reamortised(Day(2024, 6, 1))]) == serve([plan, part])
    anew = serve([plan, part, Reaged(on, (Day(2024, 4, 1), Day(2024, 5, 1), Day(2024, 6, 1)))])
    assert [line.owed.parts[Part.PRINCIPAL] for line in anew.lines] == [
        40,
        Decimal("86.67"),
        Decimal("86.67"),
        Decimal("86.66"),
    ]
    assert [line.owed.number for line in anew.lines] == [1, 2, 3, 4]


@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=6),
    st.lists(
        st.tuples(
            st.sampled_from(["pay", "fee", "back", "reamortise", "reage"]), st.integers(0, 400), st.integers(1, 500)
        ),
        max_size=12,
    ),
    st.sampled_from(Ahead),
)
@settings(max_examples=150, deadline=None)
def test_no_cent_of_an_account_is_lost(amounts: list[int], happened: list[tuple[str, int, int]], ahead: Ahead) -> None:
    events: list[Event] = [Plan(Day(2023, 12, 1), instalments(*amounts))]
    for kind, after, amount in happened:
        on, money = Day(2023, 12, 1) + datetime.timedelta(days=after), Decimal(amount) / 4
        if kind == "pay":
            events.append(Paid(on, money, Order(ahead=ahead)))
        elif kind == "fee":
            events.append(Charge(on, Part.FEE, money))
        elif kind == "back":
            events.append(Returned(on, money))
        elif kind == "reamortise":
            events.append(Reamortised(on))
        else:
            events.append(Reaged(on, (on + datetime.timedelta(days=9), on + datetime.timedelta(days=30))))
    account = serve(events)
    paid = sum(event.amount for event in events if isinstance(event, Paid))
    back = sum(event.amount for event in events if isinstance(event, Returned))
    fees = sum(event.amount for event in events if isinstance(event, Charge))
    open_ = sum(line.owed.outstanding for line in account.lines)
    assert sum(amounts) + fees + back - paid == open_ - account.surplus
    assert all(line.owed.open(part) >= 0 for line in account.lines for part in Part)
    assert all(line.early + line.late <= line.paid for line in account.lines)
    assert [line.owed.number for line in account.lines] == list(range(1, len(account.lines) + 1))


def test_interest_that_is_looked_at_on_due_days() -> None:
    """What is paid between them changes no interest; what is overdue on one makes all that is owed bear it."""
    planned = [row.interest for row in recalculate(TERMS, [], TERMS.start).rows]

    def interests(as_of: Day, *repayments: tuple[Day, str]) -> list[Decimal]:
        items = [Repayment(on, Decimal(amount)) for on, amount in repayments]
        position = recalculate(TERMS, items, as_of, rest=Rest.DUE_DAYS)
        assert sum(row.principal for row in position.rows) == TERMS.principal
        paid = sum(row.paid_principal + row.paid_interest for row in position.rows)
        assert paid + position.surplus == sum(item.amount for item in items)
        return [row.interest for row in position.rows]

    assert interests(TERMS.start) == planned
    assert interests(Day(2024, 1, 20), (Day(2024, 1, 20), "500")) == planned
    late = interests(Day(2024, 4, 1))
    # the first is overdue on the second's day, and not before
    assert late[:2] == planned[:2]
    assert late[2] == Decimal("61.15")  # 6,000 for the 31 days of March
    assert late[2] > planned[2]
    assert (
        recalculate(TERMS, [Repayment(Day(2024, 8, 1), Decimal(9_000))], Day(2024, 8, 1), rest=Rest.DUE_DAYS).surplus
        > 0
    )
