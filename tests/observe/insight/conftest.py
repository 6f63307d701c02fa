"""The tables of a module's tests, by calls and over HTTP; empty for each test."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from eden.observe.insight.embedded import Embedded
from eden.observe.insight.engine import Engine
from eden.observe.insight.server import Server
from tests.observe.clickhouse_http import serve
from tests.observe.conftest import ENGINES, Opener, empty_store


@pytest.fixture(scope="module")
def called(_open: Opener) -> Iterator[Engine]:
    with empty_store(_open) as engine:
        yield engine


@pytest.fixture(scope="module")
def address(called: Engine) -> Iterator[str]:
    """Of a server with the same tables: a real one where there is one, else the embedded engine behind HTTP."""
    if isinstance(called, Embedded):
        with serve(called) as found:
            yield f"{found}/{called.database}"
    else:
        assert isinstance(called, Server)
        yield urlsplit(ENGINES["server"])._replace(path=f"/{called.database}").geturl()


@pytest.fixture(scope="module")
def spoken(address: str) -> Iterator[Server]:
    server = Server(address)
    yield server
    server.close()


@pytest.fixture(params=["called", "spoken"])
def engine(called: Engine, spoken: Server, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """By calls and over HTTP."""
    yield called if request.param == "called" else spoken
    for table in ("events", "trends", "seen"):
        called.query(f"TRUNCATE TABLE {table}")
