"""What becomes of each transfer: pure decisions over the accounts in play.

A `Book` holds accounts, the head of the journal and what a batch has found in the store beforehand; `decide` gives an
outcome for each transfer and collects in `changes` what is to be written. Nothing here waits, reads a clock or keeps
anything. If the changes cannot be written, the book is thrown away.

A transfer that is refused for something that may change later (funds, freezes, limits) is remembered by its id, so
that a copy of the request which arrives late does not do what its sender was told had failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from bank.ledger.canonical import EXPIRY, ID, Prepared, transfer_head
from bank.ledger.interfaces import MOST_BALANCE, AccountFlag, Flag, Outcome
from bank.ledger.records import DAY, AccountState, Changes, Head, PendingState, Resolution, Row, row_entry

_LINKED, _PENDING, _POST, _CLOSING = int(Flag.LINKED), int(Flag.PENDING), int(Flag.POST), int(Flag.CLOSING)
_EXPIRED = int(Flag.EXPIRED)
_NO_OVERDRAFT = int(AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS)
_NO_OVERPAYMENT = int(AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS)
_CLOSED = int(AccountFlag.CLOSED)
#: members of an enumeration are slow to look up
_CREATED = Outcome.CREATED
_DEBITS_FROZEN, _CREDITS_FROZEN = int(AccountFlag.DEBITS_FROZEN), int(AccountFlag.CREDITS_FROZEN)

#: refusals that another moment may not give
TRANSIENT = frozenset(
    {
        Outcome.DEBIT_ACCOUNT_NOT_FOUND,
        Outcome.CREDIT_ACCOUNT_NOT_FOUND,
        Outcome.DEBIT_ACCOUNT_FROZEN,
        Outcome.CREDIT_ACCOUNT_FROZEN,
        Outcome.DEBIT_ACCOUNT_ALREADY_CLOSED,
        Outcome.CREDIT_ACCOUNT_ALREADY_CLOSED,
        Outcome.EXCEEDS_CREDITS,
        Outcome.EXCEEDS_DEBITS,
        Outcome.EXCEEDS_TRANSFER_LIMIT,
        Outcome.EXCEEDS_DAY_LIMIT,
        Outcome.OVERFLOWS_BALANCE,
        Outcome.PENDING_TRANSFER_NOT_FOUND,
        Outcome.PENDING_TRANSFER_ALREADY_POSTED,
        Outcome.PENDING_TRANSFER_ALREADY_VOIDED,
        Outcome.PENDING_TRANSFER_EXPIRED,
    }
)
_RESOLVED = {
    Resolution.POSTED: Outcome.PENDING_TRANSFER_ALREADY_POSTED,
    Resolution.VOIDED: Outcome.PENDING_TRANSFER_ALREADY_VOIDED,
    Resolution.EXPIRED: Outcome.PENDING_TRANSFER_EXPIRED,
}


def expiry_id(pending_id: bytes) -> bytes:
    """The id of the entry that ends a pending transfer when its time is over."""
    return EXPIRY + sha256(b"expired" + pending_id).digest()[: ID - len(EXPIRY)]


class Book:
    """The accounts in play. The writer puts in what a batch needs before it asks for decisions."""

    def __init__(self, head: Head, *, day_starts: int = 0) -> None:
        """`day_starts`: microseconds that the ledger's day begins before that of UTC, for limits per day."""
        self.head = head
        self._day_starts = day_starts
        self.accounts: dict[bytes, AccountState] = {}
        #: pending transfers that the batch speaks of; ids of others among them are in `strangers`
        self.pendings: dict[bytes, PendingState] = {}
        #: ids that resolve nothing: they are transfers, but not pending ones
        self.strangers: set[bytes] = set()
        #: ids of the batch that are taken: by a row of the journal, or by a refusal
        self.seen: dict[bytes, Row | None] = {}
        self.changes = Changes()
        self._undo: list[tuple[AccountState, tuple[int, ...]]] | None = None
        self._day = 0

    def begin(self, now: int) -> None:
        """A batch begins at this time."""
        self.changes = Changes()
        self.pendings, self.seen, self.strangers = {}, {}, set()
        head = self.head
        head.at = max(now, head.at)
        self._day = (head.at + self._day_starts) // DAY

    def decide(self, request: Sequence[Prepared]) -> list[Outcome]:
        """The outcome of each transfer of a request. Chains are decided as wholes."""
        if len(request) == 1 and not request[0].flags & _LINKED:
            return [self._alone(request[0])]
        outcomes: list[Outcome] = []
        chain: list[Prepared] = []
        for item in request:
            if item.flags & _LINKED:
                chain.append(item)
            elif chain:
                chain.append(item)
                outcomes += self._chain(chain)
                chain = []
            else:
                outcomes.append(self._alone(item))
        if chain:
            outcomes += [Outcome.LINKED_EVENT_FAILED] * (len(chain) - 1) + [Outcome.LINKED_EVENT_CHAIN_OPEN]
        return outcomes

    def expire(self, pendings: Iterable[PendingState]) -> None:
        """End pending transfers whose time is over."""
        for pending in pendings:
            self._resolve(pending, Resolution.EXPIRED, 0, expiry_id(pending.id), _EXPIRED, "", b"")

    def note(self, kind: str, key: str, body: str) -> tuple[int, int]:
        """Write something else into the tree; its index and time."""
        head = self.head
        place = head.seq, head.at
        self.changes.note(*place, kind, key, body)
        head.seq, head.at = head.seq + 1, head.at + 1
        return place

    def _remember(self, item: Prepared, outcome: Outcome) -> None:
        self.seen[item.id] = None
        self.changes.refused.append((item.id, outcome.value, self.head.at))

    def _alone(self, item: Prepared) -> Outcome:
        outcome = self._one(item)
        if outcome is not _CREATED and outcome in TRANSIENT:
            self._remember(item, outcome)
        return outcome

    def _chain(self, chain: list[Prepared]) -> list[Outcome]:
        head, changes = self.head, self.changes
        mark = head.seq, head.number, head.at
        sizes = changes.sizes()
        states = {item.pending_id: self.pendings.get(item.pending_id) for item in chain}
        resolutions = {pending.id: pending.resolution for pending in states.values() if pending}
        self._undo = []
        outcomes: list[Outcome] = []
        for item in chain:
            outcome = self._one(item)
            outcomes.append(outcome)
            if not outcome.done:
                break
        undo, self._undo = self._undo, None
        if len(set(outcomes)) == 1 and outcomes[0].done:
            return outcomes
        # what was done of it is undone, from the end
        for account, state in reversed(undo):
            account.restore(state)
        for item, outcome in zip(chain, outcomes, strict=False):
            if outcome is Outcome.CREATED:
                self.seen.pop(item.id, None)
                self.pendings.pop(item.id, None)
        for id_, resolution in resolutions.items():
            self.pendings[id_].resolution = resolution
        changes.truncate(sizes)
        head.seq, head.number, head.at = mark
        if not outcomes[-1].done and outcomes[-1] in TRANSIENT:
            self._remember(chain[len(outcomes) - 1], outcomes[-1])
        failed: list[Outcome] = [
            Outcome.LINKED_EVENT_FAILED if outcome is Outcome.CREATED else outcome for outcome in outcomes
        ]
        return failed + [Outcome.LINKED_EVENT_FAILED] * (len(chain) - len(outcomes))

    def _one(self, item: Prepared) -> Outcome:
        transfer, flags, id_, debit_id, credit_id, pending_id, data, body, fault = item
        if fault is not None:
            return fault
        if id_ in self.seen:
            return self._again(item)
        if pending_id:
            return self._resolution(item)
        accounts = self.accounts
        if (debit := accounts.get(debit_id)) is None:
            return Outcome.DEBIT_ACCOUNT_NOT_FOUND
        if (credit := accounts.get(credit_id)) is None:
            return Outcome.CREDIT_ACCOUNT_NOT_FOUND
        amount, ledger = transfer.amount, transfer.ledger
        if debit.ledger != ledger or credit.ledger != ledger:
            if debit.ledger != credit.ledger:
                return Outcome.ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER
            return Outcome.TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS
        if (debit.watched or credit.watched) and (refused := self._refused(debit, credit, amount)) is not None:
            return refused
        if (
            debit.debits_posted + debit.debits_pending + amount > MOST_BALANCE
            or credit.credits_posted + credit.credits_pending + amount > MOST_BALANCE
        ):
            return Outcome.OVERFLOWS_BALANCE
        if self._undo is not None:
            self._undo += [(debit, debit.state()), (credit, credit.state())]
        if debit.day_limit:
            debit.spend(self._day, amount)
        head, changes = self.head, self.changes
        at = head.at
        if not flags:
            debit.debits_posted += amount
            credit.credits_posted += amount
        else:
            if flags & _PENDING:
                debit.debits_pending += amount
                credit.credits_pending += amount
                expires = at + transfer.timeout_s * 1_000_000 if transfer.timeout_s else 0
                pending = PendingState(
                    id_, debit_id, credit_id, ledger, transfer.code, flags, amount, at, expires, Resolution.OPEN
                )
                self.pendings[id_] = pending
                changes.pendings.append(pending)
            else:
                debit.debits_posted += amount
                credit.credits_posted += amount
            if flags & _CLOSING:
                debit.set_flags(debit.flags | _CLOSED)
                changes.flagged.append(debit)
        seq = head.seq
        row = (
            seq, head.number, at, id_, debit_id, credit_id, amount, ledger, transfer.code, flags,
            b"", transfer.timeout_s, transfer.reference, data, 0,
            debit.debits_posted, debit.debits_pending, debit.credits_posted, debit.credits_pending,
            credit.debits_posted, credit.debits_pending, credit.credits_posted, credit.credits_pending,
        )  # fmt: skip
        changes.rows.append(row)
        # as `row_entry`, with the body that was made when it came
        changes.entries.append(transfer_head(1, seq, at, amount, 0) + body)
        touched = changes.touched
        touched[debit.number] = debit
        touched[credit.number] = credit
        self.seen[id_] = row
        head.seq = seq + 1
        head.number += 1
        head.at = at + 1
        return _CREATED

    def _refused(self, debit: AccountState, credit: AccountState, amount: int) -> Outcome | None:
        flags = debit.flags
        if flags & _CLOSED:
            return Outcome.DEBIT_ACCOUNT_ALREADY_CLOSED
        if credit.flags & _CLOSED:
            return Outcome.CREDIT_ACCOUNT_ALREADY_CLOSED
        if flags & _DEBITS_FROZEN:
            return Outcome.DEBIT_ACCOUNT_FROZEN
        if credit.flags & _CREDITS_FROZEN:
            return Outcome.CREDIT_ACCOUNT_FROZEN
        if flags & _NO_OVERDRAFT and debit.debits_posted + debit.debits_pending + amount > debit.credits_posted:
            return Outcome.EXCEEDS_CREDITS
        if credit.flags & _NO_OVERPAYMENT and (
            credit.credits_posted + credit.credits_pending + amount > credit.debits_posted
        ):
            return Outcome.EXCEEDS_DEBITS
        if debit.transfer_limit and amount > debit.transfer_limit:
            return Outcome.EXCEEDS_TRANSFER_LIMIT
        if debit.day_limit and debit.spent_on(self._day) + amount > debit.day_limit:
            return Outcome.EXCEEDS_DAY_LIMIT
        return None

    def _resolution(self, item: Prepared) -> Outcome:
        """POST and VOID. What was reserved can be moved and released whatever became of the accounts since."""
        transfer, flags = item.transfer, item.flags
        pending = self.pendings.get(item.pending_id)
        if pending is None:
            if item.pending_id in self.strangers or self.seen.get(item.pending_id) is not None:
                return Outcome.PENDING_TRANSFER_NOT_PENDING
            return Outcome.PENDING_TRANSFER_NOT_FOUND
        if item.debit and item.debit != pending.debit:
            return Outcome.PENDING_TRANSFER_HAS_DIFFERENT_DEBIT_ACCOUNT_ID
        if item.credit and item.credit != pending.credit:
            return Outcome.PENDING_TRANSFER_HAS_DIFFERENT_CREDIT_ACCOUNT_ID
        if transfer.ledger not in (0, pending.ledger):
            return Outcome.PENDING_TRANSFER_HAS_DIFFERENT_LEDGER
        if transfer.code not in (0, pending.code):
            return Outcome.PENDING_TRANSFER_HAS_DIFFERENT_CODE
        posts = flags & _POST
        if posts and transfer.amount > pending.amount:
            return Outcome.EXCEEDS_PENDING_TRANSFER_AMOUNT
        if not posts and transfer.amount not in (0, pending.amount):
            return Outcome.PENDING_TRANSFER_HAS_DIFFERENT_AMOUNT
        if pending.resolution != Resolution.OPEN:
            return _RESOLVED[Resolution(pending.resolution)]
        if pending.expires and pending.expires <= self.head.at:
            return Outcome.PENDING_TRANSFER_EXPIRED
        moved = (transfer.amount or pending.amount) if posts else 0
        resolution = Resolution.POSTED if posts else Resolution.VOIDED
        self._resolve(pending, resolution, moved, item.id, flags, transfer.reference, item.data)
        return _CREATED

    def _resolve(
        self,
        pending: PendingState,
        resolution: Resolution,
        moved: int,
        id_: bytes,
        flags: int,
        reference: str,
        data: bytes,
    ) -> None:
        """Release what is reserved, move some of it, and write the transfer that does so."""
        debit, credit = self.accounts[pending.debit], self.accounts[pending.credit]
        if self._undo is not None:
            self._undo += [(debit, debit.state()), (credit, credit.state())]
        head, changes, released = self.head, self.changes, pending.amount
        debit.debits_pending -= released
        debit.debits_posted += moved
        credit.credits_pending -= released
        credit.credits_posted += moved
        if debit.day_limit and (pending.at + self._day_starts) // DAY == debit.day:
            debit.spent = max(0, debit.spent - released + moved)
        if resolution != Resolution.POSTED and pending.flags & _CLOSING:
            debit.set_flags(debit.flags & ~_CLOSED)
            changes.flagged.append(debit)
        pending.resolution = resolution
        changes.resolved.append((int(resolution), pending.id))
        row = (
            head.seq, head.number, head.at, id_, pending.debit, pending.credit, moved, pending.ledger, pending.code,
            flags, pending.id, 0, reference, data, released,
            debit.debits_posted, debit.debits_pending, debit.credits_posted, debit.credits_pending,
            credit.debits_posted, credit.debits_pending, credit.credits_posted, credit.credits_pending,
        )  # fmt: skip
        changes.rows.append(row)
        changes.entries.append(row_entry(row))
        changes.touched[debit.number] = debit
        changes.touched[credit.number] = credit
        self.seen[id_] = row
        head.seq += 1
        head.number += 1
        head.at += 1

    def _again(self, item: Prepared) -> Outcome:
        """A transfer whose id is taken: the same once more, or another."""
        row = self.seen[item.id]
        return Outcome.ID_ALREADY_FAILED if row is None else compare(item, row)


