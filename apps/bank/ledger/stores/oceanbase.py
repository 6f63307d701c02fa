"""OceanBase's MySQL dialect (and its relatives): plain statements of rows, no RETURNING, no sequences, no procedures.

Identifiers and texts compare by their bytes. A commit is a transaction whose first statement moves the head on if this
process is still the writer and locks it against others that would be.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncmy
from asyncmy.errors import Error, IntegrityError, InterfaceError, InternalError, OperationalError

from bank.ledger.interfaces import Fenced, LedgerError
from bank.ledger.merkle import Frontier
from bank.ledger.records import Changes, Head
from bank.ledger.stores.base import (
    FLAGS_UPDATE,
    HEAD_UPDATE,
    RESOLUTION_UPDATE,
    Conflict,
    Node,
    Parameters,
    Store,
    patiently,
)
from bank.ledger.stores.schema import STEP, TABLES, Dialect

_READERS = 4
_PORT = 2881
#: an UPDATE counts the rows that it found, also those that were so before
_FOUND_ROWS = 2
#: lock wait timeout, deadlock, transaction time-out, and what OceanBase asks to be tried again
_AGAIN = {1205, 1213, 4012, 6002, 6210, 6212, 6213, 6224, 6235}


class OceanBaseStore(Store):
    """A database of its own. One connection writes, others read."""

    dialect = Dialect(
        types={
            "id": "VARBINARY(16)", "hash": "VARBINARY(32)", "bytes": "VARBINARY(4096)", "bytes16": "VARBINARY(16)",
            "big": "BIGINT", "int": "INT", "text": "MEDIUMTEXT",
        },
        text="VARCHAR({})",
        options=" DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin",
        own_indexes=False,
        on_conflict=False,
        ignoring=("INSERT IGNORE INTO", ""),
    )  # fmt: skip

    def __init__(self, url: str, shard: int) -> None:
        super().__init__(shard)
        parts = urlsplit(url)
        socket = parse_qs(parts.query).get("unix_socket")
        self._options: dict[str, Any] = {
            "user": unquote(parts.username or "root"),
            "password": unquote(parts.password or ""),
            "db": parts.path[1:],
            "autocommit": True,
            "charset": "utf8mb4",
            "client_flag": _FOUND_ROWS,
        } | ({"unix_socket": socket[0]} if socket else {"host": parts.hostname, "port": parts.port or _PORT})
        self._pool: Any = None
        self._writing: Any = None

    async def connect(self) -> None:
        try:
            # the writer connects again when it could not take over
            if self._pool is None:
                self._pool = await asyncmy.create_pool(minsize=1, maxsize=_READERS, **self._options)
        except (OSError, Error) as error:
            raise LedgerError(
                "ledger-database", f"The ledger's database cannot be reached: {error}.", "Look at its address."
            ) from error
        async with self._cursor() as cursor:
            # one statement each: a database that takes back none of them takes all of them again
            for table in TABLES:
                for statement in self.dialect.create(table):
                    await cursor.execute(statement)
            await cursor.execute(
                "INSERT IGNORE INTO ledger_head VALUES (1, %s, %s, 0, 0, 0, 0, 1, 0, '')", (STEP, self.shard)
            )

    async def look(self) -> None:
        try:
            async with self._cursor() as cursor:
                await cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                await cursor.execute("BEGIN")
        except Conflict as error:
            raise LedgerError(
                "ledger-database", f"The ledger's database cannot be reached: {error}.", "Look at its address."
            ) from error

    @contextlib.asynccontextmanager
    async def _cursor(self) -> AsyncIterator[Any]:
        """A cursor of the writer's connection; what goes wrong with it is a Conflict."""
        try:
            if self._writing is None:
                self._writing = await asyncmy.connect(**self._options)
            async with self._writing.cursor() as cursor:
                yield cursor
        except (OperationalError, InternalError, InterfaceError, OSError) as error:
            if not (error.args and error.args[0] in _AGAIN) and self._writing is not None:
                # lost, perhaps in a commit: whether it was kept shows on a new connection
                self._writing.close()
                self._writing = None
            raise Conflict(str(error)) from error

    async def take_over(self) -> list[tuple[Any, ...]]:
        async with self._cursor() as cursor:
            await cursor.execute("BEGIN")
            await cursor.execute("UPDATE ledger_head SET epoch = epoch + 1 WHERE one = 1")
            await cursor.execute("SELECT * FROM ledger_head WHERE one = 1")
            rows = await cursor.fetchall()
            await cursor.execute("COMMIT")
        return list(rows)

    async def fetch(self, statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        if self._pool is None:
            return await self.load(statement, parameters)

        async def ask() -> list[tuple[Any, ...]]:
            async with self._pool.acquire() as connection, connection.cursor() as cursor:
                await cursor.execute(_formatted(statement), tuple(parameters))
                return list(await cursor.fetchall())

        return await patiently(ask, (OperationalError, InterfaceError, OSError))

    async def load(self, statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        async with self._cursor() as cursor:
            await cursor.execute(_formatted(statement), tuple(parameters))
            return list(await cursor.fetchall())

    async def commit(self, changes: Changes, head: Head, tree: Frontier, nodes: Sequence[Node]) -> None:
        async with self._cursor() as cursor:
            await cursor.execute("BEGIN")
            try:
                await self._write(cursor, changes, head, tree, nodes)
            except (Fenced, IntegrityError):
                await cursor.execute("ROLLBACK")
                raise
            await cursor.execute("COMMIT")

    async def _write(self, cursor: Any, changes: Changes, head: Head, tree: Frontier, nodes: Sequence[Node]) -> None:
        await cursor.execute(
            _formatted(HEAD_UPDATE),
            (head.seq, head.number, head.at, head.account, head.flushed, tree.packed(), self.epoch),
        )
        if cursor.rowcount != 1:
            raise Fenced(self.shard)
        for name, rows in self.writes(changes, nodes):
            await cursor.executemany(_formatted(self.insert(name)), rows)
        for each in changes.flagged:
            await cursor.execute(
                _formatted(FLAGS_UPDATE), (each.flags, each.transfer_limit, each.day_limit, each.number)
            )
        for resolved in changes.resolved:
            await cursor.execute(_formatted(RESOLUTION_UPDATE), resolved)
        for statement, parameters in changes.statements:
            await cursor.execute(_formatted(statement), parameters)

    async def close(self) -> None:
        if self._writing is not None:
            self._writing.close()
        if self._pool is not None:
            self._pool.close()
            await self._pool.wait_closed()


@lru_cache(512)
def _formatted(statement: str) -> str:
    """With `%s` for each `?`."""
    return statement.replace("?", "%s")
