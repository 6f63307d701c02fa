"""Made-up customers with two years of history: the same seed and day give the same people, accounts and transfers.

People earn, pay rent, buy what people buy, pay each other; some keep a shop whose takings come in twice a week, more of
them before holidays. Nobody spends what they have not got. Every customer is marked as made up, for ever.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from bank import seed_rows
from bank.centres import accounting, contracts, customers, interest, messages, payments, products
from bank.centres.accounting import (
    ACQUIRING,
    ALLOWANCE,
    CAPITAL,
    CENTRAL_BANK,
    CNY,
    INTEREST_EXPENSE,
    PAYABLE,
    RECEIVABLE,
    Code,
    general,
)
from bank.credit import id_numbers
from bank.ids import new_hex
from bank.ledger.interfaces import NewAccount, Transfer
from bank.loans.working_days import add_months
from bank.made_up_loans import PLANS, Move, Story, tell
from bank.refusals import yuan
from bank.settings import Settings
from bank.staff import members
from bank.tables import accounts, deposit_interest, movements
from bank.times import day_of, moment
from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.identity.passwords import hash_in_thread
from eden.base.ids import now
from eden.base.sealing import Seal

#: days of history
DAYS = 730
SEED = 7
#: of all made-up customers; the terminal says so
PHONE, PASSWORD, PIN = "13812345820", "secret1", "258013"
#: who works at a made-up bank, with the password of its customers: login, name, roles
STAFF = (
    ("zhao.min", "赵敏", ("officer", "product")),
    ("li.wei", "李薇", ("officer", "product", "accountant", "auditor")),
)
#: rows of one insert
_ROWS = 5000
_CAPITAL = 10_000_000_000
#: days of history from which on there are loans in it
_LOANS_SINCE = 700

#: (name, kind, least, most) of what people buy, cents
_MERCHANTS = (
    ("晨光便利店", "shopping", 500, 12_000), ("城市地铁", "transport", 300, 800), ("青禾咖啡", "food", 1_800, 4_500),
    ("南园菜市场", "food", 2_000, 16_000), ("国家电网", "home", 8_000, 26_000), ("书山文具", "shopping", 1_200, 9_000),
    ("仁和药房", "health", 2_500, 18_000), ("星河影城", "leisure", 4_000, 12_000), ("顺达快递", "home", 800, 3_000),
)  # fmt: skip
_EMPLOYERS = ("示例科技有限公司", "江南纺织厂", "第三中学", "长风物流公司", "青山医院", "城南小学")
_FAMILY = "陈王李张刘杨黄赵吴周徐孙马朱胡郭何高罗郑"
_GIVEN = ("建国", "秀英", "志强", "丽华", "伟", "芳", "思远", "雨桐", "浩然", "静怡", "明", "佳慧", "子轩", "晓梅")
_LEVELS = ("普通客户", "金卡客户", "白金客户")
#: who everybody knows: name, number of the first account
_KNOWN = (("林晓雨", "6222021003983016"), ("陈默", "6222021003981175"))
#: the number of the first shop that is not the first customer's: what the mini program gives as an example
SHOP = "6222021003982026"
_REGIONS = ("310104", "510105", "330106", "440305", "320102")


@dataclass
class Person:
    """A made-up customer; `balances` by account id, as far as the history has come."""

    id: str
    phone: str
    name: str
    document: str
    level: str
    salary: int
    rent: int
    employer: str
    payday: int
    current: str
    savings: str
    shop: str
    numbers: dict[str, str]
    balances: dict[str, int] = field(default_factory=dict)
    #: from this day on the shop takes little, there is no salary, and what there is goes to others
    fails: datetime.date | None = None


@dataclass(slots=True)
class Interest:
    """What a deposit has earned: what is left of a cent, and cents that are not paid yet."""

    carry: Fraction = Fraction(0)
    accrued: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Money moves: from an account to another, with what each side's statement says (name, kind)."""

    at: int
    debit: str
    credit: str
    amount: int
    code: Code
    debit_line: tuple[str, str] = ("", "")
    credit_line: tuple[str, str] = ("", "")


