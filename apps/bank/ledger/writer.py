"""One writer per shard: takes what waits, decides it in memory, commits it at once, answers after the commit.

Requests that come while a commit runs wait for the next one, so that many share one disk sync and nobody waits for a
timer. A batch is one transaction: transfers with both balances after them, balances, pending transfers, refusals,
notes, and the tree's new frontier. When a store says that it could not order a commit (or not whether it was made),
everything in memory is forgotten, read again and decided again: what was kept then shows as `exists`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from bank.ledger.canonical import ID, Prepared
from bank.ledger.checkpoint import Checkpoint
from bank.ledger.interfaces import Fenced, LedgerError, Outcome
from bank.ledger.known import KnownIds
from bank.ledger.merkle import Frontier
from bank.ledger.rules import Book
from bank.ledger.stores.base import Conflict, Store

T = TypeVar("T")
_new = tuple.__new__
#: fields of prepared transfers
_ID, _DEBIT, _CREDIT, _PENDING_ID = (
    itemgetter(Prepared._fields.index(name)) for name in ("id", "debit", "credit", "pending_id")
)
Clock = Callable[[], int]

#: transfers that share one commit; bounds how long the first of them waits
BATCH = 512
#: Fewer requests than this wait for so many turns of the loop: what came over connections during a commit is read in
#: one of them and asked in the next, so that it shares this commit.
_FEW, _TURNS = 64, 3
#: pending transfers that expire in one commit
_EXPIRE = 2_048
#: accounts that are kept in memory, of about 300 bytes each
_ACCOUNTS = 200_000
#: how often a commit is tried: conflicts are short, more than this is a fault
_TRIES = 20
#: longest sleep until a pending transfer expires, seconds: clocks are set
_LONGEST = 60.0


class _Entry(NamedTuple):
    """A request for transfers, or a command: a function of the book that needs some accounts."""

    transfers: Sequence[Prepared]
    command: Callable[[Book], Any] | None
    needs: Sequence[bytes]
    answer: asyncio.Future[Any]


class _Failed(Exception):
    """A command has failed; nothing of its batch is kept."""

    def __init__(self, entry: _Entry, cause: Exception) -> None:
        self.entry, self.cause = entry, cause


class Writer:
    """The writer of one store."""

    def __init__(self, store: Store, clock: Clock, *, day_starts: int) -> None:
        self._store, self._clock, self._day_starts = store, clock, day_starts
        self._waiting: deque[_Entry] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._stopped: BaseException | None = None
        self._next_expiry: int | None = None
        self._checkpoint = Checkpoint()
        #: what is in memory is not what is committed
        self._stale = False
        self.tree = Frontier()
        self._book: Book
        self._known: KnownIds
        self._task: asyncio.Task[None]
        self._loop: asyncio.AbstractEventLoop
        self._sleeping = False

    async def start(self) -> None:
        for tries in range(_TRIES):
            try:
                await self._store.open()
                await self._afresh()
                break
            except Conflict as conflict:
                # a database that is just recovering is waited for
                if tries == _TRIES - 1:
                    raise LedgerError(
                        "ledger-database", f"The ledger's database cannot be reached: {conflict}.", "Look at it."
                    ) from conflict
                await asyncio.sleep(min(1.0, 0.01 * 2**tries))
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run())

    async def close(self) -> None:
        """Finishes what waits."""
        if self._stopped is None:
            with contextlib.suppress(LedgerError):
                await self.settle()
        self._closing = True
        self._wake.set()
        await self._task
        await self._store.close()

    async def abandon(self) -> None:
        """Ends as a crash would: what waits is not answered."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._store.close()

    async def settle(self) -> None:
        """See to it that the table of balances has everything that is committed now."""

        def command(book: Book) -> None:
            book.changes.settle = bool(self._checkpoint.behind or book.changes.touched)

        await self.command(command)

    def transfers(self, request: Sequence[Prepared]) -> asyncio.Future[list[Outcome]]:
        """Their outcomes, once they are durable."""
        return self._enter(request, None, ())

    def command(self, command: Callable[[Book], T], needs: Sequence[bytes] = ()) -> asyncio.Future[T]:
        """What a function of the book gives, once its changes are durable. It may run again; when it raises, nothing
        of it is kept. `needs`: accounts that it looks for in the book."""
        return self._enter((), command, needs)

    def _enter(
        self, request: Sequence[Prepared], command: Callable[[Book], Any] | None, needs: Sequence[bytes]
    ) -> asyncio.Future[Any]:
        if self._stopped is not None:
            raise self._stopped
        if self._closing:
            raise LedgerError("ledger-closed", "The ledger is being closed.", "Send the request again later.")
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.append(_new(_Entry, (request, command, needs, answer)))
        if self._sleeping:
            self._wake.set()
        return answer

    async def _run(self) -> None:
        while True:
            if not self._waiting and not self._is_due():
                if self._closing:
                    return
                self._wake.clear()
                alarm = self._alarm()
                self._sleeping = True
                await self._wake.wait()
                self._sleeping = False
                if alarm:
                    alarm.cancel()
                continue
            for _ in range(_TURNS):
                if len(self._waiting) < _FEW:
                    await asyncio.sleep(0)
            batch = self._take()
            try:
                answers = await self._keep(batch)
            except Exception as error:
                self._fail(batch, error)
                if isinstance(error, Fenced):
                    return
                continue
            for entry, answer in answers:
                if not entry.answer.done():
                    entry.answer.set_result(answer)
            # who was answered runs first, so that what they ask next is in the next batch
            await asyncio.sleep(0)

    def _take(self) -> list[_Entry]:
        batch: list[_Entry] = []
        size = 0
        while self._waiting and size < BATCH:
            entry = self._waiting.popleft()
            batch.append(entry)
            size += len(entry.transfers) or 1
        return batch

    def _fail(self, batch: list[_Entry], error: Exception) -> None:
        if isinstance(error, Fenced):
            self._stopped = error
            batch = [*batch, *self._waiting]
            self._waiting.clear()
        for entry in batch:
            if not entry.answer.done():
                entry.answer.set_exception(error)
                # who is not waited for any more needs no answer
                entry.answer.exception()

    def _is_due(self) -> bool:
        return self._next_expiry is not None and self._next_expiry <= self._clock()

    def _alarm(self) -> asyncio.TimerHandle | None:
        if self._next_expiry is None:
            return None
        seconds = min(_LONGEST, (self._next_expiry - self._clock()) / 1_000_000)
        return asyncio.get_running_loop().call_later(max(0.0, seconds), self._wake.set)

    async def _keep(self, batch: list[_Entry]) -> list[tuple[_Entry, Any]]:
        tries = 0
        while True:
            try:
                if self._stale:
                    await self._afresh()
                    self._stale = False
                # until it is kept, the book is ahead of the store
                self._stale = True
                answers = await self._attempt(batch)
                self._stale = False
                return answers
            except _Failed as failed:
                batch = [entry for entry in batch if entry is not failed.entry]
                self._fail([failed.entry], failed.cause)
            except Conflict as conflict:
                tries += 1
                if tries == _TRIES:
                    raise LedgerError(
                        "ledger-conflict",
                        f"The ledger's store did not take a commit {_TRIES} times: {conflict}.",
                        "Look at the database; whether the request was kept shows when it is sent again.",
                    ) from conflict
                await asyncio.sleep(random.uniform(0, min(1.0, 0.002 * 2**tries)))

    async def _afresh(self) -> None:
        """Forget what is in memory and read what is committed."""
        head, self.tree = await self._store.head()
        self._book = Book(head, day_starts=self._day_starts)
        self._checkpoint = await Checkpoint.load(self._store, self._book)
        self._known = await KnownIds.load(self._store, self._clock())
        self._next_expiry = await self._store.next_expiry()

    async def _attempt(self, batch: list[_Entry]) -> list[tuple[_Entry, Any]]:
        book, store, now = self._book, self._store, self._clock()
        book.begin(now)
        passed = self._next_expiry is not None and self._next_expiry <= now
        due = await store.due(now, _EXPIRE) if passed else []
        book.pendings = {pending.id: pending for pending in due}
        await self._load(batch)
        book.expire(due)
        answers: list[tuple[_Entry, Any]] = []
        for entry in batch:
            if entry.command is None:
                answers.append((entry, book.decide(entry.transfers)))
                continue
            try:
                answers.append((entry, entry.command(book)))
            except Exception as error:
                raise _Failed(entry, error) from error
        changes = book.changes
        if not changes:
            if passed:
                # the one that it was set for is resolved already
                self._next_expiry = await store.next_expiry()
            return answers
        changes.balances = self._checkpoint.choose(changes, book.head)
        leaves = [sha256(b"\x00" + content).digest() for content in changes.entries]
        tree, nodes = self.tree.grown(leaves)
        await store.commit(changes, book.head, tree, nodes)
        self.tree = tree
        self._known.add([row[3] for row in changes.rows], now)
        if changes.refused:
            self._known.add([id_ for id_, _, _ in changes.refused], now)
        if passed or changes.pendings:
            await self._set_alarm(passed, [each.expires for each in changes.pendings if each.expires])
        if len(book.accounts) > _ACCOUNTS:
            self._forget(book)
        return answers

    def _forget(self, book: Book) -> None:
        """Half of the accounts in memory, the longest known; not those whose balances the store has not got yet."""
        for key in list(book.accounts)[: _ACCOUNTS // 2]:
            if book.accounts[key].number not in self._checkpoint.behind:
                del book.accounts[key]

    async def _set_alarm(self, passed: bool, expiries: Iterable[int]) -> None:
        if passed:
            self._next_expiry = await self._store.next_expiry()
        for expires in expiries:
            if self._next_expiry is None or expires < self._next_expiry:
                self._next_expiry = expires

    async def _load(self, batch: list[_Entry]) -> None:
        """Put into the book what the batch speaks of."""
        book, store = self._book, self._store
        items = [item for entry in batch for item in entry.transfers]
        needed = set(map(_DEBIT, items))
        needed.update(map(_CREDIT, items))
        for entry in batch:
            if entry.needs:
                needed.update(entry.needs)
        resolved = set(map(_PENDING_ID, items))
        resolved.discard(b"")
        if resolved and (asked := resolved - book.pendings.keys()):
            for pending in await store.pendings(asked):
                book.pendings[pending.id] = pending
            if strangers := asked - book.pendings.keys():
                book.strangers = {row[3] for row in await store.rows(strangers)}
        for pending in book.pendings.values():
            needed |= {pending.debit, pending.credit}
        accounts = book.accounts
        missing = needed.difference(accounts)
        if missing and (asked := {id_ for id_ in missing if len(id_) == ID}):
            for account in await store.accounts(asked):
                accounts[account.id] = account
        if doubtful := self._known.doubtful(list(map(_ID, items))):
            for row in await store.rows(doubtful):
                book.seen[row[3]] = row
            for id_ in await store.refused(doubtful):
                book.seen[id_] = None
