"""The journal once more from its beginning: what balances, accounts and pending transfers follow from its entries.

Pure: rows and notes are fed in the order of their index, and what is wrong with them is collected in `findings`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from bank.ledger.canonical import note_entry
from bank.ledger.interfaces import AccountFlag, Flag
from bank.ledger.merkle import Frontier, leaf_hash
from bank.ledger.records import DAY, AccountState, OpenedAccount, PendingState, Resolution, Row, row_entry

#: leaves that are hashed together
_LEAVES = 4_096
_RESOLVES = int(Flag.POST | Flag.VOID | Flag.EXPIRED)


class Replay:
    """What follows from the entries fed so far. Wanted are, in ascending order, the roots of trees of certain `sizes`,
    and at certain ends of days (indexes) the balances of the accounts that moved since the one before. Of entries from
    `flushed` on, all balances that an account had are kept in `states`."""

    def __init__(self, sizes: list[int], ends: list[int], flushed: int, *, day_starts: int = 0) -> None:
        self.findings: list[str] = []
        self.accounts: dict[bytes, OpenedAccount] = {}
        self.pendings: dict[bytes, PendingState] = {}
        self.roots: dict[int, bytes] = {}
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.tree = Frontier()
        self.chart: dict[int, tuple[Any, ...]] = {}
        #: bodies of the notes that close days
        self.day_notes: dict[str, dict[str, Any]] = {}
        #: for each end of a day: accounts that moved, and their balances
        self.moved: list[dict[bytes, tuple[int, int, int, int]]] = [{}]
        self.number = 0
        self.at = 0
        self.states: dict[int, set[tuple[int, int, int, int]]] = {}
        self._flushed = flushed
        self._sizes = sizes[::-1]
        self._ends = ends[::-1]
        self._day_starts = day_starts
        self._seq = 0
        #: the index of the next transfer, where it and the last one happen both or not at all
        self._linked: int | None = None
        self._leaves: list[bytes] = []
        self._ids: set[bytes] = set()
        self._notes: dict[str, Callable[[str, int, Any], None]] = {
            "account": self._opened,
            "change": self._changed,
            "chart": self._charted,
            "day": self._day_closed,
        }

    def _find(self, seq: int, sentence: str) -> None:
        self.findings.append(f"entry {seq}: {sentence}")

    def _entry(self, seq: int, at: int, entry: bytes) -> None:
        if seq != self._seq:
            self._find(seq, f"stands where {self._seq} was expected")
        if at < self.at:
            self._find(seq, "is not later than the one before")
        self._seq, self.at = seq + 1, at + 1
        while self._sizes and self._sizes[-1] <= seq:
            self._grow()
            self.roots[self._sizes.pop()] = self.tree.root()
        while self._ends and self._ends[-1] <= seq:
            self._ends.pop()
            self.moved.append({})
        self._leaves.append(leaf_hash(entry))
        if len(self._leaves) == _LEAVES:
            self._grow()

    def _grow(self) -> None:
        self.tree, nodes = self.tree.grown(self._leaves)
        self.nodes |= {(height, place): root for height, place, root in nodes}
        self._leaves = []

    def finish(self) -> None:
        """Nothing more is fed."""
        self._grow()
        if self._linked is not None:
            self._find(self._linked, "is missing: the one before is linked to it")
        while self._sizes and self._sizes[-1] <= self._seq:
            self.roots[self._sizes.pop()] = self.tree.root()
        while self._ends and self._ends[-1] <= self._seq:
            self._ends.pop()
            self.moved.append({})

    def note(self, seq: int, at: int, kind: str, key: str, body: str) -> None:
        self._entry(seq, at, note_entry(seq, at, kind, key, body))
        if kind in self._notes:
            try:
                self._notes[kind](key, at, msgspec.json.decode(body))
            except (ValueError, KeyError, TypeError) as error:
                self._find(seq, f"is a note that cannot be read: {error}")

    def _opened(self, key: str, at: int, body: dict[str, Any]) -> None:
        id_ = bytes.fromhex(key)
        if id_ in self.accounts:
            raise ValueError("the account was opened before")
        state = AccountState(
            id_, body["number"], body["ledger"], body["code"], body["flags"], body["transfer_limit"], body["day_limit"]
        )
        self.accounts[id_] = OpenedAccount(state, body["reference"], at)

    def _changed(self, key: str, at: int, body: dict[str, Any]) -> None:
        state = self.accounts[bytes.fromhex(key)].state
        state.transfer_limit, state.day_limit = body["transfer_limit"], body["day_limit"]
        state.set_flags(body["flags"])

    def _charted(self, key: str, at: int, body: list[list[Any]]) -> None:
        self.chart |= {line[0]: tuple(line[1:]) for line in body}

    def _day_closed(self, key: str, at: int, body: dict[str, Any]) -> None:
        if key in self.day_notes or body["day"] != key:
            raise ValueError("the day was closed before")
        self.day_notes[key] = body

    def transfer(self, row: Row) -> None:
        """A row of the journal: its effect, and whether the balances after it are right."""
        seq, number, at, id_, debit_id, credit_id = row[:6]
        self._entry(seq, at, row_entry(row))
        if number != self.number:
            self._find(seq, f"has number {number} where {self.number} was expected")
        self.number = number + 1
        if id_ in self._ids:
            self._find(seq, "has the id of an earlier transfer")
        self._ids.add(id_)
        if self._linked not in (None, seq):
            self._find(seq, "stands where a linked transfer was expected")
        self._linked = seq + 1 if row[9] & Flag.LINKED else None
        debit, credit = self.accounts.get(debit_id), self.accounts.get(credit_id)
        if debit is None or credit is None:
            self._find(seq, "moves money of an account that there is not")
            return
        if seq >= self._flushed:
            for side in (debit.state, credit.state):
                self.states.setdefault(side.number, {side.balances()})
        self._move(row, debit.state, credit.state)
        if seq >= self._flushed:
            for side in (debit.state, credit.state):
                self.states[side.number].add(side.balances())
        if debit.state.balances() != row[15:19] or credit.state.balances() != row[19:23]:
            self._find(seq, "has other balances after it than follow from the entries")
        moved = self.moved[-1]
        moved[debit_id], moved[credit_id] = debit.state.balances(), credit.state.balances()

    def _move(self, row: Row, debit: AccountState, credit: AccountState) -> None:
        seq, _, at, id_, _, _, amount, ledger, code, flags, pending_id, timeout, _, _, released = row[:15]
        if not debit.ledger == credit.ledger == ledger or debit is credit:
            self._find(seq, "is between accounts that it cannot be between")
        if flags & _RESOLVES:
            self._resolve(row, debit, credit)
        elif released or pending_id or amount < 0:
            self._find(seq, "releases what it did not reserve")
        elif flags & Flag.PENDING:
            debit.debits_pending += amount
            credit.credits_pending += amount
            expires = at + timeout * 1_000_000 if timeout else 0
            self.pendings[id_] = PendingState(
                id_, debit.id, credit.id, ledger, code, flags, amount, at, expires, Resolution.OPEN
            )
        else:
            debit.debits_posted += amount
            credit.credits_posted += amount
        if not flags & _RESOLVES:
            if debit.day_limit:
                debit.spend((at + self._day_starts) // DAY, amount)
            self._permitted(seq, debit, credit, amount)
            if flags & Flag.CLOSING:
                debit.set_flags(debit.flags | AccountFlag.CLOSED)

    def _resolve(self, row: Row, debit: AccountState, credit: AccountState) -> None:
        seq, at, amount, flags, released = row[0], row[2], row[6], row[9], row[14]
        pending = self.pendings.get(row[10])
        if pending is None or (pending.debit, pending.credit) != (debit.id, credit.id):
            self._find(seq, "resolves a pending transfer that there is not")
            return
        if pending.resolution != Resolution.OPEN:
            self._find(seq, "resolves a pending transfer a second time")
        if released != pending.amount or not 0 <= amount <= released or (amount and not flags & Flag.POST):
            self._find(seq, "moves or releases more than was reserved")
        if bool(flags & Flag.EXPIRED) != bool(pending.expires and at >= pending.expires):
            self._find(seq, "comes too late or too early for the pending transfer")
        pending.resolution = (
            Resolution.POSTED if flags & Flag.POST else Resolution.VOIDED if flags & Flag.VOID else Resolution.EXPIRED
        )
        debit.debits_pending -= released
        debit.debits_posted += amount
        credit.credits_pending -= released
        credit.credits_posted += amount
        if debit.day_limit and (pending.at + self._day_starts) // DAY == debit.day:
            debit.spent = max(0, debit.spent - released + amount)
        if not flags & Flag.POST and pending.flags & Flag.CLOSING:
            debit.set_flags(debit.flags & ~AccountFlag.CLOSED)
        if min(*debit.balances(), *credit.balances()) < 0:
            self._find(seq, "makes a balance negative")

    def _permitted(self, seq: int, debit: AccountState, credit: AccountState, amount: int) -> None:
        flags = debit.flags
        if (flags | credit.flags) & AccountFlag.CLOSED:
            self._find(seq, "moves money of a closed account")
        if flags & AccountFlag.DEBITS_FROZEN or credit.flags & AccountFlag.CREDITS_FROZEN:
            self._find(seq, "moves money of a frozen account")
        if (
            flags & AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS
            and debit.debits_posted + debit.debits_pending > debit.credits_posted
        ):
            self._find(seq, "overdraws an account")
        if (
            credit.flags & AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS
            and credit.credits_posted + credit.credits_pending > credit.debits_posted
        ):
            self._find(seq, "overpays an account")
        if debit.transfer_limit and amount > debit.transfer_limit:
            self._find(seq, "is above the account's limit")
        if debit.day_limit and debit.spent > debit.day_limit:
            self._find(seq, "is above the account's limit of a day")
