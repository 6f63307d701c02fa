from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apps.bank.house import BankHouse, open_bank


@pytest.fixture
def house(tmp_path: Path) -> Iterator[BankHouse]:
    """With the first made-up customer signed in."""
    with open_bank(tmp_path) as house:
        house.sign_in()
        yield house
