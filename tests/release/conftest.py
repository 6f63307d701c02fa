"""Every test of releasing that takes `database` or `house` runs on SQLite and on PostgreSQL, with all tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import eden.release.models  # noqa: F401 - its tables
from tests.base.conftest import database
from tests.release.house import House, open_house

__all__ = ["database", "house"]


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A release service; `furnish` makes its workspace."""
    with open_house(tmp_path, request.param) as opened:
        yield opened
