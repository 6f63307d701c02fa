"""The bytes that the tree's leaves are made of, and the check of a transfer that needs nothing but itself.

An entry of the tree is, big-endian, kind 1 for a transfer:

    1 | seq u64 | at i64 | amount i64 | released i64 | id 16 | debit 16 | credit 16 | ledger u32 | code u32 |
    flags u16 | timeout_s u32 | pending_id 16 | data 16 | reference, UTF-8

and kind 2 for a note (an account opened or changed, a day closed, a document, a key):

    2 | seq u64 | at i64 | kind, UTF-8 | 0 | key, UTF-8 | 0 | body, UTF-8

`seq` is the leaf's index, `at` is in microseconds since 1970 (UTC). What is absent is zeros. Balances are in no entry,
so that a receipt tells nobody what the other side has: they follow from the entries.
"""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Sequence
from struct import Struct
from typing import NamedTuple

import msgspec

from bank.ledger.interfaces import MOST, MOST_NUMBER, REFERENCE, Flag, Outcome, Transfer

_HEAD = Struct(">BQqqq")
_BODY = Struct(">16s16s16sIIHI16s16s")
_NOTE = Struct(">BQq")
#: bytes of an id
ID = 16
#: Ids of transfers that begin so are the ledger's own, of entries that end what has expired: nobody takes one before it
#: is needed. They are small, since large ones would seem to come from the future (`known`).
EXPIRY = bytes(4)
_FIRST_ID = b"\x00\x00\x00\x01" + bytes(ID - len(EXPIRY))
_new = tuple.__new__

transfer_head = _HEAD.pack
transfer_body = _BODY.pack

_RESOLVES = int(Flag.POST | Flag.VOID)
_KINDS = int(Flag.PENDING | Flag.POST | Flag.VOID)
_PENDING, _CLOSING = int(Flag.PENDING), int(Flag.CLOSING)
_KNOWN = int(Flag.LINKED | Flag.PENDING | Flag.POST | Flag.VOID | Flag.CLOSING)


class Prepared(NamedTuple):
    """A transfer that was looked at by itself. `fault`: what is wrong with it whatever the ledger holds.

    `body` is its part of the leaf's entry; empty with POST and VOID, whose accounts are not known yet.
    """

    transfer: Transfer
    flags: int
    id: bytes
    debit: bytes
    credit: bytes
    pending_id: bytes
    data: bytes
    body: bytes
    fault: Outcome | None


def prepare(transfers: Sequence[Transfer]) -> list[Prepared]:
    """What is asked for, checked for form."""
    return [_prepare(transfer) for transfer in transfers]


def _prepare(transfer: Transfer) -> Prepared:
    flags, pending_id, data = transfer.flags, b"", b""
    try:
        id_, debit, credit = unhexlify(transfer.id), unhexlify(transfer.debit), unhexlify(transfer.credit)
        if transfer.pending_id:
            pending_id = unhexlify(transfer.pending_id)
        if transfer.data:
            data = unhexlify(transfer.data)
    except ValueError:
        return Prepared(transfer, int(flags), b"", b"", b"", b"", b"", b"", Outcome.ID_MUST_BE_VALID)
    if flags:
        flags = int(flags)
    fault = _fault(transfer, flags, id_, debit, credit, pending_id, data)
    body = b""
    if fault is None and not flags & _RESOLVES:
        body = transfer_body(
            id_, debit, credit, transfer.ledger, transfer.code, flags, transfer.timeout_s, pending_id, data
        )
        if reference := transfer.reference:
            body += reference.encode()
    # what a NamedTuple's own constructor does, in a third of the time
    return _new(Prepared, (transfer, flags, id_, debit, credit, pending_id, data, body, fault))


def _fault(
    transfer: Transfer, flags: int, id_: bytes, debit: bytes, credit: bytes, pending_id: bytes, data: bytes
) -> Outcome | None:
    if len(id_) != ID or id_ < _FIRST_ID:
        return Outcome.ID_MUST_BE_VALID
    if data and len(data) != ID:
        return Outcome.DATA_MUST_BE_VALID
    amount, ledger, code, timeout = transfer.amount, transfer.ledger, transfer.code, transfer.timeout_s
    # bool and float are no amounts
    if type(amount) is not int or not 0 <= amount <= MOST:
        return Outcome.AMOUNT_MUST_BE_VALID
    if type(ledger) is not int or not 0 <= ledger <= MOST_NUMBER:
        return Outcome.LEDGER_MUST_NOT_BE_ZERO
    if type(code) is not int or not 0 <= code <= MOST_NUMBER:
        return Outcome.CODE_MUST_NOT_BE_ZERO
    if type(timeout) is not int or not 0 <= timeout <= MOST_NUMBER or (timeout and not flags & _PENDING):
        return Outcome.TIMEOUT_RESERVED_FOR_PENDING_TRANSFER
    if transfer.reference and not is_text(transfer.reference):
        return Outcome.REFERENCE_MUST_BE_VALID
    if flags:
        if flags & ~_KNOWN:
            return Outcome.RESERVED_FLAG
        kind = flags & _KINDS
        if kind & (kind - 1):
            return Outcome.FLAGS_ARE_MUTUALLY_EXCLUSIVE
        if kind & _RESOLVES:
            if flags & _CLOSING:
                return Outcome.CLOSING_TRANSFER_MUST_NOT_RESOLVE
            if len(pending_id) != ID or pending_id == id_:
                return Outcome.PENDING_ID_MUST_BE_VALID
            return None
    if pending_id:
        return Outcome.PENDING_ID_MUST_BE_ZERO
    if not amount and not flags & _CLOSING:
        return Outcome.AMOUNT_MUST_BE_VALID
    if not ledger:
        return Outcome.LEDGER_MUST_NOT_BE_ZERO
    if not code:
        return Outcome.CODE_MUST_NOT_BE_ZERO
    if debit == credit:
        return Outcome.ACCOUNTS_MUST_BE_DIFFERENT
    if len(debit) != ID:
        return Outcome.DEBIT_ACCOUNT_NOT_FOUND
    if len(credit) != ID:
        return Outcome.CREDIT_ACCOUNT_NOT_FOUND
    return None


def is_text(text: str) -> bool:
    """Whether every store keeps it as it is: printable, short, no halves of characters."""
    return len(text) <= REFERENCE and text.isprintable()


def note_body(value: object) -> str:
    """What a note says, as JSON with one spelling."""
    return msgspec.json.encode(value, order="sorted").decode()


def note_entry(seq: int, at: int, kind: str, key: str, body: str) -> bytes:
    """The bytes of a note's leaf."""
    return _NOTE.pack(2, seq, at) + kind.encode() + b"\x00" + key.encode() + b"\x00" + body.encode()


def transfer_entry(seq: int, at: int, amount: int, released: int, transfer: Transfer) -> bytes:
    """The bytes of a transfer's leaf. ValueError for ids that are none, struct.error for numbers out of range."""
    ids = [bytes.fromhex(text) for text in (transfer.id, transfer.debit, transfer.credit)]
    pending_id, data = bytes.fromhex(transfer.pending_id), bytes.fromhex(transfer.data)
    if any(len(id_) != ID for id_ in ids) or any(len(id_) not in (0, ID) for id_ in (pending_id, data)):
        raise ValueError("An id has 32 hexadecimal digits.")
    body = transfer_body(*ids, transfer.ledger, transfer.code, transfer.flags, transfer.timeout_s, pending_id, data)
    return transfer_head(1, seq, at, amount, released) + body + transfer.reference.encode()
