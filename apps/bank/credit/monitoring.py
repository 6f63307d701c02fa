"""After the money has been paid out: signals that a loan may go wrong, before it does. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from bank.credit.bureau import CashFlow, Report, features

#: signal → (weight, Chinese, English)
SIGNALS: Final[dict[str, tuple[int, str, str]]] = {
    "overdue-30": (60, "逾期超过 30 天。", "It is overdue by more than 30 days."),
    "overdue": (25, "有逾期。", "It is overdue."),
    "turnover-collapsed": (40, "流水较放款前下降过半。", "Turnover is less than half of what it was."),
    "turnover-falling": (15, "流水下降超过三成。", "Turnover has fallen by more than 30 %."),
    "no-turnover": (35, "近两个月没有流水。", "There has been no turnover for two months."),
    "other-lender-late": (30, "在其他机构出现新的逾期。", "Payments to other lenders have become late."),
    "in-default": (60, "在其他机构违约。", "There is a default at another lender."),
    "many-enquiries": (15, "放款后新增查询较多。", "There were many enquiries since."),
    "debts-growing": (20, "月供负担较放款时明显上升。", "Instalments take much more of the income than they did."),
    "related-default": (20, "关联人新增违约。", "Somebody close to the borrower has defaulted since."),
}
#: sums of weights from which a loan is watched, or an officer calls
WATCH: Final = 20
ACT: Final = 50
#: days overdue from which a loan is non-performing (Basel: 90), and written off by the bank's rule
NON_PERFORMING: Final = 90
WRITE_OFF: Final = 360


class Seen(Struct, frozen=True):
    """What is known at a moment: cash flow, the bureau's report, days overdue at this bank."""

    cash_flow: CashFlow
    report: Report
    days_overdue: int = 0


class Alert(Struct, frozen=True):
    """`level`: calm, watch, act; the signals, the weightiest first; their weights' sum, 100 at most."""

    level: str
    signals: tuple[str, ...]
    weight: int


def look(then: Seen, now: Seen) -> Alert:
    """The signals of a loan, compared with how things stood when it was decided."""
    before, after = features(then.cash_flow, then.report), features(now.cash_flow, now.report)
    recent = sum(now.cash_flow.inflows[:3])
    usual = before["income"] * 3
    found = {
        "overdue-30": now.days_overdue > 30,
        "overdue": 0 < now.days_overdue <= 30,
        "no-turnover": sum(now.cash_flow.inflows[:2]) == 0,
        "turnover-collapsed": recent * 2 < usual,
        "turnover-falling": recent * 10 < usual * 7 and recent * 2 >= usual,
        "other-lender-late": after["late_months"] > before["late_months"],
        "in-default": now.report.is_in_default and not then.report.is_in_default,
        "many-enquiries": after["enquiries"] - before["enquiries"] >= 3,
        "debts-growing": after["burden"] >= before["burden"] + 20,
        "related-default": after["related_defaults"] > before["related_defaults"],
    }
    signals = sorted((name for name, is_so in found.items() if is_so), key=lambda name: (-SIGNALS[name][0], name))
    weight = min(100, sum(SIGNALS[name][0] for name in signals))
    return Alert("act" if weight >= ACT else "watch" if weight >= WATCH else "calm", tuple(signals), weight)
