"""The tables of a module's tests, by calls and over HTTP; empty for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eden.observe.insight.embedded import Embedded
from eden.observe.insight.engine import Engine
from eden.observe.insight.server import Server
from tests.observe.clickhouse_http import serve
from tests.observe.conftest import Opener, empty_store


@pytest.fixture(scope="module")
def called(_open: Opener) -> Iterator[Engine]:
    with empty_store(_open) as engine:
        yield engine


@pytest.fixture(scope="module")
def spoken(called: Engine) -> Iterator[Server]:
    """A server with the same tables: a real one where there is one, else the embedded engine behind HTTP."""
    if isinstance(called, Server):
        yield called
        return
    assert isinstance(called, Embedded)
    with serve(called) as address:
        server = Server(address, database=called.database)
        yield server
        server.close()


@pytest.fixture(params=["called", "spoken"])
def engine(called: Engine, spoken: Server, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """By calls and over HTTP."""
    yield called if request.param == "called" else spoken
    for table in ("events", "trends", "seen"):
        called.query(f"TRUNCATE TABLE {table}")
