"""Payments at the till: a customer pays a shop of this bank, by the shop's code, without a PIN and in one step.

Of everything that a bank does this happens most often, so it is the ledger's alone: there is no order. The transfer's
id follows from the customer and from what their phone calls the payment, so the same payment sent again is the same
transfer, and what the ledger has answered is done. Lines of statements follow from the journal a moment later
(`Till.write_lines`), from where a process that died has left it.

What the database knows of an account is believed for some seconds; for payments that come together it is asked at once,
and about accounts that go on paying it is asked again before (`Till.run`), so that hardly any payment waits.
How much an account has paid today is counted here, as only one process writes a ledger.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, func, insert, or_, select

from bank.centres import products
from bank.centres.accounting import CNY, DAY_STARTS, Code, general
from bank.centres.payments import refusal
from bank.ledger.interfaces import Outcome, Transfer
from bank.ledger.ledger import Ledger
from bank.ledger.records import DAY
from bank.refusals import Refusal, yuan
from bank.tables import accounts, customers, movements
from bank.times import day_of, moment, shown
from eden.base.database import Database
from eden.base.ids import now

#: what needs no PIN, in one payment and in a day; cents
MOST, DAY_MOST = 100_000, 500_000
#: accounts that take payments have this place in the general ledger
_SHOPS = 2003
#: a payment's key is a UUID of version 7, made at most so long ago, or ahead by a clock that is wrong
_AGO, _AHEAD = 86_400_000, 300_000
_KEY = re.compile(r"[0-9a-f]{12}7[0-9a-f]{19}")
#: consumer of the journal
_CONSUMER = "till"
#: entries of one write, and seconds until the next one
_PAGE, _EVERY = 5_000, 0.5
#: accounts of one question
_ASKED = 500
_MINUTE = 60_000_000
#: how long what is known of an account is believed, µs; how many are kept; how long others are waited for, seconds
_BELIEVED, _KEPT, _TOGETHER = 10_000_000, 200_000, 0.002
_PAID, _TAKEN = "shopping", "income"
_DIFFERENT = "exists_with_different"

log = logging.getLogger("bank")


class Purchase(Struct, frozen=True):
    """What is paid from which account; `shop` is the number of the shop's account, as its code says."""

    account: str
    shop: str
    amount: int
    remark: str = ""


class Paid(Struct, frozen=True):
    """A payment that is done: the transfer's id, and who has the money."""

    id: str
    name: str
    amount: int
    time: str


class Fact(NamedTuple):
    """What the bank knows of an account; `at`: since when (µs)."""

    id: str
    number: str
    customer: str
    name: str
    state: str
    product: products.Product
    at: int

    @property
    def takes_payments(self) -> bool:
        return self.state == "open" and self.product.gl == _SHOPS


