"""PostgreSQL: each commit is one statement of sets in the usual case, one round trip.

The statement's first part moves the head on if this process is still the writer; the others write only if it did. In
REPEATABLE READ a second process that takes over meanwhile makes it fail with 40001, so two never write one shard.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import lru_cache
from typing import Any

import asyncpg

from bank.ledger.interfaces import Fenced, LedgerError
from bank.ledger.merkle import Frontier
from bank.ledger.records import Changes, Head
from bank.ledger.stores.base import (
    FLAGS_UPDATE,
    RESOLUTION_UPDATE,
    Conflict,
    Node,
    Parameters,
    Store,
    balance_rows,
    patiently,
)
from bank.ledger.stores.schema import BY_NAME, STEP, TABLES, Dialect

_TYPES = {
    "id": "BYTEA", "hash": "BYTEA", "bytes": "BYTEA", "bytes16": "BYTEA", "big": "BIGINT", "int": "INTEGER",
    "text": "TEXT",
}  # fmt: skip
#: what the writer's statements need: few rows of large tables by their keys, whatever the planner guesses
_SETTINGS = {
    "default_transaction_isolation": "repeatable read",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}
#: written in the one statement, if there is something
_SETS = ("ledger_journal", "ledger_nodes", "ledger_refusals")
_READERS = 4

_LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError, OSError)


class PostgresStore(Store):
    """A database of its own. One connection writes, others read."""

    dialect = Dialect(types=_TYPES, text="VARCHAR({})")

    def __init__(self, url: str, shard: int) -> None:
        super().__init__(shard)
        self._url = url
        self._pool: asyncpg.Pool[asyncpg.Record]
        self._writing: asyncpg.Connection[asyncpg.Record] | None = None
        self._only_looks = False
        self._statements = {extras: _commit_statement(extras) for extras in (False, True)}

    async def connect(self) -> None:
        try:
            self._pool = await asyncpg.create_pool(self._url, min_size=0, max_size=_READERS)
            async with self._writer() as connection, connection.transaction():
                await self._make_tables(connection)
        except (ValueError, asyncpg.PostgresError) as error:
            raise LedgerError(
                "ledger-database", f"The ledger's PostgreSQL cannot be used: {error}.", "Look at its address."
            ) from error

    async def look(self) -> None:
        self._only_looks = True
        try:
            self._writing = await asyncpg.connect(self._url)
            await self._writing.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        except (ValueError, OSError, asyncpg.PostgresError) as error:
            raise LedgerError(
                "ledger-database", f"The ledger's PostgreSQL cannot be used: {error}.", "Look at its address."
            ) from error

    async def _make_tables(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        for table in TABLES:
            for statement in self.dialect.create(table):
                await connection.execute(statement)
        # balances are updated in place while their page has room
        await connection.execute("ALTER TABLE ledger_balances SET (fillfactor = 50)")
        await connection.execute(
            "INSERT INTO ledger_head VALUES (1, $1, $2, 0, 0, 0, 0, 1, 0, '') ON CONFLICT DO NOTHING",
            STEP,
            self.shard,
        )

    @contextlib.asynccontextmanager
    async def _writer(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """The writer's connection; what goes wrong with it or in it is a Conflict."""
        try:
            if self._writing is None or self._writing.is_closed():
                self._writing = await asyncpg.connect(self._url, server_settings=_SETTINGS)
            yield self._writing
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError) as error:
            raise Conflict(str(error)) from error
        except _LOST as error:
            # a statement may be under way: whether it was kept shows on a new connection
            if self._writing is not None:
                self._writing.terminate()
            raise Conflict(f"the connection was lost: {error}") from error

    async def take_over(self) -> list[tuple[Any, ...]]:
        async with self._writer() as connection:
            rows = await connection.fetch("UPDATE ledger_head SET epoch = epoch + 1 WHERE one = 1 RETURNING *")
        return [tuple(row) for row in rows]

    async def fetch(self, statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        if self._only_looks:
            return await self.load(statement, parameters)
        numbered = _numbered(statement)
        rows = await patiently(lambda: self._pool.fetch(numbered, *parameters), _LOST)
        return [tuple(row) for row in rows]

    async def load(self, statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        async with self._writer() as connection:
            return [tuple(row) for row in await connection.fetch(_numbered(statement), *parameters)]

    def among(self, ids: Iterable[bytes]) -> tuple[str, Parameters]:
        return " = ANY(?)", [list(ids)]

    async def commit(self, changes: Changes, head: Head, tree: Frontier, nodes: Sequence[Node]) -> None:
        by_set = {"ledger_journal": changes.rows, "ledger_nodes": nodes, "ledger_refusals": changes.refused}
        extras = bool(nodes or changes.refused)
        parameters = [
            head.seq, head.number, head.at, head.account, head.flushed, tree.packed(), self.epoch,
            balance_rows(changes), *(by_set[name] for name in (_SETS if extras else _SETS[:1])),
        ]  # fmt: skip
        async with self._writer() as connection:
            statement = self._statements[extras]
            if not (
                changes.opened or changes.pendings or changes.resolved or changes.flagged or changes.notes
                or changes.others or changes.statements
            ):  # fmt: skip
                self._moved(await connection.fetchval(statement, *parameters))
                return
            async with connection.transaction():
                if changes.opened:
                    # their balances have to be there before they are updated
                    numbers = [(each.state.number, 0, 0, 0, 0, 0, 0) for each in changes.opened]
                    await connection.executemany(_numbered(self.insert("ledger_balances")), numbers)
                self._moved(await connection.fetchval(statement, *parameters))
                for name, rows in self.writes(changes, ()):
                    if name not in _SETS and name != "ledger_balances":
                        await connection.executemany(_numbered(self.insert(name)), rows)
                if changes.flagged:
                    flags = [(each.flags, each.transfer_limit, each.day_limit, each.number) for each in changes.flagged]
                    await connection.executemany(_numbered(FLAGS_UPDATE), flags)
                if changes.resolved:
                    await connection.executemany(_numbered(RESOLUTION_UPDATE), changes.resolved)
                for other, values in changes.statements:
                    await connection.execute(_numbered(other), *values)

    def _moved(self, count: int) -> None:
        if count != 1:
            raise Fenced(self.shard)

    async def close(self) -> None:
        if self._writing is not None:
            with contextlib.suppress(*_LOST):
                await self._writing.close()
        if not self._only_looks:
            await self._pool.close()


def _commit_statement(extras: bool) -> str:
    """Sets are arrays of rows: an array for each column took the server half as long again, and the driver twice."""
    balances = BY_NAME["ledger_balances"]
    values = ", ".join(f"{name} = u.{name}" for name in balances.columns if name not in balances.key)
    parts = [
        "head AS (UPDATE ledger_head SET seq = $1, number = $2, at = $3, account = $4, flushed = $5,"
        " tree = $6 WHERE one = 1 AND epoch = $7 RETURNING one)",
        f"balances AS (UPDATE ledger_balances b SET {values} FROM unnest($8::ledger_balances[]) AS u"
        " WHERE b.number = u.number AND EXISTS (SELECT FROM head))",
    ]
    for parameter, name in enumerate(_SETS if extras else _SETS[:1], 9):
        columns = ", ".join(BY_NAME[name].columns)
        parts.append(
            f"{name}_ AS (INSERT INTO {name} ({columns}) SELECT {columns} FROM unnest(${parameter}::{name}[]) AS u"
            " WHERE EXISTS (SELECT FROM head))"
        )
    return f"WITH {', '.join(parts)} SELECT COUNT(*) FROM head"


@lru_cache(512)
def _numbered(statement: str) -> str:
    """With `$1`, `$2`, … for each `?`."""
    first, *others = statement.split("?")
    return first + "".join(f"${number}{other}" for number, other in enumerate(others, 1))
