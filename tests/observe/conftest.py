"""Every test of observing that takes `store` has the events store's tables in a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eden.observe import schema
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.embedded import Embedded
from eden.observe.insight.engine import Engine
from tests.base.conftest import database

__all__ = ["database", "insight", "store"]


@pytest.fixture(scope="session")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # the engine opens one folder per process
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def store(_folder: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The embedded engine with empty tables."""
    engine = Embedded(_folder, f"t{abs(hash(request.node.nodeid)):x}")
    for statement in schema.statements():
        engine.query(statement)
    yield engine
    engine.close()


@pytest.fixture
def insight(store: Engine) -> LocalInsight:
    """What pages and APIs ask, over `store`."""
    return LocalInsight(Answering(store))
