"""What an operator asks a ledger from the command line; each gives an exit code and prints for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bank.ledger.closing import TrialBalance
from bank.ledger.heads import HeadError, parse_verifier_key
from bank.ledger.interfaces import Posted
from bank.ledger.reading import reading
from bank.ledger.receipts import ReceiptError, verify
from bank.ledger.witness import Witness


def verify_receipt(receipt: Path, keys: Path) -> int:
    """Print what a receipt proves, by the public keys in a file (one in each line). Needs no bank and no network."""
    public = _keys(keys)
    if public is None:
        return 2
    try:
        proven = verify(receipt.read_bytes(), public)
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


def _keys(path: Path) -> list[str] | None:
    """The public keys in a file; null for one that has none, which is said."""
    try:
        keys = [line for line in path.read_text().splitlines() if line.strip()]
        for key in keys:
            parse_verifier_key(key)
    except OSError as error:
        print(f"{path} cannot be read: {error.strerror}.")
        return None
    except ValueError:
        print(f"{path} is no file of a ledger's public keys, one in each line.")
        return None
    return keys


async def print_trial_balance(url: str, at: int) -> int:
    """Print the trial balance of a ledger at a time (microseconds); 1 when debits and credits differ."""
    async with reading(url) as ledger:
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
        figures = [text.rjust(width) for text, width in zip(row[3:], widths[3:], strict=True)]
        lines.append("  ".join(texts + figures))
    lines.append("balanced" if balance.balanced else "NOT BALANCED")
    return lines


async def verify_ledger(url: str, keys: Path, witness: Path, *, day_starts: int = 0) -> int:
    """Compute everything once more from the entries and print what does not follow from them, and whether they still
    begin with what the witness has kept; 1 when something is wrong. `keys`: the file of the public ones."""
    public = _keys(keys)
    if public is None:
        return 2
    async with reading(url) as ledger:
        size, root = ledger.tree.size, ledger.tree.root()
        findings = await ledger.findings(public, day_starts=day_starts)
        try:
            kept = Witness(witness, lambda: public).last()
        except (HeadError, OSError) as error:
            kept = None
            findings.append(f"the witness's file {witness} cannot be read: {error}")
        else:
            if kept is not None and not await ledger.grows_from(kept):
                findings.append(
                    f"the journal does not grow from that of {kept.size} entries which the witness has kept"
                )
    if findings:
        print("NOT VALID:")
        print("\n".join(f"  {finding}" for finding in findings))
        return 1
    print(f"VALID: {size} entries are what follows from them and what was signed")
    print(f"  root {root.hex()}")
    print(f"  the witness has kept {kept.size} of them" if kept else "  no witness has kept anything yet")
    return 0
