"""What an operator asks a ledger from the command line; each gives an exit code and prints for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bank.ledger.audit import audit
from bank.ledger.closing import TrialBalance
from bank.ledger.interfaces import Posted
from bank.ledger.ledger import Ledger
from bank.ledger.receipts import ReceiptError, verify


def verify_receipt(receipt: Path, keys: Path) -> int:
    """Print what a receipt proves, by the public keys in a file (one in each line). Needs no bank and no network."""
    try:
        proven = verify(receipt.read_bytes(), _keys(keys))
    except OSError as error:
        print(f"{error.filename} cannot be read: {error.strerror}.")
        return 2
    except ReceiptError as error:
        print(f"NOT VALID: {error}")
        return 1
    entry, head = proven.entry, proven.head
    if isinstance(entry, Posted):
        transfer = entry.transfer
        print(f"VALID: transfer {transfer.id}")
        print(f"  {transfer.amount} minor units of currency {transfer.ledger:03d}")
        print(f"  from {transfer.debit} to {transfer.credit} {transfer.reference}".rstrip())
    else:
        print(f"VALID: {entry.kind} {entry.key}\n  {entry.body}")
    print(f"  entry {entry.seq} of {head.size}; root {head.root}")
    return 0


def _keys(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line.strip()]


async def trial_balance(ledger: Ledger, at: int | None = None) -> int:
    """Print the trial balance now or at a time (microseconds); 1 when debits and credits differ."""
    balance = await ledger.trial_balance(at)
    print("\n".join(table(balance)))
    return 0 if balance.balanced else 1


def table(balance: TrialBalance) -> Sequence[str]:
    """A trial balance for people: one line for each account of the general ledger and currency."""
    rows = [("currency", "account", "name", "debits", "credits", "net")]
    for line in balance.lines:
        numbers = (str(line.debits), str(line.credits), str(line.debits - line.credits))
        rows.append((f"{line.ledger:03d}", line.account, line.name, *numbers))
    widths = [max(len(row[place]) for row in rows) for place in range(6)]
    lines = []
    for row in rows:
        texts = [text.ljust(width) for text, width in zip(row[:3], widths[:3], strict=True)]
        numbers_ = [text.rjust(width) for text, width in zip(row[3:], widths[3:], strict=True)]
        lines.append("  ".join(texts + numbers_))
    lines.append("balanced" if balance.balanced else "NOT BALANCED")
    return lines


async def audit_ledger(ledger: Ledger) -> int:
    """Compute everything once more from the entries and say what does not follow from them; 1 when something does not.

    The signed head is published first: what is found to be right now cannot be changed later.
    """
    await ledger.settle()
    head = await ledger.publish()
    findings, _ = await audit(ledger.store, ledger.public_keys(), day_starts=ledger.day_starts)
    print("\n".join(findings) or f"{head.size} entries are what was signed; root {head.root}")
    return 1 if findings else 0
