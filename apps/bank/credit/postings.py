"""What a loan's life does in the ledger, as values: which accounts are debited and credited. Pure; a ledger does it.

Accounts are named by their role; `transfers` puts ids in their places and links all legs, so that they happen together.

| event | debit → credit |
|---|---|
| disbursement | principal → deposit |
| accrual of interest | interest receivable → interest income |
| repayment | deposit → fee income, interest receivable, principal |
| arrears | overdue principal → principal |
| write-off | allowance → principal, interest income → interest receivable (interest that never came is no income) |
| recovery after a write-off | deposit → recoveries |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum, StrEnum

from msgspec import Struct

from bank.ledger.interfaces import Flag, Transfer
from bank.loans.allocation import Part


class Role(StrEnum):
    """Accounts of a loan. The customer's deposit is a liability of the bank, the principal an asset."""

    DEPOSIT = "deposit"
    PRINCIPAL = "principal"
    OVERDUE_PRINCIPAL = "overdue principal"
    INTEREST_RECEIVABLE = "interest receivable"
    INTEREST_INCOME = "interest income"
    FEE_INCOME = "fee income"
    ALLOWANCE = "allowance for losses"
    RECOVERIES = "recoveries"


class Code(IntEnum):
    """Why money moves."""

    DISBURSEMENT = 410
    ACCRUAL = 411
    REPAY_PRINCIPAL = 412
    REPAY_INTEREST = 413
    REPAY_FEE = 414
    BECOMES_OVERDUE = 415
    WRITE_OFF = 416
    REVERSE_INTEREST = 417
    RECOVERY = 418


class Leg(Struct, frozen=True):
    """One movement: minor units, from debit to credit."""

    debit: Role
    credit: Role
    amount: int
    code: Code


def disbursement(amount: int) -> list[Leg]:
    """The money is lent."""
    return _legs((Role.PRINCIPAL, Role.DEPOSIT, amount, Code.DISBURSEMENT))


def accrual(interest: int) -> list[Leg]:
    """Interest has been earned."""
    return _legs((Role.INTEREST_RECEIVABLE, Role.INTEREST_INCOME, interest, Code.ACCRUAL))


def repayment(parts: Mapping[Part, int], overdue_principal: int = 0) -> list[Leg]:
    """A repayment or prepayment, by what it pays; `overdue_principal` of the principal had become overdue.

    Raises ValueError when that is more than the principal.
    """
    principal = parts.get(Part.PRINCIPAL, 0)
    if not 0 <= overdue_principal <= principal:
        raise ValueError("no more principal can have been overdue than is repaid")
    fees = parts.get(Part.PENALTY, 0) + parts.get(Part.FEE, 0)
    return _legs(
        (Role.DEPOSIT, Role.FEE_INCOME, fees, Code.REPAY_FEE),
        (Role.DEPOSIT, Role.INTEREST_RECEIVABLE, parts.get(Part.INTEREST, 0), Code.REPAY_INTEREST),
        (Role.DEPOSIT, Role.OVERDUE_PRINCIPAL, overdue_principal, Code.REPAY_PRINCIPAL),
        (Role.DEPOSIT, Role.PRINCIPAL, principal - overdue_principal, Code.REPAY_PRINCIPAL),
    )


def arrears(principal: int) -> list[Leg]:
    """An instalment's principal was not paid on its day."""
    return _legs((Role.OVERDUE_PRINCIPAL, Role.PRINCIPAL, principal, Code.BECOMES_OVERDUE))


def write_off(principal: int, overdue_principal: int, interest: int) -> list[Leg]:
    """The loan is given up; `principal` is what is not overdue of it."""
    return _legs(
        (Role.ALLOWANCE, Role.PRINCIPAL, principal, Code.WRITE_OFF),
        (Role.ALLOWANCE, Role.OVERDUE_PRINCIPAL, overdue_principal, Code.WRITE_OFF),
        (Role.INTEREST_INCOME, Role.INTEREST_RECEIVABLE, interest, Code.REVERSE_INTEREST),
    )


def recovery(amount: int) -> list[Leg]:
    """Something comes in after all."""
    return _legs((Role.DEPOSIT, Role.RECOVERIES, amount, Code.RECOVERY))


def transfers(
    legs: list[Leg], accounts: Mapping[Role, str], make_id: Callable[[], str], ledger: int, reference: str = ""
) -> list[Transfer]:
    """Legs as linked transfers of one ledger. Raises KeyError for a role without an account."""
    last = len(legs) - 1
    return [
        Transfer(
            id=make_id(),
            debit=accounts[leg.debit],
            credit=accounts[leg.credit],
            amount=leg.amount,
            ledger=ledger,
            code=leg.code.value,
            flags=int(Flag.LINKED) if index < last else 0,
            reference=reference,
        )
        for index, leg in enumerate(legs)
    ]


def _legs(*movements: tuple[Role, Role, int, Code]) -> list[Leg]:
    if any(amount < 0 for _, _, amount, _ in movements):
        raise ValueError("money moves the other way by the opposite movement, not by less than nothing")
    return [Leg(debit, credit, amount, code) for debit, credit, amount, code in movements if amount]
