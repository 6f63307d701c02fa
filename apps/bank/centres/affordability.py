"""Whether a customer can carry a loan: rules over what the bank's own ledger knows of them. Pure; every verdict can be
computed again from the facts that are kept with it.

- Nobody borrows more than `CAP` from the bank.
- Instalments of all loans take at most `SHARE` percent of what comes in a month, on average; what is too much is
  reduced to what is not, as long as that is still a loan of the product.
- What is large, or of somebody the bank knows little of, is looked at by a person.
"""

from __future__ import annotations

from msgspec import Struct

#: cents; parameters of the bank's policy
CAP = 100_000_000
LARGE = 20_000_000
SHARE = 50
#: the bank has known the customer for so many days
KNOWN_DAYS = 180
#: a reduced amount is in whole thousands of yuan
STEP = 100_000

#: code → Chinese, English
REASONS = {
    "borrower-cap": ("超过单户贷款上限。", "It is above what one customer may borrow."),
    "income": ("近期收入不足以承担月供。", "The instalments are too large for the income of the last months."),
    "reduced": ("根据收入情况调整了金额。", "The amount was adjusted to your income."),
    "large": ("金额较大，需人工审核。", "It is a large amount: a person will look at it."),
    "unknown": ("开户时间较短，需人工审核。", "You have not been with us for long: a person will look at it."),
    "identity": ("身份信息尚未核验，需人工审核。", "Your identity is not confirmed yet: a person will look at it."),
    "officer": ("人工审核未通过。", "It was not approved after a review."),
}


class Facts(Struct, frozen=True):
    """Of one application, cents: `income` a month on average, `burden` the instalments of other loans, `owed` on
    them; `payment` is the instalment of what is wanted; `days` with the bank."""

    amount: int
    least: int
    payment: int
    income: int
    burden: int
    owed: int
    days: int
    is_identified: bool


class Verdict(Struct, frozen=True):
    """`outcome`: offered, referred, refused; `amount` is what is offered or would be."""

    outcome: str
    amount: int
    reasons: list[str]


def judge(facts: Facts) -> Verdict:
    """The verdict of the rules."""
    if facts.owed + facts.amount > CAP:
        return Verdict("refused", 0, ["borrower-cap"])
    carried = facts.income * SHARE // 100 - facts.burden
    amount = facts.amount
    if facts.payment > carried:
        # the instalment grows with the amount
        amount = facts.amount * max(0, carried) // facts.payment // STEP * STEP
        if amount < facts.least:
            return Verdict("refused", 0, ["income"])
    looked_at = [
        code
        for code, is_so in (
            ("large", amount > LARGE), ("unknown", facts.days < KNOWN_DAYS), ("identity", not facts.is_identified)
        )
        if is_so
    ]  # fmt: skip
    reduced = ["reduced"] if amount < facts.amount else []
    return Verdict("referred" if looked_at else "offered", amount, reduced + looked_at)
