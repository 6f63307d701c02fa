from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from eden.base.ids import now
from tests.apps.bank.house import BankHouse, open_bank
from tests.apps.bank.openbank.party import ISSUER, Party


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BankHouse]:
    """One for the tests of a module; each has third parties of its own."""
    with open_bank(tmp_path_factory.mktemp("bank"), address=ISSUER) as house:
        house.sign_in()
        yield house


@pytest.fixture
def party(house: BankHouse) -> Party:
    return Party(house)


@pytest.fixture
def later(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let seconds pass."""
    gate, passed = house.server.openbank.gate, [0.0]

    def wait(seconds: float) -> None:
        passed[0] += seconds
        monkeypatch.setattr(gate, "clock", lambda: now() + int(passed[0] * 1_000_000))

    return wait
