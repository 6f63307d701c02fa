"""A bank with 10,000 accounts behind the platform's gateway, and phones that pay: all processes on this machine."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import func, insert, select

from bank import catalogue
from bank.centres import accounting, products
from bank.centres.accounting import CAPITAL, CNY, Code, general
from bank.centres.till import Till
from bank.ids import new_hex
from bank.ledger.audit import check_invariants
from bank.ledger.interfaces import Transfer, new_transfer_id
from bank.settings import Settings
from bank.tables import accounts, bring_up_to_date, customers, movements, sessions
from bench._gateway_proxies import children, free_port, processor_seconds
from bench._ledger_phones import Measured, Order, Person
from eden.base.database import Database
from eden.base.ids import now
from eden.gateway.proxy.run import beside
from tests.gateway.proxy.installed import APP, Installed, installed

_BANK = Path(catalogue.__file__).parent
_ACCOUNTS_OF_ONE = 10
_SHOPS = 20
#: what every account holds at first, cents
_HELD = 1_000_000
_AT_ONCE = 500


class Through(msgspec.Struct, frozen=True):
    """What the phones measured, and processor time in µs of a payment: workers of the gateway, bank, phones."""

    measured: Measured
    gateway_us: float
    bank_us: float
    phones_us: float


def furnish(settings: Settings, people: int) -> tuple[list[Person], list[str]]:
    """Customers with ten accounts each who are signed in, and numbers of shops; everything is in the bank's files."""
    database = Database(settings.database_address)
    with closing(database):
        bring_up_to_date(database)
        database.write_now(products.do_found)
        at = now()
        found: list[Person] = []
        rows: dict[Any, list[dict[str, Any]]] = {customers: [], accounts: [], sessions: []}
        numbers: dict[str, int] = {}

        def customer(name: str, product: str, count: int) -> list[str]:
            who = new_hex(at)
            rows[customers].append(
                {
                    "id": who, "phone": f"139{len(rows[customers]):08d}", "name": name, "level": "", "failures": 0,
                    "locked_until": 0, "state": "active", "made_up": True, "created_at": at,
                }
            )  # fmt: skip
            token = new_hex(at)
            rows[sessions].append(
                {
                    "id": hashlib.sha256(token.encode()).hexdigest(), "customer_id": who, "created_at": at,
                    "expires_at": at + 86_400_000_000,
                }
            )  # fmt: skip
            opened = [f"{new_hex(at)[:30]}00" for _ in range(count)]
            for one in opened:
                numbers[one] = 6222_0000_0000_0000 + len(numbers)
                rows[accounts].append(
                    {
                        "id": one, "customer_id": who, "product": product, "product_version": 1,
                        "number": str(numbers[one]), "state": "open", "opened_at": at,
                    }
                )  # fmt: skip
            if product == "CURRENT":
                found.append(Person(token, opened))
            return opened

        shops = [customer(f"Shop {number}", "MERCHANT", 1)[0] for number in range(_SHOPS)]
        for number in range(people):
            customer(f"Customer {number}", "CURRENT", _ACCOUNTS_OF_ONE)
        for table, values in rows.items():
            database.write_now(lambda connection, table=table, values=values: connection.execute(insert(table), values))  # type: ignore[misc]

    async def fill() -> None:
        ledger = await accounting.open_ledger(settings)
        await accounting.open_accounts(ledger, [accounting.new_account(shop, 2003) for shop in shops])
        all_ = [one for person in found for one in person.accounts]
        for start in range(0, len(all_), _AT_ONCE):
            some = all_[start : start + _AT_ONCE]
            await accounting.open_accounts(ledger, [accounting.new_account(one, 2001) for one in some])
            opening = [
                Transfer(new_transfer_id(), general(CAPITAL), one, _HELD, CNY, int(Code.OPENING)) for one in some
            ]
            await accounting.book(ledger, opening)
        await ledger.close()

    asyncio.run(fill())
    return found, [str(numbers[shop]) for shop in shops]


