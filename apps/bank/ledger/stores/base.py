"""What the ledger asks of a store, and what is the same for every one."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

from bank.ledger.interfaces import LedgerError
from bank.ledger.merkle import Frontier
from bank.ledger.records import AccountState, Changes, Head, PendingState, Resolution, Row
from bank.ledger.stores.schema import BY_NAME, JOURNAL, PENDINGS, STEP, Dialect

Parameters = Sequence[Any]
Node = tuple[int, int, bytes]

_ACCOUNT = """SELECT a.id, a.number, a.ledger, a.code, a.flags, a.transfer_limit, a.day_limit,
 b.debits_posted, b.debits_pending, b.credits_posted, b.credits_pending, b.day, b.spent
 FROM ledger_accounts a JOIN ledger_balances b ON b.number = a.number WHERE a.id"""
JOURNAL_COLUMNS = ", ".join(JOURNAL.columns)
#: of an account, in its rows of balances and of closing balances
BALANCE_COLUMNS = "debits_posted, debits_pending, credits_posted, credits_pending"
NOTE_COLUMNS = "seq, at, kind, name, body"
_PENDING_COLUMNS = ", ".join(PENDINGS.columns)
HEAD_UPDATE = (
    "UPDATE ledger_head SET seq = ?, number = ?, at = ?, account = ?, flushed = ?, tree = ? WHERE one = 1 AND epoch = ?"
)
FLAGS_UPDATE = "UPDATE ledger_accounts SET flags = ?, transfer_limit = ?, day_limit = ? WHERE number = ?"
RESOLUTION_UPDATE = "UPDATE ledger_pendings SET resolution = ? WHERE id = ?"


T = TypeVar("T")
#: how often a question is asked while a server comes back: for three quarters of a minute
_TRIES = 20


async def patiently(ask: Callable[[], Awaitable[T]], lost: tuple[type[Exception], ...]) -> T:
    """What a server answers, asked again while its connections are `lost`."""
    for number in range(_TRIES - 1):
        with contextlib.suppress(*lost):
            return await ask()
        await asyncio.sleep(0.01 * 1.5**number)
    return await ask()


class Conflict(Exception):
    """The store could not order this commit among others, or does not know whether it was made; decide again."""


class Store(ABC):
    """One shard's tables. `fetch` sees what is committed; `load` is the same for the writer, `commit` is its alone.

    Statements are written with `?` for each parameter.
    """

    dialect: Dialect

    def __init__(self, shard: int) -> None:
        self.shard = shard
        #: grows with each process that takes over; what an older one commits is refused
        self.epoch = 0

    @abstractmethod
    async def connect(self) -> None:
        """Open connections and make tables."""

    @abstractmethod
    async def look(self) -> None:
        """Open for questions only, in place of `open`: all of them see what is committed now."""

    @abstractmethod
    async def take_over(self) -> list[tuple[Any, ...]]:
        """Become the writer, in one transaction: the head's row (as `ledger_head`), with a new epoch."""

    @abstractmethod
    async def fetch(self, statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]: ...

    @abstractmethod
    async def load(self, statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]: ...

    @abstractmethod
    async def commit(self, changes: Changes, head: Head, tree: Frontier, nodes: Sequence[Node]) -> None:
        """Keep all of it, durably, or nothing.

        Raises Conflict when it may be tried again after a fresh start, Fenced when another process is the writer.
        """

    @abstractmethod
    async def close(self) -> None: ...

    async def open(self) -> None:
        """Connect and become the writer. Raises LedgerError as `check`."""
        await self.connect()
        try:
            # before the one who writes now is ended
            await self.check()
        except LedgerError:
            await self.close()
            raise
        (row,) = await self.take_over()
        self.epoch = row[3]

    async def check(self) -> None:
        """Raises LedgerError for the tables of another shard, or of another version."""
        ((step, shard),) = await self.load("SELECT step, shard FROM ledger_head WHERE one = 1")
        if step != STEP:
            raise LedgerError(
                "ledger-step",
                f"The ledger's tables are of step {step}, and this version of the bank knows step {STEP}.",
                "Start the version of the bank that made them.",
            )
        if shard != self.shard:
            raise LedgerError(
                "ledger-shard",
                f"This database is shard {shard} of a ledger, not {self.shard}.",
                "Give the addresses of the shards in their order.",
            )

    async def head(self) -> tuple[Head, Frontier]:
        """The committed head."""
        rows = await self.load("SELECT seq, number, at, account, flushed, tree FROM ledger_head WHERE one = 1")
        seq, number, at, account, flushed, tree = rows[0]
        return Head(seq, number, at, account, flushed), Frontier(seq, bytes(tree))

    def among(self, ids: Iterable[bytes]) -> tuple[str, Parameters]:
        """A condition after a column, and its parameters. Few different statements, so that they stay prepared."""
        listed = list(ids)
        size = 1 << (len(listed) - 1).bit_length()
        return f" IN ({', '.join('?' * size)})", [*listed, *[listed[-1]] * (size - len(listed))]

    async def accounts(self, ids: Iterable[bytes]) -> list[AccountState]:
        condition, parameters = self.among(ids)
        return [_account(row) for row in await self.load(_ACCOUNT + condition, parameters)]

    async def rows(self, ids: Iterable[bytes]) -> list[Row]:
        """Rows of the journal with these ids."""
        condition, parameters = self.among(ids)
        found = await self.load(f"SELECT {JOURNAL_COLUMNS} FROM ledger_journal WHERE id{condition}", parameters)
        return [plain_row(row) for row in found]

    async def tail(self, start: int, most: int) -> list[Row]:
        """Rows of the journal from an index on, the first ones."""
        found = await self.load(
            f"SELECT {JOURNAL_COLUMNS} FROM ledger_journal WHERE seq >= ? ORDER BY seq LIMIT {most:d}", (start,)
        )
        return [plain_row(row) for row in found]

    async def refused(self, ids: Iterable[bytes]) -> list[bytes]:
        condition, parameters = self.among(ids)
        found = await self.load(f"SELECT id FROM ledger_refusals WHERE id{condition}", parameters)
        return [bytes(row[0]) for row in found]

    async def pendings(self, ids: Iterable[bytes]) -> list[PendingState]:
        condition, parameters = self.among(ids)
        found = await self.load(f"SELECT {_PENDING_COLUMNS} FROM ledger_pendings WHERE id{condition}", parameters)
        return [_pending(row) for row in found]

    async def due(self, now: int, most: int) -> list[PendingState]:
        """Open pending transfers whose time is over, the first ones."""
        found = await self.load(
            f"SELECT {_PENDING_COLUMNS} FROM ledger_pendings WHERE resolution = ? AND expires > 0 AND expires <= ?"
            f" ORDER BY expires LIMIT {most:d}",
            (Resolution.OPEN.value, now),
        )
        return [_pending(row) for row in found]

    async def next_expiry(self) -> int | None:
        """When the next open pending transfer's time is over."""
        rows = await self.load(
            "SELECT MIN(expires) FROM ledger_pendings WHERE resolution = ? AND expires > 0", (Resolution.OPEN.value,)
        )
        return None if rows[0][0] is None else int(rows[0][0])

    async def newest_id(self, before: bytes) -> bytes:
        """The largest id up to a bound that is taken."""
        found = [
            row[0]
            for table in ("ledger_journal", "ledger_refusals")
            for row in await self.load(f"SELECT id FROM {table} WHERE id <= ? ORDER BY id DESC LIMIT 1", (before,))
        ]
        return max(map(bytes, found), default=b"")

    async def ids_after(self, bound: bytes, most: int) -> list[bytes]:
        """Ids above a bound that are taken."""
        return [
            bytes(row[0])
            for table in ("ledger_journal", "ledger_refusals")
            for row in await self.load(f"SELECT id FROM {table} WHERE id > ? ORDER BY id LIMIT {most:d}", (bound,))
        ]

    def writes(self, changes: Changes, nodes: Sequence[Node]) -> list[tuple[str, list[tuple[Any, ...]]]]:
        """Rows by table, besides the head, flags and resolutions."""
        accounts = [
            (
                each.state.number, each.state.id, each.state.ledger, each.state.code, each.state.flags,
                each.state.transfer_limit, each.state.day_limit, each.reference, each.at,
            )
            for each in changes.opened
        ]  # fmt: skip
        pendings = [
            (
                each.id, each.debit, each.credit, each.ledger, each.code, each.flags, each.amount, each.at,
                each.expires, each.resolution,
            )
            for each in changes.pendings
        ]  # fmt: skip
        writes = [
            ("ledger_journal", changes.rows),
            ("ledger_balances", [(each.state.number, 0, 0, 0, 0, 0, 0) for each in changes.opened]),
            ("ledger_balances", balance_rows(changes)),
            ("ledger_nodes", list(nodes)),
            ("ledger_accounts", accounts),
            ("ledger_pendings", pendings),
            ("ledger_refusals", changes.refused),
            ("ledger_notes", changes.notes),
            *changes.others.items(),
        ]
        return [(name, rows) for name, rows in writes if rows]

    def insert(self, name: str) -> str:
        """The statement that inserts a row into a table, or replaces it there."""
        table = BY_NAME[name]
        marks = ", ".join("?" * len(table.columns))
        columns = ", ".join(table.columns)
        return f"INSERT INTO {name} ({columns}) VALUES ({marks}){self.dialect.replacing(table)}"


def balance_rows(changes: Changes) -> list[tuple[Any, ...]]:
    """The balances that a commit writes."""
    return [
        (
            each.number, each.debits_posted, each.debits_pending, each.credits_posted, each.credits_pending, each.day,
            each.spent,
        )
        for each in changes.balances
    ]  # fmt: skip


def plain_row(row: Sequence[Any]) -> Row:
    """A row of the journal with its ids as bytes, whatever the driver gave."""
    return (*row[:3], bytes(row[3]), bytes(row[4]), bytes(row[5]), *row[6:10], bytes(row[10]), *row[11:13],
            bytes(row[13]), *row[14:])  # fmt: skip


def _account(row: Sequence[Any]) -> AccountState:
    id_, number, ledger, code, flags, transfer_limit, day_limit = row[:7]
    balances = row[7], row[8], row[9], row[10]
    return AccountState(
        bytes(id_), number, ledger, code, flags, transfer_limit, day_limit, balances, day=row[11], spent=row[12]
    )


def _pending(row: Sequence[Any]) -> PendingState:
    return PendingState(bytes(row[0]), bytes(row[1]), bytes(row[2]), *row[3:])
