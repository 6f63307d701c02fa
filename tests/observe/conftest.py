"""Every test of observing that takes `store` has the events store's tables in a database of its own."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from eden.observe import schema
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.embedded import Embedded
from eden.observe.insight.engine import Engine
from eden.observe.insight.server import Server
from tests.base.conftest import database

#: addresses of engines: "" is the embedded one
ENGINES = {"embedded": "", "server": os.environ.get("EDEN_TEST_CLICKHOUSE", "")}
NAMES = [name for name, address in ENGINES.items() if address or name == "embedded"]

Opener: TypeAlias = Callable[[str], Engine]

__all__ = ["database", "empty_store", "insight", "kept_store", "store"]


@pytest.fixture(scope="session")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # the engine opens one folder per process
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="session", params=NAMES)
def _open(request: pytest.FixtureRequest, _folder: Path) -> Opener:
    if address := ENGINES[request.param]:
        return lambda database: Server(address, database=database)
    return lambda database: Embedded(_folder, database)


@contextmanager
def empty_store(open_: Opener) -> Iterator[Engine]:
    """An engine with empty tables: the embedded one, and a server when EDEN_TEST_CLICKHOUSE has its address."""
    database = f"test_{uuid.uuid4().hex}"
    engine = open_(database)
    for statement in schema.statements():
        engine.query(statement)
    yield engine
    engine.query(f"DROP DATABASE {database} SYNC")
    engine.close()


@pytest.fixture
def store(_open: Opener) -> Iterator[Engine]:
    """Empty tables."""
    with empty_store(_open) as engine:
        yield engine


@pytest.fixture(scope="module")
def kept_store(_open: Opener) -> Iterator[Engine]:
    """Tables of all tests of a module: making them takes longer than emptying them."""
    with empty_store(_open) as engine:
        yield engine


@pytest.fixture
def insight(store: Engine) -> LocalInsight:
    """What pages and APIs ask, over `store`."""
    return LocalInsight(Answering(store))
