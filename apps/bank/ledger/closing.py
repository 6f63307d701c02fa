"""The end of a day, the general ledger and its trial balance.

A day is closed at a cut-off: everything that happened before it and after the cut-off of the day before belongs to it.
Closing writes, in one commit, the closing balances of the accounts that moved, the range of voucher numbers (without
gaps, in the order of the journal), and a note in the tree with the hash of all of it. Nothing stops meanwhile.

Each account has a code; the chart says to which account of the general ledger a code belongs. A trial balance is taken
from the balances as they are, or at a time in the past: from the closing balances before it and the journal since.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from bank.ledger.canonical import note_body
from bank.ledger.interfaces import LedgerError, Posted
from bank.ledger.records import Row
from bank.ledger.rules import Book
from bank.ledger.statements import entries_until
from bank.ledger.stores.base import BALANCE_COLUMNS, JOURNAL_COLUMNS, Store, plain_row
from bank.ledger.writer import Writer

_PAGE = 5_000
_NONE = (0, 0, 0, 0)
FourBalances = tuple[int, int, int, int]


class Day(msgspec.Struct, frozen=True):
    """A closed day ("2026-11-26"): entries from `first_seq` up to `end_seq`, transfers from `first_number` up to
    `end_number`, of which the first has voucher 1. Times in microseconds since 1970 (UTC)."""

    day: str
    cut_off: int
    closed_at: int
    first_seq: int
    end_seq: int
    first_number: int
    end_number: int


class ChartLine(msgspec.Struct, frozen=True):
    """Accounts with this code belong to this account of the general ledger; `kind`: asset, liability, equity, income,
    expense or memorandum."""

    code: int
    account: str
    kind: str
    name: str
    name_zh: str


class TrialLine(msgspec.Struct, frozen=True):
    """An account of the general ledger in one currency: sums of all that was posted, and how many accounts it has."""

    ledger: int
    account: str
    kind: str
    name: str
    name_zh: str
    debits: int
    credits: int
    accounts: int


class TrialBalance(msgspec.Struct, frozen=True):
    """`at`: null for now. In each currency the debits are the credits, or `balanced` is false."""

    at: int | None
    lines: list[TrialLine]
    balanced: bool


#: where accounts go whose code is not in the chart
_UNMAPPED = ("", "memorandum", "not in the chart", "未入科目")


class Closing:
    """Days and the general ledger of one shard."""

    def __init__(self, store: Store, writer: Writer, clock: Callable[[], int]) -> None:
        self._store, self._writer, self._clock = store, writer, clock
        self._closing = asyncio.Lock()
        self._days: list[Day] | None = None

    async def days(self) -> list[Day]:
        """All closed days, the first one first."""
        if self._days is None:
            self._days = await closed_days(self._store)
        return self._days

    async def close(self, day: str, cut_off: int) -> Day:
        """Close a day; once more gives what it was closed with. Raises LedgerError for a cut-off out of order."""
        async with self._closing:
            # a commit whose answer was lost may have closed it
            self._days = None
            days = await self.days()
            for there in days:
                if there.day == day:
                    return there
            before = days[-1] if days else None
            now = self._clock()
            if cut_off > now or (before and (cut_off <= before.cut_off or day <= before.day)):
                raise LedgerError(
                    "ledger-day",
                    f"The day {day} cannot be closed at that time.",
                    "Days are closed in order, when over.",
                )
            start, number = (before.end_seq, before.end_number) if before else (0, 0)
            await self._writer.command(_ending(cut_off))
            end = await entries_until(self._store, cut_off - 1, self._writer.tree.size)
            moved, last = await _moved(self._store, start, end)
            closed = Day(day, cut_off, now, start, end, number, number if last is None else last + 1)
            await self._writer.command(_closing(closed, moved))
            self._days = [*days, closed]
            return closed

    async def balances(self, at: int | None) -> dict[bytes, FourBalances]:
        """The balances of all accounts that ever moved, now or after everything that happened until a time."""
        if at is None:
            await self._writer.settle()
            rows = await self._store.fetch(
                f"SELECT a.id, {BALANCE_COLUMNS} FROM ledger_balances b JOIN ledger_accounts a ON a.number = b.number"
            )
            return {bytes(id_): (a, b, c, d) for id_, a, b, c, d in rows}
        return await balances_until(self._store, await self.days(), at, self._writer.tree.size)

    async def set_chart(self, lines: Sequence[ChartLine]) -> None:
        """Say where codes belong; others stay. The tree says so, too."""
        rows = [(line.code, line.account, line.kind, line.name, line.name_zh) for line in lines]

        def command(book: Book) -> None:
            book.changes.others.setdefault("ledger_chart", []).extend(rows)
            book.note("chart", "", note_body(rows))

        await self._writer.command(command)

    async def trial_balance(self, at: int | None = None) -> TrialBalance:
        """Sums by currency and account of the general ledger, now or at a time in the past."""
        return await summed(self._store, await self.balances(at), at)

    async def with_vouchers(self, entries: Sequence[tuple[Posted, int]]) -> list[Posted]:
        """Transfers (with their numbers) with their vouchers, where the day is closed."""
        days = await self.days()
        found = []
        for posted, number in entries:
            place = bisect_right(days, posted.seq, key=lambda day: day.end_seq)
            if place < len(days):
                voucher = f"{days[place].day}-{number - days[place].first_number + 1:07d}"
                posted = msgspec.structs.replace(posted, voucher=voucher)
            found.append(posted)
        return found


async def closed_days(store: Store) -> list[Day]:
    """The first one first."""
    return [Day(*row) for row in await store.fetch("SELECT * FROM ledger_days ORDER BY cut_off")]


async def _moved(store: Store, start: int, end: int) -> tuple[dict[bytes, FourBalances], int | None]:
    """The last balances of each account in a part of the journal, and the number of its last transfer."""
    moved: dict[bytes, FourBalances] = {}
    last = None
    while rows := await _rows(store, start, end):
        for row in rows:
            moved[row[4]], moved[row[5]] = row[15:19], row[19:23]
        start, last = rows[-1][0] + 1, rows[-1][1]
    return moved, last


async def _rows(store: Store, start: int, end: int) -> list[Row]:
    rows = await store.fetch(
        f"SELECT {JOURNAL_COLUMNS} FROM ledger_journal WHERE seq >= ? AND seq < ? ORDER BY seq LIMIT {_PAGE}",
        (start, end),
    )
    return [plain_row(row) for row in rows]


async def balances_until(store: Store, days: Sequence[Day], at: int, size: int) -> dict[bytes, FourBalances]:
    """The balances of all accounts that had moved, after what happened until a time in the first `size` entries."""
    place = bisect_right(days, at, key=lambda day: day.cut_off)
    found: dict[bytes, FourBalances] = {}
    start = 0
    if place:
        base = days[place - 1]
        start = base.end_seq
        rows = await store.fetch(
            f"SELECT account, {BALANCE_COLUMNS} FROM ledger_closings c WHERE day = "
            "(SELECT MAX(day) FROM ledger_closings d WHERE d.account = c.account AND d.day <= ?)",
            (base.day,),
        )
        found = {bytes(id_): (a, b, c, d) for id_, a, b, c, d in rows}
    moved, _ = await _moved(store, start, await entries_until(store, at, size))
    return found | moved


async def summed(store: Store, balances: Mapping[bytes, FourBalances], at: int | None) -> TrialBalance:
    """The trial balance that these balances make."""
    chart = {row[0]: row[1:] for row in await store.fetch("SELECT * FROM ledger_chart")}
    sums: dict[tuple[int, Any], list[int]] = {}
    for id_, ledger, code, opened in await store.fetch("SELECT id, ledger, code, opened_at FROM ledger_accounts"):
        if at is None or opened <= at:
            debits, _, credits_, _ = balances.get(bytes(id_), _NONE)
            total = sums.setdefault((ledger, tuple(chart.get(code, _UNMAPPED))), [0, 0, 0])
            total[0] += debits
            total[1] += credits_
            total[2] += 1
    lines = [TrialLine(ledger, *place, *total) for (ledger, place), total in sorted(sums.items())]
    by_currency: dict[int, int] = {}
    for line in lines:
        by_currency[line.ledger] = by_currency.get(line.ledger, 0) + line.debits - line.credits
    return TrialBalance(at, lines, not any(by_currency.values()))


def _ending(cut_off: int) -> Callable[[Book], None]:
    """When this is answered, what was under way before the cut-off is kept, and nothing that comes has a time before
    it, whatever the clock says."""

    def command(book: Book) -> None:
        book.head.at = max(book.head.at, cut_off)

    return command


def _closing(day: Day, moved: dict[bytes, FourBalances]) -> Callable[[Book], None]:
    rows = [(id_, day.day, *balances) for id_, balances in sorted(moved.items())]
    body = note_body(msgspec.to_builtins(day) | {"accounts": len(rows), "balances": closings_hash(rows)})

    def command(book: Book) -> None:
        others = book.changes.others
        others.setdefault("ledger_closings", []).extend(rows)
        others.setdefault("ledger_days", []).append(msgspec.structs.astuple(day))
        book.note("day", day.day, body)

    return command


def closings_hash(rows: Sequence[tuple[Any, ...]]) -> str:
    """The hash of a day's closing balances, in the order of the accounts' ids."""
    lines = (f"{id_.hex()} {day} {' '.join(map(str, balances))}\n" for id_, day, *balances in rows)
    return sha256("".join(lines).encode()).hexdigest()
