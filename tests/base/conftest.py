"""Stores: every test that takes `database` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eden.base.database import Database
from tests.stores import KINDS, open_store


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty store with the ground's tables."""
    with open_store(request.param, tmp_path) as store:
        yield store
