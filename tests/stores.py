"""A store for many tests: made once per module, emptied before each test. For rooms with many small tests; what is
about the store itself takes `database` of tests/base/conftest.py.

A folder's conftest.py takes the fixtures by name: from tests.stores import database, store
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

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


#: what tests of stores run on
KINDS = ("sqlite", "postgresql")


@contextmanager
def open_store(kind: str, folder: Path, *, tables: bool = True) -> Iterator[Database]:
    """A new store of one of `KINDS`, with or without all tables."""
    with ExitStack() as stack:
        address = f"sqlite:///{folder}/eden.db" if kind == "sqlite" else stack.enter_context(postgres_database())
        made = Database(address)
        stack.callback(made.close)
        if tables:
            metadata.create_all(made.engine)
        yield made


@pytest.fixture(scope="module", params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A store with all tables."""
    with open_store(request.param, tmp_path_factory.mktemp("store")) as made:
        yield made


@pytest.fixture
def database(store: Database) -> Database:
    """The module's store, empty."""
    store.write_now(empty)
    return store
