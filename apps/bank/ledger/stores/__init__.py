"""Where a shard of the ledger is kept: SQLite, PostgreSQL, or a database with OceanBase's dialect."""

from __future__ import annotations

from pathlib import Path

from bank.ledger.interfaces import LedgerError
from bank.ledger.stores.base import Store
from bank.ledger.stores.sqlite import SqliteStore


def store_at(url: str, shard: int = 0) -> Store:
    """The store at an address: `sqlite:///PATH`. Raises LedgerError for another."""
    kind, _, rest = url.partition("://")
    if kind == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return SqliteStore(Path(rest[1:]), shard)
    raise LedgerError("ledger-address", "What is set is not the address of a ledger.", "Use sqlite:///PATH.")