def people(count: int, chance: random.Random, at: int) -> list[Person]:
    """Customers who have been with the bank since `at` (µs)."""
    found, example = [], SHOP
    for number in range(count):
        known = _KNOWN[number] if number < len(_KNOWN) else None
        name = known[0] if known else chance.choice(_FAMILY) + chance.choice(_GIVEN)
        born = datetime.date(1962, 1, 1) + datetime.timedelta(days=chance.randrange(14_600))
        has_shop = number == 0 or chance.random() < 0.4
        first = known[1] if known else f"622202{chance.randrange(10**10):010d}"
        current, savings, shop = (f"{new_hex(at, chance)[:30]}00" for _ in range(3))
        numbers = {current: first, savings: f"622202{chance.randrange(10**10):010d}"}
        if has_shop:
            numbers[shop] = f"622202{chance.randrange(10**10):010d}"
            if number and example:
                numbers[shop], example = example, ""
        salary = chance.randrange(500_000, 2_000_000, 10_000) if number else 1_280_000
        found.append(
            Person(
                new_hex(at, chance),
                PHONE if number == 0 else f"139{chance.randrange(10**8):08d}",
                name,
                _document(chance.choice(_REGIONS), born, chance.randrange(1000)),
                _LEVELS[1] if number == 0 else chance.choice(_LEVELS),
                salary,
                salary // 4 // 10_000 * 10_000 if chance.random() < 0.6 or number == 0 else 0,
                chance.choice(_EMPLOYERS) if number else _EMPLOYERS[0],
                chance.choice((10, 15, 18, 25)),
                current,
                savings,
                shop if has_shop else "",
                numbers,
            )
        )
    return found


def history(
    everybody: Sequence[Person],
    until: datetime.date,
    chance: random.Random,
    told: Sequence[tuple[Person, Story]] = (),
    earned: dict[str, Interest] | None = None,
) -> Iterator[Event]:
    """What happened in `DAYS` days up to and with `until`, in order; a night's bookings come first in a day. `told`:
    loans; `earned` is filled with the interest of deposits."""
    start = until - datetime.timedelta(days=DAYS)
    opening = moment(start, 9)
    yield Event(opening, general(CENTRAL_BANK), general(CAPITAL), _CAPITAL, Code.OPENING)
    for person in everybody:
        savings = chance.randrange(500_000, 20_000_000, 100_000) if person.phone != PHONE else 12_000_000
        yield _in(person, person.savings, savings, "开户存入", Code.OPENING, opening)
        yield _in(person, person.current, chance.randrange(100_000, 900_000, 1000), "开户存入", Code.OPENING, opening)
    for back in range(DAYS - 1, -1, -1):
        day = until - datetime.timedelta(days=back)
        yield from _of_night(everybody, day, {} if earned is None else earned)
        for _, story in told:
            yield from (_moved(move, moment(day, 0, 2)) for move in story.nights.get(day, ()))
        yield from sorted(_of_day(everybody, day, chance), key=lambda event: event.at)
        for person, story in told:
            yield from _of_loan(person, story, day)


def _of_night(everybody: Sequence[Person], day: datetime.date, earned: dict[str, Interest]) -> Iterator[Event]:
    """Interest of deposits until a day."""
    at = moment(day, 0, 1)
    for person in everybody:
        for account in person.numbers:
            product = products.FIRST[_product(person, account)]
            assert isinstance(product, products.Deposit)
            known = earned.setdefault(account, Interest())
            held, before = person.balances.get(account, 0), day - datetime.timedelta(days=1)
            cents, known.carry = interest.night(product, held, known.carry, before)
            known.accrued += cents
            payable = accounting.sub_account(account, PAYABLE)
            if cents:
                yield Event(at, general(INTEREST_EXPENSE), payable, cents, Code.ACCRUAL)
            if known.accrued and interest.is_paid_on(product, day):
                yield Event(at, payable, account, known.accrued, Code.INTEREST, credit_line=(product.name, "interest"))
                person.balances[account] = held + known.accrued
                known.accrued = 0


