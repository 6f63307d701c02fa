"""The ledger's part in ends of days, and the trial balance over the chart of accounts."""

from __future__ import annotations

from tests.apps.bank.house import BankHouse


def test_the_trial_balance_balances_over_the_chart(house: BankHouse) -> None:
    trial = house.run(house.bank.ledger.trial_balance())
    assert trial.balanced
    lines = {line.account: line for line in trial.lines}
    assert lines["2001"].name_zh == "活期存款" and lines["2001"].kind == "liability" and lines["2001"].accounts == 3
    assert sum(line.debits for line in trial.lines) == sum(line.credits for line in trial.lines)
    assert "" not in lines
