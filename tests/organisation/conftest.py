"""The organisation's tests run over HTTP on SQLite; those marked `everywhere` on PostgreSQL, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eden.organisation.parts import parts
from tests.office import Office, open_office
from tests.postgres import postgres_database


@pytest.fixture
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """A platform of the organisation alone."""
    if getattr(request, "param", "sqlite") == "sqlite":
        with open_office(tmp_path, parts=[parts]) as office:
            yield office
    else:
        with postgres_database() as address, open_office(tmp_path, address, parts=[parts]) as office:
            yield office
