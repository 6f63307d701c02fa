"""The embedded store: a SQLite file with a write-ahead log that is on the disk before a commit is answered."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bank.ledger.interfaces import Fenced, LedgerError
from bank.ledger.merkle import Frontier
from bank.ledger.records import Changes, Head, Row
from bank.ledger.stores.base import (
    FLAGS_UPDATE,
    HEAD_UPDATE,
    RESOLUTION_UPDATE,
    Conflict,
    Node,
    Parameters,
    Store,
)
from bank.ledger.stores.schema import STEP, TABLES, Dialect

#: Pages of the log after which SQLite copies them into the file. Balances are few pages that change in every commit,
#: so a long log is copied for little more than a short one; 16 MiB keep a start after a crash below a second.
_CHECKPOINT_PAGES = 4_000
#: seconds to wait for another process that has the file
_BUSY_SECONDS = 15


class SqliteStore(Store):
    """A file. The writer's connection works in the event loop's thread: a commit of 64 takes about a millisecond, less
    than handing it to a thread that competes for the interpreter. Questions run in a thread, on a snapshot."""

    dialect = Dialect(
        types={
            "id": "BLOB", "hash": "BLOB", "bytes": "BLOB", "bytes16": "BLOB", "big": "INTEGER", "int": "INTEGER",
            "text": "TEXT",
        },
        text="TEXT",
        packed=" WITHOUT ROWID",
        ignoring=("INSERT OR IGNORE INTO", ""),
    )  # fmt: skip

    def __init__(self, path: Path, shard: int) -> None:
        super().__init__(shard)
        self._path = path
        self._reader = ThreadPoolExecutor(1, "ledger-read")
        self._writing: sqlite3.Connection
        self._reading: sqlite3.Connection
        self._inserts = {table.name: self.insert(table.name) for table in TABLES}

    async def connect(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._writing = self._connection()
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(
                "ledger-file", f"The ledger's file {self._path} cannot be opened: {error}.", "Set another path."
            ) from error
        self._writing.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            for statement in self.dialect.create(table):
                self._writing.execute(statement)
        self._writing.execute(
            "INSERT OR IGNORE INTO ledger_head VALUES (1, ?, ?, 0, 0, 0, 0, 1, 0, x'')", (STEP, self.shard)
        )
        self._writing.execute("COMMIT")
        self._reading = self._connection()
        self._reading.execute("PRAGMA query_only = ON")

    async def look(self) -> None:
        if not self._path.is_file():
            raise LedgerError("ledger-file", f"There is no ledger in {self._path}.", "Name the bank's folder.")
        self._writing = self._reading = self._connection()
        self._reading.execute("PRAGMA query_only = ON")
        self._reading.execute("BEGIN")

    def _connection(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute("PRAGMA cache_size = -65536")
        return connection

    async def take_over(self) -> list[tuple[Any, ...]]:
        execute = self._writing.execute
        execute("BEGIN IMMEDIATE")
        execute("UPDATE ledger_head SET epoch = epoch + 1 WHERE one = 1")
        rows = execute("SELECT * FROM ledger_head").fetchall()
        execute("COMMIT")
        return rows

    async def fetch(self, statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, lambda: self._reading.execute(statement, parameters).fetchall())

    async def load(self, statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        return self._writing.execute(statement, parameters).fetchall()

    async def commit(self, changes: Changes, head: Head, tree: Frontier, nodes: Sequence[Node]) -> None:
        connection, inserts = self._writing, self._inserts
        try:
            connection.execute("BEGIN IMMEDIATE")
            updated = connection.execute(
                HEAD_UPDATE,
                (head.seq, head.number, head.at, head.account, head.flushed, tree.packed(), self.epoch),
            )
            if updated.rowcount != 1:
                raise Fenced(self.shard)
            for name, rows in self.writes(changes, nodes):
                connection.executemany(inserts[name], _bound(rows) if name == "ledger_journal" else rows)
            if changes.flagged:
                connection.executemany(
                    FLAGS_UPDATE,
                    [(each.flags, each.transfer_limit, each.day_limit, each.number) for each in changes.flagged],
                )
            if changes.resolved:
                connection.executemany(RESOLUTION_UPDATE, changes.resolved)
            for statement, parameters in changes.statements:
                connection.execute(statement, parameters)
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            # busy, a full disk: nothing is known but what the file says
            self._undo()
            raise Conflict(str(error)) from error
        except BaseException:
            self._undo()
            raise

    def _undo(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._writing.in_transaction:
                self._writing.execute("ROLLBACK")

    async def close(self) -> None:
        self._reader.shutdown()
        self._reading.close()
        self._writing.close()


def _bound(rows: Sequence[Row]) -> list[Row]:
    """Rows of the journal with byte arrays for bytes: for each of those, the driver looks for an adapter, finds none
    and forgets an error about it, which takes as long as the rest of the row."""
    array, none = bytearray, bytearray()
    return [
        (
            seq, number, at, array(id_), array(debit), array(credit), amount, ledger, code, flags,
            array(pending_id) if pending_id else none, timeout, reference, array(data) if data else none, released,
            one, two, three, four, five, six, seven, eight,
        )
        for (
            seq, number, at, id_, debit, credit, amount, ledger, code, flags, pending_id, timeout, reference, data,
            released, one, two, three, four, five, six, seven, eight,
        ) in rows
    ]  # fmt: skip
