"""The accounting centre: the chart of accounts, and how what happens is booked.

Each account of the ledger has a `code`: its account in the general ledger. Sub-accounts (a customer's deposit, a loan)
carry the code of their control account, so the trial balance is a sum over codes and cannot differ from the details
(`Ledger.trial_balance`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from enum import IntEnum

from msgspec import Struct

from bank.ledger.closing import ChartLine
from bank.ledger.interfaces import AccountFlag, Balances, NewAccount, Transfer
from bank.ledger.ledger import Ledger
from bank.settings import Settings
from eden.base.errors import EdenError
from eden.base.ids import now

#: ISO 4217: Chinese yuan
CNY = 156
#: the ledger's day begins at midnight of the bank's zone: 8 hours before that of UTC, µs
DAY_STARTS = 8 * 3_600_000_000


class Code(IntEnum):
    """Why money moves: the code of a transfer."""

    OPENING = 1
    SALARY = 2
    PURCHASE = 3
    SETTLEMENT = 4
    OWN = 10
    INSIDE = 11
    OUTSIDE = 12
    REVERSAL = 13
    RENT = 14
    DISBURSEMENT = 20
    REPAYMENT = 21
    PRINCIPAL = 22
    INTEREST = 23
    PENALTY = 24
    FEE = 25
    ACCRUAL = 26
    ALLOWANCE = 27
    WRITE_OFF = 28
    RECOVERY = 29
    CLAIM = 30


class GeneralAccount(Struct, frozen=True):
    """`debit`: it grows by debits (an asset or an expense)."""

    code: int
    name: str
    name_en: str
    debit: bool
    #: it has sub-accounts and is not booked itself
    is_control: bool = False

    @property
    def id(self) -> str:
        return general(self.code)


#: the chart, by code
CHART: dict[int, GeneralAccount] = {
    one.code: one
    for one in (
        GeneralAccount(1001, "存放中央银行款项", "Due from the central bank", True),
        GeneralAccount(1101, "银联收单清算", "Merchant acquiring clearing", True),
        GeneralAccount(1201, "经营贷款", "Business loans", True, True),
        GeneralAccount(1202, "消费贷款", "Consumer loans", True, True),
        GeneralAccount(1209, "贷款损失准备", "Allowance for loan losses", False, True),
        GeneralAccount(1301, "应收利息", "Interest receivable", True, True),
        GeneralAccount(2001, "活期存款", "Demand deposits", False, True),
        GeneralAccount(2002, "定期存款", "Term deposits", False, True),
        GeneralAccount(2003, "商户存款", "Merchant deposits", False, True),
        GeneralAccount(2101, "待清算他行汇款", "Payments to other banks in clearing", False),
        GeneralAccount(2201, "未决赔款准备金", "Claims reserve", False),
        GeneralAccount(2301, "待分配还款", "Repayments to be allocated", False),
        GeneralAccount(2302, "联合贷款合作方往来", "Settlement with partners of joint loans", False, True),
        GeneralAccount(2401, "应付利息", "Interest payable", False, True),
        GeneralAccount(3001, "实收资本", "Paid-up capital", False),
        GeneralAccount(4001, "利息收入", "Interest income", False),
        GeneralAccount(4002, "罚息收入", "Penalty interest income", False),
        GeneralAccount(4003, "手续费收入", "Fees and charges", False),
        GeneralAccount(4004, "已核销贷款收回", "Recoveries of loans written off", False),
        GeneralAccount(5001, "利息支出", "Interest expense", True),
        GeneralAccount(5101, "赔款支出", "Claims paid", True),
        GeneralAccount(5201, "贷款减值损失", "Impairment of loans", True),
        GeneralAccount(9001, "联合贷款合作方份额", "Joint loans: partners' shares", True, True),
        GeneralAccount(9002, "联合贷款合作方资金", "Joint loans: partners' money", False),
    )
}

CENTRAL_BANK, ACQUIRING, CLEARING, REPAYMENTS, CAPITAL = 1001, 1101, 2101, 2301, 3001
INTEREST_INCOME, PENALTY_INCOME, FEE_INCOME, RECOVERIES = 4001, 4002, 4003, 4004
INTEREST_EXPENSE, CLAIMS_PAID, IMPAIRMENT = 5001, 5101, 5201
#: control accounts of what belongs to a loan or a deposit beside itself
ALLOWANCE, RECEIVABLE, PAYABLE = 1209, 1301, 2401
#: of joint loans: what is between the bank and a partner, by partner; the partner's part of the principal, by loan
PARTNERS, MEMORANDUM, PARTNERS_MONEY = 2302, 9001, 9002
#: by the first digit of a code
_KINDS = {1: "asset", 2: "liability", 3: "equity", 4: "income", 5: "expense", 9: "memorandum"}


def general(code: int) -> str:
    """The ledger's id of an account of the chart that is booked itself."""
    return f"{code:030x}00"


