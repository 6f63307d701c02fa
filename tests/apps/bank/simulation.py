"""A bank whose clock the test moves: days that pass in moments, and kills between any two steps."""

from __future__ import annotations

import asyncio
import datetime
import random
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from sqlalchemy import Connection, select, update

from bank import seed, tables
from bank.centres import deciding, lender, payments, products
from bank.ids import new_hex
from bank.server import Bank
from bank.settings import Settings
from bank.times import day_of, moment
from eden.base.database import Database
from tests.apps.bank.past import give_past

T = TypeVar("T")
#: modules that look at the clock themselves
_CLOCKS = ("payments", "lending", "messages", "claims")
#: of history, before a simulation begins, where nothing else is said
DAYS = 30


class Killed(BaseException):
    """The process has died here."""


class Simulation:
    """A bank with made-up customers that begins on `first`."""

    def __init__(
        self, folder: Path, patch: pytest.MonkeyPatch, first: datetime.date, customers: int, history: int
    ) -> None:
        self.folder, self._patch, self.customers = folder, patch, customers
        self.at = moment(first, 12)
        #: kills of a hundred steps, from `chance`
        self.kills, self.killed, self.chance = 0, 0, random.Random(5)
        self._loop = asyncio.new_event_loop()
        for name in _CLOCKS:
            patch.setattr(f"bank.centres.{name}.now", lambda: self.at)
        patch.setattr("bank.seed.now", lambda: self.at)
        patch.setattr("bank.server.now", lambda: self.at)
        patch.setattr(seed, "DAYS", history)
        write = Database.write

        async def written(database: Database, fn: Any) -> Any:
            self._die()
            answer = await write(database, fn)
            self._die()
            return answer

        patch.setattr(Database, "write", written)
        give_past(folder, customers, lambda: self.at)
        self.open()

    @property
    def today(self) -> datetime.date:
        return day_of(self.at)

    def open(self) -> None:
        self.bank = Bank(Settings(self.folder, seed=self.customers), lambda: self.at)
        self.run(self.bank.open())
        post = self.bank.ledger.post

        async def posted(transfers: Any) -> Any:
            self._die()
            answer = await post(transfers)
            self._die()
            return answer

        self._patch.setattr(self.bank.ledger, "post", posted)

    def close(self) -> None:
        self.run(self.bank.stop())

    def end(self) -> None:
        self.close()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def _die(self) -> None:
        if self.kills and self.chance.randrange(100) < self.kills:
            self.killed += 1
            raise Killed

    def write(self, work: Any) -> Any:
        return self.bank.database.write_now(work)

    def read(self, work: Any) -> Any:
        return self.bank.database.read_now(work)

    def night(self, kills: int = 0) -> None:
        """Midnight passes; what is killed is begun again, and what orders it has left are carried out."""
        self.at = moment(self.today + datetime.timedelta(days=1), 0, 5)
        self.kills = kills
        while True:
            try:
                self.run(self.bank.batches.rollover())
                break
            except Killed:
                pass
        self.kills = 0
        self.run(self.bank.payments.finish())
        self.at = moment(self.today, 12)

    def rows(self, table: Any) -> list[Any]:
        def read(connection: Connection) -> list[Any]:
            return list(connection.execute(table.select()))

        return list(self.read(read))


@contextmanager
def simulated(folder: Path, first: datetime.date, customers: int = 3, history: int = DAYS) -> Iterator[Simulation]:
    with pytest.MonkeyPatch.context() as patch:
        simulation = Simulation(folder, patch, first, customers, history)
        try:
            yield simulation
        finally:
            simulation.end()


def age(simulation: Simulation, loan: str, start: datetime.date) -> None:
    """Have a loan begun on an earlier day, and so its repayments: it is older, and nothing else has happened."""

    def write(connection: Connection) -> None:
        row = connection.execute(select(tables.loans).where(tables.loans.c.id == loan)).one()
        moved = start - datetime.date.fromisoformat(row.start)
        connection.execute(update(tables.loans).where(tables.loans.c.id == loan).values(start=start.isoformat()))
        for paid in connection.execute(select(tables.repayments).where(tables.repayments.c.loan_id == loan)).all():
            day = (datetime.date.fromisoformat(paid.day) + moved).isoformat()
            connection.execute(update(tables.repayments).where(tables.repayments.c.id == paid.id).values(day=day))

    simulation.write(write)


def lend(
    simulation: Simulation, customer: str, product: str, amount: int, term: int, start: datetime.date | None = None
) -> str:
    """A loan that is paid out today, whatever the rules would say, and shared as the lender's profile says; its id. One
    with a `start` before has nights that come late."""
    at = simulation.at + simulation.chance.randrange(10**9)
    identifier = new_hex(at)
    number = f"L{identifier[-12:]}"

    def write(connection: Connection) -> None:
        found = products.find(connection, product)
        loan = found.product
        assert isinstance(loan, products.Loan)
        made = deciding.decision(
            connection, simulation.bank.seal, customer, identifier, found, amount, term, simulation.at
        )
        deposit = connection.execute(
            select(tables.accounts.c.id).where(
                tables.accounts.c.customer_id == customer, tables.accounts.c.product == "CURRENT"
            )
        ).scalar_one()
        shared: dict[str, Any] = {"id": identifier, "number": number, "customer_id": customer, "product": product}
        shared |= {"product_version": found.version, "amount": amount, "term": term, "created_at": at}
        detail = {"decision": msgspec.to_builtins(made), "verdict": {}}
        connection.execute(
            tables.applications.insert().values(
                **shared, key=identifier, fingerprint="", state="signed", detail=detail, changed_at=at
            )
        )
        connection.execute(
            tables.cases.insert().values(id=identifier, station="disbursing", since=at, rework=0, history=[])
        )
        account = f"{new_hex(at)[:30]}00"
        connection.execute(
            tables.loans.insert().values(
                **shared,
                account_id=account,
                deposit_id=deposit,
                rate_bp=loan.rate_bp,
                start=(start or simulation.today).isoformat(),
                state="signed",
                contract="0" * 64,
            )
        )
        lender.do_share(connection, identifier, made.trace.data.lender)
        told: dict[str, Any] = {
            "name": loan.name,
            "payer": loan.name,
            "remark": number,
            "gl": loan.gl,
            "loan": identifier,
        }
        told |= {"product": [loan.name, loan.name_en]}
        payments.do_insert(
            connection, customer, f"pay out {identifier}", "", "disbursement", account, deposit, amount, told, at
        )

    simulation.write(write)
    assert simulation.run(simulation.bank.lending.finish()) == 1
    return identifier
