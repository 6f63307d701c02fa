"""A store for many tests: made once per module, emptied before each test. For rooms with many small tests; what is
about the store itself takes `database` of tests/base/conftest.py.

A folder's conftest.py takes the fixtures by name: from tests.stores import database, store
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, delete

from eden.base.database import Database
from eden.base.tables import changes, counters, installation, metadata
from tests.postgres import postgres_database

#: rows that a running platform goes by
_KEPT = {changes, counters, installation}


def empty(connection: Connection) -> None:
    """Remove what tests have put there."""
    for table in reversed(metadata.sorted_tables):
        if table not in _KEPT:
            connection.execute(delete(table))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A store with all tables."""
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path_factory.mktemp('store')}/eden.db")
        metadata.create_all(made.engine)
        yield made
        made.close()
    else:
        with postgres_database() as address:
            made = Database(address)
            metadata.create_all(made.engine)
            yield made
            made.close()


@pytest.fixture
def database(store: Database) -> Database:
    """The module's store, empty."""
    store.write_now(empty)
    return store
