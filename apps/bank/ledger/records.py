"""What the book keeps in memory and hands to a store: states, rows, changes of one commit."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeAlias

from bank.ledger.canonical import note_entry, transfer_body, transfer_head
from bank.ledger.interfaces import Posted, Transfer

#: microseconds of a day
DAY = 86_400_000_000

#: A row of the journal, in the order of its columns (`schema.JOURNAL`):
#: seq, number, at, id, debit, credit, amount, ledger, code, flags, pending_id, timeout_s, reference, data, released,
#: four balances of the debit account after it, four of the credit account.
Row: TypeAlias = tuple[Any, ...]


class Resolution(IntEnum):
    """What became of a pending transfer."""

    OPEN = 0
    POSTED = 1
    VOIDED = 2
    EXPIRED = 3


@dataclass(slots=True)
class Head:
    """The end of a shard's journal: what comes next. `seq`: index in the tree, `number`: of transfers, without gaps.

    `at`: the earliest time that the next entry may have; `account`: the number of the next account. The table of
    balances has what follows from the entries before `flushed`, and for some accounts from later ones.
    """

    seq: int = 0
    number: int = 0
    at: int = 0
    account: int = 1
    flushed: int = 0


class AccountState:
    """An account in the book: what decisions need of it."""

    __slots__ = (
        "code", "credits_pending", "credits_posted", "day", "day_limit", "debits_pending", "debits_posted", "flags",
        "id", "ledger", "number", "spent", "transfer_limit", "watched",
    )  # fmt: skip

    def __init__(
        self,
        id_: bytes,
        number: int,
        ledger: int,
        code: int,
        flags: int,
        transfer_limit: int,
        day_limit: int,
        balances: tuple[int, int, int, int] = (0, 0, 0, 0),
        day: int = 0,
        spent: int = 0,
    ) -> None:
        self.id, self.number, self.ledger, self.code = id_, number, ledger, code
        self.transfer_limit, self.day_limit = transfer_limit, day_limit
        self.debits_posted, self.debits_pending, self.credits_posted, self.credits_pending = balances
        #: debits of a day, for the limit
        self.day, self.spent = day, spent
        self.flags = flags
        self.watched = bool(flags or transfer_limit or day_limit)

    def set_flags(self, flags: int) -> None:
        self.flags = flags
        self.watched = bool(flags or self.transfer_limit or self.day_limit)

    def spent_on(self, day: int) -> int:
        return self.spent if self.day == day else 0

    def spend(self, day: int, amount: int) -> None:
        self.spent = self.spent_on(day) + amount
        self.day = day

    def balances(self) -> tuple[int, int, int, int]:
        return self.debits_posted, self.debits_pending, self.credits_posted, self.credits_pending

    def state(self) -> tuple[int, ...]:
        """What a transfer may change."""
        return (*self.balances(), self.day, self.spent, self.flags)

    def restore(self, state: tuple[int, ...]) -> None:
        (
            self.debits_posted, self.debits_pending, self.credits_posted, self.credits_pending, self.day, self.spent,
            flags,
        ) = state  # fmt: skip
        self.set_flags(flags)


@dataclass(slots=True)
class PendingState:
    """A pending transfer. `expires`: microseconds since 1970, 0 for never."""

    id: bytes
    debit: bytes
    credit: bytes
    ledger: int
    code: int
    flags: int
    amount: int
    at: int
    expires: int
    resolution: int


@dataclass(slots=True)
class OpenedAccount:
    """A new account and what a store keeps of it besides its state."""

    state: AccountState
    reference: str
    at: int


@dataclass(slots=True)
class Changes:
    """What one commit writes. `entries` are the leaves of `rows` and `notes`, in the order of their `seq`."""

    rows: list[Row] = field(default_factory=list)
    entries: list[bytes] = field(default_factory=list)
    #: accounts whose balances changed, by number
    touched: dict[int, AccountState] = field(default_factory=dict)
    #: balances to be written; the writer chooses them
    balances: list[AccountState] = field(default_factory=list)
    #: write all balances that are behind
    settle: bool = False
    pendings: list[PendingState] = field(default_factory=list)
    #: resolution, id of the pending transfer
    resolved: list[tuple[int, bytes]] = field(default_factory=list)
    #: id, outcome, at
    refused: list[tuple[bytes, str, int]] = field(default_factory=list)
    opened: list[OpenedAccount] = field(default_factory=list)
    #: accounts whose flags or limits changed
    flagged: list[AccountState] = field(default_factory=list)
    #: seq, at, kind, key, body
    notes: list[tuple[int, int, str, str, str]] = field(default_factory=list)
    #: rows of other tables that belong to this commit, by table
    others: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    #: statements that belong to it, run last
    statements: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def note(self, seq: int, at: int, kind: str, key: str, body: str) -> None:
        self.notes.append((seq, at, kind, key, body))
        self.entries.append(note_entry(seq, at, kind, key, body))

    def __bool__(self) -> bool:
        return bool(self.entries or self.refused or self.flagged or self.others or self.statements or self.settle)

    def sizes(self) -> tuple[int, ...]:
        """How much there is, for `truncate`."""
        return tuple(len(each) for each in self._lists())

    def truncate(self, sizes: tuple[int, ...]) -> None:
        """Back to what there was; accounts that were touched may be written once more as they are."""
        for each, size in zip(self._lists(), sizes, strict=True):
            del each[size:]

    def _lists(self) -> tuple[list[Any], ...]:
        return self.rows, self.entries, self.pendings, self.resolved, self.flagged


def row_entry(row: Row) -> bytes:
    """The bytes of the leaf of a row of the journal."""
    seq, _, at, id_, debit, credit, amount, ledger, code, flags, pending_id, timeout, reference, data, released = row[
        :15
    ]
    body = transfer_body(id_, debit, credit, ledger, code, flags, timeout, pending_id, data)
    entry: bytes = transfer_head(1, seq, at, amount, released) + body + reference.encode()
    return entry


def posted_of(row: Row) -> Posted:
    """A row of the journal as its reader sees it."""
    seq, _, at, id_, debit, credit, amount, ledger, code, flags, pending_id, timeout, reference, data, released = row[
        :15
    ]
    ids = id_.hex(), debit.hex(), credit.hex()
    transfer = Transfer(*ids, amount, ledger, code, flags, pending_id.hex(), timeout, reference, data.hex())
    return Posted(transfer, seq, at, released)