def _of_loan(person: Person, story: Story, day: datetime.date) -> Iterator[Event]:
    """A loan is paid out; money for an instalment comes from the shop, and is collected in the evening."""
    name, account = story.product.name, person.current
    if day == story.start:
        person.balances[account] += story.plan.amount
        at = moment(day, 22)
        yield Event(at, story.account, account, story.plan.amount, Code.DISBURSEMENT, credit_line=(name, "loan"))
    for move in story.days(day):
        if move.is_line:
            missing = move.amount - person.balances[account]
            if missing > 0:
                taken = min(missing, person.balances[person.shop])
                if taken:
                    person.balances[person.shop] -= taken
                    lines = (("活期储蓄", "own"), ("小店经营户", "own"))
                    yield Event(moment(day, 22, 30), person.shop, account, taken, Code.OWN, *lines)
                if missing > taken:
                    yield _in(person, account, missing - taken, "现金存入", Code.OPENING, moment(day, 22, 40))
                person.balances[account] += taken
            person.balances[account] -= move.amount
        yield _moved(move, moment(day, 23), (name, "loan"))


def _moved(move: Move, at: int, line: tuple[str, str] = ("", "")) -> Event:
    return Event(at, move.debit, move.credit, move.amount, move.code, debit_line=line)


def _of_day(everybody: Sequence[Person], day: datetime.date, chance: random.Random) -> Iterator[Event]:
    for person in everybody:
        has_failed = person.fails is not None and day >= person.fails
        if day.day == person.payday and not has_failed:
            yield _in(person, person.current, person.salary, person.employer, Code.SALARY, _time(day, 9, 9, chance))
        if day.weekday() in (1, 4) and person.shop:
            busy = 13 if day.month in (1, 2, 9) else 10
            takings = chance.randrange(60_000, 220_000, 100) * busy // 10
            if has_failed:
                takings //= 6
            at = _time(day, 10, 10, chance)
            yield _in(person, person.shop, takings, "收单结算", Code.SETTLEMENT, at, general(ACQUIRING))
        if day.day == 5 and person.rent:
            yield from _out(person, person.rent, "安居公寓", "home", Code.RENT, _time(day, 11, 11, chance))
        for _ in range(chance.choice((0, 1, 1, 2))):
            name, kind, low, high = chance.choice(_MERCHANTS)
            amount = chance.randrange(low, high, 10)
            yield from _out(person, amount, name, kind, Code.PURCHASE, _time(day, 12, 19, chance))
        if has_failed:
            name, left = "东海银行消费贷", person.balances[person.current]
            yield from _out(person, left, name, "loan", Code.PURCHASE, moment(day, 22, 59, 59)) if left else ()
        elif chance.random() < 0.02 and len(everybody) > 1:
            yield from _between(person, chance.choice(everybody), chance, _time(day, 20, 22, chance))


def _between(payer: Person, payee: Person, chance: random.Random, at: int) -> Iterator[Event]:
    amount = chance.randrange(5_000, 200_000, 100)
    # who gets money in the evening has spent none of it at noon: those without any get none
    if payee is payer or payee.fails is not None or payer.balances[payer.current] < amount:
        return
    payer.balances[payer.current] -= amount
    payee.balances[payee.current] += amount
    lines = ((payee.name, "transfer"), (payer.name, "transfer"))
    yield Event(at, payer.current, payee.current, amount, Code.INSIDE, *lines)


def _in(
    person: Person, account: str, amount: int, name: str, code: Code, at: int, source: str = general(CENTRAL_BANK)
) -> Event:
    person.balances[account] = person.balances.get(account, 0) + amount
    return Event(at, source, account, amount, code, credit_line=(name, "income"))