def new_account(identifier: str, gl: int, reference: str = "") -> NewAccount:
    """A sub-account of a control account: a deposit cannot be overdrawn, a loan not be overpaid."""
    flag = AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS if CHART[gl].debit else AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS
    return NewAccount(identifier, CNY, gl, int(flag), reference=reference)


def sub_account(account: str, gl: int) -> str:
    """The ledger's id of an account that belongs to a loan or a deposit: its interest, its allowance."""
    return f"{hashlib.sha256(f'{gl} {account}'.encode()).hexdigest()[:30]}00"


def new_sub_account(account: str, gl: int, reference: str = "") -> NewAccount:
    """Such an account. What is written first and posted next may reach the ledger in another order: it has no guard."""
    return NewAccount(sub_account(account, gl), CNY, gl, reference=reference)


async def open_ledger(settings: Settings, clock: Callable[[], int] = now) -> Ledger:
    """The bank's ledger with the chart's accounts in it; `clock` gives µs."""
    ledger = await Ledger.open(settings.ledger_address, keys=settings.ledger_keys, clock=clock, day_starts=DAY_STARTS)
    await _found(ledger)
    return ledger


async def _found(ledger: Ledger) -> None:
    """The chart and its accounts in the ledger, where they are not yet."""
    lines = [
        ChartLine(one.code, str(one.code), _KINDS[one.code // 1000], one.name_en, one.name) for one in CHART.values()
    ]
    await ledger.set_chart(lines)
    await open_accounts(ledger, [NewAccount(one.id, CNY, one.code) for one in CHART.values() if not one.is_control])


async def open_accounts(ledger: Ledger, new: Sequence[NewAccount]) -> None:
    """Open them; those that exist with the same body stay as they are. Raises EdenError "bank-account" otherwise."""
    for account, outcome in zip(new, await ledger.create_accounts(new), strict=True):
        if not outcome.done:
            raise EdenError("bank-account", f"The ledger does not open the account {account.id}: {outcome}.")


async def book(ledger: Ledger, transfers: Sequence[Transfer]) -> None:
    """Post what must succeed. Raises EdenError "bank-booking" with the first transfer that did not."""
    for transfer, outcome in zip(transfers, await ledger.post(transfers), strict=True):
        if not outcome.done:
            raise EdenError("bank-booking", f"The transfer {transfer.id} was not posted: {outcome}.")


async def balances(ledger: Ledger, ids: Sequence[str]) -> dict[str, Balances]:
    """Of those of the accounts that there are."""
    return {one.id: one.balances for one in await ledger.accounts(ids) if one is not None}


async def balance_after(ledger: Ledger, account: str, transfer: str) -> int:
    """What could be spent of a deposit once a transfer of it was there; cents. 0 when the ledger knows no such line."""
    (posted,) = await ledger.transfers([transfer])
    if posted is None:
        return 0
    page = await ledger.statement(account, before=posted.seq + 1, limit=1)
    return page.lines[0].after.available if page.lines else 0
