"""Over PostgreSQL, the bank's tables and its ledger: what customers do in a day, told by the tests of each centre."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apps.bank.house import BankHouse, open_bank
from tests.apps.bank.test_claims import test_a_small_claim_is_paid_at_once_and_once
from tests.apps.bank.test_closing import test_the_trial_balance_balances_over_the_chart
from tests.apps.bank.test_mobile import (
    test_a_bill_adds_up,
    test_a_reversal_is_a_transfer_back,
    test_balances_are_the_sum_of_the_lines,
    test_consents_are_given_and_withdrawn,
    test_everything_adds_up,
    test_lines_are_found,
    test_messages,
    test_money_for_another_bank_waits_for_its_word,
    test_the_days_limit_counts_what_was_sent,
    test_the_receiver_has_it_and_is_told,
)
from tests.apps.bank.test_receipts import test_a_receipt_is_of_what_became_of_the_money
from tests.apps.bank.test_statement_files import test_lines_lead_from_the_opening_to_the_closing_balance
from tests.postgres import postgres_database

__all__ = [
    "test_a_bill_adds_up", "test_a_receipt_is_of_what_became_of_the_money", "test_a_reversal_is_a_transfer_back",
    "test_a_small_claim_is_paid_at_once_and_once", "test_balances_are_the_sum_of_the_lines",
    "test_consents_are_given_and_withdrawn", "test_everything_adds_up",
    "test_lines_are_found", "test_lines_lead_from_the_opening_to_the_closing_balance", "test_messages",
    "test_money_for_another_bank_waits_for_its_word", "test_the_days_limit_counts_what_was_sent",
    "test_the_receiver_has_it_and_is_told", "test_the_trial_balance_balances_over_the_chart",
]  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> Iterator[BankHouse]:
    with (
        postgres_database() as tables,
        postgres_database() as ledger,
        open_bank(tmp_path, database=tables, ledger=ledger) as house,
    ):
        house.sign_in()
        yield house