def _out(person: Person, amount: int, name: str, kind: str, code: Code, at: int) -> Iterator[Event]:
    if person.balances[person.current] >= amount:
        person.balances[person.current] -= amount
        yield Event(at, person.current, general(CENTRAL_BANK), amount, code, (name, kind))


def _time(day: datetime.date, first: int, last: int, chance: random.Random) -> int:
    return moment(day, chance.randint(first, last), chance.randrange(60), chance.randrange(60))


def _document(region: str, born: datetime.date, order: int) -> str:
    body = f"{region}{born:%Y%m%d}{order:03d}"
    return body + id_numbers.check_digit(body)


async def seed(database: Database, settings: Settings, seal: Seal, today: datetime.date | None = None) -> None:
    """Make up `settings.seed` customers whose history ends yesterday; `today` is the bank's, None: by the clock."""
    _unfinished(settings).touch()
    until = (today or day_of(now())) - datetime.timedelta(days=1)
    chance = random.Random(SEED)
    opening = moment(until - datetime.timedelta(days=DAYS), 9)
    everybody = people(settings.seed, chance, opening)
    hashed = await hash_in_thread(PASSWORD)
    await database.write(lambda connection: _do_enrol(connection, everybody, hashed, seal, opening))

    told = _stories(everybody, until)
    clock, earned = [opening], dict[str, Interest]()
    owners = {account: person.id for person in everybody for account in person.numbers}
    lines: list[dict[str, Any]] = []
    ledger = await accounting.open_ledger(settings, lambda: clock[0])
    try:
        await accounting.open_accounts(ledger, list(_accounts(everybody, told)))
        transfers: list[Transfer] = []
        last = day_of(opening)
        for event in history(everybody, until, chance, told, earned):
            if (day := day_of(event.at)) != last:
                # the ledger's time is exact to the day
                await accounting.book(ledger, transfers)
                clock[0] = moment(day, 0, 1)
                await ledger.close_day(last.isoformat(), moment(day))
                transfers, last = [], day
            clock[0] = max(clock[0], event.at)
            identifier = new_hex(event.at, chance)
            transfers.append(Transfer(identifier, event.debit, event.credit, event.amount, CNY, int(event.code)))
            lines += _lines(event, identifier, owners)
        await accounting.book(ledger, transfers)
        for start in range(0, len(lines), _ROWS):
            rows = lines[start : start + _ROWS]
            await database.write(lambda connection, rows=rows: connection.execute(insert(movements), rows))  # type: ignore[misc]
        signer = contracts.Contracts(settings.data / "contracts.key", now())
        for number, sha256 in await database.write(lambda connection: _do_loans(connection, seal, signer, told, until)):
            await ledger.note(contracts.KIND, number, {"sha256": sha256})
        await database.write(lambda connection: _do_interest(connection, earned, until))
    finally:
        await ledger.close()
    _unfinished(settings).unlink()


def forget_unfinished(settings: Settings) -> None:
    """Remove a past whose making was broken off, before anybody could have seen it. Raises EdenError "bank-seed" where
    it is in databases that are not the bank's own files."""
    if not _unfinished(settings).exists():
        return
    if settings.database or settings.ledger:
        raise EdenError(
            "bank-seed",
            "Making up the bank's past was broken off, and half of it is in its databases.",
            f"Empty both databases, remove {_unfinished(settings)}, and start again.",
        )
    for name in ("bank.db", "ledger.db"):
        for file in settings.data.glob(f"{name}*"):
            file.unlink()
    _unfinished(settings).unlink()


def _unfinished(settings: Settings) -> Path:
    """There as long as a past is being made up."""
    return settings.data / "seeding"


def _stories(everybody: Sequence[Person], until: datetime.date) -> list[tuple[Person, Story]]:
    """Loans of those who keep a shop, where the history is long enough for them."""
    shops = [person for person in everybody if person.shop] if DAYS >= _LOANS_SINCE else []
    chance, told = random.Random(SEED), []
    for person, plan in zip(shops, PLANS, strict=False):
        account = f"{new_hex(moment(until), chance)[:30]}00"
        story = tell(plan, account, person.current, until)
        if plan.paid is not None:
            # takings have gone before the instalments stop
            person.fails = add_months(story.start, plan.paid) - datetime.timedelta(days=20)
        told.append((person, story))
    return told