class Till:
    """Payments, and their lines."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database, self._ledger = database, ledger
        self._waiting: list[tuple[Purchase, asyncio.Future[tuple[Fact | None, Fact | None]]]] = []
        self._reading: asyncio.Task[None] | None = None
        #: by id, and by number
        self._facts: dict[str, Fact] = {}
        #: ids of accounts and numbers of shops in use of which something is soon not believed any more
        self._aging = set[str]()
        self._products: dict[tuple[str, int], products.Product] = {}
        #: the day that is counted, and what accounts have paid in it
        self._day, self._spent = 0, dict[str, int]()
        #: lines before the cursor are written; the first ones after a start may be written already
        self._cursor, self._sure = -1, False
        self._writing = asyncio.Lock()

    async def pay(self, customer: str, key: str, wanted: Purchase) -> Paid:
        """Pay; the same key with the same wish is the same payment. Refusals of all kinds."""
        at = now()
        if (day := (at + DAY_STARTS) // DAY) != self._day:
            self._day, self._spent = day, {}
        identifier = transfer_id(customer, key, at)
        account, shop = self._known(wanted.account, at), self._known(wanted.shop, at)
        if account is None or shop is None or wanted.account not in self._spent:
            account, shop = await self._asked(wanted)
        # of this day, whichever it is when the ledger has answered
        spent = self._spent
        try:
            transfer = self._transfer(customer, identifier, wanted, account, shop, at)
        except Refusal:
            # what was paid before is paid, whatever has changed since
            if (before := await self._paid(identifier, wanted, shop)) is None:
                raise
            return before
        (outcome,) = await self._ledger.post([transfer])
        if outcome is Outcome.CREATED:
            assert shop is not None  # or it would not have been posted
            return Paid(identifier, shop.name, wanted.amount, _minute(at // _MINUTE))
        spent[wanted.account] -= wanted.amount
        if outcome.startswith(_DIFFERENT):
            raise Refusal("key-used")
        if (before := await self._paid(identifier, wanted, shop)) is None:
            raise refusal(outcome.value)
        return before

    async def shop(self, number: str) -> Fact:
        """Who takes payments by this number. Refusal "no-shop"."""
        found = await self._database.read(lambda connection: self._found(connection, (), (number,), now()))
        if not found or not found[0].takes_payments:
            raise Refusal("no-shop")
        return found[0]

    async def shop_of(self, customer: str, account: str) -> Fact:
        """An own account that takes payments. Refusal "no-account"."""
        found = await self._database.read(lambda connection: self._found(connection, (account,), (), now()))
        if not found or found[0].customer != customer or not found[0].takes_payments:
            raise Refusal("no-account")
        return found[0]

    def _transfer(
        self, customer: str, identifier: str, wanted: Purchase, account: Fact | None, shop: Fact | None, at: int
    ) -> Transfer:
        """What is to be posted; it counts for the day from now on."""
        if account is None or account.customer != customer or account.id != wanted.account:
            raise Refusal("no-account")
        if account.state != "open":
            raise Refusal("account-frozen")
        product = account.product
        if not isinstance(product, products.Deposit) or not product.is_payment:
            raise Refusal("no-account")
        if shop is None or shop.number != wanted.shop or not shop.takes_payments:
            raise Refusal("no-shop")
        if shop.id == account.id:
            raise Refusal("same-account")
        most = min(MOST, product.transfer_limit)
        if not 1 <= wanted.amount <= most:
            raise Refusal("bad-amount", low=yuan(1), high=yuan(most))
        left = min(DAY_MOST, product.day_limit) - self._spent.get(account.id, 0)
        if wanted.amount > left:
            raise Refusal("over-till-limit", left=yuan(max(0, left)))
        self._spent[account.id] = self._spent.get(account.id, 0) + wanted.amount
        remark = wanted.remark[:30]
        if remark and not remark.isprintable():
            remark = "".join(character for character in remark if character.isprintable())
        return Transfer(identifier, account.id, shop.id, wanted.amount, CNY, int(Code.PURCHASE), reference=remark)

    async def _paid(self, identifier: str, wanted: Purchase, shop: Fact | None) -> Paid | None:
        """A payment that was made before. Refusal "key-used" when it was another one."""
        (posted,) = await self._ledger.transfers([identifier])
        if posted is None:
            return None
        there = posted.transfer
        if (there.amount, there.debit) != (wanted.amount, wanted.account) or shop is None or there.credit != shop.id:
            raise Refusal("key-used")
        return Paid(identifier, shop.name, wanted.amount, shown(posted.at))

    def _known(self, name: str, at: int) -> Fact | None:
        fact = self._facts.get(name)
        if fact is None or (age := at - fact.at) >= _BELIEVED:
            return None
        if age >= _BELIEVED // 2:
            self._aging.add(name)
        return fact

    def _asked(self, wanted: Purchase) -> asyncio.Future[tuple[Fact | None, Fact | None]]:
        """Of both accounts, from the database."""
        answer: asyncio.Future[tuple[Fact | None, Fact | None]] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, answer))
        if self._reading is None:
            self._reading = asyncio.create_task(self._read(), name="bank-till-facts")
        return answer

    async def _read(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(_TOGETHER)
                asked, self._waiting = self._waiting, []
                try:
                    found = await self._look_up({one.account for one, _ in asked}, {one.shop for one, _ in asked})
                except Exception as error:
                    for _, answer in asked:
                        if not answer.done():
                            answer.set_exception(error)
                    continue
                for wanted, answer in asked:
                    if not answer.done():
                        answer.set_result((found.get(wanted.account), found.get(wanted.shop)))
        finally:
            self._reading = None

    async def renew(self) -> None:
        """Ask again about accounts in use before what is known of them is not believed any more."""
        aging, self._aging = list(self._aging), set()
        for start in range(0, len(aging), _ASKED):
            some = aging[start : start + _ASKED]
            ids = {name for name in some if (fact := self._facts.get(name)) and fact.id == name}
            await self._look_up(ids, set(some) - ids)

    async def _look_up(self, ids: Set[str], numbers: Set[str]) -> dict[str, Fact]:
        """Accounts by id, shops by number; from now on payments of the accounts are counted, too."""
        at, day = now(), self._day
        uncounted = ids - self._spent.keys()

        def read(connection: Connection) -> tuple[list[Fact], dict[str, int]]:
            facts = self._found(connection, ids, numbers, at)
            payers = [fact for fact in facts if fact.id in uncounted]
            return facts, _spent(connection, payers, at) if payers else {}

        facts, spent = await self._database.read(read)
        for fact in facts:
            if fact.id in uncounted and day == self._day:
                self._spent.setdefault(fact.id, spent.get(fact.id, 0))
        found = {fact.id: fact for fact in facts} | {fact.number: fact for fact in facts}
        if len(self._facts) > _KEPT:
            self._facts.clear()
        self._facts |= found
        return found

    def _found(self, connection: Connection, ids: Iterable[str], numbers: Iterable[str], at: int) -> list[Fact]:
        rows = connection.execute(
            select(
                accounts.c.id, accounts.c.number, accounts.c.customer_id, customers.c.name, accounts.c.state,
                accounts.c.product, accounts.c.product_version,
            )
            .join(customers, customers.c.id == accounts.c.customer_id)
            .where(or_(accounts.c.id.in_(ids), accounts.c.number.in_(numbers)))
        )  # fmt: skip
        return [Fact(*row[:5], self._product(connection, row[5], row[6]), at) for row in rows]

    def _product(self, connection: Connection, code: str, version: int) -> products.Product:
        """A version is never changed."""
        if (known := self._products.get((code, version))) is None:
            known = self._products[code, version] = products.find(connection, code, version).product
        return known

    async def write_lines(self) -> int:
        """Write the lines of what was paid since the last time; how many payments that were."""
        async with self._writing:
            written = 0
            while (found := await self._write_page()) is not None:
                written += found
            return written

    async def _write_page(self) -> int | None:
        """As many as fit one write; None at the end of the journal."""
        if self._cursor < 0:
            self._cursor = await self._ledger.cursor(_CONSUMER)
        fetch = self._ledger.store.fetch
        ((end,),) = await fetch("SELECT seq FROM ledger_head")
        if end == self._cursor:
            return None
        rows = await fetch(
            "SELECT seq, at, id, debit, credit, amount, reference FROM ledger_journal"
            f" WHERE seq >= ? AND seq < ? AND code = ? ORDER BY seq LIMIT {_PAGE:d}",
            (self._cursor, end, int(Code.PURCHASE)),
        )
        # a purchase elsewhere is credited to an account of the general ledger
        found = [row for row in rows if not bytes(row[4]).startswith(_GENERAL)]
        if found:
            again = not self._sure
            await self._database.write(lambda connection: _do_write(connection, found, again, self._facts))
            self._sure = True
        self._cursor = rows[-1][0] + 1 if len(rows) == _PAGE else end
        if found:
            await self._ledger.advance(_CONSUMER, self._cursor)
        return len(found)

    async def run(self) -> None:
        """Write lines and ask again about accounts, for ever."""
        while True:
            await asyncio.sleep(_EVERY)
            try:
                await self.write_lines()
                await self.renew()
            except Exception:
                self._sure = False
                log.exception("lines of payments could not be written, or accounts not be asked about")


_GENERAL = bytes.fromhex(general(0))[:12]


@lru_cache(4)
def _minute(number: int) -> str:
    """The time in which most payments of a moment are made."""
    return shown(number * _MINUTE)


def transfer_id(customer: str, key: str, at: int) -> str:
    """The id of a payment's transfer: of the key's time, and of nobody's but this customer's. Refusal "invalid"."""
    text = key.replace("-", "").lower()
    if not _KEY.fullmatch(text) or not -_AGO <= int(text[:12], 16) - at // 1_000 <= _AHEAD:
        raise Refusal("invalid", what="Idempotency-Key: a UUID of version 7, of today")
    drawn = hashlib.sha256(f"{customer} {text}".encode()).hexdigest()
    return f"{text[:12]}7{drawn[:3]}8{drawn[3:18]}"


def _spent(connection: Connection, payers: Sequence[Fact], at: int) -> dict[str, int]:
    start = moment(day_of(at))
    rows = connection.execute(
        select(movements.c.account_id, func.sum(movements.c.amount))
        .where(
            movements.c.customer_id.in_({fact.customer for fact in payers}),
            movements.c.account_id.in_([fact.id for fact in payers]),
            # ids are of the times of keys
            movements.c.id >= f"{start // 1_000 - _AGO:012x}",
            movements.c.at >= start,
            movements.c.kind == _PAID,
            movements.c.amount < 0,
        )
        .group_by(movements.c.account_id)
    )
    return {account: -int(amount) for account, amount in rows}


def _do_write(connection: Connection, rows: Sequence[Sequence[Any]], again: bool, facts: Mapping[str, Fact]) -> None:
    """Lines of both sides. `again`: some may be there. `facts`: of accounts that need not be asked about."""
    payments = [(bytes(row[2]).hex(), bytes(row[3]).hex(), bytes(row[4]).hex(), *row[5:], row[1]) for row in rows]
    ids = {one[1] for one in payments} | {one[2] for one in payments}
    owners = {id_: (fact.customer, fact.name) for id_ in ids if (fact := facts.get(id_))}
    if strangers := ids - owners.keys():
        for account, customer, name in connection.execute(
            select(accounts.c.id, accounts.c.customer_id, customers.c.name)
            .join(customers, customers.c.id == accounts.c.customer_id)
            .where(accounts.c.id.in_(strangers))
        ):
            owners[account] = customer, name
    if again:
        # customers' lines are in the order of ids
        identifiers = [one[0] for one in payments]
        query = select(movements.c.id).where(
            movements.c.customer_id.in_({owners[one[1]][0] for one in payments}),
            movements.c.id.between(min(identifiers), max(identifiers)),
        )
        there = set(connection.execute(query).scalars())
        payments = [one for one in payments if one[0] not in there]
        if not payments:
            return
    lines: list[tuple[Any, ...]] = []
    for identifier, debit, credit, amount, remark, at in payments:
        (payer, payer_name), (shop, shop_name) = owners[debit], owners[credit]
        lines += (
            (payer, debit, identifier, -amount, shop_name, _PAID, remark, "posted", at),
            (shop, credit, identifier, amount, payer_name, _TAKEN, remark, "posted", at),
        )
    # thousands of rows a second: as the driver takes them
    connection.exec_driver_sql(str(insert(movements).compile(connection)), lines)
