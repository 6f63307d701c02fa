"""After the loan was made: signals."""

from __future__ import annotations

import msgspec
import pytest

from bank.credit.bureau import CashFlow, Line, Report
from bank.credit.monitoring import SIGNALS, Seen, look

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