def compare(item: Prepared, row: Row) -> Outcome:
    """Whether the transfer of the journal is the one that is asked for; the first difference otherwise."""
    transfer = item.transfer
    amount, flags, released = row[6], row[9], row[14]
    resolves = bool(item.pending_id)
    if item.flags != flags:
        return Outcome.EXISTS_WITH_DIFFERENT_FLAGS
    if item.pending_id != row[10]:
        return Outcome.EXISTS_WITH_DIFFERENT_PENDING_ID
    if transfer.timeout_s != row[11]:
        return Outcome.EXISTS_WITH_DIFFERENT_TIMEOUT
    if item.debit != row[4] and not (resolves and not item.debit):
        return Outcome.EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT_ID
    if item.credit != row[5] and not (resolves and not item.credit):
        return Outcome.EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT_ID
    if resolves:
        # 0 stands for all of it
        whole = released if flags & _POST else 0
        same = (transfer.amount or whole) == amount or (not flags & _POST and transfer.amount == released)
    else:
        same = transfer.amount == amount
    if not same:
        return Outcome.EXISTS_WITH_DIFFERENT_AMOUNT
    if transfer.reference != row[12]:
        return Outcome.EXISTS_WITH_DIFFERENT_REFERENCE
    if item.data != row[13]:
        return Outcome.EXISTS_WITH_DIFFERENT_DATA
    if transfer.ledger != row[7] and not (resolves and not transfer.ledger):
        return Outcome.EXISTS_WITH_DIFFERENT_LEDGER
    if transfer.code != row[8] and not (resolves and not transfer.code):
        return Outcome.EXISTS_WITH_DIFFERENT_CODE
    return Outcome.EXISTS