def _accounts(everybody: Sequence[Person], told: Sequence[tuple[Person, Story]]) -> Iterator[NewAccount]:
    for person in everybody:
        for account, number in person.numbers.items():
            yield accounting.new_account(account, _gl(person, account), number)
            yield accounting.new_sub_account(account, PAYABLE, number)
    for _, story in told:
        yield accounting.new_account(story.account, story.product.gl)
        yield accounting.new_sub_account(story.account, RECEIVABLE)
        yield accounting.new_sub_account(story.account, ALLOWANCE)


def _do_loans(
    connection: Connection,
    seal: Seal,
    signer: contracts.Contracts,
    told: Sequence[tuple[Person, Story]],
    until: datetime.date,
) -> list[tuple[str, str]]:
    """The numbers of the loans, and the SHA-256 of their contracts."""
    chance, made = random.Random(SEED), []
    for person, story in told:
        identifier = new_hex(moment(story.start, 10), chance)
        sha256 = seed_rows.do_loan(connection, seal, signer, story, identifier, person.id, until, chance)
        made.append((seed_rows.number_of(identifier, story.start), sha256))
    return made


def _do_interest(connection: Connection, earned: dict[str, Interest], until: datetime.date) -> None:
    rows = [
        {"account_id": account, "until": until.isoformat(), "carry": str(one.carry), "accrued": one.accrued}
        for account, one in earned.items()
    ]
    if rows:
        connection.execute(insert(deposit_interest), rows)


def _do_enrol(connection: Connection, everybody: Sequence[Person], hashed: str, seal: Seal, opening: int) -> None:
    products.do_found(connection)
    for login, name, roles in STAFF:
        members.do_set(connection, login, name, roles, hashed, opening)
    for person in everybody:
        customers.do_enrol(
            connection,
            person.phone,
            person.name,
            hashed,
            level=person.level,
            document=seal.close(person.document.encode(), "document", person.id),
            made_up=True,
            identifier=person.id,
            at=opening,
        )
        customers.do_pass_step(connection, person.id, "document", {"made_up": True}, opening)
        for place, (account, number) in enumerate(person.numbers.items()):
            connection.execute(
                insert(accounts).values(
                    id=account,
                    customer_id=person.id,
                    product=_product(person, account),
                    product_version=1,
                    number=number,
                    state="open",
                    opened_at=opening + place,
                )
            )
    first = everybody[0]
    payees = (
        ("陈默", "", _KNOWN[1][1]),
        ("王若琳", "东海银行", "6228480012906634"),
        ("南园菜市场", "城商银行", "6217001300052290"),
    )
    for place, (name, bank, number) in enumerate(payees):
        payments.do_add_payee(connection, first.id, name, bank, number, opening + place)
    at = now()
    day = 86_400_000_000
    for code, back, read in (("term", 9, True), ("offer", 5, True), ("salary", 2, False), ("new-device", 0, False)):
        messages.do_tell(connection, first.id, code, at - back * day, read, amount=yuan(first.salary))


def _lines(event: Event, identifier: str, owners: dict[str, str]) -> Iterator[dict[str, Any]]:
    for account, amount, (name, kind) in (
        (event.debit, -event.amount, event.debit_line),
        (event.credit, event.amount, event.credit_line),
    ):
        if account in owners:
            yield {
                "customer_id": owners[account],
                "account_id": account,
                "id": identifier,
                "amount": amount,
                "name": name,
                "kind": kind,
                "note": "",
                "state": "posted",
                "at": event.at,
            }


def _product(person: Person, account: str) -> str:
    return {person.current: "CURRENT", person.savings: "SAVINGS"}.get(account, "MERCHANT")


def _gl(person: Person, account: str) -> int:
    product = products.FIRST[_product(person, account)]
    return product.gl
