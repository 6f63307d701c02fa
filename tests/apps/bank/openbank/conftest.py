from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apps.bank.house import BankHouse, open_bank
from tests.apps.bank.openbank.party import ISSUER, Party


@pytest.fixture
def house(tmp_path: Path) -> Iterator[BankHouse]:
    with open_bank(tmp_path, address=ISSUER) as house:
        house.sign_in()
        yield house


@pytest.fixture
def party(house: BankHouse) -> Party:
    return Party(house)
