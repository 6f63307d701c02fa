"""Every test of the ledger's behaviour runs over every store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apps.bank.ledger.kit import Opener, opener_of


@pytest.fixture(params=["sqlite"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens a new ledger by a clock."""
    yield opener_of(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "keys.json")
