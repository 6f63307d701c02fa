"""Every cent is accounted for: 400 days of payments, loans, arrears and a write-off, with kills between steps."""

from __future__ import annotations

import datetime
import random
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, func, select

from bank import tables
from bank.centres import loan_books, loan_rows, products, reconciling, repaying, worklist
from bank.centres.accounting import DAY_STARTS, INTEREST_EXPENSE, INTEREST_INCOME, balances, general
from bank.centres.lending import Repay
from bank.centres.payments import Wanted
from bank.centres.worklist import Word
from bank.ledger.audit import check_invariants
from bank.refusals import Refusal
from tests.apps.bank.simulation import Simulation, lend, simulated

FIRST = datetime.date(2027, 1, 4)
DAYS = 400
#: day → product, and how the days of loans are counted that are sold from then on
CHANGES = {1: ("SHOP", "act/360"), 150: ("HOME", "act/365F"), 240: ("SHOP", "act/act ISDA")}
#: of loans, one after another
KINDS = (("SHOP", 6), ("SHOP", 12), ("HOME", 6))


# half a minute of work in tens of thousands of small steps, each of which waits where others want the processor, too
@pytest.mark.timeout(1800)
def test_every_cent_is_accounted_for(tmp_path: Path) -> None:
    chance = random.Random(11)
    with simulated(tmp_path, FIRST, 3) as bank:
        people = [row.id for row in bank.rows(tables.customers)]
        current = {row.customer_id: row.id for row in bank.rows(tables.accounts) if row.product == "CURRENT"}
        # one never has money to repay from: its loan is written off in the end
        poor = people[2]
        loans = {lend(bank, poor, "SHOP", 2_000_000, 6): poor}
        for day in range(DAYS):
            if day in CHANGES:
                bank.write(partial(_do_change, product=CHANGES[day][0], day_count=CHANGES[day][1]))
            for person in people if day % 3 == 0 else ():
                _live(bank, chance, person, current, empty=person == poor)
            if day % 80 == 5:
                person = chance.choice(people[:2])
                product, term = KINDS[day // 80 % len(KINDS)]
                loans[lend(bank, person, product, chance.randrange(600_000, 3_000_000), term)] = person
            for loan, person in loans.items():
                if person != poor and chance.random() < 0.02:
                    _repay(bank, chance, loan, person)
            if day % 97 == 96:
                bank.close()
                bank.open()
            bank.night(kills=2)
            _decide(bank)
        assert bank.killed > 40
        _check(bank, loans, poor)


def _do_change(connection: Connection, product: str, day_count: str) -> None:
    found = products.find(connection, product)
    document = msgspec.to_builtins(found.product) | {"day_count": day_count}
    products.do_change(connection, product, found.version, products.read_product(document), "zhao.min")


def _live(bank: Simulation, chance: random.Random, person: str, current: dict[str, str], empty: bool) -> None:
    """A day's transfers; who shall have no money sends it all away."""
    account = current[person]
    (held,) = bank.run(balances(bank.bank.ledger, [account])).values()
    others = [row.id for row in bank.rows(tables.accounts) if row.customer_id == person and row.id != account]
    amount = held.available if empty else chance.randrange(1, max(2, held.available // 4))
    if 0 < amount <= held.available and (empty or chance.random() < 0.1):
        bank.run(bank.bank.payments.order(person, f"out {bank.at}", Wanted(account, amount, to=others[0])))


def _repay(bank: Simulation, chance: random.Random, loan: str, person: str) -> None:
    row = bank.read(lambda connection: repaying.row_of(connection, loan))
    if row.state != "active":
        return
    debt = bank.read(lambda connection: loan_rows.debt_of(connection, row, bank.today))
    amount = chance.choice((debt.due or 100, debt.payoff.total, chance.randrange(1, debt.payoff.total)))
    parts = debt.divide(amount)
    try:
        bank.run(bank.bank.lending.repay(person, loan, f"repay {loan} {bank.at}", Repay(amount), True))
    except Refusal as refusal:
        assert refusal.code == "insufficient-funds" or (refusal.code == "repay-all" and parts is None)
        return
    assert parts is not None and parts.total == amount
    after = bank.read(lambda connection: loan_rows.paid(connection, loan))
    if parts != debt.payoff:
        # what the allocation has paid is what the engine says has been paid
        made = bank.read(lambda connection: loan_rows.repaid(connection, loan))
        terms = bank.read(lambda connection: loan_rows.terms_of(connection, row))
        rows = loan_books.debt(terms, made, bank.today).rows
        assert sum(int(one.paid_interest * 100) for one in rows) == after.interest
        assert sum(int(one.paid_principal * 100) for one in rows) == after.principal


def _decide(bank: Simulation) -> None:
    """Two officers agree to what is on the list."""
    for item in bank.read(lambda connection: worklist.items(connection, bank.at)).items:
        for officer in ("Zhao", "Li")[: item.needed]:
            bank.write(partial(_do_agree, item=item.id, officer=officer, at=bank.at))


def _do_agree(connection: Connection, item: str, officer: str, at: int) -> None:
    worklist.do_claim(connection, item, officer, at)
    worklist.do_decide(connection, item, officer, Word.APPROVE, "seen", at)


def _check(bank: Simulation, loans: dict[str, str], poor: str) -> None:
    bank.night()
    ledger = bank.bank.ledger
    assert bank.run(reconciling.check(bank.bank.database, ledger)) > 3 * len(loans)
    bank.run(check_invariants(ledger.store, day_starts=DAY_STARTS))
    states = {row.state for row in bank.rows(tables.loans)}
    assert states == {"active", "closed", "written-off"}
    assert len({(row.product, row.product_version) for row in bank.rows(tables.loans)}) == 4
    assert [row.customer_id for row in bank.rows(tables.loans) if row.state == "written-off"] == [poor]
    income = 0
    for row in bank.rows(tables.loans):
        state = bank.read(lambda connection, row=row: loan_rows.state_of(connection, row.id))
        income += state.interest
        if row.state == "active":
            terms = bank.read(lambda connection, row=row: loan_rows.terms_of(connection, row))
            made = bank.read(lambda connection, row=row: loan_rows.repaid(connection, row.id))
            debt = bank.read(lambda connection, row=row: loan_rows.debt_of(connection, row, bank.today))
            # the loan's book is the engine's
            (principal,) = bank.run(balances(ledger, [row.account_id])).values()
            assert -principal.net == debt.end.principal
            if state.accruing:
                assert state.interest == loan_books.accrued(terms, made, [bank.today])[0]
    held = bank.run(balances(ledger, [general(INTEREST_INCOME), general(INTEREST_EXPENSE)]))
    assert held[general(INTEREST_INCOME)].net == income > 0
    lines = _lines(bank)
    owed = sum(row.accrued for row in bank.rows(tables.deposit_interest))
    paid = sum(row.amount for row in bank.rows(tables.movements) if row.kind == "interest")
    assert -held[general(INTEREST_EXPENSE)].net == owed + paid and paid > 0
    # what statements say is what the ledger has: nothing is doubled, nothing is lost
    deposits = bank.run(balances(ledger, list(lines)))
    assert {account: deposits[account].net for account in lines} == lines
    repaid = [row.id for row in bank.rows(tables.repayments)]
    assert len(repaid) == len(set(repaid)) > 20


def _lines(bank: Simulation) -> dict[str, int]:
    query = select(tables.movements.c.account_id, func.sum(tables.movements.c.amount)).group_by(
        tables.movements.c.account_id
    )

    def read(connection: Any) -> dict[str, int]:
        return {account: int(amount) for account, amount in connection.execute(query)}

    found: dict[str, int] = bank.read(read)
    return found
