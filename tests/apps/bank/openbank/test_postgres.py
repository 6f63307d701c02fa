"""The same over PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.apps.bank.house import BankHouse, open_bank
from tests.apps.bank.openbank import test_clients, test_payments, test_whole_way
from tests.apps.bank.openbank.party import ISSUER, Party
from tests.postgres import postgres_database


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BankHouse]:
    with (
        postgres_database() as where,
        open_bank(tmp_path_factory.mktemp("bank"), address=ISSUER, database=where) as house,
    ):
        house.sign_in()
        yield house


def test_the_whole_way(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    test_whole_way.test_reading_accounts(house, Party(house), monkeypatch)
    test_whole_way.test_paying(house, Party(house))
    test_clients.test_a_code_is_good_once_and_a_second_use_ends_all(house, Party(house))
    test_payments.test_asking_twice_is_asking_once(Party(house))
