"""Receipts: that an entry is in the bank's journal, provable to anybody without asking the bank.

A receipt is JSON: the entry, its index, the hashes beside its way to the root (RFC 6962), and a signed head. It has one
spelling, so that a single changed byte is found even where it would change no meaning.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bank.ledger.canonical import note_entry, transfer_entry
from bank.ledger.heads import HeadError, SignedHead, open_head
from bank.ledger.interfaces import Posted
from bank.ledger.merkle import leaf_hash, verify_inclusion

FORMAT = "eden-ledger-receipt-1"
#: largest receipt that is read; one is below 3 kB
MOST_BYTES = 64 * 1024


class Note(msgspec.Struct, frozen=True):
    """An entry that moves no money: an account opened, a document, a day closed. `body` is JSON."""

    seq: int
    at: int
    kind: str
    key: str
    body: str


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """`path`: hashes in hex. One of `transfer` and `note` is there."""

    format: str
    path: list[str]
    head: str
    transfer: Posted | None = None
    note: Note | None = None

    def encoded(self) -> bytes:
        """The one spelling."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


class Verified(msgspec.Struct, frozen=True):
    """What a receipt proves."""

    entry: Posted | Note
    head: SignedHead


class ReceiptError(ValueError):
    """What is wrong with a receipt, as a sentence."""


def verify(data: bytes, keys: Sequence[str]) -> Verified:
    """What a receipt proves, by the ledger's public keys. Needs nothing else. Raises ReceiptError."""
    try:
        if len(data) > MOST_BYTES:
            raise ReceiptError("This is too long for a receipt.")
        receipt = msgspec.json.decode(data, type=Receipt, strict=True)
        if receipt.format != FORMAT or (receipt.transfer is None) == (receipt.note is None):
            raise ReceiptError("This is not a receipt of a format that is known here.")
        entry, seq, leaf = _leaf(receipt)
        path = [bytes.fromhex(text) for text in receipt.path]
        if receipt.encoded() != data or [hash_.hex() for hash_ in path] != receipt.path:
            raise ReceiptError("The receipt is not written as the bank writes it: something in it was changed.")
        head = open_head(receipt.head, keys)
    except HeadError as error:
        raise ReceiptError(str(error)) from error
    except ReceiptError:
        raise
    except Exception as error:
        # anything may stand in a file that somebody calls a receipt
        raise ReceiptError("This is not a receipt: it cannot be read.") from error
    if not verify_inclusion(leaf, seq, head.size, path, bytes.fromhex(head.root)):
        raise ReceiptError("The entry is not in the journal that the bank signed: something in it was changed.")
    return Verified(entry, head)


def _leaf(receipt: Receipt) -> tuple[Posted | Note, int, bytes]:
    if (posted := receipt.transfer) is not None:
        transfer = posted.transfer
        ids = (transfer.id, transfer.debit, transfer.credit, transfer.pending_id, transfer.data)
        if any(text != text.lower() for text in ids):
            raise ReceiptError("The receipt's ids are not written as the bank writes them.")
        if posted.voucher:
            raise ReceiptError("A receipt has no voucher number: something was added to it.")
        entry = transfer_entry(posted.seq, posted.at, transfer.amount, posted.released, transfer)
        return posted, posted.seq, leaf_hash(entry)
    note = receipt.note
    assert note is not None
    return note, note.seq, leaf_hash(note_entry(note.seq, note.at, note.kind, note.key, note.body))
