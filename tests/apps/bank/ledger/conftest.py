"""Every test of the ledger's behaviour runs over every store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apps.bank.ledger.kit import Opener, opener_of
from tests.postgres import postgres_database
from tests.seekdb import seekdb_database


@pytest.fixture(params=["sqlite", "postgresql", "oceanbase"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a place for a new ledger."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
    else:
        with postgres_database() if request.param == "postgresql" else seekdb_database() as address:
            yield address


@pytest.fixture
def opener(address: str, tmp_path: Path) -> Opener:
    """Opens a ledger by a clock; again the same one."""
    return opener_of(address, tmp_path / "keys.json")
