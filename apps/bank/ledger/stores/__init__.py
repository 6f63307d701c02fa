"""Where a shard of the ledger is kept: SQLite, PostgreSQL, or a database with OceanBase's dialect."""

from __future__ import annotations

from pathlib import Path

from bank.ledger.interfaces import LedgerError
from bank.ledger.stores.base import Store
from bank.ledger.stores.sqlite import SqliteStore


def store_at(url: str, shard: int = 0) -> Store:
    """The store at an address: `sqlite:///PATH`, `postgresql://USER:PASSWORD@HOST/NAME`, or `oceanbase://…`, after
    which may stand `?unix_socket=PATH`. Raises LedgerError for another."""
    kind, _, rest = url.partition("://")
    if kind == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return SqliteStore(Path(rest[1:]), shard)
    try:
        if kind == "postgresql":
            # drivers are extras: who keeps a ledger in a file does not need them
            from bank.ledger.stores.postgres import PostgresStore

            return PostgresStore(url, shard)
        if kind == "oceanbase":
            from bank.ledger.stores.oceanbase import OceanBaseStore

            return OceanBaseStore(url, shard)
    except ImportError as error:
        raise LedgerError("ledger-driver", f"{error.name} is not installed.", "Install Eden's extra `bank`.") from error
    raise LedgerError(
        "ledger-address",
        "What is set is not the address of a ledger.",
        "Use sqlite:///PATH, postgresql://USER@HOST/NAME or oceanbase://USER@HOST/NAME.",
    )
