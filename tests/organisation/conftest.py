"""The organisation's tests run over HTTP on SQLite; those marked `everywhere` on PostgreSQL, too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eden.organisation.parts import parts
from tests.office import Office, open_office
from tests.postgres import postgres_database


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("sqlite"), parts=[parts]) as office:
        yield office


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with (
        postgres_database() as address,
        open_office(tmp_path_factory.mktemp("files"), address, parts=[parts]) as office,
    ):
        yield office


@pytest.fixture
def office(request: pytest.FixtureRequest) -> Office:
    """A platform of the organisation alone, as in the beginning."""
    office: Office = request.getfixturevalue(f"on_{getattr(request, 'param', 'sqlite')}")
    office.reset()
    return office
