"""After the loan was made: signals, classes, and what moves in the ledger."""

from __future__ import annotations

from itertools import count

import msgspec
import pytest

from bank.credit.bureau import CashFlow, Line, Report
from bank.credit.monitoring import SIGNALS, Seen, bucket, look
from bank.credit.postings import (
    Leg,
    Role,
    accrual,
    arrears,
    disbursement,
    recovery,
    repayment,
    transfers,
    write_off,
)
from bank.ledger.interfaces import Flag
from bank.loans.allocation import Part

THEN = Seen(CashFlow((10_000,) * 12, 40, 20), Report((), (), 0))


def now(**changes: object) -> Seen:
    return msgspec.structs.replace(THEN, **changes)


def test_calm() -> None:
    assert look(THEN, THEN).signals == ()
    assert look(THEN, THEN).level == "calm"


@pytest.mark.parametrize(
    ("seen", "signal", "level"),
    [
        (now(days_overdue=3), "overdue", "watch"),
        (now(days_overdue=31), "overdue-30", "act"),
        (now(cash_flow=CashFlow((6_500,) * 3 + (10_000,) * 9, 43, 23)), "turnover-falling", "calm"),
        (now(cash_flow=CashFlow((4_000,) * 3 + (10_000,) * 9, 43, 23)), "turnover-collapsed", "watch"),
        (now(cash_flow=CashFlow((0, 0) + (16_000,) * 10, 43, 23)), "no-turnover", "watch"),
        (now(report=Report((Line("card", 1, 0, 0, (9,) + (0,) * 11),), (), 0)), "other-lender-late", "watch"),
        (now(report=Report((), (), 0, is_in_default=True)), "in-default", "act"),
        (now(report=Report((), (1, 2, 3), 0)), "many-enquiries", "calm"),
        (now(report=Report((Line("business", 9, 9, 2_000, ()),), (), 0)), "debts-growing", "watch"),
        (now(report=Report((), (), 1)), "related-default", "watch"),
    ],
)
def test_signals(seen: Seen, signal: str, level: str) -> None:
    alert = look(THEN, seen)
    assert signal in alert.signals
    assert alert.level == level or len(alert.signals) > 1
    assert set(alert.signals) <= set(SIGNALS)


def test_signals_add_up() -> None:
    alert = look(THEN, now(days_overdue=40, cash_flow=CashFlow((0,) * 12, 50, 30)))
    assert alert.signals[0] == "overdue-30"
    assert (alert.level, alert.weight) == ("act", 100)


def test_classes() -> None:
    days = [0, 1, 90, 91, 270, 271, 360, 361]
    names = [
        "normal",
        "special mention",
        "special mention",
        "substandard",
        "substandard",
        "doubtful",
        "doubtful",
        "loss",
    ]
    assert [bucket(day) for day in days] == names


def net(legs: list[Leg]) -> dict[Role, int]:
    """Debits less credits."""
    total: dict[Role, int] = {}
    for leg in legs:
        total[leg.debit] = total.get(leg.debit, 0) + leg.amount
        total[leg.credit] = total.get(leg.credit, 0) - leg.amount
    return {role: amount for role, amount in total.items() if amount}


def test_a_loan_that_is_repaid_leaves_only_income() -> None:
    legs = disbursement(10_000) + accrual(120) + arrears(3_000)
    legs += repayment(
        {Part.PRINCIPAL: 10_000, Part.INTEREST: 120, Part.FEE: 5, Part.PENALTY: 2}, overdue_principal=3_000
    )
    assert net(legs) == {Role.DEPOSIT: 127, Role.INTEREST_INCOME: -120, Role.FEE_INCOME: -7}


def test_a_loan_that_is_written_off_is_a_loss_of_principal_only() -> None:
    legs = disbursement(10_000) + accrual(120) + arrears(4_000) + write_off(6_000, 4_000, 120) + recovery(500)
    assert net(legs) == {Role.DEPOSIT: -9_500, Role.ALLOWANCE: 10_000, Role.RECOVERIES: -500}


def test_nothing_moves_backwards() -> None:
    with pytest.raises(ValueError, match="opposite movement"):
        disbursement(-1)
    with pytest.raises(ValueError, match="no more principal"):
        repayment({Part.PRINCIPAL: 1}, overdue_principal=2)
    assert accrual(0) == []


def test_legs_become_linked_transfers() -> None:
    ids = count(1)
    accounts = {role: f"{index:032x}" for index, role in enumerate(Role, 1)}
    legs = repayment({Part.PRINCIPAL: 100, Part.INTEREST: 10, Part.FEE: 1})
    moved = transfers(legs, accounts, lambda: f"{next(ids):032x}", 156, "L20261120000001")
    assert [item.amount for item in moved] == [1, 10, 100]
    assert [item.flags for item in moved] == [Flag.LINKED, Flag.LINKED, 0]
    assert {item.debit for item in moved} == {accounts[Role.DEPOSIT]}
    assert {(item.ledger, item.reference) for item in moved} == {(156, "L20261120000001")}
    with pytest.raises(KeyError):
        transfers(legs, {}, lambda: "", 156)
