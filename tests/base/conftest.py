"""Stores: every test that takes `database` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eden.base.database import Database
from eden.base.tables import metadata
from tests.postgres import postgres_database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty store with the ground's tables."""
    if request.param == "sqlite":
        store = Database(f"sqlite:///{tmp_path}/eden.db")
        metadata.create_all(store.engine)
        yield store
        store.close()
    else:
        with postgres_database() as address:
            store = Database(address)
            metadata.create_all(store.engine)
            yield store
            store.close()