class Bank:
    """A bank's process on a port that it keeps; what it tells goes to standard error only."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.port = free_port()
        self._process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        """Until it answers."""
        command = [sys.executable, "-m", "bank", "serve", "--data", str(self._settings.data), "--port", str(self.port)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self._process = subprocess.Popen(
            [*command, "--ends-with-input"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment
        )
        until = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError("the bank does not start") from None
                time.sleep(0.1)

    def kill(self) -> None:
        """Without a word."""
        self._process.kill()
        self.stop()

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)


@contextmanager
def running(settings: Settings) -> Iterator[Bank]:
    """A bank that answers."""
    bank = Bank(settings)
    bank.start()
    try:
        yield bank
    finally:
        bank.stop()


def catalogue_of(port: int) -> dict[str, Any]:
    """The bank's own, with its address."""
    document = tomllib.loads((_BANK / "gateway.toml").read_text())
    document["groups"]["bank"]["upstreams"]["bank"]["targets"] = [{"url": f"http://127.0.0.1:{port}"}]
    return document


def _phones(
    site: Installed, port: int, calls: int, connections: int, people: list[Person], shops: list[str]
) -> Measured:
    order = Order(port, APP, site.kid, site.secret, calls, connections, people, shops)
    command = [sys.executable, "-m", "bench._ledger_phones"]
    process = subprocess.run(command, input=msgspec.json.encode(order), capture_output=True, check=False)
    if process.returncode:
        raise RuntimeError(process.stderr.decode()[-2000:])
    measured = msgspec.json.decode(process.stdout, type=Measured)
    if set(measured.statuses) != {200}:
        raise RuntimeError(f"not all payments were answered well: {measured.statuses}")
    return measured


def through_gateway(people: int, calls: int, connections: int, rounds: int) -> list[Through]:
    """Rounds of so many payments; in the end each that was answered is in the ledger once, and in both statements."""
    with tempfile.TemporaryDirectory(prefix="eden-bench-") as name:
        settings = Settings(Path(name) / "bank")
        settings.data.mkdir()
        payers, shops = furnish(settings, people)
        found: list[Through] = []
        with installed(Path(name) / "platform", processes=1, nonces=1 << 20) as site, running(settings) as bank:
            site.put(catalogue_of(bank.port))
            before = set(children(os.getpid()))
            with beside(site.settings) as gateway:
                workers = [one for one in children(os.getpid()) if one not in before]
                # every session has been looked at once
                paid = [_phones(site, gateway, len(payers), connections, payers, shops)]
                for _ in range(rounds):
                    used = processor_seconds(*workers), processor_seconds(bank.pid)
                    paid.append(measured := _phones(site, gateway, calls, connections, payers, shops))
                    us = 1e6 / calls
                    found.append(
                        Through(
                            measured,
                            (processor_seconds(*workers) - used[0]) * us,
                            (processor_seconds(bank.pid) - used[1]) * us,
                            measured.cpu_s * us,
                        )
                    )
        asyncio.run(check(settings, sum(one.statuses[200] for one in paid), sum(one.paid for one in paid)))
        return found


async def check(settings: Settings, payments: int, cents: int) -> None:
    """Whether so many payments of so much are in the ledger once each, and in both statements. AssertionError."""
    ledger = await accounting.open_ledger(settings)
    with closing(Database(settings.database_address)) as database:
        try:
            await check_invariants(ledger.store, ledger.public_keys())
            rows = await ledger.store.fetch(
                "SELECT COUNT(*), SUM(amount) FROM ledger_journal WHERE code = ?", (int(Code.PURCHASE),)
            )
            # what was paid in the last moment before the bank ended
            await Till(database, ledger).write_lines()
        finally:
            await ledger.close()
        lines = database.read_now(
            lambda connection: connection.execute(select(func.count(), func.sum(movements.c.amount))).one()
        )
    if tuple(rows[0]) != (payments, cents):
        raise AssertionError(f"{payments} payments of {cents} cents were answered; the ledger has {rows[0]}")
    if tuple(lines) != (2 * payments, 0):
        raise AssertionError(f"{payments} payments have {lines[0]} lines in statements, of {lines[1]} cents together")
