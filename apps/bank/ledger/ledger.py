"""The ledger of one shard: what callers use."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bank.ledger import accounts
from bank.ledger.accounts import Change
from bank.ledger.canonical import note_body, prepare
from bank.ledger.closing import ChartLine, Closing, Day, TrialBalance
from bank.ledger.heads import Keys, SignedHead
from bank.ledger.interfaces import (
    Account,
    Balances,
    LedgerError,
    NewAccount,
    Outcome,
    Page,
    Posted,
    Transfer,
)
from bank.ledger.proofs import Proofs, Publish
from bank.ledger.receipts import Receipt
from bank.ledger.records import posted_of
from bank.ledger.statements import Statements, entries_until
from bank.ledger.stores import store_at
from bank.ledger.stores.base import JOURNAL_COLUMNS, Parameters, Store, plain_row
from bank.ledger.writer import Writer
from eden.base.ids import now

#: ids in one question
_ASKED = 500
#: entries of one page of the journal
_ENTRIES = 1_000
#: lines of one page of a statement
_LINES = 500
#: longest body of a note
_BODY = 16_384

_log = logging.getLogger("bank.ledger")


class Ledger:
    """Open it with `Ledger.open`; close it in the end. It belongs to one event loop."""

    def __init__(
        self,
        store: Store,
        keys: Keys,
        *,
        clock: Callable[[], int] = now,
        day_starts: int = 0,
        publish: Publish | None = None,
    ) -> None:
        self.store = store
        self.day_starts = day_starts
        self.writer = Writer(store, clock, day_starts=day_starts)
        self._statements = Statements(store, self.writer)
        self._closing = Closing(store, self.writer, clock)
        self._proofs = Proofs(store, self.writer, keys, clock, publish)
        self._publishing: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        keys: Path,
        shard: int = 0,
        origin: str = "eden-bank/ledger",
        clock: Callable[[], int] = now,
        day_starts: int = 0,
        publish: Publish | None = None,
        publish_every_s: float = 0,
    ) -> Ledger:
        """The ledger at an address, whose writer is this process from now on.

        `keys`: the file of the keys that sign heads; it is made at the first start. `clock` gives microseconds since
        1970 (UTC), `day_starts` how many of them the bank's day begins before that of UTC. `publish` takes signed heads
        to a second place, every so many seconds if there is something new.
        """
        store = store_at(url, shard)
        ledger = cls(
            store,
            Keys.at(keys, f"{origin}/{shard}", clock()),
            clock=clock,
            day_starts=day_starts,
            publish=publish,
        )
        await ledger.writer.start()
        if publish_every_s:
            ledger._publishing = asyncio.create_task(ledger._publish_every(publish_every_s))
        return ledger

    async def close(self) -> None:
        """Finishes what waits."""
        if self._publishing is not None:
            self._publishing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._publishing
        await self.writer.close()

    async def _publish_every(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.publish()
            except LedgerError:
                return
            except Exception:
                # the second place cannot be reached: the next head says as much as this one
                _log.warning("a signed head could not be published", exc_info=True)

    def post(self, transfers: Sequence[Transfer]) -> asyncio.Future[list[Outcome]]:
        """The outcome of each transfer, once all that were created are durable. A chain must end in its request."""
        return self.writer.transfers(prepare(transfers))

    async def create_accounts(self, new: Sequence[NewAccount]) -> list[Outcome]:
        """The outcome of each account."""
        return await self.writer.command(*accounts.opening(new))

    async def change_account(self, id_: str, change: Change) -> None:
        """Freeze, thaw, close, open or limit an account. Raises LedgerError when there is none."""
        await self.writer.command(*accounts.changing(id_, change))

    async def expire(self) -> None:
        """End pending transfers whose time is over now; otherwise it happens before the next batch, or by a timer."""
        await self.writer.command(lambda book: None)

    async def settle(self) -> None:
        """Bring the table of balances up to the journal, for others who read it; the ledger itself needs it not."""
        await self.writer.settle()

    async def note(self, kind: str, key: str, body: dict[str, Any]) -> int:
        """Write a fact that moves no money into the tree (the hash of a contract, say); its index.

        Raises LedgerError for a text that no note has: kind up to 32 characters, key up to 128, body up to 16 kB.
        """
        text = note_body(body)
        if len(kind) > 32 or len(key) > 128 or len(text) > _BODY or not (kind + key).isprintable():
            raise LedgerError("ledger-note", "This is too long for a note of the ledger.", "Note its hash.")
        seq, _ = await self.writer.command(lambda book: book.note(kind, key, text))
        return seq

    async def accounts(self, ids: Sequence[str]) -> list[Account | None]:
        """The accounts with these ids, in their order; null for those that there are not."""
        keys = [bytes.fromhex(id_) for id_ in ids]
        balances = await self.writer.command(
            lambda book: {key: there.balances() for key in keys if (there := book.accounts.get(key))}, keys
        )
        found: dict[bytes, Account] = {}
        for id_, *fields in await self._asked(
            "SELECT id, ledger, code, flags, transfer_limit, day_limit, reference, opened_at FROM ledger_accounts"
            " WHERE id",
            keys,
        ):
            key = bytes(id_)
            if key in balances:
                found[key] = Account(key.hex(), *fields, Balances(*balances[key]))  # type: ignore[call-arg]
        return [found.get(key) for key in keys]

    async def transfers(self, ids: Sequence[str]) -> list[Posted | None]:
        """The transfers with these ids, in their order; null for those that there are not."""
        keys = [bytes.fromhex(id_) for id_ in ids]
        rows = await self._asked(f"SELECT {JOURNAL_COLUMNS} FROM ledger_journal WHERE id", keys)
        found = {bytes.fromhex(posted.transfer.id): posted for posted in await self._posted(rows)}
        return [found.get(key) for key in keys]

    async def _asked(self, statement: str, ids: Sequence[bytes]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(ids), _ASKED):
            condition, parameters = self.store.among(ids[start : start + _ASKED])
            rows += await self.store.fetch(statement + condition, parameters)
        return rows

    async def _posted(self, rows: Sequence[Parameters]) -> list[Posted]:
        return await self._closing.with_vouchers([(posted_of(plain_row(row)), row[1]) for row in rows])

    async def statement(self, account: str, *, before: int | None = None, limit: int = 50) -> Page:
        """An account's lines from new to old, with the balances after each; `before` is the `next` of the last page."""
        limit = max(1, min(limit, _LINES))
        page = await self._statements.page(account, before=before, limit=limit)
        posted = await self._closing.with_vouchers([(line.posted, number) for line, number in page])
        lines = [msgspec.structs.replace(line, posted=each) for (line, _), each in zip(page, posted, strict=True)]
        return Page(lines[:limit], lines[limit - 1].posted.seq if len(lines) > limit else None)

    async def entries_until(self, at: int) -> int:
        """How many entries happened until a time (microseconds): `before`, for a statement as it was then."""
        return await entries_until(self.store, at, self.writer.tree.size)

    async def balance_at(self, account: str, at: int) -> Balances:
        """What an account's balances were after everything that happened until a time (microseconds)."""
        return await self._statements.balances(account, at)

    async def balances_at(self, at: int) -> dict[str, Balances]:
        """The balances of all accounts that had moved, after everything that happened until a time (microseconds)."""
        found = await self._closing.balances(at)
        return {id_.hex(): Balances(*four) for id_, four in found.items()}

    async def entries(self, start: int, limit: int = _ENTRIES) -> list[Posted]:
        """Transfers from an index on, in order: the outbox, which each consumer reads from its own cursor."""
        rows = await self.store.fetch(
            f"SELECT {JOURNAL_COLUMNS} FROM ledger_journal WHERE seq >= ? ORDER BY seq LIMIT {min(limit, _ENTRIES):d}",
            (start,),
        )
        return await self._posted(rows)

    async def cursor(self, consumer: str) -> int:
        """The first entry that a consumer has not dealt with."""
        rows = await self.store.fetch("SELECT seq FROM ledger_cursors WHERE consumer = ?", (consumer,))
        return rows[0][0] if rows else 0

    async def advance(self, consumer: str, seq: int) -> None:
        """A consumer has dealt with everything before an entry. It deals with some again if it ends before it says so:
        a transfer's id is what it keeps in its inbox."""
        await self.writer.command(
            lambda book: book.changes.others.setdefault("ledger_cursors", []).append((consumer, seq))
        )

    async def close_day(self, day: str, cut_off: int) -> Day:
        """End a day ("2026-11-26") at a time: closing balances, voucher numbers, a note in the tree."""
        return await self._closing.close(day, cut_off)

    async def days(self) -> list[Day]:
        """The days that are closed, the first one first."""
        return await self._closing.days()

    async def set_chart(self, lines: Sequence[ChartLine]) -> None:
        """Which codes of accounts belong to which account of the general ledger."""
        await self._closing.set_chart(lines)

    async def trial_balance(self, at: int | None = None) -> TrialBalance:
        """Sums by currency and account of the general ledger, now or at a time in the past."""
        return await self._closing.trial_balance(at)

    async def receipt(self, transfer_id: str) -> Receipt:
        """The proof that a transfer is in the journal. Raises LedgerError when there is no such transfer."""
        return await self._proofs.transfer(transfer_id)

    async def note_receipt(self, kind: str, key: str) -> Receipt:
        """The proof that the newest note with a kind and key is in the journal."""
        return await self._proofs.note(kind, key)

    async def head(self) -> SignedHead:
        """The signed head of all that is committed."""
        return await self._proofs.head()

    async def publish(self) -> SignedHead:
        """Sign the head and take it to the second place now."""
        return await self._proofs.publish()

    async def consistency(self, old: int, size: int) -> list[bytes]:
        """The proof that the journal of `old` entries is the beginning of that of `size`."""
        return await self._proofs.consistency(old, size)

    async def rotate_key(self) -> str:
        """Sign with a new key from now on, and with the old one beside it for a while. The new one's public form."""
        return await self._proofs.rotate()

    def public_keys(self) -> list[str]:
        """The keys that heads were ever signed with, for verifiers; the newest last."""
        return self._proofs.keys.public()
