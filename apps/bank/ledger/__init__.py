"""The bank's ledger: double entry, one writer per shard, provable. Start with `Ledger.open`; docs/ledger.md."""

from bank.ledger.accounts import Change
from bank.ledger.interfaces import (
    Account,
    AccountFlag,
    Balances,
    Fenced,
    Flag,
    LedgerError,
    Line,
    NewAccount,
    Outcome,
    Page,
    Posted,
    Transfer,
    new_id,
    new_transfer_id,
)
from bank.ledger.ledger import Ledger

__all__ = [
    "Account",
    "AccountFlag",
    "Balances",
    "Change",
    "Fenced",
    "Flag",
    "Ledger",
    "LedgerError",
    "Line",
    "NewAccount",
    "Outcome",
    "Page",
    "Posted",
    "Transfer",
    "new_id",
    "new_transfer_id",
]
